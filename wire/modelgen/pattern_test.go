package main

import (
	"regexp"
	"strings"
	"testing"
)

func TestTranslate(t *testing.T) {
	for _, tc := range []struct {
		java string
		ok   []string
		bad  []string
	}{
		{`[\w+=,.@-]+`, []string{"a", "a-b@c"}, []string{"", "a\n", "\na", "é", "a b"}},
		{`(\u002F)|(\u002F[\u0021-\u007E]+\u002F)`, []string{"/", "/a/"}, []string{"//", "/a", "a/", "/a/\n", "/\u007f/"}},
		{`^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`, []string{"abc", "a-b"}, []string{"a--b", "ab-", "abc\n"}},
		{`[\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+`, []string{"é", "\U00010000", "\U0010ffff"}, []string{"0", "F", "\uffff"}},
		{`^a$`, []string{"a"}, []string{"a\n", "a\na"}},
		{`a|b`, []string{"a", "b"}, []string{"ab", "ax", "xb"}},
	} {
		re2, without, err := translate(tc.java)
		if err != nil {
			t.Errorf("%s: %v", tc.java, err)
			continue
		}
		re := regexp.MustCompile(re2)
		matches := func(s string) bool {
			return re.MatchString(s) && (without == "" || !strings.Contains(s, without))
		}
		for _, s := range tc.ok {
			if !matches(s) {
				t.Errorf("%s does not match %q", re2, s)
			}
		}
		for _, s := range tc.bad {
			if matches(s) {
				t.Errorf("%s matches %q", re2, s)
			}
		}
	}
	if _, _, err := translate(`a(?<!b)`); err == nil {
		t.Error("a look-behind passes")
	}
}
