package sts_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/sallyport-iam/sallyport/iam"
)

const (
	wrongCode   = "AccessDenied: MultiFactorAuthentication failed with invalid MFA one time pass code. "
	cantVerify  = "AccessDenied: MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user."
	halfGiven   = "AccessDenied: MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
	invalidated = "InvalidClientTokenId: The security token included in the request is invalid"
)

func (a app) session(steps int64) *awssts.GetSessionTokenInput {
	return &awssts.GetSessionTokenInput{SerialNumber: &a.serial, TokenCode: a.code(steps)}
}

func (in *installation) getSession(c *iam.Caller, input *awssts.GetSessionTokenInput) *iam.Caller {
	in.Helper()
	return in.temporary(must[awssts.GetSessionTokenOutput](in, c, "GetSessionToken", input).Credentials)
}

func TestGetCallerIdentity(t *testing.T) {
	in := newInstallation(t)
	alice := in.user(in.root, "alice", document("Deny", "*", "*", ""))
	role := in.role(in.root, "ops", trust(alice.ARN(), ""), "")
	in.allowUser(in.root, "alice", document("Allow", "sts:*", "*", ""))
	ops := in.temporary(must[awssts.AssumeRoleOutput](in, alice, "AssumeRole",
		&awssts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("s1")}).Credentials)
	fed := in.temporary(must[awssts.GetFederationTokenOutput](in, alice, "GetFederationToken",
		&awssts.GetFederationTokenInput{Name: aws.String("guest")}).Credentials)
	in.allowUser(in.root, "alice", document("Deny", "*", "*", ""))
	for _, c := range []struct {
		caller  *iam.Caller
		arn, id string
	}{
		{in.root, "arn:aws:iam::111122223333:root", here},
		{alice, "arn:aws:iam::111122223333:user/alice", alice.ID}, // works under an explicit deny of everything
		{ops, "arn:aws:sts::111122223333:assumed-role/ops/s1", ops.ID + ":s1"},
		{fed, "arn:aws:sts::111122223333:federated-user/guest", here + ":guest"},
	} {
		out := must[awssts.GetCallerIdentityOutput](in, c.caller, "GetCallerIdentity", &awssts.GetCallerIdentityInput{})
		if *out.Arn != c.arn || *out.UserId != c.id || *out.Account != here {
			t.Errorf("identity %s, %s of %s; want %s, %s of %s", *out.Arn, *out.UserId, *out.Account, c.arn, c.id, here)
		}
	}
}

