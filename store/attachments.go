package store

import (
	"context"
	"errors"
	"strings"

	"github.com/sallyport-iam/sallyport/iam"
)

// AttachPolicy returns ErrNotFound unless the account has the owner and the policy exists.
func (t *tx) AttachPolicy(ctx context.Context, account, ownerID, policyARN string) error {
	policy, err := t.ManagedPolicy(ctx, policyARN)
	if err != nil {
		return err
	}
	n, err := t.exec(`INSERT INTO attachments (account, owner_id, policy_id, kind, owner_key)
		SELECT account, id, CAST($3 AS TEXT), 'user', name_key FROM users WHERE id = $2 AND account = $1
		UNION ALL SELECT account, id, CAST($3 AS TEXT), 'group', name_key FROM groups WHERE id = $2 AND account = $1
		UNION ALL SELECT account, id, CAST($3 AS TEXT), 'role', name_key FROM roles WHERE id = $2 AND account = $1
		ON CONFLICT DO NOTHING`, account, ownerID, policy.ID)
	if err != nil || n > 0 {
		return err
	}
	found, err := t.count(`SELECT COUNT(*) FROM attachments WHERE account = $1 AND owner_id = $2 AND policy_id = $3`,
		account, ownerID, policy.ID)
	if err == nil && found == 0 {
		return iam.ErrNotFound
	}
	return err
}

func (t *tx) DetachPolicy(ctx context.Context, account, ownerID, policyARN string) error {
	policy, err := t.ManagedPolicy(ctx, policyARN)
	if err != nil {
		return err
	}
	return t.change(`DELETE FROM attachments WHERE account = $1 AND owner_id = $2 AND policy_id = $3`,
		account, ownerID, policy.ID)
}

// An owner has few attachments, so they are sorted each time. A builtin policy may have the name of one of the
// account's own, so the ARN is part of the order.
var attachedQuery = policyColumns + `JOIN attachments a ON a.policy_id = p.id
	WHERE a.account = $1 AND a.owner_id = $2 AND (p.name_key > $3 OR p.name_key = $3 AND p.arn > $4) AND ` +
	inPath("p.path", "$5") + ` ORDER BY p.name_key, p.arn LIMIT $6`

// AttachedPolicies takes as page.After a policy's name or, which goes on exactly even where two policies have
// one name, its ARN.
func (t *tx) AttachedPolicies(_ context.Context, account, ownerID string, page iam.Page) ([]iam.ManagedPolicy, error) {
	key, arn := nameKey(page.After), "\U0010FFFF" // after every ARN of that name
	if name, ok := iam.ParseARN(page.After); ok {
		key, arn = nameKey(name.Name), page.After
	}
	return list(t, scanPolicy, attachedQuery, account, ownerID, key, arn, page.PathPrefix, limit(page))
}

var (
	policyUsersQuery = userColumns + `JOIN attachments a ON a.owner_id = u.id
		WHERE a.policy_id = $2 AND a.account = $1 AND a.kind = 'user' AND a.owner_key > $3 AND ` + inPath("u.path", "$4") +
		` ORDER BY a.owner_key LIMIT $5`
	policyGroupsQuery = groupColumns + `JOIN attachments a ON a.owner_id = g.id
		WHERE a.policy_id = $2 AND a.account = $1 AND a.kind = 'group' AND a.owner_key > $3 AND ` + inPath("g.path", "$4") +
		` ORDER BY a.owner_key LIMIT $5`
	policyRolesQuery = roleColumns + `JOIN attachments a ON a.owner_id = r.id
		WHERE a.policy_id = $2 AND a.account = $1 AND a.kind = 'role' AND a.owner_key > $3 AND ` + inPath("r.path", "$4") +
		` ORDER BY a.owner_key LIMIT $5`
	boundedUsersQuery = userColumns + `WHERE u.account = $1 AND u.boundary = $2 AND u.boundary <> '' AND u.name_key > $3
		AND ` + inPath("u.path", "$4") + ` ORDER BY u.name_key LIMIT $5`
	boundedRolesQuery = roleColumns + `WHERE r.account = $1 AND r.boundary = $2 AND r.boundary <> '' AND r.name_key > $3
		AND ` + inPath("r.path", "$4") + ` ORDER BY r.name_key LIMIT $5`
)

func (t *tx) PolicyUsers(ctx context.Context, account, policyARN string, boundary bool, page iam.Page) ([]iam.User, error) {
	if boundary {
		return ownersOf(ctx, t, scanUser, boundedUsersQuery, account, policyARN, true, page)
	}
	return ownersOf(ctx, t, scanUser, policyUsersQuery, account, policyARN, false, page)
}

func (t *tx) PolicyGroups(ctx context.Context, account, policyARN string, page iam.Page) ([]iam.Group, error) {
	return ownersOf(ctx, t, scanGroup, policyGroupsQuery, account, policyARN, false, page)
}

