package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/mfa/mfatest"
	"github.com/sallyport-iam/sallyport/signin"
)

// person makes a user who can sign in to the console with rootPassword, and has an access key and a virtual device.
func (s *server) person(name string) (m member) {
	s.t.Helper()
	s.beside(func(at *opened) {
		m = members(s.t, at, name)[0]
		s.withPassword(at, name)
	})
	return m
}

// newcomer is a person without a device.
func (s *server) newcomer(name string) (m member) {
	s.t.Helper()
	s.beside(func(at *opened) {
		m = members(s.t, at, name)[0]
		s.must("DeleteMFADevice", at.store.Update(s.t.Context(), func(tx iam.Tx) error {
			return tx.DeleteMFADevice(s.t.Context(), accountID, m.serial)
		}))
		s.withPassword(at, name)
	})
	return m
}

// withPassword gives a user root's hash, so that no test has to compute one.
func (s *server) withPassword(at *opened, name string) {
	s.t.Helper()
	ctx := s.t.Context()
	s.must("InsertLoginProfile", at.store.Update(ctx, func(tx iam.Tx) error {
		root, err := tx.LoginProfile(ctx, accountID, accountID)
		if err != nil {
			return err
		}
		u, err := tx.User(ctx, accountID, name)
		if err != nil {
			return err
		}
		now := time.Now()
		return tx.InsertLoginProfile(ctx, &iam.LoginProfile{Account: accountID, OwnerID: u.ID, Hash: root.Hash, Created: now, Changed: now})
	}))
}

// mustChange makes a user change the password at the next sign-in.
func (s *server) mustChange(name string) {
	s.t.Helper()
	s.change(name, func(p *iam.LoginProfile) { p.ResetRequired = true })
}

func (s *server) change(name string, change func(p *iam.LoginProfile)) {
	s.t.Helper()
	ctx := s.t.Context()
	s.beside(func(at *opened) {
		s.must("UpdateLoginProfile", at.store.Update(ctx, func(tx iam.Tx) error {
			u, err := tx.User(ctx, accountID, name)
			if err != nil {
				return err
			}
			p, err := tx.LoginProfile(ctx, accountID, u.ID)
			if err != nil {
				return err
			}
			change(p)
			return tx.UpdateLoginProfile(ctx, p)
		}))
	})
}

// giveDevice binds a new virtual device to a user, past all rules.
func (s *server) giveDevice(user, name string) device {
	s.t.Helper()
	ctx := s.t.Context()
	d := device{"arn:aws:iam::" + accountID + ":mfa/" + name, mfa.TOTP{Seed: mfa.NewSeed()}}
	s.beside(func(at *opened) {
		s.must("InsertMFADevice", at.store.Update(ctx, func(tx iam.Tx) error {
			owner := accountID
			if user != "" {
				u, err := tx.User(ctx, accountID, user)
				if err != nil {
					return err
				}
				owner = u.ID
			}
			now := time.Now()
			return tx.InsertMFADevice(ctx, &iam.MFADevice{
				Account: accountID, Serial: d.serial, Kind: iam.VirtualDevice, OwnerID: owner, Created: now, Enabled: now, TOTP: d.totp,
			})
		}))
	})
	return d
}

// failures is how many wrong passwords are counted for a user; of root if the name is "".
func (s *server) failures(name string) (n int) {
	s.t.Helper()
	ctx := s.t.Context()
	s.beside(func(at *opened) {
		s.must("Throttle", at.store.View(ctx, func(tx iam.Tx) error {
			owner := accountID
			if name != "" {
				u, err := tx.User(ctx, accountID, name)
				if err != nil {
					return err
				}
				owner = u.ID
			}
			t, err := tx.Throttle(ctx, iam.PasswordThrottle(accountID, owner))
			n = t.Failures
			return err
		}))
	})
	return n
}

// forgive forgets the failures of an address, so that a test can have more of them.
func (s *server) forgive(source string) {
	s.t.Helper()
	s.beside(func(at *opened) {
		s.must("DeleteThrottle", at.store.Update(s.t.Context(), func(tx iam.Tx) error {
			return tx.DeleteThrottle(s.t.Context(), iam.SourceThrottle(source))
		}))
	})
}

// origin is where browsers find the console.
func (s *server) origin() string {
	_, port, err := net.SplitHostPort(s.address)
	s.must("address", err)
	return "http://localhost:" + port
}

