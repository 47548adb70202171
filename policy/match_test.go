package policy

import (
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		syntax        syntax
		want          bool
	}{
		{"", "", wildcards, true},
		{"", "a", wildcards, false},
		{"*", "", wildcards, true},
		{"**", "anything", wildcards, true},
		{"a*", "a", wildcards, true},
		{"*a", "ba", wildcards, true},
		{"*a", "ab", wildcards, false},
		{"*ab", "aab", wildcards, true},
		{"a*b*c", "a-b-b-c", wildcards, true},
		{"a*b*c", "a-c-b", wildcards, false},
		{"*b?", "bbbc", wildcards, true},
		{"?", "", wildcards, false},
		{"a?", "a", wildcards, false},
		{"?*?", "ab", wildcards, true},
		{"?*?", "a", wildcards, false},
		{"*?", "", wildcards, false},
		{"*a?c*", "xxaacacbc", wildcards, true},
		{"*é*", "caféx", wildcards, true},
		{"?é", "éé", wildcards, true},
		{"a.c", "abc", wildcards, false},
		{"a*", "a*", 0, true},
		{"a*", "ab", 0, false},
		{"a?", "a?", 0, true},
		{"IAM:Get*", "iam:getuser", wildcards | folded, true},
		{"iam:Get*User", "IAM:GETTHISUSER", wildcards | folded, true},
		{"iam:GetUser", "iam:getusers", wildcards | folded, false},
		{"iam:?etUser", "IAM:getUser", wildcards | folded, true},
		{"iam:k", "iam:\u212a", wildcards | folded, false}, // the Kelvin sign is not a K
		{"iam:\u212a", "iam:k", wildcards | folded, false},
		{"*?A", "𐐀a", wildcards | folded, true},
		{"?A", "𐐀A", wildcards | folded, false},
		{"??A", "𐐀a", wildcards | folded, true},
		{"??a", "𐐀A", wildcards | folded, true},
		{"??b*", "𐐀a", wildcards, false},
		{"*?b", "𐐀a", wildcards, false},
		{"*??", "𐐀", wildcards, true},
		{"?", "\xff", wildcards, true}, // not UTF-8: one unit, and no panic
	} {
		p := compilePattern(c.pattern, c.syntax)
		if got := p.match(c.text, nil); got != c.want {
			t.Errorf("%q against %q: %t", c.pattern, c.text, got)
		}
	}
}

// A pattern made to send a backtracking matcher out for the day is decided by
// going over the text a bounded number of times.
func TestMatchIsNotExponential(t *testing.T) {
	text := strings.Repeat("a", 2048)
	for _, pattern := range []string{
		strings.Repeat("*a", 1000) + "*b",
		strings.Repeat("a*", 1000) + "b",
		strings.Repeat("*?", 1000) + "*b",
		"*" + strings.Repeat("a", 1000) + "?" + strings.Repeat("a", 20) + "b",
	} {
		for _, s := range []syntax{wildcards, wildcards | folded} {
			p := compilePattern(pattern, s)
			if p.match(text, nil) || p.match("𐐀"+text, nil) {
				t.Errorf("%.20s… matched", pattern)
			}
		}
	}
}

// obvious is the matcher as one would define it, on UTF-16 units.
func obvious(pattern, text []uint16) bool {
	if len(pattern) == 0 {
		return len(text) == 0
	}
	switch pattern[0] {
	case '*':
		return obvious(pattern[1:], text) || len(text) > 0 && obvious(pattern, text[1:])
	case '?':
		return len(text) > 0 && obvious(pattern[1:], text[1:])
	default:
		return len(text) > 0 && text[0] == pattern[0] && obvious(pattern[1:], text[1:])
	}
}

func FuzzMatch(f *testing.F) {
	for _, seed := range [][2]string{
		{"a*b?c", "axxbyc"}, {"*", ""}, {"?*?", "𐐀"}, {"*é?", "éé𐐀"}, {"*aab", "aaaab"}, {"IAM:*User", "iam:GetUser"}, {"𐐀?", "𐐀a"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 16 || len(text) > 24 || !utf8.ValidString(pattern) || !utf8.ValidString(text) {
			t.Skip()
		}
		units := func(s string) []uint16 { return utf16.Encode([]rune(s)) }
		p := compilePattern(pattern, wildcards)
		if got, want := p.match(text, nil), obvious(units(pattern), units(text)); got != want {
			t.Errorf("%q against %q: %t, want %t", pattern, text, got, want)
		}
		upper := func(s string) string {
			return strings.Map(func(r rune) rune {
				if 'a' <= r && r <= 'z' {
					return r - 'a' + 'A'
				}
				return r
			}, s)
		}
		p = compilePattern(pattern, wildcards|folded)
		if got, want := p.match(text, nil), obvious(units(upper(pattern)), units(upper(text))); got != want {
			t.Errorf("folded %q against %q: %t, want %t", pattern, text, got, want)
		}
	})
}

// Expanding never turns a value into syntax: a pattern that is one variable fits
// exactly the value, whatever is in it.
func FuzzVariable(f *testing.F) {
	for _, seed := range [][2]string{
		{"${k}", "v"}, {"a${k, 'x'}b", "*"}, {"${none, 'd'}", ""}, {"${*}${?}${$}", "?"}, {"${", "}"}, {"${k, '}", "'"}, {"${a,b${k}", "${k}"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		var context Context
		context.Add("k", value)
		p := compilePattern(text, wildcards|variables)
		p.match(value, &context)
		if p.expandable(&context) {
			plain := compilePattern(text, variables)
			if expanded, ok := plain.expandText(&context); !ok || !plain.match(expanded, &context) {
				t.Errorf("%q expands to %q, which does not match it", text, expanded)
			}
		}
		alone := compilePattern("${k}", wildcards|variables)
		if !alone.match(value, &context) || utf8.ValidString(value) && alone.match(value+"x", &context) {
			t.Errorf("${k} does not stand for exactly %q", value)
		}
	})
}

func TestScanVariable(t *testing.T) {
	for _, c := range []struct {
		text string
		want token
		n    int
	}{
		{"${aws:UserName}x", token{kind: variable, text: "aws:username"}, 15},
		{"${ k }", token{kind: variable, text: "k"}, 6},
		{"${k, 'a b'}", token{kind: variable, text: "k", optional: true, fallback: "a b"}, 11},
		{"${k,'a}b' }.", token{kind: variable, text: "k", optional: true, fallback: "a}b"}, 11},
		{"${k, a}", token{kind: variable, text: "k"}, 7},
		{"${k, 'a' b}", token{kind: variable, text: "k"}, 11},
		{"${k}, 'a'}", token{kind: variable, text: "k"}, 4},
		{"${*}", token{kind: literal, text: "*"}, 4},
		{"${$}{", token{kind: literal, text: "$"}, 4},
		{"$", token{}, 0},
		{"${k", token{}, 0},
	} {
		if got, n := scanVariable(c.text); got != c.want || n != c.n {
			t.Errorf("%s: %+v of %d", c.text, got, n)
		}
	}
}
