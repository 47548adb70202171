// The users, groups and roles a policy is attached to.
import { ListEntitiesForPolicyCommand } from '@aws-sdk/client-iam';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Link from '@cloudscape-design/components/link';
import RadioGroup from '@cloudscape-design/components/radio-group';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import Confirm from '../../components/Confirm';
import Dialog from '../../components/Dialog';
import ListTable from '../../components/ListTable';
import type { Stage } from '../../deletion/dismantle';
import { useFlash } from '../../lib/flash';
import { iam } from '../../lib/iam';
import { all, type Batch, usePages } from '../../lib/paging';
import { groupPath, rolePath, userPath } from '../../lib/paths';
import { useAction } from '../../lib/requests';
import { policyOwner } from '../../policies/policyOwner';

type Kind = 'user' | 'group' | 'role';
type Entity = { kind: Kind; name: string };

const words: Record<Kind, string> = { user: 'User', group: 'User group', role: 'Role' };
const paths: Record<Kind, (name: string) => string> = { user: userPath, group: groupPath, role: rolePath };

async function page(PolicyArn: string, Marker?: string, MaxItems?: number): Promise<Batch<Entity>> {
  const input = { PolicyArn, Marker, MaxItems, PolicyUsageFilter: 'PermissionsPolicy' as const };
  const answer = await iam.send(new ListEntitiesForPolicyCommand(input));
  const { PolicyUsers = [], PolicyGroups = [], PolicyRoles = [], Marker: marker } = answer;
  return {
    items: [
      ...PolicyUsers.map(({ UserName = '' }) => ({ kind: 'user' as const, name: UserName })),
      ...PolicyGroups.map(({ GroupName = '' }) => ({ kind: 'group' as const, name: GroupName })),
      ...PolicyRoles.map(({ RoleName = '' }) => ({ kind: 'role' as const, name: RoleName })),
    ],
    marker,
  };
}

/** DeletePolicy wants it to be attached to nothing. */
export function entityStage(arn: string): Stage {
  return {
    what: 'entities attached',
    list: async () => {
      const entities = await all((marker) => page(arn, marker));
      return entities.map((entity) => ({
        name: `it from ${entity.kind} ${entity.name}`,
        remove: () => owner(entity).detach(arn),
      }));
    },
  };
}

const owner = ({ kind, name }: Entity) => policyOwner[kind](name);
const key = ({ kind, name }: Entity) => `${name} (${words[kind].toLowerCase()})`;

export default function Entities({ arn, onChanged }: { arn: string; onChanged: () => void }) {
  const flash = useFlash();
  const entities = usePages((marker) => page(arn, marker, 50), [arn]);
  const [chosen, setChosen] = useState<string[]>([]);
  const [open, setOpen] = useState<'attach' | 'detach'>();
  const { busy, error, run, clear } = useAction();
  const entity = entities.items.find((e) => key(e) === chosen[0]);

  const close = () => {
    setOpen(undefined);
    clear();
  };
  const work = (content: string, what: () => Promise<unknown>) =>
    run(async () => {
      await what();
      close();
      setChosen([]);
      flash({ type: 'success', content });
      entities.reload();
      onChanged();
    });

  return (
    <>
      <ListTable
        title="Entities attached"
        source={entities}
        id={key}
        columns={[
          {
            id: 'name',
            header: 'Name',
            isRowHeader: true,
            cell: (e) => <Link href={paths[e.kind](e.name)}>{e.name}</Link>,
          },
          { id: 'kind', header: 'Type', cell: (e) => words[e.kind] },
        ]}
        selection={{ type: 'single', ids: chosen, onChange: setChosen }}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button
              disabled={!entity}
              disabledReason="Select a user, group or role first."
              onClick={() => setOpen('detach')}
            >
              Detach
            </Button>
            <Button onClick={() => setOpen('attach')}>Attach</Button>
          </SpaceBetween>
        }
        empty="The policy is attached to nothing."
      />
      {open === 'attach' && (
        <AttachDialog
          busy={busy}
          error={error}
          onDismiss={close}
          onAttach={(e) => void work(`The policy was attached to ${e.kind} ${e.name}.`, () => owner(e).attach(arn))}
        />
      )}
      {open === 'detach' && entity && (
        <Confirm
          title={`Detach the policy from ${entity.kind} ${entity.name}?`}
          confirmLabel="Detach"
          busy={busy}
          error={error}
          onConfirm={() => void work(`The policy was detached from ${entity.kind} ${entity.name}.`, () => owner(entity).detach(arn))}
          onDismiss={close}
        >
          What the policy allows and denies no longer applies to it.
        </Confirm>
      )}
    </>
  );
}

type AttachProps = { busy: boolean; error: unknown; onAttach: (entity: Entity) => void; onDismiss: () => void };

function AttachDialog({ busy, error, onAttach, onDismiss }: AttachProps) {
  const [kind, setKind] = useState<Kind>('user');
  const [name, setName] = useState('');
  return (
    <Dialog
      title="Attach the policy"
      submitLabel="Attach policy"
      disabled={name === ''}
      busy={busy}
      error={error}
      onSubmit={() => onAttach({ kind, name })}
      onDismiss={onDismiss}
    >
      <FormField label="Attach to a">
        <RadioGroup
          value={kind}
          items={Object.entries(words).map(([value, label]) => ({ value, label }))}
          onChange={({ detail }) => setKind(detail.value as Kind)}
        />
      </FormField>
      <FormField label="Name">
        <Input value={name} autoComplete={false} onChange={({ detail }) => setName(detail.value)} />
      </FormField>
    </Dialog>
  );
}
