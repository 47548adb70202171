package store

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"

	"github.com/sallyport-iam/sallyport/iam"
)

// pool is a bounded number of connections, each opened when it is first needed. Who finds all of them in use waits.
type pool struct {
	open    func(context.Context) (*conn, error)
	discard func(*conn) error
	free    chan *conn      // a token each; nil is a connection not opened yet
	stop    <-chan struct{} // closed when nobody is to begin any more
	waiting atomic.Int64
	longest int64 // of the queue; beyond it nobody waits
}

func newPool(size int, longest int64, stop <-chan struct{}, db *sql.DB) *pool {
	p := &pool{
		open:    func(ctx context.Context) (*conn, error) { return newConn(ctx, db) },
		discard: (*conn).close,
		free:    make(chan *conn, size),
		stop:    stop,
		longest: longest,
	}
	for range size {
		p.free <- nil
	}
	return p
}

var errCrowded = errors.New("too many wait for a connection")

// take returns a connection that is the caller's alone until it is put back. down, which may be nil, is closed when
// waiting has become useless.
func (p *pool) take(ctx context.Context, down <-chan struct{}) (c *conn, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case c = <-p.free:
	default:
		if p.waiting.Add(1) > p.longest {
			p.waiting.Add(-1)
			return nil, unavailable(errCrowded)
		}
		defer p.waiting.Add(-1)
		select {
		case c = <-p.free:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-down:
			return nil, unavailable(errDown)
		case <-p.stop:
			return nil, ErrClosed
		}
	}
	select {
	case <-p.stop:
		p.free <- c
		return nil, ErrClosed
	default:
	}
	if c == nil {
		if c, err = p.open(ctx); err != nil {
			p.free <- nil
			return nil, err
		}
	}
	return c, nil
}

func (p *pool) put(c *conn) {
	if c.broken {
		p.discard(c)
		c = nil
	}
	p.free <- c
}

// fill adds what is known of the pool now.
func (p *pool) fill(s Stats) Stats {
	s.Connections, s.InUse, s.Waiting = cap(p.free), cap(p.free)-len(p.free), int(max(p.waiting.Load(), 0))
	return s
}

// drain waits for those who have a connection and closes all. stop has been closed.
func (p *pool) drain() error {
	var errs []error
	for range cap(p.free) {
		if c := <-p.free; c != nil {
			errs = append(errs, p.discard(c))
		}
	}
	for range cap(p.free) {
		p.free <- nil // for those who come too late and are told so
	}
	return errors.Join(errs...)
}

// unavailableError is an error that means that the database can't be asked, or that it can't be known what it did.
type unavailableError struct{ error }

func (e unavailableError) Unwrap() []error { return []error{e.error, iam.ErrUnavailable} }

func unavailable(err error) error { return unavailableError{err} }

var errDown = errors.New("the database does not answer")
