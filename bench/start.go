package main

import (
	"fmt"
	"path/filepath"
)

// start measures the time from exec until /readyz answers 200, over the large installation and over one without users.
// Both have been started before, so the files are in the kernel's cache.
func start(b *bench) error {
	empty := filepath.Join(b.dir, "empty")
	var large, small samples
	for round := range b.size.rounds + 1 {
		crowd, _, err := b.serveCrowd()
		if err != nil {
			return err
		}
		if err := crowd.stop(); err != nil {
			return err
		}
		none, err := b.serve(empty)
		if err != nil {
			return err
		}
		if err := none.stop(); err != nil {
			return err
		}
		if round > 0 {
			large, small = append(large, crowd.started.Seconds()), append(small, none.started.Seconds())
		}
		if err := b.ctx.Err(); err != nil {
			return err
		}
	}
	b.table.row(fmt.Sprintf("start to ready with %d users, s (beside it: with none)", b.size.crowd),
		large.String(), small.String(), ratio(large, small), "< 2 s")
	return nil
}
