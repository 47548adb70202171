package signin_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/signin"
)

func TestPasswordSignsInWithoutDevices(t *testing.T) {
	in := newSite(t)
	alice := in.user("Alice")
	for name, c := range map[string]signin.Credentials{
		"by account id":        {AccountOrAlias: account, UserName: "Alice", Password: password},
		"by alias":             {AccountOrAlias: alias, UserName: "Alice", Password: password},
		"in another case":      {AccountOrAlias: account, UserName: "aLICE", Password: password},
		"root":                 {Email: rootEmail, Password: rootPassword},
		"root in another case": {Email: "ROOT@example.com", Password: rootPassword},
	} {
		t.Run(name, func(t *testing.T) {
			state, err := in.Password(t.Context(), c, browser)
			in.at(state, err, iam.SignedIn)
			now := in.clock.Now()
			row := state.SignIn
			if !row.Finished.Equal(now) || !row.Expires.Equal(now.Add(12*time.Hour)) || !row.MFA.IsZero() || row.MFASerial != "" {
				t.Errorf("the session is %+v", row)
			}
			if row.SourceIP != browser.SourceIP || row.UserAgent != browser.UserAgent {
				t.Errorf("it came from %s, %s", row.SourceIP, row.UserAgent)
			}
			caller := in.session(state.Token)
			wantKind, wantID := iam.IAMUser, alice
			if c.Email != "" {
				wantKind, wantID = iam.RootUser, account
			}
			if caller.Kind != wantKind || caller.ID != wantID || caller.Session.Kind != iam.ConsoleSession || !caller.MFA().IsZero() {
				t.Errorf("the caller is %+v", caller)
			}
			if state.Principal.ID != wantID || state.Account.Alias != alias || state.Account.RootEmail != rootEmail {
				t.Errorf("the state is of %+v", state.Principal)
			}
			in.view(func(tx iam.Tx) error {
				p, err := tx.LoginProfile(t.Context(), account, wantID)
				if err == nil && !p.LastUsed.Equal(now) {
					t.Errorf("last used %v", p.LastUsed)
				}
				return err
			})
		})
	}
}

// Attack row 32: whatever is wrong has one answer and costs one hash, or none when throttled.
func TestAttack32_WrongCredentialsAreAlike(t *testing.T) {
	in := newSite(t)
	in.user("alice")
	in.must(in.root, "CreateUser", &awsiam.CreateUserInput{UserName: aws.String("keys-only")})
	in.user("guarded")
	in.enrol("guarded", "phone")
	long := strings.Repeat("x", 100_000)
	cases := map[string]signin.Credentials{
		"wrong password":                      as("alice", "nope"),
		"empty password":                      as("alice", ""),
		"password of 129 characters":          as("alice", strings.Repeat("ä", 129)),
		"endless password":                    as("alice", long),
		"right password and white space":      as("alice", password+" "),
		"unknown user":                        as("mallory", password),
		"empty user name":                     as("", password),
		"endless user name":                   as(long, password),
		"user name with a NUL":                as("alice\x00", password),
		"user name not in UTF-8":              as("alice\xff", password),
		"user without a password":             as("keys-only", password),
		"user with a device":                  as("guarded", "nope"),
		"unknown account":                     {AccountOrAlias: "999999999999", UserName: "alice", Password: password},
		"unknown alias":                       {AccountOrAlias: "acme", UserName: "alice", Password: password},
		"alias in a case that none can have":  {AccountOrAlias: "Acme-Corp", UserName: "alice", Password: password},
		"account id in another spelling":      {AccountOrAlias: "1111-2222-3333", UserName: "alice", Password: password},
		"no account":                          {UserName: "alice", Password: password},
		"endless account":                     {AccountOrAlias: long, UserName: "alice", Password: password},
		"nothing":                             {},
		"root's wrong password":               {Email: rootEmail, Password: "nope"},
		"unknown e-mail address":              {Email: "nobody@example.com", Password: rootPassword},
		"endless e-mail address":              {Email: long, Password: rootPassword},
		"root's e-mail address as user name":  as(rootEmail, rootPassword),
		"account id as e-mail address":        {Email: account, Password: rootPassword},
		"account id as user name of the root": as(account, rootPassword),
	}
	address := 0
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			address++
			from := browser
			from.SourceIP = fmt.Sprintf("198.51.100.%d", address)
			before := in.hashes.n.Load()
			for attempt := range 7 {
				state, err := in.Password(t.Context(), c, from)
				if state != nil {
					t.Fatal("signed in")
				}
				want, computed := wrong, int32(attempt+1)
				if attempt >= iam.PairWait.Free {
					want, computed = "throttled", int32(iam.PairWait.Free)
				}
				if got := answer(err); got != want {
					t.Fatalf("attempt %d: %s, want %s", attempt+1, got, want)
				}
				if got := in.hashes.n.Load() - before; got != computed {
					t.Fatalf("attempt %d: %d hashes so far, want %d", attempt+1, got, computed)
				}
				var throttled *signin.ThrottledError
				if errors.As(err, &throttled) && !throttled.Until.Equal(in.clock.Now().Add(iam.PairWait.First)) {
					t.Errorf("until %v", throttled.Until)
				}
			}
			in.clock.add(25 * time.Hour) // the cases that share a counter start anew
		})
	}
}

