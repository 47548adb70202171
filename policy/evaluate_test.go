package policy

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// callers are who the corpus speaks of.
var callers = map[string]Principal{
	"alice":        {Kind: User, Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/alice", ID: "AIDAALICE"},
	"bob":          {Kind: User, Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/bob", ID: "AIDABOB"},
	"root":         {Kind: Root, Account: "111122223333", ARN: "arn:aws:iam::111122223333:root", ID: "111122223333"},
	"deploy":       {Kind: AssumedRole, Account: "111122223333", ARN: "arn:aws:iam::111122223333:role/ops/deploy", SessionARN: "arn:aws:sts::111122223333:assumed-role/deploy/job-7", ID: "AROADEPLOY"},
	"deploy-8":     {Kind: AssumedRole, Account: "111122223333", ARN: "arn:aws:iam::111122223333:role/ops/deploy", SessionARN: "arn:aws:sts::111122223333:assumed-role/deploy/job-8", ID: "AROADEPLOY"},
	"fred":         {Kind: FederatedUser, Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/alice", SessionARN: "arn:aws:sts::111122223333:federated-user/fred", ID: "AIDAALICE"},
	"fred-of-root": {Kind: FederatedUser, Account: "111122223333", ARN: "arn:aws:iam::111122223333:root", SessionARN: "arn:aws:sts::111122223333:federated-user/fred", ID: "111122223333"},
	"mallory":      {Kind: User, Account: "444455556666", ARN: "arn:aws:iam::444455556666:user/mallory", ID: "AIDAMALLORY"},
	"visitor":      {Kind: AssumedRole, Account: "444455556666", ARN: "arn:aws:iam::444455556666:role/guest", SessionARN: "arn:aws:sts::444455556666:assumed-role/guest/visit", ID: "AROAGUEST"},
	"root-b":       {Kind: Root, Account: "444455556666", ARN: "arn:aws:iam::444455556666:root", ID: "444455556666"},
	"nobody":       {},
}

// decideFile is a file of testdata/decide. A policy is one statement, a list of
// statements, or a whole document; "managed/NAME" is the policy NAME with an ARN.
// Cases take caller alice, action iam:CreateUser and resource "*" unless they or
// the file say otherwise.
type decideFile struct {
	About                     string
	Action, Resource, Account string
	Policies                  map[string]json.RawMessage
	Cases                     []decideCase
}

type decideCase struct {
	Name                              string
	Caller, Action, Resource, Account string
	Identity, Sessions                []string
	Boundary, Trust                   string
	HasSession                        bool
	MFA                               *string
	Context                           map[string]any
	Want                              string
	Kind                              string // of the policy that decided; not looked at if empty
	Sid                               string // likewise
	Reason                            string // likewise
}

func (f *decideFile) policy(t testing.TB, kind Kind, reference string) Policy {
	t.Helper()
	name, managed := strings.CutPrefix(reference, "managed/")
	body, ok := f.Policies[name]
	if !ok {
		t.Fatalf("no policy %q", name)
	}
	text := string(body)
	if !strings.Contains(text, `"Version"`) {
		text = fmt.Sprintf(`{"Version": "2012-10-17", "Statement": %s}`, body)
	}
	p := Policy{Kind: kind, Name: name, Document: mustParse(t, kind, text)}
	if managed {
		p.Name, p.ARN = "", "arn:aws:iam::111122223333:policy/"+name
	}
	return p
}

func (f *decideFile) set(t testing.TB, c *decideCase) *Set {
	set := &Set{HasSession: c.HasSession}
	for _, name := range c.Identity {
		set.Identity = append(set.Identity, f.policy(t, Identity, name))
	}
	for _, name := range c.Sessions {
		set.Sessions = append(set.Sessions, f.policy(t, Session, name))
	}
	if c.Boundary != "" {
		boundary := f.policy(t, Boundary, c.Boundary)
		set.Boundary = &boundary
	}
	if c.Trust != "" {
		trust := f.policy(t, Trust, c.Trust)
		set.Trust = &trust
	}
	return set
}

func (f *decideFile) request(t testing.TB, c *decideCase) *Request {
	r := &Request{Action: "iam:CreateUser", Resource: "*"}
	for _, action := range []string{f.Action, c.Action} {
		if action != "" {
			r.Action = action
		}
	}
	for _, resource := range []string{f.Resource, c.Resource} {
		if resource != "" {
			r.Resource = resource
		}
	}
	r.ResourceAccount = f.Account + c.Account
	name := c.Caller
	if name == "" {
		name = "alice"
	}
	var ok bool
	if r.Principal, ok = callers[name]; !ok {
		t.Fatalf("no caller %q", name)
	}
	r.Context = NewContext(nil, 8)
	for key, value := range c.Context {
		if text, ok := value.(string); ok {
			r.Context.Add(key, text)
			continue
		}
		var values []string
		for _, v := range value.([]any) {
			values = append(values, v.(string))
		}
		r.Context.AddMulti(key, values...)
	}
	if c.MFA != nil {
		r.Context.Add("aws:MultiFactorAuthPresent", *c.MFA)
	}
	r.Context.AddPrincipal(&r.Principal)
	return r
}

func TestEvaluate(t *testing.T) {
	files, _ := filepath.Glob("testdata/decide/*.json")
	if len(files) != 4 {
		t.Fatalf("found %d files", len(files))
	}
	for _, name := range files {
		var file decideFile
		load(t, name, &file)
		used := make(map[string]bool)
		for _, c := range file.Cases {
			for _, reference := range append(append([]string{c.Boundary, c.Trust}, c.Identity...), c.Sessions...) {
				used[strings.TrimPrefix(reference, "managed/")] = true
			}
			t.Run(strings.TrimSuffix(filepath.Base(name), ".json")+"/"+c.Name, func(t *testing.T) {
				r := file.request(t, &c)
				d := file.set(t, &c).Evaluate(r)
				if got := d.Outcome.String(); got != c.Want || d.Allowed() != (c.Want == "allowed") {
					t.Fatalf("got %s by %d, want %s", got, d.Kind, c.Want)
				}
				if c.Kind != "" && d.Kind != kinds[c.Kind] {
					t.Errorf("decided by kind %d, want %s", d.Kind, c.Kind)
				}
				if c.Sid != "" && (d.Statement == nil || d.Statement.Sid != c.Sid) {
					t.Errorf("decided by %+v, want %s", d.Statement, c.Sid)
				}
				if c.Reason != "" && d.Reason(r.Action) != c.Reason {
					t.Errorf("got  %s\nwant %s", d.Reason(r.Action), c.Reason)
				}
				switch d.Outcome {
				case Allowed:
					if d.Reason(r.Action) != "" {
						t.Errorf("allowed %s", d.Reason(r.Action))
					}
				case ExplicitDeny:
					if d.Policy == nil || d.Statement == nil || d.Statement.Effect != Deny || d.Policy.Kind != d.Kind {
						t.Errorf("denied by %+v", d)
					}
				default:
					if d.Policy != nil || d.Statement != nil {
						t.Errorf("implicit deny names %+v", d)
					}
				}
			})
		}
		for policy := range file.Policies {
			if !used[policy] {
				t.Errorf("%s: no case uses %s", name, policy)
			}
		}
	}
}

// A policy whose document could not be loaded, or that is of another kind, gives
// nothing, and limits.
func TestEvaluateWithoutDocument(t *testing.T) {
	everything := Policy{Document: mustParse(t, Identity, `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`)}
	trust := mustParse(t, Trust, `{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:*"}}`)
	for name, set := range map[string]Set{
		"identity":                           {Identity: []Policy{{}}},
		"boundary":                           {Identity: []Policy{everything}, Boundary: &Policy{}},
		"session":                            {Identity: []Policy{everything}, Sessions: []Policy{{}}},
		"trust":                              {Identity: []Policy{everything}, Trust: &Policy{}},
		"a trust policy as identity policy":  {Identity: []Policy{{Document: trust}}},
		"an identity policy as trust policy": {Identity: []Policy{everything}, Trust: &everything},
	} {
		if d := set.Evaluate(&Request{Action: "sts:TagSession", Resource: "*", Principal: callers["alice"]}); d.Outcome != ImplicitDeny {
			t.Errorf("%s: %v", name, d.Outcome)
		}
	}
}

// The statement that decided can be found in the text by its line.
func TestStatementLine(t *testing.T) {
	document := mustParse(t, Identity, "{\"Version\": \"2012-10-17\",\n\"Statement\": [\n{\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"},\n\n{\"Effect\": \"Deny\", \"Action\": \"*\", \"Resource\": \"*\"}]}")
	set := Set{Identity: []Policy{{Document: document}}}
	d := set.Evaluate(&Request{Action: "iam:GetUser", Resource: "*", Principal: callers["alice"]})
	if d.Statement.Line != 5 || d.Statement.Effect.String() != "Deny" || Allow.String() != "Allow" {
		t.Errorf("line %d, effect %s", d.Statement.Line, d.Statement.Effect)
	}
}

// Deciding never depends on what was decided before: a set asked again in any
// order answers the same (attack 42 seen from here: there is no cache).
func TestEvaluateIsPure(t *testing.T) {
	for _, name := range []string{"mfa", "statements", "layers", "trust"} {
		var file decideFile
		load(t, "testdata/decide/"+name+".json", &file)
		for i := range file.Cases {
			c := &file.Cases[i]
			set, r := file.set(t, c), file.request(t, c)
			first := set.Evaluate(r)
			done := make(chan Decision)
			for range 4 {
				go func() { done <- set.Evaluate(r) }()
			}
			for range 4 {
				if again := <-done; again != first {
					t.Errorf("%s: %v, then %v", c.Name, first, again)
				}
			}
		}
	}
}
