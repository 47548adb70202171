package sigv4

import (
	"net/http"
	"strings"
)

// The error codes of this package, as AWS names them.
const (
	CodeIncompleteSignature        = "IncompleteSignature"
	CodeInvalidClientTokenID       = "InvalidClientTokenId"
	CodeMalformedQueryString       = "MalformedQueryString"
	CodeMissingAuthenticationToken = "MissingAuthenticationToken"
	CodeSignatureDoesNotMatch      = "SignatureDoesNotMatch"
)

// Error is a refusal in AWS's terms: the error code, the HTTP status, and the
// message for the client, which may be empty. It holds no secret.
type Error struct {
	Code    string
	Status  int
	Message string
}

func (e *Error) Error() string {
	if e.Message == "" {
		return e.Code
	}
	return e.Code + ": " + e.Message
}

func incomplete(message string) *Error {
	return &Error{CodeIncompleteSignature, http.StatusBadRequest, message}
}

func mismatch(message string) *Error {
	return &Error{CodeSignatureDoesNotMatch, http.StatusForbidden, message}
}

func malformedQuery(message string) *Error {
	return &Error{CodeMalformedQueryString, http.StatusBadRequest, message}
}

func errMissing() *Error {
	return &Error{CodeMissingAuthenticationToken, http.StatusForbidden,
		"Request is missing Authentication Token"}
}

func errInvalidToken() *Error {
	return &Error{CodeInvalidClientTokenID, http.StatusForbidden,
		"The security token included in the request is invalid"}
}

func errPayloadHash() *Error {
	return mismatch("'X-Amz-Content-Sha256' must be the SHA-256 of the request body in lower-case hex; " +
		"unsigned and streaming payloads are not supported.")
}

func errSignature() *Error {
	return mismatch("The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
}

func errNotSigned(header string) *Error {
	return mismatch("'" + header + "' must be a 'SignedHeader' in the AWS Authorization.")
}

func errTwice(header string) *Error {
	return incomplete("The header '" + header + "' must be present only once.")
}

// quote prepares client input for a message: at most 128 bytes, printable ASCII,
// so that messages stay one readable line in replies and audit records.
func quote(s string) string {
	const limit = 128
	cut := len(s) > limit
	if cut {
		s = s[:limit]
	}
	s = strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return '?'
		}
		return c
	}, s)
	if cut {
		s += "..."
	}
	return s
}
