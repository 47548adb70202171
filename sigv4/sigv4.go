// Package sigv4 verifies AWS Signature Version 4 on incoming requests, in the
// Authorization header and in presigned query strings.
//
// # How to use it
//
// Verification is split where the secret comes in, so that the caller can look
// up the key (and open the session token) between the two halves:
//
//	sig, err := sigv4.Parse(r, body, services, now)   // everything that needs no secret
//	secret   := lookUp(sig.AccessKeyID, sig.SessionToken)
//	key      := sigv4.SigningKey(secret, sig.Date, sig.Region, sig.Service)
//	err       = sig.Verify(key)                       // the only proof of identity
//
// Nothing Parse returns is to be believed before Verify has returned nil. The
// signing key depends on the secret and the scope only, so one key serves a
// client for a day and callers may cache it. No function here keeps state, reads
// a clock or touches the body reader: the body has been read, and bounded, by
// the caller.
//
// # What is checked, in order
//
//  1. the query string's escapes (MalformedQueryString);
//  2. that there is one signature, in one place (MissingAuthenticationToken,
//     SignatureDoesNotMatch, IncompleteSignature);
//  3. the algorithm and the presence of every part (IncompleteSignature);
//  4. which headers are signed (SignatureDoesNotMatch);
//  5. the date's form and the skew of fifteen minutes either way
//     (IncompleteSignature, SignatureDoesNotMatch);
//  6. the credential's shape and its scope (IncompleteSignature,
//     SignatureDoesNotMatch);
//  7. the declared payload hash, when there is one (SignatureDoesNotMatch);
//  8. in Verify, the signature, in constant time (SignatureDoesNotMatch).
//
// Order and texts follow what AWS was observed to answer. The canonical request
// follows the IAM User Guide, "Create a signed AWS API request": the path is
// encoded as it was received, query parameters are sorted after encoding, header
// values are trimmed and runs of spaces folded, and the last line is always the
// hash of the body at hand. Any region passes, because clients sign with their
// configured region whatever endpoint they are pointed at.
//
// # Stricter than AWS, on purpose
//
// Where AWS picks one of several readings of a request, this package refuses the
// request, so that no two parts of a server can read it differently:
//
//   - a second Authorization header (AWS uses the first), a repeated or unknown
//     parameter inside it (AWS uses the last) and a repeated query parameter
//     (AWS uses the first);
//   - a signature whose parts are spread over header and query: the date, the
//     expiry and the session token must be where the signature is;
//   - Content-Type or an X-Amz-* header that is unsigned or sent twice; a proxy
//     that adds X-Amz-* headers of its own must not do so in front of this server;
//   - a name in SignedHeaders that is not in lower case, not in ascending order,
//     or absent from the request;
//   - paths are not normalized before signing, as AWS does for services other
//     than S3, so that one signature is good for one path;
//   - UNSIGNED-PAYLOAD, the STREAMING-* modes, and any other declared payload
//     hash that is not the SHA-256 of the body in lower-case hex;
//   - X-Amz-Expires is honoured. STS ignores it; here a presigned request is
//     valid for the shorter of X-Amz-Expires and fifteen minutes;
//   - an empty session token, and an empty secret (no key is derived from it).
//
// Messages quote at most a short, printable piece of the request, and never a
// signature or a session token: AWS ends one message with the whole
// Authorization header, here only its scheme is repeated.
package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"time"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"

	// hexHashSize is the length of a SHA-256 hash or signature in hex.
	hexHashSize = 2 * sha256.Size
)

// Signature is what a request claims about its signer. Until Verify has
// returned nil it is only a claim.
type Signature struct {
	// AccessKeyID is the first element of the credential. It is not checked
	// for form and may be empty.
	AccessKeyID string
	// Date, Region and Service are the credential scope; Date is YYYYMMDD and
	// is the day of Time. Together with the secret they give the signing key.
	Date, Region, Service string
	// SessionToken is X-Amz-Security-Token, empty when the request has none.
	SessionToken string
	// Time is when the request was signed, in UTC, to the second.
	Time time.Time
	// Presigned tells that the signature was in the query string.
	Presigned bool

	date        string            // Time in the form of isoBasic
	requestHash [sha256.Size]byte // of the canonical request
	signature   string            // as sent
}

