package storetest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
)

func user(account, id, name, path string) *iam.User {
	return &iam.User{Account: account, ID: id, Name: name, Path: path, Created: day(0)}
}

func group(account, id, name, path string) *iam.Group {
	return &iam.Group{Account: account, ID: id, Name: name, Path: path, Created: day(1)}
}

func role(account, id, name, path string) *iam.Role {
	return &iam.Role{Account: account, ID: id, Name: name, Path: path, Created: day(2), MaxSessionDuration: time.Hour,
		TrustPolicy: `{"Version":"2012-10-17"}`}
}

func userName(u iam.User) string   { return u.Name }
func groupName(g iam.Group) string { return g.Name }
func roleName(r iam.Role) string   { return r.Name }

func testAccounts(t *testing.T, d Database) {
	s := d.Open(t)
	a := &iam.Account{ID: accountA, RootEmail: "Root@Example.com", Alias: "acme", Created: day(0)}
	b := &iam.Account{ID: accountB, RootEmail: "b@example.com", Created: day(1)}
	c := &iam.Account{ID: "333333333333", RootEmail: "c@example.com", Created: day(1)}
	steps(t, s,
		step{"first", nil, func(ctx context.Context, tx iam.Tx) error { return tx.InsertAccount(ctx, a) }},
		step{"second, without an alias", nil, func(ctx context.Context, tx iam.Tx) error { return tx.InsertAccount(ctx, b) }},
		step{"third, without an alias", nil, func(ctx context.Context, tx iam.Tx) error { return tx.InsertAccount(ctx, c) }},
		step{"id taken", iam.ErrExists, func(ctx context.Context, tx iam.Tx) error {
			return tx.InsertAccount(ctx, &iam.Account{ID: accountA, RootEmail: "x@example.com"})
		}},
		step{"e-mail taken in other case", iam.ErrExists, func(ctx context.Context, tx iam.Tx) error {
			return tx.InsertAccount(ctx, &iam.Account{ID: "444444444444", RootEmail: "ROOT@example.COM"})
		}},
		step{"alias taken", iam.ErrExists, func(ctx context.Context, tx iam.Tx) error {
			return tx.InsertAccount(ctx, &iam.Account{ID: "444444444444", RootEmail: "x@example.com", Alias: "acme"})
		}},
		step{"update to a taken alias", iam.ErrExists, func(ctx context.Context, tx iam.Tx) error {
			return tx.UpdateAccount(ctx, &iam.Account{ID: accountB, RootEmail: b.RootEmail, Alias: "acme"})
		}},
		step{"update to a taken e-mail", iam.ErrExists, func(ctx context.Context, tx iam.Tx) error {
			return tx.UpdateAccount(ctx, &iam.Account{ID: accountB, RootEmail: "root@example.com"})
		}},
		step{"update of none", iam.ErrNotFound, func(ctx context.Context, tx iam.Tx) error {
			return tx.UpdateAccount(ctx, &iam.Account{ID: "999999999999", RootEmail: "z@example.com"})
		}},
	)
	equal(t, "by id", get(t, s, func(ctx context.Context, tx iam.Tx) (*iam.Account, error) { return tx.Account(ctx, accountA) }), a)
	equal(t, "by alias", get(t, s, func(ctx context.Context, tx iam.Tx) (*iam.Account, error) { return tx.AccountByAlias(ctx, "acme") }), a)
	equal(t, "by e-mail in other case", get(t, s, func(ctx context.Context, tx iam.Tx) (*iam.Account, error) {
		return tx.AccountByEmail(ctx, "rOOT@EXAMPLE.com")
	}), a)
	missing(t, s, "unknown id", func(ctx context.Context, tx iam.Tx) (*iam.Account, error) { return tx.Account(ctx, "999999999999") })
	missing(t, s, "no alias", func(ctx context.Context, tx iam.Tx) (*iam.Account, error) { return tx.AccountByAlias(ctx, "") })
	missing(t, s, "unknown e-mail", func(ctx context.Context, tx iam.Tx) (*iam.Account, error) { return tx.AccountByEmail(ctx, "q") })

	b.Alias, b.RootEmail = "umbrella", "New@example.com"
	a.Alias = ""
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		if err := tx.UpdateAccount(ctx, a); err != nil {
			return err
		}
		return tx.UpdateAccount(ctx, b)
	})
	equal(t, "changed", get(t, s, func(ctx context.Context, tx iam.Tx) (*iam.Account, error) { return tx.AccountByAlias(ctx, "umbrella") }), b)
	missing(t, s, "alias given up", func(ctx context.Context, tx iam.Tx) (*iam.Account, error) { return tx.AccountByAlias(ctx, "acme") })
	missing(t, s, "e-mail given up", func(ctx context.Context, tx iam.Tx) (*iam.Account, error) {
		return tx.AccountByEmail(ctx, "b@example.com")
	})
	pages(t, s, "accounts", "", func(a iam.Account) string { return a.ID }, []string{accountA, accountB, "333333333333"},
		func(ctx context.Context, tx iam.Tx, page iam.Page) ([]iam.Account, error) {
			return tx.Accounts(ctx, page)
		})
}

