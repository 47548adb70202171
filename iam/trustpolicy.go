package iam

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/sallyport-iam/sallyport/policy"
	"github.com/sallyport-iam/sallyport/wire"
)

// maxTrustPolicy is how long a trust policy can be, without white space.
const maxTrustPolicy = 2048

// TrustPolicy is the role's trust policy, compiled and bound to the principals that it named when it was
// written.
func (d *Directory) TrustPolicy(r *Role) (*policy.Policy, error) {
	doc, err := d.compile(policy.Trust, r.TrustPolicy)
	if err != nil {
		return nil, err
	}
	return &policy.Policy{Kind: policy.Trust, Name: r.Name, Document: doc.Bind(r.TrustedIDs)}, nil
}

// trust makes text the role's trust policy, if all whom it names exist.
func (r *Role) trust(ctx context.Context, tx Tx, text string) error {
	if policy.Length(text) > maxTrustPolicy { // first: reading a long document takes long
		return quotaExceeded("ACLSizePerRole", maxTrustPolicy)
	}
	doc, err := policy.Parse(policy.Trust, text)
	if err != nil {
		return malformedPolicy(err)
	}
	ids := make(map[string]string)
	for _, principal := range doc.Principals() {
		id, err := trustedID(ctx, tx, principal)
		if errors.Is(err, ErrNotFound) {
			return malformedPolicy(policy.InvalidPrincipal(principal))
		}
		if err != nil {
			return err
		}
		if id != "" {
			ids[principal] = id
		}
	}
	r.TrustPolicy, r.TrustedIDs = text, ids
	return nil
}

// trustedID is the unique id of the user or role behind a principal of a trust policy; of a role's session it is
// the role's. An account and a federated user have none, but their account must exist.
func trustedID(ctx context.Context, tx Tx, principal string) (string, error) {
	account, kind, name := principalParts(principal)
	switch kind {
	case "user":
		u, err := tx.User(ctx, account, name)
		if err != nil {
			return "", err
		}
		return sameARN(u.ID, u.ARN(), principal)
	case "role":
		r, err := tx.Role(ctx, account, name)
		if err != nil {
			return "", err
		}
		return sameARN(r.ID, r.ARN(), principal)
	case "assumed-role":
		r, err := tx.Role(ctx, account, name)
		if err != nil {
			return "", err
		}
		return sameARN(r.ID, r.Name, name)
	default:
		_, err := tx.Account(ctx, account)
		return "", err
	}
}

// sameARN refuses an id that was found because names ignore case: ARNs do not.
func sameARN(id, stored, sent string) (string, error) {
	if stored != sent {
		return "", ErrNotFound
	}
	return id, nil
}

// principalParts takes apart what policy.Parse has let pass: an account id, or an ARN of service iam or sts. Of
// assumed-role/ROLE/SESSION the name is the role's.
func principalParts(principal string) (account, kind, name string) {
	parts := strings.SplitN(principal, ":", 6)
	if len(parts) < 6 {
		return principal, "root", ""
	}
	kind, rest, _ := strings.Cut(parts[5], "/")
	if kind == "assumed-role" {
		name, _, _ = strings.Cut(rest, "/")
		return parts[4], kind, name
	}
	return parts[4], kind, rest[strings.LastIndexByte(rest, '/')+1:]
}

// shownTrust is the trust policy as responses show it. Principals are kept by unique id, so that one which has
// been renamed shows with its new ARN, and one which has been deleted with its id, even if another has its name
// now (IAM User Guide, "AWS JSON policy elements: Principal").
func (r *Role) shownTrust(ctx context.Context, principals *shownPrincipals) (string, error) {
	now := make(map[string]string)
	for arn, id := range r.TrustedIDs {
		shown, err := principals.show(ctx, arn, id)
		if err != nil {
			return "", err
		}
		if shown != arn {
			now[arn] = shown
		}
	}
	if len(now) == 0 {
		return r.TrustPolicy, nil
	}
	return replacePrincipals(r.TrustPolicy, now), nil
}

// shownPrincipals remembers how principals show for the length of a call, since the roles of a list tend to trust
// the same ones.
type shownPrincipals struct {
	tx    Tx
	known map[trustedPrincipal]string
}

// trustedPrincipal is an entry of [Role.TrustedIDs].
type trustedPrincipal struct{ arn, id string }

func principalsOf(tx Tx) *shownPrincipals {
	return &shownPrincipals{tx, make(map[trustedPrincipal]string)}
}

func (p *shownPrincipals) show(ctx context.Context, arn, id string) (string, error) {
	key := trustedPrincipal{arn, id}
	if shown, ok := p.known[key]; ok {
		return shown, nil
	}
	shown, err := shownPrincipal(ctx, p.tx, arn, id)
	if err == nil {
		p.known[key] = shown
	}
	return shown, err
}

func shownPrincipal(ctx context.Context, tx Tx, principal, id string) (string, error) {
	account, kind, _ := principalParts(principal)
	if kind == "user" {
		u, err := tx.UserByID(ctx, account, id)
		if errors.Is(err, ErrNotFound) {
			return id, nil
		}
		if err != nil {
			return "", err
		}
		return u.ARN(), nil
	}
	r, err := tx.RoleByID(ctx, account, id)
	switch {
	case errors.Is(err, ErrNotFound):
		return id, nil
	case err != nil:
		return "", err
	case kind == "assumed-role": // roles can't be renamed
		return principal, nil
	default:
		return r.ARN(), nil
	}
}

// replacePrincipals writes the principals of a trust policy by other names and leaves all else as it was written.
// The text is JSON that policy.Parse has let pass.
func replacePrincipals(text string, names map[string]string) string {
	var out strings.Builder
	copied := 0
	d := json.NewDecoder(strings.NewReader(text))
	var path []string // the keys that lead to the value being read
	var walk func() error
	walk = func() error {
		before := int(d.InputOffset())
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case json.Delim:
			for d.More() {
				if token == '{' {
					key, err := d.Token()
					if err != nil {
						return err
					}
					path = append(path, key.(string))
				}
				if err := walk(); err != nil {
					return err
				}
				if token == '{' {
					path = path[:len(path)-1]
				}
			}
			_, err := d.Token() // the closing one
			return err
		case string:
			name, renamed := names[token]
			if !renamed || !isPrincipalPath(path) {
				return nil
			}
			quoted, _ := json.Marshal(name)
			out.WriteString(text[copied : before+strings.IndexByte(text[before:], '"')])
			out.Write(quoted)
			copied = int(d.InputOffset())
		}
		return nil
	}
	if walk() != nil {
		return text
	}
	return out.String() + text[copied:]
}

func isPrincipalPath(path []string) bool {
	return len(path) == 3 && path[0] == "Statement" && (path[1] == "Principal" || path[1] == "NotPrincipal") && path[2] == "AWS"
}

// malformedPolicy puts what package policy says of a document into an answer.
func malformedPolicy(err error) error {
	var syntax *policy.SyntaxError
	if errors.As(err, &syntax) {
		return wire.Errorf("MalformedPolicyDocument", "%s", syntax.Message)
	}
	return err
}
