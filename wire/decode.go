package wire

import (
	"cmp"
	"encoding/base64"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxSkip is how many list elements a request may leave out before the next
// one it gives; it also bounds the length of a list by the number of
// parameters.
const maxSkip = 10

// AWS's words for names that do not fit the input.
const (
	backToBack      = "Two index elements may not occur back to back"
	unexpectedStart = "Start of structure or map found where not expected."
)

// Decode fills in, a pointer to an input struct of the SDK, from a form. It
// reads the parameters as AWS does:
//
//   - parameters the struct does not have are ignored;
//   - TagKeys= is an empty list, which is not the same as none;
//   - list indexes begin with 1 and may have leading zeros; a gap of at most ten
//     elements is left for [Validate] to find; order does not matter;
//   - booleans are true, false, 1 or 0 and nothing else;
//   - integers are decimal with an optional sign, of 32 bits, without blanks.
//
// What cannot be read is an [*Error] with the code MalformedInput, which names
// the parameter and never its value.
func Decode(f Form, in any) error {
	v, p, err := structOf(in)
	if err != nil {
		return err
	}
	if len(p.fields) == 0 {
		return nil
	}
	var nested []param
	for _, a := range f.params {
		first, _, dotted := strings.Cut(a.name, ".")
		i, known := p.byName[first]
		if !known {
			continue
		}
		fd := &p.fields[i]
		if dotted || fd.plan.kind >= kindList {
			nested = append(nested, a)
			continue
		}
		if err := decodeScalar(fd.plan, a.value, v.Field(fd.index)); err != nil {
			return err.in(fd.name)
		}
	}
	if len(nested) == 0 {
		return nil
	}
	slices.SortStableFunc(nested, func(a, b param) int { return comparePaths(a.name, b.name) })
	if err := decodeStruct(p, nested, v); err != nil {
		return err
	}
	return nil
}

// in adds the name of the parameter to an error that could not know it.
func (e *Error) in(name string) *Error {
	e.Message += " (" + name + ")"
	return e
}

// comparePaths orders parameter names so that all parts of one list element
// stand together and the elements in the order of their indexes.
func comparePaths(a, b string) int {
	for {
		headA, restA, moreA := strings.Cut(a, ".")
		headB, restB, moreB := strings.Cut(b, ".")
		if c := compareParts(headA, headB); c != 0 {
			return c
		}
		if !moreA || !moreB {
			return cmp.Compare(len(restA), len(restB))
		}
		a, b = restA, restB
	}
}

func compareParts(a, b string) int {
	numA, numB := isNumber(a), isNumber(b)
	switch {
	case numA && numB:
		a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	case numA:
		return -1
	case numB:
		return 1
	}
	return strings.Compare(a, b)
}

func isNumber(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// nextGroup splits off the parameters that share their first part with the
// first of args, and cuts that part from their names.
func nextGroup(args []param) (head string, group, rest []param) {
	head, _, _ = strings.Cut(args[0].name, ".")
	n := 0
	for n < len(args) {
		part, tail, more := strings.Cut(args[n].name, ".")
		if compareParts(part, head) != 0 {
			break
		}
		if more {
			args[n].name = tail
		} else {
			args[n].name = ""
		}
		n++
	}
	return head, args[:n], args[n:]
}

// terminal reports that the group is one parameter whose name ends here.
func terminal(group []param) bool { return len(group) == 1 && group[0].name == "" }

func decodeStruct(p *plan, args []param, v reflect.Value) *Error {
	for len(args) > 0 {
		var head string
		var group []param
		head, group, args = nextGroup(args)
		if isNumber(head) {
			return malformed(backToBack)
		}
		i, known := p.byName[head]
		if !known {
			continue
		}
		fd := &p.fields[i]
		if err := decodeValue(fd.plan, fd.name, group, v.Field(fd.index)); err != nil {
			return err
		}
	}
	return nil
}

// decodeValue reads one member or list element from the parameters that speak
// of it.
func decodeValue(p *plan, name string, group []param, v reflect.Value) *Error {
	if p.kind < kindList {
		switch {
		case terminal(group):
			if err := decodeScalar(p, group[0].value, v); err != nil {
				return err.in(name)
			}
			return nil
		case group[len(group)-1].name == "":
			return malformed("A parameter is given more than once").in(name)
		}
		if next, _, _ := strings.Cut(group[len(group)-1].name, "."); isNumber(next) {
			return malformed(backToBack)
		}
		return malformed(unexpectedStart)
	}
	if p.pointer {
		v.Set(reflect.New(p.typ))
		v = v.Elem()
	}
	if group[0].name == "" {
		if len(group) > 1 || group[0].value != "" {
			return malformed("A list, map or structure cannot have a value of its own").in(name)
		}
		switch p.kind {
		case kindList:
			v.Set(reflect.MakeSlice(p.typ, 0, 0))
		case kindMap:
			v.Set(reflect.MakeMap(p.typ))
		}
		return nil
	}
	switch p.kind {
	case kindList:
		return decodeList(p, name, group, v)
	case kindMap:
		return decodeMap(p, name, group, v)
	case kindUnion:
		return decodeUnion(p, name, group, v)
	default:
		return decodeStruct(p, group, v)
	}
}

func decodeList(p *plan, name string, args []param, v reflect.Value) *Error {
	list := reflect.MakeSlice(p.typ, 0, len(args))
	err := eachElement("member", name, args, func(index int, group []param) *Error {
		for list.Len() < index {
			list = reflect.Append(list, reflect.Zero(p.typ.Elem()))
		}
		return decodeValue(p.elem, name, group, list.Index(index-1))
	})
	if err != nil {
		return err
	}
	v.Set(list)
	return nil
}

func decodeMap(p *plan, name string, args []param, v reflect.Value) *Error {
	m := reflect.MakeMap(p.typ)
	err := eachElement("entry", name, args, func(_ int, group []param) *Error {
		key, value := reflect.New(p.typ.Key()).Elem(), reflect.New(p.typ.Elem()).Elem()
		hasKey := false
		for len(group) > 0 {
			var head string
			var part []param
			head, part, group = nextGroup(group)
			switch {
			case head == "key" && terminal(part):
				key.SetString(part[0].value)
				hasKey = true
			case head == "value":
				if err := decodeValue(p.elem, name, part, value); err != nil {
					return err
				}
			default:
				return malformed("A map entry has a key and a value").in(name)
			}
		}
		if !hasKey || m.MapIndex(key).IsValid() {
			return malformed("A map entry needs a key of its own").in(name)
		}
		m.SetMapIndex(key, value)
		return nil
	})
	if err != nil {
		return err
	}
	v.Set(m)
	return nil
}

// eachElement calls do for every index of a list or map, in order. label is the
// word that stands before the index.
func eachElement(label, name string, args []param, do func(index int, group []param) *Error) *Error {
	head, group, rest := nextGroup(args)
	if head != label || len(rest) > 0 {
		return malformed(unexpectedStart)
	}
	if group[0].name == "" {
		return malformed("Unexpected list element termination")
	}
	end := 0
	for len(group) > 0 {
		var part string
		var element []param
		part, element, group = nextGroup(group)
		index, err := elementIndex(part)
		if err != nil {
			return err
		}
		if skip := index - end - 1; skip > maxSkip {
			return malformed("Excessively sparse input would skip %d list elements", skip)
		}
		end = index
		if err := do(index, element); err != nil {
			return err
		}
	}
	return nil
}

func elementIndex(part string) (int, *Error) {
	if strings.HasPrefix(part, "-") {
		return 0, malformed("Key %s may not have a leading '-'", part)
	}
	n, err := strconv.ParseInt(part, 10, 32)
	if err != nil || n == 0 || !isNumber(part) {
		return 0, malformed("%s is not a valid index", part)
	}
	return int(n), nil
}

// decodeScalar reads one value. Its errors do not know the parameter's name.
func decodeScalar(p *plan, s string, v reflect.Value) *Error {
	if p.pointer && p.kind == kindText && p.typ.PkgPath() == "" {
		*v.Addr().Interface().(**string) = &s
		return nil
	}
	if p.pointer {
		v.Set(reflect.New(p.typ))
		v = v.Elem()
	}
	switch p.kind {
	case kindText:
		v.SetString(s)
	case kindBool:
		switch s {
		case "true", "1":
			v.SetBool(true)
		case "false", "0":
			v.SetBool(false)
		default:
			return malformed("A boolean must be true or false")
		}
	case kindInt:
		n, err := strconv.ParseInt(s, 10, p.typ.Bits())
		if err != nil {
			return malformed("An integer of %d bits was expected", p.typ.Bits())
		}
		v.SetInt(n)
	case kindBlob:
		b, err := base64.StdEncoding.Strict().DecodeString(s)
		if err != nil {
			return malformed("Base64 was expected")
		}
		v.SetBytes(b)
	case kindTime:
		t, err := decodeTime(s)
		if err != nil {
			return err
		}
		v.Set(reflect.ValueOf(t))
	}
	return nil
}

// decodeTime reads an ISO 8601 date-time with its zone, or seconds since 1970;
// SDKs send the first and AWS reads both.
func decodeTime(s string) (time.Time, *Error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC(), nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > 253402300799 { // the year 9999
		return time.Time{}, malformed("A date-time such as 2023-04-27T20:58:13Z was expected")
	}
	return time.Unix(n, 0).UTC(), nil
}
