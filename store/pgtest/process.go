package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// process is a running child of this one, with its output in a file.
type process struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{} // closed when it has ended and was reaped
}

// launcher starts processes on one thread that lives as long as this process: the signal which the kernel sends
// for the death of a parent is sent for that of the thread (prctl(2), PR_SET_PDEATHSIG).
var launcher = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for do := range work {
			do()
		}
	}()
	return work
})

// spawn starts a program in a directory of makeDirectory, which is also its home, as the user that owns it. It
// gets the signal when this process dies, and no variable of this process's environment but PATH: libpq and
// Patroni take settings from there.
func spawn(dir, log string, onOrphaned syscall.Signal, program string, args ...string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C", "TZ=UTC"}
	cmd.Stdout, cmd.Stderr = out, out
	if cmd.SysProcAttr, err = attributes(onOrphaned); err != nil {
		return nil, err
	}
	started := make(chan error)
	launcher() <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", filepath.Base(program), err)
	}
	p := &process{cmd: cmd, log: log, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		_ = cmd.Wait() // how it ended is in ProcessState
	}()
	return p, nil
}

// run runs a program to its end. The error holds the end of its output.
func run(ctx context.Context, dir, log, program string, args ...string) error {
	p, err := spawn(dir, log, syscall.SIGKILL, program, args...)
	if err != nil {
		return err
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		return errors.Join(ctx.Err(), kill(p.cmd.Process.Pid))
	}
	if !p.cmd.ProcessState.Success() {
		return p.failure()
	}
	return nil
}

// failure tells how a process ended that should not have.
func (p *process) failure() error {
	return fmt.Errorf("%s: %v; the end of its log:\n%s", filepath.Base(p.cmd.Path), p.cmd.ProcessState, tail(p.log))
}

func (p *process) running() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// stop sends a signal and waits for the end; one that takes longer than the patience is killed, which is an error.
func (p *process) stop(signal syscall.Signal, patience time.Duration) error {
	if !p.running() {
		return nil
	}
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(patience):
		return errors.Join(fmt.Errorf("%s did not stop within %v and was killed", filepath.Base(p.cmd.Path), patience), p.kill())
	}
}

// kill ends a process and its descendants with SIGKILL.
func (p *process) kill() error {
	if !p.running() {
		return nil
	}
	err := kill(p.cmd.Process.Pid)
	<-p.done
	return err
}

// tail is the end of a file, for an error message.
func tail(path string) string {
	const most = 4 << 10
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-most):])
}

// poll asks again and again until the answer is nil, the context ends, or the process that is asked has ended. The
// error of the context comes with the last answer.
func poll(ctx context.Context, interval time.Duration, asked *process, ask func(context.Context) error) error {
	asking, cancel := context.WithCancel(ctx)
	defer cancel()
	if asked != nil { // no answer of another process is waited for
		go func() {
			defer cancel()
			select {
			case <-asked.done:
			case <-asking.Done():
			}
		}()
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		err := ask(asking)
		if err == nil {
			return nil
		}
		select {
		case <-ticker.C:
		case <-asking.Done():
			if ctx.Err() != nil {
				return fmt.Errorf("%w; last: %w", ctx.Err(), err)
			}
			return asked.failure()
		}
	}
}
