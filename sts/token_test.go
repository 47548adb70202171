package sts_test

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/sallyport-iam/sallyport/wire"
)

func (in *installation) openRefused(accessKeyID, token, want string) {
	in.Helper()
	_, _, err := in.sts.Open(in.Context(), accessKeyID, token)
	var answer *wire.Error
	if !errors.As(err, &answer) || answer.Error() != want {
		in.Errorf("opening the token: %v, want %s", err, want)
	}
}

const expired = "ExpiredToken: The security token included in the request is expired"

// Attack 30: no part of a token is a token, and none of its bits can be changed.
func TestAttack30_TruncatedOrAlteredToken(t *testing.T) {
	in := newInstallation(t)
	alice := in.user(in.root, "alice", "")
	c := must[awssts.GetSessionTokenOutput](in, alice, "GetSessionToken", &awssts.GetSessionTokenInput{}).Credentials
	id, token := *c.AccessKeyId, *c.SessionToken
	for i := range len(token) {
		in.openRefused(id, token[:i], invalidated)
		for bit := range 7 {
			altered := []byte(token)
			altered[i] ^= 1 << bit
			in.openRefused(id, string(altered), invalidated)
		}
	}
	in.openRefused(id, token+"A", invalidated)
	in.openRefused(id, "", invalidated)
	in.openRefused(id, in.sts.EncodeMessage(here, []byte(`{"key":"`+id+`"}`)), invalidated) // sealed for another purpose
}

func TestATokenBelongsToItsAccessKey(t *testing.T) {
	in := newInstallation(t)
	alice := in.user(in.root, "alice", "")
	one := must[awssts.GetSessionTokenOutput](in, alice, "GetSessionToken", &awssts.GetSessionTokenInput{}).Credentials
	two := must[awssts.GetSessionTokenOutput](in, alice, "GetSessionToken", &awssts.GetSessionTokenInput{}).Credentials
	in.openRefused(*one.AccessKeyId, *two.SessionToken, invalidated)
}

func TestATokenExpires(t *testing.T) {
	in := newInstallation(t)
	alice := in.user(in.root, "alice", "")
	c := must[awssts.GetSessionTokenOutput](in, alice, "GetSessionToken", &awssts.GetSessionTokenInput{DurationSeconds: aws.Int32(900)}).Credentials
	in.now = in.now.Add(15*time.Minute - time.Second)
	in.temporary(c)
	in.now = in.now.Add(time.Second)
	in.openRefused(*c.AccessKeyId, *c.SessionToken, expired)
}

// Deleting a principal kills its sessions; changing its policies changes them.
func TestATokenFollowsItsPrincipal(t *testing.T) {
	in := newInstallation(t)
	alice := in.user(in.root, "alice", document("Allow", "iam:ListUsers", "*", ""))
	phone := in.enrol("alice")
	c := must[awssts.GetSessionTokenOutput](in, alice, "GetSessionToken", phone.session(1)).Credentials
	must[awsiam.ListUsersOutput](in, in.temporary(c), "ListUsers", &awsiam.ListUsersInput{})
	must[awsiam.DeleteUserPolicyOutput](in, in.root, "DeleteUserPolicy", &awsiam.DeleteUserPolicyInput{UserName: aws.String("alice"), PolicyName: aws.String("inline")})
	if _, err := in.try(in.temporary(c), "ListUsers", &awsiam.ListUsersInput{}); err == nil {
		t.Error("a session keeps rights that its user has lost")
	}
	must[awsiam.DeactivateMFADeviceOutput](in, in.root, "DeactivateMFADevice", &awsiam.DeactivateMFADeviceInput{UserName: aws.String("alice"), SerialNumber: &phone.serial})
	if in.temporary(c).Session.MFA.IsZero() {
		t.Error("a session that was made with MFA has lost it with the device; sessions issued keep theirs")
	}
	must[awsiam.DeleteAccessKeyOutput](in, in.root, "DeleteAccessKey", &awsiam.DeleteAccessKeyInput{UserName: aws.String("alice"), AccessKeyId: &alice.AccessKeyID})
	in.temporary(c) // sessions outlive the key they were made with
	must[awsiam.DeleteUserOutput](in, in.root, "DeleteUser", &awsiam.DeleteUserInput{UserName: aws.String("alice")})
	in.openRefused(*c.AccessKeyId, *c.SessionToken, invalidated)
}
