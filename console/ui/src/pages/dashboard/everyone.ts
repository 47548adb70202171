// How many users have no MFA device: counted while they are few enough to ask for, else only what is certain.
import { call } from '../../lib/console';
import { all } from '../../lib/paging';

/** Accounts with more users are counted on the page "MFA coverage" only, which shows how far it is. */
export const mostCounted = 1000;

type Factors = { UserName: string; MFAKinds: string[] };

/** It denies nothing: of the preview only the devices are looked at. */
const PolicyDocument = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: 'iam:GetUser', Resource: '*' },
});

export async function countMFA(): Promise<{ users: number; without: number }> {
  const users = await all(async (Marker) => {
    const page = await call<{ Users: Factors[]; Marker?: string }>('PreviewPolicy', { PolicyDocument, Marker, MaxItems: 500 });
    return { items: page.Users, marker: page.Marker };
  });
  return { users: users.length, without: users.filter(({ MFAKinds }) => MFAKinds.length === 0).length };
}

/** So many users at least have none: the account's summary counts devices, and a user may have several. */
export function fewestWithout(users: number, devices: number, rootHasMFA: boolean): number {
  return Math.max(0, users - (devices - (rootHasMFA ? 1 : 0)));
}

/** "1 of 3 users has no MFA device". */
export function withoutText(without: number, users: number): string {
  return `${without} of ${users} ${users === 1 ? 'user' : 'users'} ${without === 1 ? 'has' : 'have'} no MFA device`;
}
