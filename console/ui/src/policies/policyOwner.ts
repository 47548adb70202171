// Users, groups and roles hold policies alike; this is the one shape that pages work with.
import {
  AttachGroupPolicyCommand,
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  DeleteGroupPolicyCommand,
  DeleteRolePolicyCommand,
  DeleteUserPolicyCommand,
  DetachGroupPolicyCommand,
  DetachRolePolicyCommand,
  DetachUserPolicyCommand,
  GetGroupPolicyCommand,
  GetRolePolicyCommand,
  GetUserPolicyCommand,
  ListAttachedGroupPoliciesCommand,
  ListAttachedRolePoliciesCommand,
  ListAttachedUserPoliciesCommand,
  ListGroupPoliciesCommand,
  ListRolePoliciesCommand,
  ListUserPoliciesCommand,
  PutGroupPolicyCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  type AttachedPolicy,
} from '@aws-sdk/client-iam';
import { iam } from '../lib/iam';
import { all } from '../lib/paging';
import { decode } from './document';

export type ManagedPolicy = { name: string; arn: string };

export type PolicyOwner = {
  kind: 'user' | 'group' | 'role';
  name: string;
  attached(): Promise<ManagedPolicy[]>;
  attach(arn: string): Promise<unknown>;
  detach(arn: string): Promise<unknown>;
  /** Names of the inline policies. */
  inline(): Promise<string[]>;
  /** The JSON document of an inline policy. */
  document(policy: string): Promise<string>;
  put(policy: string, document: string): Promise<unknown>;
  deleteInline(policy: string): Promise<unknown>;
};

const managed = ({ PolicyName = '', PolicyArn = '' }: AttachedPolicy) => ({ name: PolicyName, arn: PolicyArn });

export function userPolicies(UserName: string): PolicyOwner {
  return {
    kind: 'user',
    name: UserName,
    attached: () =>
      all(async (Marker) => {
        const page = await iam.send(new ListAttachedUserPoliciesCommand({ UserName, Marker }));
        return { items: page.AttachedPolicies?.map(managed), marker: page.Marker };
      }),
    attach: (PolicyArn) => iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn })),
    detach: (PolicyArn) => iam.send(new DetachUserPolicyCommand({ UserName, PolicyArn })),
    inline: () =>
      all(async (Marker) => {
        const page = await iam.send(new ListUserPoliciesCommand({ UserName, Marker }));
        return { items: page.PolicyNames, marker: page.Marker };
      }),
    document: async (PolicyName) => decode((await iam.send(new GetUserPolicyCommand({ UserName, PolicyName }))).PolicyDocument),
    put: (PolicyName, PolicyDocument) =>
      iam.send(new PutUserPolicyCommand({ UserName, PolicyName, PolicyDocument })),
    deleteInline: (PolicyName) => iam.send(new DeleteUserPolicyCommand({ UserName, PolicyName })),
  };
}

export function groupPolicies(GroupName: string): PolicyOwner {
  return {
    kind: 'group',
    name: GroupName,
    attached: () =>
      all(async (Marker) => {
        const page = await iam.send(new ListAttachedGroupPoliciesCommand({ GroupName, Marker }));
        return { items: page.AttachedPolicies?.map(managed), marker: page.Marker };
      }),
    attach: (PolicyArn) => iam.send(new AttachGroupPolicyCommand({ GroupName, PolicyArn })),
    detach: (PolicyArn) => iam.send(new DetachGroupPolicyCommand({ GroupName, PolicyArn })),
    inline: () =>
      all(async (Marker) => {
        const page = await iam.send(new ListGroupPoliciesCommand({ GroupName, Marker }));
        return { items: page.PolicyNames, marker: page.Marker };
      }),
    document: async (PolicyName) => decode((await iam.send(new GetGroupPolicyCommand({ GroupName, PolicyName }))).PolicyDocument),
    put: (PolicyName, PolicyDocument) =>
      iam.send(new PutGroupPolicyCommand({ GroupName, PolicyName, PolicyDocument })),
    deleteInline: (PolicyName) => iam.send(new DeleteGroupPolicyCommand({ GroupName, PolicyName })),
  };
}

export function rolePolicies(RoleName: string): PolicyOwner {
  return {
    kind: 'role',
    name: RoleName,
    attached: () =>
      all(async (Marker) => {
        const page = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName, Marker }));
        return { items: page.AttachedPolicies?.map(managed), marker: page.Marker };
      }),
    attach: (PolicyArn) => iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn })),
    detach: (PolicyArn) => iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })),
    inline: () =>
      all(async (Marker) => {
        const page = await iam.send(new ListRolePoliciesCommand({ RoleName, Marker }));
        return { items: page.PolicyNames, marker: page.Marker };
      }),
    document: async (PolicyName) => decode((await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }))).PolicyDocument),
    put: (PolicyName, PolicyDocument) =>
      iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument })),
    deleteInline: (PolicyName) => iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })),
  };
}

/** The one who holds policies, whatever kind it is of. */
export const policyOwner = { user: userPolicies, group: groupPolicies, role: rolePolicies };
