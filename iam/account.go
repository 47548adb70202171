package iam

import (
	"context"
	"errors"
	"strings"
	"time"

	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/wire"
)

// Account is a world of its own: its users, roles and policies see nothing of another account unless a role's
// trust policy lets them in. Its root user is identified by the e-mail address.
type Account struct {
	ID        string // 12 digits
	RootEmail string // unique over all accounts, without regard to case
	Alias     string // "" if none; unique over all accounts
	Created   time.Time
}

// AccountStore keeps accounts.
type AccountStore interface {
	Account(ctx context.Context, id string) (*Account, error)
	AccountByAlias(ctx context.Context, alias string) (*Account, error)
	AccountByEmail(ctx context.Context, email string) (*Account, error)
	Accounts(ctx context.Context, page Page) ([]Account, error) // ordered by id, After is an id
	InsertAccount(ctx context.Context, a *Account) error
	UpdateAccount(ctx context.Context, a *Account) error
	// Count returns how many entities of a kind the account has: the numbers of GetAccountSummary and quotas.
	Count(ctx context.Context, account string, kind CountKind) (int, error)
}

// CountKind names something the store counts per account.
type CountKind string

// What is counted.
const (
	CountUsers              CountKind = "users"
	CountGroups             CountKind = "groups"
	CountRoles              CountKind = "roles"
	CountPolicies           CountKind = "policies"             // customer managed
	CountPolicyVersions     CountKind = "policy versions used" // distinct managed policies attached or set as boundary
	CountVirtualMFADevices  CountKind = "virtual mfa devices"  // assigned or not
	CountMFADevices         CountKind = "mfa devices"          // virtual ones, and others that are assigned
	CountMFADevicesAssigned CountKind = "mfa devices in use"
)

// CreateAccountAlias gives the account an alias, by which its users can find the sign-in page. An account has one:
// a new alias replaces the old one.
func (s *Service) CreateAccountAlias(ctx context.Context, tx Tx, c *Caller, in *awsiam.CreateAccountAliasInput) (*awsiam.CreateAccountAliasOutput, error) {
	alias := *in.AccountAlias
	if IsAccountID(alias) { // it would be taken for another account
		return nil, wire.Errorf("ValidationError", "The account alias must not be a 12-digit number.")
	}
	taken := wire.Errorf("EntityAlreadyExists", "The account alias %s already exists.", alias)
	if _, err := tx.AccountByAlias(ctx, alias); err == nil {
		return nil, taken
	} else if !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	a, err := tx.Account(ctx, c.Account)
	if err != nil {
		return nil, err
	}
	a.Alias = alias
	err = tx.UpdateAccount(ctx, a)
	if errors.Is(err, ErrExists) {
		return nil, taken
	}
	return &awsiam.CreateAccountAliasOutput{}, err
}

// DeleteAccountAlias takes the account's alias away, if it is the one named.
func (s *Service) DeleteAccountAlias(ctx context.Context, tx Tx, c *Caller, in *awsiam.DeleteAccountAliasInput) (*awsiam.DeleteAccountAliasOutput, error) {
	a, err := tx.Account(ctx, c.Account)
	if err != nil {
		return nil, err
	}
	if a.Alias != *in.AccountAlias {
		return nil, wire.Errorf("NoSuchEntity", "The Account Alias with name %s cannot be found.", *in.AccountAlias)
	}
	a.Alias = ""
	return &awsiam.DeleteAccountAliasOutput{}, tx.UpdateAccount(ctx, a)
}

// ListAccountAliases lists the account's alias, if it has one.
func (s *Service) ListAccountAliases(ctx context.Context, tx Tx, c *Caller, in *awsiam.ListAccountAliasesInput) (*awsiam.ListAccountAliasesOutput, error) {
	page, err := paging(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	a, err := tx.Account(ctx, c.Account)
	if err != nil {
		return nil, err
	}
	out := &awsiam.ListAccountAliasesOutput{AccountAliases: []string{}}
	if a.Alias > page.After {
		out.AccountAliases = append(out.AccountAliases, a.Alias)
	}
	return out, nil
}

// IsAccountID tells whether s has the form of an account id: 12 digits, not all of them 0.
func IsAccountID(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}
