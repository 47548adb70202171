package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
)

func TestAttack11_ParallelPasswordGuessesStayInTheLimit(t *testing.T) {
	s := newServer(t)
	s.newcomer("alice")
	var looked, held int
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 40 {
		b := s.browser()
		all.Go(func() {
			p := b.password("alice", "Wrong-password-1")
			for p.is() == "TooManyRequests" { // more come at a time than a network has turns
				p = b.password("alice", "Wrong-password-1")
			}
			mu.Lock()
			defer mu.Unlock()
			switch p.is() {
			case "AuthenticationFailed":
				looked++
			case "TooManyAttempts":
				held++
			default:
				t.Errorf("a guess was answered %d %s", p.status, p.body)
			}
		})
	}
	all.Wait()
	if looked != iam.PairWait.Free || held != 40-looked || s.failures("alice") != looked {
		t.Errorf("of 40 guesses at once %d were answered, %d held back and %d counted; want %d answered", looked, held, s.failures("alice"), iam.PairWait.Free)
	}
}

func TestAttack22_WhoHasADeviceNeverGetsInWithoutIt(t *testing.T) {
	s := newServer(t)
	s.newcomer("alice")
	root := s.iam(s.root())
	remove := func(serial string) {
		t.Helper()
		_, err := root.DeactivateMFADevice(t.Context(), &awsiam.DeactivateMFADeviceInput{UserName: aws.String("alice"), SerialNumber: &serial})
		s.must("DeactivateMFADevice", err)
	}
	before := s.enterPlain("alice") // from when there was no device
	asks := func(moment string, serials ...string) *browser {
		t.Helper()
		b := s.browser()
		p := b.password("alice", rootPassword)
		if p.is() != "mfa" || len(p.state.Devices) != len(serials) || b.alive() {
			t.Fatalf("%s the password came to %d %s", moment, p.status, p.body)
		}
		for i, d := range p.state.Devices {
			if d.SerialNumber != serials[i] {
				t.Errorf("%s device %d is %s, want %s", moment, i, d.SerialNumber, serials[i])
			}
		}
		return b
	}
	a := s.giveDevice("alice", "a")
	asks("with one device", a.serial)
	b := s.giveDevice("alice", "b")
	asks("with two devices", a.serial, b.serial)
	remove(a.serial)
	step := asks("with the second only", b.serial)
	step.at("NoSuchEntity", step.code(a.serial, a.code(0)))
	s.setState(b.serial, func(state *mfa.State) { state.Failures = maxFailures })
	step = asks("with a disabled device", b.serial)
	step.at("AccessDenied", step.code(b.serial, b.code(0)))
	s.setState(b.serial, func(state *mfa.State) { state.Failures = 0 })

	admin := s.enterRoot()
	key := s.newKey()
	registered := admin.register("alice", "key", key)
	if registered.status != http.StatusOK {
		t.Fatalf("register: %d %s", registered.status, registered.body)
	}
	remove(b.serial)
	step = asks("with a security key only", registered.serialNumber)
	step.at("NoSuchEntity", step.code(registered.serialNumber, "000000"))
	s.crash()
	step = asks("after a restart", registered.serialNumber)
	c := s.giveDevice("alice", "c") // the sign-in that has begun goes on, with any of the devices there are now
	remove(registered.serialNumber)
	step.at("NoSuchEntity", step.post("/console/signin/key/begin"))
	step.at("signed-in", step.code(c.serial, c.code(0)))
	if !step.session().state.MFA {
		t.Error("signed in with a code, the session is one without MFA")
	}
	remove(c.serial)
	plain := s.enterPlain("alice") // nothing left to ask for
	if plain.session().state.MFA || before.session().state.MFA {
		t.Error("a session made with a password only says it has MFA")
	}

	// Root is no exception.
	d := s.giveDevice("", "root-device")
	r := s.browser()
	r.at("mfa", r.rootPassword(rootPassword))
	if r.alive() {
		t.Error("root got in without the device")
	}
	r.at("signed-in", r.code(d.serial, d.code(0)))
}

