// MFA coverage: who has which kind of device, who has none, and who would lose access if MFA were enforced now.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import ProgressBar from '@cloudscape-design/components/progress-bar';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useMemo, useState } from 'react';
import ErrorAlert from '../../components/ErrorAlert';
import Page from '../../components/Page';
import { kindName } from '../../lib/format';
import { useAnswer } from '../../lib/requests';
import { useSession } from '../../lib/session';
import { standardPolicyName } from '../../policies/standard';
import Enforce from './Enforce';
import { usersHeld } from './enforcement';
import { tally, type Tally } from './preview';
import { useCoverage, type Coverage as Walk } from './useCoverage';
import Users from './Users';

export default function Coverage() {
  const walk = useCoverage();
  const count = useMemo(() => tally(walk.users), [walk.users]);
  const account = useSession().state.user?.account ?? '';
  const held = useAnswer(() => usersHeld(account, standardPolicyName), [account]);
  const again = () => {
    walk.start();
    held.reload();
  };
  const [enforcing, setEnforcing] = useState(false);

  return (
    <Page
      title="MFA coverage"
      description="Who has which kind of MFA device, and who would lose access if everything were denied without MFA now."
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <Button iconName="refresh" ariaLabel="Look again" disabled={walk.state === 'running'} onClick={again} />
          <Button
            variant="primary"
            disabled={walk.state === 'running' || walk.total === 0}
            onClick={() => setEnforcing(true)}
          >
            Enforce MFA
          </Button>
        </SpaceBetween>
      }
    >
      <SpaceBetween size="l">
        <ErrorAlert error={walk.error} />
        <WalkProgress walk={walk} />
        {(walk.state !== 'failed' || walk.users.length > 0) && (
          <SpaceBetween size="l">
            <Counts count={count} />
            <ErrorAlert error={held.error} />
            {held.value && walk.total > 0 && (
              <Box>{`Held by ${standardPolicyName}: ${held.value.size} of ${walk.total} users.`}</Box>
            )}
            <Users users={walk.users} held={held.value} running={walk.state === 'running'} />
          </SpaceBetween>
        )}
      </SpaceBetween>
      {enforcing && (
        <Enforce
          users={walk.users}
          complete={walk.state === 'complete'}
          onDismiss={() => setEnforcing(false)}
          onDone={again}
        />
      )}
    </Page>
  );
}

function WalkProgress({ walk: { users, total, state, stop } }: { walk: Walk }) {
  if (state === 'running') {
    return (
      <ProgressBar
        label="Looking at users"
        value={total === 0 ? 0 : (100 * users.length) / total}
        additionalInfo={total === 0 ? 'Starting' : `${users.length} of ${total} users`}
        description={<Button onClick={stop}>Stop</Button>}
      />
    );
  }
  if (state === 'complete' || total === 0) return null;
  return (
    <Alert type="warning" header={state === 'stopped' ? 'Stopped' : 'Not finished'}>
      {`${users.length} of ${total} users were looked at. The numbers below are of those only.`}
    </Alert>
  );
}

function Counts({ count }: { count: Tally }) {
  const number = (n: number) => <Box variant="awsui-value-large">{n}</Box>;
  const kinds = ['fido', 'virtual', 'hardware'];
  return (
    <Container header={<Header variant="h2">Users</Header>}>
      <KeyValuePairs
        columns={4}
        items={[
          { label: 'Users', value: number(count.users) },
          ...kinds.map((kind) => ({ label: kindName(kind), value: number(count.byKind[kind] ?? 0) })),
          { label: 'None', value: number(count.none) },
          { label: 'Would lose the console', value: number(count.losesConsole) },
          { label: 'Would lose access keys', value: number(count.losesAccessKeys) },
        ]}
      />
    </Container>
  );
}
