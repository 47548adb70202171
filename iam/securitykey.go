package iam

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"

	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/wire"
)

// Security keys and passkeys. AWS has their registration in its console only, so that the two operations here are its
// halves; policies see both as iam:EnableMFADevice on the user, told apart by iam:RegisterSecurityKey (Service
// Authorization Reference, "Condition keys for AWS Identity and Access Management"). Signing in with a key is
// BeginSecurityKeyAssertion and VerifySecurityKey in mfaverify.go.

// BeginSecurityKeyInput asks for a registration to begin.
type BeginSecurityKeyInput struct {
	UserName   *string // nil for the caller, root too
	DeviceName string
}

// Parameters shows whose key is to be registered.
func (in *BeginSecurityKeyInput) Parameters() map[string]any {
	return given(map[string]*string{"userName": in.UserName, "deviceName": &in.DeviceName})
}

// BeginSecurityKeyOutput is what both sides need for the second half.
type BeginSecurityKeyOutput struct {
	Options  json.RawMessage // for the browser: {"publicKey": PublicKeyCredentialCreationOptionsJSON}
	Ceremony mfa.Ceremony    `json:"-"` // for whoever called, to be kept out of the browser's reach until it answers
}

// BeginSecurityKey begins the registration of a security key or passkey. It changes nothing.
func (s *Service) BeginSecurityKey(ctx context.Context, tx Tx, c *Caller, in *BeginSecurityKeyInput) (*BeginSecurityKeyOutput, error) {
	if err := mayManageDevices(ctx, tx, c, in.UserName); err != nil {
		return nil, err
	}
	owner, err := deviceOwner(ctx, tx, c, in.UserName)
	if err != nil {
		return nil, err
	}
	devices, err := roomForDevice(ctx, tx, c.Account, owner.ID)
	if err != nil {
		return nil, err
	}
	user, err := keyUser(ctx, tx, owner)
	if err != nil {
		return nil, err
	}
	user.Keys = securityKeys(devices)
	now, err := s.mfaNow()
	if err != nil {
		return nil, err
	}
	options, ceremony, err := s.Keys.BeginRegistration(user, now)
	if refusal := (*mfa.KeyError)(nil); errors.As(err, &refusal) { // the external URL is not one that keys work at
		return nil, wire.Errorf("FeatureDisabled", "%s", refusal.Reason)
	}
	return &BeginSecurityKeyOutput{options, ceremony}, err
}

func (s *Service) targetBeginSecurityKey(ctx context.Context, tx Tx, c *Caller, in *BeginSecurityKeyInput) (Target, error) {
	return s.keyTarget(ctx, tx, c, in.UserName, in.DeviceName, "Create")
}

// RegisterSecurityKeyInput carries the browser's answer.
type RegisterSecurityKeyInput struct {
	UserName   *string // nil for the caller, root too
	DeviceName string
	Ceremony   mfa.Ceremony    `json:"-"` // of BeginSecurityKey; used up, whatever the answer
	Response   json.RawMessage // PublicKeyCredential.toJSON()

	found registration
}

// registration is what is found out about a RegisterSecurityKeyInput while it is authorised, which depends on the model
// of the key: the answer is verified there, and once.
type registration struct {
	owner   *User            // nil if there is no such user
	key     *mfa.SecurityKey // nil if the answer was refused
	refusal *mfa.KeyError
	serial  string // of the new device, once there is one
}

// Parameters shows what EnableMFADevice's record does, and nothing of the answer.
func (in *RegisterSecurityKeyInput) Parameters() map[string]any {
	name := in.UserName
	if in.found.owner != nil {
		name = &in.found.owner.Name
		if *name == "" {
			name = &recordedRoot
		}
	}
	return given(map[string]*string{"userName": name, "serialNumber": &in.found.serial})
}

// recordedRoot is what records of the console have for root's user name (CloudTrail User Guide, "Logging IAM and AWS
// STS API calls").
var recordedRoot = "AWS ROOT USER"

// RegisterSecurityKeyOutput is the new device.
type RegisterSecurityKeyOutput struct {
	SerialNumber   string
	Certifications map[string]string // as GetMFADevice shows them
}

// Parameters shows nothing: EnableMFADevice, as which a registration is recorded, has no response elements.
func (out *RegisterSecurityKeyOutput) Parameters() map[string]any { return nil }

// RegisterSecurityKey binds a security key or passkey to a user or root who has answered BeginSecurityKey's challenge
// with it.
func (s *Service) RegisterSecurityKey(ctx context.Context, tx Tx, c *Caller, in *RegisterSecurityKeyInput) (*RegisterSecurityKeyOutput, error) {
	if err := mayManageDevices(ctx, tx, c, in.UserName); err != nil {
		return nil, err
	}
	owner, err := deviceOwner(ctx, tx, c, in.UserName)
	if err != nil {
		return nil, err
	}
	if _, err := roomForDevice(ctx, tx, c.Account, owner.ID); err != nil {
		return nil, err
	}
	if refusal := in.found.refusal; refusal != nil {
		s.log().Info("security key not registered", "account", c.Account, "owner", owner.ID, "request", c.RequestID, "error", refusal.Err)
		return nil, wire.Errorf("InvalidInput", "%s", refusal.Reason)
	}
	d := &MFADevice{
		Account: c.Account, Serial: keySerial(c.Account, owner, in.DeviceName, newKeyID()), Kind: SecurityKey,
		OwnerID: owner.ID, Created: s.Now(), Enabled: s.Now(), Key: in.found.key,
	}
	err = tx.InsertMFADevice(ctx, d)
	if errors.Is(err, ErrExists) { // WebAuthn Level 3 §7.1 step 26
		return nil, wire.Errorf("EntityAlreadyExists", "This passkey or security key is registered already, for this user or for another.")
	}
	if err != nil {
		return nil, err
	}
	in.found.serial = d.Serial
	return &RegisterSecurityKeyOutput{SerialNumber: d.Serial, Certifications: d.Key.Certifications}, nil
}

