// The addresses of entities' pages; names may hold characters that mean something in a URL.

export const userPath = (name: string) => `/users/${encodeURIComponent(name)}`;
export const groupPath = (name: string) => `/groups/${encodeURIComponent(name)}`;
export const policyPath = (arn: string) => `/policies/view?arn=${encodeURIComponent(arn)}`;
export const assignPath = (userName?: string) =>
  `${userName === undefined ? '/security-credentials' : userPath(userName)}/mfa/assign`;

/** Where a user, or for undefined oneself, finds the devices. */
export const credentialsPath = (userName?: string) =>
  userName === undefined ? '/security-credentials' : `${userPath(userName)}?tab=security-credentials`;
