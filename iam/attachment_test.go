package iam_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// owner is a kind of owner of policies, with the inputs of its operations.
type owner struct {
	kind        string // "User", "Group", "Role"
	attach      func(arn string) any
	detach      func(arn string) any
	attached    func(prefix, marker *string) any
	put         func(policy, document string) any
	get, remove func(policy string) any
	list        func(marker *string) any
	maxInline   int
}

// owners are the three kinds, each with an owner of that name.
func owners(name string) []owner {
	one := aws.Int32(1)
	return []owner{
		{
			kind:   "User",
			attach: func(arn string) any { return &awsiam.AttachUserPolicyInput{UserName: &name, PolicyArn: &arn} },
			detach: func(arn string) any { return &awsiam.DetachUserPolicyInput{UserName: &name, PolicyArn: &arn} },
			attached: func(prefix, marker *string) any {
				return &awsiam.ListAttachedUserPoliciesInput{UserName: &name, PathPrefix: prefix, Marker: marker, MaxItems: one}
			},
			put: func(policy, document string) any {
				return &awsiam.PutUserPolicyInput{UserName: &name, PolicyName: &policy, PolicyDocument: &document}
			},
			get:    func(policy string) any { return &awsiam.GetUserPolicyInput{UserName: &name, PolicyName: &policy} },
			remove: func(policy string) any { return &awsiam.DeleteUserPolicyInput{UserName: &name, PolicyName: &policy} },
			list: func(marker *string) any {
				return &awsiam.ListUserPoliciesInput{UserName: &name, Marker: marker, MaxItems: one}
			},
			maxInline: 2048,
		},
		{
			kind:   "Group",
			attach: func(arn string) any { return &awsiam.AttachGroupPolicyInput{GroupName: &name, PolicyArn: &arn} },
			detach: func(arn string) any { return &awsiam.DetachGroupPolicyInput{GroupName: &name, PolicyArn: &arn} },
			attached: func(prefix, marker *string) any {
				return &awsiam.ListAttachedGroupPoliciesInput{GroupName: &name, PathPrefix: prefix, Marker: marker, MaxItems: one}
			},
			put: func(policy, document string) any {
				return &awsiam.PutGroupPolicyInput{GroupName: &name, PolicyName: &policy, PolicyDocument: &document}
			},
			get:    func(policy string) any { return &awsiam.GetGroupPolicyInput{GroupName: &name, PolicyName: &policy} },
			remove: func(policy string) any { return &awsiam.DeleteGroupPolicyInput{GroupName: &name, PolicyName: &policy} },
			list: func(marker *string) any {
				return &awsiam.ListGroupPoliciesInput{GroupName: &name, Marker: marker, MaxItems: one}
			},
			maxInline: 5120,
		},
		{
			kind:   "Role",
			attach: func(arn string) any { return &awsiam.AttachRolePolicyInput{RoleName: &name, PolicyArn: &arn} },
			detach: func(arn string) any { return &awsiam.DetachRolePolicyInput{RoleName: &name, PolicyArn: &arn} },
			attached: func(prefix, marker *string) any {
				return &awsiam.ListAttachedRolePoliciesInput{RoleName: &name, PathPrefix: prefix, Marker: marker, MaxItems: one}
			},
			put: func(policy, document string) any {
				return &awsiam.PutRolePolicyInput{RoleName: &name, PolicyName: &policy, PolicyDocument: &document}
			},
			get:    func(policy string) any { return &awsiam.GetRolePolicyInput{RoleName: &name, PolicyName: &policy} },
			remove: func(policy string) any { return &awsiam.DeleteRolePolicyInput{RoleName: &name, PolicyName: &policy} },
			list: func(marker *string) any {
				return &awsiam.ListRolePoliciesInput{RoleName: &name, Marker: marker, MaxItems: one}
			},
			maxInline: 10240,
		},
	}
}

// ok makes a request that must succeed, whatever it returns.
func (s *service) ok(t testing.TB, action string, in any) any {
	t.Helper()
	out, err := s.call(t.Context(), s.root, action, in)
	if err != nil {
		t.Fatalf("%s: %v", action, err)
	}
	return out
}

// members makes a user, a group and a role, all of one name.
func (s *service) members(t testing.TB, name string) {
	t.Helper()
	do[awsiam.CreateUserOutput](t, s, s.root, "CreateUser", &awsiam.CreateUserInput{UserName: &name})
	s.group(t, name)
	s.role(t, name)
}

