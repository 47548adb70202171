package iam

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// A network has so many turns, by however many of its addresses, and gets them back.
func TestTurn(t *testing.T) {
	for _, test := range []struct {
		name, source string
		same, other  []string
	}{
		{"IPv4", "192.0.2.1", []string{"::ffff:192.0.2.1", "::ffff:c000:201", "::ffff:192.0.2.1%eth0"}, []string{"192.0.2.2", "::192.0.2.1"}},
		{"IPv6", "2001:db8:7::1", []string{"2001:db8:7:ffff::1", "2001:DB8:7:8:9:a:b:c%z", "2001:db8:7::"}, []string{"2001:db8:8::1", "2001:db8::1"}},
		{"none", "", []string{""}, []string{"192.0.2.1", `""`}},
		{"no address", strings.Repeat("x", 1000), []string{strings.Repeat("x", 64)}, []string{strings.Repeat("x", 63)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := NewCheapPasswords(1)
			take := func(source string, want bool) func() {
				t.Helper()
				done, ok := p.Turn(source)
				if ok != want {
					t.Fatalf("%q: a turn %v, want %v", source, ok, want)
				}
				return done
			}
			first := take(test.source, true)
			for i := 1; i < TurnsOfANetwork; i++ {
				defer take(test.same[i%len(test.same)], true)()
			}
			for _, source := range append(test.same, test.source) {
				take(source, false)
			}
			for _, source := range test.other {
				defer take(source, true)()
			}
			first()
			defer take(test.same[0], true)()
			take(test.source, false)
		})
	}
}

// What is remembered is what is going on.
func TestTurnsDoNotGrow(t *testing.T) {
	p := NewCheapPasswords(1)
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			for j := range 50 {
				if done, ok := p.Turn(fmt.Sprintf("2001:db8:%x::%x", (i+j)%30, i)); ok {
					done()
				}
			}
		})
	}
	all.Wait()
	if len(p.turns.taken) != 0 {
		t.Errorf("remembered: %v", p.turns.taken)
	}
}
