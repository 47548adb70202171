package iam_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
)

// app is an authenticator app that has scanned a device's QR code.
type app struct {
	serial string
	totp   mfa.TOTP
	now    func() time.Time
}

// code is the code of the app, steps away from the one it shows now.
func (a app) code(steps int64) *string {
	return aws.String(a.totp.Code(a.totp.Step(a.now()) + steps))
}

// virtualDevice creates a device; the app learns its seed from the database, as the QR code would tell it.
func (s *service) virtualDevice(t testing.TB, name string) app {
	t.Helper()
	out := do[awsiam.CreateVirtualMFADeviceOutput](t, s, s.root, "CreateVirtualMFADevice",
		&awsiam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: &name})
	return s.app(t, *out.VirtualMFADevice.SerialNumber)
}

func (s *service) app(t testing.TB, serial string) app {
	t.Helper()
	return app{serial, s.device(t, serial).TOTP, s.Now}
}

func (s *service) device(t testing.TB, serial string) *iam.MFADevice {
	t.Helper()
	var d *iam.MFADevice
	err := s.Store.View(t.Context(), func(tx iam.Tx) (err error) {
		d, err = tx.MFADevice(t.Context(), accountID, serial)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (a app) enable(user string, first, second int64) *awsiam.EnableMFADeviceInput {
	return &awsiam.EnableMFADeviceInput{
		UserName: &user, SerialNumber: &a.serial, AuthenticationCode1: a.code(first), AuthenticationCode2: a.code(second),
	}
}

func (a app) resync(user string, first, second int64) *awsiam.ResyncMFADeviceInput {
	return &awsiam.ResyncMFADeviceInput{
		UserName: &user, SerialNumber: &a.serial, AuthenticationCode1: a.code(first), AuthenticationCode2: a.code(second),
	}
}

const (
	badCodes    = "InvalidAuthenticationCode: Authentication code for device is not valid."
	mustHaveMFA = "AccessDenied: To complete this action, please ensure that you are authenticated with an MFA device that is enabled for this user."
)

func TestCreateVirtualMFADevice(t *testing.T) {
	s := newService(t)
	out := do[awsiam.CreateVirtualMFADeviceOutput](t, s, s.root, "CreateVirtualMFADevice", &awsiam.CreateVirtualMFADeviceInput{
		VirtualMFADeviceName: aws.String("phone"), Path: aws.String("/test//double/"),
		Tags: []types.Tag{{Key: aws.String("Team"), Value: aws.String("a")}, {Key: aws.String("team"), Value: aws.String("b")}},
	}).VirtualMFADevice
	if got, want := *out.SerialNumber, "arn:aws:iam::123456789012:mfa/test//double/phone"; got != want {
		t.Errorf("serial number %s, want %s", got, want)
	}
	if seed := string(out.Base32StringSeed); len(seed) != 64 || strings.Trim(seed, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		t.Errorf("seed of %d characters, want 64 of base32 without padding", len(seed))
	}
	if !strings.HasPrefix(string(out.QRCodePNG), "\x89PNG") {
		t.Error("the QR code is no PNG")
	}
	if len(out.Tags) != 2 || out.User != nil || out.EnableDate != nil {
		t.Errorf("shown with tags %v, user %v, enable date %v; want both tags, for their keys differ in case", out.Tags, out.User, out.EnableDate)
	}
	refused(t, s, s.root, "CreateVirtualMFADevice",
		&awsiam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: aws.String("phone"), Path: aws.String("/test//double/")},
		"EntityAlreadyExists: MFA device already exists.")
	refused(t, s, s.root, "CreateVirtualMFADevice",
		&awsiam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: aws.String("p"), Path: aws.String("/test")},
		"ValidationError: The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.")
	refused(t, s, s.root, "CreateVirtualMFADevice",
		&awsiam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: aws.String(strings.Repeat("n", 300))},
		"ValidationError: 1 validation error detected: Value at 'virtualMFADeviceName' failed to satisfy constraint: Member must have length less than or equal to 226")
	refused(t, s, s.root, "CreateVirtualMFADevice",
		&awsiam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: aws.String("p"), Tags: []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("")}}},
		"InvalidInput: Tag keys beginning with aws: are reserved for system use.")
}

