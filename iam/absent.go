package iam

import (
	"context"

	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// What users and roles of AWS can have and those here can't. Terraform asks for these lists before it deletes
// one, and an empty list is the true answer; what would make something for them is not served.

// ListInstanceProfilesForRole finds none: there are no instances here.
func (s *Service) ListInstanceProfilesForRole(ctx context.Context, tx Tx, c *Caller, in *awsiam.ListInstanceProfilesForRoleInput) (*awsiam.ListInstanceProfilesForRoleOutput, error) {
	if _, err := findRole(ctx, tx, c.Account, *in.RoleName); err != nil {
		return nil, err
	}
	return &awsiam.ListInstanceProfilesForRoleOutput{InstanceProfiles: []types.InstanceProfile{}}, nil
}

// ListSSHPublicKeys finds none: there is no CodeCommit here.
func (s *Service) ListSSHPublicKeys(ctx context.Context, tx Tx, c *Caller, in *awsiam.ListSSHPublicKeysInput) (*awsiam.ListSSHPublicKeysOutput, error) {
	if _, err := userOrCaller(ctx, tx, c, in.UserName); err != nil {
		return nil, err
	}
	return &awsiam.ListSSHPublicKeysOutput{SSHPublicKeys: []types.SSHPublicKeyMetadata{}}, nil
}

// ListSigningCertificates finds none: requests are signed with access keys only.
func (s *Service) ListSigningCertificates(ctx context.Context, tx Tx, c *Caller, in *awsiam.ListSigningCertificatesInput) (*awsiam.ListSigningCertificatesOutput, error) {
	if _, err := userOrCaller(ctx, tx, c, in.UserName); err != nil {
		return nil, err
	}
	return &awsiam.ListSigningCertificatesOutput{Certificates: []types.SigningCertificate{}}, nil
}

// ListServiceSpecificCredentials finds none: there are no services that would take them.
func (s *Service) ListServiceSpecificCredentials(ctx context.Context, tx Tx, c *Caller, in *awsiam.ListServiceSpecificCredentialsInput) (*awsiam.ListServiceSpecificCredentialsOutput, error) {
	if _, err := userOrCaller(ctx, tx, c, in.UserName); err != nil {
		return nil, err
	}
	return &awsiam.ListServiceSpecificCredentialsOutput{ServiceSpecificCredentials: []types.ServiceSpecificCredentialMetadata{}}, nil
}
