// The access keys of a user, of oneself or of root: create, deactivate, activate, delete.
import { DeleteAccessKeyCommand, UpdateAccessKeyCommand } from '@aws-sdk/client-iam';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useState } from 'react';
import Confirm from '../components/Confirm';
import Copy from '../components/Copy';
import Denied from '../components/Denied';
import ErrorAlert from '../components/ErrorAlert';
import ListTable from '../components/ListTable';
import { ago, dateTime } from '../lib/format';
import { iam } from '../lib/iam';
import { listed, useAction, useAnswer } from '../lib/requests';
import { useWhose } from '../lib/whose';
import CreateAccessKey from './CreateAccessKey';
import { listAccessKeys, type Key } from './listAccessKeys';

type Props = { /** Undefined: one's own, root's too. */ userName?: string; /** A key was made, changed or deleted. */ onChange?: () => void };

export default function AccessKeys({ userName, onChange }: Props) {
  const whose = useWhose(userName);
  const keys = useAnswer(() => listAccessKeys(whose.userName), [whose.userName]);
  const { busy, error, run, clear } = useAction();
  const [chosen, setChosen] = useState<string[]>([]);
  const [open, setOpen] = useState<'create' | 'deactivate' | 'delete'>();
  const key = keys.value?.find((one) => one.id === chosen[0]);

  const show = (what: typeof open) => {
    clear();
    setOpen(what);
  };
  const changed = () => {
    keys.reload();
    onChange?.();
  };
  const change = async (work: () => Promise<unknown>) => {
    if (await run(() => work())) {
      setOpen(undefined);
      changed();
    }
  };
  const setStatus = (one: Key, Status: 'Active' | 'Inactive') =>
    change(() => iam.send(new UpdateAccessKeyCommand({ UserName: whose.userName, AccessKeyId: one.id, Status })));
  const remove = (one: Key) =>
    change(() => iam.send(new DeleteAccessKeyCommand({ UserName: whose.userName, AccessKeyId: one.id })));

  return (
    <SpaceBetween size="xs">
      {open === undefined && <ErrorAlert error={error} />}
      <ListTable<Key>
        title="Access keys"
        description="For programs and the command line; at most two, so that one can be replaced by the other."
        source={listed(keys)}
        id={(one) => one.id}
        selection={{ type: 'single', ids: chosen, onChange: setChosen }}
        columns={[
          {
            id: 'id',
            header: 'Access key ID',
            cell: (one) => <Copy name={one.id} value={one.id} shown={one.id} />,
            isRowHeader: true,
            minWidth: 220,
          },
          { id: 'status', header: 'Status', cell: (one) => <Status active={one.active} />, minWidth: 100 },
          {
            id: 'created',
            header: 'Created',
            cell: (one) => <span title={dateTime(one.created)}>{ago(one.created)}</span>,
            minWidth: 110,
          },
          { id: 'used', header: 'Last used', cell: (one) => <LastUse of={one} />, minWidth: 150 },
        ]}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            {key && !key.active ? (
              <Button loading={busy && open === undefined} onClick={() => void setStatus(key, 'Active')}>
                Activate
              </Button>
            ) : (
              <Button disabled={!key} disabledReason="Select a key first." onClick={() => show('deactivate')}>
                Deactivate
              </Button>
            )}
            <Button
              disabled={!key || key.active}
              disabledReason={key ? 'Deactivate the key first, and see that nothing misses it.' : 'Select a key first.'}
              onClick={() => show('delete')}
            >
              Delete
            </Button>
            <Button onClick={() => show('create')}>Create access key</Button>
          </SpaceBetween>
        }
        empty="No access keys. Prefer temporary credentials where a program can use them."
      />
      {open === 'create' && (
        <CreateAccessKey
          userName={whose.userName}
          root={whose.root}
          onCreated={changed}
          onClose={() => setOpen(undefined)}
        />
      )}
      {open === 'deactivate' && key && (
        <Confirm
          title={`Deactivate ${key.id}?`}
          confirmLabel="Deactivate"
          busy={busy}
          error={error}
          onConfirm={() => void setStatus(key, 'Inactive')}
          onDismiss={() => show(undefined)}
        >
          <Box>Requests signed with it are refused from then on. It can be activated again.</Box>
        </Confirm>
      )}
      {open === 'delete' && key && (
        <Confirm
          title={`Delete ${key.id}?`}
          confirmLabel="Delete"
          typeToConfirm={key.id}
          busy={busy}
          error={error}
          onConfirm={() => void remove(key)}
          onDismiss={() => show(undefined)}
        >
          <Box>A deleted key cannot be had back.</Box>
        </Confirm>
      )}
    </SpaceBetween>
  );
}

function Status({ active }: { active: boolean }) {
  return <StatusIndicator type={active ? 'success' : 'stopped'}>{active ? 'Active' : 'Inactive'}</StatusIndicator>;
}

function LastUse({ of }: { of: Key }) {
  if (of.denied !== undefined) return <Denied message={of.denied} />;
  if (!of.lastUsed?.date) return 'Never';
  const { date, service, region } = of.lastUsed;
  return <span title={dateTime(date)}>{`${ago(date)} with ${service} in ${region}`}</span>;
}
