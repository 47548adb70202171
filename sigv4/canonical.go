package sigv4

import (
	"net/http"
	"strconv"
	"strings"
)

// appendCanonicalRequest appends the canonical request up to, and not with, the
// hash of the payload, and checks which headers are signed on the way.
func appendCanonicalRequest(dst []byte, r *http.Request, query []param, signedHeaders string, bodySize int) ([]byte, *Error) {
	dst = append(dst, r.Method...)
	dst = append(dst, '\n')
	dst = appendCanonicalPath(dst, r)
	dst = append(dst, '\n')
	dst = appendCanonicalQuery(dst, query)
	dst = append(dst, '\n')
	dst, err := appendCanonicalHeaders(dst, r, signedHeaders, bodySize)
	if err != nil {
		return nil, err
	}
	dst = append(dst, '\n')
	dst = append(dst, signedHeaders...)
	return append(dst, '\n'), nil
}

// appendCanonicalPath encodes the path as it was received, so that a path with
// escapes is encoded twice, as for every service but S3.
func appendCanonicalPath(dst []byte, r *http.Request) []byte {
	// RawPath is the path on the wire whenever it differs from the default
	// encoding of Path, which is what EscapedPath gives otherwise.
	path := r.URL.RawPath
	if path == "" {
		path = r.URL.EscapedPath()
	}
	if path == "" {
		path = "/"
	}
	for i := 0; i < len(path); i++ {
		if c := path[i]; c == '/' {
			dst = append(dst, c)
		} else {
			dst = appendEscaped(dst, c)
		}
	}
	return dst
}

// appendCanonicalHeaders appends one line for each name in the list of signed
// headers, and refuses a list that leaves out a header which must be signed.
func appendCanonicalHeaders(dst []byte, r *http.Request, list string, bodySize int) ([]byte, *Error) {
	if !listed(list, "host") {
		return nil, mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}

	required := 0 // headers seen that had to be signed
	previous := ""
	for rest, more := list, true; more; {
		var name string
		name, rest, more = strings.Cut(rest, ";")
		if name <= previous || !lowerToken(name) {
			return nil, incomplete("'SignedHeaders' must be header names in lower case and ascending order, each once.")
		}
		previous = name

		dst = append(dst, name...)
		dst = append(dst, ':')
		values, ok := headerValues(r.Header, name)
		switch {
		case name == "host":
			dst = appendFolded(dst, r.Host)
		case name == "content-length" && !ok:
			// The header is gone when the client sent the body in chunks.
			dst = strconv.AppendInt(dst, int64(bodySize), 10)
		case !ok:
			return nil, mismatch("The header '" + quote(name) + "' is a 'SignedHeader' but not in the request.")
		default:
			for i, v := range values {
				if i > 0 {
					dst = append(dst, ',')
				}
				dst = appendFolded(dst, v)
			}
			if mustBeSigned(name) {
				required++
			}
		}
		dst = append(dst, '\n')
	}

	twice := "" // the first such header in order, so that the answer is always the same
	for name, values := range r.Header {
		if mustBeSigned(name) {
			required--
			if len(values) != 1 && (twice == "" || name < twice) {
				twice = name
			}
		}
	}
	if twice != "" {
		return nil, errTwice(quote(twice))
	}
	if required != 0 {
		return nil, errNotSigned(quote(firstUnsigned(r.Header, list)))
	}
	return dst, nil
}

// mustBeSigned reports the headers that AWS wants signed whenever they are
// present, besides Host.
func mustBeSigned(name string) bool {
	const amz = "X-Amz-"
	return len(name) >= len(amz) && strings.EqualFold(name[:len(amz)], amz) ||
		len(name) == len("Content-Type") && strings.EqualFold(name, "Content-Type")
}

// firstUnsigned names the first header, in order, that should be in the list.
func firstUnsigned(h http.Header, list string) string {
	first := ""
	for name := range h {
		if mustBeSigned(name) && !listed(list, strings.ToLower(name)) && (first == "" || name < first) {
			first = name
		}
	}
	return first
}

// listed reports whether a list of signed headers holds name.
func listed(list, name string) bool {
	for more := true; more; {
		var item string
		item, list, more = strings.Cut(list, ";")
		if item == name {
			return true
		}
	}
	return false
}

// lowerToken reports whether s is a field name (RFC 9110 section 5.1) without
// upper-case letters.
func lowerToken(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return s != ""
}

// headerValues looks up a lower-case name without allocating the canonical form
// of names that net/textproto does not know.
func headerValues(h http.Header, name string) ([]string, bool) {
	var stack [64]byte
	key := append(stack[:0], name...)
	upper := true
	for i, c := range key {
		if upper && 'a' <= c && c <= 'z' {
			key[i] = c - 'a' + 'A'
		}
		upper = c == '-'
	}
	values, ok := h[string(key)]
	return values, ok && len(values) > 0
}

// appendFolded appends a header value without white space at its ends and with
// runs of spaces folded to one, inside quotes too.
func appendFolded(dst []byte, v string) []byte {
	v = strings.Trim(v, " \t")
	if !strings.Contains(v, "  ") {
		return append(dst, v...)
	}
	for i := 0; i < len(v); i++ {
		if v[i] == ' ' && v[i-1] == ' ' {
			continue
		}
		dst = append(dst, v[i])
	}
	return dst
}
