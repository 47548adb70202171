// Package api is the HTTP front of the AWS wire: it turns a request into a caller, an operation and its input,
// hands them to iam's chokepoint, and turns what comes back into XML.
//
//	read (bounded) → form → authenticator → operation → decode → validate → Do → encode
//
// Who signs is found by an [Authenticator]: signatures are verified by [Signatures]; the console's cookies will
// be another. A request that carries any trace of a signature stands or falls by it.
//
// Requests without a verified identity are counted and logged, not stored: whoever can reach the port could
// fill the disk otherwise.
package api

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/iam"
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
	Signatures Authenticator
	Metrics    *Metrics
	Log        *slog.Logger
	Now        func() time.Time

	operations map[key]*iam.Operation
}

type key struct{ service, action string }

// Serve makes the operations known to the handler; those without a name on the wire are left out.
func (h *Handler) Serve(tables ...[]iam.Operation) {
	h.operations = make(map[key]*iam.Operation)
	for _, table := range tables {
		for i := range table {
			if op := &table[i]; !op.Unlisted {
				h.operations[key{op.Service, op.Action}] = op
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
	action  string // "" until it is known to be one of ours
	caller  *iam.Caller
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := h.Now()
	x := &exchange{id: audit.NewID(), service: wire.IAM}
	header := w.Header()
	header["X-Amzn-Requestid"] = []string{x.id}
	header["Content-Type"] = []string{"text/xml"}
	document, err := h.answer(r, x)
	status := http.StatusOK
	if err != nil {
		answer := h.explain(r, x, err)
		if encoded := iam.EncodedMessage(err); encoded != "" {
			header.Set("X-Sallyport-Authorization-Message", encoded)
		}
		document, status = wire.ErrorResponse(x.service, x.id, answer), answer.Status
		h.Metrics.observe(x.action, answer.Code, h.Now().Sub(started))
	} else {
		h.Metrics.observe(x.action, "Success", h.Now().Sub(started))
	}
	w.WriteHeader(status)
	w.Write(document)
}

func (h *Handler) answer(r *http.Request, x *exchange) ([]byte, error) {
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
	caller, service, err := h.Signatures(r.Context(), r, body, form)
	if err != nil {
		return nil, err
	}
	x.service, x.caller = service, caller
	caller.RequestID = x.id
	caller.SourceIP, _, _ = net.SplitHostPort(r.RemoteAddr)
	caller.UserAgent = r.UserAgent()
	caller.Secure = r.TLS != nil

	op, err := h.operation(service, form)
	if err != nil {
		return nil, err
	}
	x.action = op.Action
	in := op.NewInput()
	if err := wire.Decode(form, in); err != nil {
		return nil, err
	}
	if err := wire.Validate(service, op.Action, in); err != nil {
		return nil, err
	}
	out, err := h.IAM.Do(r.Context(), caller, op, in)
	if err != nil {
		return nil, err
	}
	return wire.Response(service, op.Action, x.id, out)
}

// operation finds what the form asks for.
func (h *Handler) operation(service wire.Service, form wire.Form) (*iam.Operation, error) {
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
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if charset := parameters["charset"]; err != nil || kind != "application/x-www-form-urlencoded" ||
		charset != "" && !strings.EqualFold(charset, "utf-8") {
		return wire.Form{}, wire.Errorf("MalformedInput", "The Content-Type must be application/x-www-form-urlencoded; charset=utf-8.")
	}
	if hasParameter(r.URL.RawQuery, "Action") || hasParameter(r.URL.RawQuery, "Version") {
		return wire.Form{}, wire.Errorf("MalformedInput", "The parameters of a POST request belong into its body.")
	}
	return wire.ParseForm(string(body), wire.DefaultLimits)
}

// explain turns any error into the client's answer, and leaves the operator a line with the request id. What
// went wrong inside is the operator's business alone.
func (h *Handler) explain(r *http.Request, x *exchange, err error) *wire.Error {
	who := "-"
	if x.caller != nil {
		who = x.caller.UserARN()
	}
	line := h.Log.With("request", x.id, "action", x.action, "caller", who, "source", r.RemoteAddr)
	var answer *wire.Error
	switch {
	case errors.As(err, &answer):
		line.Info("refused", "code", answer.Code, "message", answer.Message)
		return answer
	case errors.Is(err, context.Canceled):
		line.Info("the client went away")
	default:
		line.Error("failed", "error", err)
	}
	return wire.Errorf("ServiceFailure", "The request could not be processed because of a failure of the server.")
}
