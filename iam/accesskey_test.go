package iam_test

import (
	"context"
	"encoding/base64"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/sallyport-iam/sallyport/iam"
)

func TestCreateAccessKey(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "Alice", allow("*", "iam:*"))

	made := do[awsiam.CreateAccessKeyOutput](t, s, s.root, "CreateAccessKey", &awsiam.CreateAccessKeyInput{UserName: aws.String("ALICE")}).AccessKey
	if !regexp.MustCompile(`^AKIA[A-Z2-7]{16}$`).MatchString(*made.AccessKeyId) {
		t.Errorf("id %q is not AKIA and 16 base32 characters", *made.AccessKeyId)
	}
	if raw, err := base64.StdEncoding.DecodeString(*made.SecretAccessKey); err != nil || len(raw) != 30 || len(*made.SecretAccessKey) != 40 {
		t.Errorf("the secret is not 40 characters of base64: %v, %d bytes", err, len(raw))
	}
	if *made.UserName != "Alice" || made.Status != types.StatusTypeActive || !made.CreateDate.Equal(s.now.Now()) {
		t.Errorf("made %s %s %v, want the stored spelling, Active, now", *made.UserName, made.Status, made.CreateDate)
	}
	credential, err := s.Directory.Credential(t.Context(), *made.AccessKeyId)
	if err != nil || credential.Secret != *made.SecretAccessKey || credential.OwnerID != alice.ID || !credential.Active {
		t.Errorf("the directory finds another key than was made: %v", err)
	}

	for _, test := range []struct {
		name   string
		caller *iam.Caller
		in     awsiam.CreateAccessKeyInput
		want   string
	}{
		{"a third key", s.root, awsiam.CreateAccessKeyInput{UserName: aws.String("Alice")}, "LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2"},
		{"a third key for the caller", alice, awsiam.CreateAccessKeyInput{}, "LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2"},
		{"no such user", s.root, awsiam.CreateAccessKeyInput{UserName: aws.String("nobody")}, "NoSuchEntity: The user with name nobody cannot be found."},
	} {
		t.Run(test.name, func(t *testing.T) { refused(t, s, test.caller, "CreateAccessKey", &test.in, test.want) })
	}
}

func TestAccessKeysOfTheCaller(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", allow("*", "iam:*"))

	for _, test := range []struct {
		caller *iam.Caller
		name   *string
	}{{s.root, nil}, {alice, aws.String("alice")}} {
		made := do[awsiam.CreateAccessKeyOutput](t, s, test.caller, "CreateAccessKey", &awsiam.CreateAccessKeyInput{}).AccessKey
		listed := do[awsiam.ListAccessKeysOutput](t, s, test.caller, "ListAccessKeys", &awsiam.ListAccessKeysInput{})
		if len(listed.AccessKeyMetadata) != 2 || listed.IsTruncated || listed.Marker != nil {
			t.Errorf("%s lists %d keys, truncated %v", test.caller.UserARN(), len(listed.AccessKeyMetadata), listed.IsTruncated)
		}
		for _, k := range listed.AccessKeyMetadata {
			if aws.ToString(k.UserName) != aws.ToString(test.name) || k.Status != types.StatusTypeActive || k.CreateDate == nil {
				t.Errorf("%s lists %+v", test.caller.UserARN(), k)
			}
		}
		do[awsiam.DeleteAccessKeyOutput](t, s, test.caller, "DeleteAccessKey", &awsiam.DeleteAccessKeyInput{AccessKeyId: made.AccessKeyId})
		listed = do[awsiam.ListAccessKeysOutput](t, s, test.caller, "ListAccessKeys", &awsiam.ListAccessKeysInput{})
		if len(listed.AccessKeyMetadata) != 1 || *listed.AccessKeyMetadata[0].AccessKeyId != test.caller.AccessKeyID {
			t.Errorf("after the deletion %s lists %+v", test.caller.UserARN(), listed.AccessKeyMetadata)
		}
	}
}

func TestListAccessKeysInPages(t *testing.T) {
	s := newService(t)
	s.user(t, "alice", "")
	second := do[awsiam.CreateAccessKeyOutput](t, s, s.root, "CreateAccessKey", &awsiam.CreateAccessKeyInput{UserName: aws.String("alice")})
	in := &awsiam.ListAccessKeysInput{UserName: aws.String("alice"), MaxItems: aws.Int32(1)}
	var ids []string
	for range 2 {
		page := do[awsiam.ListAccessKeysOutput](t, s, s.root, "ListAccessKeys", in)
		if len(page.AccessKeyMetadata) != 1 || page.IsTruncated != (page.Marker != nil) {
			t.Fatalf("a page of %d, truncated %v", len(page.AccessKeyMetadata), page.IsTruncated)
		}
		ids, in.Marker = append(ids, *page.AccessKeyMetadata[0].AccessKeyId), page.Marker
	}
	if in.Marker != nil || !slices.IsSorted(ids) || !slices.Contains(ids, *second.AccessKey.AccessKeyId) {
		t.Errorf("pages gave %v, last marker %v", ids, in.Marker)
	}
	in.Marker = aws.String("nonsense")
	refused(t, s, s.root, "ListAccessKeys", in, "ValidationError: Invalid Marker.")
}

