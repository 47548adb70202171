package mfa

import (
	"reflect"
	"testing"
	"time"
)

// Nine verifications a window, good, bad and reused; the tenth is not looked at.
func TestBudgetOfVerifications(t *testing.T) {
	wrong := wrongCode(t)
	var s State
	verify := func(at time.Time, code string, want Outcome) {
		t.Helper()
		before := s
		var got Outcome
		if s, got = s.Verify(device, code, at); got != want {
			t.Fatalf("at %s: %v, want %v", at.UTC().Format(time.TimeOnly), got, want)
		}
		if got == OverBudget && !reflect.DeepEqual(s, before) {
			t.Fatalf("a call over the budget changed the state: %+v → %+v", before, s)
		}
	}
	end := start.Add(3*time.Minute - time.Nanosecond)
	verify(start, codeOf(0), Accepted)
	verify(start, codeOf(1), Accepted)
	verify(start, codeOf(2), Accepted)
	verify(start, codeOf(0), Refused)
	for range 5 {
		verify(start, wrong, Refused)
	}
	verify(end, codeOf(5), OverBudget)
	verify(end, wrong, OverBudget)
	verify(start.Add(3*time.Minute), codeOf(5), Accepted) // a new window, and the code is not lost
	if s.Budget.Attempts != 1 {
		t.Errorf("the new window starts with %d", s.Budget.Attempts)
	}
}

// Windows are cut from UTC: one that is entered late ends as early.
func TestBudgetWindowIsCutFromUTC(t *testing.T) {
	wrong := wrongCode(t)
	late := start.Add(2*time.Minute + 59*time.Second)
	var s State
	for range maxAttempts {
		s, _ = s.Verify(device, wrong, late)
	}
	if _, got := s.Verify(device, wrong, late.Add(999*time.Millisecond)); got != OverBudget {
		t.Errorf("in the same window: %v", got)
	}
	if _, got := s.Verify(device, wrong, late.Add(time.Second)); got != Refused {
		t.Errorf("in the next window: %v", got)
	}
}

func TestBudgetOfPairs(t *testing.T) {
	wrong := wrongCode(t)
	var s State
	pair := func(at time.Time, code1, code2 string, want Outcome) {
		t.Helper()
		before := s
		var got Outcome
		if s, got = s.Pair(device, code1, code2, at); got != want {
			t.Fatalf("%v, want %v", got, want)
		}
		if got == OverBudget && !reflect.DeepEqual(s, before) {
			t.Fatal("a call over the budget changed the state")
		}
	}
	for i := range int64(maxPairFailures) {
		pair(after(0), codeOf(2*i), codeOf(2*i+1), Accepted) // right ones don't count
		pair(after(0), wrong, wrong, Refused)
	}
	pair(after(5), codeOf(100), codeOf(101), OverBudget)
	if _, got := s.Reinstate(device, codeOf(100), codeOf(101), after(5)); got != OverBudget {
		t.Errorf("an administrator has the same bound: %v", got)
	}
	// The two bounds are apart.
	if _, got := s.Verify(device, device.Code(startStep+s.Drift), after(0)); got != Accepted {
		t.Errorf("verification after failed pairs: %v", got)
	}
	pair(after(6), codeOf(100), codeOf(101), Accepted)
	if s.Budget != (Budget{Window: 10_000_001}) {
		t.Errorf("budget in the new window: %+v", s.Budget)
	}
}

func TestVerificationsDoNotSpendPairs(t *testing.T) {
	wrong := wrongCode(t)
	var s State
	for range 2 * maxAttempts {
		s, _ = s.Verify(device, wrong, start)
	}
	if _, got := s.Pair(device, codeOf(0), codeOf(1), start); got != Accepted {
		t.Errorf("pair after a spent budget: %v", got)
	}
}