// Whatever device can be made can be enabled, tagged and deleted: its serial number is one that the other operations
// take.
func TestAVirtualDeviceHasAUsableSerialNumber(t *testing.T) {
	s := newService(t)
	const badPath = "ValidationError: The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters."
	for _, path := range []string{"/a!b/", "/a*b/", "/a?b/", "/${aws:username}/", `/a"b/`, "/a b/", "/~/", "/é/", "/a;b/"} {
		refused(t, s, s.root, "CreateVirtualMFADevice", &awsiam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: aws.String("p"), Path: &path}, badPath)
	}
	for _, path := range []string{"/", "/a/b/", "/_+=:,.@-/", "/" + strings.Repeat("x", 224) + "/"} {
		serial := do[awsiam.CreateVirtualMFADeviceOutput](t, s, s.root, "CreateVirtualMFADevice",
			&awsiam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: aws.String("p"), Path: &path}).VirtualMFADevice.SerialNumber
		do[awsiam.TagMFADeviceOutput](t, s, s.root, "TagMFADevice",
			&awsiam.TagMFADeviceInput{SerialNumber: serial, Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}})
		do[awsiam.DeleteVirtualMFADeviceOutput](t, s, s.root, "DeleteVirtualMFADevice", &awsiam.DeleteVirtualMFADeviceInput{SerialNumber: serial})
	}
	refused(t, s, s.root, "CreateVirtualMFADevice",
		&awsiam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: aws.String("pp"), Path: aws.String("/" + strings.Repeat("x", 224) + "/")},
		"ValidationError: 1 validation error detected: Value at 'virtualMFADeviceName' failed to satisfy constraint: Member must have length less than or equal to 1")
}

func TestEnableMFADevice(t *testing.T) {
	s := newService(t)
	s.user(t, "alice", "")
	s.user(t, "bob", "")
	phone := s.virtualDevice(t, "phone")
	for _, pair := range [][2]int64{{0, 0}, {1, 0}, {0, 2}, {1001, 1002}, {-1001, -1000}} {
		refused(t, s, s.root, "EnableMFADevice", phone.enable("alice", pair[0], pair[1]), badCodes)
	}
	do[awsiam.EnableMFADeviceOutput](t, s, s.root, "EnableMFADevice", phone.enable("ALICE", -1, 0))
	if d := s.device(t, phone.serial); !d.Assigned() || !d.Enabled.Equal(s.Now()) {
		t.Errorf("the device is %+v, want it assigned now", d)
	}
	refused(t, s, s.root, "EnableMFADevice", phone.enable("alice", 1, 2), "EntityAlreadyExists: MFA Device for user alice already exists.")
	refused(t, s, s.root, "EnableMFADevice", phone.enable("bob", 0, 0), "EntityAlreadyExists: MFA Device is already in use.")
	refused(t, s, s.root, "EnableMFADevice", phone.enable("nobody", 1, 2), "NoSuchEntity: The user with name nobody cannot be found.")
	missing := app{"arn:aws:iam::123456789012:mfa/none", phone.totp, s.Now}
	refused(t, s, s.root, "EnableMFADevice", missing.enable("bob", 1, 2),
		"NoSuchEntity: MFA Device with serial number arn:aws:iam::123456789012:mfa/none does not exist.")
}

// A pair that was accepted is used up, whatever becomes of the device and whoever sends it.
func TestAttack06_EnrolmentPairUsedAgain(t *testing.T) {
	s := newService(t)
	s.user(t, "alice", "")
	s.user(t, "bob", "")
	phone := s.virtualDevice(t, "phone")
	do[awsiam.EnableMFADeviceOutput](t, s, s.root, "EnableMFADevice", phone.enable("alice", -1, 0))
	do[awsiam.DeactivateMFADeviceOutput](t, s, s.root, "DeactivateMFADevice",
		&awsiam.DeactivateMFADeviceInput{UserName: aws.String("alice"), SerialNumber: &phone.serial})
	for _, user := range []string{"alice", "bob"} {
		refused(t, s, s.root, "EnableMFADevice", phone.enable(user, -1, 0), badCodes)
		refused(t, s, s.root, "EnableMFADevice", phone.enable(user, 0, 1), badCodes) // overlaps it
	}
	do[awsiam.EnableMFADeviceOutput](t, s, s.root, "EnableMFADevice", phone.enable("bob", 1, 2))
}

