package iam_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/mfa/mfatest"
)

// signInWith proves possession of a key as package signin lets a user do. change may alter what is kept between the
// halves.
func (s *service) signInWith(t testing.TB, ownerID string, key *mfatest.Authenticator, change func(*mfa.Ceremony)) error {
	t.Helper()
	return s.Store.Update(t.Context(), func(tx iam.Tx) error {
		options, ceremony, err := s.BeginSecurityKeyAssertion(t.Context(), tx, accountID, ownerID)
		if err != nil {
			return err
		}
		if change != nil {
			change(&ceremony)
		}
		d, err := s.VerifySecurityKey(t.Context(), tx, accountID, ownerID, ceremony, key.Get(options))
		if err == nil && d.OwnerID != ownerID {
			t.Errorf("signed in with a device of %q", d.OwnerID)
		}
		return err
	})
}

func TestVerifySecurityKey(t *testing.T) {
	s := withKeys(t, nil)
	alice := s.user(t, "alice", "")
	root := s.signedIn(s.root, false)
	first, second := mfatest.New(consoleURL), mfatest.New(consoleURL)
	first.BackupEligible = true
	serial := s.register(t, root, "alice", first)
	s.register(t, root, "alice", second)
	for _, key := range []*mfatest.Authenticator{first, second, first} {
		key.BackedUp = key.BackupEligible
		if err := s.signInWith(t, alice.ID, key, nil); err != nil {
			t.Fatal(err)
		}
	}
	if k := s.device(t, serial).Key; k.SignCount != first.SignCount || !k.BackedUp {
		t.Errorf("stored: counter %d, backed up %v; want %d, true", k.SignCount, k.BackedUp, first.SignCount)
	}
}