// browser is a web browser with the console's page open, as far as cookies and headers go. Its fields may be changed
// to be somebody else's.
type browser struct {
	s      *server
	cookie string // value of the session's cookie, "" if there is none
	csrf   string // as the page was told last
	header http.Header
}

func (s *server) browser() *browser {
	return &browser{s: s, header: http.Header{
		"Origin": {s.origin()}, "Sec-Fetch-Site": {"same-origin"}, "User-Agent": {"Browser/1.0"},
	}}
}

// page is an answer of a console endpoint.
type page struct {
	answer
	state struct {
		Step, CSRF  string
		OfferResync bool
		MFA         bool
		SessionID   string
		User        struct{ Account, Name, Kind string }
		Devices     []struct{ SerialNumber, Kind, Name string }
	}
	error struct {
		Code, Message string
		RetryAfter    int
	}
	options      json.RawMessage
	serialNumber string
}

// is names what came back: the step, or the code of the error.
func (p page) is() string {
	if p.status != http.StatusOK {
		return p.error.Code
	}
	return p.state.Step
}

// do sends a request with the cookie and the token, and keeps what is set.
func (b *browser) do(r *http.Request) page {
	b.s.t.Helper()
	for name, values := range b.header {
		r.Header[name] = values
	}
	if b.cookie != "" {
		r.Header.Set("Cookie", "sallyport="+b.cookie)
	}
	if b.csrf != "" {
		r.Header.Set("X-Csrf-Token", b.csrf)
	}
	p := page{answer: b.s.send(r)}
	for _, cookie := range (&http.Response{Header: p.header}).Cookies() {
		if cookie.Name == "sallyport" {
			b.cookie = cookie.Value
		}
	}
	if strings.HasPrefix(p.header.Get("Content-Type"), "application/json") {
		var both struct {
			Options      json.RawMessage
			SerialNumber string
		}
		err := errors.Join(json.Unmarshal([]byte(p.body), &p.state), json.Unmarshal([]byte(p.body), &p.error), json.Unmarshal([]byte(p.body), &both))
		if err != nil {
			b.s.t.Errorf("%s %s: %v in %s", r.Method, r.URL.Path, err, p.body)
		}
		p.options, p.serialNumber = both.Options, both.SerialNumber
		if p.status == http.StatusOK && p.state.Step != "" {
			b.csrf = p.state.CSRF
		}
	}
	return p
}

// post sends members and their values to an endpoint. A value is a string, or JSON as it is.
func (b *browser) post(path string, members ...any) page {
	b.s.t.Helper()
	in := map[string]any{}
	for i := 0; i+1 < len(members); i += 2 {
		in[members[i].(string)] = members[i+1]
	}
	body, err := json.Marshal(in)
	b.s.must("JSON", err)
	r, err := http.NewRequest(http.MethodPost, b.s.url+path, bytes.NewReader(body))
	b.s.must("request", err)
	r.Header.Set("Content-Type", "application/json")
	return b.do(r)
}

func (b *browser) get(path string) page {
	b.s.t.Helper()
	r, err := http.NewRequest(http.MethodGet, b.s.url+path, nil)
	b.s.must("request", err)
	return b.do(r)
}

func (b *browser) session() page { b.s.t.Helper(); return b.get("/console/session") }

// operation carries out an operation that the console has and the wire doesn't.
func (b *browser) operation(name string, members ...any) page {
	b.s.t.Helper()
	return b.post("/console/operations/"+name, members...)
}

// call sends a form to the wire, with the cookie in place of a signature.
func (b *browser) call(form string) answer {
	b.s.t.Helper()
	return b.do(b.s.post(form)).answer
}

// alive tells whether the cookie is a session's.
func (b *browser) alive() bool {
	b.s.t.Helper()
	a := b.call(identity)
	if (a.status == http.StatusOK) != (b.operation("ListOwnConsoleSessions").status == http.StatusOK) {
		b.s.t.Errorf("the wire and the console don't agree whether the cookie is a session's; the wire: %d %s", a.status, a.body)
	}
	return a.status == http.StatusOK
}

// identity is the form that tells who calls.
const identity = "Action=GetCallerIdentity&Version=" + stsVersion

