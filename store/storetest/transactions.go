package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/store"
)

var errRefused = errors.New("refused")

// put writes a setting by name; of tells which are there.
func put(ctx context.Context, tx iam.Tx, name string) error {
	return tx.PutInlinePolicy(ctx, accountA, "owner", iam.InlinePolicy{Name: name, Document: "{}"})
}

// written lists what put has written.
func written(t testing.TB, s iam.Store) string {
	t.Helper()
	policies := get(t, s, func(ctx context.Context, tx iam.Tx) ([]iam.InlinePolicy, error) {
		return tx.InlinePolicies(ctx, accountA, "owner", iam.Page{Limit: 1000})
	})
	names := ""
	for _, p := range policies {
		names += p.Name + " "
	}
	return names
}

func testRollback(t *testing.T, d Database) {
	s := d.Open(t)
	err := s.Update(t.Context(), func(tx iam.Tx) error {
		if err := put(t.Context(), tx, "a"); err != nil {
			return err
		}
		if _, err := tx.InlinePolicy(t.Context(), accountA, "owner", "a"); err != nil {
			t.Errorf("a transaction does not see its own write: %v", err)
		}
		return fmt.Errorf("wrapped: %w", errRefused)
	})
	if !errors.Is(err, errRefused) {
		t.Errorf("got %v", err)
	}
	equal(t, "written", written(t, s), "")
}

func testKeep(t *testing.T, d Database) {
	s := d.Open(t)
	err := s.Update(t.Context(), func(tx iam.Tx) error {
		if err := put(t.Context(), tx, "kept"); err != nil {
			return err
		}
		return fmt.Errorf("wrapped: %w", iam.Keep(errRefused))
	})
	if !errors.Is(err, errRefused) {
		t.Errorf("got %v", err)
	}
	equal(t, "written", written(t, s), "kept ")
}

func testSavepoints(t *testing.T, d Database) {
	for _, test := range []struct {
		name string
		want string
		err  error
		run  func(ctx context.Context, tx iam.Tx) error
	}{
		{"success stays", "a b c ", nil, func(ctx context.Context, tx iam.Tx) error {
			return first(put(ctx, tx, "a"), tx.Savepoint(ctx, func() error { return put(ctx, tx, "b") }), put(ctx, tx, "c"))
		}},
		{"failure is undone and the rest stays", "a c ", nil, func(ctx context.Context, tx iam.Tx) error {
			err := tx.Savepoint(ctx, func() error { return first(put(ctx, tx, "b"), errRefused) })
			if err != errRefused {
				return fmt.Errorf("savepoint returned %v", err)
			}
			return first(put(ctx, tx, "a"), put(ctx, tx, "c"))
		}},
		{"a kept error stays, and is returned", "b c ", nil, func(ctx context.Context, tx iam.Tx) error {
			err := tx.Savepoint(ctx, func() error { return first(put(ctx, tx, "b"), iam.Keep(errRefused)) })
			if !iam.Kept(err) || !errors.Is(err, errRefused) {
				return fmt.Errorf("savepoint returned %v", err)
			}
			return put(ctx, tx, "c")
		}},
		{"inner failure, outer success", "a d ", nil, func(ctx context.Context, tx iam.Tx) error {
			return tx.Savepoint(ctx, func() error {
				tx.Savepoint(ctx, func() error { return first(put(ctx, tx, "b"), errRefused) })
				return first(put(ctx, tx, "a"), tx.Savepoint(ctx, func() error { return put(ctx, tx, "d") }))
			})
		}},
		{"inner success, outer failure", "z ", nil, func(ctx context.Context, tx iam.Tx) error {
			tx.Savepoint(ctx, func() error {
				return first(tx.Savepoint(ctx, func() error { return put(ctx, tx, "a") }), errRefused)
			})
			return put(ctx, tx, "z")
		}},
		{"inner kept, outer failure", "", nil, func(ctx context.Context, tx iam.Tx) error {
			tx.Savepoint(ctx, func() error {
				tx.Savepoint(ctx, func() error { return first(put(ctx, tx, "a"), iam.Keep(errRefused)) })
				return errRefused
			})
			return nil
		}},
		{"success, then the transaction fails", "", errRefused, func(ctx context.Context, tx iam.Tx) error {
			return first(tx.Savepoint(ctx, func() error { return put(ctx, tx, "a") }), errRefused)
		}},
		{"failure, then the transaction keeps", "z ", errRefused, func(ctx context.Context, tx iam.Tx) error {
			tx.Savepoint(ctx, func() error { return first(put(ctx, tx, "a"), errRefused) })
			return first(put(ctx, tx, "z"), iam.Keep(errRefused))
		}},
		{"a recovered panic is undone", "z ", nil, func(ctx context.Context, tx iam.Tx) error {
			func() {
				defer func() { recover() }()
				tx.Savepoint(ctx, func() error { put(ctx, tx, "a"); panic("boom") })
			}()
			return put(ctx, tx, "z")
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := d.Open(t)
			update(t, s, func(ctx context.Context, tx iam.Tx) error {
				for _, name := range []string{"a", "b", "c", "d", "z"} {
					if err := tx.DeleteInlinePolicy(ctx, accountA, "owner", name); err != nil && !errors.Is(err, iam.ErrNotFound) {
						return err
					}
				}
				return nil
			})
			err := s.Update(t.Context(), func(tx iam.Tx) error { return test.run(t.Context(), tx) })
			if !errors.Is(err, test.err) {
				t.Errorf("got %v, want %v", err, test.err)
			}
			equal(t, "written", written(t, s), test.want)
		})
	}
}

