package mfa

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
)

const (
	hexSeed    = "3132333435363738393031323334353637383930"
	base32Seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // the same 20 bytes
)

func TestReadCSV(t *testing.T) {
	token := func(serial string, seed []byte, period time.Duration) Token {
		return Token{serial, TOTP{Seed: seed, Algorithm: SHA1, Digits: 6, Period: period}}
	}
	seed := rfcSeed(20)
	for _, c := range []struct {
		name, file string
		want       []Token
	}{
		{"hexadecimal", "GAHT12345678," + hexSeed, []Token{token("GAHT12345678", seed, 30*time.Second)}},
		{"base32", "GAHT12345678," + base32Seed + "\n", []Token{token("GAHT12345678", seed, 30*time.Second)}},
		{"lower case", "GAHT12345678," + strings.ToLower(base32Seed), []Token{token("GAHT12345678", seed, 30*time.Second)}},
		{"base32 with padding", "GAHT12345678," + Base32(rfcSeed(16)) + "======", []Token{token("GAHT12345678", rfcSeed(16), 30*time.Second)}},
		{"base32 that is all hexadecimal digits is hexadecimal", "GAHT12345678," + strings.Repeat("AB", 16),
			[]Token{token("GAHT12345678", bytes.Repeat([]byte{0xab}, 16), 30*time.Second)}},
		{"all fields", "GAHT12345678," + hexSeed + ",TOTP,6,60", []Token{token("GAHT12345678", seed, time.Minute)}},
		{"some fields, blanks and case", " GAHT12345678 , " + hexSeed + " , totp , 6 ", []Token{token("GAHT12345678", seed, 30*time.Second)}},
		{"empty fields are defaults", "GAHT12345678," + hexSeed + ",,,", []Token{token("GAHT12345678", seed, 30*time.Second)}},
		{"mark, comments, blank lines, CRLF", "\ufeff# tokens of 2027\r\n\r\nGAHT12345678," + hexSeed + "\r\n\r\n#GAHT1,00\r\nGAHT12345679," + Base32(rfcSeed(40)) + "\r\n",
			[]Token{token("GAHT12345678", seed, 30*time.Second), token("GAHT12345679", rfcSeed(40), 30*time.Second)}},
		{"mark before the first serial", "\ufeffGAHT12345678," + hexSeed, []Token{token("GAHT12345678", seed, 30*time.Second)}},
		{"every character a serial may have", `"aA0_+=/:,.@-",` + hexSeed, []Token{token("aA0_+=/:,.@-", seed, 30*time.Second)}},
		{"longest serial", strings.Repeat("S", 256) + "," + hexSeed, []Token{token(strings.Repeat("S", 256), seed, 30*time.Second)}},
	} {
		got, err := ReadCSV(strings.NewReader(c.file))
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
	}
}

// A bad line is named, nothing of the file is returned, and no seed is in the error.
func TestReadCSVRefuses(t *testing.T) {
	good := "GAHT00000001," + hexSeed + "\n\n# next\n" // so the bad line is the fourth
	other := strings.Repeat("CA", 20)
	for _, c := range []struct{ name, line, want string }{
		{"serial only", "GAHT12345678", "1 fields"},
		{"too many fields", "GAHT12345678," + other + ",TOTP,6,30,x", "6 fields"},
		{"short serial", "GAHT1234," + other, "serial number is not 9 to 256"},
		{"long serial", strings.Repeat("S", 257) + "," + other, "serial number is not"},
		{"blank in the serial", "GAHT 12345678," + other, "serial number is not"},
		{"non-ASCII letter in the serial", "GÄHT12345678," + other, "serial number is not"},
		{"line end in the serial", "\"GAHT\n12345678\"," + other, "serial number is not"},
		{"ARN", "arn:aws:iam::123456789012:mfa/x," + other, "looks like an ARN"},
		{"ARN in capitals", "ARN:aws:iam::123456789012:mfa/x," + other, "looks like an ARN"},
		{"the serial again", "GAHT00000001," + other, "already on line 1"},
		{"the serial in another case", "gaht00000001," + other, "already on line 1"},
		{"120-bit seed", "GAHT12345678," + strings.Repeat("CA", 15), "15 bytes"},
		{"no seed", "GAHT12345678,", "0 bytes"},
		{"oversize seed", "GAHT12345678," + strings.Repeat("CA", 129), "129 bytes"},
		{"neither hexadecimal nor base32", "GAHT12345678,CAFE0189!CAFE0189", "neither"},
		{"odd number of hexadecimal digits", "GAHT12345678," + other + "9", "neither"},
		{"base32 of an impossible length", "GAHT12345678," + strings.Repeat("Z", 33), "neither"},
		{"base32 with bits left over", "GAHT12345678," + strings.Repeat("Z", 26), "neither"},
		{"blank in the seed", "GAHT12345678," + base32Seed[:16] + " " + base32Seed[16:], "neither"},
		{"event-based", "GAHT12345678," + other + ",HOTP", "not TOTP"},
		{"eight digits", "GAHT12345678," + other + ",TOTP,8", "8 digits"},
		{"digits no number", "GAHT12345678," + other + ",TOTP,six", "digits: not a positive number"},
		{"signed digits", "GAHT12345678," + other + ",TOTP,+6", "digits: not a positive number"},
		{"period of 45 s", "GAHT12345678," + other + ",TOTP,6,45", "neither 30 nor 60"},
		{"period of 0", "GAHT12345678," + other + ",TOTP,6,0", "period: not a positive number"},
		{"huge period", "GAHT12345678," + other + ",TOTP,6,99999999999999999999", "period: not a positive number"},
		{"seed in the wrong column", "GAHT12345678," + other + ",TOTP," + other, "digits: not a positive number"},
		{"open quote", `GAHT12345678,"` + other, "quote"},
		{"header", "serial number,seed", "neither"},
	} {
		for _, end := range []string{"", "\n", "\nGAHT99999999," + Base32(rfcSeed(40)) + "\n"} {
			got, err := ReadCSV(strings.NewReader(good + c.line + end))
			if err == nil || got != nil {
				t.Errorf("%s: %v, %v", c.name, got, err)
				continue
			}
			if !strings.HasPrefix(err.Error(), "mfa: line 4: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %q, want line 4 and %q", c.name, err, c.want)
			}
			for _, secret := range []string{"CACACA", base32Seed[:8], hexSeed[:8], "CAFE0189"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%s: a seed is in %q", c.name, err)
				}
			}
		}
	}
}

