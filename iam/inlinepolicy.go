package iam

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/policy"
	"github.com/sallyport-iam/sallyport/wire"
)

// PutUserPolicy writes a policy into a user, in place of one of the same name.
func (s *Service) PutUserPolicy(ctx context.Context, tx Tx, c *Caller, in *awsiam.PutUserPolicyInput) (*awsiam.PutUserPolicyOutput, error) {
	owner, err := ownerUser(ctx, tx, c, in.UserName)
	if err != nil {
		return nil, err
	}
	return &awsiam.PutUserPolicyOutput{}, owner.put(ctx, tx, InlinePolicy{*in.PolicyName, *in.PolicyDocument})
}

// PutGroupPolicy writes a policy into a group, in place of one of the same name.
func (s *Service) PutGroupPolicy(ctx context.Context, tx Tx, c *Caller, in *awsiam.PutGroupPolicyInput) (*awsiam.PutGroupPolicyOutput, error) {
	owner, err := ownerGroup(ctx, tx, c, in.GroupName)
	if err != nil {
		return nil, err
	}
	return &awsiam.PutGroupPolicyOutput{}, owner.put(ctx, tx, InlinePolicy{*in.PolicyName, *in.PolicyDocument})
}

// PutRolePolicy writes a policy into a role, in place of one of the same name.
func (s *Service) PutRolePolicy(ctx context.Context, tx Tx, c *Caller, in *awsiam.PutRolePolicyInput) (*awsiam.PutRolePolicyOutput, error) {
	owner, err := ownerRole(ctx, tx, c, in.RoleName)
	if err != nil {
		return nil, err
	}
	return &awsiam.PutRolePolicyOutput{}, owner.put(ctx, tx, InlinePolicy{*in.PolicyName, *in.PolicyDocument})
}

// GetUserPolicy shows a policy written into a user, under the name as it was asked for.
func (s *Service) GetUserPolicy(ctx context.Context, tx Tx, c *Caller, in *awsiam.GetUserPolicyInput) (*awsiam.GetUserPolicyOutput, error) {
	owner, err := ownerUser(ctx, tx, c, in.UserName)
	if err != nil {
		return nil, err
	}
	document, err := owner.document(ctx, tx, *in.PolicyName)
	return &awsiam.GetUserPolicyOutput{UserName: aws.String(owner.name), PolicyName: in.PolicyName, PolicyDocument: document}, err
}

// GetGroupPolicy shows a policy written into a group, under the name as it was asked for.
func (s *Service) GetGroupPolicy(ctx context.Context, tx Tx, c *Caller, in *awsiam.GetGroupPolicyInput) (*awsiam.GetGroupPolicyOutput, error) {
	owner, err := ownerGroup(ctx, tx, c, in.GroupName)
	if err != nil {
		return nil, err
	}
	document, err := owner.document(ctx, tx, *in.PolicyName)
	return &awsiam.GetGroupPolicyOutput{GroupName: aws.String(owner.name), PolicyName: in.PolicyName, PolicyDocument: document}, err
}

// GetRolePolicy shows a policy written into a role, under the name as it was asked for.
func (s *Service) GetRolePolicy(ctx context.Context, tx Tx, c *Caller, in *awsiam.GetRolePolicyInput) (*awsiam.GetRolePolicyOutput, error) {
	owner, err := ownerRole(ctx, tx, c, in.RoleName)
	if err != nil {
		return nil, err
	}
	document, err := owner.document(ctx, tx, *in.PolicyName)
	return &awsiam.GetRolePolicyOutput{RoleName: aws.String(owner.name), PolicyName: in.PolicyName, PolicyDocument: document}, err
}

// DeleteUserPolicy deletes a policy written into a user.
func (s *Service) DeleteUserPolicy(ctx context.Context, tx Tx, c *Caller, in *awsiam.DeleteUserPolicyInput) (*awsiam.DeleteUserPolicyOutput, error) {
	owner, err := ownerUser(ctx, tx, c, in.UserName)
	if err != nil {
		return nil, err
	}
	return &awsiam.DeleteUserPolicyOutput{}, owner.remove(ctx, tx, *in.PolicyName)
}

// DeleteGroupPolicy deletes a policy written into a group.
func (s *Service) DeleteGroupPolicy(ctx context.Context, tx Tx, c *Caller, in *awsiam.DeleteGroupPolicyInput) (*awsiam.DeleteGroupPolicyOutput, error) {
	owner, err := ownerGroup(ctx, tx, c, in.GroupName)
	if err != nil {
		return nil, err
	}
	return &awsiam.DeleteGroupPolicyOutput{}, owner.remove(ctx, tx, *in.PolicyName)
}

