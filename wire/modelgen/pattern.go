package main

import (
	"fmt"
	"regexp"
	"strings"
)

// translate turns a pattern of the model, written for Java, into Go's syntax,
// anchored as a whole. What RE2 cannot say comes back as a text the value must
// not contain.
func translate(java string) (re2, without string, err error) {
	s := java
	// A hyphen not followed by a hyphen, everywhere a hyphen may stand: no two
	// in a row. It is the only look-ahead of the two models.
	if notDoubled := `-(?!-)`; strings.Contains(s, notDoubled) {
		s = strings.ReplaceAll(s, notDoubled, `-`)
		without = "--"
	}
	s = codePoints(s)
	// \z and not $: a newline at the end must never pass. The model's own
	// anchors stay inside and do no harm.
	re2 = `\A(?:` + s + `)\z`
	if _, err := regexp.Compile(re2); err != nil {
		return "", "", fmt.Errorf("pattern %q: %w", java, err)
	}
	return re2, without, nil
}

// codePoints rewrites \uXXXX as \x{XXXX}, and \u10000 and \u10FFFF as what
// their author meant: Java reads four digits and takes the rest as letters.
func codePoints(s string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, `\u`)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		digits := min(4, len(after))
		if strings.HasPrefix(after, "10000") {
			digits = 5
		}
		if strings.HasPrefix(after, "10FFFF") {
			digits = 6
		}
		b.WriteString(`\x{` + after[:digits] + `}`)
		s = after[digits:]
	}
}
