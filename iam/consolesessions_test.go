package iam_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/iam"
)

// signIn stores a sign-in of the caller that has come to a step, made and seen some time ago.
func (s *service) signIn(t testing.TB, c *iam.Caller, id string, step iam.SignInStep, ago time.Duration) {
	t.Helper()
	at := s.Now().Add(-ago)
	err := s.Store.Update(t.Context(), func(tx iam.Tx) error {
		return tx.InsertSignIn(t.Context(), &iam.SignIn{
			TokenHash: "hash of " + id, ID: id, Account: c.Account, OwnerID: c.ID, Step: step, Started: at, LastSeen: at,
			Expires: at.Add(iam.SignInLifetime), SourceIP: "192.0.2.7", UserAgent: "Firefox",
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// left are the ids of all sign-ins of the caller, in whatever step.
func (s *service) left(t testing.TB, c *iam.Caller) string {
	t.Helper()
	ids := []string{}
	err := s.Store.View(t.Context(), func(tx iam.Tx) error {
		signIns, err := tx.SignInsOf(t.Context(), c.Account, c.ID)
		for _, signIn := range signIns {
			ids = append(ids, signIn.ID)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(ids)
	return fmt.Sprint(ids)
}

// through is the caller in the session of a sign-in.
func (s *service) through(c *iam.Caller, id string) *iam.Caller {
	in := s.signedIn(c, false)
	in.Session.SignIn = id
	return in
}

func ids(out *iam.ConsoleSessionsOutput) string {
	all := []string{}
	for _, session := range out.Sessions {
		all = append(all, session.Id)
	}
	return fmt.Sprint(all)
}

const denyAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`

func TestOwnConsoleSessions(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", denyAll) // needs no permission, and no deny keeps anybody from their own
	for _, owner := range []*iam.Caller{alice, s.root} {
		name := owner.Name
		s.signIn(t, owner, name+"this", iam.SignedIn, time.Minute)
		s.signIn(t, owner, name+"other", iam.SignedIn, 59*time.Minute)
		s.signIn(t, owner, name+"idle", iam.SignedIn, time.Hour+time.Second)
		s.signIn(t, owner, name+"half", iam.AtSecondFactor, time.Second)
		s.signIn(t, owner, name+"new", iam.AtNewPassword, time.Second)
	}

	for _, owner := range []*iam.Caller{alice, s.root} {
		t.Run("of "+owner.ARN(), func(t *testing.T) {
			name := owner.Name
			in := s.through(owner, name+"this")
			listed := inConsole[iam.ConsoleSessionsOutput](t, s, in, "ListOwnConsoleSessions", `{}`)
			if got, want := ids(listed), fmt.Sprint([]string{name + "this", name + "other"}); got != want {
				t.Fatalf("listed %s, want %s: neither half-finished ones nor ones that are over", got, want)
			}
			at := s.Now().Add(-time.Minute)
			want := iam.ConsoleSessionShown{
				Id: name + "this", Started: at, LastSeen: at, Expires: at.Add(12 * time.Hour), SourceIP: "192.0.2.7", UserAgent: "Firefox", Current: true,
			}
			if listed.Sessions[0] != want || listed.Sessions[1].Current {
				t.Errorf("listed %+v, want first %+v", listed.Sessions, want)
			}

			refusedInConsole(t, s, in, "EndOwnConsoleSessions", `{"Ids":["`+name+`other","nobody's"]}`,
				"NoSuchEntity: The console session with id nobody's cannot be found.")
			if got := len(inConsole[iam.ConsoleSessionsOutput](t, s, in, "ListOwnConsoleSessions", `{}`).Sessions); got != 2 {
				t.Errorf("a refused call left %d sessions", got)
			}
			if ended := inConsole[iam.EndedSessionsOutput](t, s, in, "EndOwnConsoleSessions", `{"Ids":["`+name+`other"]}`).Ended; ended != 1 {
				t.Errorf("ended %d", ended)
			}
			if ended := inConsole[iam.EndedSessionsOutput](t, s, in, "EndOwnConsoleSessions", `{}`).Ended; ended != 3 {
				t.Errorf("ended %d others, want the idle and the half-finished ones", ended)
			}
			if got := s.left(t, owner); got != fmt.Sprint([]string{name + "this"}) {
				t.Errorf("left %s", got)
			}
		})
	}
	if n := len(s.records(t, "EndOwnConsoleSessions")); n != 6 {
		t.Errorf("%d records of six calls", n)
	}
}

func TestConsoleSessionsOfAUser(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "Alice", "")
	s.signIn(t, alice, "a1", iam.SignedIn, time.Minute)
	s.signIn(t, alice, "a2", iam.AtSecondFactor, time.Minute)
	helpdesk := s.user(t, "helpdesk", allow("arn:aws:iam::123456789012:user/Alice", "iam:GetLoginProfile", "iam:UpdateLoginProfile"))
	reader := s.user(t, "reader", allow("*", "iam:Get*"))

	if got := ids(inConsole[iam.ConsoleSessionsOutput](t, s, reader, "ListConsoleSessions", `{"UserName":"alice"}`)); got != "[a1]" {
		t.Errorf("listed %s", got)
	}
	refusedInConsole(t, s, reader, "EndConsoleSessions", `{"UserName":"alice"}`,
		"AccessDenied: User: arn:aws:iam::123456789012:user/reader is not authorized to perform: iam:UpdateLoginProfile on resource: user alice because no identity-based policy allows the iam:UpdateLoginProfile action")
	refusedInConsole(t, s, helpdesk, "ListConsoleSessions", `{"UserName":"reader"}`,
		"AccessDenied: User: arn:aws:iam::123456789012:user/helpdesk is not authorized to perform: iam:GetLoginProfile on resource: user reader because no identity-based policy allows the iam:GetLoginProfile action")
	refusedInConsole(t, s, reader, "ListConsoleSessions", `{"UserName":"nobody"}`, "NoSuchEntity: The user with name nobody cannot be found.")
	if got := s.left(t, alice); got != "[a1 a2]" {
		t.Errorf("after refusals %s are left", got)
	}
	if ended := inConsole[iam.EndedSessionsOutput](t, s, helpdesk, "EndConsoleSessions", `{"UserName":"alice"}`).Ended; ended != 2 {
		t.Errorf("ended %d", ended)
	}
	if got := s.left(t, alice); got != "[]" {
		t.Errorf("left %s", got)
	}
	records := s.records(t, "EndConsoleSessions")
	if len(records) != 2 || records[0]["errorCode"] != nil || records[1]["errorCode"] != "AccessDenied" {
		t.Errorf("records %v", records)
	}
	if got := fmt.Sprint(records[0]["requestParameters"], records[0]["responseElements"]); got != "map[userName:alice] map[ended:2]" {
		t.Errorf("recorded %s", got)
	}
}

// Nobody ends what is somebody else's by its id, be it another user's, root's or another account's.
func TestSessionsOfOthersCantBeEnded(t *testing.T) {
	s := newService(t)
	alice, bob := s.user(t, "alice", allow("*", "*")), s.user(t, "bob", "")
	stranger := s.account(t, "999999999999", "other@example.com")
	for _, owner := range []*iam.Caller{alice, bob, s.root, stranger} {
		s.signIn(t, owner, "of-"+owner.ID, iam.SignedIn, time.Minute)
	}
	for _, other := range []*iam.Caller{bob, s.root, stranger} {
		id := "of-" + other.ID
		refusedInConsole(t, s, alice, "EndOwnConsoleSessions", `{"Ids":["of-`+alice.ID+`","`+id+`"]}`,
			"NoSuchEntity: The console session with id "+id+" cannot be found.")
	}
	inConsole[iam.EndedSessionsOutput](t, s, stranger, "EndOwnConsoleSessions", `{}`)
	inConsole[iam.EndedSessionsOutput](t, s, s.through(alice, "of-"+alice.ID), "EndOwnConsoleSessions", `{}`)
	refusedInConsole(t, s, stranger, "EndConsoleSessions", `{"UserName":"alice"}`, "NoSuchEntity: The user with name alice cannot be found.")
	for _, owner := range []*iam.Caller{alice, bob, s.root} {
		if got := s.left(t, owner); got != "[of-"+owner.ID+"]" {
			t.Errorf("%s has %s left", owner.ARN(), got)
		}
	}
}

// A request can take long: its body may be slow, or wait for the password hasher.
func TestASessionThatHasEndedChangesNothing(t *testing.T) {
	s := newService(t)
	s.user(t, "alice", "")
	for _, end := range []struct {
		name string
		do   func(tx iam.Tx) error
	}{
		{"is deleted", func(tx iam.Tx) error {
			_, err := tx.DeleteSignInsOf(t.Context(), accountID, s.root.ID, "")
			return err
		}},
		{"has expired", func(tx iam.Tx) error {
			row, err := tx.LockSignIn(t.Context(), "hash of has expired")
			if err != nil {
				return err
			}
			row.Expires = s.Now()
			return tx.UpdateSignIn(t.Context(), row)
		}},
	} {
		t.Run(end.name, func(t *testing.T) {
			s.signIn(t, s.root, end.name, iam.SignedIn, 0)
			caller := s.through(s.root, end.name)
			const input = `{"UserName":"alice"}`
			if _, err := s.tryInConsole(t, caller, "EndConsoleSessions", input); err != nil {
				t.Fatalf("in a session that lives: %v", err)
			}
			if err := s.Store.Update(t.Context(), end.do); err != nil {
				t.Fatal(err)
			}
			if _, err := s.tryInConsole(t, caller, "EndConsoleSessions", input); err == nil || err.Error() != "ExpiredToken: The security token included in the request is expired" {
				t.Errorf("the session %s: %v", end.name, err)
			}
		})
	}
}

// A device that is taken away may be in a thief's hands, with a session that it made.
func TestDeactivatingADeviceEndsTheSessionsMadeWithIt(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)
	for _, test := range []struct {
		name string
		by   func() *iam.Caller
		want string
	}{
		{"by an administrator", func() *iam.Caller { return s.root }, "[no-mfa other-device]"},
		{"by the user, who keeps the session that asks", func() *iam.Caller {
			c := s.through(alice, "this")
			c.Session.MFA = s.Now()
			return c
		}, "[no-mfa other-device this]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			phone := s.virtualDevice(t, "phone")
			do[awsiam.EnableMFADeviceOutput](t, s, s.root, "EnableMFADevice", phone.enable("alice", -1, 0))
			for id, serial := range map[string]string{"this": phone.serial, "that": phone.serial, "other-device": "arn:other", "no-mfa": ""} {
				s.signIn(t, alice, id, iam.SignedIn, 0)
				err := s.Store.Update(t.Context(), func(tx iam.Tx) error {
					row, err := tx.SignInByID(t.Context(), accountID, id)
					if err != nil {
						return err
					}
					row.MFASerial = serial
					return tx.UpdateSignIn(t.Context(), row)
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			do[awsiam.DeactivateMFADeviceOutput](t, s, test.by(), "DeactivateMFADevice",
				&awsiam.DeactivateMFADeviceInput{UserName: aws.String("alice"), SerialNumber: &phone.serial})
			if got := s.left(t, alice); got != test.want {
				t.Errorf("left %s, want %s", got, test.want)
			}
			do[awsiam.DeleteVirtualMFADeviceOutput](t, s, s.root, "DeleteVirtualMFADevice", &awsiam.DeleteVirtualMFADeviceInput{SerialNumber: &phone.serial})
			err := s.Store.Update(t.Context(), func(tx iam.Tx) error {
				_, err := tx.DeleteSignInsOf(t.Context(), accountID, alice.ID, "")
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}
