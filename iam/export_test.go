package iam

import "context"

// CatchUp is one look of [Directory.Follow], for tests that don't want to wait for it.
func (d *Directory) CatchUp(ctx context.Context) error { return d.catchUp(ctx) }

// Remembers tells whether a credential is in memory, without asking for it.
func (d *Directory) Remembers(accessKeyID string) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	_, ok := d.memory.keys.peek(accessKeyID)
	return ok
}