func TestEightDevicesAtMost(t *testing.T) {
	s := newService(t)
	s.user(t, "alice", "")
	for i := range 8 {
		do[awsiam.EnableMFADeviceOutput](t, s, s.root, "EnableMFADevice", s.virtualDevice(t, fmt.Sprint("device", i)).enable("alice", -1, 0))
	}
	refused(t, s, s.root, "EnableMFADevice", s.virtualDevice(t, "ninth").enable("alice", -1, 0),
		"LimitExceeded: Cannot exceed quota for MFADevicesPerUser: 8")

	first := do[awsiam.ListMFADevicesOutput](t, s, s.root, "ListMFADevices",
		&awsiam.ListMFADevicesInput{UserName: aws.String("alice"), MaxItems: aws.Int32(5)})
	rest := do[awsiam.ListMFADevicesOutput](t, s, s.root, "ListMFADevices",
		&awsiam.ListMFADevicesInput{UserName: aws.String("alice"), Marker: first.Marker})
	if len(first.MFADevices) != 5 || !first.IsTruncated || len(rest.MFADevices) != 3 || rest.IsTruncated || rest.Marker != nil {
		t.Errorf("pages of %d and %d devices, want 5 and 3", len(first.MFADevices), len(rest.MFADevices))
	}
}

func TestDeactivateAndDelete(t *testing.T) {
	s := newService(t)
	s.user(t, "alice", "")
	s.user(t, "bob", "")
	phone := s.virtualDevice(t, "phone")
	deactivate := func(user string) *awsiam.DeactivateMFADeviceInput {
		return &awsiam.DeactivateMFADeviceInput{UserName: &user, SerialNumber: &phone.serial}
	}
	remove := &awsiam.DeleteVirtualMFADeviceInput{SerialNumber: &phone.serial}
	refused(t, s, s.root, "DeactivateMFADevice", deactivate("alice"), "NoSuchEntity: MFA Device invalid for user.")
	do[awsiam.EnableMFADeviceOutput](t, s, s.root, "EnableMFADevice", phone.enable("alice", -1, 0))
	refused(t, s, s.root, "DeleteVirtualMFADevice", remove, "DeleteConflict: MFA VirtualDevice in use. Must deactivate first.")
	refused(t, s, s.root, "DeleteUser", &awsiam.DeleteUserInput{UserName: aws.String("alice")},
		"DeleteConflict: Cannot delete entity, must remove tokens from principal first.")
	refused(t, s, s.root, "DeactivateMFADevice", deactivate("bob"), "NoSuchEntity: MFA Device invalid for user.")
	refused(t, s, s.root, "DeactivateMFADevice", deactivate("nobody"), "NoSuchEntity: The user with name nobody cannot be found.")
	do[awsiam.DeactivateMFADeviceOutput](t, s, s.root, "DeactivateMFADevice", deactivate("alice"))
	refused(t, s, s.root, "DeactivateMFADevice", deactivate("alice"), "NoSuchEntity: MFA Device invalid for user.")

	listed := do[awsiam.ListVirtualMFADevicesOutput](t, s, s.root, "ListVirtualMFADevices",
		&awsiam.ListVirtualMFADevicesInput{AssignmentStatus: types.AssignmentStatusTypeUnassigned})
	if len(listed.VirtualMFADevices) != 1 || listed.VirtualMFADevices[0].User != nil {
		t.Errorf("unassigned devices: %+v, want the one", listed.VirtualMFADevices)
	}
	do[awsiam.DeleteVirtualMFADeviceOutput](t, s, s.root, "DeleteVirtualMFADevice", remove)
	gone := "NoSuchEntity: MFA Device with serial number " + phone.serial + " does not exist."
	refused(t, s, s.root, "DeleteVirtualMFADevice", remove, gone)
	refused(t, s, s.root, "DeactivateMFADevice", deactivate("alice"), gone)
}

