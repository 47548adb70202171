package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/wire"
)

// Random changes are made while decisions are asked of a directory that remembers and of one that knows nothing:
// the answers must be the same, always.
func TestAttack42_CachedDecisionsAreTheUncached(t *testing.T) {
	data := install(t)
	at := openInstallation(t, data)
	cached := at.service(nil)
	cached.Reads = func(iam.AuditEntry) {}
	root := &iam.Caller{
		Principal:   principal(t, cached, iam.RootUser, accountID),
		AccessKeyID: (&server{t: t, data: data}).root().AccessKeyID,
	}
	operations := make(map[string]*iam.Operation)
	for _, op := range cached.Operations() {
		operations[op.Action] = &op
	}
	do := func(action string, in any) error {
		_, err := cached.Do(t.Context(), root, operations[action], in)
		return err
	}
	names := []string{"a", "ab", "b", "ba"}
	for _, name := range names { // names, groups and policies that could be taken for each other
		for action, in := range map[string]any{
			"CreateUser":   &awsiam.CreateUserInput{UserName: &name},
			"CreateGroup":  &awsiam.CreateGroupInput{GroupName: &name},
			"CreateRole":   &awsiam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trusts("arn:aws:iam::" + accountID + ":root"))},
			"CreatePolicy": &awsiam.CreatePolicyInput{PolicyName: &name, PolicyDocument: aws.String(allow("iam:GetUser"))},
		} {
			if err := do(action, in); err != nil {
				t.Fatal(action, err)
			}
		}
	}
	type who struct {
		kind iam.Kind
		id   string
	}
	var callers []who
	err := at.store.View(t.Context(), func(tx iam.Tx) error {
		for _, name := range names {
			u, err := tx.User(t.Context(), accountID, name)
			if err != nil {
				return err
			}
			r, err := tx.Role(t.Context(), accountID, name)
			if err != nil {
				return err
			}
			callers = append(callers, who{iam.IAMUser, u.ID}, who{iam.IAMRole, r.ID})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	asks := []struct {
		action string
		in     any
	}{
		{"GetUser", &awsiam.GetUserInput{UserName: aws.String("a")}}, {"GetUser", &awsiam.GetUserInput{UserName: aws.String("ab")}},
		{"GetGroup", &awsiam.GetGroupInput{GroupName: aws.String("a")}}, {"GetRole", &awsiam.GetRoleInput{RoleName: aws.String("b")}},
		{"ListUsers", &awsiam.ListUsersInput{}},
	}
	decide := func(s *iam.Service, c who, action string, in any) string {
		p, err := s.Directory.Principal(t.Context(), accountID, c.kind, c.id)
		if err != nil {
			return err.Error()
		}
		session := &iam.Session{Kind: iam.AssumedRole, Name: "x", Expires: time.Now().Add(time.Hour)}
		if c.kind == iam.IAMUser {
			session = nil
		}
		_, err = s.Do(t.Context(), &iam.Caller{Principal: p, Session: session, AccessKeyID: "x"}, operations[action], in)
		var answer *wire.Error
		switch {
		case err == nil:
			return "allowed"
		case errors.As(err, &answer):
			return answer.Error()
		default:
			return err.Error()
		}
	}

	// Readers keep filling the cache while it changes, so that a load overtaken by a change would be noticed.
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	var loads atomic.Int64
	readers.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			c := callers[i%len(callers)]
			cached.Directory.Principal(ctx, accountID, c.kind, c.id)
			loads.Add(1)
			time.Sleep(100 * time.Microsecond) // most of these are hits, which would only heat the processor
		}
	})
	defer readers.Wait()
	defer stop()

	const seed = 42
	random := rand.New(rand.NewPCG(seed, seed))
	pick := func() *string { return aws.String(names[random.IntN(len(names))]) }
	arn := func() *string { return aws.String("arn:aws:iam::" + accountID + ":policy/" + *pick()) }
	document := func() *string {
		effect := []string{"Allow", "Allow", "Deny"}[random.IntN(3)]
		action := []string{"iam:GetUser", "iam:Get*", "iam:*", "iam:ListUsers", "iam:GetGroup"}[random.IntN(5)]
		resource := []string{"*", "arn:aws:iam::*:user/a", "arn:aws:iam::*:*/b", "arn:aws:iam::*:group/${aws:username}"}[random.IntN(4)]
		return aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Action":"` + action + `","Resource":"` + resource + `"}]}`)
	}
	changes := []struct {
		action string
		in     func() any
	}{
		{"PutUserPolicy", func() any {
			return &awsiam.PutUserPolicyInput{UserName: pick(), PolicyName: pick(), PolicyDocument: document()}
		}},
		{"DeleteUserPolicy", func() any { return &awsiam.DeleteUserPolicyInput{UserName: pick(), PolicyName: pick()} }},
		{"PutGroupPolicy", func() any {
			return &awsiam.PutGroupPolicyInput{GroupName: pick(), PolicyName: pick(), PolicyDocument: document()}
		}},
		{"DeleteGroupPolicy", func() any { return &awsiam.DeleteGroupPolicyInput{GroupName: pick(), PolicyName: pick()} }},
		{"PutRolePolicy", func() any {
			return &awsiam.PutRolePolicyInput{RoleName: pick(), PolicyName: pick(), PolicyDocument: document()}
		}},
		{"DeleteRolePolicy", func() any { return &awsiam.DeleteRolePolicyInput{RoleName: pick(), PolicyName: pick()} }},
		{"AddUserToGroup", func() any { return &awsiam.AddUserToGroupInput{UserName: pick(), GroupName: pick()} }},
		{"RemoveUserFromGroup", func() any { return &awsiam.RemoveUserFromGroupInput{UserName: pick(), GroupName: pick()} }},
		{"AttachUserPolicy", func() any { return &awsiam.AttachUserPolicyInput{UserName: pick(), PolicyArn: arn()} }},
		{"DetachUserPolicy", func() any { return &awsiam.DetachUserPolicyInput{UserName: pick(), PolicyArn: arn()} }},
		{"AttachGroupPolicy", func() any { return &awsiam.AttachGroupPolicyInput{GroupName: pick(), PolicyArn: arn()} }},
		{"DetachGroupPolicy", func() any { return &awsiam.DetachGroupPolicyInput{GroupName: pick(), PolicyArn: arn()} }},
		{"AttachRolePolicy", func() any { return &awsiam.AttachRolePolicyInput{RoleName: pick(), PolicyArn: arn()} }},
		{"CreatePolicyVersion", func() any {
			return &awsiam.CreatePolicyVersionInput{PolicyArn: arn(), PolicyDocument: document(), SetAsDefault: true}
		}},
		{"SetDefaultPolicyVersion", func() any {
			return &awsiam.SetDefaultPolicyVersionInput{PolicyArn: arn(), VersionId: aws.String(fmt.Sprint("v", 1+random.IntN(6)))}
		}},
		{"DeletePolicyVersion", func() any {
			return &awsiam.DeletePolicyVersionInput{PolicyArn: arn(), VersionId: aws.String(fmt.Sprint("v", 1+random.IntN(6)))}
		}},
		{"PutUserPermissionsBoundary", func() any {
			return &awsiam.PutUserPermissionsBoundaryInput{UserName: pick(), PermissionsBoundary: arn()}
		}},
		{"DeleteUserPermissionsBoundary", func() any { return &awsiam.DeleteUserPermissionsBoundaryInput{UserName: pick()} }},
		{"PutRolePermissionsBoundary", func() any {
			return &awsiam.PutRolePermissionsBoundaryInput{RoleName: pick(), PermissionsBoundary: arn()}
		}},
		{"DeleteRolePermissionsBoundary", func() any { return &awsiam.DeleteRolePermissionsBoundaryInput{RoleName: pick()} }},
		{"UpdateUser", func() any {
			return &awsiam.UpdateUserInput{UserName: pick(), NewPath: aws.String([]string{"/", "/a/", "/b/"}[random.IntN(3)])}
		}},
		{"UpdateAccountPasswordPolicy", func() any {
			return &awsiam.UpdateAccountPasswordPolicyInput{AllowUsersToChangePassword: random.IntN(2) == 0}
		}},
	}
	made, allowed := make(map[string]int), 0
	for step := range 300 {
		change := changes[random.IntN(len(changes))]
		in := change.in()
		err := do(change.action, in)
		var answer *wire.Error
		if err != nil && !errors.As(err, &answer) {
			t.Fatalf("step %d: %s: %v", step, change.action, err)
		}
		if err == nil {
			made[change.action]++
		}
		fresh := *cached
		fresh.Directory = iam.NewDirectory(at.store, iam.DirectoryBytes)
		for range 4 {
			c, ask := callers[random.IntN(len(callers))], asks[random.IntN(len(asks))]
			with, without := decide(cached, c, ask.action, ask.in), decide(&fresh, c, ask.action, ask.in)
			if with != without {
				t.Fatalf("step %d (random seed %d): after %s, %s by %s:\n cached   %s\n uncached %s", step, seed, change.action, ask.action, c.id, with, without)
			}
			if with == "allowed" {
				allowed++
			}
		}
	}
	for _, change := range changes {
		if made[change.action] == 0 {
			t.Errorf("%s was never made: the property says nothing about it", change.action)
		}
	}
	if allowed == 0 || loads.Load() == 0 {
		t.Errorf("%d decisions allowed, %d loads beside them: the property says nothing", allowed, loads.Load())
	}
}

