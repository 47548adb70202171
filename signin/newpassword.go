package signin

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/wire"
)

// NewPassword is the last step for a user whose password has expired or must be changed. The change is ChangePassword
// by that user, held by their policies and by the rules for passwords as everywhere, with the errors it has: a user who
// may not change the password does not get in.
func (s *Service) NewPassword(ctx context.Context, token, oldPassword, newPassword string, from From) (state *State, err error) {
	defer func() { s.report("new-password", from, err) }()
	row, err := s.changePassword(ctx, token, oldPassword, newPassword, from)
	if err != nil {
		return nil, err
	}
	var done *attempt
	err = s.IAM.Store.Update(ctx, func(tx iam.Tx) error {
		locked, err := s.lock(ctx, tx, token, iam.AtNewPassword)
		if err != nil {
			return err
		}
		a, err := owner(ctx, tx, row.Account, row.OwnerID)
		if errors.Is(err, iam.ErrNotFound) || err == nil && a.profile == nil {
			return end(ctx, tx, locked, over())
		}
		if err != nil {
			return err
		}
		a.row, done = locked, a
		return s.advance(ctx, tx, a, from, tx.UpdateSignIn)
	})
	if err != nil {
		return nil, err
	}
	return s.state(ctx, done)
}

// changePassword does the change, and returns the sign-in that waits for it.
func (s *Service) changePassword(ctx context.Context, token, oldPassword, newPassword string, from From) (*iam.SignIn, error) {
	var row *iam.SignIn
	err := s.IAM.Store.Update(ctx, func(tx iam.Tx) error {
		a, err := s.at(ctx, tx, token, iam.AtNewPassword)
		if err == nil {
			row = a.row
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	principal, err := s.IAM.Directory.Principal(ctx, row.Account, iam.IAMUser, row.OwnerID)
	if errors.Is(err, iam.ErrNotFound) {
		return nil, over()
	}
	if err != nil {
		return nil, err
	}
	in := &awsiam.ChangePasswordInput{OldPassword: aws.String(oldPassword), NewPassword: aws.String(newPassword)}
	if err := wire.Validate(wire.IAM, "ChangePassword", in); err != nil {
		return nil, err
	}
	op, err := s.operation("ChangePassword")
	if err != nil {
		return nil, err
	}
	_, err = s.IAM.Do(ctx, caller(principal, row, row.Started, from), op, in)
	return row, err
}

// operation finds a row of IAM's table.
func (s *Service) operation(action string) (*iam.Operation, error) {
	for _, op := range s.IAM.Operations() {
		if op.Action == action {
			return &op, nil
		}
	}
	return nil, errors.New("signin: there is no operation " + action)
}
