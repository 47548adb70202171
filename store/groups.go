package store

import (
	"context"

	"github.com/sallyport-iam/sallyport/iam"
)

const groupColumns = `SELECT g.account, g.id, g.name, g.path, g.created FROM groups g `

func scanGroup(_ *tx, scan scanner) (g iam.Group, err error) {
	return g, scan(&g.Account, &g.ID, &g.Name, &g.Path, instant{&g.Created})
}

func (t *tx) Group(_ context.Context, account, name string) (*iam.Group, error) {
	return one(t, scanGroup, groupColumns+`WHERE g.account = $1 AND g.name_key = $2`, account, nameKey(name))
}

var groupsQuery = groupColumns + `WHERE g.account = $1 AND g.name_key > $2 AND ` + inPath("g.path", "$3") +
	` ORDER BY g.name_key LIMIT $4`

func (t *tx) Groups(_ context.Context, account string, page iam.Page) ([]iam.Group, error) {
	return list(t, scanGroup, groupsQuery, account, nameKey(page.After), page.PathPrefix, limit(page))
}

func (t *tx) InsertGroup(_ context.Context, g *iam.Group) error {
	return t.insert(`INSERT INTO groups (id, account, name, name_key, path, created)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
		g.ID, g.Account, g.Name, nameKey(g.Name), g.Path, millis(g.Created))
}

func (t *tx) UpdateGroup(_ context.Context, g *iam.Group) error {
	if err := t.nameFree(`SELECT COUNT(*) FROM groups WHERE account = $1 AND name_key = $2 AND id <> $3`,
		g.Account, g.Name, g.ID); err != nil {
		return err
	}
	if err := t.change(`UPDATE groups SET name = $3, name_key = $4, path = $5 WHERE id = $2 AND account = $1`,
		g.Account, g.ID, g.Name, nameKey(g.Name), g.Path); err != nil {
		return err
	}
	return t.renameOwner(g.Account, g.ID, g.Name)
}

// DeleteGroup also deletes its memberships and policies.
func (t *tx) DeleteGroup(_ context.Context, account, id string) error {
	if err := t.change(`DELETE FROM groups WHERE id = $2 AND account = $1`, account, id); err != nil {
		return err
	}
	return t.deletePoliciesOf(account, id)
}

// AddGroupMember returns ErrNotFound unless both are of the account.
func (t *tx) AddGroupMember(_ context.Context, account, groupID, userID string) error {
	n, err := t.exec(`INSERT INTO group_members (group_id, user_id, user_key)
		SELECT g.id, u.id, u.name_key FROM groups g CROSS JOIN users u
		WHERE g.id = $2 AND g.account = $1 AND u.id = $3 AND u.account = $1
		ON CONFLICT DO NOTHING`, account, groupID, userID)
	if err != nil || n > 0 {
		return err
	}
	found, err := t.count(memberQuery, account, groupID, userID)
	if err == nil && found == 0 {
		return iam.ErrNotFound
	}
	return err
}

const memberQuery = `SELECT COUNT(*) FROM group_members m JOIN groups g ON g.id = m.group_id
	WHERE m.group_id = $2 AND m.user_id = $3 AND g.account = $1`

func (t *tx) RemoveGroupMember(_ context.Context, account, groupID, userID string) error {
	return t.change(`DELETE FROM group_members WHERE group_id = $2 AND user_id = $3
		AND EXISTS (SELECT 1 FROM groups WHERE id = $2 AND account = $1)`, account, groupID, userID)
}

var membersQuery = userColumns + `JOIN group_members m ON m.user_id = u.id
	WHERE m.group_id = $2 AND u.account = $1 AND m.user_key > $3 AND ` + inPath("u.path", "$4") +
	` ORDER BY m.user_key LIMIT $5`

func (t *tx) GroupMembers(_ context.Context, account, groupID string, page iam.Page) ([]iam.User, error) {
	return list(t, scanUser, membersQuery, account, groupID, nameKey(page.After), page.PathPrefix, limit(page))
}

// A user is in few groups, so they are sorted each time, and the page is cut off here: for ORDER BY with LIMIT
// SQLite makes a temporary B-tree, which costs more than all else on the way to a principal.
var groupsOfUserQuery = groupColumns + `JOIN group_members m ON m.group_id = g.id
	WHERE m.user_id = $2 AND g.account = $1 AND g.name_key > $3 AND ` + inPath("g.path", "$4") + ` ORDER BY g.name_key`

func (t *tx) GroupsOfUser(_ context.Context, account, userID string, page iam.Page) ([]iam.Group, error) {
	groups, err := list(t, scanGroup, groupsOfUserQuery, account, userID, nameKey(page.After), page.PathPrefix)
	return groups[:min(len(groups), limit(page))], err
}

// membership is a group with one of the users in it.
type membership struct {
	userID string
	iam.Group
}

func scanMembership(_ *tx, scan scanner) (m membership, err error) {
	return m, scan(&m.userID, &m.Account, &m.ID, &m.Name, &m.Path, instant{&m.Created})
}

func (t *tx) GroupsOfAll(_ context.Context, account string, userIDs []string) (map[string][]iam.Group, error) {
	groups := map[string][]iam.Group{}
	for users := range chunks(userIDs) {
		in, args := inList(2, users)
		some, err := list(t, scanMembership, `SELECT m.user_id, g.account, g.id, g.name, g.path, g.created FROM groups g
			JOIN group_members m ON m.group_id = g.id
			WHERE g.account = $1 AND m.user_id IN (`+in+`) ORDER BY m.user_id, g.name_key`, append([]any{account}, args...)...)
		if err != nil {
			return nil, err
		}
		for _, m := range some {
			groups[m.userID] = append(groups[m.userID], m.Group)
		}
	}
	return groups, nil
}
