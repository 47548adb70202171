// Console access of a user: the sign-in link, and the password enabled, replaced or taken away.
import {
  CreateLoginProfileCommand,
  DeleteLoginProfileCommand,
  GetLoginProfileCommand,
  UpdateLoginProfileCommand,
  type LoginProfile,
} from '@aws-sdk/client-iam';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useState } from 'react';
import Confirm from '../../components/Confirm';
import Copy from '../../components/Copy';
import ErrorAlert from '../../components/ErrorAlert';
import Loading from '../../components/Loading';
import { useFlash } from '../../lib/flash';
import { dateTime } from '../../lib/format';
import { errorText, hasCode, iam } from '../../lib/iam';
import { signInURL } from '../../lib/paths';
import { useAction, useAnswer } from '../../lib/requests';
import { useSession } from '../../lib/session';
import { changePasswordPolicy } from '../../policies/names';
import { userPolicies } from '../../policies/policyOwner';
import SetPassword from './SetPassword';

/** null: there is no password. */
async function loginProfile(UserName: string): Promise<LoginProfile | null> {
  try {
    return (await iam.send(new GetLoginProfileCommand({ UserName }))).LoginProfile ?? null;
  } catch (error) {
    if (hasCode(error, 'NoSuchEntity')) return null;
    throw error;
  }
}

export default function ConsolePassword({ userName, onChange }: { userName: string; onChange: () => void }) {
  const flash = useFlash();
  const url = signInURL(useSession().state);
  const profile = useAnswer(() => loginProfile(userName), [userName]);
  const { busy, error, run, clear } = useAction();
  const [open, setOpen] = useState<'set' | 'disable'>();
  const exists = profile.value !== null && profile.value !== undefined;
  const known = profile.value !== undefined && !profile.loading;

  const changed = () => {
    profile.reload();
    onChange();
  };
  const set = async (Password: string, PasswordResetRequired: boolean, attach: boolean) => {
    const input = { UserName: userName, Password, PasswordResetRequired };
    await (exists ? iam.send(new UpdateLoginProfileCommand(input)) : iam.send(new CreateLoginProfileCommand(input)));
    if (!attach) return;
    try {
      await userPolicies(userName).attach(changePasswordPolicy);
    } catch (e) {
      flash({ type: 'warning', content: `The password is set, but IAMUserChangePassword was not attached: ${errorText(e).message}` });
    }
  };
  const disable = async () => {
    if (!(await run(() => iam.send(new DeleteLoginProfileCommand({ UserName: userName }))))) return;
    setOpen(undefined);
    flash({ type: 'success', content: `Console access of ${userName} is disabled.` });
    changed();
  };

  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            known && (
              <SpaceBetween direction="horizontal" size="xs">
                <Button onClick={() => setOpen('set')}>{exists ? 'Update password' : 'Enable console access'}</Button>
                {exists && <Button onClick={() => (clear(), setOpen('disable'))}>Disable console access</Button>}
              </SpaceBetween>
            )
          }
        >
          Console sign-in
        </Header>
      }
    >
      <SpaceBetween size="m">
        <ErrorAlert error={profile.error} />
        <KeyValuePairs
          columns={3}
          items={[
            { label: 'Console sign-in link', value: <Copy name="console sign-in link" value={url} shown={url} /> },
            { label: 'Password of the console', value: <State answer={profile} /> },
            { label: 'New password at next sign-in', value: exists && profile.value?.PasswordResetRequired ? 'Required' : '-' },
          ]}
        />
      </SpaceBetween>
      {open === 'set' && (
        <SetPassword
          userName={userName}
          title={exists ? 'Update console password' : 'Enable console access'}
          submit={set}
          onClose={(done) => {
            setOpen(undefined);
            if (done) changed();
          }}
        />
      )}
      {open === 'disable' && (
        <Confirm
          title={`Disable console access of ${userName}?`}
          confirmLabel="Disable console access"
          busy={busy}
          error={error}
          onConfirm={() => void disable()}
          onDismiss={() => setOpen(undefined)}
        >
          <Box>This deletes the password and ends console sessions. Access keys and MFA devices stay as they are.</Box>
        </Confirm>
      )}
    </Container>
  );
}

function State({ answer }: { answer: { value: LoginProfile | null | undefined; loading: boolean } }) {
  if (answer.loading) return <Loading />;
  if (answer.value === undefined) return 'Not available';
  if (answer.value === null) return <StatusIndicator type="stopped">Disabled</StatusIndicator>;
  return <StatusIndicator type="success">{`Enabled, since ${dateTime(answer.value.CreateDate)}`}</StatusIndicator>;
}
