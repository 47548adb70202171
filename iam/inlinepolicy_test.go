package iam_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
)

// inlineNames lists the inline policies one by one.
func inlineNames(t testing.TB, s *service, o owner) string {
	t.Helper()
	return pages(t, func(marker *string) ([]string, bool, *string) {
		switch out := s.ok(t, "List"+o.kind+"Policies", o.list(marker)).(type) {
		case *awsiam.ListUserPoliciesOutput:
			return out.PolicyNames, out.IsTruncated, out.Marker
		case *awsiam.ListGroupPoliciesOutput:
			return out.PolicyNames, out.IsTruncated, out.Marker
		case *awsiam.ListRolePoliciesOutput:
			return out.PolicyNames, out.IsTruncated, out.Marker
		}
		return nil, false, nil
	})
}

// inline reads an inline policy: the owner's name, the policy's and the document.
func inline(t testing.TB, s *service, o owner, name string) (owner, policy, document string) {
	t.Helper()
	switch out := s.ok(t, "Get"+o.kind+"Policy", o.get(name)).(type) {
	case *awsiam.GetUserPolicyOutput:
		return *out.UserName, *out.PolicyName, unescape(t, out.PolicyDocument)
	case *awsiam.GetGroupPolicyOutput:
		return *out.GroupName, *out.PolicyName, unescape(t, out.PolicyDocument)
	case *awsiam.GetRolePolicyOutput:
		return *out.RoleName, *out.PolicyName, unescape(t, out.PolicyDocument)
	}
	return "", "", ""
}

func TestInlinePolicies(t *testing.T) {
	s := newService(t)
	s.members(t, "X")
	for _, o := range owners("x") {
		t.Run(o.kind, func(t *testing.T) {
			if got := inlineNames(t, s, o); got != "" {
				t.Errorf("at first: %s", got)
			}
			first, second := allow("*", "s3:*"), allow("arn:aws:s3:::b/${aws:username} +ü", "s3:*")
			s.ok(t, "Put"+o.kind+"Policy", o.put("Main", first))
			s.ok(t, "Put"+o.kind+"Policy", o.put("extra", first))
			s.ok(t, "Put"+o.kind+"Policy", o.put("MAIN", second))
			if got := inlineNames(t, s, o); got != "extra|Main" { // the first spelling stays
				t.Errorf("listed: %s", got)
			}
			if owner, policy, document := inline(t, s, o, "main"); owner != "X" || policy != "main" || document != second {
				t.Errorf("got %s of %s: %s", policy, owner, document)
			}
			s.ok(t, "Delete"+o.kind+"Policy", o.remove("mAIN"))
			if got := inlineNames(t, s, o); got != "extra" {
				t.Errorf("left: %s", got)
			}
			refused(t, s, s.root, "Get"+o.kind+"Policy", o.get("Main"), "NoSuchEntity: The "+strings.ToLower(o.kind)+" policy with name Main cannot be found.")
		})
	}
}

