package audit

// maxShift bounds the search for records that were taken out and whose numbers were
// closed up.
const maxShift = 1024

// duplicate says which record was inserted when record has a number that was read
// already. after is the record that follows it, nil at the end.
func (v *verifier) duplicate(record, after *Chained) *Problem {
	if v.prior != nil && record.Seq == v.prior.Seq && after != nil &&
		ChainHash(v.Node, record.Seq, v.earlier, record.Record) == record.Hash &&
		ChainHash(v.Node, after.Seq, record.Hash, after.Record) == after.Hash {
		return named(Inserted, v.prior) // both fit their place; the chain goes on from this one
	}
	return named(Inserted, record)
}

// inserted says that a record without a link was inserted before a number.
func inserted(record *Chained, seq int64) *Problem {
	at := *record
	at.Seq = seq
	return named(Inserted, &at)
}

// explain finds out what was done about a record whose hash does not fit the place it
// has, which is v.next. It reads the rest of the node's records once more, at most.
func (v *verifier) explain(record, after *Chained) (*Problem, error) {
	place, node := record.Seq, v.Node

	// The next one has the same number and fits: this one was put before it.
	if after != nil && after.Seq == place && ChainHash(node, place, v.previous, after.Record) == after.Hash {
		return named(Inserted, record), nil
	}
	// It fits the place before: the one that has it was inserted with a hash made for it.
	if v.prior != nil && ChainHash(node, place-1, v.earlier, record.Record) == record.Hash {
		return named(Inserted, v.prior), nil
	}
	// Look for the record that was chained at this place (rightful), and for
	// the place at which this record was chained (home). A moved record took its hash
	// along, or only the records' contents changed places under the hashes.
	var rightful, home int64
	var rightfulHash Hash
	before := record.Hash
	for other, err := range v.source.Records(v.ctx, node) {
		if err != nil {
			return nil, err
		}
		if other.Seq <= place {
			continue
		}
		hash := ChainHash(node, place, v.previous, other.Record)
		if rightful == 0 && (hash == other.Hash || hash == record.Hash) {
			rightful, rightfulHash = other.Seq, hash
		}
		hash = ChainHash(node, other.Seq, before, record.Record)
		if home == 0 && (hash == record.Hash || hash == other.Hash) {
			home = other.Seq
		}
		if rightful != 0 && home != 0 {
			break
		}
		before = other.Hash
	}
	if rightful == 0 {
		// When it and the next one fit each other under higher numbers, the records before
		// them were taken out and the numbers closed up.
		if after != nil && after.Seq == place+1 {
			for gone := int64(1); gone <= maxShift; gone++ {
				if ChainHash(node, after.Seq+gone, record.Hash, after.Record) == after.Hash {
					return &Problem{Kind: Removed, First: place, Last: place + gone - 1}, nil
				}
			}
		}
		return named(Changed, record), nil
	}
	if home == 0 && ChainHash(node, place+1, rightfulHash, record.Record) == record.Hash {
		home = place + 1
	}
	if home == 0 && rightful == place+1 {
		return named(Inserted, record), nil // and the numbers after it moved up
	}
	problem := named(Reordered, record)
	problem.Last = rightful
	return problem, nil
}
