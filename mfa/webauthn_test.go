package mfa_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/mfa/mfatest"
)

const origin = "https://iam.example.com"

// noon is far from the real time, so that a check against the real clock would show.
var noon = time.Date(2041, 6, 1, 12, 0, 0, 0, time.UTC)

func relyingParty(t testing.TB, change func(*mfa.RelyingPartyConfig)) *mfa.RelyingParty {
	t.Helper()
	c := mfa.RelyingPartyConfig{ExternalURL: origin, Name: "Sallyport"}
	if change != nil {
		change(&c)
	}
	rp, err := mfa.NewRelyingParty(c)
	if err != nil {
		t.Fatal(err)
	}
	return rp
}

func user(keys ...mfa.SecurityKey) mfa.KeyUser {
	return mfa.KeyUser{Handle: []byte("handle of alice"), Name: "alice @ 123456789012", DisplayName: "alice", Keys: keys}
}

// register registers a new key of the authenticator, which must succeed.
func register(t testing.TB, rp *mfa.RelyingParty, a *mfatest.Authenticator) mfa.SecurityKey {
	t.Helper()
	options, c, err := rp.BeginRegistration(user(), noon)
	if err != nil {
		t.Fatal(err)
	}
	key, err := rp.FinishRegistration(user(), c, a.Create(options), noon.Add(time.Minute))
	if err != nil {
		t.Fatal(err, errors.Unwrap(err))
	}
	return *key
}

// signIn answers an assertion with the authenticator.
func signIn(t testing.TB, rp *mfa.RelyingParty, a *mfatest.Authenticator, u mfa.KeyUser) (mfa.Assertion, error) {
	t.Helper()
	options, c, err := rp.BeginAssertion(u, noon)
	if err != nil {
		t.Fatal(err)
	}
	return rp.FinishAssertion(u, c, a.Get(options), noon.Add(time.Minute))
}

// wantRefused checks that an error is a refusal with something to say to both the
// user and the operator.
func wantRefused(t *testing.T, err error, log string) {
	t.Helper()
	var refusal *mfa.KeyError
	switch {
	case !errors.As(err, &refusal):
		t.Fatalf("not refused: %v", err)
	case !strings.HasSuffix(refusal.Reason, "."), refusal.Error() != refusal.Reason:
		t.Errorf("reason %q", refusal.Reason)
	case refusal.Err == nil || !strings.Contains(refusal.Err.Error(), log):
		t.Errorf("refused because %q, want %q", refusal.Err, log)
	}
}

