package iam_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/sallyport-iam/sallyport/iam"
)

// trust is a trust policy that lets the principals assume a role.
func trust(principals ...string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["` + strings.Join(principals, `","`) +
		`"]},"Action":"sts:AssumeRole"}]}`
}

// role makes a role of root's account that trusts it.
func (s *service) role(t testing.TB, name string) *types.Role {
	t.Helper()
	return do[awsiam.CreateRoleOutput](t, s, s.root, "CreateRole", &awsiam.CreateRoleInput{
		RoleName: &name, AssumeRolePolicyDocument: aws.String(trust(accountID)),
	}).Role
}

func (s *service) getRole(t testing.TB, name string) *types.Role {
	t.Helper()
	return do[awsiam.GetRoleOutput](t, s, s.root, "GetRole", &awsiam.GetRoleInput{RoleName: &name}).Role
}

// unescape is a policy document as responses carry it, as the text it was.
func unescape(t testing.TB, document *string) string {
	t.Helper()
	text, err := url.PathUnescape(aws.ToString(document))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestRoleLife(t *testing.T) {
	s := newService(t)
	boundary := s.policy(t, "boundary", allow("*", "s3:*"))
	document := trust("arn:aws:iam::" + accountID + ":root")
	made := do[awsiam.CreateRoleOutput](t, s, s.root, "CreateRole", &awsiam.CreateRoleInput{
		RoleName: aws.String("Deploy"), Path: aws.String("/ci/"), AssumeRolePolicyDocument: &document,
		Description: aws.String("deploys"), MaxSessionDuration: aws.Int32(7200), PermissionsBoundary: &boundary,
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("red")}},
	}).Role
	if *made.Arn != "arn:aws:iam::"+accountID+":role/ci/Deploy" || !strings.HasPrefix(*made.RoleId, "AROA") ||
		unescape(t, made.AssumeRolePolicyDocument) != document || len(made.Tags) != 1 || *made.PermissionsBoundary.PermissionsBoundaryArn != boundary {
		t.Errorf("made %+v", made)
	}
	if made.Description != nil || made.MaxSessionDuration != nil || made.RoleLastUsed != nil {
		t.Errorf("CreateRole shows more than AWS does: %+v", made)
	}

	got := s.getRole(t, "deploy")
	if *got.RoleId != *made.RoleId || *got.RoleName != "Deploy" || *got.Description != "deploys" || *got.MaxSessionDuration != 7200 ||
		got.RoleLastUsed == nil || got.RoleLastUsed.LastUsedDate != nil || len(got.Tags) != 1 || got.PermissionsBoundary == nil {
		t.Errorf("got %+v", got)
	}
	listed := do[awsiam.ListRolesOutput](t, s, s.root, "ListRoles", &awsiam.ListRolesInput{PathPrefix: aws.String("/ci/")}).Roles
	if len(listed) != 1 || *listed[0].Description != "deploys" || *listed[0].MaxSessionDuration != 7200 ||
		listed[0].Tags != nil || listed[0].PermissionsBoundary != nil || listed[0].RoleLastUsed != nil {
		t.Errorf("listed %+v", listed)
	}

	do[awsiam.UpdateRoleOutput](t, s, s.root, "UpdateRole", &awsiam.UpdateRoleInput{RoleName: aws.String("Deploy")})
	if got := s.getRole(t, "Deploy"); *got.Description != "deploys" || *got.MaxSessionDuration != 7200 {
		t.Errorf("an update of nothing changed the role to %+v", got)
	}
	do[awsiam.UpdateRoleOutput](t, s, s.root, "UpdateRole", &awsiam.UpdateRoleInput{
		RoleName: aws.String("Deploy"), Description: aws.String(""), MaxSessionDuration: aws.Int32(3600),
	})
	if got := s.getRole(t, "Deploy"); got.Description != nil || *got.MaxSessionDuration != 3600 {
		t.Errorf("updated to %+v", got)
	}
	described := do[awsiam.UpdateRoleDescriptionOutput](t, s, s.root, "UpdateRoleDescription",
		&awsiam.UpdateRoleDescriptionInput{RoleName: aws.String("Deploy"), Description: aws.String("new")}).Role
	if *described.Description != "new" || described.MaxSessionDuration != nil || *described.RoleId != *made.RoleId {
		t.Errorf("described as %+v", described)
	}

	do[awsiam.DeleteRoleOutput](t, s, s.root, "DeleteRole", &awsiam.DeleteRoleInput{RoleName: aws.String("Deploy")})
	refused(t, s, s.root, "GetRole", &awsiam.GetRoleInput{RoleName: aws.String("Deploy")}, "NoSuchEntity: The role with name Deploy cannot be found.")

	plain := s.role(t, "plain")
	if plain.Tags != nil || plain.PermissionsBoundary != nil || *plain.Path != "/" {
		t.Errorf("made with defaults: %+v", plain)
	}
	if got := s.getRole(t, "plain"); *got.MaxSessionDuration != 3600 || got.Description != nil || got.Tags != nil || got.PermissionsBoundary != nil {
		t.Errorf("got with defaults: %+v", got)
	}
}

