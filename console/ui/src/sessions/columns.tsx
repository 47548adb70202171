// The columns of every table of console sessions.
import Badge from '@cloudscape-design/components/badge';
import type { TableProps } from '@cloudscape-design/components/table';
import { ago, dateTime } from '../lib/format';
import { browserName } from './browserName';
import type { ConsoleSession } from './sessions';

export const sessionColumns: TableProps.ColumnDefinition<ConsoleSession>[] = [
  {
    id: 'started',
    header: 'Started',
    isRowHeader: true,
    cell: (one) => (
      <>
        {dateTime(one.Started)} {one.Current && <Badge color="blue">This one</Badge>}
      </>
    ),
  },
  { id: 'seen', header: 'Last seen', cell: (one) => ago(one.LastSeen) },
  { id: 'ip', header: 'Source IP', cell: (one) => one.SourceIP },
  { id: 'browser', header: 'Browser', cell: (one) => <span title={one.UserAgent}>{browserName(one.UserAgent)}</span> },
  { id: 'mfa', header: 'MFA', cell: (one) => (one.MFA ? 'Yes' : 'No') },
];
