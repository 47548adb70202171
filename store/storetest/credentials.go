package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/sallyport-iam/sallyport/iam"
)

func testAccessKeys(t *testing.T, d Database) {
	s := d.Open(t)
	k := &iam.AccessKey{Account: accountA, ID: "AKIA2", OwnerID: "AIDA1", Secret: "secret/+=", Active: true, Created: day(0)}
	earlier := &iam.AccessKey{Account: accountA, ID: "AKIA1", OwnerID: "AIDA1", Secret: "s", Created: day(1),
		LastUse: iam.AccessKeyUse{Time: day(2), Region: "us-east-1", Service: "sts"}}
	steps(t, s,
		step{"insert", nil, func(ctx context.Context, tx iam.Tx) error { return tx.InsertAccessKey(ctx, k) }},
		step{"id taken, by another account too", iam.ErrExists, func(ctx context.Context, tx iam.Tx) error {
			return tx.InsertAccessKey(ctx, &iam.AccessKey{Account: accountB, ID: "AKIA2", OwnerID: "x", Secret: "x"})
		}},
		step{"second", nil, func(ctx context.Context, tx iam.Tx) error { return tx.InsertAccessKey(ctx, earlier) }},
		step{"of root", nil, func(ctx context.Context, tx iam.Tx) error {
			return tx.InsertAccessKey(ctx, &iam.AccessKey{Account: accountA, ID: "AKIA0", OwnerID: accountA, Secret: "r"})
		}},
		step{"status of none", iam.ErrNotFound, func(ctx context.Context, tx iam.Tx) error {
			return tx.SetAccessKeyActive(ctx, accountA, "AKIA9", false)
		}},
		step{"status through another account", iam.ErrNotFound, func(ctx context.Context, tx iam.Tx) error {
			return tx.SetAccessKeyActive(ctx, accountB, "AKIA2", false)
		}},
		step{"deletion through another account", iam.ErrNotFound, func(ctx context.Context, tx iam.Tx) error {
			return tx.DeleteAccessKey(ctx, accountB, "AKIA2")
		}},
	)
	byID := func(id string) func(context.Context, iam.Tx) (*iam.AccessKey, error) {
		return func(ctx context.Context, tx iam.Tx) (*iam.AccessKey, error) { return tx.AccessKey(ctx, id) }
	}
	of := func(owner string) []iam.AccessKey {
		return get(t, s, func(ctx context.Context, tx iam.Tx) ([]iam.AccessKey, error) {
			return tx.AccessKeys(ctx, accountA, owner)
		})
	}
	equal(t, "by id", get(t, s, byID("AKIA2")), k)
	missing(t, s, "id in lower case", byID("akia2"))
	equal(t, "of the user", of("AIDA1"), []iam.AccessKey{*earlier, *k})
	equal(t, "of nobody", of("AIDA9"), nil)
	many := get(t, s, func(ctx context.Context, tx iam.Tx) (map[string][]iam.AccessKey, error) {
		return tx.AccessKeysOfAll(ctx, accountA, []string{accountA, "AIDA1", "AIDA9"})
	})
	equal(t, "of many", [3]any{len(many), len(many[accountA]), many["AIDA1"]}, [3]any{2, 1, []iam.AccessKey{*earlier, *k}})

	use := iam.AccessKeyUse{Time: day(3), Region: "eu-north-1", Service: "iam"}
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		return first(tx.SetAccessKeyActive(ctx, accountA, "AKIA2", false),
			tx.RecordAccessKeyUse(ctx, map[string]iam.AccessKeyUse{"AKIA2": use, "AKIA1": {Time: day(1)}, "AKIA9": use}))
	})
	k.Active, k.LastUse = false, use
	equal(t, "used", get(t, s, byID("AKIA2")), k)
	equal(t, "a last use never moves back", get(t, s, byID("AKIA1")), earlier)
	update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.DeleteAccessKey(ctx, accountA, "AKIA2") })
	missing(t, s, "deleted", byID("AKIA2"))
}

