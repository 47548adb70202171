package console

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/signin"
)

// sessionDocument is what a browser is told of its sign-in, after each step and when the app starts.
type sessionDocument struct {
	Step        string           `json:"step"` // an iam.SignInStep, or "signed-out"
	CSRF        string           `json:"csrf"` // goes back in X-Csrf-Token; "" while signed out
	ExternalURL string           `json:"externalUrl"`
	User        *userDocument    `json:"user,omitempty"`
	Devices     []deviceDocument `json:"devices,omitempty"` // to choose from at the second factor
	OfferResync bool             `json:"offerResync,omitempty"`
	MFA         bool             `json:"mfa,omitempty"`
	SessionID   string           `json:"sessionId,omitempty"`
	Expires     *time.Time       `json:"expires,omitempty"`
}

type userDocument struct {
	Account string `json:"account"`
	Alias   string `json:"alias"`
	Kind    string `json:"kind"` // "root" or "user"
	Name    string `json:"name"`
	Email   string `json:"email"` // of root
	ARN     string `json:"arn"`
}

type deviceDocument struct {
	SerialNumber string `json:"serialNumber"`
	Kind         string `json:"kind"`
	Name         string `json:"name"`
}

// document shows a state, with the CSRF token that belongs to the cookie the browser will have.
func (h *Handler) document(r *request, s *signin.State) sessionDocument {
	d := sessionDocument{Step: "signed-out", ExternalURL: h.ExternalURL}
	if s.SignIn == nil {
		return d
	}
	token := r.token
	if s.Token != "" {
		token = s.Token
	}
	d.Step, d.CSRF = string(s.SignIn.Step), signin.CSRF(token)
	for _, device := range s.Devices {
		d.Devices = append(d.Devices, deviceDocument{device.SerialNumber, string(device.Kind), device.Name})
	}
	d.OfferResync = s.OfferResync
	d.User = &userDocument{Account: s.Account.ID, Alias: s.Account.Alias, Kind: "user", Name: s.Principal.Name, ARN: s.Principal.ARN()}
	if s.Principal.Kind == iam.RootUser {
		d.User.Kind, d.User.Email = "root", s.Account.RootEmail
	}
	if s.SignIn.Step == iam.SignedIn {
		d.MFA, d.SessionID, d.Expires = !s.SignIn.MFA.IsZero(), s.SignIn.ID, &s.SignIn.Expires
	}
	return d
}

// stepped answers a step of signing in: the cookie follows the sign-in, and goes when there is none. Only a POST takes it
// away, because a look at an older cookie can be answered after the step that has set a newer one.
func (h *Handler) stepped(r *request, s *signin.State, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	switch {
	case s.Token != "":
		h.Cookies.Set(r.w, s.Token)
	case s.SignIn == nil && r.token != "" && r.Method == http.MethodPost:
		h.Cookies.Clear(r.w)
	}
	return h.document(r, s), nil
}

func (h *Handler) session(r *request) (any, error) {
	s, err := h.SignIn.State(r.Context(), r.token)
	return h.stepped(r, s, err)
}

func (h *Handler) password(r *request) (any, error) {
	var in struct {
		Account  string `json:"account"`
		UserName string `json:"userName"`
		Email    string `json:"email"`
		Password string `json:"password"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	s, err := h.SignIn.Password(r.Context(), signin.Credentials{
		AccountOrAlias: in.Account, UserName: in.UserName, Email: in.Email, Password: in.Password,
	}, h.from(r))
	if err == nil && r.token != "" { // who signs in anew in the same browser leaves the sign-in before
		if err := h.SignIn.SignOut(r.Context(), r.token, h.from(r)); err != nil {
			return nil, err
		}
	}
	return h.stepped(r, s, err)
}

func (h *Handler) code(r *request) (any, error) {
	var in struct {
		SerialNumber string `json:"serialNumber"`
		Code         string `json:"code"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	s, err := h.SignIn.Code(r.Context(), r.token, in.SerialNumber, in.Code, h.from(r))
	return h.stepped(r, s, err)
}

func (h *Handler) resync(r *request) (any, error) {
	var in struct {
		SerialNumber string `json:"serialNumber"`
		Code1        string `json:"code1"`
		Code2        string `json:"code2"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	s, err := h.SignIn.Resync(r.Context(), r.token, in.SerialNumber, in.Code1, in.Code2, h.from(r))
	return h.stepped(r, s, err)
}

// optionsDocument carries what navigator.credentials takes.
type optionsDocument struct {
	Options json.RawMessage `json:"options"`
}

func (h *Handler) beginKey(r *request) (any, error) {
	options, err := h.SignIn.BeginKey(r.Context(), r.token, h.from(r))
	return optionsDocument{options}, err
}

func (h *Handler) key(r *request) (any, error) {
	var in struct {
		Response json.RawMessage `json:"response"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	s, err := h.SignIn.Key(r.Context(), r.token, in.Response, h.from(r))
	return h.stepped(r, s, err)
}

func (h *Handler) newPassword(r *request) (any, error) {
	var in struct {
		OldPassword string `json:"oldPassword"`
		NewPassword string `json:"newPassword"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	s, err := h.SignIn.NewPassword(r.Context(), r.token, in.OldPassword, in.NewPassword, h.from(r))
	return h.stepped(r, s, err)
}

func (h *Handler) signOut(r *request) (any, error) {
	err := h.SignIn.SignOut(r.Context(), r.token, h.from(r))
	return h.stepped(r, &signin.State{}, err)
}
