package store

import (
	"context"

	"github.com/sallyport-iam/sallyport/iam"
)

// Reads of what a page of users has, in a number of queries that doesn't grow with the page.

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
