package policy

import (
	"encoding/base64"
	"net/netip"
	"strings"
	"unsafe"
)

// condition is one key under one operator.
type condition struct {
	operator
	key string // in lower case

	// The operands, in the slice that belongs to the family.
	patterns []pattern
	arns     []arnPattern
	numbers  []decimal
	instants []instant
	networks []netip.Prefix
}

// operator is a condition operator with its modifiers.
type operator struct {
	family   family
	relation relation
	negated  bool // Not…
	ifExists bool // …IfExists
	set      set
}

// family says what kind of value an operator compares.
type family uint8

const (
	familyString family = iota
	familyStringIgnoreCase
	familyStringLike
	familyNumeric
	familyDate
	familyBool
	familyBinary
	familyIP
	familyARN
	familyNull
)

type relation uint8

const (
	equal relation = iota
	less
	lessOrEqual
	greater
	greaterOrEqual
)

// set says how an operator deals with many values in the request.
type set uint8

const (
	scalar set = iota
	forAllValues
	forAnyValue
)

// operators are those of the IAM User Guide, "IAM JSON policy elements:
// Condition operators".
var operators = map[string]operator{
	"StringEquals":              {family: familyString},
	"StringNotEquals":           {family: familyString, negated: true},
	"StringEqualsIgnoreCase":    {family: familyStringIgnoreCase},
	"StringNotEqualsIgnoreCase": {family: familyStringIgnoreCase, negated: true},
	"StringLike":                {family: familyStringLike},
	"StringNotLike":             {family: familyStringLike, negated: true},
	"NumericEquals":             {family: familyNumeric},
	"NumericNotEquals":          {family: familyNumeric, negated: true},
	"NumericLessThan":           {family: familyNumeric, relation: less},
	"NumericLessThanEquals":     {family: familyNumeric, relation: lessOrEqual},
	"NumericGreaterThan":        {family: familyNumeric, relation: greater},
	"NumericGreaterThanEquals":  {family: familyNumeric, relation: greaterOrEqual},
	"DateEquals":                {family: familyDate},
	"DateNotEquals":             {family: familyDate, negated: true},
	"DateLessThan":              {family: familyDate, relation: less},
	"DateLessThanEquals":        {family: familyDate, relation: lessOrEqual},
	"DateGreaterThan":           {family: familyDate, relation: greater},
	"DateGreaterThanEquals":     {family: familyDate, relation: greaterOrEqual},
	"Bool":                      {family: familyBool},
	"BinaryEquals":              {family: familyBinary},
	"IpAddress":                 {family: familyIP},
	"NotIpAddress":              {family: familyIP, negated: true},
	"ArnEquals":                 {family: familyARN},
	"ArnLike":                   {family: familyARN},
	"ArnNotEquals":              {family: familyARN, negated: true},
	"ArnNotLike":                {family: familyARN, negated: true},
	"Null":                      {family: familyNull},
}

// parseOperator knows every operator but Null with IfExists, ForAllValues: and
// ForAnyValue:.
func parseOperator(name string) (operator, bool) {
	base, all := strings.CutPrefix(name, "ForAllValues:")
	base, anyOf := strings.CutPrefix(base, "ForAnyValue:")
	base, ifExists := strings.CutSuffix(base, "IfExists")
	op, ok := operators[base]
	if !ok || all && anyOf || op.family == familyNull && base != name {
		return operator{}, false
	}
	op.ifExists = ifExists
	if all {
		op.set = forAllValues
	} else if anyOf {
		op.set = forAnyValue
	}
	return op, true
}

// literalsConvert reports whether every value can be compared. Session policies
// are let through with values that cannot, except binary ones.
func (raw *rawCondition) literalsConvert(kind Kind, textual syntax) bool {
	op, _ := parseOperator(raw.operator)
	for _, value := range raw.values {
		ok := true
		switch op.family {
		case familyNumeric:
			_, ok = parseDecimal(value)
		case familyDate:
			_, ok = parseInstant(value)
		case familyIP:
			_, ok = parseNetwork(value)
		case familyARN:
			ok = !compileARN(value, textual).broken
		case familyBinary:
			if _, err := base64.StdEncoding.DecodeString(value); err != nil {
				return false
			}
		}
		if !ok && kind != Session {
			return false
		}
	}
	return true
}

// compileCondition leaves out values that do not convert, which match nothing,
// except broken ARNs, which do something of their own.
func compileCondition(raw rawCondition, textual syntax) condition {
	op, _ := parseOperator(raw.operator)
	c := condition{operator: op, key: strings.ToLower(raw.key)}
	for _, value := range raw.values {
		switch op.family {
		case familyStringLike:
			c.patterns = append(c.patterns, compilePattern(value, textual))
		case familyNumeric:
			if n, ok := parseDecimal(value); ok {
				c.numbers = append(c.numbers, n)
			}
		case familyDate:
			if d, ok := parseInstant(value); ok {
				c.instants = append(c.instants, d)
			}
		case familyIP:
			if n, ok := parseNetwork(value); ok {
				c.networks = append(c.networks, n)
			}
		case familyARN:
			c.arns = append(c.arns, compileARN(value, textual))
		case familyBinary:
			decoded, _ := base64.StdEncoding.DecodeString(value)
			c.patterns = append(c.patterns, pattern{text: string(decoded)})
		default:
			p := compilePattern(value, textual&variables)
			if op.family == familyStringIgnoreCase {
				p.text = lower(p.text)
			}
			c.patterns = append(c.patterns, p)
		}
	}
	return c
}

