package audit

import (
	"context"
	"fmt"
	"iter"
)

// Chained is a record, or a segment of them, with its place in the chain, as the log has them now.
type Chained struct {
	ID     int64
	Seq    int64
	Hash   Hash
	Record []byte
}

// Source is what the verification needs of a log. Everything it returns is one
// snapshot of the log. Verify reads records and digests of a node in turns, and
// records more than once when it has found something, so the sequences should fetch
// page by page rather than hold a cursor. An error ends a sequence.
type Source interface {
	// Nodes returns every node that has a record or a digest.
	Nodes(ctx context.Context) ([]string, error)
	// Records yields the node's chained records by Seq, the least first. A record
	// without a link whose ID is below that of the last chained one should not be
	// there; at least one between two links comes in its place by ID, with Seq 0.
	Records(ctx context.Context, node string) iter.Seq2[Chained, error]
	// Digests yields the node's digests by LastSeq, the least first.
	Digests(ctx context.Context, node string) iter.Seq2[Digest, error]
	// Pending counts the node's records without a place in the chain, those of segments one by one.
	Pending(ctx context.Context, node string) (int64, error)
}

// Verify checks the whole log in memory that does not grow with it. verify checks a
// digest's signature against the public keys. An error means that the log could not
// be read; what was found wrong with it is in the report.
func Verify(ctx context.Context, source Source, verify func(message, signature []byte) error) (*Report, error) {
	nodes, err := source.Nodes(ctx)
	if err != nil {
		return nil, fmt.Errorf("audit: read the list of nodes: %w", err)
	}
	report := &Report{}
	for _, node := range nodes {
		v := &verifier{ctx: ctx, source: source, verify: verify, NodeReport: NodeReport{Node: node}}
		if err := v.run(); err != nil {
			return nil, fmt.Errorf("audit: read the records of node %q: %w", node, err)
		}
		report.Nodes = append(report.Nodes, v.NodeReport)
	}
	return report, nil
}

// verifier walks one node's chain. Its NodeReport grows as it goes.
type verifier struct {
	NodeReport
	ctx    context.Context
	source Source
	verify func(message, signature []byte) error

	next     int64    // number that the next record must have
	previous Hash     // hash of the record before it
	prior    *Chained // the record before it, nil if none was read
	earlier  Hash     // hash of the record before prior
	last     *Digest  // the digest checked last
	stray    *Chained // the first record without a link that was read, nil if none was
}

// linked yields the records that have a link, and notes the first that has none.
func (v *verifier) linked() iter.Seq2[Chained, error] {
	return func(yield func(Chained, error) bool) {
		for record, err := range v.source.Records(v.ctx, v.Node) {
			if err == nil && record.Seq == 0 {
				if v.stray == nil {
					v.stray = &record
				}
				continue
			}
			if !yield(record, err) {
				return
			}
		}
	}
}

func (v *verifier) run() error {
	var err error
	if v.Unchained, err = v.source.Pending(v.ctx, v.Node); err != nil {
		return err
	}
	nextRecord, stopRecords := iter.Pull2(v.linked())
	defer stopRecords()
	records := &reader[Chained]{pull: nextRecord}
	nextDigest, stopDigests := iter.Pull2(v.source.Digests(v.ctx, v.Node))
	defer stopDigests()
	digests := &reader[Digest]{pull: nextDigest}

	v.next = 1
	var covered int64 // records that digests cover
	for {
		digest, err := digests.take()
		if err != nil {
			return err
		}
		if digest == nil {
			break
		}
		if v.Problem = v.checkDigest(digest); v.Problem != nil {
			return nil
		}
		first, err := records.peek()
		if err != nil {
			return err
		}
		if v.Records == 0 && (first == nil || first.Seq > digest.LastSeq) {
			// Retention removes whole digests' worth of records from the beginning.
			v.Pruned = digest
			v.next, v.previous = digest.LastSeq+1, digest.LastHash
			continue
		}
		if v.next < digest.FirstSeq { // records there are, but from before the first digest
			v.Problem = &Problem{Kind: DigestRemoved, First: v.next, Last: digest.FirstSeq - 1}
			return nil
		}
		if done, err := v.walk(records, digest.LastSeq); done || err != nil {
			return err
		}
		if v.next <= digest.LastSeq {
			v.Problem = &Problem{Kind: Removed, First: v.next, Last: digest.LastSeq}
			return nil
		}
		if v.previous != digest.LastHash {
			v.Problem = &Problem{Kind: Rewritten, First: digest.FirstSeq, Last: digest.LastSeq}
			return nil
		}
		covered = v.Records
	}

	if _, err := v.walk(records, maxSeq); err != nil {
		return err
	}
	if v.Problem == nil && v.stray != nil {
		v.Problem = inserted(v.stray, v.next)
	}
	if v.Problem == nil {
		v.Uncovered = v.Records - covered
	}
	return nil
}

