package store_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/seal"
	"github.com/sallyport-iam/sallyport/store"
	"github.com/sallyport-iam/sallyport/store/pgtest"
	"github.com/sallyport-iam/sallyport/store/storetest"
)

func newPostgres(t testing.TB) storetest.Database {
	return storetest.Database{URL: pgtest.NewDatabase(t), Keyset: storetest.NewKeyset(t)}
}

func TestPostgreSQL(t *testing.T) { storetest.Run(t, newPostgres) }

// statement runs a statement beside the store, as an administrator of the database does.
func statement(t *testing.T, url, query string, args ...any) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if _, err := c.Exec(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// eventually waits until what was set off elsewhere has happened.
func eventually(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !happened(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: has not happened within a minute", what)
		}
	}
}

func announce(ctx context.Context, s *store.Store) error {
	return s.Update(ctx, func(tx iam.Tx) error {
		return tx.AppendChange(ctx, iam.Change{Account: "111111111111", ID: "AIDA"})
	})
}

func versionOf(ctx context.Context, s *store.Store) (version int64, err error) {
	err = s.View(ctx, func(tx iam.Tx) (err error) {
		version, err = tx.PolicyVersion(ctx, "111111111111")
		return err
	})
	return version, err
}

// A database that is cut off, or stays silent, is reported as unavailable, and used again when it is back. What was
// acknowledged is there, and a change that was not is there at most once.
func TestDatabaseAway(t *testing.T) {
	for _, test := range []struct {
		name string
		away func(*pgtest.Proxy) error
	}{
		{"cut off", (*pgtest.Proxy).Cut},
		{"silent", (*pgtest.Proxy).Stall},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := newPostgres(t)
			proxy, err := pgtest.NewProxy(pgtest.Shared(t).Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer proxy.Close()
			d.URL = proxy.URL(d.URL)
			s := d.Open(t)
			if err := announce(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			if err := test.away(proxy); err != nil {
				t.Fatal(err)
			}
			if err := announce(t.Context(), s); !errors.Is(err, iam.ErrUnavailable) {
				t.Errorf("a change while the database is away: %v", err)
			}
			if _, err := versionOf(t.Context(), s); !errors.Is(err, iam.ErrUnavailable) {
				t.Errorf("a read while the database is away: %v", err)
			}
			eventually(t, "health tells", func() bool { return s.Health().Down != nil })
			var wg sync.WaitGroup
			for range 1000 { // none of them waits for a time of its own
				wg.Go(func() {
					if err := announce(t.Context(), s); !errors.Is(err, iam.ErrUnavailable) {
						t.Errorf("a change while it is known to be away: %v", err)
					}
				})
			}
			wg.Wait()
			if err := proxy.Restore(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "health tells that it is back", func() bool { return s.Health().Down == nil })
			before, err := versionOf(t.Context(), s)
			if err != nil || before < 1 || before > 2 { // the one that failed may have arrived
				t.Errorf("version %d, %v after one change and one that was not acknowledged", before, err)
			}
			if err := announce(t.Context(), s); err != nil {
				t.Error(err)
			}
			if after, err := versionOf(t.Context(), s); err != nil || after != before+1 {
				t.Errorf("version %d, %v, want %d", after, err, before+1)
			}
		})
	}
}

