package store

import (
	"context"
	"fmt"

	"github.com/sallyport-iam/sallyport/iam"
)

const accountColumns = `SELECT id, email, COALESCE(alias, ''), created FROM accounts `

func scanAccount(_ *tx, scan scanner) (a iam.Account, err error) {
	return a, scan(&a.ID, &a.RootEmail, &a.Alias, instant{&a.Created})
}

func (t *tx) Account(_ context.Context, id string) (*iam.Account, error) {
	return one(t, scanAccount, accountColumns+`WHERE id = $1`, id)
}

func (t *tx) AccountByAlias(_ context.Context, alias string) (*iam.Account, error) {
	return one(t, scanAccount, accountColumns+`WHERE alias = $1`, nameKey(alias))
}

func (t *tx) AccountByEmail(_ context.Context, email string) (*iam.Account, error) {
	return one(t, scanAccount, accountColumns+`WHERE email_key = $1`, nameKey(email))
}

func (t *tx) Accounts(_ context.Context, page iam.Page) ([]iam.Account, error) {
	return list(t, scanAccount, accountColumns+`WHERE id > $1 ORDER BY id LIMIT $2`, page.After, limit(page))
}

func (t *tx) InsertAccount(_ context.Context, a *iam.Account) error {
	return t.insert(`INSERT INTO accounts (id, email, email_key, alias, created)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		a.ID, a.RootEmail, nameKey(a.RootEmail), orNull(nameKey(a.Alias)), millis(a.Created))
}

func (t *tx) UpdateAccount(_ context.Context, a *iam.Account) error {
	taken, err := t.count(`SELECT COUNT(*) FROM accounts WHERE id <> $1 AND (email_key = $2 OR alias = $3)`,
		a.ID, nameKey(a.RootEmail), orNull(nameKey(a.Alias)))
	if err != nil {
		return err
	}
	if taken > 0 {
		return iam.ErrExists
	}
	return t.change(`UPDATE accounts SET email = $2, email_key = $3, alias = $4 WHERE id = $1`,
		a.ID, a.RootEmail, nameKey(a.RootEmail), orNull(nameKey(a.Alias)))
}

// orNull makes NULL of "", of which a unique column may hold many.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

var countQueries = map[iam.CountKind]string{
	iam.CountUsers:    `SELECT COUNT(*) FROM users WHERE account = $1`,
	iam.CountGroups:   `SELECT COUNT(*) FROM groups WHERE account = $1`,
	iam.CountRoles:    `SELECT COUNT(*) FROM roles WHERE account = $1`,
	iam.CountPolicies: `SELECT COUNT(*) FROM managed_policies WHERE account = $1`,
	// UNION makes them distinct.
	iam.CountPolicyVersions: `SELECT COUNT(*) FROM (
		SELECT policy_id FROM attachments WHERE account = $1
		UNION SELECT p.id FROM users u JOIN managed_policies p ON p.arn = u.boundary WHERE u.account = $1 AND u.boundary <> ''
		UNION SELECT p.id FROM roles r JOIN managed_policies p ON p.arn = r.boundary WHERE r.account = $1 AND r.boundary <> ''
		) AS used`,
	iam.CountVirtualMFADevices: `SELECT COUNT(*) FROM mfa_devices WHERE account = $1 AND kind = 'virtual'`,
	iam.CountMFADevices: `SELECT (SELECT COUNT(*) FROM mfa_devices WHERE account = $1 AND kind = 'virtual') +
		(SELECT COUNT(*) FROM mfa_devices WHERE account = $1 AND owner_id <> '' AND kind <> 'virtual')`,
	iam.CountMFADevicesAssigned: `SELECT COUNT(*) FROM mfa_devices WHERE account = $1 AND owner_id <> ''`,
}

func (t *tx) Count(_ context.Context, account string, kind iam.CountKind) (int, error) {
	query, ok := countQueries[kind]
	if !ok {
		return 0, fmt.Errorf("store: nothing is counted as %q", kind)
	}
	return t.count(query, account)
}
