package iam

import (
	"context"
	"time"
)

// SignIn is a browser's way into the console, from the right password to its end. The browser holds a random
// token in a cookie; here is only the token's hash, so that who reads the database can't take a session over.
type SignIn struct {
	TokenHash string // SHA-256 in hexadecimal; another at every step (ASVS 5.0 7.2.4)
	ID        string // names it in lists, and stays
	Account   string
	OwnerID   string // unique id of the user, account id for root
	Step      SignInStep
	Started   time.Time // when the password was verified
	Finished  time.Time // when it became a session; zero before
	Expires   time.Time // its end, whatever happens
	LastSeen  time.Time // exact to a minute
	MFA       time.Time // when a second factor was verified; zero if none was
	MFASerial string    // of the device it was verified with
	SourceIP  string    // of the last step
	UserAgent string    // of the last step

	// Ceremony is the WebAuthn ceremony under way, an mfa.Ceremony as JSON; nil if there is none. It is taken out by
	// whoever looks at its answer, so that a challenge is good once.
	Ceremony []byte
	Refused  int // codes and keys refused while at the second factor
}

// SignInStep says what a sign-in waits for.
type SignInStep string

// The steps. Only SignedIn is a session; nothing but the step's own endpoint answers to the others.
const (
	AtSecondFactor SignInStep = "mfa"
	AtNewPassword  SignInStep = "new-password"
	SignedIn       SignInStep = "signed-in"
)

// How long a session lasts: at most SignInLifetime from the last step of its sign-in on, whatever is done with it, and
// SignInIdle from when it was last seen (NIST SP 800-63B-4 §2.2.3, for AAL2: no more than 24 hours and one hour).
const (
	SignInLifetime = 12 * time.Hour
	SignInIdle     = time.Hour
)

// Live tells whether the sign-in has neither expired nor been idle for too long.
func (s *SignIn) Live(now time.Time) bool {
	return now.Before(s.Expires) && !s.LastSeen.Before(now.Add(-SignInIdle))
}

// SignInStore keeps sign-ins. Deleting a user deletes theirs.
type SignInStore interface {
	SignIn(ctx context.Context, tokenHash string) (*SignIn, error)
	SignInByID(ctx context.Context, account, id string) (*SignIn, error)
	// LockSignIn reads a sign-in that will be written: until the end of the transaction nobody else writes it.
	LockSignIn(ctx context.Context, tokenHash string) (*SignIn, error)
	// SignInsOf lists an owner's sign-ins of all steps, the newest first.
	SignInsOf(ctx context.Context, account, ownerID string) ([]SignIn, error)
	InsertSignIn(ctx context.Context, s *SignIn) error
	// UpdateSignIn stores all but ID, account and owner. It finds the row by its ID.
	UpdateSignIn(ctx context.Context, s *SignIn) error
	DeleteSignIn(ctx context.Context, account, id string) error
	// DeleteSignInsOf ends all sign-ins of an owner but the one with the id except ("" spares none), and returns how many.
	DeleteSignInsOf(ctx context.Context, account, ownerID, except string) (int, error)
	// PruneSignIns deletes sign-ins of all accounts that have expired, or were last seen before idleSince, and returns how many.
	PruneSignIns(ctx context.Context, now, idleSince time.Time) (int, error)
}
