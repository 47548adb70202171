package signin

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net"
	"net/http"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/wire"
)

// tokenBytes makes tokens of 256 random bits (ASVS 5.0 7.2.3 asks for 128).
const tokenBytes = 32

// newToken draws a token and returns it with the hash that is stored of it.
func newToken() (token, hash string) {
	var random [tokenBytes]byte
	rand.Read(random[:])
	token = base64.RawURLEncoding.EncodeToString(random[:])
	return token, hashToken(token)
}

// hashToken is what the database knows a token by. Tokens are random and long, so that a plain hash hides them.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// isToken tells whether text has the form of a token: nothing else is looked up. The encoding is strict, so that a
// token has one spelling.
func isToken(text string) bool {
	if len(text) != base64.RawURLEncoding.EncodedLen(tokenBytes) {
		return false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return err == nil && len(raw) == tokenBytes
}

// CSRFHeader is the header in which every POST made with the cookie carries [CSRF] of the token.
const CSRFHeader = "X-Csrf-Token"

// CSRF is what proves that a request comes from a page of the console and not from another site that makes the browser
// send the cookie. It is derived from the token, which no page can read, and changes with it; "" for no token.
func CSRF(token string) string {
	if token == "" {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("sallyport console csrf"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// ValidCSRF tells, in constant time, whether sent is [CSRF] of a token.
func ValidCSRF(token, sent string) bool {
	return token != "" && hmac.Equal([]byte(CSRF(token)), []byte(sent))
}

// Cookies is how a token is kept in the browser: out of reach of scripts, sent to this site only and by no other
// site's request, and gone when the browser is closed.
type Cookies struct {
	// Secure is for a console served over HTTPS. The cookie's name then binds it to this host (RFC 6265bis §4.1.3.2), so
	// that no neighbouring host can plant one.
	Secure bool
}

func (c Cookies) name() string {
	if c.Secure {
		return "__Host-sallyport"
	}
	return "sallyport"
}

// Token is the token that a request carries, "" if it carries none. One that doesn't have the form of a token, and two
// different ones, are none.
func (c Cookies) Token(r *http.Request) string {
	token := ""
	for _, cookie := range r.CookiesNamed(c.name()) {
		if !isToken(cookie.Value) || token != "" && token != cookie.Value {
			return ""
		}
		token = cookie.Value
	}
	return token
}

// Set puts the token into the browser.
func (c Cookies) Set(w http.ResponseWriter, token string) { http.SetCookie(w, c.cookie(token, 0)) }

// Clear takes the token from the browser.
func (c Cookies) Clear(w http.ResponseWriter) { http.SetCookie(w, c.cookie("", -1)) }

func (c Cookies) cookie(token string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: c.name(), Value: token, Path: "/", MaxAge: maxAge,
		Secure: c.Secure, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
}

// Authenticator authenticates requests of the wire that carry the cookie in place of a signature. Only a POST that
// proves with [CSRF] to come from a page of the console is one.
func (s *Service) Authenticator(c Cookies) func(ctx context.Context, r *http.Request, body []byte, form wire.Form) (*iam.Caller, wire.Service, error) {
	return func(ctx context.Context, r *http.Request, _ []byte, form wire.Form) (*iam.Caller, wire.Service, error) {
		service, ok := wire.ServiceByVersion(form.Get("Version"))
		if !ok {
			service = wire.IAM
		}
		token := c.Token(r)
		if token == "" {
			return nil, service, wire.Errorf("MissingAuthenticationToken", "Request is missing Authentication Token")
		}
		if r.Method != http.MethodPost || !ValidCSRF(token, r.Header.Get(CSRFHeader)) {
			return nil, service, wire.Errorf("AccessDenied", "A request of the console must be a POST with a valid %s header.", CSRFHeader)
		}
		source, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			source = r.RemoteAddr
		}
		caller, err := s.Session(ctx, token, From{SourceIP: source, UserAgent: r.UserAgent(), Secure: r.TLS != nil})
		return caller, service, err
	}
}
