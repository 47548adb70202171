package storetest

import (
	"context"
	"testing"

	"github.com/sallyport-iam/sallyport/iam"
)

func policy(account, id, name, path string) *iam.ManagedPolicy {
	return &iam.ManagedPolicy{Account: account, ID: id, Name: name, Path: path, Created: day(0), Updated: day(0),
		DefaultVersion: 1, LastVersion: 1}
}

func policyName(p iam.ManagedPolicy) string { return p.Name }

func testManagedPolicies(t *testing.T, d Database) {
	s := d.Open(t)
	p := &iam.ManagedPolicy{Account: accountA, ID: "ANPA1", Name: "ReadOnly", Path: "/Team/x/", Description: "reads", Created: day(0),
		Updated: day(1), DefaultVersion: 3, LastVersion: 7, Tags: []iam.Tag{{Key: "k", Value: "v"}}}
	steps(t, s,
		step{"insert", nil, func(ctx context.Context, tx iam.Tx) error { return tx.InsertManagedPolicy(ctx, p) }},
		step{"name taken, other case and path", iam.ErrExists, func(ctx context.Context, tx iam.Tx) error {
			return tx.InsertManagedPolicy(ctx, policy(accountA, "ANPA2", "readonly", "/"))
		}},
		step{"builtin of the same name", nil, func(ctx context.Context, tx iam.Tx) error {
			return tx.InsertManagedPolicy(ctx, policy(iam.BuiltinAccount, "ANPA2", "ReadOnly", "/"))
		}},
		step{"second", nil, func(ctx context.Context, tx iam.Tx) error {
			return tx.InsertManagedPolicy(ctx, policy(accountA, "ANPA3", "admin", "/"))
		}},
		step{"update of none", iam.ErrNotFound, func(ctx context.Context, tx iam.Tx) error {
			return tx.UpdateManagedPolicy(ctx, policy(accountA, "ANPA9", "x", "/"))
		}},
		step{"update through another account", iam.ErrNotFound, func(ctx context.Context, tx iam.Tx) error {
			return tx.UpdateManagedPolicy(ctx, policy(accountB, "ANPA1", "x", "/"))
		}},
		step{"deletion of none", iam.ErrNotFound, func(ctx context.Context, tx iam.Tx) error {
			return tx.DeleteManagedPolicy(ctx, accountA, "ANPA9")
		}},
	)
	byARN := func(arn string) func(context.Context, iam.Tx) (*iam.ManagedPolicy, error) {
		return func(ctx context.Context, tx iam.Tx) (*iam.ManagedPolicy, error) { return tx.ManagedPolicy(ctx, arn) }
	}
	equal(t, "by ARN", get(t, s, byARN(p.ARN())), p)
	equal(t, "name in other case", get(t, s, byARN("arn:aws:iam::111111111111:policy/Team/x/rEADoNLY")), p)
	equal(t, "builtin", get(t, s, byARN("arn:aws:iam::aws:policy/ReadOnly")).ID, "ANPA2")
	for _, arn := range []string{"", "ReadOnly", "arn:aws:iam::111111111111:policy/ReadOnly", "arn:aws:iam::111111111111:policy/team/x/ReadOnly",
		"arn:aws:iam::222222222222:policy/Team/x/ReadOnly", "arn:aws:iam::111111111111:user/Team/x/ReadOnly",
		"arn:aws:iam::111111111111:policy/Team/x/", "arn:aws:iam::111111111111:policy/Team/x/Read%"} {
		missing(t, s, arn, byARN(arn))
	}
	all := func(ctx context.Context, tx iam.Tx, page iam.Page) ([]iam.ManagedPolicy, error) {
		return tx.ManagedPolicies(ctx, accountA, page)
	}
	pages(t, s, "policies", "", policyName, []string{"admin", "ReadOnly"}, all)
	pages(t, s, "policies under /Team", "/Team", policyName, []string{"ReadOnly"}, all)
	pages(t, s, "policies under /team", "/team", policyName, nil, all)

	p.Description, p.Updated, p.DefaultVersion, p.LastVersion, p.Tags = "", day(5), 8, 8, nil
	update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.UpdateManagedPolicy(ctx, p) })
	equal(t, "changed", get(t, s, byARN(p.ARN())), p)
}

