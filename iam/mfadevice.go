package iam

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/wire"
)

// DeviceKind is one of the kinds of MFA device.
type DeviceKind string

// The kinds of device. Virtual devices exist before and after their assignment and are listed as unassigned;
// hardware tokens wait in the account's inventory, which no list shows.
const (
	VirtualDevice  DeviceKind = "virtual"
	HardwareDevice DeviceKind = "hardware"
	SecurityKey    DeviceKind = "fido" // a FIDO2 security key or passkey; it exists only while assigned
)

// MFADevice is something a user or root has: an authenticator app, a hardware TOTP token, a security key or passkey.
type MFADevice struct {
	Account string
	Serial  string // ARN of a virtual device or security key, raw serial number of a hardware token
	Kind    DeviceKind
	OwnerID string // unique id of the user, account id for root, "" while unassigned
	Created time.Time
	Enabled time.Time // zero while unassigned
	TOTP    mfa.TOTP  // sealed by the store
	State   mfa.State
	Tags    []Tag
	Key     *mfa.SecurityKey // of a security key, which has no TOTP and no State; nil of the others
}

// Assigned tells whether the device is bound to a user or root.
func (d *MFADevice) Assigned() bool { return d.OwnerID != "" }

// MFADeviceStore keeps MFA devices. Serial numbers are unique in an account and match with regard to case.
type MFADeviceStore interface {
	MFADevice(ctx context.Context, account, serial string) (*MFADevice, error)
	// LockMFADevice reads a device that will be written: until the end of the transaction nobody else writes it.
	LockMFADevice(ctx context.Context, account, serial string) (*MFADevice, error)
	// MFADevicesOf lists an owner's devices by serial.
	MFADevicesOf(ctx context.Context, account, ownerID string) ([]MFADevice, error)
	// MFADevicesOfAll returns the devices of many owners, by owner.
	MFADevicesOfAll(ctx context.Context, account string, ownerIDs []string) (map[string][]MFADevice, error)
	// VirtualMFADevices lists by serial; After is a serial.
	VirtualMFADevices(ctx context.Context, account string, status AssignmentStatus, page Page) ([]MFADevice, error)
	// InsertMFADevice also returns ErrExists for a security key whose credential id is in use, in whatever account.
	InsertMFADevice(ctx context.Context, d *MFADevice) error
	// UpdateMFADevice stores owner, enable date, state and tags, and of a security key its SignCount and BackedUp; the
	// secret never changes.
	UpdateMFADevice(ctx context.Context, d *MFADevice) error
	DeleteMFADevice(ctx context.Context, account, serial string) error

	// MFABudget returns the verifications spent on a serial number; the zero Budget if none are known. It outlives
	// the device, so that deleting and creating it again buys no new guesses.
	MFABudget(ctx context.Context, account, serial string) (mfa.Budget, error)
	// PutMFABudget stores one, and drops those of earlier windows, which are full again.
	PutMFABudget(ctx context.Context, account, serial string, b mfa.Budget) error
}

// AssignmentStatus filters virtual devices.
type AssignmentStatus string

// The values of ListVirtualMFADevices' AssignmentStatus.
const (
	Assigned   AssignmentStatus = "Assigned"
	Unassigned AssignmentStatus = "Unassigned"
	Any        AssignmentStatus = "Any"
)

// maxDevices is how many MFA devices a user or root can have (IAM User Guide, "AWS Multi-factor authentication
// in IAM").
const maxDevices = 8

// enrolment is what CreateVirtualMFADevice prepares: drawing takes longer than a transaction should.
type enrolment struct {
	seed []byte
	qr   []byte // PNG
}

func (s *Service) prepareVirtualMFADevice(ctx context.Context, c *Caller, in *awsiam.CreateVirtualMFADeviceInput) (enrolment, error) {
	if err := checkSerial(c.Account, in); err != nil {
		return enrolment{}, err
	}
	var a *Account
	err := s.Store.View(ctx, func(tx Tx) (err error) {
		a, err = tx.Account(ctx, c.Account)
		return err
	})
	if err != nil {
		return enrolment{}, err
	}
	seed := mfa.NewSeed()
	qr, err := mfa.QRCodePNG(mfa.KeyURI(a.label(), *in.VirtualMFADeviceName, issuer, seed))
	return enrolment{seed, qr}, err
}

