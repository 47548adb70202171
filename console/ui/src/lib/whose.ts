// Whose devices: those of a named user, one's own, or root's, which the wire has no name for.
import { useSession, type SessionState } from './session';

export type Whose = {
  /** For wire calls; undefined only for root, who has none. */
  userName: string | undefined;
  /** Root's own devices, changed by the console's operations instead of the wire's. */
  root: boolean;
  /** The devices are those of the person signed in. */
  own: boolean;
};

/** userName undefined means oneself. */
export function whoseDevices(userName: string | undefined, user: SessionState['user']): Whose {
  const root = userName === undefined && user?.kind === 'root';
  const self = user?.kind === 'user' ? user.name : undefined;
  // Names are unique without regard to case, so that another spelling is the same user.
  const own = userName === undefined || userName.toLowerCase() === self?.toLowerCase();
  return { userName: userName ?? (root ? undefined : self), root, own };
}

export function useWhose(userName?: string): Whose {
  return whoseDevices(userName, useSession().state.user);
}
