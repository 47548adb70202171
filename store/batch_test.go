package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/seal"
)

func openTest(t testing.TB, options Options) (s *Store, path string) {
	t.Helper()
	keyset, err := seal.Create(filepath.Join(t.TempDir(), "keyset.json"))
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "test.db")
	s, err = Open(t.Context(), "sqlite:"+path, keyset, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, path
}

// together runs the functions in one batch, in their order, and returns their errors.
func together(t *testing.T, s *Store, fns ...func(t *tx) error) []error {
	t.Helper()
	b := s.db.(*sqliteDB).batcher
	errs := make([]error, len(fns))
	held, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		var once sync.Once
		if err := s.update(t.Context(), func(*tx) error {
			once.Do(func() { close(held) })
			<-release
			return nil
		}); err != nil {
			t.Error(err)
		}
	})
	<-held
	for i, fn := range fns {
		wg.Go(func() { errs[i] = s.update(t.Context(), fn) })
		for len(b.queue) <= i {
			time.Sleep(time.Millisecond)
		}
	}
	close(release)
	wg.Wait()
	return errs
}

func put(name string, size int) func(t *tx) error {
	return func(t *tx) error {
		return t.PutInlinePolicy(unbounded, "1", "owner", iam.InlinePolicy{Name: name, Document: string(make([]byte, size))})
	}
}

