package mfa

import (
	"crypto/subtle"
	"slices"
	"time"
)

const (
	// verifyReach is how many steps to either side of the device's time Verify looks.
	verifyReach = 2

	// pairBehind and pairAhead bound the second step of a pair around the device's
	// time: about 8.3 hours of 30 s steps either way, as observed on AWS. Resync
	// must be bounded (RFC 6238 §6).
	pairBehind = 998
	pairAhead  = 1000

	// maxFailures is the limit of consecutive failures in NIST SP 800-63B-4 §3.2.2.
	maxFailures = 100
)

// Outcome is what became of a code or a pair. The zero Outcome is Refused.
type Outcome int

const (
	Refused    Outcome = iota // wrong, malformed, reused or outside the window
	Accepted                  // right, and now used up
	OverBudget                // not looked at: the Budget of this window is spent
	Disabled                  // not looked at: the device has failed too often in a row
)

// String returns a lower-case word, fit for a metric label.
func (o Outcome) String() string {
	switch o {
	case Refused:
		return "refused"
	case Accepted:
		return "accepted"
	case OverBudget:
		return "over_budget"
	case Disabled:
		return "disabled"
	}
	return "unknown"
}

// State is all that must be remembered about a device between two codes. It holds
// no secret. The zero State is that of a device never used.
//
// It belongs to a seed and outlives every binding of it: deactivating a device, or
// returning a hardware token to the inventory, keeps the State, or codes already
// used would count as new. Only a new seed starts anew, with [State.Renew].
//
// Methods return the State to store. After OverBudget and Disabled it is the State
// they were called on.
type State struct {
	// Drift is how many steps the device's clock is ahead of the server's.
	// Only a pair sets it; verifying a code never does.
	Drift int64

	// LastPair is the second step of the last accepted pair. Both steps of a new
	// pair lie above it.
	LastPair int64

	// Floor is the step at and below which Verify accepts nothing any more. It never
	// moves back: not when the clock does, and not when a pair finds a smaller Drift,
	// after which a device has to wait until its steps have passed Floor.
	Floor int64

	// Used are the accepted steps above Floor, ascending. There are never more of
	// them than one window holds.
	Used []int64

	// Failures counts refused verifications since the last success. At 100 the device
	// is disabled until it is reinstated.
	Failures int

	Budget Budget
}

// Renew returns the State of a device created under the serial number of this one
// with a new seed: all fresh but for the Budget.
func (s State) Renew() State { return State{Budget: s.Budget} }

// Disabled tells whether the device has failed so often in a row that no code of it
// is looked at any more (NIST SP 800-63B-4 §3.2.2).
func (s State) Disabled() bool { return s.Failures >= maxFailures }

// Verify decides about one code at sign-in or STS.
//
// A code is accepted when it belongs to a step at most two away from the device's
// time, which is now + Drift, and that step has not been accepted before. An older
// code is still good after a newer one. Should a code belong to two steps of the
// window, one not yet used is taken.
//
// Every call that looks at the code counts in the Budget, and, if it is refused,
// towards the limit that disables the device.
func (s State) Verify(t TOTP, code string, now time.Time) (State, Outcome) {
	if s.Disabled() {
		return s, Disabled
	}
	budget := s.Budget.at(now)
	if budget.Attempts >= maxAttempts {
		return s, OverBudget
	}
	budget.Attempts++
	s.Budget = budget

	centre := t.Step(now) + s.Drift
	step, ok := s.match(t, code, centre)
	if !ok {
		s.Failures++
		return s, Refused
	}
	s.Failures = 0
	s.Floor = max(s.Floor, centre-verifyReach-1)
	// A copy: the caller's State keeps its own Used.
	used := append(slices.Clone(s.Used), step)
	used = slices.DeleteFunc(used, func(u int64) bool { return u <= s.Floor })
	slices.Sort(used)
	s.Used = used
	return s, Accepted
}

