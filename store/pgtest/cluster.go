package pgtest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// ClusterOptions say what cluster StartCluster starts.
type ClusterOptions struct {
	// Dir is as that of Options.
	Dir string

	// Members is how many servers there are: 2, which is the default, or 3.
	Members int

	// Synchronous makes every commit wait until a standby has it too, always: without a standby there is no commit
	// (Patroni, "Replication modes": synchronous_mode and synchronous_mode_strict). So two members acknowledge
	// nothing while one of them is gone, and three go on. Without it a fail-over may lose the last commits.
	Synchronous bool

	// Durable and Settings are as those of Options. Settings of synchronous replication are Patroni's.
	Durable  bool
	Settings map[string]string
}

// Cluster is a replicated PostgreSQL of this process: members that Patroni looks after, and an etcd of one node,
// which holds who leads. Its methods may be called from any goroutine.
type Cluster struct {
	dir         *directory
	programs    programs
	synchronous bool
	passwords   map[string]string // by role
	etcd        *process
	members     []*member
}

// Member is one server of a cluster.
type Member struct {
	Name string // member1, member2 and so on
	Addr string // host:port of PostgreSQL
	REST string // host:port of Patroni's REST API, which a proxy asks where the primary is: GET /primary
	Log  string // path of the log of both
}

type member struct {
	Member
	dir, data, config string

	mu      sync.Mutex // of what starts and ends it
	patroni *process
}

// StartCluster makes a cluster with an empty database named sallyport and returns when all members stream and, if
// it is synchronous, commits wait for one. The context is for the start only. The error wraps ErrMissing if a
// program is missing.
func StartCluster(ctx context.Context, options ClusterOptions) (*Cluster, error) {
	if options.Members == 0 {
		options.Members = 2
	}
	if options.Members < 2 || options.Members > 3 {
		return nil, fmt.Errorf("a cluster has 2 or 3 members, not %d", options.Members)
	}
	c := &Cluster{synchronous: options.Synchronous, passwords: map[string]string{
		superuser: rand.Text(), application: rand.Text(), replication: rand.Text(), rewind: rand.Text(),
	}}
	var err error
	if c.programs, err = clusterPrograms(); err != nil {
		return nil, err
	}
	if c.dir, err = makeDirectory(options.Dir); err != nil {
		return nil, fmt.Errorf("making the directory of a cluster: %w", err)
	}
	if err := c.create(ctx, options); err != nil {
		return nil, errors.Join(fmt.Errorf("starting a cluster: %w", err), c.Stop())
	}
	return c, nil
}

func (c *Cluster) create(ctx context.Context, options ClusterOptions) error {
	ports, err := freePorts(2 + 2*options.Members)
	if err != nil {
		return err
	}
	etcd := address(ports[0])
	if err := c.startEtcd(ctx, etcd, address(ports[1])); err != nil {
		return err
	}
	for i := range options.Members {
		m := &member{Member: Member{
			Name: fmt.Sprintf("member%d", i+1), Addr: address(ports[2+2*i]), REST: address(ports[3+2*i]),
		}}
		if m.dir, err = c.dir.sub(m.Name); err != nil {
			return err
		}
		m.data, m.Log = filepath.Join(m.dir, "data"), filepath.Join(m.dir, "patroni.log")
		config, err := c.patroniConfig(m, etcd, options)
		if err != nil {
			return err
		}
		if m.config, err = c.dir.write(filepath.Join(m.Name, "patroni.yml"), config); err != nil {
			return err
		}
		c.members = append(c.members, m)
		if err := c.start(m); err != nil {
			return err
		}
	}
	for _, m := range c.members {
		if err := c.waitForMember(ctx, m); err != nil {
			return err
		}
	}
	if c.synchronous {
		if err := c.WaitForSync(ctx); err != nil {
			return err
		}
	}
	for _, statement := range []string{createRole(c.passwords[application]), createDatabase(application)} {
		if err := execute(ctx, c.AdminURL("postgres"), statement); err != nil {
			return err
		}
	}
	// A client that tries a standby first is told for good that there is no such database (SQLSTATE 3D000).
	for _, m := range c.members {
		url := databaseURL(application, c.passwords[application], m.Addr, application, anyMember)
		if err := poll(ctx, 20*time.Millisecond, m.running(), func(ctx context.Context) error { return ping(ctx, url) }); err != nil {
			return err
		}
	}
	return nil
}

