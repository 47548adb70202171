package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/sallyport-iam/sallyport/mfa/mfatest"
)

// keyHolder makes a user who signs in with a security key.
func (s *server) keyHolder(admin *browser, name string) *mfatest.Authenticator {
	s.t.Helper()
	s.newcomer(name)
	key := s.newKey()
	if p := admin.register(name, name+"-key", key); p.status != http.StatusOK || p.serialNumber == "" {
		s.t.Fatalf("register: %d %s", p.status, p.body)
	}
	return key
}

// atKey is a browser at the second factor of somebody who has a security key.
func (s *server) atKey(name string) *browser {
	s.t.Helper()
	b := s.browser()
	return b.at("mfa", b.password(name, rootPassword))
}

func TestAttack25_AssertionIsVerified(t *testing.T) {
	s := newServer(t)
	admin := s.enterRoot()
	key, other := s.keyHolder(admin, "alice"), s.keyHolder(admin, "bob")
	begin := func(b *browser) json.RawMessage {
		t.Helper()
		p := b.post("/console/signin/key/begin")
		if p.status != http.StatusOK {
			t.Fatalf("key/begin: %d %s", p.status, p.body)
		}
		return p.options
	}
	answer := func(b *browser, response []byte) page {
		return b.post("/console/signin/key", "response", json.RawMessage(response))
	}
	// idOf reads the credential's id from an answer of its key.
	idOf := func(response []byte) []byte {
		var parsed struct{ ID base64URL }
		s.must("answer", json.Unmarshal(response, &parsed))
		return parsed.ID
	}

	b := s.atKey("alice")
	aliceID, bobID := idOf(key.Get(begin(b))), idOf(other.Get(begin(b)))
	for name, lie := range map[string]func(k *mfatest.Authenticator) *mfatest.Authenticator{
		"a bogus signature":            func(k *mfatest.Authenticator) *mfatest.Authenticator { k.BogusSignature = true; return k },
		"another user's key":           func(*mfatest.Authenticator) *mfatest.Authenticator { o := *other; return &o },
		"another's key under one's id": func(*mfatest.Authenticator) *mfatest.Authenticator { o := *other; o.CredentialID = aliceID; return &o },
		"one's key under another's id": func(k *mfatest.Authenticator) *mfatest.Authenticator { k.CredentialID = bobID; return k },
		"one's key as another user":    func(k *mfatest.Authenticator) *mfatest.Authenticator { k.UserHandle = []byte("AIDAANOTHER"); return k },
		"another challenge": func(k *mfatest.Authenticator) *mfatest.Authenticator {
			k.Challenge = []byte(strings.Repeat("x", 32))
			return k
		},
		"no challenge":                   func(k *mfatest.Authenticator) *mfatest.Authenticator { k.Challenge = []byte{}; return k },
		"a registration":                 func(k *mfatest.Authenticator) *mfatest.Authenticator { k.Type = "webauthn.create"; return k },
		"another site":                   func(k *mfatest.Authenticator) *mfatest.Authenticator { k.Origin = "https://evil.example"; return k },
		"another port":                   func(k *mfatest.Authenticator) *mfatest.Authenticator { k.Origin = "http://localhost:1"; return k },
		"the address the server has":     func(k *mfatest.Authenticator) *mfatest.Authenticator { k.Origin = s.url; return k },
		"another relying party":          func(k *mfatest.Authenticator) *mfatest.Authenticator { k.RPID = "evil.example"; return k },
		"an embedded page":               func(k *mfatest.Authenticator) *mfatest.Authenticator { k.CrossOrigin = true; return k },
		"a page within another":          func(k *mfatest.Authenticator) *mfatest.Authenticator { k.TopOrigin = "https://evil.example"; return k },
		"nobody present":                 func(k *mfatest.Authenticator) *mfatest.Authenticator { k.UserPresent = false; return k },
		"backed up, but not eligible":    func(k *mfatest.Authenticator) *mfatest.Authenticator { k.BackedUp = true; return k },
		"eligible all of a sudden":       func(k *mfatest.Authenticator) *mfatest.Authenticator { k.BackupEligible = true; return k },
		"a credential nobody has":        func(k *mfatest.Authenticator) *mfatest.Authenticator { k.CredentialID = []byte("nobody's"); return k },
		"a counter that went to 0":       func(k *mfatest.Authenticator) *mfatest.Authenticator { k.NoCounter = true; return k },
		"a counter that was seen before": func(k *mfatest.Authenticator) *mfatest.Authenticator { k.SignCount = 0; return k },
	} {
		// The key is in use, so that its counter is not at the start.
		good := s.atKey("alice")
		good.at("signed-in", good.key(key))
		b := s.atKey("alice") // a sign-in anew, because ten refusals end one
		options := begin(b)
		copied := *key
		refused := answer(b, lie(&copied).Get(options))
		if refused.is() != "AuthenticationFailed" || refused.status != http.StatusUnauthorized || refused.cookies() > 0 {
			t.Errorf("%s: %d %s", name, refused.status, refused.body)
		}
		if p := answer(b, key.Get(options)); p.is() != "InvalidCeremony" {
			t.Errorf("%s: the challenge is good for a second answer: %d %s", name, p.status, p.body)
		}
		if b.alive() {
			t.Fatalf("%s signed in", name)
		}
	}
	b = s.atKey("alice")
	for _, junk := range []string{`{}`, `null`, `""`, `[]`, `0`, `{"id":"","rawId":"","type":"public-key","response":{}}`, `{"response":null}`,
		`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"","authenticatorData":"","signature":""}}`} {
		begin(b)
		if p := answer(b, []byte(junk)); p.is() != "AuthenticationFailed" || b.alive() {
			t.Errorf("the answer %s: %d %s", junk, p.status, p.body)
		}
	}
	begin(b)
	if p := b.post("/console/signin/key"); p.status/100 != 4 || b.alive() {
		t.Errorf("no answer at all: %d %s", p.status, p.body)
	}
	b.at("signed-in", b.key(key))
	if p := b.session(); !p.state.MFA || p.state.User.Name != "alice" {
		t.Errorf("the session is %s", p.body)
	}
}

