package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/jackc/pgx/v5"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/seal"
	"github.com/sallyport-iam/sallyport/store"
	"github.com/sallyport-iam/sallyport/store/pgtest"
)

// newNode is a server with a data directory of its own on a PostgreSQL database, not started yet. keyset is the path of
// the nodes' common keyset; "" is one in the data directory.
func newNode(t *testing.T, database, keyset string) *server {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	s := &server{t: t, data: data, address: freeAddress(t), log: data + ".log", database: database, keyset: keyset}
	s.url = "http://" + s.address
	t.Cleanup(func() { s.stop(syscall.SIGKILL) })
	return s
}

// startNode starts a further server on a PostgreSQL database.
func startNode(t *testing.T, database, keyset string, args ...string) *server {
	t.Helper()
	s := newNode(t, database, keyset)
	s.start(args...)
	t.Cleanup(s.neverPanicked)
	return s
}

// keysetPath is where the server's keys are.
func (s *server) keysetPath() string {
	i := s.installation()
	return i.keysetPath()
}

// name is the node's name.
func (s *server) name() string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.data, "node"))
	s.must("node", err)
	return strings.TrimSpace(string(text))
}

// refusedStart runs the server, which must end by itself, and returns what it said.
func (s *server) refusedStart(args ...string) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], append([]string{"serve", "--listen", freeAddress(s.t), "--data", s.data}, args...)...)
	cmd.Env = s.environment()
	out, err := cmd.CombinedOutput()
	if err == nil || cmd.ProcessState.ExitCode() != 1 {
		s.t.Fatalf("the server ended with %v\n%s", err, out)
	}
	return string(out)
}

