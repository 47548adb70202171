// The list of users, a page at a time: one ListUsers and one DescribeUsers per page, however many users there are.
import { GetUserCommand, ListUsersCommand } from '@aws-sdk/client-iam';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import ErrorAlert from '../../components/ErrorAlert';
import { useListPreferences } from '../../components/listPreferences';
import ListTable from '../../components/ListTable';
import Page from '../../components/Page';
import DeleteUser from '../../deletion/DeleteUser';
import { useFlash } from '../../lib/flash';
import { iam } from '../../lib/iam';
import { usePages } from '../../lib/paging';
import { userPath } from '../../lib/paths';
import { useAction } from '../../lib/requests';
import { useUserDetails } from '../../users/describe';
import { columns, type Row } from './columns';

export default function Users() {
  const flash = useFlash();
  const navigate = useNavigate();
  const { pageSize, visible, control } = useListPreferences('users.list', columns);
  const users = usePages(
    async (Marker) => {
      const page = await iam.send(new ListUsersCommand({ Marker, MaxItems: pageSize }));
      return { items: page.Users, marker: page.Marker };
    },
    [pageSize],
  );
  const details = useUserDetails(users.items.map((user) => user.UserName ?? ''));
  const refresh = () => {
    users.reload();
    details.reload(); // of the names shown; others that come are asked for by themselves
  };
  const [chosen, setChosen] = useState<string[]>([]);
  const [deleting, setDeleting] = useState(false);
  const name = chosen[0];

  const waiting = details.loading ? undefined : 'failed';
  const rows: Row[] = users.items.map((user) => ({ user, details: details.value?.get(user.UserName ?? '') ?? waiting }));

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
              <Button iconName="refresh" ariaLabel="Refresh" onClick={refresh} />
              <Button
                disabled={name === undefined}
                disabledReason="Select a user first."
                onClick={() => setDeleting(true)}
              >
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
        None of the users on this page has “{name}” in its name. The search reads this page only.
      </span>
      <Button loading={busy} onClick={() => void go()}>
        {`Go to user ${name}`}
      </Button>
      <ErrorAlert error={error} />
    </>
  );
}
