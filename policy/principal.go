package policy

import (
	"regexp"
	"slices"
	"strings"
)

// Principal is who makes a request.
type Principal struct {
	Kind    PrincipalKind
	Account string // twelve digits

	// ARN is that of the user, of the role with its path, or of root. For a
	// federated user it is that of the user or root who made the session.
	ARN string

	// SessionARN is arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION or
	// arn:aws:sts::ACCOUNT:federated-user/NAME, else empty.
	SessionARN string

	// ID is the unique id that ARN belongs to: AIDA… of a user, AROA… of a role,
	// the account of root.
	ID string
}

// PrincipalKind says what kind of credentials a request was made with.
type PrincipalKind uint8

// The kinds of principal. The zero value is none of them and is allowed nothing.
const (
	Root          PrincipalKind = iota + 1
	User                        // access key, GetSessionToken or console session of an IAM user
	AssumedRole                 // session of a role
	FederatedUser               // session of GetFederationToken
)

// isRoot reports whether the principal acts with the identity of root, directly
// or in a federated session that root made.
func (p *Principal) isRoot() bool {
	return p.Kind == Root || p.Kind == FederatedUser && strings.HasSuffix(p.ARN, ":root")
}

// AddPrincipal adds the condition keys that speak of the caller: aws:PrincipalArn,
// aws:PrincipalAccount, aws:PrincipalType, aws:userid and, for users only,
// aws:username (IAM User Guide, "Variables and tags", table of principal values).
// They are added last of all, so that nothing else in the request can pose as
// them.
func (c *Context) AddPrincipal(p *Principal) {
	kind, id := "", p.ID
	switch p.Kind {
	case Root:
		kind = "Account"
	case User:
		kind = "User"
		c.Add("aws:username", p.ARN[strings.LastIndexByte(p.ARN, '/')+1:])
	case AssumedRole:
		kind = "AssumedRole"
		id += ":" + p.SessionARN[strings.LastIndexByte(p.SessionARN, '/')+1:]
	case FederatedUser:
		kind = "FederatedUser"
		id = p.Account + ":" + p.SessionARN[strings.LastIndexByte(p.SessionARN, '/')+1:]
	default:
		return
	}
	c.Add("aws:principaltype", kind)
	c.Add("aws:userid", id)
	c.Add("aws:principalarn", p.ARN)
	c.Add("aws:principalaccount", p.Account)
}

// principals is the Principal or NotPrincipal element of a statement.
type principals struct {
	not   bool
	named []named
}

// named is one principal of kind AWS; those of other kinds never call this
// service and are not kept.
type named struct {
	text    string // as written
	account string // of an account id or a root ARN
	session bool   // a session ARN
	id      string // the unique id it was bound to, if any
}

// reach says how directly a statement speaks to the caller, which decides what
// else must allow: see evaluate.go.
type reach uint8

const (
	reachNone    reach = iota
	reachAccount       // the account is named: its identity policies decide
	reachRole          // the role, the federated session's maker, or everyone
	reachDirect        // the user or the session itself
)

var (
	accountForm   = regexp.MustCompile(`^[0-9]{12}$`)
	principalForm = regexp.MustCompile(`^arn:aws[a-z-]*:(iam::[0-9]{12}:(root|(user|role)/([!-)+->@-~]*/)?[\w+=,.@-]+)|sts::[0-9]{12}:(assumed-role/[\w+=,.@-]+/[\w+=,.@-]+|federated-user/[\w+=,.@-]+))$`)
)

// wellFormed admits '*', account ids and the ARNs of roots, users, roles and
// sessions; wildcards inside an ARN are not allowed (IAM User Guide, "Principal").
func (p rawPrincipal) wellFormed() bool {
	if p.kind != "AWS" {
		return p.value != ""
	}
	return p.value == "*" || accountForm.MatchString(p.value) || principalForm.MatchString(p.value)
}

