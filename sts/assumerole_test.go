package sts_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/sallyport-iam/sallyport/iam"
)

func assume(role string) *awssts.AssumeRoleInput {
	return &awssts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("s1")}
}

func (in *installation) assumed(c *iam.Caller, input *awssts.AssumeRoleInput) *iam.Caller {
	in.Helper()
	return in.temporary(must[awssts.AssumeRoleOutput](in, c, "AssumeRole", input).Credentials)
}

func notAllowed(c *iam.Caller, role string) string {
	return "AccessDenied: User: " + c.UserARN() + " is not authorized to perform: sts:AssumeRole on resource: " + role
}

// A trust policy that names the caller is enough; one that names the account leaves the decision to the caller's
// own policies; nothing outweighs an explicit deny. A role that is missing is refused like one that trusts nobody.
func TestWhoMayAssumeARole(t *testing.T) {
	in := newInstallation(t)
	alice := in.user(in.root, "alice", "")
	bob := in.user(in.root, "bob", document("Allow", "sts:AssumeRole", "*", ""))
	carol := in.user(in.root, "carol", document("Deny", "sts:*", "*", ""))
	byName := in.role(in.root, "by-name", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",
		"Principal":{"AWS":["`+alice.ARN()+`","`+carol.ARN()+`"]}}]}`, "")
	byAccount := in.role(in.root, "by-account", trust(here, ""), "")
	missing := "arn:aws:iam::111122223333:role/missing"
	for _, c := range []struct {
		caller  *iam.Caller
		role    string
		allowed bool
	}{
		{alice, byName, true}, {alice, byAccount, false}, {alice, missing, false},
		{bob, byName, false}, {bob, byAccount, true}, {bob, missing, false},
		{carol, byName, false}, {carol, byAccount, false},
	} {
		if c.allowed {
			in.assumed(c.caller, assume(c.role))
		} else {
			in.refused(c.caller, "AssumeRole", assume(c.role), notAllowed(c.caller, c.role))
		}
	}
	in.refused(in.root, "AssumeRole", assume(byAccount), "AccessDenied: Roles may not be assumed by root accounts.")
	in.refused(alice, "AssumeRole", assume("arn:aws:iam::111122223333:user/x"), "ValidationError: arn:aws:iam::111122223333:user/x is invalid")
	in.refused(alice, "AssumeRole", &awssts.AssumeRoleInput{RoleArn: &byName, RoleSessionName: aws.String("Session1:2")},
		`ValidationError: 1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`)
}

func TestTrustThatAsksForMFA(t *testing.T) {
	in := newInstallation(t)
	alice := in.user(in.root, "alice", "")
	phone := in.enrol("alice")
	role := in.role(in.root, "ops", trust(alice.ARN(), `{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`), "")
	in.refused(alice, "AssumeRole", assume(role), notAllowed(alice, role))

	withCode := assume(role)
	withCode.SerialNumber, withCode.TokenCode = &phone.serial, phone.code(1)
	in.assumed(alice, withCode)
	in.refused(alice, "AssumeRole", withCode, wrongCode)

	in.assumed(in.getSession(alice, phone.session(2)), assume(role))
	without := in.getSession(alice, &awssts.GetSessionTokenInput{})
	in.refused(without, "AssumeRole", assume(role), notAllowed(without, role))
}

// Attack 41: a role of the same name in another account is another role.
func TestAttack41_SameRoleNameInAnotherAccount(t *testing.T) {
	in := newInstallation(t)
	alice := in.user(in.root, "alice", document("Allow", "sts:AssumeRole", "arn:aws:iam::111122223333:role/*", ""))
	foreign := in.role(in.other, "ops", trust(alice.ARN(), ""), "")
	in.role(in.root, "ops", trust(alice.ARN(), ""), "")
	in.refused(alice, "AssumeRole", assume(foreign), notAllowed(alice, foreign)) // cross-account, both sides must allow

	in.allowUser(in.root, "alice", document("Allow", "sts:AssumeRole", foreign, ""))
	session := in.assumed(alice, assume(foreign))
	if session.Account != there || session.UserARN() != "arn:aws:sts::444455556666:assumed-role/ops/s1" {
		t.Errorf("assumed %s", session.UserARN())
	}
	mallory := in.user(in.other, "alice", document("Allow", "sts:AssumeRole", "*", ""))
	home := in.role(in.root, "home", trust(alice.ARN(), ""), "")
	in.refused(mallory, "AssumeRole", assume(home), notAllowed(mallory, home)) // same user name, other account
}

// A user made anew under the name of one that was trusted is somebody else.
func TestTrustDiesWithThePrincipal(t *testing.T) {
	in := newInstallation(t)
	alice := in.user(in.root, "alice", "")
	role := in.role(in.root, "ops", trust(alice.ARN(), ""), "")
	in.assumed(alice, assume(role))
	must[awsiam.DeleteAccessKeyOutput](in, in.root, "DeleteAccessKey", &awsiam.DeleteAccessKeyInput{UserName: aws.String("alice"), AccessKeyId: &alice.AccessKeyID})
	must[awsiam.DeleteUserOutput](in, in.root, "DeleteUser", &awsiam.DeleteUserInput{UserName: aws.String("alice")})
	again := in.user(in.root, "alice", "")
	in.refused(again, "AssumeRole", assume(role), notAllowed(again, role))
	shown := must[awsiam.GetRoleOutput](in, in.root, "GetRole", &awsiam.GetRoleInput{RoleName: aws.String("ops")})
	if !strings.Contains(*shown.Role.AssumeRolePolicyDocument, alice.ID) {
		t.Errorf("the trust policy is shown as %s, want the id of the user that was deleted", *shown.Role.AssumeRolePolicyDocument)
	}
}

func TestRoleLifetimesAndChains(t *testing.T) {
	in := newInstallation(t)
	alice := in.user(in.root, "alice", "")
	first := in.role(in.root, "first", trust(alice.ARN(), ""), document("Allow", "sts:AssumeRole", "*", ""))
	second := in.role(in.root, "second", trust(here, ""), "")
	lasting := func(role string, seconds int32) *awssts.AssumeRoleInput {
		input := assume(role)
		input.DurationSeconds = &seconds
		return input
	}
	tooLong := "ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
	in.refused(alice, "AssumeRole", lasting(first, 7201), tooLong)
	session := in.assumed(alice, lasting(first, 7200))
	if got := session.Session.Expires.Sub(in.now); got != 2*time.Hour {
		t.Errorf("the session lasts %v, want 2h", got)
	}
	if got := in.assumed(alice, assume(first)).Session.Expires.Sub(in.now); got != time.Hour {
		t.Errorf("the default session lasts %v, want 1h", got)
	}
	in.refused(session, "AssumeRole", lasting(second, 3601),
		"ValidationError: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	in.assumed(session, lasting(second, 3600))
}

func TestSessionPolicies(t *testing.T) {
	in := newInstallation(t)
	alice := in.user(in.root, "alice", "")
	role := in.role(in.root, "ops", trust(alice.ARN(), ""), document("Allow", "iam:*", "*", ""))
	limited := assume(role)
	limited.Policy = aws.String(document("Allow", "iam:ListUsers", "*", ""))
	session := in.assumed(alice, limited)
	must[awsiam.ListUsersOutput](in, session, "ListUsers", &awsiam.ListUsersInput{})
	in.refused(session, "ListRoles", &awsiam.ListRolesInput{}, "AccessDenied: User: arn:aws:sts::111122223333:assumed-role/ops/s1 is not "+
		"authorized to perform: iam:ListRoles on resource: arn:aws:iam::111122223333:role/ because no session policy allows the iam:ListRoles action")

	// A managed session policy is read live: a new default version changes a session that exists.
	managed := must[awsiam.CreatePolicyOutput](in, in.root, "CreatePolicy", &awsiam.CreatePolicyInput{
		PolicyName: aws.String("limit"), PolicyDocument: limited.Policy}).Policy.Arn
	byARN := assume(role)
	byARN.PolicyArns = []types.PolicyDescriptorType{{Arn: managed}}
	session = in.assumed(alice, byARN)
	if _, err := in.try(session, "ListRoles", &awsiam.ListRolesInput{}); err == nil {
		t.Error("the managed session policy does not limit")
	}
	must[awsiam.CreatePolicyVersionOutput](in, in.root, "CreatePolicyVersion", &awsiam.CreatePolicyVersionInput{
		PolicyArn: managed, PolicyDocument: aws.String(document("Allow", "iam:ListRoles", "*", "")), SetAsDefault: true})
	credentials := must[awssts.AssumeRoleOutput](in, alice, "AssumeRole", byARN).Credentials
	must[awsiam.ListRolesOutput](in, in.temporary(credentials), "ListRoles", &awsiam.ListRolesInput{})

	tooLarge := assume(role)
	tooLarge.Policy = aws.String(document("Allow", "iam:"+strings.Repeat("x", 2100), "*", ""))
	in.refused(alice, "AssumeRole", tooLarge, "PackedPolicyTooLarge: Packed policy consumes 107% of allotted space, please use smaller policy.")
	out := must[awssts.AssumeRoleOutput](in, alice, "AssumeRole", limited)
	//lint:ignore SA1019 clients of before its successor read it
	if packed := aws.ToInt32(out.PackedPolicySize); packed != 5 {
		t.Errorf("packed policy size of %d%%, want 5%%", packed)
	}
}

func TestSessionTags(t *testing.T) {
	in := newInstallation(t)
	alice := in.user(in.root, "alice", "")
	tagged := document("Allow", "*", "*", `{"StringEquals":{"aws:PrincipalTag/team":"blue"}}`)
	first := in.role(in.root, "first", trust(alice.ARN(), ""), tagged)
	second := in.role(in.root, "second", trust(here, ""), tagged)
	tag := func(key, value string) types.Tag { return types.Tag{Key: &key, Value: &value} }

	plain := in.assumed(alice, assume(first))
	if _, err := in.try(plain, "ListUsers", &awsiam.ListUsersInput{}); err == nil {
		t.Error("a session without the tag passes for one with it")
	}
	input := assume(first)
	input.Tags, input.TransitiveTagKeys = []types.Tag{tag("Team", "blue"), tag("other", "x")}, []string{"team"}
	session := in.assumed(alice, input)
	must[awsiam.ListUsersOutput](in, session, "ListUsers", &awsiam.ListUsersInput{})

	chained := in.assumed(session, assume(second)) // inherits team, and so may list
	must[awsiam.ListUsersOutput](in, chained, "ListUsers", &awsiam.ListUsersInput{})
	again := assume(second)
	again.Tags = []types.Tag{tag("TEAM", "red")}
	in.refused(session, "AssumeRole", again, "InvalidParameterValue: One of the specified transitive tag keys can't be set because "+
		"it conflicts with a transitive tag key from the calling session.")

	input.TransitiveTagKeys = []string{"absent"}
	in.refused(alice, "AssumeRole", input, "InvalidParameterValue: The specified transitive tag key must be included in the requested tags.")
	input.Tags = []types.Tag{tag("a", "1"), tag("A", "2")}
	in.refused(alice, "AssumeRole", input, "InvalidParameterValue: Duplicate tag keys found. Please note that Tag keys are case insensitive.")
}

// Attack: an explicit deny by a role's ARN is not avoided by another spelling of the role's name.
func TestARoleHasOneSpelling(t *testing.T) {
	in := newInstallation(t)
	alice := in.user(in.root, "alice", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
		{"Effect":"Deny","Action":"sts:*","Resource":"arn:aws:iam::111122223333:role/Admin"}]}`)
	in.role(in.root, "Admin", trust(here, ""), document("Allow", "*", "*", ""))
	for _, name := range []string{"Admin", "ADMIN", "admin"} {
		role := "arn:aws:iam::111122223333:role/" + name
		in.refused(alice, "AssumeRole", assume(role), notAllowed(alice, role))
	}
}

