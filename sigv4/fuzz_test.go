package sigv4

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// No input makes Parse or Verify panic, nothing passes with another key, every
// refusal is one of the documented codes with a printable message, and what
// passes with the right key carries a signature that was really made.
func FuzzParseVerify(f *testing.F) {
	made := map[string]bool{} // signatures made with the right key
	add := func(r *http.Request, body []byte) {
		s, err := Parse(r, body, served, testTime)
		if err != nil {
			f.Fatal(err)
		}
		made[s.signature] = true
		f.Add(r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Host, r.Header.Get("Authorization"), r.Header.Get("X-Amz-Date"),
			r.Header.Get("Content-Type"), r.Header.Get("X-Amz-Security-Token"), body)
	}
	add(signedForm(f, signer{}, formBody))
	add(signedForm(f, signer{token: "AQoDYXdz", service: "sts", region: "eu-west-1"}, formBody))
	add(presigned(f, signer{token: "AQo/+="}, "http://localhost:8080/?Action=GetUser&X-Amz-Expires=60"), nil)
	add(goodAttempt(f).request(), nil)
	f.Add("GET", "/%zz", "%", "", "AWS4-HMAC-SHA256 ,=,Credential=////", "00000000T000000Z", "", "", []byte(nil))

	codes := map[string]int{
		CodeIncompleteSignature: 400, CodeMalformedQueryString: 400, CodeInvalidClientTokenID: 403,
		CodeMissingAuthenticationToken: 403, CodeSignatureDoesNotMatch: 403,
	}
	f.Fuzz(func(t *testing.T, method, path, query, host, authorization, date, contentType, token string, body []byte) {
		r := httptest.NewRequest("GET", "/", nil)
		u, err := url.ParseRequestURI(path)
		if err != nil {
			t.Skip()
		}
		u.RawQuery = query
		r.Method, r.URL, r.Host = method, u, host
		for name, value := range map[string]string{
			"Authorization": authorization, "X-Amz-Date": date, "Content-Type": contentType, "X-Amz-Security-Token": token,
		} {
			if value != "" {
				r.Header[name] = []string{value}
			}
		}
		signed := Signed(r)
		s, err := Parse(r, body, served, testTime)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || codes[e.Code] != e.Status {
				t.Fatalf("not an error of this package: %v", err)
			}
			if strings.ContainsFunc(e.Message, func(c rune) bool { return c < ' ' || c > '~' }) {
				t.Fatalf("message is not printable: %q", e.Message)
			}
			return
		}
		if !signed {
			t.Fatal("Parse found a signature and Signed did not")
		}
		if s.Time.Format(isoBasic)[:8] != s.Date {
			t.Fatalf("date %s of scope, time %v", s.Date, s.Time)
		}
		if s.Verify(SigningKey("another secret", s.Date, s.Region, s.Service)) == nil {
			t.Fatal("accepted with another key")
		}
		if s.Verify(SigningKey(testSecret, s.Date, s.Region, s.Service)) == nil && !made[s.signature] {
			t.Fatal("accepted a signature that was never made")
		}
	})
}

// Whatever the SDK signs, this package accepts, except for the refusals that are
// on purpose: the two build the canonical request independently.
func FuzzAgainstSDK(f *testing.F) {
	f.Add("POST", "/", "Action=ListUsers&b=+%20&c", "value  1", "us-east-1", formBody, false)
	f.Add("GET", "/a b//../é%2F;c", "z-=1&z%3A=2&é=~*'()!", " \"a   b\" ", "eu-west-1", "", true)
	f.Fuzz(func(t *testing.T, method, path, query, value, region, body string, presign bool) {
		valid := len(path) > 0 && path[0] == '/' && validRegion(region) &&
			!strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c > '~' }) &&
			!strings.ContainsFunc(method, func(c rune) bool { return c < 'A' || c > 'Z' }) && method != ""
		parameters, err := url.ParseQuery(query)
		if err != nil || !valid {
			t.Skip()
		}
		for name, values := range parameters {
			if len(values) > 1 || strings.HasPrefix(strings.ToLower(name), "x-amz-") {
				t.Skip()
			}
		}
		r := httptest.NewRequest("GET", "http://localhost:8080/", nil)
		r.Method, r.URL.Path, r.URL.RawQuery = method, path, query
		r.Header.Set("Content-Type", formType)
		r.Header.Set("My-Header", value)
		r.Header.Add("My-Header", "x")
		if presign {
			r = presignedFuzz(t, r, body, region)
		} else {
			signHeader(t, signer{region: region}, r, []byte(body))
		}
		u, err := url.ParseRequestURI(r.URL.EscapedPath() + "?" + r.URL.RawQuery)
		if err != nil {
			t.Fatal(err)
		}
		r.URL = u
		if _, err := check(r, []byte(body), testTime); err != nil {
			t.Fatalf("%s %s: %v", r.Method, r.URL, err)
		}
	})
}

func presignedFuzz(t *testing.T, r *http.Request, body, region string) *http.Request {
	target, _, err := presignRaw(r, hexHash([]byte(body)), region)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	out := r.Clone(r.Context())
	out.URL = u
	return out
}
