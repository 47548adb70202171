package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/iam"
)

// BenchmarkAudit appends records as the queue of reads does, 1024 in a transaction, and chains them as the sealer
// does.
func BenchmarkAudit(b *testing.B) {
	s, _ := openTest(b, Options{})
	record := make([]byte, 900)
	record[0] = '{'
	entries := make([]iam.AuditEntry, 1024)
	log := s.AuditLog()
	var appended, chained time.Duration
	var seq int64
	var hash audit.Hash
	var n int64
	for b.Loop() {
		for i := range entries {
			n++
			entries[i] = iam.AuditEntry{Account: "111111111111", Node: "f1e2d3c4b5a69788", Time: 1_763_000_000_000 + n,
				EventName: []string{"GetUser", "GetCallerIdentity", "ListUsers"}[i%3], UserName: fmt.Sprint("user", i%100), Record: record}
		}
		start := time.Now()
		if err := s.AppendReads(b.Context(), entries, false); err != nil {
			b.Fatal(err)
		}
		appended += time.Since(start)
		start = time.Now()
		unchained, err := log.Unchained(b.Context(), entries[0].Node, len(entries))
		if err != nil {
			b.Fatal(err)
		}
		links := make([]audit.Link, len(unchained))
		for i, e := range unchained {
			seq++
			hash = audit.ChainHash(entries[0].Node, seq, hash, e.Record)
			links[i] = audit.Link{ID: e.ID, Seq: seq, Hash: hash}
		}
		if err := log.Chain(b.Context(), entries[0].Node, links); err != nil {
			b.Fatal(err)
		}
		chained += time.Since(start)
	}
	b.ReportMetric(float64(appended.Microseconds())/float64(n), "µs/append")
	b.ReportMetric(float64(chained.Microseconds())/float64(n), "µs/chain")
}
