package policy

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// lower is the lower-casing that StringEqualsIgnoreCase compares by: not case
// folding, and with the two rules of Unicode's SpecialCasing.txt that hold in
// every language. İ becomes i with a dot above, and Σ at the end of a word ς.
func lower(s string) string {
	if !strings.ContainsAny(s, "İΣ") {
		return strings.ToLower(s)
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == 'İ':
			b.WriteString("i\u0307")
		case r == 'Σ' && finalSigma(s[:i], s[i+len("Σ"):]):
			b.WriteRune('ς')
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// finalSigma reports whether a letter goes before and none comes after.
func finalSigma(before, after string) bool {
	for before != "" {
		r, n := utf8.DecodeLastRuneInString(before)
		before = before[:len(before)-n]
		if cased(r) {
			for _, r := range after {
				if !ignorable(r) {
					return !cased(r)
				}
			}
			return true
		}
		if !ignorable(r) {
			return false
		}
	}
	return false
}

func cased(r rune) bool {
	return unicode.IsUpper(r) || unicode.IsLower(r) || unicode.IsTitle(r)
}

// ignorable characters do not end a word.
func ignorable(r rune) bool {
	return unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk) ||
		strings.ContainsRune("'.:·’․", r)
}

// equalLower compares s, once lower-cased, with want, which is lower-cased
// already. Text that is all ASCII costs no allocation.
func equalLower(s, want string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return lower(s) == want
		}
	}
	return len(s) == len(want) && hasPrefix(s, want, true)
}
