package policy

import (
	"iter"
	"strings"
)

// Names yields, for each statement of an effect, the actions and the resources that it names, as examples to try on a
// [Set]: whoever wants to know what a policy does to others can't try all requests there are.
//
// An action keeps its wildcards, in lower case: which actions a service has is not known here, and wherever a pattern
// matches one of them by a wildcard it matches the text "s3:get*" too. A resource is made concrete: variables are
// replaced by their values in context, and wildcards by the caller's account where an ARN has its account, and
// by a plain word elsewhere. A resource with a variable that has no value is left out. "*" stands for what NotAction
// and NotResource leave over, and for itself.
func (d *Document) Names(effect Effect, context *Context) iter.Seq2[[]string, []string] {
	return func(yield func(actions, resources []string) bool) {
		for i := range d.statements {
			st := &d.statements[i]
			if st.Effect == effect && !yield(st.namedActions(), st.namedResources(context)) {
				return
			}
		}
	}
}

func (st *Statement) namedActions() []string {
	if st.notAction {
		return []string{"*"}
	}
	names := make([]string, len(st.actions))
	for i := range st.actions {
		names[i] = st.actions[i].wild()
	}
	return names
}

func (st *Statement) namedResources(context *Context) []string {
	if st.notResource {
		return []string{"*"}
	}
	names := make([]string, 0, len(st.resources))
	for i := range st.resources {
		if name, ok := st.resources[i].concrete(context); ok {
			names = append(names, name)
		}
	}
	return names
}

// wild is the text of a pattern without variables.
func (p *pattern) wild() string {
	switch p.form {
	case exact:
		return p.text
	case prefix:
		return p.text + "*"
	case anything:
		return "*"
	}
	var b strings.Builder
	for _, t := range p.tokens {
		switch t.kind {
		case literal:
			b.WriteString(t.text)
		case anyRun:
			b.WriteByte('*')
		default:
			b.WriteByte('?')
		}
	}
	return b.String()
}

// concrete is one text that a pattern of a resource matches. It fails if a variable has no value.
func (p *pattern) concrete(context *Context) (string, bool) {
	switch p.form {
	case exact:
		return p.text, true
	case anything:
		return "*", true
	case prefix:
		return p.text + filling(p.text, context), true
	}
	var b strings.Builder
	for i := range p.tokens {
		switch t := &p.tokens[i]; t.kind {
		case literal:
			b.WriteString(t.text)
		case anyRun:
			b.WriteString(filling(b.String(), context))
		case anyUnit:
			b.WriteByte('x')
		default:
			value, ok := t.value(context)
			if !ok {
				return "", false
			}
			b.WriteString(value)
		}
	}
	return b.String(), true
}

// filling is what a '*' stands for after the text before it: arn:partition:service:region:account:resource.
func filling(before string, context *Context) string {
	switch strings.Count(before, ":") {
	case 1:
		return "aws"
	case 3:
		return "" // IAM has no regions, and elsewhere it is as good as any
	case 4:
		account, _ := context.Get("aws:principalaccount")
		return account
	default:
		return "example"
	}
}
