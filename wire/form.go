package wire

import (
	"iter"
	"strings"
	"unicode/utf8"
)

// Limits bound what an unauthenticated request may make the parser do. The
// size of the whole body is bounded by whoever reads it.
type Limits struct {
	Parameters int // most parameters in a form
	NameLength int // most bytes in one decoded parameter name
	NameDepth  int // most dot-separated parts in one parameter name
}

// DefaultLimits leave room above what any operation of the two services can
// use: the deepest name has six parts, the longest list fifty elements.
var DefaultLimits = Limits{Parameters: 1000, NameLength: 256, NameDepth: 10}

// Form holds the decoded parameters of one request. Every name occurs once.
// The zero Form is empty.
type Form struct {
	params []param
}

type param struct{ name, value string }

// ParseForm decodes an application/x-www-form-urlencoded body or query string.
//
// It is stricter than AWS on purpose. Two programs that read one request must
// not see two requests, so a name given twice is refused, and so is any
// spelling of Action or Version but the right one; escapes must be complete and
// the result valid UTF-8. Every error is an [*Error] with the code
// MalformedInput and repeats no value.
func ParseForm(encoded string, limits Limits) (Form, error) {
	if encoded == "" {
		return Form{}, nil
	}
	count := strings.Count(encoded, "&") + 1
	// The separators alone may exceed the bound, so it limits the allocation too.
	params := make([]param, 0, min(count, limits.Parameters))
	var seen map[string]struct{} // of a long form; a short one is looked through
	for rest, more := encoded, true; more; {
		var pair string
		pair, rest, more = strings.Cut(rest, "&")
		if pair == "" {
			continue
		}
		if len(params) == limits.Parameters {
			return Form{}, malformed("The request has more than %d parameters", limits.Parameters)
		}
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err := unescape(rawName)
		if err != nil {
			return Form{}, err
		}
		if err := checkName(name, limits); err != nil {
			return Form{}, err
		}
		if seen == nil && len(params) == shortForm {
			seen = make(map[string]struct{})
			for _, p := range params {
				seen[p.name] = struct{}{}
			}
		}
		_, twice := seen[name]
		if seen != nil {
			seen[name] = struct{}{}
		} else {
			twice = Form{params}.Has(name)
		}
		if twice {
			return Form{}, malformed("A parameter is given more than once")
		}
		value, err := unescape(rawValue)
		if err != nil {
			return Form{}, err
		}
		params = append(params, param{name, value})
	}
	return Form{params}, nil
}

// shortForm is how many names are found as fast by looking at each.
const shortForm = 16

func checkName(name string, limits Limits) *Error {
	switch {
	case name == "":
		return malformed("A parameter has no name")
	case len(name) > limits.NameLength:
		return malformed("A parameter name is longer than %d bytes", limits.NameLength)
	case strings.Count(name, ".") >= limits.NameDepth:
		return malformed("A parameter name has more than %d parts", limits.NameDepth)
	case name[0] == '.', name[len(name)-1] == '.', strings.Contains(name, ".."):
		// "UserName." would be a second spelling of UserName.
		return malformed("A parameter name has an empty part")
	}
	for _, reserved := range [...]string{"Action", "Version"} {
		if name != reserved && strings.EqualFold(name, reserved) {
			return malformed("The parameter %s must be spelled so", reserved)
		}
	}
	return nil
}

// unescape is strict percent-decoding: %XX or nothing, + for a blank, and
// UTF-8 as the result. A text without escapes is returned as it is.
func unescape(s string) (string, error) {
	if strings.ContainsAny(s, "%+") {
		out := make([]byte, 0, len(s))
		for i := 0; i < len(s); i++ {
			switch c := s[i]; c {
			case '+':
				out = append(out, ' ')
			case '%':
				if i+2 >= len(s) {
					return "", malformed("%s", "Incomplete trailing escape % sequence")
				}
				hi, lo := unhex(s[i+1]), unhex(s[i+2])
				if hi < 0 || lo < 0 {
					return "", malformed("%s", "Illegal hex character in escape % pattern")
				}
				out = append(out, byte(hi<<4|lo))
				i += 2
			default:
				out = append(out, c)
			}
		}
		s = string(out)
	}
	if !utf8.ValidString(s) {
		return "", malformed("The request is not valid UTF-8")
	}
	return s, nil
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// Get returns the value of the named parameter, or "" when it is absent.
func (f Form) Get(name string) string {
	for i := range f.params {
		if f.params[i].name == name {
			return f.params[i].value
		}
	}
	return ""
}

// Has reports whether the named parameter is present, even when empty.
func (f Form) Has(name string) bool {
	for i := range f.params {
		if f.params[i].name == name {
			return true
		}
	}
	return false
}

// Len returns the number of parameters.
func (f Form) Len() int { return len(f.params) }

// All yields names and values in the order of the request.
func (f Form) All() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, p := range f.params {
			if !yield(p.name, p.value) {
				return
			}
		}
	}
}
