// Package pgtest runs real PostgreSQL servers for tests, benchmarks and the cluster to try things out on. Nothing
// of it is in the product.
//
// # A database for a test
//
// Most tests want an empty database and nothing else:
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }
//
//	func TestSomething(t *testing.T) {
//		url := pgtest.NewDatabase(t) // postgres://sallyport:…@127.0.0.1:…/test_1?sslmode=disable
//		…
//	}
//
// The first call starts one server for the whole test binary, which takes a second; each further database takes
// some tens of milliseconds and is dropped when its test ends.
//
// # A server to mistreat
//
// [Start] gives a server of one's own: one to [Server.Kill] (a crash: SIGKILL to the postmaster and all its
// children) and [Server.Restart], with settings of its own. It needs no testing.T, so benchmarks use it too; they
// set [Options.Durable], or else the server doesn't wait for the disk.
//
// A server is one that a stranger would set up: TCP on the loopback address, passwords with SCRAM-SHA-256, UTF-8,
// and two roles. [Server.URL] is that of the application, which owns its databases and is no superuser, so that a
// right that the product lacks in production is missing in the tests too; [Server.AdminURL] is the superuser's. With
// [Options.TLS] it takes TLS only.
//
// # A network to mistreat
//
// [Proxy] stands between a program and its server, and cuts, stalls or delays what passes:
//
//	proxy, err := pgtest.NewProxy(server.Addr())
//	url := proxy.URL(server.URL("sallyport"))
//	proxy.Stall() // the cable is out: nobody is told
//
// # A cluster to fail over
//
// [StartCluster] runs two or three servers under Patroni with etcd, where [Cluster.KillPrimary] is the loss of a
// machine and [Cluster.Revive] its return.
//
// # What it needs, and what it leaves behind
//
// It runs on Linux, with the programs of Debian's packages postgresql and, for clusters, patroni and etcd-server.
// Where they are missing tests are skipped, and fail if SALLYPORT_TEST_ALL is set, as it is in `make test`.
// Tests of fail-over take long and run only with SALLYPORT_TEST_HA=1.
//
// It never touches a cluster of the system: each server has a new data directory and a free port. Servers refuse
// to run as root, so root starts them as the user postgres, which the package makes. All processes die with the
// one that started them, even when that is killed; the temporary directory that it then left behind is removed by
// the next start.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// startPatience is how long a test waits for a server or a database, on a busy machine too.
const startPatience = 2 * time.Minute

// shared is the server of the test binary. Where it didn't start once it isn't tried again: every test says why.
var shared struct {
	sync.Mutex
	server *Server
	err    error
}

// databases counts those of NewDatabase.
var databases atomic.Int64

// Run runs the tests of a TestMain, stops the shared server and returns the exit code.
func Run(m *testing.M) int {
	code := m.Run()
	shared.Lock()
	defer shared.Unlock()
	if shared.server != nil {
		if err := shared.server.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return max(code, 1)
		}
	}
	return code
}

// Shared returns the server of the test binary, and starts it at the first call. It is never to be stopped or
// killed: other tests use it. The test is skipped as by Needs where there is no server program.
func Shared(t testing.TB) *Server {
	t.Helper()
	Needs(t)
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil && shared.err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), startPatience)
		defer cancel()
		shared.server, shared.err = Start(ctx, Options{})
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server
}

// NewDatabase returns the URL of a new, empty database on the shared server. When the test ends it is dropped,
// whoever is still connected.
func NewDatabase(t testing.TB) (url string) {
	t.Helper()
	server := Shared(t)
	name := fmt.Sprintf("test_%d", databases.Add(1))
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
	defer cancel()
	if err := server.CreateDatabase(ctx, name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), startPatience)
		defer cancel()
		if err := server.DropDatabase(ctx, name); err != nil {
			t.Error(err)
		}
	})
	return server.URL(name)
}

// Needs skips a test where the programs of a server are missing, and fails it if SALLYPORT_TEST_ALL is set.
func Needs(t testing.TB) {
	t.Helper()
	_, err := serverPrograms()
	skipWithout(t, err)
}

// NeedsCluster skips a test of fail-over unless SALLYPORT_TEST_HA is 1, because it takes long. Then it is like
// Needs, for the programs of a Cluster.
func NeedsCluster(t testing.TB) {
	t.Helper()
	if os.Getenv("SALLYPORT_TEST_HA") != "1" {
		t.Skip("NOT TESTED: fail-over takes long. `make test-ha`, or SALLYPORT_TEST_HA=1, tests it.")
	}
	_, err := clusterPrograms()
	skipWithout(t, err)
}

func skipWithout(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case os.Getenv("SALLYPORT_TEST_ALL") != "" || !errors.Is(err, ErrMissing):
		t.Fatalf("NOT TESTED: %v", err)
	default:
		t.Skipf("NOT TESTED: %v", err)
	}
}