func TestReadCSVBounds(t *testing.T) {
	for name, r := range map[string]io.Reader{
		"endless line":    &endless{pattern: "A"},
		"endless comment": &endless{pattern: "# comment\n"},
		"too large, all of it good": io.MultiReader(strings.NewReader("GAHT12345678,"+hexSeed+"\n"),
			io.LimitReader(&endless{pattern: "\n"}, maxFileBytes)),
	} {
		if got, err := ReadCSV(r); !errors.Is(err, errTooLarge) || got != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for name, file := range map[string]string{"empty": "", "only a mark": "\ufeff", "only comments": "# a\n#b\n"} {
		if got, err := ReadCSV(strings.NewReader(file)); err == nil || got != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	var file strings.Builder
	for i := range maxTokens + 1 {
		fmt.Fprintf(&file, "GAHT%08d,%040x\n", i, i)
	}
	text := file.String()
	if got, err := ReadCSV(strings.NewReader(text)); err == nil || got != nil || !strings.Contains(err.Error(), "line 100001: more than 100000") {
		t.Errorf("too many tokens: %d, %v", len(got), err)
	}
	text = text[:strings.LastIndex(strings.TrimSpace(text), "\n")]
	if got, err := ReadCSV(strings.NewReader(text)); err != nil || len(got) != maxTokens {
		t.Errorf("as many tokens as allowed: %d, %v", len(got), err)
	}
	broken := errors.New("broken pipe")
	if _, err := ReadCSV(io.MultiReader(strings.NewReader("GAHT12345678,"+hexSeed+"\n"), failing{broken})); !errors.Is(err, broken) {
		t.Errorf("reader's error: %v", err)
	}
}

// endless repeats a text for ever.
type endless struct {
	pattern string
	at      int
}

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = e.pattern[e.at]
		e.at = (e.at + 1) % len(e.pattern)
	}
	return len(p), nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func FuzzReadCSV(f *testing.F) {
	f.Add([]byte("GAHT12345678," + hexSeed + ",TOTP,6,60\r\n# c\n\"a,bcdefghi\"," + base32Seed))
	f.Add([]byte("\ufeffGAHT12345678,00"))
	f.Add([]byte("\"\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		tokens, err := ReadCSV(bytes.NewReader(file))
		checkTokens(t, tokens, err)
	})
}

// checkTokens holds what is true of every answer of a reader.
func checkTokens(t *testing.T, tokens []Token, err error) {
	t.Helper()
	if (err == nil) != (len(tokens) > 0) {
		t.Fatalf("%d tokens and %v", len(tokens), err)
	}
	serials := map[string]bool{}
	for _, token := range tokens {
		if err := token.check(); err != nil {
			t.Error(err)
		}
		if code := token.TOTP.Code(1); len(code) != 6 {
			t.Errorf("code of %d digits", len(code))
		}
		if serials[strings.ToLower(token.Serial)] {
			t.Errorf("%s twice", token.Serial)
		}
		serials[strings.ToLower(token.Serial)] = true
	}
}
