package iam

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/sallyport-iam/sallyport/wire"
)

// Group is a set of users that share policies. A group is no principal and signs nothing.
type Group struct {
	Account string
	ID      string // AGPA…
	Name    string
	Path    string
	Created time.Time
}

// ARN is arn:aws:iam::ACCOUNT:group/PATH/NAME.
func (g *Group) ARN() string { return arn(g.Account, "group", g.Path, g.Name) }

// GroupStore keeps groups and who is in them.
type GroupStore interface {
	Group(ctx context.Context, account, name string) (*Group, error)
	Groups(ctx context.Context, account string, page Page) ([]Group, error)
	InsertGroup(ctx context.Context, g *Group) error
	UpdateGroup(ctx context.Context, g *Group) error
	DeleteGroup(ctx context.Context, account, id string) error

	// AddGroupMember is no error if the user is in the group already.
	AddGroupMember(ctx context.Context, account, groupID, userID string) error
	// RemoveGroupMember returns ErrNotFound if the user is not in the group.
	RemoveGroupMember(ctx context.Context, account, groupID, userID string) error
	GroupMembers(ctx context.Context, account, groupID string, page Page) ([]User, error)
	GroupsOfUser(ctx context.Context, account, userID string, page Page) ([]Group, error)
	// GroupsOfAll returns the groups of many users, by user, each user's by name.
	GroupsOfAll(ctx context.Context, account string, userIDs []string) (map[string][]Group, error)
}

// maxGroupsPerUser is how many groups a user can be in (IAM User Guide, "IAM and AWS STS quotas").
const maxGroupsPerUser = 10

// CreateGroup makes an empty group.
func (s *Service) CreateGroup(ctx context.Context, tx Tx, c *Caller, in *awsiam.CreateGroupInput) (*awsiam.CreateGroupOutput, error) {
	g := &Group{Account: c.Account, ID: newID(prefixGroup), Name: *in.GroupName, Path: valueOr(in.Path, "/"), Created: s.Now()}
	err := tx.InsertGroup(ctx, g)
	if errors.Is(err, ErrExists) {
		return nil, groupExists(g.Name)
	}
	if err != nil {
		return nil, err
	}
	shown := g.shown()
	return &awsiam.CreateGroupOutput{Group: &shown}, nil
}