func TestAttack23_NothingRaisesASession(t *testing.T) {
	s := newServer(t)
	s.newcomer("alice")
	s.putPolicy("alice", allow("iam:*", "sts:*"))
	b := s.enterPlain("alice")
	d := s.virtualDevice(s.root(), "alice-phone")
	enable := call("EnableMFADevice", "UserName", "alice", "SerialNumber", d.serial, "AuthenticationCode1", d.code(-2), "AuthenticationCode2", d.code(-1))
	if a := b.call(enable); a.status != http.StatusOK {
		t.Fatalf("EnableMFADevice: %d %s", a.status, a.body)
	}
	before := b.cookie
	for _, e := range guarded(d.serial)[:5] {
		if p := b.post(e.path, "serialNumber", d.serial, "code", d.code(0)); p.is() != "ExpiredToken" && p.is() != "MalformedInput" {
			t.Errorf("%s in a session: %d %s", e.path, p.status, p.body)
		}
		if p := b.post(e.path, e.members...); p.is() != "ExpiredToken" {
			t.Errorf("%s in a session: %d %s", e.path, p.status, p.body)
		}
	}
	b.at("ExpiredToken", b.code(d.serial, d.code(0)))
	if a := b.call(call("ResyncMFADevice", "UserName", "alice", "SerialNumber", d.serial, "AuthenticationCode1", d.code(0), "AuthenticationCode2", d.code(1))); a.status != http.StatusOK {
		t.Errorf("ResyncMFADevice: %d %s", a.status, a.body)
	}
	if p := b.session(); p.is() != "signed-in" || p.state.MFA || b.cookie != before {
		t.Errorf("the session has become %s", p.body)
	}
	// What asks for MFA sees none: the rule for one's own devices, and policies.
	if a := b.call(call("DeactivateMFADevice", "UserName", "alice", "SerialNumber", d.serial)); a.code != "AccessDenied" {
		t.Errorf("DeactivateMFADevice: %d %s", a.status, a.body)
	}
	if p := b.register("alice", "key", s.newKey()); p.is() != "AccessDenied" {
		t.Errorf("a second factor by a session without MFA: %d %s", p.status, p.body)
	}
	s.putPolicy("alice", denyWithoutMFA)
	if a := b.call(call("ListUsers")); a.code != "AccessDenied" {
		t.Errorf("ListUsers held by deny-without-MFA: %d %s", a.status, a.body)
	}
}

func TestAttack23_ResyncIsNoSignIn(t *testing.T) {
	s := newServer(t)
	m := s.person("alice")
	b := s.halfway(m)
	resync := func(first, second string) page {
		return b.post("/console/signin/resync", "serialNumber", m.serial, "code1", first, "code2", second)
	}
	cookie := b.cookie
	b.at("InvalidAuthenticationCode", resync(m.code(0), m.code(2)))
	b.at("mfa", resync(m.code(-900), m.code(-899))) // hours ago, far out of a code's window
	if p := b.session(); p.is() != "mfa" || p.state.MFA || b.alive() || b.cookie != cookie {
		t.Errorf("after a resync the sign-in is %s", p.body)
	}
	for _, steps := range []int64{-900, -899} { // whoever has an old pair has not got the device
		b.at("AuthenticationFailed", b.code(m.serial, m.code(steps)))
	}
	b.at("InvalidAuthenticationCode", resync(m.code(-900), m.code(-899))) // a pair is good once
	if b.alive() {
		t.Error("a resync signed in")
	}
}

func TestAttack28_StepsAreTakenInOrder(t *testing.T) {
	s := newServer(t)
	m := s.person("alice")
	s.mustChange(m.name)
	const next = "Another-Password-1"
	change := func(b *browser, before, after string) page {
		return b.post("/console/signin/new-password", "oldPassword", before, "newPassword", after)
	}
	b := s.halfway(m) // MFA first, although the password must be changed
	b.at("ExpiredToken", change(b, rootPassword, next))
	b.at("new-password", b.code(m.serial, m.code(-1)))
	b.at("ExpiredToken", b.code(m.serial, m.code(0)))
	b.at("AccessDenied", change(b, rootPassword, next)) // without the permission nobody gets past this step
	s.putPolicy(m.name, allow("iam:ChangePassword"))
	for name, try := range map[string]func() page{
		"a wrong old password":  func() page { return change(b, "Wrong-password-1", next) },
		"the old password":      func() page { return change(b, rootPassword, rootPassword) },
		"a weak password":       func() page { return change(b, rootPassword, "short") },
		"no password":           func() page { return b.post("/console/signin/new-password") },
		"the first step's form": func() page { return b.post("/console/signin/new-password", "password", rootPassword) },
	} {
		if p := try(); p.status/100 != 4 || p.cookies() > 0 || b.alive() {
			t.Errorf("the change with %s: %d %s", name, p.status, p.body)
		}
	}
	b.at("signed-in", change(b, rootPassword, next))
	if !b.session().state.MFA {
		t.Error("the session after the change has lost MFA")
	}

	// The way around: a device that comes while the password is being changed.
	s.newcomer("bob")
	s.mustChange("bob")
	s.putPolicy("bob", allow("iam:ChangePassword"))
	c := s.browser()
	c.at("new-password", c.password("bob", rootPassword))
	d := s.giveDevice("bob", "bob-phone")
	c.at("ExpiredToken", change(c, rootPassword, next))
	if c.alive() {
		t.Error("changing the password skipped the device")
	}
	c = s.browser()
	c.at("mfa", c.password("bob", rootPassword)) // it was not changed
	c.at("new-password", c.code(d.serial, d.code(0)))

	// An expired password is told of to those who have passed all doors before.
	hard := s.person("carol")
	_, err := s.iam(s.root()).UpdateAccountPasswordPolicy(t.Context(), &awsiam.UpdateAccountPasswordPolicyInput{MaxPasswordAge: aws.Int32(30), HardExpiry: aws.Bool(true)})
	s.must("UpdateAccountPasswordPolicy", err)
	s.change(hard.name, func(p *iam.LoginProfile) { p.Changed = time.Now().AddDate(0, 0, -31) })
	c = s.browser()
	c.at("AuthenticationFailed", c.password(hard.name, "Wrong-password-1"))
	c = s.halfway(hard)
	c.at("AuthenticationFailed", c.code(hard.serial, hard.wrong()))
	c.at("PasswordExpired", c.code(hard.serial, hard.code(0)))
	if c.alive() || c.session().is() != "signed-out" {
		t.Error("an expired password signed in")
	}
}

