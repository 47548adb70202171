package iam

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/sallyport-iam/sallyport/wire"
)

// AccessKey is a long-term credential of a user (OwnerID is its unique id) or of root (the account id).
type AccessKey struct {
	Account string
	ID      string // AKIA…, unique over all accounts
	OwnerID string
	Secret  string // sealed by the store
	Active  bool
	Created time.Time
	LastUse AccessKeyUse
}

// AccessKeyUse is when and for what a key signed last.
type AccessKeyUse struct {
	Time    time.Time // zero if never
	Region  string
	Service string
}

// AccessKeyStore keeps access keys.
type AccessKeyStore interface {
	AccessKey(ctx context.Context, id string) (*AccessKey, error)
	AccessKeys(ctx context.Context, account, ownerID string) ([]AccessKey, error) // by id
	// AccessKeysOfAll returns the keys of many owners, by owner, each owner's by id.
	AccessKeysOfAll(ctx context.Context, account string, ownerIDs []string) (map[string][]AccessKey, error)
	InsertAccessKey(ctx context.Context, k *AccessKey) error
	SetAccessKeyActive(ctx context.Context, account, id string, active bool) error
	DeleteAccessKey(ctx context.Context, account, id string) error
	// RecordAccessKeyUse stores the last use of many keys at once; unknown ids are passed over.
	RecordAccessKeyUse(ctx context.Context, uses map[string]AccessKeyUse) error
}

// maxAccessKeys is how many access keys a user or root can have, active or not (IAM User Guide, "IAM and AWS STS
// quotas").
const maxAccessKeys = 2

// newAccessKey makes a key with an id of 20 characters and a secret of 40, as AWS's are: 80 and 240 random bits.
func newAccessKey(account, ownerID string, now time.Time) *AccessKey {
	var secret [30]byte
	rand.Read(secret[:])
	return &AccessKey{
		Account: account, OwnerID: ownerID, Active: true, Created: now,
		ID:     newID(prefixAccessKey)[:20],
		Secret: base64.StdEncoding.EncodeToString(secret[:]),
	}
}

// CreateAccessKey makes a key for a user, by default the caller, root included. Its secret is shown here and
// never again.
func (s *Service) CreateAccessKey(ctx context.Context, tx Tx, c *Caller, in *awsiam.CreateAccessKeyInput) (*awsiam.CreateAccessKeyOutput, error) {
	ownerID, ownerName, err := credentialOwner(ctx, tx, c, in.UserName)
	if err != nil {
		return nil, err
	}
	keys, err := tx.AccessKeys(ctx, c.Account, ownerID)
	if err != nil {
		return nil, err
	}
	if len(keys) >= maxAccessKeys {
		return nil, wire.Errorf("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: %d", maxAccessKeys)
	}
	k := newAccessKey(c.Account, ownerID, s.Now())
	if err := tx.InsertAccessKey(ctx, k); err != nil {
		return nil, err
	}
	return &awsiam.CreateAccessKeyOutput{AccessKey: &types.AccessKey{
		UserName: ownerName, AccessKeyId: aws.String(k.ID), SecretAccessKey: aws.String(k.Secret),
		Status: k.status(), CreateDate: aws.Time(k.Created),
	}}, changed(ctx, tx, c.Account, k.ID)
}

