package store

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/seal"
	"github.com/sallyport-iam/sallyport/store/pgtest"
)

func openReviewed(t *testing.T, parameters string) *Store {
	t.Helper()
	keyset, err := seal.Create(filepath.Join(t.TempDir(), "keyset.json"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), pgtest.NewDatabase(t)+parameters, keyset, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// A statement that reads the whole log has the time of its view, and not that of every other statement.
func TestAStatementOfALongViewMayTakeLong(t *testing.T) {
	s := openReviewed(t, "&statement_timeout=2000")
	slow := func(t *tx) error {
		var one int64
		return t.row(`SELECT CAST(1 AS BIGINT) FROM pg_sleep(3)`, nil, &one)
	}
	if err := s.view(t.Context(), slow); !errors.Is(err, iam.ErrUnavailable) {
		t.Errorf("a view: %v, want it to be stopped", err)
	}
	if err := s.viewFor(t.Context(), longViewTime, slow); err != nil {
		t.Errorf("a long view: %v", err)
	}
	if err := s.view(t.Context(), slow); !errors.Is(err, iam.ErrUnavailable) {
		t.Errorf("a view after it: %v, want it to be stopped", err)
	}
}

// Who was refused for the sake of others does not wait for a turn without end, though its client does.
func TestWaitingForATurnEnds(t *testing.T) {
	s := openReviewed(t, "")
	db := s.db.(*postgresDB)
	db.lane <- struct{}{} // somebody's, who takes long
	defer func() { <-db.lane }()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := db.inTurn(ctx, time.Now().Add(10*time.Millisecond), func(*tx) error {
		t.Error("it was run beside the other")
		return nil
	})
	if !errors.Is(err, iam.ErrUnavailable) {
		t.Errorf("got %v, want it to be unavailable", err)
	}
}

// The loss of the watch's own connection is not that of the database: what is under way goes on.
func TestLosingTheWatchLosesNothingElse(t *testing.T) {
	s := openReviewed(t, "")
	watched := func() (pid, n int64) {
		t.Helper()
		if err := s.view(t.Context(), func(v *tx) error {
			return v.row(`SELECT CAST(COALESCE(MAX(pid), 0) AS BIGINT), COUNT(*) FROM pg_stat_activity WHERE datname = current_database()
				AND pid <> pg_backend_pid() AND (query LIKE 'SELECT current_setting%' OR query LIKE 'LISTEN%')`, nil, &pid, &n)
		}); err != nil {
			t.Fatal(err)
		}
		return pid, n
	}
	time.Sleep(watchInterval + watchInterval/2) // until it has been of use
	pid, n := watched()
	if n != 1 {
		t.Fatalf("%d watches", n)
	}
	if err := s.view(t.Context(), func(v *tx) error {
		var done bool
		if err := v.row(`SELECT pg_terminate_backend(CAST($1 AS INTEGER))`, []any{pid}, &done); err != nil || !done {
			return errors.Join(err, errors.New("not ended"))
		}
		var one int64
		return v.row(`SELECT CAST(1 AS BIGINT) FROM pg_sleep(1)`, nil, &one)
	}); err != nil {
		t.Errorf("what was under way: %v", err)
	}
	if down := s.Health().Down; down != nil {
		t.Errorf("down: %v", down)
	}
	if again, n := watched(); n != 1 || again == pid {
		t.Errorf("%d watches, pid %d, was %d", n, again, pid)
	}
}
