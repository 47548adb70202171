//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/sallyport-iam/sallyport/deploy"
)

// database is PostgreSQL with those who look after it.
type database struct {
	members []*member
	url     string // for Sallyport
}

// member is a PostgreSQL server and its Patroni. PostgreSQL is not a child of Patroni: one outlives the other's death.
type member struct {
	patroni *child
	data    string // PostgreSQL's directory
	rest    string // base URL of Patroni's REST API
}

// startDatabase starts etcd and the members, and makes Sallyport's role and database at the first time.
func (c *cluster) startDatabase(ctx context.Context) error {
	credential, err := serverUser()
	if err != nil {
		return err
	}
	home, err := c.databaseHome(credential)
	if err != nil {
		return err
	}
	if err := c.startEtcd(ctx, home, credential); err != nil {
		return err
	}
	settings := filepath.Join(home, "patroni.yml")
	if err := os.WriteFile(settings, []byte(deploy.Patroni), 0o644); err != nil {
		return err
	}
	db := &database{}
	c.database = db
	var hosts []string
	for i := range members {
		address := c.address(postgresPorts + i)
		hosts = append(hosts, address)
		m, err := c.newMember(i, home, settings, address)
		if err != nil {
			return err
		}
		m.patroni.credential = credential
		if err := c.supervisor.start(m.patroni); err != nil {
			return err
		}
		db.members = append(db.members, m)
	}
	for _, m := range db.members {
		if err := c.waitFor(ctx, m.patroni, answers(m.rest+"/health")); err != nil {
			return err
		}
	}
	superuser, err := c.databaseURL("postgres", "postgres", hosts...)
	if err != nil {
		return err
	}
	const readWrite = "&target_session_attrs=read-write"
	if err := c.waitFor(ctx, db.members[0].patroni, func(ctx context.Context) error {
		return c.createDatabase(ctx, superuser+readWrite)
	}); err != nil {
		return err
	}
	// Who asks a standby first that hasn't it yet is told for good that there is no such database.
	for i, m := range db.members {
		one, err := c.databaseURL("sallyport", "sallyport", hosts[i])
		if err != nil {
			return err
		}
		if err := c.waitFor(ctx, m.patroni, func(ctx context.Context) error { return connects(ctx, one) }); err != nil {
			return err
		}
	}
	all, err := c.databaseURL("sallyport", "sallyport", hosts...)
	if err != nil {
		return err
	}
	db.url = all + readWrite
	return os.WriteFile(filepath.Join(c.dir, "secrets", "database-url"), []byte(db.url+"\n"), 0o600)
}

func (c *cluster) databaseURL(role, name string, hosts ...string) (string, error) {
	password, err := c.secret(role)
	if err != nil {
		return "", err
	}
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(role, password), Host: strings.Join(hosts, ","), Path: "/" + name,
		RawQuery: "sslmode=disable",
	}
	return u.String(), nil
}

