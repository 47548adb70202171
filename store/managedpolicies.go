package store

import (
	"context"
	"errors"

	"github.com/sallyport-iam/sallyport/iam"
)

const policyColumns = `SELECT p.account, p.id, p.name, p.path, p.description, p.created, p.updated, p.default_version,
	p.last_version, p.tags FROM managed_policies p `

func scanPolicy(_ *tx, scan scanner) (p iam.ManagedPolicy, err error) {
	return p, scan(&p.Account, &p.ID, &p.Name, &p.Path, &p.Description, instant{&p.Created}, instant{&p.Updated},
		&p.DefaultVersion, &p.LastVersion, jsonColumn{&p.Tags})
}

func (t *tx) ManagedPolicy(_ context.Context, arn string) (*iam.ManagedPolicy, error) {
	name, ok := iam.ParseARN(arn)
	if !ok || name.Kind != "policy" {
		return nil, iam.ErrNotFound
	}
	return one(t, scanPolicy, policyColumns+`WHERE p.account = $1 AND p.name_key = $2 AND p.path = $3`,
		name.Account, nameKey(name.Name), name.Path)
}

var policiesQuery = policyColumns + `WHERE p.account = $1 AND p.name_key > $2 AND ` + inPath("p.path", "$3") +
	` ORDER BY p.name_key LIMIT $4`

func (t *tx) ManagedPolicies(_ context.Context, account string, page iam.Page) ([]iam.ManagedPolicy, error) {
	return list(t, scanPolicy, policiesQuery, account, nameKey(page.After), page.PathPrefix, limit(page))
}

func (t *tx) InsertManagedPolicy(_ context.Context, p *iam.ManagedPolicy) error {
	return t.insert(`INSERT INTO managed_policies (id, account, arn, name, name_key, path, description, created, updated,
		default_version, last_version, tags)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING`,
		p.ID, p.Account, p.ARN(), p.Name, nameKey(p.Name), p.Path, p.Description, millis(p.Created), millis(p.Updated),
		p.DefaultVersion, p.LastVersion, toJSON(p.Tags))
}

// UpdateManagedPolicy leaves name and path as they are: a policy keeps its ARN.
func (t *tx) UpdateManagedPolicy(_ context.Context, p *iam.ManagedPolicy) error {
	return t.change(`UPDATE managed_policies SET description = $3, updated = $4, default_version = $5, last_version = $6,
		tags = $7 WHERE id = $2 AND account = $1`,
		p.Account, p.ID, p.Description, millis(p.Updated), p.DefaultVersion, p.LastVersion, toJSON(p.Tags))
}

// DeleteManagedPolicy also deletes its versions and attachments.
func (t *tx) DeleteManagedPolicy(_ context.Context, account, id string) error {
	return t.change(`DELETE FROM managed_policies WHERE id = $2 AND account = $1`, account, id)
}

func scanVersion(_ *tx, scan scanner) (v iam.PolicyVersion, err error) {
	return v, scan(&v.Number, &v.Document, instant{&v.Created})
}

func (t *tx) PolicyVersions(_ context.Context, policyID string) ([]iam.PolicyVersion, error) {
	return list(t, scanVersion, `SELECT number, document, created FROM policy_versions
		WHERE policy_id = $1 ORDER BY number DESC`, policyID)
}

// InsertPolicyVersion returns ErrNotFound if there is no such policy.
func (t *tx) InsertPolicyVersion(_ context.Context, policyID string, v iam.PolicyVersion) error {
	var id string
	err := t.row(`SELECT id FROM managed_policies WHERE id = $1`, []any{policyID}, &id)
	if errors.Is(err, errNoRow) {
		return iam.ErrNotFound
	}
	if err != nil {
		return err
	}
	return t.insert(`INSERT INTO policy_versions (policy_id, number, document, created)
		VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, policyID, v.Number, v.Document, millis(v.Created))
}

func (t *tx) DeletePolicyVersion(_ context.Context, policyID string, number int) error {
	return t.change(`DELETE FROM policy_versions WHERE policy_id = $1 AND number = $2`, policyID, number)
}
