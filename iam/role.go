package iam

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/sallyport-iam/sallyport/wire"
)

// Role is an identity without credentials of its own: whom its trust policy lets in may assume it for a while.
type Role struct {
	Account            string
	ID                 string // AROA…
	Name               string
	Path               string
	Description        string
	Created            time.Time
	MaxSessionDuration time.Duration // 1 h to 12 h
	TrustPolicy        string        // the document, as it was written
	// TrustedIDs maps each user's or role's ARN in the trust policy to the unique id it had when the policy was
	// written, so that a principal made anew under an old name isn't trusted.
	TrustedIDs  map[string]string
	BoundaryARN string
	Tags        []Tag
	LastUsed    time.Time // zero if never
}

// ARN is arn:aws:iam::ACCOUNT:role/PATH/NAME.
func (r *Role) ARN() string { return arn(r.Account, "role", r.Path, r.Name) }

// RoleStore keeps roles.
type RoleStore interface {
	Role(ctx context.Context, account, name string) (*Role, error)
	RoleByID(ctx context.Context, account, id string) (*Role, error)
	Roles(ctx context.Context, account string, page Page) ([]Role, error)
	InsertRole(ctx context.Context, r *Role) error
	UpdateRole(ctx context.Context, r *Role) error
	DeleteRole(ctx context.Context, account, id string) error
}

// defaultSession is how long sessions of a role may be if nothing else is said.
const defaultSession = time.Hour

