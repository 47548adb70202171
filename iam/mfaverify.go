package iam

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/wire"
)

// VerifyCode verifies a code of a device, for STS and for sign-in alike: they share the set of used codes, the
// budget of attempts and the count of failures, all of which it stores in the transaction. The caller must let
// the transaction be committed ([Keep]) whatever the outcome.
//
// It returns ErrNotFound, and counts nothing, if the device is not bound to the owner: whoever doesn't hold the
// first factor can't use up the attempts of somebody else's device. A security key has no codes and is not found either.
func (s *Service) VerifyCode(ctx context.Context, tx Tx, account, ownerID, serial, code string) (mfa.Outcome, error) {
	now, err := s.mfaNow()
	if err != nil {
		return mfa.Refused, err
	}
	d, err := tx.LockMFADevice(ctx, account, serial)
	if err != nil {
		return mfa.Refused, err
	}
	if d.OwnerID != ownerID || d.Kind == SecurityKey {
		return mfa.Refused, ErrNotFound
	}
	state, outcome := d.State.Verify(d.TOTP, code, now)
	if outcome == mfa.OverBudget || outcome == mfa.Disabled {
		return outcome, nil // the state is as it was
	}
	d.State = state
	return outcome, tx.UpdateMFADevice(ctx, d)
}

// mfaNow is the time that codes and answers of devices are verified at. Where the clock can't be trusted nothing is
// verified: a code of another time would pass, and what it uses up would not be what the other nodes see used.
func (s *Service) mfaNow() (time.Time, error) {
	if s.ClockFault != nil {
		if err := s.ClockFault(); err != nil {
			return time.Time{}, fmt.Errorf("iam: MFA is not verified: %w: %w", err, ErrUnavailable)
		}
	}
	return s.Now(), nil
}

// BeginSecurityKeyAssertion begins the proof that an owner, user or root, has one of their security keys. It returns
// what goes to the browser, {"publicKey": PublicKeyCredentialRequestOptionsJSON}, and what is to be kept out of its
// reach until it answers. The error is one for the user if there are no keys or they don't work at this address.
func (s *Service) BeginSecurityKeyAssertion(ctx context.Context, tx Tx, account, ownerID string) (options json.RawMessage, c mfa.Ceremony, err error) {
	if s.Keys == nil {
		return nil, c, noSecurityKeys()
	}
	now, err := s.mfaNow()
	if err != nil {
		return nil, c, err
	}
	devices, err := tx.MFADevicesOf(ctx, account, ownerID)
	if err != nil {
		return nil, c, err
	}
	options, c, err = s.Keys.BeginAssertion(mfa.KeyUser{Handle: keyHandle(ownerID), Keys: securityKeys(devices)}, now)
	if refusal := (*mfa.KeyError)(nil); errors.As(err, &refusal) {
		return nil, c, wire.Errorf("FeatureDisabled", "%s", refusal.Reason)
	}
	return options, c, err
}

// VerifySecurityKey verifies the browser's answer and returns the device that gave it, whose counter it stores in the
// transaction. A refusal is an *[mfa.KeyError], a server without security keys a *wire.Error; both change nothing, and
// there is nothing to count: an answer can't be guessed. The caller must have taken the ceremony from where it was kept,
// for good.
func (s *Service) VerifySecurityKey(ctx context.Context, tx Tx, account, ownerID string, c mfa.Ceremony, response []byte) (*MFADevice, error) {
	if s.Keys == nil {
		return nil, noSecurityKeys()
	}
	now, err := s.mfaNow()
	if err != nil {
		return nil, err
	}
	devices, err := lockSecurityKeys(ctx, tx, account, ownerID)
	if err != nil {
		return nil, err
	}
	assertion, err := s.Keys.FinishAssertion(mfa.KeyUser{Handle: keyHandle(ownerID), Keys: securityKeys(devices)}, c, response, now)
	answered := slices.IndexFunc(devices, func(d MFADevice) bool {
		return d.Key != nil && bytes.Equal(d.Key.CredentialID, assertion.CredentialID)
	})
	if assertion.Cloned && answered >= 0 {
		s.log().Warn("the signature counter of a security key went back: it may have been copied",
			"account", account, "owner", ownerID, "serial", devices[answered].Serial, "accepted", err == nil)
	}
	if refusal := (*mfa.KeyError)(nil); errors.As(err, &refusal) {
		s.log().Info("security key refused", "account", account, "owner", ownerID, "error", refusal.Err)
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	if answered < 0 {
		return nil, errors.New("iam: a security key was verified that is none of the owner's")
	}
	d := &devices[answered]
	d.Key.SignCount, d.Key.BackedUp = assertion.SignCount, assertion.BackedUp
	return d, tx.UpdateMFADevice(ctx, d)
}

// lockSecurityKeys locks all keys of an owner, because only the verified answer tells which gave it and it is verified
// against the counter: two answers at the same time must not both be held against the old one.
func lockSecurityKeys(ctx context.Context, tx Tx, account, ownerID string) ([]MFADevice, error) {
	devices, err := tx.MFADevicesOf(ctx, account, ownerID) // by serial: everybody locks in the same order
	if err != nil {
		return nil, err
	}
	locked := make([]MFADevice, 0, len(devices))
	for _, d := range devices {
		if d.Kind != SecurityKey {
			continue
		}
		now, err := tx.LockMFADevice(ctx, account, d.Serial)
		switch {
		case errors.Is(err, ErrNotFound): // removed meanwhile
		case err != nil:
			return nil, err
		case now.OwnerID == ownerID:
			locked = append(locked, *now)
		}
	}
	return locked, nil
}

// CountVerification tells the metrics of a verification. It belongs after the transaction, which may run more than once.
func (s *Service) CountVerification(outcome mfa.Outcome) {
	if s.Verified != nil {
		s.Verified(outcome.String())
	}
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
