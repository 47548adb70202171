package store

import (
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/seal"
	"github.com/sallyport-iam/sallyport/store/pgtest"
)

// Of transactions that are under way together none has ended when the bound is taken, and the one with the higher id is
// committed before the log is read: what the bound tells of begun transactions must include those begun since the last
// one that has ended.
func TestNoRecordIsPassedOverWhoseTransactionBeganAfterTheLastThatEnded(t *testing.T) {
	keyset, err := seal.Create(filepath.Join(t.TempDir(), "keyset.json"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), pgtest.NewDatabase(t), keyset, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	write := func(name string, written chan<- struct{}, finish <-chan struct{}) {
		err := s.update(t.Context(), func(tx *tx) error {
			if err := tx.AppendAudit(t.Context(), iam.AuditEntry{Node: "node", Record: []byte(name)}); err != nil {
				return err
			}
			close(written)
			<-finish
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	var wg sync.WaitGroup
	start := func(name string) (finish func()) {
		written, end, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
		wg.Go(func() { write(name, written, end); close(ended) })
		<-written
		return sync.OnceFunc(func() { close(end); <-ended })
	}
	finishSlow := start("slow")
	finishQuick := start("quick")
	defer wg.Wait()
	defer finishSlow()
	defer finishQuick()

	settled, err := s.db.settled(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	finishQuick()
	if err := s.view(t.Context(), func(v *tx) error {
		through, err := settled(v)
		if err != nil {
			return err
		}
		ids, err := list(v, func(_ *tx, scan scanner) (id int64, err error) { return id, scan(&id) },
			`SELECT id FROM audit_records WHERE id <= $1 ORDER BY id`, through)
		if len(ids) > 0 {
			t.Errorf("records %v count as settled while one before them can still appear", ids)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	finishSlow()
	var names []string
	for range 2 { // the first looks for a bound, the second has one at the latest
		entries, err := s.AuditLog().Unchained(t.Context(), "node", 10)
		if err != nil {
			t.Fatal(err)
		}
		names = names[:0]
		for _, e := range entries {
			names = append(names, string(e.Record))
		}
	}
	if !slices.Equal(names, []string{"slow", "quick"}) {
		t.Errorf("read %q after all have ended", names)
	}
}
