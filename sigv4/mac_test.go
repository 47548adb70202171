package sigv4

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"testing"
	"time"
)

// mac is written out for speed; crypto/hmac says what it is to give.
func TestMacIsHMAC(t *testing.T) {
	for keySize := 0; keySize <= sha256.BlockSize; keySize += 8 {
		for size := 0; size < 600; size += 7 {
			key, message := make([]byte, keySize), make([]byte, size)
			rand.Read(key)
			rand.Read(message)
			want := hmac.New(sha256.New, key)
			want.Write(message)
			if got := mac(key, message); !hmac.Equal(got[:], want.Sum(nil)) {
				t.Fatalf("of %d bytes with a key of %d: %x", size, keySize, got)
			}
		}
	}
}

// parseISOBasic agrees with time.Parse on all of its form, and takes nothing else.
func FuzzParseISOBasic(f *testing.F) {
	for _, s := range []string{"20150830T123600Z", "20240229T000000Z", "20230229T000000Z", "21000229T235959Z", "20231301T000000Z",
		"20230001T000000Z", "20230100T000000Z", "20230132T000000Z", "20230431T000000Z", "20230101T240000Z", "20230101T006000Z",
		"20230101T000060Z", "00000101T000000Z", "99991231T235959Z", "20230101T000000z", "2023010 T000000Z", "+0230101T000000Z", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := parseISOBasic(s)
		want, err := time.Parse(isoBasic, s)
		if right := err == nil && isISOBasic(s); ok != right || ok && (got != want || got.Format(isoBasic) != s) {
			t.Errorf("%q: %v, %v; want %v, %v", s, got, ok, want, err)
		}
	})
}
