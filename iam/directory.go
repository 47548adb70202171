package iam

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-iam/sallyport/sigv4"
)

// Directory keeps credentials and principals with compiled policies in memory, so that a known caller is
// authenticated and authorised without the database. It is bounded in bytes (directorymemory.go). What is not there is
// read by one statement, once for all who ask for it at the same time (directoryload.go). A change committed by this
// node is forgotten at once ([Directory.Forget]); changes of other processes are found in the change table by
// [Directory.Follow] (directoryfollow.go).
type Directory struct {
	// Now is the clock. It is time.Now, which never goes back, unless set before the first use.
	Now func() time.Time
	// Grace is how long after the last look at the change table a directory that follows it goes on answering from
	// memory; then it refuses with ErrUnavailable until it has caught up. 0 is forever.
	Grace time.Duration

	store      Store
	limit      int
	strangers  *turnstile // before look-ups of keys that nobody here has heard of
	acquainted *acquainted
	counts     directoryCounts
	looked     atomic.Pointer[time.Time] // when the last look at the change table that succeeded began; nil unless following

	credentials flights[flightKey, *Credential]
	loads       flights[flightKey, *Principal]
	policies    flights[flightKey, *document]

	mu         sync.RWMutex
	memory     *memory
	seen       map[string]int64 // account → policy version up to which changes are applied
	last       Change           // applied; of the first look, only read
	following  bool             // last is set
	generation uint64           // grows with every change: a load that saw one isn't kept
}

// flightKey names a load. Who asks after a change is not answered by a load that began before it, so the generation is
// part of the name.
type flightKey struct {
	generation uint64
	account    string
	kind       Kind
	id         string
}

// Credential is a long-term access key with what a signature check needs.
type Credential struct {
	AccessKeyID string
	Secret      string
	Active      bool
	Account     string
	OwnerID     string

	version int64                      // the account's policy version it was read at
	derived atomic.Pointer[signingKey] // the key of the scope used last: the same for a client all day
}

type signingKey struct {
	date, region, service string
	key                   []byte
}

// SigningKey is the key that signatures of the credential are made with in a scope.
func (c *Credential) SigningKey(date, region, service string) []byte {
	if k := c.derived.Load(); k != nil && k.date == date && k.region == region && k.service == service {
		return k.key
	}
	key := sigv4.SigningKey(c.Secret, date, region, service)
	if len(region) <= longestRegion { // no signature has been checked yet
		c.derived.Store(&signingKey{strings.Clone(date), strings.Clone(region), strings.Clone(service), key})
	}
	return key
}

// DirectoryBytes is the default bound of a directory.
const DirectoryBytes = 64 << 20

// longestRegion is how long the name of a region may be, in bytes, for its signing key to be kept.
const longestRegion = 64

const (
	// unknownLifetime is how long it is remembered that a key doesn't exist. Notice of a new key comes earlier; nothing
	// depends on it.
	unknownLifetime = 5 * time.Second
	// strangersInside is how many look-ups of keys that may not exist the database sees at a time, and strangersQueue
	// how many may wait for their turn.
	strangersInside, strangersQueue = 8, 1024
)

// NewDirectory makes a directory over store that keeps about limit bytes.
func NewDirectory(store Store, limit int) *Directory {
	return &Directory{
		Now:        time.Now,
		store:      store,
		limit:      limit,
		strangers:  newTurnstile(strangersInside, strangersQueue),
		acquainted: newAcquainted(limit / 64),
		memory:     newMemory(limit),
		seen:       make(map[string]int64),
	}
}

// Credential finds a long-term access key. It returns ErrNotFound for a key that does not exist, and ErrUnavailable
// for one that can't be looked up now.
func (d *Directory) Credential(ctx context.Context, accessKeyID string) (*Credential, error) {
	if !isAccessKeyID(accessKeyID) {
		d.counts.unknown.Add(1)
		return nil, ErrNotFound
	}
	d.mu.RLock()
	known, ok := d.memory.keys.get(accessKeyID)
	var refused time.Time
	if !ok {
		refused, _ = d.memory.unknown.get(accessKeyID)
	}
	generation := d.generation
	d.mu.RUnlock()
	if ok {
		if err := d.hit(); err != nil {
			return nil, err
		}
		return known, nil
	}
	if !refused.IsZero() && d.Now().Sub(refused) < unknownLifetime {
		d.counts.unknown.Add(1)
		return nil, d.fresh(ErrNotFound)
	}
	accessKeyID = strings.Clone(accessKeyID) // the rest of the request is not to be kept with it
	c, joined, err := d.credentials.share(ctx, flightKey{generation: generation, id: accessKeyID},
		func(ctx context.Context) (*Credential, error) { return d.loadCredential(ctx, generation, accessKeyID) })
	d.missed(joined, err)
	return c, err
}