func TestThrottleHoldsTheRightPasswordTooAndGrows(t *testing.T) {
	in := newSite(t)
	alice := in.user("alice")
	key := iam.PasswordThrottle(account, alice)
	pair := iam.PairThrottle(key, browser.SourceIP)
	fail := func() {
		t.Helper()
		_, err := in.Password(t.Context(), as("alice", "nope"), browser)
		in.refused(err, wrong)
	}
	for range iam.PairWait.Free {
		fail()
	}
	for _, wait := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute} {
		in.clock.add(wait - time.Millisecond)
		_, err := in.Password(t.Context(), as("alice", password), browser)
		in.refused(err, "throttled")
		in.clock.add(time.Millisecond)
		fail()
	}
	if n, m := in.failures(key), in.failures(pair); n != iam.PairWait.Free+3 || m != n {
		t.Errorf("%d failures counted, and %d from this address", n, m)
	}
	in.clock.add(2 * time.Minute)
	_, err := in.Password(t.Context(), as("alice", password), browser)
	in.refused(err, "throttled")
	in.clock.add(2 * time.Minute)
	in.enter("alice")
	if n, m := in.failures(key), in.failures(pair); n != 0 || m != 0 {
		t.Errorf("%d failures after a success, and %d from this address", n, m)
	}
	if n := in.failures(iam.SourceThrottle(browser.SourceIP)); n != iam.PairWait.Free+3 {
		t.Errorf("%d failures of the address, which a success does not forgive", n)
	}
	if got := in.counted["password throttled"]; got != 4 {
		t.Errorf("%d throttled attempts counted", got)
	}
	if got := len(in.records("ConsoleLogin")); got != iam.PairWait.Free+3+1 {
		t.Errorf("%d records: attempts that had to wait have none", got)
	}
}

// Attack row 13: every spelling of an identity shares one counter.
func TestAttack13_SpellingsShareOneCounter(t *testing.T) {
	in := newSite(t)
	alice := in.user("alice")
	for i, c := range []signin.Credentials{
		{AccountOrAlias: account, UserName: "alice"}, {AccountOrAlias: alias, UserName: "alice"},
		{AccountOrAlias: account, UserName: "ALICE"}, {AccountOrAlias: alias, UserName: "aLiCe"}, {AccountOrAlias: alias, UserName: "Alice"},
	} {
		c.Password = "nope"
		_, err := in.Password(t.Context(), c, browser)
		in.refused(err, wrong)
		if n := in.failures(iam.PasswordThrottle(account, alice)); n != i+1 {
			t.Errorf("%d failures after %d attempts", n, i+1)
		}
	}
	_, err := in.Password(t.Context(), as("alice", password), browser)
	in.refused(err, "throttled")

	for _, email := range []string{rootEmail, "ROOT@EXAMPLE.COM", "Root@Example.com", rootEmail, rootEmail} {
		_, err := in.Password(t.Context(), signin.Credentials{Email: email, Password: "nope"}, browser)
		in.refused(err, wrong)
	}
	if n := in.failures(iam.PasswordThrottle(account, account)); n != 5 {
		t.Errorf("%d failures of root", n)
	}

	for _, name := range []string{"nobody", "NOBODY", "Nobody", "nObody", "noBody"} {
		_, err := in.Password(t.Context(), signin.Credentials{AccountOrAlias: alias, UserName: name, Password: "nope"}, browser)
		in.refused(err, wrong)
	}
	_, err = in.Password(t.Context(), as("nobody", "nope"), browser)
	in.refused(err, "throttled")
}