func testLoginProfiles(t *testing.T, d Database) {
	s := d.Open(t)
	p := &iam.LoginProfile{Account: accountA, OwnerID: "AIDA1", Hash: "$argon2id$…", History: []string{"h1", "h2"},
		Created: day(0), Changed: day(1), LastUsed: day(2), ResetRequired: true}
	byOwner := func(ctx context.Context, tx iam.Tx) (*iam.LoginProfile, error) {
		return tx.LoginProfile(ctx, accountA, "AIDA1")
	}
	steps(t, s,
		step{"update of none", iam.ErrNotFound, func(ctx context.Context, tx iam.Tx) error { return tx.UpdateLoginProfile(ctx, p) }},
		step{"insert", nil, func(ctx context.Context, tx iam.Tx) error { return tx.InsertLoginProfile(ctx, p) }},
		step{"insert again", iam.ErrExists, func(ctx context.Context, tx iam.Tx) error { return tx.InsertLoginProfile(ctx, p) }},
		step{"deletion of none", iam.ErrNotFound, func(ctx context.Context, tx iam.Tx) error { return tx.DeleteLoginProfile(ctx, accountB, "AIDA1") }},
	)
	equal(t, "stored", get(t, s, byOwner), p)
	p.Hash, p.History, p.Changed, p.LastUsed, p.ResetRequired = "new", nil, day(3), day(0).AddDate(-60, 0, 0), false
	owners := []string{"AIDA1", "AIDA2"}
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		for i := range 300 {
			owner := fmt.Sprint("MANY", i)
			owners = append(owners, owner)
			if err := tx.InsertLoginProfile(ctx, &iam.LoginProfile{Account: accountA, OwnerID: owner}); err != nil {
				return err
			}
		}
		return tx.UpdateLoginProfile(ctx, p)
	})
	equal(t, "changed", get(t, s, byOwner), p)
	many := get(t, s, func(ctx context.Context, tx iam.Tx) (map[string]iam.LoginProfile, error) {
		return tx.LoginProfiles(ctx, accountA, owners)
	})
	equal(t, "of many", [2]any{len(many), many["AIDA1"]}, [2]any{301, *p})
	none := get(t, s, func(ctx context.Context, tx iam.Tx) (map[string]iam.LoginProfile, error) {
		return tx.LoginProfiles(ctx, accountA, nil)
	})
	equal(t, "of nobody", len(none), 0)
	update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.DeleteLoginProfile(ctx, accountA, "AIDA1") })
	missing(t, s, "deleted", byOwner)
}

func testPasswordPolicies(t *testing.T, d Database) {
	s := d.Open(t)
	byAccount := func(ctx context.Context, tx iam.Tx) (*iam.PasswordPolicy, error) {
		return tx.PasswordPolicy(ctx, accountA)
	}
	missing(t, s, "none", byAccount)
	p := &iam.PasswordPolicy{MinimumLength: 14, RequireSymbols: true, MaxAgeDays: 90, ReusePrevention: 24, HardExpirySet: true}
	update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.PutPasswordPolicy(ctx, accountA, p) })
	equal(t, "stored", get(t, s, byAccount), p)
	p = &iam.PasswordPolicy{MinimumLength: 6}
	update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.PutPasswordPolicy(ctx, accountA, p) })
	equal(t, "replaced whole", get(t, s, byAccount), p)
	steps(t, s,
		step{"delete", nil, func(ctx context.Context, tx iam.Tx) error { return tx.DeletePasswordPolicy(ctx, accountA) }},
		step{"delete again", iam.ErrNotFound, func(ctx context.Context, tx iam.Tx) error { return tx.DeletePasswordPolicy(ctx, accountA) }},
	)
	missing(t, s, "deleted", byAccount)
}

func testCredentialReports(t *testing.T, d Database) {
	s := d.Open(t)
	byAccount := func(ctx context.Context, tx iam.Tx) (*iam.CredentialReport, error) {
		return tx.CredentialReport(ctx, accountA)
	}
	missing(t, s, "none", byAccount)
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		return tx.PutCredentialReport(ctx, &iam.CredentialReport{Account: accountA, Started: day(0)})
	})
	started := get(t, s, byAccount)
	if len(started.Content) != 0 || !started.Generated.IsZero() || !started.Started.Equal(day(0)) {
		t.Errorf("started: %+v", started)
	}
	r := &iam.CredentialReport{Account: accountA, Started: day(0), Generated: day(1), Content: []byte("user,arn\n\x00\xff")}
	update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.PutCredentialReport(ctx, r) })
	equal(t, "generated", get(t, s, byAccount), r)
}
