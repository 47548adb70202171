// Security recommendations: MFA for root, MFA for everyone, no access keys of root.
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useNavigate } from 'react-router';
import ErrorAlert from '../../components/ErrorAlert';
import Loading from '../../components/Loading';
import { assignPath } from '../../lib/paths';
import type { Answer } from '../../lib/requests';
import { useSession } from '../../lib/session';
import EveryonesMFA from './EveryonesMFA';
import Recommendation from './Recommendation';

export type Summary = Answer<Partial<Record<string, number>>>;

export default function Recommendations({ summary: { value, error, loading } }: { summary: Summary }) {
  return (
    <Container header={<Header variant="h2">Security recommendations</Header>}>
      <ErrorAlert error={error} />
      {!value && loading && <Loading />}
      {value && (
        <SpaceBetween size="l">
          <RootMFA enabled={value.AccountMFAEnabled === 1} />
          <EveryonesMFA users={value.Users ?? 0} devices={value.MFADevicesInUse ?? 0} rootHasMFA={value.AccountMFAEnabled === 1} />
          <RootKeys present={value.AccountAccessKeysPresent === 1} />
        </SpaceBetween>
      )}
    </Container>
  );
}

function RootMFA({ enabled }: { enabled: boolean }) {
  const { user } = useSession().state;
  const navigate = useNavigate();
  if (enabled) {
    return (
      <Recommendation type="success" title="Root user has MFA">
        Having multi-factor authentication (MFA) for the root user improves security for this account.
      </Recommendation>
    );
  }
  return (
    <Recommendation
      type="warning"
      title="Add MFA for root user"
      action={
        user?.kind === 'root' && (
          <Button variant="primary" onClick={() => void navigate(assignPath())}>
            Assign MFA device
          </Button>
        )
      }
    >
      {user?.kind === 'root'
        ? 'The root user can do everything in this account. Enable multi-factor authentication (MFA) for it.'
        : 'The root user can do everything in this account. Sign in as root to enable multi-factor authentication (MFA) for it.'}
    </Recommendation>
  );
}

function RootKeys({ present }: { present: boolean }) {
  const { user } = useSession().state;
  if (!present) {
    return (
      <Recommendation type="success" title="Root user has no active access keys">
        Using the access keys of a user or role in place of the root user’s improves security.
      </Recommendation>
    );
  }
  return (
    <Recommendation
      type="warning"
      title="Deactivate or delete access keys for root user"
      action={user?.kind === 'root' && <Link href="/security-credentials">Manage access keys</Link>}
    >
      No policy can limit what an access key of the root user does. Use the access keys of a user or role instead.
    </Recommendation>
  );
}
