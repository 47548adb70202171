// Shows a user who signed in without MFA the way to a device: where MFA is enforced, little else works for them.
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import { useNavigate } from 'react-router';
import { assignPath } from '../../lib/paths';
import { useSession } from '../../lib/session';

export default function OwnMFA() {
  const { user, mfa } = useSession().state;
  const navigate = useNavigate();
  if (mfa || user?.kind !== 'user') return null;
  return (
    <Alert
      type="warning"
      header="You signed in without MFA"
      action={<Button onClick={() => void navigate(assignPath())}>Assign MFA device</Button>}
    >
      A password alone can be stolen, and some policies deny everything without MFA. Assign a device to yourself, then sign in with it.
    </Alert>
  );
}
