package iam

import (
	"context"
	"time"

	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/wire"
)

// ResyncMFADevice finds the drift of a device's clock anew from two consecutive codes. It also brings a device
// back that was disabled after too many failures (NIST SP 800-63B-4 §3.2.2), unless its own user asks for that.
func (s *Service) ResyncMFADevice(ctx context.Context, tx Tx, c *Caller, in *awsiam.ResyncMFADeviceInput) (*awsiam.ResyncMFADeviceOutput, error) {
	u, err := findUser(ctx, tx, c.Account, *in.UserName)
	if err != nil {
		return nil, err
	}
	pair := mfa.State.Reinstate
	switch {
	case c.ID != u.ID:
	case c.MFA().IsZero():
		pair = mfa.State.PairBeforeMFA
	default:
		pair = mfa.State.Pair
	}
	return &awsiam.ResyncMFADeviceOutput{},
		s.resync(ctx, tx, c.Account, u.ID, *in.SerialNumber, *in.AuthenticationCode1, *in.AuthenticationCode2, pair)
}

// ResyncOwn is ResyncMFADevice for the owner, user or root, of a device, at sign-in. A disabled device stays disabled.
// Its errors are meant for the user, and the count of failures among what must be committed with them ([Keep]).
func (s *Service) ResyncOwn(ctx context.Context, tx Tx, account, ownerID, serial, code1, code2 string) error {
	return s.resync(ctx, tx, account, ownerID, serial, code1, code2, mfa.State.PairBeforeMFA)
}

// decidePair is one of the methods of State that decide about a pair of codes.
type decidePair func(s mfa.State, t mfa.TOTP, code1, code2 string, now time.Time) (mfa.State, mfa.Outcome)

func (s *Service) resync(ctx context.Context, tx Tx, account, ownerID, serial, code1, code2 string, decide decidePair) error {
	d, err := deviceOf(ctx, tx.LockMFADevice, account, ownerID, serial)
	if err != nil {
		return err
	}
	if d.Kind == SecurityKey { // it has no clock
		return invalidForUser()
	}
	now, err := s.mfaNow()
	if err != nil {
		return err
	}
	var outcome mfa.Outcome
	d.State, outcome = decide(d.State, d.TOTP, code1, code2, now)
	if err := tx.UpdateMFADevice(ctx, d); err != nil {
		return err
	}
	if outcome == mfa.Disabled && ownerID == account { // nobody else administers root's devices
		return Keep(wire.Errorf("AccessDenied", "This MFA device is disabled because too many codes were wrong. Sign in with "+
			"another device and remove it, or run sallyport root reset-mfa on the server."))
	}
	return pairRefusal(outcome)
}

// pairRefusal is the answer to a pair of codes that was not accepted; its count of failures is kept.
func pairRefusal(outcome mfa.Outcome) error {
	switch outcome {
	case mfa.Accepted:
		return nil
	case mfa.OverBudget:
		return Keep(wire.Errorf("EntityTemporarilyUnmodifiable",
			"Too many authentication codes were wrong. Wait three minutes, then try again."))
	case mfa.Disabled:
		return Keep(wire.Errorf("AccessDenied", "This MFA device is disabled because too many codes were wrong. "+
			"An administrator can resynchronize it, or deactivate it so that it can be enabled again."))
	default:
		return Keep(wire.Errorf("InvalidAuthenticationCode", "Authentication code for device is not valid."))
	}
}
