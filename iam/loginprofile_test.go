package iam_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/wire"
)

const (
	firstPassword  = "First-password-1"
	secondPassword = "Second-password-2"
)

// withPassword makes a user who has the first password and may do everything with it.
func withPassword(t *testing.T, s *service, name string) *iam.Caller {
	t.Helper()
	c := s.user(t, name, allow("*", "iam:*"))
	do[awsiam.CreateLoginProfileOutput](t, s, s.root, "CreateLoginProfile", &awsiam.CreateLoginProfileInput{
		UserName: &name, Password: aws.String(firstPassword),
	})
	return c
}

// profile reads a user's login profile from the database.
func (s *service) profile(t *testing.T, ownerID string) (p iam.LoginProfile) {
	t.Helper()
	err := s.Store.View(t.Context(), func(tx iam.Tx) error {
		stored, err := tx.LoginProfile(t.Context(), accountID, ownerID)
		if err == nil {
			p = *stored
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// wrongPasswords reads what is counted of a user's wrong passwords from the database.
func (s *service) wrongPasswords(t *testing.T, ownerID string) iam.Throttle {
	t.Helper()
	return s.throttle(t, iam.PasswordThrottle(accountID, ownerID))
}

func (s *service) throttle(t *testing.T, key string) (counted iam.Throttle) {
	t.Helper()
	err := s.Store.View(t.Context(), func(tx iam.Tx) (err error) {
		counted, err = tx.Throttle(t.Context(), key)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return counted
}

// hasPassword fails the test unless the user's password is the one given.
func (s *service) hasPassword(t *testing.T, c *iam.Caller, password string) {
	t.Helper()
	ok, err := s.Passwords.Verify(t.Context(), s.profile(t, c.ID).Hash, password)
	if err != nil || !ok {
		t.Errorf("the password of %s is not %q (%v)", c.Name, password, err)
	}
}

func change(from, to string) *awsiam.ChangePasswordInput {
	return &awsiam.ChangePasswordInput{OldPassword: &from, NewPassword: &to}
}

func TestCreateLoginProfile(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "Alice", allow("*", "iam:*"))
	bob := s.user(t, "bob", allow("*", "iam:*"))

	made := do[awsiam.CreateLoginProfileOutput](t, s, s.root, "CreateLoginProfile", &awsiam.CreateLoginProfileInput{
		UserName: aws.String("alice"), Password: aws.String(firstPassword), PasswordResetRequired: true,
	}).LoginProfile
	if *made.UserName != "Alice" || !made.PasswordResetRequired || !made.CreateDate.Equal(s.now.Now()) {
		t.Errorf("made %+v", made)
	}
	s.hasPassword(t, alice, firstPassword)
	if p := s.profile(t, alice.ID); strings.Contains(p.Hash, firstPassword) || !p.Changed.Equal(s.now.Now()) || !p.LastUsed.IsZero() {
		t.Errorf("stored %+v", p)
	}
	do[awsiam.CreateLoginProfileOutput](t, s, bob, "CreateLoginProfile", &awsiam.CreateLoginProfileInput{Password: aws.String(secondPassword)})
	s.hasPassword(t, bob, secondPassword)

	for _, test := range []struct {
		name string
		in   awsiam.CreateLoginProfileInput
		want string
	}{
		{"a second one", awsiam.CreateLoginProfileInput{UserName: aws.String("ALICE"), Password: aws.String(firstPassword)},
			"EntityAlreadyExists: Login Profile for user Alice already exists."},
		{"no such user", awsiam.CreateLoginProfileInput{UserName: aws.String("eve"), Password: aws.String(firstPassword)},
			"NoSuchEntity: The user with name eve cannot be found."},
		{"root's own", awsiam.CreateLoginProfileInput{Password: aws.String(firstPassword)},
			"ValidationError: Must specify userName when calling with non-User credentials"},
		{"no password", awsiam.CreateLoginProfileInput{UserName: aws.String("Alice")},
			"ValidationError: 1 validation error detected: Value at 'password' failed to satisfy constraint: Member must not be null"},
	} {
		t.Run(test.name, func(t *testing.T) { refused(t, s, s.root, "CreateLoginProfile", &test.in, test.want) })
	}
}

func TestLoginProfileLifeCycle(t *testing.T) {
	s := newService(t)
	alice := withPassword(t, s, "alice")
	get := func() bool {
		t.Helper()
		return do[awsiam.GetLoginProfileOutput](t, s, s.root, "GetLoginProfile", &awsiam.GetLoginProfileInput{UserName: aws.String("alice")}).LoginProfile.PasswordResetRequired
	}
	update := func(password *string, reset *bool) {
		t.Helper()
		do[awsiam.UpdateLoginProfileOutput](t, s, s.root, "UpdateLoginProfile", &awsiam.UpdateLoginProfileInput{
			UserName: aws.String("alice"), Password: password, PasswordResetRequired: reset,
		})
	}
	created := s.now.Now()
	s.now.add(time.Hour)

	update(nil, nil)
	if get() {
		t.Error("an update of nothing asks for a reset")
	}
	update(nil, aws.Bool(true))
	s.hasPassword(t, alice, firstPassword)
	update(aws.String(secondPassword), nil)
	s.hasPassword(t, alice, secondPassword)
	if !get() {
		t.Error("a new password drops the flag")
	}
	if p := s.profile(t, alice.ID); !p.Created.Equal(created) || !p.Changed.Equal(s.now.Now()) || len(p.History) != 1 {
		t.Errorf("stored created %v, changed %v, %d earlier", p.Created, p.Changed, len(p.History))
	}
	do[awsiam.ChangePasswordOutput](t, s, alice, "ChangePassword", change(secondPassword, firstPassword))
	if get() {
		t.Error("the user's own change keeps the flag")
	}

	do[awsiam.DeleteLoginProfileOutput](t, s, alice, "DeleteLoginProfile", &awsiam.DeleteLoginProfileInput{})
	const gone = "NoSuchEntity: Login Profile for User alice cannot be found."
	for action, in := range map[string]any{
		"GetLoginProfile":    &awsiam.GetLoginProfileInput{},
		"UpdateLoginProfile": &awsiam.UpdateLoginProfileInput{UserName: aws.String("alice"), Password: aws.String(firstPassword)},
		"DeleteLoginProfile": &awsiam.DeleteLoginProfileInput{},
		"ChangePassword":     change(firstPassword, secondPassword),
	} {
		refused(t, s, alice, action, in, gone)
	}
}

func TestChangePassword(t *testing.T) {
	s := newService(t)
	alice := withPassword(t, s, "alice")
	role := *alice
	role.Principal = &iam.Principal{Account: accountID, Kind: iam.IAMRole, ID: "AROAAAAAAAAAAAAAAAAAA", Name: "r", Path: "/"}
	role.Session = &iam.Session{Kind: iam.AssumedRole, Name: "s"}

	do[awsiam.ChangePasswordOutput](t, s, alice, "ChangePassword", change(firstPassword, secondPassword))
	s.hasPassword(t, alice, secondPassword)

	const onlyUsers = "InvalidUserType: Only IAM Users can change their own password."
	refused(t, s, s.root, "ChangePassword", change(rootPassword, secondPassword), onlyUsers)
	if _, err := s.Do(t.Context(), &role, s.operations["ChangePassword"], change(secondPassword, firstPassword)); err == nil {
		t.Error("a role session changed a password")
	}
	refused(t, s, alice, "ChangePassword", change(firstPassword, "Third-password-3"), "AccessDenied: The old password is wrong.")
	refused(t, s, alice, "ChangePassword", change(firstPassword, firstPassword), "AccessDenied: The old password is wrong.")
	refused(t, s, alice, "ChangePassword", change(secondPassword, secondPassword), "AccessDenied: The new password must differ from the old one.")
	refused(t, s, alice, "ChangePassword", change(secondPassword, "short"), "PasswordPolicyViolation: Password should have a minimum length of 8")
	s.hasPassword(t, alice, secondPassword)
}

func TestChangePasswordForbidsReuse(t *testing.T) {
	s := newService(t)
	alice := withPassword(t, s, "alice")
	do[awsiam.UpdateAccountPasswordPolicyOutput](t, s, s.root, "UpdateAccountPasswordPolicy", &awsiam.UpdateAccountPasswordPolicyInput{PasswordReusePrevention: aws.Int32(2)})
	const used = "PasswordPolicyViolation: Policy constraint violation with password reuse prevention during password change."

	do[awsiam.ChangePasswordOutput](t, s, alice, "ChangePassword", change(firstPassword, secondPassword))
	refused(t, s, alice, "ChangePassword", change(secondPassword, firstPassword), used)
	refused(t, s, s.root, "UpdateLoginProfile", &awsiam.UpdateLoginProfileInput{UserName: aws.String("alice"), Password: aws.String(secondPassword)}, used)
	do[awsiam.ChangePasswordOutput](t, s, alice, "ChangePassword", change(secondPassword, "third"+firstPassword))
	do[awsiam.ChangePasswordOutput](t, s, alice, "ChangePassword", change("third"+firstPassword, firstPassword)) // no longer one of the last two
	s.hasPassword(t, alice, firstPassword)
}

// What can be refused cheaply is refused before anything is hashed, and a wrong old password is compared with the
// current one only. Hashes that are broken fail the request as soon as one is looked at.
func TestChangePasswordHashesNoMoreThanItMust(t *testing.T) {
	s := newService(t)
	alice := withPassword(t, s, "alice")
	do[awsiam.UpdateAccountPasswordPolicyOutput](t, s, s.root, "UpdateAccountPasswordPolicy", &awsiam.UpdateAccountPasswordPolicyInput{
		MinimumPasswordLength: aws.Int32(10), PasswordReusePrevention: aws.Int32(24),
	})
	store := func(change func(p *iam.LoginProfile)) {
		t.Helper()
		p := s.profile(t, alice.ID)
		change(&p)
		if err := s.Store.Update(t.Context(), func(tx iam.Tx) error { return tx.UpdateLoginProfile(t.Context(), &p) }); err != nil {
			t.Fatal(err)
		}
	}
	fails := func(action string, in any) {
		t.Helper()
		var answer *wire.Error
		if _, err := s.call(t.Context(), alice, action, in); err == nil || errors.As(err, &answer) {
			t.Errorf("%s with a broken hash: %v", action, err)
		}
	}
	const short = "PasswordPolicyViolation: Password should have a minimum length of 10"
	const same = "AccessDenied: The new password must differ from the old one."

	store(func(p *iam.LoginProfile) { p.History = []string{"broken"} })
	refused(t, s, alice, "ChangePassword", change("Wrong-password-0", secondPassword), "AccessDenied: The old password is wrong.")
	refused(t, s, alice, "ChangePassword", change(firstPassword, firstPassword), same)
	fails("ChangePassword", change(firstPassword, secondPassword))
	store(func(p *iam.LoginProfile) { p.Hash = "broken" })
	refused(t, s, alice, "ChangePassword", change(firstPassword, "short"), short)
	refused(t, s, s.root, "UpdateLoginProfile", &awsiam.UpdateLoginProfileInput{UserName: aws.String("alice"), Password: aws.String("short")}, short)
	refused(t, s, s.root, "CreateLoginProfile", &awsiam.CreateLoginProfileInput{UserName: aws.String("alice"), Password: aws.String("short")},
		"EntityAlreadyExists: Login Profile for user alice already exists.")
	fails("ChangePassword", change(firstPassword, secondPassword))
	fails("UpdateLoginProfile", &awsiam.UpdateLoginProfileInput{UserName: aws.String("alice"), Password: aws.String(secondPassword)})
}

// An account's users change their passwords without a policy of their own if the account says so, and only theirs.
func TestAllowUsersToChangePassword(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", "")
	do[awsiam.CreateLoginProfileOutput](t, s, s.root, "CreateLoginProfile", &awsiam.CreateLoginProfileInput{UserName: aws.String("alice"), Password: aws.String(firstPassword)})
	const denied = "AccessDenied: User: arn:aws:iam::123456789012:user/alice is not authorized to perform: iam:ChangePassword " +
		"on resource: user alice because no identity-based policy allows the iam:ChangePassword action"
	refused(t, s, alice, "ChangePassword", change(firstPassword, secondPassword), denied)
	do[awsiam.UpdateAccountPasswordPolicyOutput](t, s, s.root, "UpdateAccountPasswordPolicy", &awsiam.UpdateAccountPasswordPolicyInput{AllowUsersToChangePassword: true})
	do[awsiam.ChangePasswordOutput](t, s, alice, "ChangePassword", change(firstPassword, secondPassword))
	do[awsiam.GetAccountPasswordPolicyOutput](t, s, alice, "GetAccountPasswordPolicy", &awsiam.GetAccountPasswordPolicyInput{})
	do[awsiam.DeleteAccountPasswordPolicyOutput](t, s, s.root, "DeleteAccountPasswordPolicy", &awsiam.DeleteAccountPasswordPolicyInput{})
	refused(t, s, alice, "ChangePassword", change(secondPassword, firstPassword), denied)
}

const tooMany = "EntityTemporarilyUnmodifiable: Too many wrong passwords. Wait an hour at most, or ask an administrator for a new password."

// The count of wrong old passwords outlives the requests that were refused, and makes the next ones wait.
func TestAttack07_ThePasswordFailureCountIsKept(t *testing.T) {
	s := newService(t)
	alice := withPassword(t, s, "alice")
	wrong := change("Wrong-password-0", secondPassword)
	right := change(firstPassword, secondPassword)
	for i := range 5 {
		refused(t, s, alice, "ChangePassword", wrong, "AccessDenied: The old password is wrong.")
		if counted := s.wrongPasswords(t, alice.ID); counted.Failures != i+1 || !counted.Last.Equal(s.now.Now()) {
			t.Fatalf("after %d failures the database says %d, %v", i+1, counted.Failures, counted.Last)
		}
	}
	refused(t, s, alice, "ChangePassword", right, tooMany)
	refused(t, s, alice, "ChangePassword", wrong, tooMany)
	s.now.add(30*time.Second - time.Millisecond)
	refused(t, s, alice, "ChangePassword", right, tooMany)
	s.now.add(time.Millisecond)
	refused(t, s, alice, "ChangePassword", wrong, "AccessDenied: The old password is wrong.")
	s.now.add(59 * time.Second)
	refused(t, s, alice, "ChangePassword", right, tooMany)
	s.now.add(time.Second)
	do[awsiam.ChangePasswordOutput](t, s, alice, "ChangePassword", right)
	if counted := s.wrongPasswords(t, alice.ID); counted.Failures != 0 || !counted.Last.IsZero() {
		t.Errorf("a success leaves %d failures", counted.Failures)
	}
}

func TestWaitAfterWrongPasswordsEndsAtAnHour(t *testing.T) {
	s := newService(t)
	alice := withPassword(t, s, "alice")
	for range 13 { // the twelfth wait would be over an hour if it went on doubling
		refused(t, s, alice, "ChangePassword", change("Wrong-password-0", secondPassword), "AccessDenied: The old password is wrong.")
		s.now.add(time.Hour)
	}
	do[awsiam.ChangePasswordOutput](t, s, alice, "ChangePassword", change(firstPassword, secondPassword))
	for range 5 {
		refused(t, s, alice, "ChangePassword", change("Wrong-password-0", firstPassword), "AccessDenied: The old password is wrong.")
	}
	// An administrator's new password ends the wait.
	do[awsiam.UpdateLoginProfileOutput](t, s, s.root, "UpdateLoginProfile", &awsiam.UpdateLoginProfileInput{UserName: aws.String("alice"), Password: aws.String(firstPassword)})
	do[awsiam.ChangePasswordOutput](t, s, alice, "ChangePassword", change(firstPassword, secondPassword))
}

// A password that is taken away and given again comes without the failures of the one before.
func TestANewLoginProfileHasNoFailures(t *testing.T) {
	s := newService(t)
	alice := withPassword(t, s, "alice")
	for range 5 {
		refused(t, s, alice, "ChangePassword", change("Wrong-password-0", secondPassword), "AccessDenied: The old password is wrong.")
	}
	do[awsiam.DeleteLoginProfileOutput](t, s, s.root, "DeleteLoginProfile", &awsiam.DeleteLoginProfileInput{UserName: aws.String("alice")})
	do[awsiam.CreateLoginProfileOutput](t, s, s.root, "CreateLoginProfile", &awsiam.CreateLoginProfileInput{UserName: aws.String("alice"), Password: aws.String(firstPassword)})
	do[awsiam.ChangePasswordOutput](t, s, alice, "ChangePassword", change(firstPassword, secondPassword))
}

// Failures are forgotten a day after the last one.
func TestPasswordFailuresAreForgotten(t *testing.T) {
	s := newService(t)
	alice := withPassword(t, s, "alice")
	wrong := change("Wrong-password-0", secondPassword)
	for range 5 {
		refused(t, s, alice, "ChangePassword", wrong, "AccessDenied: The old password is wrong.")
	}
	s.now.add(iam.ThrottleMemory + time.Second)
	refused(t, s, alice, "ChangePassword", wrong, "AccessDenied: The old password is wrong.")
	if counted := s.wrongPasswords(t, alice.ID); counted.Failures != 1 {
		t.Errorf("%d failures after a day, want 1", counted.Failures)
	}
}

// A password that an administrator sets or takes ends the user's console sessions, and nobody else's; a refused
// request ends none.
func TestPasswordOfAnAdministratorEndsSessions(t *testing.T) {
	s := newService(t)
	alice, bob := withPassword(t, s, "alice"), withPassword(t, s, "bob")
	begin := func() {
		t.Helper()
		err := s.Store.Update(t.Context(), func(tx iam.Tx) error {
			for _, c := range []*iam.Caller{alice, bob} {
				for i := range 2 {
					id := fmt.Sprintf("%s %v %d", c.Name, s.now.Now(), i)
					if err := tx.InsertSignIn(t.Context(), &iam.SignIn{ID: id, TokenHash: id, Account: accountID, OwnerID: c.ID, Step: iam.SignedIn}); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		s.now.add(time.Second)
	}
	left := func(c *iam.Caller, want int) {
		t.Helper()
		err := s.Store.View(t.Context(), func(tx iam.Tx) error {
			list, err := tx.SignInsOf(t.Context(), accountID, c.ID)
			if len(list) != want {
				t.Errorf("%s has %d sign-ins, want %d", c.Name, len(list), want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	name := aws.String("alice")
	begin()
	do[awsiam.UpdateLoginProfileOutput](t, s, s.root, "UpdateLoginProfile", &awsiam.UpdateLoginProfileInput{UserName: name, PasswordResetRequired: aws.Bool(true)})
	refused(t, s, s.root, "UpdateLoginProfile", &awsiam.UpdateLoginProfileInput{UserName: name, Password: aws.String("short")},
		"PasswordPolicyViolation: Password should have a minimum length of 8")
	left(alice, 2)
	do[awsiam.UpdateLoginProfileOutput](t, s, s.root, "UpdateLoginProfile", &awsiam.UpdateLoginProfileInput{UserName: name, Password: aws.String(secondPassword)})
	left(alice, 0)
	begin()
	do[awsiam.DeleteLoginProfileOutput](t, s, s.root, "DeleteLoginProfile", &awsiam.DeleteLoginProfileInput{UserName: name})
	left(alice, 0)
	left(bob, 4)
}

// However many guesses are made at once, only the first few are answered.
func TestAttack11_ConcurrentPasswordGuesses(t *testing.T) {
	s := newService(t)
	alice := withPassword(t, s, "alice")
	var answered, waiting atomic.Int32
	var guesses sync.WaitGroup
	for i := range 20 {
		guesses.Go(func() {
			var answer *wire.Error
			for answer == nil || answer.Code == "Throttling" { // when more come at a time than a network has turns
				_, err := s.call(context.Background(), alice, "ChangePassword", change(fmt.Sprintf("Wrong-password-%d", i), secondPassword))
				if answer = nil; !errors.As(err, &answer) {
					t.Errorf("guess %d: %v", i, err)
					return
				}
			}
			switch answer.Code {
			case "AccessDenied":
				answered.Add(1)
			case "EntityTemporarilyUnmodifiable":
				waiting.Add(1)
			default:
				t.Errorf("guess %d: %v", i, answer)
			}
		})
	}
	guesses.Wait()
	if answered.Load() != 5 || waiting.Load() != 15 {
		t.Errorf("%d guesses were answered and %d had to wait, want 5 and 15", answered.Load(), waiting.Load())
	}
}

// Of password changes made at the same time from the same old password one succeeds.
func TestConcurrentPasswordChanges(t *testing.T) {
	s := newService(t)
	alice := withPassword(t, s, "alice")
	var succeeded atomic.Int32
	var last atomic.Value
	var changes sync.WaitGroup
	for i := range 8 {
		changes.Go(func() {
			password := fmt.Sprintf("New-password-%d", i)
			if _, err := s.call(context.Background(), alice, "ChangePassword", change(firstPassword, password)); err == nil {
				succeeded.Add(1)
				last.Store(password)
			}
		})
	}
	changes.Wait()
	if succeeded.Load() != 1 {
		t.Fatalf("%d changes succeeded", succeeded.Load())
	}
	s.hasPassword(t, alice, last.Load().(string))
}

func TestAttack39_LoginProfileOperationsAreAuthorisedOnTheUser(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", allow("arn:aws:iam::*:user/alice", "iam:*LoginProfile"))
	bob := withPassword(t, s, "bob")
	denied := func(action string) string {
		return "AccessDenied: User: arn:aws:iam::123456789012:user/alice is not authorized to perform: iam:" + action +
			" on resource: user bob because no identity-based policy allows the iam:" + action + " action"
	}
	for action, in := range map[string]any{
		"CreateLoginProfile": &awsiam.CreateLoginProfileInput{UserName: aws.String("bob"), Password: aws.String(secondPassword)},
		"GetLoginProfile":    &awsiam.GetLoginProfileInput{UserName: aws.String("bob")},
		"UpdateLoginProfile": &awsiam.UpdateLoginProfileInput{UserName: aws.String("bob"), Password: aws.String(secondPassword)},
		"DeleteLoginProfile": &awsiam.DeleteLoginProfileInput{UserName: aws.String("bob")},
	} {
		refused(t, s, alice, action, in, denied(action))
	}
	s.hasPassword(t, bob, firstPassword)
	do[awsiam.CreateLoginProfileOutput](t, s, alice, "CreateLoginProfile", &awsiam.CreateLoginProfileInput{Password: aws.String(secondPassword)})
	s.hasPassword(t, alice, secondPassword)
}

func TestAttack44_CredentialsAreNotInTheAuditLog(t *testing.T) {
	s := newService(t)
	alice := withPassword(t, s, "alice")
	key := do[awsiam.CreateAccessKeyOutput](t, s, s.root, "CreateAccessKey", &awsiam.CreateAccessKeyInput{UserName: aws.String("alice")}).AccessKey
	do[awsiam.UpdateLoginProfileOutput](t, s, s.root, "UpdateLoginProfile", &awsiam.UpdateLoginProfileInput{UserName: aws.String("alice"), Password: aws.String(secondPassword)})
	do[awsiam.ChangePasswordOutput](t, s, alice, "ChangePassword", change(secondPassword, "Third-password-3"))
	refused(t, s, alice, "ChangePassword", change("Wrong-password-0", "Fourth-password-4"), "AccessDenied: The old password is wrong.")
	refused(t, s, alice, "ChangePassword", change("Third-password-3", "short-1"), "PasswordPolicyViolation: Password should have a minimum length of 8")
	records, err := s.database.AuditTail(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]int)
	for _, r := range records {
		for _, secret := range []string{
			rootPassword, firstPassword, secondPassword, "Third-password-3", "Wrong-password-0", "Fourth-password-4", "short-1",
			*key.SecretAccessKey, "argon2id",
		} {
			if strings.Contains(string(r.JSON), secret) {
				t.Errorf("%q is in %s", secret, r.JSON)
			}
		}
		for _, name := range []string{"CreateAccount", "CreateAccessKey", "CreateLoginProfile", "UpdateLoginProfile", "ChangePassword"} {
			if strings.Contains(string(r.JSON), `"eventName":"`+name+`"`) {
				seen[name]++
			}
		}
	}
	if seen["ChangePassword"] != 3 || len(seen) != 5 {
		t.Errorf("the audit log has %v", seen)
	}
}
