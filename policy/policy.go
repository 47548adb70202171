// Package policy is the AWS IAM policy language: it reads policy documents,
// says what is wrong with them in AWS's words, and decides requests.
//
// # Reading
//
// [Parse] turns the JSON text of a policy into a [Document]: checked in the
// order in which AWS checks, compiled once, immutable, safe to share. What is
// refused comes back as a [*SyntaxError], AWS's MalformedPolicyDocument. The
// [Kind] says where the document is going to be used, because the rules differ:
// an identity policy must be of version 2012-10-17 and names no principal, a
// trust policy names principals and no resource, a session policy may hold
// literals that do not convert and then simply do not match.
//
// # Deciding
//
// A [Set] is everything that bears on one principal: identity policies,
// permissions boundary, session policies and, for AssumeRole, the trust policy
// of the role. [Set.Evaluate] weighs it against a [Request] and answers with a
// [Decision], never a bare bool: the outcome, the kind of policy that decided,
// the policy and the statement, and through [Decision.Reason] the last part of
// AWS's AccessDenied sentence.
//
//	document, err := policy.Parse(policy.Identity, text)
//	…
//	set := policy.Set{Identity: []policy.Policy{{Kind: policy.Identity, ARN: arn, Document: document}}}
//	var context policy.Context
//	context.Add("aws:multifactorauthpresent", "true")
//	context.AddPrincipal(&caller)
//	decision := set.Evaluate(&policy.Request{
//		Action:    "iam:EnableMFADevice",
//		Resource:  "arn:aws:iam::123456789012:user/alice",
//		Principal: caller,
//		Context:   &context,
//	})
//
// The order of evaluation is that of the AWS IAM User Guide, "Policy evaluation
// logic": an explicit deny anywhere ends it; then every kind of policy that is
// present must allow, except where a resource-based policy of the same account
// speaks to the caller directly. evaluate.go has the table.
//
// # Absent, empty, and many
//
// A condition key may be absent, an empty string, an empty list, one value or
// many, and the language treats all five differently: the standard policy that
// denies without MFA rests on aws:MultiFactorAuthPresent being absent for an
// access key and "false" for a session. [Context] keeps them apart.
//
// # Files
//
// parse.go reads JSON, validate.go holds AWS's checks in AWS's order,
// compile.go prepares documents for matching. match.go matches wildcards and
// variable.go expands variables; condition.go has the operators, and number.go,
// date.go, ip.go, arn.go and lower.go what they compare. evaluate.go composes
// the layers. names.go lists what statements name, for previews.
//
// The package does no I/O and never asks for the time: aws:CurrentTime is a
// condition key like any other. Deciding allocates nothing, except to lower the
// case of text beyond ASCII, to decode binary values and to match '?' against
// characters beyond the Basic Multilingual Plane.
package policy

// Kind says where a policy stands in the evaluation.
type Kind uint8

// The kinds of policy.
const (
	Identity Kind = iota // attached to or written into a user, group or role
	Boundary             // a managed policy set as permissions boundary
	Session              // passed when a session was made
	Trust                // the trust policy of a role, the one resource-based policy here
)

// Effect is what a statement does when it applies.
type Effect uint8

// The effects.
const (
	Allow Effect = iota
	Deny
)

// String returns the effect as policies spell it.
func (e Effect) String() string {
	if e == Deny {
		return "Deny"
	}
	return "Allow"
}

// Policy is a document in its place. ARN is set for managed policies, Name for
// inline ones; both serve to say which policy decided.
type Policy struct {
	Kind     Kind
	ARN      string
	Name     string
	Document *Document
}
