package iam_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
)

// history is a store of users with a change table, which can be away, slow, or lose changes.
type history struct {
	*population
	mu      sync.Mutex
	changes []iam.Change
	pruned  int // of the oldest
	looks   int
	away    error
	hang    bool // View waits for its context to end
}

func newHistory() *history { return &history{population: users()} }

func (h *history) View(ctx context.Context, fn func(iam.Tx) error) error {
	h.mu.Lock()
	away, hang := h.away, h.hang
	h.mu.Unlock()
	if hang {
		<-ctx.Done()
		return fmt.Errorf("%w: %w", iam.ErrUnavailable, ctx.Err())
	}
	if away != nil {
		return away
	}
	return fn(h)
}

func (h *history) LastChange(context.Context) (int64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return int64(len(h.changes)), nil
}

func (h *history) ChangesAfter(_ context.Context, seq int64, limit int) ([]iam.Change, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.looks++
	all := h.changes[min(max(int(seq), h.pruned), len(h.changes)):]
	return append([]iam.Change(nil), all[:min(limit, len(all))]...), nil
}

func (h *history) do(change func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change()
}

func (h *history) add(ids ...string) { h.do(func() { h.append(ids...) }) }

func (h *history) append(ids ...string) {
	for _, id := range ids {
		n := int64(len(h.changes) + 1)
		h.changes = append(h.changes, iam.Change{Sequence: n, Account: accountID, Version: n, ID: id})
	}
}

const interval = time.Second

// pass lets time pass, and what is due then happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// follow runs a follower in a bubble of synctest; everything stands still at return.
func follow(t *testing.T, h *history, wake <-chan struct{}, grace time.Duration) *iam.Directory {
	t.Helper()
	d := iam.NewDirectory(h, iam.DirectoryBytes)
	d.Grace = grace
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { d.Follow(ctx, interval, wake, slog.New(slog.DiscardHandler)) })
	t.Cleanup(func() { cancel(); running.Wait() })
	synctest.Wait()
	return d
}

// known loads users and tells, each time it is asked, which of them are still in memory.
func known(t *testing.T, d *iam.Directory, people ...int) (remembered func() string) {
	t.Helper()
	for _, n := range people {
		if _, err := d.Credential(t.Context(), keyOf(n)); err != nil {
			t.Fatal(err)
		}
	}
	return func() string {
		synctest.Wait()
		var still []string
		for _, n := range people {
			if d.Remembers(keyOf(n)) {
				still = append(still, fmt.Sprint(n))
			}
		}
		return strings.Join(still, " ")
	}
}

func expect(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q is remembered, want %q", what, got, want)
	}
}

func TestFollowForgetsWhatChangedAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHistory()
		h.add("before")
		wake := make(chan struct{}, 16)
		d := follow(t, h, wake, 0)
		remembered := known(t, d, 1, 2, 3, 4)
		expect(t, "at first", remembered(), "1 2 3 4")
		h.add(keyOf(2), "something else")
		expect(t, "within the interval", remembered(), "1 2 3 4")
		pass(interval)
		expect(t, "after the interval", remembered(), "1 3 4")
		h.add(keyOf(3))
		wake <- struct{}{}
		expect(t, "woken", remembered(), "1 4")

		looks := h.looks // nobody looks now
		for range 10 {
			wake <- struct{}{} // as fast as they come
		}
		synctest.Wait()
		if n := h.looks - looks; n > 2 {
			t.Errorf("ten notices at once made it look %d times", n)
		}
		close(wake) // the notifier is gone; polling goes on, and not faster
		synctest.Wait()
		looks = h.looks
		h.add(keyOf(4))
		pass(interval)
		expect(t, "without a notifier", remembered(), "1")
		if n := h.looks - looks; n != 1 {
			t.Errorf("it looked %d times in an interval", n)
		}
		many := make([]string, 2500) // more than it reads at once
		for i := range many {
			many[i] = "x"
		}
		h.add(append(many, keyOf(1))...)
		pass(interval)
		expect(t, "after many changes", remembered(), "")
	})
}

