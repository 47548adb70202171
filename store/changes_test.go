package store

import (
	"testing"

	"github.com/sallyport-iam/sallyport/iam"
)

// The list of changes stays bounded, and a follower who is further behind than it reaches sees a gap.
func TestChangesAreBounded(t *testing.T) {
	s, _ := openTest(t, Options{})
	const last = 2*changesKept - 1
	if err := s.update(t.Context(), func(tx *tx) error {
		for _, query := range []string{
			`INSERT INTO changes (sequence, account, version, entity)
				WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT i, '1', i, 'e' FROM n`,
			`INSERT INTO counters (name, value) VALUES ('changes', $1)`,
		} {
			if _, err := tx.exec(query, last); err != nil {
				return err
			}
		}
		return tx.AppendChange(t.Context(), iam.Change{Account: "1", ID: "newest"})
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.view(t.Context(), func(tx *tx) error {
		n, err := tx.count(`SELECT COUNT(*) FROM changes`)
		if err != nil || n != changesKept {
			t.Errorf("%d changes are kept, %v", n, err)
		}
		for after, want := range map[int64]int64{0: changesKept + 1, changesKept - 1: changesKept + 1, changesKept: changesKept + 1, last: last + 1} {
			if changes, err := tx.ChangesAfter(t.Context(), after, 1); err != nil || len(changes) != 1 || changes[0].Sequence != want {
				t.Errorf("after %d: %v, %v, want %d", after, changes, err, want)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
