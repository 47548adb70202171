package iam

import (
	"context"
	"errors"
	"time"

	"github.com/sallyport-iam/sallyport/wire"
)

// The sessions of the console are listed and ended in the console only: AWS has nothing of the kind (ASVS 5.0 7.4.3 and
// 7.5.2 ask for one's own, 7.4.5 for an administrator's reach).

// ConsoleSessionShown is a session as the console lists it. The token and its hash are never shown.
type ConsoleSessionShown struct {
	Id        string
	Started   time.Time // when the password was verified
	LastSeen  time.Time // exact to a minute
	Expires   time.Time
	MFA       bool // signed in with a second factor
	SourceIP  string
	UserAgent string
	Current   bool // the one that asks
}

// ConsoleSessionsOutput lists sessions, the newest first.
type ConsoleSessionsOutput struct{ Sessions []ConsoleSessionShown }

// EndedSessionsOutput tells how many sign-ins were ended, half-finished ones included.
type EndedSessionsOutput struct{ Ended int64 }

// ListOwnConsoleSessionsInput asks for the caller's own sessions.
type ListOwnConsoleSessionsInput struct{}

// ListOwnConsoleSessions lists the console sessions of the caller, root included. No policy is asked: whoever suspects
// that somebody else is signed in as them must be able to look.
func (s *Service) ListOwnConsoleSessions(ctx context.Context, tx Tx, c *Caller, _ *ListOwnConsoleSessionsInput) (*ConsoleSessionsOutput, error) {
	return s.consoleSessions(ctx, tx, c, c.ID)
}

// EndOwnConsoleSessionsInput names sessions of the caller; without Ids it means all but the one that asks.
type EndOwnConsoleSessionsInput struct{ Ids []string }

// Bounds of Ids: how many, and how long.
const (
	maxEndedSessions = 100
	maxSessionID     = 64
)

// EndOwnConsoleSessions ends sessions of the caller, all that are named or none. All others includes what has not
// become a session yet: a sign-in at its second step is somebody who knows the password.
func (s *Service) EndOwnConsoleSessions(ctx context.Context, tx Tx, c *Caller, in *EndOwnConsoleSessionsInput) (*EndedSessionsOutput, error) {
	if in.Ids == nil {
		n, err := tx.DeleteSignInsOf(ctx, c.Account, c.ID, c.signIn())
		return &EndedSessionsOutput{Ended: int64(n)}, err
	}
	if err := checkList("ids", in.Ids, maxEndedSessions); err != nil {
		return nil, err
	}
	own, err := tx.SignInsOf(ctx, c.Account, c.ID)
	if err != nil {
		return nil, err
	}
	left := make(map[string]bool, len(own))
	for _, signIn := range own {
		left[signIn.ID] = true
	}
	out := &EndedSessionsOutput{}
	for _, id := range in.Ids {
		if err := checkText("ids", &id, maxSessionID); err != nil {
			return nil, err
		}
		if !left[id] { // another's is not told from none
			return nil, wire.Errorf("NoSuchEntity", "The console session with id %s cannot be found.", id)
		}
		if err := tx.DeleteSignIn(ctx, c.Account, id); err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		out.Ended++
	}
	return out, nil
}

// ListConsoleSessionsInput names a user.
type ListConsoleSessionsInput struct{ UserName *string }

// ListConsoleSessions lists the console sessions of a user. Who may see that there is a password may see where it is
// used: it is authorised as iam:GetLoginProfile.
func (s *Service) ListConsoleSessions(ctx context.Context, tx Tx, c *Caller, in *ListConsoleSessionsInput) (*ConsoleSessionsOutput, error) {
	u, err := findUser(ctx, tx, c.Account, *in.UserName)
	if err != nil {
		return nil, err
	}
	return s.consoleSessions(ctx, tx, c, u.ID)
}

// EndConsoleSessionsInput names a user.
type EndConsoleSessionsInput struct{ UserName *string }

// EndConsoleSessions ends all console sessions of a user, half-finished sign-ins too. Who may set a new password, which
// ends them as well, may do so: it is authorised as iam:UpdateLoginProfile.
func (s *Service) EndConsoleSessions(ctx context.Context, tx Tx, c *Caller, in *EndConsoleSessionsInput) (*EndedSessionsOutput, error) {
	u, err := findUser(ctx, tx, c.Account, *in.UserName)
	if err != nil {
		return nil, err
	}
	n, err := tx.DeleteSignInsOf(ctx, c.Account, u.ID, "")
	return &EndedSessionsOutput{Ended: int64(n)}, err
}

// consoleSessions lists the sessions of an owner, without sign-ins that are half-finished or over.
func (s *Service) consoleSessions(ctx context.Context, tx Tx, c *Caller, ownerID string) (*ConsoleSessionsOutput, error) {
	signIns, err := tx.SignInsOf(ctx, c.Account, ownerID)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	out := &ConsoleSessionsOutput{Sessions: []ConsoleSessionShown{}}
	for _, signIn := range signIns {
		if signIn.Step != SignedIn || !signIn.Live(now) {
			continue
		}
		out.Sessions = append(out.Sessions, ConsoleSessionShown{
			Id: signIn.ID, Started: signIn.Started, LastSeen: signIn.LastSeen, Expires: signIn.Expires,
			MFA: !signIn.MFA.IsZero(), SourceIP: signIn.SourceIP, UserAgent: signIn.UserAgent,
			Current: signIn.ID == c.signIn(),
		})
	}
	return out, nil
}

// signIn is the id of the sign-in that the caller acts through, "" if it is none.
func (c *Caller) signIn() string {
	if c.Session == nil {
		return ""
	}
	return c.Session.SignIn
}

// targetNamedUser is the user that an input of the console names.
func targetNamedUser[I any](name func(in *I) *string) TargetFunc[I] {
	return func(ctx context.Context, tx Tx, c *Caller, in *I) (Target, error) {
		if err := checkUserName("userName", name(in)); err != nil {
			return Target{}, err
		}
		return userTarget(ctx, tx, c, name(in))
	}
}
