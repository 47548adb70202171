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

// group makes a group of root's account.
func (s *service) group(t testing.TB, name string) {
	t.Helper()
	do[awsiam.CreateGroupOutput](t, s, s.root, "CreateGroup", &awsiam.CreateGroupInput{GroupName: &name})
}

// join puts a user into a group.
func (s *service) join(t testing.TB, user, group string) {
	t.Helper()
	do[awsiam.AddUserToGroupOutput](t, s, s.root, "AddUserToGroup", &awsiam.AddUserToGroupInput{UserName: &user, GroupName: &group})
}

// refusal is a call that must be refused.
type refusal struct {
	name, action string
	in           any
	want         string
}

func (s *service) refuses(t *testing.T, all []refusal) {
	t.Helper()
	for _, r := range all {
		t.Run(r.name, func(t *testing.T) { refused(t, s, s.root, r.action, r.in, r.want) })
	}
}

// pages reads a list to its end, one or two items at a time, and returns the pages joined by a bar.
func pages(t testing.TB, fetch func(marker *string) (names []string, truncated bool, next *string)) string {
	t.Helper()
	var all []string
	var marker *string
	for range 20 {
		names, truncated, next := fetch(marker)
		all = append(all, strings.Join(names, ","))
		if truncated != (next != nil) {
			t.Fatalf("IsTruncated is %v and Marker %v", truncated, next)
		}
		if !truncated {
			return strings.Join(all, "|")
		}
		marker = next
	}
	t.Fatalf("no end: %v", all)
	return ""
}

func groupNames(groups []types.Group) []string {
	names := []string{}
	for _, g := range groups {
		names = append(names, *g.GroupName)
	}
	return names
}

func TestGroupLife(t *testing.T) {
	s := newService(t)
	made := do[awsiam.CreateGroupOutput](t, s, s.root, "CreateGroup", &awsiam.CreateGroupInput{
		GroupName: aws.String("Admins"), Path: aws.String("/ops/"),
	}).Group
	if *made.Arn != "arn:aws:iam::"+accountID+":group/ops/Admins" || !strings.HasPrefix(*made.GroupId, "AGPA") ||
		*made.Path != "/ops/" || !made.CreateDate.Equal(s.now.Now()) {
		t.Errorf("made %+v", made)
	}

	got := do[awsiam.GetGroupOutput](t, s, s.root, "GetGroup", &awsiam.GetGroupInput{GroupName: aws.String("ADMINS")})
	if *got.Group.GroupName != "Admins" || *got.Group.GroupId != *made.GroupId {
		t.Errorf("found by another case as %+v", got.Group)
	}
	if got.Users == nil || len(got.Users) != 0 || got.IsTruncated || got.Marker != nil {
		t.Errorf("members of an empty group: %+v", got)
	}

	do[awsiam.UpdateGroupOutput](t, s, s.root, "UpdateGroup", &awsiam.UpdateGroupInput{
		GroupName: aws.String("admins"), NewGroupName: aws.String("admins"), NewPath: aws.String("/"),
	})
	got = do[awsiam.GetGroupOutput](t, s, s.root, "GetGroup", &awsiam.GetGroupInput{GroupName: aws.String("admins")})
	if *got.Group.Arn != "arn:aws:iam::"+accountID+":group/admins" || *got.Group.GroupId != *made.GroupId {
		t.Errorf("after the update: %+v", got.Group)
	}

	do[awsiam.DeleteGroupOutput](t, s, s.root, "DeleteGroup", &awsiam.DeleteGroupInput{GroupName: aws.String("admins")})
	refused(t, s, s.root, "GetGroup", &awsiam.GetGroupInput{GroupName: aws.String("admins")},
		"NoSuchEntity: The group with name admins cannot be found.")
}

