package store

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/seal"
	"github.com/sallyport-iam/sallyport/store/pgtest"
)

// A node that is new to a long log walks over it in parts, once, and misses nothing of its own.
func TestAWalkOverTheRecordsOfOthersIsDoneOnce(t *testing.T) {
	for _, database := range []struct {
		name string
		url  func(testing.TB) string
	}{
		{"PostgreSQL", func(t testing.TB) string { return pgtest.NewDatabase(t) }},
		{"SQLite", func(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "sallyport.db") }},
	} {
		t.Run(database.name, func(t *testing.T) {
			keyset, err := seal.Create(filepath.Join(t.TempDir(), "keyset.json"))
			if err != nil {
				t.Fatal(err)
			}
			s, err := Open(t.Context(), database.url(t), keyset, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			s.walks.rows = 3
			write := func(node string, count int) {
				t.Helper()
				for range count {
					if err := s.update(t.Context(), func(tx *tx) error {
						return tx.AppendAudit(t.Context(), iam.AuditEntry{Node: node, Record: []byte(node)})
					}); err != nil {
						t.Fatal(err)
					}
				}
			}
			seq, hash := int64(0), audit.Hash{}
			var chained []int64
			chain := func(limit int) (n int) {
				t.Helper()
				entries, err := s.AuditLog().Unchained(t.Context(), "new", limit)
				if err != nil {
					t.Fatal(err)
				}
				var links []audit.Link
				for _, e := range entries {
					seq++
					hash = audit.ChainHash("new", seq, hash, e.Record)
					links = append(links, audit.Link{ID: e.ID, Seq: seq, Hash: hash})
					chained = append(chained, e.ID)
				}
				if err := s.AuditLog().Chain(t.Context(), "new", links); err != nil {
					t.Fatal(err)
				}
				return len(entries)
			}
			write("old", 10)
			if n := chain(2); n != 0 {
				t.Fatalf("%d records of a node that has written none", n)
			}
			if from := s.walks.begin("new", math.MaxInt64, s.Health().Since); from < 9 {
				t.Errorf("the next walk begins after id %d, as if there had been none", from)
			}
			write("new", 3)
			write("old", 7)
			write("new", 2)
			for chain(2) > 0 {
			}
			if want := []int64{11, 12, 13, 21, 22}; !slices.Equal(chained, want) {
				t.Errorf("chained ids %s, want %s", fmt.Sprint(chained), fmt.Sprint(want))
			}
		})
	}
}
