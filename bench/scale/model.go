package main

import (
	"errors"
	"flag"
	"time"
)

// costs are what the simulation is told and does not find out: times that machines and networks take. Their defaults
// are the figures of make bench on its reference machine (docs/performance.md) where it measures them; the others say
// what they are.
type costs struct {
	cpu       time.Duration // of a node for one signed request
	cpuSignIn time.Duration // of a node for one sign-in with a code
	query     time.Duration // of the database for a principal with all that decides for it
	write     time.Duration // of the database for the statements of one transaction
	fsync     time.Duration // of one append, on either database server

	zone      time.Duration // round trip between nodes and databases of one region
	continent time.Duration // round trip between regions
	trips     int           // round trips of one writing transaction

	nodeCores, databaseCores int
	jitter                   float64 // sigma of the log-normal spread around each network and disk time
}

// workload is what the principals of a cell do on a day.
type workload struct {
	requests, signIns, changes float64 // per principal and day
	skew                       float64 // exponent of the Zipf distribution over principals, above 1
	swing                      float64 // of the day: the peak is 1+swing times the mean
	byKey                      float64 // share of requests signed with a long-term key; the others with a session token
	unknown                    float64 // share of requests with a key that doesn't exist
	replays                    float64 // share of codes that somebody who has seen them sends again
}

// layout is what a cell is made of.
type layout struct {
	cell         int // principals of one cell at most
	nodes        int // of the home region
	regions      int // others, which hold a read-only data plane each
	regionNodes  int
	directory    int // bytes, of each node's directory
	poll         time.Duration
	lag          time.Duration // median of what a region's replica is behind
	homeBound    time.Duration // how long a revoked right may be honoured
	regionBound  time.Duration
	grace        time.Duration // how long a plane that is cut off goes on from memory
	asynchronous bool          // the standby acknowledges nothing: shown to break the promises
}

// troubles are what goes wrong on a day, in each cell.
type troubles struct {
	nodeLosses, failOvers, cutOffs int
	lostNotifications              float64 // share
	lossNoticed                    time.Duration
	lossLasts, cutLasts            time.Duration
	failOverMin, failOverMax       time.Duration
}

type model struct {
	costs
	workload
	layout
	troubles
	warmUp time.Duration // before midnight; not counted
	day    time.Duration
	budget int // requests that are executed for one cell, about

	// What a test breaks on purpose, to see that it is found.
	deaf     bool // nodes never look at the change table
	graceful bool // planes that are cut off never stop
}

