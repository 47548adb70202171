package mfa

import (
	"bytes"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"
)

const (
	ceremonyLifetime   = 5 * time.Minute
	maxResponseBytes   = 64 << 10
	maxHandleBytes     = 64   // WebAuthn L3 §5.4.3
	maxPublicKeyBytes  = 2048 // an RSA key of 8192 bits fits; a longer one would only cost time at every sign-in
	minRSABits         = 2048 // NIST SP 800-131A
	maxTransports      = 16
	maxTransportLength = 32
)

// The kinds of a [Ceremony].
const (
	registration = "registration"
	assertion    = "assertion"
)

// algorithms are the COSE algorithms asked for, the preferred one first: what
// every authenticator in use has at least one of (WebAuthn L3 §5.4).
var algorithms = []int64{
	int64(webauthncose.AlgES256),
	int64(webauthncose.AlgEdDSA),
	int64(webauthncose.AlgRS256),
}

// ErrClonedKey is what errors.Is finds in a refusal because the signature counter
// of a security key did not grow: the key, or its backup, is in use twice.
var ErrClonedKey = errors.New("mfa: the signature counter of the security key did not grow")

// KeyError is a refused ceremony. Neither of its parts holds a secret.
type KeyError struct {
	Reason string // for the user: what happened and what to do
	Err    error  // for the operator's log: which check failed
}

func (e *KeyError) Error() string { return e.Reason }
func (e *KeyError) Unwrap() error { return e.Err }

// RelyingPartyConfig says under which name and by which rules security keys are used.
type RelyingPartyConfig struct {
	// ExternalURL is the origin under which browsers reach the service,
	// "https://iam.example.com". The relying party id is its host without the port;
	// keys registered under one host don't work under another.
	ExternalURL string
	// Name is shown by authenticators.
	Name string
	// UserVerification asks the key for a PIN or a fingerprint besides the touch:
	// "required", "preferred" or "discouraged"; "" is preferred.
	UserVerification string
	// AllowClones accepts a signature counter that did not grow. It is still reported.
	AllowClones bool
	// Metadata certifies and refuses models of authenticators; nil for none.
	Metadata *Metadata
}

// RelyingParty runs the ceremonies of WebAuthn Level 3, §7. It has no state.
type RelyingParty struct {
	lib         *webauthn.WebAuthn
	origin      string
	allowClones bool
	metadata    *Metadata
	unusable    *KeyError // why no browser would take part, or nil
}

// NewRelyingParty returns an error for a malformed configuration. An external URL
// under which browsers offer no security keys, an IP address or plain http, is not
// one: the service works without them, and the Begin methods say why.
func NewRelyingParty(c RelyingPartyConfig) (*RelyingParty, error) {
	host, origin, err := parseOrigin(c.ExternalURL)
	if err != nil {
		return nil, fmt.Errorf("mfa: external URL: %w", err)
	}
	if c.Name == "" {
		return nil, errors.New("mfa: the relying party has no name")
	}
	switch c.UserVerification {
	case "":
		c.UserVerification = string(protocol.VerificationPreferred)
	case string(protocol.VerificationRequired), string(protocol.VerificationPreferred), string(protocol.VerificationDiscouraged):
	default:
		return nil, fmt.Errorf("mfa: user verification is required, preferred or discouraged, not %q", c.UserVerification)
	}
	rp := &RelyingParty{origin: origin, allowClones: c.AllowClones, metadata: c.Metadata}
	if rp.unusable = unusable(host, origin); rp.unusable != nil {
		return rp, nil
	}

	conveyance := protocol.PreferNoAttestation
	if c.Metadata != nil {
		conveyance = protocol.PreferDirectAttestation
	}
	timeout := webauthn.TimeoutConfig{Timeout: ceremonyLifetime, TimeoutUVD: ceremonyLifetime} // Ceremony.Expires enforces it
	rp.lib, err = webauthn.New(&webauthn.Config{
		RPID:                  host,
		RPDisplayName:         c.Name,
		RPOrigins:             []string{origin},
		AttestationPreference: conveyance,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			// "required" would shut out keys that can't store credentials, and nobody signs in
			// without a name here. "discouraged" would spare the few slots of hardware keys, but
			// some platforms then make a passkey that stays on the device instead of a synced one.
			ResidentKey:      protocol.ResidentKeyRequirementPreferred,
			UserVerification: protocol.UserVerificationRequirement(c.UserVerification),
		},
		Timeouts: webauthn.TimeoutsConfig{Login: timeout, Registration: timeout},
		// Browsers and password managers answer extensions unasked; WebAuthn L3 §7.1 step 21 says to ignore that.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, fmt.Errorf("mfa: external URL: %w", err)
	}
	return rp, nil
}

