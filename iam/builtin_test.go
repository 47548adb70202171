package iam_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/policy"
)

// defaultDocument is the text of a managed policy that is in force, and its version.
func defaultDocument(t testing.TB, s *service, arn string) (version, document string) {
	t.Helper()
	p := do[awsiam.GetPolicyOutput](t, s, s.root, "GetPolicy", &awsiam.GetPolicyInput{PolicyArn: &arn}).Policy
	v := do[awsiam.GetPolicyVersionOutput](t, s, s.root, "GetPolicyVersion", &awsiam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: p.DefaultVersionId})
	return *p.DefaultVersionId, unescape(t, v.PolicyVersion.Document)
}

func TestBuiltinPoliciesAllow(t *testing.T) {
	s := newService(t)
	s.builtin(t)
	for _, test := range []struct {
		name             string
		action, resource string
		wantAllowed      bool
	}{
		{"AdministratorAccess", "iam:CreateUser", "arn:aws:iam::" + accountID + ":user/x", true},
		{"AdministratorAccess", "s3:GetObject", "arn:aws:s3:::b/k", true},
		{"PowerUserAccess", "s3:DeleteObject", "arn:aws:s3:::b/k", true},
		{"PowerUserAccess", "iam:CreateUser", "arn:aws:iam::" + accountID + ":user/x", false},
		{"PowerUserAccess", "iam:ListRoles", "arn:aws:iam::" + accountID + ":role/", true},
		{"ReadOnlyAccess", "iam:ListUsers", "arn:aws:iam::" + accountID + ":user/", true},
		{"ReadOnlyAccess", "s3:GetObject", "arn:aws:s3:::b/k", true},
		{"ReadOnlyAccess", "iam:DeleteUser", "arn:aws:iam::" + accountID + ":user/x", false},
		{"ReadOnlyAccess", "sts:AssumeRole", "arn:aws:iam::" + accountID + ":role/x", false},
		{"ReadOnlyAccess", "sts:GetFederationToken", "arn:aws:sts::" + accountID + ":federated-user/x", false},
		{"IAMFullAccess", "iam:DeleteUser", "arn:aws:iam::" + accountID + ":user/x", true},
		{"IAMFullAccess", "s3:GetObject", "arn:aws:s3:::b/k", false},
		{"IAMReadOnlyAccess", "iam:GetUser", "arn:aws:iam::" + accountID + ":user/x", true},
		{"IAMReadOnlyAccess", "iam:GenerateCredentialReport", "*", true},
		{"IAMReadOnlyAccess", "iam:TagUser", "arn:aws:iam::" + accountID + ":user/x", false},
		{"IAMUserChangePassword", "iam:ChangePassword", "arn:aws:iam::" + accountID + ":user/alice", true},
		{"IAMUserChangePassword", "iam:ChangePassword", "arn:aws:iam::" + accountID + ":user/staff/alice", true},
		{"IAMUserChangePassword", "iam:ChangePassword", "arn:aws:iam::" + accountID + ":user/bob", false},
		{"IAMUserChangePassword", "iam:GetAccountPasswordPolicy", "*", true},
		{"SignInLocalDevelopmentAccess", "signin:CreateOAuth2Token", "arn:aws:signin:us-east-1:" + accountID + ":oauth2/public-client/localhost", true},
		{"SignInLocalDevelopmentAccess", "iam:GetUser", "arn:aws:iam::" + accountID + ":user/alice", false},
	} {
		t.Run(test.name+" "+test.action, func(t *testing.T) {
			_, document := defaultDocument(t, s, "arn:aws:iam::aws:policy/"+test.name)
			parsed, err := policy.Parse(policy.Identity, document)
			if err != nil {
				t.Fatal(err)
			}
			context := policy.NewContext(nil, 1)
			context.Add("aws:username", "alice")
			set := policy.Set{Identity: []policy.Policy{{Kind: policy.Identity, Document: parsed}}}
			decision := set.Evaluate(&policy.Request{
				Action: test.action, Resource: test.resource, ResourceAccount: accountID, Context: context,
				Principal: policy.Principal{Kind: policy.User, Account: accountID, ARN: userARN("alice"), ID: "AIDA"},
			})
			if decision.Allowed() != test.wantAllowed {
				t.Errorf("allowed: %v", decision.Allowed())
			}
		})
	}
}

func TestInstallBuiltinPoliciesAgain(t *testing.T) {
	s := newService(t)
	s.builtin(t)
	const arn = "arn:aws:iam::aws:policy/AdministratorAccess"
	_, text := defaultDocument(t, s, arn)
	before, err := changes(t, s)
	if err != nil {
		t.Fatal(err)
	}
	s.builtin(t)
	if version, document := defaultDocument(t, s, arn); version != "v1" || document != text {
		t.Errorf("installed twice: %s %s", version, document)
	}
	if after, err := changes(t, s); err != nil || after != before {
		t.Errorf("an install of what is there announced changes: %d → %d, %v", before, after, err)
	}

	// As if another release had installed another text: ours comes back as a new version, and decides.
	alice := s.user(t, "alice", "")
	do[awsiam.AttachUserPolicyOutput](t, s, s.root, "AttachUserPolicy", &awsiam.AttachUserPolicyInput{UserName: aws.String("alice"), PolicyArn: aws.String(arn)})
	for range 6 {
		outdate(t, s, arn)
		s.builtin(t)
	}
	version, document := defaultDocument(t, s, arn)
	if version != "v13" || document != text {
		t.Errorf("after six upgrades: %s %s", version, document)
	}
	listed := do[awsiam.ListPolicyVersionsOutput](t, s, s.root, "ListPolicyVersions", &awsiam.ListPolicyVersionsInput{PolicyArn: aws.String(arn)}).Versions
	if len(listed) > 5 {
		t.Errorf("%d versions are kept", len(listed))
	}
	do[awsiam.ListUsersOutput](t, s, alice, "ListUsers", &awsiam.ListUsersInput{})
}

func changes(t testing.TB, s *service) (n int64, err error) {
	err = s.Store.View(t.Context(), func(tx iam.Tx) (err error) {
		n, err = tx.LastChange(t.Context())
		return err
	})
	return n, err
}

// outdate gives a managed policy another default version, as a release with another text would.
func outdate(t testing.TB, s *service, arn string) {
	t.Helper()
	err := s.Store.Update(t.Context(), func(tx iam.Tx) error {
		p, err := tx.ManagedPolicy(t.Context(), arn)
		if err != nil {
			return err
		}
		versions, err := tx.PolicyVersions(t.Context(), p.ID)
		if err != nil {
			return err
		}
		if len(versions) == 5 {
			if err := tx.DeletePolicyVersion(t.Context(), p.ID, versions[4].Number); err != nil {
				return err
			}
		}
		p.LastVersion++
		p.DefaultVersion = p.LastVersion
		v := iam.PolicyVersion{Number: p.LastVersion, Document: allow("*", "s3:*"), Created: s.Now()}
		if err := tx.InsertPolicyVersion(t.Context(), p.ID, v); err != nil {
			return err
		}
		return tx.UpdateManagedPolicy(t.Context(), p)
	})
	if err != nil {
		t.Fatal(err)
	}
}