func TestInlinePolicyRefusals(t *testing.T) {
	s := newService(t)
	s.members(t, "x")
	document := allow("*", "s3:*")
	for at, o := range owners("x") {
		none := owners("none")[at]
		t.Run(o.kind, func(t *testing.T) {
			noun := strings.ToLower(o.kind)
			nobody := "NoSuchEntity: The " + noun + " with name none cannot be found."
			put, get, remove, list := "Put"+o.kind+"Policy", "Get"+o.kind+"Policy", "Delete"+o.kind+"Policy", "List"+o.kind+"Policies"
			s.refuses(t, []refusal{
				{"missing owner, put", put, none.put("p", document), nobody},
				{"missing owner, get", get, none.get("p"), nobody},
				{"missing owner, delete", remove, none.remove("p"), nobody},
				{"missing owner, list", list, none.list(nil), nobody},
				{"missing, get", get, o.get("p"), "NoSuchEntity: The " + noun + " policy with name p cannot be found."},
				{"missing, delete", remove, o.remove("p"), "NoSuchEntity: The " + noun + " policy with name p cannot be found."},
				{"malformed", put, o.put("p", `{"Version":"2012-10-17","Statement":[]}`), "MalformedPolicyDocument: Syntax errors in policy."},
				{"action without service", put, o.put("p", allow("*", "ListUsers")), "MalformedPolicyDocument: Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
				{"resource that is none", put, o.put("p", allow("bucket", "s3:*")), `MalformedPolicyDocument: Resource bucket must be in ARN format or "*".`},
				{"bad marker", list, o.list(aws.String("~")), "ValidationError: Invalid Marker."},
			})
		})
	}
}

// TestInlinePolicyQuota counts all inline policies of an owner together, without white space.
func TestInlinePolicyQuota(t *testing.T) {
	s := newService(t)
	s.members(t, "X")
	for _, o := range owners("x") {
		t.Run(o.kind, func(t *testing.T) {
			exceeded := map[string]string{"User": "2048 bytes exceeded for user X", "Group": "5120 bytes exceeded for group X", "Role": "10240 bytes exceeded for role X"}[o.kind]
			put, want := "Put"+o.kind+"Policy", "LimitExceeded: Maximum policy size of "+exceeded
			refused(t, s, s.root, put, o.put("a", longPolicy(o.maxInline+1)), want)
			refused(t, s, s.root, put, o.put("a", strings.Repeat("{", o.maxInline+1)), want) // it is not even read
			s.ok(t, put, o.put("a", longPolicy(o.maxInline)))
			refused(t, s, s.root, put, o.put("b", allow("*", "s3:*")), want)
			s.ok(t, put, o.put("A", longPolicy(o.maxInline-200))) // replaces
			s.ok(t, put, o.put("b", longPolicy(200)))
			refused(t, s, s.root, put, o.put("B", longPolicy(201)), want)
		})
	}
}

func TestInlinePoliciesDecide(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", "")
	user := owners("alice")[0]
	may := func(want bool, when string) {
		t.Helper()
		if _, err := s.call(t.Context(), alice, "ListGroups", &awsiam.ListGroupsInput{}); (err == nil) != want {
			t.Errorf("%s: %v", when, err)
		}
	}
	may(false, "before")
	s.ok(t, "PutUserPolicy", user.put("p", allow("*", "iam:ListGroups")))
	may(true, "put")
	s.ok(t, "PutUserPolicy", user.put("P", allow("*", "iam:ListRoles")))
	may(false, "replaced")
	s.ok(t, "PutUserPolicy", user.put("q", allow("*", "iam:ListGroups")))
	may(true, "put beside")
	s.ok(t, "DeleteUserPolicy", user.remove("q"))
	may(false, "deleted")
}

func TestInlinePolicyAuthorization(t *testing.T) {
	s := newService(t)
	s.members(t, "x")
	mallory := s.user(t, "mallory", allow("*", "iam:GetUserPolicy"))
	for _, o := range owners("x") {
		for action, in := range map[string]any{
			"Put" + o.kind + "Policy": o.put("p", "{"), "Delete" + o.kind + "Policy": o.remove("p"), "List" + o.kind + "Policies": o.list(nil),
			"Attach" + o.kind + "Policy": o.attach(policyARN("p")), "Detach" + o.kind + "Policy": o.detach(policyARN("p")),
			"ListAttached" + o.kind + "Policies": o.attached(nil, nil),
		} {
			refused(t, s, mallory, action, in, "AccessDenied: User: arn:aws:iam::"+accountID+":user/mallory is not authorized to perform: iam:"+action+
				" on resource: "+strings.ToLower(o.kind)+" x because no identity-based policy allows the iam:"+action+" action")
		}
	}
	refused(t, s, mallory, "GetUserPolicy", owners("none")[0].get("p"), "NoSuchEntity: The user with name none cannot be found.")
}
