package store

import (
	"context"

	"github.com/sallyport-iam/sallyport/iam"
)

const userColumns = `SELECT u.account, u.id, u.name, u.path, u.created, u.boundary, u.tags FROM users u `

func scanUser(_ *tx, scan scanner) (u iam.User, err error) {
	return u, scan(&u.Account, &u.ID, &u.Name, &u.Path, instant{&u.Created}, &u.BoundaryARN, jsonColumn{&u.Tags})
}

func (t *tx) User(_ context.Context, account, name string) (*iam.User, error) {
	return one(t, scanUser, userColumns+`WHERE u.account = $1 AND u.name_key = $2`, account, nameKey(name))
}

func (t *tx) UserByID(_ context.Context, account, id string) (*iam.User, error) {
	return one(t, scanUser, userColumns+`WHERE u.id = $2 AND u.account = $1`, account, id)
}

var usersQuery = userColumns + `WHERE u.account = $1 AND u.name_key > $2 AND ` + inPath("u.path", "$3") +
	` ORDER BY u.name_key LIMIT $4`

func (t *tx) Users(_ context.Context, account string, page iam.Page) ([]iam.User, error) {
	return list(t, scanUser, usersQuery, account, nameKey(page.After), page.PathPrefix, limit(page))
}

func (t *tx) UsersNamed(_ context.Context, account string, names []string) ([]iam.User, error) {
	keys := make([]string, len(names))
	for i, name := range names {
		keys[i] = nameKey(name)
	}
	var users []iam.User
	for some := range chunks(keys) {
		in, args := inList(2, some)
		found, err := list(t, scanUser, userColumns+`WHERE u.account = $1 AND u.name_key IN (`+in+`) ORDER BY u.name_key`,
			append([]any{account}, args...)...)
		if err != nil {
			return nil, err
		}
		users = append(users, found...)
	}
	return users, nil
}

func (t *tx) InsertUser(_ context.Context, u *iam.User) error {
	return t.insert(`INSERT INTO users (id, account, name, name_key, path, created, boundary, tags)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
		u.ID, u.Account, u.Name, nameKey(u.Name), u.Path, millis(u.Created), u.BoundaryARN, toJSON(u.Tags))
}

func (t *tx) UpdateUser(_ context.Context, u *iam.User) error {
	if err := t.nameFree(`SELECT COUNT(*) FROM users WHERE account = $1 AND name_key = $2 AND id <> $3`,
		u.Account, u.Name, u.ID); err != nil {
		return err
	}
	if err := t.change(`UPDATE users SET name = $3, name_key = $4, path = $5, boundary = $6, tags = $7
		WHERE id = $2 AND account = $1`,
		u.Account, u.ID, u.Name, nameKey(u.Name), u.Path, u.BoundaryARN, toJSON(u.Tags)); err != nil {
		return err
	}
	if _, err := t.exec(`UPDATE group_members SET user_key = $2 WHERE user_id = $1 AND user_key <> $2`,
		u.ID, nameKey(u.Name)); err != nil {
		return err
	}
	return t.renameOwner(u.Account, u.ID, u.Name)
}

// DeleteUser also deletes all that is the user's: memberships, policies, access keys, password, sign-ins and
// security keys. Its other MFA devices become unassigned.
func (t *tx) DeleteUser(_ context.Context, account, id string) error {
	if err := t.change(`DELETE FROM users WHERE id = $2 AND account = $1`, account, id); err != nil {
		return err
	}
	for _, query := range []string{
		`DELETE FROM access_keys WHERE account = $1 AND owner_id = $2`,
		`DELETE FROM login_profiles WHERE account = $1 AND owner_id = $2`,
		`DELETE FROM sign_ins WHERE account = $1 AND owner_id = $2`,
		`DELETE FROM mfa_devices WHERE account = $1 AND owner_id = $2 AND owner_id <> '' AND kind = 'fido'`,
		`UPDATE mfa_devices SET owner_id = '', enabled = 0 WHERE account = $1 AND owner_id = $2 AND owner_id <> ''`,
	} {
		if _, err := t.exec(query, account, id); err != nil {
			return err
		}
	}
	return t.deletePoliciesOf(account, id)
}

// nameFree returns iam.ErrExists if query counts another entity with the name.
func (t *tx) nameFree(query, account, name, id string) error {
	taken, err := t.count(query, account, nameKey(name), id)
	if err == nil && taken > 0 {
		return iam.ErrExists
	}
	return err
}

// renameOwner keeps the order in which a policy lists its owners.
func (t *tx) renameOwner(account, id, name string) error {
	_, err := t.exec(`UPDATE attachments SET owner_key = $3 WHERE account = $1 AND owner_id = $2 AND owner_key <> $3`,
		account, id, nameKey(name))
	return err
}

// deletePoliciesOf deletes the inline policies and attachments of an owner.
func (t *tx) deletePoliciesOf(account, id string) error {
	if _, err := t.exec(`DELETE FROM inline_policies WHERE account = $1 AND owner_id = $2`, account, id); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM attachments WHERE account = $1 AND owner_id = $2`, account, id)
	return err
}
