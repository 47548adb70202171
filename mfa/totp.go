package mfa

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"log/slog"
	"strconv"
	"time"
)

// Algorithm names the hash under the HMAC of a TOTP (RFC 6238 §1.2).
type Algorithm string

// The three algorithms of RFC 6238. The empty Algorithm means SHA1.
const (
	SHA1   Algorithm = "SHA1"
	SHA256 Algorithm = "SHA256"
	SHA512 Algorithm = "SHA512"
)

const (
	defaultDigits = 6
	defaultPeriod = 30 * time.Second

	// minSeedBytes is the 128 bits that RFC 4226 §4 R6 demands.
	minSeedBytes = 16
)

// TOTP is the secret part of a time-based authenticator (RFC 6238, T0 = 0).
//
// Of the other fields zero means the default, so that TOTP{Seed: NewSeed()} is
// what CreateVirtualMFADevice makes. A TOTP that is not [TOTP.Valid] has no
// codes, and nothing is ever accepted for it.
//
// It prints without its seed.
type TOTP struct {
	Seed      []byte        // the shared secret, raw; at least 16 bytes (RFC 4226 §4 R6)
	Algorithm Algorithm     // SHA1 by default
	Digits    int           // 6 to 8, 6 by default
	Period    time.Duration // length of a step in whole seconds, 30 s by default
}

// Valid returns nil when codes can be made from t, else what is wrong with it.
func (t TOTP) Valid() error {
	t = t.withDefaults()
	switch {
	case len(t.Seed) < minSeedBytes:
		return fmt.Errorf("mfa: seed of %d bits, at least %d are needed (RFC 4226 R6)", 8*len(t.Seed), 8*minSeedBytes)
	case t.newHash() == nil:
		return errors.New("mfa: algorithm is not SHA1, SHA256 or SHA512")
	case t.Digits < 6 || t.Digits > 8:
		return fmt.Errorf("mfa: %d digits, 6 to 8 are possible", t.Digits)
	case t.Period < time.Second || t.Period%time.Second != 0:
		return errors.New("mfa: period is not a positive number of whole seconds")
	}
	return nil
}

// Step returns the number of the time step that holds at. It is a 64-bit number
// throughout, so it goes on beyond 2038 (RFC 6238 §4.2), and negative before 1970.
func (t TOTP) Step(at time.Time) int64 {
	period := int64(t.Period / time.Second)
	if period <= 0 {
		period = int64(defaultPeriod / time.Second)
	}
	return floorDiv(at.Unix(), period)
}

// Code returns the code of a step with its leading zeros, or "" when t is not Valid.
func (t TOTP) Code(step int64) string {
	g := newGenerator(t)
	if g == nil {
		return ""
	}
	return fmt.Sprintf("%0*d", g.digits, g.code(step))
}

// String names the parameters of t and leaves the seed out.
func (t TOTP) String() string {
	t = t.withDefaults()
	return "TOTP(" + string(t.Algorithm) + ", " + strconv.Itoa(t.Digits) + " digits, " + t.Period.String() + ")"
}

// GoString is String, so that %#v does not show the seed either.
func (t TOTP) GoString() string { return t.String() }

// LogValue is String, so that no log handler shows the seed.
func (t TOTP) LogValue() slog.Value { return slog.StringValue(t.String()) }

func (t TOTP) withDefaults() TOTP {
	if t.Algorithm == "" {
		t.Algorithm = SHA1
	}
	if t.Digits == 0 {
		t.Digits = defaultDigits
	}
	if t.Period == 0 {
		t.Period = defaultPeriod
	}
	return t
}

func (t TOTP) newHash() func() hash.Hash {
	switch t.Algorithm {
	case SHA1:
		return sha1.New
	case SHA256:
		return sha256.New
	case SHA512:
		return sha512.New
	}
	return nil
}

// generator makes many codes of one TOTP; the keyed hash is set up once for all of them.
type generator struct {
	mac     hash.Hash
	digits  int
	modulus uint32
	counter [8]byte
	sum     [sha512.Size]byte
}

// newGenerator returns nil when t is not Valid.
func newGenerator(t TOTP) *generator {
	if t.Valid() != nil {
		return nil
	}
	t = t.withDefaults()
	g := &generator{mac: hmac.New(t.newHash(), t.Seed), digits: t.Digits, modulus: 1}
	for range t.Digits {
		g.modulus *= 10
	}
	return g
}

// code is HOTP with the step as its counter: dynamic truncation, RFC 4226 §5.3.
func (g *generator) code(step int64) int32 {
	binary.BigEndian.PutUint64(g.counter[:], uint64(step))
	g.mac.Reset()
	g.mac.Write(g.counter[:])
	sum := g.mac.Sum(g.sum[:0])
	offset := sum[len(sum)-1] & 0x0f
	truncated := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return int32(truncated % g.modulus)
}

// parse reads a code as typed. Only exactly as many ASCII digits as the device
// shows are a code; for anything else it returns -1, which no code equals.
// Nothing is trimmed: a second spelling of a code would be a second code
// to whatever remembers the used ones by their text.
func (g *generator) parse(typed string) int32 {
	if len(typed) != g.digits {
		return -1
	}
	var n int32
	for i := range len(typed) {
		if typed[i] < '0' || typed[i] > '9' {
			return -1
		}
		n = 10*n + int32(typed[i]-'0')
	}
	return n
}

// floorDiv rounds down, also below zero. b is positive.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
