package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/sallyport-iam/sallyport/iam"
)

// testDirectory compares what the one statement of a principal returns with what is asked piece by piece.
func testDirectory(t *testing.T, d Database) {
	s := d.Open(t)
	root := iam.AccessKey{Account: accountA, ID: "AKIA0", OwnerID: accountA, Secret: "root's", Active: true}
	key := iam.AccessKey{Account: accountA, ID: "AKIA1", OwnerID: "AIDA1", Secret: "secret/+=", Active: false}
	ownerless := iam.AccessKey{Account: accountA, ID: "AKIA2", OwnerID: "AIDA9", Secret: "x", Active: true}
	alice, admin := user(accountA, "AIDA1", "Alice", "/a/"), role(accountA, "AROA1", "admin", "/r/")
	limit, attached, common := policy(accountA, "ANPA1", "limit", "/"), policy(accountA, "ANPA2", "attached", "/x/"), policy(iam.BuiltinAccount, "ANPA3", "attached", "/")
	alice.Tags, alice.BoundaryARN = []iam.Tag{{Key: "team", Value: "é"}}, limit.ARN()
	admin.BoundaryARN = common.ARN()
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		err := first(tx.InsertAccount(ctx, &iam.Account{ID: accountA, RootEmail: "a@example.com", Created: day(0)}),
			tx.InsertUser(ctx, alice), tx.InsertUser(ctx, user(accountA, "AIDA2", "bob", "/")), tx.InsertRole(ctx, admin),
			tx.InsertUser(ctx, user(accountB, "AIDA3", "alice", "/")),
			tx.InsertGroup(ctx, group(accountA, "AGPA2", "devs", "/")), tx.InsertGroup(ctx, group(accountA, "AGPA1", "ops", "/")),
			tx.InsertGroup(ctx, group(accountA, "AGPA3", "others", "/")),
			tx.AddGroupMember(ctx, accountA, "AGPA1", "AIDA1"), tx.AddGroupMember(ctx, accountA, "AGPA2", "AIDA1"),
			tx.AddGroupMember(ctx, accountA, "AGPA3", "AIDA2"),
			tx.InsertAccessKey(ctx, &root), tx.InsertAccessKey(ctx, &key), tx.InsertAccessKey(ctx, &ownerless))
		for _, p := range []*iam.ManagedPolicy{limit, attached, common} {
			p.DefaultVersion, p.LastVersion = 2, 3
			err = first(err, tx.InsertManagedPolicy(ctx, p))
			for n := range 3 {
				err = first(err, tx.InsertPolicyVersion(ctx, p.ID, iam.PolicyVersion{Number: n + 1, Document: p.ARN() + " v" + string('1'+rune(n))}))
			}
		}
		for _, owner := range []string{"AIDA1", "AIDA2", "AGPA1", "AGPA2", "AGPA3", "AROA1"} {
			err = first(err, tx.AttachPolicy(ctx, accountA, owner, common.ARN()), tx.AttachPolicy(ctx, accountA, owner, attached.ARN()),
				tx.PutInlinePolicy(ctx, accountA, owner, iam.InlinePolicy{Name: "z", Document: owner + " z"}),
				tx.PutInlinePolicy(ctx, accountA, owner, iam.InlinePolicy{Name: "B", Document: owner + " B"}))
		}
		return first(err, tx.AppendChange(ctx, iam.Change{Account: accountA, ID: "x"}), tx.AppendChange(ctx, iam.Change{Account: accountA, ID: "y"}),
			tx.AppendChange(ctx, iam.Change{Account: accountB, ID: "z"}))
	})
	texts := func(owners ...string) []iam.PolicyText {
		return get(t, s, func(ctx context.Context, tx iam.Tx) (all []iam.PolicyText, err error) {
			all, err = tx.PoliciesOf(ctx, accountA, owners)
			slices.SortFunc(all, func(a, b iam.PolicyText) int {
				return slices.Compare([]string{a.OwnerID, a.ARN, a.Name}, []string{b.OwnerID, b.ARN, b.Name})
			})
			return all, err
		})
	}
	read := func(account string, kind iam.Kind, id string) *iam.PrincipalRecord {
		return get(t, s, func(ctx context.Context, tx iam.Tx) (*iam.PrincipalRecord, error) {
			return tx.PrincipalRecord(ctx, account, kind, id)
		})
	}
	wantAlice := &iam.PrincipalRecord{
		Account: accountA, Kind: iam.IAMUser, ID: "AIDA1", Name: "Alice", Path: "/a/", Tags: alice.Tags, BoundaryARN: limit.ARN(),
		Boundary: &iam.PolicyText{ARN: limit.ARN(), Name: "limit", Document: limit.ARN() + " v2"},
		Groups:   []string{"AGPA1", "AGPA2"}, Policies: texts("AGPA1", "AGPA2", "AIDA1"), PolicyVersion: 2,
	}
	equal(t, "policies of Alice and her groups", len(wantAlice.Policies), 12)
	equal(t, "user", read(accountA, iam.IAMUser, "AIDA1"), wantAlice)
	equal(t, "role", read(accountA, iam.IAMRole, "AROA1"), &iam.PrincipalRecord{
		Account: accountA, Kind: iam.IAMRole, ID: "AROA1", Name: "admin", Path: "/r/", Tags: admin.Tags, BoundaryARN: common.ARN(),
		Boundary: &iam.PolicyText{ARN: common.ARN(), Name: "attached", Document: common.ARN() + " v2"},
		Policies: texts("AROA1"), PolicyVersion: 2,
	})
	wantRoot := &iam.PrincipalRecord{Account: accountA, Kind: iam.RootUser, ID: accountA, PolicyVersion: 2}
	equal(t, "root", read(accountA, iam.RootUser, accountA), wantRoot)
	equal(t, "a user without anything", read(accountB, iam.IAMUser, "AIDA3"),
		&iam.PrincipalRecord{Account: accountB, Kind: iam.IAMUser, ID: "AIDA3", Name: "alice", Path: "/", PolicyVersion: 1,
			Tags: user(accountB, "AIDA3", "alice", "/").Tags, BoundaryARN: user(accountB, "AIDA3", "alice", "/").BoundaryARN})

	byKey := func(id string) (k *iam.AccessKey, owner *iam.PrincipalRecord) {
		view(t, s, func(ctx context.Context, tx iam.Tx) (err error) {
			k, owner, err = tx.KeyRecord(ctx, id)
			return err
		})
		return k, owner
	}
	gotKey, owner := byKey("AKIA1")
	equal(t, "key", gotKey, &key)
	equal(t, "its owner", owner, wantAlice)
	gotKey, owner = byKey("AKIA0")
	equal(t, "root's key", gotKey, &root)
	equal(t, "root", owner, wantRoot)

	// The setting is for all users of the account.
	for _, allowed := range []bool{true, false} {
		update(t, s, func(ctx context.Context, tx iam.Tx) error {
			return tx.PutPasswordPolicy(ctx, accountA, &iam.PasswordPolicy{MinimumLength: 8, AllowUsersChange: allowed})
		})
		equal(t, "users change their passwords", read(accountA, iam.IAMUser, "AIDA2").UsersChangePassword, allowed)
	}

	for what, p := range map[string]struct {
		account string
		kind    iam.Kind
		id      string
	}{
		"no user": {accountA, iam.IAMUser, "AIDA9"}, "no role": {accountA, iam.IAMRole, "AROA9"}, "no account": {accountB, iam.RootUser, accountB},
		"a user as a role": {accountA, iam.IAMRole, "AIDA1"}, "a role as a user": {accountA, iam.IAMUser, "AROA1"},
		"a user as root": {accountA, iam.RootUser, "AIDA1"}, "root as a user": {accountA, iam.IAMUser, accountA},
		"a group": {accountA, iam.IAMUser, "AGPA1"}, "another account's user": {accountB, iam.IAMUser, "AIDA1"},
		"another account's root": {accountB, iam.RootUser, accountA}, "no kind": {accountA, 200, "AIDA1"},
	} {
		missing(t, s, what, func(ctx context.Context, tx iam.Tx) (*iam.PrincipalRecord, error) {
			return tx.PrincipalRecord(ctx, p.account, p.kind, p.id)
		})
	}
	for what, id := range map[string]string{"no key": "AKIA9", "in lower case": "akia1", "a key without an owner": "AKIA2", "": ""} {
		view(t, s, func(ctx context.Context, tx iam.Tx) error {
			if _, _, err := tx.KeyRecord(ctx, id); !errors.Is(err, iam.ErrNotFound) {
				t.Errorf("%s: %v, want iam.ErrNotFound", what, err)
			}
			_, err := tx.AccessKey(ctx, "AKIA1") // the transaction goes on
			return err
		})
	}
}
