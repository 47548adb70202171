package main

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/mfa"
)

func TestEventsHappenInTheOrderOfTimeAndThenOfPlanning(t *testing.T) {
	var c clock
	var order []string
	note := func(name string) func() { return func() { order = append(order, name) } }
	c.at(3*time.Second, note("third"))
	c.at(time.Second, func() {
		note("first")()
		c.at(0, note("late")) // what is in the past happens now
		c.after(time.Second, note("second, planned later"))
	})
	c.at(2*time.Second, note("second"))
	c.at(time.Minute, note("never"))
	c.runUntil(10*time.Second, func() bool { return true })
	if want := []string{"first", "late", "second", "second, planned later", "third"}; !slices.Equal(order, want) {
		t.Errorf("%q, want %q", order, want)
	}
	if c.now != 10*time.Second {
		t.Errorf("it is %v after the run", c.now)
	}
}

func TestPercentiles(t *testing.T) {
	var s samples
	if s.percentile(50) != 0 || s.figure(50) != "–" {
		t.Error("of no values there is a percentile")
	}
	for i := 1000; i >= 1; i-- {
		s.add(time.Duration(i))
	}
	for p, want := range map[float64]time.Duration{0: 1, 50: 500, 90: 900, 99: 990, 99.9: 999, 100: 1000} {
		if got := s.percentile(p); got != want {
			t.Errorf("p%v is %d, want %d", p, got, want)
		}
	}
	s.add(5000)
	if got := s.percentile(100); got != 5000 {
		t.Errorf("a value added after a look is not seen: %d", got)
	}
}

// Ranks follow the power law, and of a sample each stands for its neighbours.
func TestZipf(t *testing.T) {
	const n, draws, skew = 10_000, 200_000, 1.2
	whole := 0.0
	for r := range n {
		whole += math.Pow(float64(1+r), -skew)
	}
	for _, one := range []int{1, 10} {
		z := newZipf(newDice(1, 1), skew, n, one)
		counts := make([]int, n/one)
		for range draws {
			counts[z.next()]++
		}
		for _, i := range []int{0, 1, 5} {
			want := 0.0
			for r := i * one; r < (i+1)*one; r++ {
				want += math.Pow(float64(1+r), -skew) / whole * draws
			}
			if got := float64(counts[i]); math.Abs(got-want) > 6*math.Sqrt(want) {
				t.Errorf("one in %d: number %d was drawn %v times, want about %.0f", one, i, got, want)
			}
		}
	}
}

func TestTheDayHasItsMeanAndItsPeak(t *testing.T) {
	sum := 0.0
	for hour := range 24 {
		sum += daylight(time.Duration(hour)*time.Hour, 0.6)
	}
	if math.Abs(sum/24-1) > 1e-9 || math.Abs(daylight(14*time.Hour, 0.6)-1.6) > 1e-9 || math.Abs(daylight(2*time.Hour, 0.6)-0.4) > 1e-9 {
		t.Errorf("mean %v, peak %v, trough %v", sum/24, daylight(14*time.Hour, 0.6), daylight(2*time.Hour, 0.6))
	}
}

// Of one server the probability to wait is the share of time that it is busy; of more it is that of the formula: with
// two, 2b²/(1+b).
func TestErlangC(t *testing.T) {
	for _, busy := range []float64{0.1, 0.5, 0.9} {
		if got := erlangC(busy, 1); math.Abs(got-busy) > 1e-12 {
			t.Errorf("one server, busy %v: %v", busy, got)
		}
		if got, want := erlangC(busy, 2), 2*busy*busy/(1+busy); math.Abs(got-want) > 1e-12 {
			t.Errorf("two servers, busy %v: %v, want %v", busy, got, want)
		}
	}
	d, sum := newDice(1, 1), time.Duration(0)
	for range 100_000 {
		sum += d.waiting(0.5, 1, time.Millisecond)
	}
	if mean := sum / 100_000; mean < 950*time.Microsecond || mean > 1050*time.Microsecond { // M/M/1: b/(1-b) × service
		t.Errorf("mean wait %v, want about 1 ms", mean)
	}
}

// A fail-over to a standby that had only a part of the log forgets the rest, all of it.
func TestFailOverCutsTheLog(t *testing.T) {
	db := newDatabase()
	db.change(time.Second, "1", "AIDA1", true)
	db.setDevice(2*time.Second, 1, mfa.State{Floor: 1})
	db.change(3*time.Second, "1", "AIDA2", true)
	db.setDevice(4*time.Second, 1, mfa.State{Floor: 2})

	if got := db.placeAt(2500 * time.Millisecond); got != 2 {
		t.Fatalf("the log had %d commits", got)
	}
	if !db.taken("AIDA1", 2) || db.taken("AIDA1", 0) || db.taken("AIDA2", 2) || !db.taken("AIDA2", 3) {
		t.Error("a replica sees other rights than its part of the log has")
	}
	if got := db.changesAfter(0, db.changesIn(4), 1000); len(got) != 2 || got[1].ID != "AIDA2" || got[1].Sequence != 2 {
		t.Errorf("the change table has %+v", got)
	}
	db.failOver(2)
	if db.taken("AIDA2", 4) || !db.taken("AIDA1", 4) || db.device(1).Floor != 1 || db.changesIn(4) != 1 || !db.away || db.epoch != 1 {
		t.Error("what the standby had not received is not forgotten, or more is")
	}
}

func TestPrincipalsAreMadeFromTheirNumber(t *testing.T) {
	for _, p := range []principal{0, 7, 999_999} {
		for _, id := range []string{p.userID(), p.keyID()} {
			if got, err := numbered(id, 1_000_000); err != nil || got != p {
				t.Errorf("%s is %d, %v", id, got, err)
			}
		}
	}
	for _, id := range []string{"", "AKIA", "AKIA0000000001000000", "AKIA-000000000000001", "AIDAx"} {
		if got, err := numbered(id, 1_000_000); err == nil {
			t.Errorf("%q is %d", id, got)
		}
	}
}
