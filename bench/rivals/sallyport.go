package main

import (
	"encoding/json"
	"fmt"

	"github.com/sallyport-iam/sallyport/policy"
)

// sallyport decides as the server does: documents compiled once and kept with the principal, the context filled by
// the request.
func sallyport() (engine, error) {
	var documents []json.RawMessage
	if err := json.Unmarshal(tenPolicies, &documents); err != nil {
		return engine{}, err
	}
	set := &policy.Set{}
	for i, text := range documents {
		document, err := policy.Parse(policy.Identity, string(text))
		if err != nil {
			return engine{}, err
		}
		arn := fmt.Sprintf("arn:aws:iam::%s:policy/%d", account, i)
		set.Identity = append(set.Identity, policy.Policy{Kind: policy.Identity, ARN: arn, Document: document})
	}
	return engine{"Sallyport", func(q question) func() bool {
		caller := policy.Principal{Kind: policy.User, Account: account, ARN: alice, ID: "AIDA00000000000000000"}
		context := policy.NewContext(nil, 16)
		context.Add("aws:multifactorauthpresent", q.mfa)
		context.Add("aws:sourceip", q.ip)
		context.Add("aws:currenttime", q.now)
		context.AddPrincipal(&caller)
		request := &policy.Request{
			Action: q.action, Resource: q.resource, Principal: caller, ResourceAccount: account, Context: context,
		}
		return func() bool { return set.Evaluate(request).Allowed() }
	}}, nil
}
