package iam_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/policy"
)

func userARN(name string) string { return "arn:aws:iam::" + accountID + ":user/" + name }

func TestTrustPolicyRefusals(t *testing.T) {
	s := newService(t)
	s.role(t, "r")
	s.user(t, "alice", "")
	for _, test := range []struct{ name, document, want string }{
		{"not JSON", "{", "MalformedPolicyDocument: This policy contains invalid Json"},
		{"other actions", strings.Replace(trust(accountID), "sts:AssumeRole", "s3:GetObject", 1), "MalformedPolicyDocument: AssumeRole policy may only specify STS AssumeRole actions."},
		{"resource", strings.Replace(trust(accountID), `"Effect"`, `"Resource":"*","Effect"`, 1), "MalformedPolicyDocument: Has prohibited field Resource"},
		{"no such user", trust(userARN("bob")), `MalformedPolicyDocument: Invalid principal in policy: "AWS":"` + userARN("bob") + `"`},
		{"user in another case", trust(userARN("ALICE")), `MalformedPolicyDocument: Invalid principal in policy: "AWS":"` + userARN("ALICE") + `"`},
		{"user under another path", trust(userARN("x/alice")), `MalformedPolicyDocument: Invalid principal in policy: "AWS":"` + userARN("x/alice") + `"`},
		{"one of two missing", trust(userARN("alice"), userARN("bob")), `MalformedPolicyDocument: Invalid principal in policy: "AWS":"` + userARN("bob") + `"`},
		{"no such role", trust("arn:aws:iam::" + accountID + ":role/none"), `MalformedPolicyDocument: Invalid principal in policy: "AWS":"arn:aws:iam::` + accountID + `:role/none"`},
		{"session of no role", trust("arn:aws:sts::" + accountID + ":assumed-role/none/s"), `MalformedPolicyDocument: Invalid principal in policy: "AWS":"arn:aws:sts::` + accountID + `:assumed-role/none/s"`},
		{"no such account", trust("999999999999"), `MalformedPolicyDocument: Invalid principal in policy: "AWS":"999999999999"`},
		{"root of no account", trust("arn:aws:iam::999999999999:root"), `MalformedPolicyDocument: Invalid principal in policy: "AWS":"arn:aws:iam::999999999999:root"`},
		{"user of no account", trust("arn:aws:iam::999999999999:user/alice"), `MalformedPolicyDocument: Invalid principal in policy: "AWS":"arn:aws:iam::999999999999:user/alice"`},
		{"federated user of no account", trust("arn:aws:sts::999999999999:federated-user/f"), `MalformedPolicyDocument: Invalid principal in policy: "AWS":"arn:aws:sts::999999999999:federated-user/f"`},
		{"a group", trust("arn:aws:iam::" + accountID + ":group/g"), `MalformedPolicyDocument: Invalid principal in policy: "AWS":"arn:aws:iam::` + accountID + `:group/g"`},
		{"too long", strings.Replace(trust(accountID), `"Effect"`, `"Sid":"`+strings.Repeat("x", 2048)+`","Effect"`, 1), "LimitExceeded: Cannot exceed quota for ACLSizePerRole: 2048"},
		{"too long to be read", strings.Repeat("{", 2049), "LimitExceeded: Cannot exceed quota for ACLSizePerRole: 2048"},
	} {
		t.Run(test.name, func(t *testing.T) {
			refused(t, s, s.root, "CreateRole", &awsiam.CreateRoleInput{RoleName: aws.String("new"), AssumeRolePolicyDocument: &test.document}, test.want)
			refused(t, s, s.root, "UpdateAssumeRolePolicy", &awsiam.UpdateAssumeRolePolicyInput{RoleName: aws.String("r"), PolicyDocument: &test.document}, test.want)
		})
	}
	if got := unescape(t, s.getRole(t, "r").AssumeRolePolicyDocument); got != trust(accountID) {
		t.Errorf("after the refusals: %s", got)
	}
}

