package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestAttack16_XForwardedForIsBelievedOfTheConfiguredProxyOnly(t *testing.T) {
	for _, test := range []struct {
		name       string
		trusted    []string
		peer       string
		forwarded  []string
		proto      string
		want       string
		wantScheme string
	}{
		{"no proxy is configured", nil, "192.0.2.1:1234", []string{"198.51.100.7"}, "https", "192.0.2.1:1234", ""},
		{"the peer is no proxy", []string{"10.0.0.0/8"}, "192.0.2.1:1234", []string{"198.51.100.7"}, "https", "192.0.2.1:1234", ""},
		{"one hop", []string{"10.0.0.0/8"}, "10.0.0.1:1234", []string{"198.51.100.7"}, "https", "198.51.100.7:0", "https"},
		{"the client sent a header of its own", []string{"10.0.0.1"}, "10.0.0.1:1234", []string{"203.0.113.9, 198.51.100.7"}, "http", "198.51.100.7:0", ""},
		{"and in a line of its own", []string{"10.0.0.1"}, "10.0.0.1:1234", []string{"203.0.113.9", "198.51.100.7"}, "", "198.51.100.7:0", ""},
		{"two proxies", []string{"10.0.0.0/8"}, "10.0.0.1:1234", []string{"198.51.100.7, 10.0.0.2"}, "", "198.51.100.7:0", ""},
		{"the client claims to be a proxy", []string{"10.0.0.0/8"}, "10.0.0.1:1234", []string{"203.0.113.9, 198.51.100.7, 10.9.9.9"}, "", "198.51.100.7:0", ""},
		{"all are proxies", []string{"10.0.0.0/8"}, "10.0.0.1:1234", []string{"10.0.0.3, 10.0.0.2"}, "", "10.0.0.3:0", ""},
		{"no header", []string{"10.0.0.0/8"}, "10.0.0.1:1234", nil, "", "10.0.0.1:0", ""},
		{"not an address", []string{"10.0.0.0/8"}, "10.0.0.1:1234", []string{"unknown"}, "", "10.0.0.1:0", ""},
		{"not an address behind one", []string{"10.0.0.0/8"}, "10.0.0.1:1234", []string{"203.0.113.9, junk, 10.0.0.2"}, "", "10.0.0.2:0", ""},
		{"with a port", []string{"10.0.0.0/8"}, "10.0.0.1:1234", []string{"198.51.100.7:4711"}, "", "198.51.100.7:0", ""},
		{"IPv6 with a port", []string{"10.0.0.0/8"}, "10.0.0.1:1234", []string{"[2001:db8::7]:4711"}, "", "[2001:db8::7]:0", ""},
		{"IPv6", []string{"fd00::/8"}, "[fd00::1]:1234", []string{"2001:db8::7"}, "", "[2001:db8::7]:0", ""},
		{"IPv4 in IPv6", []string{"10.0.0.0/8"}, "[::ffff:10.0.0.1]:1234", []string{"::ffff:198.51.100.7"}, "", "198.51.100.7:0", ""},
		{"the last scheme counts", []string{"10.0.0.0/8"}, "10.0.0.1:1234", []string{"198.51.100.7"}, "HTTPS", "198.51.100.7:0", "https"},
	} {
		trusted, err := parseProxies(test.trusted)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.RemoteAddr, r.URL.Scheme, r.URL.Host = test.peer, "https", "example.com" // as a client can send it
		for _, value := range test.forwarded {
			r.Header.Add("X-Forwarded-For", value)
		}
		if test.proto != "" {
			r.Header.Set("X-Forwarded-Proto", test.proto)
		}
		trusted.handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.RemoteAddr != test.want || r.URL.Scheme != test.wantScheme {
				t.Errorf("%s: %s %q, want %s %q", test.name, r.RemoteAddr, r.URL.Scheme, test.want, test.wantScheme)
			}
		})).ServeHTTP(httptest.NewRecorder(), r)
	}
}

func TestTrustedProxyMustBeANetwork(t *testing.T) {
	for text, ok := range map[string]bool{"10.0.0.0/8": true, "::1": true, "192.0.2.1": true, "proxy.example": false, "10.0.0.0/33": false, "": false} {
		if _, err := parseProxies([]string{text}); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}
