// Package api is the HTTP front of the AWS wire: it turns a request into a caller, an operation and its input,
// hands them to iam's chokepoint, and turns what comes back into XML.
//
//	read (bounded) → form → authenticator → operation → decode → validate → Do → encode
//
// Who asks is found by an [Authenticator]: signatures are verified by [Signatures], the console's cookies by package
// signin. A request that carries any trace of a signature stands or falls by it.
//
// Requests without a verified identity are counted and logged, not stored: whoever can reach the port could
// fill the disk otherwise.
package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/store"
	"github.com/sallyport-iam/sallyport/wire"
)

// maxBody bounds a request: the longest policy document the model allows, 131,072 characters, every byte of it
// percent-encoded, and some room.
const maxBody = 512 << 10

// An Authenticator finds who makes a request and which service it is meant for. Its errors are *wire.Error, or
// failures of ours.
type Authenticator func(ctx context.Context, r *http.Request, body []byte, form wire.Form) (*iam.Caller, wire.Service, error)

// Handler serves the wire.
type Handler struct {
	IAM        *iam.Service
	Signatures Authenticator // of requests that are signed
	Sessions   Authenticator // of those that are not and have a cookie: the console's
	Metrics    *Metrics
	Log        *slog.Logger
	Now        func() time.Time

	operations map[key]*served
}

type key struct{ service, action string }

// served is an operation with where its requests are counted.
type served struct {
	*iam.Operation
	observe func(took time.Duration)
}

// Serve makes the operations known to the handler, whose Metrics are set; those without a name on the wire are
// left out.
func (h *Handler) Serve(tables ...[]iam.Operation) {
	h.operations = make(map[key]*served)
	for _, table := range tables {
		for i := range table {
			if op := &table[i]; !op.Unlisted {
				h.operations[key{op.Service, op.Action}] = &served{op, h.Metrics.success(op.Action)}
			}
		}
	}
}

// IsWire tells a request of the wire from one for the console: every POST to / is, and a GET of / that names an
// action or is presigned.
func IsWire(r *http.Request) bool {
	if r.URL.Path != "/" {
		return false
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return true
	}
	query := r.URL.RawQuery
	return query != "" && (hasParameter(query, "Action") || hasParameter(query, "X-Amz-Algorithm"))
}

func hasParameter(query, name string) bool {
	for part := range strings.SplitSeq(query, "&") {
		if found, _, _ := strings.Cut(part, "="); found == name {
			return true
		}
	}
	return false
}

// exchange is one request on its way through the handler.
type exchange struct {
	id      string // request id
	service wire.Service
	op      *served // nil until it is known
	caller  *iam.Caller
}

// action is a label or word for the operation; "none" stands for all that name none of ours.
func (x *exchange) action() string {
	if x.op == nil {
		return "none"
	}
	return x.op.Action
}

// Headers of every answer, made once.
var (
	xml     = []string{"text/xml"}
	noStore = []string{"no-store"}
	noSniff = []string{"nosniff"}
)

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := h.Now()
	x := &exchange{id: audit.NewID(), service: wire.IAM}
	header := w.Header()
	header["X-Amzn-Requestid"] = []string{x.id}
	header["Content-Type"] = xml
	header["Cache-Control"] = noStore // some answers hold secrets
	header["X-Content-Type-Options"] = noSniff
	room := documents.Get().(*[]byte)
	document, err := h.answer(r, x, *room)
	if err == nil {
		x.op.observe(h.Now().Sub(started))
		w.Write(document)
		if clear(document); cap(document) <= maxDocument { // it may hold secrets
			*room = document[:0]
			documents.Put(room)
		}
		return
	}
	answer := h.explain(r, x, err)
	if encoded := iam.EncodedMessage(err); encoded != "" {
		header.Set("X-Sallyport-Authorization-Message", encoded)
	}
	if answer.Status == http.StatusServiceUnavailable {
		header.Set("Retry-After", retryAfter)
	}
	h.Metrics.observe(x.action(), answer.Code, h.Now().Sub(started))
	w.WriteHeader(answer.Status)
	w.Write(wire.ErrorResponse(x.service, x.id, answer))
}

