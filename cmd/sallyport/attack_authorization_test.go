package main

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
)

func TestAttack38_SessionPolicyLimitsOwnActions(t *testing.T) {
	s := newServer(t)
	root := s.iam(s.root())
	key := s.user("alice", allow("*"))
	_, err := root.CreateLoginProfile(t.Context(), &awsiam.CreateLoginProfileInput{UserName: aws.String("alice"), Password: aws.String("Own-Password-12345")})
	s.must("CreateLoginProfile", err)
	_, err = root.UpdateAccountPasswordPolicy(t.Context(), &awsiam.UpdateAccountPasswordPolicyInput{AllowUsersToChangePassword: true})
	s.must("UpdateAccountPasswordPolicy", err)
	role := s.role("admin", trusts("arn:aws:iam::"+accountID+":user/alice"))
	_, err = root.PutRolePolicy(t.Context(), &awsiam.PutRolePolicyInput{RoleName: aws.String("admin"), PolicyName: aws.String("all"), PolicyDocument: aws.String(allow("*"))})
	s.must("PutRolePolicy", err)
	small, err := root.CreatePolicy(t.Context(), &awsiam.CreatePolicyInput{PolicyName: aws.String("small"), PolicyDocument: aws.String(allow("iam:GetUser"))})
	s.must("CreatePolicy", err)

	restricted := func(in awssts.AssumeRoleInput) aws.Credentials {
		t.Helper()
		in.RoleArn, in.RoleSessionName = &role, aws.String("alice")
		out, err := s.sts(key).AssumeRole(t.Context(), &in)
		s.must("AssumeRole", err)
		return credentials(out.Credentials)
	}
	byText := restricted(awssts.AssumeRoleInput{Policy: aws.String(allow("iam:GetUser"))})
	byARN := restricted(awssts.AssumeRoleInput{PolicyArns: []ststypes.PolicyDescriptorType{{Arn: small.Policy.Arn}}})
	alice := aws.String("alice")
	own := map[string]func(*awsiam.Client) error{
		"CreateAccessKey": func(c *awsiam.Client) error {
			_, err := c.CreateAccessKey(t.Context(), &awsiam.CreateAccessKeyInput{UserName: alice})
			return err
		},
		"UpdateLoginProfile": func(c *awsiam.Client) error {
			_, err := c.UpdateLoginProfile(t.Context(), &awsiam.UpdateLoginProfileInput{UserName: alice, Password: aws.String("Another-Password-1")})
			return err
		},
		"PutUserPolicy": func(c *awsiam.Client) error {
			_, err := c.PutUserPolicy(t.Context(), &awsiam.PutUserPolicyInput{UserName: alice, PolicyName: aws.String("more"), PolicyDocument: aws.String(allow("*"))})
			return err
		},
		"PutRolePolicy": func(c *awsiam.Client) error {
			_, err := c.PutRolePolicy(t.Context(), &awsiam.PutRolePolicyInput{RoleName: aws.String("admin"), PolicyName: aws.String("more"), PolicyDocument: aws.String(allow("*"))})
			return err
		},
		"SetDefaultPolicyVersion": func(c *awsiam.Client) error {
			_, err := c.SetDefaultPolicyVersion(t.Context(), &awsiam.SetDefaultPolicyVersionInput{PolicyArn: small.Policy.Arn, VersionId: aws.String("v1")})
			return err
		},
		"CreateVirtualMFADevice": func(c *awsiam.Client) error {
			_, err := c.CreateVirtualMFADevice(t.Context(), &awsiam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: alice})
			return err
		},
	}
	before := s.fingerprint()
	for kind, session := range map[string]aws.Credentials{"a policy": byText, "a policy's ARN": byARN} {
		_, err := s.iam(session).GetUser(t.Context(), &awsiam.GetUserInput{UserName: alice})
		s.must("GetUser in a session limited by "+kind, err)
		for name, try := range own {
			s.refused(name+" in a session limited by "+kind, try(s.iam(session)), "AccessDenied")
		}
		_, err = s.iam(session).CreateAccessKey(t.Context(), nil)
		s.refused("CreateAccessKey without a name", err, "ValidationError")
		_, err = s.iam(session).ChangePassword(t.Context(), &awsiam.ChangePasswordInput{OldPassword: aws.String("Own-Password-12345"), NewPassword: aws.String("Another-Password-1")})
		if err == nil {
			t.Errorf("ChangePassword in a session limited by %s was accepted", kind)
		}
		_, err = s.assume(session, role, "", "")
		s.refused("AssumeRole of itself, to get rid of the limit", err, "AccessDenied")
	}
	if s.fingerprint() != before {
		t.Error("a limited session has changed something")
	}

	federated, err := s.sts(key).GetFederationToken(t.Context(), &awssts.GetFederationTokenInput{Name: aws.String("fed"), Policy: aws.String(allow("iam:GetUser"))})
	s.must("GetFederationToken", err)
	for name, try := range own {
		if err := try(s.iam(credentials(federated.Credentials))); err == nil {
			t.Errorf("%s in a federated session was accepted", name)
		}
	}

	// A policy that bounds a session and is deleted leaves nothing allowed, rather than everything.
	_, err = root.DeletePolicy(t.Context(), &awsiam.DeletePolicyInput{PolicyArn: small.Policy.Arn})
	s.must("DeletePolicy", err)
	_, err = s.iam(byARN).GetUser(t.Context(), &awsiam.GetUserInput{UserName: alice})
	s.refused("GetUser after the session's policy is deleted", err, "AccessDenied")
}