// parseOrigin returns the host of a URL without its port, and its origin as a
// browser writes it: lower case, without the default port.
func parseOrigin(external string) (host, origin string, err error) {
	u, err := url.Parse(external)
	if err != nil {
		return "", "", err
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Hostname())
	switch {
	case scheme != "https" && scheme != "http" || u.Opaque != "":
		return "", "", fmt.Errorf("%q does not begin with https:// or http://", external)
	case host == "":
		return "", "", fmt.Errorf("%q has no host", external)
	case u.User != nil, u.Path != "" && u.Path != "/", u.RawQuery != "", u.Fragment != "":
		return "", "", fmt.Errorf("%q has more than scheme, host and port", external)
	}
	if _, err := netip.ParseAddr(host); err != nil && strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" {
		return "", "", fmt.Errorf("the host of %q is not ASCII: write it as it stands in DNS, xn--…", external)
	}
	origin = scheme + "://" + strings.ToLower(u.Host)
	if port := u.Port(); port == "" || scheme == "https" && port == "443" || scheme == "http" && port == "80" {
		origin = scheme + "://" + strings.TrimSuffix(strings.ToLower(u.Host), ":"+port)
	}
	return host, origin, nil
}

// unusable says why browsers offer no security keys at an origin, or nil if they do.
func unusable(host, origin string) *KeyError {
	err := fmt.Errorf("mfa: no WebAuthn at the external URL %s", origin)
	if _, ip := netip.ParseAddr(host); ip == nil {
		return &KeyError{"Passkeys and security keys need a domain name: they don't work under an IP address. Ask your administrator.", err}
	}
	local := host == "localhost" || strings.HasSuffix(host, ".localhost")
	if !local && strings.HasPrefix(origin, "http:") {
		return &KeyError{"Passkeys and security keys need HTTPS. Ask your administrator.", err}
	}
	return nil
}

// KeyUser is the user or root in whose name a ceremony runs.
type KeyUser struct {
	Handle      []byte // 1 to 64 bytes that never change and tell nothing about the user (WebAuthn L3 §14.6.1)
	Name        string // shown by authenticators, "alice @ 123456789012"
	DisplayName string
	Keys        []SecurityKey
}

// SecurityKey is a registered credential: a security key, a platform authenticator
// or a passkey. All of it is public. Only BackedUp and SignCount change.
type SecurityKey struct {
	CredentialID []byte   `json:"credentialId"`
	PublicKey    []byte   `json:"publicKey"` // COSE_Key, RFC 9052 §7
	Algorithm    int64    `json:"algorithm"` // COSE algorithm, -7 for ES256
	AAGUID       []byte   `json:"aaguid"`    // the model as claimed, 16 bytes; zeros if it does not tell
	Transports   []string `json:"transports,omitempty"`
	Attachment   string   `json:"attachment,omitempty"` // "platform" or "cross-platform"
	// Attestation is the format and type of the attestation as verified:
	// "packed/basic_full", "none". What it certifies is in Certifications only.
	Attestation string `json:"attestation"`
	// Certifications are the model's at registration, as GetMFADevice shows them: the
	// keys are "FIDO", "FIDO-FIPS-140-2" and "FIDO-FIPS-140-3", the values "L1",
	// "L1plus" and so on. Nil if the metadata knows none, or if no certificate chain
	// led from the key to the trust anchors of the model. If it leads to those of several
	// models and its certificate names none of them, these are the levels they all have.
	Certifications map[string]string `json:"certifications,omitempty"`
	UserVerified   bool              `json:"userVerified"`   // by PIN, fingerprint or face, at registration
	BackupEligible bool              `json:"backupEligible"` // may be synced
	BackedUp       bool              `json:"backedUp"`       // is synced
	SignCount      uint32            `json:"signCount"`      // 0 where the authenticator does not count
}

