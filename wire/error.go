package wire

import (
	"fmt"
	"net/http"
)

// Error is an answer AWS gives instead of a result. It is the one error type
// of the product: made where the rule is, written out by [ErrorResponse].
type Error struct {
	// Code is the wire code, such as NoSuchEntity. Few codes end in
	// "Exception" on the wire; CloudTrail's spelling is not this one.
	Code string
	// Status is the HTTP status.
	Status int
	// Message is for people. Clients match on Code. When it is empty the
	// answer has no Message element, as AWS's ReportNotPresent has none.
	Message string
}

// Error returns the code and the message.
func (e *Error) Error() string {
	if e.Message == "" {
		return e.Code
	}
	return e.Code + ": " + e.Message
}

// Fault reports whose fault the error is, in the words of the Query protocol:
// "Receiver" for a 5xx status and "Sender" for every other.
func (e *Error) Fault() string {
	if e.Status >= 500 {
		return "Receiver"
	}
	return "Sender"
}

// Errorf makes an error with the HTTP status its code has at AWS, 400 when
// the code is not known. Without args the format is taken as it is, so a
// message that holds a percent sign needs no care.
func Errorf(code, format string, args ...any) *Error {
	message := format
	if len(args) > 0 {
		message = fmt.Sprintf(format, args...)
	}
	return &Error{Code: code, Status: StatusOf(code), Message: message}
}

// StatusOf returns the HTTP status AWS answers a code with, 400 when the code
// is not known.
func StatusOf(code string) int {
	if status, ok := commonStatus[code]; ok {
		return status
	}
	if status, ok := modelStatus[code]; ok {
		return status
	}
	return http.StatusBadRequest
}

// commonStatus holds the codes that belong to the protocol and to
// authentication, which no service model lists. Source: "Common errors" in the
// IAM and STS API References.
var commonStatus = map[string]int{
	"AccessDenied":                403,
	"ExpiredToken":                403,
	"IncompleteSignature":         400,
	"InternalFailure":             500,
	"InvalidAction":               400,
	"InvalidClientTokenId":        403,
	"InvalidParameterCombination": 400,
	"InvalidParameterValue":       400,
	"InvalidQueryParameter":       400,
	"MalformedInput":              400,
	"MalformedQueryString":        400,
	"MissingAction":               400,
	"MissingAuthenticationToken":  403,
	"MissingParameter":            400,
	"OptInRequired":               403,
	"RequestEntityTooLarge":       413,
	"RequestExpired":              400,
	"ServiceUnavailable":          503,
	"SignatureDoesNotMatch":       403,
	"Throttling":                  400,
	"ValidationError":             400,
}

func malformed(format string, args ...any) *Error {
	return Errorf("MalformedInput", format, args...)
}