// Attack: tags and a source identity that a chain hands on are believed only by a role whose trust policy allows
// them to be passed, or whoever controls the first role could claim anything.
func TestAChainCarriesOnlyWhatTheRoleBelieves(t *testing.T) {
	in := newInstallation(t)
	mallory := in.user(in.other, "mallory", document("Allow", "*", "*", ""))
	first := in.role(in.other, "first", trust(mallory.ARN(), ""), document("Allow", "*", "*", ""))
	second := in.role(in.root, "second", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",
		"Principal":{"AWS":"`+first+`"}}]}`, "")
	in.assumed(in.assumed(mallory, assume(first)), assume(second))
	input := assume(first)
	input.Tags, input.TransitiveTagKeys = []types.Tag{{Key: aws.String("team"), Value: aws.String("admins")}}, []string{"team"}
	session := in.assumed(mallory, input)
	in.refused(session, "AssumeRole", assume(second), "AccessDenied: User: "+session.UserARN()+
		" is not authorized to perform: sts:TagSession on resource: "+second)
	input = assume(first)
	input.SourceIdentity = aws.String("ceo")
	session = in.assumed(mallory, input)
	in.refused(session, "AssumeRole", assume(second), "AccessDenied: User: "+session.UserARN()+
		" is not authorized to perform: sts:SetSourceIdentity on resource: "+second)
}

// What DecodeAuthorizationMessage tells of a refusal is the same for every role that doesn't let the caller in.
func TestRefusalsDontTellOfOtherAccountsRoles(t *testing.T) {
	in := newInstallation(t)
	alice := in.user(in.root, "alice", document("Allow", "sts:AssumeRole", "*", ""))
	in.role(in.other, "closed", trust(there, ""), "")
	in.role(in.other, "denied", `{"Version":"2012-10-17","Statement":[{"Sid":"KeepOut","Effect":"Deny","Action":"sts:AssumeRole",
		"Principal":{"AWS":"*"}}]}`, "")
	var told []string
	for _, name := range []string{"closed", "denied", "absent"} {
		_, err := in.try(alice, "AssumeRole", assume("arn:aws:iam::444455556666:role/"+name))
		encoded := iam.EncodedMessage(err)
		out := must[awssts.DecodeAuthorizationMessageOutput](in, in.root, "DecodeAuthorizationMessage",
			&awssts.DecodeAuthorizationMessageInput{EncodedMessage: &encoded})
		told = append(told, strings.ReplaceAll(*out.DecodedMessage, name, "NAME"))
	}
	if told[0] != told[1] || told[1] != told[2] {
		t.Errorf("the roles are told apart:\n%s", strings.Join(told, "\n"))
	}
}

// A role taken from another account is recorded in both.
func TestBothAccountsRecordARoleTaken(t *testing.T) {
	in := newInstallation(t)
	alice := in.user(in.root, "alice", document("Allow", "sts:AssumeRole", "*", ""))
	role := in.role(in.other, "ops", trust(alice.ARN(), ""), "")
	in.assumed(alice, assume(role))
	for _, account := range []string{here, there} {
		var records []iam.AuditRecord
		err := in.store.View(t.Context(), func(tx iam.Tx) (err error) {
			records, err = tx.AuditRecords(t.Context(), iam.AuditFilter{Account: account, EventName: "AssumeRole", Limit: 10})
			return err
		})
		if err != nil || len(records) != 1 || !strings.Contains(string(records[0].JSON), `"recipientAccountId":"`+account+`"`) {
			t.Errorf("account %s has %d records of it, %v", account, len(records), err)
		}
	}
}

func TestSourceIdentityAndExternalID(t *testing.T) {
	in := newInstallation(t)
	alice := in.user(in.root, "alice", "")
	first := in.role(in.root, "first", trust(alice.ARN(), `{"StringEquals":{"sts:ExternalId":"42"}}`), document("Allow", "sts:*", "*", ""))
	second := in.role(in.root, "second", trust(here, ""), "")
	in.refused(alice, "AssumeRole", assume(first), notAllowed(alice, first))
	input := assume(first)
	input.ExternalId, input.SourceIdentity = aws.String("42"), aws.String("alice")
	session := in.assumed(alice, input)
	out := must[awssts.AssumeRoleOutput](in, session, "AssumeRole", assume(second))
	if aws.ToString(out.SourceIdentity) != "alice" {
		t.Errorf("source identity %q in the chain, want alice", aws.ToString(out.SourceIdentity))
	}
	other := assume(second)
	other.SourceIdentity = aws.String("bob")
	in.refused(session, "AssumeRole", other, "AccessDenied: The source identity of the calling session can't be changed.")
}
