package mfa

import (
	"slices"
	"testing"
	"time"
)

func TestPairWindow(t *testing.T) {
	for _, drift := range []int64{0, 700, -700} {
		for _, c := range []struct {
			second int64 // relative to the device's time
			want   Outcome
		}{
			{-1000, Refused}, {-999, Refused}, {-998, Accepted}, {-997, Accepted}, {-1, Accepted},
			{0, Accepted}, {1, Accepted}, {999, Accepted}, {1000, Accepted}, {1001, Refused}, {1002, Refused},
		} {
			s := State{Drift: drift}
			second := drift + c.second
			next, got := s.Pair(device, codeOf(second-1), codeOf(second), after(0))
			if got != c.want {
				t.Errorf("drift %d, second step at %+d: %v, want %v", drift, c.second, got, c.want)
			}
			if got == Accepted && (next.Drift != second || next.LastPair != startStep+second) {
				t.Errorf("drift %d, second step at %+d: state %+v", drift, c.second, next)
			}
			if got == Refused && (next.Drift != drift || next.LastPair != 0 || next.Budget.PairFailures != 1) {
				t.Errorf("drift %d, second step at %+d: refused, but state %+v", drift, c.second, next)
			}
		}
	}
}

func TestPairOfWhatCodes(t *testing.T) {
	a, b, c := codeOf(-1), codeOf(0), codeOf(1)
	wrong := wrongCode(t)
	for _, pair := range []struct {
		name         string
		code1, code2 string
		want         Outcome
	}{
		{"consecutive in order", a, b, Accepted},
		{"the next pair", b, c, Accepted},
		{"reversed", b, a, Refused},
		{"the same twice", b, b, Refused},
		{"a step left out", a, c, Refused},
		{"first wrong", wrong, b, Refused},
		{"second wrong", a, wrong, Refused},
		{"both wrong", wrong, wrong, Refused},
		{"empty", "", "", Refused},
		{"blank before", " " + a, b, Refused},
		{"blank after", a, b + " ", Refused},
		{"other digits", foreignDigits(a, '٠'), b, Refused},
		{"seven digits", "0" + a, b, Refused},
	} {
		if _, got := (State{}).Pair(device, pair.code1, pair.code2, after(0)); got != pair.want {
			t.Errorf("%s: %v, want %v", pair.name, got, pair.want)
		}
	}
}

// Attack row 6: the pair of an enrolment, once more. The state outlives unbinding, so
// for this package deactivating and enabling again is just another pair.
func TestAttack06_PairReused(t *testing.T) {
	enabled, got := State{}.Reinstate(device, codeOf(0), codeOf(1), after(1))
	if got != Accepted {
		t.Fatal(got)
	}
	for _, c := range []struct {
		name  string
		first int64
		want  Outcome
	}{
		{"the same pair", 0, Refused},
		{"an earlier pair", -2, Refused},
		{"overlapping before", -1, Refused},
		{"overlapping after", 1, Refused},
		{"wholly later", 2, Accepted},
		{"later with a gap", 7, Accepted},
	} {
		for _, at := range []int64{1, 2, 8, 500} {
			if _, got := enabled.Reinstate(device, codeOf(c.first), codeOf(c.first+1), after(at)); got != c.want {
				t.Errorf("enable again with %s at %d: %v, want %v", c.name, at, got, c.want)
			}
			if _, got := enabled.Pair(device, codeOf(c.first), codeOf(c.first+1), after(at)); got != c.want {
				t.Errorf("resync with %s at %d: %v, want %v", c.name, at, got, c.want)
			}
		}
	}
	// A clock set back doesn't help either.
	if _, got := enabled.Pair(device, codeOf(0), codeOf(1), after(-300)); got != Refused {
		t.Errorf("after the clock was set back: %v", got)
	}
}

// Enable does not use up its codes: each is good once for Verify.
func TestPairDoesNotConsumeCodes(t *testing.T) {
	s, got := State{}.Reinstate(device, codeOf(0), codeOf(1), after(1))
	if got != Accepted {
		t.Fatal(got)
	}
	for i, try := range []try{{1, 1, Accepted}, {1, 0, Accepted}, {1, 1, Refused}, {1, 0, Refused}} {
		if s, got = s.Verify(device, codeOf(try.step), after(try.at)); got != try.want {
			t.Errorf("verification %d: %v, want %v", i+1, got, try.want)
		}
	}
}