func TestRoleRefusals(t *testing.T) {
	s := newService(t)
	s.role(t, "r")
	s.role(t, "attached")
	s.role(t, "inline")
	arn := s.policy(t, "p", allow("*", "s3:*"))
	do[awsiam.AttachRolePolicyOutput](t, s, s.root, "AttachRolePolicy", &awsiam.AttachRolePolicyInput{RoleName: aws.String("attached"), PolicyArn: &arn})
	do[awsiam.PutRolePolicyOutput](t, s, s.root, "PutRolePolicy", &awsiam.PutRolePolicyInput{
		RoleName: aws.String("inline"), PolicyName: aws.String("p"), PolicyDocument: aws.String(allow("*", "s3:*")),
	})
	tags := func(keys ...string) (all []types.Tag) {
		for _, k := range keys {
			all = append(all, types.Tag{Key: aws.String(k), Value: aws.String("v")})
		}
		return all
	}
	const missing = "NoSuchEntity: The role with name none cannot be found."
	const twice = "InvalidInput: Duplicate tag keys found. Please note that Tag keys are case insensitive."
	none, document := aws.String("none"), aws.String(trust(accountID))
	nowhere := policyARN("nowhere")
	s.refuses(t, []refusal{
		{"same name", "CreateRole", &awsiam.CreateRoleInput{RoleName: aws.String("R"), AssumeRolePolicyDocument: document}, "EntityAlreadyExists: Role with name R already exists."},
		{"tags that differ in case", "CreateRole", &awsiam.CreateRoleInput{RoleName: none, AssumeRolePolicyDocument: document, Tags: tags("k", "K")}, twice},
		{"too long a session", "CreateRole", &awsiam.CreateRoleInput{RoleName: none, AssumeRolePolicyDocument: document, MaxSessionDuration: aws.Int32(43201)},
			"ValidationError: 1 validation error detected: Value at 'maxSessionDuration' failed to satisfy constraint: Member must have value less than or equal to 43200"},
		{"no such boundary", "CreateRole", &awsiam.CreateRoleInput{RoleName: none, AssumeRolePolicyDocument: document, PermissionsBoundary: &nowhere},
			"NoSuchEntity: Scope ARN: " + nowhere + " does not exist or is not attachable."},
		{"boundary that is no ARN", "CreateRole", &awsiam.CreateRoleInput{RoleName: none, AssumeRolePolicyDocument: document, PermissionsBoundary: aws.String("longpolicynamebutnoarn")},
			"InvalidInput: ARN longpolicynamebutnoarn is not valid."},
		{"get", "GetRole", &awsiam.GetRoleInput{RoleName: none}, missing},
		{"update", "UpdateRole", &awsiam.UpdateRoleInput{RoleName: none}, missing},
		{"describe", "UpdateRoleDescription", &awsiam.UpdateRoleDescriptionInput{RoleName: none, Description: none}, missing},
		{"delete", "DeleteRole", &awsiam.DeleteRoleInput{RoleName: none}, missing},
		{"trust", "UpdateAssumeRolePolicy", &awsiam.UpdateAssumeRolePolicyInput{RoleName: none, PolicyDocument: document}, missing},
		{"tag", "TagRole", &awsiam.TagRoleInput{RoleName: none, Tags: tags("k")}, missing},
		{"untag", "UntagRole", &awsiam.UntagRoleInput{RoleName: none, TagKeys: []string{"k"}}, missing},
		{"tags of", "ListRoleTags", &awsiam.ListRoleTagsInput{RoleName: none}, missing},
		{"bound", "PutRolePermissionsBoundary", &awsiam.PutRolePermissionsBoundaryInput{RoleName: none, PermissionsBoundary: &arn}, missing},
		{"unbound", "DeleteRolePermissionsBoundary", &awsiam.DeleteRolePermissionsBoundaryInput{RoleName: none}, missing},
		{"unbound without boundary", "DeleteRolePermissionsBoundary", &awsiam.DeleteRolePermissionsBoundaryInput{RoleName: aws.String("r")}, "NoSuchEntity: The role with name r has no permissions boundary."},
		{"bound by nothing", "PutRolePermissionsBoundary", &awsiam.PutRolePermissionsBoundaryInput{RoleName: aws.String("r"), PermissionsBoundary: &nowhere},
			"NoSuchEntity: Scope ARN: " + nowhere + " does not exist or is not attachable."},
		{"delete with attachments", "DeleteRole", &awsiam.DeleteRoleInput{RoleName: aws.String("attached")}, "DeleteConflict: Cannot delete entity, must detach all policies first."},
		{"delete with inline policies", "DeleteRole", &awsiam.DeleteRoleInput{RoleName: aws.String("inline")}, "DeleteConflict: Cannot delete entity, must delete policies first."},
		{"tag with nothing", "TagRole", &awsiam.TagRoleInput{RoleName: aws.String("r"), Tags: []types.Tag{}}, "InvalidInput: Error occurred while validating input. "},
		{"tag twice", "TagRole", &awsiam.TagRoleInput{RoleName: aws.String("r"), Tags: tags("k", "K")}, twice},
		{"bad marker", "ListRoles", &awsiam.ListRolesInput{Marker: none}, "ValidationError: Invalid Marker."},
	})
}