// attachedNames lists the attached policies one by one.
func attachedNames(t testing.TB, s *service, o owner, prefix *string) string {
	t.Helper()
	return pages(t, func(marker *string) ([]string, bool, *string) {
		var attached []types.AttachedPolicy
		var truncated bool
		var next *string
		switch out := s.ok(t, "ListAttached"+o.kind+"Policies", o.attached(prefix, marker)).(type) {
		case *awsiam.ListAttachedUserPoliciesOutput:
			attached, truncated, next = out.AttachedPolicies, out.IsTruncated, out.Marker
		case *awsiam.ListAttachedGroupPoliciesOutput:
			attached, truncated, next = out.AttachedPolicies, out.IsTruncated, out.Marker
		case *awsiam.ListAttachedRolePoliciesOutput:
			attached, truncated, next = out.AttachedPolicies, out.IsTruncated, out.Marker
		}
		var names []string
		for _, p := range attached {
			if !strings.HasSuffix(*p.PolicyArn, "/"+*p.PolicyName) {
				t.Errorf("%s has ARN %s", *p.PolicyName, *p.PolicyArn)
			}
			names = append(names, strings.TrimPrefix(*p.PolicyArn, "arn:aws:iam::"))
		}
		return names, truncated, next
	})
}

func TestAttachments(t *testing.T) {
	s := newService(t)
	s.builtin(t)
	s.members(t, "x")
	one := s.policy(t, "One", allow("*", "s3:*"))
	own := *do[awsiam.CreatePolicyOutput](t, s, s.root, "CreatePolicy", &awsiam.CreatePolicyInput{
		PolicyName: aws.String("ReadOnlyAccess"), Path: aws.String("/own/"), PolicyDocument: aws.String(allow("*", "s3:*")),
	}).Policy.Arn
	const builtin = "arn:aws:iam::aws:policy/ReadOnlyAccess"
	for _, o := range owners("x") {
		t.Run(o.kind, func(t *testing.T) {
			for _, arn := range []string{builtin, own, strings.Replace(one, "One", "ONE", 1), one} {
				s.ok(t, "Attach"+o.kind+"Policy", o.attach(arn))
			}
			if got, want := attachedNames(t, s, o, nil), accountID+":policy/One|"+accountID+":policy/own/ReadOnlyAccess|aws:policy/ReadOnlyAccess"; got != want {
				t.Errorf("attached: got %s\nwant %s", got, want)
			}
			if got, want := attachedNames(t, s, o, aws.String("/own/")), accountID+":policy/own/ReadOnlyAccess"; got != want {
				t.Errorf("attached under a path: got %s\nwant %s", got, want)
			}
			s.ok(t, "Detach"+o.kind+"Policy", o.detach(builtin))
			s.ok(t, "Detach"+o.kind+"Policy", o.detach(strings.Replace(one, "One", "one", 1)))
			if got, want := attachedNames(t, s, o, nil), accountID+":policy/own/ReadOnlyAccess"; got != want {
				t.Errorf("left: got %s\nwant %s", got, want)
			}
			refused(t, s, s.root, "Detach"+o.kind+"Policy", o.detach(one), "NoSuchEntity: Policy "+one+" was not found.")
		})
	}
}

// TestDetachingWhilePaging does what clean-up scripts do: it detaches each page before it asks for the next.
func TestDetachingWhilePaging(t *testing.T) {
	s := newService(t)
	s.members(t, "x")
	for _, o := range owners("x") {
		var arns []string
		for i := range 3 {
			arn := policyARN(fmt.Sprint("p", i))
			if o.kind == "User" {
				s.policy(t, fmt.Sprint("p", i), allow("*", "s3:*"))
			}
			arns = append(arns, arn)
			s.ok(t, "Attach"+o.kind+"Policy", o.attach(arn))
		}
		seen := 0
		got := pages(t, func(marker *string) ([]string, bool, *string) {
			if marker != nil {
				s.ok(t, "Detach"+o.kind+"Policy", o.detach(arns[seen]))
				seen++
			}
			switch out := s.ok(t, "ListAttached"+o.kind+"Policies", o.attached(nil, marker)).(type) {
			case *awsiam.ListAttachedUserPoliciesOutput:
				return []string{*out.AttachedPolicies[0].PolicyName}, out.IsTruncated, out.Marker
			case *awsiam.ListAttachedGroupPoliciesOutput:
				return []string{*out.AttachedPolicies[0].PolicyName}, out.IsTruncated, out.Marker
			case *awsiam.ListAttachedRolePoliciesOutput:
				return []string{*out.AttachedPolicies[0].PolicyName}, out.IsTruncated, out.Marker
			}
			return nil, false, nil
		})
		if got != "p0|p1|p2" {
			t.Errorf("%s: got %s", o.kind, got)
		}
	}
}

