package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/sallyport-iam/sallyport/iam"
)

func testChanges(t *testing.T, d Database) {
	s := d.Open(t)
	version := func(account string) int64 {
		return get(t, s, func(ctx context.Context, tx iam.Tx) (int64, error) { return tx.PolicyVersion(ctx, account) })
	}
	last := func() int64 {
		return get(t, s, func(ctx context.Context, tx iam.Tx) (int64, error) { return tx.LastChange(ctx) })
	}
	equal(t, "before the first", [3]int64{version(accountA), version(accountB), last()}, [3]int64{})

	var want []iam.Change
	for i, account := range []string{accountA, accountB, accountA, accountA, iam.BuiltinAccount} {
		id := fmt.Sprint("entity", i)
		update(t, s, func(ctx context.Context, tx iam.Tx) error {
			return tx.AppendChange(ctx, iam.Change{Account: account, ID: id, Sequence: 99, Version: 99})
		})
		want = append(want, iam.Change{Sequence: int64(i + 1), Account: account, Version: version(account), ID: id})
		equal(t, "last", last(), int64(i+1))
	}
	equal(t, "versions", [3]int64{version(accountA), version(accountB), version(iam.BuiltinAccount)}, [3]int64{3, 1, 1})
	after := func(seq int64, limit int) []iam.Change {
		return get(t, s, func(ctx context.Context, tx iam.Tx) ([]iam.Change, error) { return tx.ChangesAfter(ctx, seq, limit) })
	}
	equal(t, "all", after(0, 100), want)
	equal(t, "part", after(1, 2), want[1:3])
	equal(t, "none", after(5, 100), nil)

	// A change that is rolled back leaves no gap: whoever reads the numbers in order misses nothing.
	_ = s.Update(t.Context(), func(tx iam.Tx) error {
		if err := tx.AppendChange(t.Context(), iam.Change{Account: accountA, ID: "undone"}); err != nil {
			return err
		}
		return fmt.Errorf("refused")
	})
	equal(t, "after a rollback", [2]int64{version(accountA), last()}, [2]int64{3, 5})
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		return tx.AppendChange(ctx, iam.Change{Account: accountA, ID: "next"})
	})
	equal(t, "no gap", after(5, 9), []iam.Change{{Sequence: 6, Account: accountA, Version: 4, ID: "next"}})
}