func TestGroupRefusals(t *testing.T) {
	s := newService(t)
	s.group(t, "full")
	s.group(t, "other")
	s.group(t, "attached")
	s.group(t, "inline")
	s.user(t, "alice", "")
	s.join(t, "alice", "full")
	arn := s.policy(t, "p", allow("*", "s3:*"))
	do[awsiam.AttachGroupPolicyOutput](t, s, s.root, "AttachGroupPolicy", &awsiam.AttachGroupPolicyInput{GroupName: aws.String("attached"), PolicyArn: &arn})
	do[awsiam.PutGroupPolicyOutput](t, s, s.root, "PutGroupPolicy", &awsiam.PutGroupPolicyInput{
		GroupName: aws.String("inline"), PolicyName: aws.String("p"), PolicyDocument: aws.String(allow("*", "s3:*")),
	})
	s.refuses(t, []refusal{
		{"same name", "CreateGroup", &awsiam.CreateGroupInput{GroupName: aws.String("FULL")},
			"EntityAlreadyExists: Group with name FULL already exists."},
		{"same name, other path", "CreateGroup", &awsiam.CreateGroupInput{GroupName: aws.String("full"), Path: aws.String("/x/")},
			"EntityAlreadyExists: Group with name full already exists."},
		{"renamed to one there is", "UpdateGroup", &awsiam.UpdateGroupInput{GroupName: aws.String("full"), NewGroupName: aws.String("Other")},
			"EntityAlreadyExists: Group with name Other already exists."},
		{"unknown, updated", "UpdateGroup", &awsiam.UpdateGroupInput{GroupName: aws.String("nobody")},
			"NoSuchEntity: The group with name nobody cannot be found."},
		{"unknown, deleted", "DeleteGroup", &awsiam.DeleteGroupInput{GroupName: aws.String("nobody")},
			"NoSuchEntity: The group with name nobody cannot be found."},
		{"deleted with members", "DeleteGroup", &awsiam.DeleteGroupInput{GroupName: aws.String("full")},
			"DeleteConflict: Cannot delete entity, must remove users from group first."},
		{"deleted with attachments", "DeleteGroup", &awsiam.DeleteGroupInput{GroupName: aws.String("attached")},
			"DeleteConflict: Cannot delete entity, must detach all policies first."},
		{"deleted with inline policies", "DeleteGroup", &awsiam.DeleteGroupInput{GroupName: aws.String("inline")},
			"DeleteConflict: Cannot delete entity, must delete policies first."},
		{"unknown user added", "AddUserToGroup", &awsiam.AddUserToGroupInput{UserName: aws.String("bob"), GroupName: aws.String("full")},
			"NoSuchEntity: The user with name bob cannot be found."},
		{"added to unknown group", "AddUserToGroup", &awsiam.AddUserToGroupInput{UserName: aws.String("alice"), GroupName: aws.String("nobody")},
			"NoSuchEntity: The group with name nobody cannot be found."},
		{"both unknown", "RemoveUserFromGroup", &awsiam.RemoveUserFromGroupInput{UserName: aws.String("bob"), GroupName: aws.String("nobody")},
			"NoSuchEntity: The user with name bob cannot be found."},
		{"removed who is not in it", "RemoveUserFromGroup", &awsiam.RemoveUserFromGroupInput{UserName: aws.String("alice"), GroupName: aws.String("other")},
			"NoSuchEntity: The user with name alice is not in the group with name other."},
		{"groups of nobody", "ListGroupsForUser", &awsiam.ListGroupsForUserInput{UserName: aws.String("bob")},
			"NoSuchEntity: The user with name bob cannot be found."},
		{"bad marker", "ListGroups", &awsiam.ListGroupsInput{Marker: aws.String("full")}, "ValidationError: Invalid Marker."},
		{"bad marker of members", "GetGroup", &awsiam.GetGroupInput{GroupName: aws.String("full"), Marker: aws.String("x~00000000")},
			"ValidationError: Invalid Marker."},
		{"bad marker of a user's groups", "ListGroupsForUser", &awsiam.ListGroupsForUserInput{UserName: aws.String("alice"), Marker: aws.String("x")},
			"ValidationError: Invalid Marker."},
	})
}

func TestGroupMembersHaveTheGroupsPolicies(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", "")
	s.group(t, "readers")
	do[awsiam.PutGroupPolicyOutput](t, s, s.root, "PutGroupPolicy", &awsiam.PutGroupPolicyInput{
		GroupName: aws.String("readers"), PolicyName: aws.String("p"), PolicyDocument: aws.String(allow("*", "iam:ListGroups")),
	})
	const denied = "AccessDenied: User: arn:aws:iam::" + accountID + ":user/alice is not authorized to perform: iam:ListGroups " +
		"on resource: arn:aws:iam::" + accountID + ":group/ because no identity-based policy allows the iam:ListGroups action"

	refused(t, s, alice, "ListGroups", &awsiam.ListGroupsInput{}, denied)
	s.join(t, "alice", "readers")
	s.join(t, "ALICE", "Readers") // once more changes nothing
	do[awsiam.ListGroupsOutput](t, s, alice, "ListGroups", &awsiam.ListGroupsInput{})
	got := do[awsiam.GetGroupOutput](t, s, s.root, "GetGroup", &awsiam.GetGroupInput{GroupName: aws.String("readers")})
	if len(got.Users) != 1 || *got.Users[0].UserName != "alice" || got.Users[0].Tags != nil {
		t.Errorf("members: %+v", got.Users)
	}
	do[awsiam.RemoveUserFromGroupOutput](t, s, s.root, "RemoveUserFromGroup", &awsiam.RemoveUserFromGroupInput{
		UserName: aws.String("alice"), GroupName: aws.String("readers"),
	})
	refused(t, s, alice, "ListGroups", &awsiam.ListGroupsInput{}, denied)
}

