package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
)

func throttle(t testing.TB, s iam.Store, key string) iam.Throttle {
	t.Helper()
	return get(t, s, func(ctx context.Context, tx iam.Tx) (iam.Throttle, error) { return tx.Throttle(ctx, key) })
}

func testThrottles(t *testing.T, d Database) {
	s := d.Open(t)
	none := iam.Throttle{Key: "k"}
	equal(t, "unknown", throttle(t, s, "k"), none)
	lock := func(want iam.Throttle) {
		t.Helper()
		update(t, s, func(ctx context.Context, tx iam.Tx) error {
			got, err := tx.LockThrottle(ctx, want.Key)
			equal(t, "locked", got, want)
			return err
		})
	}
	lock(none)
	equal(t, "locked and left", throttle(t, s, "k"), none)
	lock(none)

	failed := iam.Throttle{Key: "k", Failures: 3, Last: day(1)}
	update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.PutThrottle(ctx, failed) })
	equal(t, "stored", throttle(t, s, "k"), failed)
	lock(failed)
	equal(t, "in another case", throttle(t, s, "K"), iam.Throttle{Key: "K"})
	failed.Failures, failed.Last = 4, day(2)
	fresh := iam.Throttle{Key: "never locked", Failures: 1, Last: day(3)}
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		return first(tx.PutThrottle(ctx, failed), tx.PutThrottle(ctx, fresh))
	})
	equal(t, "changed", [2]iam.Throttle{throttle(t, s, "k"), throttle(t, s, fresh.Key)}, [2]iam.Throttle{failed, fresh})

	// What a refused request has counted is undone with it; what is kept stays.
	for _, test := range []struct {
		err  error
		want int
	}{{errRefused, 4}, {iam.Keep(errRefused), 5}} {
		err := s.Update(t.Context(), func(tx iam.Tx) error {
			got, err := tx.LockThrottle(t.Context(), "k")
			got.Failures++
			return first(err, tx.PutThrottle(t.Context(), got), test.err)
		})
		if !errors.Is(err, errRefused) {
			t.Error(err)
		}
		equal(t, "failures", throttle(t, s, "k").Failures, test.want)
	}
	for range 2 {
		update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.DeleteThrottle(ctx, "k") })
	}
	equal(t, "deleted", throttle(t, s, "k"), none)
}

func testPruneThrottles(t *testing.T, d Database) {
	s := d.Open(t)
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		_, err := tx.LockThrottle(ctx, "only locked")
		return first(err,
			tx.PutThrottle(ctx, iam.Throttle{Key: "old", Failures: 9, Last: day(1).Add(-time.Millisecond)}),
			tx.PutThrottle(ctx, iam.Throttle{Key: "remembered", Failures: 9, Last: day(1)}))
	})
	for _, want := range []int{2, 0} {
		update(t, s, func(ctx context.Context, tx iam.Tx) error {
			n, err := tx.PruneThrottles(ctx, day(1))
			equal(t, "pruned", n, want)
			return err
		})
	}
	equal(t, "old", throttle(t, s, "old").Failures, 0)
	equal(t, "remembered", throttle(t, s, "remembered").Failures, 9)
}

// What lies under a key goes with it, and nothing that only looks like it.
func testThrottlesUnder(t *testing.T, d Database) {
	s := d.Open(t)
	under := []string{"p/1/u", "p/1/u/", "p/1/u/source/192.0.2.1", "p/1/u/source/2001:db8::/64", `p/1/u/source/"\xff"`, "p/1/u/~", "p/1/u/é"}
	others := []string{"p/1", "p/1/", "p/1/U", "p/1/U/source", "p/1/u0", "p/1/u.", "p/1/u-", "p/1/uu", "p/1/uu/source", "p/1/%", "p/1/_", "x/p/1/u/source", "p/2/u"}
	put := func(keys []string) {
		t.Helper()
		update(t, s, func(ctx context.Context, tx iam.Tx) error {
			for _, key := range keys {
				if err := tx.PutThrottle(ctx, iam.Throttle{Key: key, Failures: 2, Last: day(1)}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	remove := func(key string) {
		t.Helper()
		update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.DeleteThrottlesUnder(ctx, key) })
	}
	left := func(keys []string, want int) {
		t.Helper()
		for _, key := range keys {
			equal(t, key, throttle(t, s, key).Failures, want)
		}
	}
	put(under)
	put(others)
	for _, key := range []string{"p/_/u", "p/%/u", "%", "", "p/1/u/source/192.0.2"} { // neither patterns nor beginnings of names
		remove(key)
	}
	left(under, 2)
	left(others, 2)
	for range 2 { // there need not be any
		remove("p/1/u")
		left(under, 0)
		left(others, 2)
	}
	remove("p/1/%")
	left([]string{"p/1/%"}, 0)
	left([]string{"p/1/_", "p/1/u0", "p/1/U", "p/1/U/source"}, 2)
}

// Failures of one key that happen at once, the first of it among them, are all counted.
func testParallelFailures(t *testing.T, d Database) {
	const goroutines, failures = 32, 20
	one, two := d.Open(t), d.Open(t)
	var wg sync.WaitGroup
	for i := range goroutines {
		s := one
		if i%8 == 0 {
			s = two
		}
		wg.Go(func() {
			for n := range failures {
				if err := s.Update(t.Context(), func(tx iam.Tx) error {
					counted, err := tx.LockThrottle(t.Context(), "k")
					return first(err, tx.PutThrottle(t.Context(), counted.Failed(iam.SourceWait, day(0).Add(time.Duration(n)*time.Second))),
						iam.Keep(errRefused))
				}); !errors.Is(err, errRefused) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	equal(t, "failures", throttle(t, one, "k").Failures, goroutines*failures)
}
