// The list of users, a page at a time: one ListUsers and one DescribeUsers per page, however many users there are.
import { GetUserCommand, ListUsersCommand } from '@aws-sdk/client-iam';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import ErrorAlert from '../../components/ErrorAlert';
import Page from '../../components/Page';
import { useFlash } from '../../lib/flash';
import { iam } from '../../lib/iam';
import { usePages } from '../../lib/paging';
import DeleteUser from '../../users/DeleteUser';
import { useUserDetails } from '../../users/describe';
import ListTable from '../../users/ListTable';
import { useListPreferences } from '../../users/listPreferences';
import { userPath } from '../../users/paths';
import { useAction } from '../../users/requests';
import { columns, type Row } from './columns';

export default function Users() {
  const flash = useFlash();
  const navigate = useNavigate();
  const { pageSize, visible, control } = useListPreferences({
    key: 'users.list',
    columns: columns.map(({ id, header }) => ({ id, header, alwaysVisible: id === 'name' })),
    pageSizes: [20, 50, 100],
  });
  const users = usePages(
    async (Marker) => {
      const page = await iam.send(new ListUsersCommand({ Marker, MaxItems: pageSize }));
      return { items: page.Users ?? [], marker: page.Marker };
    },
    [pageSize],
  );
  const details = useUserDetails(users.items.map((user) => user.UserName ?? ''));
  const [chosen, setChosen] = useState<string[]>([]);
  const [deleting, setDeleting] = useState(false);
  const name = chosen[0];

  const rows: Row[] = users.items.map((user) => ({
    user,
    details: details.error ? 'failed' : details.value && (details.value.get(user.UserName ?? '') ?? (details.loading ? undefined : 'failed')),
  }));

  return (
    <Page title="Users" description="An IAM user is an identity with long-term credentials for one person or workload.">
      <SpaceBetween size="m">
        <ErrorAlert error={details.error} />
        <ListTable
          title="Users in this account"
          columns={columns}
          visible={visible}
          preferences={control}
          source={{ ...users, items: rows }}
          id={({ user }) => user.UserName ?? ''}
          selection={{ type: 'single', ids: chosen, onChange: setChosen }}
          search={{ label: 'Find users on this page', noMatch: (text) => <GoTo name={text} /> }}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button iconName="refresh" ariaLabel="Refresh" onClick={users.reload} />
              <Button disabled={name === undefined} onClick={() => setDeleting(true)}>
                Delete
              </Button>
              <Button variant="primary" onClick={() => void navigate('/create-user')}>
                Create user
              </Button>
            </SpaceBetween>
          }
          empty="There are no users yet."
        />
      </SpaceBetween>
      {deleting && name !== undefined && (
        <DeleteUser
          name={name}
          onDismiss={() => setDeleting(false)}
          onDeleted={() => {
            setDeleting(false);
            setChosen([]);
            flash({ type: 'success', content: `User ${name} was deleted.` });
            users.reload();
          }}
        />
      )}
    </Page>
  );
}

/** The search reads one page only; this asks the server for the very name. */
function GoTo({ name }: { name: string }) {
  const navigate = useNavigate();
  const { busy, error, run } = useAction();
  const go = () =>
    run(async () => {
      const { User } = await iam.send(new GetUserCommand({ UserName: name }));
      void navigate(userPath(User?.UserName ?? name));
    });
  return (
    <>
      <span>
        No user on this page has “{name}” in the name. The search reads this page only; users on other pages are not found by it.
      </span>
      <Button loading={busy} onClick={() => void go()}>
        {`Go to user ${name}`}
      </Button>
      <ErrorAlert error={error} />
    </>
  );
}
