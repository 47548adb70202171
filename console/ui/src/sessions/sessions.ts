// Console sessions: one's own, root's too, or, for an administrator, those of a user.
import { call } from '../lib/console';

export type ConsoleSession = {
  Id: string;
  Started: string;
  LastSeen: string;
  Expires: string;
  MFA: boolean;
  SourceIP: string;
  UserAgent: string;
  /** The one that asks. */
  Current: boolean;
};

type Listed = { Sessions?: ConsoleSession[] };

/** UserName undefined: one's own, root's too. */
export async function listSessions(UserName?: string): Promise<ConsoleSession[]> {
  const { Sessions = [] } = await (UserName === undefined
    ? call<Listed>('ListOwnConsoleSessions')
    : call<Listed>('ListConsoleSessions', { UserName }));
  return Sessions;
}
