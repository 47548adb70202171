package policy

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// pattern is a compiled piece of policy text: an action, a resource or the
// operand of a condition. The common forms are matched without looking at
// tokens.
type pattern struct {
	form   patternForm
	fold   bool    // ASCII case does not matter; literals are lower-cased
	units  bool    // has a '?'
	text   string  // of the exact and prefix forms
	tokens []token // of the general form
}

type patternForm uint8

const (
	exact    patternForm = iota // text, nothing else
	anything                    // "*"
	prefix                      // text, then anything
	general                     // tokens
	template                    // tokens, some of them variables
)

type token struct {
	kind     tokenKind
	optional bool   // of a variable: fallback stands in when the key is absent
	text     string // of a literal: the text; of a variable: the key in lower case
	fallback string
}

type tokenKind uint8

const (
	literal  tokenKind = iota
	anyRun             // '*'
	anyUnit            // '?'
	variable           // ${key} or ${key, 'fallback'}
)

// syntax says what in a text is more than itself.
type syntax uint8

const (
	wildcards syntax = 1 << iota // '*' and '?'
	variables                    // ${…}
	folded                       // ASCII case does not matter
)

func compilePattern(text string, s syntax) pattern {
	return newPattern(appendTokens(nil, text, s), s)
}

// compileResource compiles an element of Resource or NotResource. Variables
// count only after the fifth colon (IAM User Guide, "Variables and tags").
func compileResource(text string, s syntax) pattern {
	head := 0
	for range 5 {
		i := strings.IndexByte(text[head:], ':')
		if i < 0 {
			break
		}
		head += i + 1
	}
	tokens := appendTokens(nil, text[:head], s&^variables)
	return newPattern(appendTokens(tokens, text[head:], s), s)
}

func newPattern(tokens []token, s syntax) pattern {
	p := pattern{fold: s&folded != 0}
	switch {
	case len(tokens) == 0:
		return p
	case len(tokens) == 1 && tokens[0].kind == literal:
		p.text = tokens[0].text
		return p
	case len(tokens) == 1 && tokens[0].kind == anyRun:
		p.form = anything
		return p
	case len(tokens) == 2 && tokens[0].kind == literal && tokens[1].kind == anyRun:
		p.form, p.text = prefix, tokens[0].text
		return p
	}
	p.form, p.tokens = general, tokens
	for _, t := range tokens {
		switch t.kind {
		case anyUnit:
			p.units = true
		case variable:
			p.form = template
		}
	}
	return p
}

// appendTokens splits text, merging neighbouring literals and runs.
func appendTokens(tokens []token, text string, s syntax) []token {
	add := func(literalText string) {
		if s&folded != 0 {
			literalText = strings.Map(lowerASCII, literalText)
		}
		if n := len(tokens); n > 0 && tokens[n-1].kind == literal {
			tokens[n-1].text += literalText
		} else {
			tokens = append(tokens, token{kind: literal, text: literalText})
		}
	}
	start := 0
	flush := func(end int) {
		if start < end {
			add(text[start:end])
		}
	}
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '*' && s&wildcards != 0:
			flush(i)
			if n := len(tokens); n == 0 || tokens[n-1].kind != anyRun {
				tokens = append(tokens, token{kind: anyRun})
			}
			i++
			start = i
		case c == '?' && s&wildcards != 0:
			flush(i)
			tokens = append(tokens, token{kind: anyUnit})
			i++
			start = i
		case c == '$' && s&variables != 0:
			t, n := scanVariable(text[i:])
			if n == 0 {
				i++
				continue
			}
			flush(i)
			if t.kind == literal {
				add(t.text)
			} else {
				tokens = append(tokens, t)
			}
			i += n
			start = i
		default:
			i++
		}
	}
	flush(len(text))
	return tokens
}

// match reports whether the whole of s fits. A variable that cannot be expanded
// fits nothing.
func (p *pattern) match(s string, context *Context) bool {
	switch p.form {
	case exact:
		if p.fold {
			return len(s) == len(p.text) && hasPrefix(s, p.text, true)
		}
		return s == p.text
	case anything:
		return true
	case prefix:
		return hasPrefix(s, p.text, p.fold)
	case template:
		var room [16]token
		tokens, ok := expand(room[:0], p.tokens, context)
		return ok && p.matchTokens(tokens, s)
	default:
		return p.matchTokens(p.tokens, s)
	}
}

func (p *pattern) matchTokens(tokens []token, s string) bool {
	if p.units && hasSupplementary(s) {
		return matchUnits(tokens, s, p.fold)
	}
	return matchRunes(tokens, s, p.fold)
}

// matchRunes remembers only the last '*' it passed: an earlier one never needs
// to give back what it took, so the work is bounded by len(tokens) × len(s).
func matchRunes(tokens []token, s string, fold bool) bool {
	t, i := 0, 0
	lastRun, resume := -1, 0
	for {
		if t == len(tokens) {
			if i == len(s) {
				return true
			}
		} else {
			switch next := &tokens[t]; {
			case next.kind == anyRun:
				t++
				if t == len(tokens) {
					return true
				}
				lastRun, resume = t, i
				continue
			case next.kind == literal && hasPrefix(s[i:], next.text, fold):
				t++
				i += len(next.text)
				continue
			case next.kind == anyUnit && i < len(s):
				t++
				i += runeLen(s[i:])
				continue
			}
		}
		if lastRun < 0 || resume == len(s) {
			return false
		}
		resume += runeLen(s[resume:])
		if after := &tokens[lastRun]; after.kind == literal && !fold {
			skip := strings.Index(s[resume:], after.text)
			if skip < 0 {
				return false
			}
			resume += skip
		}
		t, i = lastRun, resume
	}
}

func runeLen(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// hasSupplementary finds characters that take two UTF-16 units: those whose
// UTF-8 form begins with 0xF0 or above.
func hasSupplementary(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0xF0 {
			return true
		}
	}
	return false
}

// matchUnits is matchRunes counted in UTF-16 units, as AWS counts: '?' takes
// half of a supplementary character.
func matchUnits(tokens []token, s string, fold bool) bool {
	const run, unit = -1, -2
	var want []int32
	for _, t := range tokens {
		switch t.kind {
		case anyRun:
			want = append(want, run)
		case anyUnit:
			want = append(want, unit)
		default:
			for _, u := range utf16.Encode([]rune(t.text)) {
				want = append(want, int32(u))
			}
		}
	}
	have := utf16.Encode([]rune(s))
	t, i := 0, 0
	lastRun, resume := -1, 0
	for t < len(want) || i < len(have) {
		switch {
		case t < len(want) && want[t] == run:
			t++
			lastRun, resume = t, i
		case t < len(want) && i < len(have) && (want[t] == unit || want[t] == foldUnit(have[i], fold)):
			t++
			i++
		case lastRun < 0 || resume == len(have):
			return false
		default:
			resume++
			t, i = lastRun, resume
		}
	}
	return true
}

func foldUnit(u uint16, fold bool) int32 {
	if fold {
		return lowerASCII(int32(u))
	}
	return int32(u)
}

// lowerASCII leaves other letters alone: names of actions are ASCII, and no other
// character shall pass for one of theirs.
func lowerASCII(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		r += 'a' - 'A'
	}
	return r
}

// hasPrefix reports whether s begins with start; with fold, start is lower-cased
// and the ASCII case of s does not matter.
func hasPrefix(s, start string, fold bool) bool {
	if !fold {
		return strings.HasPrefix(s, start)
	}
	if len(s) < len(start) {
		return false
	}
	for i := 0; i < len(start); i++ {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != start[i] {
			return false
		}
	}
	return true
}