func compilePrincipals(raw []rawPrincipal, not bool) *principals {
	ps := &principals{not: not}
	for _, p := range raw {
		if p.kind != "AWS" {
			continue
		}
		n := named{text: p.value}
		switch service, resource, _ := strings.Cut(p.value, "::"); {
		case accountForm.MatchString(p.value):
			n.account = p.value
		case strings.HasSuffix(resource, ":root"):
			n.account = strings.TrimSuffix(resource, ":root")
		default:
			n.session = strings.HasSuffix(service, ":sts")
		}
		ps.named = append(ps.named, n)
	}
	return ps
}

// reaches returns how directly the element speaks to p.
//
// NotPrincipal, which only denies, spares a caller only if every name of theirs
// is listed: the user, or the session and its role, and the account (IAM User
// Guide, "NotPrincipal").
func (ps *principals) reaches(p *Principal) reach {
	if ps.not {
		if ps.spares(p) {
			return reachNone
		}
		return reachDirect
	}
	nearest := reachNone
	for i := range ps.named {
		nearest = max(nearest, ps.named[i].reaches(p))
	}
	return nearest
}

func (ps *principals) spares(p *Principal) bool {
	var session, identity, account bool
	for i := range ps.named {
		n := &ps.named[i]
		if n.text == "*" {
			return true
		}
		session = session || n.isSession(p)
		identity = identity || n.isIdentity(p)
		account = account || n.isAccount(p)
	}
	return account && (identity || p.isRoot()) && (session || p.SessionARN == "")
}

func (n *named) reaches(p *Principal) reach {
	switch {
	case n.text == "*":
		return reachRole
	case n.isAccount(p):
		if p.Kind == Root {
			return reachDirect
		}
		return reachAccount
	case n.isSession(p):
		return reachDirect
	case n.isIdentity(p):
		if p.SessionARN != "" {
			return reachRole
		}
		return reachDirect
	}
	return reachNone
}

func (n *named) isAccount(p *Principal) bool {
	return n.account != "" && n.account == p.Account
}

// isSession compares the name of a session and, if bound, the role behind it.
func (n *named) isSession(p *Principal) bool {
	return p.SessionARN != "" && n.text == p.SessionARN && (n.id == "" || n.id == p.ID)
}

// isIdentity compares unique ids where the policy was bound to one: a user who
// was deleted and made again has the same ARN but is someone else, and one who
// was renamed is still the same.
func (n *named) isIdentity(p *Principal) bool {
	if n.account != "" || n.session {
		return false
	}
	if n.id != "" {
		return n.id == p.ID
	}
	return n.text == p.ARN
}

// Principals returns the AWS principals that a trust policy names, as written:
// account ids and ARNs, each once, without "*". They are what must exist when the
// policy is written, and what [Document.Bind] takes as keys.
func (d *Document) Principals() []string {
	var list []string
	for i := range d.statements {
		if ps := d.statements[i].principals; ps != nil {
			for _, n := range ps.named {
				if n.text != "*" && !slices.Contains(list, n.text) {
					list = append(list, n.text)
				}
			}
		}
	}
	return list
}

// Bind returns the document with its principals tied to the unique ids (AIDA…,
// AROA…) that they had when the policy was written, as AWS does: afterwards only
// the holder of that id matches, whatever ARN they have. A session ARN may be
// bound to the id of its role. Principals without an id in ids stay as they are.
func (d *Document) Bind(ids map[string]string) *Document {
	bound := *d
	bound.statements = slices.Clone(d.statements)
	for i := range bound.statements {
		st := &bound.statements[i]
		if st.principals == nil {
			continue
		}
		st.principals = &principals{not: st.principals.not, named: slices.Clone(st.principals.named)}
		for j := range st.principals.named {
			n := &st.principals.named[j]
			if n.account == "" {
				n.id = ids[n.text]
			}
		}
	}
	return &bound
}
