package iam

import (
	"context"
	"errors"

	"github.com/sallyport-iam/sallyport/wire"
)

// ChangeRootPasswordInput has root's present password and the new one.
type ChangeRootPasswordInput struct{ OldPassword, NewPassword string }

// Parameters shows nothing: both are secret.
func (in *ChangeRootPasswordInput) Parameters() map[string]any { return nil }

// ChangeRootPasswordOutput has nothing to say.
type ChangeRootPasswordOutput struct{}

// prepareRootPassword verifies the old password and hashes the new one, if it is not too early for a guess.
func (s *Service) prepareRootPassword(ctx context.Context, c *Caller, in *ChangeRootPasswordInput) (change passwordChange, err error) {
	var p *LoginProfile
	err = s.Store.View(ctx, func(tx Tx) error {
		if p, err = rootProfile(ctx, tx, c.Account, in.NewPassword); err != nil {
			return err
		}
		guesses, err := ReadGuesses(ctx, tx, PasswordThrottle(p.Account, p.OwnerID), c.SourceIP)
		if err == nil && !s.Now().Before(guesses.Until()) {
			change.current = p.Hash
		}
		return err
	})
	if err != nil || change.current == "" {
		return change, err
	}
	return s.workOut(ctx, c, p, &in.OldPassword, in.NewPassword, change)
}

// ChangeRootPassword replaces root's password. Guesses at the old one count with those made at sign-in; the account's
// password policy is for its users.
func (s *Service) ChangeRootPassword(ctx context.Context, tx Tx, c *Caller, in *ChangeRootPasswordInput, change passwordChange) (*ChangeRootPasswordOutput, error) {
	p, err := rootProfile(ctx, tx, c.Account, in.NewPassword)
	if err != nil {
		return nil, err
	}
	if err := s.countGuess(ctx, tx, c, p, in.OldPassword, in.NewPassword, change); err != nil {
		return nil, err
	}
	if err := s.replacePassword(p, change); err != nil {
		return nil, err
	}
	p.ResetRequired = false
	return &ChangeRootPasswordOutput{}, tx.UpdateLoginProfile(ctx, p)
}

// rootProfile is root's password, if the new one may take its place.
func rootProfile(ctx context.Context, tx Tx, account, newPassword string) (*LoginProfile, error) {
	a, err := tx.Account(ctx, account)
	if err != nil {
		return nil, err
	}
	if err := checkRootPassword(newPassword, a.RootEmail); err != nil {
		return nil, wire.Errorf("PasswordPolicyViolation", "The new password is refused: %v.", err)
	}
	p, err := tx.LoginProfile(ctx, account, account)
	if errors.Is(err, ErrNotFound) {
		return nil, wire.Errorf("NoSuchEntity", "Login Profile for the root user cannot be found.")
	}
	return p, err
}

func targetChangeRootPassword(_ context.Context, _ Tx, c *Caller, _ *ChangeRootPasswordInput) (Target, error) {
	return rootTarget(c, nil)
}
