package iam

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/sallyport-iam/sallyport/policy"
	"github.com/sallyport-iam/sallyport/wire"
)

// BuiltinAccount owns the managed policies that every account may attach and none may change, as the account
// "aws" does in arn:aws:iam::aws:policy/….
const BuiltinAccount = "aws"

// ManagedPolicy is a policy with a name and versions, to be attached to users, groups and roles.
type ManagedPolicy struct {
	Account        string // or BuiltinAccount
	ID             string // ANPA…
	Name           string
	Path           string
	Description    string
	Created        time.Time
	Updated        time.Time
	DefaultVersion int
	LastVersion    int // the number given last; numbers are not reused
	Tags           []Tag
}

// ARN is arn:aws:iam::ACCOUNT:policy/PATH/NAME.
func (p *ManagedPolicy) ARN() string { return arn(p.Account, "policy", p.Path, p.Name) }

// PolicyVersion is one text of a managed policy.
type PolicyVersion struct {
	Number   int // 1 for v1
	Document string
	Created  time.Time
}

// PolicyStore keeps managed policies and their versions.
type PolicyStore interface {
	// ManagedPolicy finds a policy by its whole ARN. Path and name must be spelled as stored but for the name's case.
	ManagedPolicy(ctx context.Context, arn string) (*ManagedPolicy, error)
	ManagedPolicies(ctx context.Context, account string, page Page) ([]ManagedPolicy, error)
	// InsertManagedPolicy returns ErrExists if the account has a policy of that name, whatever its path.
	InsertManagedPolicy(ctx context.Context, p *ManagedPolicy) error
	UpdateManagedPolicy(ctx context.Context, p *ManagedPolicy) error
	DeleteManagedPolicy(ctx context.Context, account, id string) error

	PolicyVersions(ctx context.Context, policyID string) ([]PolicyVersion, error) // newest first, at most five
	InsertPolicyVersion(ctx context.Context, policyID string, v PolicyVersion) error
	DeletePolicyVersion(ctx context.Context, policyID string, number int) error
}

// AttachmentStore keeps which policies an identity (user, group or role, by its unique id) has.
type AttachmentStore interface {
	// AttachPolicy is no error if the policy is attached already.
	AttachPolicy(ctx context.Context, account, ownerID, policyARN string) error
	// DetachPolicy returns ErrNotFound if the policy isn't attached.
	DetachPolicy(ctx context.Context, account, ownerID, policyARN string) error
	// AttachedPolicies are ordered by policy name; PathPrefix is the policies'.
	AttachedPolicies(ctx context.Context, account, ownerID string, page Page) ([]ManagedPolicy, error)
	// PolicyUsers, PolicyGroups and PolicyRoles are the entities of the account a policy is attached to or, with
	// boundary, is the permissions boundary of.
	PolicyUsers(ctx context.Context, account, policyARN string, boundary bool, page Page) ([]User, error)
	PolicyGroups(ctx context.Context, account, policyARN string, page Page) ([]Group, error)
	PolicyRoles(ctx context.Context, account, policyARN string, boundary bool, page Page) ([]Role, error)
	// PolicyUse counts, in the account, the attachments of the policy and its uses as a boundary.
	PolicyUse(ctx context.Context, account, policyARN string) (attachments, boundaries int, err error)

	// InlinePolicy finds an inline policy; names match without regard to case.
	InlinePolicy(ctx context.Context, account, ownerID, name string) (*InlinePolicy, error)
	InlinePolicies(ctx context.Context, account, ownerID string, page Page) ([]InlinePolicy, error)
	// PutInlinePolicy adds or replaces; a replacement keeps the first spelling of the name.
	PutInlinePolicy(ctx context.Context, account, ownerID string, p InlinePolicy) error
	DeleteInlinePolicy(ctx context.Context, account, ownerID, name string) error

	// PoliciesOf returns the text of every policy of the owners at once, inline and attached (default version),
	// and of the managed policies named by extra: all that a principal's decisions are made of.
	PoliciesOf(ctx context.Context, account string, ownerIDs []string, extra ...string) ([]PolicyText, error)
}

// InlinePolicy is a policy that lives and dies with its owner.
type InlinePolicy struct {
	Name     string
	Document string
}

