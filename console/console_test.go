package console

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/seal"
	"github.com/sallyport-iam/sallyport/signin"
	"github.com/sallyport-iam/sallyport/store"
)

const (
	rootEmail    = "root@example.com"
	rootPassword = "correct-horse-7-battery"
	ourOrigin    = "https://iam.example.com"
)

// site is the console over a real database, with a root user who has no device.
type site struct {
	*testing.T
	*Handler
	log *bytes.Buffer
}

func newSite(t *testing.T, externalURL string) *site {
	t.Helper()
	dir := t.TempDir()
	keyset, err := seal.Create(filepath.Join(dir, "keyset.json"))
	if err != nil {
		t.Fatal(err)
	}
	database, err := store.Open(t.Context(), "sqlite:"+filepath.Join(dir, "db"), keyset, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { database.Close() })
	keys, err := mfa.NewRelyingParty(mfa.RelyingPartyConfig{ExternalURL: externalURL, Name: "Sallyport"})
	if err != nil {
		t.Fatal(err)
	}
	in := &site{T: t, log: new(bytes.Buffer)}
	log := slog.New(slog.NewTextHandler(in.log, nil))
	service := &iam.Service{
		Store: database, Directory: iam.NewDirectory(database, iam.DirectoryBytes), Passwords: iam.NewCheapPasswords(2), Keys: keys,
		Now: time.Now, Node: "test", Reads: func(iam.AuditEntry) {}, Log: log,
	}
	if _, err := service.CreateAccount(t.Context(), iam.AccountRequest{ID: "111122223333", Email: rootEmail, Password: rootPassword}); err != nil {
		t.Fatal(err)
	}
	in.Handler, err = New(Config{
		IAM: service, SignIn: &signin.Service{IAM: service, Log: log}, Cookies: signin.Cookies{Secure: strings.HasPrefix(externalURL, "https:")},
		ExternalURL: externalURL, Log: log, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// request is a POST of JSON as the console's page sends it, with a cookie and the token that goes with it unless it is "".
func (in *site) request(method, path, body, cookie string) *http.Request {
	in.Helper()
	r := httptest.NewRequest(method, in.ExternalURL+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Origin", in.ExternalURL)
	if cookie != "" {
		r.Header.Set("Cookie", in.cookieName()+"="+cookie)
		r.Header.Set(signin.CSRFHeader, signin.CSRF(cookie))
	}
	return r
}

func (in *site) cookieName() string {
	if in.Cookies.Secure {
		return "__Host-sallyport"
	}
	return "sallyport"
}

func (in *site) send(r *http.Request) *httptest.ResponseRecorder {
	in.Helper()
	w := httptest.NewRecorder()
	in.ServeHTTP(w, r)
	return w
}

func (in *site) post(path, body, cookie string) *httptest.ResponseRecorder {
	in.Helper()
	return in.send(in.request(http.MethodPost, path, body, cookie))
}

// refused checks status and code of an error, and that it is the document all errors are.
func (in *site) refused(what string, w *httptest.ResponseRecorder, status int, code string) {
	in.Helper()
	var answer struct{ Code, Message string }
	err := json.Unmarshal(w.Body.Bytes(), &answer)
	if err != nil || w.Code != status || answer.Code != code || answer.Message == "" || w.Header().Get("Content-Type") != "application/json" {
		in.Errorf("%s: %d %s, want %d %s", what, w.Code, w.Body, status, code)
	}
}

const signInAsRoot = `{"email":"` + rootEmail + `","password":"` + rootPassword + `"}`

// enter signs root in and returns the cookie.
func (in *site) enter() *http.Cookie {
	in.Helper()
	w := in.post("/console/signin/password", signInAsRoot, "")
	cookies := w.Result().Cookies()
	if w.Code != http.StatusOK || len(cookies) != 1 {
		in.Fatalf("sign-in: %d %s, cookies %v", w.Code, w.Body, cookies)
	}
	return cookies[0]
}

func TestCookieAttributes(t *testing.T) {
	for url, name := range map[string]string{ourOrigin: "__Host-sallyport", "http://localhost:7450": "sallyport"} {
		in := newSite(t, url)
		c := in.enter()
		secure := strings.HasPrefix(url, "https:")
		if c.Name != name || c.Secure != secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" ||
			c.MaxAge != 0 || !c.Expires.IsZero() {
			t.Errorf("at %s the cookie is %s", url, c)
		}
		w := in.post("/console/signout", `{}`, c.Value)
		gone := w.Result().Cookies()
		if w.Code != http.StatusOK || len(gone) != 1 || gone[0].Name != name || gone[0].Value != "" || gone[0].MaxAge != -1 || gone[0].Path != "/" || gone[0].Secure != secure {
			t.Errorf("at %s signing out sets %v", url, gone)
		}
		if other := in.post("/console/signin/password", signInAsRoot, ""); strings.Contains(other.Body.String(), other.Result().Cookies()[0].Value) {
			t.Errorf("the answer shows the cookie to the page: %s", other.Body)
		}
	}
}

func TestSignInAndSession(t *testing.T) {
	in := newSite(t, ourOrigin)
	cookie := in.enter().Value
	var state sessionDocument
	w := in.send(in.request(http.MethodGet, "/console/session", "", cookie))
	if err := json.Unmarshal(w.Body.Bytes(), &state); err != nil {
		t.Fatal(err)
	}
	if state.Step != "signed-in" || state.CSRF != signin.CSRF(cookie) || state.ExternalURL != ourOrigin || state.MFA || state.SessionID == "" ||
		*state.User != (userDocument{Account: "111122223333", Kind: "root", Email: rootEmail, ARN: "arn:aws:iam::111122223333:root"}) {
		t.Errorf("the session is %s", w.Body)
	}
	if w := in.post("/console/operations/ListOwnConsoleSessions", `{}`, cookie); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), state.SessionID) {
		t.Errorf("ListOwnConsoleSessions: %d %s", w.Code, w.Body)
	}
	again := in.post("/console/signin/password", signInAsRoot, cookie) // in the same browser
	if again.Code != http.StatusOK {
		t.Fatalf("sign-in again: %d %s", again.Code, again.Body)
	}
	w = in.send(in.request(http.MethodGet, "/console/session", "", cookie))
	if w.Body.String() != `{"step":"signed-out","csrf":"","externalUrl":"`+ourOrigin+`"}` || len(w.Result().Cookies()) != 0 {
		t.Errorf("the session before is %s, cookies %v: looking at it must not take a newer one away", w.Body, w.Result().Cookies())
	}
}

func TestRequestsOfOtherSitesAreRefused(t *testing.T) {
	in := newSite(t, ourOrigin)
	cookie := in.enter().Value
	const path = "/console/operations/ListOwnConsoleSessions"
	header := func(name, value string) func(r *http.Request) {
		return func(r *http.Request) {
			r.Header.Del("Sec-Fetch-Site")
			r.Header.Del("Origin")
			r.Header.Set(name, value)
		}
	}
	for name, change := range map[string]func(r *http.Request){
		"cross-site":           header("Sec-Fetch-Site", "cross-site"),
		"same-site":            header("Sec-Fetch-Site", "same-site"),
		"an unknown site":      header("Sec-Fetch-Site", "another-word"),
		"another origin":       header("Origin", "https://evil.example"),
		"a host with ours":     header("Origin", ourOrigin+".evil.example"),
		"the null origin":      header("Origin", "null"),
		"no CSRF token":        func(r *http.Request) { r.Header.Del(signin.CSRFHeader) },
		"an empty CSRF token":  func(r *http.Request) { r.Header.Set(signin.CSRFHeader, "") },
		"a wrong CSRF token":   func(r *http.Request) { r.Header.Set(signin.CSRFHeader, strings.Repeat("A", 43)) },
		"the cookie as token":  func(r *http.Request) { r.Header.Set(signin.CSRFHeader, cookie) },
		"half a CSRF token":    func(r *http.Request) { r.Header.Set(signin.CSRFHeader, signin.CSRF(cookie)[:20]) },
		"another session's":    func(r *http.Request) { r.Header.Set(signin.CSRFHeader, signin.CSRF(in.enter().Value)) },
		"the token in a query": func(r *http.Request) { r.Header.Del(signin.CSRFHeader); r.URL.RawQuery = "csrf=" + signin.CSRF(cookie) },
	} {
		r := in.request(http.MethodPost, path, `{}`, cookie)
		change(r)
		in.refused(name, in.send(r), http.StatusForbidden, "AccessDenied")
	}
	for name, change := range map[string]func(r *http.Request){
		"the page itself":    func(*http.Request) {},
		"an older browser":   func(r *http.Request) { r.Header.Del("Sec-Fetch-Site") },
		"what is no browser": func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Del("Origin") },
	} {
		r := in.request(http.MethodPost, path, `{}`, cookie)
		change(r)
		if w := in.send(r); w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	// Signing a victim in as somebody else needs no cookie of theirs, so it is refused too.
	for _, site := range []string{"cross-site", "same-site"} {
		r := in.request(http.MethodPost, "/console/signin/password", signInAsRoot, "")
		r.Header.Set("Sec-Fetch-Site", site)
		r.Header.Set("Origin", "https://evil.example")
		w := in.send(r)
		in.refused("sign-in from a "+site+" page", w, http.StatusForbidden, "AccessDenied")
		if len(w.Result().Cookies()) > 0 {
			t.Errorf("sign-in from a %s page set a cookie", site)
		}
	}
}

func TestBodiesAreBoundedJSON(t *testing.T) {
	in := newSite(t, ourOrigin)
	cookie := in.enter().Value
	huge := `{"password":"` + strings.Repeat("x", maxJSON) + `"}`
	deep := strings.Repeat(`{"a":`, 20_000)
	for _, path := range []string{"/console/signin/password", "/console/operations/LookupEvents", "/console/security-keys", "/console/signin/key"} {
		for _, test := range []struct {
			name, body string
			status     int
			code       string
		}{
			{"nothing", ``, 400, "MalformedInput"},
			{"no JSON", `email=root`, 400, "MalformedInput"},
			{"half of it", `{"password":"`, 400, "MalformedInput"},
			{"a list", `[]`, 400, "MalformedInput"},
			{"a string", `"x"`, 400, "MalformedInput"},
			{"an unknown member", `{"nonsense":1}`, 400, "MalformedInput"},
			{"two values", `{} {}`, 400, "MalformedInput"},
			{"a value and more", `{}x`, 400, "MalformedInput"},
			{"deep nesting", deep, 400, "MalformedInput"},
			{"a huge one", huge, 413, "RequestEntityTooLarge"},
			{"a huge blank", strings.Repeat(" ", maxJSON+1), 413, "RequestEntityTooLarge"},
			{"a small one and a huge tail", `{}` + strings.Repeat(" ", maxJSON), 400, "MalformedInput"},
		} {
			if test.name == "a huge one" && path != "/console/signin/password" {
				continue // the member is refused before its end
			}
			in.refused(path+" with "+test.name, in.post(path, test.body, cookie), test.status, test.code)
		}
		for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp", "application/json2", ";application/json"} {
			r := in.request(http.MethodPost, path, `{}`, cookie)
			r.Header.Set("Content-Type", kind)
			in.refused(path+" as "+kind, in.send(r), http.StatusUnsupportedMediaType, "MalformedInput")
		}
	}
	r := in.request(http.MethodPost, "/console/operations/ListOwnConsoleSessions", `{}`, cookie)
	r.Header.Set("Content-Type", "Application/JSON; charset=utf-8")
	if w := in.send(r); w.Code != http.StatusOK {
		t.Errorf("JSON with a charset: %d %s", w.Code, w.Body)
	}
	body := &counting{}
	r = httptest.NewRequest(http.MethodPost, in.ExternalURL+"/console/signin/password", body)
	r.Header.Set("Content-Type", "application/json")
	in.refused("an endless body", in.send(r), http.StatusRequestEntityTooLarge, "RequestEntityTooLarge")
	if body.read > 2*maxJSON {
		t.Errorf("%d bytes of an endless body were read", body.read)
	}
}

// counting is an endless string, and how much of it was read.
type counting struct{ read int }

func (c *counting) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	if c.read == 0 {
		copy(b, `{"email":"`)
	}
	c.read += len(b)
	return len(b), nil
}