func testUsers(t *testing.T, d Database) {
	s := d.Open(t)
	alice := user(accountA, "AIDAALICE", "Alice", "/staff/")
	alice.Tags = []iam.Tag{{Key: "team", Value: "ops \"1\""}, {Key: "a", Value: ""}}
	alice.BoundaryARN = "arn:aws:iam::aws:policy/Bound"
	steps(t, s,
		step{"insert", nil, func(ctx context.Context, tx iam.Tx) error { return tx.InsertUser(ctx, alice) }},
		step{"name taken in other case", iam.ErrExists, func(ctx context.Context, tx iam.Tx) error {
			return tx.InsertUser(ctx, user(accountA, "AIDAOTHER", "aLICE", "/"))
		}},
		step{"id taken", iam.ErrExists, func(ctx context.Context, tx iam.Tx) error {
			return tx.InsertUser(ctx, user(accountA, "AIDAALICE", "other", "/"))
		}},
		step{"bob", nil, func(ctx context.Context, tx iam.Tx) error {
			return tx.InsertUser(ctx, user(accountA, "AIDABOB", "bob", "/"))
		}},
		step{"rename to a taken name", iam.ErrExists, func(ctx context.Context, tx iam.Tx) error {
			return tx.UpdateUser(ctx, user(accountA, "AIDABOB", "ALICE", "/"))
		}},
		step{"update of none", iam.ErrNotFound, func(ctx context.Context, tx iam.Tx) error {
			return tx.UpdateUser(ctx, user(accountA, "AIDANONE", "none", "/"))
		}},
		step{"deletion of none", iam.ErrNotFound, func(ctx context.Context, tx iam.Tx) error { return tx.DeleteUser(ctx, accountA, "AIDANONE") }},
	)
	for _, name := range []string{"Alice", "alice", "ALICE"} {
		equal(t, name, get(t, s, func(ctx context.Context, tx iam.Tx) (*iam.User, error) { return tx.User(ctx, accountA, name) }), alice)
	}
	equal(t, "by id", get(t, s, func(ctx context.Context, tx iam.Tx) (*iam.User, error) {
		return tx.UserByID(ctx, accountA, "AIDAALICE")
	}), alice)
	for _, name := range []string{"", "alic", "alice ", "a%", "a_ice", "AIDAALICE"} {
		missing(t, s, name, func(ctx context.Context, tx iam.Tx) (*iam.User, error) { return tx.User(ctx, accountA, name) })
	}
	missing(t, s, "id in lower case", func(ctx context.Context, tx iam.Tx) (*iam.User, error) {
		return tx.UserByID(ctx, accountA, "aidaalice")
	})

	// Another spelling of its own name is no conflict; everything but the creation date may change.
	changed := &iam.User{Account: accountA, ID: alice.ID, Name: "ALICE", Path: "/", Created: alice.Created}
	update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.UpdateUser(ctx, changed) })
	equal(t, "changed", get(t, s, func(ctx context.Context, tx iam.Tx) (*iam.User, error) { return tx.User(ctx, accountA, "alice") }), changed)

	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		for i, path := range awkwardPaths {
			if err := tx.InsertUser(ctx, user(accountB, fmt.Sprint("AIDA", i), fmt.Sprintf("%cser_%d", "uU"[i%2], i), path)); err != nil {
				return err
			}
		}
		return nil
	})
	for prefix, want := range awkwardPrefixes {
		var names []string
		for i, path := range awkwardPaths {
			if strings.HasPrefix(path, prefix) {
				names = append(names, fmt.Sprintf("%cser_%d", "uU"[i%2], i))
			}
		}
		if len(names) != want {
			t.Fatalf("the test counts %d paths under %q, not %d", len(names), prefix, want)
		}
		pages(t, s, "users under "+prefix, prefix, userName, names,
			func(ctx context.Context, tx iam.Tx, page iam.Page) ([]iam.User, error) {
				return tx.Users(ctx, accountB, page)
			})
	}
}