func TestRoleTagsIgnoreTheCase(t *testing.T) {
	s := newService(t)
	s.role(t, "r")
	tag := func(key, value string) {
		do[awsiam.TagRoleOutput](t, s, s.root, "TagRole", &awsiam.TagRoleInput{RoleName: aws.String("r"), Tags: []types.Tag{{Key: &key, Value: &value}}})
	}
	list := func() string {
		return pages(t, func(marker *string) ([]string, bool, *string) {
			out := do[awsiam.ListRoleTagsOutput](t, s, s.root, "ListRoleTags", &awsiam.ListRoleTagsInput{RoleName: aws.String("r"), Marker: marker, MaxItems: aws.Int32(1)})
			var tags []string
			for _, t := range out.Tags {
				tags = append(tags, *t.Key+"="+*t.Value)
			}
			return tags, out.IsTruncated, out.Marker
		})
	}
	tag("team", "1")
	tag("cost", "2")
	tag("Team", "3")
	if got := list(); got != "Team=3|cost=2" {
		t.Errorf("tagged: %s", got)
	}
	do[awsiam.UntagRoleOutput](t, s, s.root, "UntagRole", &awsiam.UntagRoleInput{RoleName: aws.String("r"), TagKeys: []string{"TEAM"}})
	if got := list(); got != "cost=2" {
		t.Errorf("untagged: %s", got)
	}
}

func TestRolePages(t *testing.T) {
	s := newService(t)
	for _, name := range []string{"c", "A", "b"} {
		s.role(t, name)
	}
	got := pages(t, func(marker *string) ([]string, bool, *string) {
		out := do[awsiam.ListRolesOutput](t, s, s.root, "ListRoles", &awsiam.ListRolesInput{Marker: marker, MaxItems: aws.Int32(2)})
		var names []string
		for _, r := range out.Roles {
			names = append(names, *r.RoleName)
		}
		return names, out.IsTruncated, out.Marker
	})
	if got != "A,b|c" {
		t.Errorf("got %s", got)
	}
}

