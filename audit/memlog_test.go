package audit

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"math"
	"slices"
	"sync"
	"testing"
	"time"
)

// memLog is a log in memory, the model of what the store does. Its fields are open to
// the tests, as a database is to somebody who can write it.
type memLog struct {
	mu      sync.Mutex
	rows    []memRow
	ids     int64
	digests []Digest
	fail    func(operation string) error // before every operation
	chains  int                          // transactions of Chain
}

type memRow struct {
	node    string
	id      int64
	record  []byte
	chained bool
	seq     int64
	hash    Hash
}

var _ Log = (*memLog)(nil)
var _ Source = (*memLog)(nil)

func (l *memLog) enter(operation string) (leave func(), err error) {
	l.mu.Lock()
	if l.fail != nil {
		if err := l.fail(operation); err != nil {
			l.mu.Unlock()
			return nil, err
		}
	}
	return l.mu.Unlock, nil
}

// add commits n more records.
func (l *memLog) add(node string, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range n {
		l.ids++
		id := l.ids
		l.rows = append(l.rows, memRow{node: node, id: id,
			record: fmt.Appendf(nil, `{"eventTime":"2026-11-22T02:00:00Z","eventName":"CreateUser","eventID":"event-%d"}`, id)})
	}
}

func (l *memLog) Head(ctx context.Context, node string) (int64, Hash, error) {
	leave, err := l.enter("Head")
	if err != nil {
		return 0, Hash{}, err
	}
	defer leave()
	var head memRow
	for _, row := range l.rows {
		if row.node == node && row.chained && row.seq > head.seq {
			head = row
		}
	}
	return head.seq, head.hash, nil
}

// lastID returns the id of the record chained last, or less than any id.
func (l *memLog) lastID(node string) int64 {
	head := memRow{id: math.MinInt64}
	for _, row := range l.rows {
		if row.node == node && row.chained && row.seq > head.seq {
			head = row
		}
	}
	return head.id
}

func (l *memLog) Pending(ctx context.Context, node string) (int64, error) {
	leave, err := l.enter("Pending")
	if err != nil {
		return 0, err
	}
	defer leave()
	var n int64
	last := l.lastID(node)
	for _, row := range l.rows {
		if row.node == node && row.id > last {
			n++
		}
	}
	return n, nil
}

func (l *memLog) Unchained(ctx context.Context, node string, limit int) ([]Entry, error) {
	leave, err := l.enter("Unchained")
	if err != nil {
		return nil, err
	}
	defer leave()
	var entries []Entry
	last := l.lastID(node)
	for _, row := range l.rows {
		if row.node == node && row.id > last && len(entries) < limit {
			entries = append(entries, Entry{ID: row.id, Record: row.record})
		}
	}
	return entries, nil
}

func (l *memLog) Chain(ctx context.Context, node string, links []Link) error {
	leave, err := l.enter("Chain")
	if err != nil {
		return err
	}
	defer leave()
	for _, link := range links {
		for _, row := range l.rows {
			if row.node == node && row.chained && (row.seq == link.Seq || row.id == link.ID) {
				return errors.New("conflict")
			}
		}
	}
	for _, link := range links {
		row := l.row(link.ID)
		row.chained, row.seq, row.hash = true, link.Seq, link.Hash
	}
	l.chains++
	return nil
}

func (l *memLog) LastDigest(ctx context.Context, node string) (*Digest, error) {
	leave, err := l.enter("LastDigest")
	if err != nil {
		return nil, err
	}
	defer leave()
	var last *Digest
	for i, d := range l.digests {
		if d.Node == node && (last == nil || d.LastSeq > last.LastSeq) {
			last = &l.digests[i]
		}
	}
	if last != nil {
		clone := *last
		last = &clone
	}
	return last, nil
}

func (l *memLog) AddDigest(ctx context.Context, digest Digest) error {
	leave, err := l.enter("AddDigest")
	if err != nil {
		return err
	}
	defer leave()
	for _, d := range l.digests {
		if d.Node == digest.Node && d.FirstSeq == digest.FirstSeq {
			return errors.New("conflict")
		}
	}
	l.digests = append(l.digests, digest)
	return nil
}

func (l *memLog) Nodes(ctx context.Context) ([]string, error) {
	leave, err := l.enter("Nodes")
	if err != nil {
		return nil, err
	}
	defer leave()
	var nodes []string
	for _, row := range l.rows {
		nodes = append(nodes, row.node)
	}
	for _, d := range l.digests {
		nodes = append(nodes, d.Node)
	}
	slices.Sort(nodes)
	return slices.Compact(nodes), nil
}