// DeleteRolePolicy deletes a policy written into a role.
func (s *Service) DeleteRolePolicy(ctx context.Context, tx Tx, c *Caller, in *awsiam.DeleteRolePolicyInput) (*awsiam.DeleteRolePolicyOutput, error) {
	owner, err := ownerRole(ctx, tx, c, in.RoleName)
	if err != nil {
		return nil, err
	}
	return &awsiam.DeleteRolePolicyOutput{}, owner.remove(ctx, tx, *in.PolicyName)
}

// ListUserPolicies lists the names of the policies written into a user.
func (s *Service) ListUserPolicies(ctx context.Context, tx Tx, c *Caller, in *awsiam.ListUserPoliciesInput) (*awsiam.ListUserPoliciesOutput, error) {
	owner, err := ownerUser(ctx, tx, c, in.UserName)
	if err != nil {
		return nil, err
	}
	names, truncated, marker, err := owner.inline(ctx, tx, in.Marker, in.MaxItems)
	return &awsiam.ListUserPoliciesOutput{PolicyNames: names, IsTruncated: truncated, Marker: marker}, err
}

// ListGroupPolicies lists the names of the policies written into a group.
func (s *Service) ListGroupPolicies(ctx context.Context, tx Tx, c *Caller, in *awsiam.ListGroupPoliciesInput) (*awsiam.ListGroupPoliciesOutput, error) {
	owner, err := ownerGroup(ctx, tx, c, in.GroupName)
	if err != nil {
		return nil, err
	}
	names, truncated, marker, err := owner.inline(ctx, tx, in.Marker, in.MaxItems)
	return &awsiam.ListGroupPoliciesOutput{PolicyNames: names, IsTruncated: truncated, Marker: marker}, err
}

// ListRolePolicies lists the names of the policies written into a role.
func (s *Service) ListRolePolicies(ctx context.Context, tx Tx, c *Caller, in *awsiam.ListRolePoliciesInput) (*awsiam.ListRolePoliciesOutput, error) {
	owner, err := ownerRole(ctx, tx, c, in.RoleName)
	if err != nil {
		return nil, err
	}
	names, truncated, marker, err := owner.inline(ctx, tx, in.Marker, in.MaxItems)
	return &awsiam.ListRolePoliciesOutput{PolicyNames: names, IsTruncated: truncated, Marker: marker}, err
}

// put adds or replaces an inline policy. The quota is on all inline policies of the owner together.
func (o policyOwner) put(ctx context.Context, tx Tx, p InlinePolicy) error {
	length := policy.Length(p.Document)
	if length > o.maxInline { // before anything else: reading a long document takes long
		return o.inlineTooLong()
	}
	if _, err := policy.Parse(policy.Identity, p.Document); err != nil {
		return malformedPolicy(err)
	}
	present, err := everyPage(func(page Page) ([]InlinePolicy, error) { return tx.InlinePolicies(ctx, o.account, o.id, page) },
		func(p InlinePolicy) string { return p.Name })
	if err != nil {
		return err
	}
	for _, other := range present {
		if !strings.EqualFold(other.Name, p.Name) {
			length += policy.Length(other.Document)
		}
	}
	if length > o.maxInline {
		return o.inlineTooLong()
	}
	if err := tx.PutInlinePolicy(ctx, o.account, o.id, p); err != nil {
		return err
	}
	return changed(ctx, tx, o.account, o.id)
}

// document is the text of an inline policy as responses show it.
func (o policyOwner) document(ctx context.Context, tx Tx, name string) (*string, error) {
	p, err := tx.InlinePolicy(ctx, o.account, o.id, name)
	if errors.Is(err, ErrNotFound) {
		return nil, o.noSuchInlinePolicy(name)
	}
	if err != nil {
		return nil, err
	}
	return escapeDocument(p.Document), nil
}

func (o policyOwner) remove(ctx context.Context, tx Tx, name string) error {
	err := tx.DeleteInlinePolicy(ctx, o.account, o.id, name)
	if errors.Is(err, ErrNotFound) {
		return o.noSuchInlinePolicy(name)
	}
	if err != nil {
		return err
	}
	return changed(ctx, tx, o.account, o.id)
}

func (o policyOwner) inline(ctx context.Context, tx Tx, marker *string, maxItems *int32) ([]string, bool, *string, error) {
	page, err := paging(marker, maxItems)
	if err != nil {
		return nil, false, nil, err
	}
	policies, err := tx.InlinePolicies(ctx, o.account, o.id, page)
	if err != nil {
		return nil, false, nil, err
	}
	name := func(p InlinePolicy) string { return p.Name }
	policies, truncated, next := cut(policies, page, name)
	return transform(policies, name), truncated, next, nil
}

func (o policyOwner) noSuchInlinePolicy(name string) error {
	return wire.Errorf("NoSuchEntity", "The %s policy with name %s cannot be found.", o.noun, name)
}

func (o policyOwner) inlineTooLong() error {
	return wire.Errorf("LimitExceeded", "Maximum policy size of %d bytes exceeded for %s %s", o.maxInline, o.noun, o.name)
}
