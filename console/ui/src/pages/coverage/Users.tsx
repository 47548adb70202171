// The users behind the numbers: those without MFA and those who would lose access, filterable.
import Box from '@cloudscape-design/components/box';
import Link from '@cloudscape-design/components/link';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { TableProps } from '@cloudscape-design/components/table';
import TextFilter from '@cloudscape-design/components/text-filter';
import { useMemo, useState } from 'react';
import ListTable from '../../components/ListTable';
import { kindName } from '../../lib/format';
import { useLocalPages } from '../../lib/paging';
import { userPath } from '../../lib/paths';
import { usePreference } from '../../lib/preferences';
import { loses, type UserPreview } from './preview';

const filters: { value: string; label: string; takes: (user: UserPreview) => boolean }[] = [
  { value: 'attention', label: 'Without MFA or would lose access', takes: (u) => u.MFAKinds.length === 0 || loses(u) },
  { value: 'none', label: 'Without MFA', takes: (u) => u.MFAKinds.length === 0 },
  { value: 'console', label: 'Would lose the console', takes: (u) => u.LosesConsole },
  { value: 'keys', label: 'Would lose access keys', takes: (u) => u.LosesAccessKeys },
  { value: 'all', label: 'All users', takes: () => true },
];

const columns = (held: Set<string> | undefined): TableProps.ColumnDefinition<UserPreview>[] => [
  {
    id: 'name',
    header: 'User name',
    isRowHeader: true,
    cell: (u) => <Link href={userPath(u.UserName)}>{u.UserName}</Link>,
  },
  { id: 'mfa', header: 'MFA', cell: (u) => u.MFAKinds.map(kindName).join(', ') || 'None' },
  { id: 'password', header: 'Console password', cell: (u) => (u.Console ? 'Yes' : 'No') },
  { id: 'keys', header: 'Active access keys', cell: (u) => u.ActiveAccessKeys },
  ...(held ? [{ id: 'held', header: 'Held already', cell: (u: UserPreview) => (held.has(u.UserName) ? 'Yes' : 'No') }] : []),
  { id: 'loses', header: 'Would lose', cell: (u) => losses(u) || '-' },
  { id: 'example', header: 'For example', cell: (u) => (u.Example ? <Box variant="code">{u.Example}</Box> : '-') },
];

type Props = {
  users: UserPreview[];
  /** Who has the standard policy; undefined where there is none. */
  held: Set<string> | undefined;
  running: boolean;
};

export default function Users({ users, held, running }: Props) {
  const [kept, keep] = usePreference<string>('coverage.filter', 'attention');
  const filter = filters.find(({ value }) => value === kept) ?? filters[0]!;
  const [text, setText] = useState('');
  const wanted = text.trim().toLowerCase();
  const shown = useMemo(
    () => users.filter((u) => filter.takes(u) && u.UserName.toLowerCase().includes(wanted)),
    [users, filter, wanted],
  );
  const pages = useLocalPages(shown);

  return (
    <ListTable
      title="Users and their MFA"
      counter={`(${shown.length})`}
      columns={columns(held)}
      source={{ ...pages, loading: running && users.length === 0 }}
      id={(u) => u.UserName}
      filter={
        <SpaceBetween size="xs" direction="horizontal">
          <Select
            ariaLabel="Users to show"
            selectedOption={filter}
            options={filters.map(({ value, label }) => ({ value, label }))}
            onChange={({ detail }) => keep(detail.selectedOption.value ?? 'attention')}
          />
          <TextFilter
            filteringText={text}
            filteringAriaLabel="Search by user name"
            filteringPlaceholder="Search by user name"
            filteringClearAriaLabel="Clear the search"
            onChange={({ detail }) => setText(detail.filteringText)}
          />
        </SpaceBetween>
      }
      empty={running ? 'No such user so far.' : 'There is no such user.'}
    />
  );
}

function losses(user: UserPreview): string {
  return [user.LosesConsole && 'the console', user.LosesAccessKeys && 'access keys'].filter(Boolean).join(', ');
}
