package iam

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strconv"
	"time"
)

// Throttle counts failures in a row of whatever its key names: an identity that signs in, or where it comes from.
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
	// PruneThrottles forgets those whose last failure was before a time, and returns how many.
	PruneThrottles(ctx context.Context, before time.Time) (int, error)
}

// Wait is how failures turn into waiting: the first Free attempts are looked at at once; from then on each failure
// makes the next attempt wait, twice as long every time, from First to Longest (NIST SP 800-63B-4 §3.2.2 names these
// means).
type Wait struct {
	Free           int
	First, Longest time.Duration
}

// The waits. That of a source is shorter, because many people can be behind one address.
var (
	PasswordWait = Wait{Free: 5, First: 30 * time.Second, Longest: time.Hour}
	SourceWait   = Wait{Free: 20, First: 30 * time.Second, Longest: 15 * time.Minute}
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
func (t Throttle) Failed(now time.Time) Throttle {
	if now.Sub(t.Last) > ThrottleMemory {
		t.Failures = 0
	}
	t.Failures++
	t.Last = now
	return t
}

// PasswordThrottle is the key under which wrong passwords of a user (by unique id) or root (by account id) are
// counted, at sign-in and at ChangePassword alike.
func PasswordThrottle(account, ownerID string) string { return "password/" + account + "/" + ownerID }

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
// which a host makes up addresses as it likes (RFC 8981); an IPv4 address in IPv6 form (RFC 4291 §2.5.5.2) is the IPv4
// address. Text that is no address is quoted and cut, so that it can't grow and is nobody else's key.
func SourceThrottle(source string) string {
	address, err := netip.ParseAddr(source)
	if err != nil {
		return "source/" + strconv.QuoteToASCII(source[:min(len(source), maxSource)])
	}
	if address = address.Unmap().WithZone(""); address.Is4() {
		return "source/" + address.String()
	}
	network, _ := address.Prefix(64) // an IPv6 address has one
	return "source/" + network.String()
}