// testDeleteUser gives a user one of everything and looks for what is left, after a user of the same id is
// made again.
func testDeleteUser(t *testing.T, d Database) {
	s := d.Open(t)
	u, g, p := user(accountA, "AIDAU", "u", "/"), group(accountA, "AGPAG", "g", "/"), policy(accountA, "ANPAP", "p", "/")
	device := virtual(accountA, "phone")
	device.OwnerID, device.Enabled = u.ID, day(3)
	key := securityKey(accountA, u.ID, "key")
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		return first(
			tx.InsertUser(ctx, u), tx.InsertGroup(ctx, g), tx.InsertManagedPolicy(ctx, p),
			tx.AddGroupMember(ctx, accountA, g.ID, u.ID),
			tx.AttachPolicy(ctx, accountA, u.ID, p.ARN()),
			tx.PutInlinePolicy(ctx, accountA, u.ID, iam.InlinePolicy{Name: "i", Document: "{}"}),
			tx.InsertAccessKey(ctx, &iam.AccessKey{Account: accountA, ID: "AKIA1", OwnerID: u.ID, Secret: "s"}),
			tx.InsertLoginProfile(ctx, &iam.LoginProfile{Account: accountA, OwnerID: u.ID, Hash: "h"}),
			tx.InsertMFADevice(ctx, device), tx.InsertMFADevice(ctx, key),
			tx.InsertSignIn(ctx, signIn(accountA, u.ID, "S1", 0)), tx.InsertSignIn(ctx, signIn(accountA, u.ID, "S2", 0)),
			tx.InsertSignIn(ctx, signIn(accountA, "AIDA9", "S3", 0)), tx.InsertSignIn(ctx, signIn(accountB, u.ID, "S4", 0)),
			tx.DeleteUser(ctx, accountA, u.ID),
			tx.InsertUser(ctx, u),
		)
	})
	view(t, s, func(ctx context.Context, tx iam.Tx) error {
		page := iam.Page{Limit: 10}
		members, err1 := tx.GroupMembers(ctx, accountA, g.ID, page)
		groups, err2 := tx.GroupsOfUser(ctx, accountA, u.ID, page)
		attached, err3 := tx.AttachedPolicies(ctx, accountA, u.ID, page)
		users, err4 := tx.PolicyUsers(ctx, accountA, p.ARN(), false, page)
		inline, err5 := tx.InlinePolicies(ctx, accountA, u.ID, page)
		keys, err6 := tx.AccessKeys(ctx, accountA, u.ID)
		profiles, err7 := tx.LoginProfiles(ctx, accountA, []string{u.ID})
		devices, err8 := tx.MFADevicesOf(ctx, accountA, u.ID)
		signIns, err9 := tx.SignInsOf(ctx, accountA, u.ID)
		left := len(signIns) + len(members) + len(groups) + len(attached) + len(users) + len(inline) + len(keys) + len(profiles) + len(devices)
		if left != 0 {
			t.Errorf("left: members %v groups %v attached %v users %v inline %v keys %d profiles %d devices %d sign-ins %d",
				members, groups, attached, users, inline, len(keys), len(profiles), len(devices), len(signIns))
		}
		return first(err1, err2, err3, err4, err5, err6, err7, err8, err9)
	})
	equal(t, "sign-ins of others", ids(t, s, accountA, "AIDA9")+ids(t, s, accountB, u.ID), "S3 S4 ")
	missing(t, s, "security key", func(ctx context.Context, tx iam.Tx) (*iam.MFADevice, error) {
		return tx.MFADevice(ctx, accountA, key.Serial)
	})
	got := get(t, s, func(ctx context.Context, tx iam.Tx) (*iam.MFADevice, error) {
		return tx.MFADevice(ctx, accountA, device.Serial)
	})
	if got.Assigned() || !got.Enabled.IsZero() {
		t.Errorf("the device of a deleted user is still assigned: %+v", got)
	}
}

