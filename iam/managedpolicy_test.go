package iam_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/sallyport-iam/sallyport/iam"
)

// policy makes a managed policy of root's account and returns its ARN.
func (s *service) policy(t testing.TB, name, document string) string {
	t.Helper()
	out := do[awsiam.CreatePolicyOutput](t, s, s.root, "CreatePolicy", &awsiam.CreatePolicyInput{PolicyName: &name, PolicyDocument: &document})
	return *out.Policy.Arn
}

// builtin installs the managed policies that come with the service.
func (s *service) builtin(t testing.TB) {
	t.Helper()
	if err := iam.InstallBuiltinPolicies(t.Context(), s.Store, s.Now()); err != nil {
		t.Fatal(err)
	}
}

func policyARN(name string) string { return "arn:aws:iam::" + accountID + ":policy/" + name }

// longPolicy is a document of n characters that count, and white space.
func longPolicy(n int) string {
	text := `{ "Version":"2012-10-17", "Statement":[{"Sid":"%s","Effect":"Allow","Action":"s3:*","Resource":"*"}]}` + "\r\n\t "
	return fmt.Sprintf(text, strings.Repeat("x", n-len(strings.Join(strings.Fields(fmt.Sprintf(text, "")), ""))))
}

func TestManagedPolicyLife(t *testing.T) {
	s := newService(t)
	made := do[awsiam.CreatePolicyOutput](t, s, s.root, "CreatePolicy", &awsiam.CreatePolicyInput{
		PolicyName: aws.String("Reader"), Path: aws.String("/ops/"), Description: aws.String("may read"),
		PolicyDocument: aws.String(allow("*", "s3:Get*")),
		Tags:           []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("A"), Value: aws.String("2")}},
	}).Policy
	arn := "arn:aws:iam::" + accountID + ":policy/ops/Reader"
	if *made.Arn != arn || !strings.HasPrefix(*made.PolicyId, "ANPA") || *made.DefaultVersionId != "v1" || !made.IsAttachable ||
		*made.AttachmentCount != 0 || *made.PermissionsBoundaryUsageCount != 0 || made.Description != nil || len(made.Tags) != 2 {
		t.Errorf("made %+v", made)
	}
	got := do[awsiam.GetPolicyOutput](t, s, s.root, "GetPolicy", &awsiam.GetPolicyInput{PolicyArn: &arn}).Policy
	if *got.Description != "may read" || len(got.Tags) != 2 || *got.PolicyId != *made.PolicyId {
		t.Errorf("got %+v", got)
	}
	listed := do[awsiam.ListPoliciesOutput](t, s, s.root, "ListPolicies", &awsiam.ListPoliciesInput{Scope: types.PolicyScopeTypeLocal}).Policies
	if len(listed) != 1 || listed[0].Description != nil || listed[0].Tags != nil {
		t.Errorf("listed %+v", listed)
	}
	do[awsiam.DeletePolicyOutput](t, s, s.root, "DeletePolicy", &awsiam.DeletePolicyInput{PolicyArn: &arn})
	refused(t, s, s.root, "GetPolicy", &awsiam.GetPolicyInput{PolicyArn: &arn}, "NoSuchEntity: Policy "+arn+" was not found.")

	plain := s.policy(t, "plain", allow("*", "s3:*"))
	got = do[awsiam.GetPolicyOutput](t, s, s.root, "GetPolicy", &awsiam.GetPolicyInput{PolicyArn: &plain}).Policy
	if got.Tags == nil || len(got.Tags) != 0 || got.Description != nil {
		t.Errorf("a policy without tags and description: %+v", got)
	}
}

