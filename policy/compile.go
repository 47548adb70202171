package policy

import "unsafe"

// Document is a compiled policy. It is immutable and safe for concurrent use.
type Document struct {
	statements []Statement
	size       int
}

// Statement is one statement of a document.
type Statement struct {
	Sid    string
	Effect Effect
	Line   int // where it begins in the text, from 1

	notAction   bool
	notResource bool
	actions     []pattern
	resources   []pattern   // nil in a trust policy: the role itself is the resource
	principals  *principals // nil except in a trust policy
	conditions  []condition
}

// Size is about how much memory the document takes, in bytes.
func (d *Document) Size() int { return d.size }

// Statements returns the number of statements.
func (d *Document) Statements() int { return len(d.statements) }

func compile(kind Kind, raw *rawDocument) *Document {
	d := &Document{statements: make([]Statement, 0, len(raw.statements))}
	textual := raw.textual()
	for i := range raw.statements {
		d.statements = append(d.statements, compileStatement(kind, &raw.statements[i], textual))
	}
	d.size = d.measure()
	return d
}

func compileStatement(kind Kind, raw *rawStatement, textual syntax) Statement {
	st := Statement{
		Sid: raw.sid, Line: raw.line,
		notAction: raw.notAction != nil, notResource: raw.notResource != nil,
	}
	if raw.effect == "Deny" {
		st.Effect = Deny
	}
	for _, action := range raw.actions() {
		st.actions = append(st.actions, compilePattern(action, wildcards|folded))
	}
	for _, resource := range raw.resources() {
		if resource != "*" {
			resource = completeResource(resource)
		}
		st.resources = append(st.resources, compileResource(resource, textual))
	}
	if kind == Trust {
		st.principals = compilePrincipals(append(raw.principal, raw.notPrincipal...), raw.notPrincipal != nil)
	}
	for _, c := range raw.conditions {
		st.conditions = append(st.conditions, compileCondition(c, textual))
	}
	return st
}

// measure adds up what the parts of the document take.
func (d *Document) measure() int {
	n := int(unsafe.Sizeof(*d)) + cap(d.statements)*int(unsafe.Sizeof(Statement{}))
	for i := range d.statements {
		st := &d.statements[i]
		n += len(st.Sid) + patternsSize(st.actions) + patternsSize(st.resources)
		if st.principals != nil {
			n += int(unsafe.Sizeof(*st.principals))
			for _, p := range st.principals.named {
				n += int(unsafe.Sizeof(p)) + len(p.text) + len(p.account)
			}
		}
		for j := range st.conditions {
			n += st.conditions[j].size()
		}
	}
	return n
}

func patternsSize(list []pattern) int {
	n := 0
	for i := range list {
		n += list[i].size()
	}
	return n
}

func (p *pattern) size() int {
	n := int(unsafe.Sizeof(*p)) + len(p.text)
	for _, t := range p.tokens {
		n += int(unsafe.Sizeof(t)) + len(t.text) + len(t.fallback)
	}
	return n
}