// targetRegisterSecurityKey verifies the answer, because which keys may be registered can depend on what they are. A
// refusal is kept until the call is authorised: whoever may not register anything learns nothing else.
func (s *Service) targetRegisterSecurityKey(ctx context.Context, tx Tx, c *Caller, in *RegisterSecurityKeyInput) (Target, error) {
	in.found = registration{}
	target, err := s.keyTarget(ctx, tx, c, in.UserName, in.DeviceName, "Activate")
	if err != nil {
		return Target{}, err
	}
	owner, err := deviceOwner(ctx, tx, c, in.UserName)
	if isFailure(err) {
		return Target{}, err
	}
	if err != nil { // no such user: the operation says so
		return target, nil
	}
	in.found.owner = owner
	// Without the owner's keys: the store knows who has which, and asks that of everybody's at once.
	now, err := s.mfaNow()
	if err != nil {
		return Target{}, err
	}
	key, err := s.Keys.FinishRegistration(mfa.KeyUser{Handle: keyHandle(owner.ID)}, in.Ceremony, in.Response, now)
	if errors.As(err, &in.found.refusal) {
		return target, nil
	}
	if err != nil {
		return Target{}, err
	}
	in.found.key = key
	for _, programme := range []string{"FIDO", "FIDO-FIPS-140-2", "FIDO-FIPS-140-3"} {
		if level, ok := key.Certifications[programme]; ok {
			target.Conditions = append(target.Conditions, Condition{Key: "iam:" + programme + "-certification", Values: []string{level}})
		}
	}
	return target, nil
}

// keyTarget is the user or root whose key is to be registered, after the checks that come before authorisation.
func (s *Service) keyTarget(ctx context.Context, tx Tx, c *Caller, userName *string, deviceName, step string) (Target, error) {
	if s.Keys == nil {
		return Target{}, noSecurityKeys()
	}
	if userName != nil {
		if err := checkUserName("userName", userName); err != nil {
			return Target{}, err
		}
	}
	if err := checkKeyName(c, userName, deviceName); err != nil {
		return Target{}, err
	}
	target, err := userTarget(ctx, tx, c, userName)
	target.Conditions = append(target.Conditions, Condition{Key: "iam:RegisterSecurityKey", Values: []string{step}})
	return target, err
}

// noSecurityKeys is the answer of a server that was started without them.
func noSecurityKeys() error {
	return wire.Errorf("FeatureDisabled", "Passkeys and security keys are not set up on this server.")
}

// checkKeyName holds a device name to the characters of a virtual device's, and to a serial number that the other
// operations take. Unlike a virtual device's it need not be unique: the id in the serial number is.
func checkKeyName(c *Caller, userName *string, name string) error {
	longest := maxSerial - len(keySerial(c.Account, &User{Name: valueOr(userName, c.Name)}, "", newKeyID()))
	switch {
	case name == "":
		return invalid("deviceName", "have length greater than or equal to 1")
	case len(name) > longest:
		return invalid("deviceName", "have length less than or equal to %d", max(longest, 0))
	case !nameCharacters.MatchString(name):
		return invalid("deviceName", `satisfy regular expression pattern: [\w+=,.@-]+`)
	}
	return nil
}

// keySerial is the serial number of a security key (IAM User Guide, "IAM identifiers"); owner has no name if it is root.
// It keeps the name that the user had at registration.
func keySerial(account string, owner *User, name, id string) string {
	if owner.Name == "" {
		return arn(account, "u2f", "/root/", name+"-"+id)
	}
	return arn(account, "u2f", "/user/"+owner.Name+"/", name+"-"+id)
}

// newKeyID draws the 26 base32 characters that end a security key's serial number.
func newKeyID() string { return rand.Text()[:26] }

// keyHandle is by what a key knows its user: an id that never changes and tells nothing (WebAuthn Level 3 §14.6.1).
func keyHandle(ownerID string) []byte { return []byte(ownerID) }

// keyUser is how authenticators list the owner.
func keyUser(ctx context.Context, tx Tx, owner *User) (mfa.KeyUser, error) {
	a, err := tx.Account(ctx, owner.Account)
	if err != nil {
		return mfa.KeyUser{}, err
	}
	name := owner.Name
	if name == "" {
		name = a.RootEmail
	}
	return mfa.KeyUser{Handle: keyHandle(owner.ID), Name: name + " @ " + a.label(), DisplayName: name}, nil
}

// securityKeys are the security keys among an owner's devices.
func securityKeys(devices []MFADevice) []mfa.SecurityKey {
	var keys []mfa.SecurityKey
	for _, d := range devices {
		if d.Key != nil {
			keys = append(keys, *d.Key)
		}
	}
	return keys
}

// given is the parameters that have a value.
func given(values map[string]*string) map[string]any {
	shown := make(map[string]any, len(values))
	for name, value := range values {
		if value != nil && *value != "" {
			shown[name] = *value
		}
	}
	return shown
}
