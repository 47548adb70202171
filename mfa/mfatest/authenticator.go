// Package mfatest is for tests only: a security key in software, and metadata that
// certifies it.
//
// An [Authenticator] stands for the browser and the key together. It takes the options
// that the server made, {"publicKey": …}, and gives the JSON that the page would send
// back:
//
//	key := mfatest.New("https://iam.example.com")
//	response := key.Create(options) // navigator.credentials.create
//	response = key.Get(options)     // navigator.credentials.get
//
// As New returns it, it behaves as a good one with a PIN does. Each exported field is a
// way to misbehave; set it, and the next answer is an attack. What a browser or a key
// would refuse by itself (an excluded credential, a foreign relying party) is never
// refused here, because refusing is what the server under test has to do.
//
// A [CA] attests to the model of an Authenticator, and [CA.BLOB] signs metadata about
// models, in the form of the FIDO Metadata Service.
//
// Its methods panic on options that no server should have made.
package mfatest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
)

// The COSE algorithms that an Authenticator can sign with.
const (
	ES256 = -7
	EdDSA = -8
	ES384 = -35
	RS256 = -257
)

// Authenticator is a browser and a security key.
type Authenticator struct {
	Origin      string // where the browser is
	CrossOrigin bool   // the page is embedded in another origin
	TopOrigin   string // namely this
	Type        string // of the client data, when not "" that of the call
	Challenge   []byte // when not nil, instead of the one in the options

	RPID         string // whose hash is signed, when not "" that of the options
	UserPresent  bool
	UserVerified bool
	BackupEligible,
	BackedUp bool // synced, or what claims to be
	SignCount  uint32 // of the last answer; the next has one more
	NoCounter  bool   // always answer with a counter of 0
	Algorithm  int    // of new keys, whatever the options ask for
	UserHandle []byte // given at Get, when not nil instead of the one at Create
	Transports []string
	Attachment string

	AAGUID      [16]byte         // of the model
	Attestation string           // None, Self, Packed and so on
	CA          *CA              // signs the attestation certificate
	Extensions  []pkix.Extension // of that certificate, when not nil instead of the one that names the model
	Imported    bool             // for TPM: the key was made outside of the TPM

	BogusSignature bool   // one bit of every signature is wrong
	CredentialID   []byte // of the next new key, when not nil instead of a random one; of the key that Get says it is
	PublicKey      []byte // of the next new key, when not nil instead of a true one: a COSE_Key in CBOR
	Repeat         bool   // Create gives its latest key once more

	keys []credential
}

type credential struct {
	id, user  []byte
	algorithm int
	signer    crypto.Signer
	cose      []byte
}

// New returns an authenticator with a PIN, whose browser is at an origin.
func New(origin string) *Authenticator {
	return &Authenticator{
		Origin:       origin,
		UserPresent:  true,
		UserVerified: true,
		Algorithm:    ES256,
		Transports:   []string{"usb"},
		Attachment:   "cross-platform",
		Attestation:  None,
	}
}

// base64url is a byte string in the JSON of WebAuthn (WebAuthn L3 §5.1.8).
type base64url []byte

func (b base64url) MarshalText() ([]byte, error) {
	return []byte(base64.RawURLEncoding.EncodeToString(b)), nil
}

func (b *base64url) UnmarshalText(text []byte) (err error) {
	*b, err = base64.RawURLEncoding.DecodeString(string(text))
	return err
}

type publicKeyOptions struct {
	PublicKey struct {
		Challenge base64url
		RP        struct{ ID string }
		User      struct{ ID base64url }
		RPID      string
		Allow     []struct{ ID base64url } `json:"allowCredentials"`
	}
}

func parse(options json.RawMessage) publicKeyOptions {
	var o publicKeyOptions
	if err := json.Unmarshal(options, &o); err != nil {
		panic(fmt.Sprintf("mfatest: options: %v", err))
	}
	if len(o.PublicKey.Challenge) == 0 {
		panic("mfatest: the options have no challenge")
	}
	return o
}

// Create makes a key and registers it.
func (a *Authenticator) Create(options json.RawMessage) (response []byte) {
	o := parse(options).PublicKey
	if !a.Repeat || len(a.keys) == 0 {
		a.keys = append(a.keys, newCredential(a.Algorithm, o.User.ID))
		if a.CredentialID != nil {
			a.keys[len(a.keys)-1].id = a.CredentialID
		}
		if a.PublicKey != nil {
			a.keys[len(a.keys)-1].cose = a.PublicKey
		}
	}
	key := a.keys[len(a.keys)-1]
	clientData := a.clientData("webauthn.create", o.Challenge)

	data := a.authenticatorData(o.RP.ID, 0x40)
	data = append(data, a.AAGUID[:]...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(key.id)))
	data = append(data, key.id...)
	data = append(data, key.cose...)

	format, statement := a.attest(a.Attestation, key, data, clientData)
	object := encode(map[string]any{"fmt": format, "attStmt": statement, "authData": data})
	return a.answer(key.id, map[string]any{
		"clientDataJSON":    base64url(clientData),
		"attestationObject": base64url(object),
		"transports":        a.Transports,
	})
}

