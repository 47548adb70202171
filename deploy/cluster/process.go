//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// supervisor runs the parts. Its methods are for the first goroutine, which is bound to the first thread.
type supervisor struct {
	dir      string
	children []*child
	ended    chan *child // those that nobody has stopped
	rested   chan *child // those of them that are to start again
}

// child is one part: a program that is started again when it ends.
type child struct {
	name       string
	program    string
	args       []string
	env        []string            // beside PATH, and nothing of this process's
	home       string              // also where it works
	credential *syscall.Credential // whom it runs as, nil for this user
	rest       time.Duration       // between its end and its next start

	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

func newSupervisor(dir string) supervisor {
	return supervisor{dir: dir, ended: make(chan *child, 100), rested: make(chan *child, 100)}
}

func (s *supervisor) log(c *child) string { return filepath.Join(s.dir, c.name+".log") }

// start starts a part, which gets SIGTERM when this process dies, however it dies. It has a process group of its own,
// so that a Ctrl-C reaches this process only, which stops the parts in their order.
func (s *supervisor) start(c *child) error {
	log, err := os.OpenFile(s.log(c), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(c.program, c.args...)
	cmd.Dir = c.home
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + c.home, "LC_ALL=C", "TZ=UTC"}, c.env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.credential, Pdeathsig: syscall.SIGTERM, Setpgid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", c.name, err)
	}
	if c.cmd == nil {
		s.children = append(s.children, c)
	}
	c.cmd = cmd
	done := make(chan struct{})
	c.done = done
	go func() {
		_ = cmd.Wait() // how it ended is in ProcessState
		close(done)
		s.ended <- c
	}()
	return os.WriteFile(filepath.Join(s.dir, c.name+".pid"), fmt.Appendln(nil, cmd.Process.Pid), 0o600)
}

// end stops the parts whose names begin so, all at once, and returns when they have ended.
func (s *supervisor) end(prefix string) (err error) {
	var ending []*child
	for _, c := range s.children {
		if strings.HasPrefix(c.name, prefix) {
			_ = c.cmd.Process.Signal(syscall.SIGTERM) // which fails if it has ended
			ending = append(ending, c)
		}
	}
	const patience = 45 * time.Second // the nodes' own limits, one after the other
	timeout := time.After(patience)
	for _, c := range ending {
		select {
		case <-c.done:
		case <-timeout:
			timeout = time.After(0) // for those that follow
			_ = c.cmd.Process.Kill()
			<-c.done
			err = errors.Join(err, fmt.Errorf("%s did not stop within %v and was killed", c.name, patience))
		}
		err = errors.Join(err, ignoreMissing(os.Remove(filepath.Join(s.dir, c.name+".pid"))))
	}
	return err
}

// waitFor asks again and again until the answer is nil. It gives up when the part has ended.
func (s *supervisor) waitFor(ctx context.Context, c *child, ask func(context.Context) error) error {
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-c.done:
			return fmt.Errorf("%s has ended (%v); the end of %s:\n%s", c.name, c.cmd.ProcessState, s.log(c), tail(s.log(c)))
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready (%w): see %s; --fresh begins anew", c.name, err, s.log(c))
		}
	}
}

// answers is a question for waitFor: whether a page is there.
func answers(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		request.Close = true
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", url, response.Status)
		}
		return nil
	}
}

func tail(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
