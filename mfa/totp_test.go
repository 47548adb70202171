package mfa

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// rfcSeed is the secret of the RFCs' test vectors, at the length of the hash.
func rfcSeed(n int) []byte {
	return bytes.Repeat([]byte("1234567890"), 7)[:n]
}

// RFC 4226 appendix D: HOTP values for counters 0 to 9.
func TestCodeHOTPVectors(t *testing.T) {
	totp := TOTP{Seed: rfcSeed(20)}
	for counter, want := range []string{
		"755224", "287082", "359152", "969429", "338314",
		"254676", "287922", "162583", "399871", "520489",
	} {
		if got := totp.Code(int64(counter)); got != want {
			t.Errorf("Code(%d) = %s, want %s", counter, got, want)
		}
	}
}

// RFC 6238 appendix B: eight digits, steps of 30 s.
func TestCodeTOTPVectors(t *testing.T) {
	for _, v := range []struct {
		unix                 int64
		sha1, sha256, sha512 string
	}{
		{59, "94287082", "46119246", "90693936"},
		{1111111109, "07081804", "68084774", "25091201"},
		{1111111111, "14050471", "67062674", "99943326"},
		{1234567890, "89005924", "91819424", "93441116"},
		{2000000000, "69279037", "90698825", "38618901"},
		{20000000000, "65353130", "77737706", "47863826"},
	} {
		for _, a := range []struct {
			algorithm Algorithm
			seed      int
			want      string
		}{{SHA1, 20, v.sha1}, {SHA256, 32, v.sha256}, {SHA512, 64, v.sha512}} {
			totp := TOTP{Seed: rfcSeed(a.seed), Algorithm: a.algorithm, Digits: 8}
			if got := totp.Code(totp.Step(time.Unix(v.unix, 0))); got != a.want {
				t.Errorf("%s at %d: %s, want %s", a.algorithm, v.unix, got, a.want)
			}
		}
	}
}

func TestStep(t *testing.T) {
	for _, c := range []struct {
		name   string
		period time.Duration
		unix   int64
		want   int64
	}{
		{"epoch", 0, 0, 0},
		{"last second of a step", 0, 29, 0},
		{"first second of the next", 0, 30, 1},
		{"60 s steps", time.Minute, 119, 1},
		{"last second of 32 bits", 0, 1<<31 - 1, 71582788},
		{"beyond 2038", 0, 1 << 31, 71582788},
		{"beyond 32-bit steps", 0, 30 << 33, 1 << 33},
		{"before 1970 rounds down", 0, -1, -1},
		{"nonsense period is the default", -time.Second, 60, 2},
		{"a fraction of a second is too", time.Millisecond, 60, 2},
	} {
		if got := (TOTP{Period: c.period}).Step(time.Unix(c.unix, 0)); got != c.want {
			t.Errorf("%s: Step(%d) = %d, want %d", c.name, c.unix, got, c.want)
		}
	}
}

// What can't make a proper code makes none, and no spelling of none is accepted.
func TestInvalidTOTPFailsClosed(t *testing.T) {
	seed := rfcSeed(20)
	now := time.Unix(1_800_000_000, 0)
	for name, totp := range map[string]TOTP{
		"no seed":            {},
		"15-byte seed":       {Seed: seed[:15]},
		"unknown hash":       {Seed: seed, Algorithm: "MD5"},
		"5 digits":           {Seed: seed, Digits: 5},
		"9 digits":           {Seed: seed, Digits: 9},
		"negative digits":    {Seed: seed, Digits: -1},
		"negative period":    {Seed: seed, Period: -30 * time.Second},
		"fractional seconds": {Seed: seed, Period: 1500 * time.Millisecond},
	} {
		if totp.Valid() == nil {
			t.Errorf("%s: valid", name)
		}
		if code := totp.Code(1); code != "" {
			t.Errorf("%s: has a code", name)
		}
		for _, code := range []string{"", "000000", "-1", "755224"} {
			if _, got := (State{}).Verify(totp, code, now); got != Refused {
				t.Errorf("%s: Verify(%q) = %v", name, code, got)
			}
			if _, got := (State{}).Pair(totp, code, code, now); got != Refused {
				t.Errorf("%s: Pair(%q) = %v", name, code, got)
			}
		}
	}
	if err := (TOTP{Seed: seed[:16]}).Valid(); err != nil {
		t.Errorf("128 bits: %v", err)
	}
}

// Attack row 44, as far as this package goes: no way of printing a TOTP shows its seed.
func TestAttack44_SeedIsNotPrinted(t *testing.T) {
	totp := TOTP{Seed: []byte("CANARY-SEED-0123456789")}
	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).Info("device", "totp", totp)
	}
	out := log.String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		out += fmt.Sprintf(verb, totp) + fmt.Sprintf(verb, Token{Serial: "GAHT12345678", TOTP: totp})
	}
	raw, _ := json.Marshal(totp.Seed)
	for _, secret := range []string{"CANARY", fmt.Sprint(totp.Seed), fmt.Sprintf("%x", totp.Seed), string(raw), Base32(totp.Seed)} {
		if strings.Contains(out, strings.Trim(secret, `[]"`)) {
			t.Errorf("seed shown as %s", secret)
		}
	}
	if want := "TOTP(SHA1, 6 digits, 30s)"; totp.String() != want {
		t.Errorf("String() = %s, want %s", totp, want)
	}
}