func (t *tx) PolicyRoles(ctx context.Context, account, policyARN string, boundary bool, page iam.Page) ([]iam.Role, error) {
	if boundary {
		return ownersOf(ctx, t, scanRole, boundedRolesQuery, account, policyARN, true, page)
	}
	return ownersOf(ctx, t, scanRole, policyRolesQuery, account, policyARN, false, page)
}

// ownersOf lists the entities with a policy, none if there is no such policy. Attachments name it by its id,
// boundaries by its ARN.
func ownersOf[T any](ctx context.Context, t *tx, scan func(*tx, scanner) (T, error), query, account, policyARN string,
	boundary bool, page iam.Page) ([]T, error) {
	policy, err := t.ManagedPolicy(ctx, policyARN)
	if errors.Is(err, iam.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	key := policy.ID
	if boundary {
		key = policy.ARN()
	}
	return list(t, scan, query, account, key, nameKey(page.After), page.PathPrefix, limit(page))
}

func (t *tx) PolicyUse(ctx context.Context, account, policyARN string) (attachments, boundaries int, err error) {
	policy, err := t.ManagedPolicy(ctx, policyARN)
	if errors.Is(err, iam.ErrNotFound) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, err
	}
	err = t.row(`SELECT (SELECT COUNT(*) FROM attachments WHERE policy_id = $2 AND account = $1),
		(SELECT COUNT(*) FROM users WHERE account = $1 AND boundary = $3 AND boundary <> '') +
		(SELECT COUNT(*) FROM roles WHERE account = $1 AND boundary = $3 AND boundary <> '')`,
		[]any{account, policy.ID, policy.ARN()}, &attachments, &boundaries)
	return attachments, boundaries, err
}

func scanInline(_ *tx, scan scanner) (p iam.InlinePolicy, err error) {
	return p, scan(&p.Name, &p.Document)
}

func (t *tx) InlinePolicy(_ context.Context, account, ownerID, name string) (*iam.InlinePolicy, error) {
	return one(t, scanInline, `SELECT name, document FROM inline_policies
		WHERE account = $1 AND owner_id = $2 AND name_key = $3`, account, ownerID, nameKey(name))
}

func (t *tx) InlinePolicies(_ context.Context, account, ownerID string, page iam.Page) ([]iam.InlinePolicy, error) {
	return list(t, scanInline, `SELECT name, document FROM inline_policies
		WHERE account = $1 AND owner_id = $2 AND name_key > $3 ORDER BY name_key LIMIT $4`,
		account, ownerID, nameKey(page.After), limit(page))
}

func (t *tx) PutInlinePolicy(_ context.Context, account, ownerID string, p iam.InlinePolicy) error {
	_, err := t.exec(`INSERT INTO inline_policies (account, owner_id, name, name_key, document)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (account, owner_id, name_key) DO UPDATE SET document = excluded.document`,
		account, ownerID, p.Name, nameKey(p.Name), p.Document)
	return err
}

func (t *tx) DeleteInlinePolicy(_ context.Context, account, ownerID, name string) error {
	return t.change(`DELETE FROM inline_policies WHERE account = $1 AND owner_id = $2 AND name_key = $3`,
		account, ownerID, nameKey(name))
}

func scanText(_ *tx, scan scanner) (p iam.PolicyText, err error) {
	return p, scan(&p.OwnerID, &p.ARN, &p.Name, &p.Document)
}

// PoliciesOf orders by owner, inline before attached, name. An ARN in extra that names no policy is passed over.
func (t *tx) PoliciesOf(_ context.Context, account string, ownerIDs []string, extra ...string) ([]iam.PolicyText, error) {
	var texts []iam.PolicyText
	for owners := range chunks(ownerIDs) {
		in, args := inList(2, owners)
		query := strings.ReplaceAll(`SELECT owner_id, '' AS arn, name, document FROM inline_policies
			WHERE account = $1 AND owner_id IN (…)
			UNION ALL SELECT a.owner_id, p.arn, p.name, v.document FROM attachments a
			JOIN managed_policies p ON p.id = a.policy_id
			JOIN policy_versions v ON v.policy_id = p.id AND v.number = p.default_version
			WHERE a.account = $1 AND a.owner_id IN (…)
			ORDER BY 1, 2, 3`, "…", in)
		some, err := list(t, scanText, query, append([]any{account}, args...)...)
		if err != nil {
			return nil, err
		}
		texts = append(texts, some...)
	}
	for _, arn := range extra {
		name, ok := iam.ParseARN(arn)
		if !ok || name.Kind != "policy" || name.Account != account && name.Account != iam.BuiltinAccount {
			continue
		}
		some, err := list(t, scanText, `SELECT '', p.arn, p.name, v.document FROM managed_policies p
			JOIN policy_versions v ON v.policy_id = p.id AND v.number = p.default_version
			WHERE p.account = $1 AND p.name_key = $2 AND p.path = $3`, name.Account, nameKey(name.Name), name.Path)
		if err != nil {
			return nil, err
		}
		texts = append(texts, some...)
	}
	return texts, nil
}
