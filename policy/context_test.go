package policy

import "testing"

func TestContext(t *testing.T) {
	base := NewContext(nil, 2)
	base.Add("aws:SourceIp", "192.0.2.1")
	base.Add("aws:SecureTransport", "true")

	c := NewContext(base, 2)
	c.Add("AWS:sourceip", "192.0.2.2")
	c.Add("empty", "")
	c.AddMulti("aws:TagKeys")
	c.Add("twice", "first")
	c.Add("Twice", "last")

	for key, want := range map[string]string{
		"aws:sourceip": "192.0.2.2", "aws:SecureTransport": "true", "EMPTY": "", "twice": "last",
	} {
		if got, ok := c.Get(key); !ok || got != want {
			t.Errorf("%s: %q, %t", key, got, ok)
		}
	}
	for _, key := range []string{"aws:tagkeys", "absent"} {
		if got, ok := c.Get(key); ok {
			t.Errorf("%s: %q", key, got)
		}
	}

	c.Reset(nil)
	if _, ok := c.Get("aws:sourceip"); ok {
		t.Error("Reset kept a key")
	}
	if _, ok := (*Context)(nil).Get("k"); ok {
		t.Error("no context has a key")
	}
}

// What the caller is comes last, so that no key of a request can pose as it.
func TestAddPrincipal(t *testing.T) {
	for name, want := range map[string]map[string]string{
		"alice":        {"aws:username": "alice", "aws:userid": "AIDAALICE", "aws:principaltype": "User", "aws:principalarn": "arn:aws:iam::111122223333:user/alice", "aws:principalaccount": "111122223333"},
		"root":         {"aws:userid": "111122223333", "aws:principaltype": "Account", "aws:principalarn": "arn:aws:iam::111122223333:root"},
		"deploy":       {"aws:userid": "AROADEPLOY:job-7", "aws:principaltype": "AssumedRole", "aws:principalarn": "arn:aws:iam::111122223333:role/ops/deploy"},
		"fred":         {"aws:userid": "111122223333:fred", "aws:principaltype": "FederatedUser"},
		"fred-of-root": {"aws:userid": "111122223333:fred", "aws:principaltype": "FederatedUser"},
		"nobody":       {},
	} {
		caller := callers[name]
		var c Context
		if name != "nobody" {
			c.Add("aws:userid", "posing")
			c.Add("aws:principaltype", "posing")
		}
		c.AddPrincipal(&caller)
		for _, key := range []string{"aws:username", "aws:userid", "aws:principaltype"} {
			if got, ok := c.Get(key); got != want[key] || ok != (want[key] != "") {
				t.Errorf("%s: %s is %q", name, key, got)
			}
		}
		for key, value := range want {
			if got, _ := c.Get(key); got != value {
				t.Errorf("%s: %s is %q", name, key, got)
			}
		}
	}
}
