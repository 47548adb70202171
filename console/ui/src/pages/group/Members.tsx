// Tab: the users in the group, a page at a time.
import { AddUserToGroupCommand, GetGroupCommand, RemoveUserFromGroupCommand, type User } from '@aws-sdk/client-iam';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import Confirm from '../../components/Confirm';
import ListTable, { pageSearch } from '../../components/ListTable';
import PickDialog from '../../components/PickDialog';
import { ago } from '../../lib/format';
import { iam } from '../../lib/iam';
import { usePages } from '../../lib/paging';
import { userPath } from '../../lib/paths';
import { useAction } from '../../lib/requests';

export default function Members({ groupName: GroupName }: { groupName: string }) {
  const users = usePages(
    async (Marker) => {
      const page = await iam.send(new GetGroupCommand({ GroupName, Marker, MaxItems: 50 }));
      return { items: page.Users, marker: page.Marker };
    },
    [GroupName],
  );
  const { busy, error, run, clear } = useAction();
  const [chosen, setChosen] = useState<string[]>([]);
  const [open, setOpen] = useState<'add' | 'remove'>();
  const remove = async () => {
    const done = await run(async () => {
      for (const UserName of chosen) {
        await iam.send(new RemoveUserFromGroupCommand({ GroupName, UserName }));
        setChosen((before) => before.filter((one) => one !== UserName));
      }
    });
    if (done) setOpen(undefined);
    users.reload();
  };
  return (
    <>
      <ListTable<User>
        title="Users in this group"
        source={users}
        id={(user) => user.UserName ?? ''}
        selection={{ type: 'multi', ids: chosen, onChange: setChosen }}
        search={pageSearch('users')}
        columns={[
          {
            id: 'name',
            header: 'User name',
            cell: ({ UserName = '' }) => <Link href={userPath(UserName)}>{UserName}</Link>,
            isRowHeader: true,
          },
          { id: 'path', header: 'Path', cell: (user) => user.Path },
          { id: 'signin', header: 'Console last sign-in', cell: (user) => (user.PasswordLastUsed ? ago(user.PasswordLastUsed) : '-') },
        ]}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button
              disabled={chosen.length === 0}
              disabledReason="Select users first."
              onClick={() => (clear(), setOpen('remove'))}
            >
              Remove users
            </Button>
            <Button onClick={() => setOpen('add')}>Add users</Button>
          </SpaceBetween>
        }
        empty="The group has no users."
      />
      {open === 'add' && (
        <PickDialog
          title={`Add users to ${GroupName}`}
          submitLabel="Add users"
          of="users"
          without={users.items.map((user) => user.UserName ?? '')}
          add={(UserName) => iam.send(new AddUserToGroupCommand({ GroupName, UserName }))}
          onClose={(added) => {
            setOpen(undefined);
            if (added > 0) users.reload();
          }}
        />
      )}
      {open === 'remove' && (
        <Confirm
          title={`Remove from group ${GroupName}?`}
          confirmLabel="Remove users"
          busy={busy}
          error={error}
          onConfirm={() => void remove()}
          onDismiss={() => setOpen(undefined)}
        >
          <Box>{chosen.join(', ')}</Box>
        </Confirm>
      )}
    </>
  );
}
