// The address at which the users of this account sign in.
import type { SessionState } from '../lib/session';

export function signInURL({ externalUrl, user }: SessionState): string {
  const base = (externalUrl || location.origin).replace(/\/$/, '');
  return `${base}/signin/${encodeURIComponent(user?.alias || user?.account || '')}`;
}
