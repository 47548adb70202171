// Package console serves the web console: the app's files, and the few endpoints that a browser needs beside the AWS
// wire.
//
// The app (its source is in ui/, its build in app/) is one more client of the wire: it sends IAM's own requests to
// POST /, with the session's cookie in place of a signature, and every page is held by the same policies as every SDK.
// What is here is only what AWS has in its console and not on its wire:
//
//	GET  /console/session             what the browser's cookie stands for
//	POST /console/signin/…            the steps of signing in (package signin decides)
//	POST /console/signout
//	POST /console/security-keys/…     the two halves of registering a security key
//	POST /console/operations/NAME     operations without a name on the wire, such as root's MFA devices
//
// The last two go through iam's chokepoint like everything else. Requests and answers are JSON; an error is
// {"code", "message"} with the status that says the same. Every POST is checked twice against forgery: by what the
// browser says of its origin, and, as soon as there is a cookie, by a token that only our own page can read.
//
// Without Node the server builds too: a placeholder page then stands in for the app.
package console

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/signin"
	"github.com/sallyport-iam/sallyport/wire"
)

// Config is what a Handler needs.
type Config struct {
	IAM         *iam.Service
	SignIn      *signin.Service
	Cookies     signin.Cookies
	ExternalURL string // where browsers find the console: an origin, without a path
	Log         *slog.Logger
	Now         func() time.Time
}

// Handler serves the console. Make one with [New].
type Handler struct {
	Config
	operations map[string]*iam.Operation
	origins    *http.CrossOriginProtection
	mux        *http.ServeMux
}

// New makes the console's handler.
func New(c Config) (*Handler, error) {
	h := &Handler{
		Config: c, operations: map[string]*iam.Operation{}, origins: http.NewCrossOriginProtection(), mux: http.NewServeMux(),
	}
	if err := h.origins.AddTrustedOrigin(c.ExternalURL); err != nil {
		return nil, err
	}
	rows := c.IAM.Operations()
	for i := range rows {
		if rows[i].Console {
			h.operations[rows[i].Action] = &rows[i]
		}
	}
	h.mux.Handle("GET /console/session", h.endpoint(h.session))
	h.mux.Handle("POST /console/signin/password", h.endpoint(h.password))
	h.mux.Handle("POST /console/signin/code", h.guarded(h.code))
	h.mux.Handle("POST /console/signin/resync", h.guarded(h.resync))
	h.mux.Handle("POST /console/signin/key/begin", h.guarded(h.beginKey))
	h.mux.Handle("POST /console/signin/key", h.guarded(h.key))
	h.mux.Handle("POST /console/signin/new-password", h.guarded(h.newPassword))
	h.mux.Handle("POST /console/signout", h.guarded(h.signOut))
	h.mux.Handle("POST /console/security-keys/begin", h.guarded(h.beginSecurityKey))
	h.mux.Handle("POST /console/security-keys", h.guarded(h.registerSecurityKey))
	h.mux.Handle("POST /console/operations/{name}", h.guarded(h.operation))
	h.mux.Handle("/console/", h.endpoint(func(*request) (any, error) {
		return nil, &wire.Error{Code: "NotFound", Status: http.StatusNotFound, Message: "There is nothing here."}
	}))
	tree, err := fs.Sub(built, "app")
	if err != nil {
		return nil, err
	}
	h.mux.Handle("/", newApp(tree))
	return h, nil
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", contentPolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	if h.Cookies.Secure {
		header.Set("Strict-Transport-Security", "max-age=31536000")
	}
	h.mux.ServeHTTP(w, r)
}

// contentPolicy lets the page run our own files and nothing else. Inline styles are the design system's.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
	"font-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// request is one request of an endpoint on its way.
type request struct {
	*http.Request
	w     http.ResponseWriter
	id    string
	token string // of the cookie; "" if there is none
}

// from is where the request comes from.
func (h *Handler) from(r *request) signin.From {
	ip, _, _ := net.SplitHostPort(r.RemoteAddr)
	return signin.From{
		SourceIP: ip, UserAgent: r.UserAgent(), RequestID: r.id, LoginTo: h.ExternalURL + "/",
		Secure: r.TLS != nil || r.URL.Scheme == "https",
	}
}

// patience bounds a request, waiting included, as it does on the wire.
const patience = 30 * time.Second

