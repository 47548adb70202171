package store

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/iam"
)

var auditKey = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

// appendRecords adds records of a node.
func appendRecords(t testing.TB, s *Store, node string, count int) {
	t.Helper()
	if err := s.update(t.Context(), func(tx *tx) error {
		entries := make([]iam.AuditEntry, count)
		for i := range entries {
			entries[i] = iam.AuditEntry{Account: "1", Node: node, Time: int64(i), Record: fmt.Appendf(nil, `{"eventID":"%s-%d"}`, node, i)}
		}
		return tx.AppendAudit(t.Context(), entries...)
	}); err != nil {
		t.Fatal(err)
	}
}

// sealRecords chains a node's records and signs a digest, as at the end of a server.
func sealRecords(t testing.TB, s *Store, node string, now time.Time) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	sealer := &audit.Sealer{Node: node, Log: s.AuditLog(), Now: func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler),
		Sign: func(message []byte) []byte { return ed25519.Sign(auditKey, message) }}
	if err := sealer.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

// verifyRecords returns the report of the first node.
func verifyRecords(t testing.TB, s *Store) audit.NodeReport {
	t.Helper()
	var report *audit.Report
	if err := s.ReadAudit(t.Context(), func(source audit.Source) (err error) {
		report, err = audit.Verify(t.Context(), source, func(message, signature []byte) error {
			if !ed25519.Verify(auditKey.Public().(ed25519.PublicKey), message, signature) {
				return errors.New("bad signature")
			}
			return nil
		})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return report.Nodes[0]
}

var midnight = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// Each row alters the database as somebody without a key could, and states what the verification names. Node n1
// has records 1 to 300 with ids 1 to 300 in two blocks and a digest, 301 to 310 with ids 321 to 330 in a block and
// a digest; the ids between were another node's.
func TestAuditTamperingIsNamed(t *testing.T) {
	insert := func(id int) string {
		return fmt.Sprintf(`INSERT INTO audit_records (id, node, account, time, event_name, user_name, record)
			VALUES (%d, 'n1', '1', 0, '', '', '{}')`, id)
	}
	const n1 = ` WHERE node = 'n1' AND first_seq = `
	for _, test := range []struct {
		name, query string
		kind        audit.Kind // "" if there is nothing to notice
		first, last int64
	}{
		{"nothing", `SELECT 1`, "", 0, 0},
		{"record changed", `UPDATE audit_records SET record = '{}' WHERE id = 270`, audit.Changed, 270, 270},
		{"record emptied", `UPDATE audit_records SET record = x'' WHERE id = 270`, audit.Changed, 270, 270},
		{"record removed", `DELETE FROM audit_records WHERE id = 5`, audit.Removed, 5, 5},
		{"first record removed", `DELETE FROM audit_records WHERE id = 1`, audit.Removed, 1, 1},
		{"last record removed", `DELETE FROM audit_records WHERE id = 330`, audit.Removed, 310, 310},
		{"record given to another node", `UPDATE audit_records SET node = 'n2' WHERE id = 5`, audit.Removed, 5, 5},
		{"record inserted between blocks", insert(310), audit.Inserted, 301, 301},
		{"record inserted before all", insert(-3), audit.Inserted, 1, 1},
		{"record moved to the end", `UPDATE audit_records SET id = 999 WHERE id = 5`, audit.Removed, 5, 5},
		{"record moved between blocks", `UPDATE audit_records SET id = 310 WHERE id = 5`, audit.Removed, 5, 5},
		{"records swapped", `UPDATE audit_records SET record = CASE id WHEN 6 THEN '{"eventID":"n1-299"}' ELSE '{"eventID":"n1-5"}' END
			WHERE id IN (6, 300)`, audit.Reordered, 6, 300},
		{"record added after the chain", insert(999), "", 0, 0},

		{"block removed", `DELETE FROM audit_chain` + n1 + `257`, audit.Removed, 257, 300},
		{"first block removed", `DELETE FROM audit_chain` + n1 + `1`, audit.Removed, 1, 256},
		{"last block removed", `DELETE FROM audit_chain` + n1 + `301`, audit.Removed, 301, 310},
		{"block cut", `UPDATE audit_chain SET links = substr(links, 1, 100)` + n1 + `257`, audit.Removed, 259, 300},
		{"block emptied", `UPDATE audit_chain SET links = x''` + n1 + `1`, audit.Removed, 1, 256},
		{"id in a block changed", `UPDATE audit_chain SET links = x'00' || substr(links, 2, 6) || x'63' || substr(links, 9)` + n1 + `257`,
			audit.Removed, 257, 257},
		{"hash in a block changed", `UPDATE audit_chain SET links = substr(links, 1, 8) || zeroblob(32) || substr(links, 41)` + n1 + `257`,
			audit.Changed, 257, 257},
		{"block numbered anew", `UPDATE audit_chain SET first_seq = 400` + n1 + `257`, audit.Removed, 257, 300},
		{"block's last number lowered", `UPDATE audit_chain SET last_seq = -1` + n1 + `257`, audit.Removed, 257, 300},
		{"block's last id lowered", `UPDATE audit_chain SET last_id = 299` + n1 + `257`, audit.Removed, 300, 300},
		{"block's last id raised", `UPDATE audit_chain SET last_id = 325` + n1 + `257`, audit.Removed, 301, 305},
		{"retention pretended, not at a digest", `INSERT INTO audit_retention (node, last_seq, last_id) VALUES ('n1', 256, 256)`,
			audit.Removed, 1, 256},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, _ := openTest(t, Options{})
			appendRecords(t, s, "n1", 300)
			sealRecords(t, s, "n1", midnight)
			appendRecords(t, s, "n2", 20)
			appendRecords(t, s, "n1", 10)
			sealRecords(t, s, "n1", midnight.Add(time.Hour))
			if err := s.update(t.Context(), func(tx *tx) error {
				if _, err := tx.exec(`DELETE FROM audit_records WHERE node = 'n2'`); err != nil {
					return err
				}
				_, err := tx.exec(test.query)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			p := verifyRecords(t, s).Problem
			if p == nil {
				p = &audit.Problem{}
			}
			if p.Kind != test.kind || p.First != test.first || p.Last != test.last {
				t.Errorf("got %q, %d to %d: %v", p.Kind, p.First, p.Last, p)
			}
		})
	}
}

// A row of many records is chained as one: what is altered in it is named by the row, with what it holds now.
func TestAuditTamperingWithASegmentIsNamed(t *testing.T) {
	const rewrite = `UPDATE audit_records SET record = $1 WHERE id = 2`
	replace := func(before, after string) func(string) string {
		return func(text string) string { return strings.Replace(text, before, after, 1) }
	}
	for _, test := range []struct {
		name, query string
		kind        audit.Kind
		first       int64
		event       string
		change      func(text string) string // what rewrite writes
	}{
		{"nothing", `SELECT 1`, "", 0, "", nil},
		{"how many is told wrongly", `UPDATE audit_records SET records = 3 WHERE records > 1`, "", 0, "", nil},
		{"a record in it changed", rewrite, audit.Changed, 2, `, a segment of 10 records from "n1-0" to "n1-9"`,
			replace(`"n1-7"`, `"n1-x"`)},
		{"a record taken out of it", rewrite, audit.Changed, 2, `, a segment of 9 records from "n1-0" to "n1-8"`,
			replace("9 GetUser alice\n"+`{"eventID":"n1-9"}`+"\n", "")},
		{"the name of a user in it changed", rewrite, audit.Changed, 2, `, a segment of 10 records from "n1-0" to "n1-9"`,
			replace("7 GetUser alice", "7 GetUser mlory")},
		{"a byte of it changed", `UPDATE audit_records SET record = substr(record, 1, 40) || x'00' || substr(record, 42) WHERE id = 2`,
			audit.Changed, 2, ", a segment that can't be read any more", nil},
		{"made a single record", `UPDATE audit_records SET record = '{"eventID":"n1-0"}', records = 1 WHERE id = 2`, audit.Changed, 2, `, "n1-0"`, nil},
		{"emptied", `UPDATE audit_records SET record = '' WHERE id = 2`, audit.Changed, 2, "", nil},
		{"removed", `DELETE FROM audit_records WHERE id = 2`, audit.Removed, 2, "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, _ := openTest(t, Options{})
			appendRecords(t, s, "n1", 1)
			var reads []iam.AuditEntry
			for i := range 10 {
				reads = append(reads, iam.AuditEntry{Account: "1", Node: "n1", Time: int64(i), EventName: "GetUser", UserName: "alice",
					Record: fmt.Appendf(nil, `{"eventID":"n1-%d"}`, i)})
			}
			if err := s.AppendReads(t.Context(), reads, false); err != nil {
				t.Fatal(err)
			}
			appendRecords(t, s, "n1", 2)
			sealRecords(t, s, "n1", midnight)
			if err := s.update(t.Context(), func(tx *tx) error {
				var args []any
				if test.change != nil {
					var content []byte
					if err := tx.row(`SELECT record FROM audit_records WHERE id = 2`, nil, &content); err != nil {
						return err
					}
					text := ""
					for e := range audit.Events(content) {
						text += fmt.Sprintf("%d %s %s\n%s\n", e.Time, e.Name, e.UserName, e.Record)
					}
					args = []any{[]byte(test.change(text))}
				}
				_, err := tx.exec(test.query, args...)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			report := verifyRecords(t, s)
			p := report.Problem
			if p == nil {
				if p = (&audit.Problem{}); report.Records != 13 || report.LastSeq != 4 {
					t.Errorf("report: %+v", report)
				}
			}
			if p.Kind != test.kind || p.First != test.first || p.Event != test.event {
				t.Errorf("got %q, %d %s: %v", p.Kind, p.First, p.Event, p)
			}
			// Whatever was done to them, readers come to an end.
			if _, err := s.AuditTail(t.Context(), 100); err != nil {
				t.Error(err)
			}
		})
	}
}

// Retention that is stopped after any of its transactions leaves a log that is intact, that the sealer goes on
// with, and whose removal the next PruneAudit finishes, even when nothing more is due.
func TestPruneAuditStoppedAnywhere(t *testing.T) {
	for step := range 6 {
		t.Run(fmt.Sprint("after step ", step), func(t *testing.T) {
			s, _ := openTest(t, Options{})
			for i := range 3 {
				appendRecords(t, s, "n1", 300)
				sealRecords(t, s, "n1", midnight.Add(time.Duration(i)*time.Hour))
			}
			var removed int64
			for i := range step + 1 {
				if err := s.update(t.Context(), func(tx *tx) error {
					if i == 0 {
						more, err := tx.beginRetention("n1", midnight.Add(time.Hour))
						return errors.Join(err, map[bool]error{false: errors.New("nothing to remove")}[more])
					}
					through, err := tx.retention("n1")
					if err != nil {
						return err
					}
					n, err := tx.removeAudit("n1", through)
					removed += n
					return err
				}); err != nil {
					t.Fatal(err)
				}
			}
			if n := verifyRecords(t, s); n.Problem != nil || n.Records != 300 || n.Pruned == nil || n.Pruned.LastSeq != 600 {
				t.Errorf("stopped: %+v, %v", n, n.Problem)
			}
			appendRecords(t, s, "n1", 5)
			sealRecords(t, s, "n1", midnight.Add(3*time.Hour))
			n, err := s.PruneAudit(t.Context(), "n1", midnight.Add(-time.Hour))
			if removed += n; removed != 600 || err != nil {
				t.Errorf("removed %d in all, %v", removed, err)
			}
			if n := verifyRecords(t, s); n.Problem != nil || n.Records != 305 || n.Digests != 3 || n.Uncovered != 0 {
				t.Errorf("finished: %+v, %v", n, n.Problem)
			}
			if tail, err := s.AuditTail(t.Context(), 1000); len(tail) != 305 || err != nil {
				t.Errorf("%d records are left, %v", len(tail), err)
			}
		})
	}
}

// Any number of records comes back as it was given, in order.
func TestAppendAuditOfAnyLength(t *testing.T) {
	s, _ := openTest(t, Options{})
	var after int64
	for count := range 40 {
		appendRecords(t, s, "n", count)
		records, err := s.AuditAfter(t.Context(), after, 100)
		if err != nil || len(records) != count {
			t.Fatalf("%d records of %d, %v", len(records), count, err)
		}
		for i, r := range records {
			if want := fmt.Sprintf(`{"eventID":"n-%d"}`, i); string(r.JSON) != want || r.Time != int64(i) {
				t.Errorf("record %d of %d: %s at %d", i, count, r.JSON, r.Time)
			}
			after = r.ID
		}
	}
}
