package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// The roles of every server.
const (
	superuser   = "postgres"
	application = "sallyport" // may create databases, and owns them
)

// stopPatience is how long a server has for a fast shutdown, which writes a checkpoint.
const stopPatience = 30 * time.Second

// Options say what server Start starts.
type Options struct {
	// Dir is for the data and the log: it is made, or must be empty, and stays. Root needs one that the user
	// postgres can reach. The default is a temporary one, which Close removes.
	Dir string

	// Port of 127.0.0.1; 0 is a free one.
	Port int

	// Durable makes the server wait for the disk, as one in production does. Without it, committed transactions
	// survive a Kill all the same, but not a power cut.
	Durable bool

	// TLS gives the server a certificate for 127.0.0.1, which is its own authority, and makes it refuse connections
	// without TLS. Its URLs ask for sslmode=verify-full.
	TLS bool

	// Settings are further ones of postgresql.conf.
	Settings map[string]string
}

// Server is a PostgreSQL server of this process. Its methods may be called from any goroutine.
type Server struct {
	dir       *directory
	programs  string // folder
	port      int
	authority string // path of the certificate that clients trust; "" is a server without TLS
	settings  map[string]string
	passwords map[string]string // by role

	mu      sync.Mutex // of what starts and ends it
	process *process
}

// Start makes a server with an empty database named sallyport and returns when it accepts connections. The context
// is for the start only. The error wraps ErrMissing if there is no server program.
func Start(ctx context.Context, options Options) (*Server, error) {
	s := &Server{port: options.Port, settings: map[string]string{
		"listen_addresses":        loopback,
		"unix_socket_directories": "", // the path of a temporary directory may be too long for one
		"max_connections":         "200",
		"log_line_prefix":         "%m [%p] %u@%d ",
		"timezone":                "UTC",
		"log_timezone":            "UTC",
	}, passwords: map[string]string{superuser: rand.Text(), application: rand.Text()}}
	if !options.Durable {
		// synchronous_commit stays on: without it even a killed server forgets what it had acknowledged.
		s.settings["fsync"] = "off"
		s.settings["full_page_writes"] = "off"
	}
	maps.Copy(s.settings, options.Settings)
	var err error
	if s.programs, err = serverPrograms(); err != nil {
		return nil, err
	}
	if s.dir, err = makeDirectory(options.Dir); err != nil {
		return nil, fmt.Errorf("making the directory of a PostgreSQL server: %w", err)
	}
	if err := s.create(ctx, options); err != nil {
		return nil, errors.Join(fmt.Errorf("starting PostgreSQL: %w", err), s.Close())
	}
	return s, nil
}

// create makes the data directory, starts the server and makes what every server has.
func (s *Server) create(ctx context.Context, options Options) error {
	password, err := s.dir.write("superuser-password", s.passwords[superuser]+"\n")
	if err != nil {
		return err
	}
	args := []string{
		"--pgdata", s.data(), "--username", superuser, "--pwfile", password, "--auth", "scram-sha-256",
		"--locale", "C", "--encoding", "UTF8",
	}
	if !options.Durable {
		args = append(args, "--no-sync")
	}
	if err := run(ctx, s.dir.path, filepath.Join(s.dir.path, "initdb.log"), filepath.Join(s.programs, "initdb"), args...); err != nil {
		return err
	}
	if err := os.Remove(password); err != nil {
		return err
	}
	if options.TLS {
		if err := s.useTLS(); err != nil {
			return err
		}
	}
	const tries = 5 // for a port that another process takes between finding and using it
	for range tries {
		if options.Port == 0 {
			ports, err := freePorts(1)
			if err != nil {
				return err
			}
			s.port = ports[0]
		}
		if err = s.start(ctx); err == nil || options.Port != 0 || !strings.Contains(tail(s.Log()), "Address already in use") {
			break
		}
	}
	if err != nil {
		return err
	}
	if err := s.exec(ctx, createRole(s.passwords[application])); err != nil {
		return err
	}
	return s.CreateDatabase(ctx, application)
}