// TestRoleBoundaryCondition delegates the making of roles to someone who must give each the boundary.
func TestRoleBoundaryCondition(t *testing.T) {
	s := newService(t)
	boundary, wide := s.policy(t, "Boundary", allow("*", "s3:*")), s.policy(t, "wide", allow("*", "*"))
	s.role(t, "unbound")
	condition := `"Condition":{"StringEquals":{"iam:PermissionsBoundary":"` + boundary + `"}}`
	carol := s.user(t, "carol", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["iam:CreateRole","iam:PutRolePermissionsBoundary","iam:PutRolePolicy","iam:DeleteRolePolicy",
			"iam:AttachRolePolicy","iam:DetachRolePolicy"],"Resource":"*",`+condition+`},
		{"Effect":"Deny","Action":"iam:DeleteRolePermissionsBoundary","Resource":"*",`+condition+`}]}`)
	name, document := aws.String("r"), aws.String(trust(accountID))
	denied := func(action, shown string) string {
		return "AccessDenied: User: arn:aws:iam::" + accountID + ":user/carol is not authorized to perform: iam:" + action +
			" on resource: " + shown + " because no identity-based policy allows the iam:" + action + " action"
	}
	inNew := "arn:aws:iam::" + accountID + ":role/r"

	refused(t, s, carol, "CreateRole", &awsiam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: document}, denied("CreateRole", inNew))
	refused(t, s, carol, "CreateRole", &awsiam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: document, PermissionsBoundary: &wide}, denied("CreateRole", inNew))
	// The condition sees the policy as it is stored, however it was spelled.
	spelled := strings.Replace(boundary, "Boundary", "bOUNDARY", 1)
	do[awsiam.CreateRoleOutput](t, s, carol, "CreateRole", &awsiam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: document, PermissionsBoundary: &spelled})
	if got := s.getRole(t, "r"); *got.PermissionsBoundary.PermissionsBoundaryArn != boundary {
		t.Errorf("bound by %s", *got.PermissionsBoundary.PermissionsBoundaryArn)
	}
	refused(t, s, carol, "CreateRole", &awsiam.CreateRoleInput{
		RoleName: aws.String("t"), AssumeRolePolicyDocument: document, PermissionsBoundary: &boundary,
		Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
	}, denied("TagRole", "arn:aws:iam::"+accountID+":role/t"))

	refused(t, s, carol, "PutRolePermissionsBoundary", &awsiam.PutRolePermissionsBoundaryInput{RoleName: name, PermissionsBoundary: &wide}, denied("PutRolePermissionsBoundary", "role r"))
	do[awsiam.PutRolePermissionsBoundaryOutput](t, s, carol, "PutRolePermissionsBoundary", &awsiam.PutRolePermissionsBoundaryInput{RoleName: name, PermissionsBoundary: &boundary})
	refused(t, s, carol, "DeleteRolePermissionsBoundary", &awsiam.DeleteRolePermissionsBoundaryInput{RoleName: name},
		"AccessDenied: User: arn:aws:iam::"+accountID+":user/carol is not authorized to perform: iam:DeleteRolePermissionsBoundary on resource: role r with an explicit deny in an identity-based policy")

	// What the role's present boundary is decides about its policies too.
	inline := aws.String(allow("*", "s3:*"))
	do[awsiam.PutRolePolicyOutput](t, s, carol, "PutRolePolicy", &awsiam.PutRolePolicyInput{RoleName: name, PolicyName: name, PolicyDocument: inline})
	do[awsiam.DeleteRolePolicyOutput](t, s, carol, "DeleteRolePolicy", &awsiam.DeleteRolePolicyInput{RoleName: name, PolicyName: name})
	do[awsiam.AttachRolePolicyOutput](t, s, carol, "AttachRolePolicy", &awsiam.AttachRolePolicyInput{RoleName: name, PolicyArn: &wide})
	do[awsiam.DetachRolePolicyOutput](t, s, carol, "DetachRolePolicy", &awsiam.DetachRolePolicyInput{RoleName: name, PolicyArn: &wide})
	unbound := aws.String("unbound")
	refused(t, s, carol, "PutRolePolicy", &awsiam.PutRolePolicyInput{RoleName: unbound, PolicyName: name, PolicyDocument: inline}, denied("PutRolePolicy", "role unbound"))
	refused(t, s, carol, "DeleteRolePolicy", &awsiam.DeleteRolePolicyInput{RoleName: unbound, PolicyName: name}, denied("DeleteRolePolicy", "role unbound"))
	refused(t, s, carol, "AttachRolePolicy", &awsiam.AttachRolePolicyInput{RoleName: unbound, PolicyArn: &wide}, denied("AttachRolePolicy", "role unbound"))
	refused(t, s, carol, "DetachRolePolicy", &awsiam.DetachRolePolicyInput{RoleName: unbound, PolicyArn: &wide}, denied("DetachRolePolicy", "role unbound"))

	do[awsiam.DeleteRolePermissionsBoundaryOutput](t, s, s.root, "DeleteRolePermissionsBoundary", &awsiam.DeleteRolePermissionsBoundaryInput{RoleName: name})
	if got := s.getRole(t, "r"); got.PermissionsBoundary != nil {
		t.Errorf("still bound: %+v", got)
	}
}

func TestRoleAuthorization(t *testing.T) {
	s := newService(t)
	s.role(t, "Mine")
	s.role(t, "other")
	do[awsiam.TagRoleOutput](t, s, s.root, "TagRole", &awsiam.TagRoleInput{RoleName: aws.String("other"), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("red")}}})
	mallory := s.user(t, "mallory", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"iam:*","Resource":"arn:aws:iam::`+accountID+`:role/Mine"},
		{"Effect":"Allow","Action":"iam:UntagRole","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["team"]},"StringEquals":{"iam:ResourceTag/team":"red"}}},
		{"Effect":"Allow","Action":"iam:TagRole","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/team":"red"}}}]}`)
	denied := func(action, shown string) string {
		return "AccessDenied: User: arn:aws:iam::" + accountID + ":user/mallory is not authorized to perform: iam:" + action +
			" on resource: " + shown + " because no identity-based policy allows the iam:" + action + " action"
	}
	do[awsiam.GetRoleOutput](t, s, mallory, "GetRole", &awsiam.GetRoleInput{RoleName: aws.String("mine")})
	refused(t, s, mallory, "GetRole", &awsiam.GetRoleInput{RoleName: aws.String("OTHER")}, denied("GetRole", "role OTHER"))
	refused(t, s, mallory, "GetRole", &awsiam.GetRoleInput{RoleName: aws.String("none")}, denied("GetRole", "role none"))
	refused(t, s, mallory, "ListRoles", &awsiam.ListRolesInput{}, denied("ListRoles", "arn:aws:iam::"+accountID+":role/"))
	refused(t, s, mallory, "TagRole", &awsiam.TagRoleInput{RoleName: aws.String("other"), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("blue")}}}, denied("TagRole", "role other"))
	do[awsiam.TagRoleOutput](t, s, mallory, "TagRole", &awsiam.TagRoleInput{RoleName: aws.String("other"), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("red")}}})
	refused(t, s, mallory, "UntagRole", &awsiam.UntagRoleInput{RoleName: aws.String("other"), TagKeys: []string{"team", "cost"}}, denied("UntagRole", "role other"))
	do[awsiam.UntagRoleOutput](t, s, mallory, "UntagRole", &awsiam.UntagRoleInput{RoleName: aws.String("other"), TagKeys: []string{"team"}})
	refused(t, s, mallory, "UntagRole", &awsiam.UntagRoleInput{RoleName: aws.String("other"), TagKeys: []string{"team"}}, denied("UntagRole", "role other"))
}

