// The users, groups and roles a policy is attached to.
import {
  AttachGroupPolicyCommand,
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  DetachGroupPolicyCommand,
  DetachRolePolicyCommand,
  DetachUserPolicyCommand,
  ListEntitiesForPolicyCommand,
} from '@aws-sdk/client-iam';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Link from '@cloudscape-design/components/link';
import RadioGroup from '@cloudscape-design/components/radio-group';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import Confirm from '../../components/Confirm';
import { useFlash } from '../../lib/flash';
import { iam } from '../../lib/iam';
import { usePages, type Batch } from '../../lib/paging';
import { rolePath } from '../../policies/names';
import Dialog from '../../users/Dialog';
import type { Stage } from '../../users/dismantle';
import ListTable from '../../users/ListTable';
import { groupPath, userPath } from '../../users/paths';
import { all, useAction } from '../../users/requests';

type Kind = 'user' | 'group' | 'role';
type Entity = { kind: Kind; name: string };

const words: Record<Kind, string> = { user: 'User', group: 'User group', role: 'Role' };
const paths: Record<Kind, (name: string) => string> = { user: userPath, group: groupPath, role: rolePath };

async function page(PolicyArn: string, Marker?: string, MaxItems?: number): Promise<Batch<Entity>> {
  const input = { PolicyArn, Marker, MaxItems, PolicyUsageFilter: 'PermissionsPolicy' as const };
  const { PolicyUsers = [], PolicyGroups = [], PolicyRoles = [], Marker: marker } = await iam.send(new ListEntitiesForPolicyCommand(input));
  return {
    items: [
      ...PolicyUsers.map(({ UserName = '' }) => ({ kind: 'user' as const, name: UserName })),
      ...PolicyGroups.map(({ GroupName = '' }) => ({ kind: 'group' as const, name: GroupName })),
      ...PolicyRoles.map(({ RoleName = '' }) => ({ kind: 'role' as const, name: RoleName })),
    ],
    marker,
  };
}

function attach(PolicyArn: string, { kind, name }: Entity): Promise<unknown> {
  switch (kind) {
    case 'user':
      return iam.send(new AttachUserPolicyCommand({ UserName: name, PolicyArn }));
    case 'group':
      return iam.send(new AttachGroupPolicyCommand({ GroupName: name, PolicyArn }));
    case 'role':
      return iam.send(new AttachRolePolicyCommand({ RoleName: name, PolicyArn }));
  }
}

function detach(PolicyArn: string, { kind, name }: Entity): Promise<unknown> {
  switch (kind) {
    case 'user':
      return iam.send(new DetachUserPolicyCommand({ UserName: name, PolicyArn }));
    case 'group':
      return iam.send(new DetachGroupPolicyCommand({ GroupName: name, PolicyArn }));
    case 'role':
      return iam.send(new DetachRolePolicyCommand({ RoleName: name, PolicyArn }));
  }
}

/** DeletePolicy wants it to be attached to nothing. */
export function entityStage(arn: string): Stage {
  return {
    what: 'entities attached',
    list: async () => {
      const entities = await all(async (Marker) => {
        const { items, marker } = await page(arn, Marker);
        return { items, Marker: marker };
      });
      return entities.map((entity) => ({
        name: `it from ${entity.kind} ${entity.name}`,
        remove: async () => void (await detach(arn, entity)),
      }));
    },
  };
}

const key = ({ kind, name }: Entity) => `${name} (${words[kind].toLowerCase()})`;

export function Entities({ arn, onChanged }: { arn: string; onChanged: () => void }) {
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
            <Button disabled={!entity} onClick={() => setOpen('detach')}>
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
          onAttach={(e) => void work(`The policy was attached to ${e.kind} ${e.name}.`, () => attach(arn, e))}
        />
      )}
      {open === 'detach' && entity && (
        <Confirm
          visible
          title={`Detach the policy from ${entity.kind} ${entity.name}?`}
          confirmLabel="Detach"
          loading={busy}
          error={error}
          onConfirm={() => void work(`The policy was detached from ${entity.kind} ${entity.name}.`, () => detach(arn, entity))}
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
