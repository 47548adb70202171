package signin

import "context"

// Hasher lets tests count what is computed, and stand in for it where hundreds at once would take too long.
type Hasher interface {
	Verify(ctx context.Context, hash, password string) (bool, error)
	VerifyNothing(ctx context.Context, password string) error
}

func (s *Service) SetHasher(h Hasher) { s.hasher = h }

var (
	HashToken   = hashToken
	MaxSessions = maxSessions
)
