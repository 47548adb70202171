package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// table gathers what model_gen.go will hold. Equal shapes are kept once.
type table struct {
	source    string
	sources   []string
	patterns  []string       // Go literals, without the first
	patternID map[string]int // by the model's text
	shapes    []string       // Go literals, without the first
	shapeID   map[string]int // by literal
	shapeName map[int]string // the first name of each, for the reader
	inputs    map[string]map[string]int
	status    map[string]int
	sensitive map[string]bool
	names     map[string]string
	empty     map[string]bool
}

func newTable(source string) *table {
	return &table{
		source:    source,
		patternID: make(map[string]int),
		shapeID:   make(map[string]int),
		shapeName: make(map[int]string),
		inputs:    make(map[string]map[string]int),
		status:    make(map[string]int),
		sensitive: make(map[string]bool),
		names:     make(map[string]string),
		empty:     make(map[string]bool),
	}
}

func (t *table) add(service string, m *model) error {
	t.sources = append(t.sources, service+" "+m.Metadata.APIVersion)
	t.inputs[service] = make(map[string]int)
	goName := make(map[string]string) // of shapes the SDK names by their operation
	known := make(map[string]int)
	for _, action := range slices.Sorted(maps.Keys(m.Operations)) {
		op := m.Operations[action]
		t.inputs[service][action] = 0
		if op.Input != nil {
			goName[op.Input.Shape] = action + "Input"
			id, err := t.shape(m, op.Input.Shape, known)
			if err != nil {
				return fmt.Errorf("%s: %w", action, err)
			}
			t.inputs[service][action] = id
		}
		if op.Output != nil {
			goName[op.Output.Shape] = action + "Output"
			if len(m.Shapes[op.Output.Shape].Members) == 0 {
				t.empty[action] = true
			}
		}
	}
	for name, s := range m.Shapes {
		if s.Exception {
			code, status := name, 400
			if s.Error != nil {
				code, status = s.Error.Code, s.Error.Status
			}
			if old, ok := t.status[code]; ok && old != status {
				return fmt.Errorf("code %s has status %d and %d", code, old, status)
			}
			t.status[code] = status
			continue
		}
		typ := goName[name]
		if typ == "" {
			typ = exported(name)
		}
		for _, mb := range s.Members {
			if exported(mb.Name) != mb.Name {
				t.names[typ+"."+exported(mb.Name)] = mb.Name
			}
			if m.Shapes[mb.Shape].Sensitive {
				t.sensitive[exported(mb.Name)] = true
			}
		}
	}
	return nil
}