// base64URL is a byte string of WebAuthn's JSON.
type base64URL []byte

func (b *base64URL) UnmarshalText(text []byte) error {
	decoded, err := base64.RawURLEncoding.DecodeString(string(text))
	*b = decoded
	return err
}

func TestAttack25_UserWithoutKeys(t *testing.T) {
	s := newServer(t)
	admin := s.enterRoot()
	key := s.keyHolder(admin, "alice")
	m := s.person("coder") // has a device, but no key
	b := s.halfway(m)
	b.at("NoSuchEntity", b.post("/console/signin/key/begin"))
	alice := s.atKey("alice")
	options := alice.post("/console/signin/key/begin").options
	if !strings.Contains(string(options), `"allowCredentials":[{`) {
		t.Errorf("the options name no credentials: %s", options)
	}
	response := key.Get(options)
	for _, body := range []json.RawMessage{response, json.RawMessage(`{}`), json.RawMessage(`null`)} {
		if p := b.post("/console/signin/key", "response", body); p.is() != "InvalidCeremony" || b.alive() {
			t.Errorf("an answer where none was asked for: %d %s", p.status, p.body)
		}
	}
	// The answer to alice's challenge is nobody else's, and hers only in the sign-in that asked.
	second := s.atKey("alice")
	second.post("/console/signin/key/begin")
	second.at("AuthenticationFailed", second.post("/console/signin/key", "response", json.RawMessage(response)))
	alice.at("signed-in", alice.post("/console/signin/key", "response", json.RawMessage(response)))
}

func TestAttack25_UserVerificationRequired(t *testing.T) {
	s := newConsole(t, "--fido-user-verification", "required")
	key := s.keyHolder(s.enterRoot(), "alice")
	key.UserVerified = false
	b := s.atKey("alice")
	b.at("AuthenticationFailed", b.key(key))
	key.UserVerified = true
	b.at("signed-in", b.key(key))
}

