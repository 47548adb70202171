// The list of user groups, a page at a time, and the dialogue that creates one.
import { CreateGroupCommand, ListGroupsCommand, type Group } from '@aws-sdk/client-iam';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import Dialog from '../../components/Dialog';
import { useListPreferences } from '../../components/listPreferences';
import ListTable, { pageSearch } from '../../components/ListTable';
import Page from '../../components/Page';
import DeleteGroup from '../../deletion/DeleteGroup';
import { useFlash } from '../../lib/flash';
import { dateTime } from '../../lib/format';
import { iam } from '../../lib/iam';
import { nameProblem } from '../../lib/names';
import { usePages } from '../../lib/paging';
import { groupPath } from '../../lib/paths';
import { useAction } from '../../lib/requests';

const columns = [
  {
    id: 'name',
    header: 'Group name',
    cell: ({ GroupName = '' }: Group) => <Link href={groupPath(GroupName)}>{GroupName}</Link>,
    isRowHeader: true,
  },
  { id: 'path', header: 'Path', cell: (group: Group) => group.Path },
  { id: 'created', header: 'Created', cell: (group: Group) => dateTime(group.CreateDate) },
];

export default function Groups() {
  const flash = useFlash();
  const { pageSize, visible, control } = useListPreferences('groups.list', columns);
  const groups = usePages(
    async (Marker) => {
      const page = await iam.send(new ListGroupsCommand({ Marker, MaxItems: pageSize }));
      return { items: page.Groups, marker: page.Marker };
    },
    [pageSize],
  );
  const [chosen, setChosen] = useState<string[]>([]);
  const [open, setOpen] = useState<'create' | 'delete'>();
  const name = chosen[0];
  return (
    <Page title="User groups" description="Policies of a group hold for every user in it.">
      <ListTable<Group>
        title="User groups in this account"
        columns={columns}
        visible={visible}
        preferences={control}
        source={groups}
        id={(group) => group.GroupName ?? ''}
        selection={{ type: 'single', ids: chosen, onChange: setChosen }}
        search={pageSearch('groups')}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button iconName="refresh" ariaLabel="Refresh" onClick={groups.reload} />
            <Button
              disabled={name === undefined}
              disabledReason="Select a group first."
              onClick={() => setOpen('delete')}
            >
              Delete
            </Button>
            <Button variant="primary" onClick={() => setOpen('create')}>
              Create group
            </Button>
          </SpaceBetween>
        }
        empty="There are no user groups yet."
      />
      {open === 'create' && <CreateGroup onDismiss={() => setOpen(undefined)} />}
      {open === 'delete' && name !== undefined && (
        <DeleteGroup
          name={name}
          onDismiss={() => setOpen(undefined)}
          onDeleted={() => {
            setOpen(undefined);
            setChosen([]);
            flash({ type: 'success', content: `Group ${name} was deleted.` });
            groups.reload();
          }}
        />
      )}
    </Page>
  );
}

/** A group is created bare; its page, where one lands, has users and policies. */
function CreateGroup({ onDismiss }: { onDismiss: () => void }) {
  const flash = useFlash();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [tried, setTried] = useState(false);
  const { busy, error, run } = useAction();
  const problem = nameProblem(name, 128);
  const create = async () => {
    setTried(true);
    if (problem !== undefined) return;
    if (!(await run(() => iam.send(new CreateGroupCommand({ GroupName: name }))))) return;
    flash({ type: 'success', content: `Group ${name} was created. Add users and policies to it.` });
    void navigate(groupPath(name));
  };
  return (
    <Dialog
      title="Create group"
      submitLabel="Create group"
      busy={busy}
      error={error}
      onSubmit={() => void create()}
      onDismiss={onDismiss}
    >
      <FormField
        label="Group name"
        errorText={tried ? problem : undefined}
        constraintText="Up to 128 characters: letters A to Z, digits and + = , . @ _ -"
      >
        <Input value={name} autoComplete={false} onChange={({ detail }) => setName(detail.value)} />
      </FormField>
    </Dialog>
  );
}
