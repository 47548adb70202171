package iam

import (
	"time"

	"github.com/sallyport-iam/sallyport/policy"
	"github.com/sallyport-iam/sallyport/wire"
)

// Kind is the kind of a principal.
type Kind uint8

// The kinds of principal.
const (
	RootUser Kind = iota
	IAMUser
	IAMRole
)

// Principal is an identity with its compiled policies, as the [Directory] keeps it. It is never changed once
// made and shared by all requests.
type Principal struct {
	Account  string
	Kind     Kind
	ID       string // AIDA…, AROA…, or the account id for root
	Name     string // "" for root
	Path     string
	Tags     []Tag
	Policies []policy.Policy // identity policies: its own and its groups'
	Boundary *policy.Policy  // nil if none

	version   int64       // the account's policy version it was read at
	deps      []string    // ids of groups and ARNs of policies whose change makes it stale
	documents []*document // of Policies and then of Boundary
}

// ARN is the principal's ARN: of the user, of the role, or of the account's root.
func (p *Principal) ARN() string {
	switch p.Kind {
	case IAMUser:
		return arn(p.Account, "user", p.Path, p.Name)
	case IAMRole:
		return arn(p.Account, "role", p.Path, p.Name)
	default:
		return RootARN(p.Account)
	}
}

// SessionKind tells how temporary credentials came to be; it decides what they may call.
type SessionKind string

// The kinds of session.
const (
	SessionToken   SessionKind = "session-token"   // GetSessionToken
	AssumedRole    SessionKind = "assumed-role"    // AssumeRole
	FederatedUser  SessionKind = "federated-user"  // GetFederationToken
	ConsoleSession SessionKind = "console-session" // sign-in to the console
)

// Session is the temporary side of a caller. A session token carries all of it, so that any node can open one
// without the database.
type Session struct {
	Kind           SessionKind
	Name           string // role session name or federated user name
	Issued         time.Time
	Expires        time.Time
	MFA            time.Time // when a second factor was verified; zero if none was
	Tags           []Tag     // session tags; they override the principal's of the same key
	TransitiveTags []string  // keys of the tags that roles assumed from this session inherit
	SourceIdentity string
	SignIn         string // id of the sign-in behind a console session
	HasPolicies    bool   // permissions are further limited to what Policies allow, even if that is nothing
	Policies       []policy.Policy
}

// Caller is who makes a request: a principal, through a session or with a long-term key.
type Caller struct {
	*Principal
	Session     *Session // nil with a long-term key
	AccessKeyID string   // "" for a console session
	RequestID   string
	Region      string
	SourceIP    string // without port
	UserAgent   string
	Secure      bool // the request came over TLS

	// verified is set by Do when the request itself carried a code: AssumeRole with a token code is evaluated as
	// authenticated by MFA even though the caller's credentials are not.
	verified time.Time
}

// UserARN is the ARN by which messages and records name the caller: for a role session and a federated user it
// is the session's, of the sts service.
func (c *Caller) UserARN() string {
	switch c.sessionKind() {
	case AssumedRole:
		return "arn:aws:sts::" + c.Account + ":assumed-role/" + c.Name + "/" + c.Session.Name
	case FederatedUser:
		return "arn:aws:sts::" + c.Account + ":federated-user/" + c.Session.Name
	default:
		return c.ARN()
	}
}

// UserID is the value of aws:userid (IAM User Guide, "IAM identifiers").
func (c *Caller) UserID() string {
	switch c.sessionKind() {
	case AssumedRole:
		return c.ID + ":" + c.Session.Name
	case FederatedUser:
		return c.Account + ":" + c.Session.Name
	default:
		return c.ID
	}
}

// MFA is when the caller's second factor was verified; zero if it was not.
func (c *Caller) MFA() time.Time {
	if !c.verified.IsZero() {
		return c.verified
	}
	if c.Session != nil {
		return c.Session.MFA
	}
	return time.Time{}
}

// LongTerm tells whether the caller signed with a long-term access key.
func (c *Caller) LongTerm() bool { return c.Session == nil }

// IsUser tells whether the caller is the user or root itself, not a federated user acting for it.
func (c *Caller) IsUser() bool {
	return c.Kind != IAMRole && c.sessionKind() != FederatedUser
}

func (c *Caller) sessionKind() SessionKind {
	if c.Session == nil {
		return ""
	}
	return c.Session.Kind
}

// policyPrincipal is the caller as trust policies see it.
func (c *Caller) policyPrincipal() policy.Principal {
	p := policy.Principal{Account: c.Account, ARN: c.ARN(), ID: c.ID}
	switch {
	case c.sessionKind() == FederatedUser:
		p.Kind, p.SessionARN = policy.FederatedUser, c.UserARN()
	case c.Kind == IAMRole:
		p.Kind, p.SessionARN = policy.AssumedRole, c.UserARN()
	case c.Kind == IAMUser:
		p.Kind = policy.User
	default:
		p.Kind = policy.Root
	}
	return p
}

// admit refuses what credentials of the caller's kind may not call whatever their policies say (IAM User
// Guide, "Compare AWS STS credentials").
func (c *Caller) admit(op *Operation) error {
	switch kind := c.sessionKind(); {
	case kind == "":
		return nil
	case op.Action == "GetSessionToken" || op.Action == "GetFederationToken":
		return wire.Errorf("AccessDenied", "Cannot call %s with session credentials", op.Action)
	case kind == AssumedRole || kind == ConsoleSession:
		return nil
	case kind == FederatedUser && op.Action != "GetCallerIdentity",
		kind == SessionToken && op.Service == "iam" && c.Session.MFA.IsZero():
		return wire.Errorf("InvalidClientTokenId", "The security token included in the request is invalid")
	case kind == SessionToken && op.Service == "sts" && op.Action != "AssumeRole" && op.Action != "GetCallerIdentity":
		return wire.Errorf("AccessDenied", "Cannot call %s with session credentials", op.Action)
	}
	return nil
}

// tags are the principal's and the session's; keys match without regard to case, and session tags win.
func (c *Caller) tags() []Tag {
	if c.Session == nil || len(c.Session.Tags) == 0 {
		return c.Tags
	}
	all := append([]Tag(nil), c.Session.Tags...)
	for _, t := range c.Tags {
		if !HasTag(c.Session.Tags, t.Key) {
			all = append(all, t)
		}
	}
	return all
}

// HasTag tells whether a key is among the tags, without regard to case.
func HasTag(tags []Tag, key string) bool {
	for _, t := range tags {
		if SameTagKey(t.Key, key) {
			return true
		}
	}
	return false
}
