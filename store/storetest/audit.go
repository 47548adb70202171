package storetest

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/store"
)

// appendAudit adds the node's records first to last, each its own event, a second apart.
func appendAudit(t testing.TB, s *store.Store, node string, from, to int) {
	t.Helper()
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		var entries []iam.AuditEntry
		for i := from; i <= to; i++ {
			entries = append(entries, iam.AuditEntry{Account: accountA, Node: node, Time: day(0).UnixMilli() + int64(i)*1000,
				EventName: []string{"CreateUser", "GetUser"}[i%2], UserName: []string{"", "alice", "bob"}[i%3],
				Record: fmt.Appendf(nil, `{"n":%d}`, i)})
		}
		return tx.AppendAudit(ctx, entries...)
	})
}

// chain chains the node's records as the sealer does.
func chain(t testing.TB, s *store.Store, node string) (seq int64, hash audit.Hash) {
	t.Helper()
	ctx, log := t.Context(), s.AuditLog()
	seq, hash, err := log.Head(ctx, node)
	if err != nil {
		t.Fatal(err)
	}
	if last, err := log.LastDigest(ctx, node); err != nil {
		t.Fatal(err)
	} else if last != nil && last.LastSeq > seq { // retention has removed every record
		seq, hash = last.LastSeq, last.LastHash
	}
	entries, err := log.Unchained(ctx, node, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var links []audit.Link
	for _, entry := range entries {
		seq++
		hash = audit.ChainHash(node, seq, hash, entry.Record)
		links = append(links, audit.Link{ID: entry.ID, Seq: seq, Hash: hash})
	}
	if err := log.Chain(ctx, node, links); err != nil {
		t.Fatal(err)
	}
	return seq, hash
}

var digestKey = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

// digest signs the node's chain from first on.
func digest(t testing.TB, s *store.Store, node string, first int64, days int) audit.Digest {
	t.Helper()
	ctx, log := t.Context(), s.AuditLog()
	seq, hash, err := log.Head(ctx, node)
	if err != nil {
		t.Fatal(err)
	}
	d := audit.Digest{Node: node, FirstSeq: first, LastSeq: seq, LastHash: hash, Time: day(days).Truncate(1e9)}
	last, err := log.LastDigest(ctx, node)
	if err != nil {
		t.Fatal(err)
	}
	if last != nil {
		d.Previous = last.Hash()
	}
	d.Signature = ed25519.Sign(digestKey, d.Message())
	if err := log.AddDigest(ctx, d); err != nil {
		t.Fatal(err)
	}
	return d
}

// verify runs the verifier over the log; what it finds wrong fails the test.
func verify(t testing.TB, s *store.Store) *audit.Report {
	t.Helper()
	var report *audit.Report
	err := s.ReadAudit(t.Context(), func(source audit.Source) (err error) {
		report, err = audit.Verify(t.Context(), source, func(message, signature []byte) error {
			if !ed25519.Verify(digestKey.Public().(ed25519.PublicKey), message, signature) {
				return errors.New("bad signature")
			}
			return nil
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range report.Nodes {
		if node.Problem != nil {
			t.Errorf("node %s: %+v", node.Node, node.Problem)
		}
	}
	return report
}

func testAuditChain(t *testing.T, d Database) {
	s := d.Open(t)
	ctx, log := t.Context(), s.AuditLog()
	seq, hash, err := log.Head(ctx, "n1")
	equal(t, "head of nothing", [3]any{seq, hash, err}, [3]any{int64(0), audit.Hash{}, nil})
	if last, err := log.LastDigest(ctx, "n1"); last != nil || err != nil {
		t.Errorf("last digest of nothing: %v, %v", last, err)
	}
	appendAudit(t, s, "n1", 1, 300)
	appendAudit(t, s, "n2", 301, 302)
	// What a transaction undoes was never there.
	_ = s.Update(ctx, func(tx iam.Tx) error {
		tx.AppendAudit(ctx, iam.AuditEntry{Account: accountA, Node: "n1", Record: []byte("{}")})
		return errors.New("refused")
	})
	entries, err := log.Unchained(ctx, "n1", 2)
	if err != nil || len(entries) != 2 || string(entries[0].Record) != `{"n":1}` || entries[1].ID <= entries[0].ID {
		t.Fatalf("unchained: %v, %v", entries, err)
	}
	bad := audit.Link{ID: entries[1].ID, Seq: 7}
	if err := log.Chain(ctx, "n2", []audit.Link{bad}); err == nil {
		t.Error("a record was chained by another node")
	}
	if seq, _ := chain(t, s, "n1"); seq != 300 {
		t.Errorf("chained up to %d", seq)
	}
	if err := log.Chain(ctx, "n1", []audit.Link{bad}); err == nil {
		t.Error("a record was chained twice")
	}
	first := digest(t, s, "n1", 1, 1)
	appendAudit(t, s, "n1", 303, 304)
	entries, err = log.Unchained(ctx, "n1", 10)
	if err != nil || len(entries) != 2 {
		t.Fatalf("unchained: %v, %v", entries, err)
	}
	links := []audit.Link{{ID: entries[0].ID, Seq: 301}, {ID: entries[1].ID, Seq: 300}}
	if err := log.Chain(ctx, "n1", links); err == nil {
		t.Error("a number was given twice")
	}
	if seq, _, _ := log.Head(ctx, "n1"); seq != 300 {
		t.Errorf("half of a failed Chain stays: head is %d", seq)
	}
	chain(t, s, "n1")
	second := digest(t, s, "n1", 301, 2)
	if err := log.AddDigest(ctx, second); err == nil {
		t.Error("a digest was added twice")
	}
	last, err := log.LastDigest(ctx, "n1")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "last digest", *last, second)
	equal(t, "previous", second.Previous, first.Hash())

	report := verify(t, s)
	if n := report.Nodes; len(n) != 2 || n[0].Node != "n1" || n[0].Records != 302 || n[0].Unchained != 0 || n[1].Unchained != 2 {
		t.Errorf("report: %+v", n)
	}
	chain(t, s, "n2")
	if n := verify(t, s).Nodes; len(n) != 2 || n[1].Records != 2 || n[1].Unchained != 0 {
		t.Errorf("report: %+v", n)
	}
}

func testAuditRetention(t *testing.T, d Database) {
	s := d.Open(t)
	prune := func(days int, want int64) {
		t.Helper()
		if n, err := s.PruneAudit(t.Context(), "n1", day(days)); n != want || err != nil {
			t.Errorf("pruned %d, %v, want %d", n, err, want)
		}
	}
	prune(9, 0)
	for i := range 3 { // 600 records and a digest, three times
		appendAudit(t, s, "n1", i*600+1, i*600+600)
		chain(t, s, "n1")
		digest(t, s, "n1", int64(i*600+1), 10+i)
	}
	appendAudit(t, s, "n1", 1801, 1803)
	appendAudit(t, s, "n2", 1, 3)
	prune(9, 0)
	prune(11, 1200)
	prune(11, 0)
	if n := verify(t, s).Nodes; len(n) != 2 || n[0].Records != 600 || n[0].Unchained != 3 || n[1].Unchained != 3 {
		t.Errorf("report: %+v", n)
	}
	prune(99, 600)
	if n := verify(t, s).Nodes; n[0].Records != 0 || n[0].Unchained != 3 {
		t.Errorf("report: %+v", n)
	}
	if seq, _ := chain(t, s, "n1"); seq != 1803 {
		t.Errorf("the chain goes on at %d", seq)
	}
	verify(t, s)

	// Somebody who follows the log by id misses nothing when the newest record has gone.
	chain(t, s, "n2")
	digest(t, s, "n1", 1801, 30)
	digest(t, s, "n2", 1, 30)
	tail, err := s.AuditTail(t.Context(), 1)
	if err != nil || len(tail) != 1 {
		t.Fatalf("tail: %v, %v", tail, err)
	}
	for _, node := range []string{"n1", "n2"} {
		if _, err := s.PruneAudit(t.Context(), node, day(99)); err != nil {
			t.Error(err)
		}
	}
	appendAudit(t, s, "n1", 1, 1)
	if later, err := s.AuditAfter(t.Context(), tail[0].ID, 9); len(later) != 1 || err != nil {
		t.Errorf("after the newest: %v, %v", later, err)
	}
}

func testAuditReaders(t *testing.T, d Database) {
	s := d.Open(t)
	appendAudit(t, s, "n1", 1, 12)
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		return tx.AppendAudit(ctx, iam.AuditEntry{Account: accountB, Node: "n2", Time: 1, Record: []byte(`{"n":13}`)})
	})
	at := func(i int) int64 { return day(0).UnixMilli() + int64(i)*1000 } // the time of record i
	texts := func(records []iam.AuditRecord, err error) (list []string) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			list = append(list, string(r.JSON[5:len(r.JSON)-1]))
		}
		return list
	}
	ctx := t.Context()
	equal(t, "tail", texts(s.AuditTail(ctx, 3)), []string{"11", "12", "13"})
	equal(t, "tail of all", len(texts(s.AuditTail(ctx, 100))), 13)
	equal(t, "tail of none", texts(s.AuditTail(ctx, 0)), nil)
	tail, _ := s.AuditTail(ctx, 2)
	equal(t, "after", texts(s.AuditAfter(ctx, tail[0].ID, 5)), []string{"13"})
	equal(t, "after, bounded", texts(s.AuditAfter(ctx, 0, 2)), []string{"1", "2"})

	// Two more of the moment of the newest: a page may end between them.
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		return tx.AppendAudit(ctx, iam.AuditEntry{Account: accountA, Node: "n1", Time: at(12), EventName: "Later", Record: []byte(`{"n":13}`)},
			iam.AuditEntry{Account: accountA, Node: "n1", Time: at(12), EventName: "Later", Record: []byte(`{"n":14}`)})
	})
	for _, test := range []struct {
		filter iam.AuditFilter
		want   []string
	}{
		{iam.AuditFilter{Account: accountA}, []string{"14", "13", "12", "11", "10", "9", "8", "7", "6", "5", "4", "3", "2", "1"}},
		{iam.AuditFilter{Account: accountB}, []string{"13"}},
		{iam.AuditFilter{Account: accountA, EventName: "CreateUser"}, []string{"12", "10", "8", "6", "4", "2"}},
		{iam.AuditFilter{Account: accountA, UserName: "bob"}, []string{"11", "8", "5", "2"}},
		{iam.AuditFilter{Account: accountA, UserName: "bob", EventName: "GetUser"}, []string{"11", "5"}},
		{iam.AuditFilter{Account: accountA, Since: at(11)}, []string{"14", "13", "12", "11"}},
		{iam.AuditFilter{Account: accountA, Until: at(4)}, []string{"3", "2", "1"}},
		{iam.AuditFilter{Account: accountA, Until: at(4) + 1}, []string{"4", "3", "2", "1"}},
		{iam.AuditFilter{Account: accountA, Since: at(9), Until: at(12)}, []string{"11", "10", "9"}},
		{iam.AuditFilter{Account: accountA, Since: at(12), Until: at(12) + 1}, []string{"14", "13", "12"}},
		{iam.AuditFilter{Account: accountA, Since: at(4), Until: at(4)}, nil},
		{iam.AuditFilter{Account: accountA, Since: at(9), Until: at(3)}, nil},
		{iam.AuditFilter{Account: accountA, UserName: "bob", EventName: "GetUser", Until: at(11)}, []string{"5"}},
		{iam.AuditFilter{Account: accountA, EventName: "CreateUser", Since: at(3), Until: at(9)}, []string{"8", "6", "4"}},
	} {
		for size := 1; size <= len(test.want)+1; size++ {
			f := test.filter
			f.Limit = size
			var got []string
			for {
				page := get(t, s, func(ctx context.Context, tx iam.Tx) ([]iam.AuditRecord, error) { return tx.AuditRecords(ctx, f) })
				got = append(got, texts(page, nil)...)
				if len(page) < size || len(got) > 20 {
					break
				}
				f.Before = &page[len(page)-1]
			}
			equal(t, fmt.Sprintf("%+v", f), got, test.want)
		}
	}
}

