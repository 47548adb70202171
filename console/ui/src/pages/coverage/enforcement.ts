// Makes the standard policy if need be, and attaches it to every user who lacks it. Doing it again goes on where it stopped.
import {
  CreatePolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  ListEntitiesForPolicyCommand,
  ListUsersCommand,
} from '@aws-sdk/client-iam';
import { hasCode, iam } from '../../lib/iam';
import { all } from '../../lib/paging';
import { decode } from '../../policies/document';

/** The ARN of the policy, made now unless it exists with the same document. */
export async function ensurePolicy(account: string, PolicyName: string, PolicyDocument: string): Promise<string> {
  const PolicyArn = `arn:aws:iam::${account}:policy/${PolicyName}`;
  try {
    const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn }));
    const VersionId = Policy?.DefaultVersionId ?? 'v1';
    const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }));
    if (sameJSON(decode(PolicyVersion?.Document), PolicyDocument)) return PolicyArn;
  } catch (error) {
    if (!hasCode(error, 'NoSuchEntity')) throw error;
    const Description = 'Denies everything but enrolment to users who have not signed in with MFA.';
    const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName, PolicyDocument, Description }));
    return Policy?.Arn ?? PolicyArn;
  }
  throw new Error(`A policy called ${PolicyName} exists, and its document is another one. Choose another name, or change that policy.`);
}

/** The users to whom the policy is attached; undefined when there is no such policy. */
export async function usersHeld(account: string, name: string): Promise<Set<string> | undefined> {
  try {
    return await usersWith(`arn:aws:iam::${account}:policy/${name}`);
  } catch (error) {
    if (hasCode(error, 'NoSuchEntity')) return undefined;
    throw error;
  }
}

/** The users who don't have the policy attached. */
export async function usersWithout(PolicyArn: string): Promise<string[]> {
  const users = await all(async (Marker) => {
    const page = await iam.send(new ListUsersCommand({ Marker, MaxItems: 1000 }));
    return { items: page.Users, marker: page.Marker };
  });
  const has = await usersWith(PolicyArn);
  return users.map(({ UserName = '' }) => UserName).filter((name) => !has.has(name));
}

async function usersWith(PolicyArn: string): Promise<Set<string>> {
  const attached = await all(async (Marker) => {
    const input = { PolicyArn, EntityFilter: 'User' as const, PolicyUsageFilter: 'PermissionsPolicy' as const, Marker, MaxItems: 1000 };
    const page = await iam.send(new ListEntitiesForPolicyCommand(input));
    return { items: page.PolicyUsers, marker: page.Marker };
  });
  return new Set(attached.map(({ UserName = '' }) => UserName));
}

/** Compares documents by content; the order of members and white space don't matter. */
export function sameJSON(a: string, b: string): boolean {
  try {
    return canonical(JSON.parse(a)) === canonical(JSON.parse(b));
  } catch {
    return a === b;
  }
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join()}}`;
}
