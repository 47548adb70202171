package mfa

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Bounds of a seed file. They are far above what a batch of tokens needs.
const (
	maxFileBytes = 8 << 20
	maxTokens    = 100_000
	maxSeedBytes = 128
)

// Token is a hardware token as a seed file describes it. Its State is the zero one:
// the drift a file may mention is left aside, because binding the token with two
// codes finds it.
type Token struct {
	Serial string
	TOTP   TOTP
}

// serialPattern is the constraint of SerialNumber in the IAM API, whose \w is ASCII.
var serialPattern = regexp.MustCompile(`\A[0-9A-Za-z_+=/:,.@-]{9,256}\z`)

// check returns why the token can't be used with this API, or nil.
func (t Token) check() error {
	if !serialPattern.MatchString(t.Serial) {
		return errors.New("the serial number is not 9 to 256 letters, digits or +=/:,.@-_")
	}
	if len(t.Serial) >= 4 && strings.EqualFold(t.Serial[:4], "arn:") {
		return errors.New("the serial number looks like an ARN, the form of virtual devices and security keys")
	}
	if n := len(t.TOTP.Seed); n < minSeedBytes || n > maxSeedBytes {
		return fmt.Errorf("the seed has %d bytes, usable are %d (RFC 4226 R6) to %d", n, minSeedBytes, maxSeedBytes)
	}
	if t.TOTP.Digits != 6 {
		return fmt.Errorf("the token shows %d digits, but the API takes exactly six", t.TOTP.Digits)
	}
	if t.TOTP.Period != 30*time.Second && t.TOTP.Period != time.Minute {
		return errors.New("the period is neither 30 nor 60 seconds")
	}
	return t.TOTP.Valid()
}

// batch collects the tokens of one file.
type batch struct {
	tokens  []Token
	serials map[string]string // serial in lower case → where it was first
}

// add takes a token found at where ("line 3") if it is usable and not there yet.
// Serial numbers that differ only by case are one: two spellings would have two budgets.
func (b *batch) add(t Token, where string) error {
	if err := t.check(); err != nil {
		return err
	}
	if b.serials == nil {
		b.serials = map[string]string{}
	}
	serial := strings.ToLower(t.Serial)
	if first, ok := b.serials[serial]; ok {
		return fmt.Errorf("the serial number is already on %s", first)
	}
	if len(b.tokens) >= maxTokens {
		return fmt.Errorf("more than %d tokens in one file", maxTokens)
	}
	b.serials[serial] = where
	b.tokens = append(b.tokens, t)
	return nil
}

// parseCount reads a small positive decimal number, or returns fallback for "".
// Its error does not repeat the text, which could be a seed in the wrong column.
func parseCount(text string, fallback int) (int, error) {
	if text == "" {
		return fallback, nil
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil || n == 0 {
		return 0, errors.New("not a positive number")
	}
	return int(n), nil
}

var errTooLarge = fmt.Errorf("mfa: seed file larger than %d MiB", maxFileBytes>>20)

// boundedReader fails when the file goes beyond its bound, rather than
// ending it early: a cut file must not pass for a whole one.
type boundedReader struct {
	r    io.Reader
	left int
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, errTooLarge
	}
	// One byte more than is allowed tells a full file from one too large.
	n, err := b.r.Read(p[:min(len(p), b.left+1)])
	b.left -= n
	if b.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}