// An old pair must not become a sign-in: after a resync in the middle of one only later codes of the device are good.
func TestAttack23_ResyncWithAnOldPairIsNoSignIn(t *testing.T) {
	old := int64(-900) // codes that somebody overlooked hours ago
	s, got := State{}.PairBeforeMFA(device, codeOf(old), codeOf(old+1), after(0))
	if got != Accepted || s.Drift != old+1 {
		t.Fatalf("resync: %v, drift %d", got, s.Drift)
	}
	for i, try := range []try{{0, old, Refused}, {0, old + 1, Refused}, {0, old + 2, Accepted}, {0, old + 2, Refused}} {
		if s, got = s.Verify(device, codeOf(try.step), after(try.at)); got != try.want {
			t.Errorf("verification %d: %v, want %v", i+1, got, try.want)
		}
	}
	// And a resync doesn't move the floor back.
	before := s.Floor
	if s, _ = s.PairBeforeMFA(device, codeOf(old+3), codeOf(old+4), after(0)); s.Floor < before {
		t.Errorf("the floor went from %d to %d", before, s.Floor)
	}
}

// Resync frees no used code, neither by itself nor by moving the window back over it.
func TestPairFreesNoCode(t *testing.T) {
	s, got := State{}.Verify(device, codeOf(10), after(10))
	if got != Accepted {
		t.Fatal(got)
	}
	floor, used := s.Floor, slices.Clone(s.Used)
	// The codes may be used ones: the accounts are separate.
	s, got = s.Pair(device, codeOf(9), codeOf(10), after(12))
	if got != Accepted || s.Drift != -2 {
		t.Fatalf("resync two steps behind: %v, drift %d", got, s.Drift)
	}
	if s.Floor != floor || !slices.Equal(s.Used, used) {
		t.Errorf("floor %d → %d, used %v → %v", floor, s.Floor, used, s.Used)
	}
	for _, at := range []int64{10, 11, 12, 13, 14} {
		if _, got := s.Verify(device, codeOf(10), after(at)); got != Refused {
			t.Errorf("the used code at %d: %v", at, got)
		}
	}
}

// A device found far behind waits until its steps have passed the floor.
func TestFloorOutlivesASmallerDrift(t *testing.T) {
	s, _ := State{}.Verify(device, codeOf(500), after(500))
	s, got := s.Pair(device, codeOf(300), codeOf(301), after(500))
	if got != Accepted || s.Drift != -199 {
		t.Fatalf("resync: %v, drift %d", got, s.Drift)
	}
	for step, want := range map[int64]Outcome{301: Refused, 497: Refused, 498: Accepted, 500: Refused, 501: Accepted} {
		if _, got := s.Verify(device, codeOf(step), after(step+199)); got != want {
			t.Errorf("device at step %d: %v, want %v", step, got, want)
		}
	}
}

func TestResyncIsAroundTheDrift(t *testing.T) {
	s := State{}
	for i := int64(1); i <= 3; i++ {
		second := i * 1000
		var got Outcome
		if s, got = s.Pair(device, codeOf(second-1), codeOf(second), after(0)); got != Accepted || s.Drift != second {
			t.Fatalf("resync %d: %v, drift %d", i, got, s.Drift)
		}
	}
	if _, got := s.Pair(device, codeOf(3), codeOf(4), after(3)); got != Refused {
		t.Errorf("a pair at the server's own time: %v", got)
	}
	if _, got := s.Verify(device, codeOf(3002), after(0)); got != Accepted {
		t.Errorf("verification around the new drift: %v", got)
	}
}

func TestPairOf60SecondToken(t *testing.T) {
	token := TOTP{Seed: rfcSeed(32), Algorithm: SHA256, Period: time.Minute}
	step := token.Step(start)
	s, got := State{}.Reinstate(token, token.Code(step+40), token.Code(step+41), start)
	if got != Accepted || s.Drift != 41 {
		t.Fatalf("%v, drift %d", got, s.Drift)
	}
	if _, got := s.Verify(token, token.Code(step+42), start.Add(time.Minute)); got != Accepted {
		t.Errorf("next code: %v", got)
	}
}

func BenchmarkPair(b *testing.B) {
	b.ReportAllocs()
	code1, code2 := codeOf(0), codeOf(1)
	var s State
	for b.Loop() {
		if _, got := s.Pair(device, code1, code2, after(1)); got != Accepted {
			b.Fatal(got)
		}
	}
}