func TestRegisterAndSignIn(t *testing.T) {
	type authenticator = mfatest.Authenticator
	for _, c := range []struct {
		name   string
		change func(*authenticator)
		check  func(mfa.SecurityKey) bool
	}{
		{"security key", func(*authenticator) {}, func(k mfa.SecurityKey) bool {
			return k.Algorithm == -7 && k.UserVerified && !k.BackupEligible && !k.BackedUp && k.Attestation == "none" &&
				reflect.DeepEqual(k.Transports, []string{"usb"}) && k.Attachment == "cross-platform" && k.SignCount == 1
		}},
		{"Ed25519", func(a *authenticator) { a.Algorithm = mfatest.EdDSA }, func(k mfa.SecurityKey) bool { return k.Algorithm == -8 }},
		{"RSA", func(a *authenticator) { a.Algorithm = mfatest.RS256 }, func(k mfa.SecurityKey) bool { return k.Algorithm == -257 }},
		{"self attestation", func(a *authenticator) { a.Attestation = mfatest.Self },
			func(k mfa.SecurityKey) bool { return k.Attestation == "packed/basic_surrogate" }},
		{"full attestation", func(a *authenticator) { a.Attestation, a.CA = mfatest.Packed, mfatest.NewCA("maker") },
			func(k mfa.SecurityKey) bool { return k.Attestation == "packed/basic_full" && k.Certifications == nil }},
		{"synced passkey", func(a *authenticator) {
			a.BackupEligible, a.BackedUp, a.NoCounter, a.Attachment = true, true, true, "platform"
			a.Transports = []string{"internal", "hybrid"}
		}, func(k mfa.SecurityKey) bool {
			return k.BackupEligible && k.BackedUp && k.SignCount == 0 && k.Attachment == "platform"
		}},
		{"without a PIN", func(a *authenticator) { a.UserVerified = false }, func(k mfa.SecurityKey) bool { return !k.UserVerified }},
		{"longest credential id", func(a *authenticator) { a.CredentialID = bytes.Repeat([]byte{7}, 1023) },
			func(k mfa.SecurityKey) bool { return len(k.CredentialID) == 1023 }},
		{"key that forgets the user handle", func(a *authenticator) { a.UserHandle = []byte{} }, func(mfa.SecurityKey) bool { return true }},
		{"transports without end", func(a *authenticator) {
			a.Transports = nil
			for i := range 100 {
				a.Transports = append(a.Transports, strings.Repeat("x", 1+i%30))
			}
		}, func(k mfa.SecurityKey) bool { return len(k.Transports) == 16 }},
		{"transports of tomorrow, and rubbish", func(a *authenticator) {
			a.Transports = []string{"thought-transfer", "usb", "usb", "<script>", "", strings.Repeat("x", 33)}
		}, func(k mfa.SecurityKey) bool {
			return reflect.DeepEqual(k.Transports, []string{"thought-transfer", "usb"})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rp, a := relyingParty(t, nil), mfatest.New(origin)
			c.change(a)
			key := register(t, rp, a)
			if !c.check(key) || len(key.AAGUID) != 16 {
				t.Errorf("registered as %+v", key)
			}
			got, err := signIn(t, rp, a, user(key))
			if err != nil {
				t.Fatal(err, errors.Unwrap(err))
			}
			want := mfa.Assertion{CredentialID: key.CredentialID, SignCount: a.SignCount, BackedUp: a.BackedUp, UserVerified: a.UserVerified}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

// What the browser is told: the shape of WebAuthn L3 §5.4 and §5.5.
func TestOptions(t *testing.T) {
	rp, a := relyingParty(t, nil), mfatest.New(origin)
	key := register(t, rp, a)
	decode := func(text json.RawMessage) map[string]any {
		t.Helper()
		var o map[string]map[string]any
		if err := json.Unmarshal(text, &o); err != nil || len(o) != 1 {
			t.Fatal(string(text), err)
		}
		return o["publicKey"]
	}
	text, c, err := rp.BeginRegistration(user(key), noon)
	if err != nil {
		t.Fatal(err)
	}
	o := decode(text)
	list := o["excludeCredentials"].([]any)
	for name, ok := range map[string]bool{
		"rp":          reflect.DeepEqual(o["rp"], map[string]any{"id": "iam.example.com", "name": "Sallyport"}),
		"user":        reflect.DeepEqual(o["user"], map[string]any{"id": "aGFuZGxlIG9mIGFsaWNl", "name": "alice @ 123456789012", "displayName": "alice"}),
		"timeout":     o["timeout"] == float64(300_000),
		"attestation": o["attestation"] == "none",
		"exclusions":  len(list) == 1 && reflect.DeepEqual(list[0].(map[string]any)["transports"], []any{"usb"}),
		"selection": reflect.DeepEqual(o["authenticatorSelection"], map[string]any{
			"residentKey": "preferred", "userVerification": "preferred"}),
		"kind":       c.Kind == "registration",
		"challenge":  len(c.Challenge) >= 16,
		"algorithms": reflect.DeepEqual(c.Algorithms, []int64{-7, -8, -257}),
		"expiry":     c.Expires.Equal(noon.Add(5 * time.Minute)),
	} {
		if !ok {
			t.Errorf("%s: %s\n%+v", name, text, c)
		}
	}
	again, _, _ := rp.BeginRegistration(user(key), noon)
	if bytes.Equal(text, again) {
		t.Error("the same challenge twice")
	}

	text, c, err = rp.BeginAssertion(user(key), noon)
	if err != nil {
		t.Fatal(err)
	}
	o = decode(text)
	if o["rpId"] != "iam.example.com" || o["userVerification"] != "preferred" || len(o["allowCredentials"].([]any)) != 1 ||
		c.Kind != "assertion" || !reflect.DeepEqual(c.Credentials, [][]byte{key.CredentialID}) {
		t.Errorf("%s\n%+v", text, c)
	}
}

// Keys and ceremonies are stored as JSON.
func TestJSON(t *testing.T) {
	rp, a := relyingParty(t, nil), mfatest.New(origin)
	key := register(t, rp, a)
	options, c, err := rp.BeginAssertion(user(key), noon)
	if err != nil {
		t.Fatal(err)
	}
	var storedKey mfa.SecurityKey
	var storedCeremony mfa.Ceremony
	for from, to := range map[any]any{&key: &storedKey, &c: &storedCeremony} {
		text, err := json.Marshal(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, to); err != nil || !reflect.DeepEqual(from, to) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := rp.FinishAssertion(user(storedKey), storedCeremony, a.Get(options), noon); err != nil {
		t.Error(err, errors.Unwrap(err))
	}
}

func TestRelyingPartyURL(t *testing.T) {
	for url, want := range map[string]string{ // → rp id, origin
		"https://iam.example.com":      "iam.example.com https://iam.example.com",
		"https://iam.example.com/":     "iam.example.com https://iam.example.com",
		"HTTPS://IAM.Example.com:443/": "iam.example.com https://iam.example.com",
		"https://iam.example.com:8443": "iam.example.com https://iam.example.com:8443",
		"http://localhost:8080":        "localhost http://localhost:8080",
		"http://localhost:80":          "localhost http://localhost",
	} {
		rp := relyingParty(t, func(c *mfa.RelyingPartyConfig) { c.ExternalURL = url })
		rpID, browser, _ := strings.Cut(want, " ")
		a := mfatest.New(browser)
		options, _, _ := rp.BeginRegistration(user(), noon)
		if !strings.Contains(string(options), `"id":"`+rpID+`"`) {
			t.Errorf("%s: %s", url, options)
		}
		register(t, rp, a)
	}
	for _, url := range []string{"", "iam.example.com", "ftp://iam.example.com", "https://", "https://iam.example.com/path",
		"https://a:b@iam.example.com", "https://iam.example.com?x", "https://bücher.example", "https://%zz", "https:iam.example.com"} {
		if _, err := mfa.NewRelyingParty(mfa.RelyingPartyConfig{ExternalURL: url, Name: "Sallyport"}); err == nil {
			t.Errorf("%q accepted", url)
		}
	}
	if _, err := mfa.NewRelyingParty(mfa.RelyingPartyConfig{ExternalURL: origin}); err == nil {
		t.Error("no name accepted")
	}
	if _, err := mfa.NewRelyingParty(mfa.RelyingPartyConfig{ExternalURL: origin, Name: "x", UserVerification: "sometimes"}); err == nil {
		t.Error("unknown user verification accepted")
	}
}

// Where browsers offer no security keys the service runs, and says why it has none.
func TestOriginsWithoutSecurityKeys(t *testing.T) {
	for url, want := range map[string]string{
		"https://192.0.2.7:8443":     "need a domain name",
		"https://[2001:db8::7]:8443": "need a domain name",
		"http://iam.example.com":     "need HTTPS",
	} {
		rp := relyingParty(t, func(c *mfa.RelyingPartyConfig) { c.ExternalURL = url })
		_, _, err := rp.BeginRegistration(user(), noon)
		wantRefused(t, err, url)
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q", url, err)
		}
		_, _, err = rp.BeginAssertion(user(mfa.SecurityKey{}), noon)
		wantRefused(t, err, url)
		_, err = rp.FinishRegistration(user(), mfa.Ceremony{}, nil, noon)
		wantRefused(t, err, url)
		_, err = rp.FinishAssertion(user(), mfa.Ceremony{}, nil, noon)
		wantRefused(t, err, url)
	}
}

func TestUserHandle(t *testing.T) {
	rp := relyingParty(t, nil)
	for _, n := range []int{0, 65} {
		if _, _, err := rp.BeginRegistration(mfa.KeyUser{Handle: make([]byte, n), Name: "alice"}, noon); err == nil {
			t.Errorf("handle of %d bytes accepted", n)
		}
	}
}
