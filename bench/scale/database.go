package main

import (
	"sort"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
)

// database is a cell's: a log of commits, and what they left. Everything keeps its versions by their place in the log,
// so that a replica is a prefix of it, and a fail-over to a standby that had not received everything cuts its end off.
type database struct {
	commits []time.Duration // when; the first has place 1
	changes []change        // the change table; the first has sequence 1
	rights  map[string][]right
	devices map[principal][]device

	away  bool // no primary
	epoch int  // grows when a primary is lost: what it had not committed is gone
}

type change struct {
	place   int
	id      string
	account string
}

// right says of an access key, user or account's policy whether what it gives is taken away.
type right struct {
	place int
	taken bool
}

type device struct {
	place int
	state mfa.State
}

func newDatabase() *database {
	return &database{rights: make(map[string][]right), devices: make(map[principal][]device)}
}

func (db *database) commit(now time.Duration) (place int) {
	db.commits = append(db.commits, now)
	return len(db.commits)
}

// change takes a right away, or gives it back, and says so in the change table.
func (db *database) change(now time.Duration, account, id string, taken bool) {
	place := db.commit(now)
	db.rights[id] = append(db.rights[id], right{place, taken})
	db.changes = append(db.changes, change{place, id, account})
}

func (db *database) setDevice(now time.Duration, p principal, state mfa.State) {
	db.devices[p] = append(db.devices[p], device{db.commit(now), state})
}

func (db *database) device(p principal) mfa.State {
	if versions := db.devices[p]; len(versions) > 0 {
		return versions[len(versions)-1].state
	}
	return mfa.State{}
}

// taken tells whether a right was taken away, as the log's first place commits have it.
func (db *database) taken(id string, place int) bool {
	versions := db.rights[id]
	n := sort.Search(len(versions), func(i int) bool { return versions[i].place > place })
	return n > 0 && versions[n-1].taken
}

// placeAt is how much of the log was there at a time.
func (db *database) placeAt(at time.Duration) int {
	return sort.Search(len(db.commits), func(i int) bool { return db.commits[i] > at })
}

// changesIn is how many changes the log's first place commits hold: the sequence of the last.
func (db *database) changesIn(place int) int {
	return sort.Search(len(db.changes), func(i int) bool { return db.changes[i].place > place })
}

// changesAfter is what the change table returns to a follower that sees the changes up to last.
func (db *database) changesAfter(seq int64, last, limit int) []iam.Change {
	var list []iam.Change
	for i := int(seq); i < min(last, len(db.changes)) && len(list) < limit; i++ {
		c := db.changes[i]
		list = append(list, iam.Change{Sequence: int64(i + 1), Account: c.account, Version: int64(c.place), ID: c.id})
	}
	return list
}

// failOver loses the primary. The standby has the log up to place: all of it, if it acknowledged every commit.
func (db *database) failOver(place int) {
	db.epoch++
	db.away = true
	if place >= len(db.commits) {
		return
	}
	db.commits = db.commits[:place]
	db.changes = db.changes[:db.changesIn(place)]
	for id, versions := range db.rights {
		n := sort.Search(len(versions), func(i int) bool { return versions[i].place > place })
		db.rights[id] = versions[:n]
	}
	for p, versions := range db.devices {
		n := sort.Search(len(versions), func(i int) bool { return versions[i].place > place })
		db.devices[p] = versions[:n]
	}
}
