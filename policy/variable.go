package policy

import "strings"

// scanVariable reads the variable at the start of text, which begins with '$',
// and returns its token and length; length 0 means the '$' is a plain character.
// The forms are those of the IAM User Guide, "IAM policy elements: Variables and
// tags": ${key}, ${key, 'fallback'}, and the escapes ${*}, ${?} and ${$}.
func scanVariable(text string) (token, int) {
	if !strings.HasPrefix(text, "${") {
		return token{}, 0
	}
	end := strings.IndexByte(text, '}')
	if end < 0 {
		return token{}, 0
	}
	name := text[2:end]
	if name == "*" || name == "?" || name == "$" {
		return token{kind: literal, text: name}, end + 1
	}
	key, rest, found := strings.Cut(text[2:], ",")
	if !found || len(key) > len(name) {
		return token{kind: variable, text: strings.ToLower(strings.TrimSpace(name))}, end + 1
	}
	t := token{kind: variable, text: strings.ToLower(strings.TrimSpace(key))}
	fallback := strings.TrimLeft(rest, " ")
	if strings.HasPrefix(fallback, "'") {
		if quoted, after, closed := strings.Cut(fallback[1:], "'"); closed {
			if after = strings.TrimLeft(after, " "); strings.HasPrefix(after, "}") {
				t.optional, t.fallback = true, quoted
				return t, len(text) - len(after) + 1
			}
		}
	}
	return t, end + 1
}

// expand appends tokens to room with every variable replaced by the literal it
// stands for; wildcards inside a value are plain characters. It fails if a key is
// absent without a fallback or has many values.
func expand(room, tokens []token, context *Context) ([]token, bool) {
	for _, t := range tokens {
		if t.kind == variable {
			value, ok := t.value(context)
			if !ok {
				return nil, false
			}
			t = token{kind: literal, text: value}
		}
		room = append(room, t)
	}
	return room, true
}

func (t *token) value(context *Context) (string, bool) {
	e := context.find(t.text)
	switch {
	case e == nil:
		return t.fallback, t.optional
	case e.multi:
		return "", false
	default:
		return e.value, true
	}
}

// expandText is the text of a pattern without wildcards.
func (p *pattern) expandText(context *Context) (string, bool) {
	if p.form != template {
		return p.text, true
	}
	var b strings.Builder
	for i := range p.tokens {
		t := &p.tokens[i]
		text := t.text
		if t.kind == variable {
			value, ok := t.value(context)
			if !ok {
				return "", false
			}
			text = value
		}
		b.WriteString(text)
	}
	return b.String(), true
}

// expandable reports whether every variable of p has a value.
func (p *pattern) expandable(context *Context) bool {
	if p.form == template {
		for i := range p.tokens {
			if t := &p.tokens[i]; t.kind == variable {
				if _, ok := t.value(context); !ok {
					return false
				}
			}
		}
	}
	return true
}
