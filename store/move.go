package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/seal"
)

// Moving an installation from SQLite to PostgreSQL goes like this.
//
//  1. The new database is marked: until the move is done nobody can open it.
//  2. One snapshot of the old one is copied, while its server reads and writes.
//  3. In one write transaction of the old one, so that nothing changes in it any more, what changed meanwhile is copied
//     too. Every row of both is read and compared, the audit log is verified where it is now, and the old database is
//     marked as moved. The commit of that mark is the moment of the move: the next write of a server that still runs
//     on the old database finds it and is refused.
//  4. The new database's mark says that it is done.
//
// A move that ends anywhere before the commit has changed nothing in the old database, and one that ends after it can
// only be finished. To run it again is to go on: rows that are there and equal are not written again.

// MoveOptions are settings of a move.
type MoveOptions struct {
	// Progress, if not nil, is told of each page of a table, and when a table is done.
	Progress func(MoveProgress)

	// AcceptAuditFindings moves an installation although its audit log has been tampered with, as it is.
	AcceptAuditFindings bool

	copied func() // called before the verification: for tests
}

// MoveProgress is how far a move has come with a table.
type MoveProgress struct {
	Pass  MovePass
	Table string
	Rows  int64 // so far
	Of    int64 // rows of the source's table when the pass began
	Done  bool
}

// MovePass is what a move does with all tables, one after the other.
type MovePass string

// The passes, in their order.
const (
	MoveCopies   MovePass = "copied"    // the source's server reads and writes
	MoveCatchUp  MovePass = "caught up" // the source's server only reads, from here on
	MoveVerifies MovePass = "verified"
)

// MoveReport says what was moved.
type MoveReport struct {
	// Already is true if the move had been done before; there is nothing else in the report then.
	Already bool
	To      string // the new database, without its password
	Tables  []MovedTable
	Audit   *audit.Report // of the new database
}

// MovedTable counts the rows that were read back from the new database and found equal.
type MovedTable struct {
	Name    string
	Rows    int64
	Secrets int64 // how many of them hold a secret, which was opened with the keyset
}

// AuditFindingsError is returned by Move for an installation whose audit log has been tampered with.
type AuditFindingsError struct{ Report *audit.Report }

func (e *AuditFindingsError) Error() string {
	return fmt.Sprintf("store: the installation was not moved, because its audit log has been tampered with: %v", e.Report)
}

// mover is a move under way.
type mover struct {
	keyset  *seal.Keyset
	options MoveOptions
	source  *sqliteDB
	target  *postgresDB
	name    string // the target's, without its password
	id      string // names the move in both databases
	to      *tx    // on a connection to the target: each statement is a transaction
	tables  []*table
	report  MoveReport
}

// Move moves an installation from a SQLite database ("sqlite:PATH") to a PostgreSQL database ("postgres://…") that is
// empty or that an earlier Move of the same installation has begun to fill. Servers on the source may go on: their
// reads are served, their writes fail with an error that wraps [iam.ErrUnavailable] while the source is held, which
// is for the last part of the move, and forever once it is moved.
//
// The error names the row that can't be moved: one that is damaged, whose secret doesn't open, or which has what
// PostgreSQL doesn't take (a NUL or no UTF-8 in text). No move that has returned an error is done.
func Move(ctx context.Context, from, to string, keyset *seal.Keyset, options MoveOptions) (_ *MoveReport, err error) {
	source, err := openMoved(ctx, from)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, source.close()) }()
	if !strings.HasPrefix(to, "postgres://") && !strings.HasPrefix(to, "postgresql://") {
		return nil, errors.New("store: an installation is moved to postgres://USER@HOST/NAME")
	}
	target, err := openPostgres(ctx, to, Options{Now: time.Now})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, target.close()) }()

	m := &mover{keyset: keyset, options: options, source: source, target: target, name: target.name}
	connection, err := m.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer discard(connection)
	if err := m.run(ctx); err != nil {
		return nil, err
	}
	return &m.report, nil
}