func testPolicyVersions(t *testing.T, d Database) {
	s := d.Open(t)
	p := policy(accountA, "ANPA1", "p", "/")
	version := func(n int) iam.PolicyVersion {
		return iam.PolicyVersion{Number: n, Document: `{"v":` + string(rune('0'+n)) + `}`, Created: day(n)}
	}
	steps(t, s,
		step{"no policy", iam.ErrNotFound, func(ctx context.Context, tx iam.Tx) error { return tx.InsertPolicyVersion(ctx, "ANPA1", version(1)) }},
		step{"policy", nil, func(ctx context.Context, tx iam.Tx) error { return tx.InsertManagedPolicy(ctx, p) }},
		step{"v1", nil, func(ctx context.Context, tx iam.Tx) error { return tx.InsertPolicyVersion(ctx, "ANPA1", version(1)) }},
		step{"v2", nil, func(ctx context.Context, tx iam.Tx) error { return tx.InsertPolicyVersion(ctx, "ANPA1", version(2)) }},
		step{"v3", nil, func(ctx context.Context, tx iam.Tx) error { return tx.InsertPolicyVersion(ctx, "ANPA1", version(3)) }},
		step{"v3 again", iam.ErrExists, func(ctx context.Context, tx iam.Tx) error { return tx.InsertPolicyVersion(ctx, "ANPA1", version(3)) }},
		step{"delete v2", nil, func(ctx context.Context, tx iam.Tx) error { return tx.DeletePolicyVersion(ctx, "ANPA1", 2) }},
		step{"delete v2 again", iam.ErrNotFound, func(ctx context.Context, tx iam.Tx) error { return tx.DeletePolicyVersion(ctx, "ANPA1", 2) }},
	)
	versions := func(ctx context.Context, tx iam.Tx) ([]iam.PolicyVersion, error) {
		return tx.PolicyVersions(ctx, "ANPA1")
	}
	equal(t, "versions", get(t, s, versions), []iam.PolicyVersion{version(3), version(1)})
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		return first(tx.DeleteManagedPolicy(ctx, accountA, "ANPA1"), tx.InsertManagedPolicy(ctx, p))
	})
	equal(t, "versions of a policy made again", get(t, s, versions), nil)
}

func testAttachments(t *testing.T, d Database) {
	s := d.Open(t)
	own, builtin, other := policy(accountA, "P1", "Same", "/own/"), policy(iam.BuiltinAccount, "P2", "same", "/"), policy(accountA, "P3", "Extra", "/")
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		return first(
			tx.InsertManagedPolicy(ctx, own), tx.InsertManagedPolicy(ctx, builtin), tx.InsertManagedPolicy(ctx, other),
			tx.InsertUser(ctx, user(accountA, "U1", "carol", "/")), tx.InsertUser(ctx, user(accountA, "U2", "Bob", "/x/")),
			tx.InsertUser(ctx, user(accountB, "U3", "alice", "/")),
			tx.InsertGroup(ctx, group(accountA, "G1", "g1", "/")), tx.InsertRole(ctx, role(accountA, "R1", "r1", "/")),
		)
	})
	attach := func(account, owner string, p *iam.ManagedPolicy) func(context.Context, iam.Tx) error {
		return func(ctx context.Context, tx iam.Tx) error { return tx.AttachPolicy(ctx, account, owner, p.ARN()) }
	}
	detach := func(account, owner string, p *iam.ManagedPolicy) func(context.Context, iam.Tx) error {
		return func(ctx context.Context, tx iam.Tx) error { return tx.DetachPolicy(ctx, account, owner, p.ARN()) }
	}
	steps(t, s,
		step{"own", nil, attach(accountA, "U1", own)},
		step{"own again", nil, attach(accountA, "U1", own)},
		step{"builtin", nil, attach(accountA, "U1", builtin)},
		step{"other", nil, attach(accountA, "U1", other)},
		step{"second user", nil, attach(accountA, "U2", builtin)},
		step{"user of another account", nil, attach(accountB, "U3", builtin)},
		step{"group", nil, attach(accountA, "G1", builtin)},
		step{"role", nil, attach(accountA, "R1", builtin)},
		step{"no such policy", iam.ErrNotFound, attach(accountA, "U1", policy(accountA, "", "none", "/"))},
		step{"no such owner", iam.ErrNotFound, attach(accountA, "U9", own)},
		step{"owner of another account", iam.ErrNotFound, attach(accountA, "U3", own)},
		step{"detach what is not attached", iam.ErrNotFound, detach(accountA, "U2", own)},
		step{"detach through another account", iam.ErrNotFound, detach(accountB, "U1", own)},
	)
	attached := func(ctx context.Context, tx iam.Tx, page iam.Page) ([]iam.ManagedPolicy, error) {
		return tx.AttachedPolicies(ctx, accountA, "U1", page)
	}
	// Two of them have one name, so the ARN is the key that goes on exactly.
	pages(t, s, "attached", "", func(p iam.ManagedPolicy) string { return p.ARN() }, []string{other.ARN(), own.ARN(), builtin.ARN()}, attached)
	equal(t, "after a name", len(get(t, s, func(ctx context.Context, tx iam.Tx) ([]iam.ManagedPolicy, error) {
		return attached(ctx, tx, iam.Page{After: "extra", Limit: 9})
	})), 2)
	pages(t, s, "attached under /own/", "/own/", policyName, []string{"Same"}, attached)

	users := func(ctx context.Context, tx iam.Tx, page iam.Page) ([]iam.User, error) {
		return tx.PolicyUsers(ctx, accountA, builtin.ARN(), false, page)
	}
	pages(t, s, "users", "", userName, []string{"Bob", "carol"}, users)
	pages(t, s, "users under /x/", "/x/", userName, []string{"Bob"}, users)
	pages(t, s, "groups", "", groupName, []string{"g1"}, func(ctx context.Context, tx iam.Tx, page iam.Page) ([]iam.Group, error) {
		return tx.PolicyGroups(ctx, accountA, builtin.ARN(), page)
	})
	pages(t, s, "roles", "", roleName, []string{"r1"}, func(ctx context.Context, tx iam.Tx, page iam.Page) ([]iam.Role, error) {
		return tx.PolicyRoles(ctx, accountA, builtin.ARN(), false, page)
	})
	use := func(account string, p *iam.ManagedPolicy) int {
		return get(t, s, func(ctx context.Context, tx iam.Tx) (int, error) {
			attachments, boundaries, err := tx.PolicyUse(ctx, account, p.ARN())
			equal(t, "boundaries", boundaries, 0)
			return attachments, err
		})
	}
	equal(t, "uses in A", use(accountA, builtin), 4)
	equal(t, "uses in B", use(accountB, builtin), 1)
	equal(t, "uses of none", use(accountA, policy(accountA, "", "none", "/")), 0)

	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		return first(
			tx.UpdateUser(ctx, user(accountA, "U2", "Zoe", "/")), tx.UpdateGroup(ctx, group(accountA, "G1", "g2", "/")),
			tx.DeleteRole(ctx, accountA, "R1"), detach(accountA, "U1", own)(ctx, tx),
		)
	})
	pages(t, s, "users after a rename", "", userName, []string{"carol", "Zoe"}, users)
	equal(t, "uses after a deletion", use(accountA, builtin), 3)
	pages(t, s, "attached after detaching", "", policyName, []string{"Extra", "same"}, attached)
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		return first(tx.DeleteManagedPolicy(ctx, accountA, other.ID), tx.InsertManagedPolicy(ctx, other))
	})
	pages(t, s, "attached after a policy was made again", "", policyName, []string{"same"}, attached)
}

