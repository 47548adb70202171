package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/seal"
	"github.com/sallyport-iam/sallyport/store/pgtest"
)

// moving is an installation in SQLite with rows in every table that there is, and an empty PostgreSQL database.
type moving struct {
	*testing.T
	keyset   *seal.Keyset
	path     string
	from, to string
	old      *Store // a server that runs on the source
}

// movedRows are enough for several pages of a table with long values, and of these.
func movedRows(table string) int {
	switch table {
	case "users", "groups", "group_members":
		return pageRows + 20
	}
	return longPageRows + 20
}

func newMoving(t *testing.T) *moving {
	t.Helper()
	m := &moving{T: t, to: pgtest.NewDatabase(t)}
	m.old, m.path = openTest(t, Options{})
	m.keyset, m.from = m.old.keyset, "sqlite:"+m.path
	t.Cleanup(func() { m.old.Close() })
	if err := m.old.update(t.Context(), func(tx *tx) error {
		tables, err := sqliteTables(tx)
		for _, table := range tables {
			for i := range movedRows(table.name) {
				err = errors.Join(err, m.insertAny(tx, table, i))
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return m
}

// anyText is the text in every column of row i, so that references between tables hold.
func anyText(i int) string { return fmt.Sprintf("%06d é'\"\\\u2028𐍈%%", i*7919%1000003) }

// insertAny adds row i to any table: with numbers and text of all kinds, but text that PostgreSQL doesn't take.
func (m *moving) insertAny(tx *tx, table *table, i int) error {
	values, marks := make([]any, len(table.columns)), make([]string, len(table.columns))
	for k, c := range table.columns {
		marks[k] = fmt.Sprintf("$%d", k+1)
		switch c.kind {
		case textKind:
			values[k] = anyText(i)
			if c.nullable && i%2 == 0 {
				values[k] = nil
			}
		case numberKind:
			values[k] = []int64{0, math.MaxInt64 - 1000, math.MinInt64, -1}[i%4] + int64(i)
			if table.name == "audit_records" {
				values[k] = int64(i + 1)
			}
		case bytesKind:
			values[k] = [][]byte{{}, {0, 0xff, 'x'}}[i%2]
			if k == table.sealed {
				values[k] = m.keyset.Seal([]byte("secret"), table.name, sealedColumn, rowName(anyText(i), anyText(i)))
			}
		}
	}
	_, err := tx.exec(`INSERT INTO `+quoted(table.name)+` VALUES (`+strings.Join(marks, ", ")+`)`, values...)
	return err
}

func (m *moving) move(options MoveOptions) (*MoveReport, error) {
	options.AcceptAuditFindings = true // there is no chain
	return Move(m.Context(), m.from, m.to, m.keyset, options)
}

func (m *moving) mustMove() *MoveReport {
	m.Helper()
	report, err := m.move(MoveOptions{})
	if err != nil {
		m.Fatal(err)
	}
	return report
}

// write changes the source as its server does.
func (m *moving) write(query string, args ...any) error {
	return m.old.update(m.Context(), func(t *tx) error {
		_, err := t.exec(query, args...)
		return err
	})
}

// tamper changes one of the databases behind everybody's back.
func (m *moving) tamper(driver, query string, args ...any) {
	m.Helper()
	db := m.raw(driver)
	defer db.Close()
	if _, err := db.Exec(query, args...); err != nil {
		m.Error(err)
	}
}

func (m *moving) raw(driver string) *sql.DB {
	m.Helper()
	db, err := sql.Open(driver, map[string]string{"sqlite": m.path, "pgx": m.to}[driver])
	if err != nil {
		m.Fatal(err)
	}
	return db
}

// contents are all rows of a database by table and key, without those that each database has for itself.
func (m *moving) contents(driver string) map[string]string {
	m.Helper()
	db := m.raw(driver)
	defer db.Close()
	var tables []*table
	source, err := openMoved(m.Context(), m.from)
	if err != nil {
		m.Fatal(err)
	}
	defer source.close()
	if err := source.view(m.Context(), viewTime, func(t *tx) (err error) {
		tables, err = sqliteTables(t)
		return err
	}); err != nil {
		m.Fatal(err)
	}
	all := map[string]string{}
	for _, table := range tables {
		var names []string
		for _, c := range table.columns {
			names = append(names, quoted(c.name))
		}
		rows, err := db.Query(`SELECT ` + strings.Join(names, ", ") + ` FROM ` + table.from())
		if err != nil {
			m.Fatal(err)
		}
		for rows.Next() {
			r := make(row, len(table.columns))
			dest := make([]any, len(r))
			for i := range r {
				dest[i] = &r[i]
			}
			if err := rows.Scan(dest...); err != nil {
				m.Fatal(err)
			}
			for i := range r {
				if b, ok := r[i].([]byte); ok {
					r[i] = fmt.Sprintf("bytes %x", b) // no bytes are nil to one driver and not to the other
				}
			}
			all[table.describe(r)] = fmt.Sprintf("%#v", r)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			m.Fatal(err)
		}
	}
	return all
}

// isMoved checks that the source is moved to a target that has all that it has.
func (m *moving) isMoved() {
	m.Helper()
	if got, want := m.contents("pgx"), m.contents("sqlite"); !reflect.DeepEqual(got, want) {
		for key := range want {
			if got[key] != want[key] {
				m.Errorf("%s: target has %s, source %s", key, got[key], want[key])
				break
			}
		}
		m.Errorf("the target has %d rows, the source %d", len(got), len(want))
	}
	if err := m.write(`DELETE FROM throttles`); !errors.Is(err, iam.ErrUnavailable) {
		m.Errorf("the source can be written: %v", err)
	}
}

// isNotMoved checks that the source is in use and the target is not.
func (m *moving) isNotMoved() {
	m.Helper()
	if err := m.write(`INSERT INTO counters VALUES ('still', 1) ON CONFLICT (name) DO UPDATE SET value = counters.value + 1`); err != nil {
		m.Errorf("the source can't be written: %v", err)
	}
	if s, err := Open(m.Context(), m.to, m.keyset, Options{}); err == nil {
		s.Close()
		m.Error("the target of a move that is not done was opened")
	} else if !strings.Contains(err.Error(), "run the same sallyport migrate again") {
		m.Errorf("opening the target: %v", err)
	}
}

func TestMoveTakesEveryRowOfEveryTable(t *testing.T) {
	m := newMoving(t)
	if err := m.write(`INSERT INTO audit_records VALUES (90000, '', '', 0, '', '', '', 1)`); err != nil {
		t.Fatal(err)
	}
	if err := m.write(`DELETE FROM audit_records WHERE id = 90000`); err != nil {
		t.Fatal(err)
	}
	before := m.contents("sqlite")
	report := m.mustMove()
	m.isMoved()
	if after := m.contents("sqlite"); !reflect.DeepEqual(before, after) {
		t.Error("the source was changed")
	}

	rows, secrets := 0, 0
	for _, table := range report.Tables {
		if table.Rows != int64(movedRows(table.Name)) {
			t.Errorf("table %s: %d rows, want %d", table.Name, table.Rows, movedRows(table.Name))
		}
		rows += int(table.Rows)
		secrets += int(table.Secrets)
	}
	if rows != len(before) || secrets != 2*movedRows("mfa_devices") {
		t.Errorf("reported %d rows with %d secrets, want %d with %d", rows, secrets, len(before), 2*movedRows("mfa_devices"))
	}

	s, err := Open(t.Context(), m.to, m.keyset, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Update(t.Context(), func(tx iam.Tx) error {
		return tx.AppendAudit(t.Context(), iam.AuditEntry{Node: "n", Record: []byte("{}")})
	}); err != nil {
		t.Fatal(err)
	}
	newest, err := s.AuditTail(t.Context(), 1)
	if err != nil || newest[0].ID != 90001 {
		t.Errorf("the next audit record has id %d, %v, want 90001: ids of removed records are not given again", newest[0].ID, err)
	}
}

func TestMovedDatabaseIsRefused(t *testing.T) {
	m := newMoving(t)
	m.mustMove()
	if err := m.old.Ping(t.Context()); err != nil {
		t.Errorf("reading: %v", err)
	}
	s, err := Open(t.Context(), m.from, m.keyset, Options{})
	if err == nil {
		s.Close()
		t.Fatal("opened")
	}
	for _, part := range []string{m.path, "moved to postgres://127.0.0.1:", "sallyport migrate --take-back --from sqlite:" + m.path} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q lacks %q", err, part)
		}
	}
	if strings.Contains(err.Error(), "sallyport@") || strings.Contains(err.Error(), "sallyport:") && strings.Contains(err.Error(), "@") {
		t.Errorf("%q has credentials", err)
	}

	report := m.mustMove()
	if !report.Already {
		t.Error("moved twice")
	}

	// A move that was killed between its last two steps, when neither database can be used, can be finished.
	m.tamper("pgx", `UPDATE meta SET value = replace(value, 'done', 'under way') WHERE name = 'move'`)
	if s, err := Open(t.Context(), m.to, m.keyset, Options{}); err == nil {
		s.Close()
		t.Error("the target was opened before its last step")
	}
	if report := m.mustMove(); report.Already || len(report.Tables) == 0 {
		t.Error("finished without verification")
	}
	m.isMoved()
	if s, err := Open(t.Context(), m.to, m.keyset, Options{}); err != nil {
		t.Errorf("the target after its last step: %v", err)
	} else if err := s.Close(); err != nil {
		t.Error(err)
	}

	if _, err := Move(t.Context(), m.from, pgtest.NewDatabase(t), m.keyset, MoveOptions{}); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("moving to a second database: %v", err)
	}

	to, err := TakeBack(t.Context(), m.from)
	if err != nil || !strings.HasPrefix(to, "postgres://127.0.0.1:") {
		t.Errorf("TakeBack: %q, %v", to, err)
	}
	if err := m.write(`DELETE FROM throttles`); err != nil {
		t.Errorf("after TakeBack: %v", err)
	}
	if _, err := TakeBack(t.Context(), m.from); err == nil {
		t.Error("taken back twice")
	}
	if _, err := m.move(MoveOptions{}); err == nil || !strings.Contains(err.Error(), "name an empty database") {
		t.Errorf("moving again over what may have changed since: %v", err)
	}
}

// The source's server writes while the first copy is made, and only reads afterwards.
func TestMoveBesideARunningServer(t *testing.T) {
	m := newMoving(t)
	wrote := 0
	_, err := m.move(MoveOptions{
		Progress: func(p MoveProgress) {
			if p.Pass == MoveCopies && p.Done {
				wrote++
				for _, query := range []string{
					`DELETE FROM users WHERE id = (SELECT MIN(id) FROM users)`,
					`INSERT INTO counters VALUES ('during', 1) ON CONFLICT (name) DO UPDATE SET value = counters.value + 1`,
					// Two rows swap what is unique.
					`UPDATE sign_ins SET token_hash = 'x' WHERE id = '` + strings.ReplaceAll(anyText(1), "'", "''") + `'`,
					`UPDATE sign_ins SET token_hash = (SELECT id FROM sign_ins WHERE token_hash = 'x') WHERE id = '` + strings.ReplaceAll(anyText(2), "'", "''") + `'`,
				} {
					if err := m.write(query); err != nil {
						t.Errorf("%s: %v", query, err)
					}
				}
			}
		},
		copied: func() {
			if err := m.write(`DELETE FROM throttles`); !errors.Is(err, iam.ErrUnavailable) || !strings.Contains(err.Error(), "another process") {
				t.Errorf("while the source is held: %v", err)
			}
			// Those who wait together are told together.
			reruns := m.old.Stats().Reruns
			var waiting sync.WaitGroup
			for range 20 {
				waiting.Go(func() {
					if err := m.write(`DELETE FROM throttles`); !errors.Is(err, iam.ErrUnavailable) {
						t.Errorf("while the source is held: %v", err)
					}
				})
			}
			waiting.Wait()
			if n := m.old.Stats().Reruns - reruns; n != 0 {
				t.Errorf("%d transactions were tried again, though none could begin", n)
			}
			if err := m.old.Ping(t.Context()); err != nil {
				t.Errorf("reading while the source is held: %v", err)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	m.isMoved()
	if wrote == 0 || !strings.Contains(m.contents("pgx")[`row "during" of table counters`], fmt.Sprintf("%d", wrote)) {
		t.Errorf("the %d writes during the move are not all there", wrote)
	}
}

func TestMoveFindsWhatIsNotTheSame(t *testing.T) {
	m := newMoving(t)
	for _, test := range []struct{ name, want, change string }{
		{"a flipped byte", "in column record", `UPDATE audit_records SET record = set_byte(record, 0, 1) WHERE id = 2`},
		{"a changed number", "in column drift", `UPDATE mfa_devices SET drift = drift + 1 WHERE account LIKE '000000%'`},
		{"another letter", "in column document", `UPDATE inline_policies SET document = replace(document, 'é', 'e') WHERE account LIKE '000000%'`},
		{"NULL for none", "in column alias", `UPDATE accounts SET alias = '' WHERE id LIKE '000000%'`},
		{"a lost row", "is missing", `DELETE FROM access_keys WHERE id LIKE '000000%'`},
		{"a row too many", "only", `INSERT INTO throttles VALUES ('zzz', 1, 1)`},
	} {
		_, err := m.move(MoveOptions{copied: func() { m.tamper("pgx", test.change) }})
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "row \"") {
			t.Errorf("%s: %v, want the row, and %q", test.name, err, test.want)
		}
		m.isNotMoved()
	}
	m.mustMove()
	m.isMoved()
}

// A move that was stopped goes on, whatever was changed in the source meanwhile, and by whomever in the target.
func TestMoveGoesOn(t *testing.T) {
	m := newMoving(t)
	for _, stop := range []struct {
		pass  MovePass
		table string
	}{
		{MoveCopies, "users"}, {MoveCopies, "group_members"}, {MoveCatchUp, "meta"}, {MoveVerifies, "audit_records"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := Move(ctx, m.from, m.to, m.keyset, MoveOptions{AcceptAuditFindings: true, Progress: func(p MoveProgress) {
			if p.Pass == stop.pass && p.Table == stop.table {
				cancel()
			}
		}})
		cancel()
		if err == nil {
			t.Fatalf("%s %s: was not stopped", stop.pass, stop.table)
		}
		m.isNotMoved()
		if err := m.write(`DELETE FROM groups WHERE id = (SELECT MIN(id) FROM groups)`); err != nil {
			t.Error(err)
		}
		if err := m.write(`UPDATE users SET id = 'new ' || id WHERE id = (SELECT MAX(id) FROM users WHERE id NOT LIKE 'new%'
			AND id NOT IN (SELECT user_id FROM group_members))`); err != nil { // a new user of an old name
			t.Error(err)
		}
		m.tamper("pgx", `DELETE FROM managed_policies WHERE id LIKE '00000%'`)
	}
	m.mustMove()
	m.isMoved()
}

func TestMoveRefuses(t *testing.T) {
	m := newMoving(t)
	other, err := seal.Create(filepath.Join(t.TempDir(), "keyset.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name             string
		spoil, restore   string
		from, to         string
		keyset           *seal.Keyset
		want             []string
		refusesRealAudit bool
	}{
		{name: "NUL in text", spoil: `INSERT INTO throttles VALUES ('bad' || char(0), 1, 1)`,
			restore: `DELETE FROM throttles WHERE name LIKE 'bad%'`, want: []string{"table throttles", "NUL", "column name"}},
		{name: "no UTF-8 in text", spoil: `INSERT INTO groups VALUES ('bad', 'a', CAST(x'ff41' AS TEXT), 'bad', '/', 1)`,
			restore: `DELETE FROM groups WHERE id = 'bad'`, want: []string{`row "bad" of table groups`, "UTF-8", "column name"}},
		{name: "text for a number", spoil: `INSERT INTO groups VALUES ('bad', 'a', 'bad', 'bad', '/', 'noon')`,
			restore: `DELETE FROM groups WHERE id = 'bad'`, want: []string{`row "bad" of table groups`, "column created"}},
		{name: "bytes for text", spoil: `INSERT INTO groups VALUES ('bad', 'a', x'41', 'bad', '/', 1)`,
			restore: `DELETE FROM groups WHERE id = 'bad'`, want: []string{`row "bad" of table groups`, "column name"}},
		{name: "no key", spoil: `INSERT INTO groups VALUES (NULL, 'a', 'bad', 'bad', '/', 1)`,
			restore: `DELETE FROM groups WHERE id IS NULL`, want: []string{`table groups`, "NULL", "column id"}},
		{name: "a secret that doesn't open", spoil: `INSERT INTO access_keys VALUES ('AKIA', '1', 'o', 'not sealed', 1, 1, 1, '', '')`,
			restore: `DELETE FROM access_keys WHERE id = 'AKIA'`, want: []string{`row "AKIA" of table access_keys`}},
		{name: "a secret of another row", spoil: `INSERT INTO access_keys SELECT 'AKIA', account, owner_id, sealed, 1, 1, 1, '', '' FROM access_keys LIMIT 1`,
			restore: `DELETE FROM access_keys WHERE id = 'AKIA'`, want: []string{`row "AKIA" of table access_keys`, "does not open"}},
		{name: "a column that the target lacks", spoil: `ALTER TABLE roles ADD COLUMN colour TEXT`,
			restore: `ALTER TABLE roles DROP COLUMN colour`, want: []string{"column colour of table roles"}},
		{name: "a table that the target lacks", spoil: `CREATE TABLE cats (name TEXT PRIMARY KEY)`,
			restore: `DROP TABLE cats`, want: []string{"table cats"}},
		{name: "an audit log that was tampered with", refusesRealAudit: true, want: []string{"tampered"}},
		{name: "another keyset", keyset: other, want: []string{m.keyset.ID(), other.ID()}},
		{name: "no source", from: "sqlite:" + m.path + "x", want: []string{"there is no database " + m.path + "x"}},
		{name: "to itself", to: m.from, want: []string{"postgres://"}},
		{name: "from PostgreSQL", from: m.to, want: []string{"sqlite:"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.spoil != "" {
				m.tamper("sqlite", test.spoil)
				defer m.tamper("sqlite", test.restore)
			}
			keyset, from, to := m.keyset, m.from, m.to
			if test.keyset != nil {
				keyset = test.keyset
			}
			if test.from != "" {
				from = test.from
			}
			if test.to != "" {
				to = test.to
			}
			_, err := Move(t.Context(), from, to, keyset, MoveOptions{AcceptAuditFindings: !test.refusesRealAudit})
			if err == nil {
				t.Fatal("moved")
			}
			for _, part := range test.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q lacks %q", err, part)
				}
			}
			if err := m.write(`DELETE FROM counters WHERE name = 'none'`); err != nil {
				t.Errorf("the source can't be written: %v", err)
			}
		})
	}
	m.mustMove()
	m.isMoved()
}

func TestMoveNeedsAnEmptyTarget(t *testing.T) {
	m := newMoving(t)
	s, err := Open(t.Context(), m.to, m.keyset, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Update(t.Context(), func(tx iam.Tx) error { return tx.PutThrottle(t.Context(), iam.Throttle{Key: "k"}) }); err != nil {
		t.Fatal(err)
	}
	if _, err := m.move(MoveOptions{}); err == nil || !strings.Contains(err.Error(), "table throttles") {
		t.Errorf("a target in use: %v", err)
	}
	if err := s.Update(t.Context(), func(tx iam.Tx) error { return tx.DeleteThrottle(t.Context(), "k") }); err != nil {
		t.Fatal(err)
	}
	if err := s.SetMeta(t.Context(), keysetMeta, "other"); err != nil {
		t.Fatal(err)
	}
	if _, err := m.move(MoveOptions{}); err == nil || !strings.Contains(err.Error(), "another installation") {
		t.Errorf("a target of another keyset: %v", err)
	}
	if err := s.SetMeta(t.Context(), keysetMeta, m.keyset.ID()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	m.mustMove()
	m.isMoved()
}

func TestTwoMovesAtOnce(t *testing.T) {
	m := newMoving(t)
	var second error
	if _, err := m.move(MoveOptions{copied: func() { _, second = m.move(MoveOptions{}) }}); err != nil {
		t.Fatal(err)
	}
	if second == nil || !strings.Contains(second.Error(), "another move") {
		t.Errorf("the second: %v", second)
	}
	m.isMoved()
}
