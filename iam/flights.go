package iam

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// loadPatience is how long the database may take to answer what a request waits for.
const loadPatience = 10 * time.Second

// flights let those who ask for the same thing at once wait for one load of it. The zero value is ready.
type flights[K comparable, V any] struct {
	mu    sync.Mutex
	going map[K]*flight[V]
}

// flight is one load that is under way.
type flight[V any] struct {
	ctx     context.Context // of the load
	cancel  context.CancelFunc
	waiting int           // for the value; guarded by the mutex of flights
	landed  chan struct{} // closed when value and err are set
	value   V
	err     error
}

// share returns what load returns, or what another's load of the same key returns that is under way; joined tells
// which. The load runs on a context of its own, with a deadline: whoever's ctx ends leaves without disturbing the
// others, and the load ends when the last one has left.
func (f *flights[K, V]) share(ctx context.Context, key K, load func(context.Context) (V, error)) (value V, joined bool, err error) {
	f.mu.Lock()
	this, joined := f.going[key]
	if !joined {
		if f.going == nil {
			f.going = make(map[K]*flight[V])
		}
		this = &flight[V]{landed: make(chan struct{})}
		this.ctx, this.cancel = context.WithTimeout(context.WithoutCancel(ctx), loadPatience)
		f.going[key] = this
		go f.fly(key, this, load)
	}
	this.waiting++
	f.mu.Unlock()

	select {
	case <-this.landed:
		return this.value, joined, this.err
	case <-ctx.Done():
		f.leave(key, this)
		return value, joined, ctx.Err()
	case <-this.ctx.Done():
	}
	select {
	case <-this.landed: // which ends the context too
		return this.value, joined, this.err
	default:
		f.remove(key, this)
		return value, joined, overdue()
	}
}

func overdue() error { return fmt.Errorf("%w: no answer within %v", ErrUnavailable, loadPatience) }

func (f *flights[K, V]) fly(key K, this *flight[V], load func(context.Context) (V, error)) {
	defer func() {
		if r := recover(); r != nil { // as a server does with a handler's: one request fails, not the process
			this.err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
		if errors.Is(this.err, context.DeadlineExceeded) && this.ctx.Err() != nil {
			this.err = overdue()
		}
		f.remove(key, this)
		close(this.landed)
		this.cancel()
	}()
	this.value, this.err = load(this.ctx)
}

func (f *flights[K, V]) leave(key K, this *flight[V]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if this.waiting--; this.waiting == 0 {
		this.cancel()
		f.forget(key, this) // nobody may join a load that is being given up
	}
}

func (f *flights[K, V]) remove(key K, this *flight[V]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forget(key, this)
}

func (f *flights[K, V]) forget(key K, this *flight[V]) {
	if f.going[key] == this {
		delete(f.going, key)
	}
}
