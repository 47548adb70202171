package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/sallyport-iam/sallyport/iam"
)

//go:embed migrations/postgres/*.sql
var postgresMigrations embed.FS

const (
	// postgresConnections is how many connections a node uses at once if the URL has no pool_max_conns.
	postgresConnections = 20

	// postgresQueue is how many wait for a connection at most: some seconds of work, beyond which waiting is useless.
	postgresQueue = 512

	// connectTimeout is how long one host may take to accept a connection, if the URL has no connect_timeout.
	connectTimeout = 3 * time.Second

	// What a transaction may take, begin and commit included. Then its connection is closed.
	viewTime   = 30 * time.Second
	updateTime = 10 * time.Second
	// longViewTime is that of a view that reads everything there is.
	longViewTime = 12 * time.Hour

	// rerunTime is how long an Update goes on trying against those of others.
	rerunTime = 25 * time.Second
)

// postgresDB is an open PostgreSQL database, or one that speaks its wire.
//
// Updates are SERIALIZABLE: what they read is as true at their commit as at their begin, as it is with SQLite's one
// writer. PostgreSQL refuses the later of two that can't both be so, and the refused one runs again. Views are
// REPEATABLE READ, which is a snapshot and is never refused.
type postgresDB struct {
	name  string // host and database: what messages call it
	sql   *sql.DB
	conns *pool
	watch *watch

	// lane is for Updates that were refused: of one node, one at a time, so that many who want the same row take
	// turns and don't refuse each other again and again.
	lane chan struct{}

	counts struct{ commits, functions, reruns atomic.Int64 }

	horizons horizons

	stop     chan struct{}
	closing  sync.Once
	closeErr error
}

func openPostgres(ctx context.Context, address string, options Options) (_ *postgresDB, err error) {
	config, size, err := parsePostgres(address)
	if err != nil {
		return nil, err
	}
	db := &postgresDB{name: postgresName(config), lane: make(chan struct{}, 1), stop: make(chan struct{})}
	defer func() {
		if err != nil {
			err = fmt.Errorf("store: database %s: %w", db.name, err)
			if db.sql != nil {
				err = errors.Join(err, db.sql.Close())
			}
		}
	}()
	db.sql = stdlib.OpenDB(*config, stdlib.OptionAfterConnect(insistOnDurability))
	db.sql.SetMaxIdleConns(-1) // those that are kept are in the pool of this package
	if err := db.check(ctx); err != nil {
		return nil, err
	}
	patient := config.Copy() // a migration may take longer than a request
	patient.RuntimeParams["statement_timeout"] = "0"
	migrating := stdlib.OpenDB(*patient)
	defer migrating.Close()
	if err := migrate(ctx, goose.DialectPostgres, migrating, postgresMigrations, "migrations/postgres"); err != nil {
		return nil, err
	}
	db.conns = newPool(size, postgresQueue, db.stop, db.sql)
	db.conns.open = db.connect
	db.conns.discard = discard
	db.watch = startWatch(config, options.Now, db.stop)
	return db, nil
}

// parsePostgres reads a URL as libpq does (several hosts, target_session_attrs, sslmode and all), and the number of
// connections.
func parsePostgres(address string) (config *pgx.ConnConfig, size int, err error) {
	if config, err = pgx.ParseConfig(address); err != nil {
		if _, unclear := url.Parse(address); unclear != nil { // what pgx takes for the port may be of the password
			return nil, 0, errors.New("store: the database's URL can't be read: it is postgres://USER:PASSWORD@HOST:PORT/NAME, " +
				"where what is neither letter nor digit is written as % and two hexadecimal digits in the password")
		}
		return nil, 0, fmt.Errorf("store: %w", err) // pgx leaves passwords out
	}
	size = postgresConnections
	if text, ok := config.RuntimeParams["pool_max_conns"]; ok {
		if size, err = strconv.Atoi(text); err != nil || size < 2 || size > 10_000 {
			return nil, 0, fmt.Errorf("store: database %s: pool_max_conns is not a number from 2 to 10000", postgresName(config))
		}
		delete(config.RuntimeParams, "pool_max_conns")
	}
	if config.ConnectTimeout == 0 || !strings.Contains(address, "connect_timeout") {
		config.ConnectTimeout = connectTimeout
	}
	for name, value := range map[string]string{
		"application_name": "sallyport",
		// The server's own ends, for when this side can't say any more that it has given up.
		"statement_timeout":                   strconv.FormatInt(viewTime.Milliseconds(), 10),
		"idle_in_transaction_session_timeout": strconv.FormatInt(viewTime.Milliseconds(), 10),
		// Reading a small table whole is cheap, but to SERIALIZABLE it means having read every row of it.
		"enable_seqscan": "off",
	} {
		if _, ok := config.RuntimeParams[name]; !ok {
			config.RuntimeParams[name] = value
		}
	}
	return config, size, nil
}