// Bounds of the time of a request.
const (
	patience   = 30 * time.Second // for the database and the password hasher, waiting included
	retryAfter = "2"              // seconds; what clients of an overloaded server are told to wait
)

// documents is memory for answers, in use by one request at a time. Long ones are not kept.
var documents = sync.Pool{New: func() any {
	room := make([]byte, 0, 1<<10)
	return &room
}}

const maxDocument = 64 << 10

// answer does what is asked, and writes the answer into the room. A panic in it is a failure of this one request.
func (h *Handler) answer(r *http.Request, x *exchange, room []byte) (document []byte, err error) {
	defer func() {
		switch value := recover(); value {
		case nil:
		case http.ErrAbortHandler:
			panic(value)
		default:
			err = &store.PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	form, err := parseForm(r, body)
	if err != nil {
		return nil, err
	}
	if named, ok := wire.ServiceByVersion(form.Get("Version")); ok {
		x.service = named
	}
	ctx, cancel := h.bound(r.Context(), x.service, form)
	defer cancel()
	authenticate := h.Signatures
	if h.Sessions != nil && len(r.Header["Cookie"]) > 0 && !sigv4.Signed(r) {
		authenticate = h.Sessions
	}
	caller, service, err := authenticate(ctx, r, body, form)
	if err != nil {
		return nil, err
	}
	x.service, x.caller = service, caller
	caller.RequestID = x.id
	caller.SourceIP, _, _ = net.SplitHostPort(r.RemoteAddr)
	caller.UserAgent = r.UserAgent()
	caller.Secure = r.TLS != nil || r.URL.Scheme == "https" // the scheme is set behind a proxy that ended TLS

	if x.op, err = h.operation(service, form); err != nil {
		return nil, err
	}
	in := x.op.NewInput()
	if err := wire.Decode(form, in); err != nil {
		return nil, err
	}
	if err := wire.Validate(service, x.op.Action, in); err != nil {
		return nil, err
	}
	out, err := h.IAM.Do(ctx, caller, x.op.Operation, in)
	if err != nil {
		return nil, err
	}
	return wire.AppendResponse(room, service, x.op.Action, x.id, out)
}

// bound limits the time that a request may wait and work, so that a queue of them comes to an end. What is
// answered from memory waits for nothing, but for the first look-up of its key, and is spared the timer.
func (h *Handler) bound(ctx context.Context, service wire.Service, form wire.Form) (context.Context, context.CancelFunc) {
	if op := h.operations[key{service.Name, form.Get("Action")}]; op != nil && op.Access == iam.FromCaller {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, patience)
}

// operation finds what the form asks for.
func (h *Handler) operation(service wire.Service, form wire.Form) (*served, error) {
	action, version := form.Get("Action"), form.Get("Version")
	if action == "" {
		return nil, wire.Errorf("MissingAction", "The request is missing an Action parameter.")
	}
	op := h.operations[key{service.Name, action}]
	switch {
	case version != service.Version:
		return nil, wire.Errorf("InvalidAction", "Could not find operation %s for version %s", printable(action), printable(version))
	case op != nil:
		return op, nil
	case wire.Known(service, action):
		return nil, wire.Errorf("InvalidAction", "The operation %s is not served here yet.", action)
	default:
		return nil, wire.Errorf("InvalidAction", "Could not find operation %s for version %s", printable(action), version)
	}
}

// printable cuts what a client sent to something that can stand in a message.
func printable(s string) string {
	const longest = 64
	s = strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return '?'
		}
		return c
	}, s[:min(len(s), longest)])
	return s
}