func TestAttachmentRefusals(t *testing.T) {
	s := newService(t)
	s.members(t, "x")
	stranger := s.account(t, "210987654321", "other@example.com")
	foreign := *do[awsiam.CreatePolicyOutput](t, s, stranger, "CreatePolicy", &awsiam.CreatePolicyInput{
		PolicyName: aws.String("foreign"), PolicyDocument: aws.String(allow("*", "s3:*")),
	}).Policy.Arn
	var arns []string
	for i := range 11 {
		arns = append(arns, s.policy(t, fmt.Sprint("p", i), allow("*", "s3:*")))
	}
	missing := policyARN("missing")
	for at, o := range owners("x") {
		none := owners("none")[at]
		t.Run(o.kind, func(t *testing.T) {
			attach, detach, list := "Attach"+o.kind+"Policy", "Detach"+o.kind+"Policy", "ListAttached"+o.kind+"Policies"
			nobody := "NoSuchEntity: The " + strings.ToLower(o.kind) + " with name none cannot be found."
			s.refuses(t, []refusal{
				{"missing owner, attach", attach, none.attach(arns[0]), nobody},
				{"missing owner, detach", detach, none.detach(arns[0]), nobody},
				{"missing owner, list", list, none.attached(nil, nil), nobody},
				{"missing policy, attach", attach, o.attach(missing), "NoSuchEntity: Policy " + missing + " does not exist or is not attachable."},
				{"missing policy, detach", detach, o.detach(missing), "NoSuchEntity: Policy " + missing + " was not found."},
				{"another account's", attach, o.attach(foreign), "NoSuchEntity: Policy " + foreign + " does not exist or is not attachable."},
				{"no ARN", attach, o.attach("longpolicynamebutnoarn"), "ValidationError: ARN longpolicynamebutnoarn is not valid."},
				{"not attached", detach, o.detach(arns[0]), "NoSuchEntity: Policy " + arns[0] + " was not found."},
				{"bad marker", list, o.attached(nil, aws.String("p1")), "ValidationError: Invalid Marker."},
			})
			for _, arn := range arns[:10] {
				s.ok(t, attach, o.attach(arn))
			}
			refused(t, s, s.root, attach, o.attach(arns[10]), "LimitExceeded: Cannot exceed quota for PoliciesPer"+o.kind+": 10")
			s.ok(t, attach, o.attach(arns[9])) // there already
		})
	}
}

func TestAttachmentsDecide(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", "")
	s.group(t, "g")
	s.join(t, "alice", "g")
	arn := s.policy(t, "p", allow("*", "iam:ListGroups"))
	may := func(want bool, when string) {
		t.Helper()
		if _, err := s.call(t.Context(), alice, "ListGroups", &awsiam.ListGroupsInput{}); (err == nil) != want {
			t.Errorf("%s: %v", when, err)
		}
	}
	user, group := owners("alice")[0], owners("g")[1]
	may(false, "before")
	s.ok(t, "AttachUserPolicy", user.attach(arn))
	may(true, "attached to the user")
	s.ok(t, "DetachUserPolicy", user.detach(arn))
	may(false, "detached from the user")
	s.ok(t, "AttachGroupPolicy", group.attach(arn))
	may(true, "attached to the group")
	s.ok(t, "DetachGroupPolicy", group.detach(arn))
	may(false, "detached from the group")
}

