package iam_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/mfa/mfatest"
	"github.com/sallyport-iam/sallyport/wire"
)

const consoleURL = "https://iam.example.com"

// withKeys makes a service at which security keys work; metadata may be nil.
func withKeys(t testing.TB, metadata *mfa.Metadata) *service {
	t.Helper()
	s := newService(t)
	s.relyingParty(t, mfa.RelyingPartyConfig{ExternalURL: consoleURL, Name: "Sallyport", Metadata: metadata})
	return s
}

func (s *service) relyingParty(t testing.TB, config mfa.RelyingPartyConfig) {
	t.Helper()
	rp, err := mfa.NewRelyingParty(config)
	if err != nil {
		t.Fatal(err)
	}
	s.Keys = rp
}

// optional is nil for "".
func optional(name string) *string {
	if name == "" {
		return nil
	}
	return &name
}

// begin begins a registration; no user is the caller.
func (s *service) begin(t testing.TB, c *iam.Caller, user string) *iam.BeginSecurityKeyOutput {
	t.Helper()
	return do[iam.BeginSecurityKeyOutput](t, s, c, "BeginSecurityKey",
		&iam.BeginSecurityKeyInput{UserName: optional(user), DeviceName: "key"})
}

// answer is the second half of a registration, with an answer of the browser's.
func answer(begun *iam.BeginSecurityKeyOutput, user string, response []byte) *iam.RegisterSecurityKeyInput {
	return &iam.RegisterSecurityKeyInput{UserName: optional(user), DeviceName: "key", Ceremony: begun.Ceremony, Response: response}
}

// register registers a new key of an authenticator and returns its serial number.
func (s *service) register(t testing.TB, c *iam.Caller, user string, key *mfatest.Authenticator) string {
	t.Helper()
	begun := s.begin(t, c, user)
	return do[iam.RegisterSecurityKeyOutput](t, s, c, "RegisterSecurityKey", answer(begun, user, key.Create(begun.Options))).SerialNumber
}

func (s *service) devicesOf(t testing.TB, c *iam.Caller, user string) (serials []string) {
	t.Helper()
	for _, d := range do[awsiam.ListMFADevicesOutput](t, s, c, "ListMFADevices", &awsiam.ListMFADevicesInput{UserName: optional(user)}).MFADevices {
		serials = append(serials, *d.SerialNumber)
	}
	return serials
}

func TestRegisterSecurityKey(t *testing.T) {
	for _, tc := range []struct{ name, user, serial, recorded string }{
		{"for a user", "alice", `^arn:aws:iam::123456789012:u2f/user/alice/key-[A-Z2-7]{26}$`, "alice"},
		{"for oneself", "", `^arn:aws:iam::123456789012:u2f/user/admin/key-[A-Z2-7]{26}$`, "admin"},
		{"for root itself", "", `^arn:aws:iam::123456789012:u2f/root/key-[A-Z2-7]{26}$`, "AWS ROOT USER"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := withKeys(t, nil)
			s.user(t, "alice", "")
			c := s.signedIn(s.root, false)
			if tc.name != "for root itself" {
				c = s.signedIn(s.user(t, "admin", allow("*", "iam:*")), false)
			}
			key := mfatest.New(consoleURL)
			serial := s.register(t, c, tc.user, key)
			if !regexp.MustCompile(tc.serial).MatchString(serial) {
				t.Errorf("serial number %s, want %s", serial, tc.serial)
			}
			if listed := s.devicesOf(t, c, tc.user); !slices.Equal(listed, []string{serial}) {
				t.Errorf("listed: %v, want %s", listed, serial)
			}
			shown := do[awsiam.GetMFADeviceOutput](t, s, c, "GetMFADevice", &awsiam.GetMFADeviceInput{UserName: optional(tc.user), SerialNumber: &serial})
			if name := aws.ToString(shown.UserName); name != strings.TrimPrefix(tc.recorded, "AWS ROOT USER") || !shown.EnableDate.Equal(s.Now()) || len(shown.Certifications) != 0 {
				t.Errorf("shown: user %q, since %v, certifications %v", name, shown.EnableDate, shown.Certifications)
			}
			if d := s.device(t, serial); d.Kind != iam.SecurityKey || d.Key == nil || !d.Assigned() || len(d.TOTP.Seed) != 0 {
				t.Errorf("stored: %+v", d)
			}

			records := s.records(t, "EnableMFADevice")
			if len(records) != 1 {
				t.Fatalf("%d records, want one", len(records))
			}
			want := map[string]any{"userName": tc.recorded, "serialNumber": serial}
			if got := records[0]["requestParameters"]; fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("recorded parameters %v, want %v", got, want)
			}
			if records[0]["responseElements"] != nil {
				t.Errorf("recorded response %v, want none", records[0]["responseElements"])
			}
			text, _ := json.Marshal(records)
			for _, hidden := range []string{"attestationObject", "clientDataJSON", "challenge"} {
				if strings.Contains(string(text), hidden) {
					t.Errorf("the record shows %s", hidden)
				}
			}
		})
	}
}

