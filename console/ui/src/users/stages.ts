// What DeleteUser and DeleteGroup demand to be gone first (their API reference pages list it).
import {
  DeactivateMFADeviceCommand,
  DeleteAccessKeyCommand,
  DeleteGroupCommand,
  DeleteLoginProfileCommand,
  DeleteUserCommand,
  DeleteVirtualMFADeviceCommand,
  GetGroupCommand,
  GetLoginProfileCommand,
  ListAccessKeysCommand,
  ListGroupsForUserCommand,
  ListMFADevicesCommand,
  RemoveUserFromGroupCommand,
} from '@aws-sdk/client-iam';
import { deviceName, kindOf } from '../lib/format';
import { iam } from '../lib/iam';
import { hasCode } from '../policies/code';
import type { Stage } from './dismantle';
import { groupPolicies, userPolicies, type PolicyOwner } from './policyOwner';
import { all } from './requests';

export function userStages(UserName: string): Stage[] {
  return [
    { what: 'console password', list: () => password(UserName) },
    {
      what: 'access keys',
      list: async () =>
        (
          await all(async (Marker) => {
            const page = await iam.send(new ListAccessKeysCommand({ UserName, Marker }));
            return { items: page.AccessKeyMetadata, Marker: page.Marker };
          })
        ).map(({ AccessKeyId = '' }) => ({
          name: `access key ${AccessKeyId}`,
          remove: async () => void (await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }))),
        })),
    },
    { what: 'MFA devices', list: () => devices(UserName) },
    {
      what: 'group memberships',
      list: async () =>
        (
          await all(async (Marker) => {
            const page = await iam.send(new ListGroupsForUserCommand({ UserName, Marker }));
            return { items: page.Groups, Marker: page.Marker };
          })
        ).map(({ GroupName = '' }) => ({
          name: `the membership of group ${GroupName}`,
          remove: async () => void (await iam.send(new RemoveUserFromGroupCommand({ UserName, GroupName }))),
        })),
    },
    ...policyStages(userPolicies(UserName)),
  ];
}

export const deleteUser = async (UserName: string) => void (await iam.send(new DeleteUserCommand({ UserName })));

export function groupStages(GroupName: string): Stage[] {
  return [
    {
      what: 'users in the group',
      list: async () =>
        (
          await all(async (Marker) => {
            const page = await iam.send(new GetGroupCommand({ GroupName, Marker }));
            return { items: page.Users, Marker: page.Marker };
          })
        ).map(({ UserName = '' }) => ({
          name: `user ${UserName} from the group`,
          remove: async () => void (await iam.send(new RemoveUserFromGroupCommand({ UserName, GroupName }))),
        })),
    },
    ...policyStages(groupPolicies(GroupName)),
  ];
}

export const deleteGroup = async (GroupName: string) => void (await iam.send(new DeleteGroupCommand({ GroupName })));

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
  const remove = async () => void (await iam.send(new DeleteLoginProfileCommand({ UserName })));
  return [{ name: 'the console password', remove }];
}

async function devices(UserName: string) {
  const found = await all(async (Marker) => {
    const page = await iam.send(new ListMFADevicesCommand({ UserName, Marker }));
    return { items: page.MFADevices, Marker: page.Marker };
  });
  return found.map(({ SerialNumber = '' }) => ({
    name: `MFA device ${deviceName(SerialNumber)}`,
    remove: async () => {
      await iam.send(new DeactivateMFADeviceCommand({ UserName, SerialNumber }));
      if (kindOf(SerialNumber) === 'virtual') await iam.send(new DeleteVirtualMFADeviceCommand({ SerialNumber }));
    },
  }));
}
