package iam_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
)

// gate is a store whose look-ups wait until they are let through, and are counted.
type gate struct {
	iam.Store
	began, ended atomic.Int64
	open         chan struct{} // closed to let everybody through; nil is open
	fail         error         // if not nil, what look-ups return
}

func (g *gate) View(ctx context.Context, fn func(iam.Tx) error) error {
	g.began.Add(1)
	defer g.ended.Add(1)
	if g.open != nil {
		select {
		case <-g.open:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if g.fail != nil {
		return g.fail
	}
	return g.Store.View(ctx, fn)
}

func users() *population { return populations[0].store }

func TestManyMissesAreOneLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &gate{Store: users(), open: make(chan struct{})}
		d := iam.NewDirectory(store, iam.DirectoryBytes)
		const many = 50
		var all sync.WaitGroup
		found := make([]*iam.Credential, many)
		for i := range many {
			all.Go(func() {
				var err error
				if found[i], err = d.Credential(t.Context(), keyOf(1)); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if n := store.began.Load(); n != 1 {
			t.Errorf("%d look-ups have begun, want one", n)
		}
		close(store.open)
		all.Wait()
		for _, c := range found {
			if c != found[0] {
				t.Fatal("not all were given the same credential")
			}
		}
		if s := d.Stats(); s.Misses != 1 || s.Shared != many-1 || s.Hits != 0 || s.Entries != 2 {
			t.Errorf("%+v", s)
		}
	})
}

// Whoever gives up waiting, the one who asked first included, leaves the others their answer.
func TestAWaiterLeavesWithoutDisturbingOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &gate{Store: users(), open: make(chan struct{})}
		d := iam.NewDirectory(store, iam.DirectoryBytes)
		ask := func(ctx context.Context) chan error {
			answer := make(chan error, 1)
			go func() {
				_, err := d.Credential(ctx, keyOf(1))
				answer <- err
			}()
			synctest.Wait()
			return answer
		}
		ctx, cancel := context.WithCancel(t.Context())
		first, second := ask(ctx), ask(t.Context())
		cancel()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("who gave up: %v", err)
		}
		close(store.open)
		if err := <-second; err != nil {
			t.Errorf("who waited on: %v", err)
		}

		// When nobody waits any more, the database isn't kept busy either.
		store.open = make(chan struct{})
		ctx, cancel = context.WithCancel(t.Context())
		last := make(chan error, 1)
		go func() {
			_, err := d.Credential(ctx, keyOf(2))
			last <- err
		}()
		synctest.Wait()
		cancel()
		<-last
		synctest.Wait()
		if began, ended := store.began.Load(), store.ended.Load(); began != 2 || ended != 2 {
			t.Errorf("%d look-ups began and %d ended, want 2", began, ended)
		}
		store.open = nil
		if _, err := d.Credential(t.Context(), keyOf(2)); err != nil {
			t.Errorf("the next who asks: %v", err)
		}
	})
}

func TestADatabaseThatDoesNotAnswerIsUnavailable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &gate{Store: users(), open: make(chan struct{})}
		d := iam.NewDirectory(store, iam.DirectoryBytes)
		for range 2 {
			began := time.Now()
			if _, err := d.Credential(t.Context(), keyOf(1)); !errors.Is(err, iam.ErrUnavailable) || time.Since(began) > time.Minute {
				t.Errorf("after %v: %v, want ErrUnavailable", time.Since(began), err)
			}
		}
		synctest.Wait()
		if began, ended := store.began.Load(), store.ended.Load(); began != ended {
			t.Errorf("%d look-ups began and %d ended", began, ended)
		}
	})
}

