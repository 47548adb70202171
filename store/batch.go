package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"

	"github.com/sallyport-iam/sallyport/iam"
)

// batcher lets functions that want to write at the same time share one transaction and its wait for the disk.
//
// One goroutine owns the connection. It begins a transaction, lets the functions of the queue run one after the
// other, each in a savepoint, and commits when the queue is empty or the batch full; meanwhile the next
// functions gather. A function runs in the goroutine of its caller, which also waits for it there: panics and
// stack traces stay where they belong.
//
// A function that fails is rolled back to its savepoint and the others go on. If that can't be done, because
// the database has given up the whole transaction, the batch runs again on a new one, and then each function
// alone.
type batcher struct {
	begin  func() (*conn, error) // a connection with a transaction begun
	limit  int
	queue  chan *request // as long as a batch; who finds it full waits
	stop   chan struct{} // closed when no more functions are taken
	ended  chan struct{} // closed when the goroutine has returned
	counts struct{ commits, functions, reruns atomic.Int64 }
}

// request is a function on its way through the batcher.
type request struct {
	state atomic.Int32
	turn  chan *tx   // from the batcher: run now
	ran   chan error // to the batcher: what the function returned
	done  chan error // from the batcher: the outcome

	err   error // what the function returned last, or what the database did to it
	final bool  // never run it again: it has ended its goroutine or panicked
}

const (
	queued int32 = iota
	started
	dropped
)

// PanicError is what Update returns for a function that panicked.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("store: panic in a transaction: %v", e.Value) }

func newBatcher(limit int, begin func() (*conn, error)) *batcher {
	b := &batcher{
		begin: begin,
		limit: limit,
		queue: make(chan *request, limit),
		stop:  make(chan struct{}),
		ended: make(chan struct{}),
	}
	go b.run()
	return b
}

// update runs fn in a batch. See [Store.Update].
func (b *batcher) update(ctx context.Context, fn func(*tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r := &request{turn: make(chan *tx), ran: make(chan error), done: make(chan error, 1)}
	select {
	case b.queue <- r:
	case <-ctx.Done():
		return ctx.Err()
	case <-b.stop:
		return ErrClosed
	}
	gone, ended := ctx.Done(), b.ended
	for {
		select {
		case t := <-r.turn:
			r.call(fn, t)
		case err := <-r.done:
			return err
		case <-gone:
			if r.state.CompareAndSwap(queued, dropped) {
				return ctx.Err()
			}
			gone = nil // it has been started: the outcome counts
		case <-ended:
			if r.state.CompareAndSwap(queued, dropped) {
				return ErrClosed
			}
			ended = nil
		}
	}
}

// errGone is the error of a function that ended its goroutine, as t.Fatal does in a test.
var errGone = errors.New("store: the function ended its goroutine")

// call runs fn and reports what became of it, whatever that is.
func (r *request) call(fn func(*tx) error, t *tx) {
	err := errGone
	defer func() {
		if value := recover(); value != nil {
			err = &PanicError{value, debug.Stack()}
		}
		r.ran <- err
	}()
	err = fn(t)
}

// run is the goroutine of the batcher.
func (b *batcher) run() {
	defer close(b.ended)
	for {
		select {
		case r := <-b.queue:
			b.batch(r)
		case <-b.stop:
			for {
				select {
				case r := <-b.queue:
					b.batch(r)
				default:
					return
				}
			}
		}
	}
}

// batch runs first and what else is queued, and answers.
func (b *batcher) batch(first *request) {
	batch := []*request{first}
	err := b.try(&batch, b.limit)
	if again(err) {
		b.counts.reruns.Add(1)
		err = b.try(&batch, len(batch))
	}
	if err != nil && !again(err) {
		for b.take(&batch) { // who has waited meanwhile has waited for the same
		}
	}
	for _, r := range batch {
		failure := err
		if again(err) && len(batch) > 1 {
			b.counts.reruns.Add(1)
			failure = b.try(&[]*request{r}, 1)
		}
		if failure != nil {
			r.lose(failure)
		}
	}
	for _, r := range batch {
		r.done <- r.err
	}
}

// again tells whether another try may help. While the database can't be written each would take its patience.
func again(err error) bool { return err != nil && !errors.Is(err, iam.ErrUnavailable) }

// lose notes that the transaction r was part of is lost. What r refused on its own stays refused.
func (r *request) lose(err error) {
	if keeps(r.err) {
		r.err = err
	}
}

// try runs the batch in one transaction, adding to it from the queue up to limit. An error means that nothing
// of it stays.
func (b *batcher) try(batch *[]*request, limit int) error {
	c, err := b.begin()
	if err != nil {
		return fmt.Errorf("store: begin: %w", err)
	}
	kept := 0
	for i := 0; i < len(*batch) || i < limit && b.take(batch); i++ {
		keep, err := b.runOne(c, (*batch)[i])
		if err != nil {
			c.run("ROLLBACK") // fails if the database has done it already
			c.broken = true
			return fmt.Errorf("store: transaction lost: %w", err)
		}
		if keep {
			kept++
		}
	}
	if _, err := c.run("COMMIT"); err != nil {
		c.run("ROLLBACK")
		c.broken = true
		return fmt.Errorf("store: commit: %w", err)
	}
	if kept > 0 {
		b.counts.commits.Add(1)
		b.counts.functions.Add(int64(kept))
	}
	return nil
}

// take adds a request to the batch if one waits.
func (b *batcher) take(batch *[]*request) bool {
	select {
	case r := <-b.queue:
		*batch = append(*batch, r)
		return true
	default:
		return false
	}
}

// runOne runs one function in a savepoint and tells whether its writes are kept. An error means that the
// transaction is lost.
func (b *batcher) runOne(c *conn, r *request) (keep bool, err error) {
	if r.final || !r.state.CompareAndSwap(queued, started) && r.state.Load() == dropped {
		return false, nil
	}
	if _, err := c.run("SAVEPOINT one_of_batch"); err != nil {
		return false, err
	}
	t := &tx{conn: c, ctx: unbounded}
	r.turn <- t
	r.err = <-r.ran
	var panicked *PanicError
	r.final = r.err == errGone || errors.As(r.err, &panicked)
	if t.failed != nil {
		r.lose(t.failed)
	}
	t.failed = errEnded
	if keep = keeps(r.err); !keep {
		if _, err := c.run("ROLLBACK TO SAVEPOINT one_of_batch"); err != nil {
			return false, err
		}
	}
	_, err = c.run("RELEASE SAVEPOINT one_of_batch")
	return keep, err
}

// close runs what is queued and ends the goroutine. It is called once.
func (b *batcher) close() {
	close(b.stop)
	<-b.ended
}

func (b *batcher) stats() Stats {
	return Stats{Commits: b.counts.commits.Load(), Functions: b.counts.functions.Load(), Reruns: b.counts.reruns.Load()}
}
