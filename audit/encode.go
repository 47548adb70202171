package audit

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// encoder writes the fixed part of a record: the bytes that encoding/json would give, then escaped, in one pass.
// Every request has a record, and by reflection it was a sixth of what a request costs.
type encoder struct {
	text []byte
	in   string   // the object being written, for cut
	cut  []string // see [Record.Cut]
}

func (e *encoder) key(name string) {
	if e.text[len(e.text)-1] != '{' {
		e.text = append(e.text, ',')
	}
	e.text = append(e.text, '"')
	e.text = append(e.text, name...)
	e.text = append(e.text, '"', ':')
}

// string writes a member, cut to the length a text may have.
func (e *encoder) string(name, value string) {
	e.key(name)
	if len(value) > maxText {
		if e.in != "" {
			name = e.in + "." + name
		}
		e.cut = append(e.cut, name+": "+strconv.Itoa(len(value))+" bytes")
		value = shorten(value, maxText)
	}
	e.text = appendQuoted(e.text, value)
}

// optional is string for a member that is left out when empty.
func (e *encoder) optional(name, value string) {
	if value != "" {
		e.string(name, value)
	}
}

func (e *encoder) bool(name string, value bool) {
	e.key(name)
	e.text = strconv.AppendBool(e.text, value)
}

// object writes a member whose own members are written by members.
func (e *encoder) object(name string, members func()) {
	e.key(name)
	outer := e.in
	e.in = name
	e.text = append(e.text, '{')
	members()
	e.text = append(e.text, '}')
	e.in = outer
}

// parameters writes one of the free fields.
func (e *encoder) parameters(name string, value any) error {
	e.key(name)
	if value == nil {
		e.text = append(e.text, "null"...)
		return nil
	}
	text, cut, err := parameters(value)
	if err != nil {
		return err
	}
	if cut != "" {
		e.cut = append(e.cut, name+": "+cut)
	}
	e.text = append(e.text, escape(text)...)
	return nil
}

// dangerous tells a character that a terminal or reader may act on: it is written as a \u escape.
func dangerous(r rune) bool {
	return r == 0x7f || r >= 0x80 && r <= 0x9f || r > 0x9f && unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// appendQuoted appends a JSON string (RFC 8259 section 7) with dangerous characters escaped.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0 // of what has not been appended yet
	for i := 0; i < len(s); {
		if c := s[i]; ' ' <= c && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		broken := r == utf8.RuneError && size == 1
		if r >= utf8.RuneSelf && !broken && !dangerous(r) {
			i += size
			continue
		}
		b = append(b, s[start:i]...)
		i += size
		start = i
		switch r {
		case '"', '\\':
			b = append(b, '\\', byte(r))
		case '\b':
			b = append(b, '\\', 'b')
		case '\f':
			b = append(b, '\\', 'f')
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = appendEscape(b, r)
		}
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

// appendEscape appends a character as \u escape; one beyond the first plane, such as a tag character, as a
// surrogate pair.
func appendEscape(b []byte, r rune) []byte {
	if r > 0xffff {
		r -= 0x10000
		return fmt.Appendf(b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
	}
	return fmt.Appendf(b, `\u%04x`, r)
}

// escape does to JSON text what appendQuoted does to strings. Dangerous characters can only be inside strings,
// since JSON has none of them elsewhere.
func escape(text []byte) []byte {
	// Most records are plain ASCII, where only DEL can be dangerous.
	if !slices.ContainsFunc(text, func(b byte) bool { return b >= 0x7f }) {
		return text
	}
	if utf8.Valid(text) && bytes.IndexFunc(text, dangerous) < 0 {
		return text
	}
	out := make([]byte, 0, len(text)+64)
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && size == 1: // from a json.RawMessage, which is not checked
			out = appendEscape(out, r)
		case !dangerous(r):
			out = append(out, text[:size]...)
		default:
			out = appendEscape(out, r)
		}
		text = text[size:]
	}
	return out
}
