package signin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/mfa/mfatest"
	"github.com/sallyport-iam/sallyport/seal"
	"github.com/sallyport-iam/sallyport/signin"
	"github.com/sallyport-iam/sallyport/store"
	"github.com/sallyport-iam/sallyport/wire"
)

const (
	account      = "111122223333"
	alias        = "acme-corp"
	rootEmail    = "root@example.com"
	rootPassword = "correct-horse-7-battery"
	password     = "open-Sesame-42"
	origin       = "https://iam.example.com"

	wrong     = "AuthenticationFailed: Your authentication information is incorrect. Please try again."
	signInOut = "ExpiredToken: Your sign-in has expired. Please sign in again."
	expired   = "ExpiredToken: The security token included in the request is expired"
	notYours  = "NoSuchEntity: MFA Device invalid for user."
)

var browser = signin.From{
	SourceIP: "192.0.2.7", UserAgent: "Browser/1.0", RequestID: "request", LoginTo: origin + "/", Secure: true,
}

// site is IAM and the console's sign-in over a real database, with one account and a clock that moves when told to.
type site struct {
	*testing.T
	*signin.Service
	clock  *fakeClock
	root   *iam.Caller // by access key
	hashes *hashes
	log    *lockedBuffer
	store  *store.Store
	byName map[string]*iam.Operation

	mu      sync.Mutex
	counted map[string]int // "password success" → how many
}

type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// hashes counts hash computations.
type hashes struct {
	signin.Hasher
	n atomic.Int32
}

func (h *hashes) Verify(ctx context.Context, hash, password string) (bool, error) {
	h.n.Add(1)
	return h.Hasher.Verify(ctx, hash, password)
}

func (h *hashes) VerifyNothing(ctx context.Context, password string) error {
	h.n.Add(1)
	return h.Hasher.VerifyNothing(ctx, password)
}

// newSite also makes the test one that runs beside others: each has a database of its own.
func newSite(t *testing.T) *site {
	t.Helper()
	t.Parallel()
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
	keys, err := mfa.NewRelyingParty(mfa.RelyingPartyConfig{ExternalURL: origin, Name: "Sallyport"})
	if err != nil {
		t.Fatal(err)
	}
	in := &site{
		T: t, clock: &fakeClock{now: time.Date(2026, 9, 11, 13, 14, 52, 0, time.UTC)}, store: database,
		log: new(lockedBuffer), byName: map[string]*iam.Operation{}, counted: map[string]int{},
	}
	in.hashes = &hashes{Hasher: iam.NewCheapPasswords(2)}
	log := slog.New(slog.NewTextHandler(in.log, nil))
	in.Service = &signin.Service{
		IAM: &iam.Service{
			Store: database, Directory: iam.NewDirectory(database, iam.DirectoryBytes), Passwords: iam.NewCheapPasswords(2), Keys: keys,
			Now: in.clock.Now, Node: "test", Reads: func(iam.AuditEntry) {}, Log: log,
		},
		Log: log,
		Counted: func(step, result string) {
			in.mu.Lock()
			defer in.mu.Unlock()
			in.counted[step+" "+result]++
		},
	}
	in.SetHasher(in.hashes)
	for _, op := range in.IAM.Operations() {
		in.byName[op.Action] = &op
	}
	made, err := in.IAM.CreateAccount(t.Context(), iam.AccountRequest{ID: account, Email: rootEmail, Password: rootPassword})
	if err != nil {
		t.Fatal(err)
	}
	principal, err := in.IAM.Directory.Principal(t.Context(), account, iam.RootUser, account)
	if err != nil {
		t.Fatal(err)
	}
	in.root = &iam.Caller{Principal: principal, AccessKeyID: made.AccessKeyID, Region: "us-east-1"}
	in.must(in.root, "CreateAccountAlias", &awsiam.CreateAccountAliasInput{AccountAlias: aws.String(alias)})
	return in
}

// try makes a request as the caller.
func (in *site) try(c *iam.Caller, action string, input any) (any, error) {
	if err := wire.Validate(wire.IAM, action, input); err != nil {
		return nil, err
	}
	return in.IAM.Do(in.Context(), c, in.byName[action], input)
}

func (in *site) must(c *iam.Caller, action string, input any) any {
	in.Helper()
	out, err := in.try(c, action, input)
	if err != nil {
		in.Fatalf("%s: %v", action, err)
	}
	return out
}

// user makes a user with a password and returns the unique id.
func (in *site) user(name string) string {
	in.Helper()
	out := in.must(in.root, "CreateUser", &awsiam.CreateUserInput{UserName: &name}).(*awsiam.CreateUserOutput)
	in.must(in.root, "CreateLoginProfile", &awsiam.CreateLoginProfileInput{UserName: &name, Password: aws.String(password)})
	return *out.User.UserId
}