func TestAttack32_SignInTellsNoNames(t *testing.T) {
	s := newServer(t)
	s.newcomer("plain")
	s.newcomer("changer")
	s.mustChange("changer")
	m := s.person("phone")
	s.member("keys-only")
	_, err := s.iam(s.root()).CreateAccountAlias(t.Context(), &awsiam.CreateAccountAliasInput{AccountAlias: aws.String("acme")})
	s.must("CreateAccountAlias", err)
	const wrong = "Wrong-password-1"
	user := func(account, name, password string) []any {
		return []any{"account", account, "userName", name, "password", password}
	}
	attempts := map[string][]any{
		"a wrong password":                 user(accountID, "plain", wrong),
		"a wrong password by alias":        user("acme", "plain", wrong),
		"of a user with MFA":               user(accountID, m.name, wrong),
		"of a user who must change it":     user(accountID, "changer", wrong),
		"a user without a password":        user(accountID, "keys-only", wrong),
		"an unknown user":                  user(accountID, "nobody", wrong),
		"an unknown account":               user("999988887777", "plain", wrong),
		"an unknown alias":                 user("emca", "plain", rootPassword),
		"no account":                       user("", "plain", rootPassword),
		"no user":                          user(accountID, "", rootPassword),
		"nothing":                          user("", "", ""),
		"an empty password":                user(accountID, "plain", ""),
		"a long password":                  user(accountID, "plain", strings.Repeat("x", 5000)),
		"a long name":                      user(accountID, strings.Repeat("x", 5000), wrong),
		"a long account":                   user(strings.Repeat("1", 5000), "plain", wrong),
		"a name of control characters":     user(accountID, "\x00\x1f", wrong),
		"root's wrong password":            {"email", rootEmail, "password", wrong},
		"an unknown address":               {"email", "nobody@localhost", "password", wrong},
		"a user's name as an address":      {"email", "plain", "password", rootPassword},
		"root's address as a user of it":   user(accountID, rootEmail, rootPassword),
		"root's address with its password": {"email", rootEmail + ".", "password", rootPassword},
	}
	want, first := "", ""
	for name, members := range attempts {
		s.forgive("127.0.0.1")
		p := s.browser().post("/console/signin/password", members...)
		got := shape(p)
		if want == "" {
			want, first = got, name
		}
		if got != want || p.is() != "AuthenticationFailed" {
			t.Errorf("%s and %s are answered differently:\n%s\n%s", name, first, got, want)
		}
	}

	// The throttle tells no more than the answers.
	for _, other := range []string{"an unknown user", "a user without a password", "of a user with MFA", "an unknown account", "root's wrong password", "an unknown address"} {
		s.forgive("127.0.0.1")
		b := s.browser()
		var p page
		for range iam.PairWait.Free {
			p = b.post("/console/signin/password", attempts[other]...)
		}
		if p.is() != "TooManyAttempts" || p.error.RetryAfter < 20 || p.error.RetryAfter > 31 || strings.TrimRight(p.error.Message, ".") != throttledMessage {
			t.Errorf("%s: the attempt over the limit: %d %s", other, p.status, p.body)
		}
	}
}

const throttledMessage = "Too many failed attempts to sign in. Please wait and try again later"

// shape is an answer without what is its own: the request's id and the date.
func shape(p page) string {
	header := maps.Clone(p.header)
	delete(header, "Date")
	delete(header, "X-Amzn-Requestid")
	text, _ := json.Marshal(header)
	return fmt.Sprint(p.status, " ", string(text), " ", p.body)
}

