package signin

import (
	"context"
	"errors"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/wire"
)

// expired is the answer to a token that is no session's, in the words of AWS.
func expired() error {
	return wire.Errorf("ExpiredToken", "The security token included in the request is expired")
}

// State tells what the sign-in of a browser has come to. One that is unknown, over or void is no error: it is signed
// out. Looking does not keep a session awake.
func (s *Service) State(ctx context.Context, token string) (*State, error) {
	if !isToken(token) {
		return &State{}, nil
	}
	var a *attempt
	err := s.IAM.Store.View(ctx, func(tx iam.Tx) error {
		row, err := tx.SignIn(ctx, hashToken(token))
		if err != nil {
			return err
		}
		if !row.Live(s.IAM.Now()) {
			return iam.ErrNotFound
		}
		a, err = s.load(ctx, tx, row)
		return err
	})
	if errors.Is(err, iam.ErrNotFound) || errors.Is(err, errHardExpired) {
		return &State{}, nil
	}
	if err != nil {
		return nil, err
	}
	state, err := s.state(ctx, a)
	var answer *wire.Error
	if errors.As(err, &answer) { // deleted since
		return &State{}, nil
	}
	return state, err
}

// Session is the caller that a session's token stands for. It is the only way to one, and only a finished sign-in has it.
// All else is answered ExpiredToken. The principal is as it is now: it is looked up by its unique id, so that the
// session of a deleted user does not become that of another with the name.
func (s *Service) Session(ctx context.Context, token string, from From) (*iam.Caller, error) {
	if !isToken(token) {
		return nil, expired()
	}
	var row *iam.SignIn
	err := s.IAM.Store.View(ctx, func(tx iam.Tx) (err error) {
		row, err = tx.SignIn(ctx, hashToken(token))
		return err
	})
	now := s.IAM.Now()
	if errors.Is(err, iam.ErrNotFound) || err == nil && (row.Step != iam.SignedIn || !row.Live(now)) {
		return nil, expired()
	}
	if err != nil {
		return nil, err
	}
	kind := iam.IAMUser
	if row.OwnerID == row.Account {
		kind = iam.RootUser
	}
	principal, err := s.IAM.Directory.Principal(ctx, row.Account, kind, row.OwnerID)
	if errors.Is(err, iam.ErrNotFound) {
		s.forget(ctx, row)
		return nil, expired()
	}
	if err != nil {
		return nil, err
	}
	if now.Sub(row.LastSeen) >= seenExact {
		if err := s.touch(ctx, token); err != nil {
			return nil, err
		}
	}
	return caller(principal, row, row.Finished, from), nil
}

// caller is who a sign-in stands for.
func caller(p *iam.Principal, row *iam.SignIn, issued time.Time, from From) *iam.Caller {
	return &iam.Caller{
		Principal: p,
		Session: &iam.Session{
			Kind: iam.ConsoleSession, Issued: issued, Expires: row.Expires, MFA: row.MFA, SignIn: row.ID,
		},
		RequestID: from.RequestID, Region: region, SourceIP: from.SourceIP, UserAgent: from.UserAgent, Secure: from.Secure,
	}
}

// touch notes that a session is in use. If that can't be stored the session is idle a little earlier, and the request
// goes on; but a session that has ended meanwhile is answered so.
func (s *Service) touch(ctx context.Context, token string) error {
	err := s.IAM.Store.Update(ctx, func(tx iam.Tx) error {
		row, err := s.lock(ctx, tx, token, iam.SignedIn)
		if err != nil {
			return err
		}
		now := s.IAM.Now()
		if now.Sub(row.LastSeen) < seenExact {
			return nil
		}
		row.LastSeen = now
		return tx.UpdateSignIn(ctx, row)
	})
	var answer *wire.Error
	if errors.As(err, &answer) {
		return expired()
	}
	if err != nil {
		s.log().Warn("the use of a session could not be stored", "error", err)
	}
	return nil
}

// forget deletes the sign-in of somebody who is no more. Should it fail, the session stays refused all the same.
func (s *Service) forget(ctx context.Context, row *iam.SignIn) {
	err := s.IAM.Store.Update(ctx, func(tx iam.Tx) error { return end(ctx, tx, row, nil) })
	if err != nil {
		s.log().Warn("a session without an owner could not be deleted", "error", err)
	}
}

// SignOut ends a sign-in, at whatever step it is. There need not be one. AWS has no event for it, so there is no record.
func (s *Service) SignOut(ctx context.Context, token string, from From) error {
	if !isToken(token) {
		return nil
	}
	err := s.IAM.Store.Update(ctx, func(tx iam.Tx) error {
		row, err := tx.LockSignIn(ctx, hashToken(token))
		if errors.Is(err, iam.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return end(ctx, tx, row, nil)
	})
	if err == nil {
		s.log().Info("sign-out", "source", from.SourceIP, "request", from.RequestID)
	}
	return err
}

// Run deletes what is over, sign-ins and failures long past, at once and then every so often until ctx ends.
func (s *Service) Run(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if err := s.prune(ctx); err != nil && ctx.Err() == nil {
			s.log().Error("sign-ins that are over could not be deleted", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (s *Service) prune(ctx context.Context) error {
	return s.IAM.Store.Update(ctx, func(tx iam.Tx) error {
		now := s.IAM.Now()
		if _, err := tx.PruneSignIns(ctx, now, now.Add(-iam.SignInIdle)); err != nil {
			return err
		}
		_, err := tx.PruneThrottles(ctx, now.Add(-iam.ThrottleMemory))
		return err
	})
}
