package iam_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/mfa/mfatest"
)

func (a app) enableForRoot(first, second int64) *iam.EnableRootMFADeviceInput {
	return &iam.EnableRootMFADeviceInput{SerialNumber: &a.serial, AuthenticationCode1: a.code(first), AuthenticationCode2: a.code(second)}
}

func (a app) resyncForRoot(first, second int64) *iam.ResyncRootMFADeviceInput {
	return &iam.ResyncRootMFADeviceInput{SerialNumber: &a.serial, AuthenticationCode1: a.code(first), AuthenticationCode2: a.code(second)}
}

// Root has all three kinds of device, each enabled, resynchronised if it has a clock, and removed.
func TestRootDevices(t *testing.T) {
	s := withKeys(t, nil)
	s.user(t, "alice", "")
	token := mfa.Token{Serial: "GAHT00000001", TOTP: mfa.TOTP{Seed: mfa.NewSeed()}}
	do[iam.ImportTokensOutput](t, s, s.root, "ImportHardwareTokens", &iam.ImportTokensInput{Tokens: []mfa.Token{token}})
	phone, hardware := s.virtualDevice(t, "phone"), app{token.Serial, token.TOTP, s.Now}
	root := s.signedIn(s.root, true)

	refused(t, s, root, "EnableRootMFADevice", phone.enableForRoot(0, 0), badCodes)
	do[iam.EnableRootMFADeviceOutput](t, s, root, "EnableRootMFADevice", phone.enableForRoot(-1, 0))
	do[iam.EnableRootMFADeviceOutput](t, s, root, "EnableRootMFADevice", hardware.enableForRoot(-1, 0))
	key := s.register(t, root, "", mfatest.New(consoleURL))
	want := []string{hardware.serial, phone.serial, key}
	if listed := s.devicesOf(t, root, ""); !slices.Equal(listed, want) {
		t.Errorf("listed: %v, want %v", listed, want)
	}
	refused(t, s, root, "EnableRootMFADevice", phone.enableForRoot(1, 2), "EntityAlreadyExists: MFA Device for user AWS ROOT USER already exists.")
	refused(t, s, root, "EnableMFADevice", phone.enable("alice", 1, 2), "EntityAlreadyExists: MFA Device is already in use.")

	do[iam.ResyncRootMFADeviceOutput](t, s, root, "ResyncRootMFADevice", phone.resyncForRoot(99, 100))
	if drift := s.device(t, phone.serial).State.Drift; drift != 100 {
		t.Errorf("drift of %d steps, want 100", drift)
	}
	refused(t, s, root, "ResyncRootMFADevice", phone.resyncForRoot(99, 100), badCodes)
	noClock := phone
	noClock.serial = key
	refused(t, s, root, "ResyncRootMFADevice", noClock.resyncForRoot(1, 2), "NoSuchEntity: MFA Device invalid for user.")

	for _, serial := range want {
		do[iam.DeactivateRootMFADeviceOutput](t, s, root, "DeactivateRootMFADevice", &iam.DeactivateRootMFADeviceInput{SerialNumber: &serial})
	}
	if listed := s.devicesOf(t, root, ""); len(listed) != 0 {
		t.Errorf("left: %v, want none", listed)
	}
	if s.device(t, phone.serial).Assigned() || s.device(t, hardware.serial).Assigned() {
		t.Error("a device that was taken off is assigned")
	}
	gone := "NoSuchEntity: MFA Device with serial number " + key + " does not exist."
	refused(t, s, root, "DeactivateRootMFADevice", &iam.DeactivateRootMFADeviceInput{SerialNumber: &key}, gone)
	refused(t, s, root, "DeactivateRootMFADevice", &iam.DeactivateRootMFADeviceInput{SerialNumber: &phone.serial}, "NoSuchEntity: MFA Device invalid for user.")
	refused(t, s, root, "ResyncRootMFADevice", phone.resyncForRoot(101, 102), "NoSuchEntity: MFA Device invalid for user.")

	for _, event := range []string{"EnableMFADevice", "ResyncMFADevice", "DeactivateMFADevice"} {
		records := s.records(t, event)
		if len(records) == 0 {
			t.Errorf("no %s is recorded", event)
		}
		for _, r := range records {
			in := r["requestParameters"].(map[string]any)
			if serial := in["serialNumber"]; in["userName"] == "AWS ROOT USER" && len(in) == 2 && serial != "" || in["userName"] == "alice" {
				continue
			}
			t.Errorf("%s is recorded with %v", event, in)
		}
	}
}

