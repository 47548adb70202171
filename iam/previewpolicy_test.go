package iam_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/sallyport-iam/sallyport/iam"
)

// withoutMFA denies what the element says unless there is MFA; %s is Action or NotAction with what it names.
const withoutMFA = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny",%s,"Resource":"*",
	"Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}]}`

// standard is the policy that leaves only what enrolling a device needs (IAM User Guide, "Allows MFA-authenticated IAM
// users to manage their own credentials").
var standard = fmt.Sprintf(withoutMFA, `"NotAction":["iam:CreateVirtualMFADevice","iam:EnableMFADevice","iam:GetUser",
	"iam:ListMFADevices","iam:ListVirtualMFADevices","iam:ResyncMFADevice","sts:GetSessionToken"]`)

// previews asks for every page of a preview, by user name.
func (s *service) previews(t testing.TB, document string, pageSize int) map[string]iam.UserPreview {
	t.Helper()
	all := map[string]iam.UserPreview{}
	marker := ""
	quoted, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	for {
		out := inConsole[iam.PreviewPolicyOutput](t, s, s.root, "PreviewPolicy",
			fmt.Sprintf(`{"PolicyDocument":%s,"MaxItems":%d%s}`, quoted, pageSize, marker))
		if len(out.Users) > pageSize {
			t.Fatalf("%d users on a page of %d", len(out.Users), pageSize)
		}
		for _, u := range out.Users {
			all[u.UserName] = u
		}
		if out.Marker == nil {
			if out.Total != len(all) {
				t.Errorf("%d users of %d", len(all), out.Total)
			}
			return all
		}
		marker = `,"Marker":"` + *out.Marker + `"`
	}
}

// lost is "console", "keys", both or nothing, and the example.
func lost(u iam.UserPreview) string {
	var what []string
	if u.LosesConsole {
		what = append(what, "console")
	}
	if u.LosesAccessKeys {
		what = append(what, "keys")
	}
	return strings.TrimSpace(strings.Join(what, " and ") + " " + u.Example)
}

