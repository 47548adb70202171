package iam_test

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sallyport-iam/sallyport/iam"
)

var lastFailure = time.Date(2026, 9, 11, 13, 14, 52, 0, time.UTC)

// The first attempts are free; then each failure doubles the wait, up to the longest.
func TestThrottleUntil(t *testing.T) {
	const never = -1
	for _, test := range []struct {
		name     string
		wait     iam.Wait
		failures int
		want     time.Duration // after the last failure
	}{
		{"no failure", iam.PairWait, 0, never},
		{"one", iam.PairWait, 1, never},
		{"the last free one", iam.PairWait, 4, never},
		{"as many as are free", iam.PairWait, 5, 30 * time.Second},
		{"twice as long", iam.PairWait, 6, time.Minute},
		{"and again", iam.PairWait, 7, 2 * time.Minute},
		{"the last before the longest", iam.PairWait, 11, 32 * time.Minute},
		{"never more than the longest", iam.PairWait, 12, time.Hour},
		{"after many", iam.PairWait, 5000, time.Hour},
		{"after more than a shift can do", iam.PairWait, math.MaxInt, time.Hour},
		{"identity, free", iam.IdentityWait, 99, never},
		{"identity", iam.IdentityWait, 100, 30 * time.Second},
		{"identity, the last before the longest", iam.IdentityWait, 103, 4 * time.Minute},
		{"identity, the longest", iam.IdentityWait, 104, 5 * time.Minute},
		{"identity, after many", iam.IdentityWait, math.MaxInt, 5 * time.Minute},
		{"source, free", iam.SourceWait, 19, never},
		{"source", iam.SourceWait, 20, 30 * time.Second},
		{"source, the last before the longest", iam.SourceWait, 24, 8 * time.Minute},
		{"source, the longest", iam.SourceWait, 25, 15 * time.Minute},
		{"nothing free", iam.Wait{First: time.Second, Longest: time.Minute}, 0, time.Second},
		{"the longest is twice the first", iam.Wait{Free: 1, First: time.Second, Longest: 2 * time.Second}, 2, 2 * time.Second},
		{"first above the longest", iam.Wait{Free: 1, First: time.Hour, Longest: time.Minute}, 1, time.Minute},
		{"of weeks", iam.Wait{Free: 1, First: 2000 * time.Hour, Longest: 4001 * time.Hour}, 17, 4001 * time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := lastFailure.Add(test.want)
			if test.want == never {
				want = time.Time{}
			}
			if got := (iam.Throttle{Failures: test.failures, Last: lastFailure}).Until(test.wait); !got.Equal(want) {
				t.Errorf("until %v, want %v", got, want)
			}
		})
	}
}