func TestWhatThereIsNot(t *testing.T) {
	in := newSite(t, ourOrigin)
	cookie := in.enter().Value
	for _, path := range []string{"/console/", "/console/nothing", "/console/signin", "/console/signin/password/more", "/console/operations/", "/console/operations/a/b"} {
		in.refused("POST "+path, in.post(path, `{}`, cookie), http.StatusNotFound, "NotFound")
	}
	for _, method := range []string{"GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"} {
		for _, path := range []string{"/console/signin/password", "/console/signout", "/console/operations/ListOwnConsoleSessions"} {
			in.refused(method+" "+path, in.send(in.request(method, path, `{}`, cookie)), http.StatusNotFound, "NotFound")
		}
	}
	in.refused("POST /console/session", in.post("/console/session", `{}`, cookie), http.StatusNotFound, "NotFound")
	// Operations of the wire, of the local commands, with an endpoint of their own, and none at all.
	for _, name := range []string{"CreateUser", "ResetRootMFA", "ImportHardwareTokens", "BeginSecurityKey", "RegisterSecurityKey", "listownconsolesessions", "Nothing", "%00", "..%2Fsession"} {
		in.refused("operation "+name, in.post("/console/operations/"+name, `{}`, cookie), http.StatusNotFound, "InvalidAction")
	}
	for name, test := range map[string]struct {
		cookie string
		code   string
	}{"no cookie": {"", "MissingAuthenticationToken"}, "no token": {"x", "MissingAuthenticationToken"}, "nobody's token": {strings.Repeat("A", 43), "ExpiredToken"}} {
		in.refused(name, in.post("/console/operations/ListOwnConsoleSessions", `{}`, test.cookie), http.StatusForbidden, test.code)
	}
}

