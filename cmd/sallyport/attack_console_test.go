package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/iam"
)

// endpoint is a route of the console that needs a cookie, with a request it would take.
type endpoint struct {
	path    string
	members []any
}

// guarded are all of them, but for the operations.
func guarded(serial string) []endpoint {
	return []endpoint{
		{"/console/signin/code", []any{"serialNumber", serial, "code", "000000"}},
		{"/console/signin/resync", []any{"serialNumber", serial, "code1", "000000", "code2", "111111"}},
		{"/console/signin/key/begin", nil},
		{"/console/signin/key", []any{"response", json.RawMessage(`{}`)}},
		{"/console/signin/new-password", []any{"oldPassword", "Wrong-password-1", "newPassword", "Another-Password-1"}},
		{"/console/security-keys/begin", []any{"deviceName", "key"}},
		{"/console/security-keys", []any{"deviceName", "key", "response", json.RawMessage(`{}`)}},
		{"/console/signout", nil}, // last: it ends what the others try
	}
}

// open are the routes that answer without a cookie.
var open = []string{"GET /console/session", "POST /console/signin/password", "/console/", "/", "GET /metrics", "GET /healthz", "GET /readyz"}

// consoleOperations are the operations without a name on the wire, by whether the console carries them out.
func consoleOperations(s *server) (operations map[string]bool) {
	s.t.Helper()
	operations = map[string]bool{}
	s.beside(func(at *opened) {
		for _, op := range allOperations(at) {
			if op.Unlisted {
				operations[op.Action] = op.Console && op.Action != "BeginSecurityKey" && op.Action != "RegisterSecurityKey"
			}
		}
	})
	if len(operations) < 12 {
		s.t.Fatalf("only %d operations without a name on the wire", len(operations))
	}
	return operations
}

// wireForms are requests for all operations of the wire.
func wireForms(s *server) (forms map[string]string) {
	s.t.Helper()
	forms = map[string]string{}
	s.beside(func(at *opened) {
		for _, op := range allOperations(at) {
			if version := map[string]string{"iam": iamVersion, "sts": stsVersion}[op.Service]; !op.Unlisted {
				forms[op.Service+":"+op.Action] = strings.Replace(call(op.Action), iamVersion, version, 1)
			}
		}
	})
	if len(forms) < 80 {
		s.t.Fatalf("only %d operations on the wire", len(forms))
	}
	return forms
}

// Every route in the source is in one of the two lists, so that a new one is tried too.
func TestAttack21_EveryRouteIsKnown(t *testing.T) {
	known := slices.Clone(open)
	for _, e := range guarded("") {
		known = append(known, "POST "+e.path)
	}
	known = append(known, "POST /console/operations/{name}")
	var found []string
	sources, err := filepath.Glob("../../console/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range append(sources, "serve.go") {
		text, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		for _, route := range regexp.MustCompile(`\.Handle(?:Func)?\("([^"]+)"`).FindAllSubmatch(text, -1) {
			found = append(found, string(route[1]))
		}
	}
	slices.Sort(known)
	slices.Sort(found)
	if found = slices.Compact(found); !slices.Equal(found, slices.Compact(known)) {
		t.Errorf("the routes are\n%q, but\n%q are tried", found, known)
	}
}