// startEtcd starts an etcd of one node and waits until it has elected itself.
func (c *Cluster) startEtcd(ctx context.Context, client, peer string) error {
	var err error
	c.etcd, err = spawn(c.dir.path, filepath.Join(c.dir.path, "etcd.log"), syscall.SIGKILL, c.programs.etcd,
		"--name", "etcd", "--data-dir", filepath.Join(c.dir.path, "etcd"), "--logger", "zap", "--log-level", "warn",
		"--listen-client-urls", "http://"+client, "--advertise-client-urls", "http://"+client,
		"--listen-peer-urls", "http://"+peer, "--initial-advertise-peer-urls", "http://"+peer,
		"--initial-cluster", "etcd=http://"+peer)
	if err != nil {
		return err
	}
	return poll(ctx, 20*time.Millisecond, c.etcd, func(ctx context.Context) error {
		return get(ctx, "http://"+client+"/health", nil)
	})
}

// start starts a member's Patroni, which starts PostgreSQL.
func (c *Cluster) start(m *member) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.patroni.running() {
		return fmt.Errorf("%s is running already", m.Name)
	}
	var err error
	// PostgreSQL is no child of Patroni, so Patroni is to stop it when this process dies.
	m.patroni, err = spawn(m.dir, m.Log, syscall.SIGTERM, c.programs.patroni, m.config)
	return err
}

// running is the member's Patroni as it was started last.
func (m *member) running() *process {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.patroni
}

// waitForMember waits until a member is the primary or streams from it.
func (c *Cluster) waitForMember(ctx context.Context, m *member) error {
	return poll(ctx, 100*time.Millisecond, m.running(), func(ctx context.Context) error {
		if c.leads(ctx, m) {
			return nil
		}
		primary, err := c.primary(ctx)
		if err != nil {
			return err
		}
		return c.streams(ctx, primary, m.Name, "")
	})
}

