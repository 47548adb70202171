package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
)

//go:embed migrations/sqlite/*.sql
var sqliteMigrations embed.FS

// The primary result codes that open and begin tell apart (SQLite, "Result and Error Codes").
const (
	sqliteBusy     = 5
	sqliteReadOnly = 8
	sqliteCorrupt  = 11
	sqliteFull     = 13
	sqliteCantOpen = 14
	sqliteNotADB   = 26
)

const (
	// applicationID marks the file as ours ("SALY"), so that another program's database isn't migrated.
	applicationID = 0x53414c59

	// lockPatience is how long begin waits for another process that writes.
	lockPatience = 5 * time.Second

	// checkedSize is the size in bytes up to which the whole file is checked at start, which takes about a
	// second for 100 MB. Damage in larger ones shows when the damaged page is read.
	checkedSize = 16 << 20
)

// sqliteDB is an open SQLite database: one connection that writes, owned by the batcher, and a pool of those
// that read. Readers see the last commit when they begin and never wait for the writer (write-ahead log).
type sqliteDB struct {
	path    string
	writing *sql.DB
	reading *sql.DB
	*batcher
	writer *conn                  // of the batcher's goroutine
	moving bool                   // it may have been moved to another database
	away   atomic.Pointer[Health] // that it was moved has been noticed

	readers *pool

	closing  sync.Once
	closeErr error
}

func openSQLite(ctx context.Context, path string, options Options) (_ *sqliteDB, err error) {
	if path, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	db := &sqliteDB{path: path, moving: options.moving}
	defer func() {
		if err != nil {
			err = db.explain(err)
			db.closePools()
		}
	}()
	if file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); err == nil {
		if err := file.Close(); err != nil {
			return nil, err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if err := checkPrivate(path); err != nil {
		return nil, err
	}
	// The writer waits for other processes in begin, fairer than SQLite's growing delays would.
	if db.writing, err = sql.Open("sqlite", sqliteDSN(path,
		"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "busy_timeout(5000)", "temp_store(MEMORY)",
		"journal_size_limit(67108864)", "cache_size(-8000)")); err != nil {
		return nil, err
	}
	if db.reading, err = sql.Open("sqlite", sqliteDSN(path,
		"query_only(ON)", "busy_timeout(5000)", "temp_store(MEMORY)", "cache_size(-1000)")); err != nil {
		return nil, err
	}
	db.writing.SetMaxIdleConns(1)
	if err := db.check(ctx); err != nil {
		return nil, err
	}
	if err := migrate(ctx, goose.DialectSQLite3, db.writing, sqliteMigrations, "migrations/sqlite"); err != nil {
		return nil, err
	}

	count := options.Readers
	if count <= 0 {
		count = 16
	}
	limit := options.BatchLimit
	if limit <= 0 {
		limit = 128
	}
	db.batcher = newBatcher(limit, db.begin)
	db.readers = newPool(count, math.MaxInt64, db.stop, db.reading)
	return db, nil
}

func sqliteDSN(path string, pragmas ...string) string {
	query := url.Values{"_pragma": pragmas, "_dqs": {"0"}, "_defensive": {"1"}}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}).String()
}

// checkPrivate refuses a database that others can read or write, and a link to nothing, where SQLite would make
// such a one. SQLite gives its files beside the database the mode of the database; old ones keep theirs.
func checkPrivate(path string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return errDangling
	}
	for _, path := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if mode := info.Mode().Perm(); mode&0o077 != 0 && info.Mode().IsRegular() {
			return fmt.Errorf("%w: %s has mode %04o; make it its owner's alone: chmod 600 %s", errOpenToAll, path, mode, path)
		}
	}
	return nil
}

// check refuses a file that is damaged or another program's, and doesn't touch it.
func (db *sqliteDB) check(ctx context.Context) error {
	var id, foreign int64
	if err := db.reading.QueryRowContext(ctx, `PRAGMA application_id`).Scan(&id); err != nil {
		return err
	}
	// The first migration, which sets the id, finds the table of versions made already.
	if err := db.reading.QueryRowContext(ctx, `SELECT COUNT(*) FROM sqlite_master
		WHERE NOT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'schema_versions')`).Scan(&foreign); err != nil {
		return err
	}
	if id != applicationID && (id != 0 || foreign > 0) {
		return errForeign
	}
	if info, err := os.Stat(db.path); err != nil || info.Size() > checkedSize {
		return err
	}
	var found string
	if err := db.reading.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&found); err != nil {
		return err
	}
	if found != "ok" {
		return fmt.Errorf("%w: %s", errDamaged, found)
	}
	return nil
}

var (
	errForeign   = errors.New("is a database of another program: give the path of another file")
	errDangling  = errors.New("is a link to a file that does not exist: give the path of a file")
	errOpenToAll = errors.New("can be read or written by other users")
	errDamaged   = errors.New("is damaged: stop the server, move the file and those beside it named -wal and -shm away, " +
		"and put a backup in its place")
)

