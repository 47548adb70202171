package wire

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func codeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	if err != nil {
		return "no *Error: " + err.Error()
	}
	return ""
}

func TestParseForm(t *testing.T) {
	for _, tc := range []struct {
		name, encoded, param, value string
	}{
		{"plain", "Action=GetUser", "Action", "GetUser"},
		{"blank as plus", "A=a+b", "A", "a b"},
		{"blank as escape", "A=a%20b", "A", "a b"},
		{"escaped plus", "A=a%2Bb", "A", "a+b"},
		{"lower-case hex", "A=%c3%a9", "A", "é"},
		{"UTF-8 without escapes", "A=é", "A", "é"},
		{"beyond the basic plane", "A=%F0%9D%84%9E", "A", "𝄞"},
		{"escaped name", "Tags%2Emember.1.Key=k", "Tags.member.1.Key", "k"},
		{"equals sign in the value", "A=b=c", "A", "b=c"},
		{"no equals sign", "TagKeys", "TagKeys", ""},
		{"empty value", "TagKeys=", "TagKeys", ""},
		{"semicolon is no separator", "A=b;C=d", "A", "b;C=d"},
		{"empty pairs are skipped", "&&A=b&", "A", "b"},
		{"newline", "A=b%0Ac", "A", "b\nc"},
		{"NUL", "A=b%00c", "A", "b\x00c"},
		{"case of a name counts", "A=1&a=2", "a", "2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f, err := ParseForm(tc.encoded, DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			if !f.Has(tc.param) || f.Get(tc.param) != tc.value {
				t.Errorf("%s = %q, want %q", tc.param, f.Get(tc.param), tc.value)
			}
		})
	}
	f, err := ParseForm("", DefaultLimits)
	if err != nil || f.Len() != 0 || f.Has("") || f.Get("A") != "" {
		t.Errorf("empty form: %v, %v", f, err)
	}
}

func TestParseFormRefuses(t *testing.T) {
	for _, tc := range []struct{ name, encoded, message string }{
		{"escape cut off", "A=%", "Incomplete trailing escape % sequence"},
		{"escape cut off after one digit", "A=b%4", "Incomplete trailing escape % sequence"},
		{"no hex digits", "A=%zz", "Illegal hex character in escape % pattern"},
		{"one hex digit", "A=%4g", "Illegal hex character in escape % pattern"},
		{"bad escape in a name", "A%=b", "Incomplete trailing escape % sequence"},
		{"bare continuation byte", "A=%80", "The request is not valid UTF-8"},
		{"overlong slash", "A=%C0%AF", "The request is not valid UTF-8"},
		{"surrogate half", "A=%ED%A0%80", "The request is not valid UTF-8"},
		{"raw bad byte", "A=\xff", "The request is not valid UTF-8"},
		{"bad byte in a name", "A%FF=1", "The request is not valid UTF-8"},
		{"no name", "=x", "A parameter has no name"},
		{"second spelling with a dot at the end", "UserName.=x", "A parameter name has an empty part"},
		{"dot at the front", ".UserName=x", "A parameter name has an empty part"},
		{"two dots", "Tags..1=x", "A parameter name has an empty part"},
		{"twice", "UserName=a&UserName=b", "A parameter is given more than once"},
		{"twice, the same value", "UserName=a&UserName=a", "A parameter is given more than once"},
		{"twice, one escaped", "UserName=a&User%4eame=b", "A parameter is given more than once"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := ParseForm(tc.encoded, DefaultLimits)
			if codeOf(err) != "MalformedInput" || !strings.HasSuffix(err.Error(), ": "+tc.message) {
				t.Errorf("got %v, want MalformedInput: %s", err, tc.message)
			}
		})
	}
}