// first returns the first error.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func testGroups(t *testing.T, d Database) {
	s := d.Open(t)
	admins := group(accountA, "AGPA1", "Admins", "/it/")
	steps(t, s,
		step{"insert", nil, func(ctx context.Context, tx iam.Tx) error { return tx.InsertGroup(ctx, admins) }},
		step{"name taken in other case", iam.ErrExists, func(ctx context.Context, tx iam.Tx) error {
			return tx.InsertGroup(ctx, group(accountA, "AGPA2", "aDMINS", "/"))
		}},
		step{"second", nil, func(ctx context.Context, tx iam.Tx) error {
			return tx.InsertGroup(ctx, group(accountA, "AGPA2", "devs", "/"))
		}},
		step{"rename to a taken name", iam.ErrExists, func(ctx context.Context, tx iam.Tx) error {
			return tx.UpdateGroup(ctx, group(accountA, "AGPA2", "ADMINS", "/"))
		}},
		step{"update of none", iam.ErrNotFound, func(ctx context.Context, tx iam.Tx) error {
			return tx.UpdateGroup(ctx, group(accountA, "AGPA9", "x", "/"))
		}},
		step{"deletion of none", iam.ErrNotFound, func(ctx context.Context, tx iam.Tx) error { return tx.DeleteGroup(ctx, accountA, "AGPA9") }},
	)
	byName := func(name string) func(context.Context, iam.Tx) (*iam.Group, error) {
		return func(ctx context.Context, tx iam.Tx) (*iam.Group, error) { return tx.Group(ctx, accountA, name) }
	}
	equal(t, "other case", get(t, s, byName("ADMINS")), admins)
	missing(t, s, "unknown", byName("admin"))
	pages(t, s, "groups", "", groupName, []string{"Admins", "devs"},
		func(ctx context.Context, tx iam.Tx, page iam.Page) ([]iam.Group, error) {
			return tx.Groups(ctx, accountA, page)
		})
	pages(t, s, "groups under /it/", "/it/", groupName, []string{"Admins"},
		func(ctx context.Context, tx iam.Tx, page iam.Page) ([]iam.Group, error) {
			return tx.Groups(ctx, accountA, page)
		})

	renamed := group(accountA, "AGPA1", "Zeus", "/")
	update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.UpdateGroup(ctx, renamed) })
	equal(t, "renamed", get(t, s, byName("zeus")), renamed)
	missing(t, s, "old name", byName("admins"))
	update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.DeleteGroup(ctx, accountA, "AGPA1") })
	missing(t, s, "deleted", byName("zeus"))
}

