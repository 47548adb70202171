package iam

import (
	"hash/maphash"
	"sync/atomic"
)

// acquainted remembers roughly which access keys have been found to exist, long after they have left the directory: so
// a flood of invented keys can't keep those waiting that are somebody's. It is a Bloom filter. It may take a stranger for
// an acquaintance, which does little harm, and starts anew when that would happen too often.
type acquainted struct {
	seed maphash.Seed // secret, so that nobody can choose keys that pass
	bits []atomic.Uint64
	set  atomic.Int64
}

// newAcquainted makes one of about so many bytes. A key takes a byte or less.
func newAcquainted(bytes int) *acquainted {
	return &acquainted{seed: maphash.MakeSeed(), bits: make([]atomic.Uint64, max(bytes/8, 8))}
}

func (a *acquainted) size() int { return 8 * len(a.bits) }

// places are the two bits of a key.
func (a *acquainted) places(id string) [2]uint64 {
	h, n := maphash.String(a.seed, id), uint64(len(a.bits)*64)
	return [2]uint64{(h & (1<<32 - 1)) % n, (h >> 32) % n}
}

func (a *acquainted) knows(id string) bool {
	for _, place := range a.places(id) {
		if a.bits[place/64].Load()&(1<<(place%64)) == 0 {
			return false
		}
	}
	return true
}

func (a *acquainted) add(id string) {
	if a.set.Load() > int64(len(a.bits)*64)/4 { // one stranger of sixteen would pass
		for i := range a.bits {
			a.bits[i].Store(0)
		}
		a.set.Store(0)
	}
	for _, place := range a.places(id) {
		if bit := uint64(1) << (place % 64); a.bits[place/64].Or(bit)&bit == 0 {
			a.set.Add(1)
		}
	}
}
