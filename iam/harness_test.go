package iam_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/seal"
	"github.com/sallyport-iam/sallyport/store"
	"github.com/sallyport-iam/sallyport/wire"
)

// service is IAM over a real database, with one account and a clock that moves only when told to.
type service struct {
	*iam.Service
	root       *iam.Caller
	operations map[string]*iam.Operation
	now        *fakeClock
	database   *store.Store
}

const (
	rootEmail    = "root@example.com"
	rootPassword = "correct-horse-7-battery"
	accountID    = "123456789012"
)

// fakeClock is a clock for tests; it starts at the time of the recordings of AWS that the tests compare with.
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

// newService opens a new database and makes the account in it.
func newService(t testing.TB) *service {
	t.Helper()
	dir := t.TempDir()
	keyset, err := seal.Create(filepath.Join(dir, "keyset.json"))
	if err != nil {
		t.Fatal(err)
	}
	database, err := store.Open(t.Context(), "sqlite:"+filepath.Join(dir, "sallyport.db"), keyset, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := database.Close(); err != nil {
			t.Error(err)
		}
	})
	clock := &fakeClock{now: time.Date(2026, 9, 11, 13, 14, 52, 0, time.UTC)}
	s := &service{
		Service: &iam.Service{
			Store: database, Directory: iam.NewDirectory(database, iam.DirectoryBytes), Passwords: iam.NewCheapPasswords(2),
			Now: clock.Now, Node: "test", Reads: func(iam.AuditEntry) {},
		},
		operations: make(map[string]*iam.Operation),
		now:        clock,
		database:   database,
	}
	for _, op := range s.Operations() {
		s.operations[op.Action] = &op
	}
	s.root = s.account(t, accountID, rootEmail)
	return s
}

// account makes an account and returns its root user.
func (s *service) account(t testing.TB, id, email string) *iam.Caller {
	t.Helper()
	made, err := s.CreateAccount(t.Context(), iam.AccountRequest{ID: id, Email: email, Password: rootPassword})
	if err != nil {
		t.Fatal(err)
	}
	return s.caller(t, made.AccessKeyID)
}

// caller is who signs with a long-term access key.
func (s *service) caller(t testing.TB, accessKeyID string) *iam.Caller {
	t.Helper()
	key, err := s.Directory.Credential(t.Context(), accessKeyID)
	if err != nil {
		t.Fatal(err)
	}
	owner, err := s.Directory.Owner(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &iam.Caller{
		Principal: owner, AccessKeyID: accessKeyID, RequestID: "request", Region: "us-east-1",
		SourceIP: "192.0.2.1", UserAgent: "test", Secure: true,
	}
}

// user makes a user of root's account with an access key and, if given, an inline policy.
func (s *service) user(t testing.TB, name, document string) *iam.Caller {
	t.Helper()
	do[awsiam.CreateUserOutput](t, s, s.root, "CreateUser", &awsiam.CreateUserInput{UserName: &name})
	if document != "" {
		do[awsiam.PutUserPolicyOutput](t, s, s.root, "PutUserPolicy", &awsiam.PutUserPolicyInput{
			UserName: &name, PolicyName: aws.String("inline"), PolicyDocument: &document,
		})
	}
	out := do[awsiam.CreateAccessKeyOutput](t, s, s.root, "CreateAccessKey", &awsiam.CreateAccessKeyInput{UserName: &name})
	return s.caller(t, *out.AccessKey.AccessKeyId)
}

// allow is a policy document that allows actions on a resource.
func allow(resource string, actions ...string) string {
	list := ""
	for i, action := range actions {
		if i > 0 {
			list += ","
		}
		list += `"` + action + `"`
	}
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[` + list + `],"Resource":"` + resource + `"}]}`
}

// call makes a request as a client would: with the caller's present policies, and checked against the model.
func (s *service) call(ctx context.Context, c *iam.Caller, action string, in any) (any, error) {
	op, ok := s.operations[action]
	if !ok {
		return nil, errors.New("no operation " + action)
	}
	if !op.Unlisted { // what is not on the wire checks its own input
		if err := wire.Validate(wire.IAM, action, in); err != nil {
			return nil, err
		}
	}
	now := *c
	principal, err := s.Directory.Principal(ctx, c.Account, c.Kind, c.ID)
	if err != nil {
		return nil, err
	}
	now.Principal = principal
	return s.Do(ctx, &now, op, in)
}

// do makes a request that must succeed.
func do[O any](t testing.TB, s *service, c *iam.Caller, action string, in any) *O {
	t.Helper()
	out, err := s.call(t.Context(), c, action, in)
	if err != nil {
		t.Fatalf("%s: %v", action, err)
	}
	typed, ok := out.(*O)
	if !ok {
		t.Fatalf("%s returned a %T", action, out)
	}
	return typed
}

// refused makes a request that must fail with exactly this answer, "Code: message" or the code alone if it has no
// message.
func refused(t testing.TB, s *service, c *iam.Caller, action string, in any, want string) {
	t.Helper()
	out, err := s.call(t.Context(), c, action, in)
	if err == nil {
		t.Errorf("%s answered %+v, want %s", action, out, want)
		return
	}
	var answer *wire.Error
	if !errors.As(err, &answer) {
		t.Errorf("%s failed with %v, want %s", action, err, want)
		return
	}
	if answer.Error() != want {
		t.Errorf("%s:\n got %s\nwant %s", action, answer.Error(), want)
	}
}
