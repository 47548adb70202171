package policy

import "strings"

// arnPattern is the operand of an ARN condition. Its six parts are compared
// each for itself, so that a wildcard in one never reaches into the next (IAM
// User Guide, "Amazon Resource Name (ARN) condition operators").
type arnPattern struct {
	broken bool      // not an ARN; only a session policy may hold such a thing
	parts  []pattern // six, or one for the whole: "*" or a variable that brings its own colons
}

func compileARN(text string, s syntax) arnPattern {
	if text == "*" {
		return arnPattern{parts: []pattern{compilePattern(text, s)}}
	}
	parts := splitARN(text, s)
	if parts == nil {
		whole := compilePattern(text, s)
		return arnPattern{broken: whole.form != template, parts: []pattern{whole}}
	}
	a := arnPattern{parts: make([]pattern, 6), broken: parts[0] != "arn"}
	for i, part := range parts {
		a.parts[i] = compilePattern(part, s)
	}
	return a
}

// splitARN returns the six parts, or nil if there are fewer. Colons inside a
// variable do not separate.
func splitARN(text string, s syntax) []string {
	var parts []string
	start := 0
	for i := 0; i < len(text) && len(parts) < 5; i++ {
		switch {
		case text[i] == ':':
			parts = append(parts, text[start:i])
			start = i + 1
		case s&variables != 0:
			if _, n := scanVariable(text[i:]); n > 0 {
				i += n - 1
			}
		}
	}
	if len(parts) < 5 {
		return nil
	}
	return append(parts, text[start:])
}

// match expects an ARN; isARN tells.
func (a *arnPattern) match(arn string, context *Context) bool {
	last := len(a.parts) - 1
	for i := range last {
		end := strings.IndexByte(arn, ':')
		if !a.parts[i].match(arn[:end], context) {
			return false
		}
		arn = arn[end+1:]
	}
	return a.parts[last].match(arn, context)
}

// isARN reports whether s has the six parts of an ARN.
func isARN(s string) bool {
	return strings.HasPrefix(s, "arn:") && strings.Count(s, ":") >= 5
}

// completeResource gives a resource the six parts of an ARN; those left out stand
// for anything.
func completeResource(resource string) string {
	return completeARN(strings.Split(resource, ":"))
}