// match returns the unused step of the window around centre that code belongs to.
// It computes and compares every code of the window, so that the time it takes
// does not tell where a match was, or that one was reused.
func (s State) match(t TOTP, code string, centre int64) (step int64, ok bool) {
	g := newGenerator(t)
	if g == nil {
		return 0, false
	}
	typed := g.parse(code)
	offset, found := 0, 0
	for i := -verifyReach; i <= verifyReach; i++ {
		n := centre + int64(i)
		hit := subtle.ConstantTimeEq(g.code(n), typed) & s.fresh(n)
		offset = subtle.ConstantTimeSelect(hit, i, offset)
		found |= hit
	}
	return centre + int64(offset), found == 1
}

// fresh is 1 for a step that Verify may still accept, else 0.
func (s State) fresh(step int64) int {
	if step <= s.Floor || slices.Contains(s.Used, step) {
		return 0
	}
	return 1
}

// Pair decides about the two codes of the owner's ResyncMFADevice. A disabled
// device stays so: its owner can't lift what holds back whoever has stolen
// the owner's password.
//
// A pair is accepted when its codes belong to two consecutive steps in order, the
// second at most 998 steps behind and 1000 ahead of the device's time, which is
// now + Drift, and both later than the last accepted pair. The second code is then
// taken for the one that the device shows now, which sets Drift.
//
// Verify and Pair keep separate accounts, as on AWS: a pair neither uses up its codes
// for Verify nor frees one that is used, and it has its own bound in the Budget.
func (s State) Pair(t TOTP, code1, code2 string, now time.Time) (State, Outcome) {
	if s.Disabled() {
		return s, Disabled
	}
	return s.Reinstate(t, code1, code2, now)
}

// PairBeforeMFA is Pair by an owner who has yet to prove the second factor: in the
// middle of a sign-in, or with an access key alone. The pair may be hours old, and one
// that was overlooked then must not become the proof now: it raises Floor, so that
// Verify wants a later code.
func (s State) PairBeforeMFA(t TOTP, code1, code2 string, now time.Time) (State, Outcome) {
	next, outcome := s.Pair(t, code1, code2, now)
	if outcome == Accepted {
		next.Floor = max(next.Floor, next.LastPair)
	}
	return next, outcome
}

// Reinstate is Pair for those who may bring a disabled device back: EnableMFADevice,
// because it binds the device anew, and an administrator's ResyncMFADevice. A pair
// that is not accepted leaves the device disabled.
func (s State) Reinstate(t TOTP, code1, code2 string, now time.Time) (State, Outcome) {
	budget := s.Budget.at(now)
	if budget.PairFailures >= maxPairFailures {
		return s, OverBudget
	}
	at := t.Step(now)
	second, ok := s.matchPair(t, code1, code2, at+s.Drift)
	if !ok {
		budget.PairFailures++
		s.Budget = budget
		return s, Refused
	}
	s.Budget = budget
	s.LastPair = second
	s.Drift = second - at
	s.Failures = 0
	return s, Accepted
}

// matchPair returns the second step of the pair. Like match it goes through the
// whole window always; each code is computed once, as the second of one pair and the
// first of the next.
func (s State) matchPair(t TOTP, code1, code2 string, centre int64) (second int64, ok bool) {
	g := newGenerator(t)
	if g == nil {
		return 0, false
	}
	typed1, typed2 := g.parse(code1), g.parse(code2)
	offset, found, first := 0, 0, 0
	for i := -pairBehind - 1; i <= pairAhead; i++ {
		n := centre + int64(i)
		code := g.code(n)
		hit := first & subtle.ConstantTimeEq(code, typed2)
		offset = subtle.ConstantTimeSelect(hit, i, offset)
		found |= hit

		first = subtle.ConstantTimeEq(code, typed1)
		if n <= s.LastPair {
			first = 0
		}
	}
	return centre + int64(offset), found == 1
}
