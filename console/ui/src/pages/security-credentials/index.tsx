// One's own credentials, an IAM user's or, apart, root's: password, MFA devices, access keys, console sessions.
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useNavigate } from 'react-router';
import AccessKeys from '../../access-keys/AccessKeys';
import Page from '../../components/Page';
import { assignPath } from '../../lib/paths';
import { useSession } from '../../lib/session';
import DeviceTable from '../../mfa/DeviceTable';
import Details from './Details';
import Password from './Password';
import RootWarnings from './RootWarnings';
import Sessions from './Sessions';

export default function SecurityCredentials() {
  const { user } = useSession().state;
  const navigate = useNavigate();
  const root = user?.kind === 'root';
  return (
    <Page
      title={root ? 'Security credentials of the root user' : 'My security credentials'}
      description={
        root
          ? 'The root user has full access to this account, whatever the policies say. Use it only where nothing else will do.'
          : 'Your password, MFA devices, access keys and console sessions.'
      }
    >
      <SpaceBetween size="l">
        {root && <RootWarnings />}
        <Details />
        <DeviceTable onAssign={() => void navigate(assignPath())} />
        <Password root={root} />
        <AccessKeys />
        <Sessions />
      </SpaceBetween>
    </Page>
  );
}
