package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
)

// What needs the primary: sign-ins with a code and management changes.

// transact runs a transaction that a client of a region asked for. It fails when there is no primary, or none any more
// when it should be committed; then it may have been committed all the same, and nobody was told.
func (c *cell) transact(region int, kind int, cpu time.Duration, commit func(n *node, acknowledged bool)) {
	n := c.route(0)
	for range 5 { // the proxy asks /readyz, and leaves out a node without its database while others have theirs
		if n != nil && n.cuts > 0 && !c.db.away {
			n = c.route(0)
		}
	}
	switch {
	case n == nil || !n.up:
		c.fails("sent to a lost node")
		return
	case n.cuts > 0:
		c.fails("no primary: " + kindNames[kind])
		return
	}
	latency := c.about(cpu, c.jitter) + c.waiting(min(c.busy(0), 0.999), c.nodeCores, c.cpu) +
		c.about(c.write, c.jitter) + c.waiting(c.databaseBusy(), c.databaseCores, c.write) + c.about(c.fsync, c.jitter)
	for range c.trips {
		latency += c.trip(c.zone)
	}
	if !c.asynchronous {
		latency += c.trip(c.zone) + c.about(c.fsync, c.jitter)
	}
	if region > 0 {
		latency += c.trip(c.continent)
	}
	epoch := c.db.epoch
	c.after(latency, func() {
		switch {
		case c.db.epoch != epoch:
			c.fails("no primary: " + kindNames[kind])
		case n.cuts > 0 || !n.up:
			if c.chance(0.5) {
				commit(n, false)
			}
			c.fails("node lost in the middle: " + kindNames[kind])
		default:
			commit(n, true)
			if c.counting() {
				c.result.latency[kind].add(latency)
			}
		}
	})
}

// signIn verifies the code that the principal's device shows now. With again it is sent a second time: in parallel,
// within a minute, or after wait if that is not zero.
func (c *cell) signIn(p principal, again bool, wait time.Duration) {
	code := p.totp().Step(midnight.Add(c.now))
	if c.counting() {
		c.result.signIns++
	}
	c.verify(p, code, false)
	if !again {
		return
	}
	if wait == 0 && c.chance(0.5) {
		wait = c.between(0, time.Minute)
	}
	c.after(wait, func() { c.verify(p, code, true) })
}

func (c *cell) verify(p principal, step int64, replay bool) {
	c.transact(c.regionOf(p), signIn, c.cpuSignIn, func(_ *node, acknowledged bool) {
		device := p.totp()
		state, outcome := c.db.device(p).Verify(device, device.Code(step), midnight.Add(c.now))
		if outcome == mfa.Accepted || outcome == mfa.Refused {
			c.db.setDevice(c.now, p, state)
		}
		switch {
		case outcome == mfa.Accepted && acknowledged:
			c.ledger.accept(c.now, p, step)
			if c.counting() {
				c.result.accepted++
			}
		case outcome != mfa.Accepted && replay && c.counting():
			c.result.replayed++
		}
	})
}

// revoke takes the principal's right away in one of three ways, while somebody uses it on every node and goes on until
// refused. It is given back later.
func (c *cell) revoke(p principal) {
	id, byKey := p.userID(), c.chance(0.5)
	switch way := c.Float64(); {
	case way < 0.4:
		id, byKey = p.keyID(), true
	case way < 0.42:
		id = policyARN(p.account(), "work")
	}
	if _, revoked := c.ledger.since(c.now, p, byKey); revoked {
		return
	}
	c.each(func(n *node) {
		if n.up {
			c.ledger.check(n, p, byKey, n.authorize(p, byKey))
		}
	})
	if c.counting() {
		c.result.changes++
	}
	c.change(p, id, true, func() {
		c.each(func(n *node) { c.after(c.between(0, time.Millisecond), func() { c.probe(n, p, byKey, 0, false) }) })
		c.after(c.grace+c.cutLasts+time.Minute, func() { c.restore(p, id) })
	})
}

// restore gives a right back, and tries again if it can't now.
func (c *cell) restore(p principal, id string) {
	c.change(p, id, false, func() {})
	c.after(time.Minute, func() {
		if _, still := c.ledger.revoked[id]; still {
			c.restore(p, id)
		}
	})
}

func (c *cell) each(do func(n *node)) {
	for _, plane := range c.planes {
		for _, n := range plane {
			do(n)
		}
	}
}

// change commits a change through one node and tells the others of it.
func (c *cell) change(p principal, id string, taken bool, committed func()) {
	c.transact(c.regionOf(p), manage, c.cpu, func(n *node, _ bool) {
		switch {
		case c.db.taken(id, len(c.db.commits)) != taken:
			c.db.change(c.now, p.account(), id, taken)
			c.ledger.changed(c.now, id, taken)
			n.directory.Forget(id)
			c.announce(n)
			committed()
		case !taken: // a fail-over has given it back already
			c.ledger.changed(c.now, id, false)
		}
	})
}

// announce lets every other node hear of the last change: at home by a notification, which may be lost, and by the
// next poll behind it; in a region by the poll after the replica has it, because a replica sends no notifications.
func (c *cell) announce(by *node) {
	for _, n := range c.planes[0] {
		if n == by {
			continue
		}
		if !c.chance(c.lostNotifications) {
			c.after(c.trip(c.zone)+c.trip(c.zone)+c.query, n.look)
		}
		c.at(n.nextPoll(), n.look)
	}
	for region := 1; region <= c.regions; region++ {
		place := len(c.db.commits)
		c.after(c.about(c.lag, c.jitter), func() { c.arrive(region, place) })
	}
}

// arrive is when a region's replica has the log up to a place.
func (c *cell) arrive(region, place int) {
	r := &c.replicas[region]
	if r.cuts > 0 {
		return
	}
	r.place = max(r.place, place)
	for _, n := range c.planes[region] {
		c.at(n.nextPoll(), n.look)
	}
}

// probe uses a right that was revoked, again and again until it is refused, and notes how long it was honoured. It is
// asked for more often the younger the revocation is, so that the figure is right to 2 ms or two percent.
func (c *cell) probe(n *node, p principal, byKey bool, honoured time.Duration, unfed bool) {
	unfed = unfed || !n.fed()
	if n.up {
		a := n.authorize(p, byKey)
		age := c.ledger.check(n, p, byKey, a)
		if _, revoked := c.ledger.since(c.now, p, byKey); a.allowed && revoked {
			c.after(max(2*time.Millisecond, age/50), func() { c.probe(n, p, byKey, age, unfed) })
			return
		}
	}
	if !c.counting() {
		return
	}
	plane := atHome
	switch {
	case unfed:
		plane = cutOff
	case n.region > 0:
		plane = inRegion
	}
	c.ledger.stale[plane].add(honoured)
}

// askUnknown looks for a key that doesn't exist.
func (n *node) askUnknown() {
	n.source.place, n.source.reachable = n.visible(), n.reachable()
	invented := fmt.Sprintf("AKIA%016d", 1_000_000_000_000+n.cell.IntN(100_000))
	if _, err := n.directory.Credential(context.Background(), invented); !errors.Is(err, iam.ErrNotFound) && !errors.Is(err, iam.ErrUnavailable) {
		n.cell.ledger.fail("an invented key was answered with %v", err)
	}
}
