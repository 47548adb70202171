// Users and groups hold policies alike; this is the one shape their pages work with.
import {
  AttachGroupPolicyCommand,
  AttachUserPolicyCommand,
  DeleteGroupPolicyCommand,
  DeleteUserPolicyCommand,
  DetachGroupPolicyCommand,
  DetachUserPolicyCommand,
  GetGroupPolicyCommand,
  GetUserPolicyCommand,
  ListAttachedGroupPoliciesCommand,
  ListAttachedUserPoliciesCommand,
  ListGroupPoliciesCommand,
  ListUserPoliciesCommand,
  PutGroupPolicyCommand,
  PutUserPolicyCommand,
  type AttachedPolicy,
} from '@aws-sdk/client-iam';
import { iam } from '../lib/iam';
import { all } from './requests';

export type ManagedPolicy = { name: string; arn: string };

export type PolicyOwner = {
  kind: 'user' | 'group' | 'role';
  name: string;
  attached(): Promise<ManagedPolicy[]>;
  attach(arn: string): Promise<void>;
  detach(arn: string): Promise<void>;
  /** Names of the inline policies. */
  inline(): Promise<string[]>;
  /** The JSON document of an inline policy. */
  document(policy: string): Promise<string>;
  put(policy: string, document: string): Promise<void>;
  deleteInline(policy: string): Promise<void>;
};

export const managed = ({ PolicyName = '', PolicyArn = '' }: AttachedPolicy) => ({ name: PolicyName, arn: PolicyArn });

export function userPolicies(UserName: string): PolicyOwner {
  return {
    kind: 'user',
    name: UserName,
    attached: () =>
      all(async (Marker) => {
        const page = await iam.send(new ListAttachedUserPoliciesCommand({ UserName, Marker }));
        return { items: page.AttachedPolicies?.map(managed), Marker: page.Marker };
      }),
    attach: async (PolicyArn) => void (await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn }))),
    detach: async (PolicyArn) => void (await iam.send(new DetachUserPolicyCommand({ UserName, PolicyArn }))),
    inline: () =>
      all(async (Marker) => {
        const page = await iam.send(new ListUserPoliciesCommand({ UserName, Marker }));
        return { items: page.PolicyNames, Marker: page.Marker };
      }),
    document: async (PolicyName) => decode((await iam.send(new GetUserPolicyCommand({ UserName, PolicyName }))).PolicyDocument),
    put: async (PolicyName, PolicyDocument) =>
      void (await iam.send(new PutUserPolicyCommand({ UserName, PolicyName, PolicyDocument }))),
    deleteInline: async (PolicyName) => void (await iam.send(new DeleteUserPolicyCommand({ UserName, PolicyName }))),
  };
}

export function groupPolicies(GroupName: string): PolicyOwner {
  return {
    kind: 'group',
    name: GroupName,
    attached: () =>
      all(async (Marker) => {
        const page = await iam.send(new ListAttachedGroupPoliciesCommand({ GroupName, Marker }));
        return { items: page.AttachedPolicies?.map(managed), Marker: page.Marker };
      }),
    attach: async (PolicyArn) => void (await iam.send(new AttachGroupPolicyCommand({ GroupName, PolicyArn }))),
    detach: async (PolicyArn) => void (await iam.send(new DetachGroupPolicyCommand({ GroupName, PolicyArn }))),
    inline: () =>
      all(async (Marker) => {
        const page = await iam.send(new ListGroupPoliciesCommand({ GroupName, Marker }));
        return { items: page.PolicyNames, Marker: page.Marker };
      }),
    document: async (PolicyName) => decode((await iam.send(new GetGroupPolicyCommand({ GroupName, PolicyName }))).PolicyDocument),
    put: async (PolicyName, PolicyDocument) =>
      void (await iam.send(new PutGroupPolicyCommand({ GroupName, PolicyName, PolicyDocument }))),
    deleteInline: async (PolicyName) => void (await iam.send(new DeleteGroupPolicyCommand({ GroupName, PolicyName }))),
  };
}

/** Documents come URL-encoded (RFC 3986), and are laid out for reading where they are JSON. */
export function decode(document = ''): string {
  const text = decodeURIComponent(document);
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
