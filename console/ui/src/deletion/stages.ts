// What DeleteUser, DeleteGroup and DeleteRole demand to be gone first (their API reference pages list it).
import {
  DeleteAccessKeyCommand,
  DeleteGroupCommand,
  DeleteLoginProfileCommand,
  DeleteUserCommand,
  GetGroupCommand,
  GetLoginProfileCommand,
  RemoveUserFromGroupCommand,
} from '@aws-sdk/client-iam';
import { listAccessKeys } from '../access-keys/listAccessKeys';
import { hasCode, iam } from '../lib/iam';
import { all } from '../lib/paging';
import { deactivateDevice, deleteVirtualDevice, listDevices } from '../mfa/devices';
import { groupPolicies, userPolicies, type PolicyOwner } from '../policies/policyOwner';
import { groupsOfUser } from '../users/groupsOfUser';
import type { Stage } from './dismantle';

export function userStages(UserName: string): Stage[] {
  return [
    { what: 'console password', list: () => password(UserName) },
    { what: 'access keys', list: () => accessKeys(UserName) },
    { what: 'MFA devices', list: () => devices(UserName) },
    { what: 'group memberships', list: () => memberships(UserName) },
    ...policyStages(userPolicies(UserName)),
  ];
}

export const deleteUser = (UserName: string) => iam.send(new DeleteUserCommand({ UserName }));

export function groupStages(GroupName: string): Stage[] {
  return [
    {
      what: 'users in the group',
      list: async () =>
        (
          await all(async (Marker) => {
            const page = await iam.send(new GetGroupCommand({ GroupName, Marker }));
            return { items: page.Users, marker: page.Marker };
          })
        ).map(({ UserName = '' }) => ({
          name: `user ${UserName} from the group`,
          remove: () => iam.send(new RemoveUserFromGroupCommand({ UserName, GroupName })),
        })),
    },
    ...policyStages(groupPolicies(GroupName)),
  ];
}

export const deleteGroup = (GroupName: string) => iam.send(new DeleteGroupCommand({ GroupName }));

export function policyStages(owner: PolicyOwner): Stage[] {
  return [
    {
      what: 'attached policies',
      list: async () =>
        (await owner.attached()).map(({ name, arn }) => ({ name: `attached policy ${name}`, remove: () => owner.detach(arn) })),
    },
    {
      what: 'inline policies',
      list: async () =>
        (await owner.inline()).map((name) => ({ name: `inline policy ${name}`, remove: () => owner.deleteInline(name) })),
    },
  ];
}

async function password(UserName: string) {
  try {
    await iam.send(new GetLoginProfileCommand({ UserName }));
  } catch (error) {
    if (hasCode(error, 'NoSuchEntity')) return [];
    throw error;
  }
  const remove = () => iam.send(new DeleteLoginProfileCommand({ UserName }));
  return [{ name: 'the console password', remove }];
}

async function accessKeys(UserName: string) {
  return (await listAccessKeys(UserName)).map(({ id: AccessKeyId }) => ({
    name: `access key ${AccessKeyId}`,
    remove: () => iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId })),
  }));
}

async function devices(userName: string) {
  const whose = { userName, root: false, own: false };
  return (await listDevices(whose)).map(({ serial, name, kind }) => ({
    name: `MFA device ${name}`,
    remove: async () => {
      await deactivateDevice(whose, serial);
      if (kind === 'virtual') await deleteVirtualDevice(serial);
    },
  }));
}

async function memberships(UserName: string) {
  return (await groupsOfUser(UserName)).map(({ GroupName = '' }) => ({
    name: `the membership of group ${GroupName}`,
    remove: () => iam.send(new RemoveUserFromGroupCommand({ UserName, GroupName })),
  }));
}
