package store

import (
	"cmp"
	"context"
	"slices"

	"github.com/sallyport-iam/sallyport/iam"
)

// A principal with all that decides for it is one statement, because on the way to a decision every round trip to the
// database counts. The rows of its parts have the same columns, and part says what a row is.
//
// The two statements differ in how they find whom: by an access key, or by the id of the principal. Policies come in
// no order from the database, whose ORDER BY would cost more than the rest; they are few and sorted here.
//
// CROSS JOIN keeps SQLite to the order in which they stand: from the user to the groups and on to what is theirs. It would
// begin with all attachments of the account otherwise. LIMIT keeps it from looking up the key for every part anew.
const (
	byKeyQuery = `WITH who AS (SELECT account, owner_id, active, sealed FROM access_keys WHERE id = $1 LIMIT 1)
		SELECT 'key' AS part, w.owner_id AS id, w.account AS name, '' AS path, '' AS arn, '' AS body, w.active AS number, w.sealed
		FROM who w
		UNION ALL ` + partsOfPrincipal

	byPrincipalQuery = `WITH who AS (SELECT CAST($1 AS TEXT) AS account, CAST($2 AS TEXT) AS owner_id LIMIT 1) ` + partsOfPrincipal

	partsOfPrincipal = `
		SELECT 'version' AS part, '' AS id, '' AS name, '' AS path, '' AS arn, '' AS body, c.value AS number, CAST(NULL AS BYTEA) AS sealed
		FROM who w CROSS JOIN counters c WHERE c.name = 'policy/' || w.account
		UNION ALL SELECT 'root', a.id, '', '', '', '', 0, CAST(NULL AS BYTEA)
		FROM who w CROSS JOIN accounts a WHERE a.id = w.owner_id AND a.id = w.account
		UNION ALL SELECT 'user', u.id, u.name, u.path, u.boundary, u.tags, 0, CAST(NULL AS BYTEA)
		FROM who w CROSS JOIN users u WHERE u.id = w.owner_id AND u.account = w.account
		UNION ALL SELECT 'role', r.id, r.name, r.path, r.boundary, r.tags, 0, CAST(NULL AS BYTEA)
		FROM who w CROSS JOIN roles r WHERE r.id = w.owner_id AND r.account = w.account
		UNION ALL SELECT 'group', g.id, '', '', '', '', 0, CAST(NULL AS BYTEA)
		FROM who w CROSS JOIN group_members m CROSS JOIN groups g
		WHERE m.user_id = w.owner_id AND g.id = m.group_id AND g.account = w.account
		UNION ALL SELECT 'policy', i.owner_id, i.name, '', '', i.document, 0, CAST(NULL AS BYTEA)
		FROM who w CROSS JOIN inline_policies i WHERE i.account = w.account AND i.owner_id = w.owner_id
		UNION ALL SELECT 'policy', i.owner_id, i.name, '', '', i.document, 0, CAST(NULL AS BYTEA)
		FROM who w CROSS JOIN group_members m CROSS JOIN groups g CROSS JOIN inline_policies i
		WHERE m.user_id = w.owner_id AND g.id = m.group_id AND g.account = w.account AND i.account = w.account AND i.owner_id = g.id
		UNION ALL SELECT 'policy', a.owner_id, p.name, '', p.arn, v.document, 0, CAST(NULL AS BYTEA)
		FROM who w CROSS JOIN attachments a CROSS JOIN managed_policies p CROSS JOIN policy_versions v
		WHERE a.account = w.account AND a.owner_id = w.owner_id
			AND p.id = a.policy_id AND v.policy_id = p.id AND v.number = p.default_version
		UNION ALL SELECT 'policy', a.owner_id, p.name, '', p.arn, v.document, 0, CAST(NULL AS BYTEA)
		FROM who w CROSS JOIN group_members m CROSS JOIN groups g CROSS JOIN attachments a
			CROSS JOIN managed_policies p CROSS JOIN policy_versions v
		WHERE m.user_id = w.owner_id AND g.id = m.group_id AND g.account = w.account AND a.account = w.account AND a.owner_id = g.id
			AND p.id = a.policy_id AND v.policy_id = p.id AND v.number = p.default_version
		UNION ALL SELECT 'boundary', '', p.name, '', p.arn, v.document, 0, CAST(NULL AS BYTEA)
		FROM who w CROSS JOIN users u CROSS JOIN managed_policies p CROSS JOIN policy_versions v
		WHERE u.id = w.owner_id AND u.account = w.account
			AND p.arn = u.boundary AND v.policy_id = p.id AND v.number = p.default_version
		UNION ALL SELECT 'boundary', '', p.name, '', p.arn, v.document, 0, CAST(NULL AS BYTEA)
		FROM who w CROSS JOIN roles r CROSS JOIN managed_policies p CROSS JOIN policy_versions v
		WHERE r.id = w.owner_id AND r.account = w.account
			AND p.arn = r.boundary AND v.policy_id = p.id AND v.number = p.default_version
		UNION ALL SELECT 'password policy', '', '', '', '', s.policy, 0, CAST(NULL AS BYTEA)
		FROM who w CROSS JOIN password_policies s WHERE s.account = w.account`
)

