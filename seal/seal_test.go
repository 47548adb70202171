package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func newTestKeyset(t testing.TB) *Keyset {
	t.Helper()
	k, err := Create(filepath.Join(t.TempDir(), "keyset.json"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSealOpensOnlyInItsCell(t *testing.T) {
	k := newTestKeyset(t)
	secret := []byte("canary-seed")
	sealed := k.Seal(secret, "device", "seed", "1")
	if bytes.Contains(sealed, secret) {
		t.Fatal("the ciphertext contains the plaintext")
	}
	if want := len(secret) + 33; len(sealed) != want {
		t.Errorf("ciphertext has %d bytes, the documentation says %d", len(sealed), want)
	}
	if bytes.Equal(sealed, k.Seal(secret, "device", "seed", "1")) {
		t.Error("sealing twice gave the same ciphertext")
	}

	for _, cell := range []struct {
		name, table, column, row string
		opens                    bool
	}{
		{"its own cell", "device", "seed", "1", true},
		{"another row", "device", "seed", "2", false},
		{"another column", "device", "secret", "1", false},
		{"another table", "key", "seed", "1", false},
		{"boundary moved right", "devices", "eed", "1", false},
		{"boundary moved left", "device", "see", "d1", false},
		{"everything in one part", "deviceseed1", "", "", false},
		{"parts swapped", "seed", "device", "1", false},
		{"nothing", "", "", "", false},
	} {
		t.Run(cell.name, func(t *testing.T) {
			got, err := k.Unseal(sealed, cell.table, cell.column, cell.row)
			if cell.opens {
				if err != nil || !bytes.Equal(got, secret) {
					t.Errorf("Unseal = %q, %v", got, err)
				}
			} else if !errors.Is(err, ErrRefused) || got != nil {
				t.Errorf("Unseal = %q, %v, want ErrRefused", got, err)
			}
		})
	}
}

func TestSealRoundTripsEveryLength(t *testing.T) {
	k := newTestKeyset(t)
	for n := range 70 {
		plaintext := bytes.Repeat([]byte{0xa5}, n)
		got, err := k.Unseal(k.Seal(plaintext, "t", "c", "r"), "t", "c", "r")
		if err != nil || !bytes.Equal(got, plaintext) {
			t.Errorf("%d bytes: got %x, %v", n, got, err)
		}
	}
}

func TestAlteredCiphertextIsRefused(t *testing.T) {
	k := newTestKeyset(t)
	sealed := k.Seal([]byte("canary-seed"), "device", "seed", "1")
	for n := range sealed {
		if _, err := k.Unseal(sealed[:n], "device", "seed", "1"); !errors.Is(err, ErrRefused) {
			t.Errorf("prefix of %d bytes: %v, want ErrRefused", n, err)
		}
	}
	for bit := range 8 * len(sealed) {
		altered := bytes.Clone(sealed)
		altered[bit/8] ^= 1 << (bit % 8)
		if _, err := k.Unseal(altered, "device", "seed", "1"); !errors.Is(err, ErrRefused) {
			t.Errorf("bit %d flipped: %v, want ErrRefused", bit, err)
		}
	}
	if _, err := k.Unseal(append(bytes.Clone(sealed), 0), "device", "seed", "1"); !errors.Is(err, ErrRefused) {
		t.Errorf("a byte more: %v, want ErrRefused", err)
	}
}

func TestAnotherKeysetOpensNothing(t *testing.T) {
	a, b := newTestKeyset(t), newTestKeyset(t)
	if a.ID() == b.ID() || len(a.ID()) != 32 {
		t.Errorf("ids %q and %q: want two different ones of 32 digits", a.ID(), b.ID())
	}
	if _, err := b.Unseal(a.Seal([]byte("x"), "t", "c", "r"), "t", "c", "r"); !errors.Is(err, ErrRefused) {
		t.Errorf("row of another keyset: %v", err)
	}
	if _, err := b.OpenToken("session", a.SealToken("session", []byte("x"))); !errors.Is(err, ErrRefused) {
		t.Errorf("token of another keyset: %v", err)
	}
	if Verify(b.PublicKeys(), []byte("m"), a.Sign([]byte("m"))) == nil {
		t.Error("signature of another keyset verified")
	}
}

// TestAttack30_TruncatedOrAlteredTokenIsRefused: every prefix, every bit flip, every
// replaced character and every other spelling of a token is refused.
func TestAttack30_TruncatedOrAlteredTokenIsRefused(t *testing.T) {
	k := newTestKeyset(t)
	// Three lengths, so that the base64 text ends in every possible way.
	for _, plaintext := range []string{"canary", "canary+", "canary++"} {
		token := k.SealToken("session", []byte(plaintext))
		if got, err := k.OpenToken("session", token); err != nil || string(got) != plaintext {
			t.Fatalf("the token itself: %q, %v", got, err)
		}
		refused := func(what string, altered string) {
			t.Helper()
			if altered == token {
				t.Fatalf("%s: not altered", what)
			}
			if got, err := k.OpenToken("session", altered); !errors.Is(err, ErrRefused) || got != nil {
				t.Errorf("%s: opened as %q, %v", what, got, err)
			}
		}
		for n := range len(token) {
			refused("prefix", token[:n])
			refused("suffix", token[n+1:])
			for bit := range 8 {
				b := []byte(token)
				b[n] ^= 1 << bit
				refused("bit flip of the text", string(b))
			}
			for _, c := range "AZaz09-_.+/=\r\n \x00\u00e9" {
				if rune(token[n]) != c {
					refused("replaced character", token[:n]+string(c)+token[n+1:])
				}
				refused("inserted character", token[:n]+string(c)+token[n:])
			}
			refused("character left out", token[:n]+token[n+1:])
		}
		for _, end := range []string{"A", "=", "==", "\n", "\r\n", " ", ".", "\x00", token} {
			refused("appended "+end, token+end)
		}

		sealed, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(token, tokenPrefix))
		if err != nil {
			t.Fatal(err)
		}
		for bit := range 8 * len(sealed) {
			altered := bytes.Clone(sealed)
			altered[bit/8] ^= 1 << (bit % 8)
			refused("bit flip of the bytes", tokenPrefix+base64.RawURLEncoding.EncodeToString(altered))
		}
		refused("padded", tokenPrefix+base64.URLEncoding.EncodeToString(sealed)+"=")
		refused("upper-case prefix", "SP1."+token[4:])
		refused("another version", "sp2."+token[4:])
	}
}

func TestTokenIsBoundToItsPurpose(t *testing.T) {
	k := newTestKeyset(t)
	token := k.SealToken("session", []byte("canary"))
	if strings.Trim(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") != "" {
		t.Errorf("token %q has characters that a URL must escape", token)
	}
	for _, purpose := range []string{"", "sessio", "sessions", "Session", "signin", "session\x00"} {
		if _, err := k.OpenToken(purpose, token); !errors.Is(err, ErrRefused) {
			t.Errorf("purpose %q: %v, want ErrRefused", purpose, err)
		}
	}
	// A ciphertext of the other keyset in a token's clothes.
	row := tokenPrefix + base64.RawURLEncoding.EncodeToString(k.Seal([]byte("x"), "session", "", ""))
	if _, err := k.OpenToken("session", row); !errors.Is(err, ErrRefused) {
		t.Errorf("a sealed row opened as a token: %v", err)
	}
}

func TestSignatures(t *testing.T) {
	k := newTestKeyset(t)
	message := []byte("digest of records 1 to 40")
	sig := k.Sign(message)
	public := k.PublicKeys()
	if err := Verify(public, message, sig); err != nil {
		t.Fatalf("its own signature: %v", err)
	}
	if !bytes.Equal(public, k.PublicKeys()) {
		t.Error("PublicKeys is not the same twice")
	}
	for bit := range 8 * len(sig) {
		altered := bytes.Clone(sig)
		altered[bit/8] ^= 1 << (bit % 8)
		if Verify(public, message, altered) == nil {
			t.Errorf("signature with bit %d flipped verified", bit)
		}
	}
	for name, public := range map[string][]byte{
		"none": nil, "not JSON": []byte("{"), "no keys": []byte("{}"), "null": []byte("null"),
	} {
		if Verify(public, message, sig) == nil {
			t.Errorf("public keys %s: verified", name)
		}
	}
	if Verify(public, []byte("digest of records 1 to 41"), sig) == nil || Verify(public, message, nil) == nil {
		t.Error("verified another message or an empty signature")
	}
}

// The public keys are given away, so nothing secret may be in them, nor may Verify
// take secret keys by mistake.
func TestPublicKeysHoldNoSecret(t *testing.T) {
	k := newTestKeyset(t)
	b, _, err := readFile(k.path)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := secretJSON(b.digests)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(k.PublicKeys(), []byte("PRIVATE")) || bytes.Contains(k.PublicKeys(), []byte("SYMMETRIC\"")) {
		t.Errorf("PublicKeys holds key material that is not public: %s", k.PublicKeys())
	}
	if Verify(secret, []byte("m"), k.Sign([]byte("m"))) == nil {
		t.Error("Verify took a private keyset")
	}
}

func TestConcurrentUseDuringRotation(t *testing.T) {
	k := newTestKeyset(t)
	var users sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		users.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := k.OpenToken("p", k.SealToken("p", []byte("x"))); err != nil {
					t.Errorf("token: %v", err)
					return
				}
				sig := k.Sign([]byte("m"))
				if err := Verify(k.PublicKeys(), []byte("m"), sig); err != nil {
					t.Errorf("signature: %v", err)
					return
				}
			}
		})
	}
	for range 5 {
		if err := k.Rotate(); err != nil {
			t.Error(err)
		}
		if err := k.Reload(); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	users.Wait()
}