// Failures under one name must not make another wait, if only those that exist share a count, or only those that don't.
func TestAttack32_TheThrottleTellsNoNames(t *testing.T) {
	s := newServer(t)
	_, err := s.iam(s.root()).CreateAccountAlias(t.Context(), &awsiam.CreateAccountAliasInput{AccountAlias: aws.String("acme")})
	s.must("CreateAccountAlias", err)
	user := func(account, name string) []any {
		return []any{"account", account, "userName", name, "password", "Wrong-password-1"}
	}
	email := func(address string) []any { return []any{"email", address, "password", "Wrong-password-1"} }
	for name, probes := range map[string][2][2][]any{ // of what exists and of what doesn't: where to fail, and where to look
		"root's address":          {{user("root", rootEmail), email(rootEmail)}, {user("root", "nobody@localhost"), email("nobody@localhost")}},
		"the account's alias":     {{user("ACME", "ghost"), user("acme", "ghost")}, {user("EMCA", "ghost"), user("emca", "ghost")}},
		"the account's id":        {{user(" "+accountID, "ghost2"), user(accountID, "ghost2")}, {user(" 999988887777", "ghost2"), user("999988887777", "ghost2")}},
		"a user in a second case": {{user(accountID, "ROOT"), user(accountID, "root")}, {user("999988887777", "ROOT"), user("999988887777", "root")}},
	} {
		var told [2]string
		for i, probe := range probes {
			s.forgive("127.0.0.1")
			b := s.browser()
			for range iam.PairWait.Free {
				b.at("AuthenticationFailed", b.post("/console/signin/password", probe[0]...))
			}
			told[i] = b.post("/console/signin/password", probe[1]...).is()
		}
		if told[0] != told[1] {
			t.Errorf("%s: what exists is answered %s, what doesn't %s", name, told[0], told[1])
		}
	}
}

// What takes a code in the console only is held to the limits of the wire: see TestAttack10_EveryCallThatTakesACodeHasALimit.
func TestAttack10_EveryEndpointOfTheConsoleThatTakesACodeHasALimit(t *testing.T) {
	s := newServer(t) // with its defaults
	m := s.person("alice")
	b := s.halfway(m)
	root := s.enterRoot()
	bound, loose := s.giveDevice("", "bound"), s.virtualDevice(s.root(), "loose")
	const pairs = 10
	pair := func(operation string, d device, first, second string) string {
		p := root.operation(operation, "SerialNumber", d.serial, "AuthenticationCode1", first, "AuthenticationCode2", second)
		return p.error.Code
	}
	for _, endpoint := range []struct {
		name       string
		serial     string
		limit      int
		wrong, out string // the answers to a wrong code and to right ones over the limit
		try        func(right bool) string
	}{
		{"signin/code", m.serial, attempts, "AuthenticationFailed", "EntityTemporarilyUnmodifiable", func(right bool) string {
			return b.code(m.serial, map[bool]string{true: m.code(0), false: m.wrong()}[right]).is()
		}},
		{"signin/resync", m.serial, pairs, "InvalidAuthenticationCode", "EntityTemporarilyUnmodifiable", func(right bool) string {
			first, second := m.wrong(), m.wrong()
			if right {
				first, second = m.code(-1), m.code(0)
			}
			return b.post("/console/signin/resync", "serialNumber", m.serial, "code1", first, "code2", second).is()
		}},
		{"ResyncRootMFADevice", bound.serial, pairs, "InvalidAuthenticationCode", "EntityTemporarilyUnmodifiable", func(right bool) string {
			if right {
				return pair("ResyncRootMFADevice", bound, bound.code(-1), bound.code(0))
			}
			return pair("ResyncRootMFADevice", bound, bound.wrong(), bound.wrong())
		}},
	} {
		s.oneWindow(endpoint.serial)
		for i := range endpoint.limit {
			if got := endpoint.try(false); got != endpoint.wrong {
				t.Fatalf("%s: wrong code %d was answered %s, want %s", endpoint.name, i+1, got, endpoint.wrong)
			}
		}
		if got := endpoint.try(true); got != endpoint.out {
			t.Errorf("%s: right codes over the limit were answered %s, want %s", endpoint.name, got, endpoint.out)
		}
	}
	if b.alive() {
		t.Error("a code over the limit signed in")
	}
	// Root has a device now, so that another takes a session with MFA.
	r := s.browser()
	r.at("mfa", r.rootPassword(rootPassword))
	s.oneWindow(bound.serial)
	r.at("signed-in", r.code(bound.serial, bound.code(0)))
	root = r
	s.oneWindow(loose.serial)
	for i := range pairs {
		if got := pair("EnableRootMFADevice", loose, loose.wrong(), loose.wrong()); got != "InvalidAuthenticationCode" {
			t.Fatalf("EnableRootMFADevice: wrong pair %d was answered %s", i+1, got)
		}
	}
	if got := pair("EnableRootMFADevice", loose, loose.code(-1), loose.code(0)); got != "EntityTemporarilyUnmodifiable" {
		t.Errorf("EnableRootMFADevice: a right pair over the limit was answered %s", got)
	}
}
