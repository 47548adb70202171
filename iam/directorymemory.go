package iam

import (
	"time"
)

// memory is what a directory remembers, without the locking. Of the bound an eighth is for keys, five eighths for
// principals with their policies, an eighth each for session policies and for compiled policies that no principal here
// has. A policy that many principals have is weighed once.
//
// The bound is of what is kept. A process takes more: garbage until it is collected (half of the heap with GOGC=100),
// and what the requests under way need.
type memory struct {
	keys       *cache[string, *Credential]
	unknown    *cache[string, time.Time]      // key ids that don't exist, with the time of asking: apart, so that a flood of them evicts nothing
	principals *cache[string, *Principal]     // by unique id; they weigh their documents too
	sessions   *cache[string, *document]      // managed policies used as session policies, by ARN
	compiled   *cache[documentKey, *document] // used last by others than principals

	documents  map[documentKey]*document          // of the principals
	dependents map[string]map[*Principal]struct{} // group id or policy ARN → the principals that depend on it
}

// What things weigh beside their texts, in bytes: measured, with what the maps and lists around them take
// (TestDirectoryWeighsHonestly).
const (
	keyBytes        = 520 // with a derived signing key
	unknownBytes    = 192
	principalBytes  = 340
	policyBytes     = 64 // one policy of a principal
	documentBytes   = 160
	dependencyBytes = 64
	tagBytes        = 40
	sessionBytes    = 256
)

// unknownKeys is how many keys that don't exist are remembered.
const unknownKeys = 4096

func newMemory(limit int) *memory {
	m := &memory{
		keys:       newCache[string, *Credential](limit/8, nil),
		unknown:    newCache[string, time.Time](unknownKeys*unknownBytes, nil),
		sessions:   newCache[string, *document](limit/8, nil),
		compiled:   newCache[documentKey, *document](limit/8, nil),
		documents:  make(map[documentKey]*document),
		dependents: make(map[string]map[*Principal]struct{}),
	}
	m.principals = newCache[string](limit/8*5, m.release)
	return m
}

func (m *memory) principal(account string, kind Kind, id string) (*Principal, bool) {
	p, ok := m.principals.get(id)
	if !ok || p.Account != account || p.Kind != kind {
		return nil, false
	}
	return p, true
}

func (m *memory) document(key documentKey) (*document, bool) {
	if doc, ok := m.documents[key]; ok {
		return doc, true
	}
	return m.compiled.get(key)
}

// keep adds a principal that was just read and that nobody else has yet: its documents become those that others
// have.
func (m *memory) keep(p *Principal) {
	m.principals.drop(p.ID)
	size := p.weight()
	whole := size
	for _, doc := range p.documents {
		whole += doc.weight()
	}
	if whole > m.principals.limit { // others would all have to go, and then it too
		return
	}
	for i, doc := range p.documents {
		kept, ok := m.documents[doc.key]
		if !ok {
			kept = doc
			m.compiled.drop(doc.key)
			m.documents[doc.key] = doc
			m.principals.size += doc.weight()
		}
		kept.principals++
		p.documents[i] = kept
		if i < len(p.Policies) {
			p.Policies[i].Document = kept.Document
		} else {
			p.Boundary.Document = kept.Document
		}
	}
	for _, dep := range p.deps {
		if m.dependents[dep] == nil {
			m.dependents[dep] = make(map[*Principal]struct{})
		}
		m.dependents[dep][p] = struct{}{}
	}
	m.principals.put(p.ID, p, size)
}

// release gives back what a principal that leaves has in common with others.
func (m *memory) release(p *Principal) {
	for _, doc := range p.documents {
		if doc.principals--; doc.principals == 0 {
			delete(m.documents, doc.key)
			m.principals.size -= doc.weight()
		}
	}
	for _, dep := range p.deps {
		delete(m.dependents[dep], p)
		if len(m.dependents[dep]) == 0 {
			delete(m.dependents, dep)
		}
	}
}

// forget drops whatever depends on a changed id.
func (m *memory) forget(id string) {
	m.keys.drop(id)
	m.unknown.drop(id)
	m.sessions.drop(id)
	m.principals.drop(id)
	for p := range m.dependents[id] {
		m.principals.drop(p.ID)
	}
	if account, ok := accountOfPasswordPolicy(id); ok { // so seldom that looking at all is cheaper than noting for each
		for _, e := range m.principals.entries {
			if e.value.Account == account {
				m.principals.drop(e.key)
			}
		}
	}
}

func (m *memory) clear() {
	m.keys.clear()
	m.unknown.clear()
	m.sessions.clear()
	m.principals.clear()
}

// weight is what a principal takes without its documents.
func (p *Principal) weight() int {
	n := principalBytes + len(p.ID) + len(p.Name) + policyBytes*len(p.documents) + dependencyBytes*len(p.deps)
	for _, policy := range p.Policies {
		if policy.ARN == "" {
			n += len(policy.Name)
		}
	}
	for _, t := range p.Tags {
		n += tagBytes + len(t.Key) + len(t.Value)
	}
	return n
}

func (doc *document) weight() int { return documentBytes + doc.Size()*5/4 }
