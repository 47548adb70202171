// Package store keeps what package iam asks to be kept, in a database.
//
// Read it in this order.
//
//   - store.go opens a [Store]; [Store.View] and [Store.Update] are all of iam.Store.
//   - sqlite.go and postgres.go are the dialects: how a database is opened, migrated, read and begun; batch.go lets many
//     Updates share one commit, which SQLite needs and PostgreSQL does itself; postgreswatch.go knows whether
//     PostgreSQL is there, and hears of changes.
//   - settled.go says how far the audit log can be read by who never looks back; postgreshorizon.go finds it out.
//   - tx.go is one transaction: how statements run on it and what becomes of it when one fails.
//   - The other files have the queries, one file per entity, as package iam has them; auditlog.go serves the
//     writers and readers of the audit log, auditchain.go the sealer and the verifier.
//   - move.go moves an installation from SQLite to PostgreSQL: movetables.go finds the tables, movecopy.go copies and
//     compares them, moved.go keeps servers off the old one.
//   - storetest is the conformance suite.
//
// # Rules of the queries
//
// One set of queries serves every database. Placeholders are $1, $2, …. A row that will be written is read with
// conn.forUpdate, which locks it: an UPDATE that changes nothing would lock it too, and leave a version of it behind.
// An insert that may meet its like says ON CONFLICT DO NOTHING and counts rows. Of a counter that need not be there
// yet the lock is an INSERT … ON CONFLICT DO UPDATE, so that two who find none don't both begin at zero. No statement
// runs after one that failed: the transaction is marked and refuses. Times are BIGINT, Unix milliseconds, 0 for never: an entity comes back with its times in
// UTC, cut to the millisecond. Text that a stranger chose and that is only shown, such as a user agent, is cut
// and made UTF-8 without NUL: one database keeps any bytes, another refuses them. Lists go on from a key (WHERE
// key > $1 ORDER BY key), so the thousandth page costs what the first does.
//
// # Secrets
//
// Secret keys of access keys and seeds of devices are sealed with a [seal.Keyset], bound to table, column and
// row. One that was altered or copied from another row does not open, and the look-up fails with an error
// that names the row. Security keys are sealed likewise, to keep others from being put in their place: nothing of
// them is secret. Sign-ins are kept by a hash of their token, which is no way back to it.
package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/seal"
)

// Store is an open database. It is safe for use by many goroutines, and other processes may have the same
// database open.
type Store struct {
	db     database
	keyset *seal.Keyset
	walks  walks // of the audit log
}

var _ iam.Store = (*Store)(nil)

// database is what a dialect does.
type database interface {
	view(ctx context.Context, limit time.Duration, fn func(*tx) error) error
	update(ctx context.Context, fn func(*tx) error) error
	backup(ctx context.Context, path string) error
	settled(ctx context.Context) (settled, error)
	health() Health
	changes() <-chan struct{}
	stats() Stats
	close() error
}

// Options are settings of a store. The zero value is right for a server.
type Options struct {
	// BatchLimit is how many Updates may share a commit: 0 means 128, 1 turns sharing off.
	BatchLimit int
	// Readers is how many Views may run at once on SQLite; 0 means 16.
	Readers int
	// Now is this node's clock, compared with the database's; nil means time.Now.
	Now func() time.Time

	moving bool // open it though it was moved to another database
}

// Stats counts since the store was opened.
type Stats struct {
	Commits   int64 // transactions committed with something in them
	Functions int64 // functions given to Update that were committed by them
	Reruns    int64 // transactions that failed and were run again

	// Of now, of the connections that can be used at once; on SQLite of those that read.
	Connections int // how many there may be
	InUse       int
	Waiting     int // who waits for one
}

// Health is what is known of the database without asking it.
type Health struct {
	Down  error     // why it can't be asked; nil if it can
	Since time.Time // when Down became what it is
	// Stalled is why nothing can be changed although the database answers; nil if it can.
	Stalled error
	// RoundTrip is how long its last answer took; 0 of an embedded database.
	RoundTrip time.Duration
	// Skew is how far this node's clock is ahead of the database's, as near as RoundTrip allows.
	Skew time.Duration
	// Replication is "none", "asynchronous" or "synchronous"; "" of an embedded database.
	Replication string
	// Warnings are sentences about settings of the database that weaken what this program promises.
	Warnings []string
}

// ErrClosed is returned for what is asked of a closed store.
var ErrClosed = errors.New("store: closed")

// ErrOtherKeyset is wrapped by the error of Open for a database whose secrets were sealed with another keyset.
var ErrOtherKeyset = errors.New("start with the keyset file that was made with this database, or with another database")