// Attack row 13, again: the counter is also that of ChangePassword.
func TestAttack13_SignInAndChangePasswordShareOneCounter(t *testing.T) {
	in := newSite(t)
	in.user("alice")
	in.allow("alice", `"iam:ChangePassword"`)
	caller := in.session(in.enter("alice").Token)
	for range iam.PairWait.Free {
		_, err := in.try(caller, "ChangePassword", &awsiam.ChangePasswordInput{OldPassword: aws.String("guess-It-1"), NewPassword: aws.String("another-One-7")})
		in.refused(err, "AccessDenied: The old password is wrong.")
	}
	_, err := in.Password(t.Context(), as("alice", password), browser)
	in.refused(err, "throttled")
}

// Attack row 12: what the caller controls does not split the counter of an address.
func TestAttack12_OneAddressManyNames(t *testing.T) {
	in := newSite(t)
	in.user("alice")
	for i := range iam.SourceWait.Free {
		from := browser
		from.SourceIP = fmt.Sprintf("2001:db8:0:1::%x", i+1) // one network, however many addresses
		from.UserAgent = fmt.Sprint(i)
		_, err := in.Password(t.Context(), as(fmt.Sprint("name", i), "nope"), from)
		in.refused(err, wrong)
	}
	from := browser
	from.SourceIP = "2001:db8:0:1:ffff::1"
	_, err := in.Password(t.Context(), as("alice", password), from)
	in.refused(err, "throttled")
	from.SourceIP = "2001:db8:0:2::1"
	if _, err := in.Password(t.Context(), as("alice", password), from); err != nil {
		t.Errorf("the neighbouring network: %v", err)
	}

	from.SourceIP = "::ffff:192.0.2.99" // an IPv4 address is one, however it is written
	in.Password(t.Context(), as("name0", "nope"), from)
	if n := in.failures(iam.SourceThrottle("192.0.2.99")); n != 1 {
		t.Errorf("%d failures of a mapped address", n)
	}
}

// crowd is a hasher that lets nobody go before all have come.
type crowd struct {
	all   sync.WaitGroup
	right string
}

func (c *crowd) Verify(_ context.Context, _, password string) (bool, error) {
	c.all.Done()
	c.all.Wait()
	return password == c.right, nil
}

func (c *crowd) VerifyNothing(ctx context.Context, password string) error {
	_, err := c.Verify(ctx, "", password)
	return err
}

// atOnce gives so many guesses at once, guess i from the address that source names, and returns how often each answer came.
func atOnce(in *site, guesses int, user string, source func(i int) string) map[string]int {
	in.Helper()
	answers := map[string]int{}
	var mu sync.Mutex
	var group sync.WaitGroup
	for i := range guesses {
		group.Go(func() {
			from := browser
			from.SourceIP = source(i)
			_, err := in.Password(in.Context(), as(user, fmt.Sprint("guess", i)), from)
			mu.Lock()
			defer mu.Unlock()
			answers[answer(err)]++
		})
	}
	group.Wait()
	return answers
}

// Attack row 11: guesses made at the same time from many addresses, all past the first look, stay within the limit of
// the identity; even the right one among them is not told beyond it.
func TestAttack11_ParallelGuessesStayWithinTheLimit(t *testing.T) {
	for name, user := range map[string]string{"a user": "alice", "nobody": "mallory"} {
		t.Run(name, func(t *testing.T) {
			in := newSite(t)
			in.user("alice")
			const guesses = 200
			together := &crowd{right: password}
			together.all.Add(guesses)
			in.SetHasher(together)
			answers := atOnce(in, guesses, user, func(i int) string { return fmt.Sprintf("198.51.100.%d", i) })
			if answers[wrong] != iam.IdentityWait.Free || answers["throttled"] != guesses-iam.IdentityWait.Free {
				t.Errorf("answers: %v", answers)
			}
			if got := len(in.records("ConsoleLogin")); got != iam.IdentityWait.Free {
				t.Errorf("%d records", got)
			}

			late := &crowd{right: password}
			late.all.Add(1)
			in.SetHasher(late)
			_, err := in.Password(t.Context(), as("alice", password), browser)
			if want := map[string]string{"alice": "throttled", "mallory": "ok"}[user]; answer(err) != want {
				t.Errorf("then: %v, want %s", err, want)
			}
		})
	}
}