func TestEightRootDevicesAtMost(t *testing.T) {
	s := withKeys(t, nil)
	root := s.signedIn(s.root, true)
	for i := range 4 {
		do[iam.EnableRootMFADeviceOutput](t, s, root, "EnableRootMFADevice", s.virtualDevice(t, fmt.Sprint("device", i)).enableForRoot(-1, 0))
		s.register(t, root, "", mfatest.New(consoleURL))
	}
	full := "LimitExceeded: Cannot exceed quota for MFADevicesPerUser: 8"
	refused(t, s, root, "EnableRootMFADevice", s.virtualDevice(t, "ninth").enableForRoot(-1, 0), full)
	refused(t, s, root, "BeginSecurityKey", &iam.BeginSecurityKeyInput{DeviceName: "key"}, full)
}

// No policy makes anybody else root.
func TestOnlyRootManagesWhatIsRoots(t *testing.T) {
	s := withKeys(t, nil)
	admin := s.signedIn(s.user(t, "admin", allow("*", "*")), true)
	phone, mine := s.virtualDevice(t, "phone"), s.virtualDevice(t, "mine")
	do[iam.EnableRootMFADeviceOutput](t, s, s.signedIn(s.root, false), "EnableRootMFADevice", mine.enableForRoot(-1, 0))
	for action, in := range map[string]any{
		"EnableRootMFADevice":     phone.enableForRoot(-1, 0),
		"ResyncRootMFADevice":     mine.resyncForRoot(1, 2),
		"DeactivateRootMFADevice": &iam.DeactivateRootMFADeviceInput{SerialNumber: &mine.serial},
		"ChangeRootPassword":      &iam.ChangeRootPasswordInput{OldPassword: rootPassword, NewPassword: "another-horse-8-battery"},
	} {
		refused(t, s, admin, action, in, "AccessDenied: Only the account's root user can do this.")
		refused(t, s, s.federated(), action, in, "InvalidClientTokenId: The security token included in the request is invalid")
	}
	if !s.device(t, mine.serial).Assigned() || s.device(t, phone.serial).Assigned() {
		t.Error("root's devices were changed")
	}
}

// federated is a user whom root has lent its name to.
func (s *service) federated() *iam.Caller {
	c := s.signedIn(s.root, true)
	c.Session.Kind, c.Session.Name = iam.FederatedUser, "guest"
	return c
}

func TestRootDeviceInputIsValidated(t *testing.T) {
	s := newService(t)
	const one = "ValidationError: 1 validation error detected: Value at "
	for _, tc := range []struct{ action, in, want string }{
		{"EnableRootMFADevice", `{"SerialNumber":"GAHT00000001","AuthenticationCode1":"12345","AuthenticationCode2":"123456"}`,
			one + "'authenticationCode1' failed to satisfy constraint: Member must have length greater than or equal to 6"},
		{"EnableRootMFADevice", `{"SerialNumber":"GAHT00000001","AuthenticationCode1":"123456","AuthenticationCode2":"12345a"}`,
			one + `'authenticationCode2' failed to satisfy constraint: Member must satisfy regular expression pattern: [\d]+`},
		{"EnableRootMFADevice", `{"AuthenticationCode1":"123456","AuthenticationCode2":"123456"}`,
			one + "'serialNumber' failed to satisfy constraint: Member must not be null"},
		{"ResyncRootMFADevice", `{"SerialNumber":"short","AuthenticationCode1":"123456","AuthenticationCode2":"123456"}`,
			one + "'serialNumber' failed to satisfy constraint: Member must have length greater than or equal to 9"},
		{"ResyncRootMFADevice", `{"SerialNumber":"GAHT00000001","AuthenticationCode1":"123 456","AuthenticationCode2":"123456"}`,
			"ValidationError: 2 validation errors detected: Value at 'authenticationCode1' failed to satisfy constraint: Member must have " +
				"length less than or equal to 6; Value at 'authenticationCode1' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\d]+"},
		{"DeactivateRootMFADevice", `{"SerialNumber":"GAHT 00000001"}`,
			one + `'serialNumber' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=/:,.@-]+`},
		{"DeactivateRootMFADevice", `{}`, one + "'serialNumber' failed to satisfy constraint: Member must not be null"},
	} {
		refusedInConsole(t, s, s.signedIn(s.root, false), tc.action, tc.in, tc.want)
	}
}

