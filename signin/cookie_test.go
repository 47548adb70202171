package signin_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/signin"
	"github.com/sallyport-iam/sallyport/wire"
)

func TestCookies(t *testing.T) {
	token := strings.Repeat("A", 43)
	for _, c := range []struct {
		cookies    signin.Cookies
		set, clear string
	}{
		{signin.Cookies{Secure: true}, "__Host-sallyport=" + token + "; Path=/; HttpOnly; Secure; SameSite=Strict",
			"__Host-sallyport=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict"},
		{signin.Cookies{}, "sallyport=" + token + "; Path=/; HttpOnly; SameSite=Strict", "sallyport=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"},
	} {
		w := httptest.NewRecorder()
		c.cookies.Set(w, token)
		c.cookies.Clear(w)
		if got := w.Header()["Set-Cookie"]; len(got) != 2 || got[0] != c.set || got[1] != c.clear {
			t.Errorf("got %q", got)
		}
	}
	secure, other := signin.Cookies{Secure: true}, strings.Repeat("B", 42)+"A"
	for header, want := range map[string]string{
		"__Host-sallyport=" + token:                                 token,
		"a=b; __Host-sallyport=" + token + "; c=d":                  token,
		"__Host-sallyport=" + token + "; __Host-sallyport=" + token: token,
		"__Host-sallyport=" + token + "; __Host-sallyport=" + other: "",
		"__Host-sallyport=" + other + "; __Host-sallyport=x":        "",
		"sallyport=" + token:                                        "", // the plain name is not believed where the other is used
		"__Host-sallyport=":                                         "",
		"__host-sallyport=" + token:                                 "",
		"__Host-sallyport=" + strings.Repeat("A", 42) + "B":         "", // not the one spelling of its bytes
		"": "",
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Cookie", header)
		if got := secure.Token(r); got != want {
			t.Errorf("%q: %q, want %q", header, got, want)
		}
	}
}

func TestCSRF(t *testing.T) {
	token, other := strings.Repeat("A", 43), strings.Repeat("B", 42)+"A"
	sent := signin.CSRF(token)
	if !signin.ValidCSRF(token, sent) || sent == token || sent == signin.CSRF(other) {
		t.Errorf("CSRF is %q", sent)
	}
	for name, c := range map[string][2]string{
		"of another token": {other, sent}, "none": {token, ""}, "the token": {token, token}, "cut": {token, sent[:len(sent)-1]},
		"longer": {token, sent + "A"}, "of no token": {"", signin.CSRF("")}, "empty": {"", ""},
	} {
		if signin.ValidCSRF(c[0], c[1]) {
			t.Errorf("%s is valid", name)
		}
	}
}

func TestAuthenticator(t *testing.T) {
	in := newSite(t)
	alice := in.user("alice")
	in.enrol("alice", "phone")
	half := in.at(in.enter("alice"), nil, iam.AtSecondFactor).Token
	in.user("bob")
	token := in.enter("bob").Token
	planted := strings.Repeat("A", 43)
	const (
		missing = "MissingAuthenticationToken: Request is missing Authentication Token"
		forged  = "AccessDenied: A request of the console must be a POST with a valid X-Csrf-Token header."
	)
	authenticate := in.Authenticator(signin.Cookies{Secure: true})
	for name, c := range map[string]struct {
		method, token, csrf, version string
		want                         string
		service                      wire.Service
	}{
		"a session":         {"POST", token, signin.CSRF(token), wire.IAM.Version, "ok", wire.IAM},
		"a session at STS":  {"POST", token, signin.CSRF(token), wire.STS.Version, "ok", wire.STS},
		"no version":        {"POST", token, signin.CSRF(token), "", "ok", wire.IAM},
		"no cookie":         {"POST", "", signin.CSRF(token), wire.IAM.Version, missing, wire.IAM},
		"no CSRF token":     {"POST", token, "", wire.IAM.Version, forged, wire.IAM},
		"another's":         {"POST", token, signin.CSRF(half), wire.IAM.Version, forged, wire.IAM},
		"GET":               {"GET", token, signin.CSRF(token), wire.IAM.Version, forged, wire.IAM},
		"half finished":     {"POST", half, signin.CSRF(half), wire.IAM.Version, expired, wire.IAM}, // attack row 20
		"planted":           {"POST", planted, signin.CSRF(planted), wire.IAM.Version, expired, wire.IAM},
		"planted with GET":  {"GET", planted, signin.CSRF(planted), wire.IAM.Version, forged, wire.IAM},
		"planted, CSRF off": {"POST", planted, signin.CSRF(token), wire.IAM.Version, forged, wire.IAM},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, "/", nil)
			r.AddCookie(&http.Cookie{Name: "__Host-sallyport", Value: c.token})
			r.Header.Set(signin.CSRFHeader, c.csrf)
			form, err := wire.ParseForm("Action=ListUsers&Version="+c.version, wire.DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			caller, service, err := authenticate(t.Context(), r, nil, form)
			in.refused(err, c.want)
			if service != c.service {
				t.Errorf("service %s", service.Name)
			}
			if (caller != nil) != (c.want == "ok") {
				t.Errorf("caller %+v", caller)
			}
			if caller != nil && (caller.Name != "bob" || caller.ID == alice || caller.Region != "us-east-1" || caller.AccessKeyID != "" ||
				caller.SourceIP != "192.0.2.1" || caller.Session.SignIn == "" || caller.LongTerm()) {
				t.Errorf("caller %+v, session %+v", caller, caller.Session)
			}
		})
	}
}
