package iam_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
)

func TestListsOfWhatThereIsNot(t *testing.T) {
	s := newService(t)
	s.user(t, "alice", "")
	for action, lists := range map[string][2]any{
		"ListSSHPublicKeys": {&awsiam.ListSSHPublicKeysInput{UserName: aws.String("alice")}, &awsiam.ListSSHPublicKeysInput{UserName: aws.String("nobody")}},
		"ListSigningCertificates": {&awsiam.ListSigningCertificatesInput{UserName: aws.String("alice")},
			&awsiam.ListSigningCertificatesInput{UserName: aws.String("nobody")}},
		"ListServiceSpecificCredentials": {&awsiam.ListServiceSpecificCredentialsInput{UserName: aws.String("alice")},
			&awsiam.ListServiceSpecificCredentialsInput{UserName: aws.String("nobody")}},
	} {
		if _, err := s.call(t.Context(), s.root, action, lists[0]); err != nil {
			t.Errorf("%s: %v", action, err)
		}
		refused(t, s, s.root, action, lists[1], "NoSuchEntity: The user with name nobody cannot be found.")
	}
	refused(t, s, s.root, "ListInstanceProfilesForRole", &awsiam.ListInstanceProfilesForRoleInput{RoleName: aws.String("none")},
		"NoSuchEntity: The role with name none cannot be found.")
}