// testSnapshot moves money between two accounts, as it were, while views add up the sum.
func testSnapshot(t *testing.T, d Database) {
	s := d.Open(t)
	device := [2]*iam.MFADevice{virtual(accountA, "a"), virtual(accountA, "b")}
	device[0].State.Failures = 1000
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		return first(tx.InsertMFADevice(ctx, device[0]), tx.InsertMFADevice(ctx, device[1]))
	})
	stop := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			err := s.Update(t.Context(), func(tx iam.Tx) error {
				for j, delta := range []int{-1, 1} {
					d, err := tx.LockMFADevice(t.Context(), accountA, device[j].Serial)
					if err != nil {
						return err
					}
					d.State.Failures += delta
					if err := tx.UpdateMFADevice(t.Context(), d); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
				return
			}
		}
	})
	moved := 0
	for range 200 {
		view(t, s, func(ctx context.Context, tx iam.Tx) error {
			a, err1 := tx.MFADevice(ctx, accountA, device[0].Serial)
			time.Sleep(100 * time.Microsecond) // the writer goes on meanwhile
			b, err2 := tx.MFADevice(ctx, accountA, device[1].Serial)
			again, err3 := tx.MFADevice(ctx, accountA, device[0].Serial)
			if err := first(err1, err2, err3); err != nil {
				return err
			}
			if sum := a.State.Failures + b.State.Failures; sum != 1000 || again.State.Failures != a.State.Failures {
				t.Errorf("one view saw %d and %d, then %d", a.State.Failures, b.State.Failures, again.State.Failures)
			}
			moved = b.State.Failures
			return nil
		})
	}
	close(stop)
	writer.Wait()
	if moved == 0 {
		t.Error("nothing was written meanwhile: the test shows nothing")
	}
	// What was written is seen by the next view.
	update(t, s, func(ctx context.Context, tx iam.Tx) error { return put(ctx, tx, "seen") })
	equal(t, "written", written(t, s), "seen ")
}

func testReadOnly(t *testing.T, d Database) {
	s := d.Open(t)
	if err := s.View(t.Context(), func(tx iam.Tx) error { return put(t.Context(), tx, "a") }); err == nil {
		t.Error("a view wrote")
	}
	if err := s.View(t.Context(), func(tx iam.Tx) error { return errRefused }); err != errRefused {
		t.Errorf("a view's error came back as %v", err)
	}
	equal(t, "written", written(t, s), "")
}

