package iam

import (
	"context"
	"log/slog"
	"time"
)

// lookPatience is how long a look at the change table may take.
const lookPatience = 2 * time.Second

// Follow applies the changes committed by other processes, until ctx ends: every interval, and when something comes
// from wake, which may be nil. Notices that come close together are one; a lost one costs at most the interval. So a
// cached decision is never older than the interval and the time of one small query, while the database answers.
func (d *Directory) Follow(ctx context.Context, interval time.Duration, wake <-chan struct{}, log *slog.Logger) {
	began := d.Now()
	d.looked.CompareAndSwap(nil, &began) // the first look may fail for longer than Grace
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	away := false
	for {
		err := d.catchUp(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !away:
			log.Warn("can't read the change table; changes made elsewhere are not seen", "error", err, "grace", d.Grace)
		case err == nil && away:
			log.Info("the change table is read again")
		}
		away = err != nil
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case _, open := <-wake:
			if !open {
				wake = nil
			}
			for len(wake) > 0 {
				<-wake
			}
		}
	}
}

// age is how long ago the last look at the change table began; 0 if the directory doesn't follow it.
func (d *Directory) age() time.Duration {
	looked := d.looked.Load()
	if looked == nil {
		return 0
	}
	return d.Now().Sub(*looked)
}

const changesPerLook = 1000

// catchUp applies all changes there are. Only then the directory is as young as the look that found no more.
func (d *Directory) catchUp(ctx context.Context) error {
	for {
		began := d.Now()
		more, err := d.look(ctx)
		if err != nil {
			return err
		}
		if !more {
			d.looked.Store(&began)
			return nil
		}
	}
}

// look reads changes and applies them. It reads the one applied last again: if that isn't there as it was, the numbers
// don't go on from what is known here. Changes that were not seen have been pruned, or the database has lost some in a
// fail-over or is an older copy. Then everything is forgotten.
func (d *Directory) look(ctx context.Context) (more bool, err error) {
	d.mu.RLock()
	last, following := d.last, d.following
	d.mu.RUnlock()
	var changes []Change
	var newest Change // where to go on from, after forgetting
	ctx, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	err = d.store.View(ctx, func(tx Tx) (err error) {
		if following {
			if changes, err = tx.ChangesAfter(ctx, max(last.Sequence-1, 0), changesPerLook); err != nil {
				return err
			}
			if continues(changes, last) {
				return nil
			}
		}
		newest, err = newestChange(ctx, tx)
		return err
	})
	if err != nil {
		return false, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !following || !continues(changes, last) {
		d.following, d.last = true, newest
		d.generation++
		d.memory.clear()
		clear(d.seen)
		return false, nil
	}
	for _, c := range changes {
		if c.Sequence <= last.Sequence {
			continue
		}
		d.generation++
		d.memory.forget(c.ID)
		d.seen[c.Account] = c.Version
		d.last = c
	}
	return len(changes) == changesPerLook, nil
}

// continues tells whether changes, read from the last one applied on, begin with it. Before the first change of all
// there is none to begin with.
func continues(changes []Change, last Change) bool {
	if last.Sequence == 0 {
		return len(changes) == 0 || changes[0].Sequence == 1
	}
	return len(changes) > 0 && changes[0] == last
}

func newestChange(ctx context.Context, tx Tx) (Change, error) {
	sequence, err := tx.LastChange(ctx)
	if err != nil || sequence == 0 {
		return Change{}, err
	}
	changes, err := tx.ChangesAfter(ctx, sequence-1, 1)
	if err != nil || len(changes) == 0 {
		return Change{Sequence: sequence}, err
	}
	return changes[0], nil
}
