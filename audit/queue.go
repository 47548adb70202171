package audit

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// QueueConfig says how a [Queue] works; only Write is required.
type QueueConfig[T any] struct {
	// Write stores a batch, all or none. Its context ends when Close gives up. again tells that it has failed for this
	// batch before, and may have stored it all the same.
	Write func(ctx context.Context, batch []T, again bool) error

	// Lost is called, by the queue's own goroutine, after records were lost: how
	// many since the last call, and the error of the last failed write if that is
	// why (nil: the queue was full). Log it and count it.
	Lost func(n int, err error)

	// Size returns the bytes a record occupies; nil counts every record as 0 bytes.
	Size func(T) int

	Capacity int           // records that wait at most; 0 is 8192
	MaxBytes int           // bytes that wait at most, by Size; 0 is 32 MiB
	Batch    int           // records in one write at most; 0 is 1024
	Delay    time.Duration // how long a record waits for others; 0 is 100 ms
	Attempts int           // writes of one batch before it is lost; 0 is 8
	Backoff  time.Duration // before the second attempt, doubled for each later one up to 5 s; 0 is 100 ms
}

// Queue holds records that may be lost, those of reads, until they are written. It
// is bounded by count and by bytes, and never makes a caller wait: when it is full
// the new record is lost, and that is counted.
type Queue[T any] struct {
	config QueueConfig[T]

	mu     sync.Mutex
	items  []T
	bytes  int
	lost   int // since the last report
	total  int64
	closed bool

	wake   chan struct{} // there is something to write or report
	full   chan struct{} // a batch is full: no need to wait for others
	closes chan struct{} // Close was called
	done   chan struct{} // the goroutine has ended
	ctx    context.Context
	cancel context.CancelFunc
}

// NewQueue starts a queue; [Queue.Close] ends it.
func NewQueue[T any](config QueueConfig[T]) *Queue[T] {
	if config.Capacity <= 0 {
		config.Capacity = 8192
	}
	if config.MaxBytes <= 0 {
		config.MaxBytes = 32 << 20
	}
	if config.Batch <= 0 {
		config.Batch = 1024
	}
	if config.Attempts <= 0 {
		config.Attempts = 8
	}
	config.Delay = or(config.Delay, 100*time.Millisecond)
	config.Backoff = or(config.Backoff, 100*time.Millisecond)
	q := &Queue[T]{
		config: config,
		wake:   make(chan struct{}, 1),
		full:   make(chan struct{}, 1),
		closes: make(chan struct{}),
		done:   make(chan struct{}),
	}
	q.ctx, q.cancel = context.WithCancel(context.Background())
	go q.run()
	return q
}

// Add puts a record in the queue and tells whether there was room. It never blocks.
func (q *Queue[T]) Add(record T) bool {
	size := q.size(record)
	q.mu.Lock()
	ok := !q.closed && len(q.items) < q.config.Capacity && q.bytes+size <= q.config.MaxBytes
	if ok {
		q.items = append(q.items, record)
		q.bytes += size
	} else {
		q.lost++
		q.total++
	}
	waiting := len(q.items)
	q.mu.Unlock()

	notify(q.wake)
	if waiting >= q.config.Batch {
		notify(q.full)
	}
	return ok
}

// Lost returns how many records were lost since the queue was made.
func (q *Queue[T]) Lost() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.total
}

// Len returns how many records wait.
func (q *Queue[T]) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items)
}

// Close takes no more records, writes those that wait, and returns when all are
// written or lost. When ctx ends first, what is left is lost and the error says how
// much. It may be called more than once.
func (q *Queue[T]) Close(ctx context.Context) error {
	q.mu.Lock()
	if !q.closed {
		q.closed = true
		close(q.closes)
	}
	q.mu.Unlock()
	select {
	case <-q.done:
		return nil
	case <-ctx.Done():
	}
	q.cancel()
	return fmt.Errorf("%w: %d waiting records and the batch being written are lost: %w", errClosed, q.drop(), ctx.Err())
}

// run writes batches until the queue is closed and empty, or given up.
func (q *Queue[T]) run() {
	defer close(q.done)
	defer q.cancel()
	for {
		select {
		case <-q.wake:
		case <-q.closes:
		}
		q.linger()
		for q.ctx.Err() == nil {
			records := q.take()
			if len(records) == 0 {
				break
			}
			err := q.write(records)
			if err != nil {
				q.count(len(records))
			}
			q.report(err)
		}
		q.report(nil)
		if q.isClosed() && (q.Len() == 0 || q.ctx.Err() != nil) {
			q.drop()
			q.report(errClosed)
			return
		}
	}
}

var errClosed = errors.New("audit: the queue was closed before it was empty")

// linger waits a moment, so that records which come together are written together.
func (q *Queue[T]) linger() {
	if q.Len() >= q.config.Batch {
		return
	}
	timer := time.NewTimer(q.config.Delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-q.full:
	case <-q.closes:
	}
}

// maxWrite bounds one write by bytes too: records have a kilobyte as a rule and a hundred times that at worst.
const maxWrite = 1 << 20

// take removes the next batch from the queue.
func (q *Queue[T]) take() []T {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, bytes := 0, 0
	for n < min(len(q.items), q.config.Batch) && (n == 0 || bytes+q.size(q.items[n]) <= maxWrite) {
		bytes += q.size(q.items[n])
		n++
	}
	if n == 0 {
		return nil
	}
	records := q.items[:n:n]
	q.items = q.items[n:]
	if len(q.items) == 0 {
		q.items = nil // let go of the array
	}
	q.bytes -= bytes
	return records
}

// write tries a batch until it is stored, attempts run out, or Close gives up.
func (q *Queue[T]) write(records []T) error {
	wait := q.config.Backoff
	for attempt := 1; ; attempt++ {
		err := q.config.Write(q.ctx, records, attempt > 1)
		if err == nil {
			return nil
		}
		if attempt >= q.config.Attempts || q.ctx.Err() != nil {
			return err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-q.ctx.Done():
			timer.Stop()
			return err
		}
		wait = min(2*wait, 5*time.Second)
	}
}

// drop loses what waits and returns how much that was.
func (q *Queue[T]) drop() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := len(q.items)
	q.items, q.bytes = nil, 0
	q.lost += n
	q.total += int64(n)
	return n
}

func (q *Queue[T]) count(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.lost += n
	q.total += int64(n)
}

// report tells the owner of new losses.
func (q *Queue[T]) report(err error) {
	q.mu.Lock()
	n := q.lost
	q.lost = 0
	q.mu.Unlock()
	if n > 0 && q.config.Lost != nil {
		q.config.Lost(n, err)
	}
}

func (q *Queue[T]) isClosed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}

func (q *Queue[T]) size(record T) int {
	if q.config.Size == nil {
		return 0
	}
	return q.config.Size(record)
}

// notify sends without waiting; one pending signal is enough.
func notify(signal chan struct{}) {
	select {
	case signal <- struct{}{}:
	default:
	}
}