func testGroupMembers(t *testing.T, d Database) {
	s := d.Open(t)
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		return first(
			tx.InsertGroup(ctx, group(accountA, "G1", "one", "/")), tx.InsertGroup(ctx, group(accountA, "G2", "Two", "/x/")),
			tx.InsertGroup(ctx, group(accountB, "GB", "b", "/")), tx.InsertUser(ctx, user(accountB, "UB", "b", "/")),
			tx.InsertUser(ctx, user(accountA, "U1", "carol", "/")), tx.InsertUser(ctx, user(accountA, "U2", "Bob", "/")),
			tx.InsertUser(ctx, user(accountA, "U3", "alice", "/x/")),
		)
	})
	add := func(account, group, user string) func(context.Context, iam.Tx) error {
		return func(ctx context.Context, tx iam.Tx) error { return tx.AddGroupMember(ctx, account, group, user) }
	}
	remove := func(account, group, user string) func(context.Context, iam.Tx) error {
		return func(ctx context.Context, tx iam.Tx) error { return tx.RemoveGroupMember(ctx, account, group, user) }
	}
	steps(t, s,
		step{"add", nil, add(accountA, "G1", "U1")},
		step{"add again", nil, add(accountA, "G1", "U1")},
		step{"add second", nil, add(accountA, "G1", "U2")},
		step{"add third", nil, add(accountA, "G1", "U3")},
		step{"second group", nil, add(accountA, "G2", "U1")},
		step{"user of another account", iam.ErrNotFound, add(accountA, "G1", "UB")},
		step{"group of another account", iam.ErrNotFound, add(accountA, "GB", "U1")},
		step{"both of another account", iam.ErrNotFound, add(accountA, "GB", "UB")},
		step{"no such user", iam.ErrNotFound, add(accountA, "G1", "U9")},
		step{"remove who is not in it", iam.ErrNotFound, remove(accountA, "G2", "U2")},
		step{"remove through another account", iam.ErrNotFound, remove(accountB, "G1", "U1")},
	)
	members := func(group string) func(context.Context, iam.Tx, iam.Page) ([]iam.User, error) {
		return func(ctx context.Context, tx iam.Tx, page iam.Page) ([]iam.User, error) {
			return tx.GroupMembers(ctx, accountA, group, page)
		}
	}
	groupsOf := func(user string) func(context.Context, iam.Tx, iam.Page) ([]iam.Group, error) {
		return func(ctx context.Context, tx iam.Tx, page iam.Page) ([]iam.Group, error) {
			return tx.GroupsOfUser(ctx, accountA, user, page)
		}
	}
	pages(t, s, "members", "", userName, []string{"alice", "Bob", "carol"}, members("G1"))
	pages(t, s, "members under /x/", "/x/", userName, []string{"alice"}, members("G1"))
	pages(t, s, "groups of a user", "", groupName, []string{"one", "Two"}, groupsOf("U1"))
	pages(t, s, "groups of a user under /x/", "/x/", groupName, []string{"Two"}, groupsOf("U1"))

	// A renamed user takes its new place in the order.
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		return first(tx.UpdateUser(ctx, user(accountA, "U3", "Zoe", "/")), remove(accountA, "G1", "U2")(ctx, tx))
	})
	pages(t, s, "members after a rename", "", userName, []string{"carol", "Zoe"}, members("G1"))
	update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.DeleteGroup(ctx, accountA, "G1") })
	pages(t, s, "groups after a deletion", "", groupName, []string{"Two"}, groupsOf("U1"))
}

func testRoles(t *testing.T, d Database) {
	s := d.Open(t)
	deploy := &iam.Role{Account: accountA, ID: "AROA1", Name: "Deploy", Path: "/ci/", Description: "deploys — daily",
		Created: day(0), MaxSessionDuration: 90 * time.Minute, TrustPolicy: `{"Version":"2012-10-17","Statement":[]}`,
		TrustedIDs:  map[string]string{"arn:aws:iam::111111111111:user/alice": "AIDAALICE"},
		BoundaryARN: "arn:aws:iam::aws:policy/B", Tags: []iam.Tag{{Key: "k", Value: "v"}}, LastUsed: day(4)}
	steps(t, s,
		step{"insert", nil, func(ctx context.Context, tx iam.Tx) error { return tx.InsertRole(ctx, deploy) }},
		step{"name taken in other case", iam.ErrExists, func(ctx context.Context, tx iam.Tx) error {
			return tx.InsertRole(ctx, role(accountA, "AROA2", "DEPLOY", "/"))
		}},
		step{"second", nil, func(ctx context.Context, tx iam.Tx) error {
			return tx.InsertRole(ctx, role(accountA, "AROA2", "audit", "/"))
		}},
		step{"rename to a taken name", iam.ErrExists, func(ctx context.Context, tx iam.Tx) error {
			return tx.UpdateRole(ctx, role(accountA, "AROA2", "deploy", "/"))
		}},
		step{"update of none", iam.ErrNotFound, func(ctx context.Context, tx iam.Tx) error {
			return tx.UpdateRole(ctx, role(accountA, "AROA9", "x", "/"))
		}},
		step{"deletion of none", iam.ErrNotFound, func(ctx context.Context, tx iam.Tx) error { return tx.DeleteRole(ctx, accountA, "AROA9") }},
	)
	byName := func(name string) func(context.Context, iam.Tx) (*iam.Role, error) {
		return func(ctx context.Context, tx iam.Tx) (*iam.Role, error) { return tx.Role(ctx, accountA, name) }
	}
	byID := func(ctx context.Context, tx iam.Tx) (*iam.Role, error) { return tx.RoleByID(ctx, accountA, "AROA1") }
	equal(t, "other case", get(t, s, byName("dEPLOY")), deploy)
	equal(t, "by id", get(t, s, byID), deploy)
	missing(t, s, "unknown", byName("deploy_"))
	pages(t, s, "roles", "", roleName, []string{"audit", "Deploy"},
		func(ctx context.Context, tx iam.Tx, page iam.Page) ([]iam.Role, error) {
			return tx.Roles(ctx, accountA, page)
		})
	pages(t, s, "roles under /ci/", "/ci/", roleName, []string{"Deploy"},
		func(ctx context.Context, tx iam.Tx, page iam.Page) ([]iam.Role, error) {
			return tx.Roles(ctx, accountA, page)
		})

	changed := &iam.Role{Account: accountA, ID: "AROA1", Name: "deploy", Path: "/", Created: deploy.Created,
		MaxSessionDuration: 12 * time.Hour, TrustPolicy: "{}"}
	update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.UpdateRole(ctx, changed) })
	equal(t, "changed", get(t, s, byID), changed)
	update(t, s, func(ctx context.Context, tx iam.Tx) error { return tx.DeleteRole(ctx, accountA, "AROA1") })
	missing(t, s, "deleted", byID)
}

