package iam

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/sallyport-iam/sallyport/policy"
	"github.com/sallyport-iam/sallyport/wire"
)

// DescribeUsersInput names the users of a page.
type DescribeUsersInput struct{ UserNames []string }

// maxDescribed is how many users one DescribeUsers is about.
const maxDescribed = 100

// DescribeUsersOutput has the users in the order of the request.
type DescribeUsersOutput struct{ Users []UserDescription }

// UserDescription is what a row of a users page shows. A part that the caller may not see is nil, and Denied has its
// AccessDenied message.
type UserDescription struct {
	UserName   string                 // as it was sent
	Groups     []string               `json:",omitzero"`
	MFADevices []DeviceDescription    `json:",omitzero"`
	Password   *PasswordDescription   `json:",omitempty"`
	AccessKeys []AccessKeyDescription `json:",omitzero"`
	Denied     map[string]string      `json:",omitempty"` // by a key of describedParts
}

// DeviceDescription is an MFA device of a user.
type DeviceDescription struct {
	SerialNumber   string
	EnableDate     time.Time
	Kind           DeviceKind
	Certifications map[string]string `json:",omitempty"` // of a security key
}

// PasswordDescription tells of a password; Exists is false if there is none.
type PasswordDescription struct {
	Exists        bool
	Changed       time.Time `json:",omitzero"`
	LastUsed      time.Time `json:",omitzero"`
	ResetRequired bool
}

// AccessKeyDescription is an access key of a user, without its secret.
type AccessKeyDescription struct {
	AccessKeyId string
	Status      types.StatusType
	CreateDate  time.Time
	LastUsed    time.Time `json:",omitzero"`
}

// Keys of [UserDescription.Denied]: parts of a description, and details of what is in a part. Each is authorised as the
// operation of the wire that tells it.
const (
	partGroups           = "Groups"
	partDevices          = "MFADevices"
	detailCertifications = "Certifications"
	partPassword         = "Password"
	detailPasswordUsed   = "PasswordLastUsed"
	partAccessKeys       = "AccessKeys"
	detailAccessKeyUsed  = "AccessKeyLastUsed"
)

var describedBy = map[string]string{
	partGroups:           "iam:ListGroupsForUser",
	partDevices:          "iam:ListMFADevices",
	detailCertifications: "iam:GetMFADevice",
	partPassword:         "iam:GetLoginProfile",
	detailPasswordUsed:   "iam:GetUser",
	partAccessKeys:       "iam:ListAccessKeys",
	detailAccessKeyUsed:  "iam:GetAccessKeyLastUsed",
}

// DescribeUsers answers at once, of one moment, what a page of users would otherwise ask of the wire user by user. The
// row evaluates no policy; every part of every user is authorised here, as its own operation would be.
//
// Of a name that there is no user for, the wire's operations tell so only to those they are allowed to. So it is left
// out if any of them is allowed on it, and otherwise looks like a user of whom nothing may be seen.
func (s *Service) DescribeUsers(ctx context.Context, tx Tx, c *Caller, in *DescribeUsersInput) (*DescribeUsersOutput, error) {
	if err := checkList("userNames", in.UserNames, maxDescribed); err != nil {
		return nil, err
	}
	for _, name := range in.UserNames {
		if err := checkUserName("userNames", &name); err != nil {
			return nil, err
		}
	}
	users, err := tx.UsersNamed(ctx, c.Account, in.UserNames)
	if err != nil {
		return nil, err
	}
	ids := transform(users, func(u User) string { return u.ID })
	has, err := credentialsOf(ctx, tx, c.Account, ids)
	if err != nil {
		return nil, err
	}
	groups, err := tx.GroupsOfAll(ctx, c.Account, ids)
	if err != nil {
		return nil, err
	}
	byName := make(map[string]*User, len(users))
	for i := range users {
		byName[strings.ToLower(users[i].Name)] = &users[i]
	}
	out := &DescribeUsersOutput{Users: make([]UserDescription, 0, len(in.UserNames))}
	for _, name := range in.UserNames {
		u, exists := byName[strings.ToLower(name)]
		if !exists {
			u = &User{Account: c.Account, Path: "/", Name: name}
		}
		d := s.describe(c, u, name)
		d.addGroups(groups[u.ID])
		d.addDevices(has.devices[u.ID])
		profile, hasPassword := has.passwords[u.ID]
		d.addPassword(profile, hasPassword)
		d.addAccessKeys(has.keys[u.ID])
		if exists || d.allDenied() {
			out.Users = append(out.Users, d.UserDescription)
		}
	}
	return out, nil
}

// description is a UserDescription under way.
type description struct {
	UserDescription
	may func(action, shown string) error // authorises the caller for an action on the user
}

// describe begins the description of a user whom the request calls name.
func (s *Service) describe(c *Caller, u *User, name string) *description {
	principal := c.policyPrincipal()
	target := Target{ARN: u.ARN(), Tags: u.Tags}
	request := policy.Request{Principal: principal, Context: c.conditions(s.Now(), &principal, &target)}
	return &description{
		UserDescription: UserDescription{UserName: name},
		may: func(action, shown string) error {
			target := target
			target.Shown = shown
			return s.evaluate(c, action, &target, request)
		},
	}
}

// allows tells whether the caller may see a part, and notes the refusal if not.
func (d *description) allows(part string) bool { return d.allowsOn(part, "user "+d.UserName) }

func (d *description) allowsOn(part, shown string) bool {
	err := d.may(describedBy[part], shown)
	if err == nil {
		return true
	}
	if d.Denied == nil {
		d.Denied = make(map[string]string)
	}
	var refusal *wire.Error
	if errors.As(err, &refusal) {
		d.Denied[part] = refusal.Message
	}
	return false
}

func (d *description) allDenied() bool {
	return d.Groups == nil && d.MFADevices == nil && d.Password == nil && d.AccessKeys == nil
}

func (d *description) addGroups(groups []Group) {
	if d.allows(partGroups) {
		d.Groups = transform(groups, func(g Group) string { return g.Name })
	}
}

func (d *description) addDevices(devices []MFADevice) {
	if !d.allows(partDevices) {
		return
	}
	d.MFADevices = make([]DeviceDescription, 0, len(devices))
	for _, device := range devices {
		shown := DeviceDescription{SerialNumber: device.Serial, EnableDate: device.Enabled, Kind: device.Kind}
		if device.Key != nil && d.allows(detailCertifications) {
			shown.Certifications = device.Key.Certifications
		}
		d.MFADevices = append(d.MFADevices, shown)
	}
}

func (d *description) addPassword(p LoginProfile, exists bool) {
	if !d.allows(partPassword) {
		return
	}
	d.Password = &PasswordDescription{Exists: exists, Changed: p.Changed, ResetRequired: p.ResetRequired}
	if exists && d.allows(detailPasswordUsed) { // used or not: a refusal must not tell
		d.Password.LastUsed = p.LastUsed
	}
}

func (d *description) addAccessKeys(keys []AccessKey) {
	if !d.allows(partAccessKeys) {
		return
	}
	d.AccessKeys = make([]AccessKeyDescription, 0, len(keys))
	for _, k := range keys {
		shown := AccessKeyDescription{AccessKeyId: k.ID, Status: k.status(), CreateDate: k.Created}
		if d.allowsOn(detailAccessKeyUsed, "access key "+k.ID) {
			shown.LastUsed = k.LastUse.Time
		}
		d.AccessKeys = append(d.AccessKeys, shown)
	}
}
