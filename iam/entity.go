package iam

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/sallyport-iam/sallyport/wire"
)

// What operations on several kinds of entity share.

// changed announces that decisions which depend on the entities may now be others.
func changed(ctx context.Context, tx Tx, account string, ids ...string) error {
	for _, id := range ids {
		if err := tx.AppendChange(ctx, Change{Account: account, ID: id}); err != nil {
			return err
		}
	}
	return nil
}

// valueOr is what a request sends or, if it sends nothing, something else.
func valueOr(sent *string, otherwise string) string {
	if sent == nil {
		return otherwise
	}
	return *sent
}

// targetByName finds what a call is authorised against by the name or ARN of an entity. A missing entity goes by
// what was sent, so that only those allowed to see it learn that it is missing.
type targetByName func(ctx context.Context, tx Tx, c *Caller, name *string) (Target, error)

// on authorises against the entity that a call names.
func on[I any](find targetByName, name func(in *I) *string) TargetFunc[I] {
	return func(ctx context.Context, tx Tx, c *Caller, in *I) (Target, error) { return find(ctx, tx, c, name(in)) }
}

// under authorises against the path of a list.
func under[I any](kind string, prefix func(in *I) *string) TargetFunc[I] {
	return func(_ context.Context, _ Tx, c *Caller, in *I) (Target, error) {
		return Target{ARN: arn(c.Account, kind, valueOr(prefix(in), "/"), "")}, nil
	}
}

// tagging authorises against the entity that a call names, with the tags it sends in the conditions.
func tagging[I any](find targetByName, sent func(in *I) (name *string, tags []types.Tag)) TargetFunc[I] {
	return func(ctx context.Context, tx Tx, c *Caller, in *I) (Target, error) {
		name, tags := sent(in)
		target, err := find(ctx, tx, c, name)
		return tagTarget(target, tags), err
	}
}

// untagging authorises against the entity that a call names, with the keys it sends in the conditions.
func untagging[I any](find targetByName, sent func(in *I) (name *string, keys []string)) TargetFunc[I] {
	return func(ctx context.Context, tx Tx, c *Caller, in *I) (Target, error) {
		name, keys := sent(in)
		target, err := find(ctx, tx, c, name)
		return untagTarget(target, keys), err
	}
}

// AnyTarget is an operation on the account as a whole.
func AnyTarget[I any](context.Context, Tx, *Caller, *I) (Target, error) {
	return Target{ARN: "*"}, nil
}

// boundaryPolicy checks that a managed policy can be a permissions boundary, and returns its ARN as stored.
func boundaryPolicy(ctx context.Context, tx Tx, account, arn string) (string, error) {
	name, ok := ParseARN(arn)
	if !ok || name.Kind != "policy" {
		return "", wire.Errorf("InvalidInput", "ARN %s is not valid.", arn)
	}
	p, err := tx.ManagedPolicy(ctx, arn)
	if errors.Is(err, ErrNotFound) || err == nil && p.Account != account && p.Account != BuiltinAccount {
		return "", wire.Errorf("NoSuchEntity", "Scope ARN: %s does not exist or is not attachable.", arn)
	}
	if err != nil {
		return "", err
	}
	return p.ARN(), nil
}

// quotaExceeded is the answer to one thing too many of a kind (IAM User Guide, "IAM and AWS STS quotas").
func quotaExceeded(quota string, limit int) error {
	return wire.Errorf("LimitExceeded", "Cannot exceed quota for %s: %d", quota, limit)
}

func shownBoundary(arn string) *types.AttachedPermissionsBoundary {
	if arn == "" {
		return nil
	}
	return &types.AttachedPermissionsBoundary{
		PermissionsBoundaryType: types.PermissionsBoundaryAttachmentTypePolicy, PermissionsBoundaryArn: aws.String(arn),
	}
}

// escapeDocument writes a policy document as responses carry it: percent-encoded as in RFC 3986.
func escapeDocument(text string) *string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) {
		switch ch := text[i]; {
		case 'a' <= ch && ch <= 'z', 'A' <= ch && ch <= 'Z', '0' <= ch && ch <= '9', strings.IndexByte("-._~", ch) >= 0:
			b.WriteByte(ch)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[ch>>4])
			b.WriteByte(hex[ch&15])
		}
	}
	return aws.String(b.String())
}
