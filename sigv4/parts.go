package sigv4

import (
	"net/http"
	"strings"
)

// Names of headers, in the canonical form of net/http, and of query parameters.
const (
	headerAuthorization = "Authorization"
	headerContentSHA256 = "X-Amz-Content-Sha256"
	headerDate          = "X-Amz-Date"
	headerToken         = "X-Amz-Security-Token"

	queryAlgorithm     = "X-Amz-Algorithm"
	queryCredential    = "X-Amz-Credential"
	queryDate          = "X-Amz-Date"
	queryExpires       = "X-Amz-Expires"
	querySignedHeaders = "X-Amz-SignedHeaders"
	querySignature     = "X-Amz-Signature"
	queryToken         = "X-Amz-Security-Token"
)

// Signed reports whether r carries any signature material: an Authorization
// header of an AWS scheme, or a query parameter of a presigned request, even an
// incomplete or wrong one. Such a request must stand or fall by its signature
// and must not be let in by other means, such as a cookie.
func Signed(r *http.Request) bool {
	for _, v := range r.Header[headerAuthorization] {
		v = strings.TrimLeft(v, " \t")
		if len(v) >= 3 && strings.EqualFold(v[:3], "AWS") {
			return true
		}
	}
	for raw, more := r.URL.RawQuery, r.URL.RawQuery != ""; more; {
		var segment string
		segment, raw, more = strings.Cut(raw, "&")
		name, _, _ := strings.Cut(segment, "=")
		if strings.ContainsRune(name, '%') {
			if b, err := appendReencoded(nil, name); err == nil {
				name = string(b)
			}
		}
		switch name {
		case queryAlgorithm, queryCredential, queryDate, queryExpires,
			querySignedHeaders, querySignature, queryToken:
			return true
		}
	}
	return false
}

// parts are the parts of a signature as they were sent.
type parts struct {
	presigned     bool
	credential    string
	signedHeaders string
	signature     string

	date     string // empty when missing
	httpDate bool   // date comes from the Date header

	expires    string // presigned only
	hasExpires bool
	token      string
	hasToken   bool
}

// findParts finds the one signature of a request and sees that it is whole.
func findParts(h http.Header, query []param) (parts, *Error) {
	var p parts
	var alg string
	var splitOff string // a query parameter that belongs to a presigned request
	for _, q := range query {
		switch q.name {
		case queryAlgorithm:
			p.presigned, alg = true, decode(q.value)
		case queryCredential:
			p.presigned, p.credential = true, decode(q.value)
		case querySignedHeaders:
			p.presigned, p.signedHeaders = true, decode(q.value)
		case querySignature:
			p.presigned, p.signature = true, decode(q.value)
		case queryDate:
			splitOff, p.date = q.name, decode(q.value)
		case queryExpires:
			splitOff, p.expires, p.hasExpires = q.name, decode(q.value), true
		case queryToken:
			splitOff, p.token, p.hasToken = q.name, decode(q.value), true
		}
	}
	authorization := h[headerAuthorization]
	switch {
	case len(authorization) == 0 && !p.presigned:
		return p, errMissing()
	case len(authorization) > 0 && p.presigned:
		return p, mismatch("") // AWS sends no message either
	case len(authorization) > 1:
		return p, errTwice(headerAuthorization)
	case p.presigned:
		return p, p.completeQuery(alg, h)
	case splitOff != "":
		return p, incomplete("The query parameter '" + splitOff + "' belongs to a presigned request; " +
			"this request is signed in the Authorization header.")
	}
	return p, p.completeHeader(authorization[0], h)
}

// completeQuery checks the parts of a presigned request.
func (p *parts) completeQuery(alg string, h http.Header) *Error {
	if alg != "" && alg != algorithm {
		return unsupported(alg)
	}
	var missing strings.Builder
	for _, part := range [...]struct{ name, value string }{
		{queryAlgorithm, alg},
		{queryCredential, p.credential},
		{querySignature, p.signature},
		{querySignedHeaders, p.signedHeaders},
		{queryDate, p.date},
	} {
		if part.value == "" {
			missing.WriteString("AWS query-string parameters must include '" + part.name + "'. ")
		}
	}
	if missing.Len() > 0 {
		return incomplete(missing.String() + "Re-examine the query-string parameters.")
	}
	for _, name := range [...]string{headerDate, headerToken} {
		if _, ok := h[name]; ok {
			return incomplete("The header '" + name + "' must not be present in a presigned request; " +
				"send it as a query parameter.")
		}
	}
	return nil
}

// completeHeader reads the Authorization header and the headers that go with it.
func (p *parts) completeHeader(authorization string, h http.Header) *Error {
	alg, rest, blank := strings.Cut(strings.Trim(authorization, " \t"), " ")
	if alg != algorithm {
		if !blank && !strings.HasPrefix(alg, "AWS") { // credentials without a scheme, such as a bare JSON Web Token
			alg = ""
		}
		return unsupported(alg)
	}
	var seen [3]bool
	for more := true; more; {
		var field string
		field, rest, more = strings.Cut(rest, ",")
		field = strings.Trim(field, " \t")
		if field == "" {
			continue
		}
		name, value, ok := strings.Cut(field, "=")
		if !ok {
			return incomplete("The Authorization header must hold 'name=value' parameters, separated by commas.")
		}
		var i int
		switch name {
		case "Credential":
			i, p.credential = 0, value
		case "SignedHeaders":
			i, p.signedHeaders = 1, value
		case "Signature":
			i, p.signature = 2, value
		default:
			return incomplete("The Authorization header has an unexpected parameter '" + quote(name) + "'.")
		}
		if seen[i] {
			return incomplete("The Authorization header must have one '" + name + "' parameter only.")
		}
		seen[i] = true
	}

	if v := h[headerDate]; len(v) > 0 {
		p.date = v[0]
	} else if v := h["Date"]; len(v) == 1 {
		p.date, p.httpDate = v[0], true
	} else if len(v) > 1 {
		return errTwice("Date")
	}
	if v := h[headerToken]; len(v) > 0 {
		p.token, p.hasToken = v[0], true
	}

	if p.credential != "" && p.signature != "" && p.signedHeaders != "" && p.date != "" {
		return nil
	}
	var missing strings.Builder
	for _, part := range [...]struct{ name, value string }{
		{"Credential", p.credential},
		{"Signature", p.signature},
		{"SignedHeaders", p.signedHeaders},
	} {
		if part.value == "" {
			missing.WriteString("Authorization header requires '" + part.name + "' parameter. ")
		}
	}
	if p.date == "" {
		missing.WriteString("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ")
	}
	return incomplete(missing.String() + "Authorization=" + algorithm)
}

// unsupported repeats the scheme that was sent only if it looks like the name of one: answers are logged, and
// where a scheme belongs there may be a secret.
func unsupported(alg string) *Error {
	const longest = 32
	if len(alg) > longest || !lowerToken(strings.ToLower(alg)) {
		alg = ""
	}
	return incomplete("Unsupported AWS 'algorithm': '" + alg + "'.")
}
