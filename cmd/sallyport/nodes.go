package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/store"
)

const (
	// renewInterval is how often a node says that it lives; the only node of an embedded database rarely needs to.
	renewInterval         = 5 * time.Second
	renewIntervalEmbedded = 30 * time.Second

	// nodesKept is how long a node that ended without a word is remembered.
	nodesKept = 7 * 24 * time.Hour
)

// node is this server in the table of nodes, where it has its name to itself: two servers with one name would both go
// on with one hash chain of the audit log.
type node struct {
	installation *installation
	store        *store.Store
	log          *slog.Logger
	row          store.Node
	every        time.Duration
	state        func(context.Context) nodeState // as of each renewal
	otherKeys    atomic.Bool                     // some other node that lives has other keys
}

// nodeState is what a node tells the others of itself, in the table of nodes.
type nodeState struct {
	Every     float64    `json:"renewedEverySeconds"`
	Problems  []check    `json:"problems"` // what is not as it should be; empty if all is well
	Directory cacheState `json:"directory"`
	Keys      string     `json:"keys"` // version of the keyset
}

// cacheState is of the directory of credentials and principals, since the node started.
type cacheState struct {
	Hits    int64 `json:"hits"`
	Misses  int64 `json:"misses"`
	Entries int64 `json:"entries"`
	Bytes   int64 `json:"bytes"`
}

// cacheOf is what a node tells the others of its directory.
func cacheOf(d *iam.Directory) cacheState {
	s := d.Stats()
	return cacheState{Hits: s.Hits, Misses: s.Misses + s.Shared, Entries: s.Entries, Bytes: s.Bytes}
}

// ready tells whether the node can serve all.
func (s *nodeState) ready() bool {
	for _, c := range s.Problems {
		if c.State == checkFailed {
			return false
		}
	}
	return true
}

// place is what tells this data directory from its copies: the host's name, the path, and the directory's number on
// its file system, for containers may have the first two in common.
func (i *installation) place() (string, error) {
	host, err := os.Hostname()
	if err != nil {
		return "", err
	}
	path, err := filepath.Abs(i.data)
	if err != nil {
		return "", err
	}
	number, err := fileNumber(path)
	return fmt.Sprintf("%s:%s#%d", host, path, number), err
}

// claimNode writes this server into the table of nodes. The data directory must be locked. One that is a copy of another
// server's, which is alive, gets a name of its own.
func (i *installation) claimNode(ctx context.Context, at *opened, log *slog.Logger) (*node, error) {
	place, err := i.place()
	if err != nil {
		return nil, err
	}
	now := databaseTime(at.store)
	n := &node{
		installation: i, store: at.store, log: log, every: renewInterval,
		row: store.Node{Name: at.node, Place: place, Started: now, Seen: now, Version: version(), State: "{}"},
	}
	_, embedded := i.embedded()
	if embedded {
		n.every = renewIntervalEmbedded
	}
	err = at.store.ClaimNode(ctx, n.row)
	if errors.Is(err, store.ErrNodeTaken) {
		if err := n.rename(); err != nil {
			return nil, err
		}
		at.node = n.row.Name
		err = at.store.ClaimNode(ctx, n.row)
	}
	if err != nil && embedded { // the disk may be full; what can be read is served all the same
		log.Warn("this node could not write down that it has started", "error", err)
		return n, nil
	}
	return n, err
}

// rename gives this node another name, because its own is another server's.
func (n *node) rename() (err error) {
	old := n.row.Name
	if n.row.Name, err = n.installation.newNode(); err != nil {
		return err
	}
	n.log.Warn("another server has this node's name: one data directory is a copy of the other's; this one gets a new name",
		"old", old, "new", n.row.Name, "file", n.installation.nodePath())
	return nil
}

// databaseTime is the database's, as far as it is known: nodes compare when they have seen each other.
func databaseTime(s *store.Store) time.Time { return time.Now().Add(-s.Health().Skew) }

// run says that this node lives until ctx ends. It returns before that only if another server has the name now: this
// one must not go on, and has another name at its next start.
func (n *node) run(ctx context.Context) error {
	ticker := time.NewTicker(n.every)
	defer ticker.Stop()
	pruned := time.Time{}
	for {
		err := n.renew(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, store.ErrNodeTaken):
			return errors.Join(errors.New("another server has taken this node's name: one data directory is a copy of the other's; "+
				"start this server again, it has a new name now"), n.rename())
		case err != nil && !errors.Is(err, iam.ErrUnavailable): // that the database is away is said already
			n.log.Warn("this node could not write that it lives", "error", err)
		case err == nil && time.Since(pruned) > time.Hour:
			pruned = time.Now()
			if err := n.store.PruneNodes(ctx, databaseTime(n.store).Add(-nodesKept)); err != nil && ctx.Err() == nil && !errors.Is(err, iam.ErrUnavailable) {
				n.log.Warn("nodes that are long gone could not be removed", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func (n *node) renew(ctx context.Context) error {
	state := n.state(ctx)
	state.Every = n.every.Seconds()
	text, err := json.Marshal(state)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*n.every)
	defer cancel()
	n.row.Seen, n.row.State = databaseTime(n.store), string(text)
	if err := n.store.RenewNode(ctx, n.row); err != nil {
		return err
	}
	return n.compareKeys(ctx, state.Keys)
}

// compareKeys tells whether other nodes that live have other keys: then what they seal can't be opened here, or not there.
func (n *node) compareKeys(ctx context.Context, keys string) error {
	nodes, err := n.store.Nodes(ctx)
	if err != nil {
		return err
	}
	differ := false
	for _, other := range nodes {
		s := newNodeStatus(other, 0, databaseTime(n.store))
		differ = differ || s.Alive && s.Keys != "" && s.Keys != keys
	}
	n.otherKeys.Store(differ)
	return nil
}

// release takes this node out of the table. It is called last, when nothing is written in its name any more.
func (n *node) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if err := n.store.ReleaseNode(ctx, n.row); err != nil {
		n.log.Warn("this node's end could not be written down; it is forgotten in a week", "error", err)
	}
}