func exported(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

// shape returns the index of a shape in the table, 0 when it has nothing to
// check.
func (t *table) shape(m *model, name string, known map[string]int) (int, error) {
	if id, ok := known[name]; ok {
		return id, nil
	}
	known[name] = 0 // a shape within itself is checked once
	s := m.Shapes[name]
	var kind, elem, mem string
	switch s.Type {
	case "string":
		kind = "shapeText"
	case "integer", "long":
		kind = "shapeNumber"
	case "blob":
		kind = "shapeBlob"
	case "boolean", "timestamp":
		return 0, nil
	case "list":
		kind = "shapeList"
		id, err := t.shape(m, s.Member.Shape, known)
		if err != nil {
			return 0, err
		}
		if id != 0 {
			elem = fmt.Sprintf(", elem: %d", id)
		}
	case "map":
		return 0, fmt.Errorf("%s: a map in an input has no checks yet", name)
	case "structure":
		if s.Union {
			return 0, fmt.Errorf("%s: a union in an input has no checks yet", name)
		}
		kind = "shapeStruct"
		var all []string
		for _, mb := range s.Members {
			id, err := t.shape(m, mb.Shape, known)
			if err != nil {
				return 0, err
			}
			required := slices.Contains(s.Required, mb.Name)
			if id != 0 || required {
				all = append(all, fmt.Sprintf("{%q, %d, %t}", exported(mb.Name), id, required))
			}
		}
		if len(all) > 0 {
			mem = ", members: []member{\n" + strings.Join(all, ",\n") + ",\n}"
		}
	default:
		return 0, fmt.Errorf("%s: unknown type %s", name, s.Type)
	}
	pat := ""
	if s.Pattern != "" {
		id, err := t.pattern(s.Pattern)
		if err != nil {
			return 0, err
		}
		pat = fmt.Sprintf(", pattern: %d", id)
	}
	enum := ""
	if s.Enum != nil {
		enum = fmt.Sprintf(", enum: %#v", s.Enum)
	}
	if s.Min == nil && s.Max == nil && pat+enum+elem+mem == "" {
		return 0, nil
	}
	literal := fmt.Sprintf("{kind: %s, min: %s, max: %s%s%s%s%s}", kind, bound(s.Min), bound(s.Max), pat, enum, elem, mem)
	id, ok := t.shapeID[literal]
	if !ok {
		t.shapes = append(t.shapes, literal)
		id = len(t.shapes)
		t.shapeID[literal] = id
		t.shapeName[id] = name
	}
	known[name] = id
	return id, nil
}

func bound(n *int64) string {
	if n == nil {
		return "none"
	}
	return strconv.FormatInt(*n, 10)
}

func (t *table) pattern(text string) (int, error) {
	if id, ok := t.patternID[text]; ok {
		return id, nil
	}
	re2, without, err := translate(text)
	if err != nil {
		return 0, err
	}
	literal := fmt.Sprintf("{text: %s, re2: %s", quote(text), quote(re2))
	if without != "" {
		literal += ", without: " + quote(without)
	}
	t.patterns = append(t.patterns, literal+"}")
	t.patternID[text] = len(t.patterns)
	return len(t.patterns), nil
}

func quote(s string) string {
	if strconv.CanBackquote(s) {
		return "`" + s + "`"
	}
	return strconv.Quote(s)
}

func (t *table) print(w io.Writer) {
	p := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	p("// Code generated by modelgen from %s. DO NOT EDIT.\n", t.source)
	p("package wire\n")
	p("// modelSource names the service models this table was made from.")
	p("const modelSource = %q\n", t.source+": "+strings.Join(t.sources, ", "))
	p("// patterns are numbered from 1.\nvar patterns = [...]pattern{\n{},")
	for i, s := range t.patterns {
		p("%d: %s,", i+1, s)
	}
	p("}\n")
	p("// shapes are numbered from 1; the comment is the first name of each in its model.\nvar shapes = [...]shape{\n{},")
	for i, s := range t.shapes {
		p("// %s\n%d: %s,", t.shapeName[i+1], i+1, s)
	}
	p("}\n")
	p("// inputShapes lists every action of the models, by service, with the shape of its input.\nvar inputShapes = map[string]map[string]int{")
	for _, service := range slices.Sorted(maps.Keys(t.inputs)) {
		p("%q: {", service)
		printMap(p, t.inputs[service])
		p("},")
	}
	p("}\n")
	p("// modelStatus gives the HTTP status of each modelled error code.\nvar modelStatus = map[string]int{")
	printMap(p, t.status)
	p("}\n")
	p("// sensitiveMembers are the members the model marks as sensitive.\nvar sensitiveMembers = map[string]bool{")
	printMap(p, t.sensitive)
	p("}\n")
	p("// wireNames are the wire names that are not the Go names, by Go type and member.\nvar wireNames = map[string]string{")
	printMap(p, t.names)
	p("}\n")
	p("// emptyResults are the actions whose answer has a Result element although it has no members.\nvar emptyResults = map[string]bool{")
	printMap(p, t.empty)
	p("}")
}

func printMap[V any](p func(string, ...any), m map[string]V) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		p("%q: %#v,", k, m[k])
	}
}
