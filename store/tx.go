package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/seal"
)

// conn is one database connection with the statements prepared on it so far. A goroutine has it alone.
type conn struct {
	sql        *sql.Conn
	statements map[string]*sql.Stmt
	broken     bool // a transaction on it ended in an unknown way: don't use it again

	// forUpdate ends a SELECT of a row that will be written: " FOR UPDATE". SQLite, whose updates begin with the lock of
	// the whole database, has no such clause and needs none.
	forUpdate string

	// ctx is what statements run on. SQLite's is unbounded, PostgreSQL's ends with the time that a transaction has.
	ctx context.Context
	// explain makes of a driver's error what the error means, or leaves it as it is.
	explain func(*conn, error) error
}

// unbounded is the context statements of SQLite run on: one that can end costs a goroutine per statement, and when
// it does end, SQLite rolls back the whole transaction and with it everything that shares it.
var unbounded = context.Background()

func newConn(ctx context.Context, db *sql.DB) (*conn, error) {
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{sql: c, statements: map[string]*sql.Stmt{}, ctx: unbounded,
		explain: func(_ *conn, err error) error { return err }}, nil
}

// statement returns the prepared statement of a query. Queries are constants but for the length of some
// lists, which is rounded; so the map is bounded.
func (c *conn) statement(query string) (*sql.Stmt, error) {
	if s, ok := c.statements[query]; ok {
		return s, nil
	}
	s, err := c.sql.PrepareContext(c.ctx, query)
	if err != nil {
		return nil, err
	}
	c.statements[query] = s
	return s, nil
}

// run executes a statement that returns no rows.
func (c *conn) run(query string, args ...any) (sql.Result, error) {
	s, err := c.statement(query)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(c.ctx, args...)
}

func (c *conn) close() error {
	var errs []error
	for _, s := range c.statements {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.sql.Close())...)
}

// tx is one transaction or snapshot. It is iam.Tx.
type tx struct {
	conn     *conn
	ctx      context.Context // of a View, looked at before each statement
	keyset   *seal.Keyset
	readOnly bool

	// failed is the error of the first statement that failed; no statement runs after it until the savepoint
	// around it is rolled back. PostgreSQL would refuse them. SQLite may have rolled back everything, and would
	// run them outside of any transaction.
	failed error

	// lost is the error that no savepoint helps against: the transaction as a whole must end, and may be run again.
	lost error

	changed bool // a change was announced in the change table
}

var _ iam.Tx = (*tx)(nil)

var errEnded = errors.New("store: used after its transaction had ended")

// Savepoint runs fn and undoes its writes if it fails with an error that is not marked with iam.Keep.
func (t *tx) Savepoint(_ context.Context, fn func() error) error {
	if t.readOnly {
		return fn() // there is nothing to undo
	}
	// Savepoints inside it have the same name: SQL takes the innermost.
	if _, err := t.exec("SAVEPOINT inner_changes"); err != nil {
		return err
	}
	returned := false
	defer func() {
		if !returned { // fn panicked, and somebody above may recover
			t.undo()
		}
	}()
	err := fn()
	returned = true
	if keeps(err) && t.failed == nil {
		if _, failure := t.exec("RELEASE SAVEPOINT inner_changes"); failure != nil {
			return failure
		}
		return err
	}
	failure := t.failed
	t.undo()
	if keeps(err) {
		return failure
	}
	return err
}

// undo rolls back to the innermost savepoint and closes it, after which the transaction is whole again.
func (t *tx) undo() {
	t.failed = nil
	if _, err := t.exec("ROLLBACK TO SAVEPOINT inner_changes"); err != nil {
		return
	}
	t.exec("RELEASE SAVEPOINT inner_changes")
}

// keeps tells whether the writes of a function that returned err are kept.
func keeps(err error) bool { return err == nil || iam.Kept(err) }

// ready returns nil if a statement may run.
func (t *tx) ready() error {
	if t.lost != nil {
		return t.lost
	}
	if t.failed != nil {
		return t.failed
	}
	return t.ctx.Err()
}

// fail marks the transaction if err is not nil.
func (t *tx) fail(err error) error {
	if err != nil && t.failed == nil {
		t.failed = fmt.Errorf("store: %w", t.conn.explain(t.conn, err))
		if endsTransaction(t.failed) {
			t.lost = t.failed
		}
	}
	return t.failed
}

// exec runs a statement and returns how many rows it touched.
func (t *tx) exec(query string, args ...any) (int64, error) {
	if err := t.ready(); err != nil {
		return 0, err
	}
	result, err := t.conn.run(query, args...)
	if err != nil {
		return 0, t.fail(err)
	}
	n, err := result.RowsAffected()
	return n, t.fail(err)
}

// insert runs an INSERT … ON CONFLICT DO NOTHING.
func (t *tx) insert(query string, args ...any) error {
	n, err := t.exec(query, args...)
	if err == nil && n == 0 {
		return iam.ErrExists
	}
	return err
}

// change runs an UPDATE or DELETE of one row.
func (t *tx) change(query string, args ...any) error {
	n, err := t.exec(query, args...)
	if err == nil && n == 0 {
		return iam.ErrNotFound
	}
	return err
}

// scanner reads the columns of a row.
type scanner func(dest ...any) error

// rows runs a query and calls each for every row. It reads to the end even if each fails: an UPDATE … RETURNING
// that is left half read is half done.
func (t *tx) rows(query string, args []any, each func(scanner) error) error {
	if err := t.ready(); err != nil {
		return err
	}
	s, err := t.conn.statement(query)
	if err != nil {
		return t.fail(err)
	}
	rows, err := s.QueryContext(t.conn.ctx, args...)
	if err != nil {
		return t.fail(err)
	}
	defer rows.Close()
	var bad error
	for rows.Next() {
		if bad == nil {
			bad = each(rows.Scan)
		}
	}
	if err := rows.Err(); err != nil {
		return t.fail(err)
	}
	return bad
}

// errNoRow is returned by row; the transaction goes on.
var errNoRow = errors.New("no row")

// row runs a query that has at most one row.
func (t *tx) row(query string, args []any, dest ...any) error {
	found := false
	err := t.rows(query, args, func(scan scanner) error {
		found = true
		return scan(dest...)
	})
	if err == nil && !found {
		return errNoRow
	}
	return err
}

// count runs a SELECT COUNT.
func (t *tx) count(query string, args ...any) (n int, err error) {
	err = t.row(query, args, &n)
	return n, err
}

// list collects the rows of a query.
func list[T any](t *tx, scan func(*tx, scanner) (T, error), query string, args ...any) ([]T, error) {
	var items []T
	err := t.rows(query, args, func(row scanner) error {
		item, err := scan(t, row)
		items = append(items, item)
		return err
	})
	if err != nil {
		return nil, err
	}
	return items, nil
}

// one returns the only row of a query, or iam.ErrNotFound.
func one[T any](t *tx, scan func(*tx, scanner) (T, error), query string, args ...any) (*T, error) {
	items, err := list(t, scan, query, args...)
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, iam.ErrNotFound
	}
	return &items[0], nil
}