// passwordOf is the password in a database's URL.
func passwordOf(t *testing.T, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	if password == "" {
		t.Fatal("the tests' database has no password")
	}
	return password
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// accounts are all of the installation.
func (s *server) accounts() (all []iam.Account) {
	s.t.Helper()
	s.beside(func(at *opened) {
		s.must("accounts", at.store.View(s.t.Context(), func(tx iam.Tx) (err error) {
			all, err = tx.Accounts(s.t.Context(), iam.Page{Limit: 10})
			return err
		}))
	})
	return all
}

// Nodes with different generations of one keyset can't open what the others seal. Both say so.
func TestNodes_OtherKeysAreNoticed(t *testing.T) {
	database := pgtest.NewDatabase(t)
	first := startNode(t, database, "")
	second := newNode(t, database, "")
	copyFile(t, first.keysetPath(), second.keysetPath())
	if out, err := second.sallyport("keys", "rotate"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	second.start()
	for _, s := range []*server{first, second} {
		eventually(t, "a warning in /readyz", func() bool { return strings.Contains(s.get(s.url+"/readyz").body, "other keys") })
	}
	if out, err := first.sallyport("status"); err == nil || !strings.Contains(out, "other keys") {
		t.Errorf("status says %v\n%s", err, out)
	}
	copyFile(t, second.keysetPath(), first.keysetPath())
	first.stop(syscall.SIGTERM)
	first.start()
	for _, s := range []*server{first, second} {
		eventually(t, "no warning in /readyz", func() bool { return !strings.Contains(s.get(s.url+"/readyz").body, "other keys") })
	}
	if out, err := first.sallyport("status"); err != nil {
		t.Errorf("status says %v\n%s", err, out)
	}
}

// A second node finds what the first has made, and makes nothing itself.
func TestNodes_ShareADatabase(t *testing.T) {
	database := pgtest.NewDatabase(t)
	first := startNode(t, database, "")
	if exists(first.keysetPath() + ".new") {
		t.Error("the first start left a keyset file that is none")
	}
	second := newNode(t, database, "")
	copyFile(t, first.keysetPath(), second.keysetPath())
	second.start()

	if exists(filepath.Join(second.data, "credentials")) || bytes.Contains(second.logged(), []byte("was created")) {
		t.Errorf("the second node made an account:\n%s", second.logged())
	}
	if n := len(first.accounts()); n != 1 {
		t.Errorf("there are %d accounts", n)
	}
	alice := first.user("alice", allow("iam:ListUsers"))
	out, err := second.iam(alice).ListUsers(t.Context(), nil)
	second.must("ListUsers on the other node", err)
	if len(out.Users) != 1 || *out.Users[0].UserName != "alice" {
		t.Errorf("users on the other node: %v", out.Users)
	}
	_, err = second.iam(first.root()).DeleteUserPolicy(t.Context(), &awsiam.DeleteUserPolicyInput{UserName: ptr("alice"), PolicyName: ptr("inline")})
	second.must("DeleteUserPolicy", err)
	eventually(t, "a policy removed on one node, on the other", func() bool {
		_, err := first.iam(alice).ListUsers(t.Context(), nil)
		return errorCode(err) == "AccessDenied"
	})
	m := first.member("bob")
	code := m.code(0)
	_, err = first.signIn(m, code)
	first.must("GetSessionToken", err)
	_, err = second.signIn(m, code)
	second.refused("a code used on the other node", err, "AccessDenied")

	for _, s := range []*server{first, second} {
		if log := s.logged(); bytes.Contains(log, []byte(passwordOf(t, database))) {
			t.Errorf("the log has the database's password:\n%s", log)
		}
	}
	first.stop(syscall.SIGTERM)
	second.auditIsClean()
}

func ptr(s string) *string { return &s }

// Nodes that start together on an empty database make one account.
func TestNodes_StartTogether(t *testing.T) {
	for round := range 2 {
		database, keyset := pgtest.NewDatabase(t), filepath.Join(t.TempDir(), "keyset.json")
		if round > 0 { // in the first round the nodes make it, too
			if _, err := seal.Create(keyset); err != nil {
				t.Fatal(err)
			}
		}
		nodes := []*server{newNode(t, database, keyset), newNode(t, database, keyset), newNode(t, database, keyset)}
		for _, s := range nodes {
			s.launch()
		}
		var all sync.WaitGroup
		for _, s := range nodes {
			all.Go(func() {
				defer func() { recover() }() // t.Fatal of another goroutine
				eventually(t, "a node is ready", func() bool {
					response, err := http.Get(s.url + "/readyz")
					if err == nil {
						response.Body.Close()
					}
					return err == nil && response.StatusCode == http.StatusOK
				})
			})
		}
		all.Wait()
		makers := 0
		for _, s := range nodes {
			made := bytes.Contains(s.logged(), []byte("was created"))
			if made != exists(filepath.Join(s.data, "credentials")) {
				t.Errorf("created here: %v, but there are credentials: %v\n%s", made, !made, s.logged())
			}
			if made {
				makers++
				for _, other := range nodes {
					_, err := other.sts(s.root()).GetCallerIdentity(t.Context(), nil)
					other.must("GetCallerIdentity of root", err)
				}
			}
		}
		if accounts := nodes[0].accounts(); makers != 1 || len(accounts) != 1 {
			t.Errorf("%d nodes have made %d accounts", makers, len(accounts))
		}
		for _, s := range nodes {
			s.stop(syscall.SIGTERM)
			s.neverPanicked()
		}
		nodes[0].auditIsClean()
	}
}

// A node whose keyset is missing makes none, for it would be a wrong one; one with a wrong keyset says so.
func TestNodes_KeysetOfAnother(t *testing.T) {
	database := pgtest.NewDatabase(t)
	first := startNode(t, database, "")
	check := func(s *server, said string, words ...string) {
		t.Helper()
		for _, word := range append(words, s.keysetPath(), "--keyset", "copy the first node's keyset.json") {
			if !strings.Contains(said, word) {
				t.Errorf("the sentence does not say %q:\n%s", word, said)
			}
		}
		for _, secret := range []string{passwordOf(t, database), "goroutine "} {
			if strings.Contains(said, secret) {
				t.Errorf("the sentence has %q:\n%s", secret, said)
			}
		}
	}
	second := newNode(t, database, "")
	check(second, second.refusedStart(), "other nodes have used this database")
	for _, path := range []string{second.keysetPath(), second.keysetPath() + ".new", filepath.Join(second.data, "credentials")} {
		if exists(path) {
			t.Errorf("the refused start has left %s", path)
		}
	}
	foreign := newNode(t, database, filepath.Join(t.TempDir(), "foreign.json"))
	if _, err := seal.Create(foreign.keyset); err != nil {
		t.Fatal(err)
	}
	check(foreign, foreign.refusedStart(), "its secrets are sealed with keyset")

	copyFile(t, first.keysetPath(), second.keysetPath())
	second.start()
}

// A first start that is cut off after the database has taken the keyset goes on with that keyset.
func TestNodes_FirstStartCutOff(t *testing.T) {
	s := newNode(t, pgtest.NewDatabase(t), "")
	if err := os.MkdirAll(s.data, 0o700); err != nil {
		t.Fatal(err)
	}
	keyset, err := seal.Create(s.keysetPath() + ".new")
	s.must("keyset", err)
	db, err := store.Open(t.Context(), s.database, keyset, store.Options{})
	s.must("database", err)
	s.must("close", db.Close())
	s.start()
	if got, err := seal.Open(s.keysetPath()); err != nil || got.ID() != keyset.ID() {
		t.Errorf("the keyset is not the one that the database has: %v", err)
	}
	if exists(s.keysetPath() + ".new") {
		t.Error("the file under its first name is still there")
	}
}

// The URL of the database may hold a password: no sentence, no log line and no help text repeats it.
func TestNodes_PasswordIsNotRepeated(t *testing.T) {
	const password = "s3cret-Pa55"
	data := install(t)
	for _, database := range []string{
		"postgres://sallyport:" + password + "@127.0.0.1:1/x?sslmode=disable",
		"postgres://sallyport:" + password + "@127.0.0.1:1,127.0.0.1:2/x?sslmode=disable",
		"postgres://127.0.0.1:1/x?sslmode=disable&password=" + password,
		"postgres://sallyport:" + password + "@127.0.0.1:none/x",
		"postgres://sallyport:" + password + "@127.0.0.1:1/x?sslmode=perhaps",
		"postgres://sallyport:" + password + "@127.0.0.1:1/x?pool_max_conns=many",
		"postgres://sallyport:" + password + "/x",
		"postgres://sallyport:" + password + "/" + password + "@127.0.0.1:1/x",
		"postgres://sallyport:%zz" + password + "@127.0.0.1:1/x",
		"postgres://sallyport:" + password,
		"postgres:sallyport:" + password + "@127.0.0.1/x",
		"postgress://sallyport:" + password + "@127.0.0.1/x",
		"host=127.0.0.1 user=sallyport password=" + password,
		"sallyport:" + password + "@127.0.0.1/x",
		password + "@127.0.0.1/x",
	} {
		s := &server{t: t, data: data, database: database}
		for _, args := range [][]string{{"serve", "--listen", freeAddress(t)}, {"status"}, {"audit", "tail"}, {"serve", "--help"}, {"serve", "--no-such-flag"}} {
			out, err := s.sallyport(args...)
			if err == nil && args[len(args)-1] != "--help" {
				t.Errorf("%v with %q was accepted", args, database)
			}
			if strings.Contains(out, password) || strings.Contains(out, password[:6]) {
				t.Errorf("%v with %q repeats the password:\n%s", args, database, out)
			}
			if strings.Contains(out, "goroutine ") {
				t.Errorf("%v with %q:\n%s", args, database, out)
			}
		}
	}
}

// A copy of a data directory is another node: two must not go on with one hash chain.
func TestNodes_CopiedDataDirectory(t *testing.T) {
	first := startNode(t, pgtest.NewDatabase(t), "")
	second := newNode(t, first.database, "")
	for _, name := range []string{"keyset.json", "node", "credentials"} {
		copyFile(t, filepath.Join(first.data, name), filepath.Join(second.data, name))
	}
	second.start()
	name := second.name()
	if name == first.name() {
		t.Fatal("two servers have one name")
	}
	if log := second.logged(); !bytes.Contains(log, []byte("one data directory is a copy of the other's")) {
		t.Errorf("the log does not say so:\n%s", log)
	}
	for range 20 {
		for _, s := range []*server{first, second} {
			_, err := s.iam(first.root()).ListUsers(t.Context(), nil)
			s.must("ListUsers", err)
		}
	}
	second.crash()
	if second.name() != name {
		t.Error("the second node has another name after a crash")
	}
	second.stop(syscall.SIGTERM)
	first.auditIsClean()
}

// When a moved data directory has taken the name of a server that was thought dead, that one ends and gives way.
func TestNodes_NameTakenWhileRunning(t *testing.T) {
	s := startNode(t, pgtest.NewDatabase(t), "")
	name := s.name()
	s.beside(func(at *opened) {
		taken := store.Node{Name: name, Place: "elsewhere:/data#1", Started: time.Now(), Seen: time.Now()}
		old := taken
		old.Seen = old.Seen.Add(-2 * store.NodeAlive)
		statement(t, s.database, "UPDATE nodes SET seen = 0")
		s.must("claim", at.store.ClaimNode(t.Context(), taken))
	})
	ended := make(chan error, 1)
	go func() { ended <- s.process.Wait() }()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("the server ended with status 0")
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the server goes on under a name that is not its own")
	}
	if !bytes.Contains(s.logged(), []byte("another server has taken this node's name")) {
		t.Errorf("the log does not say so:\n%s", s.logged())
	}
	s.start()
	if s.name() == name {
		t.Error("the server has the same name again")
	}
}

// statement runs a statement behind the servers' backs.
func statement(t *testing.T, database, query string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if _, err := c.Exec(t.Context(), query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// One data directory is one server's; after a crash the next one starts at once and goes on under the name.
func TestNodes_OneServerADirectory(t *testing.T) {
	for name, start := range map[string]func() *server{
		"SQLite":     func() *server { return newServer(t) },
		"PostgreSQL": func() *server { return startNode(t, pgtest.NewDatabase(t), "") },
	} {
		t.Run(name, func(t *testing.T) {
			s := start()
			said := s.refusedStart()
			if !strings.Contains(said, "another server, process ") || !strings.Contains(said, s.data) || !strings.Contains(said, "--data") {
				t.Errorf("a second server on the data directory said:\n%s", said)
			}
			if _, err := s.sallyport("audit", "tail"); err != nil {
				t.Errorf("a local command beside the server: %v", err)
			}
			name := s.name()
			s.crash()
			if s.name() != name {
				t.Error("after a crash the node has another name")
			}
			s.auditIsClean()
		})
	}
}

// sallyport status shows who is there and how they are.
func TestNodes_Status(t *testing.T) {
	database := pgtest.NewDatabase(t)
	first := startNode(t, database, "")
	second := startNode(t, database, first.keysetPath())
	for range 10 {
		_, err := first.sts(first.root()).GetCallerIdentity(t.Context(), nil)
		first.must("GetCallerIdentity", err)
	}
	read := func(wantStatus int) (s status) {
		t.Helper()
		out, err := first.sallyport("status", "--json")
		var exit *exec.ExitError
		code := 0
		if errors.As(err, &exit) {
			code = exit.ExitCode()
		}
		line, _, _ := strings.Cut(out[strings.Index(out, "{"):], "\n")
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if code != wantStatus {
			t.Errorf("the exit status is %d, want %d\n%s", code, wantStatus, out)
		}
		return s
	}
	eventually(t, "both nodes", func() bool {
		s := read(0)
		return len(s.Nodes) == 2 && s.Nodes[0].Alive && s.Nodes[1].Alive && s.Nodes[0].Ready && s.Nodes[1].Ready
	})
	s := read(0)
	if s.Database.Schema < 3 || s.Database.Replication != "none" {
		t.Errorf("database: %+v", s.Database)
	}
	for _, n := range s.Nodes {
		if !strings.Contains(n.Place, first.data) && !strings.Contains(n.Place, second.data) || n.Version == "" || n.Started.IsZero() {
			t.Errorf("node: %+v", n)
		}
	}
	eventually(t, "the first node's look-ups", func() bool {
		for _, n := range read(0).Nodes {
			if n.Name == first.name() && n.Directory.Hits >= 9 && n.Directory.Entries > 0 {
				return true
			}
		}
		return false
	})
	out, err := first.sallyport("status")
	first.must("status", err)
	t.Logf("\n%s", out)
	for _, word := range []string{"schema version", "replication: none", first.name(), second.name(), "ready"} {
		if !strings.Contains(out, word) {
			t.Errorf("status does not show %q:\n%s", word, out)
		}
	}
	if strings.Contains(out, passwordOf(t, database)) {
		t.Error("status shows the database's password")
	}

	second.stop(syscall.SIGTERM)
	if s := read(0); len(s.Nodes) != 1 {
		t.Errorf("after a clean stop: %+v", s.Nodes)
	}
	first.stop(syscall.SIGKILL)
	if s := read(0); len(s.Nodes) != 1 || !s.Nodes[0].Alive {
		t.Errorf("just after a crash: %+v", s.Nodes)
	}
	statement(t, database, "UPDATE nodes SET seen = seen - 20000")
	if s := read(1); len(s.Nodes) != 1 || s.Nodes[0].Alive || s.Nodes[0].Ready {
		t.Errorf("long after a crash: %+v", s.Nodes)
	}
	out, _ = first.sallyport("status")
	if !strings.Contains(out, "gone") {
		t.Errorf("status of a node that is gone:\n%s", out)
	}
	statement(t, database, "UPDATE nodes SET name = 'long-gone', place = 'x', seen = seen - 8 * 86400000")
	first.start()
	eventually(t, "who was not seen for a week is forgotten", func() bool {
		s := read(0)
		return len(s.Nodes) == 1 && s.Nodes[0].Name == first.name()
	})
}

// slowClock makes a database whose clock is behind that of this host: its functions are found before PostgreSQL's.
func slowClock(t *testing.T, by string) (database string) {
	t.Helper()
	database = pgtest.NewDatabase(t)
	statement(t, database, `CREATE SCHEMA other_time`)
	setClock(t, database, by)
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	statement(t, database, `ALTER DATABASE `+pgx.Identifier{strings.TrimPrefix(u.Path, "/")}.Sanitize()+` SET search_path = other_time, pg_catalog`)
	return database
}

func setClock(t *testing.T, database, behind string) {
	t.Helper()
	statement(t, database, `CREATE OR REPLACE FUNCTION other_time.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
		AS $$ SELECT pg_catalog.clock_timestamp() - interval '`+behind+`' $$`)
}

// A node whose clock is far from the database's verifies no second factor, and says so; when the clocks agree again it
// goes on by itself.
func TestNodes_ClockSkew(t *testing.T) {
	s := newNode(t, slowClock(t, "40 s"), "")
	s.launch()
	s.await("/healthz")
	var a answer
	eventually(t, "the clock is refused", func() bool {
		a = s.get(s.url + "/readyz")
		return strings.Contains(a.body, "clock: failed: ")
	})
	if a.status != http.StatusServiceUnavailable || !strings.HasPrefix(a.body, "degraded: clock\n") || !strings.Contains(a.body, "40s ahead of the database's") {
		t.Errorf("/readyz: %d\n%s", a.status, a.body)
	}
	m := s.member("alice")
	code := m.code(0)
	_, err := s.signIn(m, code)
	s.refused("a code", err, "ServiceUnavailable")
	_, err = s.sts(m.key).GetCallerIdentity(t.Context(), nil)
	s.must("GetCallerIdentity", err)
	if skew := s.metric("sallyport_database_clock_skew_seconds"); skew < 39 || skew > 45 {
		t.Errorf("the metric says %v", skew)
	}

	setClock(t, s.database, "5 s")
	eventually(t, "a smaller skew", func() bool {
		a = s.get(s.url + "/readyz")
		return a.status == http.StatusOK && strings.Contains(a.body, "clock: warning: 5s ahead")
	})
	_, err = s.signIn(m, code)
	s.must("the code that was refused", err)
	setClock(t, s.database, "0 s")
	eventually(t, "no skew", func() bool {
		a = s.get(s.url + "/readyz")
		return a.status == http.StatusOK && !strings.Contains(a.body, "warning: ") || strings.Contains(a.body, "replication: warning")
	})
	eventually(t, "the log tells of it", func() bool { return bytes.Contains(s.logged(), []byte(`ERROR msg="clock: `)) })
	s.auditIsClean()
}

// /readyz gives reasons, to anybody: without addresses.
func TestNodes_Readyz(t *testing.T) {
	node := startNode(t, pgtest.NewDatabase(t), "")
	embedded := newServer(t)
	for _, test := range []struct {
		s    *server
		rows []string
	}{
		{embedded, []string{"database: answers", "changes: ", "keyset: in use", "audit queue: 0 of 8192 "}},
		{node, []string{"database: answers in ", "replication: warning: none; fsync is off", "clock: ", "changes: ", "keyset: in use", "audit queue: 0 of 8192 "}},
	} {
		a := test.s.get(test.s.url + "/readyz")
		t.Logf("\n%s", a.body)
		lines := strings.Split(strings.TrimSpace(a.body), "\n")
		if a.status != 200 || lines[0] != "ready" || len(lines) != len(test.rows)+1 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		for i, row := range test.rows {
			if !strings.HasPrefix(lines[i+1], row) {
				t.Errorf("row %d is %q, want %q", i, lines[i+1], row)
			}
		}
		if regexp.MustCompile(`127\.0\.0\.1|localhost|postgres`).MatchString(a.body) {
			t.Errorf("it tells strangers where the database is:\n%s", a.body)
		}
		r, err := http.NewRequest(http.MethodGet, test.s.url+"/readyz", nil)
		test.s.must("request", err)
		r.Header.Set("Accept", "application/json")
		a = test.s.send(r)
		var got struct {
			Status string
			Checks []check
		}
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || got.Status != "ready" || len(got.Checks) != len(test.rows) ||
			got.Checks[0].Name != "database" || got.Checks[0].State != checkOK || a.header.Get("Content-Type") != "application/json" {
			t.Errorf("%v\n%s", err, a.body)
		}
	}
	if up := node.metric("sallyport_database_up"); up != 1 {
		t.Errorf("sallyport_database_up is %v", up)
	}
	for _, name := range []string{
		`sallyport_database_replication{mode="none"}`, "sallyport_database_round_trip_seconds", "sallyport_database_warnings",
		"sallyport_store_connections_max", "sallyport_store_connections_in_use", "sallyport_store_connections_waiting",
		"sallyport_audit_queue_records",
	} {
		node.metric(name)
	}
}

// While the database is away /readyz says so, without its address, and for how long memory serves.
func TestNodes_ReadyzWithoutDatabase(t *testing.T) {
	proxy, err := pgtest.NewProxy(pgtest.Shared(t).Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	s := startNode(t, proxy.URL(pgtest.NewDatabase(t)), "", "--offline-grace", "6s")
	_, err = s.sts(s.root()).GetCallerIdentity(t.Context(), nil)
	s.must("GetCallerIdentity", err)
	proxy.Cut()
	var a answer
	eventually(t, "the database is away", func() bool {
		a = s.get(s.url + "/readyz")
		return a.status == http.StatusServiceUnavailable
	})
	t.Logf("\n%s", a.body)
	if !regexp.MustCompile(`^degraded: known principals are authorised from memory until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\ndatabase: failed: does not answer since `).MatchString(a.body) {
		t.Errorf("/readyz: %s", a.body)
	}
	if _, err := s.sts(s.root()).GetCallerIdentity(t.Context(), nil); err != nil {
		t.Errorf("a known principal: %v", err)
	}
	if up := s.metric("sallyport_database_up"); up != 0 {
		t.Errorf("sallyport_database_up is %v", up)
	}
	eventually(t, "the grace is over", func() bool {
		a = s.get(s.url + "/readyz")
		return strings.HasPrefix(a.body, "not ready: nobody is authorised from memory any more\n")
	})
	if regexp.MustCompile(`127\.0\.0\.1|localhost|postgres|dial|connect`).MatchString(a.body) {
		t.Errorf("it tells strangers where the database is:\n%s", a.body)
	}
	if _, err := s.sts(s.root()).GetCallerIdentity(t.Context(), nil); errorCode(err) != "ServiceUnavailable" {
		t.Errorf("a known principal after the grace: %v", err)
	}
	proxy.Restore()
	s.await("/readyz")
	t.Logf("\n%s", s.logged())
}