func TestPreviewPolicyOfEachUser(t *testing.T) {
	s := newService(t)
	member := func(name, document string) *iam.Caller {
		c := s.user(t, name, document)
		s.password(t, c.ID, time.Time{}, false)
		return c
	}
	statement := func(effect, body string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `",` + body + `}]}`
	}
	member("admin", allow("*", "*"))
	guarded := member("admin-with-app", allow("*", "*"))
	s.assigned(t, guarded.ID, "arn:aws:iam::123456789012:mfa/b", iam.VirtualDevice, nil)
	s.assigned(t, guarded.ID, "arn:aws:iam::123456789012:mfa/a", iam.VirtualDevice, nil)
	s.assigned(t, guarded.ID, "GAKT1", iam.HardwareDevice, nil)
	off := member("admin-key-off", allow("*", "*"))
	do[awsiam.UpdateAccessKeyOutput](t, s, s.root, "UpdateAccessKey", &awsiam.UpdateAccessKeyInput{
		UserName: aws.String("admin-key-off"), AccessKeyId: &off.AccessKeyID, Status: types.StatusTypeInactive})
	s.user(t, "robot", allow("*", "iam:ListUsers"))
	member("nothing", "")
	member("enrols", allow("*", "iam:GetUser", "iam:ListMFADevices", "sts:GetSessionToken", "sts:GetCallerIdentity"))
	member("reader", allow("arn:aws:s3:::b/*", "s3:Get*"))
	member("power", statement("Allow", `"NotAction":["iam:*","organizations:*"],"Resource":"*"`))
	member("hops", allow("arn:aws:iam::999999999999:role/Deploy", "sts:AssumeRole"))
	member("one-group", allow("arn:aws:iam::123456789012:group/x/special", "iam:GetGroup"))
	member("own-password", allow("arn:aws:iam::*:user/${aws:username}", "iam:ChangePassword"))
	member("wants-mfa", statement("Allow", `"Action":"*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`))
	member("denied", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*"}]}`)
	member("held-already", allow("*", "*"))
	do[awsiam.PutUserPolicyOutput](t, s, s.root, "PutUserPolicy", &awsiam.PutUserPolicyInput{
		UserName: aws.String("held-already"), PolicyName: aws.String("mfa"), PolicyDocument: &standard})
	member("by-tag", statement("Allow", `"Action":"iam:TagUser","Resource":"*","Condition":{"StringEquals":{"iam:ResourceTag/team":"ops"}}`))
	do[awsiam.TagUserOutput](t, s, s.root, "TagUser", &awsiam.TagUserInput{UserName: aws.String("by-tag"),
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("ops")}}})
	bounded := s.policy(t, "Boundary", allow("*", "iam:GetUser"))
	member("bounded", allow("*", "*"))
	do[awsiam.PutUserPermissionsBoundaryOutput](t, s, s.root, "PutUserPermissionsBoundary",
		&awsiam.PutUserPermissionsBoundaryInput{UserName: aws.String("bounded"), PermissionsBoundary: &bounded})
	member("by-group", "")
	s.group(t, "listers")
	s.join(t, "by-group", "listers")
	do[awsiam.PutGroupPolicyOutput](t, s, s.root, "PutGroupPolicy", &awsiam.PutGroupPolicyInput{
		GroupName: aws.String("listers"), PolicyName: aws.String("p"), PolicyDocument: aws.String(allow("*", "iam:ListUsers"))})

	deny := func(body string) string { return statement("Deny", body) }
	nobody := map[string]string{}
	for _, test := range []struct {
		name, document string
		want           map[string]string
	}{
		{"everything but enrolling", standard, map[string]string{
			"admin": "console and keys iam:CreateUser", "admin-with-app": "keys iam:CreateUser", "admin-key-off": "console iam:CreateUser",
			"robot": "keys iam:ListUsers", "reader": "console and keys s3:get*", "power": "console and keys cloudtrail:LookupEvents",
			"hops": "console and keys sts:AssumeRole", "one-group": "console and keys iam:GetGroup",
			"own-password": "console and keys iam:ChangePassword", "by-tag": "console and keys iam:TagUser", "by-group": "console and keys iam:ListUsers",
		}},
		{"a condition that keys don't meet", strings.Replace(fmt.Sprintf(withoutMFA, `"Action":"iam:ListUsers"`), "BoolIfExists", "Bool", 1), map[string]string{
			"admin": "console iam:ListUsers", "admin-key-off": "console iam:ListUsers", "by-group": "console iam:ListUsers", "held-already": "",
		}},
		{"an allowance", allow("*", "*"), nobody},
		{"what no policy decides", deny(`"Action":["sts:GetSessionToken","sts:GetCallerIdentity"],"Resource":"*"`), nobody},
		{"an action on what it is never about", deny(`"Action":"iam:DeleteUser","Resource":"arn:aws:iam::*:mfa/*"`), nobody},
		{"a part of another service", deny(`"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/secret"`), map[string]string{
			"admin": "console and keys s3:getobject", "admin-with-app": "keys s3:getobject", "admin-key-off": "console s3:getobject",
			"power": "console and keys s3:getobject", "reader": "console and keys s3:getobject",
		}},
		{"one's own", deny(`"Action":"*","Resource":"arn:aws:iam::*:user/${aws:username}","Condition":{"StringEquals":{"aws:username":"own-password"}}`),
			map[string]string{"own-password": "console and keys iam:ChangePassword"}},
		{"one resource", deny(`"NotAction":"iam:GetUser","Resource":"arn:aws:iam::123456789012:group/x/special"`), map[string]string{
			"admin": "console and keys iam:CreateGroup", "admin-with-app": "keys iam:CreateGroup", "admin-key-off": "console iam:CreateGroup",
			"one-group": "console and keys iam:GetGroup", "power": "console and keys *",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for name, u := range s.previews(t, test.document, 500) {
				if got, want := lost(u), test.want[name]; got != want {
					t.Errorf("%s loses %q, want %q", name, got, want)
				}
			}
		})
	}

	all := s.previews(t, standard, 500)
	if got, want := asJSON(t, all["admin-with-app"]), asJSON(t, iam.UserPreview{
		UserName: "admin-with-app", MFAKinds: []iam.DeviceKind{"hardware", "virtual"}, Console: true, ActiveAccessKeys: 1, LosesAccessKeys: true, Example: "iam:CreateUser",
	}); got != want {
		t.Errorf("shown %s, want %s", got, want)
	}
	if u := all["robot"]; u.Console || u.ActiveAccessKeys != 1 || u.MFAKinds == nil {
		t.Errorf("robot is %+v", u)
	}
	if u := all["admin-key-off"]; u.ActiveAccessKeys != 0 {
		t.Errorf("a key that is off counts: %+v", u)
	}
	if got, want := asJSON(t, s.previews(t, standard, 3)), asJSON(t, all); got != want {
		t.Errorf("pages of three join to %s, want %s", got, want)
	}
}

