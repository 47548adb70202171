package mfa

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// The tests' time begins where a step and a budget window both begin.
var (
	start     = time.Unix(1_800_000_000, 0)
	startStep = int64(60_000_000)
	device    = TOTP{Seed: rfcSeed(20)}
)

// after returns the time so many steps after start, in the middle of the step.
func after(steps int64) time.Time {
	return start.Add(time.Duration(steps)*30*time.Second + 15*time.Second)
}

// codeOf returns the device's code of a step, counted from startStep.
func codeOf(step int64) string { return device.Code(startStep + step) }

// wrongCode is no code of any step within reach of the tests that use it.
func wrongCode(t testing.TB) string {
	t.Helper()
	const wrong = "000001"
	for step := int64(-10); step < 2000; step++ {
		if codeOf(step) == wrong {
			t.Fatal("pick another wrong code")
		}
	}
	return wrong
}

// try is one verification in a schedule: at a time, the code of a step, both in steps from start.
type try struct {
	at, step int64
	want     Outcome
}

func TestVerifySchedule(t *testing.T) {
	for _, c := range []struct {
		name  string
		state State
		tries []try
	}{
		{"the window is two steps either way", State{}, []try{
			{10, 7, Refused}, {10, 8, Accepted}, {10, 9, Accepted}, {10, 10, Accepted},
			{10, 11, Accepted}, {10, 12, Accepted}, {10, 13, Refused},
		}},
		{"a code is good once", State{}, []try{{0, 0, Accepted}, {0, 0, Refused}, {1, 0, Refused}, {2, 0, Refused}}},
		{"an older code is good after a newer one", State{}, []try{
			{2, 4, Accepted}, {2, 3, Accepted}, {2, 0, Accepted}, {2, 1, Accepted}, {2, 2, Accepted},
			{2, 0, Refused}, {2, 4, Refused},
		}},
		{"the window moves on", State{}, []try{{0, 0, Accepted}, {1, 3, Accepted}, {4, 2, Accepted}, {4, 3, Refused}, {5, 2, Refused}}},
		{"drift shifts the window", State{Drift: 100}, []try{
			{0, 0, Refused}, {0, 97, Refused}, {0, 98, Accepted}, {0, 102, Accepted}, {0, 103, Refused},
		}},
		{"drift behind", State{Drift: -100}, []try{{0, 0, Refused}, {0, -102, Accepted}, {0, -103, Refused}}},
		{"success does not shift the drift", State{}, []try{{0, 2, Accepted}, {1, 3, Accepted}, {2, 5, Refused}}},
		{"a clock set back within the window reopens nothing", State{}, []try{
			{4, 4, Accepted}, {3, 4, Refused}, {2, 4, Refused},
			{2, 3, Accepted}, {2, 2, Accepted}, // never used, and above the floor
			{2, 1, Refused}, {2, 0, Refused}, // at and below the floor
		}},
		{"a clock set back further has to catch up", State{}, []try{
			{1000, 1000, Accepted}, {0, 0, Refused}, {500, 500, Refused},
			{996, 997, Refused}, {996, 998, Accepted}, {1000, 1000, Refused}, {1001, 1001, Accepted},
		}},
		{"steps at the floor stay refused", State{Floor: startStep}, []try{{0, -1, Refused}, {0, 0, Refused}, {0, 1, Accepted}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := c.state
			for i, try := range c.tries {
				s.Budget = Budget{} // has tests of its own
				var got Outcome
				if s, got = s.Verify(device, codeOf(try.step), after(try.at)); got != try.want {
					t.Fatalf("try %d: at %d, code of %d: %v, want %v", i+1, try.at, try.step, got, try.want)
				}
			}
		})
	}
}

func TestVerifyDeviceKinds(t *testing.T) {
	for _, totp := range []TOTP{
		{Seed: rfcSeed(20), Period: time.Minute},
		{Seed: rfcSeed(32), Algorithm: SHA256},
		{Seed: rfcSeed(64), Algorithm: SHA512, Digits: 8},
		{Seed: rfcSeed(40), Digits: 7},
	} {
		centre := totp.Step(start)
		for offset, want := range map[int64]Outcome{-3: Refused, -2: Accepted, 0: Accepted, 2: Accepted, 3: Refused} {
			if _, got := (State{}).Verify(totp, totp.Code(centre+offset), start); got != want {
				t.Errorf("%v, step %+d: %v, want %v", totp, offset, got, want)
			}
		}
	}
}

