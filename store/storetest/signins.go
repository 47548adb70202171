package storetest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
)

// signIn is a session of an owner, begun on a day.
func signIn(account, owner, id string, begun int) *iam.SignIn {
	return &iam.SignIn{ID: id, TokenHash: "hash of " + id, Account: account, OwnerID: owner, Step: iam.SignedIn,
		Started: day(begun), Finished: day(begun).Add(time.Second), Expires: day(begun).Add(12 * time.Hour), LastSeen: day(begun)}
}

// ids lists an owner's sign-ins by id.
func ids(t testing.TB, s iam.Store, account, owner string) string {
	t.Helper()
	list := get(t, s, func(ctx context.Context, tx iam.Tx) ([]iam.SignIn, error) { return tx.SignInsOf(ctx, account, owner) })
	var b strings.Builder
	for _, s := range list {
		b.WriteString(s.ID + " ")
	}
	return b.String()
}

func testSignIns(t *testing.T, d Database) {
	s := d.Open(t)
	half := &iam.SignIn{ID: "S1", TokenHash: "first", Account: accountA, OwnerID: "AIDA1", Step: iam.AtSecondFactor, Started: day(0),
		Expires: day(1), LastSeen: day(0), SourceIP: "192.0.2.1", UserAgent: "browser", Ceremony: []byte(`{"kind":"get"}`), Refused: 2}
	byToken := func(hash string) func(context.Context, iam.Tx) (*iam.SignIn, error) {
		return func(ctx context.Context, tx iam.Tx) (*iam.SignIn, error) { return tx.SignIn(ctx, hash) }
	}
	sameToken := signIn(accountB, "AIDA2", "S2", 0)
	sameToken.TokenHash = half.TokenHash
	sameID := signIn(accountB, "AIDA2", "S1", 0)
	steps(t, s,
		step{"insert", nil, func(ctx context.Context, tx iam.Tx) error { return tx.InsertSignIn(ctx, half) }},
		step{"token of another", iam.ErrExists, func(ctx context.Context, tx iam.Tx) error { return tx.InsertSignIn(ctx, sameToken) }},
		step{"id of another", iam.ErrExists, func(ctx context.Context, tx iam.Tx) error { return tx.InsertSignIn(ctx, sameID) }},
		step{"lock of none", iam.ErrNotFound, func(ctx context.Context, tx iam.Tx) error { _, err := tx.LockSignIn(ctx, "x"); return err }},
		step{"update of none", iam.ErrNotFound, func(ctx context.Context, tx iam.Tx) error {
			return tx.UpdateSignIn(ctx, signIn(accountA, "AIDA1", "S9", 0))
		}},
		step{"deletion of none", iam.ErrNotFound, func(ctx context.Context, tx iam.Tx) error { return tx.DeleteSignIn(ctx, accountA, "S9") }},
		step{"deletion through another account", iam.ErrNotFound, func(ctx context.Context, tx iam.Tx) error {
			return tx.DeleteSignIn(ctx, accountB, "S1")
		}},
	)
	equal(t, "inserted", get(t, s, byToken("first")), half)
	missing(t, s, "token in another case", byToken("FIRST"))
	missing(t, s, "no token", byToken(""))
	byID := func(account, id string) func(context.Context, iam.Tx) (*iam.SignIn, error) {
		return func(ctx context.Context, tx iam.Tx) (*iam.SignIn, error) { return tx.SignInByID(ctx, account, id) }
	}
	equal(t, "by id", get(t, s, byID(accountA, "S1")), half)
	missing(t, s, "id through another account", byID(accountB, "S1"))

	// The step to a session, with another token.
	session := *half
	session.TokenHash, session.Step, session.Finished, session.Expires, session.LastSeen = "second", iam.SignedIn, day(1), day(2), day(1)
	session.MFA, session.MFASerial, session.SourceIP, session.UserAgent = day(1), "arn:aws:iam::1:mfa/phone", "2001:db8::1", "other"
	session.Ceremony, session.Refused = nil, 0
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		locked, err := tx.LockSignIn(ctx, "first")
		equal(t, "locked", locked, half)
		moved := session
		moved.Account, moved.OwnerID = accountB, "AIDA2" // must not be stored
		return first(err, tx.UpdateSignIn(ctx, &moved))
	})
	missing(t, s, "token of the step before", byToken("first"))
	equal(t, "updated, but not its owner", get(t, s, byToken("second")), &session)
	update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.DeleteSignIn(ctx, accountA, "S1") })
	missing(t, s, "deleted", byToken("second"))
}