// A change by another process in the moment between a node's first requests and its first look at the change
// table must not be overlooked for good.
func TestAttack42_ChangeBeforeTheFirstLookIsSeen(t *testing.T) {
	at := openInstallation(t, install(t))
	m := members(t, at, "alice")[0]
	node, elsewhere := iam.NewDirectory(at.store, iam.DirectoryBytes), at.service(nil)
	key, err := node.Credential(t.Context(), m.key.AccessKeyID)
	if err != nil || !key.Active {
		t.Fatalf("%+v, %v", key, err)
	}
	operations := elsewhere.Operations()
	for i := range operations {
		if operations[i].Action == "UpdateAccessKey" {
			in := &awsiam.UpdateAccessKeyInput{UserName: &m.name, AccessKeyId: &m.key.AccessKeyID, Status: iamtypes.StatusTypeInactive}
			root := &iam.Caller{Principal: principal(t, elsewhere, iam.RootUser, accountID)}
			if _, err := elsewhere.Do(t.Context(), root, &operations[i], in); err != nil {
				t.Fatal(err)
			}
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	var following sync.WaitGroup
	following.Go(func() { node.Follow(ctx, time.Millisecond, nil, elsewhere.Log) })
	defer following.Wait()
	defer stop()
	eventually(t, "an access key that another process has switched off before the first look", func() bool {
		key, err := node.Credential(t.Context(), m.key.AccessKeyID)
		return err == nil && !key.Active
	})
}

func principal(t *testing.T, s *iam.Service, kind iam.Kind, id string) *iam.Principal {
	t.Helper()
	p, err := s.Directory.Principal(t.Context(), accountID, kind, id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