// endpoint answers with what do returns, as JSON.
func (h *Handler) endpoint(do func(*request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, httpRequest *http.Request) {
		ctx, cancel := context.WithTimeout(httpRequest.Context(), patience)
		defer cancel()
		r := &request{httpRequest.WithContext(ctx), w, audit.NewID(), h.Cookies.Token(httpRequest)}
		w.Header().Set("X-Amzn-Requestid", r.id)
		w.Header().Set("Cache-Control", "no-store")
		answer, err := h.protect(r, do)
		if err != nil {
			h.refuse(r, err)
			return
		}
		writeJSON(w, http.StatusOK, answer)
	})
}

// guarded is an endpoint for those who have a cookie, and only through our own page.
func (h *Handler) guarded(do func(*request) (any, error)) http.Handler {
	return h.endpoint(func(r *request) (any, error) {
		if r.token == "" {
			return nil, &wire.Error{Code: "MissingAuthenticationToken", Status: http.StatusForbidden, Message: "You are signed out."}
		}
		if !signin.ValidCSRF(r.token, r.Header.Get("X-Csrf-Token")) {
			return nil, forged()
		}
		return do(r)
	})
}

// protect refuses what another site's page sends, and makes a panic a failure of this one request.
func (h *Handler) protect(r *request, do func(*request) (any, error)) (answer any, err error) {
	defer func() {
		switch value := recover(); value {
		case nil:
		case http.ErrAbortHandler:
			panic(value)
		default:
			h.Log.Error("panic", "request", r.id, "path", r.URL.Path, "value", value, "stack", string(debug.Stack()))
			answer, err = nil, errPanicked
		}
	}()
	if h.origins.Check(r.Request) != nil {
		return nil, forged()
	}
	return do(r)
}

var errPanicked = errors.New("panicked")

func forged() error {
	return &wire.Error{Code: "AccessDenied", Status: http.StatusForbidden,
		Message: "The request does not come from this console's own page. Reload the page and try again."}
}

// refuse answers an error, and leaves the operator a line with the request id.
func (h *Handler) refuse(r *request, err error) {
	status, answer := http.StatusInternalServerError, errorDocument{
		Code: "ServiceFailure", Message: "The request could not be processed because of a failure of the server.",
	}
	line := h.Log.With("request", r.id, "path", r.URL.Path, "source", r.RemoteAddr)
	var known *wire.Error
	var throttled *signin.ThrottledError
	var key *mfa.KeyError
	switch {
	case errors.As(err, &known) && known.Code == "Throttling": // the wire's SDKs know it as a 400
		status, answer.Code, answer.Message = http.StatusTooManyRequests, known.Code, "Too many people sign in at once. Try again."
		line.Info("refused", "code", known.Code)
	case errors.As(err, &known):
		status, answer.Code, answer.Message = known.Status, known.Code, known.Message
		line.Info("refused", "code", known.Code)
	case errors.As(err, &throttled):
		wait := max(int(throttled.Until.Sub(h.Now())/time.Second)+1, 1)
		status, answer = http.StatusTooManyRequests, errorDocument{"TooManyAttempts", throttled.Error(), wait}
		r.w.Header().Set("Retry-After", strconv.Itoa(wait))
		line.Info("refused", "code", answer.Code)
	case errors.As(err, &key):
		status, answer.Code, answer.Message = http.StatusForbidden, "SecurityKeyRefused", key.Reason
		line.Info("refused", "code", answer.Code, "error", key.Err)
	case errors.Is(err, iam.ErrUnavailable):
		status, answer.Code, answer.Message = http.StatusServiceUnavailable, "ServiceUnavailable", "The service can't answer this at the moment. Try again."
		r.w.Header().Set("Retry-After", "2")
		line.Warn("unavailable", "error", err)
	case errors.Is(err, context.DeadlineExceeded):
		status, answer.Code, answer.Message = http.StatusServiceUnavailable, "ServiceUnavailable", "The server is overloaded. Try again."
		r.w.Header().Set("Retry-After", "2")
		line.Warn("took too long", "error", err)
	case errors.Is(err, context.Canceled):
		line.Info("the client went away")
	case !errors.Is(err, errPanicked):
		line.Error("failed", "error", err)
	}
	if status == http.StatusTooManyRequests && r.w.Header().Get("Retry-After") == "" {
		r.w.Header().Set("Retry-After", "2")
	}
	writeJSON(r.w, status, answer)
}

// caller is the signed-in user behind the request.
func (h *Handler) caller(r *request) (*iam.Caller, error) {
	from := h.from(r)
	c, err := h.SignIn.Session(r.Context(), r.token, from)
	if err != nil {
		return nil, err
	}
	c.RequestID, c.SourceIP, c.UserAgent, c.Secure = r.id, from.SourceIP, from.UserAgent, from.Secure
	return c, nil
}

// isJSON tells the media type of a JSON body.
func isJSON(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(kind), "application/json")
}
