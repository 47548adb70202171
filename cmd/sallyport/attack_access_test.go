package main

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/sallyport-iam/sallyport/iam"
)

func TestAttack18_MFAHoldsAfterRestart(t *testing.T) {
	s := newServer(t)
	m := s.member("alice")
	s.putPolicy(m.name, denyWithoutMFA)
	session, err := s.signIn(m, m.code(-1))
	s.must("GetSessionToken with MFA", err)
	plain, err := s.sts(m.key).GetSessionToken(t.Context(), nil)
	s.must("GetSessionToken without MFA", err)
	withoutMFA := aws.Credentials{
		AccessKeyID: *plain.Credentials.AccessKeyId, SecretAccessKey: *plain.Credentials.SecretAccessKey, SessionToken: *plain.Credentials.SessionToken,
	}
	role := s.role("role", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::`+accountID+`:user/alice"},
		"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]}`)
	for _, moment := range []string{"before a restart", "after kill -9", "after it again"} {
		_, err = s.iam(m.key).ListUsers(t.Context(), nil)
		s.refused("a long-term key "+moment, err, "AccessDenied")
		_, err = s.iam(withoutMFA).ListUsers(t.Context(), nil)
		s.refused("a session without MFA "+moment, err, "InvalidClientTokenId")
		_, err = s.assume(m.key, role, "", "")
		s.refused("a role that asks for MFA, by key, "+moment, err, "AccessDenied")
		_, err = s.assume(withoutMFA, role, "", "")
		s.refused("a role that asks for MFA, by session without MFA, "+moment, err, "AccessDenied")
		_, err = s.iam(session).ListUsers(t.Context(), nil)
		s.must("a session with MFA "+moment, err)
		_, err = s.assume(session, role, "", "")
		s.must("a role that asks for MFA, by session with MFA, "+moment, err)
		s.crash()
	}
	devices, err := s.iam(session).ListMFADevices(t.Context(), &awsiam.ListMFADevicesInput{UserName: &m.name})
	s.must("ListMFADevices", err)
	if len(devices.MFADevices) != 1 {
		t.Errorf("after restarts alice has %d devices, want 1", len(devices.MFADevices))
	}
}

func TestAttack19_NameVariantsDoNotSkipMFA(t *testing.T) {
	s := newServer(t)
	m := s.member("Alice")
	s.putPolicy("alice", allow("iam:*", "sts:*")) // found without regard to case
	spare := s.virtualDevice(s.root(), "spare")
	for _, name := range []string{"Alice", "alice", "ALICE", "aLICE"} {
		s.refused("EnableMFADevice for "+name, s.pair(m.key, name, spare, spare.code(-1), spare.code(0)), "AccessDenied")
		_, err := s.iam(m.key).DeactivateMFADevice(t.Context(), &awsiam.DeactivateMFADeviceInput{UserName: &name, SerialNumber: &m.serial})
		s.refused("DeactivateMFADevice for "+name, err, "AccessDenied")
	}
	_, err := s.iam(m.key).DeactivateMFADevice(t.Context(), &awsiam.DeactivateMFADeviceInput{SerialNumber: &m.serial})
	s.refused("DeactivateMFADevice for nobody by name", err, "AccessDenied")
	for _, name := range []string{"Alice ", " Alice", "Alice\n", "Alice\x00", "Аlice", "Alice/", "/Alice", "Alıce", "ALİCE"} {
		body := call("DeactivateMFADevice", "UserName", name, "SerialNumber", m.serial)
		if a := s.signedCall(m.key, body); a.status/100 != 4 {
			t.Errorf("DeactivateMFADevice for %q: %d %s", name, a.status, a.body)
		}
	}

	// The name changes under a caller who is known already.
	_, err = s.iam(m.key).UpdateUser(t.Context(), &awsiam.UpdateUserInput{UserName: aws.String("alice"), NewUserName: aws.String("Alicia"), NewPath: aws.String("/x/")})
	s.must("UpdateUser", err)
	for _, name := range []string{"Alicia", "alicia", "Alice"} {
		_, err := s.iam(m.key).DeactivateMFADevice(t.Context(), &awsiam.DeactivateMFADeviceInput{UserName: &name, SerialNumber: &m.serial})
		if code := errorCode(err); code != "AccessDenied" && !(name == "Alice" && code == "NoSuchEntity") {
			t.Errorf("DeactivateMFADevice for %s after a rename: %v", name, err)
		}
	}
	devices, err := s.iam(s.root()).ListMFADevices(t.Context(), &awsiam.ListMFADevicesInput{UserName: aws.String("ALICIA")})
	s.must("ListMFADevices", err)
	if len(devices.MFADevices) != 1 {
		t.Errorf("%d devices, want 1", len(devices.MFADevices))
	}
}

func TestAttack24_SecondFactorByAccessKeyOnly(t *testing.T) {
	s := newServer(t)
	m := s.member("alice")
	s.putPolicy(m.name, allow("*"))
	spare := s.virtualDevice(m.key, "spare")
	enable := func(c aws.Credentials) error {
		return s.pair(c, m.name, spare, spare.code(-1), spare.code(0))
	}
	deactivate := func(c aws.Credentials, user *string) error {
		_, err := s.iam(c).DeactivateMFADevice(t.Context(), &awsiam.DeactivateMFADeviceInput{UserName: user, SerialNumber: &m.serial})
		return err
	}
	const sentence = "To complete this action, please ensure that you are authenticated with an MFA device that is enabled for this user."
	for _, try := range []struct {
		name string
		err  error
	}{
		{"EnableMFADevice", enable(m.key)}, {"DeactivateMFADevice", deactivate(m.key, &m.name)}, {"DeactivateMFADevice of oneself", deactivate(m.key, nil)},
	} {
		s.refused(try.name+" with a long-term key", try.err, "AccessDenied")
		if got := errorMessage(try.err); got != sentence {
			t.Errorf("%s: %q", try.name, got)
		}
	}
	plain, err := s.sts(m.key).GetSessionToken(t.Context(), nil)
	s.must("GetSessionToken", err)
	s.refused("EnableMFADevice in a session without MFA", enable(credentials(plain.Credentials)), "InvalidClientTokenId")
	federated, err := s.sts(m.key).GetFederationToken(t.Context(), &awssts.GetFederationTokenInput{Name: aws.String("fed"), Policy: aws.String(allow("*"))})
	s.must("GetFederationToken", err)
	s.refused("EnableMFADevice in a federated session", enable(credentials(federated.Credentials)), "InvalidClientTokenId")
	_, err = s.iam(m.key).DeleteVirtualMFADevice(t.Context(), &awsiam.DeleteVirtualMFADeviceInput{SerialNumber: &m.serial})
	s.refused("DeleteVirtualMFADevice of a device in use", err, "DeleteConflict")

	// A new access key is no way around it, and neither is a new user name.
	second, err := s.iam(m.key).CreateAccessKey(t.Context(), nil)
	s.must("CreateAccessKey", err)
	s.refused("DeactivateMFADevice with a new key", deactivate(aws.Credentials{
		AccessKeyID: *second.AccessKey.AccessKeyId, SecretAccessKey: *second.AccessKey.SecretAccessKey,
	}, nil), "AccessDenied")

	session, err := s.signIn(m, m.code(0))
	s.must("GetSessionToken with MFA", err)
	s.must("EnableMFADevice in a session with MFA", enable(session))
	s.must("DeactivateMFADevice in a session with MFA", deactivate(session, nil))
}

func credentials(c *ststypes.Credentials) aws.Credentials {
	return aws.Credentials{AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretAccessKey, SessionToken: *c.SessionToken}
}

func TestAttack30_AlteredSessionToken(t *testing.T) {
	s := newServer(t)
	m := s.member("alice")
	session, err := s.signIn(m, m.code(0))
	s.must("GetSessionToken", err)
	other := s.member("bob")
	theirs, err := s.signIn(other, other.code(0))
	s.must("GetSessionToken", err)

	body := "Action=GetCallerIdentity&Version=" + stsVersion
	ask := func(c aws.Credentials) answer { return s.send(s.sign(s.post(body), c, "sts", body)) }
	if a := ask(session); a.status != 200 {
		t.Fatalf("the token itself: %d %s", a.status, a.body)
	}
	refused := func(what string, token string) {
		t.Helper()
		with := session
		with.SessionToken = token
		if a := ask(with); a.status != 403 || a.code != "InvalidClientTokenId" {
			t.Errorf("%s: %d %s %s", what, a.status, a.code, a.body)
		}
	}
	token := session.SessionToken
	for n := 1; n < len(token); n++ {
		refused("a prefix", token[:n])
	}
	// Every character, with its lowest and another bit changed: among those a header can carry.
	for i := range token {
		for _, c := range []byte{token[i] ^ 1, token[i] ^ 2, token[i] ^ 0x20} {
			if c > ' ' && c < 0x7f {
				refused("a changed character", token[:i]+string(c)+token[i+1:])
			}
		}
	}
	for _, longer := range []string{token + "A", token + "=", "A" + token, token + token, token + "." + token} {
		refused("a longer token", longer)
	}
	refused("somebody else's token", theirs.SessionToken)
	refused("a token of noise", base64.StdEncoding.EncodeToString([]byte(strings.Repeat("noise", 60))))

	message := s.iamRefusal(m.key)
	refused("what was sealed for another purpose", message)

	// A token without its key, a key without its token, and a long-term key with a token.
	keyless := aws.Credentials{AccessKeyID: session.AccessKeyID, SecretAccessKey: session.SecretAccessKey}
	if a := ask(keyless); a.code != "InvalidClientTokenId" {
		t.Errorf("temporary key without token: %d %s", a.status, a.body)
	}
	mixed := aws.Credentials{AccessKeyID: m.key.AccessKeyID, SecretAccessKey: m.key.SecretAccessKey, SessionToken: token}
	if a := ask(mixed); a.code != "InvalidClientTokenId" {
		t.Errorf("long-term key with a token: %d %s", a.status, a.body)
	}
	wrongSecret := session
	wrongSecret.SecretAccessKey = m.key.SecretAccessKey
	if a := ask(wrongSecret); a.code != "SignatureDoesNotMatch" {
		t.Errorf("token with another secret: %d %s", a.status, a.body)
	}
}

// iamRefusal is the sealed explanation of a call that is refused.
func (s *server) iamRefusal(c aws.Credentials) string {
	s.t.Helper()
	message := s.signedCall(c, call("ListUsers")).header.Get("X-Sallyport-Authorization-Message")
	if message == "" {
		s.t.Fatal("a refusal came without its sealed explanation")
	}
	return message
}

func TestAttack31_RevokedAccessEndsAtOnce(t *testing.T) {
	s := newServer(t)
	root := s.iam(s.root())
	m := s.member("alice")
	_, err := root.AttachUserPolicy(t.Context(), &awsiam.AttachUserPolicyInput{UserName: &m.name, PolicyArn: aws.String("arn:aws:iam::aws:policy/IAMReadOnlyAccess")})
	s.must("AttachUserPolicy", err)
	s.putPolicy(m.name, allow("sts:*"))
	session, err := s.signIn(m, m.code(0))
	s.must("GetSessionToken", err)
	federated, err := s.sts(m.key).GetFederationToken(t.Context(), &awssts.GetFederationTokenInput{Name: aws.String("fed"), Policy: aws.String(allow("sts:*"))})
	s.must("GetFederationToken", err)
	role := s.role("role", trusts("arn:aws:iam::"+accountID+":user/alice"))
	_, err = root.PutRolePolicy(t.Context(), &awsiam.PutRolePolicyInput{RoleName: aws.String("role"), PolicyName: aws.String("p"), PolicyDocument: aws.String(allow("iam:List*"))})
	s.must("PutRolePolicy", err)
	assumed, err := s.assume(m.key, role, "", "")
	s.must("AssumeRole", err)

	list := func(c aws.Credentials) error { _, err := s.iam(c).ListUsers(t.Context(), nil); return err }
	who := func(c aws.Credentials) error { _, err := s.sts(c).GetCallerIdentity(t.Context(), nil); return err }
	for name, c := range map[string]aws.Credentials{"key": m.key, "session": session, "role": assumed} {
		s.must(name, list(c))
	}
	s.must("federated", who(credentials(federated.Credentials)))

	_, err = root.DetachUserPolicy(t.Context(), &awsiam.DetachUserPolicyInput{UserName: &m.name, PolicyArn: aws.String("arn:aws:iam::aws:policy/IAMReadOnlyAccess")})
	s.must("DetachUserPolicy", err)
	s.refused("the key after the policy is detached", list(m.key), "AccessDenied")
	s.refused("the session after the policy is detached", list(session), "AccessDenied")

	_, err = root.DeleteRolePolicy(t.Context(), &awsiam.DeleteRolePolicyInput{RoleName: aws.String("role"), PolicyName: aws.String("p")})
	s.must("DeleteRolePolicy", err)
	s.refused("the role's session after its policy is deleted", list(assumed), "AccessDenied")
	_, err = root.DeleteRole(t.Context(), &awsiam.DeleteRoleInput{RoleName: aws.String("role")})
	s.must("DeleteRole", err)
	s.refused("the role's session after the role is deleted", who(assumed), "InvalidClientTokenId")
	s.role("role", trusts("arn:aws:iam::"+accountID+":user/alice"))
	s.refused("the old session after a role of that name is made anew", who(assumed), "InvalidClientTokenId")

	status := func(active string) {
		t.Helper()
		a := s.signedCall(s.root(), call("UpdateAccessKey", "UserName", m.name, "AccessKeyId", m.key.AccessKeyID, "Status", active))
		if a.status != 200 {
			t.Fatalf("UpdateAccessKey: %d %s", a.status, a.body)
		}
	}
	status("Inactive")
	s.refused("an inactive key", who(m.key), "InvalidClientTokenId")
	_, err = s.signIn(m, m.code(1))
	s.refused("an inactive key with a right code", err, "InvalidClientTokenId")
	status("Active")
	s.must("the key when it is active again", who(m.key))
	_, err = root.DeleteAccessKey(t.Context(), &awsiam.DeleteAccessKeyInput{UserName: &m.name, AccessKeyId: &m.key.AccessKeyID})
	s.must("DeleteAccessKey", err)
	s.refused("a deleted key", who(m.key), "InvalidClientTokenId")

	s.must("the user's session", who(session))
	_, err = root.DeactivateMFADevice(t.Context(), &awsiam.DeactivateMFADeviceInput{UserName: &m.name, SerialNumber: &m.serial})
	s.must("DeactivateMFADevice", err)
	_, err = root.DeleteUserPolicy(t.Context(), &awsiam.DeleteUserPolicyInput{UserName: &m.name, PolicyName: aws.String("inline")})
	s.must("DeleteUserPolicy", err)
	_, err = root.DeleteUser(t.Context(), &awsiam.DeleteUserInput{UserName: &m.name})
	s.must("DeleteUser", err)
	for _, moment := range []string{"after the user is deleted", "after a user of that name is made anew", "after a restart"} {
		s.refused("the session "+moment, who(session), "InvalidClientTokenId")
		s.refused("the federated session "+moment, who(credentials(federated.Credentials)), "InvalidClientTokenId")
		if moment == "after the user is deleted" {
			s.user(m.name, allow("*"))
		} else {
			s.crash()
		}
	}
}

func TestAttack31_RevocationByALocalCommandOrAnotherProcess(t *testing.T) {
	s := newServer(t)
	key := s.user("alice", allow("iam:List*"))
	list := func() error { _, err := s.iam(key).ListUsers(t.Context(), nil); return err }
	s.must("ListUsers", list())
	at := openInstallation(t, s.data)
	service := at.service(nil)
	account, err := service.Directory.Principal(t.Context(), accountID, iam.RootUser, accountID)
	s.must("root", err)
	for _, op := range service.Operations() {
		if op.Action == "DeleteUserPolicy" {
			_, err = service.Do(t.Context(), &iam.Caller{Principal: account}, &op, &awsiam.DeleteUserPolicyInput{UserName: aws.String("alice"), PolicyName: aws.String("inline")})
			s.must("DeleteUserPolicy", err)
		}
	}
	eventually(t, "the other process's change is seen", func() bool { return errorCode(list()) == "AccessDenied" })
}

func TestAttack32_NamesAreNotTold(t *testing.T) {
	s := newServer(t)
	root := s.iam(s.root())
	spy := s.member("spy")
	_, err := root.CreateUser(t.Context(), &awsiam.CreateUserInput{UserName: aws.String("There"), Path: aws.String("/a/longer/path/")})
	s.must("CreateUser", err)
	_, err = root.CreateGroup(t.Context(), &awsiam.CreateGroupInput{GroupName: aws.String("There"), Path: aws.String("/a/longer/path/")})
	s.must("CreateGroup", err)
	s.role("There", trusts("arn:aws:iam::"+accountID+":root"))
	s.role("Deny1", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"}]}`)
	_, err = root.CreatePolicy(t.Context(), &awsiam.CreatePolicyInput{PolicyName: aws.String("There"), PolicyDocument: aws.String(allow("iam:*"))})
	s.must("CreatePolicy", err)
	owned := s.member("owner")

	form := func(version, action string, parameters ...string) string {
		return strings.Replace(call(action, parameters...), iamVersion, version, 1)
	}
	role := "arn:aws:iam::" + accountID + ":role/"
	serial := "arn:aws:iam::" + accountID + ":mfa/"
	for _, pair := range []struct {
		name                 string
		service              string
		missing, there       string
		thereText, otherText string // what the two requests differ in
	}{
		{"GetUser", "iam", form(iamVersion, "GetUser", "UserName", "Where"), form(iamVersion, "GetUser", "UserName", "There"), "There", "Where"},
		{"GetUser in another case", "iam", form(iamVersion, "GetUser", "UserName", "WHERE"), form(iamVersion, "GetUser", "UserName", "THERE"), "THERE", "WHERE"},
		{"DeleteUser", "iam", form(iamVersion, "DeleteUser", "UserName", "Where"), form(iamVersion, "DeleteUser", "UserName", "There"), "There", "Where"},
		{"GetGroup", "iam", form(iamVersion, "GetGroup", "GroupName", "WHERE"), form(iamVersion, "GetGroup", "GroupName", "THERE"), "THERE", "WHERE"},
		{"GetRole", "iam", form(iamVersion, "GetRole", "RoleName", "WHERE"), form(iamVersion, "GetRole", "RoleName", "THERE"), "THERE", "WHERE"},
		{"GetPolicy", "iam", form(iamVersion, "GetPolicy", "PolicyArn", "arn:aws:iam::"+accountID+":policy/Where"),
			form(iamVersion, "GetPolicy", "PolicyArn", "arn:aws:iam::"+accountID+":policy/There"), "There", "Where"},
		{"ListMFADeviceTags", "iam", form(iamVersion, "ListMFADeviceTags", "SerialNumber", serial+"where"),
			form(iamVersion, "ListMFADeviceTags", "SerialNumber", owned.serial), "owner", "where"},
		{"AssumeRole that trusts others", "sts", form(stsVersion, "AssumeRole", "RoleArn", role+"Where", "RoleSessionName", "x1"),
			form(stsVersion, "AssumeRole", "RoleArn", role+"There", "RoleSessionName", "x1"), "There", "Where"},
		{"AssumeRole that denies", "sts", form(stsVersion, "AssumeRole", "RoleArn", role+"Where", "RoleSessionName", "x1"),
			form(stsVersion, "AssumeRole", "RoleArn", role+"Deny1", "RoleSessionName", "x1"), "Deny1", "Where"},
		{"AssumeRole in another account", "sts", form(stsVersion, "AssumeRole", "RoleArn", "arn:aws:iam::999999999999:role/There", "RoleSessionName", "x1"),
			form(stsVersion, "AssumeRole", "RoleArn", role+"There", "RoleSessionName", "x1"), accountID + ":role", "999999999999:role"},
		{"GetSessionToken with a device", "sts", form(stsVersion, "GetSessionToken", "SerialNumber", serial+"where", "TokenCode", "123456"),
			form(stsVersion, "GetSessionToken", "SerialNumber", owned.serial, "TokenCode", "123456"), "owner", "where"},
	} {
		missing := s.send(s.sign(s.post(pair.missing), spy.key, pair.service, pair.missing))
		there := s.send(s.sign(s.post(pair.there), spy.key, pair.service, pair.there))
		if missing.code != "AccessDenied" || missing.status != there.status {
			t.Errorf("%s: status %d and %d, %s", pair.name, missing.status, there.status, missing.body)
		}
		want := withoutRequestID(missing.body)
		if got := strings.ReplaceAll(withoutRequestID(there.body), pair.thereText, pair.otherText); got != want {
			t.Errorf("%s: the answers tell which exists:\n missing %s\n there   %s", pair.name, want, got)
		}
		const explanation = "X-Sallyport-Authorization-Message"
		if m, h := len(missing.header.Get(explanation)), len(there.header.Get(explanation)); m != h {
			t.Errorf("%s: the sealed explanation tells which exists by its length: missing %d, there %d", pair.name, m, h)
		}
	}

	// Before any signature is right, an existing key and one nobody has may differ as AWS's do; but an inactive or
	// foreign one is told from no other.
	wrong := aws.Credentials{AccessKeyID: "AKIA" + randomText(16), SecretAccessKey: "x"}
	unknown := s.signedCall(wrong, call("GetUser"))
	_, err = root.UpdateAccessKey(t.Context(), &awsiam.UpdateAccessKeyInput{UserName: &owned.name, AccessKeyId: &owned.key.AccessKeyID, Status: "Inactive"})
	s.must("UpdateAccessKey", err)
	inactive := s.signedCall(owned.key, call("GetUser"))
	if withoutRequestID(unknown.body) != withoutRequestID(inactive.body) || unknown.status != inactive.status {
		t.Errorf("an inactive key is told from one nobody has:\n%s\n%s", unknown.body, inactive.body)
	}
}

// withoutRequestID cuts what differs in any two answers.
func withoutRequestID(body string) string {
	before, rest, _ := strings.Cut(body, "<RequestId>")
	_, after, _ := strings.Cut(rest, "</RequestId>")
	return before + after
}

// The explanation of a refusal is for those who manage the caller's account; the role may be another's.
func TestAttack32_ExplanationDoesNotTellWhetherARoleExists(t *testing.T) {
	s := newServer(t)
	spy := s.member("spy")
	s.role("There", trusts("arn:aws:iam::"+accountID+":root"))
	explain := func(role string) string {
		t.Helper()
		body := strings.Replace(call("AssumeRole", "RoleArn", "arn:aws:iam::"+accountID+":role/"+role, "RoleSessionName", "x1"), iamVersion, stsVersion, 1)
		a := s.send(s.sign(s.post(body), spy.key, "sts", body))
		out, err := s.sts(s.root()).DecodeAuthorizationMessage(t.Context(), &awssts.DecodeAuthorizationMessageInput{
			EncodedMessage: aws.String(a.header.Get("X-Sallyport-Authorization-Message")),
		})
		s.must("DecodeAuthorizationMessage", err)
		return *out.DecodedMessage
	}
	if missing, there := explain("Where"), strings.ReplaceAll(explain("There"), "There", "Where"); missing != there {
		t.Errorf("the explanation tells which role exists:\n missing %s\n there   %s", missing, there)
	}
}
