package policy_test

import (
	"fmt"

	"github.com/sallyport-iam/sallyport/policy"
)

// A policy that gives everything, but nothing without MFA.
func Example() {
	document, err := policy.Parse(policy.Identity, `{
		"Version": "2012-10-17",
		"Statement": [
			{"Effect": "Allow", "Action": "*", "Resource": "*"},
			{"Sid": "NoMFA", "Effect": "Deny", "Action": "*", "Resource": "*",
			 "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}
		]}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	set := policy.Set{Identity: []policy.Policy{{
		Kind: policy.Identity, ARN: "arn:aws:iam::123456789012:policy/mfa", Document: document,
	}}}
	alice := policy.Principal{
		Kind: policy.User, Account: "123456789012",
		ARN: "arn:aws:iam::123456789012:user/alice", ID: "AIDAEXAMPLE",
	}
	for _, mfa := range []string{"", "false", "true"} {
		var context policy.Context
		if mfa != "" { // an access key has no such key
			context.Add("aws:MultiFactorAuthPresent", mfa)
		}
		context.AddPrincipal(&alice)
		decision := set.Evaluate(&policy.Request{
			Action: "iam:CreateUser", Resource: "arn:aws:iam::123456789012:user/bob",
			Principal: alice, Context: &context,
		})
		fmt.Println(decision.Outcome, decision.Reason("iam:CreateUser"))
	}
	// Output:
	// explicitDeny with an explicit deny in an identity-based policy: arn:aws:iam::123456789012:policy/mfa
	// explicitDeny with an explicit deny in an identity-based policy: arn:aws:iam::123456789012:policy/mfa
	// allowed
}
