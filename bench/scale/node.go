package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/policy"
)

// node is a server with its directory, the real one, at home or in a region.
type node struct {
	cell   *cell
	region int           // 0 is home
	phase  time.Duration // of its polls

	source    *source
	directory *iam.Directory
	stop      context.CancelFunc
	seen      int           // the sequence up to which its follower has been shown the change table
	looked    time.Duration // when

	up       bool
	lost     time.Duration // when it went down
	cuts     int           // what keeps it, or its region's replica, from hearing of changes at home
	cutAt    time.Duration // since when
	behind   bool          // it is reached again, and has not looked yet
	joinedAt time.Duration // when it had looked
}

// boot starts the node with an empty directory and a follower, which waits at the gate when boot returns.
func (n *node) boot() {
	c := n.cell
	ctx, stop := context.WithCancel(context.WithValue(context.Background(), following{}, true))
	n.source = &source{
		db: c.db, count: c.sampled, reachable: true,
		follower: gate{make(chan struct{}), make(chan int), ctx.Done()},
	}
	n.directory = iam.NewDirectory(n.source, c.directory/c.one)
	n.directory.Now = func() time.Time { return midnight.Add(time.Duration(c.shown.Load())) }
	if !c.graceful {
		n.directory.Grace = c.grace
	}
	n.stop, n.up, n.behind, n.joinedAt = stop, true, false, c.now
	go n.directory.Follow(ctx, time.Microsecond, nil, slog.New(slog.DiscardHandler)) // the gate sets the pace
	<-n.source.follower.arrived
	n.show(c.db.changesIn(n.visible()))
}

func (n *node) shutDown() {
	n.stop()
	n.up, n.lost = false, n.cell.now
}

// visible is how much of the log the node's database shows: all at home, what has arrived in a region.
func (n *node) visible() int {
	if n.region == 0 {
		return len(n.cell.db.commits)
	}
	return n.cell.replicas[n.region].place
}

// look lets the follower see the change table as it is, and returns when it has applied what is new.
func (n *node) look() {
	if !n.up || n.region == 0 && n.cuts > 0 {
		return
	}
	if n.cell.deaf {
		n.show(n.seen)
	} else {
		n.show(n.cell.db.changesIn(n.visible()))
	}
	if n.behind && n.cuts == 0 {
		n.behind, n.joinedAt = false, n.cell.now
	}
}

// show lets the follower see the change table up to last. It comes twice at least: the second look begins now, and
// that is how young the directory is then.
func (n *node) show(last int) {
	for range 2 + max(last-n.seen, 0)/500 {
		n.source.follower.let(last)
	}
	n.seen, n.looked = last, n.cell.now
}

// nextPoll is when the follower looks by itself, and has its answer.
func (n *node) nextPoll() time.Duration {
	poll := n.cell.poll
	return (n.cell.now-n.phase+poll)/poll*poll + n.phase + n.cell.trip(n.cell.zone) + n.cell.query
}

// cutOff is when changes at home stop reaching the node.
func (n *node) cutOff() {
	if n.cuts == 0 && !n.behind {
		n.cutAt = n.cell.now
		if n.up {
			n.show(n.seen) // its last poll, which was at most half a second ago
		}
	}
	n.cuts++
}

// reached is when they could reach it again. What it knows is as old as it was until it has looked.
func (n *node) reached() {
	if n.cuts--; n.cuts == 0 {
		n.behind = true
		n.cell.at(n.nextPoll(), n.look)
	}
}

// silence is how long the node has not heard of its home, as the node itself can know.
func (n *node) silence() time.Duration {
	if n.cuts == 0 && !n.behind {
		return 0
	}
	return n.cell.now - n.cutAt
}

// fed tells, as only the simulation knows, whether the stated bound binds the node: it is neither cut off nor still
// catching up with what it missed.
func (n *node) fed() bool { return n.cuts == 0 && !n.behind }

func (n *node) bound() time.Duration {
	if n.region == 0 {
		return n.cell.homeBound
	}
	return n.cell.regionBound
}

// answer is what became of a request.
type answer struct {
	allowed bool
	missed  bool   // the database was asked
	refusal string // the cause, if it is none of policy
}

// authorize authenticates a principal and decides, with the real directory and the real policy engine.
func (n *node) authorize(p principal, byKey bool) answer {
	if n.fed() && n.cell.now-n.looked > n.cell.grace/2 {
		n.show(n.seen) // polls that find nothing are not simulated one by one
	}
	n.source.place = n.visible()
	n.source.reachable = n.reachable()
	loads := n.source.loads
	measured := n.cell.executed.start()
	who, active, err := n.find(p, byKey)
	missed := n.source.loads > loads
	n.cell.executed.found(measured, missed)
	switch {
	case errors.Is(err, iam.ErrUnavailable) && n.silence() > n.cell.grace:
		return answer{missed: missed, refusal: "cut off for longer than the grace"}
	case errors.Is(err, iam.ErrUnavailable):
		return answer{missed: true, refusal: "unknown principal while the database is away"}
	case err != nil:
		n.cell.ledger.fail("a principal was not found: %v", err)
		return answer{missed: missed}
	case !active:
		return answer{missed: missed}
	}
	conditions := n.cell.conditions(who)
	caller := policy.Principal{Kind: policy.User, Account: who.Account, ARN: who.ARN(), ID: who.ID}
	conditions.AddPrincipal(&caller)
	set := policy.Set{Identity: who.Policies, Boundary: who.Boundary}
	request := policy.Request{Action: action, Resource: bucket(who.Account), Principal: caller, Context: conditions}
	measured = n.cell.executed.start()
	decision := set.Evaluate(&request)
	n.cell.executed.decided(measured)
	return answer{allowed: decision.Allowed(), missed: missed}
}

// reachable tells whether the node can load a principal: at home from the primary, in a region from the replica, unless
// that is older than the grace. (A directory trusts what it loads: the replica must say how old it is.)
func (n *node) reachable() bool {
	if n.region > 0 {
		return n.silence() <= n.cell.grace || n.cell.graceful
	}
	return n.cuts == 0
}

func (n *node) find(p principal, byKey bool) (who *iam.Principal, active bool, err error) {
	ctx := context.Background()
	if !byKey {
		who, err = n.directory.Principal(ctx, p.account(), iam.IAMUser, p.userID())
		return who, true, err
	}
	key, err := n.directory.Credential(ctx, p.keyID())
	if err != nil || !key.Active {
		return nil, false, err
	}
	who, err = n.directory.Owner(ctx, key)
	return who, true, err
}

// conditions are the condition keys of a request, as a session with MFA has them.
func (c *cell) conditions(who *iam.Principal) *policy.Context {
	k := &c.context
	k.Reset(nil)
	k.Add("aws:currenttime", midnight.Add(c.now).Format("2006-01-02T15:04:05Z"))
	k.Add("aws:securetransport", "true")
	k.Add("aws:sourceip", "10.1.2.3")
	k.Add("aws:requestedregion", "eu-west-1")
	k.Add("aws:viaawsservice", "false")
	k.Add("aws:multifactorauthpresent", "true")
	k.Add("aws:multifactorauthage", "600")
	return k
}