func TestManagedPolicyRefusals(t *testing.T) {
	s := newService(t)
	s.builtin(t)
	used, bounding, two := s.policy(t, "used", allow("*", "s3:*")), s.policy(t, "bounding", allow("*", "s3:*")), s.policy(t, "two", allow("*", "s3:*"))
	s.group(t, "g")
	do[awsiam.AttachGroupPolicyOutput](t, s, s.root, "AttachGroupPolicy", &awsiam.AttachGroupPolicyInput{GroupName: aws.String("g"), PolicyArn: &used})
	do[awsiam.CreateUserOutput](t, s, s.root, "CreateUser", &awsiam.CreateUserInput{UserName: aws.String("u"), PermissionsBoundary: &bounding})
	do[awsiam.CreatePolicyVersionOutput](t, s, s.root, "CreatePolicyVersion",
		&awsiam.CreatePolicyVersionInput{PolicyArn: &two, PolicyDocument: aws.String(allow("*", "s3:*"))})
	stranger := s.account(t, "210987654321", "other@example.com")
	foreign := *do[awsiam.CreatePolicyOutput](t, s, stranger, "CreatePolicy", &awsiam.CreatePolicyInput{
		PolicyName: aws.String("foreign"), PolicyDocument: aws.String(allow("*", "s3:*")),
	}).Policy.Arn
	missing, admin := policyARN("missing"), "arn:aws:iam::aws:policy/AdministratorAccess"
	tag := []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}
	s.refuses(t, []refusal{
		{"same name", "CreatePolicy", &awsiam.CreatePolicyInput{PolicyName: aws.String("USED"), PolicyDocument: aws.String(allow("*", "s3:*"))},
			"EntityAlreadyExists: A policy called USED already exists. Duplicate names are not allowed."},
		{"same name, other path", "CreatePolicy", &awsiam.CreatePolicyInput{PolicyName: aws.String("used"), Path: aws.String("/x/"), PolicyDocument: aws.String(allow("*", "s3:*"))},
			"EntityAlreadyExists: A policy called used already exists. Duplicate names are not allowed."},
		{"not JSON", "CreatePolicy", &awsiam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String("{")},
			"MalformedPolicyDocument: Syntax errors in policy."},
		{"with a principal", "CreatePolicy", &awsiam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(trust("*"))},
			"MalformedPolicyDocument: Policy document should not specify a principal."},
		{"old version", "CreatePolicy", &awsiam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(strings.Replace(allow("*", "s3:*"), "2012", "2008", 1))},
			"MalformedPolicyDocument: Policy document must be version 2012-10-17 or greater."},
		{"too long", "CreatePolicy", &awsiam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(longPolicy(6145))},
			"LimitExceeded: Cannot exceed quota for PolicySize: 6144"},
		{"too long to be read", "CreatePolicy", &awsiam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String("{" + strings.Repeat("x", 6144))},
			"LimitExceeded: Cannot exceed quota for PolicySize: 6144"},
		{"same tag twice", "CreatePolicy", &awsiam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(allow("*", "s3:*")), Tags: append(tag, tag...)},
			"InvalidInput: Duplicate tag keys found."},
		{"reserved tag", "CreatePolicy", &awsiam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(allow("*", "s3:*")), Tags: []types.Tag{{Key: aws.String("Aws:k"), Value: aws.String("v")}}},
			"InvalidInput: Tag keys beginning with aws: are reserved for system use."},
		{"attached, deleted", "DeletePolicy", &awsiam.DeletePolicyInput{PolicyArn: &used}, "DeleteConflict: Cannot delete a policy attached to entities."},
		{"a boundary, deleted", "DeletePolicy", &awsiam.DeletePolicyInput{PolicyArn: &bounding}, "DeleteConflict: Cannot delete a policy attached to entities."},
		{"of two versions, deleted", "DeletePolicy", &awsiam.DeletePolicyInput{PolicyArn: &two},
			"DeleteConflict: This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy."},
		{"missing, deleted", "DeletePolicy", &awsiam.DeletePolicyInput{PolicyArn: &missing}, "NoSuchEntity: Policy " + missing + " was not found."},
		{"no ARN", "GetPolicy", &awsiam.GetPolicyInput{PolicyArn: aws.String("longpolicynamebutnoarn")}, "ValidationError: ARN longpolicynamebutnoarn is not valid."},
		{"ARN of a user", "GetPolicy", &awsiam.GetPolicyInput{PolicyArn: aws.String("arn:aws:iam::" + accountID + ":user/u")}, "ValidationError: ARN arn:aws:iam::" + accountID + ":user/u is not valid."},
		{"another account's", "GetPolicy", &awsiam.GetPolicyInput{PolicyArn: &foreign}, "NoSuchEntity: Policy " + foreign + " was not found."},
		{"another account's, deleted", "DeletePolicy", &awsiam.DeletePolicyInput{PolicyArn: &foreign}, "NoSuchEntity: Policy " + foreign + " was not found."},
		{"another account's, entities", "ListEntitiesForPolicy", &awsiam.ListEntitiesForPolicyInput{PolicyArn: &foreign}, "NoSuchEntity: Policy " + foreign + " does not exist or is not attachable."},
		{"missing, tagged", "TagPolicy", &awsiam.TagPolicyInput{PolicyArn: &missing, Tags: tag}, "NoSuchEntity: Policy " + missing + " was not found."},
		{"missing, untagged", "UntagPolicy", &awsiam.UntagPolicyInput{PolicyArn: &missing, TagKeys: []string{"k"}}, "NoSuchEntity: Policy " + missing + " was not found."},
		{"missing, its tags", "ListPolicyTags", &awsiam.ListPolicyTagsInput{PolicyArn: &missing}, "NoSuchEntity: Policy " + missing + " was not found."},
		{"tagged with nothing", "TagPolicy", &awsiam.TagPolicyInput{PolicyArn: &used, Tags: []types.Tag{}}, "InvalidInput: Error occurred while validating input. "},
		{"tagged twice", "TagPolicy", &awsiam.TagPolicyInput{PolicyArn: &used, Tags: append(tag, tag...)}, "InvalidInput: Duplicate tag keys found."},
		{"bad marker", "ListPolicies", &awsiam.ListPoliciesInput{Marker: aws.String("used~00000000")}, "ValidationError: Invalid Marker."},
		{"AWS-managed, deleted", "DeletePolicy", &awsiam.DeletePolicyInput{PolicyArn: &admin}, "AccessDenied: Cannot delete policies outside your own account."},
		{"AWS-managed, tagged", "TagPolicy", &awsiam.TagPolicyInput{PolicyArn: &admin, Tags: tag}, "AccessDenied: Cannot tag policies outside your own account."},
		{"AWS-managed, untagged", "UntagPolicy", &awsiam.UntagPolicyInput{PolicyArn: &admin, TagKeys: []string{"k"}}, "AccessDenied: Cannot untag policies outside your own account."},
	})
	s.policy(t, "longest", longPolicy(6144))
	if got := do[awsiam.GetPolicyOutput](t, s, stranger, "GetPolicy", &awsiam.GetPolicyInput{PolicyArn: &foreign}); *got.Policy.Arn != foreign {
		t.Errorf("the stranger's own: %+v", got.Policy)
	}
}

