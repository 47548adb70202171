package main

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/mfa"
)

// collector is a browser that remembers what nobody else may come to know.
type collector struct {
	*browser
	secrets map[string]string // text → what it is
	codes   map[string]string
}

// keep remembers a secret, and both tokens of the browser.
func (c *collector) keep(what, secret string) string {
	c.secrets[secret] = what
	return secret
}

// step keeps the tokens that a step came with, checks the answer and that it repeats nothing secret.
func (c *collector) step(want string, p page) page {
	c.s.t.Helper()
	c.at(want, p)
	if c.cookie != "" {
		c.keep("the cookie at "+want, c.cookie)
		c.keep("the CSRF token at "+want, c.csrf)
	}
	if p.status != http.StatusOK {
		c.repeatsNothing(p.answer)
	}
	return p
}

func (c *collector) repeatsNothing(a answer) {
	c.s.t.Helper()
	for secret, what := range c.secrets {
		if strings.Contains(a.body, secret) {
			c.s.t.Errorf("the answer repeats %s: %s", what, a.body)
		}
	}
	for code, what := range c.codes {
		if strings.Contains(a.body, code) {
			c.s.t.Errorf("the answer repeats the %s code: %s", what, a.body)
		}
	}
}

// challenge keeps the challenge in the options of a ceremony.
func (c *collector) challenge(what string, p page) json.RawMessage {
	c.s.t.Helper()
	var options struct{ PublicKey struct{ Challenge string } }
	c.s.must("options", json.Unmarshal(p.options, &options))
	if len(options.PublicKey.Challenge) < 22 {
		c.s.t.Fatalf("%s: no challenge in %s", what, p.options)
	}
	c.keep(what, options.PublicKey.Challenge)
	raw, err := base64.RawURLEncoding.DecodeString(options.PublicKey.Challenge)
	c.s.must("challenge", err)
	c.keep(what+" in other base64", base64.StdEncoding.EncodeToString(raw))
	return p.options
}