// Parse reads the signature of r and checks everything that can be checked
// without the secret. Body is the whole body of r, services are the service
// names served (such as "iam" and "sts"), one of which the scope must name, and
// now is the server's time. Errors are *Error.
func Parse(r *http.Request, body []byte, services []string, now time.Time) (*Signature, error) {
	s, err := parse(r, body, services, now)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func parse(r *http.Request, body []byte, services []string, now time.Time) (*Signature, *Error) {
	query, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	p, err := findParts(r.Header, query)
	if err != nil {
		return nil, err
	}

	var stack [2048]byte
	request, err := appendCanonicalRequest(stack[:0], r, query, p.signedHeaders, len(body))
	if err != nil {
		return nil, err
	}

	signed, err := p.signingTime()
	if err != nil {
		return nil, err
	}
	lifetime, err := p.lifetime()
	if err != nil {
		return nil, err
	}
	if err := checkSkew(signed, now, lifetime); err != nil {
		return nil, err
	}

	c, err := parseCredential(p.credential)
	if err != nil {
		return nil, err
	}
	date := p.date
	if !isISOBasic(date) { // it was a Date header in another form
		date = signed.Format(isoBasic)
	}
	if err := c.checkScope(date, services); err != nil {
		return nil, err
	}

	if p.hasToken && p.token == "" {
		return nil, errInvalidToken()
	}
	payload := sha256.Sum256(body)
	request = hex.AppendEncode(request, payload[:])
	if err := checkDeclaredHash(r.Header, query, request[len(request)-hexHashSize:]); err != nil {
		return nil, err
	}

	return &Signature{
		AccessKeyID:  c.accessKeyID,
		Date:         c.date,
		Region:       c.region,
		Service:      c.service,
		SessionToken: p.token,
		Time:         signed,
		Presigned:    p.presigned,
		date:         date,
		requestHash:  sha256.Sum256(request),
		signature:    p.signature,
	}, nil
}

// checkDeclaredHash compares X-Amz-Content-Sha256, wherever it is, with the hash
// of the body: the values that mean "body not signed" are refused like any other
// wrong one.
func checkDeclaredHash(h http.Header, query []param, hash []byte) *Error {
	for _, v := range h[headerContentSHA256] {
		if v != string(hash) {
			return errPayloadHash()
		}
	}
	for _, q := range query {
		if q.name == headerContentSHA256 && q.value != string(hash) {
			return errPayloadHash()
		}
	}
	return nil
}

// SigningKey derives the 32-byte key that signs requests of one day (YYYYMMDD),
// region and service. It returns nil for an empty secret, which anyone could
// derive from; Verify refuses nil.
func SigningKey(secret, date, region, service string) []byte {
	if secret == "" {
		return nil
	}
	key := []byte("AWS4" + secret)
	for _, part := range [...]string{date, region, service, terminator} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return key
}

// Verify reports whether the request was signed with signingKey, which must come
// from SigningKey with the scope of s. Any failure, also that of a missing or
// malformed key, is the same SignatureDoesNotMatch, and the time taken does not
// depend on where the signatures differ.
func (s *Signature) Verify(signingKey []byte) error {
	if len(signingKey) != sha256.Size || len(s.signature) != hexHashSize {
		return errSignature()
	}

	var stack [256]byte
	msg := append(stack[:0], algorithm+"\n"...)
	msg = append(msg, s.date...)
	msg = append(msg, '\n')
	for _, part := range [...]string{s.Date, s.Region, s.Service} {
		msg = append(msg, part...)
		msg = append(msg, '/')
	}
	msg = append(msg, terminator+"\n"...)
	msg = hex.AppendEncode(msg, s.requestHash[:])

	sum := mac(signingKey, msg)
	var want [hexHashSize]byte
	hex.Encode(want[:], sum[:])
	if subtle.ConstantTimeCompare(want[:], []byte(s.signature)) != 1 {
		return errSignature()
	}
	return nil
}

// mac is HMAC-SHA256 (RFC 2104) with a key that is no longer than a block, without the memory that crypto/hmac takes:
// every request needs one.
func mac(key, message []byte) [sha256.Size]byte {
	var inner [sha256.BlockSize + 256]byte
	var outer [sha256.BlockSize + sha256.Size]byte
	copy(inner[:], key)
	copy(outer[:], key)
	for i := range sha256.BlockSize {
		inner[i] ^= 0x36
		outer[i] ^= 0x5c
	}
	sum := sha256.Sum256(append(inner[:sha256.BlockSize], message...))
	copy(outer[sha256.BlockSize:], sum[:])
	return sha256.Sum256(outer[:])
}
