// Step 1: the name, and whether and how the user signs in to the console.
import Checkbox from '@cloudscape-design/components/checkbox';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { nameProblem } from '../../lib/names';
import PasswordChoice from '../../users/PasswordChoice';
import type { Draft } from './draft';

export function detailsProblem(draft: Draft): { name?: string; password?: string } {
  const noPassword = draft.console && draft.password.kind === 'custom' && draft.password.password === '';
  return { name: nameProblem(draft.name, 64), password: noPassword ? 'Enter a password.' : undefined };
}

type Props = {
  draft: Draft;
  onChange: (part: Partial<Draft>) => void;
  /** Errors are shown only once "Next" was pressed. */
  tried: boolean;
};

export default function DetailsStep({ draft, onChange, tried }: Props) {
  const problem = tried ? detailsProblem(draft) : {};
  return (
    <Container header={<Header variant="h2">User details</Header>}>
      <SpaceBetween size="l">
        <FormField
          label="User name"
          errorText={problem.name}
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
            <PasswordChoice value={draft.password} onChange={(password) => onChange({ password })} errorText={problem.password} />
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
