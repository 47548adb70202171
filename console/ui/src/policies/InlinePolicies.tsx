// The policies written into a user or a group itself.
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import Confirm from '../components/Confirm';
import ListTable from '../components/ListTable';
import { listed, useAction, useAnswer } from '../lib/requests';
import InlinePolicyDialog from './InlinePolicyDialog';
import type { PolicyOwner } from './policyOwner';

export default function InlinePolicies({ owner }: { owner: PolicyOwner }) {
  const policies = useAnswer(() => owner.inline(), [owner.kind, owner.name]);
  const { busy, error, run, clear } = useAction();
  const [chosen, setChosen] = useState<string[]>([]);
  const [open, setOpen] = useState<'create' | 'edit' | 'delete'>();
  const name = policies.value?.find((one) => one === chosen[0]);
  const closed = (changed: boolean) => {
    setOpen(undefined);
    if (changed) policies.reload();
  };
  const remove = async (policy: string) => {
    if (await run(() => owner.deleteInline(policy))) closed(true);
  };
  return (
    <>
      <ListTable<string>
        title="Inline policies"
        description={`Written into the ${owner.kind} itself, and gone with it.`}
        source={listed(policies)}
        id={(one) => one}
        selection={{ type: 'single', ids: chosen, onChange: setChosen }}
        columns={[{ id: 'name', header: 'Policy name', cell: (one) => one, isRowHeader: true }]}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button
              disabled={name === undefined}
              disabledReason="Select a policy first."
              onClick={() => (clear(), setOpen('delete'))}
            >
              Delete
            </Button>
            <Button
              disabled={name === undefined}
              disabledReason="Select a policy first."
              onClick={() => setOpen('edit')}
            >
              Edit
            </Button>
            <Button onClick={() => setOpen('create')}>Create inline policy</Button>
          </SpaceBetween>
        }
        empty="There are no inline policies."
      />
      {open === 'create' && <InlinePolicyDialog owner={owner} onClose={closed} />}
      {open === 'edit' && name !== undefined && <InlinePolicyDialog owner={owner} policy={name} onClose={closed} />}
      {open === 'delete' && name !== undefined && (
        <Confirm
          title={`Delete inline policy ${name}?`}
          confirmLabel="Delete"
          busy={busy}
          error={error}
          onConfirm={() => void remove(name)}
          onDismiss={() => closed(false)}
        />
      )}
    </>
  );
}
