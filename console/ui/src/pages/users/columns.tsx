// The columns of the users table: name and path from the list, all else from the details, which may be hidden or late.
import Box from '@cloudscape-design/components/box';
import Link from '@cloudscape-design/components/link';
import type { TableProps } from '@cloudscape-design/components/table';
import type { User } from '@aws-sdk/client-iam';
import type { ReactNode } from 'react';
import Denied from '../../components/Denied';
import { ago, dateTime, days } from '../../lib/format';
import { userPath } from '../../lib/paths';
import { lastActivityText, mfaKinds, passwordAge, whyDenied, type Detail, type UserDetails } from '../../users/describe';

export type Row = {
  user: User;
  /** Undefined while they are on their way, 'failed' where they could not be had. */
  details: UserDetails | 'failed' | undefined;
};

const column = (id: string, header: string, cell: (row: Row) => ReactNode, minWidth = 85) => ({ id, header, cell, minWidth });

/** A cell that needs some details: shown when all of them are there, else why not. */
function detail(needs: Detail[], show: (details: UserDetails) => ReactNode) {
  return ({ details }: Row): ReactNode => {
    if (details === undefined) return <Box color="text-status-inactive">Loading…</Box>;
    if (details === 'failed') return <Box color="text-status-inactive">Not available</Box>;
    const denied = whyDenied(details, needs);
    return denied === undefined ? show(details) : <Denied message={denied} />;
  };
}

/** What is short stays on one line, and the column grows to it. */
const short = (text: string, title?: string) => (
  <span style={{ whiteSpace: 'nowrap' }} title={title}>
    {text}
  </span>
);

const lines = (texts: string[]) =>
  texts.length === 0 ? '-' : texts.map((text) => <div key={text}>{text}</div>);

export const columns = [
  {
    ...column('name', 'User name', ({ user }) => <Link href={userPath(user.UserName ?? '')}>{user.UserName}</Link>, 110),
    isRowHeader: true,
  },
  column('path', 'Path', ({ user }) => user.Path, 60),
  column('groups', 'Groups', detail(['Groups'], ({ Groups = [] }) => (Groups.length === 0 ? '0' : Groups.join(', ')))),
  column('activity', 'Last activity', detail(['Password', 'AccessKeys'], (details) => short(lastActivityText(details)))),
  column('mfa', 'MFA', detail(['MFADevices'], ({ MFADevices }) => mfaKinds(MFADevices)), 120),
  column('password', 'Password age', detail(['Password'], ({ Password }) => (Password ? short(passwordAge(Password)) : '-'))),
  column(
    'signin',
    'Console last sign-in',
    detail(['Password'], ({ Password }) => {
      if (!Password?.Exists) return '-';
      return Password.LastUsed ? short(ago(Password.LastUsed), dateTime(Password.LastUsed)) : 'Never';
    }),
  ),
  column(
    'key',
    'Access key ID',
    detail(['AccessKeys'], ({ AccessKeys = [] }) => lines(AccessKeys.map((key) => `${key.Status} - ${key.AccessKeyId}`))),
    180,
  ),
  column(
    'keyage',
    'Key age',
    detail(['AccessKeys'], ({ AccessKeys = [] }) =>
      AccessKeys.length === 0
        ? '-'
        : AccessKeys.map((key) => <div key={key.AccessKeyId}>{short(days(key.CreateDate))}</div>),
    ),
    65,
  ),
] satisfies TableProps.ColumnDefinition<Row>[];
