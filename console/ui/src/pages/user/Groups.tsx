// Tab: the groups that the user is in.
import { AddUserToGroupCommand, RemoveUserFromGroupCommand, type Group } from '@aws-sdk/client-iam';
import Button from '@cloudscape-design/components/button';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import Confirm from '../../components/Confirm';
import ListTable from '../../components/ListTable';
import PickDialog from '../../components/PickDialog';
import { iam } from '../../lib/iam';
import { groupPath } from '../../lib/paths';
import { listed, useAction, useAnswer } from '../../lib/requests';
import { groupsOfUser } from '../../users/groupsOfUser';

export default function Groups({ userName: UserName }: { userName: string }) {
  const groups = useAnswer(() => groupsOfUser(UserName), [UserName]);
  const { busy, error, run, clear } = useAction();
  const [chosen, setChosen] = useState<string[]>([]);
  const [open, setOpen] = useState<'add' | 'remove'>();
  const names = groups.value?.map((group) => group.GroupName ?? '') ?? [];
  const name = names.find((one) => one === chosen[0]);
  const remove = async (GroupName: string) => {
    if (!(await run(() => iam.send(new RemoveUserFromGroupCommand({ GroupName, UserName }))))) return;
    setOpen(undefined);
    groups.reload();
  };
  return (
    <>
      <ListTable<Group>
        title="Groups of the user"
        source={listed(groups)}
        id={(group) => group.GroupName ?? ''}
        selection={{ type: 'single', ids: chosen, onChange: setChosen }}
        columns={[
          {
            id: 'name',
            header: 'Group name',
            cell: ({ GroupName = '' }) => <Link href={groupPath(GroupName)}>{GroupName}</Link>,
            isRowHeader: true,
          },
          { id: 'path', header: 'Path', cell: (group) => group.Path },
        ]}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button
              disabled={name === undefined}
              disabledReason="Select a group first."
              onClick={() => (clear(), setOpen('remove'))}
            >
              Remove from group
            </Button>
            <Button onClick={() => setOpen('add')}>Add user to groups</Button>
          </SpaceBetween>
        }
        empty="The user is in no group."
      />
      {open === 'add' && (
        <PickDialog
          title={`Add ${UserName} to groups`}
          submitLabel="Add user to groups"
          of="groups"
          without={names}
          add={(GroupName) => iam.send(new AddUserToGroupCommand({ GroupName, UserName }))}
          onClose={(added) => {
            setOpen(undefined);
            if (added > 0) groups.reload();
          }}
        />
      )}
      {open === 'remove' && name !== undefined && (
        <Confirm
          title={`Remove ${UserName} from group ${name}?`}
          confirmLabel="Remove from group"
          busy={busy}
          error={error}
          onConfirm={() => void remove(name)}
          onDismiss={() => setOpen(undefined)}
        />
      )}
    </>
  );
}