// What a preview says comes true: the example is refused once the policy is attached, and then nothing more is lost.
func TestPreviewPolicyComesTrue(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", allow("*", "iam:ListGroups", "iam:GetUser"))
	s.password(t, alice.ID, time.Time{}, false)
	if got := lost(s.previews(t, standard, 1)["alice"]); got != "console and keys iam:ListGroups" {
		t.Fatalf("alice loses %q", got)
	}
	callers := []*iam.Caller{alice, s.signedIn(alice, false)}
	for _, c := range callers {
		do[awsiam.ListGroupsOutput](t, s, c, "ListGroups", &awsiam.ListGroupsInput{})
	}
	do[awsiam.PutUserPolicyOutput](t, s, s.root, "PutUserPolicy", &awsiam.PutUserPolicyInput{
		UserName: aws.String("alice"), PolicyName: aws.String("mfa"), PolicyDocument: &standard})
	for _, c := range callers {
		refused(t, s, c, "ListGroups", &awsiam.ListGroupsInput{},
			"AccessDenied: User: arn:aws:iam::123456789012:user/alice is not authorized to perform: iam:ListGroups on resource: arn:aws:iam::123456789012:group/ with an explicit deny in an identity-based policy")
	}
	do[awsiam.ListGroupsOutput](t, s, s.signedIn(alice, true), "ListGroups", &awsiam.ListGroupsInput{})
	if got := lost(s.previews(t, standard, 1)["alice"]); got != "" {
		t.Errorf("alice still loses %q", got)
	}
}

func TestPreviewPolicyRefusals(t *testing.T) {
	s := newService(t)
	broken := `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"x","Resource":"*"}]}`
	in := func(document string) string { return `{"PolicyDocument":` + asJSON(t, document) + `}` }
	s.user(t, "alice", "")
	_, err := s.call(t.Context(), s.root, "PutUserPolicy", &awsiam.PutUserPolicyInput{
		UserName: aws.String("alice"), PolicyName: aws.String("p"), PolicyDocument: &broken})
	if err == nil || !strings.HasPrefix(err.Error(), "MalformedPolicyDocument: ") {
		t.Fatalf("PutUserPolicy answers %v", err)
	}
	refusedInConsole(t, s, s.root, "PreviewPolicy", in(broken), err.Error())

	// It tells what two operations tell, and wants the permission for both.
	for name, test := range map[string]struct{ may, lacks string }{
		"neither":    {"iam:ListUsers", "iam:GetAccountAuthorizationDetails"},
		"policies":   {"iam:GetAccountAuthorizationDetails", "iam:GetCredentialReport"},
		"the report": {"iam:GetCredentialReport", "iam:GetAccountAuthorizationDetails"},
	} {
		name = strings.ReplaceAll(name, " ", "-")
		refusedInConsole(t, s, s.user(t, name, allow("*", test.may)), "PreviewPolicy", in(standard), "AccessDenied: User: arn:aws:iam::123456789012:user/"+
			name+" is not authorized to perform: "+test.lacks+" on resource: * because no identity-based policy allows the "+test.lacks+" action")
	}
	auditor := s.user(t, "auditor", allow("*", "iam:Get*"))
	if got := inConsole[iam.PreviewPolicyOutput](t, s, auditor, "PreviewPolicy", in(standard)); got.Total != 5 || len(got.Users) != 5 {
		t.Errorf("the auditor sees %s", asJSON(t, got))
	}
}