func (in *site) allow(name, actions string) {
	in.Helper()
	in.must(in.root, "PutUserPolicy", &awsiam.PutUserPolicyInput{
		UserName: &name, PolicyName: aws.String("inline"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":` + actions + `,"Resource":"*"}]}`),
	})
}

// mustChange asks for a new password at the next sign-in.
func (in *site) mustChange(name string) {
	in.Helper()
	in.must(in.root, "UpdateLoginProfile", &awsiam.UpdateLoginProfileInput{UserName: &name, PasswordResetRequired: aws.Bool(true)})
}

// app is an authenticator app.
type app struct {
	in     *site
	serial string
	totp   mfa.TOTP
}

func (a app) code(steps int64) string { return a.totp.Code(a.totp.Step(a.in.clock.Now()) + steps) }

// wrongCode is no code of the hours around.
func (a app) wrongCode() string {
	used := map[string]bool{}
	for step := int64(-1100); step <= 1100; step++ {
		used[a.code(step)] = true
	}
	for n := range 1_000_000 {
		if code := fmt.Sprintf("%06d", n); !used[code] {
			return code
		}
	}
	panic("every code is in use")
}

// enrol gives a user an authenticator app.
func (in *site) enrol(user, device string) app {
	in.Helper()
	out := in.must(in.root, "CreateVirtualMFADevice", &awsiam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: &device})
	a := app{in: in, serial: *out.(*awsiam.CreateVirtualMFADeviceOutput).VirtualMFADevice.SerialNumber}
	in.view(func(tx iam.Tx) error {
		d, err := tx.MFADevice(in.Context(), account, a.serial)
		if err == nil {
			a.totp = d.TOTP
		}
		return err
	})
	in.must(in.root, "EnableMFADevice", &awsiam.EnableMFADeviceInput{
		UserName: &user, SerialNumber: &a.serial, AuthenticationCode1: aws.String(a.code(-1)), AuthenticationCode2: aws.String(a.code(0)),
	})
	return a
}

func (in *site) deactivate(user, serial string) {
	in.Helper()
	in.must(in.root, "DeactivateMFADevice", &awsiam.DeactivateMFADeviceInput{UserName: &user, SerialNumber: &serial})
}

// enrolKey gives a user a security key.
func (in *site) enrolKey(user, device string) (key *mfatest.Authenticator, serial string) {
	in.Helper()
	key = mfatest.New(origin)
	begun := in.must(in.root, "BeginSecurityKey", &iam.BeginSecurityKeyInput{UserName: &user, DeviceName: device}).(*iam.BeginSecurityKeyOutput)
	out := in.must(in.root, "RegisterSecurityKey", &iam.RegisterSecurityKeyInput{
		UserName: &user, DeviceName: device, Ceremony: begun.Ceremony, Response: key.Create(begun.Options),
	})
	return key, out.(*iam.RegisterSecurityKeyOutput).SerialNumber
}

func (in *site) view(fn func(tx iam.Tx) error) {
	in.Helper()
	if err := in.IAM.Store.View(in.Context(), fn); err != nil {
		in.Fatal(err)
	}
}

func (in *site) update(fn func(tx iam.Tx) error) {
	in.Helper()
	if err := in.IAM.Store.Update(in.Context(), fn); err != nil {
		in.Fatal(err)
	}
}

// as are a user's credentials.
func as(user, password string) signin.Credentials {
	return signin.Credentials{AccountOrAlias: account, UserName: user, Password: password}
}

// enter gives a user's right password.
func (in *site) enter(user string) *signin.State {
	in.Helper()
	state, err := in.Password(in.Context(), as(user, password), browser)
	if err != nil {
		in.Fatalf("password of %s: %v", user, err)
	}
	return state
}

// at checks what a step came to.
func (in *site) at(state *signin.State, err error, want iam.SignInStep) *signin.State {
	in.Helper()
	if err != nil {
		in.Fatalf("%v, want %s", err, want)
	}
	if state.SignIn == nil || state.SignIn.Step != want {
		in.Fatalf("at %+v, want %s", state.SignIn, want)
	}
	return state
}

// answer is an error as "Code: message", "throttled", or whatever else it says.
func answer(err error) string {
	var refused *wire.Error
	var throttled *signin.ThrottledError
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &throttled):
		return "throttled"
	case errors.As(err, &refused):
		return refused.Error()
	default:
		return "failure: " + err.Error()
	}
}

func (in *site) refused(err error, want string) {
	in.Helper()
	if got := answer(err); got != want {
		in.Errorf("\n got %s\nwant %s", got, want)
	}
}

// session is the caller of a finished sign-in.
func (in *site) session(token string) *iam.Caller {
	in.Helper()
	c, err := in.Session(in.Context(), token, browser)
	if err != nil {
		in.Fatalf("session: %v", err)
	}
	return c
}

// signInsOf lists the stored sign-ins of an owner.
func (in *site) signInsOf(owner string) (list []iam.SignIn) {
	in.Helper()
	in.view(func(tx iam.Tx) (err error) {
		list, err = tx.SignInsOf(in.Context(), account, owner)
		return err
	})
	return list
}

// failures are those counted under a key, as the database has them.
func (in *site) failures(key string) (n int) {
	in.Helper()
	in.view(func(tx iam.Tx) error {
		throttle, err := tx.Throttle(in.Context(), key)
		n = throttle.Failures
		return err
	})
	return n
}

// counts is how many steps were reported with a result.
func (in *site) counts(stepAndResult string) int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.counted[stepAndResult]
}

// failed has a number of failures be counted under a key now.
func (in *site) failed(key string, failures int) {
	in.Helper()
	in.update(func(tx iam.Tx) error {
		return tx.PutThrottle(in.Context(), iam.Throttle{Key: key, Failures: failures, Last: in.clock.Now()})
	})
}

// idOf is a user's unique id.
func (in *site) idOf(name string) (id string) {
	in.Helper()
	in.view(func(tx iam.Tx) error {
		u, err := tx.User(in.Context(), account, name)
		if err == nil {
			id = u.ID
		}
		return err
	})
	return id
}

// records are the account's records of an event, the oldest first.
func (in *site) records(event string) (all []map[string]any) {
	in.Helper()
	in.view(func(tx iam.Tx) error {
		list, err := tx.AuditRecords(in.Context(), iam.AuditFilter{Account: account, EventName: event, Limit: 1000})
		for i := range list {
			var r map[string]any
			if err := json.Unmarshal(list[len(list)-1-i].JSON, &r); err != nil {
				return err
			}
			all = append(all, r)
		}
		return err
	})
	return all
}

// field reads one field of a record by its path.
func field(r map[string]any, path ...string) any {
	var v any = r
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}