// Get signs in with the first key that the options allow, or, when none of them is
// here, with the latest.
func (a *Authenticator) Get(options json.RawMessage) (response []byte) {
	o := parse(options).PublicKey
	if len(a.keys) == 0 {
		panic("mfatest: nothing was created")
	}
	key := a.keys[len(a.keys)-1]
	for _, allowed := range o.Allow {
		for _, k := range a.keys {
			if bytes.Equal(k.id, allowed.ID) {
				key = k
			}
		}
	}
	id, user := key.id, key.user
	if a.CredentialID != nil {
		id = a.CredentialID
	}
	if a.UserHandle != nil {
		user = a.UserHandle
	}
	clientData := a.clientData("webauthn.get", o.Challenge)
	data := a.authenticatorData(o.RPID, 0)
	return a.answer(id, map[string]any{
		"clientDataJSON":    base64url(clientData),
		"authenticatorData": base64url(data),
		"signature":         base64url(a.sign(key.signer, key.algorithm, data, clientData)),
		"userHandle":        base64url(user),
	})
}

func (a *Authenticator) answer(id []byte, response map[string]any) []byte {
	text, err := json.Marshal(map[string]any{
		"id":                      base64url(id),
		"rawId":                   base64url(id),
		"type":                    "public-key",
		"authenticatorAttachment": a.Attachment,
		"clientExtensionResults":  map[string]any{},
		"response":                response,
	})
	if err != nil {
		panic(err)
	}
	return text
}

// clientData is the browser's part (WebAuthn L3 §5.8.1).
func (a *Authenticator) clientData(kind string, challenge []byte) []byte {
	if a.Type != "" {
		kind = a.Type
	}
	if a.Challenge != nil {
		challenge = a.Challenge
	}
	text, err := json.Marshal(struct {
		Type        string    `json:"type"`
		Challenge   base64url `json:"challenge"`
		Origin      string    `json:"origin"`
		CrossOrigin bool      `json:"crossOrigin"`
		TopOrigin   string    `json:"topOrigin,omitempty"`
	}{kind, challenge, a.Origin, a.CrossOrigin, a.TopOrigin})
	if err != nil {
		panic(err)
	}
	return text
}

// authenticatorData is the key's part, without an attested credential (WebAuthn L3 §6.1).
func (a *Authenticator) authenticatorData(rpID string, flags byte) []byte {
	if a.RPID != "" {
		rpID = a.RPID
	}
	for bit, set := range map[byte]bool{0x01: a.UserPresent, 0x04: a.UserVerified, 0x08: a.BackupEligible, 0x10: a.BackedUp} {
		if set {
			flags |= bit
		}
	}
	var counter uint32
	if !a.NoCounter {
		a.SignCount++
		counter = a.SignCount
	}
	hash := sha256.Sum256([]byte(rpID))
	return binary.BigEndian.AppendUint32(append(hash[:], flags), counter)
}

func (a *Authenticator) sign(signer crypto.Signer, algorithm int, data, clientData []byte) []byte {
	hash := sha256.Sum256(clientData)
	return a.signMessage(signer, algorithm, append(bytes.Clone(data), hash[:]...))
}

func (a *Authenticator) signMessage(signer crypto.Signer, algorithm int, message []byte) []byte {
	signature := sign(signer, algorithm, message)
	if a.BogusSignature {
		signature[len(signature)-1] ^= 1
	}
	return signature
}

func sign(signer crypto.Signer, algorithm int, message []byte) []byte {
	var options crypto.SignerOpts = crypto.SHA256
	switch algorithm {
	case EdDSA:
		options = crypto.Hash(0)
	case ES384:
		options = crypto.SHA384
	}
	if hash := options.HashFunc(); hash != 0 {
		h := hash.New()
		h.Write(message)
		message = h.Sum(nil)
	}
	signature, err := signer.Sign(rand.Reader, message, options)
	if err != nil {
		panic(err)
	}
	return signature
}

func newCredential(algorithm int, user []byte) credential {
	c := credential{id: make([]byte, 32), user: user, algorithm: algorithm}
	rand.Read(c.id)
	key := map[int]any{3: algorithm} // COSE_Key, RFC 9053 §7
	ec := func(curve elliptic.Curve, number int) {
		private := must(ecdsa.GenerateKey(curve, rand.Reader))
		point := must(private.PublicKey.Bytes())[1:]
		key[1], key[-1], key[-2], key[-3] = 2, number, point[:len(point)/2], point[len(point)/2:]
		c.signer = private
	}
	switch algorithm {
	case ES256:
		ec(elliptic.P256(), 1)
	case ES384:
		ec(elliptic.P384(), 2)
	case EdDSA:
		public, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			panic(err)
		}
		key[1], key[-1], key[-2] = 1, 6, []byte(public)
		c.signer = private
	case RS256:
		private := must(rsa.GenerateKey(rand.Reader, 2048))
		key[1], key[-1], key[-2] = 3, private.N.Bytes(), []byte{1, 0, 1}
		c.signer = private
	default:
		panic(fmt.Sprintf("mfatest: algorithm %d", algorithm))
	}
	c.cose = encode(key)
	return c
}

func encode(v any) []byte { return must(webauthncbor.Marshal(v)) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