// The authorisation matrix: whoever has no policy is refused every operation that evaluates one, on what is
// there, on what is not, and on themselves.
func TestAttack39_EveryOperationIsAuthorised(t *testing.T) {
	s := newServer(t)
	root := s.iam(s.root())
	nobody := s.member("nobody")
	victim := s.member("victim")
	trust := trusts("arn:aws:iam::" + accountID + ":root")
	s.role("victim", trust)
	_, err := root.CreateGroup(t.Context(), &awsiam.CreateGroupInput{GroupName: aws.String("victim")})
	s.must("CreateGroup", err)
	_, err = root.CreatePolicy(t.Context(), &awsiam.CreatePolicyInput{PolicyName: aws.String("victim"), PolicyDocument: aws.String(allow("*"))})
	s.must("CreatePolicy", err)

	free := map[string]bool{"GetCallerIdentity": true, "GetSessionToken": true}
	counted := 0
	before := s.fingerprint()
	for _, op := range allOperations(openInstallation(t, s.data)) {
		if op.Unlisted {
			continue
		}
		if op.Free != free[op.Action] {
			t.Errorf("%s evaluates no policy: %v", op.Action, op.Free)
		}
		if op.Free {
			continue
		}
		for _, on := range []struct {
			name      string
			principal member
		}{{"on another", victim}, {"on what is missing", member{name: "missing", device: device{serial: "arn:aws:iam::" + accountID + ":mfa/missing"}}}, {"on itself", nobody}} {
			in := op.NewInput()
			fill(reflect.ValueOf(in).Elem(), on.principal)
			var client any = s.iam(nobody.key)
			if op.Service == "sts" {
				client = s.sts(nobody.key)
			}
			method := reflect.ValueOf(client).MethodByName(op.Action)
			if !method.IsValid() {
				t.Errorf("the SDK has no %s", op.Action)
				continue
			}
			out := method.Call([]reflect.Value{reflect.ValueOf(context.Context(t.Context())), reflect.ValueOf(in)})
			err, _ := out[1].Interface().(error)
			s.refused(op.Action+" "+on.name+" without any policy", err, "AccessDenied")
			counted++
		}
	}
	if counted < 200 {
		t.Errorf("only %d calls were tried", counted)
	}
	if s.fingerprint() != before {
		t.Error("a caller without any policy has changed something")
	}
}

