// Security recommendations: MFA for root, MFA for everyone, no access keys of root.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import type { ReactNode } from 'react';
import { useNavigate } from 'react-router';
import ErrorAlert from '../../components/ErrorAlert';
import Loading from '../../components/Loading';
import { assignPath } from '../../lib/paths';
import type { Answer } from '../../lib/requests';
import { useSession } from '../../lib/session';

export type Summary = Answer<Partial<Record<string, number>>>;

export default function Recommendations({ summary: { value, error, loading } }: { summary: Summary }) {
  return (
    <Container header={<Header variant="h2">Security recommendations</Header>}>
      <ErrorAlert error={error} />
      {!value && loading && <Loading />}
      {value && (
        <SpaceBetween size="l">
          <RootMFA enabled={value.AccountMFAEnabled === 1} />
          <EveryonesMFA devices={value.MFADevicesInUse ?? 0} rootEnabled={value.AccountMFAEnabled === 1} users={value.Users ?? 0} />
          <RootKeys present={value.AccountAccessKeysPresent === 1} />
        </SpaceBetween>
      )}
    </Container>
  );
}

type RecommendationProps = { good: boolean; title: string; children?: ReactNode; action?: ReactNode };

function Recommendation({ good, title, children, action }: RecommendationProps) {
  return (
    <SpaceBetween size="xxs">
      <StatusIndicator type={good ? 'success' : 'warning'}>
        <Box variant="strong">
          {/* The indicator would break lines within words. */}
          <span style={{ wordBreak: 'break-word' }}>{title}</span>
        </Box>
      </StatusIndicator>
      <Box color="text-body-secondary">{children}</Box>
      {action}
    </SpaceBetween>
  );
}

function RootMFA({ enabled }: { enabled: boolean }) {
  const { user } = useSession().state;
  const navigate = useNavigate();
  if (enabled) {
    return (
      <Recommendation good title="Root user has MFA">
        Having multi-factor authentication (MFA) for the root user improves security for this account.
      </Recommendation>
    );
  }
  return (
    <Recommendation
      good={false}
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

function EveryonesMFA({ devices, rootEnabled, users }: { devices: number; rootEnabled: boolean; users: number }) {
  // The summary counts devices, not the users who have them: root has at least one of them if root has MFA.
  const fewest = Math.max(0, users - (devices - (rootEnabled ? 1 : 0)));
  const certainlyNot = fewest > 0;
  return (
    <Recommendation
      good={!certainlyNot && users > 0}
      title="MFA for everyone"
      action={<Link href="/coverage">See who has MFA</Link>}
    >
      {users === 0 && 'There are no users yet.'}
      {users > 0 && certainlyNot && `At least ${fewest} of ${users} users ${fewest === 1 ? 'has' : 'have'} no MFA device.`}
      {users > 0 && !certainlyNot && 'There are at least as many MFA devices in use as users.'}
    </Recommendation>
  );
}

function RootKeys({ present }: { present: boolean }) {
  const { user } = useSession().state;
  if (!present) {
    return (
      <Recommendation good title="Root user has no active access keys">
        Using the access keys of a user or role in place of the root user’s improves security.
      </Recommendation>
    );
  }
  return (
    <Recommendation
      good={false}
      title="Deactivate or delete access keys for root user"
      action={user?.kind === 'root' && <Link href="/security-credentials">Manage access keys</Link>}
    >
      No policy can limit what an access key of the root user does. Use the access keys of a user or role instead.
    </Recommendation>
  );
}