// The standard policy that denies everything without MFA does not keep its users from GetSessionToken, and an MFA
// session lifts it.
func TestSessionLiftsDenyWithoutMFA(t *testing.T) {
	in := newInstallation(t)
	alice := in.user(in.root, "alice", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"iam:*","Resource":"*"},
		{"Sid":"DenyAllExceptListedIfNoMFA","Effect":"Deny","NotAction":"iam:ListMFADevices","Resource":"*",
		 "Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}]}`)
	phone := in.enrol("alice")
	list := &awsiam.ListUsersInput{}
	in.refused(alice, "ListUsers", list, "AccessDenied: User: arn:aws:iam::111122223333:user/alice is not authorized to perform: "+
		"iam:ListUsers on resource: arn:aws:iam::111122223333:user/ with an explicit deny in an identity-based policy")

	with := in.getSession(alice, phone.session(1))
	must[awsiam.ListUsersOutput](in, with, "ListUsers", list)
	if !with.Session.MFA.Equal(in.now) || !with.Session.Expires.Equal(in.now.Add(12*time.Hour)) {
		t.Errorf("session with MFA at %v until %v", with.Session.MFA, with.Session.Expires)
	}
	without := in.getSession(alice, &awssts.GetSessionTokenInput{})
	in.refused(without, "ListUsers", list, invalidated)
}

func TestMultiFactorAuthPresentAndAge(t *testing.T) {
	conditions := map[string]string{
		"true":   `{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`,
		"false":  `{"Bool":{"aws:MultiFactorAuthPresent":"false"}}`,
		"absent": `{"Null":{"aws:MultiFactorAuthPresent":"true"}}`,
		"recent": `{"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}`,
	}
	in := newInstallation(t)
	alice := in.user(in.root, "alice", document("Allow", "sts:AssumeRole", "*", ""))
	phone := in.enrol("alice")
	role := in.role(in.root, "ops", trust(alice.ARN(), ""), "")
	callers := map[string]*iam.Caller{
		"long-term key":  alice,
		"session, MFA":   in.getSession(alice, phone.session(1)),
		"session, no":    in.getSession(alice, &awssts.GetSessionTokenInput{}),
		"console, no":    {Principal: alice.Principal, Session: &iam.Session{Kind: iam.ConsoleSession, Issued: in.now}},
		"role, no":       in.temporary(must[awssts.AssumeRoleOutput](in, alice, "AssumeRole", &awssts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("s1")}).Credentials),
		"role, with MFA": in.temporary(must[awssts.AssumeRoleOutput](in, alice, "AssumeRole", &awssts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("s1"), SerialNumber: &phone.serial, TokenCode: phone.code(2)}).Credentials),
	}
	want := map[string]map[string]bool{
		"long-term key":  {"absent": true},
		"session, MFA":   {"true": true, "recent": true},
		"session, no":    {"false": true},
		"console, no":    {"false": true},
		"role, no":       {"false": true},
		"role, with MFA": {"false": true}, // a role session doesn't inherit the MFA of its making
	}
	for condition, text := range conditions {
		in.allowUser(in.root, "alice", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:*","Resource":"*","Condition":`+text+`}]}`)
		must[awsiam.PutRolePolicyOutput](in, in.root, "PutRolePolicy", &awsiam.PutRolePolicyInput{RoleName: aws.String("ops"),
			PolicyName: aws.String("inline"), PolicyDocument: aws.String(document("Allow", "sts:*", "*", text))})
		for name, c := range callers {
			// An operation of STS that every kind of caller but a session without MFA may call; that one assumes a role.
			action, input := "GetAccessKeyInfo", any(&awssts.GetAccessKeyInfoInput{AccessKeyId: aws.String("ASIAIOSFODNN7EXAMPLE")})
			if c.Session != nil && c.Session.Kind == iam.SessionToken {
				byAccount := "by-account-" + condition
				if _, err := in.try(in.root, "GetRole", &awsiam.GetRoleInput{RoleName: &byAccount}); err != nil {
					in.role(in.root, byAccount, trust(here, ""), "")
				}
				action, input = "AssumeRole", &awssts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::" + here + ":role/" + byAccount), RoleSessionName: aws.String("s1")}
			}
			_, err := in.try(c, action, input)
			if allowed := err == nil; allowed != want[name][condition] {
				t.Errorf("%s: condition %q holds: %v, want %v (%v)", name, condition, allowed, want[name][condition], err)
			}
		}
	}
	in.now = in.now.Add(2 * time.Hour)
	in.allowUser(in.root, "alice", document("Allow", "iam:*", "*", conditions["recent"]))
	if _, err := in.try(callers["session, MFA"], "ListUsers", &awsiam.ListUsersInput{}); err == nil {
		t.Error("MFA of two hours ago counts as recent")
	}
}

