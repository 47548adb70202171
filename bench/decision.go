package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/policy"
)

// decision times one policy decision: ten statements, no variables, the last one decides. The values of the
// condition keys are at hand, as they are for all decisions of a request but the first.
func decision(b *bench) error {
	document, err := policy.Parse(policy.Identity, tenStatements())
	if err != nil {
		return err
	}
	caller := policy.Principal{
		Kind: policy.User, Account: account, ARN: "arn:aws:iam::" + account + ":user/alice", ID: "AIDA00000000000000000",
	}
	conditions := policy.NewContext(nil, 16)
	for key, value := range map[string]string{
		"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "120", "aws:SourceIp": "192.0.2.77",
		"aws:RequestedRegion": "eu-west-1", "aws:SecureTransport": "true", "aws:CurrentTime": "2030-01-01T00:00:00Z",
		"aws:username": "alice", "aws:PrincipalArn": caller.ARN,
	} {
		conditions.Add(key, value)
	}
	set := policy.Set{Identity: []policy.Policy{{Kind: policy.Identity, Document: document}}}
	request := policy.Request{
		Action: "iam:CreateUser", Resource: "arn:aws:iam::" + account + ":user/people/carol",
		Principal: caller, ResourceAccount: account, Context: conditions,
	}
	if d := set.Evaluate(&request); !d.Allowed() {
		return fmt.Errorf("the decision is %v, which is not what was to be measured", d)
	}
	var times samples
	var allocations int64
	for range b.size.rounds {
		result := testing.Benchmark(func(t *testing.B) {
			t.ReportAllocs()
			for t.Loop() {
				set.Evaluate(&request)
			}
		})
		times = append(times, float64(result.T.Nanoseconds())/float64(result.N))
		allocations = result.AllocsPerOp()
	}
	b.table.row("decision over ten statements, ns", times.String(), "", "", "< 500")
	b.table.row("… allocations", fmt.Sprint(allocations), "", "", "0")
	return nil
}

func tenStatements() string {
	var text strings.Builder
	text.WriteString(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Deny","NotAction":["iam:EnableMFADevice","iam:GetUser","sts:GetSessionToken"],"Resource":"*",
			"Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}},
		{"Effect":"Deny","Action":"iam:*","Resource":"arn:aws:iam::*:role/protected/*",
			"Condition":{"NotIpAddress":{"aws:SourceIp":["192.0.2.0/24","2001:db8::/32"]}}},`)
	for i := range 7 {
		fmt.Fprintf(&text, `{"Effect":"Allow","Action":["s3:Get*","s3:List%d","ec2:*"],"Resource":"arn:aws:s3:::bucket-%d/*"},`, i, i)
	}
	text.WriteString(`{"Effect":"Allow","Action":["iam:Get*","iam:List*","iam:CreateUser"],"Resource":"arn:aws:iam::*:user/*",
		"Condition":{"StringEquals":{"aws:RequestedRegion":["eu-west-1","us-east-1"]}}}]}`)
	return text.String()
}
