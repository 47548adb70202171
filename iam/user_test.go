package iam_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/sallyport-iam/sallyport/iam"
)

// failingStore fails one look-up of a user by name in every change, counted from zero.
type failingStore struct {
	iam.Store
	at int
}

func (s *failingStore) Update(ctx context.Context, fn func(iam.Tx) error) error {
	return s.Store.Update(ctx, func(tx iam.Tx) error { return fn(&failingTx{Tx: tx, at: s.at}) })
}

type failingTx struct {
	iam.Tx
	at, seen int
}

var errLookUp = errors.New("the look-up failed")

func (tx *failingTx) User(ctx context.Context, account, name string) (*iam.User, error) {
	tx.seen++
	if tx.seen-1 == tx.at {
		return nil, errLookUp
	}
	return tx.Tx.User(ctx, account, name)
}

// When the database fails, a user's boundary is not taken for none: nothing that a rule about it forbids gets
// through, whichever look-up it is that fails.
func TestAFailedLookUpLiftsNoBoundary(t *testing.T) {
	s := newService(t)
	boundary := s.policy(t, "Boundary", allow("*", "s3:*"))
	s.user(t, "bob", allow("*", "s3:*"))
	do[awsiam.PutUserPermissionsBoundaryOutput](t, s, s.root, "PutUserPermissionsBoundary",
		&awsiam.PutUserPermissionsBoundaryInput{UserName: aws.String("bob"), PermissionsBoundary: &boundary})
	carol := s.user(t, "carol", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"},
		{"Effect":"Deny","Action":"iam:DeleteUserPolicy","Resource":"*","Condition":{"StringEquals":{"iam:PermissionsBoundary":"`+boundary+`"}}}]}`)
	remove := &awsiam.DeleteUserPolicyInput{UserName: aws.String("bob"), PolicyName: aws.String("inline")}
	sound := s.Store
	for at := range 4 {
		s.Store = &failingStore{sound, at}
		if _, err := s.call(t.Context(), carol, "DeleteUserPolicy", remove); err == nil {
			t.Errorf("the policy was deleted although look-up %d failed", at)
		}
	}
	s.Store = &failingStore{sound, 0}
	if _, err := s.call(t.Context(), carol, "DeleteUserPolicy", remove); !errors.Is(err, errLookUp) {
		t.Errorf("a failed look-up is answered %v", err)
	}
	s.Store = sound
	do[awsiam.GetUserPolicyOutput](t, s, s.root, "GetUserPolicy", &awsiam.GetUserPolicyInput{UserName: aws.String("bob"), PolicyName: aws.String("inline")})
}

// Tags of users ignore case just as condition keys do: \u0130 is lower-cased to the same i as I.
func TestUserTagsFoldAsConditionKeysDo(t *testing.T) {
	s := newService(t)
	s.user(t, "alice", "")
	for _, key := range []string{"tier", "TIER", "T\u0130ER"} {
		do[awsiam.TagUserOutput](t, s, s.root, "TagUser", &awsiam.TagUserInput{
			UserName: aws.String("alice"), Tags: []types.Tag{{Key: &key, Value: aws.String("v")}}})
		tags := do[awsiam.ListUserTagsOutput](t, s, s.root, "ListUserTags", &awsiam.ListUserTagsInput{UserName: aws.String("alice")}).Tags
		if len(tags) != 1 || *tags[0].Key != key {
			t.Errorf("after %q the tags are %v", key, tags)
		}
	}
}