// isAccessKeyID tells whether a long-term key can have the id. Others are nobody's, whatever the database says.
func isAccessKeyID(id string) bool {
	rest, ok := strings.CutPrefix(id, prefixAccessKey)
	if !ok || len(id) != 20 {
		return false
	}
	for i := range len(rest) {
		if c := rest[i]; (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// ownerKind is what kind of principal owns the key.
func (c *Credential) ownerKind() Kind { return OwnerKind(c.Account, c.OwnerID) }

// OwnerKind tells root as the owner of a key, whose id is the account's, from a user.
func OwnerKind(account, ownerID string) Kind {
	if ownerID == account {
		return RootUser
	}
	return IAMUser
}

// Principal finds a principal by its unique id. It returns ErrNotFound if it has been deleted, and ErrUnavailable if
// it can't be looked up now.
func (d *Directory) Principal(ctx context.Context, account string, kind Kind, id string) (*Principal, error) {
	d.mu.RLock()
	known, ok := d.memory.principal(account, kind, id)
	generation := d.generation
	d.mu.RUnlock()
	if ok {
		if err := d.hit(); err != nil {
			return nil, err
		}
		return known, nil
	}
	p, joined, err := d.loads.share(ctx, flightKey{generation, account, kind, id},
		func(ctx context.Context) (*Principal, error) {
			return d.loadPrincipal(ctx, generation, account, kind, id)
		})
	d.missed(joined, err)
	return p, err
}

// Owner finds the principal that owns a credential.
func (d *Directory) Owner(ctx context.Context, c *Credential) (*Principal, error) {
	return d.Principal(ctx, c.Account, c.ownerKind(), c.OwnerID)
}

// hit counts an answer from memory; it is an error if memory is too old to answer.
func (d *Directory) hit() error {
	if err := d.fresh(nil); err != nil {
		return err
	}
	d.counts.hits.Add(1)
	return nil
}

// fresh returns answer, or ErrUnavailable if the directory has not seen the change table for too long.
func (d *Directory) fresh(answer error) error {
	if d.Grace == 0 {
		return answer
	}
	if age := d.age(); age > d.Grace {
		d.counts.refused.Add(1)
		return fmt.Errorf("%w: changes of the last %v are not known here", ErrUnavailable, age.Round(time.Second))
	}
	return answer
}

// missed counts an answer from the database.
func (d *Directory) missed(joined bool, err error) {
	if joined {
		d.counts.shared.Add(1)
	} else {
		d.counts.misses.Add(1)
	}
	switch {
	case errors.Is(err, ErrNotFound):
		d.counts.unknown.Add(1)
	case errors.Is(err, ErrUnavailable):
		d.counts.refused.Add(1)
	}
}

// Forget drops whatever depends on the changed ids.
func (d *Directory) Forget(ids ...string) {
	if len(ids) == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.generation++
	for _, id := range ids {
		d.memory.forget(id)
	}
}

// keyFreshness is the account's policy version up to which the key is known to be active; -1 if that is not known.
func (d *Directory) keyFreshness(accessKeyID string) int64 {
	d.mu.RLock()
	defer d.mu.RUnlock()
	c, ok := d.memory.keys.peek(accessKeyID)
	if !ok || !c.Active {
		return -1
	}
	return max(c.version, d.seen[c.Account])
}

// freshness is the account's policy version up to which p is known to hold.
func (d *Directory) freshness(p *Principal) int64 {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if kept, ok := d.memory.principals.peek(p.ID); !ok || kept != p {
		return p.version
	}
	return max(p.version, d.seen[p.Account])
}