func testParallelIncrements(t *testing.T, d Database) {
	const goroutines, increments = 64, 20
	s := d.Open(t)
	device := virtual(accountA, "counter")
	update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.InsertMFADevice(ctx, device) })
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for range increments {
				if err := increment(t.Context(), s, device.Serial); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	equal(t, "counter", counter(t, s, device.Serial), goroutines*increments)
	equal(t, "version", get(t, s, func(ctx context.Context, tx iam.Tx) (int64, error) { return tx.PolicyVersion(ctx, accountA) }),
		goroutines*increments)
	if stats := s.Stats(); stats.Functions < goroutines*increments || stats.Commits == 0 {
		t.Errorf("stats: %+v", stats)
	}
}

// increment adds one to a device's counter of failures and to the account's policy version.
func increment(ctx context.Context, s iam.Store, serial string) error {
	return s.Update(ctx, func(tx iam.Tx) error {
		d, err := tx.LockMFADevice(ctx, accountA, serial)
		if err != nil {
			return err
		}
		d.State.Failures++
		return first(tx.UpdateMFADevice(ctx, d), tx.AppendChange(ctx, iam.Change{Account: accountA, ID: serial}))
	})
}

func counter(t testing.TB, s iam.Store, serial string) int {
	t.Helper()
	return get(t, s, func(ctx context.Context, tx iam.Tx) (*iam.MFADevice, error) {
		return tx.MFADevice(ctx, accountA, serial)
	}).State.Failures
}

