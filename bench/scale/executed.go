package main

import "time"

// executed is the CPU time of what really runs: the directory and the policy engine. One call in fifteen is measured, by
// the clock of the machine, and nothing that is simulated depends on it.
type executed struct {
	calls               int
	known, loaded, rule samples
	decisions           int
}

func (e *executed) start() time.Time {
	if e.calls++; e.calls%15 != 0 {
		return time.Time{}
	}
	return time.Now()
}

// found ends the measurement of a look-up.
func (e *executed) found(since time.Time, missed bool) {
	switch {
	case since.IsZero():
	case missed:
		e.loaded.add(time.Since(since))
	default:
		e.known.add(time.Since(since))
	}
}

// decided ends the measurement of a decision.
func (e *executed) decided(since time.Time) {
	e.decisions++
	if !since.IsZero() {
		e.rule.add(time.Since(since))
	}
}

func (e *executed) join(other *executed) {
	e.calls += other.calls
	e.decisions += other.decisions
	e.known.join(&other.known)
	e.loaded.join(&other.loaded)
	e.rule.join(&other.rule)
}