// checkDigest checks a digest by itself and against the one before it.
func (v *verifier) checkDigest(d *Digest) *Problem {
	problem := func(kind Kind) *Problem {
		return &Problem{Kind: kind, First: d.FirstSeq, Last: d.LastSeq, Time: d.Time}
	}
	if d.Node != v.Node || v.verify(d.Message(), d.Signature) != nil {
		return problem(DigestChanged)
	}
	before := Digest{}
	if v.last != nil {
		before = *v.last
	}
	switch {
	case d.FirstSeq < 1 || d.LastSeq < d.FirstSeq: // signed, yet nonsense
		return problem(DigestChanged)
	case v.last == nil && d.FirstSeq > 1:
		// Retention removed the digests before; this one is where the chain begins.
	case d.FirstSeq > before.LastSeq+1:
		return &Problem{Kind: DigestRemoved, First: before.LastSeq + 1, Last: d.FirstSeq - 1}
	case d.FirstSeq <= before.LastSeq:
		return problem(DigestInserted)
	case v.last == nil && d.Previous != Hash{} || v.last != nil && d.Previous != before.Hash():
		return problem(DigestChanged)
	}
	v.last = d
	v.Digests++
	v.LastDigest = d.Time
	return nil
}

// walk checks records through number last, and tells whether it found a problem.
func (v *verifier) walk(records *reader[Chained], last int64) (done bool, err error) {
	for {
		record, err := records.peek()
		if err != nil || record == nil || record.Seq > last {
			return false, err
		}
		records.take()
		if record.Seq > v.next {
			v.Problem = &Problem{Kind: Removed, First: v.next, Last: record.Seq - 1}
			return true, nil
		}
		if record.Seq == v.next && v.stray != nil { // no number is missing, so no link was taken from it
			v.Problem = inserted(v.stray, v.next)
			return true, nil
		}
		after, err := records.peek()
		if err != nil {
			return false, err
		}
		if record.Seq < v.next {
			v.Problem = v.duplicate(record, after)
			return true, nil
		}
		hash := ChainHash(v.Node, record.Seq, v.previous, record.Record)
		if hash != record.Hash {
			v.Problem, err = v.explain(record, after)
			return true, err
		}
		if v.Records == 0 {
			v.FirstSeq = record.Seq
		}
		v.Records += recordsIn(record.Record)
		v.LastSeq = record.Seq
		v.prior, v.earlier = record, v.previous
		v.next, v.previous = record.Seq+1, hash
	}
}

const maxSeq = 1<<63 - 1

// reader is a pulled sequence with one value of look-ahead.
type reader[T any] struct {
	pull func() (T, error, bool)
	head *T
	err  error
	done bool
}

// peek returns the next value without taking it, nil at the end.
func (r *reader[T]) peek() (*T, error) {
	if r.head == nil && r.err == nil && !r.done {
		value, err, ok := r.pull()
		switch {
		case !ok:
			r.done = true
		case err != nil:
			r.err = err
		default:
			r.head = &value
		}
	}
	return r.head, r.err
}

// take returns the next value, nil at the end.
func (r *reader[T]) take() (*T, error) {
	value, err := r.peek()
	r.head = nil
	return value, err
}
