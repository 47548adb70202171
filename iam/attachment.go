package iam

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// policyOwner is what policies are attached to or written into: a user, group or role.
type policyOwner struct {
	ownerKind
	account, id, name string
}

// ownerKind is what differs between the kinds of owner (IAM User Guide, "IAM and AWS STS quotas").
type ownerKind struct {
	noun      string
	quota     string // name of the quota of attached policies
	maxInline int    // length of all inline policies of one owner together, without white space
}

var (
	userOwner  = ownerKind{"user", "PoliciesPerUser", 2048}
	groupOwner = ownerKind{"group", "PoliciesPerGroup", 5120}
	roleOwner  = ownerKind{"role", "PoliciesPerRole", 10240}
)

// maxAttachedPolicies is how many managed policies can be attached to one owner.
const maxAttachedPolicies = 10

func ownerUser(ctx context.Context, tx Tx, c *Caller, name *string) (policyOwner, error) {
	u, err := findUser(ctx, tx, c.Account, *name)
	if err != nil {
		return policyOwner{}, err
	}
	return policyOwner{userOwner, u.Account, u.ID, u.Name}, nil
}

func ownerGroup(ctx context.Context, tx Tx, c *Caller, name *string) (policyOwner, error) {
	g, err := findGroup(ctx, tx, c.Account, *name)
	if err != nil {
		return policyOwner{}, err
	}
	return policyOwner{groupOwner, g.Account, g.ID, g.Name}, nil
}

func ownerRole(ctx context.Context, tx Tx, c *Caller, name *string) (policyOwner, error) {
	r, err := findRole(ctx, tx, c.Account, *name)
	if err != nil {
		return policyOwner{}, err
	}
	return policyOwner{roleOwner, r.Account, r.ID, r.Name}, nil
}

// AttachUserPolicy gives a user the permissions of a managed policy.
func (s *Service) AttachUserPolicy(ctx context.Context, tx Tx, c *Caller, in *awsiam.AttachUserPolicyInput) (*awsiam.AttachUserPolicyOutput, error) {
	owner, err := ownerUser(ctx, tx, c, in.UserName)
	if err != nil {
		return nil, err
	}
	return &awsiam.AttachUserPolicyOutput{}, owner.attach(ctx, tx, *in.PolicyArn)
}

// AttachGroupPolicy gives a group's users the permissions of a managed policy.
func (s *Service) AttachGroupPolicy(ctx context.Context, tx Tx, c *Caller, in *awsiam.AttachGroupPolicyInput) (*awsiam.AttachGroupPolicyOutput, error) {
	owner, err := ownerGroup(ctx, tx, c, in.GroupName)
	if err != nil {
		return nil, err
	}
	return &awsiam.AttachGroupPolicyOutput{}, owner.attach(ctx, tx, *in.PolicyArn)
}

// AttachRolePolicy gives a role the permissions of a managed policy.
func (s *Service) AttachRolePolicy(ctx context.Context, tx Tx, c *Caller, in *awsiam.AttachRolePolicyInput) (*awsiam.AttachRolePolicyOutput, error) {
	owner, err := ownerRole(ctx, tx, c, in.RoleName)
	if err != nil {
		return nil, err
	}
	return &awsiam.AttachRolePolicyOutput{}, owner.attach(ctx, tx, *in.PolicyArn)
}

// DetachUserPolicy takes a managed policy from a user.
func (s *Service) DetachUserPolicy(ctx context.Context, tx Tx, c *Caller, in *awsiam.DetachUserPolicyInput) (*awsiam.DetachUserPolicyOutput, error) {
	owner, err := ownerUser(ctx, tx, c, in.UserName)
	if err != nil {
		return nil, err
	}
	return &awsiam.DetachUserPolicyOutput{}, owner.detach(ctx, tx, *in.PolicyArn)
}

// DetachGroupPolicy takes a managed policy from a group.
func (s *Service) DetachGroupPolicy(ctx context.Context, tx Tx, c *Caller, in *awsiam.DetachGroupPolicyInput) (*awsiam.DetachGroupPolicyOutput, error) {
	owner, err := ownerGroup(ctx, tx, c, in.GroupName)
	if err != nil {
		return nil, err
	}
	return &awsiam.DetachGroupPolicyOutput{}, owner.detach(ctx, tx, *in.PolicyArn)
}

// DetachRolePolicy takes a managed policy from a role.
func (s *Service) DetachRolePolicy(ctx context.Context, tx Tx, c *Caller, in *awsiam.DetachRolePolicyInput) (*awsiam.DetachRolePolicyOutput, error) {
	owner, err := ownerRole(ctx, tx, c, in.RoleName)
	if err != nil {
		return nil, err
	}
	return &awsiam.DetachRolePolicyOutput{}, owner.detach(ctx, tx, *in.PolicyArn)
}

