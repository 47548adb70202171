package iam_test

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
)

// useStore takes RecordAccessKeyUse and nothing else.
type useStore struct {
	iam.Tx

	mu      sync.Mutex
	fails   error
	batches []int
	stored  map[string]iam.AccessKeyUse
}

func (s *useStore) View(context.Context, func(iam.Tx) error) error {
	return errors.New("not for reading")
}

func (s *useStore) Update(_ context.Context, fn func(iam.Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails != nil {
		return s.fails
	}
	return fn(s)
}

func (s *useStore) RecordAccessKeyUse(_ context.Context, uses map[string]iam.AccessKeyUse) error {
	s.batches = append(s.batches, len(uses))
	if s.stored == nil {
		s.stored = make(map[string]iam.AccessKeyUse)
	}
	for id, use := range uses {
		s.stored[id] = use
	}
	return nil
}

func (s *useStore) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.stored)
}

func at(seconds int64) iam.AccessKeyUse {
	return iam.AccessKeyUse{Time: time.Unix(seconds, 0), Region: "r", Service: strconv.FormatInt(seconds, 10)}
}

func TestKeyUsesKeepTheLast(t *testing.T) {
	store := &useStore{}
	uses := iam.NewKeyUses(store)
	uses.Add("a", at(1))
	uses.Add("a", at(3))
	uses.Add("a", at(2)) // came late
	uses.Add("b", at(5))
	for range 2 { // the second has nothing to write
		if err := uses.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(store.batches) != 1 || len(store.stored) != 2 || store.stored["a"] != at(3) || store.stored["b"] != at(5) {
		t.Errorf("stored %v in %v", store.stored, store.batches)
	}
}

func TestKeyUsesAreBoundedAndWrittenInBatches(t *testing.T) {
	store := &useStore{}
	uses := iam.NewKeyUses(store)
	for i := range 70_000 {
		uses.Add(strconv.Itoa(i), at(int64(i)))
	}
	uses.Add("0", at(99)) // a key that is known is still noted
	if err := uses.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(store.stored) != 1<<16 || store.stored["0"] != at(99) {
		t.Errorf("held %d keys, want 65536", len(store.stored))
	}
	for _, size := range store.batches {
		if size > 500 {
			t.Errorf("a batch of %d", size)
		}
	}
}

func TestKeyUsesSurviveAFailure(t *testing.T) {
	store := &useStore{fails: errors.New("disk full")}
	uses := iam.NewKeyUses(store)
	uses.Add("a", at(1))
	uses.Add("b", at(1))
	if err := uses.Flush(t.Context()); !errors.Is(err, store.fails) {
		t.Fatalf("Flush: %v", err)
	}
	uses.Add("a", at(2))
	store.fails = nil
	if err := uses.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if store.stored["a"] != at(2) || store.stored["b"] != at(1) {
		t.Errorf("stored %v", store.stored)
	}
}

func TestKeyUsesRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &useStore{}
		uses := iam.NewKeyUses(store)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			uses.Run(ctx, time.Minute, slog.New(slog.DiscardHandler))
		}()

		uses.Add("a", at(1))
		time.Sleep(59 * time.Second)
		synctest.Wait()
		if store.count() != 0 {
			t.Error("written before the interval was over")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if store.count() != 1 {
			t.Error("not written after the interval")
		}

		for i := range 1 << 12 {
			uses.Add("key"+strconv.Itoa(i), at(2))
		}
		synctest.Wait()
		if store.count() < 1<<11 {
			t.Error("a full buffer is not written early")
		}

		uses.Add("last", at(3))
		stop()
		<-ended
		if _, ok := store.stored["last"]; !ok {
			t.Error("what was there at the end is not written")
		}
	})
}
