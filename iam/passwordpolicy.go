package iam

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/sallyport-iam/sallyport/wire"
)

// PasswordPolicy is what the account asks of its users' passwords. The zero value of a field asks nothing.
type PasswordPolicy struct {
	MinimumLength    int  `json:"minimumLength"` // 6 to 128
	RequireSymbols   bool `json:"requireSymbols,omitempty"`
	RequireNumbers   bool `json:"requireNumbers,omitempty"`
	RequireUppercase bool `json:"requireUppercase,omitempty"`
	RequireLowercase bool `json:"requireLowercase,omitempty"`
	AllowUsersChange bool `json:"allowUsersChange,omitempty"`
	MaxAgeDays       int  `json:"maxAgeDays,omitempty"`      // 1 to 1095
	ReusePrevention  int  `json:"reusePrevention,omitempty"` // 1 to 24 earlier passwords
	HardExpiry       bool `json:"hardExpiry,omitempty"`
	HardExpirySet    bool `json:"hardExpirySet,omitempty"` // the client sent HardExpiry, so it is shown again
}

// PasswordPolicyStore keeps one password policy per account.
type PasswordPolicyStore interface {
	PasswordPolicy(ctx context.Context, account string) (*PasswordPolicy, error)
	PutPasswordPolicy(ctx context.Context, account string, p *PasswordPolicy) error
	DeletePasswordPolicy(ctx context.Context, account string) error
}

const (
	// minPasswordLength is the shortest password that a policy which names no length lets through.
	minPasswordLength = 6
	// defaultPasswordLength is the shortest in an account without a policy.
	defaultPasswordLength = 8
	// maxReusePrevention is how many earlier passwords a policy can forbid, and so how many are remembered.
	maxReusePrevention = 24
)

// UpdateAccountPasswordPolicy sets the account's password policy. What the request leaves out falls back to its
// default, whatever the policy said before. Passwords that exist stay good.
func (s *Service) UpdateAccountPasswordPolicy(ctx context.Context, tx Tx, c *Caller, in *awsiam.UpdateAccountPasswordPolicyInput) (*awsiam.UpdateAccountPasswordPolicyOutput, error) {
	p := &PasswordPolicy{
		MinimumLength:    minPasswordLength,
		RequireSymbols:   in.RequireSymbols,
		RequireNumbers:   in.RequireNumbers,
		RequireUppercase: in.RequireUppercaseCharacters,
		RequireLowercase: in.RequireLowercaseCharacters,
		AllowUsersChange: in.AllowUsersToChangePassword,
		MaxAgeDays:       int(aws.ToInt32(in.MaxPasswordAge)),
		ReusePrevention:  int(aws.ToInt32(in.PasswordReusePrevention)),
		HardExpiry:       aws.ToBool(in.HardExpiry),
		HardExpirySet:    in.HardExpiry != nil,
	}
	if in.MinimumPasswordLength != nil {
		p.MinimumLength = int(*in.MinimumPasswordLength)
	}
	if err := tx.PutPasswordPolicy(ctx, c.Account, p); err != nil {
		return nil, err
	}
	return &awsiam.UpdateAccountPasswordPolicyOutput{}, changed(ctx, tx, c.Account, passwordPolicyChange(c.Account))
}

// GetAccountPasswordPolicy shows the account's password policy.
func (s *Service) GetAccountPasswordPolicy(ctx context.Context, tx Tx, c *Caller, _ *awsiam.GetAccountPasswordPolicyInput) (*awsiam.GetAccountPasswordPolicyOutput, error) {
	p, err := tx.PasswordPolicy(ctx, c.Account)
	if errors.Is(err, ErrNotFound) {
		return nil, wire.Errorf("NoSuchEntity", "The Password Policy with domain name %s cannot be found.", c.Account)
	}
	if err != nil {
		return nil, err
	}
	shown := &types.PasswordPolicy{
		MinimumPasswordLength:      aws.Int32(int32(p.MinimumLength)),
		RequireSymbols:             p.RequireSymbols,
		RequireNumbers:             p.RequireNumbers,
		RequireUppercaseCharacters: p.RequireUppercase,
		RequireLowercaseCharacters: p.RequireLowercase,
		AllowUsersToChangePassword: p.AllowUsersChange,
		ExpirePasswords:            p.MaxAgeDays > 0,
	}
	if p.MaxAgeDays > 0 {
		shown.MaxPasswordAge = aws.Int32(int32(p.MaxAgeDays))
	}
	if p.ReusePrevention > 0 {
		shown.PasswordReusePrevention = aws.Int32(int32(p.ReusePrevention))
	}
	if p.HardExpirySet {
		shown.HardExpiry = aws.Bool(p.HardExpiry)
	}
	return &awsiam.GetAccountPasswordPolicyOutput{PasswordPolicy: shown}, nil
}