func testBoundaries(t *testing.T, d Database) {
	s := d.Open(t)
	p := policy(accountA, "P1", "Bound", "/b/")
	bounded := func(u *iam.User) *iam.User { u.BoundaryARN = p.ARN(); return u }
	r := role(accountA, "R1", "r", "/")
	r.BoundaryARN = p.ARN()
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		return first(tx.InsertManagedPolicy(ctx, p), tx.InsertRole(ctx, r), tx.InsertRole(ctx, role(accountA, "R2", "free", "/")),
			tx.InsertUser(ctx, bounded(user(accountA, "U1", "bob", "/"))), tx.InsertUser(ctx, bounded(user(accountA, "U2", "Alice", "/x/"))),
			tx.InsertUser(ctx, user(accountA, "U3", "free", "/")), tx.InsertUser(ctx, bounded(user(accountB, "U4", "b", "/"))))
	})
	users := func(ctx context.Context, tx iam.Tx, page iam.Page) ([]iam.User, error) {
		return tx.PolicyUsers(ctx, accountA, p.ARN(), true, page)
	}
	pages(t, s, "users", "", userName, []string{"Alice", "bob"}, users)
	pages(t, s, "users under /x/", "/x/", userName, []string{"Alice"}, users)
	pages(t, s, "roles", "", roleName, []string{"r"}, func(ctx context.Context, tx iam.Tx, page iam.Page) ([]iam.Role, error) {
		return tx.PolicyRoles(ctx, accountA, p.ARN(), true, page)
	})
	view(t, s, func(ctx context.Context, tx iam.Tx) error {
		attachments, boundaries, err := tx.PolicyUse(ctx, accountA, p.ARN())
		equal(t, "use", [2]int{attachments, boundaries}, [2]int{0, 3})
		return err
	})
}