func TestAttack26_RegistrationIsHeldToTheServersRules(t *testing.T) {
	s := newServer(t)
	admin := s.enterRoot()
	s.newcomer("alice")
	s.newcomer("bob")
	taken := s.keyHolder(admin, "carol")
	taken.Repeat = true
	for name, try := range map[string]func(k *mfatest.Authenticator){
		"an algorithm not asked for":  func(k *mfatest.Authenticator) { k.Algorithm = mfatest.ES384 },
		"another's credential":        func(k *mfatest.Authenticator) { *k = *taken },
		"another site":                func(k *mfatest.Authenticator) { k.Origin = "https://evil.example" },
		"another scheme":              func(k *mfatest.Authenticator) { k.Origin = strings.Replace(s.origin(), "http:", "https:", 1) },
		"another relying party":       func(k *mfatest.Authenticator) { k.RPID = "evil.example" },
		"an embedded page":            func(k *mfatest.Authenticator) { k.CrossOrigin = true },
		"a page within another":       func(k *mfatest.Authenticator) { k.TopOrigin = "https://evil.example" },
		"another challenge":           func(k *mfatest.Authenticator) { k.Challenge = []byte(strings.Repeat("x", 32)) },
		"an assertion":                func(k *mfatest.Authenticator) { k.Type = "webauthn.get" },
		"nobody present":              func(k *mfatest.Authenticator) { k.UserPresent = false },
		"a long credential id":        func(k *mfatest.Authenticator) { k.CredentialID = make([]byte, 1024) },
		"no credential id":            func(k *mfatest.Authenticator) { k.CredentialID = []byte{} },
		"a bogus self-attestation":    func(k *mfatest.Authenticator) { k.Attestation, k.BogusSignature = mfatest.Self, true },
		"what is no public key":       func(k *mfatest.Authenticator) { k.PublicKey = []byte{0xa0} },
		"backed up, but not eligible": func(k *mfatest.Authenticator) { k.BackedUp = true },
	} {
		begun := admin.beginKey("alice", "key")
		if begun.status != http.StatusOK {
			t.Fatalf("security-keys/begin: %d %s", begun.status, begun.body)
		}
		key := s.newKey()
		try(key)
		want := "InvalidInput"
		if name == "another's credential" {
			want = "EntityAlreadyExists"
		}
		if p := admin.finishKey("alice", "key", key.Create(begun.options)); p.is() != want {
			t.Errorf("%s: %d %s, want %s", name, p.status, p.body, want)
		}
	}

	// A ceremony is for one user, in one session.
	begun := admin.beginKey("alice", "key")
	admin.at("InvalidInput", admin.finishKey("bob", "key", s.newKey().Create(begun.options)))
	second := s.enterRoot()
	begun = admin.beginKey("alice", "key")
	second.at("InvalidCeremony", second.finishKey("alice", "key", s.newKey().Create(begun.options)))
	for _, junk := range []string{`{}`, `null`, `""`, `[]`, `{"id":"","rawId":"","type":"public-key","response":{}}`} {
		begun = admin.beginKey("alice", "key")
		admin.at("InvalidInput", admin.finishKey("alice", "key", []byte(junk)))
	}
	// A challenge of the one ceremony is none of the other's.
	step := s.atKey("carol")
	options := step.post("/console/signin/key/begin").options
	begun = admin.beginKey("alice", "key")
	admin.at("InvalidInput", admin.finishKey("alice", "key", taken.Get(options)))

	// The same key twice for one user.
	begun = admin.beginKey("alice", "first")
	key := s.newKey()
	if p := admin.finishKey("alice", "first", key.Create(begun.options)); p.status != http.StatusOK {
		t.Fatalf("a good key: %d %s", p.status, p.body)
	}
	key.Repeat = true
	admin.at("EntityAlreadyExists", admin.register("alice", "again", key))
	for user, want := range map[string]int{"alice": 1, "bob": 0, "carol": 1} {
		if a := s.signedCall(s.root(), call("ListMFADevices", "UserName", user)); strings.Count(a.body, "<SerialNumber>") != want {
			t.Errorf("%s has other devices than %d: %s", user, want, a.body)
		}
	}
}

