package signin

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/wire"
)

// Code is the second step with a device that shows codes. A code that is refused is counted for the device, as those
// sent to STS are; the sign-in goes on waiting. Only who has proven the password comes here, so that a device which is
// over its budget or disabled is told of in clear words.
func (s *Service) Code(ctx context.Context, token, serialNumber, code string, from From) (state *State, err error) {
	defer func() { s.report("code", from, err) }()
	var done *attempt
	var verified *mfa.Outcome
	err = s.IAM.Store.Update(ctx, func(tx iam.Tx) error {
		done, verified = nil, nil
		a, err := s.at(ctx, tx, token, iam.AtSecondFactor)
		if err != nil {
			return err
		}
		outcome, err := s.IAM.VerifyCode(ctx, tx, a.row.Account, a.row.OwnerID, serialNumber, code)
		if errors.Is(err, iam.ErrNotFound) {
			return wire.Errorf("NoSuchEntity", "MFA Device invalid for user.")
		}
		if err != nil {
			return err
		}
		done, verified = a, &outcome
		switch outcome {
		case mfa.Accepted:
			return s.pass(ctx, tx, a, a.device(serialNumber), from)
		case mfa.Refused:
			return s.refuse(ctx, tx, a, serialNumber, wrong(), from)
		default:
			return unavailable(outcome)
		}
	})
	if verified != nil {
		s.IAM.CountVerification(*verified)
	}
	if err != nil {
		return nil, err
	}
	return s.state(ctx, done)
}

// unavailable says why a device's codes are not looked at. The words are those of ResyncMFADevice.
func unavailable(outcome mfa.Outcome) error {
	if outcome == mfa.OverBudget {
		return wire.Errorf("EntityTemporarilyUnmodifiable",
			"Too many authentication codes were wrong. Wait three minutes, then try again.")
	}
	return wire.Errorf("AccessDenied", "This MFA device is disabled because too many codes were wrong. "+
		"An administrator can resynchronize it, or deactivate it so that it can be enabled again.")
}

// pass lets a sign-in through the second door.
func (s *Service) pass(ctx context.Context, tx iam.Tx, a *attempt, d *iam.MFADevice, from From) error {
	if d == nil { // the devices were read in the same transaction
		return errors.New("signin: a device was verified that is none of the owner's")
	}
	a.row.MFA, a.row.MFASerial, a.row.Refused = s.IAM.Now(), d.Serial, 0
	if err := s.recordMFA(ctx, tx, a, d, from); err != nil {
		return err
	}
	return s.advance(ctx, tx, a, from, tx.UpdateSignIn)
}

// refuse leaves a sign-in before the second door, and remembers the failure. The last one that it may have ends it, which
// bounds the answers of devices that have no count of their own. serial is that of the device, "" if it is not known
// which it was.
func (s *Service) refuse(ctx context.Context, tx iam.Tx, a *attempt, serial string, answer error, from From) error {
	a.row.Refused++
	tried, row := *a, *a.row
	row.MFASerial, tried.row = serial, &row
	if err := s.recordLogin(ctx, tx, &tried, from, failed); err != nil {
		return err
	}
	if a.row.Refused >= maxRefused {
		return end(ctx, tx, a.row, exhausted())
	}
	if err := tx.UpdateSignIn(ctx, a.row); err != nil {
		return err
	}
	return iam.Keep(answer)
}

// Resync sets the clock of a device anew from two consecutive codes. It signs nobody in: a pair is looked for in a
// window of many hours, far wider than a code that signs in may come from (attack 23). One of the two may still be
// the code that does, if it is in time for that.
func (s *Service) Resync(ctx context.Context, token, serialNumber, code1, code2 string, from From) (state *State, err error) {
	defer func() { s.report("resync", from, err) }()
	var done *attempt
	err = s.IAM.Store.Update(ctx, func(tx iam.Tx) error {
		a, err := s.at(ctx, tx, token, iam.AtSecondFactor)
		if err != nil {
			return err
		}
		d := a.device(serialNumber)
		if d == nil {
			return wire.Errorf("NoSuchEntity", "MFA Device invalid for user.")
		}
		refusal := s.IAM.ResyncOwn(ctx, tx, a.row.Account, a.row.OwnerID, d.Serial, code1, code2)
		var answer *wire.Error
		switch {
		case refusal == nil:
			a.row.Refused = 0
			if err := tx.UpdateSignIn(ctx, a.row); err != nil {
				return err
			}
		case !errors.As(refusal, &answer), answer.Code != "InvalidAuthenticationCode": // not looked at
			return refusal
		}
		if err := s.recordResync(ctx, tx, a, d.Serial, from, answer); err != nil {
			return err
		}
		done = a
		return refusal
	})
	if err != nil {
		return nil, err
	}
	return s.state(ctx, done)
}