// Ceremony is what the server remembers between the two halves of a ceremony. The
// caller keeps it where the browser can't reach it, and takes it out for good
// before it calls Finish: the challenge is good for one answer, right or wrong.
type Ceremony struct {
	Kind             string    `json:"kind"` // "registration" or "assertion"
	Challenge        []byte    `json:"challenge"`
	UserHandle       []byte    `json:"userHandle"`
	Credentials      [][]byte  `json:"credentials,omitempty"` // ids that may answer an assertion
	Algorithms       []int64   `json:"algorithms,omitempty"`  // COSE algorithms asked for at registration
	UserVerification string    `json:"userVerification"`
	Expires          time.Time `json:"expires"`
}

// ceremony turns the library's memory of a begun ceremony into ours.
func ceremony(kind string, session *webauthn.SessionData, now time.Time) (Ceremony, error) {
	challenge, err := base64.RawURLEncoding.DecodeString(session.Challenge)
	if err != nil {
		return Ceremony{}, fmt.Errorf("mfa: challenge: %w", err)
	}
	c := Ceremony{
		Kind:             kind,
		Challenge:        challenge,
		UserHandle:       session.UserID,
		Credentials:      session.AllowedCredentialIDs,
		UserVerification: string(session.UserVerification),
		Expires:          now.Add(ceremonyLifetime),
	}
	for _, p := range session.CredParams {
		c.Algorithms = append(c.Algorithms, int64(p.Algorithm))
	}
	return c, nil
}

// session is the reverse of ceremony. It carries no expiry, because the library
// would hold that against the real clock.
func (c Ceremony) session() webauthn.SessionData {
	return webauthn.SessionData{
		Challenge:            base64.RawURLEncoding.EncodeToString(c.Challenge),
		UserID:               c.UserHandle,
		AllowedCredentialIDs: c.Credentials,
		UserVerification:     protocol.UserVerificationRequirement(c.UserVerification),
		CredParams:           parameters(c.Algorithms),
	}
}

func parameters(algorithms []int64) []protocol.CredentialParameter {
	params := make([]protocol.CredentialParameter, len(algorithms))
	for i, a := range algorithms {
		params[i] = protocol.CredentialParameter{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.COSEAlgorithmIdentifier(a)}
	}
	return params
}

// begin holds what both ceremonies ask of a user before they begin.
func (rp *RelyingParty) begin(u KeyUser) error {
	if rp.unusable != nil {
		return rp.unusable
	}
	if n := len(u.Handle); n == 0 || n > maxHandleBytes {
		return fmt.Errorf("mfa: user handle of %d bytes, not 1 to %d", n, maxHandleBytes)
	}
	return nil
}

// resume holds what both ceremonies ask before an answer is looked at.
func (rp *RelyingParty) resume(kind string, u KeyUser, c Ceremony, response []byte, now time.Time) error {
	again := func(format string, args ...any) error {
		return refuse("This request is no longer valid. Start again.", format, args...)
	}
	switch {
	case rp.unusable != nil:
		return rp.unusable
	case c.Kind != kind:
		return again("a ceremony of kind %q was finished as %s", c.Kind, kind)
	case !now.Before(c.Expires):
		return refuse("This took more than five minutes. Start again.", "the challenge expired at %s", c.Expires.UTC().Format(time.RFC3339))
	case len(u.Handle) == 0 || !bytes.Equal(u.Handle, c.UserHandle):
		return again("the ceremony was begun by another user")
	case len(response) > maxResponseBytes:
		return refuse("The browser's answer is too long. Try again, or use another key.", "an answer of %d bytes, more than %d", len(response), maxResponseBytes)
	}
	return nil
}

