// What the tables show of a user beyond the wire's ListUsers: one call of DescribeUsers for a whole page of names.
import { call } from '../lib/console';
import { ago, days, kindName } from '../lib/format';
import { useAnswer, type Answer } from '../lib/requests';
import type { DeviceKind } from '../lib/session';

export type Detail = 'Groups' | 'MFADevices' | 'Password' | 'AccessKeys';

export type UserDetails = {
  UserName: string;
  Groups?: string[];
  MFADevices?: { SerialNumber: string; EnableDate: string; Kind: DeviceKind; Certifications?: Record<string, string> }[];
  Password?: { Exists: boolean; Changed?: string; LastUsed?: string; ResetRequired: boolean };
  AccessKeys?: { AccessKeyId: string; Status: string; CreateDate: string; LastUsed?: string }[];
  /** The message of the AccessDenied that hides a detail. */
  Denied?: Partial<Record<Detail, string>>;
};

/** names: at most 100, a page of the longest list. */
async function describeUsers(names: string[]): Promise<Map<string, UserDetails>> {
  if (names.length === 0) return new Map();
  const { Users } = await call<{ Users?: UserDetails[] }>('DescribeUsers', { UserNames: names });
  return new Map((Users ?? []).map((user) => [user.UserName, user]));
}

export function useUserDetails(names: string[]): Answer<Map<string, UserDetails>> {
  const asked = names.join('\n');
  const answer = useAnswer(async () => ({ asked, users: await describeUsers(names) }), [asked]);
  // Between a new page of names and its question stands the answer to the last one.
  const stale = answer.value !== undefined && answer.value.asked !== asked;
  return { ...answer, value: stale ? undefined : answer.value?.users, loading: stale || answer.loading };
}

/** The message of the AccessDenied that hides any of the details, or undefined. */
export function whyDenied({ Denied = {} }: UserDetails, details: Detail[]): string | undefined {
  return details.map((detail) => Denied[detail]).find((message) => message !== undefined);
}

/** "None", or the kinds of the devices: "Authenticator app, Passkey or security key". */
export function mfaKinds(devices: UserDetails['MFADevices'] = []): string {
  const kinds = [...new Set(devices.map((device) => kindName(device.Kind)))];
  return kinds.length === 0 ? 'None' : kinds.join(', ');
}

/** The latest use of the password or of a key; undefined when there was none. */
export function lastActivity({ Password, AccessKeys }: UserDetails): string | undefined {
  const uses = [Password?.LastUsed, ...(AccessKeys ?? []).map((key) => key.LastUsed)];
  return uses.filter((use) => use !== undefined).sort((a, b) => Date.parse(a) - Date.parse(b)).at(-1);
}

export function lastActivityText(user: UserDetails): string {
  const last = lastActivity(user);
  if (last) return ago(last);
  return user.Password?.Exists || user.AccessKeys?.length ? 'Never' : '-';
}

export function passwordAge(password: NonNullable<UserDetails['Password']>): string {
  return password.Exists ? days(password.Changed) : '-';
}
