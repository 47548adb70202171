package iam

import (
	"context"
	"errors"

	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/wire"
)

// VerifyCode verifies a code of a device, for STS and for sign-in alike: they share the set of used codes, the
// budget of attempts and the count of failures, all of which it stores in the transaction. The caller must let
// the transaction be committed ([Keep]) whatever the outcome.
//
// It returns ErrNotFound, and counts nothing, if the device is not bound to the owner: whoever doesn't hold the
// first factor can't use up the attempts of somebody else's device.
func (s *Service) VerifyCode(ctx context.Context, tx Tx, account, ownerID, serial, code string) (mfa.Outcome, error) {
	d, err := tx.LockMFADevice(ctx, account, serial)
	if err != nil {
		return mfa.Refused, err
	}
	if d.OwnerID != ownerID {
		return mfa.Refused, ErrNotFound
	}
	state, outcome := d.State.Verify(d.TOTP, code, s.Now())
	if outcome == mfa.OverBudget || outcome == mfa.Disabled {
		return outcome, nil // the state is as it was
	}
	d.State = state
	return outcome, tx.UpdateMFADevice(ctx, d)
}

// verifyCodes verifies the code that a call of STS carries, if it carries one, and returns the caller as
// authenticated by it.
func (s *Service) verifyCodes(ctx context.Context, tx Tx, c *Caller, this *call) (*Caller, error) {
	serial, code := this.op.codes(this.in)
	switch {
	case serial == nil && code == nil:
		return c, nil
	case serial == nil || code == nil:
		return nil, wire.Errorf("AccessDenied",
			"MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.")
	case !c.IsUser():
		return nil, cannotValidate()
	}
	outcome, err := s.VerifyCode(ctx, tx, c.Account, c.ID, *serial, *code)
	if errors.Is(err, ErrNotFound) {
		return nil, cannotValidate()
	}
	if err != nil {
		return nil, err
	}
	this.outcome = &outcome
	switch outcome {
	case mfa.Accepted:
		authenticated := *c
		authenticated.verified = s.Now()
		return &authenticated, nil
	case mfa.Refused:
		return nil, wire.Errorf("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. ")
	default:
		return nil, cannotValidate()
	}
}

// cannotValidate is the one answer for a device that is unknown, somebody else's, unassigned, over its budget
// of attempts or disabled, so that it tells nothing about other people's devices.
func cannotValidate() error {
	return wire.Errorf("AccessDenied", "MultiFactorAuthentication failed, unable to validate MFA code.  "+
		"Please verify your MFA serial number is valid and associated with this user.")
}
