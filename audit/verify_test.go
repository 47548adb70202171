package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestVerifyOfAnIntactLog(t *testing.T) {
	log := sealed(t)
	report := verifyLog(t, log)
	if !report.OK() || len(report.Nodes) != 2 {
		t.Fatalf("report:\n%s", report)
	}
	n := report.Nodes[0]
	if n.Records != 16 || n.FirstSeq != 1 || n.LastSeq != 16 || n.Digests != 3 || n.Uncovered != 2 || n.Unchained != 1 || n.Pruned != nil {
		t.Errorf("got %+v", n)
	}
	const want = `node "n1": intact: 16 records, numbers 1 to 16.
node "n1": 3 signed digests, the last of 2026-11-22T04:00:00Z.
node "n1": 2 records not yet covered by a signed digest.
node "n1": 1 record not yet chained.
node "n2": intact: 4 records, numbers 1 to 4.
node "n2": 3 signed digests, the last of 2026-11-22T04:00:00Z.
node "n2": 1 record not yet covered by a signed digest.
`
	if got := report.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestVerifyOfAnEmptyLog(t *testing.T) {
	report := verifyLog(t, &memLog{})
	if !report.OK() || report.String() != "The audit log has no chained records.\n" {
		t.Errorf("got %q", report)
	}
	log := &memLog{}
	log.add("n1", 3)
	report = verifyLog(t, log)
	if !report.OK() || report.Nodes[0].Unchained != 3 {
		t.Errorf("got %q", report)
	}
}

// rehash makes the hashes of node "n1" anew from a number on, as anybody can who
// knows this source but has no key.
func (l *memLog) rehash(from int64) {
	var previous Hash
	var rows []*memRow
	for i := range l.rows {
		if l.rows[i].node == "n1" && l.rows[i].chained {
			rows = append(rows, &l.rows[i])
		}
	}
	slices.SortFunc(rows, func(a, b *memRow) int { return int(a.seq - b.seq) })
	for _, row := range rows {
		if row.seq >= from {
			row.hash = ChainHash("n1", row.seq, previous, row.record)
		}
		previous = row.hash
	}
}

// shift adds d to the numbers of node "n1" from a number on.
func (l *memLog) shift(from, d int64) {
	for i := range l.rows {
		if l.rows[i].node == "n1" && l.rows[i].chained && l.rows[i].seq >= from {
			l.rows[i].seq += d
		}
	}
}

// insert puts a forged record into node "n1".
func (l *memLog) insert(id, seq int64, hash Hash) {
	l.rows = append(l.rows, memRow{node: "n1", id: id, chained: true, seq: seq, hash: hash,
		record: []byte(`{"eventName":"Forged","eventID":"forged"}`)})
}

// stray puts a forged record without a link before the record with a number.
func (l *memLog) stray(seq int64) {
	id := l.at(seq).id
	for i := range l.rows {
		if l.rows[i].id >= id {
			l.rows[i].id++
		}
	}
	l.rows = append(l.rows, memRow{node: "n1", id: id, record: []byte(`{"eventName":"Forged","eventID":"forged"}`)})
}

func (l *memLog) digest(n int) *Digest {
	for i := range l.digests {
		if l.digests[i].Node == "n1" {
			if n == 0 {
				return &l.digests[i]
			}
			n--
		}
	}
	panic("no such digest")
}

func (l *memLog) removeDigest(n int) {
	d := *l.digest(n)
	l.digests = slices.DeleteFunc(l.digests, func(other Digest) bool { return other.Node == d.Node && other.FirstSeq == d.FirstSeq })
}

// Each row tampers with the log of sealed as somebody could who writes the database
// but has no key, and states the problem that is named.
func TestTamperingIsNamed(t *testing.T) {
	forged := []byte(`{"eventName":"Forged","eventID":"forged"}`)
	swap := func(l *memLog, a, b int64, hashes bool) {
		x, y := l.at(a), l.at(b)
		if hashes { // the rows change places
			x.seq, y.seq = y.seq, x.seq
		} else { // their contents do, under the hashes
			x.record, y.record = y.record, x.record
		}
	}
	for _, c := range []struct {
		name        string
		tamper      func(l *memLog)
		kind        Kind
		first, last int64
		says        string
	}{
		{"first record changed", func(l *memLog) { l.at(1).record = forged }, Changed, 1, 1, `record 1 (id 1, "forged", "Forged") was changed`},
		{"middle record changed", func(l *memLog) { l.at(7).record = forged }, Changed, 7, 7, "record 7"},
		{"one bit of a record changed", func(l *memLog) { r := slices.Clone(l.at(7).record); r[3] ^= 1; l.at(7).record = r }, Changed, 7, 7, ""},
		{"record emptied", func(l *memLog) { l.at(7).record = nil }, Changed, 7, 7, ""},
		{"byte added to a record", func(l *memLog) { l.at(7).record = append(slices.Clone(l.at(7).record), ' ') }, Changed, 7, 7, ""},
		{"last covered record changed", func(l *memLog) { l.at(14).record = forged }, Changed, 14, 14, ""},
		{"uncovered record changed", func(l *memLog) { l.at(15).record = forged }, Changed, 15, 15, ""},
		{"last record changed", func(l *memLog) { l.at(16).record = forged }, Changed, 16, 16, ""},
		{"hash changed", func(l *memLog) { l.at(7).hash[31] ^= 1 }, Changed, 7, 7, ""},
		{"hash zeroed", func(l *memLog) { l.at(7).hash = Hash{} }, Changed, 7, 7, ""},
		{"two records changed", func(l *memLog) { l.at(12).record = forged; l.at(3).record = forged }, Changed, 3, 3, ""},
		{"record replaced by a copy of another", func(l *memLog) { l.at(7).record = l.at(12).record }, Changed, 7, 7, ""},
		{"changed and its own hash made anew", func(l *memLog) {
			r := l.at(7)
			r.record = forged
			r.hash = ChainHash("n1", 7, l.at(6).hash, forged)
		}, Changed, 8, 8, ""}, // 7 fits again, what follows does not
		{"changed and all hashes made anew", func(l *memLog) { l.at(7).record = forged; l.rehash(7) }, Rewritten, 6, 9, "records 6 to 9 do not end with the hash in their signed digest"},
		{"changed at a digest's end and made anew", func(l *memLog) { l.at(9).record = forged; l.rehash(9) }, Rewritten, 6, 9, ""},
		{"all rewritten", func(l *memLog) { l.at(1).record = forged; l.rehash(1) }, Rewritten, 1, 5, ""},

		{"first record removed", func(l *memLog) { l.remove(1, 1) }, Removed, 1, 1, "record 1 was removed"},
		{"first records removed, not at a digest", func(l *memLog) { l.remove(1, 3) }, Removed, 1, 3, "records 1 to 3 were removed"},
		{"retention and one record more", func(l *memLog) { l.remove(1, 6) }, Removed, 6, 6, ""},
		{"middle record removed", func(l *memLog) { l.remove(7, 7) }, Removed, 7, 7, ""},
		{"middle records removed across a digest", func(l *memLog) { l.remove(4, 11) }, Removed, 4, 5, ""},
		{"one digest's records removed from the middle", func(l *memLog) { l.remove(6, 9) }, Removed, 6, 9, ""},
		{"last covered record removed, tail kept", func(l *memLog) { l.remove(14, 14) }, Removed, 14, 14, ""},
		{"tail cut off below a digest", func(l *memLog) { l.remove(14, 16) }, Removed, 14, 14, ""},
		{"long tail cut off", func(l *memLog) { l.remove(2, 16) }, Removed, 2, 5, ""},
		{"uncovered record removed from the middle", func(l *memLog) { l.remove(15, 15) }, Removed, 15, 15, ""},
		{"removed, numbers closed up", func(l *memLog) { l.remove(7, 7); l.shift(8, -1) }, Removed, 7, 7, ""},
		{"three removed, numbers closed up", func(l *memLog) { l.remove(7, 9); l.shift(10, -3) }, Removed, 7, 9, ""},
		{"first removed, numbers closed up", func(l *memLog) { l.remove(1, 1); l.shift(2, -1) }, Removed, 1, 1, ""},
		{"removed, closed up and rewritten", func(l *memLog) { l.remove(7, 7); l.shift(8, -1); l.rehash(7) }, Rewritten, 6, 9, ""},

		{"inserted with a number that is taken, after", func(l *memLog) { l.insert(99, 7, Hash{1}) }, Inserted, 7, 7, `record 7 (id 99, "forged", "Forged") was inserted`},
		{"inserted with a number that is taken, before", func(l *memLog) { l.insert(-1, 7, Hash{1}) }, Inserted, 7, 7, "id -1"},
		{"inserted with number and hash, after", func(l *memLog) { l.insert(99, 7, ChainHash("n1", 7, l.at(6).hash, forged)) }, Inserted, 7, 7, "id 99"},
		{"inserted with number and hash, before", func(l *memLog) { l.insert(-1, 7, ChainHash("n1", 7, l.at(6).hash, forged)) }, Inserted, 7, 7, "id -1"},
		{"inserted at a digest's end, before", func(l *memLog) { l.insert(-1, 9, ChainHash("n1", 9, l.at(8).hash, forged)) }, Inserted, 9, 9, "id -1"},
		{"inserted, numbers moved up", func(l *memLog) { l.shift(7, 1); l.insert(99, 7, Hash{1}) }, Inserted, 7, 7, "id 99"},
		{"inserted with its hash, numbers moved up", func(l *memLog) { l.shift(7, 1); l.insert(99, 7, ChainHash("n1", 7, l.at(6).hash, forged)) }, Inserted, 7, 7, "id 99"},
		{"inserted before the first", func(l *memLog) { l.insert(99, 0, Hash{1}) }, Inserted, 1, 1, "id 99"},
		{"inserted with a negative number", func(l *memLog) { l.insert(99, -5, Hash{1}) }, Inserted, -5, -5, "id 99"},
		{"inserted far behind the end", func(l *memLog) { l.insert(99, 1<<62, Hash{1}) }, Removed, 17, 1<<62 - 1, ""},
		{"inserted without a link", func(l *memLog) { l.stray(4) }, Inserted, 4, 4, `"forged", "Forged") was inserted`},
		{"inserted without a link at a digest's end", func(l *memLog) { l.stray(10) }, Inserted, 10, 10, ""},
		{"inserted without a link before the last", func(l *memLog) { l.stray(16) }, Inserted, 16, 16, ""},
		{"a changed record, and later one without a link", func(l *memLog) { l.stray(7); l.at(3).record = forged }, Changed, 3, 3, ""},
		{"link taken from a record", func(l *memLog) { l.at(7).chained = false }, Removed, 7, 7, ""},
		{"links taken from a digest's records", func(l *memLog) {
			for seq := int64(6); seq <= 9; seq++ {
				l.at(seq).chained = false
			}
		}, Removed, 6, 9, ""},
		{"inserted, moved up and rewritten", func(l *memLog) { l.shift(7, 1); l.insert(99, 7, Hash{}); l.rehash(7) }, Rewritten, 6, 9, ""},
		{"copied from another node", func(l *memLog) { r := *l.at(7); r.id, r.record = 99, l.row(6).record; l.rows = append(l.rows, r) }, Inserted, 7, 7, "id 99"},

		{"neighbours swapped", func(l *memLog) { swap(l, 7, 8, true) }, Reordered, 7, 8, "was moved: the record that belongs at this place is now number 8"},
		{"contents of neighbours swapped", func(l *memLog) { swap(l, 7, 8, false) }, Reordered, 7, 8, ""},
		{"distant records swapped", func(l *memLog) { swap(l, 3, 12, true) }, Reordered, 3, 12, ""},
		{"contents of distant records swapped", func(l *memLog) { swap(l, 3, 12, false) }, Reordered, 3, 12, ""},
		{"first and last swapped", func(l *memLog) { swap(l, 1, 16, true) }, Reordered, 1, 16, ""},
		{"three in a ring", func(l *memLog) { swap(l, 7, 8, true); swap(l, 8, 9, true) }, Reordered, 7, 0, ""},
		{"swapped and rewritten", func(l *memLog) { swap(l, 7, 8, true); l.rehash(7) }, Rewritten, 6, 9, ""},

		{"digest's signature changed", func(l *memLog) { l.digest(1).Signature[0] ^= 1 }, DigestChanged, 6, 9, "the digest of records 6 to 9 was changed"},
		{"digest's signature gone", func(l *memLog) { l.digest(1).Signature = nil }, DigestChanged, 6, 9, ""},
		{"digest's hash changed", func(l *memLog) { l.digest(1).LastHash[0] ^= 1 }, DigestChanged, 6, 9, ""},
		{"digest's first number changed", func(l *memLog) { l.digest(1).FirstSeq++ }, DigestChanged, 7, 9, ""},
		{"digest's last number changed", func(l *memLog) { l.digest(1).LastSeq-- }, DigestChanged, 6, 8, ""},
		{"digest's previous hash changed", func(l *memLog) { l.digest(1).Previous[0] ^= 1 }, DigestChanged, 6, 9, ""},
		{"digest's time changed", func(l *memLog) { l.digest(1).Time = l.digest(1).Time.Add(time.Second) }, DigestChanged, 6, 9, ""},
		{"digest of another node", func(l *memLog) {
			*l.digest(0) = Digest{Node: "n1", FirstSeq: 1, LastSeq: 1, LastHash: l.digests[1].LastHash, Time: l.digests[1].Time, Signature: l.digests[1].Signature}
		}, DigestChanged, 1, 1, ""},
		{"digest there twice", func(l *memLog) { l.digests = append(l.digests, *l.digest(1)) }, DigestInserted, 6, 9, ""},
		{"first digest removed", func(l *memLog) { l.removeDigest(0) }, DigestRemoved, 1, 5, "the digest of records 1 to 5 was removed"},
		{"middle digest removed", func(l *memLog) { l.removeDigest(1) }, DigestRemoved, 6, 9, ""},
		{"middle digest removed with its records", func(l *memLog) { l.removeDigest(1); l.remove(6, 9) }, DigestRemoved, 6, 9, ""},
		{"retention, but its digest removed too", func(l *memLog) { l.remove(1, 5); l.removeDigest(0) }, DigestRemoved, 1, 5, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			log := sealed(t)
			c.tamper(log)
			report := verifyLog(t, log)
			p := report.Nodes[0].Problem
			if p == nil {
				t.Fatalf("not noticed:\n%s", report)
			}
			if p.Kind != c.kind || p.First != c.first || c.last != 0 && p.Last != c.last {
				t.Errorf("got %s, %d to %d; want %s, %d to %d", p.Kind, p.First, p.Last, c.kind, c.first, c.last)
			}
			if text := report.String(); !strings.Contains(text, "NOT INTACT") || !strings.Contains(text, c.says) {
				t.Errorf("report lacks %q:\n%s", c.says, text)
			}
			if report.OK() || report.Nodes[1].Problem != nil {
				t.Errorf("OK = %v, and the other node: %v", report.OK(), report.Nodes[1].Problem)
			}
		})
	}
}

