package main

import (
	"context"
	"encoding/hex"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/sallyport-iam/sallyport/mfa"
)

// Every kind of secret is driven through every operation that takes or gives one, on the ways of success and of
// failure; afterwards none is found in what the server tells operators, nor in the clear in its files.
func TestAttack44_SecretsAreInNoRecord(t *testing.T) {
	s := newServer(t)
	ctx := t.Context()
	root := s.iam(s.root())
	secrets := map[string]string{"root's password": rootPassword, "root's secret key": s.root().SecretAccessKey}
	codes := map[string]string{}

	const (
		password    = "Canary-Password-0001"
		newPassword = "Canary-Password-0002"
		wrongOne    = "Canary-Password-0003"
		weakOne     = "canary"
		longOne     = "Canary-Password-0004"
	)
	for name, value := range map[string]string{"password": password, "new password": newPassword, "wrong password": wrongOne, "long password": longOne} {
		secrets[name] = value
	}

	// Passwords.
	alice := s.user("alice", allow("*"))
	secrets["alice's secret key"] = alice.SecretAccessKey
	name := aws.String("alice")
	_, err := root.CreateLoginProfile(ctx, &awsiam.CreateLoginProfileInput{UserName: name, Password: aws.String(password)})
	s.must("CreateLoginProfile", err)
	_, err = root.CreateLoginProfile(ctx, &awsiam.CreateLoginProfileInput{UserName: name, Password: aws.String(wrongOne)})
	s.refused("CreateLoginProfile again", err, "EntityAlreadyExists")
	for _, refusedPassword := range []string{weakOne, strings.Repeat(longOne, 10), longOne + "\x01", longOne + "\u2603"} {
		if a := s.signedCall(s.root(), call("UpdateLoginProfile", "UserName", "alice", "Password", refusedPassword)); a.status != 400 {
			t.Errorf("password %q: %d %s", refusedPassword, a.status, a.body)
		} else if strings.Contains(a.body, longOne) {
			t.Errorf("the answer repeats the password: %s", a.body)
		}
	}
	_, err = s.iam(alice).ChangePassword(ctx, &awsiam.ChangePasswordInput{OldPassword: aws.String(wrongOne), NewPassword: aws.String(newPassword)})
	s.refused("ChangePassword with a wrong one", err, "AccessDenied")
	_, err = s.iam(alice).ChangePassword(ctx, &awsiam.ChangePasswordInput{OldPassword: aws.String(password), NewPassword: aws.String(newPassword)})
	s.must("ChangePassword", err)

	// Seeds and codes.
	d := s.virtualDevice(s.root(), "alice")
	secrets["the seed in base32"], secrets["the seed in hex"] = mfa.Base32(d.totp.Seed), hex.EncodeToString(d.totp.Seed)
	codes["first"], codes["second"], codes["wrong"], codes["third"] = d.code(-1), d.code(0), d.wrong(), d.code(1)
	s.refused("EnableMFADevice with a wrong code", s.pair(s.root(), "alice", d, codes["first"], codes["wrong"]), "InvalidAuthenticationCode")
	s.must("EnableMFADevice", s.pair(s.root(), "alice", d, codes["first"], codes["second"]))
	const malformed = "kanarienvogel"
	secrets["a malformed code"] = malformed
	for _, action := range []string{"EnableMFADevice", "ResyncMFADevice"} {
		a := s.signedCall(s.root(), call(action, "UserName", "alice", "SerialNumber", d.serial, "AuthenticationCode1", malformed, "AuthenticationCode2", malformed))
		if a.status != 400 || strings.Contains(a.body, malformed) {
			t.Errorf("%s with a malformed code: %d %s", action, a.status, a.body)
		}
	}
	m := member{name: "alice", key: alice, device: d}
	role := s.role("role", trusts("arn:aws:iam::"+accountID+":user/alice"))
	for _, action := range []string{"GetSessionToken", "AssumeRole"} {
		body := strings.Replace(call(action, "SerialNumber", d.serial, "TokenCode", malformed, "RoleArn", role, "RoleSessionName", "x1"), iamVersion, stsVersion, 1)
		if a := s.send(s.sign(s.post(body), alice, "sts", body)); a.status != 400 || strings.Contains(a.body, malformed) {
			t.Errorf("%s with a malformed code: %d %s", action, a.status, a.body)
		}
	}
	_, err = s.signIn(m, codes["wrong"])
	s.refused("GetSessionToken with a wrong code", err, "AccessDenied")
	session, err := s.signIn(m, codes["second"])
	s.must("GetSessionToken", err)
	_, err = s.signIn(m, codes["second"])
	s.refused("GetSessionToken with a used code", err, "AccessDenied")
	assumed, err := s.assume(alice, role, d.serial, codes["third"])
	s.must("AssumeRole", err)
	federated, err := s.sts(alice).GetFederationToken(ctx, &awssts.GetFederationTokenInput{Name: aws.String("fed"), Policy: aws.String(allow("*"))})
	s.must("GetFederationToken", err)
	for kind, c := range map[string]aws.Credentials{"session": session, "role": assumed, "federated": credentials(federated.Credentials)} {
		secrets[kind+" secret key"], secrets[kind+" token"] = c.SecretAccessKey, c.SessionToken
		body := "Action=GetCallerIdentity&Version=" + stsVersion
		s.send(s.sign(s.post(body), c, "sts", body))
		s.get(s.presign(c, "sts", body)) // the token is in the URL
		forged := c
		forged.SecretAccessKey = "x"
		s.send(s.sign(s.post(body), forged, "sts", body))
		s.get(s.presign(forged, "sts", body))
		s.get(s.presign(c, "sts", body+"&Action=twice"))
	}

	// Hardware tokens.
	const tokenSeed = "3132333435363738393031323334353637383930"
	secrets["a token's seed"] = tokenSeed
	file := filepath.Join(t.TempDir(), "tokens.csv")
	for text, ok := range map[string]bool{"GAHT00000001," + tokenSeed + "\n": true, "GAHT00000002," + tokenSeed + "xyz\n": false} {
		s.must("tokens.csv", os.WriteFile(file, []byte(text), 0o600))
		out, err := s.sallyport("tokens", "import", file)
		if ok != (err == nil) || strings.Contains(out, tokenSeed) {
			t.Errorf("tokens import of %q: %v\n%s", text, err, out)
		}
	}

	// And all operations there are, with whatever they answer.
	victim := s.member("victim")
	secrets["victim's secret key"], secrets["victim's seed"] = victim.key.SecretAccessKey, mfa.Base32(victim.totp.Seed)
	secrets["a password of the rest"], secrets["another"] = "Another-Password-1", "Some-Password-1"
	for _, op := range allOperations(openInstallation(t, s.data)) {
		if op.Unlisted {
			continue
		}
		in := op.NewInput()
		fill(reflect.ValueOf(in).Elem(), victim)
		var client any = s.iam(s.root())
		if op.Service == "sts" {
			client = s.sts(s.root())
		}
		out := reflect.ValueOf(client).MethodByName(op.Action).Call([]reflect.Value{reflect.ValueOf(context.Context(ctx)), reflect.ValueOf(in)})
		if err, _ := out[1].Interface().(error); errorCode(err) == "no answer" {
			t.Errorf("%s: %v", op.Action, err)
		}
		switch out := out[0].Interface().(type) {
		case *awsiam.CreateAccessKeyOutput:
			if out != nil && out.AccessKey != nil {
				secrets["a key of the rest"] = *out.AccessKey.SecretAccessKey
			}
		case *awsiam.CreateVirtualMFADeviceOutput:
			if out != nil && out.VirtualMFADevice != nil {
				secrets["a seed of the rest"] = string(out.VirtualMFADevice.Base32StringSeed)
			}
		case *awssts.GetSessionTokenOutput:
			if out != nil && out.Credentials != nil {
				secrets["root's session key"], secrets["root's session token"] = *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken
			}
		}
	}

	metrics := s.get(s.url + "/metrics").body
	s.stop(syscall.SIGTERM)
	records, err := s.sallyport("audit", "tail", "--lines", "100000")
	s.must("audit tail", err)
	if n := strings.Count(records, "\n"); n < 100 {
		t.Fatalf("only %d audit records:\n%s", n, records)
	}
	var labels strings.Builder // a metric's value may look like a code
	for line := range strings.Lines(metrics) {
		text, _, _ := strings.Cut(line, "} ")
		labels.WriteString(text + "\n")
	}
	for place, text := range map[string]string{"the audit trail": records, "the log": string(s.logged()), "/metrics": labels.String()} {
		if !strings.Contains(text, "GetSessionToken") {
			t.Errorf("%s doesn't know of any GetSessionToken: nothing was searched", place)
		}
		for name, secret := range secrets {
			if i := strings.Index(text, secret); i >= 0 {
				t.Errorf("%s holds %s: …%s", place, name, text[max(0, i-200):i+len(secret)])
			}
		}
		for name, code := range codes {
			if line := regexp.MustCompile(`(?m)^.*\b` + code + `\b.*$`).FindString(text); line != "" {
				t.Errorf("%s holds the %s code %s: %s", place, name, code, line)
			}
		}
	}
	files, err := filepath.Glob(filepath.Join(s.data, "sallyport.db*"))
	if err != nil || len(files) == 0 {
		t.Fatal("no database", err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		s.must("database", err)
		secrets["raw seed"] = string(d.totp.Seed)
		for name, secret := range secrets {
			if strings.Contains(string(text), secret) {
				t.Errorf("%s holds %s in the clear", path, name)
			}
		}
	}
	for _, path := range []string{"keyset.json", "sallyport.db", "credentials"} {
		info, err := os.Stat(filepath.Join(s.data, path))
		s.must(path, err)
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o, want 600", path, mode)
		}
	}
}
