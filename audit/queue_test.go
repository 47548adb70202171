package audit

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// sink is where a queue under test writes; hold makes its writes wait.
type sink struct {
	mu      sync.Mutex
	batches [][]int
	calls   int
	fail    error
	hold    chan struct{}
	lost    int
	why     error
}

func (s *sink) write(ctx context.Context, batch []int, _ bool) error {
	s.mu.Lock()
	s.calls++
	fail, hold := s.fail, s.hold
	s.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if fail != nil {
		return fail
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batches = append(s.batches, slices.Clone(batch))
	return nil
}

func (s *sink) count(n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost += n
	s.why = err
}

func (s *sink) written() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Concat(s.batches...)
}

// seen returns how many writes were tried and succeeded, and what was reported lost.
func (s *sink) seen() (calls, batches, lost int, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls, len(s.batches), s.lost, s.why
}

func (s *sink) failWith(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

func upTo(n int) (list []int) {
	for i := range n {
		list = append(list, i)
	}
	return list
}

func TestQueueWritesInOrderAndInBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		q := NewQueue(QueueConfig[int]{Write: s.write, Lost: s.count, Batch: 10})
		for i := range 5 {
			q.Add(i)
		}
		synctest.Wait()
		if calls, _, _, _ := s.seen(); calls != 0 {
			t.Error("wrote at once, without waiting for others")
		}
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if _, batches, _, _ := s.seen(); batches != 1 {
			t.Errorf("%d batches after the delay, want 1", batches)
		}
		start := time.Now()
		for i := 5; i < 15; i++ {
			q.Add(i)
		}
		synctest.Wait() // a full batch does not wait
		if _, batches, _, _ := s.seen(); batches != 2 || time.Since(start) != 0 {
			t.Errorf("%d batches after %v, want 2 at once", batches, time.Since(start))
		}
		if err := q.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if !slices.Equal(s.written(), upTo(15)) || q.Lost() != 0 {
			t.Errorf("wrote %v, lost %d", s.written(), q.Lost())
		}
	})
}

// Big records are written in smaller batches, so that no write takes long; one alone is written whatever its size.
func TestQueueBoundsAWriteByBytes(t *testing.T) {
	s := &sink{}
	q := NewQueue(QueueConfig[int]{Write: s.write, Size: func(size int) int { return size }, Delay: time.Hour})
	const half = maxWrite / 2
	for _, size := range []int{half, half, 1, 2 * maxWrite, 2, 3} {
		q.Add(size)
	}
	if err := q.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := [][]int{{half, half}, {1}, {2 * maxWrite}, {2, 3}}
	if !slices.EqualFunc(s.batches, want, slices.Equal) {
		t.Errorf("got %v, want %v", s.batches, want)
	}
}

func TestQueueIsBoundedAndCountsWhatItLoses(t *testing.T) {
	for _, c := range []struct {
		name     string
		config   QueueConfig[int]
		accepted int
	}{
		{"by count", QueueConfig[int]{Capacity: 20}, 20},
		{"by bytes", QueueConfig[int]{MaxBytes: 1000, Size: func(int) int { return 100 }}, 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &sink{hold: make(chan struct{})}
				c.config.Write, c.config.Lost, c.config.Batch = s.write, s.count, 5
				q := NewQueue(c.config)
				for i := range 5 {
					q.Add(i)
				}
				synctest.Wait() // the first batch is being written, and stuck
				accepted := 0
				for i := range 100 {
					if q.Add(5 + i) { // would hang here if Add could block
						accepted++
					}
				}
				if accepted != c.accepted || q.Len() != accepted || q.Lost() != int64(100-accepted) {
					t.Errorf("accepted %d, waiting %d, lost %d; want %d accepted", accepted, q.Len(), q.Lost(), c.accepted)
				}
				close(s.hold)
				if err := q.Close(t.Context()); err != nil {
					t.Error(err)
				}
				if !slices.Equal(s.written(), upTo(5+accepted)) {
					t.Errorf("wrote %v", s.written())
				}
				if _, _, lost, why := s.seen(); lost != 100-accepted || why != nil {
					t.Errorf("reported %d lost, %v", lost, why)
				}
			})
		})
	}
}

func TestQueueTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{fail: errors.New("database is gone")}
		q := NewQueue(QueueConfig[int]{Write: s.write, Lost: s.count})
		q.Add(0)
		time.Sleep(time.Second)
		if calls, _, lost, _ := s.seen(); calls < 2 || lost != 0 {
			t.Errorf("%d attempts, %d lost after a second", calls, lost)
		}
		s.failWith(nil)
		if err := q.Close(t.Context()); err != nil || !slices.Equal(s.written(), upTo(1)) || q.Lost() != 0 {
			t.Errorf("wrote %v, lost %d, %v", s.written(), q.Lost(), err)
		}
	})
}

// A batch that is refused every time is lost and does not stop those behind it.
func TestQueueGivesUpOnABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := errors.New("refused")
		s := &sink{fail: refused}
		q := NewQueue(QueueConfig[int]{Write: s.write, Lost: s.count, Attempts: 3})
		q.Add(0)
		q.Add(1)
		time.Sleep(time.Minute)
		synctest.Wait()
		calls, _, lost, why := s.seen()
		if calls != 3 || lost != 2 || !errors.Is(why, refused) || q.Lost() != 2 {
			t.Errorf("%d attempts, reported %d lost, %v; Lost = %d", calls, lost, why, q.Lost())
		}
		s.failWith(nil)
		q.Add(2)
		if err := q.Close(t.Context()); err != nil || !slices.Equal(s.written(), []int{2}) {
			t.Errorf("wrote %v, %v", s.written(), err)
		}
	})
}

func TestCloseGivesUpWhenItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{hold: make(chan struct{})}
		q := NewQueue(QueueConfig[int]{Write: s.write, Lost: s.count, Batch: 4})
		for i := range 10 {
			q.Add(i)
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := q.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close = %v", err)
		}
		synctest.Wait()
		if _, _, lost, _ := s.seen(); q.Lost() != 10 || lost != 10 || len(s.written()) != 0 {
			t.Errorf("lost %d, reported %d, wrote %v", q.Lost(), lost, s.written())
		}
		if q.Add(11) || q.Lost() != 11 {
			t.Error("a closed queue took a record or did not count it as lost")
		}
		if err := q.Close(t.Context()); err != nil {
			t.Errorf("the second Close = %v", err)
		}
	})
}

func TestQueueFromManyGoroutines(t *testing.T) {
	s := &sink{}
	q := NewQueue(QueueConfig[int]{Write: s.write, Lost: s.count, Capacity: 500, Batch: 50})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 1000 {
				q.Add(i)
			}
		})
	}
	all.Wait()
	if err := q.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if got := len(s.written()) + int(q.Lost()); got != 8000 {
		t.Errorf("%d written and lost, want 8000: each is one or the other", got)
	}
	if _, _, lost, _ := s.seen(); lost != int(q.Lost()) {
		t.Errorf("reported %d lost of %d", lost, q.Lost())
	}
}

func BenchmarkQueueAdd(b *testing.B) {
	q := NewQueue(QueueConfig[int]{Write: func(context.Context, []int, bool) error { return nil }})
	b.ReportAllocs()
	for b.Loop() {
		q.Add(1)
	}
	q.Close(b.Context())
}
