package wire

import (
	"encoding/base64"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// TimeFormat is how a time in UTC is printed in answers.
const TimeFormat = "2006-01-02T15:04:05Z"

// Response writes the answer to an action from out, a pointer to its output
// struct (nil counts as a struct without members).
//
// A nil pointer, slice or map has no element; an empty slice or map that is not
// nil has an empty one; a plain number or boolean always has one; an empty
// enumeration has none. An output without members has no Result element, but
// for the few AWS gives an empty one.
// Text is escaped so that a parser gives it back unchanged; a character XML
// cannot hold becomes U+FFFD.
func Response(svc Service, action, requestID string, out any) ([]byte, error) {
	return AppendResponse(make([]byte, 0, 1024), svc, action, requestID, out)
}

// AppendResponse appends to b what [Response] returns.
func AppendResponse(b []byte, svc Service, action, requestID string, out any) ([]byte, error) {
	b = append(b, '<')
	b = append(b, action...)
	b = append(b, `Response xmlns="`...)
	b = append(b, svc.Namespace...)
	b = append(b, `">`...)
	if out != nil {
		v, p, err := structOf(out)
		if err != nil {
			return nil, err
		}
		if len(p.fields) > 0 || emptyResults[action] || laterEmptyResults[action] {
			b = append(b, '<')
			b = append(b, action...)
			b = append(b, `Result>`...)
			if b, err = appendStruct(b, p, v); err != nil {
				return nil, err
			}
			b = append(b, `</`...)
			b = append(b, action...)
			b = append(b, `Result>`...)
		}
	}
	b = append(b, `<ResponseMetadata><RequestId>`...)
	b = appendText(b, requestID)
	b = append(b, `</RequestId></ResponseMetadata></`...)
	b = append(b, action...)
	b = append(b, `Response>`...)
	return b, nil
}

// ErrorResponse writes the answer that carries an error. The HTTP status is
// e.Status and is the caller's to send.
func ErrorResponse(svc Service, requestID string, e *Error) []byte {
	b := make([]byte, 0, 512)
	b = append(b, `<ErrorResponse xmlns="`...)
	b = append(b, svc.Namespace...)
	b = append(b, `"><Error><Type>`...)
	b = append(b, e.Fault()...)
	b = append(b, `</Type><Code>`...)
	b = appendText(b, e.Code)
	b = append(b, `</Code>`...)
	if e.Message != "" {
		b = append(b, `<Message>`...)
		b = appendText(b, e.Message)
		b = append(b, `</Message>`...)
	}
	b = append(b, `</Error><RequestId>`...)
	b = appendText(b, requestID)
	return append(b, `</RequestId></ErrorResponse>`...)
}

func appendStruct(b []byte, p *plan, v reflect.Value) ([]byte, error) {
	var err error
	for i := range p.fields {
		f := &p.fields[i]
		fv := v.Field(f.index)
		if absent(f.plan, fv) {
			continue
		}
		if (f.plan.kind == kindList || f.plan.kind == kindMap) && fv.Len() == 0 {
			b = append(b, f.empty...)
			continue
		}
		b = append(b, f.open...)
		if b, err = appendValue(b, f.plan, fv); err != nil {
			return nil, fmt.Errorf("%w, in %s", err, f.name)
		}
		b = append(b, f.close...)
	}
	return b, nil
}

// absent reports whether a member says nothing: nil, or the empty text of an
// enumeration, which the SDK's structs hold without a pointer.
func absent(p *plan, v reflect.Value) bool {
	switch {
	case p.pointer, p.kind == kindList, p.kind == kindMap, p.kind == kindBlob, p.kind == kindUnion:
		return v.IsNil()
	case p.kind == kindText:
		return v.Len() == 0
	}
	return false
}

func appendValue(b []byte, p *plan, v reflect.Value) ([]byte, error) {
	if p.pointer {
		v = v.Elem()
	}
	switch p.kind {
	case kindText:
		return appendText(b, v.String()), nil
	case kindBool:
		return strconv.AppendBool(b, v.Bool()), nil
	case kindInt:
		return strconv.AppendInt(b, v.Int(), 10), nil
	case kindBlob:
		return base64.StdEncoding.AppendEncode(b, v.Bytes()), nil
	case kindTime:
		return appendTime(b, v.Addr().Interface().(*time.Time))
	case kindList:
		return appendList(b, p, v)
	case kindMap:
		return appendMap(b, p, v)
	case kindUnion:
		f, value, ok := unionMember(p, v)
		if !ok {
			return b, nil
		}
		b, err := appendValue(append(b, f.open...), f.plan, value)
		return append(b, f.close...), err
	default:
		return appendStruct(b, p, v)
	}
}

// appendTime refuses a year that SDKs could not read back.
func appendTime(b []byte, t *time.Time) ([]byte, error) {
	u := t.UTC()
	if y := u.Year(); y < 0 || y > 9999 {
		return nil, fmt.Errorf("wire: year %d has no ISO 8601 form", y)
	}
	return u.AppendFormat(b, TimeFormat), nil
}

func appendList(b []byte, p *plan, v reflect.Value) ([]byte, error) {
	var err error
	for i := range v.Len() {
		b = append(b, `<member>`...)
		if e := v.Index(i); !p.elem.pointer || !e.IsNil() {
			if b, err = appendValue(b, p.elem, e); err != nil {
				return nil, err
			}
		}
		b = append(b, `</member>`...)
	}
	return b, nil
}

// appendMap writes the entries by key, so that equal maps give equal answers.
func appendMap(b []byte, p *plan, v reflect.Value) ([]byte, error) {
	var err error
	entries := make(map[string]reflect.Value, v.Len())
	for it := v.MapRange(); it.Next(); {
		entries[it.Key().String()] = it.Value()
	}
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		b = append(b, `<entry><key>`...)
		b = appendText(b, key)
		b = append(b, `</key><value>`...)
		if b, err = appendValue(b, p.elem, entries[key]); err != nil {
			return nil, err
		}
		b = append(b, `</value></entry>`...)
	}
	return b, nil
}

// appendText escapes character data. A carriage return is escaped because
// parsers turn a bare one into a line feed (XML 1.0 §2.11); what is no Char of
// XML 1.0 §2.2 is replaced, for it cannot be escaped either.
func appendText(b []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		var with string
		size := 1
		switch c := s[i]; {
		case c == '&':
			with = "&amp;"
		case c == '<':
			with = "&lt;"
		case c == '>':
			with = "&gt;"
		case c == '"':
			with = "&quot;"
		case c == '\r':
			with = "&#13;"
		case c == '\t', c == '\n', ' ' <= c && c < utf8.RuneSelf:
			i++
			continue
		case c < ' ':
			with = "\uFFFD"
		default:
			var r rune
			r, size = utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError && r != 0xFFFE && r != 0xFFFF {
				i += size
				continue
			}
			with = "\uFFFD"
		}
		b = append(b, s[start:i]...)
		b = append(b, with...)
		i += size
		start = i
	}
	return append(b, s[start:]...)
}