// postgresName is the database without its password.
func postgresName(config *pgx.ConnConfig) string {
	hosts := []string{fmt.Sprintf("%s:%d", config.Host, config.Port)}
	for _, f := range config.Fallbacks {
		if host := fmt.Sprintf("%s:%d", f.Host, f.Port); host != hosts[len(hosts)-1] { // with and without TLS
			hosts = append(hosts, host)
		}
	}
	return (&url.URL{Scheme: "postgres", Host: strings.Join(hosts, ","), Path: config.Database}).String()
}

// insistOnDurability makes an acknowledged commit one that is on disk, whatever the cluster's default: a code that
// was used must not be forgotten in a crash.
func insistOnDurability(ctx context.Context, c *pgx.Conn) error {
	var setting string
	if err := c.QueryRow(ctx, "SHOW synchronous_commit").Scan(&setting); err != nil {
		return err
	}
	if setting != "off" && setting != "local" {
		return nil
	}
	_, err := c.Exec(ctx, "SET synchronous_commit = on")
	return err
}

// check refuses a schema that is another program's.
func (db *postgresDB) check(ctx context.Context) error {
	var foreign int64
	if err := db.sql.QueryRowContext(ctx, `SELECT COUNT(*) FROM information_schema.tables
		WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND NOT EXISTS (SELECT 1
			FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = 'schema_versions')`).
		Scan(&foreign); err != nil {
		return err
	}
	if foreign > 0 {
		return errors.New("has tables of another program: name an empty database or schema")
	}
	return nil
}

// connect opens a connection of the pool.
func (db *postgresDB) connect(ctx context.Context) (*conn, error) {
	if down := db.watch.down(); down != nil {
		return nil, unavailable(errDown)
	}
	c, err := newConn(ctx, db.sql)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		db.watch.look()
		return nil, unavailable(fmt.Errorf("store: %w", err))
	}
	c.explain = db.explain
	c.forUpdate = " FOR UPDATE"
	return c, nil
}

// discard closes a connection for good.
func discard(c *conn) error {
	c.sql.Raw(func(any) error { return driver.ErrBadConn })
	c.sql.Close()
	return nil
}

// SQLSTATEs that say what to do next (PostgreSQL, "PostgreSQL Error Codes").
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	readOnlyTransaction  = "25006"
)

// rerunError is an error after which the transaction has left nothing and may run again.
type rerunError struct{ error }

func (e rerunError) Unwrap() error { return e.error }

// endsTransaction tells whether no savepoint helps.
func endsTransaction(err error) bool {
	var rerun rerunError
	var gone unavailableError
	return errors.As(err, &rerun) || errors.As(err, &gone)
}

// explain tells refusals that another run may not meet, and a database that can't be asked, from all else.
func (db *postgresDB) explain(c *conn, err error) error {
	var refusal *pgconn.PgError
	if !errors.As(err, &refusal) { // the connection failed, or its time was over: what the server did is not known
		c.broken = true
		db.watch.look()
		return unavailable(err)
	}
	switch code := refusal.Code; {
	case code == serializationFailure || code == deadlockDetected:
		return rerunError{err}
	case code == readOnlyTransaction: // it is a standby now
		c.broken = true
		db.watch.look()
		return unavailable(err)
	case strings.HasPrefix(code, "08") || strings.HasPrefix(code, "57P"): // the connection, or the server, is ending
		c.broken = true
		db.watch.look()
		return unavailable(err)
	case strings.HasPrefix(code, "53") || code == "57014" || code == "25P03" || code == "55P03":
		return unavailable(err) // out of resources, or of time
	}
	return err
}

// begin takes a connection and starts a transaction on it that has a time limit. The statement goes as it is, in one
// message: it may hold two. Connections that have died in the pool are thrown away.
func (db *postgresDB) begin(ctx context.Context, limit time.Duration, statement string) (c *conn, end context.CancelFunc, err error) {
	for range cap(db.conns.free) + 1 {
		up := db.watch.up()
		if c, err = db.conns.take(ctx, up.Done()); err != nil {
			return nil, nil, err
		}
		c.ctx, end = context.WithTimeout(up, limit)
		if _, err = c.sql.ExecContext(c.ctx, statement); err == nil {
			return c, end, nil
		}
		err = fmt.Errorf("store: begin: %w", db.explain(c, err))
		late := c.ctx.Err() != nil
		c.broken = true
		end()
		db.conns.put(c)
		if late {
			break
		}
		if !errors.Is(err, iam.ErrUnavailable) { // where nothing can be begun, as at a standby, nothing can be asked
			db.watch.look()
			err = unavailable(err)
			break
		}
	}
	return nil, nil, err
}