// ListAttachedUserPolicies lists the managed policies attached to a user, not those of its groups.
func (s *Service) ListAttachedUserPolicies(ctx context.Context, tx Tx, c *Caller, in *awsiam.ListAttachedUserPoliciesInput) (*awsiam.ListAttachedUserPoliciesOutput, error) {
	owner, err := ownerUser(ctx, tx, c, in.UserName)
	if err != nil {
		return nil, err
	}
	attached, truncated, marker, err := owner.attached(ctx, tx, in.PathPrefix, in.Marker, in.MaxItems)
	return &awsiam.ListAttachedUserPoliciesOutput{AttachedPolicies: attached, IsTruncated: truncated, Marker: marker}, err
}

// ListAttachedGroupPolicies lists the managed policies attached to a group.
func (s *Service) ListAttachedGroupPolicies(ctx context.Context, tx Tx, c *Caller, in *awsiam.ListAttachedGroupPoliciesInput) (*awsiam.ListAttachedGroupPoliciesOutput, error) {
	owner, err := ownerGroup(ctx, tx, c, in.GroupName)
	if err != nil {
		return nil, err
	}
	attached, truncated, marker, err := owner.attached(ctx, tx, in.PathPrefix, in.Marker, in.MaxItems)
	return &awsiam.ListAttachedGroupPoliciesOutput{AttachedPolicies: attached, IsTruncated: truncated, Marker: marker}, err
}

// ListAttachedRolePolicies lists the managed policies attached to a role.
func (s *Service) ListAttachedRolePolicies(ctx context.Context, tx Tx, c *Caller, in *awsiam.ListAttachedRolePoliciesInput) (*awsiam.ListAttachedRolePoliciesOutput, error) {
	owner, err := ownerRole(ctx, tx, c, in.RoleName)
	if err != nil {
		return nil, err
	}
	attached, truncated, marker, err := owner.attached(ctx, tx, in.PathPrefix, in.Marker, in.MaxItems)
	return &awsiam.ListAttachedRolePoliciesOutput{AttachedPolicies: attached, IsTruncated: truncated, Marker: marker}, err
}

// attach attaches a managed policy. One that is attached already stays so.
func (o policyOwner) attach(ctx context.Context, tx Tx, arn string) error {
	p, err := findAttachablePolicy(ctx, tx, o.account, arn)
	if err != nil {
		return err
	}
	attached, err := tx.AttachedPolicies(ctx, o.account, o.id, Page{Limit: maxAttachedPolicies})
	if err != nil {
		return err
	}
	if slices.ContainsFunc(attached, func(a ManagedPolicy) bool { return a.ID == p.ID }) {
		return nil
	}
	if len(attached) >= maxAttachedPolicies {
		return quotaExceeded(o.quota, maxAttachedPolicies)
	}
	if err := tx.AttachPolicy(ctx, o.account, o.id, p.ARN()); err != nil {
		return err
	}
	return changed(ctx, tx, o.account, o.id)
}

func (o policyOwner) detach(ctx context.Context, tx Tx, arn string) error {
	p, err := findPolicy(ctx, tx, o.account, arn)
	if err != nil {
		return err
	}
	err = tx.DetachPolicy(ctx, o.account, o.id, p.ARN())
	if errors.Is(err, ErrNotFound) {
		return noSuchPolicy(arn)
	}
	if err != nil {
		return err
	}
	return changed(ctx, tx, o.account, o.id)
}

func (o policyOwner) attached(ctx context.Context, tx Tx, prefix, marker *string, maxItems *int32) ([]types.AttachedPolicy, bool, *string, error) {
	page, err := paging(marker, maxItems)
	if err != nil {
		return nil, false, nil, err
	}
	// There are few, and two can share a name: one of the account's own and one that comes with the service.
	policies, err := tx.AttachedPolicies(ctx, o.account, o.id, prefixed(Page{Limit: maxAttachedPolicies}, prefix))
	if err != nil {
		return nil, false, nil, err
	}
	key := func(p ManagedPolicy) string { return strings.ToLower(p.Name) + "/" + p.Account }
	name, account, _ := strings.Cut(page.After, "/")
	policies = slices.DeleteFunc(policies, func(p ManagedPolicy) bool {
		return page.After != "" &&
			cmp.Or(strings.Compare(strings.ToLower(p.Name), name), strings.Compare(p.Account, account)) <= 0
	})
	policies, truncated, next := cut(policies[:min(len(policies), page.Limit)], page, key)
	return transform(policies, func(p ManagedPolicy) types.AttachedPolicy {
		return types.AttachedPolicy{PolicyName: aws.String(p.Name), PolicyArn: aws.String(p.ARN())}
	}), truncated, next, nil
}

// withoutPolicies returns DeleteConflict while an owner has policies.
func withoutPolicies(ctx context.Context, tx Tx, account, ownerID string) error {
	attached, err := tx.AttachedPolicies(ctx, account, ownerID, Page{Limit: 1})
	if err != nil {
		return err
	}
	if len(attached) > 0 {
		return mustFirst("detach all policies first.")
	}
	inline, err := tx.InlinePolicies(ctx, account, ownerID, Page{Limit: 1})
	if err != nil {
		return err
	}
	if len(inline) > 0 {
		return mustFirst("delete policies first.")
	}
	return nil
}