// label is how authenticator apps and security keys name the account.
func (a *Account) label() string {
	if a.Alias != "" {
		return a.Alias
	}
	return a.ID
}

// issuer is the name under which authenticator apps list the accounts of a Sallyport.
const issuer = "Sallyport"

// virtualSerial is the serial number that a new virtual device would have.
func virtualSerial(account string, in *awsiam.CreateVirtualMFADeviceInput) string {
	return arn(account, "mfa", valueOr(in.Path, "/"), *in.VirtualMFADeviceName)
}

// maxSerial is the longest SerialNumber that the operations on devices take, and serialCharacters are its characters
// (the model's pattern). A device under any other could never be enabled, tagged or deleted.
const maxSerial = 256

var serialCharacters = regexp.MustCompile(`^[\w+=/:,.@-]+$`)

func checkSerial(account string, in *awsiam.CreateVirtualMFADeviceInput) error {
	serial := virtualSerial(account, in)
	if !serialCharacters.MatchString(serial) { // it is the path: the model checks the name
		return wire.Errorf("ValidationError", "The specified value for path is invalid. It must begin and end with / and "+
			"contain only alphanumeric characters and/or / characters.")
	}
	if excess := len(serial) - maxSerial; excess > 0 {
		return wire.Errorf("ValidationError", "1 validation error detected: Value at 'virtualMFADeviceName' failed to satisfy "+
			"constraint: Member must have length less than or equal to %d", max(len(*in.VirtualMFADeviceName)-excess, 0))
	}
	return nil
}

// CreateVirtualMFADevice makes an unassigned virtual device. Seed and QR code are shown here and never again.
func (s *Service) CreateVirtualMFADevice(ctx context.Context, tx Tx, c *Caller, in *awsiam.CreateVirtualMFADeviceInput, prepared enrolment) (*awsiam.CreateVirtualMFADeviceOutput, error) {
	tags, err := caseSensitiveTags.add(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	serial := virtualSerial(c.Account, in)
	budget, err := tx.MFABudget(ctx, c.Account, serial)
	if err != nil {
		return nil, err
	}
	err = tx.InsertMFADevice(ctx, &MFADevice{
		Account: c.Account, Serial: serial, Kind: VirtualDevice, Created: s.Now(), Tags: tags,
		TOTP: mfa.TOTP{Seed: prepared.seed}, State: mfa.State{Budget: budget},
	})
	if errors.Is(err, ErrExists) {
		return nil, wire.Errorf("EntityAlreadyExists", "MFA device already exists.")
	}
	if err != nil {
		return nil, err
	}
	return &awsiam.CreateVirtualMFADeviceOutput{VirtualMFADevice: &types.VirtualMFADevice{
		SerialNumber:     aws.String(serial),
		Base32StringSeed: []byte(mfa.Base32(prepared.seed)),
		QRCodePNG:        prepared.qr,
		Tags:             shownTags(tags),
	}}, nil
}

// EnableMFADevice binds a device to a user who proves with two consecutive codes to have it. A raw serial number
// names a hardware token of the account's inventory.
func (s *Service) EnableMFADevice(ctx context.Context, tx Tx, c *Caller, in *awsiam.EnableMFADeviceInput) (*awsiam.EnableMFADeviceOutput, error) {
	if err := mayManageDevices(ctx, tx, c, in.UserName); err != nil {
		return nil, err
	}
	u, err := findUser(ctx, tx, c.Account, *in.UserName)
	if err != nil {
		return nil, err
	}
	return &awsiam.EnableMFADeviceOutput{}, s.bind(ctx, tx, c.Account, u.ID, u.Name, *in.SerialNumber, *in.AuthenticationCode1, *in.AuthenticationCode2)
}

// bind binds a TOTP device to an owner, user or root.
func (s *Service) bind(ctx context.Context, tx Tx, account, ownerID, ownerName, serial, code1, code2 string) error {
	d, err := tx.LockMFADevice(ctx, account, serial)
	if errors.Is(err, ErrNotFound) {
		return noSuchDevice(serial)
	}
	if err != nil {
		return err
	}
	switch d.OwnerID {
	case "":
	case ownerID:
		return wire.Errorf("EntityAlreadyExists", "MFA Device for user %s already exists.", ownerName)
	default:
		return wire.Errorf("EntityAlreadyExists", "MFA Device is already in use.")
	}
	if _, err := roomForDevice(ctx, tx, account, ownerID); err != nil {
		return err
	}
	now, err := s.mfaNow()
	if err != nil {
		return err
	}
	state, outcome := d.State.Reinstate(d.TOTP, code1, code2, now)
	d.State = state
	if outcome == mfa.Accepted {
		d.OwnerID, d.Enabled = ownerID, s.Now()
	}
	if err := tx.UpdateMFADevice(ctx, d); err != nil {
		return err
	}
	return pairRefusal(outcome)
}

// roomForDevice returns an owner's devices if they leave room for one more.
func roomForDevice(ctx context.Context, tx Tx, account, ownerID string) ([]MFADevice, error) {
	devices, err := tx.MFADevicesOf(ctx, account, ownerID)
	if err == nil && len(devices) >= maxDevices {
		return nil, wire.Errorf("LimitExceeded", "Cannot exceed quota for MFADevicesPerUser: %d", maxDevices)
	}
	return devices, err
}

// DeactivateMFADevice takes a device from its user. A virtual device stays, unassigned; a hardware token goes
// back to the inventory; a security key is forgotten.
func (s *Service) DeactivateMFADevice(ctx context.Context, tx Tx, c *Caller, in *awsiam.DeactivateMFADeviceInput) (*awsiam.DeactivateMFADeviceOutput, error) {
	if err := mayManageDevices(ctx, tx, c, in.UserName); err != nil {
		return nil, err
	}
	u, err := userOrCaller(ctx, tx, c, in.UserName)
	if err != nil {
		return nil, err
	}
	return &awsiam.DeactivateMFADeviceOutput{}, deactivate(ctx, tx, c, u.ID, *in.SerialNumber)
}

// deactivate takes a device from its owner, user or root.
func deactivate(ctx context.Context, tx Tx, c *Caller, ownerID, serial string) error {
	d, err := deviceOf(ctx, tx.LockMFADevice, c.Account, ownerID, serial)
	if err != nil {
		return err
	}
	own := ""
	if c.Session != nil {
		own = c.Session.SignIn
	}
	return release(ctx, tx, d, own)
}

// release makes a device nobody's, which a security key can't be. The console sessions made with it end, because it may
// be in a thief's hands; all but the one that asks for it.
func release(ctx context.Context, tx Tx, d *MFADevice, spared string) error {
	sessions, err := tx.SignInsOf(ctx, d.Account, d.OwnerID)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		if s.MFASerial == d.Serial && s.ID != spared {
			if err := tx.DeleteSignIn(ctx, d.Account, s.ID); err != nil {
				return err
			}
		}
	}
	if d.Kind == SecurityKey {
		return tx.DeleteMFADevice(ctx, d.Account, d.Serial)
	}
	d.OwnerID, d.Enabled = "", time.Time{}
	return tx.UpdateMFADevice(ctx, d)
}

