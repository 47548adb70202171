package store

import (
	"context"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
)

const roleColumns = `SELECT r.account, r.id, r.name, r.path, r.description, r.created, r.max_session, r.trust,
	r.trusted_ids, r.boundary, r.tags, r.last_used FROM roles r `

func scanRole(_ *tx, scan scanner) (r iam.Role, err error) {
	var seconds int64
	err = scan(&r.Account, &r.ID, &r.Name, &r.Path, &r.Description, instant{&r.Created}, &seconds, &r.TrustPolicy,
		jsonColumn{&r.TrustedIDs}, &r.BoundaryARN, jsonColumn{&r.Tags}, instant{&r.LastUsed})
	r.MaxSessionDuration = time.Duration(seconds) * time.Second
	return r, err
}

func (t *tx) Role(_ context.Context, account, name string) (*iam.Role, error) {
	return one(t, scanRole, roleColumns+`WHERE r.account = $1 AND r.name_key = $2`, account, nameKey(name))
}

func (t *tx) RoleByID(_ context.Context, account, id string) (*iam.Role, error) {
	return one(t, scanRole, roleColumns+`WHERE r.id = $2 AND r.account = $1`, account, id)
}

var rolesQuery = roleColumns + `WHERE r.account = $1 AND r.name_key > $2 AND ` + inPath("r.path", "$3") +
	` ORDER BY r.name_key LIMIT $4`

func (t *tx) Roles(_ context.Context, account string, page iam.Page) ([]iam.Role, error) {
	return list(t, scanRole, rolesQuery, account, nameKey(page.After), page.PathPrefix, limit(page))
}

func (t *tx) InsertRole(_ context.Context, r *iam.Role) error {
	return t.insert(`INSERT INTO roles (id, account, name, name_key, path, description, created, max_session, trust,
		trusted_ids, boundary, tags, last_used)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING`,
		r.ID, r.Account, r.Name, nameKey(r.Name), r.Path, r.Description, millis(r.Created),
		int64(r.MaxSessionDuration/time.Second), r.TrustPolicy, toJSON(r.TrustedIDs), r.BoundaryARN, toJSON(r.Tags),
		millis(r.LastUsed))
}

func (t *tx) UpdateRole(_ context.Context, r *iam.Role) error {
	if err := t.nameFree(`SELECT COUNT(*) FROM roles WHERE account = $1 AND name_key = $2 AND id <> $3`,
		r.Account, r.Name, r.ID); err != nil {
		return err
	}
	if err := t.change(`UPDATE roles SET name = $3, name_key = $4, path = $5, description = $6, max_session = $7,
		trust = $8, trusted_ids = $9, boundary = $10, tags = $11, last_used = $12 WHERE id = $2 AND account = $1`,
		r.Account, r.ID, r.Name, nameKey(r.Name), r.Path, r.Description, int64(r.MaxSessionDuration/time.Second),
		r.TrustPolicy, toJSON(r.TrustedIDs), r.BoundaryARN, toJSON(r.Tags), millis(r.LastUsed)); err != nil {
		return err
	}
	return t.renameOwner(r.Account, r.ID, r.Name)
}

// DeleteRole also deletes its policies.
func (t *tx) DeleteRole(_ context.Context, account, id string) error {
	if err := t.change(`DELETE FROM roles WHERE id = $2 AND account = $1`, account, id); err != nil {
		return err
	}
	return t.deletePoliciesOf(account, id)
}
