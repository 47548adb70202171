package policy

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxDocument bounds the text of a document, in bytes: 131072 characters, the
// maximum of policyDocumentType in the IAM API, of at most two bytes each.
const maxDocument = 2 * 131072

// Parse reads, checks and compiles a policy document. The error is a
// [*SyntaxError].
func Parse(kind Kind, text string) (*Document, error) {
	raw, err := read(kind, text)
	if err == nil {
		err = raw.validate(kind)
	}
	if err != nil {
		return nil, err
	}
	return compile(kind, raw), nil
}

// Length is the length of a document as the size quotas of IAM count it: in
// characters, without white space (IAM User Guide, "IAM and AWS STS quotas").
func Length(text string) int {
	n := 0
	for _, r := range text {
		if r != ' ' && r != '\t' && r != '\n' && r != '\r' {
			n++
		}
	}
	return n
}

// rawDocument is a document whose JSON has the right shape.
type rawDocument struct {
	version    string
	statements []rawStatement
}

type rawStatement struct {
	line         int
	sid          string
	effect       string
	action       *[]string
	notAction    *[]string
	resource     *[]string
	notResource  *[]string
	principal    []rawPrincipal
	notPrincipal []rawPrincipal
	conditions   []rawCondition
}

type rawPrincipal struct{ kind, value string }

type rawCondition struct {
	operator, key string
	values        []string
}

// reader walks the tokens of a text that is known to be JSON. The first fault
// ends the reading; what follows it is nil tokens.
type reader struct {
	kind    Kind
	text    string
	decoder *json.Decoder
	line    int // of the statement being read
	fault   *SyntaxError
}

func read(kind Kind, text string) (*rawDocument, error) {
	if len(text) > maxDocument || !utf8.ValidString(text) || !json.Valid([]byte(text)) {
		switch kind {
		case Trust:
			return nil, &SyntaxError{Message: textTrustJSON}
		case Session:
			return nil, &SyntaxError{Message: textSessionJSON}
		}
		return nil, &SyntaxError{Message: textSyntax}
	}
	r := &reader{kind: kind, text: text, decoder: json.NewDecoder(strings.NewReader(text))}
	r.decoder.UseNumber()
	raw := r.document()
	if r.fault != nil {
		return nil, r.fault
	}
	return raw, nil
}

// fail records a fault. IAM describes the shape of trust policies in more words
// than that of other kinds, for which it has one text.
func (r *reader) fail(trustText string) {
	if r.fault == nil {
		r.fault = &SyntaxError{Message: textSyntax, Line: r.line}
		if r.kind == Trust {
			r.fault.Message = trustText
		}
	}
}

func (r *reader) next() json.Token {
	if r.fault != nil {
		return nil
	}
	// The text is valid JSON, so the error can only be the end of it.
	token, _ := r.decoder.Token()
	return token
}

// object reads a whole object, calling member for each of its keys.
func (r *reader) object(member func(key string)) {
	if r.next() != json.Delim('{') {
		r.fail(textSyntax)
	}
	r.members(member)
}

// members reads an object whose '{' is already read.
func (r *reader) members(member func(key string)) {
	seen := make(map[string]bool)
	for {
		key, isKey := r.next().(string)
		if !isKey {
			return
		}
		if seen[key] {
			r.fail(textSyntax)
			return
		}
		seen[key] = true
		member(key)
	}
}

func (r *reader) string() string {
	s, ok := r.next().(string)
	if !ok {
		r.fail(textSyntax)
	}
	return s
}

// strings reads a string or a list of them; with scalars, numbers and booleans
// count as the text they are written with.
func (r *reader) strings(scalars bool) []string {
	values := []string{}
	token := r.next()
	isList := token == json.Delim('[')
	if isList {
		token = r.next()
	}
	for token != json.Delim(']') {
		switch value := token.(type) {
		case string:
			values = append(values, value)
		case json.Number, bool:
			if !scalars {
				r.fail(textSyntax)
			}
			values = append(values, fmt.Sprint(value))
		default:
			r.fail(textSyntax)
			return nil
		}
		if !isList {
			break
		}
		token = r.next()
	}
	return values
}

func (r *reader) document() *rawDocument {
	raw := &rawDocument{}
	r.object(func(key string) {
		switch key {
		case "Version":
			raw.version = r.string()
			if raw.version != version2008 && raw.version != version2012 {
				r.fail(textTrustVersion)
			}
		case "Id":
			r.string()
		case "Statement":
			switch r.next() {
			case json.Delim('{'):
				raw.statements = append(raw.statements, r.statement())
			case json.Delim('['):
				token := r.next()
				for ; token == json.Delim('{'); token = r.next() {
					raw.statements = append(raw.statements, r.statement())
				}
				if token != json.Delim(']') {
					r.fail(textSyntax)
				}
			default:
				r.fail(textSyntax)
			}
		default:
			r.fail(fmt.Sprintf(textUnknown, key))
		}
	})
	if len(raw.statements) == 0 {
		r.fail(textTrustEmpty)
	}
	return raw
}

func (r *reader) statement() rawStatement {
	r.line = 1 + strings.Count(r.text[:r.decoder.InputOffset()], "\n")
	st := rawStatement{line: r.line}
	list := func() *[]string {
		values := r.strings(false)
		return &values
	}
	r.members(func(key string) {
		switch key {
		case "Sid":
			st.sid = r.string()
		case "Effect":
			st.effect = r.string()
		case "Action":
			st.action = list()
		case "NotAction":
			st.notAction = list()
		case "Resource":
			st.resource = list()
		case "NotResource":
			st.notResource = list()
		case "Principal":
			st.principal = r.principals()
		case "NotPrincipal":
			st.notPrincipal = r.principals()
		case "Condition":
			st.conditions = r.conditions()
		default:
			r.fail(fmt.Sprintf(textUnknown, key))
		}
	})
	switch {
	case st.effect == "":
		r.fail(fmt.Sprintf(textRequired, "Effect"))
	case !r.isEffect(st.effect, "Allow") && !r.isEffect(st.effect, "Deny"):
		r.fail(fmt.Sprintf(textTrustEffect, st.effect))
	case st.action != nil && st.notAction != nil,
		st.resource != nil && st.notResource != nil,
		st.principal != nil && st.notPrincipal != nil:
		r.fail(textSyntax)
	}
	r.line = 0
	return st
}

// isEffect lets the wrong case of letters pass, except in trust policies: legacy
// parsing has a text of its own for it.
func (r *reader) isEffect(effect, want string) bool {
	return effect == want || r.kind != Trust && strings.EqualFold(effect, want)
}

// principals reads "*" or an object of lists. The result is never nil.
func (r *reader) principals() []rawPrincipal {
	named := []rawPrincipal{}
	switch r.next() {
	case "*":
		named = append(named, rawPrincipal{"AWS", "*"})
	case json.Delim('{'):
		r.members(func(kind string) {
			switch kind {
			case "AWS", "Federated", "Service", "CanonicalUser":
			default:
				r.fail(fmt.Sprintf(textTrustPrincipalKind, kind))
			}
			for _, value := range r.strings(false) {
				named = append(named, rawPrincipal{kind, value})
			}
		})
	default:
		r.fail(textSyntax)
	}
	return named
}

// conditions reads the operators. One that is unknown is a fault only if it has
// something to compare, as on AWS.
func (r *reader) conditions() []rawCondition {
	var list []rawCondition
	r.object(func(name string) {
		_, known := parseOperator(name)
		r.object(func(key string) {
			if !known {
				r.fail(textSyntax)
			}
			list = append(list, rawCondition{name, key, r.strings(true)})
		})
	})
	return list
}