func TestManagedPolicyTagsMindTheCase(t *testing.T) {
	s := newService(t)
	arn := s.policy(t, "p", allow("*", "s3:*"))
	tag := func(key, value string) {
		do[awsiam.TagPolicyOutput](t, s, s.root, "TagPolicy", &awsiam.TagPolicyInput{PolicyArn: &arn, Tags: []types.Tag{{Key: &key, Value: &value}}})
	}
	list := func() string {
		return pages(t, func(marker *string) ([]string, bool, *string) {
			out := do[awsiam.ListPolicyTagsOutput](t, s, s.root, "ListPolicyTags", &awsiam.ListPolicyTagsInput{PolicyArn: &arn, Marker: marker, MaxItems: aws.Int32(1)})
			var tags []string
			for _, t := range out.Tags {
				tags = append(tags, *t.Key+"="+*t.Value)
			}
			return tags, out.IsTruncated, out.Marker
		})
	}
	tag("team", "1")
	tag("Team", "2")
	tag("team", "3")
	if got := list(); got != "Team=2|team=3" {
		t.Errorf("tagged: %s", got)
	}
	do[awsiam.UntagPolicyOutput](t, s, s.root, "UntagPolicy", &awsiam.UntagPolicyInput{PolicyArn: &arn, TagKeys: []string{"team", "none"}})
	if got := list(); got != "Team=2" {
		t.Errorf("untagged: %s", got)
	}
}