// Policies decide who may register what, at the server: the browser's half of the first step is no leave for the second.
func TestAttack26_RegistrationPolicyIsTheServers(t *testing.T) {
	s := newServer(t)
	statement := func(condition string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:EnableMFADevice","Resource":"*","Condition":{` + condition + `}}]}`
	}
	s.newcomer("alice")
	s.newcomer("bob")
	b := s.enterPlain("alice")
	for name, policy := range map[string]string{
		"certified models only":     statement(`"StringEquals":{"iam:FIDO-certification":["L1","L2"]}`),
		"the first half only":       statement(`"StringEquals":{"iam:RegisterSecurityKey":"Create"}`),
		"certified in the 2nd half": statement(`"StringEqualsIfExists":{"iam:RegisterSecurityKey":"Activate"},"StringLike":{"iam:FIDO-FIPS-140-2-certification":"L*"}`),
	} {
		s.putPolicy("alice", statement(`"StringEquals":{"iam:RegisterSecurityKey":["Create","Activate"]}`))
		begun := b.beginKey("alice", "key")
		if begun.status != http.StatusOK {
			t.Fatalf("security-keys/begin: %d %s", begun.status, begun.body)
		}
		s.putPolicy("alice", policy)
		key := s.newKey()
		key.Attestation = mfatest.Self // and it says whatever it likes of itself
		if p := b.finishKey("alice", "key", key.Create(begun.options)); p.is() != "AccessDenied" {
			t.Errorf("%s: %d %s", name, p.status, p.body)
		}
	}
	s.putPolicy("alice", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:EnableMFADevice","Resource":"arn:aws:iam::*:user/alice"}]}`)
	b.at("AccessDenied", b.beginKey("bob", "key"))
	if p := b.post("/console/security-keys/begin", "userName", "bob", "deviceName", "key", "Ceremony", "x"); p.is() != "MalformedInput" {
		t.Errorf("a ceremony from the browser: %d %s", p.status, p.body)
	}
	for _, name := range []string{"BeginSecurityKey", "RegisterSecurityKey"} {
		b.at("InvalidAction", b.operation(name, "UserName", "alice", "DeviceName", "key"))
	}
	if p := b.register("alice", "key", s.newKey()); p.status != http.StatusOK {
		t.Errorf("what the policy allows: %d %s", p.status, p.body)
	}
	if p := b.register("alice", "key2", s.newKey()); p.is() != "AccessDenied" {
		t.Errorf("a second device in a session without MFA: %d %s", p.status, p.body)
	}
}

func TestAttack27_ChallengesAreGoodOnce(t *testing.T) {
	s := newServer(t)
	admin := s.enterRoot()
	s.newcomer("alice")

	begun := admin.beginKey("alice", "key")
	key := s.newKey()
	if p := admin.finishKey("alice", "key", key.Create(begun.options)); p.status != http.StatusOK {
		t.Fatalf("register: %d %s", p.status, p.body)
	}
	admin.at("InvalidCeremony", admin.finishKey("alice", "again", s.newKey().Create(begun.options)))
	begun = admin.beginKey("alice", "key")
	bad := s.newKey()
	bad.Origin = "https://evil.example"
	admin.at("InvalidInput", admin.finishKey("alice", "key", bad.Create(begun.options)))
	admin.at("InvalidCeremony", admin.finishKey("alice", "again", s.newKey().Create(begun.options)))
	begun = admin.beginKey("alice", "key")
	admin.beginKey("alice", "key") // a later one takes its place
	admin.at("InvalidInput", admin.finishKey("alice", "again", s.newKey().Create(begun.options)))
	begun = admin.beginKey("alice", "key")
	s.crash()
	if p := admin.finishKey("alice", "after-a-restart", s.newKey().Create(begun.options)); p.status != http.StatusOK {
		t.Errorf("a challenge from before a restart: %d %s", p.status, p.body)
	}
	s.crash()
	admin.at("InvalidCeremony", admin.finishKey("alice", "again", s.newKey().Create(begun.options)))

	b := s.atKey("alice")
	options := b.post("/console/signin/key/begin").options
	response := json.RawMessage(key.Get(options))
	old := b.copied()
	b.at("signed-in", b.post("/console/signin/key", "response", response))
	old.at("ExpiredToken", old.post("/console/signin/key", "response", response))
	again := s.atKey("alice")
	again.at("InvalidCeremony", again.post("/console/signin/key", "response", response))
	again.post("/console/signin/key/begin")
	again.at("AuthenticationFailed", again.post("/console/signin/key", "response", response))
}

func TestAttack27_OneChallengeInParallel(t *testing.T) {
	s := newServer(t)
	admin := s.enterRoot()
	key := s.keyHolder(admin, "alice")
	const parallel = 20
	outcomes := func(send func(i int) page) map[string]int {
		counts := map[string]int{}
		var mu sync.Mutex
		var all sync.WaitGroup
		for i := range parallel {
			all.Go(func() {
				p := send(i)
				mu.Lock()
				defer mu.Unlock()
				if p.status == http.StatusOK {
					counts["ok"]++
				} else {
					counts[p.is()]++
				}
			})
		}
		all.Wait()
		return counts
	}
	s.newcomer("bob")
	begun := admin.beginKey("bob", "key")
	var responses [parallel][]byte
	for i := range responses {
		responses[i] = s.newKey().Create(begun.options) // each a key of its own
	}
	got := outcomes(func(i int) page { return admin.copied().finishKey("bob", fmt.Sprint("key", i), responses[i]) })
	if got["ok"] != 1 || got["InvalidCeremony"] != parallel-1 {
		t.Errorf("registration: %v, want 1 and %d InvalidCeremony", got, parallel-1)
	}
	if a := s.signedCall(s.root(), call("ListMFADevices", "UserName", "bob")); strings.Count(a.body, "<SerialNumber>") != 1 {
		t.Errorf("bob has other devices than one: %s", a.body)
	}

	b := s.atKey("alice")
	options := b.post("/console/signin/key/begin").options
	for i := range responses {
		responses[i] = key.Get(options) // with ever higher counters
	}
	got = outcomes(func(i int) page {
		return b.copied().post("/console/signin/key", "response", json.RawMessage(responses[i]))
	})
	if got["ok"] != 1 || got["InvalidCeremony"]+got["ExpiredToken"] != parallel-1 {
		t.Errorf("sign-in: %v, want 1 and %d refused", got, parallel-1)
	}
}