// longDenial is a document as long as one can be, whose patterns all have to be tried, and not just at their beginning.
func longDenial() string {
	var names []string
	for i := range 350 {
		names = append(names, fmt.Sprintf(`"iam:*e*t*%d"`, 1000+i))
	}
	return fmt.Sprintf(withoutMFA, `"NotAction":[`+strings.Join(names, ",")+`]`)
}

// BenchmarkPreviewPolicy previews a page of 500 users who all have a password and a key: those in a group of
// administrators, those who may see to themselves only, those with rights elsewhere, and those who are held already.
func BenchmarkPreviewPolicy(b *testing.B) {
	s := newService(b)
	s.group(b, "admins")
	s.group(b, "everybody")
	for group, document := range map[string]string{
		"admins": allow("*", "*"), "everybody": allow("arn:aws:iam::*:user/${aws:username}", "iam:GetUser", "iam:ListMFADevices"),
	} {
		do[awsiam.PutGroupPolicyOutput](b, s, s.root, "PutGroupPolicy", &awsiam.PutGroupPolicyInput{
			GroupName: &group, PolicyName: aws.String("p"), PolicyDocument: &document})
	}
	group := func(name string) (id string) {
		return *do[awsiam.GetGroupOutput](b, s, s.root, "GetGroup", &awsiam.GetGroupInput{GroupName: &name}).Group.GroupId
	}
	admins, everybody := group("admins"), group("everybody")
	s.stored(b, func(ctx context.Context, tx iam.Tx) error {
		for i := range 500 {
			id := fmt.Sprintf("AIDA%016d", i)
			put := func(name, document string) error {
				return tx.PutInlinePolicy(ctx, accountID, id, iam.InlinePolicy{Name: name, Document: document})
			}
			steps := []error{
				tx.InsertUser(ctx, &iam.User{Account: accountID, ID: id, Name: fmt.Sprintf("user%03d", i), Path: "/", Created: s.Now()}),
				tx.InsertLoginProfile(ctx, &iam.LoginProfile{Account: accountID, OwnerID: id, Hash: "*", Created: s.Now()}),
				tx.InsertAccessKey(ctx, &iam.AccessKey{Account: accountID, ID: fmt.Sprintf("AKIA%016d", i), OwnerID: id, Secret: "secret", Active: true, Created: s.Now()}),
				tx.AddGroupMember(ctx, accountID, everybody, id),
			}
			switch i % 4 {
			case 0:
				steps = append(steps, tx.AddGroupMember(ctx, accountID, admins, id))
			case 1:
				steps = append(steps, put("bucket", allow(fmt.Sprintf("arn:aws:s3:::bucket-%d/*", i), "s3:GetObject", "s3:PutObject")))
			case 2:
				steps = append(steps, put("held", standard), tx.AddGroupMember(ctx, accountID, admins, id))
			}
			for _, err := range steps {
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	for name, document := range map[string]string{"standard": standard, "longest": longDenial()} {
		in := `{"MaxItems":500,"PolicyDocument":` + asJSON(b, document) + `}`
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if out := inConsole[iam.PreviewPolicyOutput](b, s, s.root, "PreviewPolicy", in); len(out.Users) != 500 {
					b.Fatalf("%d users", len(out.Users))
				}
			}
		})
	}
}