func TestSecurityHeadersOnEveryAnswer(t *testing.T) {
	for _, url := range []string{ourOrigin, "http://localhost:7450"} {
		in := newSite(t, url)
		cookie := in.enter().Value
		for name, w := range map[string]*httptest.ResponseRecorder{
			"a page":            in.send(in.request("GET", "/", "", "")),
			"an unknown page":   in.send(in.request("GET", "/no/such/page", "", "")),
			"a missing asset":   in.send(in.request("GET", "/assets/none.js", "", "")),
			"a method":          in.send(in.request("DELETE", "/", "", "")),
			"a redirect":        in.send(in.request("GET", "/console/../users", "", "")),
			"the session":       in.send(in.request("GET", "/console/session", "", cookie)),
			"an error":          in.post("/console/signout", `{}`, ""),
			"a wrong password":  in.post("/console/signin/password", `{}`, ""),
			"an unknown path":   in.post("/console/nothing", `{}`, cookie),
			"what has no token": in.post("/console/operations/LookupEvents", `{}`, "x"),
			"an operation":      in.post("/console/operations/ListOwnConsoleSessions", `{}`, cookie),
		} {
			header := w.Header()
			for key, want := range map[string]string{
				"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
				"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Content-Security-Policy": contentPolicy,
				"Access-Control-Allow-Origin": "", "Access-Control-Allow-Credentials": "",
			} {
				if header.Get(key) != want {
					t.Errorf("%s: %s is %q", name, key, header.Get(key))
				}
			}
			if hsts := header.Get("Strict-Transport-Security"); (hsts != "") != strings.HasPrefix(url, "https:") {
				t.Errorf("%s at %s: Strict-Transport-Security is %q", name, url, hsts)
			}
			if header.Get("Content-Type") == "application/json" && (header.Get("Cache-Control") != "no-store" || header.Get("X-Amzn-Requestid") == "") {
				t.Errorf("%s: Cache-Control %q, request id %q", name, header.Get("Cache-Control"), header.Get("X-Amzn-Requestid"))
			}
		}
	}
	for _, directive := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
		if !strings.Contains(contentPolicy, directive) {
			t.Errorf("the content policy has no %s", directive)
		}
	}
	if script, _, _ := strings.Cut(strings.SplitN(contentPolicy, "script-src", 2)[1], ";"); strings.Contains(script, "unsafe") {
		t.Errorf("the content policy runs %s", script)
	}
}