// GetGroup shows a group and lists the users in it.
func (s *Service) GetGroup(ctx context.Context, tx Tx, c *Caller, in *awsiam.GetGroupInput) (*awsiam.GetGroupOutput, error) {
	g, err := findGroup(ctx, tx, c.Account, *in.GroupName)
	if err != nil {
		return nil, err
	}
	page, err := paging(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	members, err := tx.GroupMembers(ctx, c.Account, g.ID, page)
	if err != nil {
		return nil, err
	}
	members, truncated, marker := cut(members, page, func(u User) string { return u.Name })
	listed, err := listedUsers(ctx, tx, c.Account, members)
	shown := g.shown()
	return &awsiam.GetGroupOutput{Group: &shown, Users: listed, IsTruncated: truncated, Marker: marker}, err
}

// ListGroups lists the account's groups.
func (s *Service) ListGroups(ctx context.Context, tx Tx, c *Caller, in *awsiam.ListGroupsInput) (*awsiam.ListGroupsOutput, error) {
	page, err := paging(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	groups, err := tx.Groups(ctx, c.Account, prefixed(page, in.PathPrefix))
	if err != nil {
		return nil, err
	}
	groups, truncated, marker := cut(groups, page, func(g Group) string { return g.Name })
	return &awsiam.ListGroupsOutput{Groups: listedGroups(groups), IsTruncated: truncated, Marker: marker}, nil
}

// UpdateGroup renames a group or moves it to another path. No decision depends on either, for a group is no
// principal: nothing is announced as changed.
func (s *Service) UpdateGroup(ctx context.Context, tx Tx, c *Caller, in *awsiam.UpdateGroupInput) (*awsiam.UpdateGroupOutput, error) {
	g, err := findGroup(ctx, tx, c.Account, *in.GroupName)
	if err != nil {
		return nil, err
	}
	g.Name = valueOr(in.NewGroupName, g.Name)
	g.Path = valueOr(in.NewPath, g.Path)
	err = tx.UpdateGroup(ctx, g)
	if errors.Is(err, ErrExists) {
		return nil, groupExists(g.Name)
	}
	return &awsiam.UpdateGroupOutput{}, err
}

// DeleteGroup deletes a group that has no users and no policies.
func (s *Service) DeleteGroup(ctx context.Context, tx Tx, c *Caller, in *awsiam.DeleteGroupInput) (*awsiam.DeleteGroupOutput, error) {
	g, err := findGroup(ctx, tx, c.Account, *in.GroupName)
	if err != nil {
		return nil, err
	}
	members, err := tx.GroupMembers(ctx, c.Account, g.ID, Page{Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(members) > 0 {
		return nil, mustFirst("remove users from group first.")
	}
	if err := withoutPolicies(ctx, tx, c.Account, g.ID); err != nil {
		return nil, err
	}
	return &awsiam.DeleteGroupOutput{}, tx.DeleteGroup(ctx, c.Account, g.ID)
}

// AddUserToGroup gives a user the group's policies. A user that is in the group already stays in it.
func (s *Service) AddUserToGroup(ctx context.Context, tx Tx, c *Caller, in *awsiam.AddUserToGroupInput) (*awsiam.AddUserToGroupOutput, error) {
	u, g, err := findUserAndGroup(ctx, tx, c.Account, *in.UserName, *in.GroupName)
	if err != nil {
		return nil, err
	}
	groups, err := tx.GroupsOfUser(ctx, c.Account, u.ID, Page{Limit: maxGroupsPerUser})
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(groups, func(in Group) bool { return in.ID == g.ID }) {
		return &awsiam.AddUserToGroupOutput{}, nil
	}
	if len(groups) >= maxGroupsPerUser {
		return nil, quotaExceeded("GroupsPerUser", maxGroupsPerUser)
	}
	if err := tx.AddGroupMember(ctx, c.Account, g.ID, u.ID); err != nil {
		return nil, err
	}
	return &awsiam.AddUserToGroupOutput{}, changed(ctx, tx, c.Account, u.ID)
}

// RemoveUserFromGroup takes the group's policies from a user.
func (s *Service) RemoveUserFromGroup(ctx context.Context, tx Tx, c *Caller, in *awsiam.RemoveUserFromGroupInput) (*awsiam.RemoveUserFromGroupOutput, error) {
	u, g, err := findUserAndGroup(ctx, tx, c.Account, *in.UserName, *in.GroupName)
	if err != nil {
		return nil, err
	}
	err = tx.RemoveGroupMember(ctx, c.Account, g.ID, u.ID)
	if errors.Is(err, ErrNotFound) {
		return nil, wire.Errorf("NoSuchEntity", "The user with name %s is not in the group with name %s.", u.Name, g.Name)
	}
	if err != nil {
		return nil, err
	}
	return &awsiam.RemoveUserFromGroupOutput{}, changed(ctx, tx, c.Account, u.ID)
}

// ListGroupsForUser lists the groups a user is in.
func (s *Service) ListGroupsForUser(ctx context.Context, tx Tx, c *Caller, in *awsiam.ListGroupsForUserInput) (*awsiam.ListGroupsForUserOutput, error) {
	u, err := findUser(ctx, tx, c.Account, *in.UserName)
	if err != nil {
		return nil, err
	}
	page, err := paging(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	groups, err := tx.GroupsOfUser(ctx, c.Account, u.ID, page)
	if err != nil {
		return nil, err
	}
	groups, truncated, marker := cut(groups, page, func(g Group) string { return g.Name })
	return &awsiam.ListGroupsForUserOutput{Groups: listedGroups(groups), IsTruncated: truncated, Marker: marker}, nil
}

// shown is the group as responses show it.
func (g *Group) shown() types.Group {
	return types.Group{
		Path: aws.String(g.Path), GroupName: aws.String(g.Name), GroupId: aws.String(g.ID),
		Arn: aws.String(g.ARN()), CreateDate: aws.Time(g.Created),
	}
}

func listedGroups(groups []Group) []types.Group {
	return transform(groups, func(g Group) types.Group { return g.shown() })
}

// findGroup finds a group by name or answers NoSuchEntity.
func findGroup(ctx context.Context, tx Tx, account, name string) (*Group, error) {
	g, err := tx.Group(ctx, account, name)
	if errors.Is(err, ErrNotFound) {
		return nil, wire.Errorf("NoSuchEntity", "The group with name %s cannot be found.", name)
	}
	return g, err
}

// findUserAndGroup looks for the user first: if both are missing, AWS names the user.
func findUserAndGroup(ctx context.Context, tx Tx, account, user, group string) (*User, *Group, error) {
	u, err := findUser(ctx, tx, account, user)
	if err != nil {
		return nil, nil, err
	}
	g, err := findGroup(ctx, tx, account, group)
	return u, g, err
}

func groupExists(name string) error {
	return wire.Errorf("EntityAlreadyExists", "Group with name %s already exists.", name)
}

// groupTarget is a group that exists, or would.
func groupTarget(ctx context.Context, tx Tx, c *Caller, name *string) (Target, error) {
	g, err := tx.Group(ctx, c.Account, aws.ToString(name))
	if errors.Is(err, ErrNotFound) {
		g = &Group{Account: c.Account, Path: "/", Name: aws.ToString(name)}
	} else if err != nil {
		return Target{}, err
	}
	return Target{ARN: g.ARN(), Shown: "group " + aws.ToString(name)}, nil
}

func targetCreateGroup(_ context.Context, _ Tx, c *Caller, in *awsiam.CreateGroupInput) (Target, error) {
	return Target{ARN: arn(c.Account, "group", valueOr(in.Path, "/"), *in.GroupName)}, nil
}

// targetUpdateGroup is the group under the old name and, if it is to move, under the new one.
func targetUpdateGroup(ctx context.Context, tx Tx, c *Caller, in *awsiam.UpdateGroupInput) (Target, error) {
	target, err := groupTarget(ctx, tx, c, in.GroupName)
	if err != nil || in.NewGroupName == nil && in.NewPath == nil {
		return target, err
	}
	old, _ := ParseARN(target.ARN)
	target.Beside = arn(c.Account, "group", valueOr(in.NewPath, old.Path), valueOr(in.NewGroupName, old.Name))
	return target, nil
}
