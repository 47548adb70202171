package sts_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/seal"
	"github.com/sallyport-iam/sallyport/store"
	"github.com/sallyport-iam/sallyport/sts"
	"github.com/sallyport-iam/sallyport/wire"
)

const (
	here  = "111122223333"
	there = "444455556666"
)

// installation is IAM and STS over a real database, with two accounts and a clock that moves when told to.
type installation struct {
	*testing.T
	iam    *iam.Service
	sts    *sts.Service
	now    time.Time
	root   *iam.Caller // of here
	other  *iam.Caller // root of there
	byName map[string]*iam.Operation
	store  *store.Store
}

func newInstallation(t *testing.T) *installation {
	t.Helper()
	dir := t.TempDir()
	keyset, err := seal.Create(filepath.Join(dir, "keyset.json"))
	if err != nil {
		t.Fatal(err)
	}
	database, err := store.Open(t.Context(), "sqlite:"+filepath.Join(dir, "db"), keyset, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { database.Close() })
	in := &installation{T: t, now: time.Date(2026, 9, 11, 13, 14, 52, 0, time.UTC), byName: map[string]*iam.Operation{}, store: database}
	now := func() time.Time { return in.now }
	directory := iam.NewDirectory(database, iam.DirectoryBytes)
	in.sts = &sts.Service{Directory: directory, Keys: keyset, Now: now}
	in.iam = &iam.Service{
		Store: database, Directory: directory, Passwords: iam.NewCheapPasswords(0), Now: now, Node: "test",
		Reads: func(iam.AuditEntry) {}, Encode: in.sts.EncodeMessage,
	}
	for _, op := range append(in.iam.Operations(), in.sts.Operations()...) {
		in.byName[op.Action] = &op
	}
	in.root, in.other = in.account(here, "here@example.com"), in.account(there, "there@example.com")
	return in
}

func (in *installation) account(id, email string) *iam.Caller {
	in.Helper()
	a, err := in.iam.CreateAccount(in.Context(), iam.AccountRequest{ID: id, Email: email})
	if err != nil {
		in.Fatal(err)
	}
	return in.longTerm(a.AccessKeyID)
}

// longTerm is the caller that signs with a long-term key.
func (in *installation) longTerm(accessKeyID string) *iam.Caller {
	in.Helper()
	key, err := in.iam.Directory.Credential(in.Context(), accessKeyID)
	if err != nil {
		in.Fatal(err)
	}
	owner, err := in.iam.Directory.Owner(in.Context(), key)
	if err != nil {
		in.Fatal(err)
	}
	return &iam.Caller{Principal: owner, AccessKeyID: accessKeyID, Region: "us-east-1"}
}

// temporary is the caller that signs with temporary credentials.
func (in *installation) temporary(c *types.Credentials) *iam.Caller {
	in.Helper()
	secret, caller, err := in.sts.Open(in.Context(), *c.AccessKeyId, *c.SessionToken)
	if err != nil {
		in.Fatal(err)
	}
	if secret != *c.SecretAccessKey {
		in.Fatal("the token holds another secret than was handed out")
	}
	return caller
}

// try makes a request with the caller's present policies.
func (in *installation) try(c *iam.Caller, action string, input any) (any, error) {
	op := in.byName[action]
	service := wire.IAM
	if op.Service == "sts" {
		service = wire.STS
	}
	if err := wire.Validate(service, action, input); err != nil {
		return nil, err
	}
	again := *c
	principal, err := in.iam.Directory.Principal(in.Context(), c.Account, c.Kind, c.ID)
	if err != nil {
		return nil, err
	}
	again.Principal = principal
	return in.iam.Do(in.Context(), &again, op, input)
}

// must makes a request that has to succeed.
func must[O any](in *installation, c *iam.Caller, action string, input any) *O {
	in.Helper()
	out, err := in.try(c, action, input)
	if err != nil {
		in.Fatalf("%s: %v", action, err)
	}
	return out.(*O)
}

// refused makes a request that has to be answered with this error, "Code: message".
func (in *installation) refused(c *iam.Caller, action string, input any, want string) {
	in.Helper()
	out, err := in.try(c, action, input)
	var answer *wire.Error
	if err == nil {
		in.Errorf("%s answered %+v, want %s", action, out, want)
	} else if !errors.As(err, &answer) || answer.Error() != want {
		in.Errorf("%s:\n got %v\nwant %s", action, err, want)
	}
}

// user makes a user with an access key and, if given, an inline policy.
func (in *installation) user(root *iam.Caller, name, document string) *iam.Caller {
	in.Helper()
	must[awsiam.CreateUserOutput](in, root, "CreateUser", &awsiam.CreateUserInput{UserName: &name})
	if document != "" {
		in.allowUser(root, name, document)
	}
	key := must[awsiam.CreateAccessKeyOutput](in, root, "CreateAccessKey", &awsiam.CreateAccessKeyInput{UserName: &name})
	return in.longTerm(*key.AccessKey.AccessKeyId)
}

func (in *installation) allowUser(root *iam.Caller, name, document string) {
	in.Helper()
	must[awsiam.PutUserPolicyOutput](in, root, "PutUserPolicy",
		&awsiam.PutUserPolicyInput{UserName: &name, PolicyName: aws.String("inline"), PolicyDocument: &document})
}

// role makes a role with a trust policy and, if given, an inline policy, and returns its ARN.
func (in *installation) role(root *iam.Caller, name, trust, document string) string {
	in.Helper()
	out := must[awsiam.CreateRoleOutput](in, root, "CreateRole",
		&awsiam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust, MaxSessionDuration: aws.Int32(7200)})
	if document != "" {
		must[awsiam.PutRolePolicyOutput](in, root, "PutRolePolicy",
			&awsiam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("inline"), PolicyDocument: &document})
	}
	return *out.Role.Arn
}

// app is an authenticator app.
type app struct {
	serial string
	totp   mfa.TOTP
	in     *installation
}

func (a app) code(steps int64) *string {
	return aws.String(a.totp.Code(a.totp.Step(a.in.now) + steps))
}

// enrol gives a user a virtual device, bound with the codes of the last step and this one.
func (in *installation) enrol(user string) app {
	in.Helper()
	device := must[awsiam.CreateVirtualMFADeviceOutput](in, in.root, "CreateVirtualMFADevice",
		&awsiam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: &user})
	a := app{serial: *device.VirtualMFADevice.SerialNumber, in: in}
	err := in.iam.Store.View(in.Context(), func(tx iam.Tx) error {
		d, err := tx.MFADevice(in.Context(), here, a.serial)
		if err == nil {
			a.totp = d.TOTP
		}
		return err
	})
	if err != nil {
		in.Fatal(err)
	}
	must[awsiam.EnableMFADeviceOutput](in, in.root, "EnableMFADevice", &awsiam.EnableMFADeviceInput{
		UserName: &user, SerialNumber: &a.serial, AuthenticationCode1: a.code(-1), AuthenticationCode2: a.code(0),
	})
	return a
}

// document is a policy of one statement.
func document(effect, action, resource, condition string) string {
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return `{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Action":"` + action + `","Resource":"` + resource + `"` + condition + `}]}`
}

// trust is a trust policy that lets a principal in.
func trust(principal, condition string) string {
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"],` +
		`"Principal":{"AWS":"` + principal + `"}` + condition + `}]}`
}
