// Enforces MFA: shows whom it would lock out and the policy, then attaches it to everyone who lacks it.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import ProgressBar from '@cloudscape-design/components/progress-bar';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useEffect, useRef, useState } from 'react';
import Dialog from '../../components/Dialog';
import ListTable from '../../components/ListTable';
import { useFlash } from '../../lib/flash';
import { errorLine } from '../../lib/iam';
import { useLocalPages } from '../../lib/paging';
import { forEach, type Progress } from '../../lib/pool';
import { useAction } from '../../lib/requests';
import { useSession } from '../../lib/session';
import PolicyEditor from '../../policies/PolicyEditor';
import { userPolicies } from '../../policies/policyOwner';
import { standardPolicy, standardPolicyName } from '../../policies/standard';
import { ensurePolicy, usersWithout } from './enforcement';
import { consequence, loses, type UserPreview } from './preview';

type Props = { users: UserPreview[]; complete: boolean; onDismiss: () => void; onDone: () => void };

const later = 'Users created later are not held by it until you enforce MFA here again.';

export default function Enforce({ users, complete, onDismiss, onDone }: Props) {
  const { user } = useSession().state;
  const flash = useFlash();
  const [name, setName] = useState(standardPolicyName);
  const [progress, setProgress] = useState<Progress>();
  const { busy, error, run } = useAction();
  const control = useRef(new AbortController());
  useEffect(() => () => control.current.abort(), []);

  const enforce = () =>
    run(async () => {
      const { signal } = (control.current = new AbortController());
      const arn = await ensurePolicy(user?.account ?? '', name, standardPolicy);
      const missing = await usersWithout(arn);
      const end = await forEach(missing, (one) => userPolicies(one).attach(arn), setProgress, signal);
      setProgress(end);
      if (end.failures.length > 0 || end.done < end.total) return;
      flash({ type: 'success', content: `The policy ${name} is attached to every user; ${attached(end.total)}. ${later}` });
      onDismiss();
      onDone();
    });

  return (
    <Dialog
      title="Enforce MFA"
      size="large"
      submitLabel={progress && !busy ? 'Try the rest again' : 'Enforce MFA for everyone'}
      disabled={name === ''}
      busy={busy}
      error={error}
      onSubmit={() => void enforce()}
      onDismiss={onDismiss}
      advice={progress && <Outcome progress={progress} running={busy} onStop={() => control.current.abort()} />}
    >
      {!progress && !complete && (
        <Alert type="warning">Not all users were looked at, so this preview is of some only. The policy is attached to all.</Alert>
      )}
      {!progress && <Preview users={users} self={user?.kind === 'user' ? user.name : undefined} />}
      <FormField
        label="Policy name"
        description={`The policy is created unless it exists, and attached to every user who does not have it. Root is not held by it. ${later}`}
      >
        <Input value={name} autoComplete={false} disabled={busy} onChange={({ detail }) => setName(detail.value)} />
      </FormField>
      {!progress && (
        <ExpandableSection headerText="The policy">
          <PolicyEditor value={standardPolicy} readOnly onChange={() => undefined} />
        </ExpandableSection>
      )}
    </Dialog>
  );
}

function Preview({ users, self }: { users: UserPreview[]; self: string | undefined }) {
  const affected = users.filter(loses);
  const pages = useLocalPages(affected, 10);
  if (affected.length === 0) return <Alert type="info">Nobody who was looked at would lose anything now.</Alert>;
  return (
    <>
      {affected.some((user) => user.UserName === self) && (
        <Alert type="warning" header="You are one of them">
          {`${consequence(affected.find((user) => user.UserName === self)!)} Assign a device to yourself first.`}
        </Alert>
      )}
      <ListTable
        title={affected.length === 1 ? '1 user would lose access' : `${affected.length} users would lose access`}
        heading="h3"
        source={pages}
        id={(user) => user.UserName}
        columns={[
          { id: 'name', header: 'User name', cell: (user) => user.UserName, isRowHeader: true },
          { id: 'means', header: 'What it means', cell: consequence },
          { id: 'example', header: 'For example', cell: (user) => user.Example ?? '-' },
        ]}
        empty=""
      />
    </>
  );
}

type OutcomeProps = { progress: Progress; running: boolean; onStop: () => void };

function Outcome({ progress: { done, total, failures }, running, onStop }: OutcomeProps) {
  return (
    <SpaceBetween size="s">
      <ProgressBar
        label="Attaching the policy"
        value={total === 0 ? 100 : (100 * done) / total}
        additionalInfo={`${done} of ${total} users`}
        description={running && <Button onClick={onStop}>Stop</Button>}
      />
      {!running && done < total && (
        <Alert type="warning" header="Stopped">
          {`${total - done} users were not tried. “Try the rest again” goes on with them.`}
        </Alert>
      )}
      {failures.length > 0 && (
        <Alert type="error" header={failures.length === 1 ? 'One user was refused' : `${failures.length} users were refused`}>
          <ul>
            {failures.slice(0, 100).map(({ name: user, error }) => (
              <li key={user}>
                <b>{user}</b>: {errorLine(error)}
              </li>
            ))}
          </ul>
          {failures.length > 100 && <Box>{`and ${failures.length - 100} more`}</Box>}
        </Alert>
      )}
    </SpaceBetween>
  );
}

function attached(count: number): string {
  if (count === 0) return 'all of them had it already';
  return count === 1 ? '1 did not have it before' : `${count} did not have it before`;
}
