package wire

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"
)

// kind says how a value of the SDK's structs travels.
type kind uint8

const (
	kindText   kind = iota // string, and the enumerations built on it
	kindBool               // true, false
	kindInt                // decimal
	kindBlob               // base64 of []byte
	kindTime               // ISO 8601, whole seconds, UTC
	kindList               // Name.member.N
	kindMap                // Name.entry.N.key, Name.entry.N.value
	kindStruct             // Name.Field
	kindUnion              // Name.Field, one of them
)

// plan is what is known of one Go type: how to read it from a form and how to
// write it as XML. Plans are made once and shared.
type plan struct {
	typ     reflect.Type // without the pointer
	kind    kind
	pointer bool           // the member is a pointer to typ; nil means absent
	elem    *plan          // of a list or a map's values
	fields  []field        // of a structure or union, in Go order
	byName  map[string]int // wire name → index into fields
}

// field is one member of a structure.
type field struct {
	index  int    // in the Go struct
	name   string // on the wire, the key of [Parameters] in lower camel case
	camel  string // name with a small first letter
	open   string // <name>
	close  string // </name>
	empty  string // <name/>
	secret bool   // never shown by [Parameters] nor echoed by [Validate]
	plan   *plan
}

var plans sync.Map // reflect.Type of a structure → *plan

var timeType = reflect.TypeFor[time.Time]()

// structPlan returns the plan of a struct type of the SDK.
func structPlan(t reflect.Type) (*plan, error) {
	if p, ok := plans.Load(t); ok {
		return p.(*plan), nil
	}
	p, err := newPlan(t, make(map[reflect.Type]bool))
	if err != nil {
		return nil, err
	}
	shared, _ := plans.LoadOrStore(t, p)
	return shared.(*plan), nil
}

// newPlan describes a type. open holds the structures being described, for a
// type that contains itself has no plan.
func newPlan(t reflect.Type, open map[reflect.Type]bool) (*plan, error) {
	p := &plan{typ: t}
	if t.Kind() == reflect.Pointer {
		p.pointer, p.typ = true, t.Elem()
		t = p.typ
	}
	var err error
	switch {
	case t == timeType:
		p.kind = kindTime
	case t.Kind() == reflect.String:
		p.kind = kindText
	case t.Kind() == reflect.Bool:
		p.kind = kindBool
	case t.Kind() == reflect.Int32, t.Kind() == reflect.Int64:
		p.kind = kindInt
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		p.kind = kindBlob
	case t.Kind() == reflect.Slice:
		p.kind = kindList
		p.elem, err = newPlan(t.Elem(), open)
	case t.Kind() == reflect.Map && t.Key().Kind() == reflect.String:
		p.kind = kindMap
		p.elem, err = newPlan(t.Elem(), open)
	case t.Kind() == reflect.Struct && !open[t]:
		p.kind = kindStruct
		open[t] = true
		p.fields, p.byName, err = newFields(t, open)
		delete(open, t)
	case len(unions[t]) > 0:
		p.kind = kindUnion
		p.fields, p.byName, err = newUnionFields(t, open)
	default:
		err = fmt.Errorf("wire: no plan for type %v", t)
	}
	return p, err
}

func newFields(t reflect.Type, open map[reflect.Type]bool) ([]field, map[string]int, error) {
	var fields []field
	byName := make(map[string]int)
	for i := range t.NumField() {
		f := t.Field(i)
		// ResultMetadata is the SDK's own and never travels.
		if !f.IsExported() || f.Name == "ResultMetadata" {
			continue
		}
		p, err := newPlan(f.Type, open)
		if err != nil {
			return nil, nil, fmt.Errorf("%w, in %v.%s", err, t, f.Name)
		}
		name := f.Name
		if other, ok := wireNames[t.Name()+"."+f.Name]; ok {
			name = other
		}
		byName[name] = len(fields)
		fd := newField(name, p)
		fd.index = i
		fd.secret = isSecret(f.Name)
		fields = append(fields, fd)
	}
	return fields, byName, nil
}

func newField(name string, p *plan) field {
	return field{
		name:  name,
		camel: lowerCamel(name),
		open:  "<" + name + ">",
		close: "</" + name + ">",
		empty: "<" + name + "/>",
		plan:  p,
	}
}

// lowerCamel makes only the first letter small: AWS prints SAMLMetadataDocument
// as sAMLMetadataDocument.
func lowerCamel(name string) string {
	return strings.ToLower(name[:1]) + name[1:]
}

// structOf returns the struct behind a pointer to an SDK struct, with its plan.
func structOf(v any) (reflect.Value, *plan, error) {
	rv := reflect.ValueOf(v)
	if rv.Kind() != reflect.Pointer || rv.IsNil() || rv.Elem().Kind() != reflect.Struct {
		return reflect.Value{}, nil, fmt.Errorf("wire: want a pointer to a struct, not %T", v)
	}
	p, err := structPlan(rv.Elem().Type())
	return rv.Elem(), p, err
}
