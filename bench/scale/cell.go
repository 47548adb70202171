package main

import (
	"time"

	"github.com/sallyport-iam/sallyport/policy"
)

// midnight is when the simulated day begins.
var midnight = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// cell is one of those that principals are spread over by account: nodes at home with their database, and the
// read-only data planes of other regions.
type cell struct {
	clock
	dice
	model
	principals int // that it holds
	one        int // of how many principals one is simulated
	sampled    int // so many are

	db       *database
	replicas []replica // by region; that of home is not used
	planes   [][]*node // by region
	ledger   *ledger
	zipf     zipf

	context  policy.Context
	executed executed
	misses   float64 // share of late requests that asked the database
	result   result
}

// replica is a region's copy of the cell's database.
type replica struct {
	place int // how much of the log has arrived
	cuts  int // what keeps the rest from it
}

// The kinds of request whose latency is told apart.
const (
	hit = iota
	miss
	signIn
	manage
)

var kindNames = [4]string{"authorise, known", "authorise, loaded", "MFA sign-in", "change"}

// result is what a day showed. Only what happens after midnight is in it.
type result struct {
	latency            [4]samples
	asked, hits        [2]int // requests authorised at home and in regions, and those of them answered from memory
	denied, unknown    int    // by policy; keys that don't exist
	signIns, changes   int    // that were asked for
	accepted, replayed int    // codes; attempts with a used one
	failed             map[string]int
	busiest            float64 // share of a home node's time, at most
}

func newCell(m model, principals int, seed, stream uint64) *cell {
	d := newDice(seed, stream)
	one := max(1, int(float64(principals)*m.requests/float64(m.budget)))
	c := &cell{
		dice: d, model: m, principals: principals, one: one, sampled: (principals + one - 1) / one,
		db: newDatabase(), ledger: newLedger(), replicas: make([]replica, m.regions+1),
	}
	c.zipf = newZipf(d, m.skew, principals, one)
	c.result.failed = make(map[string]int)
	c.now = -m.warmUp
	c.shown.Store(int64(c.now))
	for region := range m.regions + 1 {
		count := m.regionNodes
		if region == 0 {
			count = m.nodes
		}
		var plane []*node
		for range count {
			n := &node{cell: c, region: region, phase: d.between(0, m.poll)}
			n.boot()
			plane = append(plane, n)
		}
		c.planes = append(c.planes, plane)
	}
	return c
}

// enough broken promises end a day early: something is wrong, and it is known what.
const enough = 10_000

// live runs the day.
func (c *cell) live() {
	perSecond := func(perDay float64) float64 { return float64(c.sampled) * perDay / c.day.Seconds() }
	c.repeat(perSecond(c.requests), c.request)
	c.repeat(perSecond(c.model.signIns), func() { c.signIn(principal(c.IntN(c.sampled)), c.chance(c.replays), 0) })
	// There are at least this many changes a day, so that percentiles of staleness mean something in small cells.
	c.repeat(max(perSecond(c.model.changes), 200/c.day.Seconds()), func() { c.revoke(principal(c.IntN(c.sampled))) })
	c.plan()
	c.runUntil(c.day, func() bool { return c.ledger.violations < enough })
	for _, plane := range c.planes {
		for _, n := range plane {
			n.stop()
		}
	}
}

// repeat lets something happen again and again, in the rhythm of the day.
func (c *cell) repeat(perSecond float64, run func()) {
	peak := 1 + c.swing
	var next func()
	next = func() {
		if c.chance(daylight(c.now, c.swing) / peak) {
			run()
		}
		c.after(c.pause(perSecond*peak), next)
	}
	c.after(c.pause(perSecond*peak), next)
}

func (c *cell) counting() bool { return c.now >= 0 }

// fails counts a request that got no answer of its own.
func (c *cell) fails(cause string) {
	if c.counting() {
		c.result.failed[cause]++
	}
}

// regionOf is where a principal works: six in ten at home, and one in ten of each region's requests come from elsewhere.
func (c *cell) regionOf(p principal) int {
	at := int(p) % 10
	if c.chance(0.1) {
		at = c.IntN(10)
	}
	if c.regions == 0 || at < 6 {
		return 0
	}
	return 1 + at%c.regions
}

// route is the proxy's choice of a node: any that it takes for healthy. A lost one may be among them, for a while.
func (c *cell) route(region int) *node {
	var healthy []*node
	for _, n := range c.planes[region] {
		if n.up || c.now-n.lost < c.lossNoticed {
			healthy = append(healthy, n)
		}
	}
	if len(healthy) == 0 {
		return nil
	}
	return healthy[c.IntN(len(healthy))]
}

// request is one to be authorised.
func (c *cell) request() {
	p := principal(c.zipf.next())
	region := c.regionOf(p)
	n := c.route(region)
	if n == nil || !n.up {
		c.fails("sent to a lost node")
		return
	}
	busy := c.busy(region)
	if busy >= 1 && c.chance(1-1/busy) {
		c.fails("overloaded")
		return
	}
	if c.chance(c.model.unknown) {
		n.askUnknown()
		if c.counting() {
			c.result.unknown++
		}
		return
	}
	byKey := c.chance(c.byKey)
	a := n.authorize(p, byKey)
	c.ledger.check(n, p, byKey, a)
	if a.refusal != "" {
		c.fails(a.refusal)
		return
	}
	c.misses += (number(a.missed) - c.misses) / 1000
	if !c.counting() {
		return
	}
	r, plane := &c.result, min(region, 1)
	r.asked[plane]++
	latency := c.about(c.cpu, c.jitter) + c.waiting(min(busy, 0.999), c.nodeCores, c.cpu)
	kind := hit
	if a.missed {
		kind = miss
		latency += c.trip(c.zone) + c.about(c.query, c.jitter) + c.waiting(c.databaseBusy(), c.databaseCores, c.query)
	} else {
		r.hits[plane]++
	}
	r.latency[kind].add(latency)
	if !a.allowed {
		r.denied++
	}
	if region == 0 {
		r.busiest = max(r.busiest, busy)
	}
}

// trip is one round trip over a network.
func (c *cell) trip(median time.Duration) time.Duration { return c.about(median, c.jitter) }

// rate is how many requests a second the whole cell has now, not only the sample.
func (c *cell) rate() float64 {
	return float64(c.principals) * c.requests / c.day.Seconds() * daylight(c.now, c.swing)
}

// busy is the share of time that the cores of a region's node are.
func (c *cell) busy(region int) float64 {
	share := 0.6
	switch {
	case c.regions == 0:
		share = 1
	case region > 0:
		share = 0.4 / float64(c.regions)
	}
	up := 0
	for _, n := range c.planes[region] {
		if n.up {
			up++
		}
	}
	return c.rate() * share * c.cpu.Seconds() / float64(max(up, 1)*c.nodeCores)
}

// databaseBusy is the share of time that the primary's cores are, at most 0.999.
func (c *cell) databaseBusy() float64 {
	writes := float64(c.principals) * (c.model.signIns + c.model.changes) / c.day.Seconds() * daylight(c.now, c.swing)
	return min((c.rate()*c.misses*c.query.Seconds()+writes*c.write.Seconds())/float64(c.databaseCores), 0.999)
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
