package mfa

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"
)

// BeginRegistration returns what the browser passes to navigator.credentials.create,
// {"publicKey": …} (WebAuthn L3 §5.4), and what the server keeps until it answers.
// Keys that the user has already are excluded, so that one key is not two devices.
func (rp *RelyingParty) BeginRegistration(u KeyUser, now time.Time) (options json.RawMessage, c Ceremony, err error) {
	if err := rp.begin(u); err != nil {
		return nil, Ceremony{}, err
	}
	user := libraryUser{KeyUser: u, keys: u.Keys}
	creation, session, err := rp.lib.BeginRegistration(user,
		webauthn.WithCredentialParameters(parameters(algorithms)),
		webauthn.WithExclusions(webauthn.Credentials(user.WebAuthnCredentials()).CredentialDescriptors()))
	if err != nil {
		return nil, Ceremony{}, fmt.Errorf("mfa: %w", err)
	}
	if c, err = ceremony(registration, session, now); err != nil {
		return nil, Ceremony{}, err
	}
	options, err = marshalOptions(creation)
	return options, c, err
}

// FinishRegistration verifies the browser's answer, the PublicKeyCredential as JSON
// (WebAuthn L3 §7.1), and returns the new key. A refusal is a *[KeyError].
//
// One check is left to the caller, who alone knows all keys: that no other device of
// anyone has this credential id (step 26). One authenticator may serve several users;
// it makes a new credential for each.
func (rp *RelyingParty) FinishRegistration(u KeyUser, c Ceremony, response []byte, now time.Time) (*SecurityKey, error) {
	if err := rp.resume(registration, u, c, response, now); err != nil {
		return nil, err
	}
	answer, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return nil, refuseLibrary(err)
	}
	attested := &answer.Response.AttestationObject
	data := attested.AuthData.AttData
	if err := rp.checkClient(answer.Response.CollectedClientData, c); err != nil {
		return nil, err
	}
	if err := checkFlags(attested.AuthData.Flags, c); err != nil {
		return nil, err
	}
	if u.key(data.CredentialID) != nil {
		return nil, refuse("This key is registered already. Use it as it is, or choose another.", "the credential id is one of the user's")
	}
	algorithm, err := keyAlgorithm(data.CredentialPublicKey)
	if err != nil {
		return nil, refuse("This key uses a kind of signature that is not supported. Use another key.", "public key: %w", err)
	}
	if !slices.Contains(c.Algorithms, algorithm) {
		return nil, refuse("This key uses a kind of signature that is not supported. Use another key.", "algorithm %d was not asked for", algorithm)
	}
	chain, err := attestationChain(attested)
	if err != nil {
		return nil, refuse(unverified, "attestation: %w", err)
	}
	// The rest is the library's: type, relying party, length of the credential id (at most 1023 bytes), attestation.
	credential, err := rp.lib.CreateCredential(libraryUser{KeyUser: u}, c.session(), answer)
	if err != nil {
		return nil, refuseLibrary(err)
	}

	key := &SecurityKey{
		CredentialID:   credential.ID,
		PublicKey:      credential.PublicKey,
		Algorithm:      algorithm,
		AAGUID:         credential.Authenticator.AAGUID,
		Transports:     transports(answer.Response.Transports),
		Attachment:     string(credential.Authenticator.Attachment),
		Attestation:    attestation(credential),
		UserVerified:   credential.Flags.UserVerified,
		BackupEligible: credential.Flags.BackupEligible,
		BackedUp:       credential.Flags.BackupState,
		SignCount:      credential.Authenticator.SignCount,
	}
	if rp.metadata != nil {
		if key.Certifications, err = rp.metadata.certify(attested.Format, data.AAGUID, chain, now); err != nil {
			return nil, err
		}
	}
	return key, nil
}

// keyAlgorithm returns the COSE algorithm of a public key that is whole, of the kind
// and curve that the algorithm stands for (WebAuthn L3 §5.8.5) and of useful strength.
// Without an attestation the library would look at the key only at the first sign-in.
func keyAlgorithm(publicKey []byte) (int64, error) {
	if n := len(publicKey); n > maxPublicKeyBytes {
		return 0, fmt.Errorf("%d bytes, more than %d", n, maxPublicKeyBytes)
	}
	parsed, err := webauthncose.ParsePublicKey(publicKey)
	if err != nil {
		return 0, err
	}
	switch key := parsed.(type) {
	case webauthncose.EC2PublicKeyData:
		return key.Algorithm, nil
	case webauthncose.OKPPublicKeyData:
		return key.Algorithm, nil
	case webauthncose.RSAPublicKeyData:
		// Of RSA keys alone the library takes any algorithm and any length.
		if key.Algorithm != int64(webauthncose.AlgRS256) {
			return 0, fmt.Errorf("RSA key for algorithm %d", key.Algorithm)
		}
		if bits := 8 * len(key.Modulus); bits < minRSABits {
			return 0, fmt.Errorf("RSA key of %d bits", bits)
		}
		return key.Algorithm, nil
	}
	return 0, fmt.Errorf("key of type %T", parsed)
}

// transports keeps the hints on how to reach the key that look like one. They come
// from the browser unsigned and go back to it at sign-in, unknown ones too (WebAuthn
// L3 §5.8.4).
func transports(hints []protocol.AuthenticatorTransport) []string {
	var kept []string
	for _, hint := range hints {
		s := string(hint)
		if s == "" || len(s) > maxTransportLength || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz-") != "" || slices.Contains(kept, s) {
			continue
		}
		if kept = append(kept, s); len(kept) == maxTransports {
			break
		}
	}
	return kept
}
