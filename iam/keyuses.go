package iam

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// KeyUses notes when access keys sign, in memory, and writes that down in batches: a last use never costs its
// request a transaction, changes no decision, and is lost if the process is killed before it is written. It is
// safe for concurrent use.
type KeyUses struct {
	store Store
	full  chan struct{} // tells Run not to wait for its interval

	mu   sync.Mutex
	uses map[string]AccessKeyUse

	flushing sync.Mutex // one Flush at a time
}

// Bounds of [KeyUses]: how many keys it holds before it writes early and before it forgets uses of further keys,
// and how many it writes in one transaction.
const (
	enoughKeyUses   = 1 << 12
	maxKeyUses      = 1 << 16
	keyUsesPerBatch = 500
)

// NewKeyUses makes a buffer of uses in front of store.
func NewKeyUses(store Store) *KeyUses {
	return &KeyUses{store: store, full: make(chan struct{}, 1), uses: make(map[string]AccessKeyUse)}
}

// Add notes that a key has signed a request. It never waits for the store.
func (u *KeyUses) Add(accessKeyID string, use AccessKeyUse) {
	u.mu.Lock()
	u.add(accessKeyID, use)
	enough := len(u.uses) >= enoughKeyUses
	u.mu.Unlock()
	if enough {
		select {
		case u.full <- struct{}{}:
		default:
		}
	}
}

func (u *KeyUses) add(accessKeyID string, use AccessKeyUse) {
	known, ok := u.uses[accessKeyID]
	if ok && known.Time.After(use.Time) || !ok && len(u.uses) >= maxKeyUses {
		return
	}
	u.uses[accessKeyID] = use
}

// Run writes the uses every interval until ctx ends, and once more then.
func (u *KeyUses) Run(ctx context.Context, interval time.Duration, log *slog.Logger) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
		case <-ticker.C:
		case <-u.full:
		}
		last := ctx.Err() != nil
		err := u.Flush(context.WithoutCancel(ctx))
		if err != nil {
			log.Warn("can't write when access keys were last used", "error", err)
		}
		if last {
			return
		}
		if err != nil { // a full buffer must not make this loop spin while the store fails
			select {
			case <-ctx.Done():
			case <-ticker.C:
			}
		}
	}
}

// Flush writes what has been noted. What it can't write stays noted.
func (u *KeyUses) Flush(ctx context.Context) error {
	u.flushing.Lock()
	defer u.flushing.Unlock()
	u.mu.Lock()
	uses := u.uses
	u.uses = make(map[string]AccessKeyUse)
	u.mu.Unlock()

	batch := make(map[string]AccessKeyUse, min(len(uses), keyUsesPerBatch))
	for id, use := range uses {
		batch[id] = use
		if len(batch) < keyUsesPerBatch && len(batch) < len(uses) {
			continue
		}
		err := u.store.Update(ctx, func(tx Tx) error { return tx.RecordAccessKeyUse(ctx, batch) })
		if err != nil {
			u.mu.Lock()
			defer u.mu.Unlock()
			for id, use := range uses {
				u.add(id, use)
			}
			return err
		}
		for id := range batch {
			delete(uses, id)
		}
		clear(batch)
	}
	return nil
}
