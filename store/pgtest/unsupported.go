//go:build !linux

package pgtest

import (
	"fmt"
	"runtime"
	"syscall"
)

// supported says no: what ends a server with its test, and a crash with all of a server's processes, is Linux's.
func supported() error {
	return fmt.Errorf("servers for tests run on Linux only, and this is %s. %w", runtime.GOOS, ErrMissing)
}

type directory struct{ path string }

func makeDirectory(string) (*directory, error)                { return nil, supported() }
func (d *directory) write(string, string) (string, error)     { return "", supported() }
func (d *directory) sub(string) (string, error)               { return "", supported() }
func (d *directory) remove() error                            { return nil }
func attributes(syscall.Signal) (*syscall.SysProcAttr, error) { return nil, supported() }
func kill(int) error                                          { return supported() }
func postmaster(string) int                                   { return 0 }