// PolicyText is a policy as [AttachmentStore.PoliciesOf] returns it.
type PolicyText struct {
	OwnerID  string // "" for one asked for by ARN
	ARN      string // "" for an inline policy
	Name     string
	Document string
}

// maxPolicySize is how long a managed policy can be, without white space.
const maxPolicySize = 6144

// CreatePolicy makes a managed policy with its first version.
func (s *Service) CreatePolicy(ctx context.Context, tx Tx, c *Caller, in *awsiam.CreatePolicyInput) (*awsiam.CreatePolicyOutput, error) {
	tags, err := caseSensitiveTags.add(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	if err := checkManagedPolicy(*in.PolicyDocument); err != nil {
		return nil, err
	}
	now := s.Now()
	p := &ManagedPolicy{
		Account: c.Account, ID: newID(prefixPolicy), Name: *in.PolicyName, Path: valueOr(in.Path, "/"),
		Description: aws.ToString(in.Description), Created: now, Updated: now, DefaultVersion: 1, LastVersion: 1, Tags: tags,
	}
	err = tx.InsertManagedPolicy(ctx, p)
	if errors.Is(err, ErrExists) {
		return nil, wire.Errorf("EntityAlreadyExists", "A policy called %s already exists. Duplicate names are not allowed.", p.Name)
	}
	if err != nil {
		return nil, err
	}
	if err := tx.InsertPolicyVersion(ctx, p.ID, PolicyVersion{Number: 1, Document: *in.PolicyDocument, Created: now}); err != nil {
		return nil, err
	}
	shown := policyUse{ManagedPolicy: *p}.listed()
	shown.Tags = shownTags(tags)
	return &awsiam.CreatePolicyOutput{Policy: &shown}, nil
}

// GetPolicy shows a managed policy.
func (s *Service) GetPolicy(ctx context.Context, tx Tx, c *Caller, in *awsiam.GetPolicyInput) (*awsiam.GetPolicyOutput, error) {
	p, err := findPolicy(ctx, tx, c.Account, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	use, err := useOf(ctx, tx, c.Account, *p)
	shown := use.listed()
	shown.Description = shownDescription(p.Description)
	if shown.Tags = shownTags(p.Tags); shown.Tags == nil {
		shown.Tags = []types.Tag{}
	}
	return &awsiam.GetPolicyOutput{Policy: &shown}, err
}

// ListPolicies lists the account's managed policies and then those that come with the service.
func (s *Service) ListPolicies(ctx context.Context, tx Tx, c *Caller, in *awsiam.ListPoliciesInput) (*awsiam.ListPoliciesOutput, error) {
	page, err := paging(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	name := func(p policyUse) string { return p.Name }
	wanted := func(p policyUse) bool {
		switch {
		case in.PolicyUsageFilter == types.PolicyUsageTypePermissionsBoundary:
			return p.boundaries > 0
		case in.OnlyAttached, in.PolicyUsageFilter == types.PolicyUsageTypePermissionsPolicy:
			return p.attachments > 0
		default:
			return true
		}
	}
	list := func(account string, skip types.PolicyScopeType) func(Page) ([]policyUse, error) {
		return func(page Page) ([]policyUse, error) {
			if in.Scope == skip {
				return nil, nil
			}
			return filtered(page, func(page Page) ([]policyUse, error) {
				return policiesInUse(ctx, tx, c.Account, account, page)
			}, name, wanted)
		}
	}
	policies, truncated, marker, err := chain(prefixed(page, in.PathPrefix), name,
		list(c.Account, types.PolicyScopeTypeAws), list(BuiltinAccount, types.PolicyScopeTypeLocal))
	return &awsiam.ListPoliciesOutput{Policies: transform(policies, policyUse.listed), IsTruncated: truncated, Marker: marker}, err
}

// DeletePolicy deletes a managed policy that nothing uses and that has no version but the default.
func (s *Service) DeletePolicy(ctx context.Context, tx Tx, c *Caller, in *awsiam.DeletePolicyInput) (*awsiam.DeletePolicyOutput, error) {
	p, err := findOwnPolicy(ctx, tx, c.Account, *in.PolicyArn, "delete policies")
	if err != nil {
		return nil, err
	}
	use, err := useOf(ctx, tx, c.Account, *p)
	if err != nil {
		return nil, err
	}
	if use.attachments+use.boundaries > 0 {
		return nil, wire.Errorf("DeleteConflict", "Cannot delete a policy attached to entities.")
	}
	versions, err := tx.PolicyVersions(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	if len(versions) > 1 {
		return nil, wire.Errorf("DeleteConflict", "This policy has more than one version. Before you delete a policy, "+
			"you must delete the policy's versions. The default version is deleted with the policy.")
	}
	if err := tx.DeleteManagedPolicy(ctx, c.Account, p.ID); err != nil {
		return nil, err
	}
	// Sessions may have been limited with it.
	return &awsiam.DeletePolicyOutput{}, changed(ctx, tx, c.Account, p.ARN())
}

// TagPolicy adds tags to a managed policy.
func (s *Service) TagPolicy(ctx context.Context, tx Tx, c *Caller, in *awsiam.TagPolicyInput) (*awsiam.TagPolicyOutput, error) {
	p, err := findOwnPolicy(ctx, tx, c.Account, *in.PolicyArn, "tag policies")
	if err != nil {
		return nil, err
	}
	if p.Tags, err = caseSensitiveTags.retag(p.Tags, in.Tags); err != nil {
		return nil, err
	}
	return &awsiam.TagPolicyOutput{}, tx.UpdateManagedPolicy(ctx, p)
}

// UntagPolicy removes tags from a managed policy.
func (s *Service) UntagPolicy(ctx context.Context, tx Tx, c *Caller, in *awsiam.UntagPolicyInput) (*awsiam.UntagPolicyOutput, error) {
	p, err := findOwnPolicy(ctx, tx, c.Account, *in.PolicyArn, "untag policies")
	if err != nil {
		return nil, err
	}
	p.Tags = caseSensitiveTags.remove(p.Tags, in.TagKeys)
	return &awsiam.UntagPolicyOutput{}, tx.UpdateManagedPolicy(ctx, p)
}

// ListPolicyTags lists a managed policy's tags by key.
func (s *Service) ListPolicyTags(ctx context.Context, tx Tx, c *Caller, in *awsiam.ListPolicyTagsInput) (*awsiam.ListPolicyTagsOutput, error) {
	p, err := findPolicy(ctx, tx, c.Account, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	tags, truncated, marker, err := pageOfTags(p.Tags, in.Marker, in.MaxItems)
	return &awsiam.ListPolicyTagsOutput{Tags: tags, IsTruncated: truncated, Marker: marker}, err
}

// policyUse is a managed policy with how often the account uses it.
type policyUse struct {
	ManagedPolicy
	attachments, boundaries int
}

func useOf(ctx context.Context, tx Tx, account string, p ManagedPolicy) (policyUse, error) {
	attachments, boundaries, err := tx.PolicyUse(ctx, account, p.ARN())
	return policyUse{p, attachments, boundaries}, err
}

// policiesInUse are the policies of an owner with how often the account uses them.
func policiesInUse(ctx context.Context, tx Tx, account, owner string, page Page) ([]policyUse, error) {
	policies, err := tx.ManagedPolicies(ctx, owner, page)
	if err != nil {
		return nil, err
	}
	uses := make([]policyUse, len(policies))
	for i, p := range policies {
		if uses[i], err = useOf(ctx, tx, account, p); err != nil {
			return nil, err
		}
	}
	return uses, nil
}

// listed is the policy as lists show it.
func (p policyUse) listed() types.Policy {
	return types.Policy{
		PolicyName: aws.String(p.Name), PolicyId: aws.String(p.ID), Arn: aws.String(p.ARN()), Path: aws.String(p.Path),
		DefaultVersionId: aws.String(versionID(p.DefaultVersion)),
		AttachmentCount:  aws.Int32(int32(p.attachments)), PermissionsBoundaryUsageCount: aws.Int32(int32(p.boundaries)),
		IsAttachable: true, CreateDate: aws.Time(p.Created), UpdateDate: aws.Time(p.Updated),
	}
}

// checkManagedPolicy refuses a document that can't be a managed policy.
func checkManagedPolicy(text string) error {
	if policy.Length(text) > maxPolicySize { // first: reading a long document takes long
		return quotaExceeded("PolicySize", maxPolicySize)
	}
	_, err := policy.Parse(policy.Identity, text)
	return malformedPolicy(err)
}

// visiblePolicy finds a managed policy of the account or one that comes with the service. Other accounts'
// policies are ErrNotFound, as if they did not exist.
func visiblePolicy(ctx context.Context, tx Tx, account, arn string) (*ManagedPolicy, error) {
	name, ok := ParseARN(arn)
	if !ok || name.Kind != "policy" {
		return nil, wire.Errorf("ValidationError", "ARN %s is not valid.", arn)
	}
	if name.Account != account && name.Account != BuiltinAccount {
		return nil, ErrNotFound
	}
	return tx.ManagedPolicy(ctx, arn)
}

// findPolicy finds a managed policy that the account can see, or answers NoSuchEntity.
func findPolicy(ctx context.Context, tx Tx, account, arn string) (*ManagedPolicy, error) {
	p, err := visiblePolicy(ctx, tx, account, arn)
	if errors.Is(err, ErrNotFound) {
		return nil, noSuchPolicy(arn)
	}
	return p, err
}

// findAttachablePolicy is findPolicy in the words of the operations that attach policies.
func findAttachablePolicy(ctx context.Context, tx Tx, account, arn string) (*ManagedPolicy, error) {
	p, err := visiblePolicy(ctx, tx, account, arn)
	if errors.Is(err, ErrNotFound) {
		return nil, wire.Errorf("NoSuchEntity", "Policy %s does not exist or is not attachable.", arn)
	}
	return p, err
}

// findOwnPolicy is findPolicy for operations that change a policy, which those that come with the service don't
// let happen, whatever the caller is allowed.
func findOwnPolicy(ctx context.Context, tx Tx, account, arn, deed string) (*ManagedPolicy, error) {
	if err := ownPolicy(arn, deed); err != nil {
		return nil, err
	}
	return findPolicy(ctx, tx, account, arn)
}

func ownPolicy(arn, deed string) error {
	if name, _ := ParseARN(arn); name.Account == BuiltinAccount {
		return wire.Errorf("AccessDenied", "Cannot %s outside your own account.", deed)
	}
	return nil
}

func noSuchPolicy(arn string) error {
	return wire.Errorf("NoSuchEntity", "Policy %s was not found.", arn)
}

// storedPolicyARN is the ARN a managed policy has in policies and conditions: as it is stored, for look-ups
// ignore case and a rule about the policy must not be got round by spelling it otherwise. One that can't be
// found goes by what was sent.
func storedPolicyARN(ctx context.Context, tx Tx, account, arn string) (string, []Tag, error) {
	p, err := visiblePolicy(ctx, tx, account, arn)
	switch {
	case err == nil:
		return p.ARN(), p.Tags, nil
	case errors.Is(err, ErrNotFound), !isFailure(err):
		return arn, nil, nil
	default:
		return "", nil, err
	}
}

// policyTarget is a managed policy that exists, or would.
func policyTarget(ctx context.Context, tx Tx, c *Caller, arn *string) (Target, error) {
	stored, tags, err := storedPolicyARN(ctx, tx, c.Account, aws.ToString(arn))
	return Target{ARN: stored, Shown: "policy " + aws.ToString(arn), Tags: newestFirst(tags)}, err
}

func targetCreatePolicy(_ context.Context, _ Tx, c *Caller, in *awsiam.CreatePolicyInput) (Target, error) {
	target := Target{ARN: arn(c.Account, "policy", valueOr(in.Path, "/"), *in.PolicyName)}
	if len(in.Tags) > 0 {
		target.Also = []string{"TagPolicy"}
	}
	return tagTarget(target, in.Tags), nil
}

func targetListPolicies(_ context.Context, _ Tx, _ *Caller, in *awsiam.ListPoliciesInput) (Target, error) {
	return Target{ARN: "*", Shown: "policy path " + valueOr(in.PathPrefix, "/")}, nil
}

// withNewBoundary adds the boundary that a call sets to the conditions.
func withNewBoundary(ctx context.Context, tx Tx, c *Caller, target Target, sent *string) (Target, error) {
	if sent == nil {
		return target, nil
	}
	stored, _, err := storedPolicyARN(ctx, tx, c.Account, *sent)
	return withBoundary(target, stored), err
}