func names(t *testing.T, s *Store) string {
	t.Helper()
	var list []string
	if err := s.view(t.Context(), func(tx *tx) error {
		policies, err := tx.InlinePolicies(t.Context(), "1", "owner", iam.Page{Limit: 1000})
		for _, p := range policies {
			list = append(list, p.Name)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(list)
}

func TestBatch(t *testing.T) {
	refused := errors.New("refused")
	rollback := func(t *tx) error { _, err := t.conn.run("ROLLBACK"); return err }
	times := 0
	for _, test := range []struct {
		name   string
		bad    func(t *tx) error
		want   string // what stays, of a, b and c; the bad function runs between a and b
		check  func(err error) bool
		reruns int64
	}{
		{"error", func(t *tx) error { put("bad", 1)(t); return refused }, "[a b c]",
			func(err error) bool { return err == refused }, 0},
		{"kept error", func(t *tx) error { put("kept", 1)(t); return iam.Keep(refused) }, "[a b c kept]",
			func(err error) bool { return iam.Kept(err) }, 0},
		{"failed statement that is passed over", func(t *tx) error {
			t.exec(`INSERT INTO meta (name, value) VALUES ('x', NULL)`)
			put("bad", 1)(t)
			return nil
		}, "[a b c]", func(err error) bool { return err != nil }, 0},
		{"failed statement, then a kept error", func(t *tx) error {
			put("bad", 1)(t)
			t.exec(`INSERT INTO meta (name, value) VALUES ('x', NULL)`)
			return iam.Keep(refused)
		}, "[a b c]", func(err error) bool { return err != nil && !iam.Kept(err) }, 0},
		{"failed statement in a savepoint", func(t *tx) error {
			t.Savepoint(unbounded, func() error {
				put("bad", 1)(t)
				_, err := t.exec(`INSERT INTO meta (name, value) VALUES ('x', NULL)`)
				return err
			})
			return put("good", 1)(t)
		}, "[a b c good]", func(err error) bool { return err == nil }, 0},
		{"panic", func(t *tx) error { put("bad", 1)(t); panic("boom") }, "[a b c]",
			func(err error) bool { return errors.As(err, new(*PanicError)) }, 0},
		{"transaction lost once", func(t *tx) error {
			if times++; times == 1 {
				return rollback(t)
			}
			return put("good", 1)(t)
		}, "[a b c good]", func(err error) bool { return err == nil }, 1},
		// The batch is the function that holds it up, a and the bad one; b and c come later.
		{"transaction lost each time", rollback, "[a b c]", func(err error) bool { return err != nil }, 1 + 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, _ := openTest(t, Options{})
			errs := together(t, s, put("a", 1), test.bad, put("b", 1), put("c", 1))
			for i, err := range errs {
				if i != 1 && err != nil {
					t.Errorf("function %d: %v", i, err)
				}
			}
			if !test.check(errs[1]) {
				t.Errorf("the bad function returned %v", errs[1])
			}
			if got := names(t, s); got != test.want {
				t.Errorf("stays: %s, want %s", got, test.want)
			}
			if stats := s.Stats(); stats.Reruns != test.reruns {
				t.Errorf("stats: %+v, want %d reruns", stats, test.reruns)
			}
			if err := s.update(t.Context(), put("after", 1)); err != nil {
				t.Errorf("the next update: %v", err)
			}
		})
	}
}

func TestBatchSharesCommits(t *testing.T) {
	var fns []func(*tx) error
	for i := range 20 {
		fns = append(fns, put(fmt.Sprint(i), 1))
	}
	s, _ := openTest(t, Options{})
	before := s.Stats()
	together(t, s, fns...)
	if after := s.Stats(); after.Commits-before.Commits != 1 || after.Functions-before.Functions != 21 {
		t.Errorf("%+v, then %+v: want 21 functions in one commit", before, after)
	}

	s, _ = openTest(t, Options{BatchLimit: 1})
	var wg sync.WaitGroup
	for _, fn := range fns {
		wg.Go(func() {
			if err := s.update(t.Context(), fn); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if stats := s.Stats(); stats.Commits != stats.Functions || stats.Functions < 20 {
		t.Errorf("with sharing off: %+v", stats)
	}
}

// A batch that fills the database: functions that need no room succeed, those that do fail, views go on, and
// when there is room again all is well.
func TestBatchDiskFull(t *testing.T) {
	s, path := openTest(t, Options{})
	limitPages := func(pages int) func(t *tx) error {
		return func(t *tx) error { return t.row(fmt.Sprintf("PRAGMA max_page_count = %d", pages), nil, new(int)) }
	}
	if err := s.update(t.Context(), put("a", 10)); err != nil {
		t.Fatal(err)
	}
	errs := together(t, s, limitPages(1), put("a", 20), put("big", 1<<20), put("a", 30), put("huge", 1<<22))
	for i, wantErr := range []bool{false, false, true, false, true} {
		if (errs[i] != nil) != wantErr {
			t.Errorf("function %d: %v", i, errs[i])
		}
		if wantErr && sqliteCode(errs[i]) != sqliteFull {
			t.Errorf("function %d: %v, want that the disk is full", i, errs[i])
		}
	}
	if got := names(t, s); got != "[a]" {
		t.Errorf("stays: %s", got)
	}
	if err := s.update(t.Context(), limitPages(1<<30)); err != nil {
		t.Fatal(err)
	}
	if err := s.update(t.Context(), put("big", 1<<20)); err != nil {
		t.Errorf("with room again: %v", err)
	}
	again, err := Open(t.Context(), "sqlite:"+path, s.keyset, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got := names(t, again); got != "[a big]" {
		t.Errorf("after opening again: %s", got)
	}
}

// Another process that holds the write lock makes updates wait, and views not.
func TestBatchWaitsForLock(t *testing.T) {
	s, _ := openTest(t, Options{})
	other, err := newConn(t.Context(), s.db.(*sqliteDB).writing)
	if err != nil {
		t.Fatal(err)
	}
	defer other.close()
	if _, err := other.run("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.update(context.Background(), put("a", 1)) }()
	if got := names(t, s); got != "[]" {
		t.Errorf("seen: %s", got)
	}
	select {
	case err := <-done:
		t.Fatalf("update went past the lock: %v", err)
	case <-time.After(30 * time.Millisecond):
	}
	if _, err := other.run("COMMIT"); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
