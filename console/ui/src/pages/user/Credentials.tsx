// Tab: console password, MFA devices, access keys and console sessions of the user.
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useNavigate } from 'react-router';
import AccessKeys from '../../access-keys/AccessKeys';
import { assignPath } from '../../lib/paths';
import DeviceTable from '../../mfa/DeviceTable';
import ConsolePassword from './ConsolePassword';
import ConsoleSessions from './ConsoleSessions';

type Props = { userName: string; /** What the summary shows may have changed. */ onChange: () => void };

export default function Credentials({ userName, onChange }: Props) {
  const navigate = useNavigate();
  return (
    <SpaceBetween size="l">
      <ConsolePassword userName={userName} onChange={onChange} />
      <DeviceTable userName={userName} onAssign={() => void navigate(assignPath(userName))} onChange={onChange} />
      <AccessKeys userName={userName} onChange={onChange} />
      <ConsoleSessions userName={userName} />
    </SpaceBetween>
  );
}
