package iam_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
)

func versions(t testing.TB, s *service, arn string) string {
	t.Helper()
	return pages(t, func(marker *string) ([]string, bool, *string) {
		out := do[awsiam.ListPolicyVersionsOutput](t, s, s.root, "ListPolicyVersions",
			&awsiam.ListPolicyVersionsInput{PolicyArn: &arn, Marker: marker, MaxItems: aws.Int32(2)})
		var ids []string
		for _, v := range out.Versions {
			id := *v.VersionId
			if v.IsDefaultVersion {
				id += "!"
			}
			if v.Document != nil {
				t.Errorf("%s is listed with its document", id)
			}
			ids = append(ids, id)
		}
		return ids, out.IsTruncated, out.Marker
	})
}

func TestPolicyVersions(t *testing.T) {
	s := newService(t)
	arn := s.policy(t, "p", allow("*", "iam:ListUsers"))
	alice := s.user(t, "alice", "")
	do[awsiam.AttachUserPolicyOutput](t, s, s.root, "AttachUserPolicy", &awsiam.AttachUserPolicyInput{UserName: aws.String("alice"), PolicyArn: &arn})
	mayListGroups := func(want bool) {
		t.Helper()
		_, err := s.call(t.Context(), alice, "ListGroups", &awsiam.ListGroupsInput{})
		if (err == nil) != want {
			t.Errorf("ListGroups with version in force: %v", err)
		}
	}
	create := func(document string, asDefault bool) *awsiam.CreatePolicyVersionOutput {
		t.Helper()
		s.now.add(time.Hour)
		return do[awsiam.CreatePolicyVersionOutput](t, s, s.root, "CreatePolicyVersion",
			&awsiam.CreatePolicyVersionInput{PolicyArn: &arn, PolicyDocument: &document, SetAsDefault: asDefault})
	}

	mayListGroups(false)
	second := create(allow("*", "iam:ListGroups"), false).PolicyVersion
	if *second.VersionId != "v2" || second.IsDefaultVersion || second.Document != nil || !second.CreateDate.Equal(s.now.Now()) {
		t.Errorf("second version: %+v", second)
	}
	mayListGroups(false)
	do[awsiam.SetDefaultPolicyVersionOutput](t, s, s.root, "SetDefaultPolicyVersion", &awsiam.SetDefaultPolicyVersionInput{PolicyArn: &arn, VersionId: aws.String("v2")})
	mayListGroups(true)
	if third := create(allow("*", "iam:ListRoles"), true).PolicyVersion; *third.VersionId != "v3" || !third.IsDefaultVersion {
		t.Errorf("third version: %+v", third)
	}
	mayListGroups(false)
	if got := versions(t, s, arn); got != "v3!,v2|v1" {
		t.Errorf("versions: %s", got)
	}

	got := do[awsiam.GetPolicyVersionOutput](t, s, s.root, "GetPolicyVersion", &awsiam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: aws.String("v2")}).PolicyVersion
	if unescape(t, got.Document) != allow("*", "iam:ListGroups") || got.IsDefaultVersion {
		t.Errorf("v2: %+v", got)
	}
	if strings.ContainsAny(*got.Document, `{}" :*+`) {
		t.Errorf("not percent-encoded: %s", *got.Document)
	}

	create(allow("*", "s3:*"), false)
	create(allow("*", "s3:*"), false)
	refused(t, s, s.root, "CreatePolicyVersion", &awsiam.CreatePolicyVersionInput{PolicyArn: &arn, PolicyDocument: aws.String(allow("*", "s3:*"))},
		"LimitExceeded: A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.")
	do[awsiam.DeletePolicyVersionOutput](t, s, s.root, "DeletePolicyVersion", &awsiam.DeletePolicyVersionInput{PolicyArn: &arn, VersionId: aws.String("v5")})
	create(allow("*", "s3:*"), false) // the number is not used again
	if got := versions(t, s, arn); got != "v6,v4|v3!,v2|v1" {
		t.Errorf("versions: %s", got)
	}
	p := do[awsiam.GetPolicyOutput](t, s, s.root, "GetPolicy", &awsiam.GetPolicyInput{PolicyArn: &arn}).Policy
	if *p.DefaultVersionId != "v3" || !p.UpdateDate.Equal(s.now.Now()) || !p.CreateDate.Before(*p.UpdateDate) {
		t.Errorf("the policy: %+v", p)
	}
}

