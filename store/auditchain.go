package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"
	"sync"
	"time"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/iam"
)

// The chain is kept beside the records, which are never written again: a row of audit_chain per block that the
// sealer chained. A node's records after the last id of its last block are those not chained yet. A row of
// audit_records has one number and hash, also where it is a segment of many records.
//
// That takes for granted that a record which becomes visible has a greater id than all that were visible before:
// Unchained stays at or below the settled id. There is no index of (node, id), because every request would pay for it:
// a walk by id from the last block on meets as many rows of other nodes as were written since.

// AuditLog is the audit log as the sealer sees it.
type AuditLog struct{ store *Store }

var _ audit.Log = AuditLog{}

// AuditLog returns the log for an [audit.Sealer].
func (s *Store) AuditLog() AuditLog { return AuditLog{s} }

// block is a row of audit_chain.
type block struct {
	firstSeq, lastSeq int64
	lastID            int64
	links             []byte
}

// linkSize is the length of a link in a block: id and hash.
const linkSize = 8 + len(audit.Hash{})

const blockColumns = `SELECT first_seq, last_seq, last_id, links FROM audit_chain `

func scanBlock(_ *tx, scan scanner) (b block, err error) {
	return b, scan(&b.firstSeq, &b.lastSeq, &b.lastID, &b.links)
}

// all yields the links in the order of their numbers. Bytes too many or too few, which only tampering makes,
// are left out, so that the verification names a record rather than fail to read it.
func (b *block) all() iter.Seq[audit.Link] {
	return func(yield func(audit.Link) bool) {
		for i := range len(b.links) / linkSize {
			text := b.links[i*linkSize:]
			link := audit.Link{ID: int64(binary.BigEndian.Uint64(text)), Seq: b.firstSeq + int64(i)}
			copy(link.Hash[:], text[8:])
			if !yield(link) {
				return
			}
		}
	}
}

// lastBlock returns the node's newest block; an empty one if it has none.
func (t *tx) lastBlock(node string) (*block, error) {
	last, err := one(t, scanBlock, blockColumns+`WHERE node = $1 ORDER BY first_seq DESC LIMIT 1`, node)
	if errors.Is(err, iam.ErrNotFound) {
		return &block{lastID: math.MinInt64}, nil
	}
	return last, err
}

// Head implements [audit.Log].
func (l AuditLog) Head(ctx context.Context, node string) (seq int64, hash audit.Hash, err error) {
	err = l.store.view(ctx, func(t *tx) error {
		last, err := t.lastBlock(node)
		if err != nil {
			return err
		}
		seq = last.lastSeq
		for link := range last.all() {
			hash = link.Hash
		}
		return nil
	})
	return seq, hash, err
}

// unchainedBytes is how much Unchained returns at once, but for a single row that is larger.
const unchainedBytes = 8 << 20

// Unchained implements [audit.Log].
func (l AuditLog) Unchained(ctx context.Context, node string, limit int) (entries []audit.Entry, err error) {
	since := l.store.Health().Since
	err = l.store.settledView(ctx, viewTime, func(t *tx, through int64) error {
		last, err := t.lastBlock(node)
		if err != nil {
			return err
		}
		type row struct{ id, size int64 }
		var rows []row
		from := max(last.lastID, l.store.walks.begin(node, through, since))
		for begun := time.Now(); len(rows) == 0; {
			end, err := t.walkEnd(from, through, l.store.walks.rows)
			if err != nil {
				return err
			}
			if rows, err = list(t, func(_ *tx, scan scanner) (r row, err error) { return r, scan(&r.id, &r.size) },
				`SELECT id, LENGTH(record) FROM audit_records WHERE id > $2 AND id <= $3 AND node = $1 ORDER BY id LIMIT $4`,
				node, from, end, max(limit, 0)); err != nil {
				return err
			}
			if len(rows) > 0 {
				break
			}
			if end != math.MaxInt64 {
				l.store.walks.end(node, end, since)
			}
			if from = end; from >= through || time.Since(begun) > walkTime { // the rest later
				return nil
			}
		}
		size := int64(0)
		for i, r := range rows {
			if size += r.size; size > unchainedBytes && i > 0 {
				break
			}
			through = r.id
		}
		entries, err = list(t, scanEntry, entryColumns+`WHERE id > $2 AND id <= $3 AND node = $1 ORDER BY id LIMIT $4`,
			node, from, min(through, rows[len(rows)-1].id), limit)
		return err
	})
	return entries, err
}

// A node that writes nothing of its own, or is new, has the rows of all others since its last block before it: every one
// that was ever written, if it is new. So the walk is done in parts, each a statement that ends in time, and where it has
// come is remembered.
const (
	walkRows = 200_000         // of one part
	walkTime = 5 * time.Second // for the parts of one look
)

