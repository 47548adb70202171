package store

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
)

// nameKey is the form of a name by which it is unique, found and ordered. IAM names are ASCII, and only ASCII
// letters are folded, so that the rule doesn't depend on anybody's Unicode version.
func nameKey(name string) string {
	for i := range len(name) {
		if c := name[i]; c >= 'A' && c <= 'Z' {
			folded := []byte(name)
			for ; i < len(folded); i++ {
				if c := folded[i]; c >= 'A' && c <= 'Z' {
					folded[i] = c + 'a' - 'A'
				}
			}
			return string(folded)
		}
	}
	return name
}

// millis is a time as it is stored.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// instant is the time of a column.
type instant struct{ t *time.Time }

func (i instant) Scan(value any) error {
	n, ok := value.(int64)
	if !ok {
		return fmt.Errorf("time column holds %T", value)
	}
	*i.t = time.Time{}
	if n != 0 {
		*i.t = time.UnixMilli(n).UTC()
	}
	return nil
}

// flag is a boolean as it is stored.
func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// toJSON is the text of a list or map as it is stored: "" for an empty one, which most are.
func toJSON[T []iam.Tag | []string | map[string]string](value T) string {
	if len(value) == 0 {
		return ""
	}
	text, _ := json.Marshal(value) // these types always marshal
	return string(text)
}

// jsonColumn scans what toJSON wrote.
type jsonColumn struct{ dest any }

func (c jsonColumn) Scan(value any) error {
	text, ok := value.(string)
	if !ok {
		return fmt.Errorf("JSON column holds %T", value)
	}
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), c.dest)
}

// steps is a list of TOTP steps as it is stored.
func steps(used []int64) string {
	var b []byte
	for i, step := range used {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, step, 10)
	}
	return string(b)
}

// stepsColumn scans what steps wrote.
type stepsColumn struct{ dest *[]int64 }

func (c stepsColumn) Scan(value any) error {
	text, ok := value.(string)
	if !ok {
		return fmt.Errorf("list column holds %T", value)
	}
	*c.dest = nil
	if text == "" {
		return nil
	}
	for field := range strings.SplitSeq(text, ",") {
		step, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return err
		}
		*c.dest = append(*c.dest, step)
	}
	return nil
}

// maxShown is the longest text from outside, in bytes, that is kept only to be shown.
const maxShown = 1024

// shown is text from outside that is kept only to be shown: cut, and in the form that every database takes, UTF-8
// without NUL. What doesn't fit is replaced by U+FFFD.
func shown(text string) string {
	text = strings.ToValidUTF8(text[:min(len(text), maxShown)], "\uFFFD")
	return strings.ReplaceAll(text, "\x00", "\uFFFD")
}

// inPath is the condition that column begins with the prefix in the placeholder: literally, and with regard to
// case, which LIKE would not do.
func inPath(column, placeholder string) string {
	return "substr(" + column + ", 1, length(CAST(" + placeholder + " AS TEXT))) = CAST(" + placeholder + " AS TEXT)"
}

// maxList is how many values go into one IN list.
const maxList = 128

// inList returns the placeholders of an IN list that begins with $first, and the arguments for it. The length
// is rounded up to a power of two by repeating the last value, so that few statements serve all lengths.
func inList(first int, values []string) (placeholders string, args []any) {
	size := 1
	for size < len(values) {
		size *= 2
	}
	var b strings.Builder
	for i := range size {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "$%d", first+i)
		args = append(args, values[min(i, len(values)-1)])
	}
	return b.String(), args
}

// limit makes a page's bound harmless: a negative LIMIT means none to SQLite.
func limit(page iam.Page) int { return max(page.Limit, 0) }