// Every secret of the console is driven through all of its endpoints, rightly and wrongly.
func TestAttack44_SecretsOfTheConsoleAreInNoRecord(t *testing.T) {
	s := newServer(t)
	m := s.person("alice")
	s.putPolicy(m.name, allow("*"))
	c := &collector{s.browser(), map[string]string{rootPassword: "the password"}, map[string]string{}}
	wrong := c.keep("a wrong password", "Canary-Password-0001")
	typed := c.keep("a password typed where the name belongs", "Canary-Password-0002")
	next := c.keep("the next password", "Canary-Password-0003")
	last := c.keep("the last password", "Canary-Password-0004")
	malformed := c.keep("a malformed code", "kanarienvogel")
	for i, name := range []string{"a wrong", "an old", "a right", "the next", "the one after"} {
		c.codes[[]string{m.wrong(), m.code(-3), m.code(-1), m.code(0), m.code(1)}[i]] = name
	}

	// The password, in its place and in others.
	c.step("AuthenticationFailed", c.password(m.name, wrong))
	c.step("AuthenticationFailed", c.password(typed, wrong))
	c.step("AuthenticationFailed", c.post("/console/signin/password", "account", typed, "userName", typed, "password", wrong))
	c.step("AuthenticationFailed", c.post("/console/signin/password", "email", typed, "password", wrong))
	c.step("MalformedInput", c.post("/console/signin/password", "email", rootEmail, "pasword", wrong))
	c.step("MalformedInput", c.post("/console/signin/password", "password", []string{wrong}))
	c.step("MalformedInput", c.post("/console/signin/password", wrong, wrong))

	// The second factor, and a change of the password that is asked for.
	s.mustChange(m.name)
	c.step("mfa", c.password(m.name, rootPassword))
	c.step("AuthenticationFailed", c.code(m.serial, m.wrong()))
	c.step("AuthenticationFailed", c.code(m.serial, malformed))
	c.step("NoSuchEntity", c.code(malformed, m.code(0)))
	c.step("InvalidAuthenticationCode", c.post("/console/signin/resync", "serialNumber", m.serial, "code1", m.code(-3), "code2", m.wrong()))
	if p := c.post("/console/signin/resync", "serialNumber", m.serial, "code1", malformed, "code2", malformed); p.status/100 != 4 {
		t.Errorf("malformed codes: %d %s", p.status, p.body)
	} else {
		c.repeatsNothing(p.answer)
	}
	c.step("new-password", c.code(m.serial, m.code(-1)))
	c.step("AccessDenied", c.post("/console/signin/new-password", "oldPassword", wrong, "newPassword", next))
	if p := c.post("/console/signin/new-password", "oldPassword", rootPassword, "newPassword", wrong+"\x01"); p.status/100 != 4 {
		t.Errorf("an unfit password: %d %s", p.status, p.body)
	} else {
		c.repeatsNothing(p.answer)
	}
	c.step("signed-in", c.post("/console/signin/new-password", "oldPassword", rootPassword, "newPassword", next))

	// The wire by cookie: it makes secrets, and changes the password once more.
	made := c.call(call("CreateVirtualMFADevice", "VirtualMFADeviceName", "made"))
	seed, err := base64.StdEncoding.DecodeString(between(made.body, "<Base32StringSeed>", "</Base32StringSeed>"))
	if err != nil || len(seed) < 16 {
		t.Fatalf("CreateVirtualMFADevice: %d %s", made.status, made.body)
	}
	c.keep("a seed", string(seed))
	c.keep("a secret key", between(c.call(call("CreateAccessKey")).body, "<SecretAccessKey>", "</SecretAccessKey>"))
	c.repeatsNothing(c.call(call("ChangePassword", "OldPassword", wrong, "NewPassword", last)))
	if a := c.call(call("ChangePassword", "OldPassword", next, "NewPassword", last)); a.status != http.StatusOK {
		t.Errorf("ChangePassword: %d %s", a.status, a.body)
	}
	c.repeatsNothing(c.get("/?Action=GetUser&Version=" + iamVersion + "&Password=" + wrong).answer)
	c.repeatsNothing(c.get("/no/such/page").answer)
	c.repeatsNothing(c.operation("NoSuchOperation", "Password", wrong).answer)

	// Security keys: registration and assertion, rightly and wrongly.
	key := s.newKey()
	options := c.challenge("a registration's challenge", c.beginKey("alice", "key"))
	bogus := s.newKey()
	bogus.Origin = "https://evil.example"
	c.step("InvalidInput", c.finishKey("alice", "key", bogus.Create(options)))
	options = c.challenge("the next registration's challenge", c.beginKey("alice", "key"))
	if p := c.finishKey("alice", "key", key.Create(options)); p.status != http.StatusOK {
		t.Fatalf("register: %d %s", p.status, p.body)
	}
	c.step("signed-out", c.post("/console/signout"))
	c.step("mfa", c.password(m.name, last))
	options = c.challenge("an assertion's challenge", c.post("/console/signin/key/begin"))
	forged := *key
	forged.BogusSignature = true
	c.step("AuthenticationFailed", c.post("/console/signin/key", "response", json.RawMessage(forged.Get(options))))
	options = c.challenge("the next assertion's challenge", c.post("/console/signin/key/begin"))
	c.step("signed-in", c.post("/console/signin/key", "response", json.RawMessage(key.Get(options))))

	// Root, which has its own operations.
	root := &collector{s.browser(), c.secrets, c.codes}
	root.step("signed-in", root.rootPassword(rootPassword))
	d := s.virtualDevice(s.root(), "root-phone")
	root.keep("root's seed", mfa.Base32(d.totp.Seed))
	c.codes[d.code(-1)], c.codes[d.code(0)] = "root's first", "root's second"
	root.repeatsNothing(root.operation("EnableRootMFADevice", "SerialNumber", d.serial, "AuthenticationCode1", malformed, "AuthenticationCode2", malformed).answer)
	if p := root.operation("EnableRootMFADevice", "SerialNumber", d.serial, "AuthenticationCode1", d.code(-1), "AuthenticationCode2", d.code(0)); p.status != http.StatusOK {
		t.Errorf("EnableRootMFADevice: %d %s", p.status, p.body)
	}
	root.repeatsNothing(root.operation("ChangeRootPassword", "OldPassword", wrong, "NewPassword", next).answer)
	if p := root.operation("ChangeRootPassword", "OldPassword", rootPassword, "NewPassword", next); p.status != http.StatusOK {
		t.Errorf("ChangeRootPassword: %d %s", p.status, p.body)
	}
	var events strings.Builder // as the console shows them
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline) && !strings.Contains(events.String(), "ConsoleLogin"); {
		events.WriteString(root.operation("LookupEvents").body)
	}
	shown := root.operation("ListOwnConsoleSessions").body + root.operation("ListConsoleSessions", "UserName", "alice").body

	metrics := s.get(s.url + "/metrics").body
	s.stop(syscall.SIGTERM)
	records, err := s.sallyport("audit", "tail", "--lines", "100000")
	s.must("audit tail", err)
	for place, searched := range map[string]struct{ text, sign string }{
		"the audit trail": {records, `"ConsoleLogin":"Failure"`}, "the log": {string(s.logged()), "step=new-password"},
		"/metrics":     {metrics, `sallyport_sign_ins_total{result="refused",step="key"}`},
		"LookupEvents": {events.String(), "ConsoleLogin"}, "the list of sessions": {shown, `"UserAgent":"Browser/1.0"`},
	} {
		if !strings.Contains(searched.text, searched.sign) {
			t.Errorf("%s has no %s: nothing was searched\n%.2000s", place, searched.sign, searched.text)
		}
		for secret, what := range c.secrets {
			if i := strings.Index(searched.text, secret); i >= 0 {
				t.Errorf("%s holds %s: …%s", place, what, searched.text[max(0, i-300):i+len(secret)])
			}
		}
		if place == "/metrics" {
			continue // a value may look like a code
		}
		for code, what := range c.codes {
			if line := regexp.MustCompile(`(?m)^.*[ =":]` + code + `[ ",}\n].*$`).FindString(searched.text); line != "" {
				t.Errorf("%s holds %s code %s: %.600s", place, what, code, line)
			}
		}
	}
	files, err := filepath.Glob(filepath.Join(s.data, "sallyport.db*"))
	if err != nil || len(files) == 0 {
		t.Fatal("no database", err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		s.must("database", err)
		for secret, what := range c.secrets {
			if strings.Contains(string(text), secret) && !strings.Contains(what, "challenge") { // kept until it is answered
				t.Errorf("%s holds %s in the clear", filepath.Base(path), what)
			}
		}
	}
}

// between is the first text between two others, "" if there is none.
func between(text, before, after string) string {
	_, rest, _ := strings.Cut(text, before)
	found, _, _ := strings.Cut(rest, after)
	return found
}