// fill puts valid values into the required members of an input, all about one principal.
func fill(in reflect.Value, about member) {
	values := map[string]string{
		"UserName": about.name, "NewUserName": "renamed", "RoleName": about.name, "GroupName": about.name, "PolicyName": about.name,
		"PolicyArn": "arn:aws:iam::" + accountID + ":policy/" + about.name, "PermissionsBoundary": "arn:aws:iam::" + accountID + ":policy/" + about.name,
		"PolicyDocument": allow("*"), "AssumeRolePolicyDocument": trusts("arn:aws:iam::" + accountID + ":root"), "VersionId": "v1",
		"SerialNumber": about.serial, "AuthenticationCode1": "123456", "AuthenticationCode2": "654321", "VirtualMFADeviceName": "another",
		"AccessKeyId": about.key.AccessKeyID, "Status": "Inactive", "Password": "Another-Password-1", "NewPassword": "Another-Password-1",
		"OldPassword": "Some-Password-1", "AccountAlias": "alias", "Description": "described", "RoleArn": "arn:aws:iam::" + accountID + ":role/" + about.name,
		"RoleSessionName": "session", "Name": "federated", "EncodedMessage": "message",
	}
	if values["AccessKeyId"] == "" {
		values["AccessKeyId"] = "AKIAAAAAAAAAAAAAAAAA"
	}
	optional := map[string]bool{"PermissionsBoundary": true, "NewUserName": true, "Description": true}
	for i := range in.NumField() {
		field, name := in.Field(i), in.Type().Field(i).Name
		value, known := values[name]
		switch {
		case name == "Tags":
			field.Set(reflect.MakeSlice(field.Type(), 1, 1))
			element := field.Index(0)
			element.FieldByName("Key").Set(reflect.ValueOf(aws.String("k")))
			element.FieldByName("Value").Set(reflect.ValueOf(aws.String("v")))
		case name == "TagKeys":
			field.Set(reflect.ValueOf([]string{"k"}))
		case !known || optional[name] && !strings.HasPrefix(in.Type().Name(), "Put") && name == "PermissionsBoundary":
		case field.Kind() == reflect.Pointer && field.Type().Elem().Kind() == reflect.String:
			field.Set(reflect.ValueOf(&value))
		case field.Kind() == reflect.String:
			field.SetString(value)
		}
	}
	// Codes are for the operations whose subject they are; AssumeRole would use an attempt.
	if in.Type().Name() == "AssumeRoleInput" {
		in.FieldByName("SerialNumber").SetZero()
	}
}

