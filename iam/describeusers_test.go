package iam_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/wire"
)

// stored puts things into the database as they are, where making them by operations takes long.
func (s *service) stored(t testing.TB, fn func(ctx context.Context, tx iam.Tx) error) {
	t.Helper()
	if err := s.Store.Update(t.Context(), func(tx iam.Tx) error { return fn(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

// assigned stores an MFA device of an owner.
func (s *service) assigned(t testing.TB, ownerID, serial string, kind iam.DeviceKind, key *mfa.SecurityKey) {
	t.Helper()
	s.stored(t, func(ctx context.Context, tx iam.Tx) error {
		return tx.InsertMFADevice(ctx, &iam.MFADevice{Account: accountID, Serial: serial, Kind: kind, OwnerID: ownerID,
			Created: s.Now(), Enabled: s.Now(), TOTP: mfa.TOTP{Seed: mfa.NewSeed()}, Key: key})
	})
}

// password stores one that nobody knows.
func (s *service) password(t testing.TB, ownerID string, lastUsed time.Time, reset bool) {
	t.Helper()
	s.stored(t, func(ctx context.Context, tx iam.Tx) error {
		return tx.InsertLoginProfile(ctx, &iam.LoginProfile{Account: accountID, OwnerID: ownerID, Hash: "*", Created: s.Now(),
			Changed: s.Now(), LastUsed: lastUsed, ResetRequired: reset})
	})
}

// staff makes four users who have something of everything, and returns their names and some that nobody has.
func (s *service) staff(t testing.TB) (names []string) {
	t.Helper()
	alice, bob, dave := s.user(t, "Alice", ""), s.user(t, "bob", ""), s.user(t, "dave", "")
	do[awsiam.CreateUserOutput](t, s, s.root, "CreateUser", &awsiam.CreateUserInput{UserName: aws.String("carol")})
	do[awsiam.TagUserOutput](t, s, s.root, "TagUser", &awsiam.TagUserInput{UserName: aws.String("alice"),
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("ops")}}})
	do[awsiam.UpdateUserOutput](t, s, s.root, "UpdateUser", &awsiam.UpdateUserInput{UserName: aws.String("bob"), NewPath: aws.String("/staff/")})
	for _, name := range []string{"Readers", "admins"} {
		s.group(t, name)
		s.join(t, "alice", name)
	}
	s.join(t, "bob", "admins")
	s.password(t, alice.ID, s.Now(), false)
	s.password(t, bob.ID, time.Time{}, true)
	s.now.add(time.Hour)
	do[awsiam.CreateAccessKeyOutput](t, s, s.root, "CreateAccessKey", &awsiam.CreateAccessKeyInput{UserName: aws.String("alice")})
	do[awsiam.UpdateAccessKeyOutput](t, s, s.root, "UpdateAccessKey", &awsiam.UpdateAccessKeyInput{
		UserName: aws.String("bob"), AccessKeyId: &bob.AccessKeyID, Status: types.StatusTypeInactive})
	s.stored(t, func(ctx context.Context, tx iam.Tx) error {
		return tx.RecordAccessKeyUse(ctx, map[string]iam.AccessKeyUse{alice.AccessKeyID: {Time: s.Now(), Region: "us-east-1", Service: "iam"}})
	})
	s.assigned(t, alice.ID, "arn:aws:iam::123456789012:mfa/alice", iam.VirtualDevice, nil)
	s.assigned(t, alice.ID, "GAKT000123", iam.HardwareDevice, nil)
	s.assigned(t, dave.ID, "arn:aws:iam::123456789012:u2f/user/dave/key-ABCDEFGHIJKLMNOPQRSTUVWXYZ", iam.SecurityKey,
		&mfa.SecurityKey{CredentialID: []byte("dave"), PublicKey: []byte("dave"), Certifications: map[string]string{"FIDO": "L1"}})
	return []string{"dave", "Alice", "BOB", "carol", "nobody", "alice"}
}

// kindOf is what a serial number tells of its device.
func kindOf(serial string) iam.DeviceKind {
	switch {
	case strings.Contains(serial, ":mfa/"):
		return iam.VirtualDevice
	case strings.Contains(serial, ":u2f/"):
		return iam.SecurityKey
	default:
		return iam.HardwareDevice
	}
}

// byWire describes a user with the wire's own operations. There is nothing to describe if one of them says so.
func (s *service) byWire(t testing.TB, c *iam.Caller, name string) (d iam.UserDescription, missing bool) {
	t.Helper()
	d = iam.UserDescription{UserName: name}
	asks := func(part, action string, in any) any {
		out, err := s.call(t.Context(), c, action, in)
		var answer *wire.Error
		switch {
		case err == nil:
			return out
		case !errors.As(err, &answer):
			t.Fatal(err)
		case answer.Code == "AccessDenied":
			if d.Denied == nil {
				d.Denied = map[string]string{}
			}
			d.Denied[part] = answer.Message
		case strings.Contains(answer.Message, "Login Profile"):
			return &awsiam.GetLoginProfileOutput{}
		default:
			missing = true
		}
		return nil
	}
	if out, ok := asks("Groups", "ListGroupsForUser", &awsiam.ListGroupsForUserInput{UserName: &name}).(*awsiam.ListGroupsForUserOutput); ok {
		d.Groups = groupNames(out.Groups)
	}
	if out, ok := asks("MFADevices", "ListMFADevices", &awsiam.ListMFADevicesInput{UserName: &name}).(*awsiam.ListMFADevicesOutput); ok {
		d.MFADevices = []iam.DeviceDescription{}
		for _, device := range out.MFADevices {
			shown := iam.DeviceDescription{SerialNumber: *device.SerialNumber, EnableDate: *device.EnableDate, Kind: kindOf(*device.SerialNumber)}
			if shown.Kind == iam.SecurityKey {
				if out, ok := asks("Certifications", "GetMFADevice", &awsiam.GetMFADeviceInput{UserName: &name, SerialNumber: device.SerialNumber}).(*awsiam.GetMFADeviceOutput); ok {
					shown.Certifications = out.Certifications
				}
			}
			d.MFADevices = append(d.MFADevices, shown)
		}
	}
	if out, ok := asks("Password", "GetLoginProfile", &awsiam.GetLoginProfileInput{UserName: &name}).(*awsiam.GetLoginProfileOutput); ok {
		d.Password = &iam.PasswordDescription{}
		if out.LoginProfile != nil {
			d.Password.Exists, d.Password.ResetRequired = true, out.LoginProfile.PasswordResetRequired
			d.Password.Changed = *out.LoginProfile.CreateDate // never changed since
			if out, ok := asks("PasswordLastUsed", "GetUser", &awsiam.GetUserInput{UserName: &name}).(*awsiam.GetUserOutput); ok {
				d.Password.LastUsed = aws.ToTime(out.User.PasswordLastUsed)
			}
		}
	}
	if out, ok := asks("AccessKeys", "ListAccessKeys", &awsiam.ListAccessKeysInput{UserName: &name}).(*awsiam.ListAccessKeysOutput); ok {
		d.AccessKeys = []iam.AccessKeyDescription{}
		for _, k := range out.AccessKeyMetadata {
			shown := iam.AccessKeyDescription{AccessKeyId: *k.AccessKeyId, Status: k.Status, CreateDate: *k.CreateDate}
			if out, ok := asks("AccessKeyLastUsed", "GetAccessKeyLastUsed", &awsiam.GetAccessKeyLastUsedInput{AccessKeyId: k.AccessKeyId}).(*awsiam.GetAccessKeyLastUsedOutput); ok {
				shown.LastUsed = aws.ToTime(out.AccessKeyLastUsed.LastUsedDate)
			}
			d.AccessKeys = append(d.AccessKeys, shown)
		}
	}
	return d, missing
}

// describedOneByOne is what DescribeUsers must answer.
func (s *service) describedOneByOne(t testing.TB, c *iam.Caller, names []string) *iam.DescribeUsersOutput {
	t.Helper()
	out := &iam.DescribeUsersOutput{Users: []iam.UserDescription{}}
	for _, name := range names {
		if d, missing := s.byWire(t, c, name); !missing {
			out.Users = append(out.Users, d)
		}
	}
	return out
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (s *service) sameAsWire(t *testing.T, c *iam.Caller, names []string) (got *iam.DescribeUsersOutput) {
	t.Helper()
	got = inConsole[iam.DescribeUsersOutput](t, s, c, "DescribeUsers", `{"UserNames":["`+strings.Join(names, `","`)+`"]}`)
	if got, want := asJSON(t, got), asJSON(t, s.describedOneByOne(t, c, names)); got != want {
		t.Fatalf("described as\n%s\nwant as the wire's operations say\n%s", got, want)
	}
	return got
}

// Whatever a caller's policies are, the page shows what the wire's operations would tell the caller, user by user, and
// refuses what they refuse in the same words.
func TestDescribeUsersSaysWhatTheWireSays(t *testing.T) {
	s := newService(t)
	names := s.staff(t)
	all := s.sameAsWire(t, s.root, names)
	if len(all.Users) != 5 || all.Users[0].MFADevices[0].Certifications["FIDO"] != "L1" || len(all.Users[1].AccessKeys) != 2 ||
		fmt.Sprint(all.Users[1].Groups) != "[admins Readers]" || all.Users[1].Password.LastUsed.IsZero() || !all.Users[2].Password.ResetRequired {
		t.Errorf("root sees %s", asJSON(t, all))
	}

	viewer := s.user(t, "viewer", "")
	if got := s.sameAsWire(t, viewer, names); len(got.Users) != 6 {
		t.Errorf("who may see nothing learns who is missing: %s", asJSON(t, got))
	}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	one := func(of ...string) string { return of[random.IntN(len(of))] }
	for range 25 {
		var statements []string
		for range 1 + random.IntN(4) {
			statements = append(statements, fmt.Sprintf(`{"Effect":"%s","Action":["%s","%s"],"Resource":"%s"%s}`,
				one("Allow", "Allow", "Allow", "Deny"),
				one("iam:*", "iam:List*", "iam:Get*", "iam:GetUser"),
				one("iam:ListGroupsForUser", "iam:ListMFADevices", "iam:GetMFADevice", "iam:GetLoginProfile", "iam:ListAccessKeys", "iam:GetAccessKeyLastUsed"),
				one("*", "arn:aws:iam::*:user/*", "arn:aws:iam::*:user/staff/*", "arn:aws:iam::*:user/Alice", "arn:aws:iam::*:user/nobody"),
				one("", "", `,"Condition":{"StringEquals":{"iam:ResourceTag/team":"ops"}}`, `,"Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}}`)))
		}
		document := `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
		do[awsiam.PutUserPolicyOutput](t, s, s.root, "PutUserPolicy", &awsiam.PutUserPolicyInput{
			UserName: aws.String("viewer"), PolicyName: aws.String("inline"), PolicyDocument: &document})
		for name, c := range map[string]*iam.Caller{"key": viewer, "console": s.signedIn(viewer, false), "console with MFA": s.signedIn(viewer, true)} {
			if !t.Run(name, func(t *testing.T) { s.sameAsWire(t, c, names) }) {
				t.Fatalf("seed %d, policy %s", seed, document)
			}
		}
	}
}

func TestDescribeUsersDeniesOnSomeUsers(t *testing.T) {
	s := newService(t)
	s.staff(t)
	admin := s.user(t, "admin", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"},
		{"Effect":"Deny","Action":["iam:ListMFADevices","iam:ListAccessKeys"],"Resource":"arn:aws:iam::*:user/staff/*"},
		{"Effect":"Deny","Action":"iam:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"ops"}}}]}`)
	got := inConsole[iam.DescribeUsersOutput](t, s, admin, "DescribeUsers", `{"UserNames":["alice","bob","carol","dave"]}`)
	var denied []string
	for _, d := range got.Users {
		for _, part := range []string{"Groups", "MFADevices", "Certifications", "Password", "PasswordLastUsed", "AccessKeys", "AccessKeyLastUsed"} {
			if message, ok := d.Denied[part]; ok {
				denied = append(denied, d.UserName+" "+part)
				action := map[string]string{"Groups": "ListGroupsForUser", "Password": "GetLoginProfile"}[part]
				if want := "User: arn:aws:iam::123456789012:user/admin is not authorized to perform: iam:" + cmp.Or(action, "List"+part) +
					" on resource: user " + d.UserName + " with an explicit deny in an identity-based policy"; message != want {
					t.Errorf("message %q, want %q", message, want)
				}
			}
		}
	}
	if got := strings.Join(denied, ", "); got != "alice Groups, alice MFADevices, alice Password, alice AccessKeys, bob MFADevices, bob AccessKeys" {
		t.Errorf("denied %s", got)
	}
	if got.Users[0].MFADevices != nil || got.Users[1].AccessKeys != nil || got.Users[1].Groups == nil || got.Users[2].MFADevices == nil {
		t.Errorf("shown %s", asJSON(t, got))
	}
	if s.records(t, "DescribeUsers") != nil {
		t.Error("a read wrote")
	}
}

// readCounter counts what is read from the database.
type readCounter struct {
	iam.Store
	reads int
}

func (s *readCounter) View(ctx context.Context, fn func(iam.Tx) error) error {
	return s.Store.View(ctx, func(tx iam.Tx) error { return fn(&countedReads{under: tx, store: s}) })
}

// countedReads is a transaction of which only reads of many at once can be made; Tx is nil, so that any other panics.
type countedReads struct {
	iam.Tx
	under iam.Tx
	store *readCounter
}

func (c *countedReads) UsersNamed(ctx context.Context, account string, names []string) ([]iam.User, error) {
	c.store.reads++
	return c.under.UsersNamed(ctx, account, names)
}

func (c *countedReads) GroupsOfAll(ctx context.Context, account string, ids []string) (map[string][]iam.Group, error) {
	c.store.reads++
	return c.under.GroupsOfAll(ctx, account, ids)
}

func (c *countedReads) LoginProfiles(ctx context.Context, account string, ids []string) (map[string]iam.LoginProfile, error) {
	c.store.reads++
	return c.under.LoginProfiles(ctx, account, ids)
}

func (c *countedReads) MFADevicesOfAll(ctx context.Context, account string, ids []string) (map[string][]iam.MFADevice, error) {
	c.store.reads++
	return c.under.MFADevicesOfAll(ctx, account, ids)
}

func (c *countedReads) AccessKeysOfAll(ctx context.Context, account string, ids []string) (map[string][]iam.AccessKey, error) {
	c.store.reads++
	return c.under.AccessKeysOfAll(ctx, account, ids)
}

// A page costs the same reads whether it has one user or a hundred.
func TestDescribeUsersReadsManyAtOnce(t *testing.T) {
	s := newService(t)
	var names []string
	s.stored(t, func(ctx context.Context, tx iam.Tx) error {
		for i := range 100 {
			names = append(names, fmt.Sprint("user", i))
			u := &iam.User{Account: accountID, ID: fmt.Sprint("AIDA", i), Name: names[i], Path: "/", Created: s.Now()}
			if err := tx.InsertUser(ctx, u); err != nil {
				return err
			}
		}
		return nil
	})
	counter := &readCounter{Store: s.Store}
	s.Service.Store = counter
	for _, n := range []int{1, 100} {
		counter.reads = 0
		out := inConsole[iam.DescribeUsersOutput](t, s, s.root, "DescribeUsers", `{"UserNames":["`+strings.Join(names[:n], `","`)+`"]}`)
		if len(out.Users) != n || counter.reads != 5 {
			t.Errorf("%d users took %d reads, want 5", len(out.Users), counter.reads)
		}
	}
}
