package mfa

import (
	"bufio"
	"encoding/base32"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// ReadCSV reads the seed file of a batch of hardware tokens in the OATH CSV form:
//
//	serial,seed[,TOTP[,digits[,period]]]
//
// The seed is hexadecimal when it is an even number of hexadecimal digits, else
// base32 (RFC 4648, padding optional, either case). digits is 6, the default: the
// API takes no other. period is 30, the default, or 60 seconds. The hash is SHA-1.
// Blank lines, lines that begin with #, a byte order mark and CRLF are fine.
//
// The error names the line. After an error no token is returned.
func ReadCSV(r io.Reader) ([]Token, error) {
	text := bufio.NewReader(&boundedReader{r: r, left: maxFileBytes})
	if mark, _ := text.Peek(3); string(mark) == "\ufeff" {
		text.Discard(3)
	}
	lines := csv.NewReader(text)
	lines.Comment = '#'
	lines.FieldsPerRecord = -1
	lines.TrimLeadingSpace = true
	lines.ReuseRecord = true

	var b batch
	for {
		fields, err := lines.Read()
		if err == io.EOF {
			break
		}
		if bad := (*csv.ParseError)(nil); errors.As(err, &bad) {
			return nil, fmt.Errorf("mfa: line %d: %w", bad.StartLine, bad.Err)
		}
		if err != nil {
			return nil, err
		}
		line, _ := lines.FieldPos(0)
		token, err := parseLine(fields)
		where := fmt.Sprintf("line %d", line)
		if err == nil {
			err = b.add(token, where)
		}
		if err != nil {
			return nil, fmt.Errorf("mfa: %s: %w", where, err)
		}
	}
	if len(b.tokens) == 0 {
		return nil, errors.New("mfa: no token in the file")
	}
	return b.tokens, nil
}

func parseLine(fields []string) (Token, error) {
	if len(fields) < 2 || len(fields) > 5 {
		return Token{}, fmt.Errorf("%d fields, expected serial,seed[,TOTP,digits,period]", len(fields))
	}
	var field [5]string
	for i, f := range fields {
		field[i] = strings.TrimSpace(f)
	}
	if kind := field[2]; kind != "" && !strings.EqualFold(kind, "TOTP") {
		return Token{}, errors.New("the third field is not TOTP, the only kind of token that can be used")
	}
	seed, err := parseSeed(field[1])
	if err != nil {
		return Token{}, err
	}
	digits, err := parseCount(field[3], defaultDigits)
	if err != nil {
		return Token{}, fmt.Errorf("digits: %w", err)
	}
	seconds, err := parseCount(field[4], int(defaultPeriod/time.Second))
	if err != nil {
		return Token{}, fmt.Errorf("period: %w", err)
	}
	return Token{
		Serial: strings.Clone(field[0]),
		TOTP:   TOTP{Seed: seed, Algorithm: SHA1, Digits: digits, Period: time.Duration(seconds) * time.Second},
	}, nil
}

// parseSeed decides between the two spellings by one rule, so that a file means the
// same thing whatever else is in it: base32 that happens to be all A–F and 2–7, and
// of even length, is read as hexadecimal.
func parseSeed(text string) ([]byte, error) {
	if seed, err := hex.DecodeString(text); err == nil {
		return seed, nil
	}
	text = strings.ToUpper(strings.TrimRight(text, "="))
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(text)
	if err != nil || Base32(seed) != text {
		return nil, errors.New("the seed is neither hexadecimal nor base32")
	}
	return seed, nil
}