func testCounts(t *testing.T, d Database) {
	s := d.Open(t)
	bound := policy(iam.BuiltinAccount, "ANPAB", "Bound", "/")
	unassigned, assigned, other := virtual(accountA, "a"), virtual(accountA, "b"), virtual(accountB, "a")
	assigned.OwnerID = "AIDA1"
	token := &iam.MFADevice{Account: accountA, Serial: "TOKEN1", Kind: iam.HardwareDevice, TOTP: totp("TOKEN1")}
	bound1 := &iam.MFADevice{Account: accountA, Serial: "TOKEN2", Kind: iam.HardwareDevice, TOTP: totp("TOKEN2"), OwnerID: "AIDA1"}
	alice := user(accountA, "AIDA1", "alice", "/")
	alice.BoundaryARN = bound.ARN()
	limited := role(accountA, "AROA1", "r", "/")
	limited.BoundaryARN = bound.ARN()
	p1, p2, p3 := policy(accountA, "ANPA1", "p1", "/"), policy(accountA, "ANPA2", "p2", "/"), policy(accountA, "ANPA3", "p3", "/")
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		return first(
			tx.InsertManagedPolicy(ctx, bound), tx.InsertUser(ctx, alice), tx.InsertUser(ctx, user(accountA, "AIDA2", "bob", "/")),
			tx.InsertUser(ctx, user(accountB, "AIDA3", "bob", "/")), tx.InsertGroup(ctx, group(accountA, "AGPA1", "g", "/")),
			tx.InsertRole(ctx, limited), tx.InsertManagedPolicy(ctx, p1), tx.InsertManagedPolicy(ctx, p2), tx.InsertManagedPolicy(ctx, p3),
			tx.AttachPolicy(ctx, accountA, "AIDA1", p1.ARN()), tx.AttachPolicy(ctx, accountA, "AGPA1", p1.ARN()),
			tx.AttachPolicy(ctx, accountA, "AROA1", p2.ARN()),
			tx.InsertMFADevice(ctx, unassigned), tx.InsertMFADevice(ctx, assigned), tx.InsertMFADevice(ctx, other),
			tx.InsertMFADevice(ctx, token), tx.InsertMFADevice(ctx, bound1),
		)
	})
	for kind, want := range map[iam.CountKind]int{
		iam.CountUsers: 2, iam.CountGroups: 1, iam.CountRoles: 1, iam.CountPolicies: 3,
		iam.CountPolicyVersions:    3, // p1 twice, p2, Bound twice
		iam.CountVirtualMFADevices: 2, iam.CountMFADevices: 3, iam.CountMFADevicesAssigned: 2,
	} {
		equal(t, string(kind), get(t, s, func(ctx context.Context, tx iam.Tx) (int, error) { return tx.Count(ctx, accountA, kind) }), want)
		equal(t, "no account: "+string(kind), get(t, s, func(ctx context.Context, tx iam.Tx) (int, error) {
			return tx.Count(ctx, "999999999999", kind)
		}), 0)
	}
	if err := s.View(t.Context(), func(tx iam.Tx) error { _, err := tx.Count(t.Context(), accountA, "cats"); return err }); err == nil {
		t.Error("an unknown kind is counted")
	}
}
