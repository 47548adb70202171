//go:build linux

// Command cluster runs several nodes of Sallyport on one machine, to try out what happens when parts of it die:
//
//	make cluster
//
// Three PostgreSQL servers with synchronous replication, which Patroni and an etcd look after; three nodes of
// Sallyport on them, with one keyset; and HAProxy, which is what clients see, on 127.0.0.1:7450. PostgreSQL and the
// proxy run with the files that this repository's deploy folder has for them, as they are.
//
// It stays in the foreground, says what happens to its parts, and starts again those that end, after a time in which
// one sees how the others get on. Ctrl-C stops them all, and none outlives it: the kernel ends them with it. What they
// have stored stays in ./sallyport-cluster, and the next start goes on with it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// members is how many PostgreSQL servers and how many nodes there are. With three servers one may be lost and there
// still is a standby, without which nothing is acknowledged.
const members = 3

// patience is for the start of the whole, on a busy machine too.
const patience = 3 * time.Minute

type cluster struct {
	dir    string // absolute
	server string // the program
	port   int    // of the proxy; the others' follow it
	supervisor
	database *database
}

// The kernel's signal for the death of a parent is for that of the thread (prctl(2), PR_SET_PDEATHSIG): everything is
// started from the first one, which lives as long as the process.
func init() { runtime.LockOSThread() }

func main() {
	var c cluster
	flag.StringVar(&c.dir, "dir", "sallyport-cluster", "directory of all data, settings and logs")
	flag.StringVar(&c.server, "server", "bin/sallyport", "the server's program")
	flag.IntVar(&c.port, "port", 7450, "port of the proxy; the parts behind it take others of the next 32")
	fresh := flag.Bool("fresh", false, "remove the data of the last time first")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // the next signal ends it at once
	if err := c.run(ctx, *fresh); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

func (c *cluster) run(ctx context.Context, fresh bool) (err error) {
	if c.dir, err = filepath.Abs(c.dir); err != nil {
		return err
	}
	if c.server, err = filepath.Abs(c.server); err != nil {
		return err
	}
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return err
	}
	lock, err := os.Open(c.dir)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("a cluster runs in %s already", c.dir)
	}
	if fresh {
		if err := removeAll(c.dir); err != nil {
			return err
		}
	}
	if err := c.checkPorts(); err != nil {
		return err
	}
	c.supervisor = newSupervisor(c.dir)
	defer func() { err = errors.Join(err, c.stop()) }()
	if err := c.start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // stopped by the person who started it
		}
		return err
	}
	c.greet()
	c.watch(ctx)
	return nil
}

func (c *cluster) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	fmt.Printf("In %s: PostgreSQL …\n", c.dir)
	if err := c.startDatabase(ctx); err != nil {
		return err
	}
	fmt.Println("… the nodes …")
	if err := c.startNodes(ctx); err != nil {
		return err
	}
	fmt.Println("… and the proxy.")
	return c.startProxy(ctx)
}

// watch tells what happens and starts what has ended, until ctx ends.
func (c *cluster) watch(ctx context.Context) {
	const interval = time.Second
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	primary := ""
	for {
		select {
		case <-ctx.Done():
			return
		case child := <-c.ended:
			say("%s has ended (%v). It starts again in %v.", child.name, child.cmd.ProcessState, child.rest)
			time.AfterFunc(child.rest, func() { c.rested <- child })
		case child := <-c.rested:
			if err := c.supervisor.start(child); err != nil {
				say("%v", err)
				continue
			}
			say("%s starts again, process %d.", child.name, child.cmd.Process.Pid)
		case <-ticker.C:
			now := c.database.primary(ctx)
			if ctx.Err() != nil {
				return
			}
			if err := c.notePrimary(now); err != nil {
				say("%v", err)
			}
			switch {
			case now == primary:
			case now == "":
				say("PostgreSQL has no primary.")
			default:
				say("PostgreSQL's primary is %s.", now)
			}
			primary = now
		}
	}
}

