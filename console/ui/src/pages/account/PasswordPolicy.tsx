// The password policy of the account's users: shown, changed, reset to the default.
import {
  DeleteAccountPasswordPolicyCommand,
  GetAccountPasswordPolicyCommand,
  UpdateAccountPasswordPolicyCommand,
} from '@aws-sdk/client-iam';
import Button from '@cloudscape-design/components/button';
import Checkbox from '@cloudscape-design/components/checkbox';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState, type ReactNode } from 'react';
import Confirm from '../../components/Confirm';
import ErrorAlert from '../../components/ErrorAlert';
import Loading from '../../components/Loading';
import { useFlash } from '../../lib/flash';
import { hasCode, iam } from '../../lib/iam';
import { useAction, useAnswer } from '../../lib/requests';
import { bounds, defaults, fromWire, isWhole, numberProblem, toWire, type Form } from './policyForm';

/** Undefined while the account has no policy of its own. */
async function stored(): Promise<{ policy?: Form }> {
  try {
    const { PasswordPolicy } = await iam.send(new GetAccountPasswordPolicyCommand({}));
    return { policy: PasswordPolicy && fromWire(PasswordPolicy) };
  } catch (error) {
    if (hasCode(error, 'NoSuchEntity')) return {};
    throw error;
  }
}

export default function PasswordPolicy() {
  const flash = useFlash();
  const answer = useAnswer(stored, []);
  const save = useAction();
  const reset = useAction();
  const [draft, setDraft] = useState<Form>();
  const [resetting, setResetting] = useState(false);
  const form = draft ?? answer.value?.policy ?? defaults;
  const custom = answer.value?.policy !== undefined;

  const done = (content: string) => {
    flash({ type: 'success', content });
    setDraft(undefined);
    answer.reload();
  };
  const submit = () =>
    save.run(async () => {
      await iam.send(new UpdateAccountPasswordPolicyCommand(toWire(form)));
      done('The password policy was saved.');
    });
  const remove = () =>
    reset.run(async () => {
      await iam.send(new DeleteAccountPasswordPolicyCommand({}));
      setResetting(false);
      done('The default password policy holds again.');
    });

  return (
    <Container
      header={
        <Header
          variant="h2"
          description={
            answer.value &&
            (custom ? 'This account has a password policy of its own.' : 'The default password policy holds: at least 8 characters, of three of the four kinds below.')
          }
          actions={
            answer.value && (
              <SpaceBetween direction="horizontal" size="xs">
                <Button disabled={!custom} onClick={() => setResetting(true)}>
                  Reset to default
                </Button>
                <Button variant="primary" loading={save.busy} disabled={!isWhole(form)} onClick={() => void submit()}>
                  Save password policy
                </Button>
              </SpaceBetween>
            )
          }
        >
          Password policy
        </Header>
      }
    >
      <SpaceBetween size="l">
        <ErrorAlert error={answer.error ?? save.error} />
        {!answer.value && answer.loading && <Loading />}
        {answer.value && <Fields form={form} onChange={(part) => setDraft({ ...form, ...part })} />}
      </SpaceBetween>
      {resetting && (
        <Confirm
          title="Reset the password policy to the default?"
          confirmLabel="Reset to default"
          busy={reset.busy}
          error={reset.error}
          onConfirm={() => void remove()}
          onDismiss={() => setResetting(false)}
        >
          The account’s own policy is deleted. Passwords that exist stay valid.
        </Confirm>
      )}
    </Container>
  );
}

function Fields({ form, onChange }: { form: Form; onChange: (part: Partial<Form>) => void }) {
  const check = (field: keyof Form, label: ReactNode, description?: string) => (
    <Checkbox
      checked={form[field] === true}
      description={description}
      onChange={({ detail }) => onChange({ [field]: detail.checked })}
    >
      {label}
    </Checkbox>
  );
  const number = (field: 'minimumLength' | 'maxAge' | 'reuse', label: string) => (
    <FormField label={label} errorText={numberProblem(form[field], bounds[field])}>
      <Input
        type="number"
        inputMode="numeric"
        value={form[field]}
        onChange={({ detail }) => onChange({ [field]: detail.value })}
      />
    </FormField>
  );
  return (
    <SpaceBetween size="l">
      {number('minimumLength', 'Minimum password length')}
      <FormField label="Password strength">
        <SpaceBetween size="xs">
          {check('uppercase', 'Require at least one uppercase letter (A-Z)')}
          {check('lowercase', 'Require at least one lowercase letter (a-z)')}
          {check('numbers', 'Require at least one number')}
          {check('symbols', 'Require at least one non-alphanumeric character', "! @ # $ % ^ & * ( ) _ + - = [ ] { } | '")}
        </SpaceBetween>
      </FormField>
      <FormField label="Other requirements">
        <SpaceBetween size="s">
          {check('expires', 'Turn on password expiration')}
          {form.expires && number('maxAge', 'Expire passwords after this many days')}
          {form.expires && check('hardExpiry', 'Password expiration requires administrator reset')}
          {check('allowChange', 'Allow users to change their own password')}
          {check('preventsReuse', 'Prevent password reuse')}
          {form.preventsReuse && number('reuse', 'Number of earlier passwords that can’t be used again')}
        </SpaceBetween>
      </FormField>
    </SpaceBetween>
  );
}