// What is wrong with the input is said before anything else, in the words of the wire.
func TestSecurityKeyInputIsValidated(t *testing.T) {
	s := withKeys(t, nil)
	nobody := s.signedIn(s.user(t, "nobody", ""), false)
	const constraint = "ValidationError: 1 validation error detected: Value at '%s' failed to satisfy constraint: Member must %s"
	for _, tc := range []struct{ user, device, parameter, constraint string }{
		{"", "", "deviceName", "have length greater than or equal to 1"},
		{"", "a b", "deviceName", `satisfy regular expression pattern: [\w+=,.@-]+`},
		{"", "a/b", "deviceName", `satisfy regular expression pattern: [\w+=,.@-]+`},
		{"", "schlüssel", "deviceName", `satisfy regular expression pattern: [\w+=,.@-]+`},
		{"", "key\n", "deviceName", `satisfy regular expression pattern: [\w+=,.@-]+`},
		{"", strings.Repeat("k", 188), "deviceName", "have length less than or equal to 187"}, // arn:aws:iam::…:u2f/user/nobody/…-26 characters
		{"alice*", "key", "userName", `satisfy regular expression pattern: [\w+=,.@-]+`},
		{strings.Repeat("u", 129), "key", "userName", "have length less than or equal to 128"},
	} {
		want := fmt.Sprintf(constraint, tc.parameter, tc.constraint)
		refused(t, s, nobody, "BeginSecurityKey", &iam.BeginSecurityKeyInput{UserName: optional(tc.user), DeviceName: tc.device}, want)
		refused(t, s, nobody, "RegisterSecurityKey", &iam.RegisterSecurityKeyInput{UserName: optional(tc.user), DeviceName: tc.device}, want)
	}

	root := s.signedIn(s.root, false)
	begun := s.begin(t, root, "nobody")
	in := answer(begun, "nobody", mfatest.New(consoleURL).Create(begun.Options))
	in.DeviceName = strings.Repeat("k", 187)
	serial := do[iam.RegisterSecurityKeyOutput](t, s, root, "RegisterSecurityKey", in).SerialNumber
	if len(serial) != 256 {
		t.Errorf("the longest name gives a serial number of %d characters, want 256", len(serial))
	}
	do[awsiam.DeactivateMFADeviceOutput](t, s, root, "DeactivateMFADevice",
		&awsiam.DeactivateMFADeviceInput{UserName: aws.String("nobody"), SerialNumber: &serial})
}

