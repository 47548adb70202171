// Deletes a user, group, role or policy. What stands in the way is removed only after the server has refused, and piece by
// piece in sight.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useState } from 'react';
import Confirm from '../components/Confirm';
import { errorLine, hasCode } from '../lib/iam';
import { useAction } from '../lib/requests';
import { dismantle, type Progress, type Stage } from './dismantle';

type Props = {
  kind: 'user' | 'group' | 'role' | 'policy';
  name: string;
  /** What would go with it, as a sentence. */
  loses: string;
  stages: Stage[];
  remove: () => Promise<unknown>;
  onDeleted: () => void;
  onDismiss: () => void;
};

export default function DeleteDialog({ kind, name, loses, stages, remove, onDeleted, onDismiss }: Props) {
  const { busy, error, run } = useAction();
  const [progress, setProgress] = useState<Progress[]>([]);
  const blocked = hasCode(error, 'DeleteConflict');
  const whole = `${kind} ${name}`;

  const confirm = async () => {
    const deleted = await run(async () => {
      if (!blocked) return remove();
      let failure: unknown;
      const done = await dismantle(stages, { name: whole, remove }, (now) => {
        failure = now.at(-1)?.error;
        setProgress(now);
      });
      if (!done) throw failure;
    });
    if (deleted) onDeleted();
  };

  return (
    <Confirm
      title={`Delete ${whole}?`}
      typeToConfirm={name}
      confirmLabel={blocked ? 'Remove all of it, then delete' : 'Delete'}
      busy={busy}
      error={error}
      onConfirm={() => void confirm()}
      onDismiss={onDismiss}
    >
      <Box>
        This deletes the {kind} <b>{name}</b>. It cannot be undone.
      </Box>
      {blocked && progress.length === 0 && !busy && (
        <Alert type="warning" header={`The ${kind} still has things that must go first`}>
          {loses} “Remove all of it, then delete” takes them off one after another.
        </Alert>
      )}
      {progress.length > 0 && <Steps progress={progress} />}
    </Confirm>
  );
}

function Steps({ progress }: { progress: Progress[] }) {
  const types = { running: 'in-progress', done: 'success', failed: 'error' } as const;
  return (
    <div role="log" aria-label="Progress">
      {progress.map(({ text, state, error }, i) => (
        <div key={i}>
          <StatusIndicator type={types[state]}>
            {text}
            {error !== undefined && `: ${errorLine(error)}`}
          </StatusIndicator>
        </div>
      ))}
    </div>
  );
}