var partKinds = map[string]iam.Kind{"root": iam.RootUser, "user": iam.IAMUser, "role": iam.IAMRole}

// readPrincipal runs one of the queries, whose rows may come in any order. Without a principal of p's kind, or without
// the key, if one is asked for, it returns iam.ErrNotFound.
func (t *tx) readPrincipal(p *iam.PrincipalRecord, key *iam.AccessKey, query string, args ...any) error {
	var found uint // a bit for each kind
	var sealedKey []byte
	if err := t.rows(query, args, func(scan scanner) error {
		var part, id, name, path, arn, body string
		var number int64
		var sealed []byte
		if err := scan(&part, &id, &name, &path, &arn, &body, &number, &sealed); err != nil {
			return err
		}
		switch part {
		case "key":
			key.OwnerID, key.Account, key.Active, sealedKey = id, name, number != 0, sealed
			p.Account, p.ID, p.Kind = name, id, iam.OwnerKind(name, id)
		case "version":
			p.PolicyVersion = number
		case "root", "user", "role":
			found |= 1 << partKinds[part]
			p.Name, p.Path, p.BoundaryARN = name, path, arn
			return jsonColumn{&p.Tags}.Scan(body)
		case "group":
			p.Groups = append(p.Groups, id)
		case "policy":
			p.Policies = append(p.Policies, iam.PolicyText{OwnerID: id, ARN: arn, Name: name, Document: body})
		case "boundary":
			p.Boundary = &iam.PolicyText{ARN: arn, Name: name, Document: body}
		case "password policy":
			var settings iam.PasswordPolicy
			if err := (jsonColumn{&settings}).Scan(body); err != nil {
				return err
			}
			p.UsersChangePassword = settings.AllowUsersChange
		}
		return nil
	}); err != nil {
		return err
	}
	if found&(1<<p.Kind) == 0 {
		return iam.ErrNotFound
	}
	slices.Sort(p.Groups)
	slices.SortFunc(p.Policies, func(a, b iam.PolicyText) int {
		return cmp.Or(cmp.Compare(a.OwnerID, b.OwnerID), cmp.Compare(a.ARN, b.ARN), cmp.Compare(a.Name, b.Name))
	})
	if key == nil {
		return nil
	}
	secret, err := t.unseal(sealedKey, "access_keys", key.Account, key.ID)
	key.Secret = string(secret)
	return err
}

func (t *tx) KeyRecord(_ context.Context, accessKeyID string) (*iam.AccessKey, *iam.PrincipalRecord, error) {
	key, owner := &iam.AccessKey{ID: accessKeyID}, &iam.PrincipalRecord{}
	if err := t.readPrincipal(owner, key, byKeyQuery, accessKeyID); err != nil {
		return nil, nil, err
	}
	return key, owner, nil
}

func (t *tx) PrincipalRecord(_ context.Context, account string, kind iam.Kind, id string) (*iam.PrincipalRecord, error) {
	p := &iam.PrincipalRecord{Account: account, Kind: kind, ID: id}
	if err := t.readPrincipal(p, nil, byPrincipalQuery, account, id); err != nil {
		return nil, err
	}
	return p, nil
}
