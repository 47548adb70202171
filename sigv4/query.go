package sigv4

import (
	"cmp"
	"slices"
	"strings"
)

// param is one query parameter in canonical encoding: every byte outside
// A-Z a-z 0-9 - . _ ~ is a percent escape in upper-case hex.
type param struct{ name, value string }

// parseQuery splits a raw query string and returns its parameters in canonical
// encoding and order: by encoded name. Empty segments are dropped, a parameter
// without '=' has an empty value, and '+' is a space, as in every form decoder.
func parseQuery(raw string) ([]param, *Error) {
	if raw == "" {
		return nil, nil
	}
	encoded := make([]byte, 0, len(raw)+len(raw)/4)
	type bounds struct{ start, name, end int }
	spans := make([]bounds, 0, strings.Count(raw, "&")+1)
	for more := true; more; {
		var segment string
		segment, raw, more = strings.Cut(raw, "&")
		if segment == "" {
			continue
		}
		name, value, _ := strings.Cut(segment, "=")
		var b bounds
		var err *Error
		b.start = len(encoded)
		if encoded, err = appendReencoded(encoded, name); err != nil {
			return nil, err
		}
		b.name = len(encoded)
		if encoded, err = appendReencoded(encoded, value); err != nil {
			return nil, err
		}
		b.end = len(encoded)
		spans = append(spans, b)
	}

	text := string(encoded)
	params := make([]param, len(spans))
	for i, b := range spans {
		params[i] = param{text[b.start:b.name], text[b.name:b.end]}
	}
	slices.SortFunc(params, func(a, b param) int { return cmp.Compare(a.name, b.name) })
	for i := 1; i < len(params); i++ {
		if params[i].name == params[i-1].name {
			return nil, malformedQuery("The parameter '" + quote(decode(params[i].name)) + "' must be present only once.")
		}
	}
	return params, nil
}

// appendReencoded decodes the escapes of s and appends it in canonical encoding.
func appendReencoded(dst []byte, s string) ([]byte, *Error) {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch c {
		case '+':
			c = ' '
		case '%':
			if i+2 >= len(s) {
				return nil, malformedQuery("Incomplete trailing escape % sequence")
			}
			hi, ok1 := unhex(s[i+1])
			lo, ok2 := unhex(s[i+2])
			if !ok1 || !ok2 {
				return nil, malformedQuery("Illegal hex character in escape % pattern: %" + quote(s[i+1:i+3]))
			}
			c = hi<<4 | lo
			i += 2
		}
		dst = appendEscaped(dst, c)
	}
	return dst, nil
}

// appendCanonicalQuery appends the canonical query string. The signature itself
// is the one parameter that is not signed.
func appendCanonicalQuery(dst []byte, params []param) []byte {
	first := true
	for _, p := range params {
		if p.name == querySignature {
			continue
		}
		if !first {
			dst = append(dst, '&')
		}
		first = false
		dst = append(dst, p.name...)
		dst = append(dst, '=')
		dst = append(dst, p.value...)
	}
	return dst
}

const upperHex = "0123456789ABCDEF"

// appendEscaped appends one byte in the canonical encoding ("UriEncode" in the
// IAM User Guide).
func appendEscaped(dst []byte, c byte) []byte {
	if unreserved(c) {
		return append(dst, c)
	}
	return append(dst, '%', upperHex[c>>4], upperHex[c&15])
}

// unreserved reports the unreserved characters of RFC 3986 section 2.3.
func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}

// decode undoes the canonical encoding.
func decode(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' {
			hi, _ := unhex(s[i+1])
			lo, _ := unhex(s[i+2])
			c = hi<<4 | lo
			i += 2
		}
		b = append(b, c)
	}
	return string(b)
}

func unhex(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
