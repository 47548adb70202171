package pgtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func startServer(t testing.TB, options Options) *Server {
	t.Helper()
	Needs(t)
	server, err := Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

func TestCommittedRowsOutliveTheServer(t *testing.T) {
	server := startServer(t, Options{})
	url := server.URL("sallyport")
	mustExec(t, connect(t, url), "CREATE TABLE kept (n bigint)")
	for n, end := range []struct {
		how  string
		call func() error
	}{
		{"stopped", server.Stop},
		{"killed", server.Kill},
		{"stopped twice", func() error { return errors.Join(server.Stop(), server.Stop()) }},
		{"killed, then stopped", func() error { return errors.Join(server.Kill(), server.Stop()) }},
		{"left running", func() error { return nil }},
	} {
		conn := connect(t, url)
		mustExec(t, conn, fmt.Sprintf("INSERT INTO kept VALUES (%d)", n), "BEGIN", "INSERT INTO kept VALUES (-1)")
		if err := end.call(); err != nil {
			t.Fatalf("%s: %v", end.how, err)
		}
		if end.how != "left running" {
			if _, err := net.Dial("tcp", server.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("%s: connecting to it: %v, want a refusal", end.how, err)
			}
		}
		if err := server.Restart(t.Context()); err != nil {
			t.Fatalf("%s: %v", end.how, err)
		}
		conn = connect(t, url)
		if rows := query[int](t, conn, "SELECT count(*) FROM kept"); rows != n+1 {
			t.Errorf("%s: %d rows after the restart, %d were committed", end.how, rows, n+1)
		}
		if lost := query[int](t, conn, "SELECT count(*) FROM kept WHERE n < 0"); lost != 0 {
			t.Errorf("%s: a row is there that was never committed", end.how)
		}
	}
	if _, err := os.Stat(server.Log()); err != nil {
		t.Error(err)
	}
}

func TestServerAsksForThePassword(t *testing.T) {
	u, err := url.Parse(Shared(t).URL("sallyport"))
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(u.User.Username(), "wrong")
	_, err = pgx.Connect(t.Context(), u.String())
	var refusal *pgconn.PgError
	const invalidPassword = "28P01" // PostgreSQL, "PostgreSQL Error Codes"
	if !errors.As(err, &refusal) || refusal.Code != invalidPassword {
		t.Errorf("a wrong password: %v, want %s", err, invalidPassword)
	}
}

func TestServerWithTLS(t *testing.T) {
	server := startServer(t, Options{TLS: true})
	proxy := startProxy(t, server.Addr())
	for _, url := range []string{server.URL("sallyport"), proxy.URL(server.URL("sallyport"))} {
		conn := connect(t, url)
		if version := query[string](t, conn, "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"); version != "TLSv1.3" {
			t.Errorf("the connection is %q", version)
		}
	}
	u, err := url.Parse(server.URL("sallyport"))
	if err != nil {
		t.Fatal(err)
	}
	trust := u.Query().Get("sslrootcert")
	for parameters, why := range map[string]string{
		"sslmode=disable":                          "without TLS",
		"sslmode=verify-full":                      "with TLS but no trust in the certificate",
		"sslmode=verify-full&sslrootcert=/no/file": "with a certificate to trust that isn't there",
	} {
		u.RawQuery = parameters
		if _, err := pgx.Connect(t.Context(), u.String()); err == nil {
			t.Errorf("it connects %s", why)
		}
	}
	u.RawQuery, u.Host = "sslmode=verify-full&sslrootcert="+trust, "localhost:"+u.Port()
	if _, err := pgx.Connect(t.Context(), u.String()); err == nil {
		t.Error("it connects to a name that isn't in the certificate")
	}
}

func TestStartTakesSettings(t *testing.T) {
	server := startServer(t, Options{Durable: true, Settings: map[string]string{"default_transaction_isolation": "serializable"}})
	conn := connect(t, server.URL("sallyport"))
	for _, row := range []struct{ name, want string }{
		{"default_transaction_isolation", "serializable"}, {"fsync", "on"}, {"full_page_writes", "on"},
	} {
		if got := query[string](t, conn, "SHOW "+row.name); got != row.want {
			t.Errorf("%s is %s, want %s", row.name, got, row.want)
		}
	}
}

func TestStartTellsWhyItFailed(t *testing.T) {
	Needs(t)
	taken, err := listen()
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name    string
		options Options
		want    string
	}{
		{"port taken", Options{Port: taken.Addr().(*net.TCPAddr).Port}, "Address already in use"},
		{"no such setting", Options{Settings: map[string]string{"no_such": "1"}}, `unrecognized configuration parameter "no_such"`},
		{"directory in use", Options{Dir: full}, "is not empty"},
	} {
		server, err := Start(t.Context(), row.options)
		if err == nil {
			server.Close()
			t.Errorf("%s: it started", row.name)
		} else if !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q in it", row.name, err, row.want)
		}
	}
}

// TestServerDiesWithItsProcess kills a process that has started a server, and waits for the server to go.
func TestServerDiesWithItsProcess(t *testing.T) {
	Needs(t)
	diesWithItsProcess(t, "server")
}

// helper is the environment variable that makes the test binary the process to be killed, and says what it starts.
const helper = "SALLYPORT_PGTEST_HELPER"

// diesWithItsProcess starts this test binary as a helper, which prints a directory and the addresses that it
// serves, kills it, and waits until nothing listens. The next temporary directory removes what is left.
func diesWithItsProcess(t *testing.T, what string) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestHelper$")
	cmd.Env = append(os.Environ(), helper+"="+what)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	output := bufio.NewReader(stdout)
	line, err := output.ReadString('\n')
	served, ok := strings.CutPrefix(line, "serving ")
	if err != nil || !ok {
		rest, _ := io.ReadAll(output)
		t.Fatalf("the helper said %q, %v", line+string(rest), err)
	}
	fields := strings.Fields(served)
	dir, addrs := fields[0], fields[1:]
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	for _, addr := range addrs {
		err := poll(t.Context(), 20*time.Millisecond, nil, func(ctx context.Context) error {
			conn, err := net.Dial("tcp", addr)
			if err == nil {
				conn.Close()
				if time.Since(killed) > time.Minute {
					t.Fatalf("%s still listens a minute after its process was killed", addr)
				}
				return errors.New("it listens")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("gone %v after its process", time.Since(killed).Round(time.Millisecond))
	d, err := makeDirectory("")
	if err != nil {
		t.Fatal(err)
	}
	defer d.remove()
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what the killed process left behind is still there: %v", err)
	}
}

// TestHelper is no test: it is the process that diesWithItsProcess kills.
func TestHelper(t *testing.T) {
	var dir string
	var addrs []string
	switch os.Getenv(helper) {
	case "":
		t.Skip("the process of other tests")
	case "server":
		server, err := Start(t.Context(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		dir, addrs = server.dir.path, []string{server.Addr()}
	case "cluster":
		cluster, err := StartCluster(t.Context(), ClusterOptions{})
		if err != nil {
			t.Fatal(err)
		}
		dir = cluster.dir.path
		for _, member := range cluster.Members() {
			addrs = append(addrs, member.Addr, member.REST)
		}
	}
	fmt.Println("serving", dir, strings.Join(addrs, " "))
	signal.Ignore(syscall.SIGPIPE)
	select {}
}