// DeleteVirtualMFADevice deletes an unassigned virtual device and its seed.
func (s *Service) DeleteVirtualMFADevice(ctx context.Context, tx Tx, c *Caller, in *awsiam.DeleteVirtualMFADeviceInput) (*awsiam.DeleteVirtualMFADeviceOutput, error) {
	d, err := virtualDevice(ctx, tx.LockMFADevice, c.Account, *in.SerialNumber)
	if err != nil {
		return nil, err
	}
	if d.Assigned() {
		return nil, wire.Errorf("DeleteConflict", "MFA VirtualDevice in use. Must deactivate first.")
	}
	if spent := d.State.Budget; spent != (mfa.Budget{}) {
		if err := tx.PutMFABudget(ctx, c.Account, d.Serial, spent); err != nil {
			return nil, err
		}
	}
	return &awsiam.DeleteVirtualMFADeviceOutput{}, tx.DeleteMFADevice(ctx, c.Account, d.Serial)
}

// ListMFADevices lists the devices of a user, by default the caller's, root's included.
func (s *Service) ListMFADevices(ctx context.Context, tx Tx, c *Caller, in *awsiam.ListMFADevicesInput) (*awsiam.ListMFADevicesOutput, error) {
	page, err := paging(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	owner, err := deviceOwner(ctx, tx, c, in.UserName)
	if err != nil {
		return nil, err
	}
	devices, err := tx.MFADevicesOf(ctx, c.Account, owner.ID)
	if err != nil {
		return nil, err
	}
	devices = slices.DeleteFunc(devices, func(d MFADevice) bool { return page.After != "" && d.Serial <= page.After })
	devices, truncated, marker := cut(devices[:min(len(devices), page.Limit)], page, func(d MFADevice) string { return d.Serial })
	return &awsiam.ListMFADevicesOutput{
		MFADevices: transform(devices, func(d MFADevice) types.MFADevice {
			return types.MFADevice{UserName: shownName(owner), SerialNumber: aws.String(d.Serial), EnableDate: aws.Time(d.Enabled)}
		}),
		IsTruncated: truncated, Marker: marker,
	}, nil
}

// ListVirtualMFADevices lists the account's virtual devices, without seed, QR code and tags.
func (s *Service) ListVirtualMFADevices(ctx context.Context, tx Tx, c *Caller, in *awsiam.ListVirtualMFADevicesInput) (*awsiam.ListVirtualMFADevicesOutput, error) {
	page, err := paging(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	status := Any
	if in.AssignmentStatus != "" {
		status = AssignmentStatus(in.AssignmentStatus)
	}
	devices, err := tx.VirtualMFADevices(ctx, c.Account, status, page)
	if err != nil {
		return nil, err
	}
	devices, truncated, marker := cut(devices, page, func(d MFADevice) string { return d.Serial })
	out := &awsiam.ListVirtualMFADevicesOutput{VirtualMFADevices: []types.VirtualMFADevice{}, IsTruncated: truncated, Marker: marker}
	for _, d := range devices {
		shown := types.VirtualMFADevice{SerialNumber: aws.String(d.Serial)}
		if d.Assigned() {
			shown.EnableDate = aws.Time(d.Enabled)
			if shown.User, err = ownerShown(ctx, tx, &d); err != nil {
				return nil, err
			}
		}
		out.VirtualMFADevices = append(out.VirtualMFADevices, shown)
	}
	return out, nil
}

func ownerShown(ctx context.Context, tx Tx, d *MFADevice) (*types.User, error) {
	if d.OwnerID == d.Account {
		return rootShown(ctx, tx, d.Account)
	}
	u, err := tx.UserByID(ctx, d.Account, d.OwnerID)
	if err != nil {
		return nil, err
	}
	listed, err := listedUsers(ctx, tx, d.Account, []User{*u})
	if err != nil {
		return nil, err
	}
	return &listed[0], nil
}

// GetMFADevice shows a FIDO security key of a user, by default the caller, root included; other kinds are refused, as
// AWS does.
func (s *Service) GetMFADevice(ctx context.Context, tx Tx, c *Caller, in *awsiam.GetMFADeviceInput) (*awsiam.GetMFADeviceOutput, error) {
	name, ok := ParseARN(*in.SerialNumber)
	if !ok || name.Kind != "u2f" {
		return nil, wire.Errorf("ValidationError", "The MFA device serial number sent in the request is invalid or not supported "+
			"by this API. Currently, only hardware FIDO security keys are supported. Please use the compatible device or API.")
	}
	owner, err := deviceOwner(ctx, tx, c, in.UserName)
	if err != nil {
		return nil, err
	}
	d, err := deviceOf(ctx, tx.MFADevice, c.Account, owner.ID, *in.SerialNumber)
	if err != nil {
		return nil, err
	}
	out := &awsiam.GetMFADeviceOutput{UserName: shownName(owner), SerialNumber: aws.String(d.Serial), EnableDate: aws.Time(d.Enabled)}
	if d.Key != nil {
		out.Certifications = d.Key.Certifications
	}
	return out, nil
}

// TagMFADevice adds tags to a virtual device; their keys differ in case.
func (s *Service) TagMFADevice(ctx context.Context, tx Tx, c *Caller, in *awsiam.TagMFADeviceInput) (*awsiam.TagMFADeviceOutput, error) {
	d, err := virtualDevice(ctx, tx.LockMFADevice, c.Account, *in.SerialNumber)
	if err != nil {
		return nil, err
	}
	if d.Tags, err = caseSensitiveTags.retag(d.Tags, in.Tags); err != nil {
		return nil, err
	}
	return &awsiam.TagMFADeviceOutput{}, tx.UpdateMFADevice(ctx, d)
}

// UntagMFADevice removes tags from a virtual device.
func (s *Service) UntagMFADevice(ctx context.Context, tx Tx, c *Caller, in *awsiam.UntagMFADeviceInput) (*awsiam.UntagMFADeviceOutput, error) {
	d, err := virtualDevice(ctx, tx.LockMFADevice, c.Account, *in.SerialNumber)
	if err != nil {
		return nil, err
	}
	d.Tags = caseSensitiveTags.remove(d.Tags, in.TagKeys)
	return &awsiam.UntagMFADeviceOutput{}, tx.UpdateMFADevice(ctx, d)
}

// ListMFADeviceTags lists a virtual device's tags by key.
func (s *Service) ListMFADeviceTags(ctx context.Context, tx Tx, c *Caller, in *awsiam.ListMFADeviceTagsInput) (*awsiam.ListMFADeviceTagsOutput, error) {
	d, err := virtualDevice(ctx, tx.MFADevice, c.Account, *in.SerialNumber)
	if err != nil {
		return nil, err
	}
	tags, truncated, marker, err := pageOfTags(d.Tags, in.Marker, in.MaxItems)
	return &awsiam.ListMFADeviceTagsOutput{Tags: tags, IsTruncated: truncated, Marker: marker}, err
}

// deviceOwner is the user a request names, or the caller: a user, or root as a User with the account's id and no name.
func deviceOwner(ctx context.Context, tx Tx, c *Caller, userName *string) (*User, error) {
	if userName == nil && c.Kind == RootUser && c.IsUser() {
		return &User{Account: c.Account, ID: c.ID}, nil
	}
	return userOrCaller(ctx, tx, c, userName)
}

// shownName is a device owner's name in answers; root has none.
func shownName(owner *User) *string {
	if owner.Name == "" {
		return nil
	}
	return &owner.Name
}

// mayManageDevices is the rule that no policy can lift: a user or root who has an MFA device needs a session made with
// MFA to add or remove devices of their own, so that a stolen access key can't (AWS security bulletin
// AWS-2023-001).
func mayManageDevices(ctx context.Context, tx Tx, c *Caller, userName *string) error {
	if !c.IsUser() || !c.MFA().IsZero() || userName != nil && !strings.EqualFold(*userName, c.Name) {
		return nil
	}
	devices, err := tx.MFADevicesOf(ctx, c.Account, c.ID)
	if err != nil || len(devices) == 0 {
		return err
	}
	return wire.Errorf("AccessDenied",
		"To complete this action, please ensure that you are authenticated with an MFA device that is enabled for this user.")
}

// findDevice is MFADevice or LockMFADevice of a transaction.
type findDevice func(ctx context.Context, account, serial string) (*MFADevice, error)

// deviceOf finds a device that is bound to the owner, user or root.
func deviceOf(ctx context.Context, find findDevice, account, ownerID, serial string) (*MFADevice, error) {
	d, err := find(ctx, account, serial)
	if errors.Is(err, ErrNotFound) {
		return nil, noSuchDevice(serial)
	}
	if err == nil && d.OwnerID != ownerID {
		return nil, invalidForUser()
	}
	return d, err
}

func invalidForUser() error { return wire.Errorf("NoSuchEntity", "MFA Device invalid for user.") }

// virtualDevice finds a virtual device; to the operations on virtual devices there are no others.
func virtualDevice(ctx context.Context, find findDevice, account, serial string) (*MFADevice, error) {
	d, err := find(ctx, account, serial)
	if errors.Is(err, ErrNotFound) || err == nil && d.Kind != VirtualDevice {
		return nil, noSuchDevice(serial)
	}
	return d, err
}

func noSuchDevice(serial string) error {
	return wire.Errorf("NoSuchEntity", "MFA Device with serial number %s does not exist.", serial)
}

// deviceTarget is a virtual device, or what would be one, by its ARN.
func deviceTarget(ctx context.Context, tx Tx, c *Caller, serial *string) (Target, error) {
	d, err := tx.MFADevice(ctx, c.Account, *serial)
	if errors.Is(err, ErrNotFound) {
		return Target{ARN: *serial}, nil
	}
	if err != nil {
		return Target{}, err
	}
	return Target{ARN: d.Serial, Tags: newestFirst(d.Tags)}, nil
}

func targetCreateVirtualMFADevice(_ context.Context, _ Tx, c *Caller, in *awsiam.CreateVirtualMFADeviceInput) (Target, error) {
	target := Target{ARN: virtualSerial(c.Account, in)}
	if len(in.Tags) > 0 {
		target.Also = []string{"TagMFADevice"}
	}
	return tagTarget(target, in.Tags), nil
}
