package policy

import (
	"slices"
	"testing"
)

func TestPrincipals(t *testing.T) {
	document := mustParse(t, Trust, `{"Statement": [
		{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ["*", "111122223333", "arn:aws:iam::111122223333:user/alice"], "Service": "ec2.amazonaws.com"}},
		{"Effect": "Deny", "Action": "sts:AssumeRole", "NotPrincipal": {"AWS": ["arn:aws:iam::111122223333:role/r", "111122223333"]}}]}`)
	want := []string{"111122223333", "arn:aws:iam::111122223333:user/alice", "arn:aws:iam::111122223333:role/r"}
	if got := document.Principals(); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	identity := mustParse(t, Identity, `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`)
	if got := identity.Principals(); got != nil {
		t.Errorf("an identity policy names %q", got)
	}
	if got := identity.Bind(nil); got.Statements() != 1 {
		t.Errorf("bound to %d statements", got.Statements())
	}
}

// A policy written for a user goes on meaning that user: not one who was made
// later under the same name, and the same one under another name.
func TestBind(t *testing.T) {
	const alice, job = "arn:aws:iam::111122223333:user/alice", "arn:aws:sts::111122223333:assumed-role/deploy/job-7"
	free := mustParse(t, Trust, `{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ["`+alice+`", "`+job+`", "444455556666"]}}}`)
	bound := free.Bind(map[string]string{alice: "AIDAALICE", job: "AROADEPLOY", "444455556666": "ignored"})

	strange := Principal{Kind: User, Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/x:sts::y:root/eve", ID: "AIDAEVE"}
	odd := mustParse(t, Trust, `{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "`+strange.ARN+`"}}}`)

	again, renamed, remade := callers["alice"], callers["alice"], callers["deploy"]
	again.ID = "AIDAALICEAGAIN"
	renamed.ARN = "arn:aws:iam::111122223333:user/people/alicia"
	remade.ID = "AROADEPLOYAGAIN"
	for _, c := range []struct {
		name     string
		document *Document
		caller   Principal
		want     Outcome
	}{
		{"free, the user", free, callers["alice"], Allowed},
		{"free, made again", free, again, Allowed},
		{"free, renamed", free, renamed, ImplicitDeny},
		{"bound, the user", bound, callers["alice"], Allowed},
		{"bound, made again", bound, again, ImplicitDeny},
		{"bound, renamed", bound, renamed, Allowed},
		{"free, session of a role made again", free, remade, Allowed},
		{"bound, session", bound, callers["deploy"], Allowed},
		{"bound, session of a role made again", bound, remade, ImplicitDeny},
		{"bound, another session", bound, callers["deploy-8"], ImplicitDeny},
		{"a path that looks like other ARNs", odd, strange, Allowed},
		{"a path that looks like other ARNs, another user", odd, callers["alice"], ImplicitDeny},
	} {
		set := Set{Trust: &Policy{Kind: Trust, Document: c.document}}
		d := set.Evaluate(&Request{Action: "sts:AssumeRole", Resource: "arn:aws:iam::111122223333:role/r", Principal: c.caller})
		if d.Outcome != c.want {
			t.Errorf("%s: %v", c.name, d.Outcome)
		}
	}
}

// Two accounts may have a role of the same name (attack 41): only the account
// tells their sessions apart, and it does.
func TestAttack41_SameRoleNameInAnotherAccount(t *testing.T) {
	document := mustParse(t, Trust, `{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": [
		"arn:aws:iam::111122223333:role/deploy", "arn:aws:sts::111122223333:assumed-role/deploy/job"]}}}`)
	everything := mustParse(t, Identity, `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`)
	for account, want := range map[string]Outcome{"111122223333": Allowed, "444455556666": ImplicitDeny} {
		set := Set{Identity: []Policy{{Document: everything}}, Trust: &Policy{Kind: Trust, Document: document}}
		d := set.Evaluate(&Request{
			Action: "sts:AssumeRole", Resource: "arn:aws:iam::111122223333:role/target", ResourceAccount: "111122223333",
			Principal: Principal{
				Kind: AssumedRole, Account: account, ID: "AROA" + account,
				ARN:        "arn:aws:iam::" + account + ":role/deploy",
				SessionARN: "arn:aws:sts::" + account + ":assumed-role/deploy/job",
			},
		})
		if d.Outcome != want {
			t.Errorf("%s: %v", account, d.Outcome)
		}
	}
}

// A session policy limits everything its session does (attack 38), on resources
// of its own too; only a trust policy that names the session itself goes past it.
func TestAttack38_SessionPolicyLimitsOwnActions(t *testing.T) {
	everything := mustParse(t, Identity, `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`)
	read := mustParse(t, Session, `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:Get*", "Resource": "*"}}`)
	for _, name := range []string{"deploy", "fred", "fred-of-root", "root", "alice"} {
		set := Set{Identity: []Policy{{Document: everything}}, Sessions: []Policy{{Kind: Session, Document: read}}, HasSession: true}
		r := &Request{Action: "iam:CreateAccessKey", Resource: callers[name].ARN, Principal: callers[name]}
		if d := set.Evaluate(r); d.Outcome != ImplicitDeny || d.Kind != Session {
			t.Errorf("%s: %v by %d", name, d.Outcome, d.Kind)
		}
	}
}
