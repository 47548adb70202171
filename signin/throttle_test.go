package signin_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/signin"
)

const tooManyAtOnce = "TooManyRequests: Too many attempts to sign in from your network at once. Please try again."

// at is a browser at an address.
func at(source string) signin.From {
	from := browser
	from.SourceIP = source
	return from
}

var asRoot = signin.Credentials{Email: rootEmail, Password: rootPassword}

// The lever is gone: strangers at twenty addresses fail for root until each has to wait, and root notices nothing.
func TestStrangersLockNobodyOut(t *testing.T) {
	in := newSite(t)
	guess := asRoot
	guess.Password = "nope"
	const strangers = 20
	for failure := range iam.IdentityWait.Free - 1 {
		from := at(fmt.Sprintf("198.51.100.%d", failure%strangers))
		_, err := in.Password(t.Context(), guess, from)
		in.refused(err, wrong)
		if failure/strangers < iam.PairWait.Free-1 {
			continue
		}
		for _, c := range []signin.Credentials{guess, asRoot} {
			_, err := in.Password(t.Context(), c, from)
			in.refused(err, "throttled")
		}
	}
	state, err := in.Password(t.Context(), asRoot, at("203.0.113.1"))
	in.at(state, err, iam.SignedIn)

	// It forgives the strangers nothing.
	_, err = in.Password(t.Context(), asRoot, at("198.51.100.0"))
	in.refused(err, "throttled")
	if n := in.failures(iam.PairThrottle(iam.PasswordThrottle(account, account), "198.51.100.0")); n != iam.PairWait.Free {
		t.Errorf("a stranger has %d failures after root's success", n)
	}
}

// Guesses from many addresses are bounded: after a hundred in a row one is looked at in five minutes. That is also the most
// that strangers with many addresses can make anybody wait. Names of nobody are held back alike.
func TestGuessesFromManyAddresses(t *testing.T) {
	unknown := signin.Credentials{AccountOrAlias: account, UserName: "nobody", Password: "nope"}
	for name, c := range map[string]signin.Credentials{
		"root": {Email: rootEmail, Password: "nope"}, "a user": as("alice", "nope"), "nobody": unknown,
		"no root": {Email: "nobody@example.com", Password: "nope"}, "no account": {AccountOrAlias: "acme", UserName: "alice", Password: "nope"},
	} {
		t.Run(name, func(t *testing.T) {
			in := newSite(t)
			in.user("alice")
			address := 0
			guess := func() error { // each from an address of its own
				address++
				_, err := in.Password(t.Context(), c, at(fmt.Sprintf("2001:db8:%x::1", address)))
				return err
			}
			for range iam.IdentityWait.Free {
				in.refused(guess(), wrong)
			}
			for _, wait := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 5 * time.Minute, 5 * time.Minute} {
				err := guess()
				var throttled *signin.ThrottledError
				if !errors.As(err, &throttled) || !throttled.Until.Equal(in.clock.Now().Add(wait)) {
					t.Errorf("%v, until %+v, want %v", err, throttled, wait)
				}
				in.clock.add(wait)
				in.refused(guess(), wrong)
			}
			in.clock.add(5*time.Minute - time.Millisecond)
			in.refused(guess(), "throttled")
			in.clock.add(time.Millisecond)
			right := map[string]signin.Credentials{"root": asRoot, "a user": as("alice", password)}[name]
			if right.Password == "" {
				in.refused(guess(), wrong)
				return
			}
			state, err := in.Password(t.Context(), right, at("203.0.113.1"))
			in.at(state, err, iam.SignedIn)
			in.refused(guess(), wrong) // and the hundred begin anew
		})
	}
}

// An office where somebody mistypes now and then is never held back; one that has been recovers.
func TestTheFailuresOfASourceAreForgiven(t *testing.T) {
	in := newSite(t)
	key := iam.SourceThrottle(browser.SourceIP)
	name := 0
	fail := func(want string) {
		t.Helper()
		name++
		_, err := in.Password(t.Context(), as(fmt.Sprint("name", name), "nope"), browser)
		in.refused(err, want)
	}
	for range 3 * iam.SourceWait.Free { // every eight hours, less than it takes to be forgotten
		fail(wrong)
		in.clock.add(8 * time.Hour)
	}
	for range 3 * iam.SourceWait.Free {
		fail(wrong)
		in.clock.add(5 * time.Minute)
	}
	if n := in.failures(key); n != 1 {
		t.Errorf("%d failures, want the last", n)
	}
	in.clock.add(5 * time.Minute)
	for range iam.SourceWait.Free {
		fail(wrong)
	}
	for _, wait := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute} {
		fail("throttled")
		in.clock.add(wait)
		fail(wrong)
	}
	in.clock.add(30 * time.Minute) // six of twenty-four are forgiven
	fail(wrong)
	fail(wrong)
	fail("throttled")
	if n := in.failures(key); n != iam.SourceWait.Free {
		t.Errorf("%d failures", n)
	}
	in.user("alice") // no success forgives any
	in.clock.add(30 * time.Second)
	in.enter("alice")
	if n := in.failures(key); n != iam.SourceWait.Free {
		t.Errorf("%d failures after a success", n)
	}
}

