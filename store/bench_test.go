package store

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
)

// BenchmarkUpdate does what a sign-in with a code writes, from 64 goroutines, with commits shared and not.
func BenchmarkUpdate(b *testing.B) {
	for _, bench := range []struct {
		name  string
		limit int
	}{{"shared", 0}, {"alone", 1}} {
		b.Run(bench.name, func(b *testing.B) {
			s, _ := openTest(b, Options{BatchLimit: bench.limit})
			const devices = 1000
			seed(b, s, devices)
			record := make([]byte, 1000)
			before := s.Stats()
			var n atomic.Int64
			b.SetParallelism((64 + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					i := n.Add(1)
					err := s.Update(b.Context(), func(tx iam.Tx) error {
						d, err := tx.LockMFADevice(b.Context(), "1", fmt.Sprint("S", i%devices))
						if err != nil {
							return err
						}
						d.State.Floor++
						return errors.Join(tx.UpdateMFADevice(b.Context(), d),
							tx.PutMFABudget(b.Context(), "1", d.Serial, mfa.Budget{Window: i}),
							tx.AppendAudit(b.Context(), iam.AuditEntry{Account: "1", Node: "n", Time: i, EventName: "GetSessionToken",
								UserName: "u", Record: record}))
					})
					if err != nil {
						b.Error(err)
					}
				}
			})
			after := s.Stats()
			b.ReportMetric(float64(after.Commits-before.Commits)/float64(b.N), "commits/op")
		})
	}
}

// BenchmarkView reads one user.
func BenchmarkView(b *testing.B) {
	s, _ := openTest(b, Options{})
	seed(b, s, 1)
	b.ReportAllocs()
	for b.Loop() {
		if err := s.View(b.Context(), func(tx iam.Tx) error {
			_, err := tx.User(b.Context(), "1", "user5000")
			return err
		}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSignIn reads what every request of a browser reads, of 10,000 sign-ins.
func BenchmarkSignIn(b *testing.B) {
	s, _ := openTest(b, Options{})
	if err := s.update(b.Context(), func(tx *tx) error {
		for i := range 10_000 {
			if err := tx.InsertSignIn(b.Context(), &iam.SignIn{ID: fmt.Sprint("S", i), TokenHash: fmt.Sprintf("%064d", i), Account: "1",
				OwnerID: fmt.Sprint("U", i), Step: iam.SignedIn, UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	hash := fmt.Sprintf("%064d", 5000)
	b.ReportAllocs()
	for b.Loop() {
		if err := s.View(b.Context(), func(tx iam.Tx) error {
			_, err := tx.SignIn(b.Context(), hash)
			return err
		}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPage reads the first and the last page of 10,000 users: both cost the same.
func BenchmarkPage(b *testing.B) {
	s, _ := openTest(b, Options{})
	seed(b, s, 1)
	for _, after := range []string{"", "user9899"} {
		b.Run("after="+after, func(b *testing.B) {
			for b.Loop() {
				if err := s.View(b.Context(), func(tx iam.Tx) error {
					users, err := tx.Users(b.Context(), "1", iam.Page{After: after, Limit: 100})
					if err == nil && len(users) != 100 {
						err = fmt.Errorf("%d users", len(users))
					}
					return err
				}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// seed makes 10,000 users and some devices.
func seed(b *testing.B, s *Store, devices int) {
	b.Helper()
	if err := s.update(b.Context(), func(tx *tx) error {
		for i := range 10_000 {
			u := &iam.User{Account: "1", ID: fmt.Sprintf("U%04d", i), Name: fmt.Sprintf("user%04d", i), Path: "/"}
			if err := tx.InsertUser(b.Context(), u); err != nil {
				return err
			}
		}
		for i := range devices {
			if err := tx.InsertMFADevice(b.Context(), &iam.MFADevice{Account: "1", Serial: fmt.Sprint("S", i), Kind: iam.VirtualDevice,
				OwnerID: "U0001", TOTP: mfa.TOTP{Seed: fmt.Appendf(nil, "seed %015d", i)}}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
}
