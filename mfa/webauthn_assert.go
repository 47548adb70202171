package mfa

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
)

// Assertion is a verified answer at sign-in. The caller stores SignCount and BackedUp
// with the key, in the transaction that signs the user in.
type Assertion struct {
	CredentialID []byte
	SignCount    uint32 // never less than was stored, so that a clone stays visible
	BackedUp     bool
	UserVerified bool
	Cloned       bool // the counter did not grow, though the key counts
}

// BeginAssertion returns what the browser passes to navigator.credentials.get,
// {"publicKey": …} (WebAuthn L3 §5.5), and what the server keeps until it answers.
func (rp *RelyingParty) BeginAssertion(u KeyUser, now time.Time) (options json.RawMessage, c Ceremony, err error) {
	if err := rp.begin(u); err != nil {
		return nil, Ceremony{}, err
	}
	if len(u.Keys) == 0 {
		return nil, Ceremony{}, refuse("No passkey or security key is registered for this user.", "the user has no keys")
	}
	request, session, err := rp.lib.BeginLogin(libraryUser{KeyUser: u, keys: u.Keys})
	if err != nil {
		return nil, Ceremony{}, fmt.Errorf("mfa: %w", err)
	}
	if c, err = ceremony(assertion, session, now); err != nil {
		return nil, Ceremony{}, err
	}
	options, err = marshalOptions(request)
	return options, c, err
}

// FinishAssertion verifies the browser's answer, the PublicKeyCredential as JSON
// (WebAuthn L3 §7.2). A refusal is a *[KeyError]. When it was for a clone, and nothing
// else, errors.Is finds [ErrClonedKey] and the assertion is returned with it, to be
// logged.
func (rp *RelyingParty) FinishAssertion(u KeyUser, c Ceremony, response []byte, now time.Time) (Assertion, error) {
	if err := rp.resume(assertion, u, c, response, now); err != nil {
		return Assertion{}, err
	}
	answer, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return Assertion{}, refuseLibrary(err)
	}
	// A key removed since the ceremony began is no longer in u.Keys; one added since was not allowed.
	key := u.key(answer.RawID)
	allowed := slices.ContainsFunc(c.Credentials, func(id []byte) bool { return bytes.Equal(id, answer.RawID) })
	if key == nil || !allowed {
		return Assertion{}, refuse("This key is not registered for this user. Use another key.", "the credential is not among those allowed")
	}
	if err := rp.checkClient(answer.Response.CollectedClientData, c); err != nil {
		return Assertion{}, err
	}
	flags := answer.Response.AuthenticatorData.Flags
	if err := checkFlags(flags, c); err != nil {
		return Assertion{}, err
	}
	// The library sees this key alone, or it would refuse when another was removed meanwhile.
	c.Credentials = [][]byte{key.CredentialID}
	if _, err := rp.lib.ValidateLogin(libraryUser{KeyUser: u, keys: []SecurityKey{*key}}, c.session(), answer); err != nil {
		return Assertion{}, refuseLibrary(err)
	}

	counter := answer.Response.AuthenticatorData.Counter
	a := Assertion{
		CredentialID: key.CredentialID,
		SignCount:    max(counter, key.SignCount),
		BackedUp:     flags.HasBackupState(),
		UserVerified: flags.HasUserVerified(),
		Cloned:       counter <= key.SignCount && (counter != 0 || key.SignCount != 0), // step 22; two zeros: it does not count
	}
	if a.Cloned && !rp.allowClones {
		return a, refuse("This key may have been copied, so it is not accepted. Use another key and tell your administrator.",
			"%w: %d after %d", ErrClonedKey, counter, key.SignCount)
	}
	return a, nil
}