// Promise 8: a clock set back refills nothing.
func TestBudgetSurvivesABackwardClock(t *testing.T) {
	wrong := wrongCode(t)
	var s State
	for i := range maxAttempts + 3 {
		at := start.Add(-time.Duration(i) * time.Hour) // each in an earlier window
		want := Refused
		if i >= maxAttempts {
			want = OverBudget
		}
		var got Outcome
		if s, got = s.Verify(device, wrong, at); got != want {
			t.Fatalf("call %d: %v, want %v", i+1, got, want)
		}
	}
	for range maxPairFailures {
		s, _ = s.Pair(device, wrong, wrong, start.Add(-time.Hour))
	}
	if _, got := s.Pair(device, codeOf(0), codeOf(1), start.Add(-2*time.Hour)); got != OverBudget {
		t.Errorf("pairs: %v", got)
	}
}

// The budget survives deletion and creation of a device; everything else is new.
func TestRenewKeepsTheBudget(t *testing.T) {
	wrong := wrongCode(t)
	var s State
	for range maxAttempts {
		s, _ = s.Verify(device, wrong, start)
	}
	s, _ = s.Pair(device, codeOf(10), codeOf(11), start)
	s = s.Renew()
	if !reflect.DeepEqual(s, State{Budget: Budget{Window: 10_000_000, Attempts: maxAttempts}}) {
		t.Errorf("renewed: %+v", s)
	}
	anew := TOTP{Seed: NewSeed()}
	if _, got := s.Verify(anew, anew.Code(startStep), start); got != OverBudget {
		t.Errorf("right code of the new seed: %v", got)
	}
	if _, got := s.Verify(anew, anew.Code(startStep+6), after(6)); got != Accepted {
		t.Errorf("in the next window: %v", got)
	}
}

// NIST SP 800-63B-4 §3.2.2: a hundred consecutive failures disable the device.
func TestHundredFailuresDisable(t *testing.T) {
	wrong := wrongCode(t)
	fail := func(s State, n int) State {
		t.Helper()
		for range n {
			s.Budget = Budget{}
			var got Outcome
			if s, got = s.Verify(device, wrong, start); got != Refused {
				t.Fatalf("failure %d: %v", s.Failures, got)
			}
		}
		return s
	}
	s := fail(State{}, 99)
	s.Budget = Budget{}
	if next, got := s.Verify(device, codeOf(0), start); got != Accepted || next.Failures != 0 {
		t.Fatalf("success after 99 failures: %v, %d left", got, next.Failures)
	}
	s = fail(s, 1)
	s.Budget = Budget{}
	if !s.Disabled() {
		t.Fatal("not disabled after 100 failures")
	}
	for _, at := range []time.Time{start, start.Add(1000 * time.Hour), start.Add(-time.Hour)} {
		code := device.Code(device.Step(at))
		if next, got := s.Verify(device, code, at); got != Disabled || !reflect.DeepEqual(next, s) {
			t.Errorf("a right code: %v", got)
		}
	}
	if next, got := s.Pair(device, codeOf(0), codeOf(1), start); got != Disabled || !reflect.DeepEqual(next, s) {
		t.Errorf("the owner's resync: %v", got)
	}
	next, got := s.Reinstate(device, wrong, wrong, start)
	if got != Refused || !next.Disabled() {
		t.Errorf("a wrong pair: %v, disabled %v", got, next.Disabled())
	}
	next, got = next.Reinstate(device, codeOf(0), codeOf(1), start)
	if got != Accepted || next.Disabled() || next.Failures != 0 {
		t.Errorf("a new binding: %v, %+v", got, next)
	}
}

// What is over the budget is no failure, or anyone could disable a device in seconds.
func TestOverBudgetIsNoFailure(t *testing.T) {
	wrong := wrongCode(t)
	var s State
	for range 1000 {
		s, _ = s.Verify(device, wrong, start)
	}
	if s.Failures != maxAttempts {
		t.Errorf("%d failures counted, want %d", s.Failures, maxAttempts)
	}
}
