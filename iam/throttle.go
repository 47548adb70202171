package iam

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strconv"
	"time"
)

// Throttle counts failures in a row of whatever its key names: an identity that signs in, where it comes from, or the
// two together.
// It is kept by key and not with the password, because names that don't exist must be held back like those that
// do, or the waiting would tell them apart.
type Throttle struct {
	Key      string
	Failures int
	Last     time.Time // of the last failure
}

// ThrottleStore keeps throttles.
type ThrottleStore interface {
	// LockThrottle reads a throttle that may be written: until the end of the transaction nobody else writes it. One
	// that is not stored has no failures.
	LockThrottle(ctx context.Context, key string) (Throttle, error)
	// Throttle reads one; one that is not stored has no failures.
	Throttle(ctx context.Context, key string) (Throttle, error)
	PutThrottle(ctx context.Context, t Throttle) error
	// DeleteThrottle forgets the failures; there need not be any.
	DeleteThrottle(ctx context.Context, key string) error
	// DeleteThrottlesUnder forgets the failures of a key and of all keys that continue it after a slash.
	DeleteThrottlesUnder(ctx context.Context, key string) error
	// PruneThrottles forgets those whose last failure was before a time, and returns how many.
	PruneThrottles(ctx context.Context, before time.Time) (int, error)
}

// Wait is how failures turn into waiting: the first Free attempts are looked at at once; from then on each failure
// makes the next attempt wait, twice as long every time, from First to Longest (NIST SP 800-63B-4 §3.2.2 names these
// means).
type Wait struct {
	Free           int
	First, Longest time.Duration
	// Forgive is how long a time without a failure takes one from the count; 0 if none does.
	Forgive time.Duration
}

// The waits of passwords. Guessing from one place is held back by PairWait, so that whoever guesses makes nobody wait but
// themselves. Guessing from many places is bounded by IdentityWait, whose free attempts are what NIST SP 800-63B-4
// §3.2.2 allows in a row, and whose waits are short because a stranger can cause them. SourceWait bounds the trying of
// many names from one place; it forgives, because many people can be behind one address, and every day one of them
// mistypes.
var (
	PairWait     = Wait{Free: 5, First: 30 * time.Second, Longest: time.Hour}
	IdentityWait = Wait{Free: 100, First: 30 * time.Second, Longest: 5 * time.Minute}
	SourceWait   = Wait{Free: 20, First: 30 * time.Second, Longest: 15 * time.Minute, Forgive: 5 * time.Minute}
)

// ThrottleMemory is how long failures are remembered after the last one, of names that exist and of those that
// don't. It is longer than every Wait.
const ThrottleMemory = 24 * time.Hour

// Until is when the next attempt will be looked at; the zero time if at once.
func (t Throttle) Until(w Wait) time.Time {
	if t.Failures < w.Free {
		return time.Time{}
	}
	wait := w.First
	for doublings := t.Failures - w.Free; doublings > 0 && wait < w.Longest; doublings-- {
		wait *= 2
	}
	return t.Last.Add(min(wait, w.Longest))
}

// Failed is the throttle after one more failure.
func (t Throttle) Failed(w Wait, now time.Time) Throttle {
	switch since := now.Sub(t.Last); {
	case since > ThrottleMemory:
		t.Failures = 0
	case since > 0 && w.Forgive > 0:
		t.Failures = max(t.Failures-int(since/w.Forgive), 0)
	}
	t.Failures++
	t.Last = now
	return t
}

// Guesses are the failed guesses at one identity's password as they hold back a guess from one source: those of the
// identity from that source, and those of the identity from everywhere.
type Guesses struct{ pair, identity Throttle }

// ReadGuesses reads the failed guesses. identity is a key such as [PasswordThrottle].
func ReadGuesses(ctx context.Context, tx Tx, identity, source string) (Guesses, error) {
	return guesses(ctx, tx.Throttle, identity, source)
}