// holds reports whether the condition is met in a statement of the given effect.
func (c *condition) holds(context *Context, effect Effect) bool {
	e := context.find(c.key)
	switch {
	case c.family == familyNull:
		return c.testNull(e == nil)
	case e == nil:
		return c.ifExists || c.set == forAllValues || c.set == scalar && c.negated
	case c.set == scalar:
		return !e.multi && c.test(e.value, context, effect)
	}
	one := [1]string{e.value}
	values := one[:]
	if e.multi {
		values = e.values
	}
	for _, value := range values {
		if c.test(value, context, effect) != (c.set == forAllValues) {
			return c.set == forAnyValue
		}
	}
	return c.set == forAllValues
}

// testNull compares whether the key is absent with the values of the condition.
func (c *condition) testNull(absent bool) bool {
	for i := range c.patterns {
		if isTrue(c.patterns[i].text) == absent {
			return true
		}
	}
	return false
}

// verdict is the answer of one comparison.
type verdict uint8

const (
	differs verdict = iota
	matches
	malformed // the value of the request is no such thing: neither the operator nor its negation holds
	broken    // the value of the policy is no such thing: it cannot grant, and it does deny
)

func (c *condition) test(value string, context *Context, effect Effect) bool {
	switch c.compare(value, context) {
	case matches:
		return !c.negated
	case differs:
		return c.negated
	case broken:
		return effect == Deny
	default:
		return false
	}
}

func (c *condition) compare(value string, context *Context) verdict {
	switch c.family {
	case familyString, familyStringLike:
		for i := range c.patterns {
			if c.patterns[i].match(value, context) {
				return matches
			}
		}
	case familyStringIgnoreCase:
		for i := range c.patterns {
			if c.patterns[i].matchIgnoreCase(value, context) {
				return matches
			}
		}
	case familyNumeric:
		if n, ok := parseDecimal(value); ok {
			for i := range c.numbers {
				if c.relation.holds(n.compare(c.numbers[i])) {
					return matches
				}
			}
		}
	case familyDate:
		if d, ok := parseInstant(value); ok {
			for i := range c.instants {
				if c.relation.holds(d.compare(c.instants[i])) {
					return matches
				}
			}
		}
	case familyBool:
		for i := range c.patterns {
			want, ok := c.patterns[i].expandText(context)
			if ok && isTrue(want) == isTrue(value) {
				return matches
			}
		}
	case familyBinary:
		decoded, err := base64.StdEncoding.DecodeString(value)
		for i := range c.patterns {
			if err == nil && c.patterns[i].text == string(decoded) {
				return matches
			}
		}
	case familyIP:
		return c.compareAddress(value)
	case familyARN:
		return c.compareARN(value, context)
	}
	return differs
}

func (c *condition) compareAddress(value string) verdict {
	a, ok := parseRequestAddress(value)
	if !ok {
		return malformed
	}
	for i := range c.networks {
		if c.networks[i].Contains(a) {
			return matches
		}
	}
	return differs
}

func (c *condition) compareARN(value string, context *Context) verdict {
	if !isARN(value) {
		return malformed
	}
	for i := range c.arns {
		if c.arns[i].broken {
			return broken
		}
		if c.arns[i].match(value, context) {
			return matches
		}
	}
	return differs
}

func (r relation) holds(order int) bool {
	switch r {
	case less:
		return order < 0
	case lessOrEqual:
		return order <= 0
	case greater:
		return order > 0
	case greaterOrEqual:
		return order >= 0
	default:
		return order == 0
	}
}

// isTrue is AWS's reading of a boolean: "true" in any case, all else is false.
func isTrue(s string) bool {
	return len(s) == 4 && hasPrefix(s, "true", true)
}

// matchIgnoreCase compares a pattern whose plain text is lower-cased already.
func (p *pattern) matchIgnoreCase(value string, context *Context) bool {
	if p.form != template {
		return equalLower(value, p.text)
	}
	want, ok := p.expandText(context)
	return ok && equalLower(value, lower(want))
}

func (c *condition) size() int {
	n := int(unsafe.Sizeof(*c)) + len(c.key) + patternsSize(c.patterns) +
		len(c.numbers)*int(unsafe.Sizeof(decimal{})) +
		len(c.instants)*int(unsafe.Sizeof(instant{})) +
		len(c.networks)*int(unsafe.Sizeof(netip.Prefix{}))
	for i := range c.arns {
		n += int(unsafe.Sizeof(c.arns[i])) + patternsSize(c.arns[i].parts)
	}
	for i := range c.numbers {
		n += len(c.numbers[i].digits)
	}
	return n
}
