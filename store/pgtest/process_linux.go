package pgtest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

func supported() error { return nil }

// serverUser is the user whom servers run as: nil for this one, or postgres if this is root.
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
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// attributes are those of a process that gets a signal when this one dies. It has a process group of its own, so
// that an interrupt at the terminal reaches this process only, which can then stop it in order.
func attributes(onOrphaned syscall.Signal) (*syscall.SysProcAttr, error) {
	credential, err := serverUser()
	return &syscall.SysProcAttr{Credential: credential, Pdeathsig: onOrphaned, Setpgid: true}, err
}

// kill ends a process and all its descendants with SIGKILL, and returns when they are gone. The server's children
// are no process group: each begins a session of its own.
func kill(pid int) error {
	// While it is stopped it starts no further child, and doesn't see that of its children which die first.
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		return ignoreGone(err)
	}
	killed := descendants(pid)
	for _, child := range killed {
		if err := syscall.Kill(child, syscall.SIGKILL); ignoreGone(err) != nil {
			return err
		}
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); ignoreGone(err) != nil {
		return err
	}
	const patience = 10 * time.Second
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		left := 0
		for _, pid := range append(killed, pid) {
			if state, _ := status(pid); state != 0 && state != 'Z' {
				left++
			}
		}
		if left == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d processes are still there %v after SIGKILL", left, patience)
		}
	}
}

// postmaster is the process of the server that runs on a data directory, 0 if none does. A killed one leaves its
// file behind, and its number may be another process's by now: a postmaster works in its data directory.
func postmaster(data string) (pid int) {
	lines, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return 0
	}
	first, _, _ := bytes.Cut(lines, []byte("\n"))
	pid, err = strconv.Atoi(string(first))
	if err != nil {
		return 0
	}
	if works, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); err != nil || works != data {
		return 0
	}
	return pid
}

func ignoreGone(err error) error {
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}

// descendants are the processes below one.
func descendants(pid int) []int {
	children := map[int][]int{}
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, process := range processes {
		if child, err := strconv.Atoi(filepath.Base(process)); err == nil {
			_, parent := status(child)
			children[parent] = append(children[parent], child)
		}
	}
	found := append([]int(nil), children[pid]...)
	for i := 0; i < len(found); i++ {
		found = append(found, children[found[i]]...)
	}
	return found
}

// status is a process's state, such as 'Z' for one that nobody has reaped, and its parent (proc(5), /proc/pid/stat);
// the state is 0 if it is gone.
func status(pid int) (state byte, parent int) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:]) // the name before may contain anything
	if len(fields) < 2 {
		return 0, 0
	}
	parent, _ = strconv.Atoi(string(fields[1]))
	return fields[0][0], parent
}