// Failures are forgotten all at once after a day, and those of a source one by one before.
func TestThrottleFailed(t *testing.T) {
	forgiving := iam.Wait{Free: 3, First: time.Second, Longest: time.Minute, Forgive: 10 * time.Minute}
	for _, test := range []struct {
		name  string
		wait  iam.Wait
		from  iam.Throttle
		after time.Duration
		want  int
	}{
		{"the first of all", iam.PairWait, iam.Throttle{Key: "k"}, 0, 1},
		{"one more", iam.PairWait, iam.Throttle{Key: "k", Failures: 4, Last: lastFailure}, time.Second, 5},
		{"at the same time", iam.PairWait, iam.Throttle{Key: "k", Failures: 4, Last: lastFailure}, 0, 5},
		{"as long as it is remembered", iam.PairWait, iam.Throttle{Key: "k", Failures: 4, Last: lastFailure}, iam.ThrottleMemory, 5},
		{"after that", iam.PairWait, iam.Throttle{Key: "k", Failures: 4, Last: lastFailure}, iam.ThrottleMemory + 1, 1},
		{"by a clock that was set back", iam.PairWait, iam.Throttle{Key: "k", Failures: 4, Last: lastFailure}, -time.Hour, 5},
		{"of an identity, which isn't forgiven", iam.IdentityWait, iam.Throttle{Key: "k", Failures: 99, Last: lastFailure}, iam.ThrottleMemory, 100},
		{"forgiving, the first of all", forgiving, iam.Throttle{Key: "k"}, 0, 1},
		{"forgiving, too early", forgiving, iam.Throttle{Key: "k", Failures: 4, Last: lastFailure}, 10*time.Minute - 1, 5},
		{"forgiving one", forgiving, iam.Throttle{Key: "k", Failures: 4, Last: lastFailure}, 10 * time.Minute, 4},
		{"forgiving one, not yet two", forgiving, iam.Throttle{Key: "k", Failures: 4, Last: lastFailure}, 20*time.Minute - 1, 4},
		{"forgiving three", forgiving, iam.Throttle{Key: "k", Failures: 4, Last: lastFailure}, 30 * time.Minute, 2},
		{"forgiving all", forgiving, iam.Throttle{Key: "k", Failures: 4, Last: lastFailure}, 40 * time.Minute, 1},
		{"forgiving no more than there are", forgiving, iam.Throttle{Key: "k", Failures: 4, Last: lastFailure}, 23 * time.Hour, 1},
		{"forgiving, as long as it is remembered", forgiving, iam.Throttle{Key: "k", Failures: 1000, Last: lastFailure}, iam.ThrottleMemory, 857},
		{"forgiving, after that", forgiving, iam.Throttle{Key: "k", Failures: 1000, Last: lastFailure}, iam.ThrottleMemory + 1, 1},
		{"forgiving, by a clock that was set back", forgiving, iam.Throttle{Key: "k", Failures: 4, Last: lastFailure}, -time.Hour, 5},
		{"of a source, one forgiven", iam.SourceWait, iam.Throttle{Key: "k", Failures: 19, Last: lastFailure}, 5 * time.Minute, 19},
		{"of a source, every 8 hours", iam.SourceWait, iam.Throttle{Key: "k", Failures: 19, Last: lastFailure}, 8 * time.Hour, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			now := lastFailure.Add(test.after)
			if got := test.from.Failed(test.wait, now); got != (iam.Throttle{Key: "k", Failures: test.want, Last: now}) {
				t.Errorf("got %+v, want %d failures at %v", got, test.want, now)
			}
		})
	}
	for _, wait := range []iam.Wait{iam.PairWait, iam.IdentityWait, iam.SourceWait} {
		if wait.Longest >= iam.ThrottleMemory {
			t.Errorf("a wait of %v is forgotten before it ends", wait.Longest)
		}
	}
}

// The key of a name that nobody has is shared by the spellings that would find one user, and by no others: else the
// waiting of a second spelling would tell whether the name exists.
func TestUnknownThrottle(t *testing.T) {
	key := iam.UnknownThrottle("111111111111", "Alice")
	for _, same := range [][2]string{{"111111111111", "alice"}, {"111111111111", "ALICE"}} {
		if got := iam.UnknownThrottle(same[0], same[1]); got != key {
			t.Errorf("%q: %s, want %s", same, got, key)
		}
	}
	if iam.UnknownThrottle("Example", "bob") == iam.UnknownThrottle("example", "bob") {
		t.Error("an alias in other case, which finds nothing, has the key of one that may")
	}
	if iam.UnknownRootThrottle("Root@example.com") != iam.UnknownRootThrottle("root@example.com") ||
		iam.UnknownRootThrottle("root@example.com") == iam.UnknownThrottle("root", "root@example.com") {
		t.Error("root's addresses don't have keys of their own")
	}
	seen := map[string][2]string{key: {"111111111111", "Alice"}}
	for _, other := range [][2]string{
		{"111111111112", "alice"}, {"", "alice"}, {"111111111111", ""}, {"", ""}, {"111111111111", "alice "}, {"111111111111", "al\u0131ce"},
		{"111111111111", "\u212Aate"}, {"111111111111", "kate"}, {"111111111111", "é"}, {"111111111111", "É"},
		{"111111111111", "\xff"}, {"111111111111", "\xfe"}, {"111111111111", "\uFFFD"},
	} {
		got := iam.UnknownThrottle(other[0], other[1])
		if before, ok := seen[got]; ok {
			t.Errorf("%q has the key of %q", other, before)
		}
		seen[got] = other
	}
	for key, of := range seen {
		if of[1] != "" && strings.Contains(strings.ToLower(key), strings.ToLower(of[1])) || len(key) != len("unknown/")+32 {
			t.Errorf("the key of %q is %q", of, key)
		}
	}
	if long := iam.UnknownThrottle("a", strings.Repeat("n", 1<<20)); len(long) != len(key) {
		t.Errorf("a long name has a key of %d bytes", len(long))
	}
}

