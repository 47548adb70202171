package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/wire"
)

func TestIsWire(t *testing.T) {
	for _, c := range []struct {
		method, target string
		want           bool
	}{
		{"POST", "/", true},
		{"PUT", "/", true}, // answered there, with an error of the wire
		{"GET", "/?Action=ListUsers&Version=2010-05-08", true},
		{"GET", "/?X-Amz-Algorithm=AWS4-HMAC-SHA256", true},
		{"GET", "/", false},
		{"GET", "/?action=ListUsers", false},
		{"GET", "/?x=Action=1", false},
		{"HEAD", "/", false},
		{"GET", "/users?Action=ListUsers", false},
		{"POST", "/signin", false},
	} {
		if got := IsWire(httptest.NewRequest(c.method, c.target, nil)); got != c.want {
			t.Errorf("%s %s belongs to the wire: %v, want %v", c.method, c.target, got, c.want)
		}
	}
}

func TestParseForm(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	for _, c := range []struct {
		name, method, target, contentType, body string
		action                                  string // "" is refused
	}{
		{"post", "POST", "/", form, "Action=ListUsers", "ListUsers"},
		{"post with charset", "POST", "/", form + "; charset=UTF-8", "Action=ListUsers", "ListUsers"},
		{"post with another charset", "POST", "/", form + "; charset=utf-16", "Action=ListUsers", ""},
		{"post of JSON", "POST", "/", "application/json", `{}`, ""},
		{"post without content type", "POST", "/", "", "Action=ListUsers", ""},
		{"post with the action in body and query", "POST", "/?Action=DeleteUser", form, "Action=ListUsers", ""},
		{"post with the version in the query", "POST", "/?Version=2010-05-08", form, "Action=ListUsers", ""},
		{"presigned post without body", "POST", "/?Action=ListUsers&X-Amz-Algorithm=A", "", "", "ListUsers"},
		{"presigned post with body", "POST", "/?X-Amz-Algorithm=A", form, "Action=ListUsers", "ListUsers"},
		{"presigned post with both", "POST", "/?X-Amz-Algorithm=A&Action=DeleteUser", form, "Action=ListUsers", ""},
		{"get", "GET", "/?Action=ListUsers", "", "", "ListUsers"},
		{"get with body", "GET", "/?Action=ListUsers", form, "Action=DeleteUser", ""},
		{"twice", "GET", "/?Action=ListUsers&Action=DeleteUser", "", "", ""},
	} {
		r := httptest.NewRequest(c.method, c.target, nil)
		if c.contentType != "" {
			r.Header.Set("Content-Type", c.contentType)
		}
		got, err := parseForm(r, []byte(c.body))
		if got.Get("Action") != c.action || (err == nil) != (c.action != "") {
			t.Errorf("%s: action %q, %v; want %q", c.name, got.Get("Action"), err, c.action)
		}
	}
}

func TestReadBody(t *testing.T) {
	for _, size := range []int{0, 1, 4096, 4097, maxBody} {
		for _, chunked := range []bool{false, true} {
			r := httptest.NewRequest("POST", "/", strings.NewReader(strings.Repeat("x", size)))
			if chunked {
				r.ContentLength = -1
			}
			body, err := readBody(r)
			if err != nil || len(body) != size {
				t.Errorf("%d bytes (chunked: %v) are read as %d, %v", size, chunked, len(body), err)
			}
		}
	}
	for _, length := range []int64{maxBody + 1, -1} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(strings.Repeat("x", maxBody+1)))
		r.ContentLength = length
		if _, err := readBody(r); err == nil {
			t.Errorf("a body over the limit was read (length %d)", length)
		}
	}
	if _, err := readBody(httptest.NewRequest("DELETE", "/", nil)); err == nil || err.(*wire.Error).Status != http.StatusMethodNotAllowed {
		t.Errorf("DELETE: %v", err)
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"ListUsers": "ListUsers", "a\nb": "a?b", "é": "?", strings.Repeat("x", 100): strings.Repeat("x", 64),
	} {
		if got := printable(in); got != want {
			t.Errorf("printable(%q) = %q, want %q", in, got, want)
		}
	}
}
