package iam

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"github.com/sallyport-iam/sallyport/policy"
)

// FuzzReplacePrincipals gives every principal of a trust policy another name: the text must still be a trust
// policy, with those names in place of the old ones and nothing else changed.
func FuzzReplacePrincipals(f *testing.F) {
	for _, text := range []string{
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole"}}`,
		`{"Version":"2012-10-17","Statement":[{"Sid":"123456789012","Effect":"Allow","Principal":{"Service":"x","AWS":["arn:aws:iam::123456789012:user\/a", "123456789012"]},` +
			`"Action":"sts:AssumeRole","Condition":{"StringEquals":{"AWS":"123456789012"}}},` +
			"\n\t{\"Effect\":\"Deny\",\"NotPrincipal\" : { \"AWS\" :\r[ \"arn:aws:iam::123456789012:role/\\u0062\" , \"*\" ] },\"Action\":[\"sts:*\"]}]}",
		`{"Version":"2008-10-17","Id":"Principal","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := policy.Parse(policy.Trust, text)
		if err != nil {
			return
		}
		names, back := make(map[string]string), make(map[string]string)
		for i, principal := range doc.Principals() {
			name := fmt.Sprintf("arn:aws:iam::000000000000:user/renamed%d", i)
			if _, clash := names[name]; clash || principal == name {
				return
			}
			names[principal], back[name] = name, principal
		}
		replaced := replacePrincipals(text, names)
		doc, err = policy.Parse(policy.Trust, replaced)
		if err != nil {
			t.Fatalf("%s\nbecame %s: %v", text, replaced, err)
		}
		for _, principal := range doc.Principals() {
			if _, ok := back[principal]; !ok {
				t.Fatalf("%s still names %s", replaced, principal)
			}
		}
		var before, after any
		if json.Unmarshal([]byte(text), &before) != nil || json.Unmarshal([]byte(replacePrincipals(replaced, back)), &after) != nil {
			t.Fatalf("no JSON: %s", replaced)
		}
		if !reflect.DeepEqual(before, after) {
			t.Errorf("%s\nthere and back is %v", text, after)
		}
	})
}