func testSignInsOfOwner(t *testing.T, d Database) {
	s := d.Open(t)
	root := signIn(accountA, accountA, "root", 1)
	insert := func(list ...*iam.SignIn) {
		t.Helper()
		update(t, s, func(ctx context.Context, tx iam.Tx) error {
			for _, one := range list {
				if err := tx.InsertSignIn(ctx, one); err != nil {
					return err
				}
			}
			return nil
		})
	}
	insert(signIn(accountA, "U1", "a", 2), signIn(accountA, "U1", "b", 5), signIn(accountA, "U1", "c", 3), signIn(accountA, "U1", "d", 3),
		signIn(accountA, "U2", "e", 4), signIn(accountB, "U1", "f", 4), root)
	equal(t, "newest first", ids(t, s, accountA, "U1"), "b d c a ")
	equal(t, "of root", ids(t, s, accountA, accountA), "root ")
	equal(t, "of nobody", ids(t, s, accountA, ""), "")
	end := func(account, owner, except string, want int) {
		t.Helper()
		update(t, s, func(ctx context.Context, tx iam.Tx) error {
			n, err := tx.DeleteSignInsOf(ctx, account, owner, except)
			equal(t, "ended", n, want)
			return err
		})
	}
	end(accountA, "U1", "c", 3)
	equal(t, "all but one are ended", ids(t, s, accountA, "U1"), "c ")
	end(accountA, "U1", "e", 1) // another's id spares nobody
	end(accountA, "U1", "", 0)
	equal(t, "those of others go on", ids(t, s, accountA, "U1")+ids(t, s, accountA, "U2")+ids(t, s, accountB, "U1")+
		ids(t, s, accountA, accountA), "e f root ")
}

func testPruneSignIns(t *testing.T, d Database) {
	s := d.Open(t)
	now := day(9)
	row := func(id string, expires, seen time.Time) *iam.SignIn {
		one := signIn(accountA, "U1", id, 0)
		one.Expires, one.LastSeen = expires, seen
		return one
	}
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		other := row("expired, of another account", now.Add(-time.Hour), now)
		other.Account = accountB
		return first(
			tx.InsertSignIn(ctx, row("expires now", now, now)), tx.InsertSignIn(ctx, other),
			tx.InsertSignIn(ctx, row("idle", now.Add(time.Hour), now.Add(-time.Hour-time.Millisecond))),
			tx.InsertSignIn(ctx, row("idle-and-expired", now.Add(-time.Hour), now.Add(-9*time.Hour))),
			tx.InsertSignIn(ctx, row("1-just-used", now.Add(time.Millisecond), now.Add(-time.Hour))),
			tx.InsertSignIn(ctx, row("2-in-use", now.Add(time.Hour), now)))
	})
	for _, want := range []int{4, 0} {
		update(t, s, func(ctx context.Context, tx iam.Tx) error {
			n, err := tx.PruneSignIns(ctx, now, now.Add(-time.Hour))
			equal(t, "pruned", n, want)
			return err
		})
	}
	equal(t, "left", ids(t, s, accountA, "U1")+ids(t, s, accountB, "U1"), "2-in-use 1-just-used ")
}

// What a browser says of itself is any bytes, of any length.
func testSignInText(t *testing.T, d Database) {
	s := d.Open(t)
	for i, test := range []struct{ name, agent, want string }{
		{"plain", "Mozilla/5.0 (X11)", "Mozilla/5.0 (X11)"},
		{"quotes", `'"; DROP TABLE sign_ins; --$1`, `'"; DROP TABLE sign_ins; --$1`},
		{"other scripts", "Süd 東 🙂", "Süd 東 🙂"},
		{"no UTF-8", "a\xff\xfeb", "a\uFFFDb"},
		{"a surrogate", "a\xed\xa0\x80", "a\uFFFD"},
		{"NUL", "a\x00b", "a\uFFFDb"},
		{"long", strings.Repeat("x", 1<<20), strings.Repeat("x", 1024)},
		{"long, cut within a character", "x" + strings.Repeat("ü", 1<<10), "x" + strings.Repeat("ü", 511) + "\uFFFD"},
	} {
		t.Run(test.name, func(t *testing.T) {
			one := signIn(accountA, "U1", fmt.Sprint(i), 0)
			one.UserAgent, one.SourceIP = test.agent, test.agent
			read := func() *iam.SignIn {
				return get(t, s, func(ctx context.Context, tx iam.Tx) (*iam.SignIn, error) { return tx.SignIn(ctx, one.TokenHash) })
			}
			update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.InsertSignIn(ctx, one) })
			want := *one
			want.UserAgent, want.SourceIP = test.want, test.want
			equal(t, "inserted", read(), &want)
			update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.UpdateSignIn(ctx, one) })
			equal(t, "updated", read(), &want)
		})
	}
}

// A sign-in that is taken out by whoever looks at it is taken out once, however many try.
func testParallelSignIns(t *testing.T, d Database) {
	s := d.Open(t)
	one := signIn(accountA, "U1", "S1", 0)
	one.Ceremony = []byte(`{"challenge":"x"}`)
	update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.InsertSignIn(ctx, one) })
	taken := make(chan bool, 64)
	var wg sync.WaitGroup
	for range cap(taken) {
		wg.Go(func() {
			var got bool
			if err := s.Update(t.Context(), func(tx iam.Tx) error {
				locked, err := tx.LockSignIn(t.Context(), one.TokenHash)
				if err != nil {
					return err
				}
				got = locked.Ceremony != nil
				locked.Ceremony = nil
				locked.Refused++
				return tx.UpdateSignIn(t.Context(), locked)
			}); err != nil {
				t.Error(err)
			}
			taken <- got
		})
	}
	wg.Wait()
	close(taken)
	times := 0
	for got := range taken {
		if got {
			times++
		}
	}
	stored := get(t, s, func(ctx context.Context, tx iam.Tx) (*iam.SignIn, error) { return tx.SignIn(ctx, one.TokenHash) })
	equal(t, "taken, and counted", [2]int{times, stored.Refused}, [2]int{1, cap(taken)})
}
