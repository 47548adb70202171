package iam

import (
	"context"
	"fmt"
	"sync/atomic"
)

// turnstile lets a number of callers in at a time. The others queue, in the order in which they came, and where the
// queue is full they are turned away at once.
type turnstile struct {
	inside  chan struct{}
	waiting atomic.Int64
	queue   int64 // how many may wait
}

func newTurnstile(inside, queue int) *turnstile {
	return &turnstile{inside: make(chan struct{}, inside), queue: int64(queue)}
}

// enter waits for a turn, which ends with leave. Without one it returns ctx's error, or ErrUnavailable if the queue
// is full.
func (t *turnstile) enter(ctx context.Context) error {
	select {
	case t.inside <- struct{}{}:
		return nil
	default:
	}
	defer t.waiting.Add(-1)
	if t.waiting.Add(1) > t.queue {
		return fmt.Errorf("%w: too many unknown access keys are being looked up", ErrUnavailable)
	}
	select {
	case t.inside <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *turnstile) leave() { <-t.inside }