// Connections that died while nobody used them, as at a restart of the database, are nobody's failure.
func TestRestartedDatabase(t *testing.T) {
	ctx := t.Context()
	pgtest.Needs(t)
	server, err := pgtest.Start(ctx, pgtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	s := storetest.Database{URL: server.URL("sallyport"), Keyset: storetest.NewKeyset(t)}.Open(t)
	var wg sync.WaitGroup
	for range 20 { // all connections of the pool
		wg.Go(func() {
			if err := announce(ctx, s); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := server.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	eventually(t, "health tells that it is back", func() bool { return s.Health().Down == nil })
	for range 20 {
		wg.Go(func() {
			if err := announce(ctx, s); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if version, err := versionOf(ctx, s); err != nil || version != 40 {
		t.Errorf("version %d, %v, want 40", version, err)
	}
}

// A standby answers but can't be written to.
func TestStandby(t *testing.T) {
	d := newPostgres(t)
	s := d.Open(t)
	name := strings.TrimPrefix(parsed(t, d.URL).Path, "/")
	statement(t, d.URL, "ALTER DATABASE "+name+" SET default_transaction_read_only = on")
	statement(t, d.URL, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()", name)
	eventually(t, "health tells what to do", func() bool {
		down := s.Health().Down
		return down != nil && strings.Contains(down.Error(), "target_session_attrs")
	})
	if err := announce(t.Context(), s); !errors.Is(err, iam.ErrUnavailable) {
		t.Errorf("a change on a standby: %v", err)
	}
	statement(t, d.URL+"&default_transaction_read_only=off", "ALTER DATABASE "+name+" RESET default_transaction_read_only")
	eventually(t, "it is written to again", func() bool { return announce(t.Context(), s) == nil })
}

func parsed(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// An acknowledged commit is on disk, whatever the database's default says.
func TestCommitsAreDurable(t *testing.T) {
	d := newPostgres(t)
	name := strings.TrimPrefix(parsed(t, d.URL).Path, "/")
	statement(t, d.URL, "ALTER DATABASE "+name+" SET synchronous_commit = off")
	s := d.Open(t)
	eventually(t, "settings are read", func() bool { return s.Health().Replication != "" })
	var setting string
	if err := s.View(t.Context(), func(tx iam.Tx) error { return store.QueryRow(tx, "SHOW synchronous_commit", &setting) }); err != nil {
		t.Fatal(err)
	}
	if setting != "on" {
		t.Errorf("synchronous_commit is %s", setting)
	}
}

// Health tells of a cluster that could forget, and how far the clocks are apart.
func TestHealth(t *testing.T) {
	d := newPostgres(t) // on a server without fsync
	ahead := d.OpenWith(t, store.Options{Now: func() time.Time { return time.Now().Add(time.Hour) }})
	eventually(t, "settings are read", func() bool { return ahead.Health().Replication != "" })
	h := ahead.Health()
	if off := h.Skew - time.Hour; off < -h.RoundTrip-2*time.Millisecond || off > h.RoundTrip+2*time.Millisecond {
		t.Errorf("skew %v of a clock that is an hour ahead, at a round trip of %v", h.Skew, h.RoundTrip)
	}
	if h.Replication != "none" || len(h.Warnings) != 1 || !strings.Contains(h.Warnings[0], "fsync") {
		t.Errorf("replication %q, warnings %q", h.Replication, h.Warnings)
	}
}

// Where commits wait for a standby that isn't there, changes are refused at once, and reads go on.
func TestNoStandby(t *testing.T) {
	pgtest.Needs(t)
	server, err := pgtest.Start(t.Context(), pgtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	s := storetest.Database{URL: server.URL("sallyport"), Keyset: storetest.NewKeyset(t)}.Open(t)
	setting := func(names string) {
		statement(t, server.AdminURL("sallyport"), "ALTER SYSTEM SET synchronous_standby_names = '"+names+"'")
		statement(t, server.AdminURL("sallyport"), "SELECT pg_reload_conf()")
	}
	setting("somebody")
	eventually(t, "health tells", func() bool { return s.Health().Stalled != nil })
	if err := announce(t.Context(), s); !errors.Is(err, iam.ErrUnavailable) || !strings.Contains(err.Error(), "standby") {
		t.Errorf("a change without a standby: %v", err)
	}
	if version, err := versionOf(t.Context(), s); err != nil || version != 0 {
		t.Errorf("version %d, %v", version, err)
	}
	setting("")
	eventually(t, "changes are made again", func() bool { return announce(t.Context(), s) == nil })
}

// A change is announced to the other nodes.
func TestAnnouncement(t *testing.T) {
	d := newPostgres(t)
	one, two := d.Open(t), d.Open(t)
	<-two.Changes() // it listens: what was before, it may have missed
	if err := announce(t.Context(), one); err != nil {
		t.Fatal(err)
	}
	select {
	case <-two.Changes():
	case <-time.After(time.Minute):
		t.Error("nothing was heard")
	}
}

// Nodes that start together on an empty database migrate it once.
func TestNodesStartTogether(t *testing.T) {
	d := newPostgres(t)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() { d.Open(t) })
	}
	wg.Wait()
}

// While nodes are upgraded one after the other, the old program works on the new one's schema, if that says so.
func TestNewerSchema(t *testing.T) {
	for _, test := range []struct {
		name   string
		oldest string
		opens  bool
	}{
		{"that this program can use", "3", true},
		{"that needs a newer program", "9", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newPostgres(t)
			d.Open(t)
			statement(t, d.URL, `INSERT INTO schema_versions (version_id, is_applied) VALUES (9, true)`)
			statement(t, d.URL, `UPDATE meta SET value = $1 WHERE name = 'oldest_program'`, test.oldest)
			keyset, err := seal.Open(d.Keyset)
			if err != nil {
				t.Fatal(err)
			}
			s, err := store.Open(t.Context(), d.URL, keyset, store.Options{})
			if err == nil {
				defer s.Close()
			}
			if (err == nil) != test.opens || err != nil && !strings.Contains(err.Error(), "newer release") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// What a message calls the database has no password in it.
func TestPostgreSQLRefusals(t *testing.T) {
	right := parsed(t, pgtest.NewDatabase(t))
	keyset, err := seal.Open(storetest.NewKeyset(t))
	if err != nil {
		t.Fatal(err)
	}
	const password = "hunter2-is-secret"
	with := func(change func(*url.URL)) string {
		u := *right
		u.User = url.UserPassword(u.User.Username(), password)
		change(&u)
		return u.String()
	}
	for _, test := range []struct{ name, url, want string }{
		{"wrong password", with(func(*url.URL) {}), "password"},
		{"nobody there", with(func(u *url.URL) { u.Host = "127.0.0.1:1" }), "refused"},
		{"bad setting", with(func(u *url.URL) { u.RawQuery = "sslmode=perhaps" }), "sslmode"},
		{"bad number of connections", with(func(u *url.URL) { u.RawQuery = "pool_max_conns=many" }), "pool_max_conns"},
		{"bad port", with(func(u *url.URL) { u.Host = "127.0.0.1:99999" }), "port"},
		{"no such scheme", "mysql://u:" + password + "@h/d", "postgres://"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := store.Open(t.Context(), test.url, keyset, store.Options{})
			if err == nil {
				s.Close()
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), password) {
				t.Errorf("got %q, want a sentence with %q and without the password", err, test.want)
			}
		})
	}
	t.Run("tables of another program", func(t *testing.T) {
		other := pgtest.NewDatabase(t)
		statement(t, other, "CREATE TABLE users (name TEXT)")
		s, err := store.Open(t.Context(), other, keyset, store.Options{})
		if err == nil {
			s.Close()
			t.Fatal("opened")
		}
		if !strings.Contains(err.Error(), "another program") {
			t.Error(err)
		}
	})
}

// The connection is TLS where the URL asks for it, and the server's certificate is looked at.
func TestTLS(t *testing.T) {
	pgtest.Needs(t)
	server, err := pgtest.Start(t.Context(), pgtest.Options{TLS: true})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	d := storetest.Database{URL: server.URL("sallyport"), Keyset: storetest.NewKeyset(t)}
	s := d.Open(t)
	var encrypted bool
	if err := s.View(t.Context(), func(tx iam.Tx) error {
		return store.QueryRow(tx, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &encrypted)
	}); err != nil || !encrypted {
		t.Errorf("encrypted %t, %v", encrypted, err)
	}
	u := parsed(t, d.URL)
	query := u.Query()
	query.Del("sslrootcert") // an authority that is not ours
	u.RawQuery = query.Encode()
	keyset, err := seal.Open(d.Keyset)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := store.Open(t.Context(), u.String(), keyset, store.Options{}); err == nil {
		s.Close()
		t.Error("a certificate of an unknown authority was accepted")
	} else if !strings.Contains(err.Error(), "certificate") {
		t.Error(err)
	}
}
