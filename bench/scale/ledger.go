package main

import (
	"fmt"
	"time"
)

// ledger remembers what clients were told, apart from every database, and holds the cell to it: a code is accepted
// once, and a right whose revocation was acknowledged is honoured no longer than the bound.
type ledger struct {
	revoked  map[string]time.Duration // what was taken away → since when
	touched  map[string]time.Duration // … or given back
	accepted map[usedCode]bool

	stale      [3]samples // how long revoked rights were honoured at last, by plane
	violations int
	first      map[string][]string // of the violations of each kind
}

type usedCode struct {
	principal principal
	step      int64
}

// The planes whose staleness is told apart.
const (
	atHome = iota
	inRegion
	cutOff
)

var planeNames = [3]string{"home", "region, fed", "cut off"}

func newLedger() *ledger {
	return &ledger{
		revoked: make(map[string]time.Duration), touched: make(map[string]time.Duration),
		accepted: make(map[usedCode]bool), first: make(map[string][]string),
	}
}

func (l *ledger) fail(format string, args ...any) {
	l.violations++
	if len(l.first[format]) < 2 {
		l.first[format] = append(l.first[format], fmt.Sprintf(format, args...))
	}
}

// since is how long the principal's right has been revoked, and whether it is.
func (l *ledger) since(now time.Duration, p principal, byKey bool) (time.Duration, bool) {
	longest, revoked := time.Duration(0), false
	for _, id := range rightsOf(p, byKey) {
		if at, ok := l.revoked[id]; ok {
			longest, revoked = max(longest, now-at), true
		}
	}
	return longest, revoked
}

// rightsOf are the ids whose taking takes the principal's right.
func rightsOf(p principal, byKey bool) []string {
	ids := []string{p.userID(), policyARN(p.account(), "work")}
	if byKey {
		ids = append(ids, p.keyID())
	}
	return ids
}

// check holds an answer against what was acknowledged. It returns for how long a revoked right has been honoured.
func (l *ledger) check(n *node, p principal, byKey bool, a answer) (stale time.Duration) {
	now := n.cell.now
	age, revoked := l.since(now, p, byKey)
	switch {
	case a.refusal != "":
		return 0
	case !a.allowed && !revoked:
		for _, id := range rightsOf(p, byKey) {
			if at, ok := l.touched[id]; ok && (!n.fed() || min(now-at, now-n.joinedAt) <= n.bound()) {
				return 0 // given back so lately that this may be the answer from before
			}
		}
		l.fail("%v: %s was refused a right that it has", now, p.name())
		return 0
	case !a.allowed || !revoked:
		return 0
	}
	bound := n.bound()
	if !n.fed() {
		bound += n.cell.grace
	}
	if age > bound {
		l.fail("%v: a right of %s was honoured %v after it was revoked; %v is stated (region %d, fed %v)",
			now, p.name(), age.Round(time.Millisecond), bound, n.region, n.fed())
	}
	return age
}

func (l *ledger) changed(now time.Duration, id string, taken bool) {
	l.touched[id] = now
	if taken {
		l.revoked[id] = now
	} else {
		delete(l.revoked, id)
	}
}

func (l *ledger) accept(now time.Duration, p principal, step int64) {
	code := usedCode{p, step}
	if l.accepted[code] {
		l.fail("%v: a code of %s was accepted twice", now, p.name())
	}
	l.accepted[code] = true
}