// Retention removes records from the beginning up to the end of a digest, and may
// remove the digests before that one. Exactly that is accepted, and stated.
func TestRetentionIsAccepted(t *testing.T) {
	for _, c := range []struct {
		name    string
		prune   func(l *memLog)
		through int64
		records int64
		digests int64
	}{
		{"one digest's records", func(l *memLog) { l.remove(1, 5) }, 5, 11, 3},
		{"two digests' records", func(l *memLog) { l.remove(1, 9) }, 9, 7, 3},
		{"and the digest before", func(l *memLog) { l.remove(1, 9); l.removeDigest(0) }, 9, 7, 2},
		{"everything covered", func(l *memLog) { l.remove(1, 14); l.removeDigest(0); l.removeDigest(0) }, 14, 2, 1},
		{"everything", func(l *memLog) { l.remove(1, 16) }, 14, 0, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			log := sealed(t)
			c.prune(log)
			report := verifyLog(t, log)
			n := report.Nodes[0]
			if n.Problem != nil || n.Pruned == nil || n.Pruned.LastSeq != c.through || n.Records != c.records || n.Digests != c.digests {
				t.Fatalf("got %+v:\n%s", n, report)
			}
			if want := fmt.Sprintf("records 1 to %d were removed by retention", c.through); !strings.Contains(report.String(), want) {
				t.Errorf("report lacks %q:\n%s", want, report)
			}
			// The chain goes on over it, and tampering behind it shows.
			log.add("n1", 3)
			clock := newClock()
			clock.advance(24 * time.Hour)
			if err := newSealer(log, "n1", clock.Now).pass(t.Context(), true); err != nil {
				t.Fatal(err)
			}
			if report := verifyLog(t, log); !report.OK() || report.Nodes[0].Uncovered != 0 {
				t.Fatalf("after going on:\n%s", report)
			}
			log.at(c.through + 1).record = []byte("{}")
			if p := verifyLog(t, log).Nodes[0].Problem; p == nil || p.Kind != Changed || p.First != c.through+1 {
				t.Errorf("the first record after retention changed: %v", p)
			}
		})
	}
}

