package iam

import (
	"context"
	"errors"

	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/wire"
)

// What the local commands do to an account's devices. They run as operations so that they are audited in the
// same transaction as everything else.

// ImportTokensInput carries the hardware tokens of a seed file into the account's inventory.
type ImportTokensInput struct{ Tokens []mfa.Token }

// Parameters shows the serial numbers of the tokens and nothing of their seeds.
func (in *ImportTokensInput) Parameters() map[string]any {
	serials := transform(in.Tokens, func(t mfa.Token) any { return t.Serial })
	return map[string]any{"count": int64(len(serials)), "serialNumbers": serials[:min(len(serials), 100)]}
}

// ImportTokensOutput has nothing to say.
type ImportTokensOutput struct{}

// importTokens adds all of the tokens or none.
func (s *Service) importTokens(ctx context.Context, tx Tx, c *Caller, in *ImportTokensInput) (*ImportTokensOutput, error) {
	for _, t := range in.Tokens {
		err := tx.InsertMFADevice(ctx, &MFADevice{
			Account: c.Account, Serial: t.Serial, Kind: HardwareDevice, Created: s.Now(), TOTP: t.TOTP,
		})
		if errors.Is(err, ErrExists) {
			return nil, wire.Errorf("EntityAlreadyExists", "Token %s is in the inventory already.", t.Serial)
		}
		if err != nil {
			return nil, err
		}
	}
	return &ImportTokensOutput{}, nil
}

// ResetRootMFAInput asks for root's devices to be taken off: the way back in when root has lost them all.
type ResetRootMFAInput struct{}

// ResetRootMFAOutput names the devices that were taken off.
type ResetRootMFAOutput struct{ SerialNumbers []string }

// Parameters shows which devices were taken off.
func (out *ResetRootMFAOutput) Parameters() map[string]any {
	return map[string]any{"serialNumbers": transform(out.SerialNumbers, func(s string) any { return s })}
}

func (s *Service) resetRootMFA(ctx context.Context, tx Tx, c *Caller, _ *ResetRootMFAInput) (*ResetRootMFAOutput, error) {
	devices, err := tx.MFADevicesOf(ctx, c.Account, c.Account)
	if err != nil {
		return nil, err
	}
	out := &ResetRootMFAOutput{}
	for _, d := range devices {
		if err := release(ctx, tx, &d, ""); err != nil {
			return nil, err
		}
		out.SerialNumbers = append(out.SerialNumbers, d.Serial)
	}
	return out, nil
}
