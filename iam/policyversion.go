package iam

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/sallyport-iam/sallyport/wire"
)

// maxPolicyVersions is how many versions a managed policy keeps.
const maxPolicyVersions = 5

// CreatePolicyVersion adds a version to a managed policy and, if asked, makes it the one that counts.
func (s *Service) CreatePolicyVersion(ctx context.Context, tx Tx, c *Caller, in *awsiam.CreatePolicyVersionInput) (*awsiam.CreatePolicyVersionOutput, error) {
	p, err := findOwnPolicy(ctx, tx, c.Account, *in.PolicyArn, "create versions for policies")
	if err != nil {
		return nil, err
	}
	if err := checkManagedPolicy(*in.PolicyDocument); err != nil {
		return nil, err
	}
	versions, err := tx.PolicyVersions(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	if len(versions) >= maxPolicyVersions {
		return nil, wire.Errorf("LimitExceeded", "A managed policy can have up to %d versions. "+
			"Before you create a new version, you must delete an existing version.", maxPolicyVersions)
	}
	v := PolicyVersion{Number: p.LastVersion + 1, Document: *in.PolicyDocument, Created: s.Now()}
	if err := p.addVersion(ctx, tx, v, in.SetAsDefault); err != nil {
		return nil, err
	}
	shown := v.listed(p)
	return &awsiam.CreatePolicyVersionOutput{PolicyVersion: &shown}, nil
}

// GetPolicyVersion shows a version of a managed policy with its document.
func (s *Service) GetPolicyVersion(ctx context.Context, tx Tx, c *Caller, in *awsiam.GetPolicyVersionInput) (*awsiam.GetPolicyVersionOutput, error) {
	p, v, err := findVersion(ctx, tx, c.Account, *in.PolicyArn, *in.VersionId)
	if err != nil {
		return nil, err
	}
	shown := v.listed(p)
	shown.Document = escapeDocument(v.Document)
	return &awsiam.GetPolicyVersionOutput{PolicyVersion: &shown}, nil
}

// ListPolicyVersions lists the versions of a managed policy, the newest first.
func (s *Service) ListPolicyVersions(ctx context.Context, tx Tx, c *Caller, in *awsiam.ListPolicyVersionsInput) (*awsiam.ListPolicyVersionsOutput, error) {
	p, err := findPolicy(ctx, tx, c.Account, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	page, err := paging(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	versions, err := tx.PolicyVersions(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	if page.After != "" {
		last := versionNumber(page.After)
		versions = slices.DeleteFunc(versions, func(v PolicyVersion) bool { return v.Number >= last })
	}
	versions, truncated, marker := cut(versions[:min(len(versions), page.Limit)], page,
		func(v PolicyVersion) string { return versionID(v.Number) })
	listed := transform(versions, func(v PolicyVersion) types.PolicyVersion { return v.listed(p) })
	return &awsiam.ListPolicyVersionsOutput{Versions: listed, IsTruncated: truncated, Marker: marker}, nil
}

// SetDefaultPolicyVersion makes a version the one that counts, for all the policy is attached to.
func (s *Service) SetDefaultPolicyVersion(ctx context.Context, tx Tx, c *Caller, in *awsiam.SetDefaultPolicyVersionInput) (*awsiam.SetDefaultPolicyVersionOutput, error) {
	if err := ownPolicy(*in.PolicyArn, "update policies"); err != nil {
		return nil, err
	}
	p, v, err := findVersion(ctx, tx, c.Account, *in.PolicyArn, *in.VersionId)
	if err != nil {
		return nil, err
	}
	p.DefaultVersion = v.Number
	if err := tx.UpdateManagedPolicy(ctx, p); err != nil {
		return nil, err
	}
	return &awsiam.SetDefaultPolicyVersionOutput{}, changed(ctx, tx, c.Account, p.ARN())
}

// DeletePolicyVersion deletes a version that is not the default.
func (s *Service) DeletePolicyVersion(ctx context.Context, tx Tx, c *Caller, in *awsiam.DeletePolicyVersionInput) (*awsiam.DeletePolicyVersionOutput, error) {
	if err := ownPolicy(*in.PolicyArn, "delete policy versions for policies"); err != nil {
		return nil, err
	}
	p, v, err := findVersion(ctx, tx, c.Account, *in.PolicyArn, *in.VersionId)
	if err != nil {
		return nil, err
	}
	if v.Number == p.DefaultVersion {
		return nil, wire.Errorf("DeleteConflict", "Cannot delete the default version of a policy.")
	}
	return &awsiam.DeletePolicyVersionOutput{}, tx.DeletePolicyVersion(ctx, p.ID, v.Number)
}

// addVersion adds a version that is the newest.
func (p *ManagedPolicy) addVersion(ctx context.Context, tx Tx, v PolicyVersion, asDefault bool) error {
	if err := tx.InsertPolicyVersion(ctx, p.ID, v); err != nil {
		return err
	}
	p.LastVersion, p.Updated = v.Number, v.Created
	if asDefault {
		p.DefaultVersion = v.Number
	}
	if err := tx.UpdateManagedPolicy(ctx, p); err != nil || !asDefault {
		return err
	}
	return changed(ctx, tx, p.Account, p.ARN())
}

// listed is a version of p as lists show it: without the document.
func (v PolicyVersion) listed(p *ManagedPolicy) types.PolicyVersion {
	return types.PolicyVersion{
		VersionId: aws.String(versionID(v.Number)), IsDefaultVersion: v.Number == p.DefaultVersion, CreateDate: aws.Time(v.Created),
	}
}

// findVersion finds a version of a managed policy that the account can see, or answers NoSuchEntity.
func findVersion(ctx context.Context, tx Tx, account, arn, id string) (*ManagedPolicy, *PolicyVersion, error) {
	missing := wire.Errorf("NoSuchEntity", "Policy %s version %s does not exist or is not attachable.", arn, id)
	p, err := visiblePolicy(ctx, tx, account, arn)
	if errors.Is(err, ErrNotFound) {
		return nil, nil, missing
	}
	if err != nil {
		return nil, nil, err
	}
	versions, err := tx.PolicyVersions(ctx, p.ID)
	if err != nil {
		return nil, nil, err
	}
	at := slices.IndexFunc(versions, func(v PolicyVersion) bool { return versionID(v.Number) == id })
	if at < 0 {
		return nil, nil, missing
	}
	return p, &versions[at], nil
}

func versionID(number int) string { return "v" + strconv.Itoa(number) }

// versionNumber is the number in a version id; 0 if it is none.
func versionNumber(id string) int {
	number, _ := strconv.Atoi(strings.TrimPrefix(id, "v"))
	return number
}