// streams says whether a standby streams from the primary, in a state of synchronous replication unless that is ”.
func (c *Cluster) streams(ctx context.Context, primary *member, standby, syncState string) error {
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.adminURL(primary.Addr, "postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var found bool
	err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_stat_replication
		WHERE state = 'streaming' AND application_name = $1 AND ($2 = '' OR sync_state = $2))`, standby, syncState).Scan(&found)
	if err == nil && !found {
		return fmt.Errorf("%s does not stream from %s", standby, strings.TrimSpace(primary.Name+" "+syncState))
	}
	return err
}

// Members are the cluster's servers, running or not.
func (c *Cluster) Members() []Member {
	var members []Member
	for _, m := range c.members {
		members = append(members, m.Member)
	}
	return members
}

// URL is that of the database sallyport for the application's role, which owns it. It names all members, and the
// client is to find the one that takes writes. Hosts, as host:port, stand for the members if there are any, such as
// a Proxy for each.
func (c *Cluster) URL(hosts ...string) string {
	if len(hosts) == 0 {
		hosts = c.hosts()
	}
	return databaseURL(application, c.passwords[application], strings.Join(hosts, ","), application, theWriter)
}

// AdminURL is that of a database for the superuser, on the member that takes writes.
func (c *Cluster) AdminURL(database string) string {
	return c.adminURL(strings.Join(c.hosts(), ","), database)
}

func (c *Cluster) adminURL(hosts, database string) string {
	return databaseURL(superuser, c.passwords[superuser], hosts, database, theWriter)
}

func (c *Cluster) hosts() []string {
	var hosts []string
	for _, m := range c.members {
		hosts = append(hosts, m.Addr)
	}
	return hosts
}

// The parameters of a cluster's URLs (libpq, "target_session_attrs"): a client passes over the members that don't
// take writes, or takes any.
var (
	theWriter = url.Values{"sslmode": {"disable"}, "target_session_attrs": {"read-write"}}
	anyMember = url.Values{"sslmode": {"disable"}}
)

// askPatience is how long a member has to answer: one whose machine is gone doesn't.
const askPatience = 2 * time.Second

// errNoPrimary says that no member takes writes now, as is so for some seconds of a fail-over.
var errNoPrimary = errors.New("no member of the cluster is its primary")

// Primary names the member that holds the leader's lock and takes writes; the error says if there is none now.
func (c *Cluster) Primary(ctx context.Context) (name string, err error) {
	m, err := c.primary(ctx)
	if err != nil {
		return "", err
	}
	return m.Name, nil
}

func (c *Cluster) primary(ctx context.Context) (*member, error) {
	for _, m := range c.members {
		if c.leads(ctx, m) {
			return m, nil
		}
	}
	return nil, errNoPrimary
}

// leads asks a member's Patroni whether it leads, and its PostgreSQL whether it has been promoted already.
func (c *Cluster) leads(ctx context.Context, m *member) bool {
	if !m.running().running() {
		return false
	}
	if get(ctx, "http://"+m.REST+"/primary", nil) != nil {
		return false
	}
	return ping(ctx, c.adminURL(m.Addr, "postgres")) == nil
}

// KillPrimary is the loss of the primary's machine: SIGKILL to Patroni, the postmaster and all their children. It
// returns when they are gone, and the name that Revive takes. Another member leads when its lock has expired.
func (c *Cluster) KillPrimary(ctx context.Context) (name string, err error) {
	m, err := c.primary(ctx)
	if err != nil {
		return "", err
	}
	return m.Name, m.kill()
}

// Kill is the loss of a member's machine, be it the primary or not.
func (c *Cluster) Kill(name string) error {
	m, err := c.member(name)
	if err != nil {
		return err
	}
	return m.kill()
}

// kill kills Patroni first: else it would put PostgreSQL's end in order.
func (m *member) kill() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	err := m.patroni.kill()
	if pid := postmaster(m.data); pid != 0 {
		err = errors.Join(err, kill(pid))
	}
	return err
}

// Revive brings a killed member back as a standby, with the data it had: Patroni recovers, rewinds to where it left
// the primary's history (pg_rewind), or copies the primary if that fails. It doesn't wait for that: WaitForStandby.
func (c *Cluster) Revive(name string) error {
	m, err := c.member(name)
	if err != nil {
		return err
	}
	return c.start(m)
}

func (c *Cluster) member(name string) (*member, error) {
	i := slices.IndexFunc(c.members, func(m *member) bool { return m.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("the cluster has no member %q", name)
	}
	return c.members[i], nil
}

// WaitForPrimary waits until a member other than the one that is named takes writes, and names it; with an empty
// name it is any.
func (c *Cluster) WaitForPrimary(ctx context.Context, notName string) (name string, err error) {
	err = poll(ctx, 50*time.Millisecond, nil, func(ctx context.Context) error {
		if name, err = c.Primary(ctx); err == nil && name == notName {
			return fmt.Errorf("%s is the primary", name)
		}
		return err
	})
	return name, err
}

// WaitForStandby waits until a member streams from the primary.
func (c *Cluster) WaitForStandby(ctx context.Context, name string) error {
	m, err := c.member(name)
	if err != nil {
		return err
	}
	return poll(ctx, 50*time.Millisecond, m.running(), func(ctx context.Context) error {
		primary, err := c.primary(ctx)
		if err != nil {
			return err
		}
		return c.streams(ctx, primary, name, "")
	})
}

// WaitForSync waits until commits wait for a standby which Patroni would promote: then the loss of the primary
// loses none. It is for clusters that are Synchronous.
func (c *Cluster) WaitForSync(ctx context.Context) error {
	if !c.synchronous {
		return errors.New("the cluster is asynchronous")
	}
	return poll(ctx, 50*time.Millisecond, nil, func(ctx context.Context) error {
		primary, err := c.primary(ctx)
		if err != nil {
			return err
		}
		var state struct {
			Members []struct{ Name, Role string }
		}
		if err := get(ctx, "http://"+primary.REST+"/cluster", &state); err != nil {
			return err
		}
		for _, m := range state.Members {
			// Patroni takes a standby for synchronous once PostgreSQL does; it may have gone since.
			if m.Role == "sync_standby" && c.streams(ctx, primary, m.Name, "sync") == nil {
				return nil
			}
		}
		return fmt.Errorf("%s has no synchronous standby", primary.Name)
	})
}

// Stop kills all processes of the cluster, for good, and removes its directory if that is a temporary one.
func (c *Cluster) Stop() error {
	var err error
	for _, m := range c.members {
		err = errors.Join(err, m.kill())
	}
	return errors.Join(err, c.etcd.kill(), c.dir.remove())
}

// get asks for a page, decodes it from JSON unless it goes to nil, and fails if the status is not 200.
func get(ctx context.Context, url string, to any) error {
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // no connection outlives the question
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, response.Status)
	}
	if to == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(to)
}
