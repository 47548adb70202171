// Step 1: the name, and whether and how the user signs in to the console.
import Checkbox from '@cloudscape-design/components/checkbox';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { nameProblem } from '../../lib/names';
import PasswordChoice, { type PasswordCheck } from '../../users/PasswordChoice';
import type { Draft } from './draft';

const longestName = 64;

export function detailsAreRight(draft: Draft, check: PasswordCheck): boolean {
  return nameProblem(draft.name, longestName) === undefined && !(draft.console && check.problem(draft.password) !== undefined);
}

type Props = {
  draft: Draft;
  onChange: (part: Partial<Draft>) => void;
  check: PasswordCheck;
  /** Errors are shown only once "Next" was pressed. */
  tried: boolean;
};

export default function DetailsStep({ draft, onChange, check, tried }: Props) {
  return (
    <Container header={<Header variant="h2">User details</Header>}>
      <SpaceBetween size="l">
        <FormField
          label="User name"
          errorText={tried ? nameProblem(draft.name, longestName) : undefined}
          constraintText="Up to 64 characters: letters A to Z, digits and + = , . @ _ -"
        >
          <Input value={draft.name} autoComplete={false} onChange={({ detail }) => onChange({ name: detail.value })} />
        </FormField>
        <Checkbox
          checked={draft.console}
          description="For a person who signs in with a password. Programs need none; they get access keys."
          onChange={({ detail }) => onChange({ console: detail.checked })}
        >
          Provide user access to the management console
        </Checkbox>
        {draft.console && (
          <SpaceBetween size="m">
            <PasswordChoice value={draft.password} onChange={(password) => onChange({ password })} check={check} tried={tried} />
            {draft.password.reset && (
              <Checkbox
                checked={draft.changePassword}
                description="Without this policy, or the account setting that lets users change their password, the user cannot get past the next sign-in."
                onChange={({ detail }) => onChange({ changePassword: detail.checked })}
              >
                Attach the policy IAMUserChangePassword
              </Checkbox>
            )}
          </SpaceBetween>
        )}
      </SpaceBetween>
    </Container>
  );
}
