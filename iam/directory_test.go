package iam_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/iam"
)

// countingStore counts what a directory asks of the store.
type countingStore struct {
	iam.Store
	views int
}

func (s *countingStore) View(ctx context.Context, fn func(iam.Tx) error) error {
	s.views++
	return s.Store.View(ctx, fn)
}

func TestDirectoryAnswersFromMemory(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", allow("*", "iam:ListUsers"))
	counted := &countingStore{Store: s.Store}
	d := iam.NewDirectory(counted, iam.DirectoryBytes)
	for range 5 {
		if _, err := d.Credential(t.Context(), alice.AccessKeyID); err != nil {
			t.Fatal(err)
		}
		if p, err := d.Owner(t.Context(), alice.Account, alice.ID); err != nil || p.Name != "alice" || len(p.Policies) != 1 {
			t.Fatalf("principal %+v, %v", p, err)
		}
		if _, err := d.Credential(t.Context(), "AKIANOSUCHKEY0000000"); !errors.Is(err, iam.ErrNotFound) {
			t.Fatalf("a key that doesn't exist: %v", err)
		}
	}
	if counted.views != 3 {
		t.Errorf("the database was asked %d times, want once for the key, the principal and the missing key each", counted.views)
	}
}

// What another process changes is forgotten by the directory that follows the change table.
func TestDirectoryFollowsChangesOfOthers(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", "")
	other := iam.NewDirectory(s.Store, iam.DirectoryBytes) // as in another process
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go other.Follow(ctx, time.Millisecond, slog.New(slog.DiscardHandler))

	// policies waits until the other directory knows that alice has n policies.
	policies := func(n int) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
			p, err := other.Owner(ctx, alice.Account, alice.ID)
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Policies) == n {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("alice still has %d policies there, want %d", len(p.Policies), n)
			}
		}
	}
	policies(0)
	document := allow("*", "iam:ListUsers")
	do[awsiam.PutUserPolicyOutput](t, s, s.root, "PutUserPolicy",
		&awsiam.PutUserPolicyInput{UserName: aws.String("alice"), PolicyName: aws.String("own"), PolicyDocument: &document})
	policies(1)
	do[awsiam.CreateGroupOutput](t, s, s.root, "CreateGroup", &awsiam.CreateGroupInput{GroupName: aws.String("staff")})
	do[awsiam.AddUserToGroupOutput](t, s, s.root, "AddUserToGroup", &awsiam.AddUserToGroupInput{GroupName: aws.String("staff"), UserName: aws.String("alice")})
	do[awsiam.PutGroupPolicyOutput](t, s, s.root, "PutGroupPolicy",
		&awsiam.PutGroupPolicyInput{GroupName: aws.String("staff"), PolicyName: aws.String("group"), PolicyDocument: &document})
	policies(2)
	do[awsiam.AttachGroupPolicyOutput](t, s, s.root, "AttachGroupPolicy",
		&awsiam.AttachGroupPolicyInput{GroupName: aws.String("staff"), PolicyArn: aws.String(s.policy(t, "managed", document))})
	policies(3)
	do[awsiam.UpdateAccountPasswordPolicyOutput](t, s, s.root, "UpdateAccountPasswordPolicy",
		&awsiam.UpdateAccountPasswordPolicyInput{AllowUsersToChangePassword: true})
	policies(4) // the account's own grant to all users
	do[awsiam.RemoveUserFromGroupOutput](t, s, s.root, "RemoveUserFromGroup", &awsiam.RemoveUserFromGroupInput{GroupName: aws.String("staff"), UserName: aws.String("alice")})
	policies(2)
}

// Revoking is in force for the next request on the node that did it, and for changes even where a directory has
// not heard of it yet.
func TestARevokedRightIsNeverUsedForAChange(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", allow("*", "iam:*"))
	stale := iam.NewDirectory(s.Store, iam.DirectoryBytes) // follows nothing
	elsewhere := *s.Service
	elsewhere.Directory = stale
	principal, err := stale.Owner(t.Context(), alice.Account, alice.ID)
	if err != nil {
		t.Fatal(err)
	}
	do[awsiam.DeleteUserPolicyOutput](t, s, s.root, "DeleteUserPolicy",
		&awsiam.DeleteUserPolicyInput{UserName: aws.String("alice"), PolicyName: aws.String("inline")})

	caller := *alice
	caller.Principal = principal
	operation := func(action string) *iam.Operation {
		for _, op := range elsewhere.Operations() {
			if op.Action == action {
				return &op
			}
		}
		t.Fatal(action)
		return nil
	}
	if _, err := elsewhere.Do(t.Context(), &caller, operation("CreateUser"), &awsiam.CreateUserInput{UserName: aws.String("x")}); err == nil {
		t.Error("a right that was revoked made a user")
	}
	do[awsiam.UpdateAccessKeyOutput](t, s, s.root, "UpdateAccessKey",
		&awsiam.UpdateAccessKeyInput{UserName: aws.String("alice"), AccessKeyId: &alice.AccessKeyID, Status: "Inactive"})
	_, err = elsewhere.Do(t.Context(), &caller, operation("CreateUser"), &awsiam.CreateUserInput{UserName: aws.String("x")})
	if want := "InvalidClientTokenId: The security token included in the request is invalid."; fmt.Sprint(err) != want {
		t.Errorf("a key that was made inactive: %v, want %s", err, want)
	}
}

func TestDirectoryIsBounded(t *testing.T) {
	s := newService(t)
	var users []*iam.Caller
	for i := range 20 {
		users = append(users, s.user(t, fmt.Sprint("user", i), ""))
	}
	counted := &countingStore{Store: s.Store}
	d := iam.NewDirectory(counted, 8<<10) // room for a handful of principals
	for range 3 {
		for _, u := range users {
			if _, err := d.Owner(t.Context(), u.Account, u.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	if counted.views <= len(users) {
		t.Errorf("%d principals were all kept in 8 KiB", len(users))
	}
}
