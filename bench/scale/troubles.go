package main

import "time"

// plan decides when what goes wrong on the day.
func (c *cell) plan() {
	for i := range c.nodeLosses {
		plane := c.planes[i%len(c.planes)]
		n := plane[c.IntN(len(plane))]
		c.at(c.between(0, c.day-time.Hour), func() { c.loseNode(n) })
	}
	for range c.failOvers {
		at := c.between(0, c.day-time.Hour)
		c.at(at-time.Second, func() { c.beforeFailOver(at) })
		c.at(at, c.failOver)
	}
	for i := range c.cutOffs {
		at := c.between(0, c.day-2*time.Hour)
		if c.regions > 0 && i%2 == 0 {
			c.at(at, func() { c.cutRegion(1 + i/2%c.regions) })
		} else {
			c.at(at, func() { c.cutNode(c.planes[0][c.IntN(c.nodes)]) })
		}
	}
}

// loseNode stops a node, which comes back with an empty memory once its database can be asked.
func (c *cell) loseNode(n *node) {
	if !n.up {
		return
	}
	n.shutDown()
	var back func()
	back = func() {
		if n.cuts > 0 {
			c.after(time.Second, back)
			return
		}
		n.boot()
	}
	c.after(c.lossLasts, back)
}

// beforeFailOver makes the last second before a primary is lost a busy one: what is acknowledged then is what a
// standby may have missed. The codes are tried again when there is a primary again.
func (c *cell) beforeFailOver(at time.Duration) {
	for range 20 {
		p := principal(c.IntN(c.sampled))
		c.after(c.between(0, time.Second), func() { c.signIn(p, true, at+c.failOverMax+time.Second-c.now) })
	}
	for range 2 {
		p := principal(c.IntN(c.sampled))
		c.after(c.between(0, time.Second), func() { c.revoke(p) })
	}
}

// failOver loses the primary; a standby takes over. Nobody hears of changes meanwhile, and there are none.
func (c *cell) failOver() {
	if c.db.away {
		return
	}
	place := len(c.db.commits)
	if c.asynchronous {
		place = c.db.placeAt(c.now - c.about(c.lag, c.jitter))
	}
	for region := 1; region <= c.regions; region++ {
		c.replicas[region].cuts++
	}
	c.each((*node).cutOff)
	c.db.failOver(place)
	c.after(c.between(c.failOverMin, c.failOverMax), func() {
		c.db.away = false
		for _, n := range c.planes[0] {
			n.reached()
		}
		for region := 1; region <= c.regions; region++ {
			c.reachRegion(region)
		}
	})
}

// cutRegion cuts a region off from home, and takes a right away while it can't hear of it.
func (c *cell) cutRegion(region int) {
	c.replicas[region].cuts++
	for _, n := range c.planes[region] {
		n.cutOff()
	}
	c.after(time.Second, func() { c.revoke(principal(c.IntN(c.sampled))) })
	c.after(c.cutLasts, func() { c.reachRegion(region) })
}

func (c *cell) reachRegion(region int) {
	c.replicas[region].cuts--
	c.after(c.about(c.lag, c.jitter), func() {
		c.arrive(region, len(c.db.commits))
		for _, n := range c.planes[region] {
			n.reached()
		}
	})
}

// cutNode cuts a node at home off from its database, while the others go on.
func (c *cell) cutNode(n *node) {
	n.cutOff()
	c.after(time.Second, func() { c.revoke(principal(c.IntN(c.sampled))) })
	c.after(c.cutLasts, n.reached)
}