// A load that began before a change answers nobody who asks after it, and isn't kept.
func TestALoadFromBeforeAChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &gate{Store: users(), open: make(chan struct{})}
		d := iam.NewDirectory(store, iam.DirectoryBytes)
		var all sync.WaitGroup
		ask := func() {
			all.Go(func() {
				if _, err := d.Credential(t.Context(), keyOf(1)); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		ask()
		d.Forget("AIDA of somebody else")
		ask()
		if n := store.began.Load(); n != 2 {
			t.Errorf("%d look-ups have begun, want one from before the change and one from after it", n)
		}
		all.Go(func() {
			if _, err := d.Principal(t.Context(), accountID, iam.IAMUser, "AIDA00000000000000002"); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		d.Forget(keyOf(1))
		close(store.open)
		all.Wait()
		if s := d.Stats(); s.Entries != 0 {
			t.Errorf("%d entries were kept although they were changed while they were read", s.Entries)
		}
	})
}

func TestAPanicIsAnErrorOfThoseWhoWait(t *testing.T) {
	d := iam.NewDirectory(&population{policies: func(int) []iam.PolicyText { panic("a bug") }}, iam.DirectoryBytes)
	for range 2 {
		if _, err := d.Credential(t.Context(), keyOf(1)); err == nil || !strings.Contains(err.Error(), "a bug") {
			t.Errorf("%v, want the panic", err)
		}
	}
}

func TestKeysThatDoNotExist(t *testing.T) {
	clock := &fakeClock{now: time.Date(2026, 9, 11, 13, 14, 52, 0, time.UTC)}
	store := &gate{Store: users()}
	d := iam.NewDirectory(store, iam.DirectoryBytes)
	d.Now = clock.Now
	unknown := func(id string, asked int64) {
		t.Helper()
		if _, err := d.Credential(t.Context(), id); !errors.Is(err, iam.ErrNotFound) {
			t.Errorf("%q: %v, want ErrNotFound", id, err)
		}
		if n := store.began.Load(); n != asked {
			t.Errorf("%q: the database was asked %d times, want %d", id, n, asked)
		}
	}
	const nobodys = "AKIANOBODYSKEY000000"
	for _, id := range []string{"", "AKIA", "ASIA" + nobodys[4:], nobodys + "0", nobodys[1:], strings.ToLower(nobodys), nobodys[:19] + "-", nobodys[:18] + "é",
		nobodys[:19] + "\x00", "AKIA" + strings.Repeat("A", 1<<20)} {
		unknown(id, 0) // no key is like that
	}
	unknown(nobodys, 1)
	unknown(nobodys, 1)
	clock.add(4 * time.Second)
	unknown(nobodys, 1)
	clock.add(2 * time.Second)
	unknown(nobodys, 2)
	d.Forget(nobodys) // it has been made, here or elsewhere
	unknown(nobodys, 3)
	if s := d.Stats(); s.Unknown != 16-1 {
		t.Errorf("%d look-ups of unknown keys were counted, want 15", s.Unknown)
	}

	// A database that is away says nothing about a key.
	store.fail = fmt.Errorf("connection refused: %w", iam.ErrUnavailable)
	for range 2 {
		if _, err := d.Credential(t.Context(), keyOf(1)); !errors.Is(err, iam.ErrUnavailable) || !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("%v, want what the store said", err)
		}
	}
	store.fail = nil
	if _, err := d.Credential(t.Context(), keyOf(1)); err != nil {
		t.Error(err)
	}
}

// A flood of invented keys waits in a queue of its own, which has an end. Who is known, or was, needn't stand in it.
func TestAFloodOfInventedKeysKeepsNobodyOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &gate{Store: users()}
		d := iam.NewDirectory(store, iam.DirectoryBytes)
		for n := range 3 {
			if _, err := d.Credential(t.Context(), keyOf(n)); err != nil {
				t.Fatal(err)
			}
		}
		d.Forget(keyOf(1), keyOf(2), "AIDA00000000000000001", "AIDA00000000000000002") // known, but no longer in memory

		store.open = make(chan struct{})
		before := store.began.Load()
		ctx, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		const flood = 5000
		var refused, left atomic.Int64
		for i := range flood {
			all.Go(func() {
				_, err := d.Credential(ctx, fmt.Sprintf("AKIAZ%015d", i))
				switch {
				case errors.Is(err, iam.ErrUnavailable):
					refused.Add(1)
				case errors.Is(err, context.Canceled):
					left.Add(1)
				default:
					t.Errorf("an invented key: %v", err)
				}
			})
		}
		synctest.Wait()
		if n := store.began.Load() - before; n != 8 {
			t.Errorf("the database has to do with %d invented keys at a time, want 8", n)
		}
		if n := refused.Load(); n != flood-8-1024 {
			t.Errorf("%d of %d were turned away at once", n, flood)
		}
		if _, err := d.Credential(t.Context(), keyOf(0)); err != nil {
			t.Errorf("a key in memory: %v", err)
		}
		for _, known := range []func() error{
			func() error { _, err := d.Credential(t.Context(), keyOf(1)); return err },
			func() error {
				_, err := d.Principal(t.Context(), accountID, iam.IAMUser, "AIDA00000000000000002")
				return err
			},
		} {
			began := store.began.Load()
			all.Go(func() {
				if err := known(); err != nil {
					t.Errorf("somebody known: %v", err)
				}
			})
			synctest.Wait()
			if store.began.Load() != began+1 {
				t.Error("somebody known has to wait behind the flood")
			}
		}
		stop() // the flood's clients hang up
		synctest.Wait()
		if n := left.Load(); n != 8+1024 {
			t.Errorf("%d left when they hung up", n)
		}
		close(store.open)
		all.Wait()
		if _, err := d.Credential(t.Context(), keyOf(9)); err != nil {
			t.Errorf("a new key after the flood: %v", err)
		}
	})
}