func TestAttack20_HalfAuthenticatedSessionOnEveryRoute(t *testing.T) {
	s := newServer(t)
	m, changer := s.person("alice"), s.newcomer("changer")
	s.mustChange(changer.name)
	s.putPolicy(m.name, allow("*"))
	s.putPolicy(changer.name, allow("*"))
	forms, operations := wireForms(s), consoleOperations(s)

	changing := s.browser()
	changing.at("new-password", changing.password(changer.name, rootPassword))
	for _, half := range []struct {
		step string
		*browser
		own map[string]string // the answers to the step's own requests; all others are ExpiredToken
	}{
		{"mfa", s.halfway(m), map[string]string{
			"/console/signin/code": "AuthenticationFailed", "/console/signin/resync": "InvalidAuthenticationCode",
			"/console/signin/key/begin": "NoSuchEntity", "/console/signin/key": "InvalidCeremony", "/console/signout": "signed-out",
		}},
		{"new-password", changing, map[string]string{"/console/signin/new-password": "AccessDenied", "/console/signout": "signed-out"}},
	} {
		before := s.fingerprint()
		for name, form := range forms {
			if a := half.call(form); a.status != http.StatusForbidden || a.code != "ExpiredToken" {
				t.Errorf("at %s, %s: %d %s", half.step, name, a.status, a.body)
			}
		}
		for name, served := range operations {
			want := "InvalidAction"
			if served {
				want = "ExpiredToken"
			}
			if p := half.operation(name); p.is() != want {
				t.Errorf("at %s, operation %s: %d %s, want %s", half.step, name, p.status, p.body, want)
			}
		}
		if s.fingerprint() != before {
			t.Errorf("at %s: a half-finished sign-in has changed something", half.step)
		}
		for _, e := range guarded(m.serial) {
			if p := half.session(); p.is() != half.step || p.state.SessionID != "" || p.state.MFA {
				t.Errorf("the session is %d %s", p.status, p.body)
			}
			want := half.own[e.path]
			if want == "" {
				want = "ExpiredToken"
			}
			if p := half.post(e.path, e.members...); p.is() != want {
				t.Errorf("at %s, %s: %d %s, want %s", half.step, e.path, p.status, p.body, want)
			}
		}
	}
}

func TestAttack21_NothingAnswersWithoutASession(t *testing.T) {
	s := newServer(t)
	m := s.person("alice")
	forms, operations := wireForms(s), consoleOperations(s)
	live := s.enterRoot()
	unknown, unknownCSRF := token(2)
	before := s.fingerprint()
	for _, other := range []struct {
		name string
		browser
		wire, console string // the answers there
	}{
		{"no cookie", browser{}, "MissingAuthenticationToken", "MissingAuthenticationToken"},
		{"a token that nobody was given", browser{cookie: unknown, csrf: unknownCSRF}, "ExpiredToken", "ExpiredToken"},
		{"what is no token", browser{cookie: "x", csrf: unknownCSRF}, "MissingAuthenticationToken", "MissingAuthenticationToken"},
		{"two tokens", browser{cookie: live.cookie + "; sallyport=" + unknown, csrf: live.csrf}, "MissingAuthenticationToken", "MissingAuthenticationToken"},
		{"the cookie under another name", browser{cookie: "; __Host-sallyport=" + live.cookie, csrf: live.csrf}, "MissingAuthenticationToken", "MissingAuthenticationToken"},
		{"a live cookie without its token", browser{cookie: live.cookie}, "AccessDenied", "AccessDenied"},
		{"a live cookie with another's token", browser{cookie: live.cookie, csrf: unknownCSRF}, "AccessDenied", "AccessDenied"},
		{"the hash that the database has", browser{cookie: hashOf(live.cookie), csrf: live.csrf}, "MissingAuthenticationToken", "MissingAuthenticationToken"},
	} {
		other.s, other.header = s, s.browser().header
		b := &other.browser
		for name, form := range forms {
			if a := b.call(form); a.status != http.StatusForbidden || a.code != other.wire {
				t.Errorf("%s: %s: %d %s", other.name, name, a.status, a.body)
			}
		}
		for name, served := range operations {
			if p := b.operation(name); p.is() != other.console && (served || p.is() != "InvalidAction") {
				t.Errorf("%s: operation %s: %d %s", other.name, name, p.status, p.body)
			}
		}
		for _, e := range guarded(m.serial)[:7] { // who is signed out may sign out
			if p := b.post(e.path, e.members...); p.is() != other.console {
				t.Errorf("%s: %s: %d %s", other.name, e.path, p.status, p.body)
			}
		}
		if b.cookie != live.cookie {
			b.at("signed-out", b.session())
		}
	}
	if s.fingerprint() != before {
		t.Error("requests without a session have changed something")
	}
	anybody := s.browser()
	for path, want := range map[string]int{
		"/": 200, "/users": 200, "/signin/acme": 200, "/healthz": 200, "/readyz": 200, "/metrics": 200, "/no/such/page": 404, "/console/": 404,
		"/console/signin/password": 404, "/console/operations/LookupEvents": 404, "/debug/pprof/": 404, "/assets/../../keyset.json": 404,
		"/%2e%2e/keyset.json": 404, "/credentials": 404, "/assets/%2e%2e%2fkeyset.json": 404,
	} {
		p := anybody.get(path)
		if p.status != want && p.status != http.StatusMovedPermanently && p.status != http.StatusTemporaryRedirect {
			t.Errorf("GET %s: %d, want %d", path, p.status, want)
		}
		for _, secret := range []string{s.root().SecretAccessKey, live.cookie, "encryptedKeyset"} {
			if strings.Contains(p.body, secret) {
				t.Errorf("GET %s shows %s", path, secret)
			}
		}
	}
	if !live.alive() {
		t.Error("root's session did not outlive what was tried beside it")
	}
}