func TestPasswordThrottle(t *testing.T) {
	if got := iam.PasswordThrottle("111111111111", "AIDA1"); got != "password/111111111111/AIDA1" { // migration 2 writes it too
		t.Errorf("got %q", got)
	}
}

// The key of an identity and a source lies under that of the identity, and under no other's.
func TestPairThrottle(t *testing.T) {
	alice, bob := iam.PasswordThrottle("111111111111", "AIDA1"), iam.PasswordThrottle("111111111111", "AIDA11")
	for _, test := range []struct{ identity, source, want string }{
		{alice, "192.0.2.1", "password/111111111111/AIDA1/source/192.0.2.1"},
		{alice, "::ffff:192.0.2.1", "password/111111111111/AIDA1/source/192.0.2.1"},
		{alice, "2001:db8:0:7::9", "password/111111111111/AIDA1/source/2001:db8:0:7::/64"},
		{alice, "", `password/111111111111/AIDA1/source/""`},
		{bob, "192.0.2.1", "password/111111111111/AIDA11/source/192.0.2.1"},
	} {
		got := iam.PairThrottle(test.identity, test.source)
		if got != test.want || !strings.HasPrefix(got, test.identity+"/") {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
	if got := iam.PairThrottle(iam.UnknownThrottle("a", "My-Password-1"), "192.0.2.1"); strings.Contains(got, "Password") {
		t.Errorf("the key shows what was typed: %q", got)
	}
}

func TestSourceThrottle(t *testing.T) {
	for _, test := range []struct{ name, source, want string }{
		{"IPv4", "192.0.2.1", "source/192.0.2.1"},
		{"IPv6", "2001:db8:0:7:1:2:3:4", "source/2001:db8:0:7::/64"},
		{"its neighbour", "2001:db8:0:7:ffff::1", "source/2001:db8:0:7::/64"},
		{"in other letters", "2001:DB8::7:0:0:0:1", "source/2001:db8:0:7::/64"},
		{"the next network", "2001:db8:0:8::1", "source/2001:db8:0:8::/64"},
		{"loopback", "::1", "source/::/64"},
		{"IPv4 in IPv6", "::ffff:192.0.2.1", "source/192.0.2.1"},
		{"IPv4 in IPv6, hexadecimal", "::ffff:c000:201", "source/192.0.2.1"},
		{"IPv4 in IPv6 with a zone", "::ffff:192.0.2.1%eth0", "source/192.0.2.1"},
		{"with a zone", "fe80::1%eth0", "source/fe80::/64"},
		{"none", "", `source/""`},
		{"a name", "localhost", `source/"localhost"`},
		{"an address with port", "192.0.2.1:443", `source/"192.0.2.1:443"`},
		{"any bytes", "a\x00\xff\n\"é", `source/"a\x00\xff\n\"\u00e9"`},
		{"long", strings.Repeat("x", 1<<20), `source/"` + strings.Repeat("x", 64) + `"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := iam.SourceThrottle(test.source); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func FuzzSourceThrottle(f *testing.F) {
	for _, source := range []string{"192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1%z", "fe80::1%eth0", "", "\xff\x00", strings.Repeat("é", 99)} {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		key := iam.SourceThrottle(source)
		if len(key) > 512 || !utf8.ValidString(key) || strings.ContainsRune(key, 0) || !strings.HasPrefix(key, "source/") {
			t.Errorf("%q has the key %q", source, key)
		}
	})
}
