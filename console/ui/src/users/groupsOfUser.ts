// The groups of a user and what they bring; a quota keeps them few.
import { ListGroupsForUserCommand, type Group } from '@aws-sdk/client-iam';
import { iam } from '../lib/iam';
import { all } from '../lib/paging';
import { groupPolicies } from '../policies/policyOwner';

export function groupsOfUser(UserName: string): Promise<Group[]> {
  return all(async (Marker) => {
    const page = await iam.send(new ListGroupsForUserCommand({ UserName, Marker }));
    return { items: page.Groups, marker: page.Marker };
  });
}

/** A policy that comes by a group; or, with an error, a group whose policies may not be seen. */
export type Inherited = { group: string; policy?: string; arn?: string; error?: unknown };

export async function policiesOfGroups(UserName: string): Promise<Inherited[]> {
  const groups = await groupsOfUser(UserName);
  const each = groups.map(async ({ GroupName: group = '' }): Promise<Inherited[]> => {
    const owner = groupPolicies(group);
    const failed = (error: unknown): Inherited[] => [{ group, error }];
    const [attached, inline] = await Promise.all([
      owner.attached().then((found) => found.map(({ name, arn }): Inherited => ({ group, policy: name, arn })), failed),
      owner.inline().then((found) => found.map((policy): Inherited => ({ group, policy })), failed),
    ]);
    return [...attached, ...inline];
  });
  return (await Promise.all(each)).flat();
}
