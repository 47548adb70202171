// An error in place: the code and the words of the server, announced to screen readers, and what MFA has to do with it.
import Alert from '@cloudscape-design/components/alert';
import { errorText } from '../lib/iam';
import { useSession } from '../lib/session';
import { KeyError } from '../lib/webauthn';

export default function ErrorAlert({ error }: { error: unknown }) {
  if (error === undefined || error === null || error === false) return null;
  const { code, message } = errorText(error);
  return (
    <div role="alert">
      <Alert type="error" header={error instanceof KeyError ? 'The key could not be used' : code}>
        <div>{message}</div>
        {code === 'AccessDenied' && <Remedy message={message} />}
      </Alert>
    </div>
  );
}

/** What to do about a denial that the lack of MFA explains or may explain. */
function Remedy({ message }: { message: string }) {
  if (message.includes('authenticated with an MFA device')) {
    return (
      <div>
        You have an MFA device already, and this session was started without one. Sign out and in again with your MFA device,
        then try again.
      </div>
    );
  }
  return message.includes('explicit deny') && <MaybeMFA />;
}

function MaybeMFA() {
  if (useSession().state.mfa) return null;
  return <div>You are signed in without MFA. If a policy asks for it, assign a device, then sign out and in again.</div>;
}
