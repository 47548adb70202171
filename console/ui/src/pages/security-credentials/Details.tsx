// Who one is, and the address at which one signs in.
import Copy from '../../components/Copy';
import KeyValues from '../../components/KeyValues';
import { signInURL } from '../../lib/paths';
import { useSession } from '../../lib/session';

export default function Details() {
  const { state } = useSession();
  const { user, mfa } = state;
  if (!user) return null;
  const account = { 'Account ID': <Copy name="account ID" value={user.account} shown={user.account} /> };
  const session = { 'This session': mfa ? 'Signed in with MFA' : 'Signed in without MFA' };
  const arn = { ARN: <Copy name="ARN" value={user.arn} shown={user.arn} /> };
  if (user.kind === 'root') {
    return <KeyValues title="Account details" pairs={{ 'E-mail address': user.email, ...account, ...arn, ...session }} />;
  }
  const url = signInURL(state);
  return (
    <KeyValues
      title="User details"
      pairs={{
        'User name': user.name,
        ...account,
        ...arn,
        'Console sign-in URL': <Copy name="sign-in URL" value={url} shown={url} />,
        ...session,
      }}
    />
  );
}
