package iam_test

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/iam"
)

// records are the account's audit records of an event, newest first.
func (s *service) records(t testing.TB, event string) []map[string]any {
	t.Helper()
	var stored []iam.AuditRecord
	err := s.Store.View(t.Context(), func(tx iam.Tx) (err error) {
		stored, err = tx.AuditRecords(t.Context(), iam.AuditFilter{Account: accountID, EventName: event, Limit: 100})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]any
	for _, r := range stored {
		var one map[string]any
		if err := json.Unmarshal(r.JSON, &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

func TestEveryChangeAndEveryRefusedChangeIsRecorded(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", "")
	name := aws.String("bob")
	do[awsiam.CreateUserOutput](t, s, s.root, "CreateUser", &awsiam.CreateUserInput{UserName: name})
	_, _ = s.call(t.Context(), s.root, "CreateUser", &awsiam.CreateUserInput{UserName: name})
	_, _ = s.call(t.Context(), alice, "CreateUser", &awsiam.CreateUserInput{UserName: name})

	got := s.records(t, "CreateUser")[:3]
	for i, want := range []struct{ code, actor string }{
		{"AccessDenied", alice.ARN()}, {"EntityAlreadyExistsException", s.root.ARN()}, {"", s.root.ARN()},
	} {
		r := got[i]
		code, _ := r["errorCode"].(string)
		who := r["userIdentity"].(map[string]any)
		if code != want.code || who["arn"] != want.actor || r["requestParameters"].(map[string]any)["userName"] != "bob" || r["readOnly"] != false {
			t.Errorf("record %d is %v, want %+v", i, r, want)
		}
		if made := r["responseElements"] != nil; made != (want.code == "") {
			t.Errorf("record %d has responseElements %v", i, r["responseElements"])
		}
	}
}

// A refusal undoes what the operation had written before it, its record stays.
func TestARefusalUndoesTheOperation(t *testing.T) {
	s := newService(t)
	do[awsiam.CreateUserOutput](t, s, s.root, "CreateUser", &awsiam.CreateUserInput{UserName: aws.String("bob")})
	missing := "arn:aws:iam::123456789012:policy/missing"
	refused(t, s, s.root, "CreateUser", &awsiam.CreateUserInput{UserName: aws.String("carol"), PermissionsBoundary: &missing},
		"NoSuchEntity: Scope ARN: "+missing+" does not exist or is not attachable.")
	refused(t, s, s.root, "GetUser", &awsiam.GetUserInput{UserName: aws.String("carol")}, "NoSuchEntity: The user with name carol cannot be found.")
	if r := s.records(t, "CreateUser")[0]; r["errorCode"] != "NoSuchEntityException" {
		t.Errorf("the newest record is %v", r)
	}
}

// AccessDenied says which policy decided, in AWS's words.
func TestAccessDeniedNamesItsReason(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", "")
	boundary := s.policy(t, "limit", allow("*", "iam:GetUser"))
	list := func(want string) {
		t.Helper()
		refused(t, s, alice, "ListRoles", &awsiam.ListRolesInput{},
			"AccessDenied: User: arn:aws:iam::123456789012:user/alice is not authorized to perform: iam:ListRoles on resource: "+
				"arn:aws:iam::123456789012:role/ "+want)
	}
	list("because no identity-based policy allows the iam:ListRoles action")
	put := func(document string) {
		t.Helper()
		do[awsiam.PutUserPolicyOutput](t, s, s.root, "PutUserPolicy", &awsiam.PutUserPolicyInput{
			UserName: aws.String("alice"), PolicyName: aws.String("inline"), PolicyDocument: &document})
	}
	put(allow("*", "iam:*"))
	do[awsiam.ListRolesOutput](t, s, alice, "ListRoles", &awsiam.ListRolesInput{})
	do[awsiam.PutUserPermissionsBoundaryOutput](t, s, s.root, "PutUserPermissionsBoundary",
		&awsiam.PutUserPermissionsBoundaryInput{UserName: aws.String("alice"), PermissionsBoundary: &boundary})
	list("because no permissions boundary allows the iam:ListRoles action")
	deny := `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:ListRoles","Resource":"*"}]}`
	put(deny)
	list("with an explicit deny in an identity-based policy")
	put(allow("*", "iam:*"))
	managed := s.policy(t, "no-roles", deny)
	do[awsiam.AttachUserPolicyOutput](t, s, s.root, "AttachUserPolicy", &awsiam.AttachUserPolicyInput{UserName: aws.String("alice"), PolicyArn: &managed})
	list("with an explicit deny in an identity-based policy: " + managed)

	refused(t, s, s.user(t, "bob", ""), "ListMFADevices", &awsiam.ListMFADevicesInput{UserName: aws.String("alice")},
		"AccessDenied: User: arn:aws:iam::123456789012:user/bob is not authorized to perform: iam:ListMFADevices on resource: "+
			"user alice because no identity-based policy allows the iam:ListMFADevices action")
}
