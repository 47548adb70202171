package audit

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestSealerChainsInTheOrderOfIDsAcrossBatches(t *testing.T) {
	log := &memLog{}
	for range batch {
		log.add("n1", 3)
		log.add("n2", 1) // another node's, to be left alone
	}
	clock := newClock()
	s := newSealer(log, "n1", clock.Now)
	for range 4 {
		if err := s.pass(t.Context(), false); err != nil {
			t.Fatal(err)
		}
	}
	var previous Hash
	seq := int64(0)
	for _, row := range log.rows {
		if row.node == "n2" {
			if row.chained {
				t.Fatal("chained a record of another node")
			}
			continue
		}
		seq++
		previous = ChainHash("n1", seq, previous, row.record)
		if !row.chained || row.seq != seq || row.hash != previous {
			t.Fatalf("record %d: got %+v", seq, row)
		}
	}
	if log.chains != 3 {
		t.Errorf("%d transactions for %d records, want 3", log.chains, seq)
	}
	if report := verifyLog(t, log); !report.OK() {
		t.Error(report)
	}
}

// A record with an id lower than those chained already was not committed: somebody put it there.
func TestSealerLeavesAnInsertedRecordAlone(t *testing.T) {
	log := &memLog{}
	log.add("n1", 3)
	s := newSealer(log, "n1", newClock().Now)
	if err := s.pass(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	log.rows = append([]memRow{{node: "n1", id: -7, record: []byte("{}")}}, log.rows...)
	if err := s.pass(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if row := log.row(-7); row.chained {
		t.Errorf("it has number %d", row.seq)
	}
	if p := verifyLog(t, log).Nodes[0].Problem; p == nil || p.Kind != Inserted || p.ID != -7 || p.First != 1 {
		t.Errorf("got %+v, want that record -7 was inserted", p)
	}
}

func TestSealerSignsADigestWhenDue(t *testing.T) {
	log, clock := &memLog{}, newClock()
	s := newSealer(log, "n1", clock.Now)
	for i, step := range []struct {
		what    string
		records int
		passes  time.Duration
		digests int
	}{
		{"nothing to sign", 0, 0, 0},
		{"the first records", 2, 0, 1},
		{"not due yet", 2, 59 * time.Minute, 1},
		{"due", 1, time.Minute, 2},
		{"due, but nothing new", 0, 2 * time.Hour, 2},
		{"long due", 1, 0, 3},
		{"the clock went back", 1, -48 * time.Hour, 4},
		{"and goes on from there", 1, time.Minute, 4},
		{"until due", 0, time.Hour, 5},
	} {
		log.add("n1", step.records)
		clock.advance(step.passes)
		if err := s.pass(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		if len(log.digests) != step.digests {
			t.Errorf("step %d, %s: %d digests, want %d", i, step.what, len(log.digests), step.digests)
		}
	}
	report := verifyLog(t, log)
	if !report.OK() || report.Nodes[0].Uncovered != 0 {
		t.Error(report)
	}
}

func TestRunChainsAtIntervalsAndAtStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memLog{}
		s := newSealer(log, "n1", time.Now)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		chained := func(want int) {
			t.Helper()
			synctest.Wait()
			if seq, _, _ := log.Head(t.Context(), "n1"); seq != int64(want) {
				t.Errorf("%d records are chained, want %d", seq, want)
			}
		}

		synctest.Wait()
		log.add("n1", 2)
		chained(0)
		time.Sleep(time.Second)
		chained(2)

		log.add("n1", 1)
		time.Sleep(time.Second)
		chained(3)

		time.Sleep(30 * time.Minute)
		log.add("n1", 1)
		time.Sleep(time.Second)
		chained(4)
		if log.signed() != 1 {
			t.Errorf("%d digests in the first hour, want 1", log.signed())
		}
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		if log.signed() != 2 {
			t.Errorf("%d digests after an hour, want 2", log.signed())
		}

		log.add("n1", 1)
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run = %v", err)
		}
		chained(5)
		if report := verifyLog(t, log); !report.OK() || report.Nodes[0].Uncovered != 0 || log.signed() != 3 {
			t.Errorf("after the stop, %d digests:\n%s", log.signed(), report)
		}
	})
}

func TestRunGoesOnAfterFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memLog{}
		log.add("n1", 3)
		failing := true
		log.fail = func(operation string) error {
			if failing {
				return errors.New("database is gone")
			}
			return nil
		}
		s := newSealer(log, "n1", time.Now)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		time.Sleep(10 * time.Second)
		log.mu.Lock()
		failing = false
		log.mu.Unlock()
		time.Sleep(2 * time.Second)
		if pending, err := log.Pending(t.Context(), "n1"); err != nil || pending != 0 {
			t.Errorf("%d records pending, %v", pending, err)
		}
		log.mu.Lock()
		failing = true
		log.mu.Unlock()
		stop()
		if err := <-done; err == nil {
			t.Error("Run returned nil although the last pass failed")
		}
	})
}

// A sealer killed at any step, before it or after it took effect, is followed by one
// that goes on: no record is skipped or chained twice, no digest is missing.
func TestSealerKilledAnywhereGoesOn(t *testing.T) {
	killed := errors.New("killed")
	for step := 1; ; step++ {
		reached := false
		t.Run(fmt.Sprintf("at step %d", step), func(t *testing.T) {
			log, clock := &memLog{}, newClock()
			steps := 0
			log.fail = func(string) error {
				if steps++; steps == step {
					reached = true
					return killed
				}
				return nil
			}
			for range 3 {
				log.add("n1", 3)
				clock.advance(time.Hour)
				// Each pass is a new sealer: nothing is carried in memory.
				if err := newSealer(log, "n1", clock.Now).pass(t.Context(), false); err != nil && !errors.Is(err, killed) {
					t.Fatal(err)
				}
			}
			log.fail = nil
			if err := newSealer(log, "n1", clock.Now).pass(t.Context(), true); err != nil {
				t.Fatal(err)
			}
			report := verifyLog(t, log)
			n := report.Nodes[0]
			if n.Problem != nil || n.Records != 9 || n.Uncovered != 0 || n.Unchained != 0 {
				t.Errorf("got %+v:\n%s", n, report)
			}
		})
		if !reached {
			if step < 10 {
				t.Errorf("only %d steps were tried", step)
			}
			return
		}
	}
}

// Killed between Chain and AddDigest: the records are chained, the digest follows.
func TestSealerKilledBetweenChainAndDigest(t *testing.T) {
	log, clock := &memLog{}, newClock()
	log.add("n1", 3)
	log.fail = func(operation string) error {
		if operation == "AddDigest" {
			return errors.New("killed")
		}
		return nil
	}
	if err := newSealer(log, "n1", clock.Now).pass(t.Context(), false); err == nil {
		t.Fatal("no error")
	}
	if n := verifyLog(t, log).Nodes[0]; n.Uncovered != 3 || n.Problem != nil {
		t.Fatalf("after the kill: %+v", n)
	}
	log.fail = nil
	log.add("n1", 1)
	if err := newSealer(log, "n1", clock.Now).pass(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if n := verifyLog(t, log).Nodes[0]; n.Uncovered != 0 || n.Digests != 1 || n.Records != 4 || n.Problem != nil {
		t.Errorf("afterwards: %+v", n)
	}
}

// Two sealers of one node by mistake: the log refuses the second, and nothing forks.
func TestTwoSealersDoNotForkTheChain(t *testing.T) {
	log, clock := &memLog{}, newClock()
	log.add("n1", 3)
	first, second := newSealer(log, "n1", clock.Now), newSealer(log, "n1", clock.Now)
	once := true
	log.fail = func(operation string) error {
		if operation == "Chain" && once {
			once = false
			log.mu.Unlock()
			defer log.mu.Lock()
			return second.pass(t.Context(), false) // just before first's Chain
		}
		return nil
	}
	if err := first.pass(t.Context(), false); err == nil {
		t.Error("the sealer that came late noticed nothing")
	}
	if err := first.pass(t.Context(), false); err != nil {
		t.Error(err)
	}
	if report := verifyLog(t, log); !report.OK() || report.Nodes[0].Records != 3 {
		t.Error(report)
	}
}