func FuzzOpenToken(f *testing.F) {
	k := newTestKeyset(f)
	token := k.SealToken("session", []byte("canary"))
	f.Add(token)
	f.Add(token + "A")
	f.Add(tokenPrefix)
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := k.OpenToken("session", text); err == nil && text != token {
			t.Errorf("opened %q as %q", text, got)
		}
	})
}

func FuzzVerify(f *testing.F) {
	k := newTestKeyset(f)
	message := []byte("m")
	f.Add(k.PublicKeys(), k.Sign(message))
	f.Fuzz(func(t *testing.T, public, sig []byte) {
		Verify(public, message, sig) // must return, whatever it is given
	})
}

func BenchmarkOpenToken(b *testing.B) {
	k := newTestKeyset(b)
	token := k.SealToken("session", bytes.Repeat([]byte("x"), 300))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.OpenToken("session", token); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRefuseToken(b *testing.B) {
	k := newTestKeyset(b)
	token := newTestKeyset(b).SealToken("session", bytes.Repeat([]byte("x"), 300))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.OpenToken("session", token); err == nil {
			b.Fatal("opened")
		}
	}
}

func BenchmarkSealToken(b *testing.B) {
	k := newTestKeyset(b)
	plaintext := bytes.Repeat([]byte("x"), 300)
	b.ReportAllocs()
	for b.Loop() {
		k.SealToken("session", plaintext)
	}
}

func BenchmarkUnseal(b *testing.B) {
	k := newTestKeyset(b)
	sealed := k.Seal(bytes.Repeat([]byte("x"), 40), "device", "seed", "1")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Unseal(sealed, "device", "seed", "1"); err != nil {
			b.Fatal(err)
		}
	}
}