// Condition keys ignore case where tags of policies and devices do not: the oldest of several spellings is the one
// that conditions see, so that none added later hides it.
func TestATagDoesNotHideAnotherFromConditions(t *testing.T) {
	s := newService(t)
	arn, device := s.policy(t, "p", allow("*", "s3:*")), s.virtualDevice(t, "phone").serial
	tag := func(key, value string) types.Tag { return types.Tag{Key: &key, Value: &value} }
	tagBoth := func(c *iam.Caller, tags ...types.Tag) {
		t.Helper()
		do[awsiam.TagPolicyOutput](t, s, c, "TagPolicy", &awsiam.TagPolicyInput{PolicyArn: &arn, Tags: tags})
		do[awsiam.TagMFADeviceOutput](t, s, c, "TagMFADevice", &awsiam.TagMFADeviceInput{SerialNumber: &device, Tags: tags})
	}
	mallory := s.user(t, "mallory", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"},
		{"Effect":"Deny","Action":["iam:DeletePolicy","iam:DeleteVirtualMFADevice"],"Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/Team":"prod"}}},
		{"Effect":"Deny","Action":"iam:Tag*","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/Team":"prod"}}}]}`)
	denied := func(action, shown string) string {
		return "AccessDenied: User: arn:aws:iam::" + accountID + ":user/mallory is not authorized to perform: iam:" + action +
			" on resource: " + shown + " with an explicit deny in an identity-based policy"
	}
	kept := func() {
		t.Helper()
		refused(t, s, mallory, "DeletePolicy", &awsiam.DeletePolicyInput{PolicyArn: &arn}, denied("DeletePolicy", "policy "+arn))
		refused(t, s, mallory, "DeleteVirtualMFADevice", &awsiam.DeleteVirtualMFADeviceInput{SerialNumber: &device}, denied("DeleteVirtualMFADevice", device))
	}

	tagBoth(s.root, tag("Team", "prod"), tag("a", "b"))
	kept()
	tagBoth(mallory, tag("team", "x"), tag("TEAM", "y"))
	kept()
	tagBoth(s.root, tag("Team", "prod")) // replaces the value and keeps its place
	kept()
	refused(t, s, mallory, "TagPolicy", &awsiam.TagPolicyInput{PolicyArn: &arn, Tags: []types.Tag{tag("tEAM", "prod"), tag("TeAm", "x")}},
		denied("TagPolicy", "policy "+arn))

	// What a call that sends several spellings is authorised with is also what conditions see of it from then on.
	other := do[awsiam.CreatePolicyOutput](t, s, mallory, "CreatePolicy", &awsiam.CreatePolicyInput{
		PolicyName: aws.String("other"), PolicyDocument: aws.String(allow("*", "s3:*")), Tags: []types.Tag{tag("team", "x"), tag("Team", "prod")},
	}).Policy.Arn
	do[awsiam.DeletePolicyOutput](t, s, mallory, "DeletePolicy", &awsiam.DeletePolicyInput{PolicyArn: other})
}

func TestListPolicies(t *testing.T) {
	s := newService(t)
	s.builtin(t)
	stranger := s.account(t, "210987654321", "other@example.com")
	do[awsiam.CreatePolicyOutput](t, s, stranger, "CreatePolicy", &awsiam.CreatePolicyInput{
		PolicyName: aws.String("foreign"), PolicyDocument: aws.String(allow("*", "s3:*")),
	})
	attached, bounding := s.policy(t, "attached", allow("*", "s3:*")), s.policy(t, "Bounding", allow("*", "s3:*"))
	do[awsiam.CreatePolicyOutput](t, s, s.root, "CreatePolicy", &awsiam.CreatePolicyInput{
		PolicyName: aws.String("IAMFullAccess"), Path: aws.String("/own/"), PolicyDocument: aws.String(allow("*", "s3:*")),
	})
	s.group(t, "g")
	for _, arn := range []string{attached, "arn:aws:iam::aws:policy/ReadOnlyAccess"} {
		do[awsiam.AttachGroupPolicyOutput](t, s, s.root, "AttachGroupPolicy", &awsiam.AttachGroupPolicyInput{GroupName: aws.String("g"), PolicyArn: &arn})
	}
	do[awsiam.CreateUserOutput](t, s, s.root, "CreateUser", &awsiam.CreateUserInput{UserName: aws.String("u"), PermissionsBoundary: &bounding})

	const builtin = "AdministratorAccess|IAMFullAccess|IAMReadOnlyAccess|IAMUserChangePassword|PowerUserAccess|ReadOnlyAccess|SignInLocalDevelopmentAccess"
	for _, test := range []struct {
		name string
		in   awsiam.ListPoliciesInput
		want string
	}{
		{"all", awsiam.ListPoliciesInput{}, "attached|Bounding|IAMFullAccess|" + builtin},
		{"local", awsiam.ListPoliciesInput{Scope: types.PolicyScopeTypeLocal}, "attached|Bounding|IAMFullAccess"},
		{"AWS", awsiam.ListPoliciesInput{Scope: types.PolicyScopeTypeAws}, builtin},
		{"under a path", awsiam.ListPoliciesInput{PathPrefix: aws.String("/own/")}, "IAMFullAccess"},
		{"attached", awsiam.ListPoliciesInput{OnlyAttached: true}, "attached|ReadOnlyAccess"},
		{"attached, local", awsiam.ListPoliciesInput{OnlyAttached: true, Scope: types.PolicyScopeTypeLocal}, "attached"},
		{"permissions", awsiam.ListPoliciesInput{PolicyUsageFilter: types.PolicyUsageTypePermissionsPolicy}, "attached|ReadOnlyAccess"},
		{"boundaries", awsiam.ListPoliciesInput{PolicyUsageFilter: types.PolicyUsageTypePermissionsBoundary}, "Bounding"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := pages(t, func(marker *string) ([]string, bool, *string) {
				in := test.in
				in.Marker, in.MaxItems = marker, aws.Int32(1)
				out := do[awsiam.ListPoliciesOutput](t, s, s.root, "ListPolicies", &in)
				var names []string
				for _, p := range out.Policies {
					names = append(names, *p.PolicyName)
				}
				return names, out.IsTruncated, out.Marker
			})
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}

	counts := do[awsiam.ListPoliciesOutput](t, s, s.root, "ListPolicies", &awsiam.ListPoliciesInput{Scope: types.PolicyScopeTypeLocal}).Policies
	if *counts[0].AttachmentCount != 1 || *counts[0].PermissionsBoundaryUsageCount != 0 ||
		*counts[1].AttachmentCount != 0 || *counts[1].PermissionsBoundaryUsageCount != 1 {
		t.Errorf("counts: %+v", counts)
	}
	admin := aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")
	if got := do[awsiam.GetPolicyOutput](t, s, stranger, "GetPolicy", &awsiam.GetPolicyInput{PolicyArn: admin}).Policy; *got.AttachmentCount != 0 {
		t.Errorf("another account sees %d attachments", *got.AttachmentCount)
	}
}

func TestManagedPolicyAuthorization(t *testing.T) {
	s := newService(t)
	arn := s.policy(t, "Mine", allow("*", "s3:*"))
	other := s.policy(t, "other", allow("*", "s3:*"))
	mallory := s.user(t, "mallory", allow("arn:aws:iam::"+accountID+":policy/Mi*", "iam:*"))
	denied := func(action, shown string) string {
		return "AccessDenied: User: arn:aws:iam::" + accountID + ":user/mallory is not authorized to perform: iam:" + action +
			" on resource: " + shown + " because no identity-based policy allows the iam:" + action + " action"
	}
	do[awsiam.GetPolicyOutput](t, s, mallory, "GetPolicy", &awsiam.GetPolicyInput{PolicyArn: aws.String(policyARN("MINE"))})
	do[awsiam.ListPolicyVersionsOutput](t, s, mallory, "ListPolicyVersions", &awsiam.ListPolicyVersionsInput{PolicyArn: &arn})
	refused(t, s, mallory, "GetPolicy", &awsiam.GetPolicyInput{PolicyArn: &other}, denied("GetPolicy", "policy "+other))
	refused(t, s, mallory, "DeletePolicy", &awsiam.DeletePolicyInput{PolicyArn: aws.String(policyARN("none"))}, denied("DeletePolicy", "policy "+policyARN("none")))
	refused(t, s, mallory, "ListPolicies", &awsiam.ListPoliciesInput{}, denied("ListPolicies", "policy path /"))
	refused(t, s, mallory, "CreatePolicy", &awsiam.CreatePolicyInput{PolicyName: aws.String("new"), PolicyDocument: aws.String("{")},
		denied("CreatePolicy", policyARN("new")))

	// Tags on a new policy want TagPolicy too.
	creator := s.user(t, "creator", allow("*", "iam:CreatePolicy"))
	refused(t, s, creator, "CreatePolicy", &awsiam.CreatePolicyInput{
		PolicyName: aws.String("new"), PolicyDocument: aws.String(allow("*", "s3:*")), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
	}, strings.ReplaceAll(denied("TagPolicy", policyARN("new")), "mallory", "creator"))

	// The tags of the policy are condition keys.
	tagged := s.user(t, "tagged", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:GetPolicy","Resource":"*",
		"Condition":{"StringEquals":{"aws:ResourceTag/team":"red"}}}]}`)
	refused(t, s, tagged, "GetPolicy", &awsiam.GetPolicyInput{PolicyArn: &arn}, strings.ReplaceAll(denied("GetPolicy", "policy "+arn), "mallory", "tagged"))
	do[awsiam.TagPolicyOutput](t, s, s.root, "TagPolicy", &awsiam.TagPolicyInput{PolicyArn: &arn, Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("red")}}})
	do[awsiam.GetPolicyOutput](t, s, tagged, "GetPolicy", &awsiam.GetPolicyInput{PolicyArn: &arn})
}
