package audit

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// Hash is a SHA-256. The zero Hash stands before the first record and digest.
type Hash [sha256.Size]byte

func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Entry is a committed record, or a [Segment] of them, that has no place in the chain yet.
type Entry struct {
	ID     int64 // the store's
	Record []byte
}

// Link is the place in the chain that the sealer gave to a record.
type Link struct {
	ID   int64 // of the record
	Seq  int64 // 1, 2, 3, … within the node
	Hash Hash
}

// Digest is a signed statement that a node's records FirstSeq to LastSeq were chained
// and ended with LastHash.
type Digest struct {
	Node              string
	FirstSeq, LastSeq int64
	LastHash          Hash
	Previous          Hash      // [Digest.Hash] of the digest before, zero for the first
	Time              time.Time // to the second; of the sealer's clock
	Signature         []byte    // over [Digest.Message]
}

// Log is what the sealer needs of the store, which keeps the chain apart from the
// records: they are written once.
type Log interface {
	// Head returns number and hash of the node's last chained record. Where
	// retention has removed them all, or there were none, it returns 0 and the zero
	// hash; the sealer then goes on from the last digest.
	Head(ctx context.Context, node string) (seq int64, hash Hash, err error)

	// Unchained returns the node's committed records after the last one that is
	// chained, in the order of their ids, at most limit, and fewer when they are large. The store sees to it that
	// no record commits later with a lower id: one that has no link although later
	// ones do was inserted.
	Unchained(ctx context.Context, node string, limit int) ([]Entry, error)

	// Chain stores the links, which have consecutive numbers, in one transaction: all
	// or none. It fails where a record has a link already, is another node's or would
	// be passed over, or a number is taken already, so that two sealers by mistake
	// can't fork the chain.
	Chain(ctx context.Context, node string, links []Link) error

	// LastDigest returns the node's digest with the greatest LastSeq, nil if it has none.
	LastDigest(ctx context.Context, node string) (*Digest, error)

	// AddDigest stores a digest. It fails where the node has a digest with the same
	// FirstSeq already.
	AddDigest(ctx context.Context, digest Digest) error
}

// ChainHash is the hash of a record, or of a segment's content, in the chain: SHA-256 over the version of this
// form, the node, the number, the hash before, and the SHA-256 of the record. Texts
// are preceded by their length and numbers have eight bytes, big-endian, so that no
// two inputs give the same bytes.
func ChainHash(node string, seq int64, previous Hash, record []byte) Hash {
	content := sha256.Sum256(record)
	b := make([]byte, 0, 160)
	b = appendText(b, "sallyport audit record 1")
	b = appendText(b, node)
	b = binary.BigEndian.AppendUint64(b, uint64(seq))
	b = append(b, previous[:]...)
	b = append(b, content[:]...)
	return sha256.Sum256(b)
}

// Message is what the signature is over: every field but the signature, encoded like
// the input of [ChainHash], the time as seconds since 1970.
func (d *Digest) Message() []byte {
	b := make([]byte, 0, 192)
	b = appendText(b, "sallyport audit digest 1")
	b = appendText(b, d.Node)
	b = binary.BigEndian.AppendUint64(b, uint64(d.FirstSeq))
	b = binary.BigEndian.AppendUint64(b, uint64(d.LastSeq))
	b = append(b, d.LastHash[:]...)
	b = append(b, d.Previous[:]...)
	return binary.BigEndian.AppendUint64(b, uint64(d.Time.Unix()))
}

// Hash identifies the digest in the one after it.
func (d *Digest) Hash() Hash { return sha256.Sum256(d.Message()) }

func appendText(b []byte, text string) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(len(text)))
	return append(b, text...)
}