// testParallelQuota lets many fill a quota at the same time. Each writes a row of its own, so that no lock of a row
// keeps them apart: what an update has read must hold until its commit.
func testParallelQuota(t *testing.T, d Database) {
	const quota, tries = 3, 16
	handles := []*store.Store{d.Open(t), d.Open(t)}
	var wg sync.WaitGroup
	for i := range tries {
		wg.Go(func() {
			err := handles[i%len(handles)].Update(t.Context(), func(tx iam.Tx) error {
				there, err := tx.InlinePolicies(t.Context(), accountA, "owner", iam.Page{Limit: tries})
				if err != nil || len(there) >= quota {
					return first(err, errRefused)
				}
				return put(t.Context(), tx, fmt.Sprintf("p%02d", i))
			})
			if err != nil && !errors.Is(err, errRefused) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	equal(t, "written", len(strings.Fields(written(t, handles[0]))), quota)
}

// testMidBatch has good functions and all kinds of bad ones run at the same time, so that they share batches
// where there are any. The good ones all succeed, exactly once, and the bad ones leave nothing.
func testMidBatch(t *testing.T, d Database) {
	s := d.Open(t)
	device := virtual(accountA, "counter")
	update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.InsertMFADevice(ctx, device) })
	bad := map[string]func(ctx context.Context, cancel func(), tx iam.Tx) error{
		"error":       func(context.Context, func(), iam.Tx) error { return errRefused },
		"constraint":  func(ctx context.Context, _ func(), tx iam.Tx) error { return tx.InsertMFADevice(ctx, device) },
		"panic":       func(context.Context, func(), iam.Tx) error { panic("boom") },
		"nil pointer": func(ctx context.Context, _ func(), tx iam.Tx) error { return tx.InsertUser(ctx, nil) },
		"cancelled while running": func(ctx context.Context, cancel func(), tx iam.Tx) error {
			cancel()
			_, err := tx.MFADevice(ctx, accountA, device.Serial)
			return first(err, errRefused)
		},
	}
	const rounds = 25
	var wg sync.WaitGroup
	var good atomic.Int64
	for range rounds {
		for name, fn := range bad {
			wg.Go(func() {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				err := s.Update(ctx, func(tx iam.Tx) error {
					if err := put(ctx, tx, "bad"); err != nil {
						return err
					}
					return fn(ctx, cancel, tx)
				})
				if err == nil {
					t.Errorf("%s: succeeded", name)
				}
				var panicked *store.PanicError
				if isPanic := name == "panic" || name == "nil pointer"; errors.As(err, &panicked) != isPanic {
					t.Errorf("%s: %v", name, err)
				}
			})
			wg.Go(func() {
				if err := increment(t.Context(), s, device.Serial); err != nil {
					t.Errorf("a good function failed: %v", err)
				}
				good.Add(1)
			})
		}
		// Ends its goroutine, as t.FailNow does.
		wg.Go(func() {
			done := make(chan struct{})
			go func() {
				defer close(done)
				defer func() { recover() }()
				s.Update(t.Context(), func(tx iam.Tx) error {
					put(t.Context(), tx, "bad")
					runtime.Goexit()
					return nil
				})
			}()
			<-done
		})
	}
	wg.Wait()
	equal(t, "counter", counter(t, s, device.Serial), int(good.Load()))
	equal(t, "written", written(t, s), "")
}

func testCancellation(t *testing.T, d Database) {
	s := d.Open(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Update(ended, func(tx iam.Tx) error { return put(ended, tx, "a") }); !errors.Is(err, context.Canceled) {
		t.Errorf("update: %v", err)
	}
	if err := s.View(ended, func(tx iam.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("view: %v", err)
	}

	// One that ends while it waits behind another is not run, and its caller doesn't wait.
	running, finish := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		var once sync.Once
		if err := s.Update(t.Context(), func(tx iam.Tx) error {
			once.Do(func() { close(running) })
			<-finish
			return put(t.Context(), tx, "first")
		}); err != nil {
			t.Error(err)
		}
	})
	<-running
	waiting, giveUp := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer giveUp()
	// It may run where updates run side by side; then it succeeds or fails as a whole.
	err := s.Update(waiting, func(tx iam.Tx) error { return put(waiting, tx, "second") })
	close(finish)
	wg.Wait()
	want := "first second "
	if err != nil {
		want = "first "
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waiting: %v", err)
		}
	}
	equal(t, "written", written(t, s), want)

	// One that ends while it runs is committed or not, but never breaks another.
	ending, end := context.WithCancel(t.Context())
	err = s.Update(ending, func(tx iam.Tx) error {
		end()
		return put(ending, tx, "third")
	})
	if err == nil {
		want += "third "
	}
	equal(t, "written", written(t, s), want)
	view(t, s, func(context.Context, iam.Tx) error { return nil })

	// A view ends between statements.
	viewing, stop := context.WithCancel(t.Context())
	if err := s.View(viewing, func(tx iam.Tx) error {
		stop()
		_, err := tx.LastChange(viewing)
		return err
	}); !errors.Is(err, context.Canceled) {
		t.Errorf("view: %v", err)
	}
}

func testClosed(t *testing.T, d Database) {
	s, err := d.open(store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var kept atomic.Int64
	for i := range 50 { // what is under way at Close is finished or refused
		wg.Go(func() {
			if err := s.Update(context.Background(), func(tx iam.Tx) error { return put(context.Background(), tx, fmt.Sprint(i)) }); err == nil {
				kept.Add(1)
			} else if !errors.Is(err, store.ErrClosed) {
				t.Error(err)
			}
		})
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if err := s.Update(context.Background(), func(iam.Tx) error { return nil }); !errors.Is(err, store.ErrClosed) {
		t.Errorf("update: %v", err)
	}
	if err := s.View(context.Background(), func(iam.Tx) error { return nil }); !errors.Is(err, store.ErrClosed) {
		t.Errorf("view: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
	again := d.Open(t)
	policies := get(t, again, func(ctx context.Context, tx iam.Tx) ([]iam.InlinePolicy, error) {
		return tx.InlinePolicies(ctx, accountA, "owner", iam.Page{Limit: 1000})
	})
	equal(t, "kept", len(policies), int(kept.Load()))
}