func testInlinePolicies(t *testing.T, d Database) {
	s := d.Open(t)
	put := func(account, owner, name, document string) func(context.Context, iam.Tx) error {
		return func(ctx context.Context, tx iam.Tx) error {
			return tx.PutInlinePolicy(ctx, account, owner, iam.InlinePolicy{Name: name, Document: document})
		}
	}
	steps(t, s,
		step{"put", nil, put(accountA, "U1", "First", "1")},
		step{"replace in other case", nil, put(accountA, "U1", "fIRST", "2")},
		step{"second", nil, put(accountA, "U1", "a_second", "3")},
		step{"other owner", nil, put(accountA, "U2", "First", "4")},
		step{"other account", nil, put(accountB, "U1", "First", "5")},
		step{"delete none", iam.ErrNotFound, func(ctx context.Context, tx iam.Tx) error { return tx.DeleteInlinePolicy(ctx, accountA, "U1", "x") }},
	)
	byName := func(name string) func(context.Context, iam.Tx) (*iam.InlinePolicy, error) {
		return func(ctx context.Context, tx iam.Tx) (*iam.InlinePolicy, error) {
			return tx.InlinePolicy(ctx, accountA, "U1", name)
		}
	}
	equal(t, "the first spelling stays", get(t, s, byName("FIRST")), &iam.InlinePolicy{Name: "First", Document: "2"})
	missing(t, s, "unknown", byName("a%"))
	all := func(ctx context.Context, tx iam.Tx, page iam.Page) ([]iam.InlinePolicy, error) {
		return tx.InlinePolicies(ctx, accountA, "U1", page)
	}
	pages(t, s, "inline", "", func(p iam.InlinePolicy) string { return p.Name }, []string{"a_second", "First"}, all)
	update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.DeleteInlinePolicy(ctx, accountA, "U1", "FIRST") })
	missing(t, s, "deleted", byName("First"))
	equal(t, "the other owner's", get(t, s, func(ctx context.Context, tx iam.Tx) (*iam.InlinePolicy, error) {
		return tx.InlinePolicy(ctx, accountA, "U2", "first")
	}).Document, "4")
}

func testPoliciesOf(t *testing.T, d Database) {
	s := d.Open(t)
	own, builtin, foreign := policy(accountA, "P1", "Own", "/"), policy(iam.BuiltinAccount, "P2", "Built", "/"), policy(accountB, "P3", "Foreign", "/")
	own.DefaultVersion = 2
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		return first(
			tx.InsertManagedPolicy(ctx, own), tx.InsertManagedPolicy(ctx, builtin), tx.InsertManagedPolicy(ctx, foreign),
			tx.InsertPolicyVersion(ctx, "P1", iam.PolicyVersion{Number: 1, Document: "old"}),
			tx.InsertPolicyVersion(ctx, "P1", iam.PolicyVersion{Number: 2, Document: "own"}),
			tx.InsertPolicyVersion(ctx, "P2", iam.PolicyVersion{Number: 1, Document: "builtin"}),
			tx.InsertPolicyVersion(ctx, "P3", iam.PolicyVersion{Number: 1, Document: "foreign"}),
			tx.InsertUser(ctx, user(accountA, "U1", "u", "/")), tx.InsertGroup(ctx, group(accountA, "G1", "g", "/")),
			tx.InsertUser(ctx, user(accountB, "U2", "u", "/")),
			tx.AttachPolicy(ctx, accountA, "U1", own.ARN()), tx.AttachPolicy(ctx, accountA, "G1", builtin.ARN()),
			tx.AttachPolicy(ctx, accountB, "U2", foreign.ARN()),
			tx.PutInlinePolicy(ctx, accountA, "G1", iam.InlinePolicy{Name: "In", Document: "inline"}),
			tx.PutInlinePolicy(ctx, accountA, "G2", iam.InlinePolicy{Name: "In", Document: "not asked for"}),
			tx.PutInlinePolicy(ctx, accountB, "G1", iam.InlinePolicy{Name: "In", Document: "another account's"}),
		)
	})
	policiesOf := func(owners []string, extra ...string) []iam.PolicyText {
		return get(t, s, func(ctx context.Context, tx iam.Tx) ([]iam.PolicyText, error) {
			return tx.PoliciesOf(ctx, accountA, owners, extra...)
		})
	}
	equal(t, "all", policiesOf([]string{"U1", "G1", "U2"}, builtin.ARN(), foreign.ARN(), "arn:aws:iam::aws:policy/None", "x"), []iam.PolicyText{
		{OwnerID: "G1", Name: "In", Document: "inline"},
		{OwnerID: "G1", ARN: builtin.ARN(), Name: "Built", Document: "builtin"},
		{OwnerID: "U1", ARN: own.ARN(), Name: "Own", Document: "own"},
		{ARN: builtin.ARN(), Name: "Built", Document: "builtin"},
	})
	equal(t, "nobody", policiesOf(nil), nil)
	many := make([]string, 300)
	for i := range many {
		many[i] = "none"
	}
	equal(t, "many owners", len(policiesOf(append(many, "U1"))), 1)
}