func TestTrustPolicyTakesEveryKindOfPrincipal(t *testing.T) {
	s := newService(t)
	s.user(t, "alice", "")
	s.role(t, "base")
	other := s.account(t, "210987654321", "other@example.com")
	do[awsiam.CreateUserOutput](t, s, other, "CreateUser", &awsiam.CreateUserInput{UserName: aws.String("oscar")})
	for _, document := range []string{
		trust(accountID), trust("*"), trust("arn:aws:iam::210987654321:root"), trust(userARN("alice"), "arn:aws:iam::210987654321:user/oscar"),
		trust("arn:aws:iam::" + accountID + ":role/base"), trust("arn:aws:sts::" + accountID + ":assumed-role/base/session"),
		trust("arn:aws:sts::" + accountID + ":federated-user/fred"),
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}`,
	} {
		do[awsiam.UpdateAssumeRolePolicyOutput](t, s, s.root, "UpdateAssumeRolePolicy", &awsiam.UpdateAssumeRolePolicyInput{RoleName: aws.String("base"), PolicyDocument: &document})
		if got := unescape(t, s.getRole(t, "base").AssumeRolePolicyDocument); got != document {
			t.Errorf("got %s\nwant %s", got, document)
		}
	}
}

// trusts tells whether the role's trust policy allows the user of that name, as it is now, to assume the role.
func trusts(t *testing.T, s *service, role, user string) bool {
	t.Helper()
	var allowed bool
	err := s.Store.View(t.Context(), func(tx iam.Tx) error {
		r, err := tx.Role(t.Context(), accountID, role)
		if err != nil {
			return err
		}
		u, err := tx.User(t.Context(), accountID, user)
		if err != nil {
			return err
		}
		p, err := s.Directory.TrustPolicy(r)
		if err != nil {
			return err
		}
		set := policy.Set{Trust: p}
		decision := set.Evaluate(&policy.Request{
			Action: "sts:AssumeRole", Resource: r.ARN(), ResourceAccount: accountID, Context: policy.NewContext(nil, 0),
			Principal: policy.Principal{Kind: policy.User, Account: accountID, ARN: u.ARN(), ID: u.ID},
		})
		allowed = decision.Allowed()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return allowed
}

// TestTrustIsInThePersonNotTheName deletes a trusted user and makes another one of the same name.
func TestTrustIsInThePersonNotTheName(t *testing.T) {
	s := newService(t)
	alice := *do[awsiam.CreateUserOutput](t, s, s.root, "CreateUser", &awsiam.CreateUserInput{UserName: aws.String("alice")}).User.UserId
	// The ARN also stands in a condition and, escaped, a second time: only principals are shown by id.
	document := `{ "Version": "2012-10-17", "Statement": [
		{ "Effect": "Allow", "Principal": { "AWS": "` + userARN("alice") + `" }, "Action": "sts:AssumeRole",
		  "Condition": { "StringNotEquals": { "aws:PrincipalArn": "` + userARN("bob") + `", "aws:userid": "` + userARN("alice") + `" } } },
		{ "Effect": "Deny", "NotPrincipal": { "AWS": [ "` + accountID + `", "` + strings.ReplaceAll(userARN("alice"), "/", `\/`) + `" ] }, "Action": "sts:AssumeRole" } ] }`
	do[awsiam.CreateRoleOutput](t, s, s.root, "CreateRole", &awsiam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: &document})
	shown := func() string { return unescape(t, s.getRole(t, "r").AssumeRolePolicyDocument) }
	named := func(principal string) string {
		text := strings.Replace(document, `"AWS": "`+userARN("alice")+`"`, `"AWS": "`+principal+`"`, 1)
		return strings.Replace(text, `"`+strings.ReplaceAll(userARN("alice"), "/", `\/`)+`"`, `"`+principal+`"`, 1)
	}
	if got := shown(); got != document {
		t.Errorf("as written: %s", got)
	}
	if !trusts(t, s, "r", "alice") {
		t.Error("alice isn't trusted")
	}

	do[awsiam.UpdateUserOutput](t, s, s.root, "UpdateUser", &awsiam.UpdateUserInput{UserName: aws.String("alice"), NewUserName: aws.String("alison"), NewPath: aws.String("/x/")})
	if got, want := shown(), named(userARN("x/alison")); got != want {
		t.Errorf("renamed:\n got %s\nwant %s", got, want)
	}
	if !trusts(t, s, "r", "alison") {
		t.Error("alice isn't trusted under another name")
	}

	do[awsiam.DeleteUserOutput](t, s, s.root, "DeleteUser", &awsiam.DeleteUserInput{UserName: aws.String("alison")})
	do[awsiam.CreateUserOutput](t, s, s.root, "CreateUser", &awsiam.CreateUserInput{UserName: aws.String("alice")})
	if got, want := shown(), named(alice); got != want {
		t.Errorf("made anew:\n got %s\nwant %s", got, want)
	}
	if trusts(t, s, "r", "alice") {
		t.Error("another alice is trusted")
	}
	listed := do[awsiam.ListRolesOutput](t, s, s.root, "ListRoles", &awsiam.ListRolesInput{}).Roles
	if got := unescape(t, listed[0].AssumeRolePolicyDocument); got != named(alice) {
		t.Errorf("listed: %s", got)
	}

	// What is shown can't be written back: an id is no principal (as at AWS). Written with the ARN, trust is in the new one.
	refused(t, s, s.root, "UpdateAssumeRolePolicy", &awsiam.UpdateAssumeRolePolicyInput{RoleName: aws.String("r"), PolicyDocument: aws.String(trust(alice))},
		`MalformedPolicyDocument: Invalid principal in policy: "AWS":"`+alice+`"`)
	do[awsiam.UpdateAssumeRolePolicyOutput](t, s, s.root, "UpdateAssumeRolePolicy", &awsiam.UpdateAssumeRolePolicyInput{RoleName: aws.String("r"), PolicyDocument: &document})
	if shown() != document || !trusts(t, s, "r", "alice") {
		t.Errorf("written again: %s", shown())
	}
}

func TestTrustInADeletedRole(t *testing.T) {
	s := newService(t)
	base := s.role(t, "base")
	document := trust(*base.Arn, "arn:aws:sts::"+accountID+":assumed-role/base/session", accountID)
	do[awsiam.CreateRoleOutput](t, s, s.root, "CreateRole", &awsiam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: &document})
	do[awsiam.DeleteRoleOutput](t, s, s.root, "DeleteRole", &awsiam.DeleteRoleInput{RoleName: aws.String("base")})
	s.role(t, "base")
	if got, want := unescape(t, s.getRole(t, "r").AssumeRolePolicyDocument), trust(*base.RoleId, *base.RoleId, accountID); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