func TestListVirtualMFADevices(t *testing.T) {
	s := newService(t)
	s.user(t, "alice", "")
	phone := s.virtualDevice(t, "phone")
	s.virtualDevice(t, "spare")
	do[awsiam.EnableMFADeviceOutput](t, s, s.root, "EnableMFADevice", phone.enable("alice", -1, 0))
	for status, want := range map[types.AssignmentStatusType]int{"": 2, "Any": 2, "Assigned": 1, "Unassigned": 1} {
		out := do[awsiam.ListVirtualMFADevicesOutput](t, s, s.root, "ListVirtualMFADevices",
			&awsiam.ListVirtualMFADevicesInput{AssignmentStatus: status})
		if len(out.VirtualMFADevices) != want {
			t.Errorf("%q lists %d devices, want %d", status, len(out.VirtualMFADevices), want)
		}
		for _, d := range out.VirtualMFADevices {
			if d.Base32StringSeed != nil || d.QRCodePNG != nil {
				t.Errorf("%s is listed with its secret", *d.SerialNumber)
			}
			if assigned := *d.SerialNumber == phone.serial; assigned != (d.User != nil) || assigned && *d.User.UserName != "alice" {
				t.Errorf("%s is listed with user %v", *d.SerialNumber, d.User)
			}
		}
	}
	refused(t, s, s.root, "ListVirtualMFADevices", &awsiam.ListVirtualMFADevicesInput{Marker: aws.String("nonsense")},
		"ValidationError: Invalid Marker.")
}

// A user who has a device needs MFA to add or remove their own, whatever the policies allow.
func TestAttack24_FactorAddedWithAnAccessKeyOnly(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", allow("*", "iam:*"))
	s.user(t, "bob", "")
	first, second := s.virtualDevice(t, "first"), s.virtualDevice(t, "second")
	do[awsiam.EnableMFADeviceOutput](t, s, alice, "EnableMFADevice", first.enable("alice", -1, 0)) // her first: the key is enough

	refused(t, s, alice, "EnableMFADevice", second.enable("alice", -1, 0), mustHaveMFA)
	refused(t, s, alice, "EnableMFADevice", second.enable("ALICE", -1, 0), mustHaveMFA)
	refused(t, s, alice, "DeactivateMFADevice", &awsiam.DeactivateMFADeviceInput{SerialNumber: &first.serial}, mustHaveMFA)
	refused(t, s, alice, "DeactivateMFADevice", &awsiam.DeactivateMFADeviceInput{UserName: aws.String("alice"), SerialNumber: aws.String("missing-device")}, mustHaveMFA)

	withoutMFA := *alice
	withoutMFA.Session = &iam.Session{Kind: iam.ConsoleSession, Issued: s.Now()}
	refused(t, s, &withoutMFA, "EnableMFADevice", second.enable("alice", -1, 0), mustHaveMFA)

	do[awsiam.ResyncMFADeviceOutput](t, s, alice, "ResyncMFADevice", first.resync("alice", 1, 2))
	do[awsiam.EnableMFADeviceOutput](t, s, alice, "EnableMFADevice", second.enable("bob", -1, 0)) // an administrator of others
	do[awsiam.DeactivateMFADeviceOutput](t, s, alice, "DeactivateMFADevice",
		&awsiam.DeactivateMFADeviceInput{UserName: aws.String("bob"), SerialNumber: &second.serial})

	withMFA := *alice
	withMFA.Session = &iam.Session{Kind: iam.SessionToken, Issued: s.Now(), MFA: s.Now()}
	do[awsiam.EnableMFADeviceOutput](t, s, &withMFA, "EnableMFADevice", second.enable("alice", 3, 4))
	for _, serial := range []string{first.serial, second.serial} {
		do[awsiam.DeactivateMFADeviceOutput](t, s, &withMFA, "DeactivateMFADevice", &awsiam.DeactivateMFADeviceInput{SerialNumber: &serial})
	}
	do[awsiam.EnableMFADeviceOutput](t, s, alice, "EnableMFADevice", first.enable("alice", 5, 6)) // none left: the key is enough again
}