// Reads stored together and records stored alone come back, through every reader, as a plain list of them all says.
func testAuditSegments(t *testing.T, d Database) {
	s := d.Open(t)
	type stored struct {
		iam.AuditEntry
		text string
	}
	random := rand.New(rand.NewPCG(4, 2))
	var all []stored
	now := day(0).UnixMilli()
	for range 40 {
		var reads []iam.AuditEntry
		for range 1 + random.IntN(60) {
			now += int64(random.IntN(30)) * int64(random.IntN(2)) // often the same moment
			if random.IntN(50) == 0 {
				now += 400 // longer than a segment lasts
			}
			n := len(all)
			e := iam.AuditEntry{
				Account: []string{accountA, accountA, accountB}[random.IntN(3)], Node: "n1", Time: now - int64(random.IntN(20)),
				EventName: []string{"GetUser", "ListUsers", "GetUserPolicy"}[random.IntN(3)], UserName: []string{"", "alice", "al_ce", "bob"}[random.IntN(4)],
				Record: fmt.Appendf(nil, `{"n":%d}`, n),
			}
			if random.IntN(4) > 0 {
				reads = append(reads, e)
			} else {
				e.EventName = []string{"CreateUser", "GetUser"}[random.IntN(2)]
				update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.AppendAudit(ctx, e) })
			}
			all = append(all, stored{e, string(e.Record)})
		}
		if err := s.AppendReads(t.Context(), reads, false); err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()

	// Followed by id, every record comes once; what is stored together comes in its order.
	var followed []iam.AuditRecord
	for id := int64(0); ; {
		page, err := s.AuditAfter(ctx, id, 7)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		followed = append(followed, page...)
		id = page[len(page)-1].ID
	}
	position := map[string]iam.AuditRecord{}
	segmented := 0
	for i, r := range followed {
		if _, twice := position[string(r.JSON)]; twice {
			t.Fatalf("%s comes twice", r.JSON)
		}
		position[string(r.JSON)] = r
		if r.Position > 0 {
			segmented++
			if before := followed[i-1]; before.ID != r.ID || before.Position != r.Position-1 {
				t.Errorf("record %d/%d follows %d/%d", r.ID, r.Position, before.ID, before.Position)
			}
		}
	}
	if len(followed) != len(all) || segmented < len(all)/3 {
		t.Fatalf("%d records of %d, %d in segments", len(followed), len(all), segmented)
	}
	for _, n := range []int{1, 10, 333, len(all), len(all) + 1} {
		tail, err := s.AuditTail(ctx, n)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "tail", tail, followed[max(len(followed)-n, 0):])
	}

	// Pages of every search join to what the list gives.
	for range 150 {
		f := iam.AuditFilter{Account: []string{accountA, accountA, accountB}[random.IntN(3)]}
		if random.IntN(2) == 0 {
			f.EventName = []string{"GetUser", "GetUserPolicy", "CreateUser", "User", "%"}[random.IntN(5)]
		}
		if random.IntN(2) == 0 {
			f.UserName = []string{"alice", "al_ce", "bob", "b%", `\`}[random.IntN(5)]
		}
		if random.IntN(3) == 0 {
			f.Since = all[random.IntN(len(all))].Time
		}
		if random.IntN(3) == 0 {
			f.Until = all[random.IntN(len(all))].Time
		}
		var want []iam.AuditRecord
		for _, e := range all {
			if e.Account == f.Account && (f.EventName == "" || e.EventName == f.EventName) && (f.UserName == "" || e.UserName == f.UserName) &&
				e.Time >= f.Since && (f.Until == 0 || e.Time < f.Until) {
				r := position[e.text]
				if r.Time != e.Time {
					t.Errorf("%s has time %d, not %d", e.text, r.Time, e.Time)
				}
				want = append(want, r)
			}
		}
		slices.SortFunc(want, func(a, b iam.AuditRecord) int {
			return -cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Position, b.Position))
		})
		question := fmt.Sprintf("%+v", f)
		f.Limit = 1 + random.IntN(70)
		var got []iam.AuditRecord
		for {
			page := get(t, s, func(ctx context.Context, tx iam.Tx) ([]iam.AuditRecord, error) { return tx.AuditRecords(ctx, f) })
			if got = append(got, page...); len(page) < f.Limit || len(got) > len(all) {
				break
			}
			f.Before = &iam.AuditRecord{Time: page[f.Limit-1].Time, ID: page[f.Limit-1].ID, Position: page[f.Limit-1].Position}
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s in pages of %d: %d records, want %d", question, f.Limit, len(got), len(want))
		}
	}

	// The chain covers them, a number for what is stored together, and the reports count records.
	if n := verify(t, s).Nodes; len(n) != 1 || n[0].Unchained != int64(len(all)) {
		t.Errorf("report: %+v", n)
	}
	seq, _ := chain(t, s, "n1")
	digest(t, s, "n1", 1, 1)
	if n := verify(t, s).Nodes; n[0].Records != int64(len(all)) || n[0].LastSeq != seq || seq >= int64(len(all)-segmented+1) || n[0].Unchained != 0 {
		t.Errorf("%d numbers, report: %+v", seq, n)
	}
	if n, err := s.PruneAudit(ctx, "n1", day(2)); n != int64(len(all)) || err != nil {
		t.Errorf("pruned %d of %d, %v", n, len(all), err)
	}
	if rest, err := s.AuditTail(ctx, 10); len(rest) != 0 || err != nil {
		t.Errorf("%v are left, %v", rest, err)
	}
}

// testAuditReadsAgain adds reads whose first addition was not answered, and may have been kept.
func testAuditReadsAgain(t *testing.T, d Database) {
	s := d.Open(t)
	var reads []iam.AuditEntry
	for i := range 300 {
		account := accountA
		if i == 7 {
			account = accountB // alone in its row
		}
		reads = append(reads, iam.AuditEntry{Account: account, Node: "n1", Time: 1, EventName: "GetUser", Record: fmt.Appendf(nil, `{"n":%d}`, i)})
	}
	for _, again := range []bool{true, true, false} { // nothing kept, all kept, and the same asked for anew
		if err := s.AppendReads(t.Context(), reads, again); err != nil {
			t.Fatal(err)
		}
		records, err := s.AuditTail(t.Context(), 10_000)
		if want := map[bool]int{true: 300, false: 600}[again]; err != nil || len(records) != want {
			t.Errorf("again %t: %d records, %v, want %d", again, len(records), err, want)
		}
	}
}

// incompressible is a text of random letters.
func incompressible(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	return base64.RawURLEncoding.EncodeToString(b)[:n]
}

// Segments too large to be chained or removed together are chained and removed one after the other.
func testAuditLargeSegments(t *testing.T, d Database) {
	s := d.Open(t)
	var reads []iam.AuditEntry
	for range 600 { // that can't be compressed
		reads = append(reads, iam.AuditEntry{Account: accountA, Node: "n1", Time: 1, EventName: "GetUser",
			Record: []byte(`{"n":"` + incompressible(50<<10) + `"}`)})
	}
	if err := s.AppendReads(t.Context(), reads, false); err != nil {
		t.Fatal(err)
	}
	for chained := 0; chained < 60; {
		entries, err := s.AuditLog().Unchained(t.Context(), "n1", 1000)
		if size := 0; err != nil || len(entries) == 0 || len(entries) > 20 {
			t.Fatalf("%d entries of %d bytes, %v", len(entries), size, err)
		}
		chain(t, s, "n1")
		chained += len(entries)
	}
	digest(t, s, "n1", 1, 1)
	if n := verify(t, s).Nodes; n[0].Records != 600 || n[0].LastSeq != 60 {
		t.Errorf("report: %+v", n)
	}
	if n, err := s.PruneAudit(t.Context(), "n1", day(2)); n != 600 || err != nil {
		t.Errorf("pruned %d, %v", n, err)
	}
	verify(t, s)
}

func testMeta(t *testing.T, d Database) {
	s := d.Open(t)
	get := func() string {
		value, err := s.Meta(t.Context(), "node")
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	equal(t, "unset", get(), "")
	for _, value := range []string{"a", "b", ""} {
		if err := s.SetMeta(t.Context(), "node", value); err != nil {
			t.Fatal(err)
		}
		equal(t, "set", get(), value)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}