// A sealer that finds the tail cut off below a digest doesn't number over the gap.
func TestTheSealerKeepsACutTailVisible(t *testing.T) {
	log := sealed(t)
	log.remove(12, 16)
	log.add("n1", 2)
	clock := newClock()
	clock.advance(24 * time.Hour)
	if err := newSealer(log, "n1", clock.Now).pass(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	p := verifyLog(t, log).Nodes[0].Problem
	if p == nil || p.Kind != Removed || p.First != 12 || p.Last != 14 {
		t.Errorf("got %v, want records 12 to 14 removed", p)
	}
}

// What the package comment says verification cannot see, so that it stays said.
func TestWhatIsNotCoveredCannotBeProtected(t *testing.T) {
	log := sealed(t)
	log.remove(10, 16)
	log.removeDigest(2)
	report := verifyLog(t, log)
	if !report.OK() || report.Nodes[0].LastSeq != 9 || !strings.Contains(report.String(), "2 signed digests, the last of 2026-11-22T03:00:00Z") {
		t.Errorf("the newest digest and all records since removed:\n%s", report)
	}
}

func TestVerifyReportsReadErrors(t *testing.T) {
	broken := errors.New("disk on fire")
	for _, operation := range []string{"Nodes", "Pending", "Records", "Digests"} {
		log := sealed(t)
		log.fail = func(o string) error {
			if o == operation {
				return broken
			}
			return nil
		}
		if report, err := Verify(context.Background(), log, testVerify); !errors.Is(err, broken) || report != nil {
			t.Errorf("%s fails: report %v, error %v", operation, report, err)
		}
	}
}

func TestVerifyWithOtherKeys(t *testing.T) {
	report, err := Verify(t.Context(), sealed(t), func(message, signature []byte) error { return errors.New("no") })
	if err != nil || report.OK() || report.Nodes[0].Problem.Kind != DigestChanged {
		t.Errorf("%v, %v", report, err)
	}
}

// The text of a forged record must not steer the terminal of who reads the report.
func TestReportQuotesRecords(t *testing.T) {
	log := sealed(t)
	log.at(7).record = []byte(`{"eventID":"\u001b[2Jall intact\n","eventName":"` + strings.Repeat("x", 9999) + `"}`)
	text := verifyLog(t, log).String()
	if strings.Contains(text, "\x1b") || len(text) > 1000 || !strings.Contains(text, `"\x1b[2Jall intact\n"`) {
		t.Errorf("report %q", text)
	}
}

// Fixed values, so that a change of the form, which would make every existing log
// unverifiable, is noticed. Computed apart from this code, from the doc comments.
func TestChainAndDigestVectors(t *testing.T) {
	hash := ChainHash("n1", 1, Hash{}, []byte("record"))
	if got, want := hash.String(), "f8a0a5265a598f3f11f63b6b2240f56295df64efbe251c7d13a097189af6de1c"; got != want {
		t.Errorf("ChainHash = %s, want %s", got, want)
	}
	d := Digest{Node: "n1", FirstSeq: 1, LastSeq: 2, LastHash: hash, Previous: Hash{1}, Time: time.Unix(1_800_000_000, 5), Signature: []byte("s")}
	if got, want := d.Hash().String(), "027e2582f3d037b46887a6efe1c6785dfd2e292e0279863147b4e030d6785e29"; got != want {
		t.Errorf("Digest.Hash = %s, want %s", got, want)
	}
}

func TestChainHashDependsOnEverything(t *testing.T) {
	base := ChainHash("n1", 1, Hash{}, []byte("record"))
	for name, other := range map[string]Hash{
		"node":                 ChainHash("n2", 1, Hash{}, []byte("record")),
		"longer node":          ChainHash("n1\x00", 1, Hash{}, []byte("record")),
		"empty node":           ChainHash("", 1, Hash{}, []byte("record")),
		"number":               ChainHash("n1", 2, Hash{}, []byte("record")),
		"number in other byte": ChainHash("n1", 1<<56, Hash{}, []byte("record")),
		"previous":             ChainHash("n1", 1, Hash{31: 1}, []byte("record")),
		"record":               ChainHash("n1", 1, Hash{}, []byte("Record")),
		"no record":            ChainHash("n1", 1, Hash{}, nil),
	} {
		if other == base {
			t.Errorf("%s: the same hash", name)
		}
	}
}