// When the numbers don't go on from where they were, nothing can be known of what is in memory.
func TestFollowForgetsAllWhenChangesAreMissing(t *testing.T) {
	for name, test := range map[string]struct {
		gap  func(h *history)
		want string
	}{
		"nothing new":         {func(h *history) {}, "1 2"},
		"unseen ones pruned":  {func(h *history) { h.append("a", "b", "c"); h.pruned = len(h.changes) - 1 }, ""},
		"seen ones pruned":    {func(h *history) { h.append("a"); h.pruned = 2 }, "1 2"},
		"the last one lost":   {func(h *history) { h.changes = h.changes[:2] }, ""},
		"all lost":            {func(h *history) { h.changes = nil }, ""},
		"lost and replaced":   {func(h *history) { h.changes = h.changes[:2]; h.append("other") }, ""},
		"lost and overtaken":  {func(h *history) { h.changes = h.changes[:1]; h.append("b", "other", "more") }, ""},
		"another's change":    {func(h *history) { h.append(keyOf(1)) }, "2"},
		"emptied and renewed": {func(h *history) { h.changes = nil; h.append("a", "b", "c", "d", "e") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHistory()
				h.add("first", "second", "third")
				d := follow(t, h, nil, 0)
				remembered := known(t, d, 1, 2)
				h.do(func() { test.gap(h) })
				pass(interval)
				expect(t, name, remembered(), test.want)
				known(t, d, 1, 2)
				h.add(keyOf(2))
				pass(interval)
				if d.Remembers(keyOf(2)) || !d.Remembers(keyOf(1)) {
					t.Error("it doesn't go on from there")
				}
			})
		})
	}
}

// While the database is away, known principals are answered for the time of grace, and no longer. It comes back by
// itself, and then knows of what happened meanwhile.
func TestGrace(t *testing.T) {
	for name, fail := range map[string]func(h *history){
		"away":  func(h *history) { h.away = fmt.Errorf("connection refused: %w", iam.ErrUnavailable) },
		"stuck": func(h *history) { h.hang = true },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHistory()
				d := follow(t, h, nil, time.Minute)
				known(t, d, 1, 2, 3)
				ask := func(n int) error {
					_, err := d.Credential(t.Context(), keyOf(n))
					return err
				}
				if err := errors.Join(ask(1), ask(2)); err != nil {
					t.Fatal(err)
				}
				h.do(func() { fail(h) })
				pass(59 * time.Second)
				if err := ask(1); err != nil {
					t.Errorf("somebody known, after 59 seconds: %v", err)
				}
				if err := ask(7); !errors.Is(err, iam.ErrUnavailable) {
					t.Errorf("somebody unknown: %v, want ErrUnavailable", err)
				}
				pass(10 * time.Second)
				refused := d.Stats().Refused
				if err := ask(1); !errors.Is(err, iam.ErrUnavailable) {
					t.Errorf("after the time of grace: %v, want ErrUnavailable", err)
				}
				if s := d.Stats(); s.Refused != refused+1 || s.Age < time.Minute || !s.Following {
					t.Errorf("%+v", s)
				}
				h.add(keyOf(2))
				h.do(func() { h.away, h.hang = nil, false })
				pass(interval + 3*time.Second)
				if err := ask(1); err != nil || !d.Remembers(keyOf(1)) || d.Remembers(keyOf(2)) {
					t.Errorf("back again: %v; memory is to be as it was but for what changed", err)
				}
				if age := d.Stats().Age; age > interval {
					t.Errorf("it says that it looked %v ago", age)
				}
			})
		})
	}
}

// A directory that follows nothing, as in a local command, has no time of grace to run out.
func TestGraceIsForThoseWhoFollow(t *testing.T) {
	clock := &fakeClock{now: time.Date(2026, 9, 11, 13, 14, 52, 0, time.UTC)}
	d := iam.NewDirectory(users(), iam.DirectoryBytes)
	d.Now, d.Grace = clock.Now, time.Minute
	for range 2 {
		if _, err := d.Credential(t.Context(), keyOf(1)); err != nil {
			t.Error(err)
		}
		clock.add(time.Hour)
	}
	if s := d.Stats(); s.Hits != 1 || s.Following || s.Age != 0 {
		t.Errorf("%+v", s)
	}
}
