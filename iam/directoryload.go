package iam

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"unique"

	"github.com/sallyport-iam/sallyport/policy"
)

// DirectoryStore reads what the [Directory] keeps. A look-up is one statement, so it is of one moment and costs one
// round trip.
type DirectoryStore interface {
	// KeyRecord reads an access key, without Created and LastUse, and its owner. ErrNotFound means that the one or the
	// other is missing.
	KeyRecord(ctx context.Context, accessKeyID string) (*AccessKey, *PrincipalRecord, error)
	// PrincipalRecord reads a principal by its unique id, which is the account's for root.
	PrincipalRecord(ctx context.Context, account string, kind Kind, id string) (*PrincipalRecord, error)
}

// PrincipalRecord is a principal as it is stored, with all that decides for it.
type PrincipalRecord struct {
	Account string
	Kind    Kind
	ID      string

	Name, Path  string
	Tags        []Tag
	BoundaryARN string       // "" if none
	Boundary    *PolicyText  // the policy of BoundaryARN
	Groups      []string     // ids, in order
	Policies    []PolicyText // its own and its groups', by owner, inline before attached, name

	UsersChangePassword bool  // the account's setting AllowUsersToChangePassword
	PolicyVersion       int64 // of the account
}

// loadCredential reads a key for everybody who waits for it, and keeps it unless a change was noticed meanwhile. Its
// owner is read along, because it is asked for next.
func (d *Directory) loadCredential(ctx context.Context, generation uint64, accessKeyID string) (*Credential, error) {
	if !d.acquainted.knows(accessKeyID) {
		if err := d.strangers.enter(ctx); err != nil {
			return nil, err
		}
		defer d.strangers.leave()
	}
	asked := d.Now()
	var key *AccessKey
	var record *PrincipalRecord
	err := d.store.View(ctx, func(tx Tx) (err error) {
		key, record, err = tx.KeyRecord(ctx, accessKeyID)
		return err
	})
	var owner *Principal
	if err == nil {
		d.acquainted.add(accessKeyID)
		owner, err = d.compilePrincipal(record)
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	keep := d.generation == generation
	if err != nil {
		if keep {
			d.memory.unknown.put(accessKeyID, asked, unknownBytes)
		}
		return nil, err
	}
	c := &Credential{AccessKeyID: key.ID, Secret: key.Secret, Active: key.Active, Account: owner.Account, OwnerID: owner.ID,
		version: owner.version}
	if keep {
		d.memory.keys.put(accessKeyID, c, keyBytes)
		d.memory.keep(owner)
	}
	return c, nil
}

// loadPrincipal reads a principal for everybody who waits for it, and keeps it unless a change was noticed meanwhile.
func (d *Directory) loadPrincipal(ctx context.Context, generation uint64, account string, kind Kind, id string) (*Principal, error) {
	var record *PrincipalRecord
	if err := d.store.View(ctx, func(tx Tx) (err error) {
		record, err = tx.PrincipalRecord(ctx, account, kind, id)
		return err
	}); err != nil {
		return nil, err
	}
	p, err := d.compilePrincipal(record)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.generation == generation {
		d.memory.keep(p)
	}
	return p, nil
}

// load reads a principal as a transaction sees it. It is not kept.
func (d *Directory) load(ctx context.Context, tx Tx, account string, kind Kind, id string) (*Principal, error) {
	record, err := tx.PrincipalRecord(ctx, account, kind, id)
	if err != nil {
		return nil, err
	}
	return d.compilePrincipal(record)
}

func (d *Directory) compilePrincipal(r *PrincipalRecord) (*Principal, error) {
	p := &Principal{
		Account: shared(r.Account), Kind: r.Kind, ID: r.ID, Name: r.Name, Path: shared(r.Path), Tags: r.Tags,
		version: r.PolicyVersion,
	}
	if r.Kind == RootUser {
		return p, nil
	}
	for _, group := range r.Groups {
		p.deps = append(p.deps, shared(group))
	}
	if r.Kind == IAMUser && r.UsersChangePassword {
		if err := d.addPolicy(p, policy.Identity, PolicyText{Name: "AllowUsersToChangePassword", Document: selfService}); err != nil {
			return nil, err
		}
	}
	for _, text := range r.Policies {
		if err := d.addPolicy(p, policy.Identity, text); err != nil {
			return nil, err
		}
	}
	if r.BoundaryARN == "" {
		return p, nil
	}
	if r.Boundary == nil {
		return nil, fmt.Errorf("permissions boundary %s of %s is missing", r.BoundaryARN, p.ARN())
	}
	return p, d.addPolicy(p, policy.Boundary, *r.Boundary)
}

// selfService is what the account setting AllowUsersToChangePassword gives to all users (IAM User Guide, "Permit IAM
// users to change their own passwords").
const selfService = `{"Version":"2012-10-17","Statement":[
	{"Effect":"Allow","Action":"iam:ChangePassword","Resource":"arn:aws:iam::*:user/${aws:username}"},
	{"Effect":"Allow","Action":"iam:ChangePassword","Resource":"arn:aws:iam::*:user/*/${aws:username}"},
	{"Effect":"Allow","Action":"iam:GetAccountPasswordPolicy","Resource":"*"}]}`

func (d *Directory) addPolicy(p *Principal, kind policy.Kind, text PolicyText) error {
	doc, err := d.compile(kind, text.Document)
	if err != nil {
		return fmt.Errorf("policy %s%s of %s: %w", text.ARN, text.Name, p.ARN(), err)
	}
	p.documents = append(p.documents, doc)
	compiled := policy.Policy{Kind: kind, ARN: shared(text.ARN), Name: shared(text.Name), Document: doc.Document}
	if kind == policy.Boundary {
		p.Boundary = &compiled
	} else {
		p.Policies = append(p.Policies, compiled)
	}
	if text.ARN != "" {
		p.deps = append(p.deps, compiled.ARN)
	}
	return nil
}

// shared is the one copy of a text that many principals have.
func shared(s string) string { return unique.Make(s).Value() }

// document is a compiled policy. It is kept once, whoever has it.
type document struct {
	*policy.Document
	key        documentKey
	principals int // that have it; guarded by the directory's mutex
}

type documentKey struct {
	kind policy.Kind
	hash [sha256.Size]byte
}

// compile parses a policy, or finds it parsed.
func (d *Directory) compile(kind policy.Kind, text string) (*document, error) {
	key := documentKey{kind, sha256.Sum256([]byte(text))}
	d.mu.RLock()
	known, ok := d.memory.document(key)
	d.mu.RUnlock()
	if ok {
		return known, nil
	}
	parsed, err := policy.Parse(kind, text)
	if err != nil {
		return nil, err
	}
	doc := &document{Document: parsed, key: key}
	d.mu.Lock()
	defer d.mu.Unlock()
	if known, ok := d.memory.document(key); ok {
		return known, nil
	}
	d.memory.compiled.put(key, doc, doc.weight())
	return doc, nil
}
