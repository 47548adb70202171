package main

import (
	"context"

	"github.com/sallyport-iam/sallyport/iam"
)

// source is the store behind one node's directory: the cell's primary, or a region's replica of it. It is all that the
// simulation implements of iam.Store: what a directory asks.
type source struct {
	db    *database
	count int // of principals

	place     int  // how much of the log it sees
	reachable bool // false: every question fails
	loads     int  // questions answered, and not
	follower  gate
}

// gate lets the simulation decide when a node looks at the change table, and how much of it it sees. The node's follower
// runs in a goroutine of its own and waits at the gate; when it has come back there, it has applied what it saw.
type gate struct {
	arrived chan struct{}
	open    chan int // the sequence of the last change it sees
	closed  <-chan struct{}
}

// pass waits until the gate is opened. It knows no deadline: those of the follower are of another clock.
func (g gate) pass() (last int, err error) {
	select {
	case g.arrived <- struct{}{}:
	case <-g.closed:
		return 0, context.Canceled
	}
	select {
	case last = <-g.open:
		return last, nil
	case <-g.closed:
		return 0, context.Canceled
	}
}

// let opens the gate once, and returns when the follower is back.
func (g gate) let(last int) {
	g.open <- last
	<-g.arrived
}

// following marks the context of a follower: its questions go through the gate.
type following struct{}

func (s *source) View(ctx context.Context, fn func(iam.Tx) error) error {
	if ctx.Value(following{}) != nil {
		last, err := s.follower.pass()
		if err != nil {
			return err
		}
		return fn(&view{source: s, last: last})
	}
	s.loads++
	if !s.reachable {
		return iam.ErrUnavailable
	}
	return fn(&view{source: s, place: s.place})
}

// Update is never asked for: the simulation makes its changes itself.
func (s *source) Update(context.Context, func(iam.Tx) error) error { return iam.ErrUnavailable }

// view is a snapshot. A directory calls no other methods than these.
type view struct {
	iam.Tx
	*source
	place int
	last  int // the change table's end, for a follower
}

func (v *view) KeyRecord(ctx context.Context, id string) (*iam.AccessKey, *iam.PrincipalRecord, error) {
	p, err := numbered(id, v.count)
	if err != nil || id != p.keyID() {
		return nil, nil, iam.ErrNotFound
	}
	owner, err := v.PrincipalRecord(ctx, p.account(), iam.IAMUser, p.userID())
	key := &iam.AccessKey{Account: p.account(), ID: id, OwnerID: p.userID(), Active: !v.db.taken(id, v.place)}
	return key, owner, err
}

func (v *view) PrincipalRecord(_ context.Context, account string, kind iam.Kind, id string) (*iam.PrincipalRecord, error) {
	p, err := numbered(id, v.count)
	if err != nil || kind != iam.IAMUser || id != p.userID() || account != p.account() {
		return nil, iam.ErrNotFound
	}
	detached, locked := v.db.taken(id, v.place), v.db.taken(policyARN(account, "work"), v.place)
	return &iam.PrincipalRecord{
		Account: account, Kind: kind, ID: id, Name: p.name(), Path: "/",
		Policies: policiesOf(p, detached, locked), PolicyVersion: int64(v.place),
	}, nil
}

func (v *view) LastChange(context.Context) (int64, error) { return int64(v.last), nil }

func (v *view) ChangesAfter(_ context.Context, seq int64, limit int) ([]iam.Change, error) {
	return v.db.changesAfter(seq, v.last, limit), nil
}