func connects(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// createDatabase makes what docs/operations.md makes with psql. It returns when a standby has it too.
func (c *cluster) createDatabase(ctx context.Context, superuser string) error {
	conn, err := pgx.Connect(ctx, superuser)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	password, err := c.secret("sallyport")
	if err != nil {
		return err
	}
	for _, step := range []struct{ exists, statement string }{
		{"SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sallyport')", "CREATE ROLE sallyport LOGIN PASSWORD '" + password + "'"},
		{"SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'sallyport')", "CREATE DATABASE sallyport OWNER sallyport TEMPLATE template0 ENCODING 'UTF8'"},
	} {
		var exists bool
		if err := conn.QueryRow(ctx, step.exists).Scan(&exists); err != nil {
			return err
		}
		if !exists {
			if _, err := conn.Exec(ctx, step.statement); err != nil {
				return err
			}
		}
	}
	return nil
}

// startEtcd starts an etcd of one node, where three would be in production.
func (c *cluster) startEtcd(ctx context.Context, home string, credential *syscall.Credential) error {
	program, err := lookPath("etcd")
	if err != nil {
		return err
	}
	client, peer := "http://"+c.address(etcdPorts), "http://"+c.address(etcdPorts+1)
	etcd := &child{
		name: "etcd", program: program, home: home, credential: credential, rest: 5 * time.Second,
		args: []string{
			"--name", "etcd", "--data-dir", filepath.Join(home, "etcd"), "--logger", "zap", "--log-level", "warn",
			"--listen-client-urls", client, "--advertise-client-urls", client,
			"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "etcd=" + peer,
		},
	}
	if err := c.supervisor.start(etcd); err != nil {
		return err
	}
	return c.waitFor(ctx, etcd, answers(client+"/health"))
}

// newMember has what differs from member to member in its environment, as deploy/patroni.yml says.
func (c *cluster) newMember(i int, home, settings, address string) (*member, error) {
	program, err := lookPath("patroni")
	if err != nil {
		return nil, err
	}
	programs, err := postgresPrograms()
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("member%d", i+1)
	rest := c.address(patroniPorts + i)
	env := []string{
		"PATRONI_NAME=" + name,
		"PATRONI_ETCD3_HOSTS=" + c.address(etcdPorts),
		"PATRONI_RESTAPI_LISTEN=" + rest, "PATRONI_RESTAPI_CONNECT_ADDRESS=" + rest,
		"PATRONI_POSTGRESQL_LISTEN=" + address, "PATRONI_POSTGRESQL_CONNECT_ADDRESS=" + address,
		"PATRONI_POSTGRESQL_DATA_DIR=" + filepath.Join(home, name), "PATRONI_POSTGRESQL_BIN_DIR=" + programs,
		"PATRONI_POSTGRESQL_PGPASS=" + filepath.Join(home, name+".pgpass"),
	}
	for variable, role := range map[string]string{"SUPERUSER": "postgres", "REPLICATION": "replicator", "REWIND": "rewinder"} {
		password, err := c.secret(role)
		if err != nil {
			return nil, err
		}
		env = append(env, "PATRONI_"+variable+"_USERNAME="+role, "PATRONI_"+variable+"_PASSWORD="+password)
	}
	return &member{
		data: filepath.Join(home, name), rest: "http://" + rest,
		// Longer than Patroni's ttl: one that comes back sooner goes on as the primary it was.
		patroni: &child{name: name, program: program, args: []string{settings}, env: env, home: home, rest: time.Minute},
	}, nil
}

// primary names the member that leads, if one does.
func (db *database) primary(ctx context.Context) string {
	for _, m := range db.members {
		if answers(m.rest+"/primary")(ctx) == nil {
			return m.patroni.name
		}
	}
	return ""
}

func (db *database) member(name string) *member {
	return db.members[slices.IndexFunc(db.members, func(m *member) bool { return m.patroni.name == name })]
}

// stop stops the standbys first: else one would take over from a primary that is about to stop.
func (db *database) stop(s *supervisor) error {
	primary := db.primary(context.Background())
	var err error
	for _, last := range []bool{false, true} {
		for _, m := range db.members {
			if last == (m.patroni.name == primary) {
				err = errors.Join(err, s.end(m.patroni.name), m.stopOrphan())
			}
		}
	}
	return err
}

// stopOrphan stops a PostgreSQL whose Patroni was killed.
func (m *member) stopOrphan() error {
	const patience = 30 * time.Second
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		pid := m.postmaster()
		if pid == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("PostgreSQL in %s, process %d, did not stop within %v", m.data, pid, patience)
		}
		_ = syscall.Kill(pid, syscall.SIGINT) // PostgreSQL, "Shutting Down the Server": fast
	}
}

// postmaster is the process of the server, 0 if none runs. A killed one leaves its file behind, and its number may be
// another process's by now: a postmaster works in its data directory.
func (m *member) postmaster() (pid int) {
	lines, err := os.ReadFile(filepath.Join(m.data, "postmaster.pid"))
	if err != nil {
		return 0
	}
	first, _, _ := bytes.Cut(lines, []byte("\n"))
	if pid, err = strconv.Atoi(string(first)); err != nil {
		return 0
	}
	if works, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); err != nil || works != m.data {
		return 0
	}
	return pid
}

// secret is a password that is made once.
func (c *cluster) secret(name string) (string, error) {
	path := filepath.Join(c.dir, "secrets", name)
	text, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(text)), nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	secret := rand.Text()
	return secret, os.WriteFile(path, []byte(secret+"\n"), 0o600)
}

// postgresPrograms is the folder of Debian's newest PostgreSQL, else of that in PATH.
func postgresPrograms() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	version := func(path string) int {
		n, _ := strconv.Atoi(strings.Split(path, "/")[4])
		return n
	}
	if len(found) > 0 {
		return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
	}
	path, err := lookPath("initdb")
	return filepath.Dir(path), err
}

// serverUser is whom PostgreSQL runs as: this user, or postgres if this is root, as whom it refuses to run.
func serverUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL refuses to run as root, and the user that it would run as is missing: %w", err)
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

// databaseHome makes the directory of PostgreSQL and etcd: DIR/postgres, which belongs to the user whom they run as.
// For root it is a link to a directory that this user can reach, which those under root's home are not.
func (c *cluster) databaseHome(credential *syscall.Credential) (string, error) {
	path := filepath.Join(c.dir, "postgres")
	if credential == nil {
		return path, os.MkdirAll(path, 0o700)
	}
	if home, err := filepath.EvalSymlinks(path); err == nil {
		return home, nil
	}
	home, err := os.MkdirTemp("/var/lib", "sallyport-cluster-")
	if err != nil {
		return "", err
	}
	fmt.Printf("PostgreSQL runs as the user postgres; its data is in %s.\n", home)
	return home, errors.Join(os.Chown(home, int(credential.Uid), int(credential.Gid)), os.Symlink(home, path))
}

// removeAll empties the directory of a cluster, and no other.
func removeAll(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) == 0 {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, "secrets", "postgres")); err != nil {
		return fmt.Errorf("%s is not the directory of a cluster: remove it yourself", dir)
	}
	if home, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres")); err == nil {
		if err := os.RemoveAll(home); err != nil {
			return err
		}
	}
	for _, entry := range entries {
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}
