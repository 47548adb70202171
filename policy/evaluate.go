package policy

// Request is what a principal asks to do.
type Request struct {
	Action    string // "iam:CreateUser"; letter case does not matter
	Resource  string // an ARN, or "*" for operations on no particular resource
	Principal Principal

	// ResourceAccount is the account the resource belongs to; empty means that of
	// the principal.
	ResourceAccount string

	Context *Context // nil means no keys
}

// Set is everything that bears on a principal's requests. It may be shared by
// concurrent requests.
type Set struct {
	Identity []Policy // of the user and their groups, or of the role
	Boundary *Policy  // nil if there is none

	// Sessions are the policies passed when the session was made. HasSession is
	// set if there were any, even if none could be loaded now; a session of
	// GetFederationToken is limited by them even if there were none.
	Sessions   []Policy
	HasSession bool

	Trust *Policy // of the role that is to be assumed
}

// Outcome is the answer to a request.
type Outcome uint8

// The outcomes.
const (
	ImplicitDeny Outcome = iota // nothing allows it
	ExplicitDeny                // a statement denies it
	Allowed
)

// String returns the outcome as the policy simulator of AWS spells it.
func (o Outcome) String() string {
	switch o {
	case Allowed:
		return "allowed"
	case ExplicitDeny:
		return "explicitDeny"
	default:
		return "implicitDeny"
	}
}

// Decision is the answer with its grounds.
type Decision struct {
	Outcome Outcome
	Kind    Kind // of the policy that decided, or that was missing

	// Policy and Statement are what denied or allowed; nil in an implicit deny,
	// and where root is allowed without a policy.
	Policy    *Policy
	Statement *Statement
}

// Allowed reports whether the request may proceed.
func (d Decision) Allowed() bool { return d.Outcome == Allowed }

// Evaluate decides a request. An explicit deny in any policy ends it. Then:
//
//	trust policy of the role        must allow, when a role is assumed and across accounts
//	  … naming the user or session  is enough within the account
//	  … naming the role or everyone replaces the identity policies within the account
//	  … naming the account          leaves it to the policies below
//	identity policies               must allow; root needs none
//	permissions boundary            must allow, if there is one
//	session policies                must allow, if the session has them
//
// Across accounts the trust policy and all the others must allow. (IAM User
// Guide, "Policy evaluation logic" and "Cross-account policy evaluation logic".)
// A federated session counts as its maker's where the trust policy names the
// maker, and as itself where it is named by its own ARN. A trust policy that
// names everyone gives no more than one that names the role: the boundary and the
// session policies still limit it.
func (s *Set) Evaluate(r *Request) Decision {
	if r.Principal.Kind == 0 {
		return Decision{Kind: Identity}
	}
	root := r.Principal.isRoot()
	var identity, boundary, session, trust finding
	if !root && identity.scan(s.Identity, r) {
		return identity.denial(Identity)
	}
	if !root && s.Boundary != nil && boundary.consider(s.Boundary, r) {
		return boundary.denial(Boundary)
	}
	if session.scan(s.Sessions, r) {
		return session.denial(Session)
	}
	if s.Trust != nil && trust.considerTrust(s.Trust, r) {
		return trust.denial(Trust)
	}

	reached := reachAccount
	foreign := r.ResourceAccount != "" && r.ResourceAccount != r.Principal.Account
	if s.Trust != nil || foreign || isAssumeRole(r.Action) {
		switch {
		case trust.reach == reachNone:
			return Decision{Kind: Trust}
		case !foreign:
			reached = trust.reach
		}
	}
	if reached == reachDirect {
		return trust.grant(Trust)
	}
	if reached == reachAccount && !root && identity.statement == nil {
		return Decision{Kind: Identity}
	}
	if !root && s.Boundary != nil && boundary.statement == nil {
		return Decision{Kind: Boundary}
	}
	limited := s.HasSession || len(s.Sessions) > 0 || r.Principal.Kind == FederatedUser
	if limited && session.statement == nil {
		return Decision{Kind: Session}
	}
	if reached == reachRole {
		return trust.grant(Trust)
	}
	return identity.grant(Identity)
}

func isAssumeRole(action string) bool {
	return len(action) == len("sts:AssumeRole") && hasPrefix(action, "sts:assumerole", true)
}

// finding is the statement of one layer that decides: the first that denies, else
// the first that allows, else nil.
type finding struct {
	policy    *Policy
	statement *Statement
	reach     reach // of trust policies: the most direct of all that allow
}

func (f *finding) denial(kind Kind) Decision {
	return Decision{Outcome: ExplicitDeny, Kind: kind, Policy: f.policy, Statement: f.statement}
}

func (f *finding) grant(kind Kind) Decision {
	return Decision{Outcome: Allowed, Kind: kind, Policy: f.policy, Statement: f.statement}
}

// scan considers each policy and reports whether one denies.
func (f *finding) scan(policies []Policy, r *Request) (denied bool) {
	for i := range policies {
		if f.consider(&policies[i], r) {
			return true
		}
	}
	return false
}

// consider reports whether the policy denies. Once something allows, only
// statements that deny are worth looking at. A trust policy in the place of
// another kind says nothing: it has no resources to limit it.
func (f *finding) consider(p *Policy, r *Request) (denied bool) {
	if p.Document == nil {
		return false
	}
	for i := range p.Document.statements {
		st := &p.Document.statements[i]
		if st.Effect == Allow && f.statement != nil || st.principals != nil || !st.applies(r) {
			continue
		}
		f.policy, f.statement = p, st
		if st.Effect == Deny {
			return true
		}
	}
	return false
}

// considerTrust is consider for a trust policy, where it matters how directly a
// statement speaks to the caller.
func (f *finding) considerTrust(p *Policy, r *Request) (denied bool) {
	if p.Document == nil {
		return false
	}
	for i := range p.Document.statements {
		st := &p.Document.statements[i]
		if st.principals == nil {
			continue
		}
		reached := st.principals.reaches(&r.Principal)
		if reached == reachNone || st.Effect == Allow && reached <= f.reach || !st.applies(r) {
			continue
		}
		f.policy, f.statement = p, st
		if st.Effect == Deny {
			return true
		}
		f.reach = reached
	}
	return false
}

// applies reports whether action, resource and conditions all fit.
func (st *Statement) applies(r *Request) bool {
	if st.matchesAction(r.Action) == st.notAction || !st.matchesResource(r) {
		return false
	}
	for i := range st.conditions {
		if !st.conditions[i].holds(r.Context, st.Effect) {
			return false
		}
	}
	return true
}

func (st *Statement) matchesAction(action string) bool {
	for i := range st.actions {
		if st.actions[i].match(action, nil) {
			return true
		}
	}
	return false
}

// matchesResource minds variables that cannot be expanded: such an element of
// Resource matches nothing; such an element of NotResource might have matched, so
// the statement does not allow, and does deny.
func (st *Statement) matchesResource(r *Request) bool {
	for i := range st.resources {
		p := &st.resources[i]
		if p.match(r.Resource, r.Context) {
			return !st.notResource
		}
		if st.notResource && st.Effect == Allow && !p.expandable(r.Context) {
			return false
		}
	}
	return st.notResource || st.resources == nil
}
