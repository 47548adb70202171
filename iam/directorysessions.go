package iam

import (
	"context"
	"slices"

	"github.com/sallyport-iam/sallyport/policy"
)

// SessionPolicy compiles a policy passed when a session was made.
func (d *Directory) SessionPolicy(text string) (policy.Policy, error) {
	doc, err := d.compile(policy.Session, text)
	if err != nil {
		return policy.Policy{}, err
	}
	return policy.Policy{Kind: policy.Session, Document: doc.Document}, nil
}

// ManagedSessionPolicy is the policy behind an ARN passed when a session was made, as it reads now: a new
// default version changes the rights of sessions that exist. One that has been deleted allows nothing: ErrNotFound.
func (d *Directory) ManagedSessionPolicy(ctx context.Context, account, arn string) (policy.Policy, error) {
	d.mu.RLock()
	doc, ok := d.memory.sessions.get(arn)
	generation := d.generation
	d.mu.RUnlock()
	var err error
	if ok {
		err = d.hit()
	} else {
		var joined bool
		doc, joined, err = d.policies.share(ctx, flightKey{generation: generation, account: account, id: arn},
			func(ctx context.Context) (*document, error) {
				return d.loadSessionPolicy(ctx, generation, account, arn)
			})
		d.missed(joined, err)
	}
	if err != nil {
		return policy.Policy{}, err
	}
	return policy.Policy{Kind: policy.Session, ARN: arn, Document: doc.Document}, nil
}

func (d *Directory) loadSessionPolicy(ctx context.Context, generation uint64, account, arn string) (*document, error) {
	var texts []PolicyText
	err := d.store.View(ctx, func(tx Tx) (err error) {
		texts, err = tx.PoliciesOf(ctx, account, nil, arn)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(texts) == 0 {
		return nil, ErrNotFound
	}
	doc, err := d.compile(policy.Session, texts[0].Document)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.generation == generation {
		arn = shared(arn)
		d.memory.sessions.put(arn, doc, sessionBytes+doc.weight())
	}
	return doc, nil
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
		again.Policies = append(again.Policies, policy.Policy{Kind: policy.Session, ARN: t.ARN, Document: doc.Document})
	}
	return &again, nil
}
