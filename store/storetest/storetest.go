// Package storetest is the conformance suite of databases: what every implementation of iam.Store and of the
// audit log must do, whatever stands behind it. [Run] runs it; a test package that calls Run also calls [Main]
// from its TestMain, because some tests kill a process of their own.
//
// There is one file per subject. transactions.go is the place to learn what View, Update, Keep and Savepoint
// promise, processes.go what holds when a process dies or several use one database.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/seal"
	"github.com/sallyport-iam/sallyport/store"
	"github.com/sallyport-iam/sallyport/store/pgtest"
)

// Database names a database, so that several handles and processes can open it.
type Database struct {
	URL    string // as store.Open takes it
	Keyset string // path of the keyset file
}

// Open opens the database; it is closed when the test ends.
func (d Database) Open(t testing.TB) *store.Store { return d.OpenWith(t, store.Options{}) }

// OpenWith is Open with options.
func (d Database) OpenWith(t testing.TB, options store.Options) *store.Store {
	t.Helper()
	s, err := d.open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func (d Database) open(options store.Options) (*store.Store, error) {
	keyset, err := seal.Open(d.Keyset)
	if err != nil {
		return nil, err
	}
	return store.Open(context.Background(), d.URL, keyset, options)
}

// NewKeyset makes a keyset file for a new database.
func NewKeyset(t testing.TB) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "keyset.json")
	if _, err := seal.Create(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// Run runs the suite. create returns a new, empty database and removes it when the test ends.
func Run(t *testing.T, create func(t testing.TB) Database) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, d Database)
	}{
		{"accounts", testAccounts},
		{"counts", testCounts},
		{"users", testUsers},
		{"user deletion leaves nothing behind", testDeleteUser},
		{"groups", testGroups},
		{"group members", testGroupMembers},
		{"users by many names", testUsersNamed},
		{"groups of many users", testGroupsOfAll},
		{"roles", testRoles},
		{"managed policies", testManagedPolicies},
		{"policy versions", testPolicyVersions},
		{"attachments", testAttachments},
		{"boundaries", testBoundaries},
		{"inline policies", testInlinePolicies},
		{"policies of a principal", testPoliciesOf},
		{"principals in one statement", testDirectory},
		{"access keys", testAccessKeys},
		{"login profiles", testLoginProfiles},
		{"password policies", testPasswordPolicies},
		{"credential reports", testCredentialReports},
		{"MFA devices", testMFADevices},
		{"MFA device state", testMFAState},
		{"virtual MFA device lists", testVirtualLists},
		{"MFA budgets", testMFABudgets},
		{"security keys", testSecurityKeys},
		{"sign-ins", testSignIns},
		{"sign-ins of an owner", testSignInsOfOwner},
		{"sign-in retention", testPruneSignIns},
		{"sign-in text", testSignInText},
		{"parallel steps of a sign-in", testParallelSignIns},
		{"throttles", testThrottles},
		{"throttles under a key", testThrottlesUnder},
		{"throttle retention", testPruneThrottles},
		{"parallel failures", testParallelFailures},
		{"changes", testChanges},
		{"accounts see nothing of each other", testIsolation},
		{"audit chain", testAuditChain},
		{"audit retention", testAuditRetention},
		{"audit readers", testAuditReaders},
		{"audit segments", testAuditSegments},
		{"large audit segments", testAuditLargeSegments},
		{"audit records of reads added again", testAuditReadsAgain},
		{"settings", testMeta},
		{"nodes", testNodes},
		{"nodes that are gone", testGoneNodes},
		{"update rolls back", testRollback},
		{"update keeps", testKeep},
		{"savepoints", testSavepoints},
		{"view is one moment", testSnapshot},
		{"view cannot write", testReadOnly},
		{"parallel increments", testParallelIncrements},
		{"what was counted still holds at the commit", testParallelQuota},
		{"failures in mid-batch", testMidBatch},
		{"cancellation", testCancellation},
		{"closed store", testClosed},
		{"keyset of another database", testForeignKeyset},
		{"two handles write to one database", testTwoHandles},
		{"reopening", testReopen},
		{"kill -9 loses nothing acknowledged", testKill},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, create(t)) })
	}
}

// Main runs the tests, or what a test asks of the process it has started.
func Main(m *testing.M) {
	if url := os.Getenv(childURL); url != "" {
		fmt.Fprintln(os.Stderr, child(Database{URL: url, Keyset: os.Getenv(childKeyset)}))
		os.Exit(1) // a child lives until it is killed
	}
	os.Exit(pgtest.Run(m))
}

