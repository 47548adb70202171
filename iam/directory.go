package iam

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-iam/sallyport/policy"
	"github.com/sallyport-iam/sallyport/sigv4"
)

// Directory keeps credentials and principals with compiled policies in memory, so that a known caller is
// authenticated and authorised without the database. It is bounded in bytes. A change committed by this node is
// forgotten at once ([Directory.Forget]); changes of other processes are found in the change table by
// [Directory.Follow] within its interval.
type Directory struct {
	store Store

	mu         sync.Mutex
	keys       *lru[string, *Credential]
	unknown    *lru[string, struct{}] // key ids that don't exist: apart, so that a flood of them evicts nothing else
	principals *lru[principalKey, *Principal]
	sessions   *lru[string, *policy.Document] // managed policies used as session policies, by ARN
	documents  *lru[documentKey, *policy.Document]
	dependents map[string]map[principalKey]struct{} // changed id → the principals that depend on it
	seen       map[string]int64                     // account → policy version up to which changes are applied
	following  bool                                 // sequence is set
	sequence   int64                                // of the last change applied
	generation uint64                               // grows with every change: a load that saw one isn't kept
}

type principalKey struct {
	account string
	kind    Kind
	id      string
}

type documentKey struct {
	kind policy.Kind
	hash [sha256.Size]byte
}

// Credential is a long-term access key with what a signature check needs.
type Credential struct {
	AccessKeyID string
	Secret      string
	Active      bool
	Account     string
	OwnerID     string

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
	c.derived.Store(&signingKey{date, region, service, key})
	return key
}

// DirectoryBytes is the default bound of a directory.
const DirectoryBytes = 64 << 20

// longestKeyID bounds what is remembered of keys that don't exist: nobody has proved anything yet.
const longestKeyID = 128

// What things weigh beside their texts: a key with its derived signing key, a principal, one dependency of it.
const (
	keyBytes        = 640
	principalBytes  = 1024
	dependencyBytes = 256
)

// NewDirectory makes a directory over store that keeps about limit bytes.
func NewDirectory(store Store, limit int) *Directory {
	d := &Directory{
		store:      store,
		keys:       newLRU[string, *Credential](limit/8, nil),
		unknown:    newLRU[string, struct{}](4096, nil),
		sessions:   newLRU[string, *policy.Document](limit/8, nil),
		documents:  newLRU[documentKey, *policy.Document](limit/4, nil),
		dependents: make(map[string]map[principalKey]struct{}),
		seen:       make(map[string]int64),
	}
	d.principals = newLRU(limit/2, d.principalDropped)
	return d
}

// Credential finds a long-term access key. It returns ErrNotFound for a key that does not exist.
func (d *Directory) Credential(ctx context.Context, accessKeyID string) (*Credential, error) {
	if len(accessKeyID) > longestKeyID {
		return nil, ErrNotFound
	}
	d.mu.Lock()
	known, ok := d.keys.get(accessKeyID)
	_, missing := d.unknown.get(accessKeyID)
	generation := d.generation
	d.mu.Unlock()
	switch {
	case ok:
		return known, nil
	case missing:
		return nil, ErrNotFound
	}
	var c *Credential
	var owner *Principal
	err := d.store.View(ctx, func(tx Tx) error {
		key, err := tx.AccessKey(ctx, accessKeyID)
		if err != nil {
			return err
		}
		c = &Credential{AccessKeyID: key.ID, Secret: key.Secret, Active: key.Active, Account: key.Account, OwnerID: key.OwnerID}
		owner, err = d.load(ctx, tx, c.Account, c.ownerKind(), c.OwnerID) // it is asked for next: one snapshot serves both
		return err
	})
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.generation != generation: // changed while it was being read: good for this request only
	case err == nil:
		d.keys.put(accessKeyID, c, keyBytes)
		d.keep(owner)
	case errors.Is(err, ErrNotFound):
		d.unknown.put(strings.Clone(accessKeyID), struct{}{}, 1) // the rest of the request is not to be kept with it
	}
	return c, err
}

// ownerKind is what kind of principal owns the key: root's keys are owned by the account's id.
func (c *Credential) ownerKind() Kind {
	if c.OwnerID == c.Account {
		return RootUser
	}
	return IAMUser
}

// keep adds a principal that was just read.
func (d *Directory) keep(p *Principal) {
	key := principalKey{p.Account, p.Kind, p.ID}
	if !d.principals.put(key, p, p.size) {
		return
	}
	for _, dep := range p.deps {
		if d.dependents[dep] == nil {
			d.dependents[dep] = make(map[principalKey]struct{})
		}
		d.dependents[dep][key] = struct{}{}
	}
}

