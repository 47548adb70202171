//go:build linux

package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/store/pgtest"
)

// trial is a cluster under test, as a person at a terminal has it.
type trial struct {
	*testing.T
	program, server, dir string
	port                 int
	cmd                  *exec.Cmd
	lines                chan string // what it prints, after the greeting
}

// start starts it and waits for the greeting.
func (c *trial) start() {
	c.Helper()
	c.cmd = exec.Command(c.program, "-server", c.server, "-dir", c.dir, "-port", strconv.Itoa(c.port))
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		c.Fatal(err)
	}
	c.cmd.Stderr = c.cmd.Stdout
	if err := c.cmd.Start(); err != nil {
		c.Fatal(err)
	}
	cmd := c.cmd
	c.Cleanup(func() { _ = cmd.Process.Kill() }) // the kernel ends what it has started
	greeted, lines := make(chan bool, 1), make(chan string, 1000)
	c.lines = lines
	go func() {
		defer close(lines)
		defer close(greeted)
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			lines <- scanner.Text()
			if strings.HasPrefix(scanner.Text(), "Ctrl-C stops everything") {
				greeted <- true
			}
		}
	}()
	if !<-greeted {
		c.Fatalf("it did not start:\n%s", c.printed())
	}
}

// printed is all it has printed, once it has ended.
func (c *trial) printed() string {
	var all strings.Builder
	for line := range c.lines {
		fmt.Fprintln(&all, line)
	}
	return all.String()
}

// stop is Ctrl-C.
func (c *trial) stop() string {
	c.Helper()
	if err := c.cmd.Process.Signal(os.Interrupt); err != nil {
		c.Fatal(err)
	}
	printed := c.printed()
	if err := c.cmd.Wait(); err != nil {
		c.Errorf("it ended with %v:\n%s", err, printed)
	}
	return printed
}

// aws is one call of the CLI, which is told not to try again.
func (c *trial) aws(args ...string) (string, error) {
	cmd := exec.Command("aws", append([]string{"--endpoint-url", fmt.Sprintf("http://127.0.0.1:%d", c.port), "--output", "text"}, args...)...)
	cmd.Env = append(os.Environ(), "AWS_SHARED_CREDENTIALS_FILE="+filepath.Join(c.dir, "node1", "credentials"), "AWS_PROFILE=root",
		"AWS_DEFAULT_REGION=us-east-1", "AWS_MAX_ATTEMPTS=1", "AWS_CONFIG_FILE=/dev/null")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("aws %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// kill kills the processes that a file names.
func (c *trial) kill(file string) {
	c.Helper()
	const patience = 30 * time.Second
	path := filepath.Join(c.dir, file)
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		text, err := os.ReadFile(path)
		if err == nil {
			for _, pid := range strings.Fields(string(text)) {
				n, _ := strconv.Atoi(pid)
				if err := syscall.Kill(n, syscall.SIGKILL); err != nil {
					c.Fatalf("%s: %v", file, err)
				}
			}
			return
		}
		if time.Now().After(deadline) {
			c.Fatal(err)
		}
	}
}

// left are the processes that work in the cluster's directories.
func (c *trial) left() (names []string) {
	home, err := filepath.EvalSymlinks(filepath.Join(c.dir, "postgres"))
	if err != nil {
		c.Fatal(err)
	}
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, process := range processes {
		works, _ := os.Readlink(filepath.Join(process, "cwd"))
		if strings.HasPrefix(works, c.dir) || strings.HasPrefix(works, home) {
			name, _ := os.ReadFile(filepath.Join(process, "comm"))
			names = append(names, strings.TrimSpace(string(name)))
		}
	}
	return names
}

// TestClusterOutlivesItsParts is the walk of README.md, "More than one machine".
func TestClusterOutlivesItsParts(t *testing.T) {
	pgtest.NeedsCluster(t)
	dir := t.TempDir()
	c := &trial{T: t, program: filepath.Join(dir, "cluster"), server: filepath.Join(dir, "sallyport"), dir: filepath.Join(dir, "data"), port: 17450}
	for program, source := range map[string]string{c.program: ".", c.server: "../../cmd/sallyport"} {
		if out, err := exec.Command("go", "build", "-o", program, source).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	t.Cleanup(func() {
		if home, err := filepath.EvalSymlinks(filepath.Join(c.dir, "postgres")); err == nil && !strings.HasPrefix(home, dir) {
			os.RemoveAll(home)
		}
	})
	c.start()

	c.kill("node2.pid")
	for range 10 {
		if _, err := c.aws("sts", "get-caller-identity"); err != nil {
			t.Errorf("after the loss of a node: %v", err)
		}
	}
	if _, err := c.aws("iam", "create-user", "--user-name", "before"); err != nil {
		t.Error(err)
	}

	c.kill("primary.pids")
	for range 5 {
		if _, err := c.aws("sts", "get-caller-identity"); err != nil {
			t.Errorf("after the loss of the primary: %v", err)
		}
	}
	const patience = 2 * time.Minute
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Second) {
		_, err := c.aws("iam", "create-user", "--user-name", "after")
		if err == nil || strings.Contains(err.Error(), "EntityAlreadyExists") { // a change answered with 503 may have been made
			break
		}
		if !strings.Contains(err.Error(), "ServiceUnavailable") {
			t.Errorf("while there is no primary: %v", err)
		}
		if time.Now().After(deadline) {
			t.Fatalf("no change was taken for %v: %v", patience, err)
		}
	}
	t.Log(c.stop())
	if left := c.left(); len(left) > 0 {
		t.Errorf("after Ctrl-C there still are %v", left)
	}

	c.start()
	users, err := c.aws("iam", "list-users", "--query", "Users[].UserName")
	if err != nil || users != "after\tbefore" {
		t.Errorf("after a stop and a start the users are %q, %v", users, err)
	}
	c.stop()
}