// Root, too, needs MFA to change its devices once it has one. Resynchronising is not a change.
func TestAttack24_RootDeviceAddedWithoutMFA(t *testing.T) {
	s := newService(t)
	first, second := s.virtualDevice(t, "first"), s.virtualDevice(t, "second")
	without, with := s.signedIn(s.root, false), s.signedIn(s.root, true)
	do[iam.EnableRootMFADeviceOutput](t, s, without, "EnableRootMFADevice", first.enableForRoot(-1, 0)) // the first: the password is enough
	refused(t, s, without, "EnableRootMFADevice", second.enableForRoot(-1, 0), mustHaveMFA)
	refused(t, s, without, "DeactivateRootMFADevice", &iam.DeactivateRootMFADeviceInput{SerialNumber: &first.serial}, mustHaveMFA)
	refused(t, s, without, "DeactivateRootMFADevice", &iam.DeactivateRootMFADeviceInput{SerialNumber: aws.String("missing-device")}, mustHaveMFA)
	refused(t, s, s.root, "DeactivateMFADevice", &awsiam.DeactivateMFADeviceInput{SerialNumber: &first.serial}, mustHaveMFA) // with the access key
	do[iam.ResyncRootMFADeviceOutput](t, s, without, "ResyncRootMFADevice", first.resyncForRoot(1, 2))

	do[iam.EnableRootMFADeviceOutput](t, s, with, "EnableRootMFADevice", second.enableForRoot(-1, 0))
	for _, serial := range []string{first.serial, second.serial} {
		do[iam.DeactivateRootMFADeviceOutput](t, s, with, "DeactivateRootMFADevice", &iam.DeactivateRootMFADeviceInput{SerialNumber: &serial})
	}
	do[iam.EnableRootMFADeviceOutput](t, s, without, "EnableRootMFADevice", first.enableForRoot(3, 4)) // none left
}

// Root owns its devices, so it can't bring back one that too many wrong codes have disabled: the break-glass can.
func TestDisabledRootDevice(t *testing.T) {
	s := newService(t)
	root := s.signedIn(s.root, true)
	phone := s.virtualDevice(t, "phone")
	do[iam.EnableRootMFADeviceOutput](t, s, root, "EnableRootMFADevice", phone.enableForRoot(-1, 0))
	d := s.device(t, phone.serial)
	d.State.Failures = 100
	if err := s.Store.Update(t.Context(), func(tx iam.Tx) error { return tx.UpdateMFADevice(t.Context(), d) }); err != nil {
		t.Fatal(err)
	}
	disabled := "AccessDenied: This MFA device is disabled because too many codes were wrong. Sign in with another device and " +
		"remove it, or run sallyport root reset-mfa on the server."
	refused(t, s, root, "ResyncRootMFADevice", phone.resyncForRoot(1, 2), disabled)
	err := s.Store.Update(t.Context(), func(tx iam.Tx) error {
		return s.ResyncOwn(t.Context(), tx, accountID, accountID, phone.serial, *phone.code(1), *phone.code(2))
	})
	if err == nil || err.Error() != disabled {
		t.Errorf("resync at sign-in: %v, want %s", err, disabled)
	}
	do[iam.ResetRootMFAOutput](t, s, s.root, "ResetRootMFA", &iam.ResetRootMFAInput{})
	do[iam.EnableRootMFADeviceOutput](t, s, root, "EnableRootMFADevice", phone.enableForRoot(1, 2))
	if got := s.verify(t, phone, 3); got != mfa.Accepted {
		t.Errorf("a code after the reset is %v, want it accepted", got)
	}
}

// At sign-in owners resynchronise their own device; failures are counted as those of ResyncMFADevice are.
func TestResyncOwn(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", "")
	bob := s.user(t, "bob", "")
	phone := s.virtualDevice(t, "phone")
	do[awsiam.EnableMFADeviceOutput](t, s, s.root, "EnableMFADevice", phone.enable("alice", -1, 0))
	resync := func(c *iam.Caller, first, second int64) string {
		t.Helper()
		err := s.Store.Update(t.Context(), func(tx iam.Tx) error {
			return s.ResyncOwn(t.Context(), tx, accountID, c.ID, phone.serial, *phone.code(first), *phone.code(second))
		})
		if err != nil {
			return err.Error()
		}
		return ""
	}
	if got := resync(bob, 1, 2); got != "NoSuchEntity: MFA Device invalid for user." {
		t.Errorf("somebody else's device: %s", got)
	}
	for range 10 {
		if got := resync(alice, 2, 2); got != badCodes {
			t.Fatalf("wrong codes: %s", got)
		}
	}
	if got := resync(alice, 99, 100); got != "EntityTemporarilyUnmodifiable: Too many authentication codes were wrong. Wait three minutes, then try again." {
		t.Errorf("after ten wrong pairs: %q", got)
	}
	s.now.add(3 * time.Minute)
	if got := resync(alice, 99, 100); got != "" {
		t.Errorf("a right pair: %s", got)
	}
	if got := s.verify(t, phone, 100); got != mfa.Refused { // it may have been overlooked hours ago
		t.Errorf("the second code of the pair is %v at sign-in, want it refused", got)
	}
	if got := s.verify(t, phone, 101); got != mfa.Accepted {
		t.Errorf("the next code is %v at sign-in, want it accepted", got)
	}
}
