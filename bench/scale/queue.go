package main

import (
	"container/heap"
	"sync/atomic"
	"time"
)

// clock is simulated time: a queue of what is going to happen, and the time of what happens now. Times count from
// midnight; what is due at the same time happens in the order in which it was planned, so that a run can be repeated.
type clock struct {
	now     time.Duration
	shown   atomic.Int64 // now, for the nodes' goroutines
	events  events
	planned uint64
}

type event struct {
	at    time.Duration
	order uint64
	run   func()
}

// at plans something. What would lie in the past happens now.
func (c *clock) at(when time.Duration, run func()) {
	c.planned++
	heap.Push(&c.events, event{max(when, c.now), c.planned, run})
}

func (c *clock) after(wait time.Duration, run func()) { c.at(c.now+wait, run) }

// runUntil lets everything happen that is due by end. It returns early once keepOn says no.
func (c *clock) runUntil(end time.Duration, keepOn func() bool) {
	for len(c.events) > 0 && c.events[0].at <= end && keepOn() {
		next := heap.Pop(&c.events).(event)
		c.now = next.at
		c.shown.Store(int64(c.now))
		next.run()
	}
	c.now = max(c.now, end)
}

// events is a heap, the next one in front.
type events []event

func (e events) Len() int      { return len(e) }
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].order < e[j].order
}
func (e *events) Push(x any) { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := len(*e) - 1
	next := (*e)[last]
	(*e)[last] = event{}
	*e = (*e)[:last]
	return next
}