// walks remember up to which settled id there is nothing of a node. It holds until the database has been away: one that
// took over may have lost the newest records, and give their ids anew.
type walks struct {
	rows int64
	mu   sync.Mutex
	done map[string]walk
}

type walk struct {
	id    int64
	since time.Time // Health.Since
}

// begin is where a walk through an id begins.
func (w *walks) begin(node string, through int64, since time.Time) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if done, ok := w.done[node]; ok && done.id <= through && done.since.Equal(since) {
		return done.id
	}
	return math.MinInt64
}

func (w *walks) end(node string, id int64, since time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done == nil {
		w.done = make(map[string]walk)
	}
	w.done[node] = walk{id, since}
}

// walkEnd is the id that a part of so many rows ends with, or through if there are fewer.
func (t *tx) walkEnd(from, through, rows int64) (end int64, err error) {
	err = t.row(`SELECT id FROM audit_records WHERE id > $1 AND id <= $2 ORDER BY id LIMIT 1 OFFSET $3`,
		[]any{from, through, rows - 1}, &end)
	if errors.Is(err, errNoRow) {
		return through, nil
	}
	return end, err
}

const entryColumns = `SELECT id, record FROM audit_records `

func scanEntry(_ *tx, scan scanner) (e audit.Entry, err error) { return e, scan(&e.ID, &e.Record) }

// Chain implements [audit.Log].
func (l AuditLog) Chain(ctx context.Context, node string, links []audit.Link) error {
	if len(links) == 0 {
		return nil
	}
	b := block{firstSeq: links[0].Seq, lastSeq: links[len(links)-1].Seq, lastID: links[len(links)-1].ID,
		links: make([]byte, 0, len(links)*linkSize)}
	for _, link := range links {
		b.links = binary.BigEndian.AppendUint64(b.links, uint64(link.ID))
		b.links = append(b.links, link.Hash[:]...)
	}
	// Counted on a snapshot and not in the update: to SERIALIZABLE having counted them is a conflict with everybody who
	// adds one. Nothing that is settled is added to, and the chain's end is compared below.
	var end, count int64
	if err := l.store.view(ctx, func(t *tx) error {
		last, err := t.lastBlock(node)
		if err != nil {
			return err
		}
		end = last.lastID
		from := max(end, l.store.walks.begin(node, b.lastID, l.store.Health().Since))
		return t.row(`SELECT COUNT(*) FROM audit_records WHERE id > $2 AND id <= $3 AND node = $1`, []any{node, from, b.lastID}, &count)
	}); err != nil {
		return err
	}
	return l.store.update(ctx, func(t *tx) error {
		last, err := t.lastBlock(node)
		if err != nil {
			return err
		}
		seq, id := last.lastSeq, last.lastID
		for i, link := range links {
			if link.ID <= id || link.Seq <= seq || link.Seq != b.firstSeq+int64(i) {
				return fmt.Errorf("store: audit record %d cannot be number %d of node %q: one of them is in the chain already, or out of order",
					link.ID, link.Seq, node)
			}
			seq, id = link.Seq, link.ID
		}
		if last.lastID != end || count != int64(len(links)) {
			return fmt.Errorf("store: node %q has %d audit records to chain through id %d, not %d", node, count, b.lastID, len(links))
		}
		err = t.insert(`INSERT INTO audit_chain (node, first_seq, last_seq, last_id, links) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT DO NOTHING`, node, b.firstSeq, b.lastSeq, b.lastID, b.links)
		if errors.Is(err, iam.ErrExists) {
			return fmt.Errorf("store: number %d of node %q is in the chain already", b.firstSeq, node)
		}
		return err
	})
}

const digestColumns = `SELECT node, first_seq, last_seq, last_hash, previous, time, signature FROM audit_digests `

func scanDigest(_ *tx, scan scanner) (d audit.Digest, err error) {
	return d, scan(&d.Node, &d.FirstSeq, &d.LastSeq, hashColumn{&d.LastHash}, hashColumn{&d.Previous}, instant{&d.Time},
		&d.Signature)
}

// LastDigest implements [audit.Log].
func (l AuditLog) LastDigest(ctx context.Context, node string) (digest *audit.Digest, err error) {
	err = l.store.view(ctx, func(t *tx) error {
		digest, err = one(t, scanDigest, digestColumns+`WHERE node = $1 ORDER BY last_seq DESC LIMIT 1`, node)
		if errors.Is(err, iam.ErrNotFound) {
			digest = nil
			return nil
		}
		return err
	})
	return digest, err
}

