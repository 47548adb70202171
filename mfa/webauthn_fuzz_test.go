package mfa_test

import (
	"errors"
	"testing"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"

	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/mfa/mfatest"
)

// authenticators of every kind, as seeds.
func authenticators() []*mfatest.Authenticator {
	var all []*mfatest.Authenticator
	for _, algorithm := range []int{mfatest.ES256, mfatest.EdDSA, mfatest.RS256, mfatest.ES384} {
		for _, attestation := range []string{mfatest.None, mfatest.Self, mfatest.Packed} {
			a := mfatest.New(origin)
			a.Algorithm, a.Attestation, a.AAGUID, a.CA = algorithm, attestation, model, maker
			all = append(all, a)
		}
	}
	for _, attestation := range []string{mfatest.U2F, mfatest.TPM, mfatest.AndroidKey, mfatest.Compound} {
		a := mfatest.New(origin)
		a.Attestation, a.CA = attestation, maker
		all = append(all, a)
	}
	return all
}

// No bytes from a browser panic, and what is accepted is a whole key.
func FuzzFinishRegistration(f *testing.F) {
	metadata := readMetadata(f, mfatest.Model{AAGUID: model, CA: maker})
	rp := relyingParty(f, func(c *mfa.RelyingPartyConfig) { c.Metadata = metadata })
	options, c, err := rp.BeginRegistration(user(), noon)
	if err != nil {
		f.Fatal(err)
	}
	for _, a := range authenticators() {
		f.Add(a.Create(options))
	}
	f.Fuzz(func(t *testing.T, response []byte) {
		key, err := rp.FinishRegistration(user(), c, response, noon)
		if refusal := (*mfa.KeyError)(nil); err != nil && (!errors.As(err, &refusal) || refusal.Reason == "" || refusal.Err == nil || key != nil) {
			t.Fatalf("%+v, %#v", key, err)
		}
		if err != nil {
			return
		}
		if n := len(key.CredentialID); n == 0 || n > 1023 || len(key.PublicKey) == 0 || len(key.AAGUID) != 16 {
			t.Errorf("accepted %+v", key)
		}
		if _, _, err := rp.BeginAssertion(user(*key), noon); err != nil {
			t.Error(err)
		}
	})
}

func FuzzFinishAssertion(f *testing.F) {
	rp := relyingParty(f, nil)
	var keys []mfa.SecurityKey
	all := authenticators()[:9] // those of the algorithms asked for
	for _, a := range all {
		keys = append(keys, register(f, rp, a))
	}
	_, c, err := rp.BeginAssertion(user(keys...), noon)
	if err != nil {
		f.Fatal(err)
	}
	for i, a := range all {
		options, _, err := rp.BeginAssertion(user(keys[i]), noon)
		if err != nil {
			f.Fatal(err)
		}
		a.Challenge = c.Challenge
		f.Add(a.Get(options))
	}
	f.Fuzz(func(t *testing.T, response []byte) {
		got, err := rp.FinishAssertion(user(keys...), c, response, noon)
		if refusal := (*mfa.KeyError)(nil); err != nil && (!errors.As(err, &refusal) || refusal.Reason == "" || refusal.Err == nil) {
			t.Fatalf("%#v", err)
		}
		if (err == nil) != (got.CredentialID != nil) && !errors.Is(err, mfa.ErrClonedKey) {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// The parsers of the attestation formats, past the checks that stop a fuzzer: the
// challenge and the origin are right, and the attestation object is anything.
func FuzzAttestationObject(f *testing.F) {
	metadata := readMetadata(f, mfatest.Model{AAGUID: model, CA: maker}, mfatest.Model{CA: maker})
	rp := relyingParty(f, func(c *mfa.RelyingPartyConfig) { c.Metadata = metadata })
	options, c, err := rp.BeginRegistration(user(), noon)
	if err != nil {
		f.Fatal(err)
	}
	a := mfatest.New(origin)
	a.CredentialID = []byte("a credential id")
	genuine := a.Create(options)
	for _, a := range authenticators() {
		a.CredentialID = []byte("a credential id")
		f.Add(decodeField(f, a.Create(options), "attestationObject"))
	}
	object := decodeField(f, genuine, "attestationObject")
	for _, format := range []string{"tpm", "android-key", "android-safetynet", "apple", "fido-u2f", "compound"} {
		for _, statement := range []any{map[string]any{}, []any{},
			map[string]any{"x5c": []any{}, "sig": []byte{}, "alg": -7, "ver": "2.0", "certInfo": []byte{}, "pubArea": []byte{}, "response": []byte("a.b.c")},
			map[string]any{"x5c": []any{maker.Certificate.Raw}, "sig": []byte{1}, "alg": -7, "ver": "2.0", "certInfo": []byte{1}, "pubArea": []byte{1}}} {
			f.Add(reattest(object, format, statement))
		}
	}
	f.Fuzz(func(t *testing.T, object []byte) {
		response := edit(func(o map[string]any) {
			o["response"].(map[string]any)["attestationObject"] = base64url(object)
		})(genuine)
		if key, err := rp.FinishRegistration(user(), c, response, noon); (key == nil) != (err != nil) {
			t.Errorf("%v, %v", key, err)
		}
	})
}

// reattest puts another attestation statement into an attestation object.
func reattest(object []byte, format string, statement any) []byte {
	var o map[string]any
	if err := webauthncbor.Unmarshal(object, &o); err != nil {
		panic(err)
	}
	o["fmt"], o["attStmt"] = format, statement
	return encodeCBOR(o)
}
