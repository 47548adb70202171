package store

import (
	"context"
	"errors"

	"github.com/sallyport-iam/sallyport/iam"
)

// next adds one to a counter and returns it. The counter's row stays locked until the transaction ends, so
// numbers are given in the order of commits and a reader never sees 7 before 6.
func (t *tx) next(counter string) (n int64, err error) {
	err = t.row(`INSERT INTO counters (name, value) VALUES ($1, 1)
		ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value`, []any{counter}, &n)
	return n, err
}

// current returns a counter's value, 0 before the first next.
func (t *tx) current(counter string) (n int64, err error) {
	err = t.row(`SELECT value FROM counters WHERE name = $1`, []any{counter}, &n)
	if errors.Is(err, errNoRow) {
		return 0, nil
	}
	return n, err
}

const changesCounter = "changes"

func versionCounter(account string) string { return "policy/" + account }

func (t *tx) PolicyVersion(_ context.Context, account string) (int64, error) {
	return t.current(versionCounter(account))
}

// How many of the newest changes are kept, and how many are removed at a time.
const (
	changesKept   = 100_000
	changesPruned = 1_000
)

// AppendChange removes changes that are old. Numbers have no gaps otherwise, so a follower for whom the first
// one that ChangesAfter returns is not the next knows that it has missed some.
func (t *tx) AppendChange(_ context.Context, c iam.Change) error {
	t.changed = true
	version, err := t.next(versionCounter(c.Account))
	if err != nil {
		return err
	}
	sequence, err := t.next(changesCounter)
	if err != nil {
		return err
	}
	if _, err := t.exec(`INSERT INTO changes (sequence, account, version, entity) VALUES ($1, $2, $3, $4)`,
		sequence, c.Account, version, c.ID); err != nil {
		return err
	}
	if sequence%changesPruned == 0 {
		_, err = t.exec(`DELETE FROM changes WHERE sequence <= $1`, sequence-changesKept)
	}
	return err
}

func scanChange(_ *tx, scan scanner) (c iam.Change, err error) {
	return c, scan(&c.Sequence, &c.Account, &c.Version, &c.ID)
}

func (t *tx) ChangesAfter(_ context.Context, seq int64, limit int) ([]iam.Change, error) {
	return list(t, scanChange, `SELECT sequence, account, version, entity FROM changes
		WHERE sequence > $1 ORDER BY sequence LIMIT $2`, seq, max(limit, 0))
}

func (t *tx) LastChange(context.Context) (int64, error) { return t.current(changesCounter) }