// explain makes a sentence of an error at start that says which file it is about and what to do.
func (db *sqliteDB) explain(err error) error {
	sentence := func(text string) error { return fmt.Errorf("store: database %s %s (%w)", db.path, text, err) }
	if errors.Is(err, errForeign) || errors.Is(err, errDamaged) || errors.Is(err, errDangling) || errors.Is(err, errOpenToAll) {
		return fmt.Errorf("store: database %s %w", db.path, err)
	}
	switch sqliteCode(err) {
	case sqliteNotADB:
		return sentence("is not a database, or its beginning is damaged: give the path of another file, or put a backup in its place")
	case sqliteCorrupt:
		return sentence(errDamaged.Error())
	case sqliteBusy:
		return sentence("is locked by another process: stop that process, or wait until it is done")
	case sqliteReadOnly, sqliteCantOpen:
		return sentence("cannot be opened for writing: let the server's user write the file and its folder")
	case sqliteFull:
		return sentence("cannot be written because the disk is full: make room")
	}
	return fmt.Errorf("store: database %s: %w", db.path, err)
}

// sqliteCode is the primary result code in err, or 0.
func sqliteCode(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

// begin returns the writer's connection with a transaction that holds the write lock. A database that was moved to
// another, maybe by another process since the last time, is refused.
func (db *sqliteDB) begin() (*conn, error) {
	if db.writer != nil && db.writer.broken {
		db.writer.close()
		db.writer = nil
	}
	if db.writer == nil {
		c, err := newConn(unbounded, db.writing)
		if err != nil {
			return nil, err
		}
		// Other processes hold the lock for milliseconds, and so does this one when it is busy: ask often, or a
		// command would starve beside a busy server.
		if _, err := c.run("PRAGMA busy_timeout = 0"); err != nil {
			c.close()
			return nil, err
		}
		db.writer = c
	}
	for start := time.Now(); ; {
		_, err := db.writer.run("BEGIN IMMEDIATE")
		if err == nil {
			return db.begun()
		}
		if sqliteCode(err) != sqliteBusy {
			db.writer.broken = true
			return nil, err
		}
		if time.Since(start) > lockPatience {
			return nil, unavailable(fmt.Errorf("another process writes for more than %v: %w", lockPatience, err))
		}
		time.Sleep(time.Duration(200+rand.IntN(1800)) * time.Microsecond)
	}
}

func (db *sqliteDB) begun() (*conn, error) {
	if db.moving {
		return db.writer, nil
	}
	moved, err := (&tx{conn: db.writer, ctx: unbounded}).movedTo()
	if err == nil && moved != nil {
		err = moved.err()
		db.away.CompareAndSwap(nil, &Health{Down: err, Since: time.Now()})
	}
	if err == nil {
		db.away.Store(nil)
	}
	if err != nil {
		_, failure := db.writer.run("ROLLBACK")
		db.writer.broken = failure != nil
		return nil, err
	}
	return db.writer, nil
}

// view runs fn on the snapshot that its first statement takes.
func (db *sqliteDB) view(ctx context.Context, _ time.Duration, fn func(*tx) error) (err error) {
	if away := db.away.Load(); away != nil {
		return away.Down
	}
	c, err := db.readers.take(ctx, nil)
	if err != nil {
		return err
	}
	defer db.readers.put(c)
	if _, err := c.run("BEGIN"); err != nil {
		c.broken = true
		return fmt.Errorf("store: begin: %w", err)
	}
	t := &tx{conn: c, ctx: ctx, readOnly: true}
	defer func() {
		t.failed = errEnded
		if _, failure := c.run("ROLLBACK"); failure != nil {
			c.broken = true
		}
	}()
	return fn(t)
}

func (db *sqliteDB) settled(ctx context.Context) (settled, error) { return everything(ctx) }

func (db *sqliteDB) health() Health {
	if away := db.away.Load(); away != nil {
		return *away
	}
	return Health{}
}

func (db *sqliteDB) changes() <-chan struct{} { return nil }

func (db *sqliteDB) stats() Stats { return db.readers.fill(db.batcher.stats()) }

func (db *sqliteDB) backup(ctx context.Context, path string) error {
	// Created first, so that it is never readable by others; VACUUM INTO accepts an empty file.
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("store: backup: %w", err)
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("store: backup: %w", err)
	}
	c, err := db.writing.Conn(ctx)
	if err != nil {
		return fmt.Errorf("store: backup: %w", err)
	}
	defer c.Close()
	if _, err := c.ExecContext(ctx, "VACUUM INTO $1", path); err != nil {
		os.Remove(path)
		return fmt.Errorf("store: backup to %s: %w", path, err)
	}
	return nil
}

// close ends the batcher and waits for the Views under way.
func (db *sqliteDB) close() error {
	db.closing.Do(func() {
		db.batcher.close()
		errs := []error{db.readers.drain()}
		if db.writer != nil {
			errs = append(errs, db.writer.close())
		}
		db.closeErr = errors.Join(append(errs, db.closePools())...)
	})
	return db.closeErr
}

func (db *sqliteDB) closePools() error {
	var errs []error
	for _, pool := range []*sql.DB{db.reading, db.writing} { // the last to close tidies the log away
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	return errors.Join(errs...)
}