func readBody(r *http.Request) ([]byte, error) {
	if r.Method != http.MethodPost && r.Method != http.MethodGet {
		return nil, &wire.Error{Code: "InvalidAction", Status: http.StatusMethodNotAllowed, Message: "The method must be POST or GET."}
	}
	if r.ContentLength == 0 {
		return nil, nil
	}
	size := r.ContentLength
	if size > maxBody {
		return nil, tooLarge()
	}
	if size < 0 {
		size = 4 << 10
	}
	body := make([]byte, 0, size+1)
	for {
		n, err := r.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case len(body) > maxBody:
			return nil, tooLarge()
		case err == io.EOF:
			return body, nil
		case err != nil:
			return nil, wire.Errorf("MalformedInput", "The body of the request could not be read.")
		case len(body) == cap(body):
			body = append(body, 0)[:len(body)]
		}
	}
}

func tooLarge() error {
	return wire.Errorf("RequestEntityTooLarge", "The request is longer than 524288 bytes.")
}

// parseForm reads the parameters of a request: of a POST from its body, of a GET from its query. A presigned POST
// without a body, as boto3 makes them, has them in its query too.
func parseForm(r *http.Request, body []byte) (wire.Form, error) {
	if r.Method == http.MethodGet {
		if len(body) > 0 {
			return wire.Form{}, wire.Errorf("MalformedInput", "A GET request has no body.")
		}
		return wire.ParseForm(r.URL.RawQuery, wire.DefaultLimits)
	}
	if len(body) == 0 && hasParameter(r.URL.RawQuery, "X-Amz-Algorithm") {
		return wire.ParseForm(r.URL.RawQuery, wire.DefaultLimits)
	}
	if !isForm(r.Header.Get("Content-Type")) {
		return wire.Form{}, wire.Errorf("MalformedInput", "The Content-Type must be application/x-www-form-urlencoded; charset=utf-8.")
	}
	if hasParameter(r.URL.RawQuery, "Action") || hasParameter(r.URL.RawQuery, "Version") {
		return wire.Form{}, wire.Errorf("MalformedInput", "The parameters of a POST request belong into its body.")
	}
	return wire.ParseForm(string(body), wire.DefaultLimits)
}

// isForm tells the media type of a form in UTF-8. The two spellings that SDKs use need no parsing.
func isForm(contentType string) bool {
	const form = "application/x-www-form-urlencoded"
	if contentType == form || contentType == form+"; charset=utf-8" {
		return true
	}
	kind, parameters, err := mime.ParseMediaType(contentType)
	charset := parameters["charset"]
	return err == nil && kind == form && (charset == "" || strings.EqualFold(charset, "utf-8"))
}

// explain turns any error into the client's answer, and leaves the operator a line with the request id. What
// went wrong inside is the operator's business alone.
func (h *Handler) explain(r *http.Request, x *exchange, err error) *wire.Error {
	who := "-"
	if x.caller != nil {
		who = x.caller.UserARN()
	}
	line := h.Log.With("request", x.id, "action", x.action(), "caller", who, "source", r.RemoteAddr)
	var answer *wire.Error
	var panicked *store.PanicError
	switch {
	case errors.As(err, &answer):
		line.Info("refused", "code", answer.Code, "message", cut(answer.Message))
		return answer
	case errors.Is(err, iam.ErrUnavailable):
		line.Warn("unavailable", "error", err)
		return wire.Errorf("ServiceUnavailable", "The service can't answer this at the moment. Try again.")
	case errors.Is(err, context.DeadlineExceeded):
		line.Warn("took too long", "error", err)
		return wire.Errorf("ServiceUnavailable", "The server is overloaded. Try again.")
	case errors.Is(err, context.Canceled):
		line.Info("the client went away")
	case errors.As(err, &panicked):
		line.Error("panic", "value", fmt.Sprint(panicked.Value), "stack", string(panicked.Stack))
	default:
		line.Error("failed", "error", err)
	}
	return wire.Errorf("ServiceFailure", "The request could not be processed because of a failure of the server.")
}

// cut bounds a message in the log: some repeat what the client sent.
func cut(message string) string {
	const longest = 1 << 10
	if len(message) > longest {
		return strings.ToValidUTF8(message[:longest], "") + "…"
	}
	return message
}