// password is the first step as a user of the account.
func (b *browser) password(user, password string) page {
	b.s.t.Helper()
	return b.post("/console/signin/password", "account", accountID, "userName", user, "password", password)
}

// rootPassword is the first step as root.
func (b *browser) rootPassword(password string) page {
	b.s.t.Helper()
	return b.post("/console/signin/password", "email", rootEmail, "password", password)
}

// rootEmail is root's after a first start without another.
const rootEmail = "root@localhost"

func (b *browser) code(serial, code string) page {
	b.s.t.Helper()
	return b.post("/console/signin/code", "serialNumber", serial, "code", code)
}

// key is the second step with a security key, begun and answered.
func (b *browser) key(key *mfatest.Authenticator) page {
	b.s.t.Helper()
	begun := b.post("/console/signin/key/begin")
	if begun.status != http.StatusOK {
		return begun
	}
	return b.post("/console/signin/key", "response", json.RawMessage(key.Get(begun.options)))
}

// at checks what a step came to.
func (b *browser) at(step string, p page) *browser {
	b.s.t.Helper()
	if p.is() != step {
		b.s.t.Fatalf("the sign-in is at %q, want %q: %d %s", p.is(), step, p.status, p.body)
	}
	return b
}

// halfway is a browser at the second factor of a person.
func (s *server) halfway(m member) *browser {
	s.t.Helper()
	b := s.browser()
	return b.at("mfa", b.password(m.name, rootPassword))
}

// enter signs a person in with the code of that many steps ago, and somebody without devices without.
func (s *server) enter(m member, steps int64) *browser {
	s.t.Helper()
	b := s.halfway(m)
	return b.at("signed-in", b.code(m.serial, m.code(steps)))
}

// enterPlain signs somebody in who has no device.
func (s *server) enterPlain(name string) *browser {
	s.t.Helper()
	b := s.browser()
	return b.at("signed-in", b.password(name, rootPassword))
}

// enterRoot signs root in, who has no device.
func (s *server) enterRoot() *browser {
	s.t.Helper()
	b := s.browser()
	return b.at("signed-in", b.rootPassword(rootPassword))
}

// register registers a new security key for a user, by the browser's session.
func (b *browser) register(user, name string, key *mfatest.Authenticator) page {
	b.s.t.Helper()
	begun := b.beginKey(user, name)
	if begun.status != http.StatusOK {
		return begun
	}
	return b.finishKey(user, name, key.Create(begun.options))
}

func (b *browser) beginKey(user, name string) page {
	b.s.t.Helper()
	return b.post("/console/security-keys/begin", "userName", user, "deviceName", name)
}

func (b *browser) finishKey(user, name string, response []byte) page {
	b.s.t.Helper()
	return b.post("/console/security-keys", "userName", user, "deviceName", name, "response", json.RawMessage(response))
}

// newKey is a security key in a browser at the console.
func (s *server) newKey() *mfatest.Authenticator { return mfatest.New(s.origin()) }

// copied is another browser that has the same cookie.
func (b *browser) copied() *browser {
	other := *b
	other.header = maps.Clone(b.header)
	return &other
}

// with is a copy that sends another header.
func (b *browser) with(name string, values ...string) *browser {
	other := b.copied()
	other.header[name] = slices.Clone(values)
	return other
}

// token is a well-formed cookie that nobody was given, and its CSRF token.
func token(b byte) (cookie, csrf string) {
	cookie = strings.Repeat(string('A'+rune(b%26)), 42) + "A"
	return cookie, signin.CSRF(cookie)
}

// wrongPasswords gives a person's wrong password so many times.
func (b *browser) wrongPasswords(user string, times int) {
	b.s.t.Helper()
	for i := range times {
		if p := b.password(user, "Wrong-password-1"); p.is() != "AuthenticationFailed" {
			b.s.t.Fatalf("wrong password %d: %d %s", i+1, p.status, p.body)
		}
	}
}

// changePassword is ChangePassword over the wire.
func (s *server) changePassword(c aws.Credentials, before, after string) answer {
	s.t.Helper()
	return s.signedCall(c, call("ChangePassword", "OldPassword", before, "NewPassword", after))
}

// newConsole is newServer with arguments.
func newConsole(t *testing.T, args ...string) *server {
	t.Helper()
	s := startServer(t, install(t), args...)
	t.Cleanup(s.neverPanicked)
	return s
}
