package iam

import "sync/atomic"

// cache is a map bounded by the sum of what its entries weigh. What has not been used for long goes first: entries
// leave in the order in which they came, but one that was used since it was last looked at gets another round
// ("second chance", also called CLOCK). A hit so changes nothing but a flag, and many readers need no lock of their own:
// get may run beside get, everything else needs the cache for itself.
type cache[K comparable, V any] struct {
	limit, size int
	entries     map[K]*cacheEntry[K, V]
	ring        cacheEntry[K, V] // ring.next came last, ring.previous is the next to go
	dropped     func(V)          // optional: told of every entry that leaves
}

type cacheEntry[K comparable, V any] struct {
	key            K
	value          V
	size           int
	used           atomic.Bool
	next, previous *cacheEntry[K, V]
}

func newCache[K comparable, V any](limit int, dropped func(V)) *cache[K, V] {
	c := &cache[K, V]{limit: limit, entries: make(map[K]*cacheEntry[K, V]), dropped: dropped}
	c.ring.next, c.ring.previous = &c.ring, &c.ring
	return c
}

func (c *cache[K, V]) get(key K) (value V, ok bool) {
	e, ok := c.entries[key]
	if !ok {
		return value, false
	}
	if !e.used.Load() { // most often it is set, and then no other processor's copy of the line is disturbed
		e.used.Store(true)
	}
	return e.value, true
}

// peek is get without counting as a use.
func (c *cache[K, V]) peek(key K) (value V, ok bool) {
	if e, ok := c.entries[key]; ok {
		return e.value, true
	}
	return value, false
}

// put adds or replaces an entry, unless it is larger than everything may be together.
func (c *cache[K, V]) put(key K, value V, size int) {
	c.drop(key)
	if size > c.limit {
		return
	}
	e := &cacheEntry[K, V]{key: key, value: value, size: size}
	e.used.Store(true) // or, among entries that were all used, the new one would be the first to go
	c.entries[key] = e
	c.link(e)
	c.size += size
	c.trim()
}

// trim drops entries until the rest is within the limit.
func (c *cache[K, V]) trim() {
	for c.size > c.limit && len(c.entries) > 0 {
		e := c.ring.previous
		if e.used.Swap(false) {
			c.unlink(e)
			c.link(e)
			continue
		}
		c.drop(e.key)
	}
}

func (c *cache[K, V]) drop(key K) {
	e, ok := c.entries[key]
	if !ok {
		return
	}
	c.unlink(e)
	delete(c.entries, key)
	c.size -= e.size
	if c.dropped != nil {
		c.dropped(e.value)
	}
}

// clear drops everything.
func (c *cache[K, V]) clear() {
	for len(c.entries) > 0 {
		c.drop(c.ring.previous.key)
	}
}

func (c *cache[K, V]) link(e *cacheEntry[K, V]) {
	e.previous, e.next = &c.ring, c.ring.next
	e.previous.next, e.next.previous = e, e
}

func (c *cache[K, V]) unlink(e *cacheEntry[K, V]) {
	e.previous.next, e.next.previous = e.next, e.previous
}
