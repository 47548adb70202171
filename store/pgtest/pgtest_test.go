package pgtest

import (
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestMain(m *testing.M) { os.Exit(Run(m)) }

// connect connects until the test ends.
func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(t.Context()) })
	return conn
}

// mustExec runs statements, each of which must succeed.
func mustExec(t *testing.T, conn *pgx.Conn, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// query is the one value of a query.
func query[T any](t *testing.T, conn *pgx.Conn, statement string) T {
	t.Helper()
	var value T
	if err := conn.QueryRow(t.Context(), statement).Scan(&value); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return value
}

func TestEachDatabaseIsNew(t *testing.T) {
	var first string
	t.Run("first", func(t *testing.T) {
		first = NewDatabase(t)
		conn := connect(t, first)
		mustExec(t, conn, "CREATE TABLE kept (id bigint)", "INSERT INTO kept VALUES (1)")
		if other := connect(t, NewDatabase(t)); query[int](t, other, "SELECT count(*) FROM pg_class WHERE relname = 'kept'") != 0 {
			t.Error("a new database has the table of another one")
		}
		// An open connection doesn't keep it from being dropped.
		if _, err := pgx.Connect(t.Context(), first); err != nil {
			t.Fatal(err)
		}
	})
	if _, err := pgx.Connect(t.Context(), first); err == nil {
		t.Error("the database is still there after its test")
	}
}

func TestDatabaseIsAsOnesInProduction(t *testing.T) {
	conn := connect(t, NewDatabase(t))
	for _, row := range []struct{ statement, want string }{
		{"SELECT current_user::text", application},
		{"SELECT usesuper::text FROM pg_user WHERE usename = current_user", "false"},
		{"SHOW server_encoding", "UTF8"},
		{"SHOW lc_collate", "C"},
		{"SHOW listen_addresses", loopback},
		{"SHOW synchronous_commit", "on"},
		{"SHOW password_encryption", "scram-sha-256"},
		{"SHOW timezone", "UTC"},
	} {
		if got := query[string](t, conn, row.statement); got != row.want {
			t.Errorf("%s: %q, want %q", row.statement, got, row.want)
		}
	}
}

func BenchmarkNewDatabase(b *testing.B) {
	Shared(b)
	b.Run("one", func(b *testing.B) {
		for b.Loop() {
			NewDatabase(b)
		}
	})
}