// LockGuesses reads the failed guesses to count one more: until the end of the transaction nobody else does.
func LockGuesses(ctx context.Context, tx Tx, identity, source string) (Guesses, error) {
	return guesses(ctx, tx.LockThrottle, identity, source)
}

func guesses(ctx context.Context, read func(context.Context, string) (Throttle, error), identity, source string) (g Guesses, err error) {
	if g.identity, err = read(ctx, identity); err != nil {
		return g, err
	}
	g.pair, err = read(ctx, PairThrottle(identity, source))
	return g, err
}

// Until is when the next guess will be looked at; a time that is past if at once.
func (g Guesses) Until() time.Time {
	pair, identity := g.pair.Until(PairWait), g.identity.Until(IdentityWait)
	if pair.After(identity) {
		return pair
	}
	return identity
}

// Failed counts one more failure.
func (g Guesses) Failed(ctx context.Context, tx Tx, now time.Time) error {
	if err := tx.PutThrottle(ctx, g.identity.Failed(IdentityWait, now)); err != nil {
		return err
	}
	return tx.PutThrottle(ctx, g.pair.Failed(PairWait, now))
}

// Succeeded forgets the failures. Those from other sources go on holding these back: they are not of whoever knows the
// password.
func (g Guesses) Succeeded(ctx context.Context, tx Tx) error {
	if err := tx.DeleteThrottle(ctx, g.identity.Key); err != nil {
		return err
	}
	return tx.DeleteThrottle(ctx, g.pair.Key)
}

// PasswordThrottle is the key under which wrong passwords of a user (by unique id) or root (by account id) are
// counted, at sign-in and at ChangePassword alike.
func PasswordThrottle(account, ownerID string) string { return "password/" + account + "/" + ownerID }

// PairThrottle is the key of an identity, given by its key, together with a source. It lies under that of the identity,
// so that a new password can forget them all.
func PairThrottle(identity, source string) string { return identity + "/" + SourceThrottle(source) }

// UnknownThrottle is the key of a name that there is no identity for. Exactly the spellings that would find the same
// identity share it, by the rule of the look-ups: ASCII letters in either case, and no others. With any other rule a
// second spelling would have to wait for names that exist and not for those that don't, or the other way round. Account
// is its id, or what was typed if there is none; an alias has one spelling. The key holds a hash, because people type
// their password where the name belongs.
func UnknownThrottle(account, name string) string {
	return "unknown/" + hidden(account+"/"+lowerASCII(name))
}

// UnknownRootThrottle is the key of an e-mail address that is no root user's. It is nobody's user name.
func UnknownRootThrottle(email string) string {
	return "unknown-root/" + hidden(lowerASCII(email))
}

func hidden(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// lowerASCII is s with its ASCII letters in lower case.
func lowerASCII(s string) string {
	lower := []byte(s)
	for i, c := range lower {
		if 'A' <= c && c <= 'Z' {
			lower[i] += 'a' - 'A'
		}
	}
	return string(lower)
}

// maxSource is how many bytes of a source that is no address its key shows.
const maxSource = 64

// SourceThrottle is the key of a network address, given as text without port. IPv6 addresses share it by /64, in
// which a host makes up addresses as it likes (RFC 8981).
func SourceThrottle(source string) string { return "source/" + network(source, 64) }

// network is what a source, given as text without port, belongs to: an IPv4 address to itself, an IPv6 address to its
// network of so many bits. An IPv4 address in IPv6 form (RFC 4291 §2.5.5.2) is the IPv4 address. Text that is no address
// is quoted and cut, so that it can't grow and is taken for nobody else's.
func network(source string, bits int) string {
	address, err := netip.ParseAddr(source)
	if err != nil {
		return strconv.QuoteToASCII(source[:min(len(source), maxSource)])
	}
	if address = address.Unmap().WithZone(""); address.Is4() {
		return address.String()
	}
	prefix, _ := address.Prefix(bits) // an IPv6 address has one
	return prefix.String()
}