// CreateRole makes a role that its trust policy lets others assume.
func (s *Service) CreateRole(ctx context.Context, tx Tx, c *Caller, in *awsiam.CreateRoleInput) (*awsiam.CreateRoleOutput, error) {
	tags, err := caseInsensitiveTags.add(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	r := &Role{
		Account: c.Account, ID: newID(prefixRole), Name: *in.RoleName, Path: valueOr(in.Path, "/"),
		Description: aws.ToString(in.Description), Created: s.Now(), MaxSessionDuration: defaultSession, Tags: tags,
	}
	if in.MaxSessionDuration != nil {
		r.MaxSessionDuration = time.Duration(*in.MaxSessionDuration) * time.Second
	}
	if err := r.trust(ctx, tx, *in.AssumeRolePolicyDocument); err != nil {
		return nil, err
	}
	if in.PermissionsBoundary != nil {
		if r.BoundaryARN, err = boundaryPolicy(ctx, tx, c.Account, *in.PermissionsBoundary); err != nil {
			return nil, err
		}
	}
	err = tx.InsertRole(ctx, r)
	if errors.Is(err, ErrExists) {
		return nil, wire.Errorf("EntityAlreadyExists", "Role with name %s already exists.", r.Name)
	}
	if err != nil {
		return nil, err
	}
	shown, err := r.named(ctx, principalsOf(tx))
	shown.Tags, shown.PermissionsBoundary = shownTags(r.Tags), shownBoundary(r.BoundaryARN)
	return &awsiam.CreateRoleOutput{Role: &shown}, err
}

// GetRole shows a role.
func (s *Service) GetRole(ctx context.Context, tx Tx, c *Caller, in *awsiam.GetRoleInput) (*awsiam.GetRoleOutput, error) {
	r, err := findRole(ctx, tx, c.Account, *in.RoleName)
	if err != nil {
		return nil, err
	}
	shown, err := r.listed(ctx, principalsOf(tx))
	shown.Tags, shown.PermissionsBoundary = shownTags(r.Tags), shownBoundary(r.BoundaryARN)
	shown.RoleLastUsed = &types.RoleLastUsed{}
	if !r.LastUsed.IsZero() {
		shown.RoleLastUsed.LastUsedDate = aws.Time(r.LastUsed)
	}
	return &awsiam.GetRoleOutput{Role: &shown}, err
}

// ListRoles lists the account's roles, without tags, boundaries and last use.
func (s *Service) ListRoles(ctx context.Context, tx Tx, c *Caller, in *awsiam.ListRolesInput) (*awsiam.ListRolesOutput, error) {
	page, err := paging(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	roles, err := tx.Roles(ctx, c.Account, prefixed(page, in.PathPrefix))
	if err != nil {
		return nil, err
	}
	roles, truncated, marker := cut(roles, page, func(r Role) string { return r.Name })
	listed, principals := make([]types.Role, len(roles)), principalsOf(tx)
	for i := range roles {
		if listed[i], err = roles[i].listed(ctx, principals); err != nil {
			return nil, err
		}
	}
	return &awsiam.ListRolesOutput{Roles: listed, IsTruncated: truncated, Marker: marker}, nil
}

// UpdateRole changes a role's description or the longest duration of its sessions; what is not sent stays. No
// decision depends on either: nothing is announced as changed.
func (s *Service) UpdateRole(ctx context.Context, tx Tx, c *Caller, in *awsiam.UpdateRoleInput) (*awsiam.UpdateRoleOutput, error) {
	r, err := findRole(ctx, tx, c.Account, *in.RoleName)
	if err != nil {
		return nil, err
	}
	r.Description = valueOr(in.Description, r.Description)
	if in.MaxSessionDuration != nil {
		r.MaxSessionDuration = time.Duration(*in.MaxSessionDuration) * time.Second
	}
	return &awsiam.UpdateRoleOutput{}, tx.UpdateRole(ctx, r)
}

// UpdateRoleDescription changes a role's description and shows the role. UpdateRole has replaced it.
func (s *Service) UpdateRoleDescription(ctx context.Context, tx Tx, c *Caller, in *awsiam.UpdateRoleDescriptionInput) (*awsiam.UpdateRoleDescriptionOutput, error) {
	r, err := findRole(ctx, tx, c.Account, *in.RoleName)
	if err != nil {
		return nil, err
	}
	r.Description = *in.Description
	if err := tx.UpdateRole(ctx, r); err != nil {
		return nil, err
	}
	shown, err := r.named(ctx, principalsOf(tx))
	shown.Description = shownDescription(r.Description)
	return &awsiam.UpdateRoleDescriptionOutput{Role: &shown}, err
}

// DeleteRole deletes a role that has no policies left. Its sessions end with it.
func (s *Service) DeleteRole(ctx context.Context, tx Tx, c *Caller, in *awsiam.DeleteRoleInput) (*awsiam.DeleteRoleOutput, error) {
	r, err := findRole(ctx, tx, c.Account, *in.RoleName)
	if err != nil {
		return nil, err
	}
	if err := withoutPolicies(ctx, tx, c.Account, r.ID); err != nil {
		return nil, err
	}
	if err := tx.DeleteRole(ctx, c.Account, r.ID); err != nil {
		return nil, err
	}
	return &awsiam.DeleteRoleOutput{}, changed(ctx, tx, c.Account, r.ID)
}

// UpdateAssumeRolePolicy replaces a role's trust policy.
func (s *Service) UpdateAssumeRolePolicy(ctx context.Context, tx Tx, c *Caller, in *awsiam.UpdateAssumeRolePolicyInput) (*awsiam.UpdateAssumeRolePolicyOutput, error) {
	r, err := findRole(ctx, tx, c.Account, *in.RoleName)
	if err != nil {
		return nil, err
	}
	if err := r.trust(ctx, tx, *in.PolicyDocument); err != nil {
		return nil, err
	}
	if err := tx.UpdateRole(ctx, r); err != nil {
		return nil, err
	}
	return &awsiam.UpdateAssumeRolePolicyOutput{}, changed(ctx, tx, c.Account, r.ID)
}

// TagRole adds tags to a role.
func (s *Service) TagRole(ctx context.Context, tx Tx, c *Caller, in *awsiam.TagRoleInput) (*awsiam.TagRoleOutput, error) {
	r, err := findRole(ctx, tx, c.Account, *in.RoleName)
	if err != nil {
		return nil, err
	}
	if r.Tags, err = caseInsensitiveTags.retag(r.Tags, in.Tags); err != nil {
		return nil, err
	}
	if err := tx.UpdateRole(ctx, r); err != nil {
		return nil, err
	}
	return &awsiam.TagRoleOutput{}, changed(ctx, tx, c.Account, r.ID)
}

// UntagRole removes tags from a role.
func (s *Service) UntagRole(ctx context.Context, tx Tx, c *Caller, in *awsiam.UntagRoleInput) (*awsiam.UntagRoleOutput, error) {
	r, err := findRole(ctx, tx, c.Account, *in.RoleName)
	if err != nil {
		return nil, err
	}
	r.Tags = caseInsensitiveTags.remove(r.Tags, in.TagKeys)
	if err := tx.UpdateRole(ctx, r); err != nil {
		return nil, err
	}
	return &awsiam.UntagRoleOutput{}, changed(ctx, tx, c.Account, r.ID)
}

// ListRoleTags lists a role's tags by key.
func (s *Service) ListRoleTags(ctx context.Context, tx Tx, c *Caller, in *awsiam.ListRoleTagsInput) (*awsiam.ListRoleTagsOutput, error) {
	r, err := findRole(ctx, tx, c.Account, *in.RoleName)
	if err != nil {
		return nil, err
	}
	tags, truncated, marker, err := pageOfTags(r.Tags, in.Marker, in.MaxItems)
	return &awsiam.ListRoleTagsOutput{Tags: tags, IsTruncated: truncated, Marker: marker}, err
}

// PutRolePermissionsBoundary sets the policy that bounds a role's permissions.
func (s *Service) PutRolePermissionsBoundary(ctx context.Context, tx Tx, c *Caller, in *awsiam.PutRolePermissionsBoundaryInput) (*awsiam.PutRolePermissionsBoundaryOutput, error) {
	r, err := findRole(ctx, tx, c.Account, *in.RoleName)
	if err != nil {
		return nil, err
	}
	if r.BoundaryARN, err = boundaryPolicy(ctx, tx, c.Account, *in.PermissionsBoundary); err != nil {
		return nil, err
	}
	if err := tx.UpdateRole(ctx, r); err != nil {
		return nil, err
	}
	return &awsiam.PutRolePermissionsBoundaryOutput{}, changed(ctx, tx, c.Account, r.ID)
}

// DeleteRolePermissionsBoundary lifts a role's permissions boundary.
func (s *Service) DeleteRolePermissionsBoundary(ctx context.Context, tx Tx, c *Caller, in *awsiam.DeleteRolePermissionsBoundaryInput) (*awsiam.DeleteRolePermissionsBoundaryOutput, error) {
	r, err := findRole(ctx, tx, c.Account, *in.RoleName)
	if err != nil {
		return nil, err
	}
	if r.BoundaryARN == "" {
		return nil, wire.Errorf("NoSuchEntity", "The role with name %s has no permissions boundary.", r.Name)
	}
	r.BoundaryARN = ""
	if err := tx.UpdateRole(ctx, r); err != nil {
		return nil, err
	}
	return &awsiam.DeleteRolePermissionsBoundaryOutput{}, changed(ctx, tx, c.Account, r.ID)
}

// named is what every response that holds the role shows of it.
func (r *Role) named(ctx context.Context, principals *shownPrincipals) (types.Role, error) {
	document, err := r.shownTrust(ctx, principals)
	return types.Role{
		Path: aws.String(r.Path), RoleName: aws.String(r.Name), RoleId: aws.String(r.ID),
		Arn: aws.String(r.ARN()), CreateDate: aws.Time(r.Created), AssumeRolePolicyDocument: escapeDocument(document),
	}, err
}

// listed is the role as lists show it.
func (r *Role) listed(ctx context.Context, principals *shownPrincipals) (types.Role, error) {
	shown, err := r.named(ctx, principals)
	shown.Description = shownDescription(r.Description)
	shown.MaxSessionDuration = aws.Int32(int32(seconds(r.MaxSessionDuration)))
	return shown, err
}

// shownDescription is a description, left out if there is none.
func shownDescription(text string) *string {
	if text == "" {
		return nil
	}
	return aws.String(text)
}

// findRole finds a role by name or answers NoSuchEntity.
func findRole(ctx context.Context, tx Tx, account, name string) (*Role, error) {
	r, err := tx.Role(ctx, account, name)
	if errors.Is(err, ErrNotFound) {
		return nil, wire.Errorf("NoSuchEntity", "The role with name %s cannot be found.", name)
	}
	return r, err
}

// roleTarget is a role that exists, or would.
func roleTarget(ctx context.Context, tx Tx, c *Caller, name *string) (Target, error) {
	target, _, err := roleAndTarget(ctx, tx, c, name)
	return target, err
}

// boundedRoleTarget is a role with its present boundary in iam:PermissionsBoundary.
func boundedRoleTarget(ctx context.Context, tx Tx, c *Caller, name *string) (Target, error) {
	target, r, err := roleAndTarget(ctx, tx, c, name)
	if err != nil {
		return target, err
	}
	return withBoundary(target, r.BoundaryARN), nil
}

func roleAndTarget(ctx context.Context, tx Tx, c *Caller, name *string) (Target, *Role, error) {
	r, err := tx.Role(ctx, c.Account, aws.ToString(name))
	if errors.Is(err, ErrNotFound) {
		r = &Role{Account: c.Account, Path: "/", Name: aws.ToString(name)}
	} else if err != nil {
		return Target{}, nil, err
	}
	return Target{ARN: r.ARN(), Shown: "role " + aws.ToString(name), Tags: r.Tags}, r, nil
}

func targetCreateRole(ctx context.Context, tx Tx, c *Caller, in *awsiam.CreateRoleInput) (Target, error) {
	target := Target{ARN: arn(c.Account, "role", valueOr(in.Path, "/"), *in.RoleName)}
	if len(in.Tags) > 0 {
		target.Also = []string{"TagRole"}
	}
	return withNewBoundary(ctx, tx, c, tagTarget(target, in.Tags), in.PermissionsBoundary)
}

func targetPutRoleBoundary(ctx context.Context, tx Tx, c *Caller, in *awsiam.PutRolePermissionsBoundaryInput) (Target, error) {
	target, err := roleTarget(ctx, tx, c, in.RoleName)
	if err != nil {
		return target, err
	}
	return withNewBoundary(ctx, tx, c, target, in.PermissionsBoundary)
}
