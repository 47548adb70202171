// Command bench measures Sallyport and prints one table, the one of the README:
//
//	go run ./bench                  everything, a few minutes
//	go run ./bench -short           all of it once, small: a smoke test, its numbers mean nothing
//	go run ./bench -only signin     one measurement: requests, decision, signin, storm or memory
//
// It builds the server and runs it as users do, a process of its own with default settings and the audit log on,
// over an installation with many users that it makes beforehand (seed.go). What a number is compared with runs
// beside it in the same minutes: load goes to the one and the other in turn, round by round (rounds.go), so that
// whatever else the machine does meets both. A figure is the median of its rounds, with the lowest and highest.
//
// The load generator (load.go) shares the machine with the server. It sends requests that were signed before
// the clock started, over keep-alive connections on loopback, and does little more than copy bytes; still it
// takes its part of the cores, and the same part from both sides. Beside requests per second the table therefore
// shows CPU time per request of the server process alone, background work included.
//
// Read a measurement in its file: requests.go, decision.go, signin.go, storm.go, memory.go. Nothing is asserted about
// time; a request that is refused fails the run.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

var measurements = []struct {
	name string
	run  func(*bench) error
}{
	{"requests", requests},
	{"decision", decision},
	{"signin", signin},
	{"storm", storm},
	{"memory", memory},
}

// bench is what measurements share.
type bench struct {
	ctx    context.Context
	dir    string // everything made here is in it
	server string // the server's binary
	size   size
	table  table
	seeded *installation // made by seed at its first use
}

// size says how much is measured.
type size struct {
	users  int // in the database; half of them have an MFA device
	rounds int
	round  time.Duration // at most
}

func main() {
	reference := flag.String("reference", "", "used by bench itself: `ADDRESS` at which to serve the bytes of standard input")
	short := flag.Bool("short", false, "small and quick; the numbers mean nothing")
	only := flag.String("only", "", "run one measurement: requests, decision, signin, storm or memory")
	dir := flag.String("dir", "", "directory on the disk to measure with (default that of temporary files)")
	flag.Parse()
	if *reference != "" {
		exit(serveReference(*reference))
	}
	b := &bench{size: size{users: 100_000, rounds: 7, round: 3 * time.Second}}
	if *short {
		b.size = size{users: 400, rounds: 2, round: time.Second / 5}
	}
	exit(b.run(*dir, *only))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func (b *bench) run(dir, only string) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	b.ctx = ctx
	if b.dir, err = os.MkdirTemp(dir, "sallyport-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if err := b.build(); err != nil {
		return err
	}
	known := false
	for _, m := range measurements {
		if only != "" && only != m.name {
			continue
		}
		known = true
		fmt.Fprintln(os.Stderr, "bench: measuring", m.name)
		if err := m.run(b); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	if !known {
		return fmt.Errorf("there is no measurement %q", only)
	}
	fmt.Printf("%s\n\n%s", machine(b.dir), &b.table)
	return nil
}

// build makes the server's binary from the sources at hand.
func (b *bench) build() error {
	b.server = filepath.Join(b.dir, "sallyport")
	cmd := exec.CommandContext(b.ctx, "go", "build", "-o", b.server, "github.com/sallyport-iam/sallyport/cmd/sallyport")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("the server can't be built: %w", err)
	}
	return nil
}
