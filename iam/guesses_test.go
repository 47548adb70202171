package iam_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/iam"
)

// from is a caller at another address.
func from(c *iam.Caller, source string) *iam.Caller {
	elsewhere := *c
	elsewhere.SourceIP = source
	return &elsewhere
}

// Wrong old passwords from one address hold back nobody at another until there are a hundred of them, and then for five
// minutes at most.
func TestWrongPasswordsHoldBackTheirOwnAddress(t *testing.T) {
	s := newService(t)
	alice := withPassword(t, s, "alice")
	const wrong = "AccessDenied: The old password is wrong."
	guess := change("Wrong-password-0", secondPassword)
	for n := range iam.IdentityWait.Free {
		c := from(alice, fmt.Sprintf("2001:db8:0:%x::1", n/iam.PairWait.Free)) // five from each network
		refused(t, s, c, "ChangePassword", guess, wrong)
		if n%iam.PairWait.Free == iam.PairWait.Free-1 && n+1 < iam.IdentityWait.Free {
			c.SourceIP = strings.Replace(c.SourceIP, "::1", ":2:3:4:5", 1)
			refused(t, s, c, "ChangePassword", guess, tooMany)
		}
		if n == iam.IdentityWait.Free-2 { // at another address the right one is looked at, and refused for something else
			refused(t, s, from(alice, "198.51.100.1"), "ChangePassword", change(firstPassword, firstPassword),
				"AccessDenied: The new password must differ from the old one.")
		}
	}
	home := from(alice, "198.51.100.1")
	for n, wait := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 5 * time.Minute, 5 * time.Minute} {
		s.now.add(wait - time.Millisecond)
		refused(t, s, home, "ChangePassword", change(firstPassword, secondPassword), tooMany)
		s.now.add(time.Millisecond)
		refused(t, s, from(alice, fmt.Sprintf("203.0.113.%d", n)), "ChangePassword", guess, wrong)
	}
	s.now.add(5 * time.Minute)
	do[awsiam.ChangePasswordOutput](t, s, home, "ChangePassword", change(firstPassword, secondPassword))
	if counted := s.wrongPasswords(t, alice.ID); counted.Failures != 0 {
		t.Errorf("a success leaves %d failures of the user", counted.Failures)
	}
	if counted := s.throttle(t, iam.PairThrottle(iam.PasswordThrottle(accountID, alice.ID), "2001:db8::9")); counted.Failures != iam.PairWait.Free {
		t.Errorf("a success elsewhere leaves a guesser %d failures", counted.Failures)
	}
}

// An administrator's new password, and a login profile made anew, lift the waits of all addresses.
func TestAnAdministratorsPasswordLiftsAllWaits(t *testing.T) {
	s := newService(t)
	alice := withPassword(t, s, "alice")
	at := []string{"192.0.2.1", "198.51.100.1", "2001:db8::1", ""}
	name := aws.String("alice")
	for _, lift := range []func(){
		func() {
			do[awsiam.UpdateLoginProfileOutput](t, s, s.root, "UpdateLoginProfile", &awsiam.UpdateLoginProfileInput{UserName: name, Password: aws.String(secondPassword)})
		},
		func() {
			do[awsiam.DeleteLoginProfileOutput](t, s, s.root, "DeleteLoginProfile", &awsiam.DeleteLoginProfileInput{UserName: name})
			do[awsiam.CreateLoginProfileOutput](t, s, s.root, "CreateLoginProfile", &awsiam.CreateLoginProfileInput{UserName: name, Password: aws.String(secondPassword)})
		},
	} {
		for _, source := range at {
			for range iam.PairWait.Free {
				refused(t, s, from(alice, source), "ChangePassword", change("Wrong-password-0", secondPassword), "AccessDenied: The old password is wrong.")
			}
			refused(t, s, from(alice, source), "ChangePassword", change("Wrong-password-0", secondPassword), tooMany)
		}
		do[awsiam.UpdateLoginProfileOutput](t, s, s.root, "UpdateLoginProfile", &awsiam.UpdateLoginProfileInput{UserName: name, PasswordResetRequired: aws.Bool(true)})
		refused(t, s, from(alice, at[0]), "ChangePassword", change("Wrong-password-0", secondPassword), tooMany) // the flag is no password
		lift()
		for _, source := range at {
			refused(t, s, from(alice, source), "ChangePassword", change(secondPassword, secondPassword),
				"AccessDenied: The new password must differ from the old one.")
		}
	}
}

// Guesses at an old password take turns at the hasher with those at sign-in, by network.
func TestChangePasswordTakesATurn(t *testing.T) {
	s := newService(t)
	alice := withPassword(t, s, "alice")
	root := s.signedIn(s.root, false)
	const busy = "Throttling: Rate exceeded"
	for range iam.TurnsOfANetwork {
		done, ok := s.Passwords.Turn("2001:db8:0:1::1")
		if !ok {
			t.Fatal("no turn is free")
		}
		defer done()
	}
	refused(t, s, from(alice, "2001:db8:0:2::1"), "ChangePassword", change(firstPassword, secondPassword), busy)
	refused(t, s, from(root, "2001:db8:0:2::1"), "ChangeRootPassword", changeRoot(rootPassword, newRootPassword), busy)
	if counted := s.wrongPasswords(t, alice.ID); counted.Failures != 0 {
		t.Errorf("%d failures are counted of what was not looked at", counted.Failures)
	}
	do[awsiam.ChangePasswordOutput](t, s, from(alice, "2001:db8:1::1"), "ChangePassword", change(firstPassword, secondPassword))
	do[iam.ChangeRootPasswordOutput](t, s, from(root, "192.0.2.1"), "ChangeRootPassword", changeRoot(rootPassword, newRootPassword))
}