// What an IPv6 host can make up as it likes splits no count, at sign-in and at ChangePassword alike.
func TestAttack12_OneNetworkOneCount(t *testing.T) {
	in := newSite(t)
	in.user("alice")
	in.allow("alice", `"iam:ChangePassword"`)
	caller := in.session(in.enter("alice").Token)
	for i := range iam.PairWait.Free {
		source := fmt.Sprintf("2001:db8:0:1::%x", i+1)
		if i%2 == 0 {
			_, err := in.Password(t.Context(), as("alice", "nope"), at(source))
			in.refused(err, wrong)
			continue
		}
		caller.SourceIP = source
		_, err := in.try(caller, "ChangePassword", &awsiam.ChangePasswordInput{OldPassword: aws.String("guess-It-1"), NewPassword: aws.String("another-One-7")})
		in.refused(err, "AccessDenied: The old password is wrong.")
	}
	_, err := in.Password(t.Context(), as("alice", password), at("2001:db8:0:1:ffff::1"))
	in.refused(err, "throttled")
	caller.SourceIP = "2001:db8:0:1:eeee::1"
	_, err = in.try(caller, "ChangePassword", &awsiam.ChangePasswordInput{OldPassword: aws.String(password), NewPassword: aws.String("another-One-7")})
	in.refused(err, "EntityTemporarilyUnmodifiable: Too many wrong passwords. Wait an hour at most, or ask an administrator for a new password.")
	state, err := in.Password(t.Context(), as("alice", password), at("2001:db8:0:2::1"))
	in.at(state, err, iam.SignedIn)
}

// busy is a hasher that works only when told to, and notes how many waited for it at a time.
type busy struct {
	work    chan struct{} // one for each password to be done
	mu      sync.Mutex
	queued  int
	longest int
}

func (b *busy) Verify(ctx context.Context, _, given string) (bool, error) {
	b.mu.Lock()
	b.queued++
	b.longest = max(b.longest, b.queued)
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.queued--
	}()
	select {
	case <-b.work:
		return given == password, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

func (b *busy) VerifyNothing(ctx context.Context, given string) error {
	_, err := b.Verify(ctx, "", given)
	return err
}

// However many clients one network has, it has a few attempts in the works, and never keeps another out.
func TestANetworkHasAFewTurns(t *testing.T) {
	for name, source := range map[string]func(i int) string{
		"IPv4":       func(int) string { return "192.0.2.66" },
		"an IPv6/48": func(i int) string { return fmt.Sprintf("2001:db8:7:%x::%x", i, i) },
	} {
		t.Run(name, func(t *testing.T) {
			in := newSite(t)
			in.user("alice")
			queue := &busy{work: make(chan struct{})}
			in.SetHasher(queue)
			const clients = 110
			answers := make(chan string, clients)
			var all sync.WaitGroup
			for i := range clients {
				all.Go(func() {
					_, err := in.Password(t.Context(), as(fmt.Sprint("name", i), "nope"), at(source(i)))
					answers <- answer(err)
				})
			}
			for range clients - iam.TurnsOfANetwork { // while the others are in the works
				select {
				case got := <-answers:
					if got != tooManyAtOnce {
						t.Errorf("one too many: %s", got)
					}
				case <-time.After(30 * time.Second):
					t.Fatal("more are in the works than there are turns")
				}
			}
			if n := in.counts("password throttled"); n != clients-iam.TurnsOfANetwork {
				t.Errorf("%d attempts are counted as throttled", n)
			}

			signedIn := make(chan error)
			go func() {
				_, err := in.Password(t.Context(), as("alice", password), at("203.0.113.1"))
				signedIn <- err
			}()
			for range iam.TurnsOfANetwork + 1 {
				queue.work <- struct{}{}
			}
			in.refused(<-signedIn, "ok")
			all.Wait()
			for range iam.TurnsOfANetwork {
				if got := <-answers; got != wrong {
					t.Errorf("in the works: %s", got)
				}
			}
			if queue.longest > iam.TurnsOfANetwork+1 {
				t.Errorf("%d waited for the hasher at a time", queue.longest)
			}
			if n := len(in.records("ConsoleLogin")); n != iam.TurnsOfANetwork+1 {
				t.Errorf("%d records: attempts that were turned away have none", n)
			}

			// The turns are free again, also after an attempt that was given up.
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			for range iam.TurnsOfANetwork {
				if _, err := in.Password(ctx, as("alice", password), at(source(1))); !errors.Is(err, context.Canceled) {
					t.Errorf("given up: %v", err)
				}
			}
			go func() { queue.work <- struct{}{} }()
			state, err := in.Password(t.Context(), as("alice", password), at(source(1)))
			in.at(state, err, iam.SignedIn)
		})
	}
}