// notePrimary leaves the numbers of the primary's processes for whoever wants to kill it, and no file if there is none.
func (c *cluster) notePrimary(name string) error {
	if name == "" {
		return ignoreMissing(os.Remove(c.primaryFile()))
	}
	m := c.database.member(name)
	return os.WriteFile(c.primaryFile(), fmt.Appendln(nil, m.patroni.cmd.Process.Pid, m.postmaster()), 0o600)
}

func (c *cluster) primaryFile() string { return filepath.Join(c.dir, "primary.pids") }

// stop ends everything, the clients' side first.
func (c *cluster) stop() error {
	fmt.Println("\nStopping …")
	err := ignoreMissing(os.Remove(c.primaryFile()))
	err = errors.Join(err, c.end("proxy"))
	err = errors.Join(err, c.end("node"))
	if c.database != nil {
		err = errors.Join(err, c.database.stop(&c.supervisor))
	}
	return errors.Join(err, c.end("etcd"))
}

// The ports of the parts, counted from the proxy's.
const (
	nodePorts     = 1
	postgresPorts = 11
	patroniPorts  = 21
	etcdPorts     = 31
)

func (c *cluster) address(offset int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(c.port+offset))
}

// checkPorts says early, and by name, what would fail late.
func (c *cluster) checkPorts() error {
	offsets := []int{0, etcdPorts, etcdPorts + 1}
	for i := range members {
		offsets = append(offsets, nodePorts+i, postgresPorts+i, patroniPorts+i)
	}
	for _, offset := range offsets {
		listener, err := net.Listen("tcp", c.address(offset))
		if err != nil {
			return fmt.Errorf("%w: a part of the cluster listens there; stop what does, or choose another --port", err)
		}
		listener.Close()
	}
	return nil
}

// lookPath is exec.LookPath, also for what Debian keeps out of a user's PATH.
func lookPath(program string) (string, error) {
	path, err := exec.LookPath(program)
	if err == nil {
		return path, nil
	}
	if path, err := exec.LookPath(filepath.Join("/usr/sbin", program)); err == nil {
		return path, nil
	}
	return "", fmt.Errorf("%w: `scripts/test-tools ha` installs it, or says how", err)
}

func say(format string, args ...any) {
	fmt.Println(time.Now().Format(time.TimeOnly), fmt.Sprintf(format, args...))
}

func (c *cluster) greet() {
	fmt.Println(strings.NewReplacer("{proxy}", c.address(0), "{port}", strconv.Itoa(c.port), "{abs}", c.dir, "{dir}", short(c.dir),
		"{node1}", c.address(nodePorts), "{node2}", c.address(nodePorts+1), "{node3}", c.address(nodePorts+2),
		"{server}", short(c.server)).Replace(greeting))
}

// short is a path as one types it here.
func short(path string) string {
	if here, err := os.Getwd(); err == nil {
		if relative, err := filepath.Rel(here, path); err == nil && !strings.HasPrefix(relative, "..") {
			return relative
		}
	}
	return path
}

const greeting = `
Three nodes of Sallyport ({node1}, {node2}, {node3}) on a replicated PostgreSQL, behind a proxy on {proxy}.
The console is at http://localhost:{port}: root@localhost, whose password is in {dir}/secrets/root.
Logs are in {dir}/*.log. In another terminal, paste:

  export AWS_SHARED_CREDENTIALS_FILE="{abs}/node1/credentials" AWS_PROFILE=root AWS_DEFAULT_REGION=us-east-1
  export AWS_ENDPOINT_URL=http://{proxy}
  while date +%T; do aws --endpoint-url http://{proxy} sts get-caller-identity --query Arn --output text; done

While that runs, in a third:

  kill -9 $(cat {dir}/node2.pid)
  SALLYPORT_DATABASE=$(cat {dir}/secrets/database-url) \
    {server} status --data {dir}/node1 --keyset {dir}/keyset.json
  kill -9 $(cat {dir}/primary.pids)

The first kills a node, of which the loop shows nothing. The last kills PostgreSQL's primary: known callers are let in
from memory, changes and codes are answered with 503 until a standby has taken over, some twenty seconds later.
Ctrl-C stops everything; the data stays, and --fresh removes it at the next start.
`
