package mfa_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"

	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/mfa/mfatest"
)

// assertionAttack is an attempt to sign in as alice without being her.
type assertionAttack struct {
	name   string
	change func(*assertionAttack)
	log    string // why it is refused

	key      *mfatest.Authenticator
	user     *mfa.KeyUser
	ceremony *mfa.Ceremony
	after    time.Duration
	response func([]byte) []byte
}

// Every answer that is not a good one of a key of that user is refused.
func TestAttack25_ForgedAssertion(t *testing.T) {
	type attack = assertionAttack
	other := mfatest.New(origin)
	otherKey := register(t, relyingParty(t, nil), other)
	for _, a := range []attack{
		{name: "bogus signature", change: func(a *attack) { a.key.BogusSignature = true }, log: "assertion signature"},
		{name: "another user's key", change: func(a *attack) { a.key = other }, log: "not among those allowed"},
		{name: "another user's key under the name of the right one", change: func(a *attack) {
			other := mfatest.New(origin)
			register(t, relyingParty(t, nil), other)
			other.CredentialID = a.user.Keys[0].CredentialID
			a.key = other
		}, log: "assertion signature"},
		{name: "a key that was added after the ceremony began", change: func(a *attack) {
			a.ceremony.Credentials = [][]byte{otherKey.CredentialID}
		}, log: "not among those allowed"},
		{name: "a key that was removed after the ceremony began", change: func(a *attack) {
			a.user.Keys = []mfa.SecurityKey{otherKey}
		}, log: "not among those allowed"},
		{name: "wrong origin", change: func(a *attack) { a.key.Origin = "https://iam.example.com.evil.example" }, log: "evil.example"},
		{name: "origin in another scheme", change: func(a *attack) { a.key.Origin = "http://iam.example.com" }, log: "http://iam"},
		{name: "origin on another port", change: func(a *attack) { a.key.Origin = origin + ":8443" }, log: ":8443"},
		{name: "origin of a subdomain", change: func(a *attack) { a.key.Origin = "https://x.iam.example.com" }, log: "https://x.iam"},
		{name: "origin in capitals", change: func(a *attack) { a.key.Origin = "https://IAM.example.com" }, log: "IAM"},
		{name: "origin with a path", change: func(a *attack) { a.key.Origin = origin + "/x" }, log: "/x"},
		{name: "no origin", change: func(a *attack) { a.key.Origin = "" }, log: `""`},
		{name: "embedded in another page", change: func(a *attack) { a.key.CrossOrigin = true }, log: "embedded"},
		{name: "embedded, with the embedder named", change: func(a *attack) {
			a.key.CrossOrigin, a.key.TopOrigin = true, "https://evil.example"
		}, log: "evil.example"},
		{name: "top origin without embedding", change: func(a *attack) { a.key.TopOrigin = origin }, log: "embedded"},
		{name: "wrong relying party", change: func(a *attack) { a.key.RPID = "example.com" }, log: "RP Hash"},
		{name: "other challenge", change: func(a *attack) { a.key.Challenge = bytes.Repeat([]byte{1}, 32) }, log: "challenge is not"},
		{name: "empty challenge on both sides", change: func(a *attack) {
			a.key.Challenge, a.ceremony.Challenge = []byte{}, nil
		}, log: "invalid challenge"},
		{name: "a registration for a sign-in", change: func(a *attack) { a.key.Type = "webauthn.create" }, log: "webauthn.create"},
		{name: "user not present", change: func(a *attack) { a.key.UserPresent = false }, log: "not present"},
		{name: "user not verified though required", change: func(a *attack) {
			a.key.UserVerified, a.ceremony.UserVerification = false, "required"
		}, log: "not verified"},
		{name: "handle of another user", change: func(a *attack) { a.key.UserHandle = []byte("handle of mallory") }, log: "handle"},
		{name: "backed up without being eligible", change: func(a *attack) { a.key.BackedUp = true }, log: "without being eligible"},
		{name: "eligible for backup since", change: func(a *attack) { a.key.BackupEligible = true }, log: "Backup Eligible"},
		{name: "too late", change: func(a *attack) { a.after = 5 * time.Minute }, log: "expired"},
		{name: "ceremony without an end", change: func(a *attack) { a.ceremony.Expires = time.Time{} }, log: "expired"},
		{name: "ceremony of another user", change: func(a *attack) { a.user.Handle = []byte("handle of mallory") }, log: "another user"},
		{name: "ceremony of nobody", change: func(a *attack) { a.user.Handle, a.ceremony.UserHandle = nil, nil }, log: "another user"},
		{name: "registration's ceremony", change: func(a *attack) { a.ceremony.Kind = "registration" }, log: "kind"},
		{name: "ceremony of no kind", change: func(a *attack) { a.ceremony.Kind = "" }, log: "kind"},
		{name: "no answer", change: func(a *attack) { a.response = func([]byte) []byte { return nil } }, log: "EOF"},
		{name: "null", change: func(a *attack) { a.response = func([]byte) []byte { return []byte("null") } }, log: "ID missing"},
		{name: "two answers", change: func(a *attack) { a.response = func(r []byte) []byte { return append(r, r...) } }, log: "trailing"},
		{name: "endless answer", change: func(a *attack) {
			a.response = func(r []byte) []byte { return append(r, bytes.Repeat([]byte(" "), 64<<10)...) }
		}, log: "more than 65536"},
		{name: "id and rawId differ", change: func(a *attack) {
			a.response = edit(func(o map[string]any) { o["id"] = "AAAA" })
		}, log: "rawId"},
		{name: "not a public key", change: func(a *attack) {
			a.response = edit(func(o map[string]any) { o["type"] = "password" })
		}, log: "type"},
		{name: "empty signature", change: func(a *attack) {
			a.response = edit(func(o map[string]any) { o["response"].(map[string]any)["signature"] = "" })
		}, log: "signature"},
		{name: "authenticator data cut short", change: func(a *attack) {
			a.response = edit(func(o map[string]any) { o["response"].(map[string]any)["authenticatorData"] = "AAAA" })
		}, log: "auth data"},
	} {
		t.Run(a.name, func(t *testing.T) {
			rp := relyingParty(t, nil)
			a.key = mfatest.New(origin)
			u := user(register(t, rp, a.key))
			options, c, err := rp.BeginAssertion(u, noon)
			if err != nil {
				t.Fatal(err)
			}
			a.user, a.ceremony = &u, &c
			a.change(&a)
			response := a.key.Get(options)
			if a.response != nil {
				response = a.response(response)
			}
			got, err := rp.FinishAssertion(u, c, response, noon.Add(a.after))
			wantRefused(t, err, a.log)
			if got.CredentialID != nil || got.UserVerified || errors.Is(err, mfa.ErrClonedKey) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// A user without keys can't begin, and a ceremony made for one lets nobody in.
func TestAttack25_UserWithoutKeys(t *testing.T) {
	rp, a := relyingParty(t, nil), mfatest.New(origin)
	key := register(t, rp, a)
	_, _, err := rp.BeginAssertion(user(), noon)
	wantRefused(t, err, "no keys")

	options, c, err := rp.BeginAssertion(user(key), noon)
	if err != nil {
		t.Fatal(err)
	}
	response := a.Get(options)
	_, err = rp.FinishAssertion(user(), c, response, noon)
	wantRefused(t, err, "not among those allowed")
	c.Credentials = nil
	_, err = rp.FinishAssertion(user(key), c, response, noon)
	wantRefused(t, err, "not among those allowed")
}

// Every prefix and every flipped bit of what is signed is refused.
func TestAttack25_AlteredAssertion(t *testing.T) {
	rp, a := relyingParty(t, nil), mfatest.New(origin)
	key := register(t, rp, a)
	options, c, err := rp.BeginAssertion(user(key), noon)
	if err != nil {
		t.Fatal(err)
	}
	response := a.Get(options)
	for i := range response {
		if _, err := rp.FinishAssertion(user(key), c, response[:i], noon); err == nil {
			t.Fatalf("the first %d bytes were accepted", i)
		}
	}
	for _, field := range []string{"clientDataJSON", "authenticatorData", "signature"} {
		n := len(decodeField(t, response, field))
		for i := range 8 * n {
			altered := edit(func(o map[string]any) {
				bytes := decodeField(t, response, field)
				bytes[i/8] ^= 1 << (i % 8)
				o["response"].(map[string]any)[field] = base64url(bytes)
			})(response)
			if _, err := rp.FinishAssertion(user(key), c, altered, noon); err == nil {
				t.Errorf("%s was accepted with bit %d flipped", field, i)
			}
		}
	}
	if _, err := rp.FinishAssertion(user(key), c, response, noon); err != nil {
		t.Error("unaltered:", err)
	}
}

// The challenge is good until the second it expires, whatever the real clock says.
func TestCeremonyExpires(t *testing.T) {
	rp, a := relyingParty(t, nil), mfatest.New(origin)
	key := register(t, rp, a)
	for _, start := range []time.Time{noon, time.Unix(0, 0), time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)} {
		options, c, err := rp.BeginAssertion(user(key), start)
		if err != nil {
			t.Fatal(err)
		}
		response := a.Get(options)
		if _, err := rp.FinishAssertion(user(key), c, response, start.Add(5*time.Minute-1)); err != nil {
			t.Errorf("%s: %v", start, errors.Unwrap(err))
		}
		_, err = rp.FinishAssertion(user(key), c, response, start.Add(5*time.Minute))
		wantRefused(t, err, "expired")
	}
}

// A counter that does not grow is a clone's: WebAuthn L3 §7.2 step 22.
func TestClonedKey(t *testing.T) {
	for _, c := range []struct {
		name            string
		stored, counter uint32
		cloned          bool
		store           uint32
	}{
		{"does not count", 0, 0, false, 0},
		{"begins to count", 0, 1, false, 1},
		{"counts", 7, 8, false, 8},
		{"jumps", 7, 1 << 31, false, 1 << 31},
		{"same again", 7, 7, true, 7},
		{"goes back", 7, 3, true, 7},
		{"goes back to not counting", 7, 0, true, 7},
		{"wraps around", 1<<32 - 1, 0, true, 1<<32 - 1},
	} {
		for _, allow := range []bool{false, true} {
			rp := relyingParty(t, func(c *mfa.RelyingPartyConfig) { c.AllowClones = allow })
			a := mfatest.New(origin)
			key := register(t, rp, a)
			key.SignCount = c.stored
			a.SignCount = c.counter - 1
			got, err := signIn(t, rp, a, user(key))
			if got.Cloned != c.cloned || got.SignCount != c.store || !bytes.Equal(got.CredentialID, key.CredentialID) {
				t.Errorf("%s: %+v", c.name, got)
			}
			if refused := c.cloned && !allow; refused != (err != nil) || refused != errors.Is(err, mfa.ErrClonedKey) {
				t.Errorf("%s, clones allowed %v: %v", c.name, allow, err)
			} else if refused {
				wantRefused(t, err, "did not grow")
			}
		}
	}
	// A forged answer is not a clone, whatever its counter.
	rp, a := relyingParty(t, nil), mfatest.New(origin)
	key := register(t, rp, a)
	key.SignCount, a.BogusSignature = 100, true
	if got, err := signIn(t, rp, a, user(key)); err == nil || got.Cloned || errors.Is(err, mfa.ErrClonedKey) {
		t.Errorf("%+v, %v", got, err)
	}
}

// A user with several keys signs in with any, also while another is being removed.
func TestSeveralKeys(t *testing.T) {
	rp := relyingParty(t, nil)
	first, second := mfatest.New(origin), mfatest.New(origin)
	u := user(register(t, rp, first), register(t, rp, second))
	options, c, err := rp.BeginAssertion(u, noon)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range []*mfatest.Authenticator{first, second} {
		got, err := rp.FinishAssertion(u, c, a.Get(options), noon)
		if err != nil || !bytes.Equal(got.CredentialID, u.Keys[i].CredentialID) {
			t.Errorf("key %d: %+v, %v", i, got, err)
		}
	}
	u.Keys = u.Keys[1:]
	if _, err := rp.FinishAssertion(u, c, second.Get(options), noon); err != nil {
		t.Error(errors.Unwrap(err))
	}
}

// registrationAttack is an attempt to register what was not asked for.
type registrationAttack struct {
	name   string
	change func(*registrationAttack)
	log    string

	key      *mfatest.Authenticator
	user     *mfa.KeyUser
	ceremony *mfa.Ceremony
	after    time.Duration
	response func([]byte) []byte
}

// The server holds a registration to what it asked for; the browser's word is not enough.
func TestAttack26_RegistrationPolicy(t *testing.T) {
	type attack = registrationAttack
	for _, a := range []attack{
		{name: "algorithm not asked for", change: func(a *attack) { a.key.Algorithm = mfatest.ES384 }, log: "-35 was not asked for"},
		{name: "algorithm not asked for in this ceremony", change: func(a *attack) { a.ceremony.Algorithms = []int64{-8} }, log: "-7 was not asked for"},
		{name: "no algorithm asked for", change: func(a *attack) { a.ceremony.Algorithms = nil }, log: "not asked for"},
		{name: "duplicate credential", change: func(a *attack) {
			a.key.Repeat = true
			a.user.Keys = []mfa.SecurityKey{register(t, relyingParty(t, nil), a.key)}
		}, log: "one of the user's"},
		{name: "credential id too long", change: func(a *attack) { a.key.CredentialID = make([]byte, 1024) }, log: "Error parsing"},
		{name: "no credential id", change: func(a *attack) { a.key.CredentialID = []byte{} }, log: "Missing ID"},
		{name: "ES256 on another curve", change: func(a *attack) {
			a.key.PublicKey = encodeCBOR(map[int]any{1: 2, 3: -7, -1: 2, -2: p384[1:49], -3: p384[49:]})
		}, log: "public key"},
		{name: "point that is not on the curve", change: func(a *attack) {
			a.key.PublicKey = encodeCBOR(map[int]any{1: 2, 3: -7, -1: 1, -2: make([]byte, 32), -3: make([]byte, 32)})
		}, log: "public key"},
		{name: "EdDSA on another curve", change: func(a *attack) {
			a.key.PublicKey = encodeCBOR(map[int]any{1: 1, 3: -8, -1: 7, -2: make([]byte, 57)})
		}, log: "public key"},
		{name: "RSA key that can be factored", change: func(a *attack) {
			a.key.PublicKey = encodeCBOR(map[int]any{1: 3, 3: -257, -1: bytes.Repeat([]byte{0xff}, 128), -2: []byte{1, 0, 1}})
		}, log: "1024 bits"},
		{name: "RSA key that takes for ever", change: func(a *attack) {
			a.key.PublicKey = encodeCBOR(map[int]any{1: 3, 3: -257, -1: bytes.Repeat([]byte{0xff}, 4096), -2: []byte{1, 0, 1}})
		}, log: "more than 2048"},
		{name: "RSA under the name of ES256", change: func(a *attack) {
			a.key.PublicKey = encodeCBOR(map[int]any{1: 3, 3: -7, -1: bytes.Repeat([]byte{0xff}, 256), -2: []byte{1, 0, 1}})
		}, log: "RSA key for algorithm -7"},
		{name: "public key that is none", change: func(a *attack) { a.key.PublicKey = encodeCBOR(map[int]any{}) }, log: "public key"},
		{name: "user not verified though required", change: func(a *attack) {
			a.key.UserVerified, a.ceremony.UserVerification = false, "required"
		}, log: "not verified"},
		{name: "user not present", change: func(a *attack) { a.key.UserPresent = false }, log: "not present"},
		{name: "backed up without being eligible", change: func(a *attack) { a.key.BackedUp = true }, log: "without being eligible"},
		{name: "bogus self attestation", change: func(a *attack) {
			a.key.Attestation, a.key.BogusSignature = mfatest.Self, true
		}, log: "ignature"},
		{name: "bogus full attestation", change: func(a *attack) {
			a.key.Attestation, a.key.CA, a.key.BogusSignature = mfatest.Packed, mfatest.NewCA("maker"), true
		}, log: "ignature"},
		{name: "certificate that takes for ever", change: func(a *attack) {
			a.response = restate("packed", map[string]any{"alg": -257, "sig": []byte{1}, "x5c": [][]byte{hugeCertificate()}})
		}, log: "RSA key of 65536 bits"},
		{name: "the same in a compound", change: func(a *attack) {
			part := map[string]any{"fmt": "packed", "attStmt": map[string]any{"alg": -257, "sig": []byte{1}, "x5c": [][]byte{hugeCertificate()}}}
			a.response = restate("compound", []any{part, part})
		}, log: "RSA key of 65536 bits"},
		{name: "the same in a SafetyNet response", change: func(a *attack) {
			a.response = restate("android-safetynet", map[string]any{"ver": "1", "response": []byte("a.b.c")})
		}, log: "SafetyNet"},
		{name: "certificates without end", change: func(a *attack) {
			a.response = restate("packed", map[string]any{"alg": -7, "sig": []byte{1}, "x5c": slices.Repeat([]any{maker.Certificate.Raw}, 11)})
		}, log: "11 certificates"},
		{name: "attestation of no known format", change: func(a *attack) {
			a.response = restate("trust-me", map[string]any{})
		}, log: "trust-me"},
		{name: "attestation \"none\" with a statement", change: func(a *attack) {
			a.response = restate("none", map[string]any{"x": 1})
		}, log: "none"},
		{name: "certificates that are none", change: func(a *attack) {
			a.response = restate("packed", map[string]any{"alg": -7, "sig": []byte{1}, "x5c": []any{1}})
		}, log: "x5c"},
		{name: "wrong origin", change: func(a *attack) { a.key.Origin = "https://evil.example" }, log: "evil.example"},
		{name: "embedded in another page", change: func(a *attack) { a.key.CrossOrigin = true }, log: "embedded"},
		{name: "wrong relying party", change: func(a *attack) { a.key.RPID = "example.com" }, log: "RP Hash"},
		{name: "other challenge", change: func(a *attack) { a.key.Challenge = bytes.Repeat([]byte{1}, 32) }, log: "challenge is not"},
		{name: "a sign-in for a registration", change: func(a *attack) { a.key.Type = "webauthn.get" }, log: "webauthn.get"},
		{name: "too late", change: func(a *attack) { a.after = 5 * time.Minute }, log: "expired"},
		{name: "ceremony of another user", change: func(a *attack) { a.user.Handle = []byte("handle of mallory") }, log: "another user"},
		{name: "sign-in's ceremony", change: func(a *attack) { a.ceremony.Kind = "assertion" }, log: "kind"},
		{name: "no answer", change: func(a *attack) { a.response = func([]byte) []byte { return nil } }, log: "EOF"},
		{name: "endless answer", change: func(a *attack) {
			a.response = func(r []byte) []byte { return append(r, bytes.Repeat([]byte(" "), 64<<10)...) }
		}, log: "more than 65536"},
		{name: "id that is not the attested one", change: func(a *attack) {
			a.response = edit(func(o map[string]any) { o["id"], o["rawId"] = "AAAA", "AAAA" })
		}, log: "credential id"},
		{name: "no attestation object", change: func(a *attack) {
			a.response = edit(func(o map[string]any) { delete(o["response"].(map[string]any), "attestationObject") })
		}, log: "attestation"},
	} {
		t.Run(a.name, func(t *testing.T) {
			rp, u := relyingParty(t, nil), user()
			a.key, a.user = mfatest.New(origin), &u
			options, c, err := rp.BeginRegistration(u, noon)
			if err != nil {
				t.Fatal(err)
			}
			a.ceremony = &c
			a.change(&a)
			response := a.key.Create(options)
			if a.response != nil {
				response = a.response(response)
			}
			got, err := rp.FinishRegistration(u, c, response, noon.Add(a.after))
			wantRefused(t, err, a.log)
			if got != nil {
				t.Errorf("%+v", got)
			}
		})
	}
}

// One half of "single use" is the caller's, who takes the ceremony out of the store.
// Here: an answer fits the one ceremony it was made for, and no other.
func TestAttack27_ReplayedAnswer(t *testing.T) {
	rp, a := relyingParty(t, nil), mfatest.New(origin)
	options, c, err := rp.BeginRegistration(user(), noon)
	if err != nil {
		t.Fatal(err)
	}
	response := a.Create(options)
	key, err := rp.FinishRegistration(user(), c, response, noon)
	if err != nil {
		t.Fatal(err)
	}
	_, next, err := rp.BeginRegistration(user(), noon)
	if err != nil {
		t.Fatal(err)
	}
	_, err = rp.FinishRegistration(user(), next, response, noon)
	wantRefused(t, err, "challenge is not")
	_, err = rp.FinishRegistration(user(*key), c, response, noon)
	wantRefused(t, err, "one of the user's")

	options, c, err = rp.BeginAssertion(user(*key), noon)
	if err != nil {
		t.Fatal(err)
	}
	response = a.Get(options)
	if _, err := rp.FinishAssertion(user(*key), c, response, noon); err != nil {
		t.Fatal(err)
	}
	_, next, err = rp.BeginAssertion(user(*key), noon)
	if err != nil {
		t.Fatal(err)
	}
	_, err = rp.FinishAssertion(user(*key), next, response, noon)
	wantRefused(t, err, "challenge is not")
}

// edit returns a function that changes the JSON of an answer.
func edit(change func(map[string]any)) func([]byte) []byte {
	return func(response []byte) []byte {
		var o map[string]any
		if err := json.Unmarshal(response, &o); err != nil {
			panic(err)
		}
		change(o)
		text, err := json.Marshal(o)
		if err != nil {
			panic(err)
		}
		return text
	}
}

// p384 is a good key of a curve that is not asked for: a point in uncompressed form, a byte and two coordinates.
var p384 = func() []byte {
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		panic(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		panic(err)
	}
	return point
}()

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func encodeCBOR(v any) []byte {
	b, err := webauthncbor.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// decodeField returns the bytes of a field of the authenticator's answer.
func decodeField(t testing.TB, response []byte, field string) []byte {
	t.Helper()
	var o struct{ Response map[string]any }
	if err := json.Unmarshal(response, &o); err != nil {
		t.Fatal(err)
	}
	b, err := base64.RawURLEncoding.DecodeString(o.Response[field].(string))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// restate returns a function that gives an answer another attestation statement.
func restate(format string, statement any) func([]byte) []byte {
	return edit(func(o map[string]any) {
		response := o["response"].(map[string]any)
		object, err := base64.RawURLEncoding.DecodeString(response["attestationObject"].(string))
		if err != nil {
			panic(err)
		}
		response["attestationObject"] = base64url(reattest(object, format, statement))
	})
}

// hugeCertificate is a certificate for an RSA key of 65,536 bits.
func hugeCertificate() []byte {
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: noon, NotAfter: noon}
	modulus := new(big.Int).SetBytes(bytes.Repeat([]byte{0xff}, 8192))
	der, err := x509.CreateCertificate(rand.Reader, template, template, &rsa.PublicKey{N: modulus, E: 65537}, signer)
	if err != nil {
		panic(err)
	}
	return der
}
