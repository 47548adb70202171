package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
)

// Node is a server that has this database open, as it has written it down itself.
type Node struct {
	Name    string // in audit records and hash chains
	Place   string // where it runs: differs between two data directories, stays over restarts
	Started time.Time
	Seen    time.Time // when it last said that it lives
	Version string    // of the program
	State   string    // JSON, of the program's own
}

// NodeAlive is how long after it was seen a node is taken to be alive.
const NodeAlive = time.Minute

// ErrNodeTaken is returned for a node whose name belongs to another that is alive.
var ErrNodeTaken = errors.New("store: another server has this node's name")

// ClaimNode writes a starting node down, at n.Seen. Its name is taken over from a node that was at the same place,
// which must have ended, or that has not been seen for NodeAlive; otherwise ErrNodeTaken is returned.
func (s *Store) ClaimNode(ctx context.Context, n Node) error {
	return s.putNode(ctx, n, func(old Node) bool { return old.Place == n.Place })
}

// GoneNodes are those that have signed digests of the audit log and are not in the table any more.
func (s *Store) GoneNodes(ctx context.Context) (names []string, err error) {
	err = s.view(ctx, func(t *tx) error {
		names, err = list(t, func(_ *tx, scan scanner) (name string, err error) { return name, scan(&name) },
			`SELECT DISTINCT node FROM audit_digests WHERE node NOT IN (SELECT name FROM nodes) ORDER BY node`)
		return err
	})
	return names, err
}

// RenewNode writes down that a node lives, at n.Seen. ErrNodeTaken means that another has claimed its name since. A row
// that was lost, with a fail-over or an older copy of the database, is written anew.
func (s *Store) RenewNode(ctx context.Context, n Node) error {
	return s.putNode(ctx, n, func(old Node) bool { return old.Place == n.Place && millis(old.Started) < millis(n.Started) })
}

// putNode writes n if its row is missing, its own, one that n replaces, or that of a node that is not alive any more.
func (s *Store) putNode(ctx context.Context, n Node, replaces func(old Node) bool) error {
	return s.update(ctx, func(t *tx) error {
		old, err := one(t, scanNode, `SELECT name, place, started, seen, version, state FROM nodes WHERE name = $1`+t.conn.forUpdate, n.Name)
		switch {
		case err == nil:
			own := old.Place == n.Place && millis(old.Started) == millis(n.Started)
			if !own && !replaces(*old) && n.Seen.Sub(old.Seen).Abs() < NodeAlive {
				return fmt.Errorf("%w: %s", ErrNodeTaken, n.Name)
			}
			return t.change(`UPDATE nodes SET place = $2, started = $3, seen = $4, version = $5, state = $6 WHERE name = $1`,
				n.Name, n.Place, millis(n.Started), millis(n.Seen), n.Version, n.State)
		case !errors.Is(err, iam.ErrNotFound):
			return err
		}
		return t.insert(`INSERT INTO nodes (name, place, started, seen, version, state) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT DO NOTHING`, n.Name, n.Place, millis(n.Started), millis(n.Seen), n.Version, n.State)
	})
}

// ReleaseNode removes a node that ends, unless its name is another's by now.
func (s *Store) ReleaseNode(ctx context.Context, n Node) error {
	return s.update(ctx, func(t *tx) error {
		_, err := t.exec(`DELETE FROM nodes WHERE name = $1 AND place = $2 AND started = $3`, n.Name, n.Place, millis(n.Started))
		return err
	})
}

// PruneNodes removes the nodes not seen since a time.
func (s *Store) PruneNodes(ctx context.Context, since time.Time) error {
	return s.update(ctx, func(t *tx) error {
		_, err := t.exec(`DELETE FROM nodes WHERE seen < $1`, millis(since))
		return err
	})
}

// Nodes returns all nodes, ordered by name.
func (s *Store) Nodes(ctx context.Context) (nodes []Node, err error) {
	err = s.view(ctx, func(t *tx) error {
		nodes, err = list(t, scanNode, `SELECT name, place, started, seen, version, state FROM nodes ORDER BY name`)
		return err
	})
	return nodes, err
}

func scanNode(_ *tx, scan scanner) (n Node, err error) {
	return n, scan(&n.Name, &n.Place, instant{&n.Started}, instant{&n.Seen}, &n.Version, &n.State)
}

// SchemaVersion is the version of the database's schema.
func (s *Store) SchemaVersion(ctx context.Context) (version int64, err error) {
	err = s.view(ctx, func(t *tx) error {
		return t.row(`SELECT MAX(version_id) FROM schema_versions`, nil, &version)
	})
	return version, err
}