// ListAccessKeys lists the keys of a user, by default the caller, root included.
func (s *Service) ListAccessKeys(ctx context.Context, tx Tx, c *Caller, in *awsiam.ListAccessKeysInput) (*awsiam.ListAccessKeysOutput, error) {
	page, err := paging(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	ownerID, ownerName, err := credentialOwner(ctx, tx, c, in.UserName)
	if err != nil {
		return nil, err
	}
	keys, err := tx.AccessKeys(ctx, c.Account, ownerID)
	if err != nil {
		return nil, err
	}
	keys = slices.DeleteFunc(keys, func(k AccessKey) bool { return page.After != "" && k.ID <= page.After })
	keys, truncated, marker := cut(keys[:min(len(keys), page.Limit)], page, func(k AccessKey) string { return k.ID })
	return &awsiam.ListAccessKeysOutput{
		AccessKeyMetadata: transform(keys, func(k AccessKey) types.AccessKeyMetadata {
			return types.AccessKeyMetadata{
				UserName: ownerName, AccessKeyId: aws.String(k.ID), Status: k.status(), CreateDate: aws.Time(k.Created),
			}
		}),
		IsTruncated: truncated, Marker: marker,
	}, nil
}

// UpdateAccessKey switches a key on or off. A key that is off signs nothing.
func (s *Service) UpdateAccessKey(ctx context.Context, tx Tx, c *Caller, in *awsiam.UpdateAccessKeyInput) (*awsiam.UpdateAccessKeyOutput, error) {
	if in.Status != types.StatusTypeActive && in.Status != types.StatusTypeInactive {
		return nil, wire.Errorf("InvalidInput", "The status of an access key must be Active or Inactive.")
	}
	k, err := ownedAccessKey(ctx, tx, c, in.UserName, *in.AccessKeyId)
	if err != nil {
		return nil, err
	}
	if err := tx.SetAccessKeyActive(ctx, c.Account, k.ID, in.Status == types.StatusTypeActive); err != nil {
		return nil, err
	}
	return &awsiam.UpdateAccessKeyOutput{}, changed(ctx, tx, c.Account, k.ID, k.OwnerID) // the owner too: requests under way look again
}

// DeleteAccessKey deletes a key for good.
func (s *Service) DeleteAccessKey(ctx context.Context, tx Tx, c *Caller, in *awsiam.DeleteAccessKeyInput) (*awsiam.DeleteAccessKeyOutput, error) {
	k, err := ownedAccessKey(ctx, tx, c, in.UserName, *in.AccessKeyId)
	if err != nil {
		return nil, err
	}
	if err := tx.DeleteAccessKey(ctx, c.Account, k.ID); err != nil {
		return nil, err
	}
	return &awsiam.DeleteAccessKeyOutput{}, changed(ctx, tx, c.Account, k.ID, k.OwnerID) // the owner too: requests under way look again
}

// GetAccessKeyLastUsed tells whose a key is, and when and for what it signed last, to within the interval in
// which uses are written ([KeyUses]).
func (s *Service) GetAccessKeyLastUsed(ctx context.Context, tx Tx, c *Caller, in *awsiam.GetAccessKeyLastUsedInput) (*awsiam.GetAccessKeyLastUsedOutput, error) {
	k, err := visibleAccessKey(ctx, tx, c, *in.AccessKeyId)
	if err != nil {
		return nil, err
	}
	out := &awsiam.GetAccessKeyLastUsedOutput{AccessKeyLastUsed: &types.AccessKeyLastUsed{
		Region: aws.String("N/A"), ServiceName: aws.String("N/A"),
	}}
	if use := k.LastUse; !use.Time.IsZero() {
		out.AccessKeyLastUsed = &types.AccessKeyLastUsed{
			LastUsedDate: aws.Time(use.Time), Region: aws.String(use.Region), ServiceName: aws.String(use.Service),
		}
	}
	if k.OwnerID == k.Account {
		return out, nil
	}
	u, err := tx.UserByID(ctx, k.Account, k.OwnerID)
	if err != nil {
		return nil, err
	}
	out.UserName = aws.String(u.Name)
	return out, nil
}

func (k *AccessKey) status() types.StatusType {
	if k.Active {
		return types.StatusTypeActive
	}
	return types.StatusTypeInactive
}

// credentialOwner finds whose credentials a request is about: the user it names, or the caller, who may be root.
// The name is nil for root, which has none.
func credentialOwner(ctx context.Context, tx Tx, c *Caller, userName *string) (id string, name *string, err error) {
	if userName == nil && c.Kind == RootUser && c.IsUser() {
		return c.Account, nil, nil
	}
	u, err := userOrCaller(ctx, tx, c, userName)
	if err != nil {
		return "", nil, err
	}
	return u.ID, &u.Name, nil
}

// ownedAccessKey finds a key of the user a request names, or of the caller. Ids are made here and are unique over
// all accounts, but another owner's key is not told from one that doesn't exist.
func ownedAccessKey(ctx context.Context, tx Tx, c *Caller, userName *string, id string) (*AccessKey, error) {
	ownerID, _, err := credentialOwner(ctx, tx, c, userName)
	if err != nil {
		return nil, err
	}
	k, err := tx.AccessKey(ctx, id)
	if errors.Is(err, ErrNotFound) || err == nil && (k.Account != c.Account || k.OwnerID != ownerID) {
		return nil, wire.Errorf("NoSuchEntity", "The Access Key with id %s cannot be found.", id)
	}
	return k, err
}

// visibleAccessKey finds a key of the caller's account. AWS answers AccessDenied for every other, in a sentence
// that lacks the colon of its ordinary refusals.
func visibleAccessKey(ctx context.Context, tx Tx, c *Caller, id string) (*AccessKey, error) {
	k, err := tx.AccessKey(ctx, id)
	if errors.Is(err, ErrNotFound) || err == nil && k.Account != c.Account {
		return nil, wire.Errorf("AccessDenied",
			"User: %s is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key %s", c.UserARN(), id)
	}
	return k, err
}

// targetAccessKeyOwner is the owner of a key. A refusal names the key only: who owns it is what was asked.
func targetAccessKeyOwner(ctx context.Context, tx Tx, c *Caller, in *awsiam.GetAccessKeyLastUsedInput) (Target, error) {
	k, err := visibleAccessKey(ctx, tx, c, *in.AccessKeyId)
	if err != nil {
		return Target{}, err
	}
	target := Target{ARN: RootARN(c.Account)}
	if k.OwnerID != k.Account {
		u, err := tx.UserByID(ctx, k.Account, k.OwnerID)
		if err != nil {
			return Target{}, err
		}
		target.ARN, target.Tags = u.ARN(), u.Tags
	}
	target.Shown = "access key " + k.ID
	return target, nil
}
