// Who has MFA and who would lose what: goes through all users page by page, and counts.
import { call } from '../../lib/console';

export type UserPreview = {
  UserName: string;
  MFAKinds: string[];
  Console: boolean;
  ActiveAccessKeys: number;
  LosesConsole: boolean;
  LosesAccessKeys: boolean;
  /** An action that would be denied. */
  Example?: string;
};

type PreviewPage = { Users: UserPreview[]; Marker?: string; Total: number };

/** The most there are in an answer; one takes the server a tenth of a second. */
const MaxItems = 500;

/** Asks what the document would do to every user; progress is called with all users so far after each page. */
export async function previewAll(
  PolicyDocument: string,
  progress: (users: UserPreview[], total: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let users: UserPreview[] = [];
  let Marker: string | undefined;
  do {
    const page: PreviewPage = await call('PreviewPolicy', { PolicyDocument, Marker, MaxItems });
    if (signal.aborted) return;
    users = [...users, ...page.Users];
    Marker = page.Marker;
    progress(users, Math.max(page.Total, users.length));
  } while (Marker);
}

export type Tally = {
  users: number;
  /** Users with at least one device of the kind; a user with two kinds counts in both. */
  byKind: Record<string, number>;
  none: number;
  losesConsole: number;
  losesAccessKeys: number;
  /** Users who would lose either. */
  loses: number;
};

export function tally(users: UserPreview[]): Tally {
  const count: Tally = { users: users.length, byKind: {}, none: 0, losesConsole: 0, losesAccessKeys: 0, loses: 0 };
  for (const user of users) {
    if (user.MFAKinds.length === 0) count.none++;
    for (const kind of new Set(user.MFAKinds)) count.byKind[kind] = (count.byKind[kind] ?? 0) + 1;
    if (user.LosesConsole) count.losesConsole++;
    if (user.LosesAccessKeys) count.losesAccessKeys++;
    if (loses(user)) count.loses++;
  }
  return count;
}

export function loses(user: UserPreview): boolean {
  return user.LosesConsole || user.LosesAccessKeys;
}

/** What enforcement means for one user, as sentences. */
export function consequence(user: UserPreview): string {
  const parts: string[] = [];
  if (user.LosesConsole) parts.push('In the console: can only enrol until an MFA device is assigned.');
  if (user.LosesAccessKeys) {
    parts.push(
      user.MFAKinds.some((kind) => kind !== 'fido')
        ? 'With access keys: denied until they get a session with an MFA code (GetSessionToken).'
        : 'With access keys: can only enrol until an authenticator app or hardware token is assigned, and then get a session with its code (GetSessionToken).',
    );
  }
  return parts.join(' ') || 'Loses nothing now.';
}
