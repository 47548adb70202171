package sigv4

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// checkAs is check for a server that knows one access key.
func checkAs(keyID string, r *http.Request, body []byte) error {
	s, err := Parse(r, body, served, testTime)
	if err != nil {
		return err
	}
	if s.AccessKeyID != keyID {
		return fmt.Errorf("unknown access key %q", s.AccessKeyID)
	}
	return s.Verify(SigningKey(testSecret, s.Date, s.Region, s.Service))
}

func flip(s string, i int, mask byte) string {
	b := []byte(s)
	b[i] ^= mask
	return string(b)
}

// A change to any byte of the signed material is refused, whatever the byte is
// changed to: each of its bits is flipped in turn.
func TestTamperedHeader(t *testing.T) {
	signed := httptest.NewRequest("POST", "http://localhost:8080/p/q?Path=%2Fa%2F&Max=10", strings.NewReader(formBody))
	signed.Header.Set("Content-Type", formType)
	signed.Header.Set("X-Amz-Content-Sha256", hexHash([]byte(formBody)))
	signed.Header.Set("X-Amz-User-Agent", "aws-sdk-js/3.0.0")
	signHeader(t, signer{token: "AQoDYXdzEPT//////////wEXAMPLE+/=="}, signed, []byte(formBody))
	make := func() (*http.Request, []byte) {
		return signed.Clone(t.Context()), []byte(formBody)
	}
	r, body := make()
	if err := checkAs(testKeyID, r, body); err != nil {
		t.Fatal(err)
	}

	set := map[string]func(r *http.Request, body *[]byte, s string){
		"method": func(r *http.Request, _ *[]byte, s string) { r.Method = s },
		"path":   func(r *http.Request, _ *[]byte, s string) { r.URL.Path = s },
		"query":  func(r *http.Request, _ *[]byte, s string) { r.URL.RawQuery = s },
		"host":   func(r *http.Request, _ *[]byte, s string) { r.Host = s },
		"body":   func(_ *http.Request, body *[]byte, s string) { *body = []byte(s) },
	}
	value := map[string]string{
		"method": r.Method, "path": r.URL.Path, "query": r.URL.RawQuery, "host": r.Host, "body": string(body),
	}
	for name := range r.Header {
		value[name] = r.Header.Get(name)
		set[name] = func(r *http.Request, _ *[]byte, s string) { r.Header.Set(name, s) }
	}
	for _, name := range []string{"Authorization", "Content-Type", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256", "X-Amz-User-Agent"} {
		if value[name] == "" {
			t.Fatalf("%s is not sent", name)
		}
	}
	for part, original := range value {
		t.Run(part, func(t *testing.T) {
			for i := range len(original) {
				for bit := range 8 {
					changed := flip(original, i, 1<<bit)
					if part == "query" && sameQuery(original, changed) || part == "Authorization" && sameBlank(original, changed, i) {
						continue
					}
					r, body := make()
					set[part](r, &body, changed)
					if err := checkAs(testKeyID, r, body); err == nil {
						t.Errorf("accepted %q", changed)
					}
				}
			}
			for _, changed := range []string{original[:len(original)-1], original + "0"} {
				r, body := make()
				set[part](r, &body, changed)
				if err := checkAs(testKeyID, r, body); err == nil {
					t.Errorf("accepted %q", changed)
				}
			}
		})
	}
	for name := range r.Header {
		r, body := make()
		r.Header.Del(name)
		if err := checkAs(testKeyID, r, body); err == nil {
			t.Errorf("accepted without %s", name)
		}
	}
}

func TestTamperedPresigned(t *testing.T) {
	signed := presigned(t, signer{token: "AQoDYXdz/+="}, "http://localhost:8080/?Action=GetUser&Path=%2Fa%2F&Version=2010-05-08&X-Amz-Expires=60")
	make := func() *http.Request { return signed.Clone(t.Context()) }
	r := make()
	if err := checkAs(testKeyID, r, nil); err != nil {
		t.Fatal(err)
	}
	original := r.URL.RawQuery
	for i := range len(original) {
		for bit := range 8 {
			changed := flip(original, i, 1<<bit)
			if sameQuery(original, changed) {
				continue
			}
			r := make()
			r.URL.RawQuery = changed
			if err := checkAs(testKeyID, r, nil); err == nil {
				t.Errorf("accepted %q", changed)
			}
		}
	}
	for _, segment := range strings.Split(original, "&") {
		r := make()
		r.URL.RawQuery = strings.Replace("&"+original, "&"+segment, "", 1)
		if err := checkAs(testKeyID, r, nil); err == nil {
			t.Errorf("accepted without %q", segment)
		}
	}
	for _, change := range []func(*http.Request){
		func(r *http.Request) { r.Method = "POST" },
		func(r *http.Request) { r.Method = "HEAD" },
		func(r *http.Request) { r.URL.Path = "/x" },
		func(r *http.Request) { r.Host = "localhost:8081" },
		func(r *http.Request) { r.URL.RawQuery += "&MaxItems=1" },
	} {
		r := make()
		change(r)
		if err := checkAs(testKeyID, r, nil); err == nil {
			t.Errorf("accepted %s %s %s", r.Method, r.Host, r.URL)
		}
	}
	if err := checkAs(testKeyID, make(), []byte("x")); err == nil {
		t.Error("accepted with a body")
	}
}

// sameQuery reports whether two query strings mean the same to every reader:
// percent escapes may be in either case, nothing else.
func sameQuery(a, b string) bool {
	return bytes.Equal(upperEscapes(a), upperEscapes(b))
}

func upperEscapes(s string) []byte {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:i+3], bytes.ToUpper(b[i+1:i+3]))
		}
	}
	return b
}

// sameBlank reports a change of the blank after a comma, which separates
// parameters with or without it.
func sameBlank(a, b string, i int) bool {
	return i > 0 && a[i-1] == ',' && a[i] == ' ' && (b[i] == '\t' || b[i] == ',')
}
