package wire

import (
	"cmp"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// maxReported is how many violations AWS reports of one request.
const maxReported = 10

// shape is one constrained type of the service model. The table of them is
// generated; a type without constraints of its own or below it has no shape.
type shape struct {
	kind     shapeKind
	min, max int64 // of the length in characters or elements, or of the value; none
	pattern  int   // index into patterns; 0 is none
	elem     int   // of a list; 0 is none
	enum     []string
	members  []member
}

// member is a constrained or required member of a structure.
type member struct {
	name     string // in the SDK's struct
	shape    int    // index into shapes; 0 has no constraints
	required bool
}

type shapeKind uint8

const (
	shapeText shapeKind = iota
	shapeNumber
	shapeBlob
	shapeList
	shapeMap
	shapeStruct
	shapeOther
)

// none stands for a bound the model does not set.
const none = -1

// pattern is a regular expression of the model, compiled at first use.
type pattern struct {
	text    string // as the model has it and as messages print it
	re2     string // the same in Go's syntax, anchored at both ends
	without string // a text the value must not contain, for what RE2 cannot say

	once sync.Once
	re   *regexp.Regexp
}

func (p *pattern) matches(s string) bool {
	p.once.Do(func() { p.re = regexp.MustCompile(p.re2) })
	return p.re.MatchString(s) && (p.without == "" || !strings.Contains(s, p.without))
}

// check is a shape bound to a Go type.
type check struct {
	shape   *shape
	elem    *check
	members []memberCheck
}

type memberCheck struct {
	*check          // nil when the member is only required
	field    *field // how the member is held and named
	required bool
	instead  string // message in place of the pattern's
}

// inputCheck is what is checked of one input; the model may put no constraint
// on it.
type inputCheck struct {
	action string
	*check
}

// checks holds *inputCheck by the reflect.Type of the input struct.
var checks sync.Map

// Validate checks the constraints AWS's model puts on the input of an action:
// what is required, lengths (in characters), ranges, patterns and enumerations.
// An action the model does not list has none.
//
// The error is AWS's ValidationError. IAM names the parameter only, STS repeats
// the value too, but here never that of a secret nor of a structure.
func Validate(svc Service, action string, in any) error {
	v, p, err := structOf(in)
	if err != nil {
		return err
	}
	c, err := checkOf(svc, action, p)
	if err != nil || c.check == nil {
		return err
	}
	r := report{echo: svc.echo}
	c.structure(&r, "", v)
	return r.err()
}

func checkOf(svc Service, action string, p *plan) (*inputCheck, error) {
	if c, ok := checks.Load(p.typ); ok && c.(*inputCheck).action == action {
		return c.(*inputCheck), nil
	}
	if p.typ.Name() != action+"Input" {
		return nil, fmt.Errorf("wire: %v is not the input of %s", p.typ, action)
	}
	c, err := bind(inputShapes[svc.Name][action], p)
	if err != nil {
		return nil, err
	}
	if c != nil {
		for i, m := range c.members {
			c.members[i].instead = patternText[[2]string{action, m.field.name}]
		}
		slices.SortStableFunc(c.members, func(a, b memberCheck) int {
			return cmp.Compare(reportRank(action, a.field.name), reportRank(action, b.field.name))
		})
	}
	shared, _ := checks.LoadOrStore(p.typ, &inputCheck{action, c})
	return shared.(*inputCheck), nil
}

func bind(index int, p *plan) (*check, error) {
	if index == 0 {
		return nil, nil
	}
	c := &check{shape: &shapes[index]}
	if fits := kindOfShape[p.kind]; c.shape.kind != fits {
		return nil, fmt.Errorf("wire: the model's shape %d does not fit %v", index, p.typ)
	}
	var err error
	if c.shape.elem != 0 {
		if c.elem, err = bind(c.shape.elem, p.elem); err != nil {
			return nil, err
		}
	}
	for _, m := range c.shape.members {
		i := slices.IndexFunc(p.fields, func(f field) bool { return p.typ.Field(f.index).Name == m.name })
		if i < 0 {
			return nil, fmt.Errorf("wire: %v has no member %s", p.typ, m.name)
		}
		mc := memberCheck{field: &p.fields[i], required: m.required}
		if mc.check, err = bind(m.shape, mc.field.plan); err != nil {
			return nil, err
		}
		c.members = append(c.members, mc)
	}
	return c, nil
}

var kindOfShape = [...]shapeKind{
	kindText:   shapeText,
	kindBool:   shapeOther,
	kindInt:    shapeNumber,
	kindBlob:   shapeBlob,
	kindTime:   shapeOther,
	kindList:   shapeList,
	kindMap:    shapeMap,
	kindStruct: shapeStruct,
	kindUnion:  shapeOther,
}

func (c *check) structure(r *report, path string, v reflect.Value) {
	for i := range c.members {
		m := &c.members[i]
		fv := v.Field(m.field.index)
		if absent(m.field.plan, fv) {
			if m.required {
				r.add(path+m.field.camel, "null", "Member must not be null")
			}
			continue
		}
		if m.check == nil {
			continue
		}
		if m.field.plan.pointer {
			fv = fv.Elem()
		}
		m.value(r, path, fv)
	}
}

func (m *memberCheck) value(r *report, path string, v reflect.Value) {
	name := path + m.field.camel
	switch m.shape.kind {
	case shapeStruct:
		m.structure(r, name+".", v)
	case shapeList:
		m.list(r, name, v)
	default:
		failed, onlyPattern := m.violations(v)
		if onlyPattern && m.instead != "" {
			r.instead = m.instead
			return
		}
		for _, constraint := range failed {
			r.add(name, m.show(r, v), constraint)
		}
	}
}

func (m *memberCheck) list(r *report, name string, v reflect.Value) {
	failed, _ := m.violations(v)
	for _, constraint := range failed {
		r.add(name, m.show(r, v), constraint)
	}
	if m.elem == nil {
		return
	}
	if m.elem.shape.kind == shapeStruct {
		for i := range v.Len() {
			if r.full() {
				return
			}
			m.elem.structure(r, name+"."+strconv.Itoa(i+1)+".member.", v.Index(i))
		}
		return
	}
	for i := range v.Len() {
		// AWS reports a list of plain values once, with all that holds for an element.
		if bad, _ := m.elem.violations(v.Index(i)); len(bad) > 0 {
			all := append(m.elem.shape.constraints(), "Member must not be null")
			r.add(name, m.show(r, v), "Member must satisfy constraint: ["+strings.Join(all, ", ")+"]")
			return
		}
	}
}

// violations returns the constraints a value fails, in the order AWS reports
// them: longest, shortest, pattern, enumeration.
func (c *check) violations(v reflect.Value) (failed []string, onlyPattern bool) {
	s := c.shape
	n := s.measure(v)
	if s.max != none && n > s.max {
		failed = append(failed, s.atMost())
	}
	if s.min != none && n < s.min {
		failed = append(failed, s.atLeast())
	}
	if s.pattern != 0 && !patterns[s.pattern].matches(v.String()) {
		onlyPattern = len(failed) == 0
		failed = append(failed, s.looksLike())
	}
	if s.enum != nil && !slices.Contains(s.enum, v.String()) {
		failed = append(failed, oneOf)
	}
	return failed, onlyPattern
}

// constraints returns the texts of all constraints of a shape.
func (s *shape) constraints() []string {
	var all []string
	if s.max != none {
		all = append(all, s.atMost())
	}
	if s.min != none {
		all = append(all, s.atLeast())
	}
	if s.pattern != 0 {
		all = append(all, s.looksLike())
	}
	if s.enum != nil {
		all = append(all, oneOf)
	}
	return all
}

const oneOf = "Member must satisfy enum value set"

func (s *shape) atMost() string  { return s.bound("less", s.max) }
func (s *shape) atLeast() string { return s.bound("greater", s.min) }
func (s *shape) looksLike() string {
	return "Member must satisfy regular expression pattern: " + patterns[s.pattern].text
}

func (s *shape) bound(side string, n int64) string {
	what := "length"
	if s.kind == shapeNumber {
		what = "value"
	}
	return "Member must have " + what + " " + side + " than or equal to " + strconv.FormatInt(n, 10)
}

func (s *shape) measure(v reflect.Value) int64 {
	switch s.kind {
	case shapeText:
		return int64(utf8.RuneCountInString(v.String()))
	case shapeNumber:
		return v.Int()
	default:
		return int64(v.Len())
	}
}

// show returns the value as a message of STS repeats it, or "" to leave it out.
func (m *memberCheck) show(r *report, v reflect.Value) string {
	switch {
	case !r.echo || m.field.secret:
		return ""
	case m.shape.kind == shapeText:
		return "'" + shorten(v.String()) + "'"
	case m.shape.kind == shapeNumber:
		return "'" + strconv.FormatInt(v.Int(), 10) + "'"
	case m.shape.kind == shapeList && m.field.plan.elem.kind == kindText:
		var list strings.Builder
		for i := 0; i < v.Len() && list.Len() <= maxShown; i++ {
			if i > 0 {
				list.WriteString(", ")
			}
			list.WriteString(shorten(v.Index(i).String()))
		}
		return "'[" + shorten(list.String()) + "]'"
	}
	return ""
}

// maxShown is how many bytes of one value a message repeats. The message goes into the answer and into logs,
// and the values that are refused may be as long as a request.
const maxShown = 256

// shorten cuts a text to maxShown bytes, and not inside of a character.
func shorten(s string) string {
	if len(s) <= maxShown {
		return s
	}
	n := maxShown
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// report gathers the violations of one request.
type report struct {
	echo    bool
	found   []string
	instead string
}

func (r *report) full() bool { return len(r.found) == maxReported }

func (r *report) add(name, value, constraint string) {
	if r.full() {
		return
	}
	if !r.echo || value == "" {
		value = "at"
	} else {
		value += " at"
	}
	r.found = append(r.found, "Value "+value+" '"+name+"' failed to satisfy constraint: "+constraint)
}

func (r *report) err() error {
	switch {
	case len(r.found) == 1:
		return Errorf("ValidationError", "1 validation error detected: %s", r.found[0])
	case len(r.found) > 1:
		return Errorf("ValidationError", "%d validation errors detected: %s", len(r.found), strings.Join(r.found, "; "))
	case r.instead != "":
		return Errorf("ValidationError", "%s", r.instead)
	}
	return nil
}