// checkClient holds the answer to what the browser saw (WebAuthn L3 §7.1 steps 8 to
// 11, §7.2 steps 11 to 14). The library checks it too, but takes any spelling of the
// origin, and only here the user learns what to do.
func (rp *RelyingParty) checkClient(data protocol.CollectedClientData, c Ceremony) error {
	challenge := base64.RawURLEncoding.EncodeToString(c.Challenge)
	switch {
	case subtle.ConstantTimeCompare([]byte(data.Challenge), []byte(challenge)) != 1:
		return refuse("This is the answer to another request. Start again.", "the challenge is not the one that was sent")
	case data.Origin != rp.origin:
		return refuse(fmt.Sprintf("Passkeys and security keys work only at %s. Open the management console there and try again.", rp.origin),
			"the browser was at %.200q, not at %s", data.Origin, rp.origin)
	case data.CrossOrigin || data.TopOrigin != "":
		return refuse(fmt.Sprintf("Passkeys and security keys don't work inside another page. Open %s itself and try again.", rp.origin),
			"the console was embedded in another origin, %.200q", data.TopOrigin)
	}
	return nil
}

// checkFlags holds the flags of the authenticator data to the ceremony (WebAuthn L3
// §7.1 steps 15 to 18, §7.2 steps 16 to 18).
func checkFlags(flags protocol.AuthenticatorFlags, c Ceremony) error {
	switch {
	case !flags.HasUserPresent():
		return refuse(unverified, "the user was not present")
	case c.UserVerification == string(protocol.VerificationRequired) && !flags.HasUserVerified():
		return refuse("The key has to check that it is you. Set up a PIN, fingerprint or face on it, or use another key.", "the user was not verified")
	case flags.HasBackupState() && !flags.HasBackupEligible():
		return refuse(unverified, "backed up without being eligible for backup")
	}
	return nil
}

// unverified is the reason of refusals that only a broken or forged answer meets.
const unverified = "The answer of the security key could not be verified. Try again, or use another key."

func refuse(reason, format string, args ...any) *KeyError {
	return &KeyError{Reason: reason, Err: fmt.Errorf("mfa: "+format, args...)}
}

// refuseLibrary is a refusal by the library, with the details that it keeps out of Error.
func refuseLibrary(err error) *KeyError {
	if detailed := (*protocol.Error)(nil); errors.As(err, &detailed) && detailed.DevInfo != "" {
		return refuse(unverified, "%w (%.300q)", err, detailed.DevInfo)
	}
	return refuse(unverified, "%w", err)
}

// libraryUser shows a KeyUser to the library.
type libraryUser struct {
	KeyUser
	keys []SecurityKey
}

func (u libraryUser) WebAuthnID() []byte          { return u.Handle }
func (u libraryUser) WebAuthnName() string        { return u.Name }
func (u libraryUser) WebAuthnDisplayName() string { return u.DisplayName }

func (u libraryUser) WebAuthnCredentials() []webauthn.Credential {
	credentials := make([]webauthn.Credential, len(u.keys))
	for i, k := range u.keys {
		credentials[i] = webauthn.Credential{
			ID:            k.CredentialID,
			PublicKey:     k.PublicKey,
			Flags:         webauthn.CredentialFlags{BackupEligible: k.BackupEligible},
			Authenticator: webauthn.Authenticator{SignCount: k.SignCount},
		}
		for _, transport := range k.Transports {
			credentials[i].Transport = append(credentials[i].Transport, protocol.AuthenticatorTransport(transport))
		}
	}
	return credentials
}

// key returns the user's key of an id, or nil.
func (u KeyUser) key(id []byte) *SecurityKey {
	i := slices.IndexFunc(u.Keys, func(k SecurityKey) bool { return bytes.Equal(k.CredentialID, id) })
	if i < 0 {
		return nil
	}
	return &u.Keys[i]
}

func marshalOptions(options any) (json.RawMessage, error) {
	text, err := json.Marshal(options)
	if err != nil {
		return nil, fmt.Errorf("mfa: options: %w", err)
	}
	return text, nil
}