func (l *memLog) Records(ctx context.Context, node string) iter.Seq2[Chained, error] {
	return func(yield func(Chained, error) bool) {
		leave, err := l.enter("Records")
		if err != nil {
			yield(Chained{}, err)
			return
		}
		var records []Chained
		for _, row := range l.rows {
			if row.node == node && row.chained {
				records = append(records, Chained{ID: row.id, Seq: row.seq, Hash: row.hash, Record: row.record})
			}
		}
		var strays []Chained
		last := l.lastID(node)
		for _, row := range l.rows {
			if row.node == node && !row.chained && row.id < last {
				strays = append(strays, Chained{ID: row.id, Record: row.record})
			}
		}
		leave()
		slices.SortFunc(records, func(a, b Chained) int {
			return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.ID, b.ID))
		})
		for _, stray := range strays {
			at := slices.IndexFunc(records, func(r Chained) bool { return r.Seq > 0 && r.ID > stray.ID })
			records = slices.Insert(records, at, stray)
		}
		for _, record := range records {
			if !yield(record, nil) {
				return
			}
		}
	}
}

func (l *memLog) Digests(ctx context.Context, node string) iter.Seq2[Digest, error] {
	return func(yield func(Digest, error) bool) {
		leave, err := l.enter("Digests")
		if err != nil {
			yield(Digest{}, err)
			return
		}
		var digests []Digest
		for _, d := range l.digests {
			if d.Node == node {
				digests = append(digests, d)
			}
		}
		leave()
		slices.SortStableFunc(digests, func(a, b Digest) int { return cmp.Compare(a.LastSeq, b.LastSeq) })
		for _, d := range digests {
			if !yield(d, nil) {
				return
			}
		}
	}
}

// signed returns how many digests there are.
func (l *memLog) signed() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.digests)
}

// row returns the row with an id.
func (l *memLog) row(id int64) *memRow {
	for i := range l.rows {
		if l.rows[i].id == id {
			return &l.rows[i]
		}
	}
	panic(fmt.Sprintf("no row %d", id))
}

// at returns the row of node "n1" with a number in the chain.
func (l *memLog) at(seq int64) *memRow {
	for i := range l.rows {
		if l.rows[i].node == "n1" && l.rows[i].chained && l.rows[i].seq == seq {
			return &l.rows[i]
		}
	}
	panic(fmt.Sprintf("no record %d", seq))
}

// remove deletes the rows of node "n1" numbered first to last.
func (l *memLog) remove(first, last int64) {
	l.rows = slices.DeleteFunc(l.rows, func(row memRow) bool {
		return row.node == "n1" && row.chained && row.seq >= first && row.seq <= last
	})
}

// testKey signs in these tests; its seed is fixed so that failures repeat.
var testKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))

func testSign(message []byte) []byte { return ed25519.Sign(testKey, message) }

func testVerify(message, signature []byte) error {
	if !ed25519.Verify(testKey.Public().(ed25519.PublicKey), message, signature) {
		return errors.New("no")
	}
	return nil
}

// clock is a settable time.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 22, 2, 0, 0, 500, time.UTC)} }

func newSealer(log Log, node string, now func() time.Time) *Sealer {
	return &Sealer{Node: node, Log: log, Sign: testSign, Now: now, Logger: slog.New(slog.DiscardHandler)}
}

// sealed returns a log of node "n1" with three digests, of 1–5, 6–9 and 10–14, two
// records more that are chained but not covered, 15 and 16, and one not chained, and a
// second node beside it.
func sealed(t testing.TB) *memLog {
	t.Helper()
	log, clock := &memLog{}, newClock()
	s := newSealer(log, "n1", clock.Now)
	other := newSealer(log, "n2", clock.Now)
	for _, n := range []int{5, 4, 5, 2} {
		log.add("n1", n)
		log.add("n2", 1)
		for _, s := range []*Sealer{s, other} {
			if err := s.pass(t.Context(), false); err != nil {
				t.Fatal(err)
			}
		}
		if len(log.digests) < 6 {
			clock.advance(time.Hour) // so that the next digest is due
		}
	}
	log.add("n1", 1)
	return log
}

func verifyLog(t testing.TB, log *memLog) *Report {
	t.Helper()
	report, err := Verify(t.Context(), log, testVerify)
	if err != nil {
		t.Fatal(err)
	}
	return report
}
