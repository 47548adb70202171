package iam

import "sync"

// TurnsOfANetwork is how many guesses at passwords from one network are in the works at a time. The queue for the hasher
// is first come, first served, and whoever could fill it alone would keep everybody else out.
const TurnsOfANetwork = 4

// Turn takes one of the turns of the network that a source, given as text without port, belongs to, or tells that they
// are all taken. Guesses begin with it, and end by calling done. An IPv6 network has 48 bits here: so much is given to
// one customer (RIPE-690, 4.2).
func (p *Passwords) Turn(source string) (done func(), ok bool) {
	return p.turns.take(network(source, 48))
}

// turns counts what is in the works, by whom. The zero value is ready. It is as small as what is going on.
type turns struct {
	mu    sync.Mutex
	taken map[string]int // those that are not zero
}

func (t *turns) take(who string) (done func(), ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.taken[who] == TurnsOfANetwork {
		return nil, false
	}
	if t.taken == nil {
		t.taken = map[string]int{}
	}
	t.taken[who]++
	return func() { t.giveBack(who) }, true
}

func (t *turns) giveBack(who string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.taken[who]--; t.taken[who] == 0 {
		delete(t.taken, who)
	}
}