// ListEntitiesForPolicy lists the account's users, groups and roles, in this order, that a managed policy is
// attached to or is the permissions boundary of.
func (s *Service) ListEntitiesForPolicy(ctx context.Context, tx Tx, c *Caller, in *awsiam.ListEntitiesForPolicyInput) (*awsiam.ListEntitiesForPolicyOutput, error) {
	p, err := findAttachablePolicy(ctx, tx, c.Account, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	page, err := paging(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	entities, truncated, marker, err := chain(prefixed(page, in.PathPrefix), policyEntity.key,
		policyUsers(ctx, tx, c.Account, p.ARN(), in), policyGroups(ctx, tx, c.Account, p.ARN(), in),
		policyRoles(ctx, tx, c.Account, p.ARN(), in))
	if err != nil {
		return nil, err
	}
	out := &awsiam.ListEntitiesForPolicyOutput{
		PolicyUsers: []types.PolicyUser{}, PolicyGroups: []types.PolicyGroup{}, PolicyRoles: []types.PolicyRole{},
		IsTruncated: truncated, Marker: marker,
	}
	for _, e := range entities {
		name, id := aws.String(e.name), aws.String(e.id)
		switch e.kind {
		case types.EntityTypeUser:
			out.PolicyUsers = append(out.PolicyUsers, types.PolicyUser{UserName: name, UserId: id})
		case types.EntityTypeGroup:
			out.PolicyGroups = append(out.PolicyGroups, types.PolicyGroup{GroupName: name, GroupId: id})
		case types.EntityTypeRole:
			out.PolicyRoles = append(out.PolicyRoles, types.PolicyRole{RoleName: name, RoleId: id})
		}
	}
	return out, nil
}

// policyEntity is a user, group or role that a managed policy applies to.
type policyEntity struct {
	kind     types.EntityType
	name, id string
}

func (e policyEntity) key() string { return e.name }

func policyUsers(ctx context.Context, tx Tx, account, arn string, in *awsiam.ListEntitiesForPolicyInput) func(Page) ([]policyEntity, error) {
	return usedAs(in, types.EntityTypeUser, func(boundary bool, page Page) ([]policyEntity, error) {
		users, err := tx.PolicyUsers(ctx, account, arn, boundary, page)
		return transform(users, func(u User) policyEntity { return policyEntity{types.EntityTypeUser, u.Name, u.ID} }), err
	})
}

func policyGroups(ctx context.Context, tx Tx, account, arn string, in *awsiam.ListEntitiesForPolicyInput) func(Page) ([]policyEntity, error) {
	return usedAs(in, types.EntityTypeGroup, func(boundary bool, page Page) ([]policyEntity, error) {
		if boundary { // a group has none
			return nil, nil
		}
		groups, err := tx.PolicyGroups(ctx, account, arn, page)
		return transform(groups, func(g Group) policyEntity { return policyEntity{types.EntityTypeGroup, g.Name, g.ID} }), err
	})
}

func policyRoles(ctx context.Context, tx Tx, account, arn string, in *awsiam.ListEntitiesForPolicyInput) func(Page) ([]policyEntity, error) {
	return usedAs(in, types.EntityTypeRole, func(boundary bool, page Page) ([]policyEntity, error) {
		roles, err := tx.PolicyRoles(ctx, account, arn, boundary, page)
		return transform(roles, func(r Role) policyEntity { return policyEntity{types.EntityTypeRole, r.Name, r.ID} }), err
	})
}

// usedAs lists the entities of a kind that the call asks for: those with the policy attached, those with it as
// boundary or, unless it asks for one of the two, both together and each entity once.
func usedAs(in *awsiam.ListEntitiesForPolicyInput, kind types.EntityType, list func(boundary bool, page Page) ([]policyEntity, error)) func(Page) ([]policyEntity, error) {
	return func(page Page) (entities []policyEntity, err error) {
		if in.EntityFilter != "" && in.EntityFilter != kind {
			return nil, nil
		}
		if in.PolicyUsageFilter != types.PolicyUsageTypePermissionsBoundary {
			if entities, err = list(false, page); err != nil {
				return nil, err
			}
		}
		if in.PolicyUsageFilter != types.PolicyUsageTypePermissionsPolicy {
			bounded, err := list(true, page)
			if err != nil {
				return nil, err
			}
			entities = append(entities, bounded...)
		}
		slices.SortFunc(entities, func(a, b policyEntity) int {
			return strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name))
		})
		entities = slices.Compact(entities)
		return entities[:min(len(entities), page.Limit)], nil
	}
}

// attaching authorises against the owner of policies that a call names, with the managed policy in iam:PolicyARN.
func attaching[I any](find targetByName, names func(in *I) (owner, policy *string)) TargetFunc[I] {
	return func(ctx context.Context, tx Tx, c *Caller, in *I) (Target, error) {
		owner, policy := names(in)
		target, err := find(ctx, tx, c, owner)
		if err != nil {
			return target, err
		}
		stored, _, err := storedPolicyARN(ctx, tx, c.Account, aws.ToString(policy))
		target.Conditions = append(target.Conditions, Condition{Key: "iam:PolicyARN", Values: []string{stored}})
		return target, err
	}
}