const (
	accountA = "111111111111"
	accountB = "222222222222"
)

// day is a time with milliseconds and of another zone than UTC, n days on.
func day(n int) time.Time {
	return time.Date(2026, 3, 1, 12, 30, 15, int(123*time.Millisecond), time.FixedZone("", 2*60*60)).AddDate(0, 0, n).UTC()
}

// update runs fn, which must succeed.
func update(t testing.TB, s iam.Store, fn func(ctx context.Context, tx iam.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), func(tx iam.Tx) error { return fn(t.Context(), tx) }); err != nil {
		t.Fatalf("update: %v", err)
	}
}

// view runs fn, which must succeed.
func view(t testing.TB, s iam.Store, fn func(ctx context.Context, tx iam.Tx) error) {
	t.Helper()
	if err := s.View(t.Context(), func(tx iam.Tx) error { return fn(t.Context(), tx) }); err != nil {
		t.Fatalf("view: %v", err)
	}
}

// get returns what a look-up finds.
func get[T any](t testing.TB, s iam.Store, lookUp func(ctx context.Context, tx iam.Tx) (T, error)) (found T) {
	t.Helper()
	view(t, s, func(ctx context.Context, tx iam.Tx) (err error) {
		found, err = lookUp(ctx, tx)
		return err
	})
	return found
}

// step is one write and what it must return.
type step struct {
	name string
	want error
	run  func(ctx context.Context, tx iam.Tx) error
}

// steps runs the writes in one transaction: none of the errors ends it.
func steps(t *testing.T, s iam.Store, list ...step) {
	t.Helper()
	update(t, s, func(ctx context.Context, tx iam.Tx) error {
		for _, step := range list {
			if err := step.run(ctx, tx); !errors.Is(err, step.want) || step.want == nil && err != nil {
				t.Errorf("%s: got %v, want %v", step.name, err, step.want)
			}
		}
		return nil
	})
}

func equal[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

// missing checks that a look-up finds nothing.
func missing[T any](t testing.TB, s iam.Store, what string, lookUp func(ctx context.Context, tx iam.Tx) (T, error)) {
	t.Helper()
	view(t, s, func(ctx context.Context, tx iam.Tx) error {
		if got, err := lookUp(ctx, tx); !errors.Is(err, iam.ErrNotFound) {
			t.Errorf("%s: got %+v, %v, want iam.ErrNotFound", what, got, err)
		}
		return nil
	})
}

// pages walks a list with every page size and wants exactly these items, by their key, whatever the size.
func pages[T any](t testing.TB, s iam.Store, what, pathPrefix string, key func(T) string, want []string,
	list func(ctx context.Context, tx iam.Tx, page iam.Page) ([]T, error)) {
	t.Helper()
	for size := 1; size <= len(want)+1; size++ {
		got := []string{}
		page := iam.Page{PathPrefix: pathPrefix, Limit: size}
		for {
			items := get(t, s, func(ctx context.Context, tx iam.Tx) ([]T, error) { return list(ctx, tx, page) })
			for _, item := range items {
				got = append(got, key(item))
			}
			if len(items) > size || len(got) > len(want) {
				t.Errorf("%s: %d items on a page of %d, %d of %d in all", what, len(items), size, len(got), len(want))
				return
			}
			if len(items) < size {
				break
			}
			page.After = got[len(got)-1]
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s in pages of %d:\n got %q\nwant %q", what, size, got, want)
		}
	}
	none := get(t, s, func(ctx context.Context, tx iam.Tx) ([]T, error) {
		return list(ctx, tx, iam.Page{PathPrefix: pathPrefix})
	})
	if len(none) != 0 {
		t.Errorf("%s: a page of 0 has %d items", what, len(none))
	}
}

// awkwardPaths are paths in which a pattern language would see wildcards, and which differ in case only; with
// prefixes and the number of paths that begin with them.
var awkwardPaths = []string{"/", "/a/", "/A/", "/a%/", "/a_/", "/ab/", "/a/b/", `/a\/`, "/é/"}

var awkwardPrefixes = map[string]int{"": 9, "/": 9, "/a": 6, "/A": 1, "/a%": 1, "/a_": 1, "/a/": 2, "/%": 0, "/_": 0, `/a\`: 1,
	"/é": 1, "/a/b/": 1, "/a/b/c": 0, "a": 0}
