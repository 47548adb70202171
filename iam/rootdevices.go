package iam

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/wire"
)

// Root's own TOTP devices, which root manages in the console only (IAM User Guide, "Multi-factor authentication for AWS
// account root user"). Its security keys are registered as everybody's. When it has lost them all, ResetRootMFA is the
// way back in.

// EnableRootMFADeviceInput names a device and two consecutive codes of it.
type EnableRootMFADeviceInput struct{ SerialNumber, AuthenticationCode1, AuthenticationCode2 *string }

// Parameters shows what EnableMFADevice's record does.
func (in *EnableRootMFADeviceInput) Parameters() map[string]any {
	return given(map[string]*string{"userName": &recordedRoot, "serialNumber": in.SerialNumber})
}

// EnableRootMFADeviceOutput has nothing to say.
type EnableRootMFADeviceOutput struct{}

// EnableRootMFADevice binds a virtual device or a hardware token of the account's inventory to root.
func (s *Service) EnableRootMFADevice(ctx context.Context, tx Tx, c *Caller, in *EnableRootMFADeviceInput) (*EnableRootMFADeviceOutput, error) {
	if err := mayManageDevices(ctx, tx, c, nil); err != nil {
		return nil, err
	}
	return &EnableRootMFADeviceOutput{},
		s.bind(ctx, tx, c.Account, c.ID, recordedRoot, *in.SerialNumber, *in.AuthenticationCode1, *in.AuthenticationCode2)
}

func targetEnableRootMFADevice(_ context.Context, _ Tx, c *Caller, in *EnableRootMFADeviceInput) (Target, error) {
	return rootTarget(c, wire.Validate(wire.IAM, "EnableMFADevice", &awsiam.EnableMFADeviceInput{
		UserName: aws.String("root"), SerialNumber: in.SerialNumber,
		AuthenticationCode1: in.AuthenticationCode1, AuthenticationCode2: in.AuthenticationCode2,
	}))
}

// ResyncRootMFADeviceInput names a device and two consecutive codes of it.
type ResyncRootMFADeviceInput struct{ SerialNumber, AuthenticationCode1, AuthenticationCode2 *string }

// Parameters shows what ResyncMFADevice's record does.
func (in *ResyncRootMFADeviceInput) Parameters() map[string]any {
	return given(map[string]*string{"userName": &recordedRoot, "serialNumber": in.SerialNumber})
}

// ResyncRootMFADeviceOutput has nothing to say.
type ResyncRootMFADeviceOutput struct{}

// ResyncRootMFADevice finds the drift of the clock of one of root's devices anew. Root owns it, so that a device disabled
// after too many failures stays so.
func (s *Service) ResyncRootMFADevice(ctx context.Context, tx Tx, c *Caller, in *ResyncRootMFADeviceInput) (*ResyncRootMFADeviceOutput, error) {
	return &ResyncRootMFADeviceOutput{},
		s.resync(ctx, tx, c.Account, c.ID, *in.SerialNumber, *in.AuthenticationCode1, *in.AuthenticationCode2, mfa.State.Pair)
}

func targetResyncRootMFADevice(_ context.Context, _ Tx, c *Caller, in *ResyncRootMFADeviceInput) (Target, error) {
	return rootTarget(c, wire.Validate(wire.IAM, "ResyncMFADevice", &awsiam.ResyncMFADeviceInput{
		UserName: aws.String("root"), SerialNumber: in.SerialNumber,
		AuthenticationCode1: in.AuthenticationCode1, AuthenticationCode2: in.AuthenticationCode2,
	}))
}

// DeactivateRootMFADeviceInput names a device of root, of any kind.
type DeactivateRootMFADeviceInput struct{ SerialNumber *string }

// Parameters shows what DeactivateMFADevice's record does.
func (in *DeactivateRootMFADeviceInput) Parameters() map[string]any {
	return given(map[string]*string{"userName": &recordedRoot, "serialNumber": in.SerialNumber})
}

// DeactivateRootMFADeviceOutput has nothing to say.
type DeactivateRootMFADeviceOutput struct{}

// DeactivateRootMFADevice takes a device from root, as DeactivateMFADevice does from a user.
func (s *Service) DeactivateRootMFADevice(ctx context.Context, tx Tx, c *Caller, in *DeactivateRootMFADeviceInput) (*DeactivateRootMFADeviceOutput, error) {
	if err := mayManageDevices(ctx, tx, c, nil); err != nil {
		return nil, err
	}
	return &DeactivateRootMFADeviceOutput{}, deactivate(ctx, tx, c, c.ID, *in.SerialNumber)
}

func targetDeactivateRootMFADevice(_ context.Context, _ Tx, c *Caller, in *DeactivateRootMFADeviceInput) (Target, error) {
	return rootTarget(c, wire.Validate(wire.IAM, "DeactivateMFADevice", &awsiam.DeactivateMFADeviceInput{SerialNumber: in.SerialNumber}))
}

// rootTarget is root of the account for what only root itself may do: to others no policy can give it. What is wrong
// with the input comes first, as on the wire.
func rootTarget(c *Caller, malformed error) (Target, error) {
	if malformed != nil {
		return Target{}, malformed
	}
	if c.Kind != RootUser || !c.IsUser() {
		return Target{}, wire.Errorf("AccessDenied", "Only the account's root user can do this.")
	}
	return Target{ARN: RootARN(c.Account)}, nil
}
