package iam

import "container/list"

// lru is a map bounded by the sum of its entries' sizes; the entry unused for the longest time goes first. It
// is not safe for concurrent use.
type lru[K comparable, V any] struct {
	limit, size int
	order       *list.List // of *lruEntry[K, V], the newest in front
	entries     map[K]*list.Element
	dropped     func(K, V) // optional: told of every entry that leaves
}

type lruEntry[K comparable, V any] struct {
	key   K
	value V
	size  int
}

func newLRU[K comparable, V any](limit int, dropped func(K, V)) *lru[K, V] {
	return &lru[K, V]{limit: limit, order: list.New(), entries: make(map[K]*list.Element), dropped: dropped}
}

func (l *lru[K, V]) get(key K) (V, bool) {
	e, ok := l.entries[key]
	if !ok {
		var none V
		return none, false
	}
	l.order.MoveToFront(e)
	return e.Value.(*lruEntry[K, V]).value, true
}

// peek is get without counting as a use.
func (l *lru[K, V]) peek(key K) (V, bool) {
	if e, ok := l.entries[key]; ok {
		return e.Value.(*lruEntry[K, V]).value, true
	}
	var none V
	return none, false
}

// put adds or replaces an entry, unless it is larger than everything may be together; it tells whether it did.
func (l *lru[K, V]) put(key K, value V, size int) bool {
	l.drop(key)
	if size > l.limit {
		return false
	}
	l.entries[key] = l.order.PushFront(&lruEntry[K, V]{key, value, size})
	for l.size += size; l.size > l.limit; {
		l.drop(l.order.Back().Value.(*lruEntry[K, V]).key)
	}
	return true
}

// clear drops everything.
func (l *lru[K, V]) clear() {
	for l.order.Len() > 0 {
		l.drop(l.order.Back().Value.(*lruEntry[K, V]).key)
	}
}

func (l *lru[K, V]) drop(key K) {
	e, ok := l.entries[key]
	if !ok {
		return
	}
	entry := l.order.Remove(e).(*lruEntry[K, V])
	delete(l.entries, key)
	l.size -= entry.size
	if l.dropped != nil {
		l.dropped(key, entry.value)
	}
}
