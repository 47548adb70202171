package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/seal"
)

// Two nodes with a copy each of the keyset rotate it in two steps, and open each other's tokens at all times.
func TestKeysRotateInTwoSteps(t *testing.T) {
	first, second := &server{t: t, data: install(t)}, &server{t: t, data: install(t)}
	path := func(s *server) string { return filepath.Join(s.data, "keyset.json") }
	give := func() {
		t.Helper()
		text, err := os.ReadFile(path(first))
		first.must("reading the keyset", err)
		first.must("copying the keyset", os.WriteFile(path(second), text, 0o600))
	}
	openEachOther := func(when string) {
		t.Helper()
		a, err := seal.Open(path(first))
		first.must("opening", err)
		b, err := seal.Open(path(second))
		first.must("opening", err)
		for _, pair := range [][2]*seal.Keyset{{a, b}, {b, a}} {
			if _, err := pair[1].OpenToken("p", pair[0].SealToken("p", []byte("x"))); err != nil {
				t.Errorf("%s: %v", when, err)
			}
		}
	}
	rotate := func(flag, want string, ok bool) {
		t.Helper()
		out, err := first.sallyport("keys", "rotate", flag)
		if (err == nil) != ok || !strings.Contains(out, want) {
			t.Errorf("keys rotate %s: %v, %s, want %q", flag, err, out, want)
		}
	}
	rotate("--activate", "run sallyport keys rotate --prepare first", false)
	rotate("--prepare", "not used yet. Copy the file to all nodes", true)
	openEachOther("prepared")
	rotate("--prepare", "copy "+path(first)+" to all nodes", false)
	give()
	rotate("--activate", "used from now on", true)
	openEachOther("activated")
	give()
	openEachOther("copied")
	if out, err := first.sallyport("keys", "rotate", "--prepare", "--activate"); err == nil {
		t.Errorf("both at once: %s", out)
	}
}
