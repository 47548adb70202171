package iam_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/wire"
)

// inConsole makes a request as the console's web app would: JSON in, JSON out.
func inConsole[O any](t testing.TB, s *service, c *iam.Caller, action, in string) *O {
	t.Helper()
	text, err := s.tryInConsole(t, c, action, in)
	if err != nil {
		t.Fatalf("%s: %v", action, err)
	}
	out := new(O)
	if err := json.Unmarshal(text, out); err != nil {
		t.Fatalf("%s answered %s: %v", action, text, err)
	}
	return out
}

// refusedInConsole makes a request that must fail with exactly this answer.
func refusedInConsole(t testing.TB, s *service, c *iam.Caller, action, in, want string) {
	t.Helper()
	text, err := s.tryInConsole(t, c, action, in)
	var answer *wire.Error
	switch {
	case err == nil:
		t.Errorf("%s %s answered %s, want %s", action, in, text, want)
	case !errors.As(err, &answer) || answer.Error() != want:
		t.Errorf("%s %s:\n got %v\nwant %s", action, in, err, want)
	}
}

func (s *service) tryInConsole(t testing.TB, c *iam.Caller, action, in string) ([]byte, error) {
	t.Helper()
	op, ok := s.operations[action]
	if !ok || !op.Console {
		t.Fatalf("the console has no operation %s", action)
	}
	input := op.NewInput()
	if err := json.Unmarshal([]byte(in), input); err != nil {
		t.Fatal(err)
	}
	now := *c
	var err error
	if now.Principal, err = s.Directory.Principal(t.Context(), c.Account, c.Kind, c.ID); err != nil {
		t.Fatal(err)
	}
	out, err := s.Do(t.Context(), &now, op, input)
	if err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

// signedIn is the same principal in a console session, with MFA or without.
func (s *service) signedIn(c *iam.Caller, mfa bool) *iam.Caller {
	in := *c
	in.AccessKeyID = ""
	in.Session = &iam.Session{Kind: iam.ConsoleSession, Issued: s.Now(), Expires: s.Now().Add(time.Hour)}
	if mfa {
		in.Session.MFA = s.Now()
	}
	return &in
}

// What no service model bounds is bounded by the operations themselves, in the wire's words.
func TestInputsOfTheConsoleAreChecked(t *testing.T) {
	s := newService(t)
	const one = "ValidationError: 1 validation error detected: Value at "
	long := strings.Repeat("x", 129)
	names := func(n int) string { return `["` + strings.Repeat(`x","`, n-1) + `x"]` }
	for _, test := range []struct{ action, in, want string }{
		{"ListConsoleSessions", `{}`, one + "'userName' failed to satisfy constraint: Member must not be null"},
		{"EndConsoleSessions", `{"UserName":null}`, one + "'userName' failed to satisfy constraint: Member must not be null"},
		{"EndConsoleSessions", `{"UserName":""}`, one + "'userName' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"EndConsoleSessions", `{"UserName":"` + long + `"}`, one + "'userName' failed to satisfy constraint: Member must have length less than or equal to 128"},
		{"ListConsoleSessions", `{"UserName":"a/b"}`, one + `'userName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+`},
		{"EndOwnConsoleSessions", `{"Ids":[]}`, one + "'ids' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"EndOwnConsoleSessions", `{"Ids":` + names(101) + `}`, one + "'ids' failed to satisfy constraint: Member must have length less than or equal to 100"},
		{"EndOwnConsoleSessions", `{"Ids":["` + long + `"]}`, one + "'ids' failed to satisfy constraint: Member must have length less than or equal to 64"},
		{"DescribeUsers", `{}`, one + "'userNames' failed to satisfy constraint: Member must not be null"},
		{"DescribeUsers", `{"UserNames":[]}`, one + "'userNames' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"DescribeUsers", `{"UserNames":` + names(101) + `}`, one + "'userNames' failed to satisfy constraint: Member must have length less than or equal to 100"},
		{"DescribeUsers", `{"UserNames":["a","*"]}`, one + `'userNames' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+`},
		{"PreviewPolicy", `{}`, one + "'policyDocument' failed to satisfy constraint: Member must not be null"},
		{"PreviewPolicy", `{"PolicyDocument":"` + strings.Repeat(" ", 131073) + `"}`, one + "'policyDocument' failed to satisfy constraint: Member must have length less than or equal to 131072"},
		{"PreviewPolicy", `{"PolicyDocument":"` + strings.Repeat("x", 6145) + `"}`, "LimitExceeded: Cannot exceed quota for PolicySize: 6144"},
		{"PreviewPolicy", `{"PolicyDocument":"{}","MaxItems":501}`, one + "'maxItems' failed to satisfy constraint: Member must have value less than or equal to 500"},
		{"PreviewPolicy", `{"PolicyDocument":"{}","Marker":"alice"}`, "ValidationError: Invalid Marker."},
		{"LookupEvents", `{"MaxItems":0}`, one + "'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{"LookupEvents", `{"MaxItems":51}`, one + "'maxItems' failed to satisfy constraint: Member must have value less than or equal to 50"},
		{"LookupEvents", `{"UserName":""}`, one + "'userName' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"LookupEvents", `{"EventName":"` + long + `"}`, one + "'eventName' failed to satisfy constraint: Member must have length less than or equal to 128"},
		{"LookupEvents", `{"Marker":"` + long + long + long + `"}`, one + "'marker' failed to satisfy constraint: Member must have length less than or equal to 320"},
	} {
		refusedInConsole(t, s, s.root, test.action, test.in, test.want)
	}
}
