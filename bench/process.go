package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a server that runs beside this program.
type process struct {
	cmd     *exec.Cmd
	address string
	log     string        // path of what it printed
	started time.Duration // from exec until it was ready
}

// serve starts Sallyport over an installation's directory.
func (b *bench) serve(data string, flags ...string) (*process, error) {
	return b.start(nil, func(address string) *exec.Cmd {
		return exec.Command(b.server, append([]string{"serve", "--data", data, "--listen", address}, flags...)...)
	})
}

// serveBeside starts the bare handler that Sallyport is compared with.
func (b *bench) serveBeside(answer []byte) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return b.start(bytes.NewReader(answer), func(address string) *exec.Cmd {
		return exec.Command(self, "-reference", address)
	})
}

// start runs a server on a free port and waits until it answers.
func (b *bench) start(stdin io.Reader, command func(address string) *exec.Cmd) (*process, error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &process{address: free.Addr().String()}
	free.Close()
	log, err := os.CreateTemp(b.dir, "log-")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p.log = log.Name()
	p.cmd = command(p.address)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = stdin, log, log
	start := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	for deadline := start.Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		response, err := http.Get("http://" + p.address + "/readyz")
		if err != nil {
			continue
		}
		response.Body.Close()
		if response.StatusCode == http.StatusOK {
			p.started = time.Since(start)
			return p, nil
		}
	}
	p.stop()
	return nil, fmt.Errorf("%s did not become ready:\n%s", filepath.Base(p.cmd.Path), p.logTail())
}

// stop ends the server and waits for it.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	var status *exec.ExitError
	if err := p.cmd.Wait(); err != nil && !errors.As(err, &status) {
		return err
	}
	return nil
}

func (p *process) logTail() string {
	text, _ := os.ReadFile(p.log)
	return string(text[max(0, len(text)-2000):])
}

// cpuTime is the CPU time that the process has used so far; 0 where there is no /proc.
func (p *process) cpuTime() time.Duration {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	// The second field is the program's name in parentheses, which may hold blanks: count from behind it.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	const utime, stime = 11, 12 // proc_pid_stat(5), fields 14 and 15
	if len(fields) <= stime {
		return 0
	}
	user, _ := strconv.ParseInt(fields[utime], 10, 64)
	system, _ := strconv.ParseInt(fields[stime], 10, 64)
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every architecture that Go supports
	return time.Duration(user+system) * tick
}

// resident is the process's resident memory in MiB; 0 where there is no /proc.
func (p *process) resident() float64 {
	var kib float64
	fmt.Sscan(field(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid), "VmRSS"), &kib)
	return kib / 1024
}

// metric reads one of the server's counters.
func (p *process) metric(name string) (float64, error) {
	response, err := http.Get("http://" + p.address + "/metrics")
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, fmt.Errorf("the server has no metric %s", name)
}
