package policy

import (
	"fmt"
	"testing"
)

func TestNames(t *testing.T) {
	var context Context
	context.Add("aws:username", "alice")
	context.AddMulti("aws:tagkeys", "a", "b")
	context.Add("aws:principalaccount", "111122223333")
	for _, test := range []struct{ name, statement, actions, resources string }{
		{"plain names", `"Action":["s3:GetObject","iam:CreateUser"],"Resource":"arn:aws:s3:::b/o"`,
			"[s3:getobject iam:createuser]", "[arn:aws:s3:::b/o]"},
		{"actions keep their wildcards", `"Action":["*","s3:*","s3:Get*","s3:*Object","s3:G?t*"],"Resource":"*"`,
			"[* s3:* s3:get* s3:*object s3:g?t*]", "[*]"},
		{"accounts are the caller's", `"Action":"*","Resource":["arn:aws:iam::*:user/bob","arn:aws:iam::*:user/*"]`,
			"[*]", "[arn:aws:iam::111122223333:user/bob arn:aws:iam::111122223333:user/example]"},
		{"wildcards become words", `"Action":"*","Resource":["arn:aws:s3:::b/*","arn:aws:s3:::?/*/c","arn:*:iam::1:role/r*"]`,
			"[*]", "[arn:aws:s3:::b/example arn:aws:s3:::x/example/c arn:aws:iam::1:role/rexample]"},
		{"what is left out of an ARN", `"Action":"*","Resource":"arn:aws:s3"`,
			"[*]", "[arn:aws:s3::111122223333:example]"},
		{"variables", `"Action":"*","Resource":["arn:aws:iam::1:user/${aws:username}","arn:aws:iam::1:user/${aws:none, 'other'}"]`,
			"[*]", "[arn:aws:iam::1:user/alice arn:aws:iam::1:user/other]"},
		{"variables without a value", `"Action":"*","Resource":["arn:aws:iam::1:user/${aws:none}","arn:aws:iam::1:user/${aws:tagkeys}"]`,
			"[*]", "[]"},
		{"what is left over", `"NotAction":"iam:*","NotResource":"arn:aws:s3:::b"`, "[*]", "[*]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			document, err := Parse(Identity, `{"Version":"2012-10-17","Statement":[{"Effect":"Deny",`+test.statement+`},
				{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::1:role/r"}]}`)
			if err != nil {
				t.Fatal(err)
			}
			statements := 0
			for actions, resources := range document.Names(Deny, &context) {
				statements++
				if got := fmt.Sprint(actions); got != test.actions {
					t.Errorf("actions %s, want %s", got, test.actions)
				}
				if got := fmt.Sprint(resources); got != test.resources {
					t.Errorf("resources %s, want %s", got, test.resources)
				}
			}
			if statements != 1 {
				t.Errorf("%d statements deny", statements)
			}
			for actions, resources := range document.Names(Allow, &context) {
				if got := fmt.Sprint(actions, resources); got != "[sts:assumerole] [arn:aws:iam::1:role/r]" {
					t.Errorf("allowed is %s", got)
				}
			}
		})
	}
}

// A resource that is named is one that its own statement speaks of, and an action too.
func TestNamesAreOfTheirStatement(t *testing.T) {
	document, err := Parse(Identity, `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["s3:Get*","s3:?ist*Bucket"],"Resource":["arn:aws:s3:::*/${aws:username}/*","arn:*:s3","*"]},
		{"Effect":"Allow","NotAction":"iam:*","NotResource":"arn:aws:s3:::b"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	caller := callers["alice"]
	var context Context
	context.AddPrincipal(&caller)
	i := 0
	for actions, resources := range document.Names(Allow, &context) {
		for _, action := range actions {
			for _, resource := range resources {
				if !document.statements[i].applies(&Request{Action: action, Resource: resource, Principal: caller, Context: &context}) {
					t.Errorf("statement %d does not speak of %s on %s", i, action, resource)
				}
			}
		}
		i++
	}
	for range document.Names(Allow, &context) {
		i++
		break
	}
	if i != 3 {
		t.Errorf("%d statements, want 2 and then 1", i)
	}
}
