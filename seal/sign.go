package seal

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/signature"
)

// Sign returns the Ed25519 signature over message, preceded by the five bytes that
// name the key. Callers put into message what it is, so that a signature over one
// kind of thing is none over another.
func (k *Keyset) Sign(message []byte) []byte {
	sig, err := k.keys.Load().signer.Sign(message)
	if err != nil {
		panic("seal: signing failed: " + err.Error()) // Ed25519 takes every message
	}
	return sig
}

// PublicKeys returns the public halves of all signing keys, old, present and next,
// as a Tink keyset in JSON. It is no secret; keep a copy where the audit log is
// verified, apart from the machine that writes it.
func (k *Keyset) PublicKeys() []byte { return bytes.Clone(k.keys.Load().public) }

// Verify checks a signature of [Keyset.Sign] with what [Keyset.PublicKeys] returned,
// then or after any later rotation.
func Verify(publicKeys, message, sig []byte) error {
	handle, err := keyset.ReadWithNoSecrets(keyset.NewJSONReader(bytes.NewReader(publicKeys)))
	if err != nil {
		return errors.New("seal: these are not the public keys of a keyset")
	}
	verifier, err := signature.NewVerifier(handle)
	if err != nil {
		return errors.New("seal: these are not public keys for signatures")
	}
	if err := verifier.Verify(sig, message); err != nil {
		return errors.New("seal: the signature does not match")
	}
	return nil
}

func publicJSON(private *keyset.Handle) ([]byte, error) {
	public, err := private.Public()
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := public.WriteWithNoSecrets(keyset.NewJSONWriter(&text)); err != nil {
		return nil, err
	}
	return compact(text.Bytes())
}

// compact removes white space, which protobuf's JSON writer varies on purpose.
func compact(text []byte) ([]byte, error) {
	var out bytes.Buffer
	if err := json.Compact(&out, text); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
