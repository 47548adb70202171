package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/sallyport-iam/sallyport/iam"
)

func testUsersNamed(t *testing.T, d Database) {
	s := d.Open(t)
	alice, bob, zoe := user(accountA, "U1", "Alice", "/staff/"), user(accountA, "U2", "bob", "/"), user(accountA, "U3", "Zoe", "/")
	alice.Tags = []iam.Tag{{Key: "team", Value: "ops"}}
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		return first(tx.InsertUser(ctx, zoe), tx.InsertUser(ctx, bob), tx.InsertUser(ctx, alice),
			tx.InsertUser(ctx, user(accountB, "UB", "carol", "/")))
	})
	for _, test := range []struct {
		name  string
		names []string
		want  []iam.User
	}{
		{"nobody", nil, nil},
		{"one that is missing", []string{"nobody"}, nil},
		{"in any case and any order, each once", []string{"BOB", "alice", "ALICE", "bob"}, []iam.User{*alice, *bob}},
		{"of another account", []string{"carol", "Zoe"}, []iam.User{*zoe}},
		{"with what a pattern would match", []string{"%", "al_ce", ""}, nil},
	} {
		equal(t, test.name, get(t, s, func(ctx context.Context, tx iam.Tx) ([]iam.User, error) {
			return tx.UsersNamed(ctx, accountA, test.names)
		}), test.want)
	}

	// More names than fit one list of placeholders.
	var names []string
	for i := range 1000 {
		names = append(names, fmt.Sprint("nobody", i))
	}
	names[0], names[500], names[999] = "alice", "bob", "zoe"
	found := get(t, s, func(ctx context.Context, tx iam.Tx) ([]iam.User, error) { return tx.UsersNamed(ctx, accountA, names) })
	equal(t, "among a thousand", found, []iam.User{*alice, *bob, *zoe})
}

func testGroupsOfAll(t *testing.T, d Database) {
	s := d.Open(t)
	one, two, other := group(accountA, "G1", "one", "/"), group(accountA, "G2", "Two", "/x/"), group(accountB, "GB", "b", "/")
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		return first(
			tx.InsertGroup(ctx, two), tx.InsertGroup(ctx, one), tx.InsertGroup(ctx, other),
			tx.InsertUser(ctx, user(accountA, "U1", "alice", "/")), tx.InsertUser(ctx, user(accountA, "U2", "bob", "/")),
			tx.InsertUser(ctx, user(accountB, "UB", "carol", "/")),
			tx.AddGroupMember(ctx, accountA, "G2", "U1"), tx.AddGroupMember(ctx, accountA, "G1", "U1"),
			tx.AddGroupMember(ctx, accountB, "GB", "UB"),
		)
	})
	of := func(ids ...string) map[string][]iam.Group {
		return get(t, s, func(ctx context.Context, tx iam.Tx) (map[string][]iam.Group, error) {
			return tx.GroupsOfAll(ctx, accountA, ids)
		})
	}
	equal(t, "of nobody", of(), map[string][]iam.Group{})
	equal(t, "of who is in none", of("U2", "U9"), map[string][]iam.Group{})
	equal(t, "of many, by name, none of another account", of("U2", "UB", "U1", "U1"), map[string][]iam.Group{"U1": {*one, *two}})
}