// start starts the server on the data that is there, and waits until it accepts connections.
func (s *Server) start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process.running() {
		return errors.New("it is running already")
	}
	args := []string{"-D", s.data(), "-p", strconv.Itoa(s.port)}
	for _, name := range slices.Sorted(maps.Keys(s.settings)) {
		args = append(args, "-c", name+"="+s.settings[name])
	}
	// SIGQUIT is the immediate shutdown: the server's children end with it.
	process, err := spawn(s.dir.path, s.Log(), syscall.SIGQUIT, filepath.Join(s.programs, "postgres"), args...)
	if err != nil {
		return err
	}
	s.process = process
	err = poll(ctx, 10*time.Millisecond, process, func(ctx context.Context) error { return ping(ctx, s.AdminURL("postgres")) })
	if err != nil {
		return errors.Join(err, process.kill())
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.dir.path, "data") }

// Log is the path of the server's log, which goes on over restarts.
func (s *Server) Log() string { return filepath.Join(s.dir.path, "postgresql.log") }

// Addr is the server's host:port.
func (s *Server) Addr() string { return address(s.port) }

// URL is that of a database for the application's role, sallyport, which owns those of CreateDatabase. The one
// named sallyport is there from the start.
func (s *Server) URL(database string) string { return s.url(application, database) }

// AdminURL is that of a database for the superuser.
func (s *Server) AdminURL(database string) string { return s.url(superuser, database) }

func (s *Server) url(role, database string) string {
	parameters := url.Values{"sslmode": {"disable"}}
	if s.authority != "" {
		parameters = url.Values{"sslmode": {"verify-full"}, "sslrootcert": {s.authority}}
	}
	return databaseURL(role, s.passwords[role], s.Addr(), database, parameters)
}

// databaseURL is a connection URI (PostgreSQL, "Connection URIs").
func databaseURL(role, password, hosts, database string, parameters url.Values) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(role, password), Host: hosts, Path: "/" + database,
		RawQuery: parameters.Encode(),
	}
	return u.String()
}

// CreateDatabase makes an empty database that the application's role owns.
func (s *Server) CreateDatabase(ctx context.Context, name string) error {
	return s.exec(ctx, createDatabase(name))
}

// createRole makes the application's role.
func createRole(password string) string {
	return fmt.Sprintf("CREATE ROLE %s LOGIN CREATEDB PASSWORD '%s'", application, password)
}

func createDatabase(name string) string {
	return fmt.Sprintf("CREATE DATABASE %s OWNER %s", pgx.Identifier{name}.Sanitize(), application)
}

// DropDatabase drops a database, and the connections to it.
func (s *Server) DropDatabase(ctx context.Context, name string) error {
	return s.exec(ctx, fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", pgx.Identifier{name}.Sanitize()))
}

func (s *Server) exec(ctx context.Context, statement string) error {
	return execute(ctx, s.AdminURL("postgres"), statement)
}

// execute runs one statement on a connection of its own.
func execute(ctx context.Context, url, statement string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, statement)
	return err
}

// ping says whether a server accepts connections.
func ping(ctx context.Context, url string) error {
	const patience = 5 * time.Second // one that is stopped in between accepts but doesn't answer
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return execute(ctx, url, "SELECT 1")
}

// Stop is a fast shutdown: transactions are rolled back, connections end, nothing is left to recover. A server that
// has stopped already stays so.
func (s *Server) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process.stop(syscall.SIGINT, stopPatience)
}

// Kill is a crash: SIGKILL to the postmaster and all its children. It returns when they are gone.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process.kill()
}

// Restart starts the server after Stop or Kill, on the same port and data, and stops it before if it runs. It
// returns when the server has recovered and accepts connections.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.Stop(); err != nil {
		return err
	}
	if err := s.start(ctx); err != nil {
		return fmt.Errorf("restarting PostgreSQL: %w", err)
	}
	return nil
}

// Close stops the server for good and removes its directory if that is a temporary one.
func (s *Server) Close() error { return errors.Join(s.Stop(), s.dir.remove()) }