func TestAttack21_TheCookieIsForPostsOfThePageOnly(t *testing.T) {
	s := newServer(t)
	b := s.enterRoot()
	nobody := s.user("nobody", "")
	form := call("CreateUser", "UserName", "made")
	for name, request := range map[string]func() *http.Request{
		"a GET":                             func() *http.Request { r, _ := http.NewRequest(http.MethodGet, s.url+"/?"+form, nil); return r },
		"a HEAD":                            func() *http.Request { r, _ := http.NewRequest(http.MethodHead, s.url+"/?"+form, nil); return r },
		"a PUT":                             func() *http.Request { r := s.post(form); r.Method = http.MethodPut; return r },
		"parameters in the query of a POST": func() *http.Request { r := s.post(""); r.URL.RawQuery = form; return r },
		"plain text":                        func() *http.Request { r := s.post(form); r.Header.Set("Content-Type", "text/plain"); return r },
	} {
		if p := b.do(request()); p.status/100 != 4 {
			t.Errorf("%s: %d %s", name, p.status, p.body)
		}
	}
	foreign := b.with("Origin", "https://evil.example").with("Sec-Fetch-Site", "cross-site")
	foreign.csrf = ""
	for _, p := range []page{foreign.do(s.post(form)), foreign.operation("EndOwnConsoleSessions"), foreign.post("/console/signout"), foreign.password("x", "y")} {
		if p.status != http.StatusForbidden || p.cookies() > 0 {
			t.Errorf("from another site's page: %d %s", p.status, p.body)
		}
	}
	foreign.csrf = b.csrf // which another site can't have
	for _, p := range []page{foreign.operation("EndOwnConsoleSessions"), foreign.post("/console/signout"), foreign.rootPassword(rootPassword)} {
		if p.is() != "AccessDenied" || p.cookies() > 0 {
			t.Errorf("from another site's page, with the token: %d %s", p.status, p.body)
		}
	}

	// Beside a signature the cookie counts for nothing, whatever the signature is worth.
	unsigned := func(r *http.Request) *http.Request {
		r.Header.Set("Cookie", "sallyport="+b.cookie)
		r.Header.Set("X-Csrf-Token", b.csrf)
		return r
	}
	bogus := nobody
	bogus.SecretAccessKey = "x"
	unknown := aws.Credentials{AccessKeyID: "AKIA" + randomText(16), SecretAccessKey: "x"}
	presigned, err := http.NewRequest(http.MethodGet, s.presign(bogus, "iam", form), nil)
	s.must("request", err)
	query := s.post(form)
	query.URL.RawQuery = "X-Amz-Signature=" + strings.Repeat("0", 64)
	empty := s.post(form)
	empty.Header.Set("Authorization", "AWS4-HMAC-SHA256")
	for name, r := range map[string]*http.Request{
		"a bogus signature": s.sign(unsigned(s.post(form)), bogus, "iam", form), "an unknown key": s.sign(unsigned(s.post(form)), unknown, "iam", form),
		"a presigned URL": unsigned(presigned), "a signature's parameter": unsigned(query), "a signature without parts": unsigned(empty),
	} {
		if a := s.send(r); a.status/100 != 4 {
			t.Errorf("the cookie beside %s: %d %s", name, a.status, a.body)
		}
	}
	if a := s.send(s.sign(unsigned(s.post(form)), nobody, "iam", form)); a.code != "AccessDenied" || !strings.Contains(a.body, "user/nobody") {
		t.Errorf("the cookie beside the signature of somebody who may nothing: %d %s", a.status, a.body)
	}
	if a := b.call(call("GetUser", "UserName", "made")); a.code != "NoSuchEntity" {
		t.Errorf("one of the requests made a user: %d %s", a.status, a.body)
	}
	if a := b.call(form); a.status != http.StatusOK {
		t.Errorf("the page's own request: %d %s", a.status, a.body)
	}
}

