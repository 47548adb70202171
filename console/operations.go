package console

import (
	"encoding/json"
	"net/http"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/wire"
)

// operation carries out an operation that has no name on the wire. Its input says itself what is wrong with it.
func (h *Handler) operation(r *request) (any, error) {
	op := h.operations[r.PathValue("name")]
	if op == nil || keptApart[op.Action] {
		return nil, &wire.Error{Code: "InvalidAction", Status: http.StatusNotFound, Message: "There is no such operation."}
	}
	in := op.NewInput()
	if err := read(r, in); err != nil { // first: a slow body must not outlive the session that sends it
		return nil, err
	}
	caller, err := h.caller(r)
	if err != nil {
		return nil, err
	}
	return h.IAM.Do(r.Context(), caller, op, in)
}

// keptApart are the operations with an endpoint of their own, because half of their input is kept by the server.
var keptApart = map[string]bool{"BeginSecurityKey": true, "RegisterSecurityKey": true}

// beginSecurityKey starts a registration. Its challenge stays with the session, and is good for one answer.
func (h *Handler) beginSecurityKey(r *request) (any, error) {
	var in struct {
		UserName   *string `json:"userName"`
		DeviceName string  `json:"deviceName"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	caller, err := h.caller(r)
	if err != nil {
		return nil, err
	}
	out, err := h.IAM.Do(r.Context(), caller, h.operations["BeginSecurityKey"],
		&iam.BeginSecurityKeyInput{UserName: in.UserName, DeviceName: in.DeviceName})
	if err != nil {
		return nil, err
	}
	begun := out.(*iam.BeginSecurityKeyOutput)
	return optionsDocument{begun.Options}, h.SignIn.KeepCeremony(r.Context(), r.token, begun.Ceremony)
}

// registerSecurityKey ends a registration. The challenge is used up first, whatever becomes of the answer.
func (h *Handler) registerSecurityKey(r *request) (any, error) {
	var in struct {
		UserName   *string         `json:"userName"`
		DeviceName string          `json:"deviceName"`
		Response   json.RawMessage `json:"response"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	caller, err := h.caller(r)
	if err != nil {
		return nil, err
	}
	ceremony, err := h.SignIn.TakeCeremony(r.Context(), r.token)
	if err != nil {
		return nil, err
	}
	return h.IAM.Do(r.Context(), caller, h.operations["RegisterSecurityKey"], &iam.RegisterSecurityKeyInput{
		UserName: in.UserName, DeviceName: in.DeviceName, Ceremony: ceremony, Response: in.Response,
	})
}
