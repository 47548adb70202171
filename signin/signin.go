package signin

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/wire"
)

// Service carries out the steps of signing in and answers for the sessions they end in. Its fields are set before
// first use and never change. Errors meant for the user are *wire.Error or [*ThrottledError]; all others are failures
// of ours.
type Service struct {
	IAM *iam.Service
	Log *slog.Logger // optional
	// Counted is told the result of each step, for metrics: step is password, code, key, resync or new-password; result is
	// success, refused, throttled or failed. Optional.
	Counted func(step, result string)

	hasher hasher // nil for IAM's; tests count what it does
}

// hasher is what signing in asks of [iam.Passwords].
type hasher interface {
	Verify(ctx context.Context, hash, password string) (bool, error)
	VerifyNothing(ctx context.Context, password string) error
}

// Bounds of sign-ins, beside [iam.SignInLifetime] and [iam.SignInIdle].
const (
	halfFinished = 10 * time.Minute // from the password to the session
	maxSessions  = 20               // of one user; the oldest ends. As many sign-ins can be half finished
	seenExact    = time.Minute      // how exactly it is known when a session was last used
	resyncAfter  = 3                // second factors refused, then a resync is offered
	maxRefused   = 10               // second factors refused, then the sign-in ends
)

// From is where a request comes from.
type From struct {
	SourceIP  string // without port; behind a proxy, what the trusted hop says
	UserAgent string
	RequestID string
	LoginTo   string // the console's URL, for the audit trail
	Secure    bool   // the request came over TLS
}

// Credentials are what the first step is given: account and user name, or the e-mail address of a root user; and the
// password.
type Credentials struct {
	AccountOrAlias string
	UserName       string
	Email          string // not "" for a root user
	Password       string
}

// State is what a browser's sign-in has come to.
type State struct {
	SignIn      *iam.SignIn // nil when signed out
	Token       string      // to be set as the cookie now; "" leaves the cookie as it is
	Account     iam.Account
	Principal   *iam.Principal
	Devices     []Device // to choose from, at the second factor
	OfferResync bool     // a device's clock may be off: several second factors were refused
}

// Device is an MFA device of whoever signs in.
type Device struct {
	SerialNumber string
	Kind         iam.DeviceKind
	Name         string // as its owner knows it
}

// ThrottledError is the answer to an attempt that came too early after failed ones. It is the same whether or not the
// identity exists.
type ThrottledError struct {
	Until time.Time // when the next attempt will be looked at
}

// Error is the answer in words.
func (e *ThrottledError) Error() string {
	return "Too many failed attempts to sign in. Please wait and try again later."
}

// wrong is the one answer to credentials and codes that are not right, whatever is wrong with them.
func wrong() error {
	return &wire.Error{
		Code: "AuthenticationFailed", Status: 401,
		Message: "Your authentication information is incorrect. Please try again.",
	}
}

// crowded is the answer to an attempt too many at the same time from one network.
func crowded() error {
	return &wire.Error{
		Code: "TooManyRequests", Status: 429,
		Message: "Too many attempts to sign in from your network at once. Please try again.",
	}
}

// exhausted is the answer to the last second factor that a sign-in may have refused.
func exhausted() error {
	return wire.Errorf("ExpiredToken", "Too many answers of your MFA devices were refused. Please sign in again with your password.")
}

// over is the answer to a step of a sign-in that there is none of, that has expired or waits for another step.
func over() error {
	return wire.Errorf("ExpiredToken", "Your sign-in has expired. Please sign in again.")
}

// report counts a step and leaves the operator a line. Nothing in it was typed by the user.
func (s *Service) report(step string, from From, err error) {
	result := "success"
	var answer *wire.Error
	var throttled *ThrottledError
	switch {
	case err == nil:
	case errors.As(err, &throttled):
		result = "throttled"
	case errors.As(err, &answer):
		result = "refused"
		switch answer.Code {
		case "EntityTemporarilyUnmodifiable", "Throttling", "TooManyRequests":
			result = "throttled"
		}
	default:
		result = "failed"
	}
	if s.Counted != nil {
		s.Counted(step, result)
	}
	line := s.log().With("step", step, "result", result, "source", from.SourceIP, "request", from.RequestID)
	if result == "failed" {
		line.Error("sign-in", "error", err)
	} else {
		line.Info("sign-in")
	}
}

func (s *Service) log() *slog.Logger {
	if s.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Log
}

func (s *Service) passwords() hasher {
	if s.hasher != nil {
		return s.hasher
	}
	return s.IAM.Passwords
}
