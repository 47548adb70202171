// The list of roles, a page at a time.
import { ListRolesCommand, type Role } from '@aws-sdk/client-iam';
import Button from '@cloudscape-design/components/button';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { TableProps } from '@cloudscape-design/components/table';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useListPreferences } from '../../components/listPreferences';
import ListTable, { pageSearch } from '../../components/ListTable';
import Page from '../../components/Page';
import { useFlash } from '../../lib/flash';
import { duration } from '../../lib/format';
import { iam } from '../../lib/iam';
import { usePages } from '../../lib/paging';
import { rolePath } from '../../lib/paths';
import { decode } from '../../policies/document';
import { trusted } from '../../policies/trust';
import CreateRole from './CreateRole';
import { Activity, useLastActivity, type LastActivity } from './lastActivity';

type Row = { role: Role; activity: LastActivity | undefined };

const columns: (TableProps.ColumnDefinition<Row> & { id: string; header: string })[] = [
  {
    id: 'name',
    header: 'Role name',
    isRowHeader: true,
    cell: ({ role }) => <Link href={rolePath(role.RoleName ?? '')}>{role.RoleName}</Link>,
  },
  { id: 'trusted', header: 'Trusted entities', cell: ({ role }) => trusted(decode(role.AssumeRolePolicyDocument)).join('; ') || '-' },
  { id: 'activity', header: 'Last activity', cell: ({ activity }) => <Activity of={activity} /> },
  { id: 'session', header: 'Maximum session', cell: ({ role }) => duration(role.MaxSessionDuration ?? 3600) },
  { id: 'path', header: 'Path', cell: ({ role }) => role.Path },
];

export default function Roles() {
  const navigate = useNavigate();
  const flash = useFlash();
  const [creating, setCreating] = useState(false);
  const { pageSize, visible, control } = useListPreferences('roles.list', columns);
  const roles = usePages(
    async (Marker) => {
      const page = await iam.send(new ListRolesCommand({ Marker, MaxItems: pageSize }));
      return { items: page.Roles, marker: page.Marker };
    },
    [pageSize],
  );
  const activity = useLastActivity(roles.items);
  const rows = { ...roles, items: roles.items.map((role) => ({ role, activity: activity.get(role.RoleName ?? '') })) };

  return (
    <Page title="Roles" description="A role is an identity that users, or roles of other accounts, take on for a while.">
      <ListTable
        title="Roles in this account"
        columns={columns}
        visible={visible}
        preferences={control}
        source={rows}
        id={({ role }) => role.RoleName ?? ''}
        search={pageSearch('roles')}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button iconName="refresh" ariaLabel="Refresh" onClick={roles.reload} />
            <Button variant="primary" onClick={() => setCreating(true)}>
              Create role
            </Button>
          </SpaceBetween>
        }
        empty="There are no roles yet."
      />
      {creating && (
        <CreateRole
          onDismiss={() => setCreating(false)}
          onCreated={(name) => {
            flash({ type: 'success', content: `Role ${name} was created.` });
            void navigate(rolePath(name));
          }}
        />
      )}
    </Page>
  );
}
