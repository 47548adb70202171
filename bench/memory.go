package main

import (
	"fmt"
	"net/url"
	"path/filepath"
	"time"
)

// memory reads the server's resident memory: of a new installation, of one with many users, and of that one
// after each of them has called, which fills the directory to its bound.
func memory(b *bench) error {
	fresh, err := b.serve(filepath.Join(b.dir, "fresh"))
	if err != nil {
		return err
	}
	time.Sleep(time.Second) // what starts with the server has run
	b.memoryRow("resident memory idle, MiB", fresh, "< 60")
	if err := fresh.stop(); err != nil {
		return err
	}
	full, at, err := b.serveCopy("full")
	if err != nil {
		return err
	}
	defer full.stop()
	time.Sleep(time.Second)
	b.memoryRow(fmt.Sprintf("… with %d users in the database", len(at.users)), full, "")
	calls := make([][]byte, len(at.users))
	for i := range at.users {
		if calls[i], err = at.users[i].sign(full.address, "sts", url.Values{"Action": {"GetCallerIdentity"}}); err != nil {
			return err
		}
	}
	if _, err := load(full.address, connections, 5*time.Minute, once(calls)); err != nil {
		return fmt.Errorf("%w\n%s", err, full.logTail())
	}
	b.memoryRow("… after each of them has called", full, "")
	return nil
}

func (b *bench) memoryRow(what string, p *process, aim string) {
	b.table.row(what, fmt.Sprintf("%.0f", p.resident()), "", "", aim)
}