// principalCounter counts how often principals are looked up by their ids.
type principalCounter struct {
	iam.Tx
	users int
}

func (c *principalCounter) UserByID(ctx context.Context, account, id string) (*iam.User, error) {
	c.users++
	return c.Tx.UserByID(ctx, account, id)
}

// However many roles trust the same principals, a list looks each of them up once.
func TestListRolesLooksUpAPrincipalOnce(t *testing.T) {
	s := newService(t)
	s.user(t, "alice", "")
	s.user(t, "bob", "")
	document := trust(userARN("alice"), userARN("bob"))
	for i := range 5 {
		do[awsiam.CreateRoleOutput](t, s, s.root, "CreateRole", &awsiam.CreateRoleInput{RoleName: aws.String(fmt.Sprint("r", i)), AssumeRolePolicyDocument: &document})
	}
	do[awsiam.UpdateUserOutput](t, s, s.root, "UpdateUser", &awsiam.UpdateUserInput{UserName: aws.String("bob"), NewUserName: aws.String("rob")})
	err := s.Store.View(t.Context(), func(tx iam.Tx) error {
		counted := &principalCounter{Tx: tx}
		out, err := s.ListRoles(t.Context(), counted, s.root, &awsiam.ListRolesInput{})
		if err != nil {
			return err
		}
		want := trust(userARN("alice"), userARN("rob"))
		for _, r := range out.Roles {
			if got := unescape(t, r.AssumeRolePolicyDocument); got != want {
				t.Errorf("%s trusts %s, want %s", *r.RoleName, got, want)
			}
		}
		if len(out.Roles) != 5 || counted.users != 2 {
			t.Errorf("%d look-ups of 2 users for %d roles", counted.users, len(out.Roles))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
