package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/store"
)

func testNodes(t *testing.T, d Database) {
	s, other := d.Open(t), d.Open(t)
	nodes := func() []store.Node {
		t.Helper()
		all, err := other.Nodes(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	do := func(what string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	at := func(n store.Node, seen time.Duration) store.Node {
		n.Seen = n.Started.Add(seen)
		return n
	}
	ctx := t.Context()

	first := store.Node{Name: "node-1", Place: "host-1:/data", Started: day(0), Seen: day(0), Version: "v1", State: `{"a":1}`}
	do("claim", s.ClaimNode(ctx, first), nil)
	equal(t, "nodes", nodes(), []store.Node{first})
	first = at(first, 5*time.Second)
	first.State = `{"a":2}`
	do("renew", s.RenewNode(ctx, first), nil)
	equal(t, "renewed", nodes(), []store.Node{first})

	// A copy of its data directory, on another host.
	copied := store.Node{Name: "node-1", Place: "host-2:/data", Started: first.Seen.Add(30 * time.Second)}
	do("claim of a copy", s.ClaimNode(ctx, at(copied, 0)), store.ErrNodeTaken)
	equal(t, "after the copy", nodes(), []store.Node{first})
	behind := at(copied, 0)
	behind.Seen = first.Seen.Add(-30 * time.Second)
	do("claim of a copy whose clock is behind", s.ClaimNode(ctx, behind), store.ErrNodeTaken)

	// A start after a crash, at the same place: at once.
	again := store.Node{Name: "node-1", Place: first.Place, Started: first.Seen.Add(time.Second), Version: "v2", State: "{}"}
	again = at(again, 0)
	do("claim after a crash", s.ClaimNode(ctx, again), nil)
	equal(t, "after the crash", nodes(), []store.Node{again})
	do("renewal by the one before", s.RenewNode(ctx, at(first, 7*time.Second)), store.ErrNodeTaken)
	do("release by the one before", s.ReleaseNode(ctx, first), nil)
	equal(t, "after the one before", nodes(), []store.Node{again})

	// The row is older than it should be: a fail-over or a restored copy has lost the claim.
	later := at(store.Node{Name: "node-1", Place: first.Place, Started: again.Started.Add(time.Second)}, time.Second)
	do("renewal over an older claim of the same place", s.RenewNode(ctx, later), nil)
	do("release", s.ReleaseNode(ctx, later), nil)
	equal(t, "released", nodes(), []store.Node(nil))
	do("renewal of a lost row", s.RenewNode(ctx, later), nil)
	equal(t, "renewed", nodes(), []store.Node{later})

	// A directory that was moved is the same node when the old one has been silent for a minute.
	moved := store.Node{Name: "node-1", Place: "host-3:/data", Started: later.Seen.Add(store.NodeAlive)}
	do("claim after a minute", s.ClaimNode(ctx, at(moved, -time.Millisecond)), store.ErrNodeTaken)
	do("claim after a minute", s.ClaimNode(ctx, at(moved, 0)), nil)
	do("renewal by the silent one", s.RenewNode(ctx, at(later, store.NodeAlive+10*time.Second)), store.ErrNodeTaken)

	second := store.Node{Name: "node-0", Place: "host-4:/data", Started: moved.Started.Add(time.Hour)}
	do("claim of another", s.ClaimNode(ctx, at(second, 0)), nil)
	equal(t, "in order", nodes(), []store.Node{at(second, 0), at(moved, 0)})
	do("prune", s.PruneNodes(ctx, second.Started), nil)
	equal(t, "pruned", nodes(), []store.Node{at(second, 0)})

	version, err := s.SchemaVersion(ctx)
	if err != nil || version < 3 {
		t.Errorf("schema version %d, %v", version, err)
	}
}

// testGoneNodes finds the nodes that have left signed records behind.
func testGoneNodes(t *testing.T, d Database) {
	s := d.Open(t)
	for _, node := range []string{"alive", "gone"} {
		appendAudit(t, s, node, 1, 3)
		chain(t, s, node)
		digest(t, s, node, 1, 1)
	}
	if err := s.ClaimNode(t.Context(), store.Node{Name: "alive", Place: "host:/data", Started: day(0), Seen: day(0), State: "{}"}); err != nil {
		t.Fatal(err)
	}
	gone, err := s.GoneNodes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "gone", gone, []string{"gone"})
}
