// The addresses of pages, and the one at which users sign in; names may hold characters that mean something in a URL.
import type { SessionState } from './session';

export const userPath = (name: string) => `/users/${encodeURIComponent(name)}`;
export const groupPath = (name: string) => `/groups/${encodeURIComponent(name)}`;
export const rolePath = (name: string) => `/roles/${encodeURIComponent(name)}`;
export const policyPath = (arn: string) => `/policies/view?arn=${encodeURIComponent(arn)}`;
export const assignPath = (userName?: string) =>
  `${userName === undefined ? '/security-credentials' : userPath(userName)}/mfa/assign`;

/** Where a user, or for undefined oneself, finds the devices. */
export const credentialsPath = (userName?: string) =>
  userName === undefined ? '/security-credentials' : `${userPath(userName)}?tab=security-credentials`;

/** Where the users of this account sign in, from anywhere. */
export function signInURL({ externalUrl, user }: SessionState): string {
  const base = (externalUrl || location.origin).replace(/\/$/, '');
  return `${base}/signin/${encodeURIComponent(user?.alias || user?.account || '')}`;
}
