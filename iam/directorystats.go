package iam

import (
	"sync/atomic"
	"time"
)

// DirectoryStats are how a directory does. The first five count look-ups since it was made; a request with a long-term
// key makes two, of the key and of its owner.
type DirectoryStats struct {
	Hits    int64 // answered from memory
	Misses  int64 // that asked the database
	Shared  int64 // that waited for the answer to another's
	Unknown int64 // of what does not exist, whoever said so
	Refused int64 // answered with ErrUnavailable

	Entries int64 // credentials and principals in memory
	Bytes   int64 // what all that is remembered takes
	Limit   int64 // of Bytes, about

	Following bool
	Age       time.Duration // since the last look at the change table that succeeded; 0 unless Following
}

type directoryCounts struct {
	hits, misses, shared, unknown, refused atomic.Int64
}

// Stats returns the counters.
func (d *Directory) Stats() DirectoryStats {
	s := DirectoryStats{
		Hits: d.counts.hits.Load(), Misses: d.counts.misses.Load(), Shared: d.counts.shared.Load(),
		Unknown: d.counts.unknown.Load(), Refused: d.counts.refused.Load(),
		Limit: int64(d.limit), Following: d.looked.Load() != nil, Age: d.age(),
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	m := d.memory
	s.Entries = int64(len(m.keys.entries) + len(m.principals.entries))
	s.Bytes = int64(m.keys.size + m.unknown.size + m.principals.size + m.sessions.size + m.compiled.size + d.acquainted.size())
	return s
}