// openMoved opens a SQLite database that is there, be it moved or not.
func openMoved(ctx context.Context, url string) (*sqliteDB, error) {
	path, ok := strings.CutPrefix(url, "sqlite:")
	if !ok || path == "" {
		return nil, errors.New("store: an installation is moved from sqlite:PATH")
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("store: there is no database %s", path)
	}
	return openSQLite(ctx, path, Options{Readers: 1, moving: true})
}

// moveLock is the advisory lock that a move holds on its target.
const moveLock = applicationID + 1

// connect opens the target's connection, which is the only one of a move that holds its lock.
func (m *mover) connect(ctx context.Context) (*conn, error) {
	c, err := m.target.connect(ctx)
	if err != nil {
		return nil, err
	}
	c.ctx = ctx
	m.to = &tx{conn: c, ctx: ctx}
	// Some statements read a table whole. Whoever waits for a move sees how far it is, and can stop it.
	if _, err := m.to.exec(`SET statement_timeout = 0`); err != nil {
		discard(c)
		return nil, err
	}
	for start := time.Now(); ; time.Sleep(50 * time.Millisecond) { // one that was killed may hold it for a moment
		var locked bool
		err := m.to.row(`SELECT pg_try_advisory_lock($1)`, []any{int64(moveLock)}, &locked)
		if err == nil && !locked && time.Since(start) > lockPatience {
			err = fmt.Errorf("store: another move to %s is under way", m.name)
		}
		if err != nil {
			discard(c)
			return nil, err
		}
		if locked {
			return c, nil
		}
	}
}

func (m *mover) run(ctx context.Context) error {
	m.report.To = m.name
	mark, err := m.prepare(ctx)
	if err != nil {
		return err
	}
	if done, err := m.adopt(ctx, mark); err != nil || done {
		m.report.Already = done
		return err
	}
	// Of a moved source nothing changes any more, and what is missing is little.
	if mark == nil {
		if err := m.source.view(ctx, longViewTime, func(t *tx) error { return m.copy(ctx, t, MoveCopies) }); err != nil {
			return err
		}
	}
	if err := m.source.update(ctx, func(t *tx) error { return m.finish(ctx, t) }); err != nil {
		return err
	}
	_, err = m.to.exec(`UPDATE meta SET value = $2 WHERE name = $1`, moveMark, m.id+moveDone)
	return err
}

// prepare reads what the source is and finds its tables in the target. It returns the mark of a source that was moved.
func (m *mover) prepare(ctx context.Context) (mark *movedTo, err error) {
	err = m.source.view(ctx, longViewTime, func(t *tx) error {
		owner, err := t.meta(keysetMeta)
		if err != nil {
			return err
		}
		switch owner {
		case m.keyset.ID():
		case "":
			return fmt.Errorf("store: database %s is empty: there is nothing to move", m.source.path)
		default:
			return fmt.Errorf("store: database %s: its secrets are sealed with keyset %s, but the keyset given is %s",
				m.source.path, owner, m.keyset.ID())
		}
		if mark, err = t.movedTo(); err != nil {
			return err
		}
		m.tables, err = sqliteTables(t)
		return err
	})
	if err != nil {
		return nil, err
	}
	return mark, sameTables(m.to, m.tables)
}