// Attack row 11, again: guesses made at the same time from one address, as many as can be in the works, stay within
// the limit of the address.
func TestAttack11_ParallelGuessesFromOneAddress(t *testing.T) {
	for name, user := range map[string]string{"a user": "alice", "nobody": "mallory"} {
		t.Run(name, func(t *testing.T) {
			in := newSite(t)
			in.user("alice")
			told := 0
			for range 3 {
				together := &crowd{right: password}
				together.all.Add(iam.TurnsOfANetwork)
				in.SetHasher(together)
				if told >= iam.PairWait.Free { // all are held before
					together.all.Add(-iam.TurnsOfANetwork)
				}
				answers := atOnce(in, iam.TurnsOfANetwork, user, func(int) string { return browser.SourceIP })
				if answers[wrong]+answers["throttled"] != iam.TurnsOfANetwork {
					t.Errorf("answers: %v", answers)
				}
				told += answers[wrong]
			}
			if told != iam.PairWait.Free {
				t.Errorf("%d guesses were told to be wrong", told)
			}
		})
	}
}

// overtaken is a hasher during whose work something else happens.
type overtaken struct {
	signin.Hasher
	meanwhile func()
}

func (o overtaken) Verify(ctx context.Context, hash, password string) (bool, error) {
	right, err := o.Hasher.Verify(ctx, hash, password)
	o.meanwhile()
	return right, err
}

// Attack row 17: what happens while the password is verified counts.
func TestAttack17_OvertakenWhileVerifying(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(in *site)
		want      string
	}{
		"nothing": {func(*site) {}, "ok"},
		"the password is changed": {func(in *site) {
			in.must(in.root, "UpdateLoginProfile", &awsiam.UpdateLoginProfileInput{UserName: aws.String("alice"), Password: aws.String("another-One-7")})
		}, wrong},
		"the password is deleted": {func(in *site) {
			in.must(in.root, "DeleteLoginProfile", &awsiam.DeleteLoginProfileInput{UserName: aws.String("alice")})
		}, wrong},
		"the user is deleted": {func(in *site) {
			in.must(in.root, "DeleteLoginProfile", &awsiam.DeleteLoginProfileInput{UserName: aws.String("alice")})
			in.must(in.root, "DeleteUser", &awsiam.DeleteUserInput{UserName: aws.String("alice")})
		}, wrong},
		"others use the attempts of everybody up": {func(in *site) {
			in.failed(iam.PasswordThrottle(account, in.idOf("alice")), iam.IdentityWait.Free)
		}, "throttled"},
		"others use the attempts of this address up": {func(in *site) {
			in.failed(iam.PairThrottle(iam.PasswordThrottle(account, in.idOf("alice")), browser.SourceIP), iam.PairWait.Free)
		}, "throttled"},
		"others fail at this address under other names": {func(in *site) {
			in.failed(iam.SourceThrottle(browser.SourceIP), iam.SourceWait.Free)
		}, "throttled"},
	} {
		t.Run(name, func(t *testing.T) {
			in := newSite(t)
			in.user("alice")
			in.SetHasher(overtaken{in.hashes, func() { c.meanwhile(in) }})
			_, err := in.Password(t.Context(), as("alice", password), browser)
			in.refused(err, c.want)
		})
	}

	t.Run("a device is bound", func(t *testing.T) {
		in := newSite(t)
		in.user("alice")
		in.SetHasher(overtaken{in.hashes, func() { in.enrol("alice", "phone") }})
		state, err := in.Password(t.Context(), as("alice", password), browser)
		in.at(state, err, iam.AtSecondFactor)
	})
}

