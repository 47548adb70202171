//go:build unix

package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"syscall"
)

// lock holds the data directory for this server until its process ends, however it ends (flock(2)). Local commands
// don't ask for it. A file system that knows no locks is used without.
func (i *installation) lock() (io.Closer, error) {
	if err := os.MkdirAll(i.data, 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(i.lockPath(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		holder, _ := io.ReadAll(io.LimitReader(f, 20))
		return nil, errors.Join(fmt.Errorf("another server, process %s, runs with the data directory %s: stop it first, "+
			"or give this one a directory of its own with --data", strings.TrimSpace(string(holder)), i.data), f.Close())
	}
	if err != nil {
		slog.Warn("the data directory can't be locked: see to it that no two servers use it", "directory", i.data, "error", err)
		return f, nil
	}
	if f.Truncate(0) == nil { // for the sentence above; a full disk is no reason not to start
		fmt.Fprintln(f, os.Getpid())
	}
	return f, nil
}

// fileNumber tells a directory from its copies on the same file system.
func fileNumber(path string) (uint64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(stat.Ino), nil
	}
	return 0, nil
}