// TestAttachmentCondition lets a user attach one policy only, and not by another spelling of a forbidden one.
func TestAttachmentCondition(t *testing.T) {
	s := newService(t)
	s.builtin(t)
	s.members(t, "x")
	const admin, lower = "arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam::aws:policy/administratoraccess"
	carol := s.user(t, "carol", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"},
		{"Effect":"Deny","Action":["iam:Attach*","iam:Detach*"],"Resource":"*","Condition":{"ArnEquals":{"iam:PolicyARN":"`+admin+`"}}}]}`)
	for _, o := range owners("x") {
		attach := "Attach" + o.kind + "Policy"
		for _, arn := range []string{admin, lower} {
			refused(t, s, carol, attach, o.attach(arn), "AccessDenied: User: arn:aws:iam::"+accountID+":user/carol is not authorized to perform: iam:"+attach+
				" on resource: "+strings.ToLower(o.kind)+" x with an explicit deny in an identity-based policy")
		}
		if _, err := s.call(t.Context(), carol, attach, o.attach("arn:aws:iam::aws:policy/ReadOnlyAccess")); err != nil {
			t.Error(err)
		}
		s.ok(t, attach, o.attach(admin))
		refused(t, s, carol, "Detach"+o.kind+"Policy", o.detach(lower), "AccessDenied: User: arn:aws:iam::"+accountID+":user/carol is not authorized to perform: iam:Detach"+o.kind+
			"Policy on resource: "+strings.ToLower(o.kind)+" x with an explicit deny in an identity-based policy")
	}
}

func TestListEntitiesForPolicy(t *testing.T) {
	s := newService(t)
	arn := s.policy(t, "p", allow("*", "s3:*"))
	for _, name := range []string{"b", "A"} {
		s.members(t, name)
		for _, o := range owners(name) {
			s.ok(t, "Attach"+o.kind+"Policy", o.attach(arn))
		}
	}
	// One is only bound, one both bound and attached.
	do[awsiam.CreateUserOutput](t, s, s.root, "CreateUser", &awsiam.CreateUserInput{UserName: aws.String("aa"), Path: aws.String("/x/"), PermissionsBoundary: &arn})
	do[awsiam.PutUserPermissionsBoundaryOutput](t, s, s.root, "PutUserPermissionsBoundary", &awsiam.PutUserPermissionsBoundaryInput{UserName: aws.String("b"), PermissionsBoundary: &arn})
	do[awsiam.PutRolePermissionsBoundaryOutput](t, s, s.root, "PutRolePermissionsBoundary", &awsiam.PutRolePermissionsBoundaryInput{RoleName: aws.String("b"), PermissionsBoundary: &arn})

	for _, test := range []struct {
		name string
		in   awsiam.ListEntitiesForPolicyInput
		want string
	}{
		{"all", awsiam.ListEntitiesForPolicyInput{}, "user A|user aa|user b|group A|group b|role A|role b"},
		{"users", awsiam.ListEntitiesForPolicyInput{EntityFilter: types.EntityTypeUser}, "user A|user aa|user b"},
		{"groups", awsiam.ListEntitiesForPolicyInput{EntityFilter: types.EntityTypeGroup}, "group A|group b"},
		{"roles", awsiam.ListEntitiesForPolicyInput{EntityFilter: types.EntityTypeRole}, "role A|role b"},
		{"policies, of which there are none", awsiam.ListEntitiesForPolicyInput{EntityFilter: types.EntityTypeLocalManagedPolicy}, ""},
		{"attached", awsiam.ListEntitiesForPolicyInput{PolicyUsageFilter: types.PolicyUsageTypePermissionsPolicy}, "user A|user b|group A|group b|role A|role b"},
		{"bound", awsiam.ListEntitiesForPolicyInput{PolicyUsageFilter: types.PolicyUsageTypePermissionsBoundary}, "user aa|user b|role b"},
		{"under a path", awsiam.ListEntitiesForPolicyInput{PathPrefix: aws.String("/x/")}, "user aa"},
		{"under the root path", awsiam.ListEntitiesForPolicyInput{PathPrefix: aws.String("/"), EntityFilter: types.EntityTypeUser}, "user A|user aa|user b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for size := int32(1); size <= 8; size++ {
				got := pages(t, func(marker *string) ([]string, bool, *string) {
					in := test.in
					in.PolicyArn, in.Marker, in.MaxItems = &arn, marker, &size
					out := do[awsiam.ListEntitiesForPolicyOutput](t, s, s.root, "ListEntitiesForPolicy", &in)
					names := entityNames(out)
					if len(names) > int(size) {
						t.Errorf("%d items on a page of %d", len(names), size)
					}
					return names, out.IsTruncated, out.Marker
				})
				if got := strings.ReplaceAll(got, ",", "|"); got != test.want {
					t.Errorf("%d a page: got %s, want %s", size, got, test.want)
				}
			}
		})
	}
	missing := policyARN("missing")
	refused(t, s, s.root, "ListEntitiesForPolicy", &awsiam.ListEntitiesForPolicyInput{PolicyArn: &missing}, "NoSuchEntity: Policy "+missing+" does not exist or is not attachable.")
	users := do[awsiam.ListUsersOutput](t, s, s.root, "ListUsers", &awsiam.ListUsersInput{MaxItems: aws.Int32(1)})
	refused(t, s, s.root, "ListEntitiesForPolicy", &awsiam.ListEntitiesForPolicyInput{PolicyArn: &arn, Marker: users.Marker}, "ValidationError: Invalid Marker.")
}

func entityNames(out *awsiam.ListEntitiesForPolicyOutput) []string {
	var names []string
	for _, u := range out.PolicyUsers {
		names = append(names, "user "+*u.UserName)
	}
	for _, g := range out.PolicyGroups {
		names = append(names, "group "+*g.GroupName)
	}
	for _, r := range out.PolicyRoles {
		names = append(names, "role "+*r.RoleName)
	}
	return slices.Clip(names)
}
