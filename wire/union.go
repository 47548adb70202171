package wire

import (
	"reflect"
	"strings"

	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// A union of the model is an interface in the SDK; each of its members is a
// struct with one Value, and travels under the member's name.

// unions lists the members of every union, which reflection cannot find.
var unions = map[reflect.Type][]reflect.Type{
	reflect.TypeFor[iamtypes.PolicyIdentifier](): {
		reflect.TypeFor[iamtypes.PolicyIdentifierMemberInlinePolicyIdentifier](),
		reflect.TypeFor[iamtypes.PolicyIdentifierMemberPolicyArn](),
		reflect.TypeFor[iamtypes.PolicyIdentifierMemberPolicyType](),
	},
}

// newUnionFields makes one field for each member of a union, in the order of
// unions; its index is that of Value.
func newUnionFields(t reflect.Type, open map[reflect.Type]bool) ([]field, map[string]int, error) {
	var fields []field
	byName := make(map[string]int)
	for i, m := range unions[t] {
		value, _ := m.FieldByName("Value")
		p, err := newPlan(value.Type, open)
		if err != nil {
			return nil, nil, err
		}
		_, name, _ := strings.Cut(m.Name(), "Member")
		f := newField(name, p)
		f.index = value.Index[0]
		byName[name] = i
		fields = append(fields, f)
	}
	return fields, byName, nil
}

// unionMember returns the field and the value of the member a union holds. ok
// is false for nil and for a member this package does not know.
func unionMember(p *plan, v reflect.Value) (f *field, value reflect.Value, ok bool) {
	if v.IsNil() || v.Elem().Kind() != reflect.Pointer || v.Elem().IsNil() {
		return nil, reflect.Value{}, false
	}
	member := v.Elem().Elem()
	for i, m := range unions[p.typ] {
		if m == member.Type() {
			f = &p.fields[i]
			return f, member.Field(f.index), true
		}
	}
	return nil, reflect.Value{}, false
}

func decodeUnion(p *plan, name string, args []param, v reflect.Value) *Error {
	for len(args) > 0 {
		var head string
		var group []param
		head, group, args = nextGroup(args)
		i, known := p.byName[head]
		if !known {
			continue
		}
		if !v.IsNil() {
			return malformed("Only one member of a union may be given").in(name)
		}
		member := reflect.New(unions[p.typ][i])
		if err := decodeValue(p.fields[i].plan, head, group, member.Elem().Field(p.fields[i].index)); err != nil {
			return err
		}
		v.Set(member)
	}
	return nil
}