// Principal finds a principal by its unique id. It returns ErrNotFound if it has been deleted.
func (d *Directory) Principal(ctx context.Context, account string, kind Kind, id string) (*Principal, error) {
	key := principalKey{account, kind, id}
	d.mu.Lock()
	known, ok := d.principals.get(key)
	generation := d.generation
	d.mu.Unlock()
	if ok {
		return known, nil
	}
	var p *Principal
	err := d.store.View(ctx, func(tx Tx) (err error) {
		p, err = d.load(ctx, tx, account, kind, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.generation == generation {
		d.keep(p)
	}
	return p, nil
}

// Owner finds the principal that owns a credential.
func (d *Directory) Owner(ctx context.Context, c *Credential) (*Principal, error) {
	return d.Principal(ctx, c.Account, c.ownerKind(), c.OwnerID)
}

// SessionPolicy compiles a policy passed when a session was made.
func (d *Directory) SessionPolicy(text string) (policy.Policy, error) {
	doc, err := d.compile(policy.Session, text)
	return policy.Policy{Kind: policy.Session, Document: doc}, err
}

// ManagedSessionPolicy is the policy behind an ARN passed when a session was made, as it reads now: a new
// default version changes the rights of sessions that exist. One that has been deleted allows nothing.
func (d *Directory) ManagedSessionPolicy(ctx context.Context, account, arn string) (policy.Policy, error) {
	d.mu.Lock()
	known, ok := d.sessions.get(arn)
	generation := d.generation
	d.mu.Unlock()
	if ok {
		return policy.Policy{Kind: policy.Session, ARN: arn, Document: known}, nil
	}
	var texts []PolicyText
	err := d.store.View(ctx, func(tx Tx) (err error) {
		texts, err = tx.PoliciesOf(ctx, account, nil, arn)
		return err
	})
	if err != nil {
		return policy.Policy{}, err
	}
	if len(texts) == 0 {
		return policy.Policy{}, ErrNotFound
	}
	doc, err := d.compile(policy.Session, texts[0].Document)
	if err != nil {
		return policy.Policy{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.generation == generation {
		d.sessions.put(arn, doc, doc.Size())
	}
	return policy.Policy{Kind: policy.Session, ARN: arn, Document: doc}, nil
}

// currentSession returns the caller's session with its managed policies as the transaction sees them.
func (d *Directory) currentSession(ctx context.Context, tx Tx, c *Caller) (*Session, error) {
	if c.Session == nil {
		return nil, nil
	}
	var arns []string
	for _, p := range c.Session.Policies {
		if p.ARN != "" {
			arns = append(arns, p.ARN)
		}
	}
	if len(arns) == 0 {
		return c.Session, nil
	}
	texts, err := tx.PoliciesOf(ctx, c.Account, nil, arns...)
	if err != nil {
		return nil, err
	}
	again := *c.Session
	again.Policies = slices.DeleteFunc(slices.Clone(again.Policies), func(p policy.Policy) bool { return p.ARN != "" })
	for _, t := range texts {
		doc, err := d.compile(policy.Session, t.Document)
		if err != nil {
			return nil, err
		}
		again.Policies = append(again.Policies, policy.Policy{Kind: policy.Session, ARN: t.ARN, Document: doc})
	}
	return &again, nil
}

// load reads a principal with all that decides for it.
func (d *Directory) load(ctx context.Context, tx Tx, account string, kind Kind, id string) (*Principal, error) {
	p := &Principal{Account: account, Kind: kind, ID: id, deps: []string{id}, size: principalBytes}
	var err error
	if p.version, err = tx.PolicyVersion(ctx, account); err != nil {
		return nil, err
	}
	var boundary string
	owners := []string{id}
	switch kind {
	case RootUser:
		_, err := tx.Account(ctx, account)
		return p, err
	case IAMUser:
		u, err := tx.UserByID(ctx, account, id)
		if err != nil {
			return nil, err
		}
		p.Name, p.Path, p.Tags, boundary = u.Name, u.Path, u.Tags, u.BoundaryARN
		groups, err := everyPage(func(page Page) ([]Group, error) { return tx.GroupsOfUser(ctx, account, id, page) },
			func(g Group) string { return g.Name })
		if err != nil {
			return nil, err
		}
		for _, g := range groups {
			owners = append(owners, g.ID)
		}
		if err := d.addSelfService(ctx, tx, p); err != nil {
			return nil, err
		}
	case IAMRole:
		r, err := tx.RoleByID(ctx, account, id)
		if err != nil {
			return nil, err
		}
		p.Name, p.Path, p.Tags, boundary = r.Name, r.Path, r.Tags, r.BoundaryARN
	}
	var extra []string
	if boundary != "" {
		extra = append(extra, boundary)
	}
	texts, err := tx.PoliciesOf(ctx, account, owners, extra...)
	if err != nil {
		return nil, err
	}
	p.deps = append(p.deps, owners[1:]...)
	return p, d.addPolicies(p, texts, boundary)
}

func (d *Directory) addPolicies(p *Principal, texts []PolicyText, boundary string) error {
	for _, t := range texts {
		kind := policy.Identity
		if t.OwnerID == "" {
			kind = policy.Boundary
		}
		doc, err := d.compile(kind, t.Document)
		if err != nil {
			return fmt.Errorf("policy %s%s of %s: %w", t.ARN, t.Name, p.ARN(), err)
		}
		compiled := policy.Policy{Kind: kind, ARN: t.ARN, Name: t.Name, Document: doc}
		if kind == policy.Boundary {
			p.Boundary = &compiled
		} else {
			p.Policies = append(p.Policies, compiled)
		}
		if t.ARN != "" {
			p.deps = append(p.deps, t.ARN)
		}
		p.size += 64 + doc.Size()/8 // documents are shared, and weighed whole where they are kept
	}
	if boundary != "" && p.Boundary == nil {
		return fmt.Errorf("permissions boundary %s of %s is missing", boundary, p.ARN())
	}
	p.size += dependencyBytes * len(p.deps)
	return nil
}

// addSelfService gives a user what the account setting AllowUsersToChangePassword gives to all (IAM User Guide,
// "Permit IAM users to change their own passwords").
func (d *Directory) addSelfService(ctx context.Context, tx Tx, p *Principal) error {
	p.deps = append(p.deps, passwordPolicyChange(p.Account))
	settings, err := tx.PasswordPolicy(ctx, p.Account)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil || !settings.AllowUsersChange {
		return err
	}
	doc, err := d.compile(policy.Identity, `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"iam:ChangePassword","Resource":"arn:aws:iam::*:user/${aws:username}"},
		{"Effect":"Allow","Action":"iam:ChangePassword","Resource":"arn:aws:iam::*:user/*/${aws:username}"},
		{"Effect":"Allow","Action":"iam:GetAccountPasswordPolicy","Resource":"*"}]}`)
	if err != nil {
		return err
	}
	p.Policies = append(p.Policies, policy.Policy{Kind: policy.Identity, Name: "AllowUsersToChangePassword", Document: doc})
	return nil
}

// passwordPolicyChange is the id under which a change of the account's password policy is announced.
func passwordPolicyChange(account string) string { return "password-policy/" + account }

// compile parses a policy, or finds it parsed: a policy attached to many is kept once.
func (d *Directory) compile(kind policy.Kind, text string) (*policy.Document, error) {
	key := documentKey{kind, sha256.Sum256([]byte(text))}
	d.mu.Lock()
	doc, ok := d.documents.get(key)
	d.mu.Unlock()
	if ok {
		return doc, nil
	}
	doc, err := policy.Parse(kind, text)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.documents.put(key, doc, doc.Size())
	return doc, nil
}

// Forget drops whatever depends on the changed ids.
func (d *Directory) Forget(ids ...string) {
	if len(ids) == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forget(ids...)
}

func (d *Directory) forget(ids ...string) {
	d.generation++
	for _, id := range ids {
		d.keys.drop(id)
		d.unknown.drop(id)
		d.sessions.drop(id)
		for key := range d.dependents[id] {
			d.principals.drop(key)
		}
	}
}

func (d *Directory) forgetAll() {
	d.generation++
	d.keys.clear()
	d.unknown.clear()
	d.sessions.clear()
	d.principals.clear()
}

func (d *Directory) principalDropped(key principalKey, p *Principal) {
	for _, dep := range p.deps {
		delete(d.dependents[dep], key)
		if len(d.dependents[dep]) == 0 {
			delete(d.dependents, dep)
		}
	}
}

// freshness is the account's policy version up to which p is known to hold.
func (d *Directory) freshness(p *Principal) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if kept, ok := d.principals.peek(principalKey{p.Account, p.Kind, p.ID}); !ok || kept != p {
		return p.version
	}
	return max(p.version, d.seen[p.Account])
}

// Follow applies the changes committed by other processes every interval, until ctx ends. A cached decision is
// never older than the interval and the time of one small query.
func (d *Directory) Follow(ctx context.Context, interval time.Duration, log *slog.Logger) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		if err := d.catchUp(ctx); err != nil && ctx.Err() == nil {
			log.Warn("can't read the change table; changes made elsewhere are not seen", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

const changesPerQuery = 1000

func (d *Directory) catchUp(ctx context.Context) error {
	for {
		d.mu.Lock()
		after, following := d.sequence, d.following
		d.mu.Unlock()
		var changes []Change
		err := d.store.View(ctx, func(tx Tx) (err error) {
			if !following { // the first look: start at the end, with an empty memory
				after, err = tx.LastChange(ctx)
				return err
			}
			changes, err = tx.ChangesAfter(ctx, after, changesPerQuery)
			return err
		})
		if err != nil {
			return err
		}
		d.mu.Lock()
		if !following {
			d.following, d.sequence = true, after
			d.forgetAll() // what was read before may have changed since, unnoticed
		}
		if len(changes) > 0 && changes[0].Sequence != after+1 {
			d.forgetAll() // changes that were not seen have been pruned
		}
		for _, c := range changes {
			d.forget(c.ID)
			d.seen[c.Account] = c.Version
			d.sequence = c.Sequence
		}
		d.mu.Unlock()
		if len(changes) < changesPerQuery {
			return nil
		}
	}
}

// everyPage reads a list to its end.
func everyPage[T any](list func(Page) ([]T, error), key func(T) string) ([]T, error) {
	var all []T
	page := Page{Limit: 1000}
	for {
		items, err := list(page)
		if err != nil {
			return nil, err
		}
		all = append(all, items...)
		if len(items) < page.Limit {
			return all, nil
		}
		page.After = key(items[len(items)-1])
	}
}