func TestFormAllKeepsTheOrder(t *testing.T) {
	f, err := ParseForm("B=1&A=2&C=3", DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for name, value := range f.All() {
		got = append(got, name+value)
		if name == "A" {
			break
		}
	}
	if fmt.Sprint(got) != "[B1 A2]" || f.Len() != 3 {
		t.Errorf("got %v of %d", got, f.Len())
	}
}

func TestAttack37_DuplicateOrCaseVariantParameters(t *testing.T) {
	for _, encoded := range []string{
		"Action=GetUser&Action=DeleteUser",
		"Action=GetUser&Action=GetUser",
		"Action=GetUser&Acti%6Fn=DeleteUser",
		"Action=GetUser&action=DeleteUser",
		"action=DeleteUser&Action=GetUser",
		"Action=GetUser&ACTION=DeleteUser",
		"Action=GetUser&%61ction=DeleteUser",
		"action=DeleteUser",
		"Version=2010-05-08&Version=2011-06-15",
		"Version=2010-05-08&version=2011-06-15",
		"Ver\u017fion=2011-06-15", // the long s folds to s
		"Action=GetUser&UserName=a&UserName=b",
		"Action=GetUser&X-Amz-Credential=a&X-Amz-Credential=b",
	} {
		if _, err := ParseForm(encoded, DefaultLimits); codeOf(err) != "MalformedInput" {
			t.Errorf("%s: %v, want MalformedInput", encoded, err)
		}
	}
}

func TestAttack45_FormBombIsBounded(t *testing.T) {
	limits := Limits{Parameters: 100, NameLength: 64, NameDepth: 6}
	numbered := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "p%d=&", i)
		}
		return b.String()
	}
	for _, tc := range []struct {
		name, encoded string
		ok            bool
	}{
		{"as many parameters as allowed", numbered(100), true},
		{"one parameter more", numbered(101), false},
		{"a million parameters", strings.Repeat("a&", 1_000_000), false},
		{"a million separators", strings.Repeat("&", 1_000_000), true},
		{"longest name", strings.Repeat("n", 64) + "=", true},
		{"name one byte longer", strings.Repeat("n", 65) + "=", false},
		{"name longer, escaped", strings.Repeat("%6e", 65) + "=", false},
		{"deepest name", "a.b.c.d.e.f=", true},
		{"name one level deeper", "a.b.c.d.e.f.g=", false},
		{"a very deep name", strings.Repeat("a.", 100_000) + "a=", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f, err := ParseForm(tc.encoded, limits)
			if tc.ok && err != nil {
				t.Error(err)
			}
			if !tc.ok && (codeOf(err) != "MalformedInput" || f.Len() != 0) {
				t.Errorf("got %v, want MalformedInput", err)
			}
		})
	}
	// What is refused for its size never made the parser hold more than its limit.
	if f, _ := ParseForm(strings.Repeat("&", 1_000_000), limits); cap(f.params) > limits.Parameters {
		t.Errorf("%d parameters were made room for", cap(f.params))
	}
}

// The strict parser agrees with the standard library on everything it accepts.
func FuzzParseForm(f *testing.F) {
	for _, s := range []string{"", "Action=GetUser&Version=2010-05-08", "A=%20+%C3%A9", "A=%F", "a&a", "=", "Tags.member.1.Key=%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		form, err := ParseForm(s, DefaultLimits)
		if err != nil {
			if codeOf(err) != "MalformedInput" {
				t.Fatal(err)
			}
			return
		}
		want := make(map[string]string)
		for pair := range strings.SplitSeq(s, "&") {
			if pair == "" {
				continue
			}
			name, value, _ := strings.Cut(pair, "=")
			n, err1 := url.QueryUnescape(name)
			v, err2 := url.QueryUnescape(value)
			if err := errors.Join(err1, err2); err != nil {
				t.Fatal(err)
			}
			want[n] = v
		}
		if form.Len() != len(want) {
			t.Fatalf("%d parameters, want %d", form.Len(), len(want))
		}
		for name, value := range form.All() {
			if v, ok := want[name]; !ok || v != value {
				t.Fatalf("%q = %q, want %q", name, value, v)
			}
		}
	})
}

// However long a form is, and wherever in it the name stands twice, it is refused.
func TestParseFormRefusesTwiceAnywhere(t *testing.T) {
	for _, length := range []int{2, shortForm - 1, shortForm, shortForm + 1, shortForm + 2, 40} {
		for first := range length {
			for second := first + 1; second < length; second++ {
				var b strings.Builder
				for i := range length {
					if i == second {
						i = first
					}
					fmt.Fprintf(&b, "&P%d=x", i)
				}
				if _, err := ParseForm(b.String(), DefaultLimits); err == nil {
					t.Fatalf("parameter %d of %d is parameter %d again, and that was not noticed", second, length, first)
				}
			}
		}
	}
}