func TestAttack29_SessionFixation(t *testing.T) {
	s := newServer(t)
	m := s.person("alice")
	s.mustChange(m.name)
	s.putPolicy(m.name, allow("iam:ChangePassword"))
	planted, csrf := token(3)
	mallory := s.newcomer("mallory")
	attacker := s.enterPlain(mallory.name)

	for name, cookie := range map[string]string{"a made-up cookie": planted, "the cookie of somebody else's session": attacker.cookie} {
		victim := s.browser()
		victim.cookie, victim.csrf = cookie, csrf
		victim.at("mfa", victim.password(m.name, rootPassword))
		if victim.cookie == cookie || victim.cookie == "" {
			t.Errorf("%s: the cookie after the password is %q", name, victim.cookie)
		}
		thief := &browser{s: s, cookie: cookie, csrf: csrf, header: s.browser().header}
		if cookie == attacker.cookie {
			thief = attacker.copied()
		}
		thief.at("signed-out", thief.session())
	}

	b := s.halfway(m)
	steps := []*browser{b.copied()}
	b.at("new-password", b.code(m.serial, m.code(0)))
	steps = append(steps, b.copied())
	b.at("signed-in", b.post("/console/signin/new-password", "oldPassword", rootPassword, "newPassword", "Another-Password-1"))
	for i, old := range steps {
		if old.cookie == b.cookie || old.csrf == b.csrf || old.copied().alive() {
			t.Errorf("the cookie of step %d is good after the sign-in", i+1)
		}
		if p := old.copied().code(m.serial, m.code(1)); p.is() != "ExpiredToken" {
			t.Errorf("a step with the cookie of step %d: %d %s", i+1, p.status, p.body)
		}
		old.at("signed-out", old.session())
	}
	if !b.alive() {
		t.Fatal("the session does not work")
	}
	out := b.copied()
	out.at("signed-out", out.post("/console/signout"))
	if out.cookie != "" || b.alive() {
		t.Errorf("after signing out the cookie is %q, and the one before is alive: %v", out.cookie, b.alive())
	}
	s.crash()
	if b.alive() {
		t.Error("after a restart the session that was signed out of is back")
	}
}

