package iam

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/sallyport-iam/sallyport/wire"
)

// User is an IAM user: a person or a program with long-term credentials of its own.
type User struct {
	Account     string
	ID          string // AIDA…, never reused
	Name        string
	Path        string // "/" or "/…/"
	Created     time.Time
	BoundaryARN string // managed policy that bounds the user's permissions; "" if none
	Tags        []Tag
}

// ARN is arn:aws:iam::ACCOUNT:user/PATH/NAME.
func (u *User) ARN() string { return arn(u.Account, "user", u.Path, u.Name) }

// UserStore keeps users. Names are unique in an account without regard to case.
type UserStore interface {
	User(ctx context.Context, account, name string) (*User, error)
	UserByID(ctx context.Context, account, id string) (*User, error)
	Users(ctx context.Context, account string, page Page) ([]User, error)
	// UsersNamed returns the users of those names that there are, each once.
	UsersNamed(ctx context.Context, account string, names []string) ([]User, error)
	InsertUser(ctx context.Context, u *User) error
	UpdateUser(ctx context.Context, u *User) error // by ID; ErrExists if the new name is taken
	DeleteUser(ctx context.Context, account, id string) error
}

// CreateUser makes a user, who can do nothing yet.
func (s *Service) CreateUser(ctx context.Context, tx Tx, c *Caller, in *awsiam.CreateUserInput) (*awsiam.CreateUserOutput, error) {
	tags, err := caseInsensitiveTags.add(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	u := &User{
		Account: c.Account, ID: newID(prefixUser), Name: *in.UserName, Path: valueOr(in.Path, "/"),
		Created: s.Now(), Tags: tags,
	}
	if in.PermissionsBoundary != nil {
		if u.BoundaryARN, err = boundaryPolicy(ctx, tx, c.Account, *in.PermissionsBoundary); err != nil {
			return nil, err
		}
	}
	err = tx.InsertUser(ctx, u)
	if errors.Is(err, ErrExists) {
		return nil, wire.Errorf("EntityAlreadyExists", "User with name %s already exists.", u.Name)
	}
	if err != nil {
		return nil, err
	}
	shown := u.shown(nil)
	return &awsiam.CreateUserOutput{User: &shown}, nil
}

// GetUser shows a user, by default the caller; for root that is the account.
func (s *Service) GetUser(ctx context.Context, tx Tx, c *Caller, in *awsiam.GetUserInput) (*awsiam.GetUserOutput, error) {
	if in.UserName == nil && c.Kind == RootUser {
		root, err := rootShown(ctx, tx, c.Account)
		return &awsiam.GetUserOutput{User: root}, err
	}
	u, err := userOrCaller(ctx, tx, c, in.UserName)
	if err != nil {
		return nil, err
	}
	profiles, err := tx.LoginProfiles(ctx, c.Account, []string{u.ID})
	if err != nil {
		return nil, err
	}
	shown := u.shown(profiles)
	return &awsiam.GetUserOutput{User: &shown}, nil
}

// ListUsers lists the account's users, without tags and boundaries.
func (s *Service) ListUsers(ctx context.Context, tx Tx, c *Caller, in *awsiam.ListUsersInput) (*awsiam.ListUsersOutput, error) {
	page, err := paging(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	users, err := tx.Users(ctx, c.Account, prefixed(page, in.PathPrefix))
	if err != nil {
		return nil, err
	}
	users, truncated, marker := cut(users, page, func(u User) string { return u.Name })
	listed, err := listedUsers(ctx, tx, c.Account, users)
	return &awsiam.ListUsersOutput{Users: listed, IsTruncated: truncated, Marker: marker}, err
}

// UpdateUser renames a user or moves it to another path. Policies that name the old ARN no longer match.
func (s *Service) UpdateUser(ctx context.Context, tx Tx, c *Caller, in *awsiam.UpdateUserInput) (*awsiam.UpdateUserOutput, error) {
	u, err := findUser(ctx, tx, c.Account, *in.UserName)
	if err != nil {
		return nil, err
	}
	u.Name = valueOr(in.NewUserName, u.Name)
	u.Path = valueOr(in.NewPath, u.Path)
	err = tx.UpdateUser(ctx, u)
	if errors.Is(err, ErrExists) {
		return nil, wire.Errorf("EntityAlreadyExists", "User with name %s already exists.", u.Name)
	}
	if err != nil {
		return nil, err
	}
	return &awsiam.UpdateUserOutput{}, changed(ctx, tx, c.Account, u.ID)
}

// DeleteUser deletes a user that has nothing left.
func (s *Service) DeleteUser(ctx context.Context, tx Tx, c *Caller, in *awsiam.DeleteUserInput) (*awsiam.DeleteUserOutput, error) {
	u, err := findUser(ctx, tx, c.Account, *in.UserName)
	if err != nil {
		return nil, err
	}
	if err := deletable(ctx, tx, u); err != nil {
		return nil, err
	}
	if err := tx.DeleteUser(ctx, c.Account, u.ID); err != nil {
		return nil, err
	}
	return &awsiam.DeleteUserOutput{}, changed(ctx, tx, c.Account, u.ID)
}

// deletable returns DeleteConflict while the user has anything that must be removed first.
func deletable(ctx context.Context, tx Tx, u *User) error {
	groups, err := tx.GroupsOfUser(ctx, u.Account, u.ID, Page{Limit: 1})
	if err != nil {
		return err
	}
	if len(groups) > 0 {
		return mustFirst("remove users from group first.")
	}
	if err := withoutPolicies(ctx, tx, u.Account, u.ID); err != nil {
		return err
	}
	_, err = tx.LoginProfile(ctx, u.Account, u.ID)
	if err == nil {
		return mustFirst("delete login profile first.")
	}
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	keys, err := tx.AccessKeys(ctx, u.Account, u.ID)
	if err != nil {
		return err
	}
	devices, err := tx.MFADevicesOf(ctx, u.Account, u.ID)
	switch {
	case err != nil:
		return err
	case len(keys) > 0 && len(devices) > 0:
		return mustFirst("remove tokens from principal first.")
	case len(keys) > 0:
		return mustFirst("delete access keys first.")
	case len(devices) > 0:
		return mustFirst("delete MFA device first.")
	}
	return nil
}

// mustFirst is the answer to deleting what still has something.
func mustFirst(todo string) error {
	return wire.Errorf("DeleteConflict", "Cannot delete entity, must %s", todo)
}

// TagUser adds tags to a user.
func (s *Service) TagUser(ctx context.Context, tx Tx, c *Caller, in *awsiam.TagUserInput) (*awsiam.TagUserOutput, error) {
	u, err := findUser(ctx, tx, c.Account, *in.UserName)
	if err != nil {
		return nil, err
	}
	if u.Tags, err = caseInsensitiveTags.retag(u.Tags, in.Tags); err != nil {
		return nil, err
	}
	if err := tx.UpdateUser(ctx, u); err != nil {
		return nil, err
	}
	return &awsiam.TagUserOutput{}, changed(ctx, tx, c.Account, u.ID)
}

// UntagUser removes tags from a user.
func (s *Service) UntagUser(ctx context.Context, tx Tx, c *Caller, in *awsiam.UntagUserInput) (*awsiam.UntagUserOutput, error) {
	u, err := findUser(ctx, tx, c.Account, *in.UserName)
	if err != nil {
		return nil, err
	}
	u.Tags = caseInsensitiveTags.remove(u.Tags, in.TagKeys)
	if err := tx.UpdateUser(ctx, u); err != nil {
		return nil, err
	}
	return &awsiam.UntagUserOutput{}, changed(ctx, tx, c.Account, u.ID)
}

// ListUserTags lists a user's tags by key.
func (s *Service) ListUserTags(ctx context.Context, tx Tx, c *Caller, in *awsiam.ListUserTagsInput) (*awsiam.ListUserTagsOutput, error) {
	u, err := findUser(ctx, tx, c.Account, *in.UserName)
	if err != nil {
		return nil, err
	}
	tags, truncated, marker, err := pageOfTags(u.Tags, in.Marker, in.MaxItems)
	return &awsiam.ListUserTagsOutput{Tags: tags, IsTruncated: truncated, Marker: marker}, err
}

// PutUserPermissionsBoundary sets the policy that bounds a user's permissions.
func (s *Service) PutUserPermissionsBoundary(ctx context.Context, tx Tx, c *Caller, in *awsiam.PutUserPermissionsBoundaryInput) (*awsiam.PutUserPermissionsBoundaryOutput, error) {
	u, err := findUser(ctx, tx, c.Account, *in.UserName)
	if err != nil {
		return nil, err
	}
	if u.BoundaryARN, err = boundaryPolicy(ctx, tx, c.Account, *in.PermissionsBoundary); err != nil {
		return nil, err
	}
	if err := tx.UpdateUser(ctx, u); err != nil {
		return nil, err
	}
	return &awsiam.PutUserPermissionsBoundaryOutput{}, changed(ctx, tx, c.Account, u.ID)
}

// DeleteUserPermissionsBoundary lifts a user's permissions boundary.
func (s *Service) DeleteUserPermissionsBoundary(ctx context.Context, tx Tx, c *Caller, in *awsiam.DeleteUserPermissionsBoundaryInput) (*awsiam.DeleteUserPermissionsBoundaryOutput, error) {
	u, err := findUser(ctx, tx, c.Account, *in.UserName)
	if err != nil {
		return nil, err
	}
	if u.BoundaryARN == "" {
		return nil, wire.Errorf("NoSuchEntity", "The user with name %s has no permissions boundary.", u.Name)
	}
	u.BoundaryARN = ""
	if err := tx.UpdateUser(ctx, u); err != nil {
		return nil, err
	}
	return &awsiam.DeleteUserPermissionsBoundaryOutput{}, changed(ctx, tx, c.Account, u.ID)
}

// shown is the user as CreateUser and GetUser return it. Profiles tells when a password was last used.
func (u *User) shown(profiles map[string]LoginProfile) types.User {
	shown := u.listed(profiles)
	shown.Tags = shownTags(u.Tags)
	shown.PermissionsBoundary = shownBoundary(u.BoundaryARN)
	return shown
}

// listed is the user as lists return it.
func (u *User) listed(profiles map[string]LoginProfile) types.User {
	shown := types.User{
		Path: aws.String(u.Path), UserName: aws.String(u.Name), UserId: aws.String(u.ID),
		Arn: aws.String(u.ARN()), CreateDate: aws.Time(u.Created),
	}
	if p, ok := profiles[u.ID]; ok && !p.LastUsed.IsZero() {
		shown.PasswordLastUsed = aws.Time(p.LastUsed)
	}
	return shown
}

func listedUsers(ctx context.Context, tx Tx, account string, users []User) ([]types.User, error) {
	profiles, err := tx.LoginProfiles(ctx, account, transform(users, func(u User) string { return u.ID }))
	return transform(users, func(u User) types.User { return u.listed(profiles) }), err
}

// rootShown is the account's root as a user without name and path.
func rootShown(ctx context.Context, tx Tx, account string) (*types.User, error) {
	a, err := tx.Account(ctx, account)
	if err != nil {
		return nil, err
	}
	shown := &types.User{UserId: aws.String(account), Arn: aws.String(RootARN(account)), CreateDate: aws.Time(a.Created)}
	profiles, err := tx.LoginProfiles(ctx, account, []string{account})
	if p, ok := profiles[account]; ok && !p.LastUsed.IsZero() {
		shown.PasswordLastUsed = aws.Time(p.LastUsed)
	}
	return shown, err
}

// findUser finds a user by name or answers NoSuchEntity.
func findUser(ctx context.Context, tx Tx, account, name string) (*User, error) {
	u, err := tx.User(ctx, account, name)
	if errors.Is(err, ErrNotFound) {
		return nil, noSuchUser(name)
	}
	return u, err
}

func noSuchUser(name string) error {
	return wire.Errorf("NoSuchEntity", "The user with name %s cannot be found.", name)
}

// userOrCaller finds the user a request names, or the calling user if it names none.
func userOrCaller(ctx context.Context, tx Tx, c *Caller, name *string) (*User, error) {
	if name != nil {
		return findUser(ctx, tx, c.Account, *name)
	}
	if c.Kind != IAMUser || !c.IsUser() {
		return nil, mustNameUser()
	}
	u, err := tx.UserByID(ctx, c.Account, c.ID)
	if errors.Is(err, ErrNotFound) {
		return nil, noSuchUser(c.Name)
	}
	return u, err
}

func mustNameUser() error {
	return wire.Errorf("ValidationError", "Must specify userName when calling with non-User credentials")
}

// userTarget is a user that exists, or would: a missing one is authorised under the name that was sent, so that
// only those allowed to see it learn that it is missing.
func userTarget(ctx context.Context, tx Tx, c *Caller, name *string) (Target, error) {
	target, _, err := userAndTarget(ctx, tx, c, name)
	return target, err
}

// boundedUserTarget is a user with its present boundary in iam:PermissionsBoundary.
func boundedUserTarget(ctx context.Context, tx Tx, c *Caller, name *string) (Target, error) {
	target, u, err := userAndTarget(ctx, tx, c, name)
	if err != nil {
		return target, err
	}
	return withBoundary(target, u.BoundaryARN), nil
}

func userAndTarget(ctx context.Context, tx Tx, c *Caller, name *string) (Target, *User, error) {
	if name == nil {
		if c.Kind == RootUser {
			return Target{ARN: RootARN(c.Account)}, &User{}, nil
		}
		if c.Kind != IAMUser || !c.IsUser() {
			return Target{}, nil, mustNameUser()
		}
		name = &c.Name
	}
	u, err := tx.User(ctx, c.Account, *name)
	if errors.Is(err, ErrNotFound) {
		u = &User{Account: c.Account, Path: "/", Name: *name}
	} else if err != nil {
		return Target{}, nil, err
	}
	return Target{ARN: u.ARN(), Shown: "user " + *name, Tags: u.Tags}, u, nil
}

func targetCreateUser(ctx context.Context, tx Tx, c *Caller, in *awsiam.CreateUserInput) (Target, error) {
	target := Target{ARN: arn(c.Account, "user", valueOr(in.Path, "/"), *in.UserName)}
	if len(in.Tags) > 0 {
		target.Also = []string{"TagUser"}
	}
	return withNewBoundary(ctx, tx, c, tagTarget(target, in.Tags), in.PermissionsBoundary)
}

// targetUpdateUser is the user under the old name and, if it is to move, under the new one: who may change users
// of one path only must not move one into another.
func targetUpdateUser(ctx context.Context, tx Tx, c *Caller, in *awsiam.UpdateUserInput) (Target, error) {
	target, err := userTarget(ctx, tx, c, in.UserName)
	if err != nil || in.NewUserName == nil && in.NewPath == nil {
		return target, err
	}
	old, _ := ParseARN(target.ARN)
	target.Beside = arn(c.Account, "user", valueOr(in.NewPath, old.Path), valueOr(in.NewUserName, old.Name))
	return target, nil
}

func targetPutUserBoundary(ctx context.Context, tx Tx, c *Caller, in *awsiam.PutUserPermissionsBoundaryInput) (Target, error) {
	target, err := userTarget(ctx, tx, c, in.UserName)
	if err != nil {
		return target, err
	}
	return withNewBoundary(ctx, tx, c, target, in.PermissionsBoundary)
}

// withBoundary adds iam:PermissionsBoundary: the boundary that a request sets, or that the entity has.
func withBoundary(target Target, arn string) Target {
	if arn != "" {
		target.Conditions = append(target.Conditions, Condition{Key: "iam:PermissionsBoundary", Values: []string{arn}})
	}
	return target
}
