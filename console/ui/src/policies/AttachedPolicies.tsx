// The managed policies attached to a user or a group.
import Button from '@cloudscape-design/components/button';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import Confirm from '../components/Confirm';
import ListTable from '../components/ListTable';
import PickDialog from '../components/PickDialog';
import { useFlash } from '../lib/flash';
import { policyPath } from '../lib/paths';
import { listed, useAction, useAnswer } from '../lib/requests';
import type { ManagedPolicy, PolicyOwner } from './policyOwner';

export default function AttachedPolicies({ owner }: { owner: PolicyOwner }) {
  const flash = useFlash();
  const policies = useAnswer(() => owner.attached(), [owner.kind, owner.name]);
  const { busy, error, run, clear } = useAction();
  const [chosen, setChosen] = useState<string[]>([]);
  const [open, setOpen] = useState<'attach' | 'detach'>();
  const policy = policies.value?.find(({ arn }) => arn === chosen[0]);
  const detach = async (arn: string) => {
    if (!(await run(() => owner.detach(arn)))) return;
    setOpen(undefined);
    policies.reload();
  };
  return (
    <>
      <ListTable<ManagedPolicy>
        title="Attached policies"
        source={listed(policies)}
        id={({ arn }) => arn}
        name={({ name }) => name}
        selection={{ type: 'single', ids: chosen, onChange: setChosen }}
        columns={[
          {
            id: 'name',
            header: 'Policy name',
            cell: ({ name, arn }) => <Link href={policyPath(arn)}>{name}</Link>,
            isRowHeader: true,
          },
          { id: 'arn', header: 'ARN', cell: ({ arn }) => <span style={{ overflowWrap: 'anywhere' }}>{arn}</span>, minWidth: 200 },
        ]}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button
              disabled={!policy}
              disabledReason="Select a policy first."
              onClick={() => (clear(), setOpen('detach'))}
            >
              Detach
            </Button>
            <Button onClick={() => setOpen('attach')}>Attach policies</Button>
          </SpaceBetween>
        }
        empty="No policies are attached."
      />
      {open === 'attach' && (
        <PickDialog
          title={`Attach policies to ${owner.name}`}
          submitLabel="Attach policies"
          of="policies"
          without={policies.value?.map(({ arn }) => arn)}
          add={(arn) => owner.attach(arn)}
          onClose={(added) => {
            setOpen(undefined);
            if (added === 0) return;
            const what = added === 1 ? 'The policy was' : `${added} policies were`;
            flash({ type: 'success', content: `${what} attached to ${owner.name}.` });
            policies.reload();
          }}
        />
      )}
      {open === 'detach' && policy && (
        <Confirm
          title={`Detach ${policy.name} from ${owner.name}?`}
          confirmLabel="Detach"
          busy={busy}
          error={error}
          onConfirm={() => void detach(policy.arn)}
          onDismiss={() => setOpen(undefined)}
        />
      )}
    </>
  );
}