// BeginKey begins the second step with a security key or passkey: it makes the challenge, which is kept in the
// sign-in's row, and returns what the browser needs to have it answered. A challenge not yet answered is void.
func (s *Service) BeginKey(ctx context.Context, token string, _ From) (options json.RawMessage, err error) {
	err = s.IAM.Store.Update(ctx, func(tx iam.Tx) error {
		a, err := s.at(ctx, tx, token, iam.AtSecondFactor)
		if err != nil {
			return err
		}
		if !a.has(true) {
			return wire.Errorf("NoSuchEntity", "No security key is assigned to this user.")
		}
		begun, ceremony, err := s.IAM.BeginSecurityKeyAssertion(ctx, tx, a.row.Account, a.row.OwnerID)
		if err != nil {
			return err
		}
		if a.row.Ceremony, err = json.Marshal(ceremony); err != nil {
			return err
		}
		options = begun
		return tx.UpdateSignIn(ctx, a.row)
	})
	if err != nil {
		return nil, err
	}
	return options, nil
}

// Key is the second step with a security key: response is the browser's answer to BeginKey's challenge
// (PublicKeyCredential.toJSON). The challenge is good for one answer, right or wrong.
func (s *Service) Key(ctx context.Context, token string, response []byte, from From) (state *State, err error) {
	defer func() { s.report("key", from, err) }()
	// Taken out in a transaction of its own: a failure in the next one does not bring it back.
	ceremony, err := s.takeCeremony(ctx, func(tx iam.Tx) (*iam.SignIn, error) {
		a, err := s.at(ctx, tx, token, iam.AtSecondFactor)
		if err != nil {
			return nil, err
		}
		return a.row, nil
	})
	if err != nil {
		return nil, err
	}
	var done *attempt
	var verified *mfa.Outcome
	err = s.IAM.Store.Update(ctx, func(tx iam.Tx) error {
		done, verified = nil, nil
		a, err := s.at(ctx, tx, token, iam.AtSecondFactor)
		if err != nil {
			return err
		}
		d, err := s.IAM.VerifySecurityKey(ctx, tx, a.row.Account, a.row.OwnerID, ceremony, response)
		var refusal *mfa.KeyError
		if errors.As(err, &refusal) {
			verified = new(mfa.Refused)
			answer := &wire.Error{Code: "AuthenticationFailed", Status: 401, Message: refusal.Reason}
			return s.refuse(ctx, tx, a, "", answer, from)
		}
		if err != nil {
			return err
		}
		done, verified = a, new(mfa.Accepted)
		return s.pass(ctx, tx, a, a.device(d.Serial), from)
	})
	if verified != nil {
		s.IAM.CountVerification(*verified)
	}
	if err != nil {
		return nil, err
	}
	return s.state(ctx, done)
}

// KeepCeremony keeps the registration of a security key that is under way in a session, out of the browser's reach. It
// takes the place of one before.
func (s *Service) KeepCeremony(ctx context.Context, token string, c mfa.Ceremony) error {
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return s.IAM.Store.Update(ctx, func(tx iam.Tx) error {
		row, err := s.lock(ctx, tx, token, iam.SignedIn)
		if err != nil {
			return err
		}
		row.Ceremony = text
		return tx.UpdateSignIn(ctx, row)
	})
}

// TakeCeremony takes out what KeepCeremony kept: it is gone, whatever becomes of it.
func (s *Service) TakeCeremony(ctx context.Context, token string) (mfa.Ceremony, error) {
	return s.takeCeremony(ctx, func(tx iam.Tx) (*iam.SignIn, error) { return s.lock(ctx, tx, token, iam.SignedIn) })
}

func (s *Service) takeCeremony(ctx context.Context, find func(tx iam.Tx) (*iam.SignIn, error)) (mfa.Ceremony, error) {
	var taken []byte
	err := s.IAM.Store.Update(ctx, func(tx iam.Tx) error {
		row, err := find(tx)
		if err != nil {
			return err
		}
		if len(row.Ceremony) == 0 {
			return &wire.Error{Code: "InvalidCeremony", Status: 400, Message: "No security key was asked for, or it has answered already. Try again."}
		}
		taken, row.Ceremony = row.Ceremony, nil
		return tx.UpdateSignIn(ctx, row)
	})
	if err != nil {
		return mfa.Ceremony{}, err
	}
	var c mfa.Ceremony
	return c, json.Unmarshal(taken, &c)
}