func TestAttack39_SelfUpdateCarriesNoPolicy(t *testing.T) {
	s := newServer(t)
	key := s.user("alice", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"arn:aws:iam::*:user/alice","Action":
		["iam:UpdateUser","iam:CreateAccessKey","iam:TagUser","iam:ChangePassword","iam:UpdateLoginProfile","iam:UpdateAccessKey"]}]}`)
	document := allow("*")
	before := s.permissions("alice")
	for _, body := range []string{
		call("UpdateUser", "UserName", "alice", "PolicyDocument", document, "PolicyName", "p", "PermissionsBoundary", ""),
		call("UpdateUser", "UserName", "alice", "Policy", document, "Status", "Active", "Groups.member.1", "admins"),
		call("TagUser", "UserName", "alice", "Tags.member.1.Key", "k", "Tags.member.1.Value", "v", "PolicyDocument", document),
		call("CreateAccessKey", "UserName", "alice", "PolicyDocument", document, "AccessKeyId", s.root().AccessKeyID, "Policy", document),
	} {
		if a := s.signedCall(key, body); a.status != 200 {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
	for _, body := range []string{
		call("UpdateUser", "UserName", "root"), call("UpdateUser", "UserName", "bob"), call("CreateAccessKey", "UserName", "root"),
		call("PutUserPolicy", "UserName", "alice", "PolicyName", "p", "PolicyDocument", document),
		call("AttachUserPolicy", "UserName", "alice", "PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess"),
		call("DeleteUserPermissionsBoundary", "UserName", "alice"),
		call("CreateUser", "UserName", "bob", "PermissionsBoundary", "arn:aws:iam::aws:policy/AdministratorAccess"),
	} {
		if a := s.signedCall(key, body); a.code != "AccessDenied" {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
	if after := s.permissions("alice"); after != before {
		t.Errorf("alice's permissions were %s and are %s", before, after)
	}
	for _, local := range []string{"ImportHardwareTokens", "ResetRootMFA"} {
		if a := s.signedCall(s.root(), call(local)); a.code != "InvalidAction" {
			t.Errorf("%s over the wire: %d %s", local, a.status, a.body)
		}
	}
}

// permissions are the names of all policies a user has.
func (s *server) permissions(user string) string {
	s.t.Helper()
	root := s.iam(s.root())
	inline, err := root.ListUserPolicies(s.t.Context(), &awsiam.ListUserPoliciesInput{UserName: &user})
	s.must("ListUserPolicies", err)
	attached, err := root.ListAttachedUserPolicies(s.t.Context(), &awsiam.ListAttachedUserPoliciesInput{UserName: &user})
	s.must("ListAttachedUserPolicies", err)
	return fmt.Sprint(inline.PolicyNames, len(attached.AttachedPolicies))
}

func TestAttack40_AUserCannotShadowRoot(t *testing.T) {
	s := newServer(t)
	root := s.root()
	for _, name := range []string{"root", accountID, "Root", root.AccessKeyID} {
		if name == "Root" {
			_, err := s.iam(root).CreateUser(t.Context(), &awsiam.CreateUserInput{UserName: &name})
			s.refused("CreateUser of a name there is in another case", err, "EntityAlreadyExists")
			continue
		}
		key := s.user(name, "")
		who, err := s.sts(key).GetCallerIdentity(t.Context(), nil)
		s.must("GetCallerIdentity", err)
		if want := "arn:aws:iam::" + accountID + ":user/" + name; *who.Arn != want || *who.UserId == accountID {
			t.Errorf("user %s is %s, id %s", name, *who.Arn, *who.UserId)
		}
		_, err = s.iam(key).ListUsers(t.Context(), nil)
		s.refused("ListUsers as "+name, err, "AccessDenied")

		s.putPolicy(name, allow("iam:*"))
		client := s.iam(key)
		for _, of := range []*string{nil, &name, aws.String("root"), aws.String(accountID)} {
			_, err = client.UpdateAccessKey(t.Context(), &awsiam.UpdateAccessKeyInput{UserName: of, AccessKeyId: &root.AccessKeyID, Status: iamtypes.StatusTypeInactive})
			s.refused("UpdateAccessKey of root's", err, "NoSuchEntity")
			_, err = client.DeleteAccessKey(t.Context(), &awsiam.DeleteAccessKeyInput{UserName: of, AccessKeyId: &root.AccessKeyID})
			s.refused("DeleteAccessKey of root's", err, "NoSuchEntity")
		}
		// The id of a new key is the server's choice.
		a := s.signedCall(root, call("CreateAccessKey", "UserName", name, "AccessKeyId", root.AccessKeyID))
		if a.status != 200 || strings.Contains(a.body, root.AccessKeyID) && name != root.AccessKeyID {
			t.Errorf("CreateAccessKey with an id: %d %s", a.status, a.body)
		}
	}
	// Root's devices are not those of a user called root.
	d := s.virtualDevice(root, "root-account-mfa-device")
	s.must("EnableMFADevice", s.pair(root, "root", d, d.code(-1), d.code(0)))
	devices, err := s.iam(root).ListMFADevices(t.Context(), nil)
	s.must("ListMFADevices", err)
	if len(devices.MFADevices) != 0 {
		t.Errorf("root has got a device of user root: %d", len(devices.MFADevices))
	}
	who, err := s.sts(root).GetCallerIdentity(t.Context(), nil)
	s.must("GetCallerIdentity", err)
	if *who.Arn != "arn:aws:iam::"+accountID+":root" {
		t.Errorf("root is now %s", *who.Arn)
	}
}

func TestAttack41_SameNamesInAnotherAccount(t *testing.T) {
	s := newServer(t)
	out, err := s.sallyport("accounts", "create", "--email", "other@example.com", "--account-id", "444455556666")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	const other = "444455556666"
	var theirRoot aws.Credentials
	for line := range strings.Lines(out) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " = ")
		switch name {
		case "aws_access_key_id":
			theirRoot.AccessKeyID = value
		case "aws_secret_access_key":
			theirRoot.SecretAccessKey = value
		}
	}
	ours, theirs := s.user("alice", ""), s.userOf(theirRoot, "alice", allow("*"))
	bobs := s.userOf(theirRoot, "bob", "")
	makeRole := func(root aws.Credentials, name, trust string) {
		t.Helper()
		_, err := s.iam(root).CreateRole(t.Context(), &awsiam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
		s.must("CreateRole", err)
		_, err = s.iam(root).PutRolePolicy(t.Context(), &awsiam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("all"), PolicyDocument: aws.String(allow("*"))})
		s.must("PutRolePolicy", err)
	}
	makeRole(s.root(), "admin", trusts("arn:aws:iam::"+accountID+":user/alice"))
	makeRole(theirRoot, "admin", trusts("arn:aws:iam::"+other+":user/alice"))
	makeRole(s.root(), "shared", trusts("arn:aws:iam::"+other+":role/admin"))
	makeRole(s.root(), "everyone-there", trusts("arn:aws:iam::"+other+":root"))
	arn := func(account, role string) string { return "arn:aws:iam::" + account + ":role/" + role }

	ourAdmin, err := s.assume(ours, arn(accountID, "admin"), "", "")
	s.must("our alice, our admin", err)
	theirAdmin, err := s.assume(theirs, arn(other, "admin"), "", "")
	s.must("their alice, their admin", err)
	refused := func(what string, c aws.Credentials, role string) {
		t.Helper()
		_, err := s.assume(c, role, "", "")
		s.refused(what, err, "AccessDenied")
	}
	refused("their alice, our admin", theirs, arn(accountID, "admin"))
	refused("our alice, their admin", ours, arn(other, "admin"))
	refused("our admin, where theirs is trusted", ourAdmin, arn(accountID, "shared"))
	refused("their alice, where their admin is trusted", theirs, arn(accountID, "shared"))
	refused("their bob, whom no policy of theirs lets out", bobs, arn(accountID, "everyone-there"))
	refused("our admin, where their account is trusted", ourAdmin, arn(accountID, "everyone-there"))
	_, err = s.assume(theirAdmin, arn(accountID, "shared"), "", "")
	s.must("their admin, where it is trusted", err)
	_, err = s.assume(theirs, arn(accountID, "everyone-there"), "", "")
	s.must("their alice, where their account is trusted", err)

	who, err := s.sts(theirAdmin).GetCallerIdentity(t.Context(), nil)
	s.must("GetCallerIdentity", err)
	if *who.Account != other {
		t.Errorf("their admin is of account %s", *who.Account)
	}

	// Whatever is allowed over there reaches nothing over here.
	m := s.member("owner")
	pol, err := s.iam(s.root()).CreatePolicy(t.Context(), &awsiam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(allow("*"))})
	s.must("CreatePolicy", err)
	their := s.iam(theirRoot)
	before := s.fingerprint()
	for name, err := range map[string]error{
		"GetPolicy":               second(their.GetPolicy(t.Context(), &awsiam.GetPolicyInput{PolicyArn: pol.Policy.Arn})),
		"DeletePolicy":            second(their.DeletePolicy(t.Context(), &awsiam.DeletePolicyInput{PolicyArn: pol.Policy.Arn})),
		"GetPolicyVersion":        second(their.GetPolicyVersion(t.Context(), &awsiam.GetPolicyVersionInput{PolicyArn: pol.Policy.Arn, VersionId: aws.String("v1")})),
		"CreatePolicyVersion":     second(their.CreatePolicyVersion(t.Context(), &awsiam.CreatePolicyVersionInput{PolicyArn: pol.Policy.Arn, PolicyDocument: aws.String(allow("a:b"))})),
		"TagPolicy":               second(their.TagPolicy(t.Context(), &awsiam.TagPolicyInput{PolicyArn: pol.Policy.Arn, Tags: []iamtypes.Tag{{Key: aws.String("k"), Value: aws.String("v")}}})),
		"ListEntitiesForPolicy":   second(their.ListEntitiesForPolicy(t.Context(), &awsiam.ListEntitiesForPolicyInput{PolicyArn: pol.Policy.Arn})),
		"AttachUserPolicy":        second(their.AttachUserPolicy(t.Context(), &awsiam.AttachUserPolicyInput{UserName: aws.String("alice"), PolicyArn: pol.Policy.Arn})),
		"PutUserBoundary":         second(their.PutUserPermissionsBoundary(t.Context(), &awsiam.PutUserPermissionsBoundaryInput{UserName: aws.String("alice"), PermissionsBoundary: pol.Policy.Arn})),
		"GetUser":                 second(their.GetUser(t.Context(), &awsiam.GetUserInput{UserName: aws.String("owner")})),
		"DeactivateMFADevice":     second(their.DeactivateMFADevice(t.Context(), &awsiam.DeactivateMFADeviceInput{UserName: aws.String("alice"), SerialNumber: &m.serial})),
		"DeleteVirtualMFADevice":  second(their.DeleteVirtualMFADevice(t.Context(), &awsiam.DeleteVirtualMFADeviceInput{SerialNumber: &m.serial})),
		"ListMFADeviceTags":       second(their.ListMFADeviceTags(t.Context(), &awsiam.ListMFADeviceTagsInput{SerialNumber: &m.serial})),
		"EnableMFADevice":         s.pair(theirRoot, "alice", m.device, m.code(-1), m.code(0)),
		"DeleteAccessKey":         second(their.DeleteAccessKey(t.Context(), &awsiam.DeleteAccessKeyInput{UserName: aws.String("alice"), AccessKeyId: &m.key.AccessKeyID})),
		"UpdateAccessKey":         second(their.UpdateAccessKey(t.Context(), &awsiam.UpdateAccessKeyInput{UserName: aws.String("alice"), AccessKeyId: &m.key.AccessKeyID, Status: "Inactive"})),
		"GetAccessKeyLastUsed":    second(their.GetAccessKeyLastUsed(t.Context(), &awsiam.GetAccessKeyLastUsedInput{AccessKeyId: &m.key.AccessKeyID})),
		"GetSessionToken":         second(s.signIn(member{key: theirs, device: m.device}, m.code(0))),
		"a session policy's ARN":  second(s.sts(theirs).GetFederationToken(t.Context(), &awssts.GetFederationTokenInput{Name: aws.String("fed"), PolicyArns: []ststypes.PolicyDescriptorType{{Arn: pol.Policy.Arn}}})),
		"SetDefaultPolicyVersion": second(their.SetDefaultPolicyVersion(t.Context(), &awsiam.SetDefaultPolicyVersionInput{PolicyArn: pol.Policy.Arn, VersionId: aws.String("v1")})),
	} {
		if code := errorCode(err); code != "NoSuchEntity" && code != "AccessDenied" && code != "InvalidInput" && code != "MalformedPolicyDocument" {
			t.Errorf("%s across accounts: %s, %v", name, code, err)
		}
	}
	if s.fingerprint() != before {
		t.Error("another account's root has changed something")
	}
}

func second[T any](_ T, err error) error { return err }
