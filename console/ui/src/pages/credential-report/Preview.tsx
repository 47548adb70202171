// The report as a table, a page at a time, with the columns one chooses.
import Button from '@cloudscape-design/components/button';
import { useState } from 'react';
import ListTable from '../../components/ListTable';
import { useLocalPages } from '../../lib/paging';

const few = [
  'user',
  'password_enabled',
  'password_last_used',
  'mfa_active',
  'access_key_1_active',
  'access_key_1_last_used_date',
  'access_key_2_active',
];

export default function Preview({ columns, rows }: { columns: string[]; rows: string[][] }) {
  const [every, setEvery] = useState(false);
  const pages = useLocalPages(rows, 50);
  const shown = columns.map((name, at) => ({ name, at })).filter(({ name }) => every || few.includes(name));
  return (
    <ListTable<string[]>
      title="Contents"
      source={pages}
      id={(row) => row[0] ?? ''}
      columns={shown.map(({ name, at }) => ({
        id: name,
        header: name.replaceAll('_', ' '),
        cell: (row) => row[at] ?? '',
        isRowHeader: at === 0,
      }))}
      actions={<Button onClick={() => setEvery(!every)}>{every ? 'Show fewer columns' : 'Show every column'}</Button>}
      empty="The report is empty."
    />
  );
}