// AddDigest implements [audit.Log].
func (l AuditLog) AddDigest(ctx context.Context, d audit.Digest) error {
	return l.store.update(ctx, func(t *tx) error {
		err := t.insert(`INSERT INTO audit_digests (node, first_seq, last_seq, last_hash, previous, time, signature)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
			d.Node, d.FirstSeq, d.LastSeq, d.LastHash[:], d.Previous[:], millis(d.Time), d.Signature)
		if errors.Is(err, iam.ErrExists) {
			return fmt.Errorf("store: node %q has a digest of record %d or %d already", d.Node, d.FirstSeq, d.LastSeq)
		}
		return err
	})
}

// hashColumn scans a hash. One of a wrong length, which only tampering makes, becomes zero, so that the
// verification names the digest rather than fail to read it.
type hashColumn struct{ dest *audit.Hash }

func (c hashColumn) Scan(value any) error {
	*c.dest = audit.Hash{}
	if b, ok := value.([]byte); ok && len(b) == len(c.dest) {
		copy(c.dest[:], b)
	}
	return nil
}

// ReadAudit gives fn one snapshot of the audit log, for [audit.Verify]. The source must not be used after fn
// has returned.
func (s *Store) ReadAudit(ctx context.Context, fn func(audit.Source) error) error {
	return s.settledView(ctx, longViewTime, func(t *tx, through int64) error { return fn(auditSource{t, through}) })
}

type auditSource struct {
	t       *tx
	through int64 // the settled id
}

// Nodes reads all records once: what follows does too, and an index of nodes would cost every request.
func (s auditSource) Nodes(context.Context) ([]string, error) {
	return list(s.t, func(_ *tx, scan scanner) (node string, err error) { return node, scan(&node) },
		`SELECT node FROM audit_records UNION SELECT node FROM audit_chain UNION SELECT node FROM audit_digests ORDER BY 1`)
}

func (s auditSource) Pending(_ context.Context, node string) (int64, error) {
	last, err := s.t.lastBlock(node)
	if err != nil {
		return 0, err
	}
	n, err := s.t.count(`SELECT CAST(COALESCE(SUM(records), 0) AS BIGINT) FROM audit_records WHERE id > $2 AND id <= $3 AND node = $1`,
		node, last.lastID, s.through)
	return int64(n), err
}

// auditPage is how many digests are in memory at once.
const auditPage = 256

// Records leaves out what retention has begun to remove.
func (s auditSource) Records(_ context.Context, node string) iter.Seq2[audit.Chained, error] {
	return func(yield func(audit.Chained, error) bool) {
		removed, err := s.t.retention(node)
		if err != nil {
			yield(audit.Chained{}, err)
			return
		}
		seq, id := removed.lastSeq, removed.lastID
		first := int64(math.MinInt64)
		for {
			b, err := one(s.t, scanBlock, blockColumns+`WHERE node = $1 AND first_seq > $2 AND last_seq > $3
				ORDER BY first_seq LIMIT 1`, node, first, seq)
			if errors.Is(err, iam.ErrNotFound) {
				return
			}
			if err != nil {
				yield(audit.Chained{}, err)
				return
			}
			if !s.block(node, b, id, yield) {
				return
			}
			first, id = b.firstSeq, b.lastID
		}
	}
}

// block yields the records of a block, which has ids after the given one.
func (s auditSource) block(node string, b *block, after int64, yield func(audit.Chained, error) bool) bool {
	records := map[int64][]byte{}
	for link := range b.all() {
		records[link.ID] = nil
	}
	var stray *audit.Chained // one is enough for the verification to name
	for {
		page, err := list(s.t, scanEntry, entryColumns+`WHERE id > $2 AND id <= $3 AND node = $1 ORDER BY id LIMIT $4`,
			node, after, b.lastID, auditRows)
		if err != nil {
			return yield(audit.Chained{}, err)
		}
		for _, e := range page {
			after = e.ID
			if _, linked := records[e.ID]; linked {
				records[e.ID] = append([]byte{}, e.Record...) // not nil, also when it is empty
			} else if stray == nil {
				stray = &audit.Chained{ID: e.ID, Record: e.Record}
			}
		}
		if len(page) < auditRows {
			break
		}
	}
	for link := range b.all() {
		if stray != nil && stray.ID < link.ID {
			if !yield(*stray, nil) {
				return false
			}
			stray = nil
		}
		if record := records[link.ID]; record != nil { // an empty record is not nil
			if !yield(audit.Chained{ID: link.ID, Seq: link.Seq, Hash: link.Hash, Record: record}, nil) {
				return false
			}
		}
	}
	return stray == nil || yield(*stray, nil)
}

func (s auditSource) Digests(_ context.Context, node string) iter.Seq2[audit.Digest, error] {
	return func(yield func(audit.Digest, error) bool) {
		last, first := int64(math.MinInt64), int64(math.MinInt64)
		for {
			page, err := list(s.t, scanDigest, digestColumns+`WHERE node = $1 AND (last_seq, first_seq) > ($2, $3)
				ORDER BY last_seq, first_seq LIMIT $4`, node, last, first, auditPage)
			if err != nil {
				yield(audit.Digest{}, err)
				return
			}
			for _, d := range page {
				if !yield(d, nil) {
					return
				}
				last, first = d.LastSeq, d.FirstSeq
			}
			if len(page) < auditPage {
				return
			}
		}
	}
}

// retention returns the removal under way, as a block without links; an empty one if there is none.
func (t *tx) retention(node string) (block, error) {
	b := block{lastID: math.MinInt64}
	err := t.row(`SELECT last_seq, last_id FROM audit_retention WHERE node = $1`, []any{node}, &b.lastSeq, &b.lastID)
	if errors.Is(err, errNoRow) {
		return b, nil
	}
	return b, err
}

// One transaction of PruneAudit removes so many rows, and so many bytes, at most, so that it never holds others up
// long.
const (
	pruneBatch = 500
	pruneBytes = 4 << 20
)

// PruneAudit removes the node's records that are covered by a digest signed at or before the time, and the
// digests before that one, and returns how many records it removed. The last digest stays: the chain then
// begins after it. A removal that was stopped half-way, which the verification takes for done, is finished first.
func (s *Store) PruneAudit(ctx context.Context, node string, before time.Time) (removed int64, err error) {
	for more := true; more; {
		var n int64
		err = s.update(ctx, func(t *tx) (err error) {
			through, err := t.retention(node)
			if err != nil {
				return err
			}
			if through.lastSeq == 0 {
				n = 0
				more, err = t.beginRetention(node, before)
				return err
			}
			more = true
			n, err = t.removeAudit(node, through)
			return err
		})
		if err != nil {
			return removed, err
		}
		removed += n
	}
	return removed, nil
}

// beginRetention notes what is to be removed, and tells whether that is anything.
func (t *tx) beginRetention(node string, before time.Time) (bool, error) {
	n, err := t.exec(`INSERT INTO audit_retention (node, last_seq, last_id)
		SELECT d.node, d.last_seq, c.last_id FROM audit_digests d JOIN audit_chain c ON c.node = d.node AND c.last_seq = d.last_seq
		WHERE d.node = $1 AND d.time <= $2 AND d.last_seq > 0 ORDER BY d.last_seq DESC LIMIT 1`, node, millis(before))
	return n > 0, err
}

// removeAudit does a part of a removal. Blocks go after their records and digests last.
func (t *tx) removeAudit(node string, through block) (removed int64, err error) {
	b, err := one(t, scanBlock, blockColumns+`WHERE node = $1 AND last_seq <= $2 ORDER BY first_seq LIMIT 1`, node, through.lastSeq)
	if errors.Is(err, iam.ErrNotFound) {
		if _, err := t.exec(`DELETE FROM audit_digests WHERE node = $1 AND last_seq < $2`, node, through.lastSeq); err != nil {
			return 0, err
		}
		_, err := t.exec(`DELETE FROM audit_retention WHERE node = $1`, node)
		return 0, err
	}
	if err != nil {
		return 0, err
	}
	firstID := b.lastID + 1
	for link := range b.all() {
		firstID = min(firstID, link.ID)
	}
	// What was inserted between two blocks is not removed, and will be named for as long as it is there.
	type row struct{ id, size, records int64 }
	rows, err := list(t, func(_ *tx, scan scanner) (r row, err error) { return r, scan(&r.id, &r.size, &r.records) },
		`SELECT id, LENGTH(record), records FROM audit_records WHERE id >= $2 AND id <= $3 AND node = $1 ORDER BY id LIMIT $4`,
		node, firstID, b.lastID, pruneBatch)
	if err != nil {
		return 0, err
	}
	if len(rows) == 0 {
		_, err = t.exec(`DELETE FROM audit_chain WHERE node = $1 AND first_seq = $2`, node, b.firstSeq)
		return 0, err
	}
	lastID, size := firstID, int64(0)
	for i, r := range rows {
		if size += r.size; size > pruneBytes && i > 0 {
			break
		}
		lastID, removed = r.id, removed+r.records
	}
	_, err = t.exec(`DELETE FROM audit_records WHERE id >= $2 AND id <= $3 AND node = $1`, node, firstID, lastID)
	return removed, err
}