func TestUpdateAccessKey(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", "")
	active := func() bool {
		t.Helper()
		credential, err := s.Directory.Credential(t.Context(), alice.AccessKeyID)
		if err != nil {
			t.Fatal(err)
		}
		return credential.Active
	}
	for _, status := range []types.StatusType{types.StatusTypeInactive, types.StatusTypeActive} {
		do[awsiam.UpdateAccessKeyOutput](t, s, s.root, "UpdateAccessKey", &awsiam.UpdateAccessKeyInput{
			UserName: aws.String("alice"), AccessKeyId: &alice.AccessKeyID, Status: status,
		})
		if active() != (status == types.StatusTypeActive) {
			t.Errorf("the directory does not see that the key is %s", status)
		}
		listed := do[awsiam.ListAccessKeysOutput](t, s, s.root, "ListAccessKeys", &awsiam.ListAccessKeysInput{UserName: aws.String("alice")})
		if got := listed.AccessKeyMetadata[0].Status; got != status {
			t.Errorf("listed as %s, want %s", got, status)
		}
	}
	for _, test := range []struct {
		name string
		in   awsiam.UpdateAccessKeyInput
		want string
	}{
		{"Expired", awsiam.UpdateAccessKeyInput{UserName: aws.String("alice"), AccessKeyId: &alice.AccessKeyID, Status: types.StatusTypeExpired},
			"InvalidInput: The status of an access key must be Active or Inactive."},
		{"unknown key", awsiam.UpdateAccessKeyInput{UserName: aws.String("alice"), AccessKeyId: aws.String("AKIAAAAAAAAAAAAAAAAA"), Status: types.StatusTypeActive},
			"NoSuchEntity: The Access Key with id AKIAAAAAAAAAAAAAAAAA cannot be found."},
		{"another owner's key", awsiam.UpdateAccessKeyInput{AccessKeyId: &alice.AccessKeyID, Status: types.StatusTypeInactive},
			"NoSuchEntity: The Access Key with id " + alice.AccessKeyID + " cannot be found."},
		{"unknown user", awsiam.UpdateAccessKeyInput{UserName: aws.String("bob"), AccessKeyId: &alice.AccessKeyID, Status: types.StatusTypeActive},
			"NoSuchEntity: The user with name bob cannot be found."},
	} {
		t.Run(test.name, func(t *testing.T) { refused(t, s, s.root, "UpdateAccessKey", &test.in, test.want) })
	}
}

// A key that has been switched off or deleted can't be used for a change even by a request that was authenticated
// just before.
func TestAKeySwitchedOffChangesNothing(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", allow("*", "iam:*"))
	do[awsiam.UpdateAccessKeyOutput](t, s, s.root, "UpdateAccessKey", &awsiam.UpdateAccessKeyInput{
		UserName: aws.String("alice"), AccessKeyId: &alice.AccessKeyID, Status: types.StatusTypeInactive,
	})
	out, err := s.Do(t.Context(), alice, s.operations["CreateUser"], &awsiam.CreateUserInput{UserName: aws.String("eve")})
	if err == nil || !strings.HasPrefix(err.Error(), "InvalidClientTokenId") {
		t.Errorf("answered %v, %v", out, err)
	}
}

func TestGetAccessKeyLastUsed(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", "")
	in := &awsiam.GetAccessKeyLastUsedInput{AccessKeyId: &alice.AccessKeyID}

	out := do[awsiam.GetAccessKeyLastUsedOutput](t, s, s.root, "GetAccessKeyLastUsed", in)
	if use := out.AccessKeyLastUsed; *out.UserName != "alice" || *use.Region != "N/A" || *use.ServiceName != "N/A" || use.LastUsedDate != nil {
		t.Errorf("never used: %+v", use)
	}

	uses := iam.NewKeyUses(s.Store)
	uses.Add(alice.AccessKeyID, iam.AccessKeyUse{Time: s.now.Now(), Region: "eu-west-1", Service: "sts"})
	if err := uses.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	out = do[awsiam.GetAccessKeyLastUsedOutput](t, s, s.root, "GetAccessKeyLastUsed", in)
	if use := out.AccessKeyLastUsed; *use.Region != "eu-west-1" || *use.ServiceName != "sts" || !use.LastUsedDate.Equal(s.now.Now()) {
		t.Errorf("used: %+v", use)
	}

	out = do[awsiam.GetAccessKeyLastUsedOutput](t, s, s.root, "GetAccessKeyLastUsed", &awsiam.GetAccessKeyLastUsedInput{AccessKeyId: &s.root.AccessKeyID})
	if out.UserName != nil {
		t.Errorf("root's key belongs to %q", *out.UserName)
	}

	const unknown = "AKIAAAAAAAAAAAAAAAAA"
	other := s.account(t, "210987654321", "other@example.com")
	for _, id := range []string{unknown, other.AccessKeyID} {
		refused(t, s, s.root, "GetAccessKeyLastUsed", &awsiam.GetAccessKeyLastUsedInput{AccessKeyId: &id},
			"AccessDenied: User: arn:aws:iam::123456789012:root is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key "+id)
	}
}