func TestGroupPages(t *testing.T) {
	s := newService(t)
	s.user(t, "alice", "")
	for _, name := range []string{"c", "A", "b"} {
		s.group(t, name)
		s.join(t, "alice", name)
	}
	do[awsiam.CreateGroupOutput](t, s, s.root, "CreateGroup", &awsiam.CreateGroupInput{GroupName: aws.String("d"), Path: aws.String("/ops/")})
	for _, name := range []string{"Bob", "carol"} {
		s.user(t, name, "")
		s.join(t, name, "A")
	}
	for _, test := range []struct {
		name, want string
		fetch      func(marker *string) ([]string, bool, *string)
	}{
		{"groups", "A,b|c,d", func(marker *string) ([]string, bool, *string) {
			out := do[awsiam.ListGroupsOutput](t, s, s.root, "ListGroups", &awsiam.ListGroupsInput{Marker: marker, MaxItems: aws.Int32(2)})
			return groupNames(out.Groups), out.IsTruncated, out.Marker
		}},
		{"groups under a path", "d", func(marker *string) ([]string, bool, *string) {
			out := do[awsiam.ListGroupsOutput](t, s, s.root, "ListGroups", &awsiam.ListGroupsInput{Marker: marker, PathPrefix: aws.String("/op")})
			return groupNames(out.Groups), out.IsTruncated, out.Marker
		}},
		{"a user's groups", "A,b|c", func(marker *string) ([]string, bool, *string) {
			out := do[awsiam.ListGroupsForUserOutput](t, s, s.root, "ListGroupsForUser",
				&awsiam.ListGroupsForUserInput{UserName: aws.String("alice"), Marker: marker, MaxItems: aws.Int32(2)})
			return groupNames(out.Groups), out.IsTruncated, out.Marker
		}},
		{"a group's users", "alice|Bob|carol", func(marker *string) ([]string, bool, *string) {
			out := do[awsiam.GetGroupOutput](t, s, s.root, "GetGroup",
				&awsiam.GetGroupInput{GroupName: aws.String("a"), Marker: marker, MaxItems: aws.Int32(1)})
			var names []string
			for _, u := range out.Users {
				names = append(names, *u.UserName)
			}
			return names, out.IsTruncated, out.Marker
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := pages(t, test.fetch); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestUserIsInTenGroupsAtMost(t *testing.T) {
	s := newService(t)
	s.user(t, "alice", "")
	for i := range 11 {
		s.group(t, fmt.Sprint("g", i))
	}
	for i := range 10 {
		s.join(t, "alice", fmt.Sprint("g", i))
	}
	refused(t, s, s.root, "AddUserToGroup", &awsiam.AddUserToGroupInput{UserName: aws.String("alice"), GroupName: aws.String("g10")},
		"LimitExceeded: Cannot exceed quota for GroupsPerUser: 10")
	s.join(t, "alice", "g9") // in it already: no further one
}

// TestGroupAuthorization asks with rights on one group only, found by the stored ARN whatever the spelling.
func TestGroupAuthorization(t *testing.T) {
	s := newService(t)
	do[awsiam.CreateGroupOutput](t, s, s.root, "CreateGroup", &awsiam.CreateGroupInput{GroupName: aws.String("Team"), Path: aws.String("/dev/")})
	s.group(t, "other")
	mallory := s.user(t, "mallory", allow("arn:aws:iam::"+accountID+":group/dev/*", "iam:*"))
	denied := func(action, shown string) string {
		return "AccessDenied: User: arn:aws:iam::" + accountID + ":user/mallory is not authorized to perform: iam:" + action +
			" on resource: " + shown + " because no identity-based policy allows the iam:" + action + " action"
	}
	do[awsiam.GetGroupOutput](t, s, mallory, "GetGroup", &awsiam.GetGroupInput{GroupName: aws.String("TEAM")})
	do[awsiam.CreateGroupOutput](t, s, mallory, "CreateGroup", &awsiam.CreateGroupInput{GroupName: aws.String("new"), Path: aws.String("/dev/")})
	do[awsiam.ListGroupsOutput](t, s, mallory, "ListGroups", &awsiam.ListGroupsInput{PathPrefix: aws.String("/dev/")})

	refused(t, s, mallory, "CreateGroup", &awsiam.CreateGroupInput{GroupName: aws.String("new2")},
		denied("CreateGroup", "arn:aws:iam::"+accountID+":group/new2"))
	refused(t, s, mallory, "GetGroup", &awsiam.GetGroupInput{GroupName: aws.String("Other")}, denied("GetGroup", "group Other"))
	refused(t, s, mallory, "DeleteGroup", &awsiam.DeleteGroupInput{GroupName: aws.String("missing")}, denied("DeleteGroup", "group missing"))
	refused(t, s, mallory, "AddUserToGroup", &awsiam.AddUserToGroupInput{UserName: aws.String("mallory"), GroupName: aws.String("other")},
		denied("AddUserToGroup", "group other"))
	refused(t, s, mallory, "ListGroupsForUser", &awsiam.ListGroupsForUserInput{UserName: aws.String("mallory")},
		denied("ListGroupsForUser", "user mallory"))
	if got := do[awsiam.ListGroupsOutput](t, s, s.root, "ListGroups", &awsiam.ListGroupsInput{}); !slices.Equal(groupNames(got.Groups), []string{"new", "other", "Team"}) {
		t.Errorf("groups after the refusals: %v", groupNames(got.Groups))
	}
}
