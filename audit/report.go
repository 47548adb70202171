package audit

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Kind is what was done to the log.
type Kind string

const (
	// Changed: the record at First is not the one that was chained there. When
	// somebody re-hashed a stretch of records without the key, the first changed one
	// may be earlier, but after the digest before.
	Changed Kind = "record changed"
	// Removed: the records First to Last are missing.
	Removed Kind = "record removed"
	// Inserted: the record at First was not there when the chain was made.
	Inserted Kind = "record inserted"
	// Reordered: the record at First stands in another's place; the one that belongs
	// there is at Last.
	Reordered Kind = "record moved"
	// Rewritten: the records First to Last fit each other but not the signed digest.
	// Hashes were made anew without the key, so which record was touched is not known.
	Rewritten Kind = "records rewritten"
	// DigestChanged: the digest of First to Last is not as it was signed, or not signed.
	DigestChanged Kind = "digest changed"
	// DigestRemoved: a digest of First to Last is missing.
	DigestRemoved Kind = "digest removed"
	// DigestInserted: the digest of First to Last speaks of records that another
	// covers, for example because it is there twice.
	DigestInserted Kind = "digest inserted"
)

// Problem is the first thing found wrong with a node's log.
type Problem struct {
	Kind        Kind
	First, Last int64     // numbers in the chain; equal for one record
	ID          int64     // the store's id of the record at First, 0 where it isn't there
	Event       string    // its event id, time and name, quoted, where it has them; of a segment those of its first and last record
	Time        time.Time // of a changed or inserted digest
}

// String is one sentence.
func (p *Problem) String() string {
	span := fmt.Sprintf("record %d", p.First)
	if p.Last > p.First {
		span = fmt.Sprintf("records %d to %d", p.First, p.Last)
	}
	record := fmt.Sprintf("record %d (id %d%s)", p.First, p.ID, p.Event)
	switch p.Kind {
	case Changed:
		return record + " was changed: it is not what was chained at this place"
	case Removed:
		if p.Last > p.First {
			return span + " were removed"
		}
		return span + " was removed"
	case Inserted:
		return record + " was inserted after the chain was made"
	case Reordered:
		return fmt.Sprintf("%s was moved: the record that belongs at this place is now number %d", record, p.Last)
	case Rewritten:
		return span + " do not end with the hash in their signed digest: at least one of them was changed, removed or inserted and the hashes were made anew"
	case DigestChanged:
		return "the digest of " + span + " was changed, or was not signed with these keys"
	case DigestRemoved:
		return "the digest of " + span + " was removed"
	case DigestInserted:
		return "the digest of " + span + " is one too many: another covers the same records"
	}
	return string(p.Kind)
}

// NodeReport is the result for one node.
type NodeReport struct {
	Node string

	Records           int64 // chained records that were checked, those of segments one by one
	FirstSeq, LastSeq int64 // the first and the last number in the chain, 0 for none; a segment has one
	Digests           int64 // digests that were checked
	LastDigest        time.Time
	Pruned            *Digest // the last digest whose records retention has removed; nil if the log is whole

	Uncovered int64 // chained records that no digest covers yet
	Unchained int64 // records with no place in the chain yet

	Problem *Problem // the first; checking of the node ended there
}

// Report is the result of [Verify].
type Report struct {
	Nodes []NodeReport
}

// OK tells whether no node has a problem.
func (r *Report) OK() bool {
	for i := range r.Nodes {
		if r.Nodes[i].Problem != nil {
			return false
		}
	}
	return true
}

// String is the report in sentences, one a line.
func (r *Report) String() string {
	if len(r.Nodes) == 0 {
		return "The audit log has no chained records.\n"
	}
	var b strings.Builder
	for i := range r.Nodes {
		r.Nodes[i].write(&b)
	}
	return b.String()
}

func (n *NodeReport) write(b *strings.Builder) {
	line := func(format string, args ...any) {
		fmt.Fprintf(b, "node %q: %s.\n", n.Node, fmt.Sprintf(format, args...))
	}
	if n.Pruned != nil {
		line("records 1 to %d were removed by retention, up to the digest of %s", n.Pruned.LastSeq, Time(n.Pruned.Time))
	}
	if n.Problem != nil {
		line("NOT INTACT: %s", n.Problem)
		if n.Records > 0 {
			line("up to there %s checked, numbers %d to %d, with no fault", count(n.Records, "record"), n.FirstSeq, n.LastSeq)
		}
		return
	}
	if n.Records > 0 {
		line("intact: %s, numbers %d to %d", count(n.Records, "record"), n.FirstSeq, n.LastSeq)
	} else {
		line("no chained records are kept")
	}
	if n.Digests > 0 {
		line("%s, the last of %s", count(n.Digests, "signed digest"), Time(n.LastDigest))
	}
	if n.Uncovered > 0 {
		line("%s not yet covered by a signed digest", count(n.Uncovered, "record"))
	}
	if n.Unchained > 0 {
		line("%s not yet chained", count(n.Unchained, "record"))
	}
}

func count(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// named makes the problem of one record, or segment, that is in the log.
func named(kind Kind, record *Chained) *Problem {
	problem := &Problem{Kind: kind, First: record.Seq, Last: record.Seq, ID: record.ID}
	if !IsSegment(record.Record) {
		problem.Event = eventOf(record.Record)
		return problem
	}
	var first, last []byte
	for e := range Events(record.Record) {
		if first == nil {
			first = e.Record
		}
		last = e.Record
	}
	if first == nil {
		problem.Event = ", a segment that can't be read any more"
		return problem
	}
	problem.Event = fmt.Sprintf(", a segment of %s from%s to%s", count(recordsIn(record.Record), "record"),
		strings.TrimPrefix(eventOf(first), ","), strings.TrimPrefix(eventOf(last), ","))
	return problem
}

// eventOf quotes what a record says of its event: it may have been forged.
func eventOf(record []byte) (text string) {
	var event struct{ EventID, EventTime, EventName string }
	if json.Unmarshal(record, &event) == nil {
		for _, field := range []string{event.EventID, event.EventTime, event.EventName} {
			if field != "" {
				text += fmt.Sprintf(", %q", shorten(field, 64))
			}
		}
	}
	return text
}