// end puts a connection back, rolling back what is left of its transaction.
func (db *postgresDB) end(c *conn, cancel context.CancelFunc, over bool) {
	if !over && !c.broken {
		if _, err := c.sql.ExecContext(c.ctx, "ROLLBACK"); err != nil {
			c.broken = true
		}
	}
	cancel()
	db.conns.put(c)
}

func (db *postgresDB) view(ctx context.Context, limit time.Duration, fn func(*tx) error) error {
	statement := "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	if limit > viewTime { // a single statement of it may take longer than the connection allows
		statement += fmt.Sprintf("; SET LOCAL statement_timeout = %d", limit.Milliseconds())
	}
	c, cancel, err := db.begin(ctx, limit, statement)
	if err != nil {
		return err
	}
	defer db.end(c, cancel, false)
	t := &tx{conn: c, ctx: ctx, readOnly: true}
	defer func() { t.failed = errEnded }()
	return fn(t)
}

// update runs fn until its transaction is not refused for the sake of another.
func (db *postgresDB) update(ctx context.Context, fn func(*tx) error) error {
	if stalled := db.watch.health().Stalled; stalled != nil {
		return unavailable(stalled)
	}
	until := time.Now().Add(rerunTime)
	err := db.attempt(ctx, fn)
	var rerun rerunError
	for errors.As(err, &rerun) {
		if time.Now().After(until) {
			return unavailable(fmt.Errorf("store: refused for the sake of others for %v: %w", rerunTime, rerun.error))
		}
		db.counts.reruns.Add(1)
		err = db.inTurn(ctx, until, fn)
	}
	return err
}

// inTurn is attempt, one at a time. Nobody waits for a turn beyond a time: the queue would grow without bound where
// more is refused than the lane carries out.
func (db *postgresDB) inTurn(ctx context.Context, until time.Time, fn func(*tx) error) error {
	late := time.NewTimer(time.Until(until))
	defer late.Stop()
	select {
	case db.lane <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-late.C:
		return unavailable(errCrowded)
	}
	defer func() { <-db.lane }()
	time.Sleep(time.Duration(rand.IntN(1000)) * time.Microsecond) // the lanes of other nodes are not to meet each time
	return db.attempt(ctx, fn)
}

// beginUpdate also gives the transaction its number, before any audit record gets an id: see horizon.
const beginUpdate = "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT pg_current_xact_id()"

// attempt runs fn once. A panic in it rolls back and is returned as a [*PanicError].
func (db *postgresDB) attempt(ctx context.Context, fn func(*tx) error) (err error) {
	c, cancel, err := db.begin(ctx, updateTime, beginUpdate)
	if err != nil {
		return err
	}
	t := &tx{conn: c, ctx: unbounded}
	committed := false
	defer func() {
		t.failed = errEnded
		if value := recover(); value != nil {
			err = &PanicError{value, debug.Stack()}
		}
		db.end(c, cancel, committed)
	}()
	result := fn(t)
	switch {
	case t.lost != nil:
		return t.lost
	case !keeps(result):
		return result
	case t.failed != nil:
		return t.failed
	}
	if t.changed {
		if _, err := t.exec("SELECT pg_notify('" + changesChannel + "', '')"); err != nil {
			return err
		}
	}
	committed = true // or not known to be
	if _, err := c.sql.ExecContext(c.ctx, "COMMIT"); err != nil {
		return fmt.Errorf("store: commit: %w", db.explain(c, err))
	}
	db.counts.commits.Add(1)
	db.counts.functions.Add(1)
	return result
}

func (db *postgresDB) backup(context.Context, string) error {
	return fmt.Errorf("store: database %s: copy it with pg_dump, or with the tools of its cluster", db.name)
}

func (db *postgresDB) health() Health { return db.watch.health() }

func (db *postgresDB) changes() <-chan struct{} { return db.watch.changes }

func (db *postgresDB) stats() Stats {
	return db.conns.fill(Stats{Commits: db.counts.commits.Load(), Functions: db.counts.functions.Load(), Reruns: db.counts.reruns.Load()})
}

func (db *postgresDB) close() error {
	db.closing.Do(func() {
		close(db.stop)
		db.watch.wait()
		db.closeErr = errors.Join(db.conns.drain(), db.sql.Close())
	})
	return db.closeErr
}
