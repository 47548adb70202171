// Command scale simulates a day of a Sallyport that has outgrown one machine, as docs/scale.md plans it:
//
//	go run ./bench/scale                         from a thousand principals to a billion, under a minute
//	go run ./bench/scale -short                  three sizes, a few seconds
//	go run ./bench/scale -principals 1e6 -asynchronous
//	                                             one size; and a standby that breaks the promises: the run fails
//
// Accounts are spread over cells. A cell has nodes and a database with a synchronous standby in its home region, and
// read-only data planes in other regions, which tail its change table (node.go, database.go). On its day there are
// requests, sign-ins with codes and management changes (cell.go, changes.go), and nodes are lost, databases fail over,
// regions are cut off and notifications vanish (troubles.go). Every size is run twice, with and without the troubles.
//
// What is real: every node has an [iam.Directory] of its own, which loads, compiles, forgets and follows as in the
// server, every request is decided by [policy.Set.Evaluate], and every code is verified by [mfa.State.Verify].
// source.go stands in for the database. What is modelled is time: networks, disks, the CPU of a request (model.go says
// where each figure comes from) and the waiting in queues, which is drawn from Erlang's formula. Time is simulated and
// chance is seeded: the same flags give the same tables, but for the last, which shows what the real code took here.
//
// A cell is simulated whole up to about -budget requests a day. Of a larger one, one principal in k is simulated, with
// a directory smaller by k (random.go), and of many cells two; the head of each line says so.
//
// The run holds every answer against what clients were told (ledger.go), and fails if a code is accepted twice, or a
// revoked right is honoured longer than stated: 1 s at home, the configured bound in a region, the grace when cut off.
package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
)

func main() {
	var m model
	m.flags(flag.CommandLine)
	shorter := flag.Bool("short", false, "three sizes, few requests")
	seed := flag.Uint64("seed", 1, "of all chance")
	sizes := flag.String("principals", "1e3,1e4,1e5,1e6,1e7,1e8,1e9", "how many principals, one `SIZE` or several")
	flag.Parse()
	if *shorter {
		*sizes, m.budget = "1e3,1e5,1e7", 30_000
	}
	list, err := parseSizes(*sizes)
	if err == nil {
		err = m.valid()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(2)
	}
	days := runAll(m, list, *seed)
	report(os.Stdout, m, days)
	if broken(days) {
		os.Exit(1)
	}
}

func parseSizes(text string) ([]int, error) {
	var list []int
	for word := range strings.SplitSeq(text, ",") {
		n, err := strconv.ParseFloat(strings.TrimSpace(word), 64)
		if err != nil || !(n >= 10 && n <= 1e11) {
			return nil, fmt.Errorf("-principals: %q is not a number from 10 to 1e11", word)
		}
		list = append(list, int(n))
	}
	return list, nil
}

// day is one size with or without troubles: the cells of it that were simulated, taken together.
type day struct {
	principals, cells, simulated, one int
	troubled                          bool
	model                             model
	result
	stale    [3]samples
	violated []string
	broken   int
	executed executed
}

// runAll runs every size with and without troubles, two at a time.
func runAll(m model, sizes []int, seed uint64) []*day {
	var days []*day
	for _, n := range sizes {
		quiet := m.quiet()
		days = append(days, &day{principals: n, model: quiet}, &day{principals: n, model: m, troubled: true})
	}
	work := make(chan *day)
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for d := range work {
				d.run(seed)
			}
		})
	}
	for i := len(days) - 1; i >= 0; i-- { // the longest first
		work <- days[i]
	}
	close(work)
	workers.Wait()
	return days
}

func (d *day) run(seed uint64) {
	d.cells = (d.principals + d.model.cell - 1) / d.model.cell
	d.simulated = min(d.cells, 2)
	d.failed = make(map[string]int)
	for i := range d.simulated {
		c := newCell(d.model, min(d.principals, d.model.cell), seed, uint64(d.principals)<<8|uint64(i))
		c.live()
		d.add(c)
	}
}

// add takes a cell's day into the whole.
func (d *day) add(c *cell) {
	r := &c.result
	d.one = c.one
	for i := range d.latency {
		d.latency[i].join(&r.latency[i])
	}
	for i := range d.stale {
		d.stale[i].join(&c.ledger.stale[i])
	}
	for i := range d.asked {
		d.asked[i] += r.asked[i]
		d.hits[i] += r.hits[i]
	}
	for cause, n := range r.failed {
		d.failed[cause] += n
	}
	d.denied += r.denied
	d.unknown += r.unknown
	d.signIns += r.signIns
	d.changes += r.changes
	d.accepted += r.accepted
	d.replayed += r.replayed
	d.busiest = max(d.busiest, r.busiest)
	for _, kind := range slices.Sorted(maps.Keys(c.ledger.first)) {
		d.violated = append(d.violated, c.ledger.first[kind]...)
	}
	d.broken += c.ledger.violations
	d.executed.join(&c.executed)
}

func broken(days []*day) bool {
	for _, d := range days {
		if d.broken > 0 {
			return true
		}
	}
	return false
}
