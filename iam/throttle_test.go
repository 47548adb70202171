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
		{"no failure", iam.PasswordWait, 0, never},
		{"one", iam.PasswordWait, 1, never},
		{"the last free one", iam.PasswordWait, 4, never},
		{"as many as are free", iam.PasswordWait, 5, 30 * time.Second},
		{"twice as long", iam.PasswordWait, 6, time.Minute},
		{"and again", iam.PasswordWait, 7, 2 * time.Minute},
		{"the last before the longest", iam.PasswordWait, 11, 32 * time.Minute},
		{"never more than the longest", iam.PasswordWait, 12, time.Hour},
		{"after many", iam.PasswordWait, 5000, time.Hour},
		{"after more than a shift can do", iam.PasswordWait, math.MaxInt, time.Hour},
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

func TestThrottleFailed(t *testing.T) {
	for _, test := range []struct {
		name  string
		from  iam.Throttle
		after time.Duration
		want  int
	}{
		{"the first of all", iam.Throttle{Key: "k"}, 0, 1},
		{"one more", iam.Throttle{Key: "k", Failures: 4, Last: lastFailure}, time.Second, 5},
		{"at the same time", iam.Throttle{Key: "k", Failures: 4, Last: lastFailure}, 0, 5},
		{"as long as it is remembered", iam.Throttle{Key: "k", Failures: 4, Last: lastFailure}, iam.ThrottleMemory, 5},
		{"after that", iam.Throttle{Key: "k", Failures: 4, Last: lastFailure}, iam.ThrottleMemory + 1, 1},
		{"by a clock that was set back", iam.Throttle{Key: "k", Failures: 4, Last: lastFailure}, -time.Hour, 5},
	} {
		t.Run(test.name, func(t *testing.T) {
			now := lastFailure.Add(test.after)
			if got := test.from.Failed(now); got != (iam.Throttle{Key: "k", Failures: test.want, Last: now}) {
				t.Errorf("got %+v, want %d failures at %v", got, test.want, now)
			}
		})
	}
	for _, wait := range []iam.Wait{iam.PasswordWait, iam.SourceWait} {
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