// Steps 60138748 and 60138751 of the test seed happen to have the same code.
func TestVerifyCodeOfTwoSteps(t *testing.T) {
	const early, late = 60138748, 60138751
	code := device.Code(early)
	if code != device.Code(late) {
		t.Fatal("the steps no longer collide")
	}
	now := time.Unix(60138750*30, 0)
	for name, c := range map[string]struct {
		used  []int64
		wants []Outcome
	}{
		"both unused": {nil, []Outcome{Accepted, Accepted, Refused}},
		"early used":  {[]int64{early}, []Outcome{Accepted, Refused}},
		"late used":   {[]int64{late}, []Outcome{Accepted, Refused}},
		"both used":   {[]int64{early, late}, []Outcome{Refused}},
	} {
		s := State{Floor: early - 1, Used: c.used}
		for i, want := range c.wants {
			var got Outcome
			if s, got = s.Verify(device, code, now); got != want {
				t.Errorf("%s: try %d: %v, want %v", name, i+1, got, want)
			}
		}
		if !slices.Equal(s.Used, []int64{early, late}) {
			t.Errorf("%s: used %v at the end", name, s.Used)
		}
	}
}

// Attack row 1: a used code in another spelling. Only six ASCII digits are a code at all,
// before a success as well as after it.
func TestAttack01_OtherSpellingsOfACode(t *testing.T) {
	code := codeOf(0)
	spellings := []string{
		"", " ", " " + code, code + " ", code + "\n", "\t" + code, code + "\x00", "\ufeff" + code,
		code[:3] + " " + code[3:], code[:3] + "-" + code[3:], code[:5], "0" + code, code + "0", "+" + code, "-" + code[1:], "+" + code[1:],
		"0x" + code[2:], code[:5] + "O",
		foreignDigits(code, '٠'), foreignDigits(code, '०'), foreignDigits(code, '０'), foreignDigits(code, '𝟎'),
		foreignDigits(code[:2], '٠') + code[:2], // six bytes
		strings.Repeat(code, 1000),
	}
	fresh := State{}
	used, got := fresh.Verify(device, code, start)
	if got != Accepted {
		t.Fatalf("the plain spelling: %v", got)
	}
	for name, s := range map[string]State{"before": fresh, "after": used} {
		for _, spelling := range append(spellings, code) {
			if spelling == code && name == "before" {
				continue
			}
			next, got := s.Verify(device, spelling, start)
			if got != Refused {
				t.Errorf("%s success: %.20q: %v", name, spelling, got)
			}
			if next.Budget.Attempts != s.Budget.Attempts+1 || next.Failures != s.Failures+1 {
				t.Errorf("%s success: %.20q was not counted", name, spelling)
			}
		}
	}
}

func foreignDigits(code string, zero rune) string {
	return strings.Map(func(r rune) rune { return zero + r - '0' }, code)
}

// Attack row 4: a code stays used over all of its life, at every moment of the window.
func TestAttack04_ReplayAcrossTheWholeWindow(t *testing.T) {
	for usedAt := int64(-2); usedAt <= 2; usedAt++ {
		s, got := State{}.Verify(device, codeOf(0), after(usedAt))
		if got != Accepted {
			t.Fatalf("first use %+d steps on: %v", usedAt, got)
		}
		for replayAt := int64(-10); replayAt <= 10; replayAt++ {
			s.Budget = Budget{}
			if s, got = s.Verify(device, codeOf(0), after(replayAt)); got != Refused {
				t.Errorf("used %+d steps on, again %+d steps on: %v", usedAt, replayAt, got)
			}
			// Other codes in between don't push the used one out of memory.
			s.Budget = Budget{}
			s, _ = s.Verify(device, codeOf(replayAt), after(replayAt))
		}
	}
}

