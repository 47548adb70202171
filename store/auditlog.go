package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"time"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/iam"
)

func (t *tx) AppendAudit(_ context.Context, records ...iam.AuditEntry) error {
	for _, r := range records {
		if _, err := t.exec(`INSERT INTO audit_records (node, account, time, event_name, user_name, record)
			VALUES ($1, $2, $3, $4, $5, $6)`, r.Node, r.Account, r.Time, r.EventName, r.UserName, r.Record); err != nil {
			return err
		}
	}
	return nil
}

// AuditLog is the audit log as the sealer sees it.
type AuditLog struct{ store *Store }

var _ audit.Log = AuditLog{}

// AuditLog returns the log for an [audit.Sealer].
func (s *Store) AuditLog() AuditLog { return AuditLog{s} }

// Head implements [audit.Log].
func (l AuditLog) Head(ctx context.Context, node string) (seq int64, hash audit.Hash, err error) {
	err = l.store.view(ctx, func(t *tx) error {
		err := t.row(`SELECT seq, hash FROM audit_records WHERE node = $1 AND seq IS NOT NULL ORDER BY seq DESC LIMIT 1`,
			[]any{node}, &seq, hashColumn{&hash})
		if errors.Is(err, errNoRow) {
			return nil
		}
		return err
	})
	return seq, hash, err
}

// Unchained implements [audit.Log].
func (l AuditLog) Unchained(ctx context.Context, node string, limit int) (entries []audit.Entry, err error) {
	err = l.store.view(ctx, func(t *tx) error {
		entries, err = list(t, func(_ *tx, scan scanner) (e audit.Entry, err error) {
			return e, scan(&e.ID, &e.Record)
		}, `SELECT id, record FROM audit_records WHERE node = $1 AND seq IS NULL ORDER BY id LIMIT $2`, node, max(limit, 0))
		return err
	})
	return entries, err
}