func TestCodesAtSTS(t *testing.T) {
	in := newInstallation(t)
	alice, bob := in.user(in.root, "alice", ""), in.user(in.root, "bob", "")
	phone := in.enrol("alice")
	with := func(serial string, code *string) *awssts.GetSessionTokenInput {
		return &awssts.GetSessionTokenInput{SerialNumber: &serial, TokenCode: code}
	}
	in.refused(alice, "GetSessionToken", phone.session(3), wrongCode)
	in.refused(alice, "GetSessionToken", phone.session(-3), wrongCode)
	in.refused(alice, "GetSessionToken", with("arn:aws:iam::111122223333:mfa/none", phone.code(1)), cantVerify)
	in.refused(bob, "GetSessionToken", phone.session(1), cantVerify)
	in.refused(alice, "GetSessionToken", &awssts.GetSessionTokenInput{SerialNumber: &phone.serial}, halfGiven)
	in.refused(alice, "GetSessionToken", &awssts.GetSessionTokenInput{TokenCode: phone.code(1)}, halfGiven)

	// The codes of Enable are good once more, and an older code after a newer one.
	for _, steps := range []int64{2, 0} {
		in.getSession(alice, phone.session(steps))
		in.refused(alice, "GetSessionToken", phone.session(steps), wrongCode)
	}
	in.now = in.now.Add(3 * time.Minute) // a new budget; what was the present code is six steps old
	for _, steps := range []int64{-6, -5, -4, -3} {
		in.refused(alice, "GetSessionToken", phone.session(steps), wrongCode)
	}
	in.getSession(alice, phone.session(-2))
	in.getSession(alice, phone.session(-1))
}

// Attack 3: a code that was used at one operation is good at no other.
func TestAttack03_CodeUsedOnAnotherSurface(t *testing.T) {
	in := newInstallation(t)
	alice := in.user(in.root, "alice", "")
	phone := in.enrol("alice")
	role := in.role(in.root, "ops", trust(alice.ARN(), ""), "")
	assume := func(steps int64) *awssts.AssumeRoleInput {
		return &awssts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("s1"), SerialNumber: &phone.serial, TokenCode: phone.code(steps)}
	}
	in.getSession(alice, phone.session(1))
	in.refused(alice, "AssumeRole", assume(1), wrongCode)
	must[awssts.AssumeRoleOutput](in, alice, "AssumeRole", assume(2))
	in.refused(alice, "GetSessionToken", phone.session(2), wrongCode)
}

// A code is used up by a call that is then refused for another reason.
func TestACodeIsUsedWhateverBecomesOfTheCall(t *testing.T) {
	in := newInstallation(t)
	alice := in.user(in.root, "alice", "")
	phone := in.enrol("alice")
	in.refused(alice, "AssumeRole", &awssts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::111122223333:role/none"), RoleSessionName: aws.String("s1"), SerialNumber: &phone.serial, TokenCode: phone.code(1),
	}, "AccessDenied: User: arn:aws:iam::111122223333:user/alice is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/none")
	in.refused(alice, "GetSessionToken", phone.session(1), wrongCode)
}

// Nine verifications a device in a window of three minutes; the right, the wrong and the reused ones count, those
// that are not verifications don't.
func TestBudget(t *testing.T) {
	in := newInstallation(t)
	alice, bob := in.user(in.root, "alice", ""), in.user(in.root, "bob", "")
	phone := in.enrol("alice")
	for range 20 {
		in.refused(bob, "GetSessionToken", phone.session(1), cantVerify)
		in.refused(alice, "GetSessionToken", &awssts.GetSessionTokenInput{SerialNumber: &phone.serial}, halfGiven)
	}
	in.getSession(alice, phone.session(0))
	for range 4 {
		in.refused(alice, "GetSessionToken", phone.session(0), wrongCode)
		in.refused(alice, "GetSessionToken", phone.session(77), wrongCode)
	}
	for range 20 {
		in.refused(alice, "GetSessionToken", phone.session(1), cantVerify)
	}
	in.now = in.now.Truncate(3 * time.Minute).Add(3 * time.Minute)
	in.getSession(alice, phone.session(0))
}