// One answer sent many times at once is one sign-in, even if the challenge were not taken away: all are held against
// the counter that the first has stored.
func TestConcurrentAnswersOfASecurityKey(t *testing.T) {
	s := withKeys(t, nil)
	alice := s.user(t, "alice", "")
	key := mfatest.New(consoleURL)
	s.register(t, s.signedIn(s.root, false), "alice", key)
	var ceremony mfa.Ceremony
	var response []byte
	err := s.Store.View(t.Context(), func(tx iam.Tx) error {
		options, begun, err := s.BeginSecurityKeyAssertion(t.Context(), tx, accountID, alice.ID)
		if err == nil {
			ceremony, response = begun, key.Get(options)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var accepted atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			err := s.Store.Update(t.Context(), func(tx iam.Tx) error {
				_, err := s.VerifySecurityKey(t.Context(), tx, accountID, alice.ID, ceremony, response)
				return err
			})
			if err == nil {
				accepted.Add(1)
			} else if !errors.Is(err, mfa.ErrClonedKey) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := accepted.Load(); n != 1 {
		t.Errorf("%d of 20 were accepted, want one", n)
	}
}

// refusedKey is the reason for which a key was refused; it fails the test if it was not.
func refusedKey(t testing.TB, err error) string {
	t.Helper()
	var refusal *mfa.KeyError
	if !errors.As(err, &refusal) {
		t.Fatalf("%v, want a refusal", err)
	}
	return refusal.Reason
}

func TestClonedSecurityKey(t *testing.T) {
	s := withKeys(t, nil)
	log := logTo(s)
	alice := s.user(t, "alice", "")
	key := mfatest.New(consoleURL)
	serial := s.register(t, s.signedIn(s.root, false), "alice", key)
	for range 3 {
		if err := s.signInWith(t, alice.ID, key, nil); err != nil {
			t.Fatal(err)
		}
	}
	counter := key.SignCount
	key.SignCount = counter - 2
	refusedKey(t, s.signInWith(t, alice.ID, key, nil))
	if stored := s.device(t, serial).Key.SignCount; stored != counter {
		t.Errorf("the counter is %d after the clone, want %d", stored, counter)
	}
	if text := log.String(); !strings.Contains(text, "level=WARN") || !strings.Contains(text, serial) {
		t.Errorf("the log doesn't warn of %s: %s", serial, text)
	}

	s.relyingParty(t, mfa.RelyingPartyConfig{ExternalURL: consoleURL, Name: "Sallyport", AllowClones: true})
	key.SignCount = counter - 2
	if err := s.signInWith(t, alice.ID, key, nil); err != nil {
		t.Errorf("a clone where clones are allowed: %v", err)
	}
	if stored := s.device(t, serial).Key.SignCount; stored != counter {
		t.Errorf("the counter is %d after the allowed clone, want %d", stored, counter)
	}
	if !strings.Contains(log.String(), "accepted=true") {
		t.Error("the allowed clone is not in the log")
	}
}

func TestAttack25_WebAuthnResultIgnored(t *testing.T) {
	for name, attack := range map[string]func(t *testing.T, s *service, alice, bob *iam.Caller, key *mfatest.Authenticator) error{
		"bogus signature": func(t *testing.T, s *service, alice, _ *iam.Caller, key *mfatest.Authenticator) error {
			key.BogusSignature = true
			return s.signInWith(t, alice.ID, key, nil)
		},
		"key of another user": func(t *testing.T, s *service, alice, bob *iam.Caller, _ *mfatest.Authenticator) error {
			other := mfatest.New(consoleURL)
			s.register(t, s.signedIn(s.root, false), "bob", other)
			return s.signInWith(t, alice.ID, other, nil)
		},
		"challenge of another user": func(t *testing.T, s *service, alice, bob *iam.Caller, key *mfatest.Authenticator) error {
			return s.signInWith(t, alice.ID, key, func(c *mfa.Ceremony) { c.UserHandle = []byte(bob.ID) })
		},
		"another challenge": func(t *testing.T, s *service, alice, _ *iam.Caller, key *mfatest.Authenticator) error {
			return s.signInWith(t, alice.ID, key, func(c *mfa.Ceremony) { c.Challenge = make([]byte, 32) })
		},
		"another site": func(t *testing.T, s *service, alice, _ *iam.Caller, key *mfatest.Authenticator) error {
			key.Origin = "https://iam.example.com.evil.test"
			return s.signInWith(t, alice.ID, key, nil)
		},
		"registration in place of sign-in": func(t *testing.T, s *service, alice, _ *iam.Caller, key *mfatest.Authenticator) error {
			return s.signInWith(t, alice.ID, key, func(c *mfa.Ceremony) { c.Kind = "registration" })
		},
		"no answer": func(t *testing.T, s *service, alice, _ *iam.Caller, _ *mfatest.Authenticator) error {
			return s.Store.Update(t.Context(), func(tx iam.Tx) error {
				_, ceremony, err := s.BeginSecurityKeyAssertion(t.Context(), tx, accountID, alice.ID)
				if err != nil {
					t.Fatal(err)
				}
				_, err = s.VerifySecurityKey(t.Context(), tx, accountID, alice.ID, ceremony, nil)
				return err
			})
		},
		"key removed meanwhile": func(t *testing.T, s *service, alice, _ *iam.Caller, key *mfatest.Authenticator) error {
			return s.Store.Update(t.Context(), func(tx iam.Tx) error {
				options, ceremony, err := s.BeginSecurityKeyAssertion(t.Context(), tx, accountID, alice.ID)
				if err != nil {
					t.Fatal(err)
				}
				devices, err := tx.MFADevicesOf(t.Context(), accountID, alice.ID)
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range devices {
					if err := tx.DeleteMFADevice(t.Context(), accountID, d.Serial); err != nil {
						t.Fatal(err)
					}
				}
				_, err = s.VerifySecurityKey(t.Context(), tx, accountID, alice.ID, ceremony, key.Get(options))
				return err
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := withKeys(t, nil)
			alice, bob := s.user(t, "alice", ""), s.user(t, "bob", "")
			key := mfatest.New(consoleURL)
			serial := s.register(t, s.signedIn(s.root, false), "alice", key)
			before := s.device(t, serial).Key.SignCount
			refusedKey(t, attack(t, s, alice, bob, key))
			if after := s.device(t, serial).Key.SignCount; after != before {
				t.Errorf("the refused answer changed the counter from %d to %d", before, after)
			}
		})
	}

	t.Run("user without keys", func(t *testing.T) {
		s := withKeys(t, nil)
		alice, bob := s.user(t, "alice", ""), s.user(t, "bob", "")
		key := mfatest.New(consoleURL)
		s.register(t, s.signedIn(s.root, false), "alice", key)
		err := s.Store.Update(t.Context(), func(tx iam.Tx) error {
			if _, _, err := s.BeginSecurityKeyAssertion(t.Context(), tx, accountID, bob.ID); err == nil {
				t.Error("a sign-in began for a user without keys")
			}
			options, ceremony, err := s.BeginSecurityKeyAssertion(t.Context(), tx, accountID, alice.ID)
			if err != nil {
				return err
			}
			ceremony.UserHandle = []byte(bob.ID)
			_, err = s.VerifySecurityKey(t.Context(), tx, accountID, bob.ID, ceremony, key.Get(options))
			refusedKey(t, err)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// logTo collects the service's log.
func logTo(s *service) *bytes.Buffer {
	text := new(bytes.Buffer)
	s.Log = slog.New(slog.NewTextHandler(text, nil))
	return text
}
