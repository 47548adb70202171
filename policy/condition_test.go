package policy

import (
	"encoding/json"
	"fmt"
	"testing"
)

// conditionFile is testdata/conditions.json; its "about" says how to read it.
type conditionFile struct {
	About string
	Cases []struct {
		Operator string
		Values   json.RawMessage
		Value    any
		Holds    bool
		Deny     *bool
		Session  bool // the values convert to nothing, which only a session policy may hold
	}
}

func TestConditions(t *testing.T) {
	var file conditionFile
	load(t, "testdata/conditions.json", &file)
	tried := make(map[string]bool)
	for _, c := range file.Cases {
		op, _ := parseOperator(c.Operator)
		op.ifExists, op.set = false, scalar
		for name, plain := range operators {
			tried[name] = tried[name] || plain == op && name == c.Operator
		}
		t.Run(fmt.Sprintf("%s %s vs %v", c.Operator, c.Values, c.Value), func(t *testing.T) {
			alice := Principal{Kind: User, Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/alice", ID: "AIDAALICE"}
			context := NewContext(nil, 8)
			context.AddPrincipal(&alice)
			context.Add("star", "*")
			context.Add("Flag", "True")
			context.Add("empty", "")
			context.AddMulti("list", "x")
			switch value := c.Value.(type) {
			case string:
				context.Add("k", value)
			case []any:
				values := []string{}
				for _, v := range value {
					values = append(values, v.(string))
				}
				context.AddMulti("k", values...)
			}
			kind := Identity
			if c.Session {
				kind = Session
			}
			for _, effect := range []Effect{Allow, Deny} {
				document := mustParse(t, kind, fmt.Sprintf(
					`{"Version": "2012-10-17", "Statement": {"Effect": %q, "Action": "*", "Resource": "*", "Condition": {%q: {"K": %s}}}}`,
					effect, c.Operator, c.Values))
				want := c.Holds
				if effect == Deny && c.Deny != nil {
					want = *c.Deny
				}
				set := Set{Identity: []Policy{{Document: document}}}
				decision := set.Evaluate(&Request{Action: "iam:GetUser", Resource: "*", Principal: alice, Context: context})
				if got := decision.Statement != nil; got != want {
					t.Errorf("as %s: applies %t, want %t", effect, got, want)
				}
			}
		})
	}
	for name := range operators {
		if !tried[name] {
			t.Errorf("no case tries %s", name)
		}
	}
}

// Variables came with version 2012; before it "${" is text like any other.
func TestVersion2008HasNoVariables(t *testing.T) {
	alice := Principal{Kind: User, Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/alice", ID: "AIDAALICE"}
	for value, want := range map[string]bool{"alice": false, "${aws:username}": true} {
		document := mustParse(t, Session, `{"Version": "2008-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*",
			"Condition": {"StringLike": {"k": "${aws:username}"}}}}`)
		context := NewContext(nil, 8)
		context.AddPrincipal(&alice)
		context.Add("k", value)
		set := Set{Identity: []Policy{{Document: document}}}
		decision := set.Evaluate(&Request{Action: "iam:GetUser", Resource: "*", Principal: alice, Context: context})
		if decision.Allowed() != want {
			t.Errorf("%s: %v", value, decision.Outcome)
		}
	}
}
