package store

import (
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/seal"
	"github.com/sallyport-iam/sallyport/store/pgtest"
)

// openSettled opens a new PostgreSQL database, and returns what reads the names of the records of a node as a sealer does.
func openSettled(t *testing.T) (s *Store, read func() []string) {
	t.Helper()
	keyset, err := seal.Create(filepath.Join(t.TempDir(), "keyset.json"))
	if err != nil {
		t.Fatal(err)
	}
	if s, err = Open(t.Context(), pgtest.NewDatabase(t), keyset, Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, func() (names []string) {
		t.Helper()
		entries, err := s.AuditLog().Unchained(t.Context(), "node", 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, string(e.Record))
		}
		return names
	}
}

// A record whose id is lower than that of one committed before it is not passed over by who reads in the order of ids.
func TestAuditIsReadInTheOrderOfIDs(t *testing.T) {
	s, read := openSettled(t)
	write := func(name string, meanwhile func()) {
		err := s.update(t.Context(), func(tx *tx) error {
			if err := tx.AppendAudit(t.Context(), iam.AuditEntry{Node: "node", Record: []byte(name)}); err != nil {
				return err
			}
			if meanwhile != nil {
				meanwhile()
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	written, finish := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	write("first", nil)
	wg.Go(func() { write("slow", func() { close(written); <-finish }) })
	<-written
	write("quick", nil)
	for range 3 {
		if got := read(); len(got) > 0 && !slices.Equal(got, []string{"first"}) {
			t.Errorf("read %q while a record before them can still appear", got)
		}
	}
	close(finish)
	wg.Wait()
	read()
	if got := read(); !slices.Equal(got, []string{"first", "slow", "quick"}) {
		t.Errorf("read %q after all have ended", got)
	}
}

// Of transactions that are under way together none has ended when the bound is taken, and the one with the higher id is
// committed before the log is read: what the bound tells of begun transactions must include those begun since the last
// one that has ended.
func TestNoRecordIsPassedOverWhoseTransactionBeganAfterTheLastThatEnded(t *testing.T) {
	s, read := openSettled(t)
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
	read() // looks for a bound; the second has one at the latest
	if names := read(); !slices.Equal(names, []string{"slow", "quick"}) {
		t.Errorf("read %q after all have ended", names)
	}
}

func TestHorizons(t *testing.T) {
	var h horizons
	for _, step := range []struct {
		oldest uint64 // transaction under way in the reader's snapshot
		now    horizon
		want   string
	}{
		{10, horizon{id: 5, next: 12}, "nothing"}, // 10 and 11 may still write below 5
		{11, horizon{id: 7, next: 15}, "nothing"}, // 11 still
		{12, horizon{id: 9, next: 18}, "5"},       // all up to 11 have ended
		{14, horizon{id: 12, next: 20}, "5"},      // 9 is awaited until 17 has ended
		{19, horizon{id: 14, next: 22}, "9"},      //
		{9, horizon{id: 15, next: 23}, "nothing"}, // a snapshot from before
		{23, horizon{id: 15, next: 23}, "15"},     // nobody writes
		{23, horizon{id: 16, next: 25}, "15"},     //
	} {
		got := "nothing"
		if id := h.of(step.oldest, step.now); id > 0 {
			got = fmt.Sprint(id)
		}
		if got != step.want {
			t.Errorf("oldest %d, now %+v: up to %s, want %s", step.oldest, step.now, got, step.want)
		}
	}
}
