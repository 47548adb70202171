package policy

import (
	"fmt"
	"strings"
	"testing"
)

// tenStatements is a policy without variables of which the last statement is the
// one that allows.
func tenStatements(t testing.TB) *Document {
	var b strings.Builder
	b.WriteString(`{"Version": "2012-10-17", "Statement": [
		{"Sid": "NoMFA", "Effect": "Deny", "NotAction": ["iam:EnableMFADevice", "iam:GetUser", "sts:GetSessionToken"], "Resource": "*",
			"Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}},
		{"Effect": "Deny", "Action": "iam:*", "Resource": "arn:aws:iam::*:role/protected/*",
			"Condition": {"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24", "2001:db8::/32"]}}},`)
	for i := range 7 {
		fmt.Fprintf(&b, `{"Effect": "Allow", "Action": ["s3:Get*", "s3:List%d", "ec2:*"], "Resource": "arn:aws:s3:::bucket-%d/*"},`, i, i)
	}
	b.WriteString(`{"Sid": "Users", "Effect": "Allow", "Action": ["iam:Get*", "iam:List*", "iam:CreateUser"], "Resource": "arn:aws:iam::111122223333:user/*",
		"Condition": {"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"]}}}]}`)
	return mustParse(t, Identity, b.String())
}

func tenStatementRequest() (*Set, *Request) {
	caller := callers["alice"]
	context := NewContext(nil, 16)
	context.Add("aws:multifactorauthpresent", "true")
	context.Add("aws:multifactorauthage", "120")
	context.Add("aws:sourceip", "192.0.2.77")
	context.Add("aws:requestedregion", "us-east-1")
	context.Add("aws:securetransport", "true")
	context.Add("aws:currenttime", "2030-01-01T00:00:00Z")
	context.AddPrincipal(&caller)
	return &Set{}, &Request{
		Action: "iam:CreateUser", Resource: "arn:aws:iam::111122223333:user/people/carol",
		Principal: caller, ResourceAccount: caller.Account, Context: context,
	}
}

func BenchmarkEvaluateTenStatements(b *testing.B) {
	set, r := tenStatementRequest()
	set.Identity = []Policy{{Document: tenStatements(b)}}
	if d := set.Evaluate(r); !d.Allowed() || d.Statement.Sid != "Users" {
		b.Fatal(d)
	}
	b.ReportAllocs()
	for b.Loop() {
		set.Evaluate(r)
	}
}

func selfService(t testing.TB) (*Set, *Request) {
	var file decideFile
	load(t, "testdata/decide/mfa.json", &file)
	set, r := tenStatementRequest()
	set.Identity = []Policy{file.policy(t, Identity, "self-service")}
	r.Action, r.Resource = "iam:DeactivateMFADevice", r.Principal.ARN
	return set, r
}

func BenchmarkEvaluateSelfService(b *testing.B) {
	set, r := selfService(b)
	b.ReportAllocs()
	for b.Loop() {
		set.Evaluate(r)
	}
}

func BenchmarkBuildContext(b *testing.B) {
	caller := callers["alice"]
	base := NewContext(nil, 4)
	base.Add("aws:securetransport", "true")
	context := NewContext(base, 16)
	b.ReportAllocs()
	for b.Loop() {
		context.Reset(base)
		context.Add("aws:sourceip", "192.0.2.77")
		context.Add("aws:multifactorauthpresent", "true")
		context.AddPrincipal(&caller)
	}
}

func BenchmarkParseSelfService(b *testing.B) {
	var file decideFile
	load(b, "testdata/decide/mfa.json", &file)
	text := fmt.Sprintf(`{"Version": "2012-10-17", "Statement": %s}`, file.Policies["self-service"])
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(Identity, text); err != nil {
			b.Fatal(err)
		}
	}
}

// Deciding allocates nothing, with variables too.
func TestEvaluateDoesNotAllocate(t *testing.T) {
	plain, plainRequest := tenStatementRequest()
	plain.Identity = []Policy{{Document: tenStatements(t)}}
	own, ownRequest := selfService(t)

	typed, typedRequest := tenStatementRequest()
	typed.Identity = []Policy{{Document: mustParse(t, Identity, `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:*", "Resource": "*", "Condition": {
		"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}, "DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"},
		"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}, "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"},
		"StringEqualsIgnoreCase": {"aws:username": "ALICE"}, "Bool": {"aws:SecureTransport": "true"}, "Null": {"aws:TokenIssueTime": "true"},
		"ForAnyValue:StringLike": {"aws:username": "al*"}}}}`)}}

	assume, assumeRequest := tenStatementRequest()
	assumeRequest.Action = "sts:AssumeRole"
	assume.Trust = &Policy{Kind: Trust, Document: mustParse(t, Trust, `{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
		"Principal": {"AWS": "arn:aws:iam::111122223333:user/alice"}, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}}`)}

	for name, run := range map[string]func() Decision{
		"ten statements": func() Decision { return plain.Evaluate(plainRequest) },
		"variables":      func() Decision { return own.Evaluate(ownRequest) },
		"every type":     func() Decision { return typed.Evaluate(typedRequest) },
		"trust policy":   func() Decision { return assume.Evaluate(assumeRequest) },
	} {
		if !run().Allowed() {
			t.Errorf("%s: %v", name, run())
		}
		if n := testing.AllocsPerRun(100, func() { run() }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