// flags declares every input. The text of each says where its default comes from.
func (m *model) flags(f *flag.FlagSet) {
	f.DurationVar(&m.cpu, "cpu", 45*time.Microsecond, "CPU of a node per signed request (make bench, requests)")
	f.DurationVar(&m.cpuSignIn, "cpu-signin", 350*time.Microsecond, "CPU of a node per MFA sign-in (make bench, signin)")
	f.DurationVar(&m.query, "query", 250*time.Microsecond, "database time of the one query of a miss (assumed: an indexed join, rows in memory)")
	f.DurationVar(&m.write, "write", 300*time.Microsecond, "database time of a writing transaction without its fsync (assumed)")
	f.DurationVar(&m.fsync, "fsync", 1100*time.Microsecond, "one durable append (make bench, first line: the machine's fsync)")
	f.DurationVar(&m.zone, "rtt-zone", 500*time.Microsecond, "round trip within a region (assumed: between availability zones)")
	f.DurationVar(&m.continent, "rtt-region", 80*time.Millisecond, "round trip between regions (assumed: across an ocean)")
	f.IntVar(&m.trips, "round-trips", 5, "round trips of a writing transaction: begin, version, row, record, commit")
	f.IntVar(&m.nodeCores, "node-cores", 2, "cores of a node (make bench: the machine)")
	f.IntVar(&m.databaseCores, "database-cores", 8, "cores of a database server (assumed)")
	f.Float64Var(&m.jitter, "jitter", 0.3, "sigma of the log-normal spread of network, disk and database times (assumed)")

	f.Float64Var(&m.requests, "requests", 100, "requests per principal and day (assumed)")
	f.Float64Var(&m.signIns, "signins", 0.5, "MFA sign-ins per principal and day (assumed)")
	f.Float64Var(&m.changes, "changes", 0.01, "management changes per principal and day (assumed)")
	f.Float64Var(&m.skew, "skew", 1.1, "exponent of the Zipf distribution over principals, above 1 (assumed)")
	f.Float64Var(&m.swing, "swing", 0.6, "the day's peak is this much above its mean, its trough as much below (assumed)")
	f.Float64Var(&m.byKey, "by-key", 0.3, "share of requests signed with a long-term key; the others carry a session token (assumed)")
	f.Float64Var(&m.unknown, "unknown", 0.005, "share of requests with a key that doesn't exist (assumed)")
	f.Float64Var(&m.replays, "replays", 0.1, "share of codes that are sent a second time (assumed: an attacker looks over shoulders)")

	f.IntVar(&m.cell, "cell", 1_000_000, "principals of a cell at most")
	f.IntVar(&m.nodes, "nodes", 3, "nodes of a cell in its home region")
	f.IntVar(&m.regions, "regions", 2, "other regions with a read-only data plane")
	f.IntVar(&m.regionNodes, "region-nodes", 2, "nodes of each of them")
	f.IntVar(&m.directory, "directory", 64<<20, "`BYTES` of each node's directory (iam.DirectoryBytes)")
	f.DurationVar(&m.poll, "poll", 500*time.Millisecond, "how often the change table is looked at when no notification comes")
	f.DurationVar(&m.lag, "lag", 200*time.Millisecond, "median lag of a region's replica (assumed)")
	f.DurationVar(&m.homeBound, "home-bound", time.Second, "how long a revoked right may be honoured at home")
	f.DurationVar(&m.regionBound, "region-bound", 5*time.Second, "… in a region whose data plane is fed")
	f.DurationVar(&m.grace, "grace", 15*time.Minute, "… by a plane that is cut off: then it refuses")
	f.BoolVar(&m.asynchronous, "asynchronous", false, "fail over to a standby that may have missed the last commits; breaks the promises, and the run says so")

	f.IntVar(&m.nodeLosses, "node-losses", 6, "nodes lost in a cell on a day")
	f.IntVar(&m.failOvers, "fail-overs", 4, "fail-overs of a cell's database on a day")
	f.IntVar(&m.cutOffs, "cut-offs", 3, "planes cut off from a cell's database on a day, in turn a region and a node at home")
	f.Float64Var(&m.lostNotifications, "lost-notifications", 0.05, "share of notifications that never arrive")
	f.DurationVar(&m.lossNoticed, "loss-noticed", 2*time.Second, "until the proxy stops sending to a lost node")
	f.DurationVar(&m.lossLasts, "loss-lasts", 10*time.Minute, "until a lost node is back, with an empty memory")
	f.DurationVar(&m.cutLasts, "cut-lasts", 30*time.Minute, "until a plane that was cut off is reached again")
	f.DurationVar(&m.failOverMin, "fail-over-min", 10*time.Second, "shortest time without a primary")
	f.DurationVar(&m.failOverMax, "fail-over-max", 40*time.Second, "longest (Patroni with its default ttl of 30 s)")
	f.IntVar(&m.budget, "budget", 400_000, "requests executed for each cell, about; larger cells are sampled")
	m.warmUp, m.day = 2*time.Hour, 24*time.Hour
}

// quiet is the same without anything going wrong.
func (m model) quiet() model {
	m.troubles = troubles{}
	return m
}

// valid says what is wrong with the inputs.
func (m *model) valid() error {
	switch {
	case m.skew <= 1:
		return errors.New("-skew must be above 1")
	case m.swing < 0 || m.swing >= 1:
		return errors.New("-swing must be from 0 to below 1")
	case m.nodes < 1 || m.regions < 0 || m.regions > 0 && m.regionNodes < 1 || m.nodeCores < 1 || m.databaseCores < 1:
		return errors.New("a cell has at least one node, and so has each region; servers have at least one core")
	case m.cell < 10 || m.budget < 1 || m.requests <= 0 || m.signIns <= 0 || m.changes <= 0:
		return errors.New("-cell, -budget, -requests, -signins and -changes must be more than nothing")
	case m.poll <= 0 || m.failOverMax < m.failOverMin || m.directory < 1<<20:
		return errors.New("-poll and -fail-over-max - -fail-over-min must be positive, -directory at least 1 MiB")
	}
	return nil
}