func TestAttack31_SessionsEndAtOnce(t *testing.T) {
	s := newServer(t)
	root := s.iam(s.root())
	admin := s.enterRoot()
	for i, end := range []struct {
		name string
		do   func(m member, b *browser)
	}{
		{"DeleteLoginProfile", func(m member, _ *browser) {
			_, err := root.DeleteLoginProfile(t.Context(), &awsiam.DeleteLoginProfileInput{UserName: &m.name})
			s.must("DeleteLoginProfile", err)
		}},
		{"UpdateLoginProfile with a password", func(m member, _ *browser) {
			_, err := root.UpdateLoginProfile(t.Context(), &awsiam.UpdateLoginProfileInput{UserName: &m.name, Password: aws.String("Another-Password-1")})
			s.must("UpdateLoginProfile", err)
		}},
		{"EndConsoleSessions", func(m member, _ *browser) {
			if p := admin.operation("EndConsoleSessions", "UserName", m.name); p.body != `{"Ended":2}` {
				t.Errorf("EndConsoleSessions: %d %s", p.status, p.body)
			}
		}},
		{"EndOwnConsoleSessions of another browser", func(m member, b *browser) {
			id := b.session().state.SessionID
			other := s.enterPlain(m.name)
			if p := other.operation("EndOwnConsoleSessions", "Ids", []string{id}); p.status != http.StatusOK {
				t.Errorf("EndOwnConsoleSessions: %d %s", p.status, p.body)
			}
		}},
		{"DeleteUser", func(m member, _ *browser) { s.remove(m) }},
		{"DeleteUser, and one of that name is made", func(m member, _ *browser) {
			s.remove(m)
			s.newcomer(m.name)
		}},
	} {
		m := s.newcomer(fmt.Sprint("alice", i))
		b, second := s.enterPlain(m.name), s.enterPlain(m.name)
		if !b.alive() || !second.alive() {
			t.Fatal("the sessions don't work")
		}
		end.do(m, b)
		if b.alive() {
			t.Errorf("%s: the cookie is good", end.name)
		}
		if p := b.session(); p.is() != "signed-out" {
			t.Errorf("%s: the session is %s", end.name, p.body)
		}
		if strings.HasPrefix(end.name, "EndOwn") != second.alive() {
			t.Errorf("%s: the other session is alive: %v", end.name, second.alive())
		}
	}

	// Somebody else's session is not one's own to end.
	victim, mallory := s.enterPlain(s.newcomer("victim").name), s.enterPlain(s.newcomer("mallory").name)
	if p := mallory.operation("EndOwnConsoleSessions", "Ids", []string{victim.session().state.SessionID}); p.is() != "NoSuchEntity" {
		t.Errorf("EndOwnConsoleSessions of somebody else's: %d %s", p.status, p.body)
	}
	for _, name := range []string{"EndConsoleSessions", "ListConsoleSessions"} {
		if p := mallory.operation(name, "UserName", "victim"); p.is() != "AccessDenied" {
			t.Errorf("%s without a policy: %d %s", name, p.status, p.body)
		}
	}
	if !victim.alive() {
		t.Error("the victim's session has ended")
	}
}

func TestAttack31_SessionsExpire(t *testing.T) {
	s := newServer(t)
	s.newcomer("alice")
	for name, change := range map[string]func(row *iam.SignIn){
		"twelve hours old":   func(row *iam.SignIn) { row.Expires = row.Expires.Add(-iam.SignInLifetime) },
		"idle for an hour":   func(row *iam.SignIn) { row.LastSeen = row.LastSeen.Add(-iam.SignInIdle) },
		"back at a step":     func(row *iam.SignIn) { row.Step = iam.AtNewPassword },
		"under another hash": func(row *iam.SignIn) { row.TokenHash = hashOf("another") },
	} {
		b := s.enterPlain("alice")
		s.beside(func(at *opened) {
			s.must("UpdateSignIn", at.store.Update(t.Context(), func(tx iam.Tx) error {
				row, err := tx.LockSignIn(t.Context(), hashOf(b.cookie))
				if err != nil {
					return err
				}
				change(row)
				return tx.UpdateSignIn(t.Context(), row)
			}))
		})
		if b.alive() || b.session().is() != "signed-out" {
			t.Errorf("a session %s is good", name)
		}
	}
}

// What a session makes must not outlive it without a policy's leave: credentials of the user's own are not to be had for
// a cookie, as they are not for other temporary credentials.
func TestAttack31_ACookieMintsNoCredentials(t *testing.T) {
	s := newServer(t)
	m := s.person("alice")
	s.putPolicy(m.name, allow("sts:*"))
	b := s.enter(m, 0)
	for _, action := range []string{"GetSessionToken", "GetFederationToken"} {
		form := strings.Replace(call(action, "Name", "fed", "DurationSeconds", "129600"), iamVersion, stsVersion, 1)
		if a := b.call(form); a.code != "AccessDenied" {
			t.Errorf("%s with a cookie: %d %.300s", action, a.status, a.body)
		}
	}
}
