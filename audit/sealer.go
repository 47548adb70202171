package audit

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// Sealer chains the records of one node and signs its digests. Fill in the fields,
// then call [Sealer.Run] once. One sealer per node, or they get in each other's way:
// nothing is forked or lost, but one of them fails at every step.
type Sealer struct {
	Node string
	Log  Log
	Sign func(message []byte) (signature []byte)
	Now  func() time.Time

	Interval    time.Duration // between looks for new records; 0 is one second
	DigestEvery time.Duration // 0 is one hour
	StopTimeout time.Duration // for the last pass and digest when Run is told to stop; 0 is five seconds
	Logger      *slog.Logger  // nil is [slog.Default]
}

// batch is how many records are chained in one transaction.
const batch = 256

// Run chains and signs until ctx ends, then chains what is left, signs a last digest
// and returns. Failures of the log are logged and tried again at the next interval;
// only one of the last pass is returned.
func (s *Sealer) Run(ctx context.Context) error {
	tick := time.NewTicker(or(s.Interval, time.Second))
	defer tick.Stop()
	stuck := false // said once, and not every second
	for ctx.Err() == nil {
		switch err := s.pass(ctx, false); {
		case err != nil && ctx.Err() == nil && !stuck:
			stuck = true
			s.logger().Error("audit: the chain does not advance", "node", s.Node, "error", err)
		case err == nil && stuck:
			stuck = false
			s.logger().Info("audit: the chain advances again", "node", s.Node)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), or(s.StopTimeout, 5*time.Second))
	defer cancel()
	// Where transactions commit side by side, the newest records are given out only when those that began before them have
	// ended: ask, and leave them a moment.
	if _, err := s.Log.Unchained(last, s.Node, 1); err != nil {
		return err
	}
	select {
	case <-time.After(or(s.Interval, time.Second) / 5):
	case <-last.Done():
	}
	return s.pass(last, true)
}

// pass chains every record there is and signs a digest if one is due. It keeps
// nothing between passes, so that a sealer killed anywhere goes on where the log is.
func (s *Sealer) pass(ctx context.Context, stopping bool) error {
	last, err := s.Log.LastDigest(ctx, s.Node)
	if err != nil {
		return fmt.Errorf("read the last digest: %w", err)
	}
	seq, hash, err := s.Log.Head(ctx, s.Node)
	if err != nil {
		return fmt.Errorf("read the end of the chain: %w", err)
	}
	signed := Digest{}
	if last != nil {
		signed = *last
	}
	if seq < signed.LastSeq {
		// Either retention has removed every record, or somebody has removed the newest:
		// never use a number again that a digest speaks of, so that the gap stays visible.
		if seq > 0 {
			s.logger().Error("audit: records that a digest covers are missing; run the verification",
				"node", s.Node, "after", seq, "through", signed.LastSeq)
		}
		seq, hash = signed.LastSeq, signed.LastHash
	}

	for ctx.Err() == nil {
		entries, err := s.Log.Unchained(ctx, s.Node, batch)
		if err != nil {
			return fmt.Errorf("read new records: %w", err)
		}
		if len(entries) == 0 {
			break
		}
		links := make([]Link, len(entries))
		for i, entry := range entries {
			seq++
			hash = ChainHash(s.Node, seq, hash, entry.Record)
			links[i] = Link{ID: entry.ID, Seq: seq, Hash: hash}
		}
		if err := s.Log.Chain(ctx, s.Node, links); err != nil {
			return fmt.Errorf("chain records %d to %d: %w", links[0].Seq, seq, err)
		}
		// A busy node may never run dry; the digest is due all the same.
		if !stopping && s.due(last) {
			break
		}
	}

	if seq == signed.LastSeq || !stopping && !s.due(last) {
		return nil
	}
	digest := Digest{
		Node:     s.Node,
		FirstSeq: signed.LastSeq + 1,
		LastSeq:  seq,
		LastHash: hash,
		Time:     s.Now().UTC().Truncate(time.Second),
	}
	if last != nil {
		digest.Previous = last.Hash()
	}
	digest.Signature = s.Sign(digest.Message())
	if err := s.Log.AddDigest(ctx, digest); err != nil {
		return fmt.Errorf("store the digest of records %d to %d: %w", digest.FirstSeq, digest.LastSeq, err)
	}
	s.logger().Info("audit: digest signed", "node", s.Node, "first", digest.FirstSeq, "last", digest.LastSeq,
		"hash", digest.LastHash.String(), "previous", digest.Previous.String(), "time", Time(digest.Time),
		"signature", fmt.Sprintf("%x", digest.Signature))
	return nil
}

// due tells whether it is time for a digest: the first one is, and so is one after
// the clock went back behind the last.
func (s *Sealer) due(last *Digest) bool {
	if last == nil {
		return true
	}
	since := s.Now().Sub(last.Time)
	return since < 0 || since >= or(s.DigestEvery, time.Hour)
}

func (s *Sealer) logger() *slog.Logger {
	if s.Logger != nil {
		return s.Logger
	}
	return slog.Default()
}

func or(d, fallback time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return fallback
}