func TestPolicyVersionRefusals(t *testing.T) {
	s := newService(t)
	s.builtin(t)
	arn, missing, admin := s.policy(t, "p", allow("*", "s3:*")), policyARN("none"), "arn:aws:iam::aws:policy/AdministratorAccess"
	document := aws.String(allow("*", "s3:*"))
	const notThere = " version v9 does not exist or is not attachable."
	s.refuses(t, []refusal{
		{"of a missing policy, read", "GetPolicyVersion", &awsiam.GetPolicyVersionInput{PolicyArn: &missing, VersionId: aws.String("v9")}, "NoSuchEntity: Policy " + missing + notThere},
		{"of a missing policy, set", "SetDefaultPolicyVersion", &awsiam.SetDefaultPolicyVersionInput{PolicyArn: &missing, VersionId: aws.String("v9")}, "NoSuchEntity: Policy " + missing + notThere},
		{"of a missing policy, listed", "ListPolicyVersions", &awsiam.ListPolicyVersionsInput{PolicyArn: &missing}, "NoSuchEntity: Policy " + missing + " was not found."},
		{"of a missing policy, made", "CreatePolicyVersion", &awsiam.CreatePolicyVersionInput{PolicyArn: &missing, PolicyDocument: document}, "NoSuchEntity: Policy " + missing + " was not found."},
		{"missing, read", "GetPolicyVersion", &awsiam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: aws.String("v9")}, "NoSuchEntity: Policy " + arn + notThere},
		{"missing, set", "SetDefaultPolicyVersion", &awsiam.SetDefaultPolicyVersionInput{PolicyArn: &arn, VersionId: aws.String("v9")}, "NoSuchEntity: Policy " + arn + notThere},
		{"missing, deleted", "DeletePolicyVersion", &awsiam.DeletePolicyVersionInput{PolicyArn: &arn, VersionId: aws.String("v9")}, "NoSuchEntity: Policy " + arn + notThere},
		{"default, deleted", "DeletePolicyVersion", &awsiam.DeletePolicyVersionInput{PolicyArn: &arn, VersionId: aws.String("v1")}, "DeleteConflict: Cannot delete the default version of a policy."},
		{"malformed id", "GetPolicyVersion", &awsiam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: aws.String("1")},
			`ValidationError: 1 validation error detected: Value at 'versionId' failed to satisfy constraint: Member must satisfy regular expression pattern: v[1-9][0-9]*(\.[A-Za-z0-9-]*)?`},
		{"malformed document", "CreatePolicyVersion", &awsiam.CreatePolicyVersionInput{PolicyArn: &arn, PolicyDocument: aws.String("[]")}, "MalformedPolicyDocument: Syntax errors in policy."},
		{"document too long", "CreatePolicyVersion", &awsiam.CreatePolicyVersionInput{PolicyArn: &arn, PolicyDocument: aws.String(longPolicy(6145))}, "LimitExceeded: Cannot exceed quota for PolicySize: 6144"},
		{"no ARN", "GetPolicyVersion", &awsiam.GetPolicyVersionInput{PolicyArn: aws.String("longpolicynamebutnoarn"), VersionId: aws.String("v1")}, "ValidationError: ARN longpolicynamebutnoarn is not valid."},
		{"AWS-managed, made", "CreatePolicyVersion", &awsiam.CreatePolicyVersionInput{PolicyArn: &admin, PolicyDocument: document}, "AccessDenied: Cannot create versions for policies outside your own account."},
		{"AWS-managed, set", "SetDefaultPolicyVersion", &awsiam.SetDefaultPolicyVersionInput{PolicyArn: &admin, VersionId: aws.String("v1")}, "AccessDenied: Cannot update policies outside your own account."},
		{"AWS-managed, deleted", "DeletePolicyVersion", &awsiam.DeletePolicyVersionInput{PolicyArn: &admin, VersionId: aws.String("v1")}, "AccessDenied: Cannot delete policy versions for policies outside your own account."},
	})
	if got := versions(t, s, arn); got != "v1!" {
		t.Errorf("versions after the refusals: %s", got)
	}
}