// Attack row 15: a Service with nothing but its needs set enforces the limits.
func TestAttack15_LimitsHoldByDefault(t *testing.T) {
	in := newSite(t)
	in.user("alice")
	plain := &signin.Service{IAM: in.IAM}
	for range iam.PairWait.Free {
		_, err := plain.Password(t.Context(), as("alice", "nope"), signin.From{})
		in.refused(err, wrong)
	}
	_, err := plain.Password(t.Context(), as("alice", password), signin.From{})
	in.refused(err, "throttled")
}

// Attack rows 7 and 14: the count is in the database, whatever became of the attempt.
func TestAttack14_CountsOutliveTheService(t *testing.T) {
	in := newSite(t)
	alice := in.user("alice")
	for range iam.PairWait.Free {
		in.Password(t.Context(), as("alice", "nope"), browser)
	}
	if n := in.failures(iam.PasswordThrottle(account, alice)); n != iam.PairWait.Free {
		t.Errorf("the database has %d failures", n)
	}
	again := &signin.Service{IAM: &iam.Service{
		Store: in.store, Directory: iam.NewDirectory(in.store, iam.DirectoryBytes), Passwords: iam.NewCheapPasswords(1), Now: in.clock.Now,
	}}
	_, err := again.Password(t.Context(), as("alice", password), browser)
	in.refused(err, "throttled")
}

func TestNoSecretsInLogsAndRecords(t *testing.T) {
	in := newSite(t)
	in.user("alice")
	phone := in.enrol("alice", "phone")
	const typedAsName, guess = "my-Secret-Pass-1", "a-Guessed-Pass-2"
	in.Password(t.Context(), as(typedAsName, "x"), browser)
	in.Password(t.Context(), signin.Credentials{AccountOrAlias: typedAsName, UserName: typedAsName}, browser)
	in.Password(t.Context(), signin.Credentials{Email: typedAsName}, browser)
	in.Password(t.Context(), as("alice", guess), browser)
	state := in.enter("alice")
	bad, good := phone.wrongCode(), phone.code(0)
	in.Code(t.Context(), state.Token, phone.serial, bad, browser)
	done, err := in.Code(t.Context(), state.Token, phone.serial, good, browser)
	in.at(done, err, iam.SignedIn)
	in.SignOut(t.Context(), done.Token, browser)

	shown := in.log.String()
	for _, event := range []string{"ConsoleLogin", "CheckMfa"} {
		shown += fmt.Sprint(in.records(event))
	}
	for name, secret := range map[string]string{
		"password": password, "guess": guess, "typed as a name": typedAsName, "token": state.Token, "last token": done.Token,
		"hash of the token": done.SignIn.TokenHash, "wrong code": bad, "code": good,
	} {
		if strings.Contains(shown, secret) {
			t.Errorf("%s is in the log or a record", name)
		}
	}
	if !strings.Contains(shown, "refused") {
		t.Error("nothing was logged")
	}
}

func TestAtMostTwentySessions(t *testing.T) {
	in := newSite(t)
	alice := in.user("alice")
	in.SetHasher(fast{})
	var tokens []string
	for range signin.MaxSessions + 3 {
		tokens = append(tokens, in.enter("alice").Token)
		in.clock.add(time.Second)
	}
	if n := len(in.signInsOf(alice)); n != signin.MaxSessions {
		t.Errorf("%d sessions", n)
	}
	for i, token := range tokens {
		_, err := in.Session(t.Context(), token, browser)
		if want := map[bool]string{true: expired, false: "ok"}[i < 3]; answer(err) != want {
			t.Errorf("session %d: %v, want %s", i, err, want)
		}
	}

	// Who has the password only begins sign-ins, and ends no session by it.
	in.enrol("alice", "phone")
	for range signin.MaxSessions + 3 {
		in.at(in.enter("alice"), nil, iam.AtSecondFactor)
		in.clock.add(time.Second)
	}
	if n := len(in.signInsOf(alice)); n != 2*signin.MaxSessions {
		t.Errorf("%d sessions and begun sign-ins", n)
	}
	in.session(tokens[len(tokens)-1])
}

// fast is a hasher to which every password is right.
type fast struct{}

func (fast) Verify(context.Context, string, string) (bool, error) { return true, nil }
func (fast) VerifyNothing(context.Context, string) error          { return nil }
