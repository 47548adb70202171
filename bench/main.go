// Command bench measures Sallyport and prints one table, the one of the README:
//
//	go run ./bench                  everything, a quarter of an hour
//	go run ./bench -short           all of it once, small: a smoke test, its numbers mean nothing
//	go run ./bench -only signin     one measurement, or several parted by commas
//	go run ./bench -dir DIR         on the disk of DIR; the installation with a million users is kept there for the next run
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
// Each measurement is a file of its name: requests.go, decision.go and so on; that of rivals calls a module of its own,
// rivals/. Nothing is asserted about time; a request that is refused fails the run.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

var measurements = []struct {
	name string
	run  func(*bench) error
}{
	{"requests", requests},
	{"decision", decision},
	{"rivals", rivals},
	{"signin", signin},
	{"postgres", postgres},
	{"storm", storm},
	{"memory", memory},
	{"spread", spread},
	{"list", list},
	{"start", start},
}

// bench is what measurements share.
type bench struct {
	ctx    context.Context
	dir    string // everything made here is in it, and removed with it
	keep   string // where the crowd is kept between runs, "" for nowhere
	server string // the server's binary
	size   size
	table  table
	seeded *installation // made by seed at its first use
	crowd  *installation // made by serveCrowd at its first use
}

// size says how much is measured.
type size struct {
	users  int // in the database; half of them have an MFA device
	rounds int
	round  time.Duration // at most

	crowd int // users of the large installation
	keyed int // of whom so many have access keys
	page  int // users on a page of a list
}

func main() {
	reference := flag.String("reference", "", "used by bench itself: `ADDRESS` at which to serve the bytes of standard input")
	short := flag.Bool("short", false, "small and quick; the numbers mean nothing")
	only := flag.String("only", strings.Join(names(), ","), "what to measure, parted by commas")
	dir := flag.String("dir", "", "directory on the disk to measure with, where the large installation is kept (default that of temporary files, and nothing is kept)")
	flag.Parse()
	if *reference != "" {
		exit(serveReference(*reference))
	}
	b := &bench{keep: *dir, size: size{
		users: 100_000, rounds: 7, round: 3 * time.Second, crowd: 1_000_000, keyed: 100_000, page: 1000,
	}}
	if *short {
		b.size = size{users: 400, rounds: 2, round: time.Second / 5, crowd: 2000, keyed: 200, page: 100}
	}
	exit(b.run(*dir, strings.Split(*only, ",")))
}

func names() (all []string) {
	for _, m := range measurements {
		all = append(all, m.name)
	}
	return all
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func (b *bench) run(dir string, only []string) (err error) {
	for _, name := range only {
		if !slices.Contains(names(), name) {
			return fmt.Errorf("there is no measurement %q; there are %v", name, names())
		}
	}
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
	for _, m := range measurements {
		if !slices.Contains(only, m.name) {
			continue
		}
		fmt.Fprintln(os.Stderr, "bench: measuring", m.name)
		if err := m.run(b); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
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
