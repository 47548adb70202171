package store

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"sync"
)

// horizon is an id that was the newest of the audit log when transactions up to a number had begun. Once they have
// all ended, no record with that id or a lower one can appear any more: an update has its number before its records
// have ids. That these numbers can be read is PostgreSQL's own; decision 0011 says why it is used all the same.
type horizon struct {
	id   int64
	next uint64 // those that had begun have lower numbers
}

// horizons are the last one known to be reached and one that is waited for: it is kept until it is reached, so that
// readers get on however many transactions are under way at any moment.
type horizons struct {
	mu      sync.Mutex
	reached horizon
	awaited horizon
}

// of is the highest id that a snapshot has passed in which oldest is the oldest transaction under way.
func (h *horizons) of(oldest uint64, now horizon) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case oldest >= now.next:
		if now.id >= h.reached.id {
			h.reached = now
		}
		return now.id
	case h.awaited.next == 0:
		h.awaited = now
	case oldest >= h.awaited.next:
		if h.awaited.id >= h.reached.id {
			h.reached = h.awaited
		}
		h.awaited = now
	}
	if oldest >= h.reached.next {
		return h.reached.id
	}
	return math.MinInt64 // a snapshot from before
}

// settled implements database.
func (db *postgresDB) settled(ctx context.Context) (settled, error) {
	up := db.watch.up()
	c, err := db.conns.take(ctx, up.Done())
	if err != nil {
		return nil, err
	}
	defer db.conns.put(c)
	limited, end := context.WithTimeout(up, updateTime)
	defer end()
	var now horizon
	var next string
	// Two statements, in this order, each for itself: the id is not to be younger than the number. The number is one of
	// our own, given now: a snapshot has none of those that began after the last one that has ended.
	if err := c.sql.QueryRowContext(limited, `SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM audit_records_id_seq`).
		Scan(&now.id); err != nil {
		return nil, fmt.Errorf("store: %w", db.explain(c, err))
	}
	if err := c.sql.QueryRowContext(limited, `SELECT CAST(pg_current_xact_id() AS TEXT)`).Scan(&next); err != nil {
		return nil, fmt.Errorf("store: %w", db.explain(c, err))
	}
	if now.next, err = strconv.ParseUint(next, 10, 64); err != nil {
		return nil, fmt.Errorf("store: transaction number %q: %w", next, err)
	}
	return func(t *tx) (int64, error) {
		var text string
		if err := t.row(`SELECT CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT)`, nil, &text); err != nil {
			return 0, err
		}
		oldest, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("store: transaction number %q: %w", text, err)
		}
		return db.horizons.of(oldest, now), nil
	}, nil
}