func TestAttack39_AccessKeyOperationsAreAuthorisedOnTheOwner(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", allow("arn:aws:iam::*:user/alice", "iam:*AccessKey*"))
	bob := s.user(t, "bob", "")
	denied := func(action, resource string) string {
		return "AccessDenied: User: arn:aws:iam::123456789012:user/alice is not authorized to perform: iam:" + action +
			" on resource: " + resource + " because no identity-based policy allows the iam:" + action + " action"
	}
	for _, test := range []struct {
		action string
		own    any
		others any
		shown  string
	}{
		{"CreateAccessKey", &awsiam.CreateAccessKeyInput{}, &awsiam.CreateAccessKeyInput{UserName: aws.String("Bob")}, "user Bob"},
		{"ListAccessKeys", &awsiam.ListAccessKeysInput{}, &awsiam.ListAccessKeysInput{UserName: aws.String("bob")}, "user bob"},
		{"UpdateAccessKey", &awsiam.UpdateAccessKeyInput{AccessKeyId: &alice.AccessKeyID, Status: types.StatusTypeActive},
			&awsiam.UpdateAccessKeyInput{UserName: aws.String("bob"), AccessKeyId: &bob.AccessKeyID, Status: types.StatusTypeInactive}, "user bob"},
		{"GetAccessKeyLastUsed", &awsiam.GetAccessKeyLastUsedInput{AccessKeyId: &alice.AccessKeyID},
			&awsiam.GetAccessKeyLastUsedInput{AccessKeyId: &bob.AccessKeyID}, "access key " + bob.AccessKeyID},
		{"DeleteAccessKey", &awsiam.DeleteAccessKeyInput{AccessKeyId: &alice.AccessKeyID},
			&awsiam.DeleteAccessKeyInput{UserName: aws.String("bob"), AccessKeyId: &bob.AccessKeyID}, "user bob"},
	} {
		t.Run(test.action, func(t *testing.T) {
			refused(t, s, alice, test.action, test.others, denied(test.action, test.shown))
			if _, err := s.call(t.Context(), alice, test.action, test.own); err != nil {
				t.Errorf("on herself: %v", err)
			}
		})
	}
	if _, err := s.Directory.Credential(t.Context(), bob.AccessKeyID); err != nil {
		t.Errorf("bob's key: %v", err)
	}
}

// Users may be called whatever names allow; none of them reaches what belongs to root, and nobody chooses ids.
func TestAttack40_AUserCannotShadowTheRootKey(t *testing.T) {
	s := newService(t)
	for _, name := range []string{"root", accountID, s.root.AccessKeyID, rootEmail} {
		t.Run(name, func(t *testing.T) {
			shadow := s.user(t, name, allow("*", "iam:*"))
			if shadow.AccessKeyID == s.root.AccessKeyID || shadow.ID == s.root.ID || shadow.Kind != iam.IAMUser {
				t.Fatalf("%+v is taken for root", shadow.Principal)
			}
			listed := do[awsiam.ListAccessKeysOutput](t, s, s.root, "ListAccessKeys", &awsiam.ListAccessKeysInput{UserName: &name})
			for _, k := range listed.AccessKeyMetadata {
				if *k.AccessKeyId == s.root.AccessKeyID {
					t.Error("root's key is listed as the user's")
				}
			}
			refused(t, s, shadow, "DeleteAccessKey", &awsiam.DeleteAccessKeyInput{AccessKeyId: &s.root.AccessKeyID},
				"NoSuchEntity: The Access Key with id "+s.root.AccessKeyID+" cannot be found.")
			refused(t, s, shadow, "UpdateAccessKey",
				&awsiam.UpdateAccessKeyInput{UserName: &name, AccessKeyId: &s.root.AccessKeyID, Status: types.StatusTypeInactive},
				"NoSuchEntity: The Access Key with id "+s.root.AccessKeyID+" cannot be found.")
		})
	}
	err := s.Store.Update(t.Context(), func(tx iam.Tx) error {
		return tx.InsertAccessKey(context.Background(), &iam.AccessKey{
			Account: accountID, ID: s.root.AccessKeyID, OwnerID: "AIDAAAAAAAAAAAAAAAAAA", Secret: "stolen", Active: true, Created: time.Unix(1, 0),
		})
	})
	if !errors.Is(err, iam.ErrExists) {
		t.Errorf("a second key of root's id: %v, want ErrExists", err)
	}
	credential, err := s.Directory.Credential(t.Context(), s.root.AccessKeyID)
	if err != nil || credential.OwnerID != accountID {
		t.Errorf("root's key is %+v, %v", credential, err)
	}
}
