// The policies of a role, in the shape that users' and groups' have.
import {
  AttachRolePolicyCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { iam } from '../lib/iam';
import { decode, managed, type PolicyOwner } from '../users/policyOwner';
import { all } from '../users/requests';

export function rolePolicies(RoleName: string): PolicyOwner {
  return {
    kind: 'role',
    name: RoleName,
    attached: () =>
      all(async (Marker) => {
        const page = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName, Marker }));
        return { items: page.AttachedPolicies?.map(managed), Marker: page.Marker };
      }),
    attach: async (PolicyArn) => void (await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }))),
    detach: async (PolicyArn) => void (await iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }))),
    inline: () =>
      all(async (Marker) => {
        const page = await iam.send(new ListRolePoliciesCommand({ RoleName, Marker }));
        return { items: page.PolicyNames, Marker: page.Marker };
      }),
    document: async (PolicyName) => decode((await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }))).PolicyDocument),
    put: async (PolicyName, PolicyDocument) =>
      void (await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }))),
    deleteInline: async (PolicyName) => void (await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }))),
  };
}
