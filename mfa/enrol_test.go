package mfa

import (
	"bytes"
	"encoding/base32"
	"image/png"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestNewSeed(t *testing.T) {
	a, b := NewSeed(), NewSeed()
	if len(a) != 40 || bytes.Equal(a, b) || bytes.Equal(a, make([]byte, 40)) {
		t.Fatalf("seeds of %d and %d bytes, equal: %v", len(a), len(b), bytes.Equal(a, b))
	}
	text := Base32(a)
	back, err := base32.StdEncoding.DecodeString(text) // 40 bytes need no padding
	if len(text) != 64 || err != nil || !bytes.Equal(back, a) {
		t.Errorf("text of %d characters, %v", len(text), err)
	}
	if got := Base32([]byte("f")); got != "MY" {
		t.Errorf("padded: %s", got)
	}
	if err := (TOTP{Seed: a}).Valid(); err != nil {
		t.Error(err)
	}
}

func TestKeyURI(t *testing.T) {
	seed := []byte("12345678901234567890")
	const secret = "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	for _, c := range []struct{ account, name, issuer, want string }{
		{"123456789012", "alice", "Sallyport", "otpauth://totp/Sallyport:alice@123456789012" + secret + "&issuer=Sallyport"},
		{"my-alias", "alice", "Example Web Services", "otpauth://totp/Example%20Web%20Services:alice@my-alias" + secret + "&issuer=Example%20Web%20Services"},
		{"1", "a+b=c,d.e@f-g_h", "S", "otpauth://totp/S:a%2Bb%3Dc%2Cd.e%40f-g_h@1" + secret + "&issuer=S"},
		{"1", "x?y&secret=EVIL#z/..", "I:&=", "otpauth://totp/I%3A%26%3D:x%3Fy%26secret%3DEVIL%23z%2F..@1" + secret + "&issuer=I%3A%26%3D"},
		{"1", "ж", "", "otpauth://totp/%D0%B6@1" + secret},
	} {
		if got := KeyURI(c.account, c.name, c.issuer, seed); got != c.want {
			t.Errorf("KeyURI(%q, %q, %q)\n got %s\nwant %s", c.account, c.name, c.issuer, got, c.want)
		}
	}
}

// Whatever the names are, the URI parses back to exactly them.
func FuzzKeyURI(f *testing.F) {
	f.Add("123456789012", "alice", "Sallyport", []byte("12345678901234567890"))
	f.Add("a@b", "x:y", "I&secret=A", []byte{})
	f.Add("", "%41\n", "+ /", []byte{0xff})
	f.Fuzz(func(t *testing.T, account, name, issuer string, seed []byte) {
		uri := KeyURI(account, name, issuer, seed)
		u, err := url.Parse(uri)
		if err != nil {
			t.Fatal(err)
		}
		label := name + "@" + account
		if issuer != "" {
			label = issuer + ":" + label
		}
		if u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/"+label || u.Fragment != "" {
			t.Errorf("%q: label %q, want %q", uri, u.Path, label)
		}
		if q := u.Query(); len(q["secret"]) != 1 || q.Get("secret") != Base32(seed) || q.Get("issuer") != issuer {
			t.Errorf("%q: query %v", uri, q)
		}
	})
}

// A scanner reads back what was drawn.
func TestQRCodePNG(t *testing.T) {
	zbarimg, err := exec.LookPath("zbarimg")
	if err != nil {
		t.Skip("NOT TESTED: zbarimg (Debian package zbar-tools) is not installed, so nothing here can scan a QR code")
	}
	seed := NewSeed()
	for name, uri := range map[string]string{
		"usual":          KeyURI("123456789012", "alice", "Sallyport", seed),
		"short":          KeyURI("1", "a", "", seed[:16]),
		"escapes":        KeyURI("my-alias", "a+b=c,d@e", "Some Issuer", seed),
		"longest name":   KeyURI(strings.Repeat("a", 63), strings.Repeat("n", 226), "Sallyport", seed),
		"all is escaped": KeyURI("123456789012", strings.Repeat("+", 128), "Sallyport", seed),
	} {
		t.Run(name, func(t *testing.T) {
			image, err := QRCodePNG(uri)
			if err != nil {
				t.Fatal(err)
			}
			config, err := png.DecodeConfig(bytes.NewReader(image))
			if err != nil || config.Width != config.Height || config.Width < 250 || config.Width > 400 {
				t.Errorf("%d×%d, %v", config.Width, config.Height, err)
			}
			file := filepath.Join(t.TempDir(), "qr.png")
			if err := os.WriteFile(file, image, 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(zbarimg, "--quiet", "--raw", file).Output()
			if err != nil {
				t.Fatalf("zbarimg: %v", err)
			}
			if got := strings.TrimSuffix(string(out), "\n"); got != uri {
				t.Errorf("scanned %q\n  drawn %q", got, uri)
			}
		})
	}
}

func TestQRCodePNGSize(t *testing.T) {
	image, err := QRCodePNG(KeyURI("123456789012", "alice", "Sallyport", NewSeed()))
	if err != nil {
		t.Fatal(err)
	}
	config, err := png.DecodeConfig(bytes.NewReader(image))
	if err != nil || config.Width != 250 || config.Height != 250 {
		t.Errorf("%d×%d, %v, want 250×250", config.Width, config.Height, err)
	}
}

func TestQRCodePNGRefuses(t *testing.T) {
	for name, text := range map[string]string{"nothing": "", "too much": strings.Repeat("CANARY", 2000)} {
		if _, err := QRCodePNG(text); err == nil {
			t.Errorf("%s: drawn", name)
		} else if strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%s: the error quotes the text", name)
		}
	}
}