// Chain implements [audit.Log].
func (l AuditLog) Chain(ctx context.Context, node string, links []audit.Link) error {
	return l.store.update(ctx, func(t *tx) error {
		for _, link := range links {
			n, err := t.exec(`UPDATE audit_records SET seq = $3, hash = $4 WHERE id = $2 AND node = $1 AND seq IS NULL
				AND NOT EXISTS (SELECT 1 FROM audit_records WHERE node = $1 AND seq = $3)`,
				node, link.ID, link.Seq, link.Hash[:])
			if err != nil {
				return err
			}
			if n == 0 {
				return fmt.Errorf("store: audit record %d or number %d of node %q is chained already", link.ID, link.Seq, node)
			}
		}
		return nil
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
// verification names the record rather than fail to read it.
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
	return s.view(ctx, func(t *tx) error { return fn(auditSource{t}) })
}

type auditSource struct{ t *tx }

func (s auditSource) Nodes(context.Context) ([]string, error) {
	return list(s.t, func(_ *tx, scan scanner) (node string, err error) { return node, scan(&node) },
		`SELECT node FROM audit_records WHERE seq IS NOT NULL UNION SELECT node FROM audit_records WHERE seq IS NULL
		UNION SELECT node FROM audit_digests ORDER BY 1`)
}

func (s auditSource) Pending(_ context.Context, node string) (n int64, err error) {
	err = s.t.row(`SELECT COUNT(*) FROM audit_records WHERE node = $1 AND seq IS NULL`, []any{node}, &n)
	return n, err
}

// auditPage is how many rows of the log are in memory at once.
const auditPage = 256

func (s auditSource) Records(_ context.Context, node string) iter.Seq2[audit.Chained, error] {
	return pages(s.t, func(_ *tx, scan scanner) (r audit.Chained, err error) {
		return r, scan(&r.ID, &r.Seq, hashColumn{&r.Hash}, &r.Record)
	}, `SELECT id, seq, hash, record FROM audit_records WHERE node = $1 AND seq IS NOT NULL AND (seq, id) > ($2, $3)
		ORDER BY seq, id LIMIT $4`, node, func(r audit.Chained) (int64, int64) { return r.Seq, r.ID })
}

func (s auditSource) Digests(_ context.Context, node string) iter.Seq2[audit.Digest, error] {
	return pages(s.t, scanDigest, digestColumns+`WHERE node = $1 AND (last_seq, first_seq) > ($2, $3)
		ORDER BY last_seq, first_seq LIMIT $4`, node, func(d audit.Digest) (int64, int64) { return d.LastSeq, d.FirstSeq })
}

// pages yields the rows of a query that is bounded by a key of two numbers ($2, $3) and a limit ($4).
func pages[T any](t *tx, scan func(*tx, scanner) (T, error), query, node string, key func(T) (int64, int64)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		first, second := int64(math.MinInt64), int64(math.MinInt64)
		for {
			page, err := list(t, scan, query, node, first, second, auditPage)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range page {
				if !yield(item, nil) {
					return
				}
			}
			if len(page) < auditPage {
				return
			}
			first, second = key(page[len(page)-1])
		}
	}
}

// AuditRecord is a stored audit record.
type AuditRecord struct {
	ID   int64
	Time int64 // Unix milliseconds
	JSON []byte
}

func scanAuditRecord(_ *tx, scan scanner) (r AuditRecord, err error) {
	return r, scan(&r.ID, &r.Time, &r.JSON)
}

// AuditTail returns the newest n records of all accounts, oldest first.
func (s *Store) AuditTail(ctx context.Context, n int) (records []AuditRecord, err error) {
	err = s.view(ctx, func(t *tx) error {
		records, err = list(t, scanAuditRecord, `SELECT id, time, record FROM audit_records ORDER BY id DESC LIMIT $1`, max(n, 0))
		return err
	})
	slices.Reverse(records)
	return records, err
}

// AuditAfter returns the records of all accounts after the one with that id, oldest first.
func (s *Store) AuditAfter(ctx context.Context, id int64, limit int) (records []AuditRecord, err error) {
	err = s.view(ctx, func(t *tx) error {
		records, err = list(t, scanAuditRecord, `SELECT id, time, record FROM audit_records WHERE id > $1
			ORDER BY id LIMIT $2`, id, max(limit, 0))
		return err
	})
	return records, err
}

// AuditFilter chooses records of one account. Its zero fields choose all.
type AuditFilter struct {
	Account   string // required
	EventName string
	UserName  string
	Since     int64        // Unix milliseconds, included
	Before    *AuditRecord // go on after this record of the page before
	Limit     int
}

// AuditRecords returns an account's records, newest first.
func (s *Store) AuditRecords(ctx context.Context, f AuditFilter) (records []AuditRecord, err error) {
	before := AuditRecord{ID: math.MaxInt64, Time: math.MaxInt64}
	if f.Before != nil {
		before = *f.Before
	}
	query := `SELECT id, time, record FROM audit_records
		WHERE account = $1 AND time >= $2 AND (time, id) < ($3, $4)`
	args := []any{f.Account, f.Since, before.Time, before.ID, max(f.Limit, 0)}
	switch {
	case f.EventName != "" && f.UserName != "":
		query += ` AND event_name = $6 AND user_name = $7`
		args = append(args, f.EventName, f.UserName)
	case f.EventName != "":
		query += ` AND event_name = $6`
		args = append(args, f.EventName)
	case f.UserName != "":
		query += ` AND user_name = $6 AND user_name <> ''`
		args = append(args, f.UserName)
	}
	query += ` ORDER BY time DESC, id DESC LIMIT $5`
	err = s.view(ctx, func(t *tx) error {
		records, err = list(t, scanAuditRecord, query, args...)
		return err
	})
	return records, err
}

// pruneBatch is how many records one transaction of PruneAudit removes, so that it never holds others up long.
const pruneBatch = 500

// PruneAudit removes the node's records that are covered by a digest signed at or before the time, and the
// digests before that one, and returns how many records it removed. The last digest stays: the chain then
// begins after it.
func (s *Store) PruneAudit(ctx context.Context, node string, before time.Time) (removed int64, err error) {
	var boundary int64
	err = s.view(ctx, func(t *tx) error {
		err := t.row(`SELECT last_seq FROM audit_digests WHERE node = $1 AND time <= $2 ORDER BY last_seq DESC LIMIT 1`,
			[]any{node, millis(before)}, &boundary)
		if errors.Is(err, errNoRow) {
			return nil
		}
		return err
	})
	if err != nil || boundary == 0 {
		return 0, err
	}
	for {
		var n int64
		err := s.update(ctx, func(t *tx) error {
			// Oldest first, and digests only after all their records: stopped anywhere, the chain is whole.
			count, err := t.exec(`DELETE FROM audit_records WHERE id IN (SELECT id FROM audit_records
				WHERE node = $1 AND seq IS NOT NULL AND seq <= $2 ORDER BY seq LIMIT $3)`, node, boundary, pruneBatch)
			if err != nil {
				return err
			}
			if count < pruneBatch {
				if _, err := t.exec(`DELETE FROM audit_digests WHERE node = $1 AND last_seq < $2`, node, boundary); err != nil {
					return err
				}
			}
			n = count
			return nil
		})
		removed += n
		if err != nil || n < pruneBatch {
			return removed, err
		}
	}
}