func TestFailuresTellNothing(t *testing.T) {
	for name, test := range map[string]struct {
		do     func(*request) (any, error)
		status int
		code   string
		log    string
	}{
		"a panic":            {func(*request) (any, error) { panic("a secret place") }, 500, "ServiceFailure", "a secret place"},
		"a nil pointer":      {func(*request) (any, error) { var none *request; return none.id, nil }, 500, "ServiceFailure", "nil pointer"},
		"a failure":          {func(*request) (any, error) { return nil, fmt.Errorf("disk: a secret place") }, 500, "ServiceFailure", "a secret place"},
		"an overload":        {func(*request) (any, error) { return nil, context.DeadlineExceeded }, 503, "ServiceUnavailable", "took too long"},
		"a client that left": {func(*request) (any, error) { return nil, context.Canceled }, 500, "ServiceFailure", "went away"},
		"a refused key": {func(*request) (any, error) {
			return nil, &mfa.KeyError{Reason: "Try again.", Err: fmt.Errorf("a secret place")}
		}, 403, "SecurityKeyRefused", "a secret place"},
		"no JSON": {func(*request) (any, error) { return func() {}, nil }, 500, "ServiceFailure", ""},
	} {
		var log bytes.Buffer
		h := &Handler{Config: Config{Log: slog.New(slog.NewTextHandler(&log, nil)), Now: time.Now}, origins: http.NewCrossOriginProtection()}
		w := httptest.NewRecorder()
		h.endpoint(test.do).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/console/x", nil))
		(&site{T: t}).refused(name, w, test.status, test.code)
		if strings.Contains(w.Body.String(), "secret place") {
			t.Errorf("%s: the answer tells %s", name, w.Body)
		}
		if !strings.Contains(log.String(), test.log) || test.log != "" && !strings.Contains(log.String(), w.Header().Get("X-Amzn-Requestid")) {
			t.Errorf("%s: the log has %s", name, log.String())
		}
	}
}