// adopt marks an empty target, or finds the mark of an earlier try. done is true if there is nothing left to do.
func (m *mover) adopt(ctx context.Context, moved *movedTo) (done bool, err error) {
	err = m.target.update(ctx, func(t *tx) error {
		done = false
		owner, err := t.meta(keysetMeta)
		if err != nil {
			return err
		}
		if owner != "" && owner != m.keyset.ID() {
			return fmt.Errorf("store: database %s belongs to another installation, with keyset %s: name an empty database", m.name, owner)
		}
		mark, err := t.meta(moveMark)
		if err != nil {
			return err
		}
		id, underWay := strings.CutSuffix(mark, moveUnderWay)
		switch {
		case underWay && (moved == nil || moved.id == id):
			m.id = id
			return nil
		case moved != nil && mark == moved.id+moveDone:
			done = true
			return nil
		case moved != nil:
			return fmt.Errorf("store: database %s was moved to %s already: %s", m.source.path, moved.name, howBack(m.source.path))
		}
		for _, table := range m.tables {
			rows, err := t.count(`SELECT COUNT(*) FROM (SELECT 1 FROM ` + table.from() + ` LIMIT 1) AS found`)
			if err != nil {
				return err
			}
			if rows > 0 {
				return fmt.Errorf("store: database %s has data that no unfinished move has put there, in table %s: name an empty database",
					m.name, table.name)
			}
		}
		b := make([]byte, 8)
		rand.Read(b)
		m.id = hex.EncodeToString(b)
		for _, setting := range [][2]string{{keysetMeta, m.keyset.ID()}, {moveMark, m.id + moveUnderWay}} {
			if err := t.setMeta(setting[0], setting[1]); err != nil {
				return err
			}
		}
		return nil
	})
	return done, err
}

// finish is the part of a move during which the source is held.
func (m *mover) finish(ctx context.Context, from *tx) error {
	mark, err := from.movedTo()
	if err != nil {
		return err
	}
	if mark != nil && mark.id != m.id {
		return fmt.Errorf("store: database %s has just been moved to %s", m.source.path, mark.name)
	}
	if err := m.copy(ctx, from, MoveCatchUp); err != nil {
		return err
	}
	if err := m.continueNumbers(from); err != nil {
		return err
	}
	if m.options.copied != nil {
		m.options.copied()
	}
	m.report.Tables = nil
	for _, table := range m.tables {
		moved, err := m.verify(ctx, from, table)
		if err != nil {
			return err
		}
		m.report.Tables = append(m.report.Tables, moved)
	}
	if err := m.verifyAudit(ctx); err != nil {
		return err
	}
	return from.setMeta(movedMark, m.id+" "+m.name)
}

// continueNumbers makes the target number rows from where the source, which never gives a number twice, has come.
func (m *mover) continueNumbers(from *tx) error {
	type numbered struct {
		table string
		last  int64
	}
	all, err := list(from, func(_ *tx, scan scanner) (n numbered, err error) { return n, scan(&n.table, &n.last) },
		`SELECT name, seq FROM sqlite_sequence WHERE name NOT IN `+ownTables)
	if err != nil {
		return err
	}
	for _, n := range all {
		i := slices.IndexFunc(m.tables, func(t *table) bool { return t.name == n.table })
		if i < 0 || len(m.tables[i].key) != 1 {
			return fmt.Errorf("store: table %s has numbers of an unknown kind", n.table)
		}
		column := m.tables[i].columns[m.tables[i].key[0]].name
		highest, err := from.count(`SELECT COALESCE(MAX(` + quoted(column) + `), 0) FROM ` + quoted(n.table))
		if err != nil {
			return err
		}
		if last := max(n.last, int64(highest)); last > 0 {
			var set int64
			if err := m.to.row(`SELECT setval(pg_get_serial_sequence($1, $2), $3)`, []any{n.table, column, last}, &set); err != nil {
				return err
			}
		}
	}
	return nil
}

// verifyAudit verifies the audit log where it is now.
func (m *mover) verifyAudit(ctx context.Context) (err error) {
	keys := m.keyset.PublicKeys()
	m.report.Audit, err = audit.Verify(ctx, auditSource{m.to, math.MaxInt64}, func(message, signature []byte) error {
		return seal.Verify(keys, message, signature)
	})
	if err == nil && !m.report.Audit.OK() && !m.options.AcceptAuditFindings {
		err = &AuditFindingsError{m.report.Audit}
	}
	return err
}