// testIsolation makes the same entities in two accounts, changes and deletes them through the one, and wants
// the other's untouched. A look-up by another account's id finds nothing.
func testIsolation(t *testing.T, d Database) {
	s := d.Open(t)
	for _, account := range []string{accountA, accountB} {
		update(t, s, func(ctx context.Context, tx iam.Tx) error {
			u, r := user(account, "AIDA"+account, "same", "/"), role(account, "AROA"+account, "same", "/")
			p, g := policy(account, "ANPA"+account, "same", "/"), group(account, "AGPA"+account, "same", "/")
			return first(tx.InsertUser(ctx, u), tx.InsertGroup(ctx, g), tx.InsertRole(ctx, r), tx.InsertManagedPolicy(ctx, p),
				tx.InsertMFADevice(ctx, virtual(account, "same")),
				tx.InsertAccessKey(ctx, &iam.AccessKey{Account: account, ID: "AKIA" + account, OwnerID: u.ID, Secret: account}),
				tx.InsertLoginProfile(ctx, &iam.LoginProfile{Account: account, OwnerID: u.ID, Hash: account}),
				tx.PutPasswordPolicy(ctx, account, &iam.PasswordPolicy{MinimumLength: 10}),
				tx.AddGroupMember(ctx, account, g.ID, u.ID), tx.AttachPolicy(ctx, account, u.ID, p.ARN()),
				tx.PutInlinePolicy(ctx, account, u.ID, iam.InlinePolicy{Name: "same", Document: account}))
		})
	}
	notFound := func(what string, run func(ctx context.Context, tx iam.Tx) error) step {
		return step{what, iam.ErrNotFound, run}
	}
	steps(t, s,
		notFound("user by id", func(ctx context.Context, tx iam.Tx) error {
			_, err := tx.UserByID(ctx, accountA, "AIDA"+accountB)
			return err
		}),
		notFound("role by id", func(ctx context.Context, tx iam.Tx) error {
			_, err := tx.RoleByID(ctx, accountA, "AROA"+accountB)
			return err
		}),
		notFound("device", func(ctx context.Context, tx iam.Tx) error {
			_, err := tx.MFADevice(ctx, accountA, virtual(accountB, "same").Serial)
			return err
		}),
		notFound("lock", func(ctx context.Context, tx iam.Tx) error {
			_, err := tx.LockMFADevice(ctx, accountA, virtual(accountB, "same").Serial)
			return err
		}),
		notFound("login profile", func(ctx context.Context, tx iam.Tx) error {
			_, err := tx.LoginProfile(ctx, accountA, "AIDA"+accountB)
			return err
		}),
		notFound("update user", func(ctx context.Context, tx iam.Tx) error {
			return tx.UpdateUser(ctx, user(accountA, "AIDA"+accountB, "x", "/"))
		}),
		notFound("update group", func(ctx context.Context, tx iam.Tx) error {
			return tx.UpdateGroup(ctx, group(accountA, "AGPA"+accountB, "x", "/"))
		}),
		notFound("update role", func(ctx context.Context, tx iam.Tx) error {
			return tx.UpdateRole(ctx, role(accountA, "AROA"+accountB, "x", "/"))
		}),
		notFound("delete user", func(ctx context.Context, tx iam.Tx) error { return tx.DeleteUser(ctx, accountA, "AIDA"+accountB) }),
		notFound("delete group", func(ctx context.Context, tx iam.Tx) error { return tx.DeleteGroup(ctx, accountA, "AGPA"+accountB) }),
		notFound("delete role", func(ctx context.Context, tx iam.Tx) error { return tx.DeleteRole(ctx, accountA, "AROA"+accountB) }),
		notFound("delete policy", func(ctx context.Context, tx iam.Tx) error {
			return tx.DeleteManagedPolicy(ctx, accountA, "ANPA"+accountB)
		}),
		notFound("delete device", func(ctx context.Context, tx iam.Tx) error {
			return tx.DeleteMFADevice(ctx, accountA, virtual(accountB, "same").Serial)
		}),
		step{"delete own user", nil, func(ctx context.Context, tx iam.Tx) error { return tx.DeleteUser(ctx, accountA, "AIDA"+accountA) }},
		step{"delete own group", nil, func(ctx context.Context, tx iam.Tx) error { return tx.DeleteGroup(ctx, accountA, "AGPA"+accountA) }},
		step{"delete own role", nil, func(ctx context.Context, tx iam.Tx) error { return tx.DeleteRole(ctx, accountA, "AROA"+accountA) }},
		step{"delete own password policy", nil, func(ctx context.Context, tx iam.Tx) error { return tx.DeletePasswordPolicy(ctx, accountA) }},
	)
	view(t, s, func(ctx context.Context, tx iam.Tx) error {
		u, err1 := tx.User(ctx, accountB, "SAME")
		_, err2 := tx.Group(ctx, accountB, "same")
		_, err3 := tx.Role(ctx, accountB, "same")
		keys, err4 := tx.AccessKeys(ctx, accountB, "AIDA"+accountB)
		_, err5 := tx.LoginProfile(ctx, accountB, "AIDA"+accountB)
		_, err6 := tx.PasswordPolicy(ctx, accountB)
		members, err7 := tx.GroupMembers(ctx, accountB, "AGPA"+accountB, iam.Page{Limit: 9})
		texts, err8 := tx.AttachedPolicies(ctx, accountB, "AIDA"+accountB, iam.Page{Limit: 9})
		inline, err9 := tx.InlinePolicies(ctx, accountB, "AIDA"+accountB, iam.Page{Limit: 9})
		if err := first(err1, err2, err3, err4, err5, err6, err7, err8, err9); err != nil {
			return err
		}
		equal(t, "user", u.Account, accountB)
		equal(t, "keys, members, policies, inline", [4]int{len(keys), len(members), len(texts), len(inline)}, [4]int{1, 1, 1, 1})
		equal(t, "secret", keys[0].Secret, accountB)
		return nil
	})
	pages(t, s, "users of A", "", userName, nil, func(ctx context.Context, tx iam.Tx, page iam.Page) ([]iam.User, error) {
		return tx.Users(ctx, accountA, page)
	})
}