func TestThrottledAnswer(t *testing.T) {
	now := time.Now()
	h := &Handler{Config: Config{Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }}, origins: http.NewCrossOriginProtection()}
	for wait, want := range map[time.Duration]string{30 * time.Second: "31", time.Millisecond: "1", -time.Minute: "1"} {
		w := httptest.NewRecorder()
		h.endpoint(func(*request) (any, error) { return nil, &signin.ThrottledError{Until: now.Add(wait)} }).
			ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/console/x", nil))
		if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != want || !strings.Contains(w.Body.String(), `"retryAfter":`+want+`}`) {
			t.Errorf("throttled for %v: %d, Retry-After %q, %s", wait, w.Code, w.Header().Get("Retry-After"), w.Body)
		}
	}
}

// net/http's own way to cut a connection stays one: it is no success.
func TestAbortedAnswer(t *testing.T) {
	h := &Handler{Config: Config{Log: slog.New(slog.DiscardHandler), Now: time.Now}, origins: http.NewCrossOriginProtection()}
	server := httptest.NewServer(h.endpoint(func(*request) (any, error) { panic(http.ErrAbortHandler) }))
	defer server.Close()
	if response, err := http.Get(server.URL); err == nil {
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		t.Errorf("an aborted request was answered %d %s", response.StatusCode, body)
	}
}

// Every operation takes any JSON without failing: what is wrong with it is said.
func TestOperationsTakeAnyJSON(t *testing.T) {
	in := newSite(t, ourOrigin)
	cookie := in.enter().Value
	values := []string{`null`, `""`, `"x"`, `0`, `-1`, `1e400`, `[]`, `[null]`, `[""]`, `{}`, `true`, `"\u0000"`, `"` + strings.Repeat("x", 10_000) + `"`}
	tried := 0
	for name, op := range in.operations {
		if keptApart[name] || name == "ChangeRootPassword" {
			continue // two values of the latter are enough to be throttled
		}
		members := map[string]json.RawMessage{}
		text, err := json.Marshal(op.NewInput())
		if err == nil {
			err = json.Unmarshal(text, &members)
		}
		if err != nil {
			t.Fatal(err)
		}
		bodies := []string{`{}`, `null`}
		for member := range members {
			for _, value := range values {
				bodies = append(bodies, `{"`+member+`":`+value+`}`)
			}
		}
		for _, body := range bodies {
			if name == "EndOwnConsoleSessions" && (body == `{}` || strings.HasSuffix(body, "null")) {
				continue
			}
			tried++
			if w := in.post("/console/operations/"+name, body, cookie); w.Code != http.StatusOK && w.Code/100 != 4 {
				t.Errorf("%s with %.200s: %d %s", name, body, w.Code, w.Body)
			}
		}
	}
	for _, member := range []string{"userName", "deviceName", "response"} {
		for _, value := range values {
			for _, path := range []string{"/console/security-keys/begin", "/console/security-keys"} {
				tried++
				if w := in.post(path, `{"`+member+`":`+value+`}`, cookie); w.Code != http.StatusOK && w.Code/100 != 4 {
					t.Errorf("%s with %s %.200s: %d %s", path, member, value, w.Code, w.Body)
				}
			}
		}
	}
	if tried < 150 || strings.Contains(in.log.String(), "panic") {
		t.Errorf("%d requests were tried; the log:\n%s", tried, in.log)
	}
}