// Whatever the clock does and whatever is tried in whatever order: no step is accepted
// twice, and what must not move back doesn't.
func TestVerifyNeverAcceptsAStepTwice(t *testing.T) {
	totp := TOTP{Seed: rfcSeed(20), Digits: 8}
	const reach = 60
	codes := map[string]bool{}
	for step := startStep - reach - 5; step <= startStep+reach+5; step++ {
		codes[totp.Code(step)] = true
	}
	if len(codes) != 2*reach+11 {
		t.Fatal("two steps have one code; the test can't tell them apart")
	}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 6238))
		var s State
		accepted := map[int64]bool{}
		clock := int64(0)
		for range 300 {
			switch r.IntN(10) {
			case 0: // jump
				clock = r.Int64N(2*reach) - reach
			case 1, 2, 3:
				clock = min(clock+1, reach)
			}
			if r.IntN(4) > 0 {
				s.Budget = Budget{} // else the budget would hide much of the rest
			}
			old, oldUsed := s, slices.Clone(s.Used)
			step := startStep + clock + s.Drift + r.Int64N(9) - 4
			if r.IntN(20) == 0 {
				s, _ = s.Reinstate(totp, totp.Code(step), totp.Code(step+1), after(clock))
			} else {
				var got Outcome
				if s, got = s.Verify(totp, totp.Code(step), after(clock)); got == Accepted {
					if accepted[step] {
						t.Fatalf("schedule %d: step %d accepted twice", seed, step)
					}
					accepted[step] = true
				}
			}
			s.Drift = max(-3, min(3, s.Drift)) // stay where the codes are known to differ
			switch {
			case s.Floor < old.Floor, s.LastPair < old.LastPair, s.Budget.Window < old.Budget.Window:
				t.Fatalf("schedule %d: moved back: %+v → %+v", seed, old, s)
			case len(s.Used) > 2*verifyReach+1 || !slices.IsSorted(s.Used) || (len(s.Used) > 0 && s.Used[0] <= s.Floor):
				t.Fatalf("schedule %d: used %v above floor %d", seed, s.Used, s.Floor)
			case s.Budget.Attempts > maxAttempts || s.Budget.PairFailures > maxPairFailures:
				t.Fatalf("schedule %d: budget overrun: %+v", seed, s.Budget)
			case !slices.Equal(old.Used, oldUsed):
				t.Fatalf("schedule %d: the old state was changed", seed)
			}
		}
		if len(accepted) == 0 {
			t.Fatalf("schedule %d accepted nothing", seed)
		}
	}
}

// Two attempts on one state, as a rolled-back transaction makes them, don't see each other.
func TestVerifyLeavesItsStateAlone(t *testing.T) {
	used := make([]int64, 1, 8) // room that append would write into
	used[0] = startStep
	s := State{Floor: startStep - 3, Used: used}
	a, _ := s.Verify(device, codeOf(1), after(0))
	b, _ := s.Verify(device, codeOf(2), after(0))
	if !slices.Equal(a.Used, []int64{startStep, startStep + 1}) || !slices.Equal(b.Used, []int64{startStep, startStep + 2}) {
		t.Errorf("used %v and %v", a.Used, b.Used)
	}
	if !slices.Equal(used[:2], []int64{startStep, 0}) {
		t.Errorf("the caller's slice was written to: %v", used[:2])
	}
}

func TestOutcomeString(t *testing.T) {
	for o, want := range map[Outcome]string{
		Refused: "refused", Accepted: "accepted", OverBudget: "over_budget", Disabled: "disabled", 99: "unknown",
	} {
		if o.String() != want {
			t.Errorf("%d: %s, want %s", o, o, want)
		}
	}
	if (Outcome)(0) == Accepted {
		t.Error("the zero Outcome accepts")
	}
}

func BenchmarkVerify(b *testing.B) {
	b.ReportAllocs()
	code := codeOf(0)
	var s State
	for b.Loop() {
		if _, got := s.Verify(device, code, start); got != Accepted {
			b.Fatal(got)
		}
	}
}