func TestServerWithoutSecurityKeys(t *testing.T) {
	s := newService(t)
	root := s.signedIn(s.root, false)
	none := "FeatureDisabled: Passkeys and security keys are not set up on this server."
	refused(t, s, root, "BeginSecurityKey", &iam.BeginSecurityKeyInput{DeviceName: "key"}, none)
	refused(t, s, root, "RegisterSecurityKey", &iam.RegisterSecurityKeyInput{DeviceName: "key"}, none)
	err := s.Store.Update(t.Context(), func(tx iam.Tx) error {
		if _, _, err := s.BeginSecurityKeyAssertion(t.Context(), tx, accountID, accountID); err == nil || err.Error() != none {
			t.Errorf("begin of a sign-in: %v", err)
		}
		if _, err := s.VerifySecurityKey(t.Context(), tx, accountID, accountID, mfa.Ceremony{}, nil); err == nil || err.Error() != none {
			t.Errorf("sign-in: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	s.relyingParty(t, mfa.RelyingPartyConfig{ExternalURL: "https://192.0.2.1", Name: "Sallyport"})
	refused(t, s, root, "BeginSecurityKey", &iam.BeginSecurityKeyInput{DeviceName: "key"},
		"FeatureDisabled: Passkeys and security keys need a domain name: they don't work under an IP address. Ask your administrator.")
}

// Roles and federated users have no devices: they must name a user.
func TestSecurityKeyOfWhoHasNone(t *testing.T) {
	s := withKeys(t, nil)
	s.user(t, "alice", "")
	federated := s.signedIn(s.root, false)
	federated.Session.Kind = iam.FederatedUser
	for _, action := range []string{"BeginSecurityKey", "RegisterSecurityKey", "EnableRootMFADevice"} {
		if _, err := s.call(t.Context(), federated, action, s.operations[action].NewInput()); err == nil {
			t.Errorf("%s by a federated user succeeded", action)
		}
	}
	admin := s.role(t, "admin")
	do[awsiam.PutRolePolicyOutput](t, s, s.root, "PutRolePolicy", &awsiam.PutRolePolicyInput{
		RoleName: aws.String("admin"), PolicyName: aws.String("all"), PolicyDocument: aws.String(allow("*", "iam:*")),
	})
	principal, err := s.Directory.Principal(t.Context(), accountID, iam.IAMRole, *admin.RoleId)
	if err != nil {
		t.Fatal(err)
	}
	role := &iam.Caller{Principal: principal, RequestID: "request", Session: &iam.Session{Kind: iam.AssumedRole, Name: "s", Issued: s.Now()}}
	nameless := "ValidationError: Must specify userName when calling with non-User credentials"
	refused(t, s, role, "BeginSecurityKey", &iam.BeginSecurityKeyInput{DeviceName: "key"}, nameless)
	refused(t, s, role, "RegisterSecurityKey", &iam.RegisterSecurityKeyInput{DeviceName: "key"}, nameless)
	refused(t, s, role, "GetMFADevice", &awsiam.GetMFADeviceInput{SerialNumber: aws.String("arn:aws:iam::123456789012:u2f/root/key")}, nameless)
	s.register(t, role, "alice", mfatest.New(consoleURL))
	refused(t, s, role, "BeginSecurityKey", &iam.BeginSecurityKeyInput{UserName: aws.String("bob"), DeviceName: "key"},
		"NoSuchEntity: The user with name bob cannot be found.")
	refused(t, s, role, "RegisterSecurityKey", &iam.RegisterSecurityKeyInput{UserName: aws.String("bob"), DeviceName: "key"},
		"NoSuchEntity: The user with name bob cannot be found.")
}

func TestSecurityKeysCountAmongTheEight(t *testing.T) {
	s := withKeys(t, nil)
	s.user(t, "alice", "")
	root := s.signedIn(s.root, false)
	do[awsiam.EnableMFADeviceOutput](t, s, root, "EnableMFADevice", s.virtualDevice(t, "phone").enable("alice", -1, 0))
	key := mfatest.New(consoleURL) // one authenticator has many keys, and names may be the same
	for range 6 {
		s.register(t, root, "alice", key)
	}
	begun := s.begin(t, root, "alice")
	s.register(t, root, "alice", key)
	full := "LimitExceeded: Cannot exceed quota for MFADevicesPerUser: 8"
	refused(t, s, root, "BeginSecurityKey", &iam.BeginSecurityKeyInput{UserName: aws.String("alice"), DeviceName: "key"}, full)
	refused(t, s, root, "RegisterSecurityKey", answer(begun, "alice", key.Create(begun.Options)), full)
	refused(t, s, root, "EnableMFADevice", s.virtualDevice(t, "tablet").enable("alice", -1, 0), full)
	if n := len(s.devicesOf(t, root, "alice")); n != 8 {
		t.Errorf("%d devices, want 8", n)
	}
}

func TestSecurityKeyIsDeletedWhenDeactivated(t *testing.T) {
	s := withKeys(t, nil)
	alice := s.user(t, "alice", "")
	s.user(t, "bob", "")
	root := s.signedIn(s.root, false)
	key := mfatest.New(consoleURL)
	serial := s.register(t, root, "alice", key)
	deactivate := func(user string) *awsiam.DeactivateMFADeviceInput {
		return &awsiam.DeactivateMFADeviceInput{UserName: &user, SerialNumber: &serial}
	}
	refused(t, s, root, "DeleteVirtualMFADevice", &awsiam.DeleteVirtualMFADeviceInput{SerialNumber: &serial},
		"NoSuchEntity: MFA Device with serial number "+serial+" does not exist.")
	refused(t, s, root, "TagMFADevice", &awsiam.TagMFADeviceInput{SerialNumber: &serial, Tags: nil},
		"ValidationError: 1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must not be null")
	refused(t, s, root, "ListMFADeviceTags", &awsiam.ListMFADeviceTagsInput{SerialNumber: &serial},
		"NoSuchEntity: MFA Device with serial number "+serial+" does not exist.")
	refused(t, s, root, "DeactivateMFADevice", deactivate("bob"), "NoSuchEntity: MFA Device invalid for user.")
	do[awsiam.DeactivateMFADeviceOutput](t, s, root, "DeactivateMFADevice", deactivate("alice"))
	gone := "NoSuchEntity: MFA Device with serial number " + serial + " does not exist."
	refused(t, s, root, "DeactivateMFADevice", deactivate("alice"), gone)
	refused(t, s, root, "GetMFADevice", &awsiam.GetMFADeviceInput{UserName: aws.String("alice"), SerialNumber: &serial}, gone)

	// The same key may come back, with a serial number of its own.
	key.Repeat = true
	if again := s.register(t, root, "alice", key); again == serial {
		t.Errorf("the serial number %s was given twice", serial)
	}
	if err := s.signInWith(t, alice.ID, key, nil); err != nil {
		t.Errorf("sign-in with the key that came back: %v", err)
	}
}

// A security key has no codes: operations on codes neither take it nor stumble over it.
func TestSecurityKeyHasNoCodes(t *testing.T) {
	s := withKeys(t, nil)
	alice := s.user(t, "alice", "")
	s.user(t, "bob", "")
	root := s.signedIn(s.root, false)
	serial := s.register(t, root, "alice", mfatest.New(consoleURL))
	codes := func(user string) *awsiam.ResyncMFADeviceInput {
		return &awsiam.ResyncMFADeviceInput{UserName: &user, SerialNumber: &serial, AuthenticationCode1: aws.String("123456"), AuthenticationCode2: aws.String("654321")}
	}
	refused(t, s, root, "ResyncMFADevice", codes("alice"), "NoSuchEntity: MFA Device invalid for user.")
	refused(t, s, root, "EnableMFADevice", enableOf(codes("alice")), "EntityAlreadyExists: MFA Device for user alice already exists.")
	refused(t, s, root, "EnableMFADevice", enableOf(codes("bob")), "EntityAlreadyExists: MFA Device is already in use.")
	err := s.Store.Update(t.Context(), func(tx iam.Tx) error {
		if _, err := s.VerifyCode(t.Context(), tx, accountID, alice.ID, serial, "123456"); !errors.Is(err, iam.ErrNotFound) {
			t.Errorf("a code of a security key: %v, want ErrNotFound", err)
		}
		if err := s.ResyncOwn(t.Context(), tx, accountID, alice.ID, serial, "123456", "654321"); err == nil || err.Error() != "NoSuchEntity: MFA Device invalid for user." {
			t.Errorf("resync of a security key: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func enableOf(in *awsiam.ResyncMFADeviceInput) *awsiam.EnableMFADeviceInput {
	return &awsiam.EnableMFADeviceInput{UserName: in.UserName, SerialNumber: in.SerialNumber,
		AuthenticationCode1: in.AuthenticationCode1, AuthenticationCode2: in.AuthenticationCode2}
}

func TestSecurityKeysAreCounted(t *testing.T) {
	s := withKeys(t, nil)
	s.user(t, "alice", "")
	s.virtualDevice(t, "unassigned")
	root := s.signedIn(s.root, true)
	summary := func() [3]int32 {
		m := do[awsiam.GetAccountSummaryOutput](t, s, root, "GetAccountSummary", &awsiam.GetAccountSummaryInput{}).SummaryMap
		return [3]int32{m["MFADevices"], m["MFADevicesInUse"], m["AccountMFAEnabled"]}
	}
	s.register(t, root, "alice", mfatest.New(consoleURL))
	if got := summary(); got != [3]int32{2, 1, 0} {
		t.Errorf("devices, devices in use, root's MFA: %v, want 2, 1, 0", got)
	}
	s.register(t, root, "", mfatest.New(consoleURL))
	if got := summary(); got != [3]int32{3, 2, 1} {
		t.Errorf("devices, devices in use, root's MFA: %v, want 3, 2, 1", got)
	}
	s.generate(t)
	for _, line := range strings.Split(string(s.report(t).Content), "\n")[1:] {
		if active := strings.Split(line, ",")[7]; active != "true" {
			t.Errorf("mfa_active is %s in %s", active, line)
		}
	}
	if listed := do[awsiam.ListVirtualMFADevicesOutput](t, s, root, "ListVirtualMFADevices", &awsiam.ListVirtualMFADevicesInput{}).VirtualMFADevices; len(listed) != 1 {
		t.Errorf("%d virtual devices are listed, want the one", len(listed))
	}

	reset := do[iam.ResetRootMFAOutput](t, s, s.root, "ResetRootMFA", &iam.ResetRootMFAInput{})
	if got := summary(); len(reset.SerialNumbers) != 1 || got != [3]int32{2, 1, 0} {
		t.Errorf("after the reset of %v: %v, want 2, 1, 0", reset.SerialNumbers, got)
	}
}

func TestAttack26_RegistrationPolicyOnlyInTheBrowser(t *testing.T) {
	t.Run("duplicate credential", func(t *testing.T) {
		s := withKeys(t, nil)
		s.user(t, "alice", "")
		s.user(t, "bob", "")
		root := s.signedIn(s.root, true)
		key := mfatest.New(consoleURL)
		s.register(t, root, "alice", key)
		key.Repeat = true
		for _, user := range []string{"alice", "bob", ""} {
			begun := s.begin(t, root, user)
			refused(t, s, root, "RegisterSecurityKey", answer(begun, user, key.Create(begun.Options)),
				"EntityAlreadyExists: This passkey or security key is registered already, for this user or for another.")
		}
		if n := len(s.devicesOf(t, root, "alice")) + len(s.devicesOf(t, root, "bob")) + len(s.devicesOf(t, root, "")); n != 1 {
			t.Errorf("%d devices, want the one", n)
		}
	})

	for name, misbehave := range map[string]func(*mfatest.Authenticator){
		"algorithm not asked for":   func(a *mfatest.Authenticator) { a.Algorithm = mfatest.ES384 },
		"bogus attestation":         func(a *mfatest.Authenticator) { a.Attestation, a.BogusSignature = mfatest.Self, true },
		"another site":              func(a *mfatest.Authenticator) { a.Origin = "https://evil.test" },
		"another challenge":         func(a *mfatest.Authenticator) { a.Challenge = make([]byte, 32) },
		"nobody touched the key":    func(a *mfatest.Authenticator) { a.UserPresent = false },
		"sign-in, not registration": func(a *mfatest.Authenticator) { a.Type = "webauthn.get" },
	} {
		t.Run(name, func(t *testing.T) {
			s := withKeys(t, nil)
			log := logTo(s)
			s.user(t, "alice", "")
			root := s.signedIn(s.root, false)
			key := mfatest.New(consoleURL)
			misbehave(key)
			begun := s.begin(t, root, "alice")
			_, err := s.call(t.Context(), root, "RegisterSecurityKey", answer(begun, "alice", key.Create(begun.Options)))
			var refusal *wire.Error
			if !errors.As(err, &refusal) || refusal.Code != "InvalidInput" {
				t.Errorf("registered: %v, want InvalidInput", err)
			}
			if n := len(s.devicesOf(t, root, "alice")); n != 0 {
				t.Errorf("%d devices, want none", n)
			}
			if records := s.records(t, "EnableMFADevice"); len(records) != 1 || records[0]["errorCode"] != "InvalidInputException" {
				t.Errorf("the refusal is recorded as %v", records)
			}
			if !strings.Contains(log.String(), "security key not registered") {
				t.Error("the log doesn't say what was wrong")
			}
		})
	}
}

// Who may register which models is decided by what the attestation proves, whatever the browser says.
func TestAttack26_CertificationPolicyHoldsOnTheServer(t *testing.T) {
	maker, alliance := mfatest.NewCA("Maker"), mfatest.NewCA("Alliance")
	weak, strong := [16]byte{1}, [16]byte{2}
	metadata, err := mfa.ReadMetadataWithRoot(alliance.BLOB(
		mfatest.Model{AAGUID: weak, Name: "weak", CA: maker, Statuses: []mfatest.Status{{Status: "FIDO_CERTIFIED_L1", EffectiveDate: "2020-01-01"}}},
		mfatest.Model{AAGUID: strong, Name: "strong", CA: maker, Statuses: []mfatest.Status{{Status: "FIDO_CERTIFIED_L2", EffectiveDate: "2020-01-01"}}},
	), alliance.Certificate, time.Date(2026, 9, 11, 13, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	s := withKeys(t, metadata)
	const document = `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"iam:EnableMFADevice","Resource":"*","Condition":{"StringEquals":{"iam:RegisterSecurityKey":"Create"}}},
		{"Effect":"Allow","Action":"iam:EnableMFADevice","Resource":"*","Condition":{"StringEquals":{"iam:RegisterSecurityKey":"Activate","iam:FIDO-certification":["L2","L3"]}}}]}`
	alice := s.signedIn(s.user(t, "alice", document), false)
	denied := "AccessDenied: User: arn:aws:iam::123456789012:user/alice is not authorized to perform: iam:EnableMFADevice " +
		"on resource: user alice because no identity-based policy allows the iam:EnableMFADevice action"

	model := func(aaguid [16]byte, ca *mfatest.CA) *mfatest.Authenticator {
		key := mfatest.New(consoleURL)
		key.AAGUID, key.Attestation, key.CA = aaguid, mfatest.Packed, ca
		return key
	}
	selfAttested := model(strong, nil)
	selfAttested.Attestation = mfatest.Self
	unattested := model(strong, nil)
	unattested.Attestation = mfatest.None
	for name, key := range map[string]*mfatest.Authenticator{
		"certified too low":               model(weak, maker),
		"a model nobody knows":            model([16]byte{3}, maker),
		"claims a model, proves none":     unattested,
		"attests to itself":               selfAttested,
		"attested by somebody else":       model(strong, mfatest.NewCA("Maker")),
		"a broken answer to a denied one": {Origin: "https://evil.test", UserPresent: true, Algorithm: mfatest.ES256, Attestation: mfatest.None},
	} {
		begun := s.begin(t, alice, "")
		_, err := s.call(t.Context(), alice, "RegisterSecurityKey", answer(begun, "", key.Create(begun.Options)))
		var refusal *wire.Error
		if !errors.As(err, &refusal) || refusal.Error() != denied {
			t.Errorf("%s: %v, want %s", name, err, denied)
		}
	}
	if n := len(s.devicesOf(t, s.root, "alice")); n != 0 {
		t.Fatalf("%d devices were registered", n)
	}

	begun := s.begin(t, alice, "")
	out := do[iam.RegisterSecurityKeyOutput](t, s, alice, "RegisterSecurityKey", answer(begun, "", model(strong, maker).Create(begun.Options)))
	want := map[string]string{"FIDO": "L2"}
	shown := do[awsiam.GetMFADeviceOutput](t, s, s.root, "GetMFADevice", &awsiam.GetMFADeviceInput{UserName: aws.String("alice"), SerialNumber: &out.SerialNumber})
	if fmt.Sprint(out.Certifications) != fmt.Sprint(want) || fmt.Sprint(shown.Certifications) != fmt.Sprint(want) {
		t.Errorf("certifications %v, shown as %v, want %v", out.Certifications, shown.Certifications, want)
	}
}

// A policy on the wire's EnableMFADevice holds for the console as well, and both halves are asked about.
func TestSecurityKeysAreAuthorizedAsEnableMFADevice(t *testing.T) {
	s := withKeys(t, nil)
	s.user(t, "bob", "")
	helper := s.signedIn(s.user(t, "helper", allow("arn:aws:iam::123456789012:user/bob", "iam:EnableMFADevice")), false)
	s.register(t, helper, "bob", mfatest.New(consoleURL))
	denied := func(user string) string {
		return "AccessDenied: User: arn:aws:iam::123456789012:user/helper is not authorized to perform: iam:EnableMFADevice on resource: user " +
			user + " because no identity-based policy allows the iam:EnableMFADevice action"
	}
	refused(t, s, helper, "BeginSecurityKey", &iam.BeginSecurityKeyInput{DeviceName: "key"}, denied("helper"))
	refused(t, s, helper, "RegisterSecurityKey", &iam.RegisterSecurityKeyInput{DeviceName: "key"}, denied("helper"))
	refused(t, s, helper, "RegisterSecurityKey", &iam.RegisterSecurityKeyInput{UserName: aws.String("nobody"), DeviceName: "key"}, denied("nobody"))

	const totpOnly = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:EnableMFADevice","Resource":"*",
		"Condition":{"Null":{"iam:RegisterSecurityKey":"true"}}}]}`
	carol := s.signedIn(s.user(t, "carol", totpOnly), false)
	refused(t, s, carol, "BeginSecurityKey", &iam.BeginSecurityKeyInput{DeviceName: "key"},
		"AccessDenied: User: arn:aws:iam::123456789012:user/carol is not authorized to perform: iam:EnableMFADevice on resource: user carol "+
			"because no identity-based policy allows the iam:EnableMFADevice action")
	do[awsiam.EnableMFADeviceOutput](t, s, carol, "EnableMFADevice", s.virtualDevice(t, "phone").enable("carol", -1, 0))
}

func TestAttack27_EnrolmentUsedForAnotherOrAgain(t *testing.T) {
	s := withKeys(t, nil)
	s.user(t, "alice", "")
	s.user(t, "bob", "")
	root := s.signedIn(s.root, true)
	key := mfatest.New(consoleURL)
	begun := s.begin(t, root, "alice")
	response := key.Create(begun.Options)
	for _, other := range []string{"bob", ""} {
		refused(t, s, root, "RegisterSecurityKey", answer(begun, other, response), "InvalidInput: This request is no longer valid. Start again.")
	}
	assertion := *begun
	assertion.Ceremony.Kind = "assertion"
	refused(t, s, root, "RegisterSecurityKey", answer(&assertion, "alice", response), "InvalidInput: This request is no longer valid. Start again.")
	refused(t, s, root, "RegisterSecurityKey", &iam.RegisterSecurityKeyInput{UserName: aws.String("alice"), DeviceName: "key", Response: response},
		"InvalidInput: This request is no longer valid. Start again.")

	do[iam.RegisterSecurityKeyOutput](t, s, root, "RegisterSecurityKey", answer(begun, "alice", response))
	refused(t, s, root, "RegisterSecurityKey", answer(begun, "alice", response),
		"EntityAlreadyExists: This passkey or security key is registered already, for this user or for another.")

	late := s.begin(t, root, "bob")
	response = key.Create(late.Options)
	s.now.add(5 * time.Minute)
	refused(t, s, root, "RegisterSecurityKey", answer(late, "bob", response), "InvalidInput: This took more than five minutes. Start again.")
}

// The rule that a user with a device needs MFA to change their own holds for security keys and for root.
func TestAttack24_SecurityKeyAddedWithoutMFA(t *testing.T) {
	s := withKeys(t, nil)
	s.user(t, "bob", "")
	for name, c := range map[string]*iam.Caller{"user": s.user(t, "alice", allow("*", "iam:*")), "root": s.root} {
		t.Run(name, func(t *testing.T) {
			key := mfatest.New(consoleURL)
			without, with := s.signedIn(c, false), s.signedIn(c, true)
			deactivate := func(c *iam.Caller, serial string) (string, any) {
				if name == "root" {
					return "DeactivateRootMFADevice", &iam.DeactivateRootMFADeviceInput{SerialNumber: &serial}
				}
				return "DeactivateMFADevice", &awsiam.DeactivateMFADeviceInput{SerialNumber: &serial}
			}
			begun := s.begin(t, without, "")
			first := s.register(t, without, "", key) // the first: the password is enough
			refused(t, s, without, "BeginSecurityKey", &iam.BeginSecurityKeyInput{DeviceName: "key"}, mustHaveMFA)
			refused(t, s, without, "RegisterSecurityKey", answer(begun, "", key.Create(begun.Options)), mustHaveMFA)
			action, in := deactivate(without, first)
			refused(t, s, without, action, in, mustHaveMFA)
			s.register(t, without, "bob", key) // an administrator of others

			second := s.register(t, with, "", key)
			for _, serial := range []string{first, second} {
				action, in := deactivate(with, serial)
				if _, err := s.call(t.Context(), with, action, in); err != nil {
					t.Errorf("%s: %v", action, err)
				}
			}
			s.register(t, without, "", key) // none left: the password is enough again
		})
	}
}