// DeleteAccountPasswordPolicy removes the account's password policy; the default rules apply again.
func (s *Service) DeleteAccountPasswordPolicy(ctx context.Context, tx Tx, c *Caller, _ *awsiam.DeleteAccountPasswordPolicyInput) (*awsiam.DeleteAccountPasswordPolicyOutput, error) {
	err := tx.DeletePasswordPolicy(ctx, c.Account)
	if errors.Is(err, ErrNotFound) {
		return nil, wire.Errorf("NoSuchEntity", "The account policy with name PasswordPolicy cannot be found.")
	}
	if err != nil {
		return nil, err
	}
	return &awsiam.DeleteAccountPasswordPolicyOutput{}, changed(ctx, tx, c.Account, passwordPolicyChange(c.Account))
}

// passwordPolicyChange is the id under which a change of the account's password policy is announced.
func passwordPolicyChange(account string) string { return passwordPolicyPrefix + account }

// accountOfPasswordPolicy is the account whose password policy a change is about.
func accountOfPasswordPolicy(change string) (account string, ok bool) {
	return strings.CutPrefix(change, passwordPolicyPrefix)
}

const passwordPolicyPrefix = "password-policy/"

// passwordPolicy is the account's password policy, nil if it has none.
func passwordPolicy(ctx context.Context, tx Tx, account string) (*PasswordPolicy, error) {
	p, err := tx.PasswordPolicy(ctx, account)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return p, err
}

// Expires is when a password set at changed must be replaced; the zero time is never. p may be nil.
func (p *PasswordPolicy) Expires(changed time.Time) time.Time {
	if p == nil || p.MaxAgeDays == 0 {
		return time.Time{}
	}
	return changed.AddDate(0, 0, p.MaxAgeDays)
}

// remembers is how many earlier passwords a new one must differ from. p may be nil.
func (p *PasswordPolicy) remembers() int {
	if p == nil {
		return 0
	}
	return p.ReusePrevention
}

// check answers PasswordPolicyViolation to a password that the policy does not let through. Without a policy (nil)
// the rules are a length of 8 and three of the four classes of characters, and that it is none of the names, in
// whatever case (IAM User Guide, "Set an account password policy for IAM users").
func (p *PasswordPolicy) check(password string, names ...string) error {
	least := defaultPasswordLength
	if p != nil {
		least = p.MinimumLength
	}
	if utf8.RuneCountInString(password) < least {
		return wire.Errorf("PasswordPolicyViolation", "Password should have a minimum length of %d", least)
	}
	classes := []struct {
		name       string
		characters string
		required   bool
	}{
		{"uppercase letter", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", p != nil && p.RequireUppercase},
		{"lowercase letter", "abcdefghijklmnopqrstuvwxyz", p != nil && p.RequireLowercase},
		{"number", "0123456789", p != nil && p.RequireNumbers},
		{"symbol", "!@#$%^&*()_+-=[]{}|'", p != nil && p.RequireSymbols},
	}
	var missing []string
	for _, class := range classes {
		if strings.ContainsAny(password, class.characters) {
			continue
		}
		if class.required {
			return wire.Errorf("PasswordPolicyViolation", "Password should have at least one %s", class.name)
		}
		missing = append(missing, class.name)
	}
	if p != nil {
		return nil
	}
	if len(missing) > 1 {
		return wire.Errorf("PasswordPolicyViolation", "Password should meet %d more of the following requirements: %s",
			len(missing)-1, strings.Join(missing, ", "))
	}
	for _, name := range names {
		if name != "" && strings.EqualFold(password, name) {
			return wire.Errorf("PasswordPolicyViolation", "Password should not be the account's name or e-mail address")
		}
	}
	return nil
}