func TestResyncMFADevice(t *testing.T) {
	s := newService(t)
	s.user(t, "alice", "")
	phone := s.virtualDevice(t, "phone")
	refused(t, s, s.root, "ResyncMFADevice", phone.resync("alice", 0, 1), "NoSuchEntity: MFA Device invalid for user.")
	do[awsiam.EnableMFADeviceOutput](t, s, s.root, "EnableMFADevice", phone.enable("alice", -1, 0))
	refused(t, s, s.root, "ResyncMFADevice", phone.resync("alice", -1, 0), badCodes)
	refused(t, s, s.root, "ResyncMFADevice", phone.resync("alice", 2, 1), badCodes)

	do[awsiam.ResyncMFADeviceOutput](t, s, s.root, "ResyncMFADevice", phone.resync("alice", 99, 100))
	if drift := s.device(t, phone.serial).State.Drift; drift != 100 {
		t.Errorf("drift of %d steps, want 100", drift)
	}
	if got := s.verify(t, phone, 0); got != mfa.Refused {
		t.Errorf("the code of the server's time is %v after the resync, want it refused", got)
	}
	if got := s.verify(t, phone, 101); got != mfa.Accepted {
		t.Errorf("the code of the device's time is %v after the resync, want it accepted", got)
	}
}

// verify verifies a code of alice's as sign-in and STS do.
func (s *service) verify(t testing.TB, a app, step int64) (outcome mfa.Outcome) {
	t.Helper()
	err := s.Store.Update(t.Context(), func(tx iam.Tx) (err error) {
		outcome, err = s.VerifyCode(t.Context(), tx, accountID, s.device(t, a.serial).OwnerID, a.serial, *a.code(step))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return outcome
}

// Enable and Resync have a bound of their own: ten failed pairs in a window of three minutes.
func TestPairsAreBounded(t *testing.T) {
	s := newService(t)
	s.user(t, "alice", "")
	phone := s.virtualDevice(t, "phone")
	for range 10 {
		refused(t, s, s.root, "EnableMFADevice", phone.enable("alice", 5, 5), badCodes)
	}
	tooMany := "EntityTemporarilyUnmodifiable: Too many authentication codes were wrong. Wait three minutes, then try again."
	refused(t, s, s.root, "EnableMFADevice", phone.enable("alice", -1, 0), tooMany)
	s.now.add(3 * time.Minute)
	do[awsiam.EnableMFADeviceOutput](t, s, s.root, "EnableMFADevice", phone.enable("alice", -1, 0))
}

// A hundred failures in a row disable a device. Its user can't bring it back, an administrator can, and so can a
// new binding (NIST SP 800-63B-4 §3.2.2).
func TestHundredFailuresDisable(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", allow("*", "iam:*"))
	phone := s.virtualDevice(t, "phone")
	do[awsiam.EnableMFADeviceOutput](t, s, s.root, "EnableMFADevice", phone.enable("alice", -1, 0))
	failures := 0
	for failures < 100 {
		switch got := s.verify(t, phone, 700); got {
		case mfa.Refused:
			failures++
		case mfa.OverBudget:
			s.now.add(3 * time.Minute)
		default:
			t.Fatalf("wrong code number %d is %v", failures, got)
		}
	}
	s.now.add(3 * time.Minute)
	if got := s.verify(t, phone, 0); got != mfa.Disabled {
		t.Fatalf("a right code after a hundred wrong ones is %v, want disabled", got)
	}
	disabled := "AccessDenied: This MFA device is disabled because too many codes were wrong. " +
		"An administrator can resynchronize it, or deactivate it so that it can be enabled again."
	refused(t, s, alice, "ResyncMFADevice", phone.resync("alice", 0, 1), disabled)
	refused(t, s, s.root, "ResyncMFADevice", phone.resync("alice", 1, 1), badCodes)
	do[awsiam.ResyncMFADeviceOutput](t, s, s.root, "ResyncMFADevice", phone.resync("alice", 0, 1))
	if got := s.verify(t, phone, 0); got != mfa.Accepted {
		t.Errorf("a right code after the administrator's resync is %v", got)
	}
}

// Deleting a device and creating it again under its name buys no new guesses.
func TestBudgetOutlivesTheDevice(t *testing.T) {
	s := newService(t)
	s.user(t, "alice", "")
	enrol := func() app {
		phone := s.virtualDevice(t, "phone")
		do[awsiam.EnableMFADeviceOutput](t, s, s.root, "EnableMFADevice", phone.enable("alice", -1, 0))
		return phone
	}
	phone := enrol()
	for range 9 {
		s.verify(t, phone, 700)
	}
	do[awsiam.DeactivateMFADeviceOutput](t, s, s.root, "DeactivateMFADevice",
		&awsiam.DeactivateMFADeviceInput{UserName: aws.String("alice"), SerialNumber: &phone.serial})
	do[awsiam.DeleteVirtualMFADeviceOutput](t, s, s.root, "DeleteVirtualMFADevice", &awsiam.DeleteVirtualMFADeviceInput{SerialNumber: &phone.serial})
	if got := s.verify(t, enrol(), 1); got != mfa.OverBudget {
		t.Errorf("a right code on the new device is %v, want it over the old one's budget", got)
	}
}

func TestVerificationsAreForTheOwnerOnly(t *testing.T) {
	s := newService(t)
	s.user(t, "alice", "")
	bob := s.user(t, "bob", "")
	phone := s.virtualDevice(t, "phone")
	do[awsiam.EnableMFADeviceOutput](t, s, s.root, "EnableMFADevice", phone.enable("alice", -1, 0))
	for _, serial := range []string{phone.serial, strings.ToUpper(phone.serial), "unknown-serial"} {
		err := s.Store.Update(t.Context(), func(tx iam.Tx) error {
			_, err := s.VerifyCode(t.Context(), tx, accountID, bob.ID, serial, *phone.code(1))
			return err
		})
		if err != iam.ErrNotFound {
			t.Errorf("verifying %s for another user: %v, want ErrNotFound", serial, err)
		}
	}
	if state := s.device(t, phone.serial).State; state.Budget.Attempts != 0 || state.Failures != 0 {
		t.Errorf("somebody else's attempts were counted: %+v", state)
	}
}

func TestGetMFADeviceIsForSecurityKeys(t *testing.T) {
	s := newService(t)
	s.user(t, "alice", "")
	phone := s.virtualDevice(t, "phone")
	refused(t, s, s.root, "GetMFADevice", &awsiam.GetMFADeviceInput{SerialNumber: &phone.serial, UserName: aws.String("alice")},
		"ValidationError: The MFA device serial number sent in the request is invalid or not supported by this API. "+
			"Currently, only hardware FIDO security keys are supported. Please use the compatible device or API.")
	key := "arn:aws:iam::123456789012:u2f/user/alice/key-3MPFODX5WZH27BLUTGSB22VEZE"
	refused(t, s, s.root, "GetMFADevice", &awsiam.GetMFADeviceInput{SerialNumber: &key, UserName: aws.String("alice")},
		"NoSuchEntity: MFA Device with serial number "+key+" does not exist.")
}

func TestMFADeviceTags(t *testing.T) {
	s := newService(t)
	phone := s.virtualDevice(t, "phone")
	tag := func(key, value string) types.Tag { return types.Tag{Key: &key, Value: &value} }
	do[awsiam.TagMFADeviceOutput](t, s, s.root, "TagMFADevice",
		&awsiam.TagMFADeviceInput{SerialNumber: &phone.serial, Tags: []types.Tag{tag("team", "a"), tag("Team", "b"), tag("x", "aws:y")}})
	do[awsiam.TagMFADeviceOutput](t, s, s.root, "TagMFADevice",
		&awsiam.TagMFADeviceInput{SerialNumber: &phone.serial, Tags: []types.Tag{tag("team", "c")}})
	do[awsiam.UntagMFADeviceOutput](t, s, s.root, "UntagMFADevice",
		&awsiam.UntagMFADeviceInput{SerialNumber: &phone.serial, TagKeys: []string{"x", "TEAM"}})
	out := do[awsiam.ListMFADeviceTagsOutput](t, s, s.root, "ListMFADeviceTags", &awsiam.ListMFADeviceTagsInput{SerialNumber: &phone.serial})
	var got []string
	for _, t := range out.Tags {
		got = append(got, *t.Key+"="+*t.Value)
	}
	if want := "Team=b team=c"; strings.Join(got, " ") != want {
		t.Errorf("tags %v, want %s", got, want)
	}
	refused(t, s, s.root, "TagMFADevice", &awsiam.TagMFADeviceInput{SerialNumber: aws.String("no-such-device"), Tags: []types.Tag{tag("a", "b")}},
		"NoSuchEntity: MFA Device with serial number no-such-device does not exist.")
	refused(t, s, s.root, "TagMFADevice", &awsiam.TagMFADeviceInput{SerialNumber: &phone.serial, Tags: []types.Tag{tag("a", "b"), tag("a", "c")}},
		"InvalidInput: Duplicate tag keys found.")
	refused(t, s, s.root, "TagMFADevice", &awsiam.TagMFADeviceInput{SerialNumber: &phone.serial, Tags: []types.Tag{}},
		"InvalidInput: Error occurred while validating input. ")
}

func TestHardwareTokens(t *testing.T) {
	s := newService(t)
	s.user(t, "alice", "")
	tokens := []mfa.Token{
		{Serial: "GAHT00000001", TOTP: mfa.TOTP{Seed: mfa.NewSeed()}},
		{Serial: "GAHT00000002", TOTP: mfa.TOTP{Seed: mfa.NewSeed(), Algorithm: mfa.SHA256, Period: time.Minute}},
	}
	op := s.operations["ImportHardwareTokens"]
	load := func(tokens []mfa.Token) error {
		_, err := s.Do(t.Context(), s.root, op, &iam.ImportTokensInput{Tokens: tokens})
		return err
	}
	if err := load(tokens); err != nil {
		t.Fatal(err)
	}
	if err := load([]mfa.Token{{Serial: "GAHT00000003", TOTP: tokens[0].TOTP}, tokens[0]}); err == nil {
		t.Error("a token was imported twice")
	}
	third := app{"GAHT00000003", tokens[0].TOTP, s.Now}
	refused(t, s, s.root, "EnableMFADevice", third.enable("alice", -1, 0),
		"NoSuchEntity: MFA Device with serial number GAHT00000003 does not exist.")

	token := app{tokens[1].Serial, tokens[1].TOTP, s.Now}
	do[awsiam.EnableMFADeviceOutput](t, s, s.root, "EnableMFADevice", token.enable("alice", -1, 0))
	if got := s.verify(t, token, 1); got != mfa.Accepted {
		t.Errorf("the token's code is %v", got)
	}
	listed := do[awsiam.ListVirtualMFADevicesOutput](t, s, s.root, "ListVirtualMFADevices", &awsiam.ListVirtualMFADevicesInput{})
	if len(listed.VirtualMFADevices) != 0 {
		t.Errorf("a hardware token is listed as virtual: %v", listed.VirtualMFADevices)
	}
	refused(t, s, s.root, "DeleteVirtualMFADevice", &awsiam.DeleteVirtualMFADeviceInput{SerialNumber: &token.serial},
		"NoSuchEntity: MFA Device with serial number GAHT00000002 does not exist.")
	do[awsiam.DeactivateMFADeviceOutput](t, s, s.root, "DeactivateMFADevice",
		&awsiam.DeactivateMFADeviceInput{UserName: aws.String("alice"), SerialNumber: &token.serial})
	refused(t, s, s.root, "EnableMFADevice", token.enable("alice", -1, 0), badCodes) // its history came back with it
	do[awsiam.EnableMFADeviceOutput](t, s, s.root, "EnableMFADevice", token.enable("alice", 1, 2))
}

func TestResetRootMFA(t *testing.T) {
	s := newService(t)
	phone := s.virtualDevice(t, "phone")
	d := s.device(t, phone.serial)
	d.OwnerID, d.Enabled = accountID, s.Now()
	if err := s.Store.Update(t.Context(), func(tx iam.Tx) error { return tx.UpdateMFADevice(t.Context(), d) }); err != nil {
		t.Fatal(err)
	}
	listed := do[awsiam.ListMFADevicesOutput](t, s, s.root, "ListMFADevices", &awsiam.ListMFADevicesInput{})
	if len(listed.MFADevices) != 1 {
		t.Fatalf("root's devices: %v, want the one", listed.MFADevices)
	}
	out := do[iam.ResetRootMFAOutput](t, s, s.root, "ResetRootMFA", &iam.ResetRootMFAInput{})
	if len(out.SerialNumbers) != 1 || s.device(t, phone.serial).Assigned() {
		t.Errorf("taken off: %v", out.SerialNumbers)
	}
}
