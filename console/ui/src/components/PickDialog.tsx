// Adds several things at once: groups to a user, users to a group, policies to either. What fails is told one by one.
import { useState } from 'react';
import { errorLine } from '../lib/iam';
import { useAction } from '../lib/requests';
import Dialog from './Dialog';
import Picker from './Picker';

type Props = {
  title: string;
  submitLabel: string;
  of: 'groups' | 'users' | 'policies';
  /** What is there already. */
  without?: string[];
  single?: boolean;
  add: (id: string) => Promise<unknown>;
  /** added: how many were, 0 if it was cancelled. */
  onClose: (added: number) => void;
};

export default function PickDialog({ title, submitLabel, of, without, single, add, onClose }: Props) {
  const [chosen, setChosen] = useState<string[]>([]);
  const [added, setAdded] = useState(0);
  const { busy, error, run } = useAction();
  const submit = async () => {
    const done = await run(async () => {
      const left = new Map<string, unknown>();
      for (const id of chosen) {
        try {
          await add(id);
          setAdded((n) => n + 1);
        } catch (e) {
          left.set(id, e);
        }
      }
      setChosen([...left.keys()]);
      if (left.size > 0) throw together(left);
    });
    if (done) onClose(added + chosen.length);
  };
  return (
    <Dialog
      size="large"
      title={title}
      submitLabel={submitLabel}
      disabled={chosen.length === 0}
      busy={busy}
      error={error}
      enterIsSearch
      onSubmit={() => void submit()}
      onDismiss={() => onClose(added)}
    >
      <Picker of={of} chosen={chosen} onChange={setChosen} without={without} single={single} />
    </Dialog>
  );
}

/** One error as it is; of several, each with the name that it belongs to. */
function together(errors: Map<string, unknown>): unknown {
  if (errors.size === 1) return [...errors.values()][0];
  const error = new Error([...errors].map(([id, e]) => `${id}: ${errorLine(e)}`).join(' '));
  error.name = `${errors.size} were not added`;
  return error;
}
