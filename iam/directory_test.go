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
	"github.com/sallyport-iam/sallyport/policy"
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
		if p, err := d.Principal(t.Context(), alice.Account, alice.Kind, alice.ID); err != nil || p.Name != "alice" || len(p.Policies) != 1 {
			t.Fatalf("principal %+v, %v", p, err)
		}
		if _, err := d.Credential(t.Context(), "AKIANOSUCHKEY0000000"); !errors.Is(err, iam.ErrNotFound) {
			t.Fatalf("a key that doesn't exist: %v", err)
		}
	}
	if counted.views != 2 {
		t.Errorf("the database was asked %d times, want once for the key with its owner and once for the missing key", counted.views)
	}
}

// What another process changes is forgotten by the directory that follows the change table.
func TestDirectoryFollowsChangesOfOthers(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", "")
	other := iam.NewDirectory(s.Store, iam.DirectoryBytes) // as in another process
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go other.Follow(ctx, time.Millisecond, nil, slog.New(slog.DiscardHandler))

	// policies waits until the other directory knows that alice has n policies.
	policies := func(n int) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
			p, err := other.Principal(ctx, alice.Account, alice.Kind, alice.ID)
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
	principal, err := stale.Principal(t.Context(), alice.Account, alice.Kind, alice.ID)
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

// following starts a follower and returns a function that waits until it has applied all changes there are.
func following(t *testing.T, s *service, d *iam.Directory) (applied func()) {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	go d.Follow(ctx, time.Millisecond, nil, slog.New(slog.DiscardHandler))
	return func() {
		t.Helper()
		name := fmt.Sprint("marker", time.Now().UnixNano())
		marker := s.user(t, name, "") // a change of its own, which shows that those before it have been applied
		if _, err := d.Principal(t.Context(), marker.Account, marker.Kind, marker.ID); err != nil {
			t.Fatal(err)
		}
		document := allow("*", "iam:GetUser")
		do[awsiam.PutUserPolicyOutput](t, s, s.root, "PutUserPolicy",
			&awsiam.PutUserPolicyInput{UserName: &name, PolicyName: aws.String("marker"), PolicyDocument: &document})
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
			if p, err := d.Principal(t.Context(), marker.Account, marker.Kind, marker.ID); err == nil && len(p.Policies) == 1 {
				return
			}
			if time.Now().After(deadline) {
				t.Fatal("the follower does not follow")
			}
		}
	}
}

// elsewhere is another process over the same database: it shares nothing but that.
func (s *service) elsewhere() *service {
	other := *s
	service := *s.Service
	service.Directory = iam.NewDirectory(s.Store, iam.DirectoryBytes)
	other.Service, other.operations = &service, map[string]*iam.Operation{}
	for _, op := range service.Operations() {
		other.operations[op.Action] = &op
	}
	return &other
}

// What was read before the follower's first look may have changed before it too.
func TestChangesBeforeTheFirstLookAreSeen(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", allow("*", "iam:*"))
	other := s.elsewhere()
	early, err := other.Directory.Principal(t.Context(), alice.Account, alice.Kind, alice.ID)
	if err != nil {
		t.Fatal(err)
	}
	do[awsiam.DeleteUserPolicyOutput](t, s, s.root, "DeleteUserPolicy",
		&awsiam.DeleteUserPolicyInput{UserName: aws.String("alice"), PolicyName: aws.String("inline")})
	following(t, s, other.Directory)()
	if p, err := other.Directory.Principal(t.Context(), alice.Account, alice.Kind, alice.ID); err != nil || len(p.Policies) != 0 {
		t.Errorf("alice still has %d policies, %v", len(p.Policies), err)
	}
	caller := *alice
	caller.Principal = early
	if _, err := other.Do(t.Context(), &caller, other.operations["CreateUser"], &awsiam.CreateUserInput{UserName: aws.String("x")}); err == nil {
		t.Error("a right that was revoked made a user")
	}
}

// A request that waits while its key is deleted changes nothing, though the directory has heard of the deletion.
func TestADeletedKeyChangesNothing(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", allow("*", "iam:*"))
	other := s.elsewhere()
	applied := following(t, s, other.Directory)
	applied()
	waiting := *alice
	var err error
	if waiting.Principal, err = other.Directory.Principal(t.Context(), alice.Account, alice.Kind, alice.ID); err != nil {
		t.Fatal(err)
	}
	do[awsiam.DeleteAccessKeyOutput](t, s, s.root, "DeleteAccessKey",
		&awsiam.DeleteAccessKeyInput{UserName: aws.String("alice"), AccessKeyId: &alice.AccessKeyID})
	applied()
	_, err = other.Do(t.Context(), &waiting, other.operations["CreateUser"], &awsiam.CreateUserInput{UserName: aws.String("x")})
	if want := "InvalidClientTokenId: The security token included in the request is invalid."; fmt.Sprint(err) != want {
		t.Errorf("a change with a deleted key: %v, want %s", err, want)
	}
}

// A managed session policy is read anew for a change, like everything else that decides.
func TestAChangedSessionPolicyIsUsedForAChange(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", allow("*", "iam:*"))
	limit := s.policy(t, "limit", allow("*", "iam:*"))
	compiled, err := s.Directory.ManagedSessionPolicy(t.Context(), accountID, limit)
	if err != nil {
		t.Fatal(err)
	}
	waiting := *alice
	waiting.Session = &iam.Session{Kind: iam.ConsoleSession, Issued: s.Now(), HasPolicies: true, Policies: []policy.Policy{compiled}}
	do[awsiam.CreatePolicyVersionOutput](t, s, s.root, "CreatePolicyVersion", &awsiam.CreatePolicyVersionInput{
		PolicyArn: &limit, PolicyDocument: aws.String(allow("*", "iam:ListUsers")), SetAsDefault: true})
	if _, err := s.Do(t.Context(), &waiting, s.operations["CreateUser"], &awsiam.CreateUserInput{UserName: aws.String("x")}); err == nil {
		t.Error("a session made a user although its session policy had been changed")
	}
}

// A local command has no access key, and works beside a server that is busy with changes.
func TestALocalCommandBesideABusyServer(t *testing.T) {
	s := newService(t)
	local := *s.root
	local.AccessKeyID = ""
	do[awsiam.CreateAccountAliasOutput](t, s, s.root, "CreateAccountAlias", &awsiam.CreateAccountAliasInput{AccountAlias: aws.String("busy")})
	s.user(t, "alice", allow("*", "iam:*")) // changes that the local command's principal doesn't know of
	if _, err := s.elsewhere().Do(t.Context(), &local, s.operations["ResetRootMFA"], &iam.ResetRootMFAInput{}); err != nil {
		t.Errorf("reset-mfa beside a server: %v", err)
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
			if _, err := d.Principal(t.Context(), u.Account, u.Kind, u.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	if counted.views <= len(users) {
		t.Errorf("%d principals were all kept in 8 KiB", len(users))
	}
}