// Open opens a database and brings its schema up to date. A new one belongs to the keyset from then on. url is
//
//   - "sqlite:" and a path: the file is created if there is none, readable by its owner only;
//   - "postgres://…" as libpq has it, with several hosts, target_session_attrs and TLS if you like (PostgreSQL,
//     "Connection URIs"), and pool_max_conns, the number of connections that a node may use.
//
// A database of another keyset, one whose schema is newer than this program, and a damaged one are refused
// with a sentence that names the file and says what to do.
func Open(ctx context.Context, url string, keyset *seal.Keyset, options Options) (*Store, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	db, name, err := open(ctx, url, options)
	if err != nil {
		return nil, err
	}
	s := &Store{db: db, keyset: keyset, walks: walks{rows: walkRows}}
	if err = s.refuseMoved(ctx, name); err == nil {
		err = s.claim(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("store: database %s: %w", name, err), db.close())
	}
	return s, nil
}

// open also returns what messages call the database.
func open(ctx context.Context, url string, options Options) (db database, name string, err error) {
	scheme, path, _ := strings.Cut(url, ":")
	switch {
	case scheme == "sqlite" && path != "":
		db, err := openSQLite(ctx, path, options)
		return db, path, err
	case strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://"):
		db, err := openPostgres(ctx, url, options)
		if err != nil {
			return nil, "", err
		}
		return db, db.name, nil
	}
	return nil, "", errors.New("store: the database is given as sqlite:PATH or postgres://USER@HOST/NAME") // what was given may hold a password
}

// keysetMeta names the keyset that sealed the database's secrets.
const keysetMeta = "keyset"

// claim notes the keyset in a new database and compares it with that of an old one.
func (s *Store) claim(ctx context.Context) error {
	owner, err := s.metaOnce(ctx, keysetMeta, s.keyset.ID)
	if err != nil {
		return err
	}
	if owner != s.keyset.ID() {
		return fmt.Errorf("its secrets are sealed with keyset %s, but the keyset given is %s: %w", owner, s.keyset.ID(), ErrOtherKeyset)
	}
	return nil
}

// metaOnce returns a setting, made by the first who asks.
func (s *Store) metaOnce(ctx context.Context, name string, create func() string) (string, error) {
	value, err := s.Meta(ctx, name)
	if err != nil || value != "" {
		return value, err
	}
	if err := s.db.update(ctx, func(t *tx) error {
		_, err := t.exec(`INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, name, create())
		return err
	}); err != nil {
		return "", err
	}
	return s.Meta(ctx, name)
}

// View runs fn on one read-only snapshot. ctx is looked at between statements.
func (s *Store) View(ctx context.Context, fn func(iam.Tx) error) error {
	return s.view(ctx, func(t *tx) error { return fn(t) })
}

// Update runs fn in one transaction, possibly shared with others, and returns once it is durable. An error
// marked with iam.Keep is returned as it is, mark included; when its transaction could not be committed, the
// database's error is returned in its place.
//
// A function whose ctx ends while it waits is not run. Once it runs, ctx no longer matters: Update waits for
// the outcome. A panic of fn undoes its writes and is returned as a [*PanicError]. fn must not call Update,
// which would wait for itself.
func (s *Store) Update(ctx context.Context, fn func(iam.Tx) error) error {
	return s.update(ctx, func(t *tx) error { return fn(t) })
}

func (s *Store) view(ctx context.Context, fn func(*tx) error) error {
	return s.viewFor(ctx, viewTime, fn)
}

// viewFor is view with another limit to its time.
func (s *Store) viewFor(ctx context.Context, limit time.Duration, fn func(*tx) error) error {
	return s.db.view(ctx, limit, func(t *tx) error {
		t.keyset = s.keyset
		return fn(t)
	})
}

func (s *Store) update(ctx context.Context, fn func(*tx) error) error {
	return s.db.update(ctx, func(t *tx) error {
		t.keyset = s.keyset
		return fn(t)
	})
}

// Meta returns a setting kept with the data, "" if there is none of that name.
func (s *Store) Meta(ctx context.Context, name string) (value string, err error) {
	err = s.view(ctx, func(t *tx) error {
		err := t.row(`SELECT value FROM meta WHERE name = $1`, []any{name}, &value)
		if errors.Is(err, errNoRow) {
			return nil
		}
		return err
	})
	return value, err
}

// SetMeta keeps a setting with the data.
func (s *Store) SetMeta(ctx context.Context, name, value string) error {
	return s.update(ctx, func(t *tx) error {
		_, err := t.exec(`INSERT INTO meta (name, value) VALUES ($1, $2)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
		return err
	})
}

// Ping tells whether the database can be read.
func (s *Store) Ping(ctx context.Context) error {
	_, err := s.Meta(ctx, keysetMeta)
	return err
}

// Backup writes a copy of the database, of one moment, to a new file, while the store goes on being used. The
// copy needs the same keyset.
func (s *Store) Backup(ctx context.Context, path string) error { return s.db.backup(ctx, path) }

// Health tells what is known of the database. It costs nothing.
func (s *Store) Health() Health { return s.db.health() }

// Changes is sent to, if nothing waits there already, when the database announces that its change table has grown;
// nil if it never does. Announcements can be lost.
func (s *Store) Changes() <-chan struct{} { return s.db.changes() }

// Stats returns the counters.
func (s *Store) Stats() Stats { return s.db.stats() }

// Close finishes the Updates under way and closes the database.
func (s *Store) Close() error { return s.db.close() }