func TestWhatCredentialsMayCall(t *testing.T) {
	in := newInstallation(t)
	everything := document("Allow", "*", "*", "")
	alice := in.user(in.root, "alice", everything)
	phone := in.enrol("alice")
	role := in.role(in.root, "ops", trust(here, ""), everything)
	assume := &awssts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("s1")}
	callers := map[string]*iam.Caller{
		"key":        alice,
		"no mfa":     in.getSession(alice, &awssts.GetSessionTokenInput{}),
		"mfa":        in.getSession(alice, phone.session(1)),
		"role":       in.temporary(must[awssts.AssumeRoleOutput](in, alice, "AssumeRole", assume).Credentials),
		"federation": in.temporary(must[awssts.GetFederationTokenOutput](in, alice, "GetFederationToken", &awssts.GetFederationTokenInput{Name: aws.String("guest"), Policy: &everything}).Credentials),
	}
	notWithSession := func(action string) string {
		return "AccessDenied: Cannot call " + action + " with session credentials"
	}
	for _, c := range []struct {
		action string
		input  any
		want   map[string]string // "" is allowed
	}{
		{"ListUsers", &awsiam.ListUsersInput{}, map[string]string{"key": "", "no mfa": invalidated, "mfa": "", "role": "", "federation": invalidated}},
		{"GetSessionToken", &awssts.GetSessionTokenInput{}, map[string]string{"key": "", "no mfa": notWithSession("GetSessionToken"),
			"mfa": notWithSession("GetSessionToken"), "role": notWithSession("GetSessionToken"), "federation": notWithSession("GetSessionToken")}},
		{"GetFederationToken", &awssts.GetFederationTokenInput{Name: aws.String("guest")}, map[string]string{"key": "", "no mfa": notWithSession("GetFederationToken"),
			"mfa": notWithSession("GetFederationToken"), "role": notWithSession("GetFederationToken"), "federation": notWithSession("GetFederationToken")}},
		{"AssumeRole", assume, map[string]string{"key": "", "no mfa": "", "mfa": "", "role": "", "federation": invalidated}},
		{"GetAccessKeyInfo", &awssts.GetAccessKeyInfoInput{AccessKeyId: aws.String(alice.AccessKeyID)}, map[string]string{"key": "",
			"no mfa": notWithSession("GetAccessKeyInfo"), "mfa": notWithSession("GetAccessKeyInfo"), "role": "", "federation": invalidated}},
		{"GetCallerIdentity", &awssts.GetCallerIdentityInput{}, map[string]string{"key": "", "no mfa": "", "mfa": "", "role": "", "federation": ""}},
	} {
		for name, want := range c.want {
			t.Run(c.action+" with "+name, func(t *testing.T) {
				if want != "" {
					in.refused(callers[name], c.action, c.input, want)
				} else if _, err := in.try(callers[name], c.action, c.input); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestLifetimes(t *testing.T) {
	in := newInstallation(t)
	alice := in.user(in.root, "alice", document("Allow", "sts:*", "*", ""))
	for _, c := range []struct {
		caller *iam.Caller
		asked  *int32
		want   time.Duration
	}{
		{alice, nil, 12 * time.Hour},
		{alice, aws.Int32(900), 15 * time.Minute},
		{alice, aws.Int32(129600), 36 * time.Hour},
		{in.root, nil, time.Hour},
		{in.root, aws.Int32(129600), time.Hour},
		{in.root, aws.Int32(900), 15 * time.Minute},
	} {
		out := must[awssts.GetSessionTokenOutput](in, c.caller, "GetSessionToken", &awssts.GetSessionTokenInput{DurationSeconds: c.asked})
		if got := out.Credentials.Expiration.Sub(in.now); got != c.want {
			t.Errorf("%s asked for %v and got %v, want %v", c.caller.UserARN(), aws.ToInt32(c.asked), got, c.want)
		}
	}
	for _, asked := range []int32{0, 899, 129601} {
		if _, err := in.try(alice, "GetSessionToken", &awssts.GetSessionTokenInput{DurationSeconds: &asked}); err == nil {
			t.Errorf("a duration of %d seconds was accepted", asked)
		}
	}
}

// Federated users may do what both their maker and the policies passed allow: without a policy nothing, and here
// nothing anyway that is not GetCallerIdentity.
func TestGetFederationToken(t *testing.T) {
	in := newInstallation(t)
	alice := in.user(in.root, "alice", document("Allow", "sts:GetFederationToken", "arn:aws:sts::111122223333:federated-user/guest", ""))
	out := must[awssts.GetFederationTokenOutput](in, alice, "GetFederationToken", &awssts.GetFederationTokenInput{Name: aws.String("guest")})
	if *out.FederatedUser.Arn != "arn:aws:sts::111122223333:federated-user/guest" || *out.FederatedUser.FederatedUserId != here+":guest" {
		t.Errorf("federated user %+v", out.FederatedUser)
	}
	in.refused(alice, "GetFederationToken", &awssts.GetFederationTokenInput{Name: aws.String("other")},
		"AccessDenied: User: arn:aws:iam::111122223333:user/alice is not authorized to perform: sts:GetFederationToken on resource: "+
			"arn:aws:sts::111122223333:federated-user/other because no identity-based policy allows the sts:GetFederationToken action")
	in.refused(alice, "GetFederationToken", &awssts.GetFederationTokenInput{Name: aws.String("guest"), Policy: aws.String("{")},
		"MalformedPolicyDocument: The policy is not in the valid JSON format.")
}

func TestGetAccessKeyInfo(t *testing.T) {
	in := newInstallation(t)
	foreign := in.user(in.other, "carol", "")
	temporary := must[awssts.GetSessionTokenOutput](in, foreign, "GetSessionToken", &awssts.GetSessionTokenInput{}).Credentials
	for _, id := range []string{foreign.AccessKeyID, *temporary.AccessKeyId} {
		out := must[awssts.GetAccessKeyInfoOutput](in, in.root, "GetAccessKeyInfo", &awssts.GetAccessKeyInfoInput{AccessKeyId: &id})
		if *out.Account != there {
			t.Errorf("%s is said to belong to %s, want %s", id, *out.Account, there)
		}
	}
	in.refused(in.root, "GetAccessKeyInfo", &awssts.GetAccessKeyInfoInput{AccessKeyId: aws.String("AKIAIOSFODNN7EXAMPLE")},
		"ValidationError: The access key ID is not valid.")
}

func TestDecodeAuthorizationMessage(t *testing.T) {
	in := newInstallation(t)
	alice := in.user(in.root, "alice", "")
	_, err := in.try(alice, "ListUsers", &awsiam.ListUsersInput{})
	encoded := iam.EncodedMessage(err)
	out := must[awssts.DecodeAuthorizationMessageOutput](in, in.root, "DecodeAuthorizationMessage", &awssts.DecodeAuthorizationMessageInput{EncodedMessage: &encoded})
	const want = `{"allowed":false,"context":{"action":"iam:ListUsers","conditions":{"items":[]},` + // absent with a long-term key, not false
		`"principal":{"arn":"arn:aws:iam::111122223333:user/alice","id":"`
	if got := *out.DecodedMessage; len(got) < len(want) || got[:len(want)] != want {
		t.Errorf("decoded: %s", got)
	}
	in.refused(in.root, "DecodeAuthorizationMessage", &awssts.DecodeAuthorizationMessageInput{EncodedMessage: aws.String(encoded[:len(encoded)-1])},
		"InvalidAuthorizationMessageException: The encoded authorization message is invalid.")
	in.refused(in.other, "DecodeAuthorizationMessage", &awssts.DecodeAuthorizationMessageInput{EncodedMessage: &encoded},
		"InvalidAuthorizationMessageException: The encoded authorization message is invalid.")
	session := must[awssts.GetSessionTokenOutput](in, alice, "GetSessionToken", &awssts.GetSessionTokenInput{}).Credentials.SessionToken
	in.refused(in.root, "DecodeAuthorizationMessage", &awssts.DecodeAuthorizationMessageInput{EncodedMessage: session},
		"InvalidAuthorizationMessageException: The encoded authorization message is invalid.")
}
