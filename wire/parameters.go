package wire

import (
	"reflect"
	"time"
)

// secretMembers names, beside what the model itself marks as sensitive, the
// members that must never be shown: one-time codes, seeds and tokens.
var secretMembers = map[string]bool{
	"AccessToken":         true,
	"AuthenticationCode1": true,
	"AuthenticationCode2": true,
	"Base32StringSeed":    true,
	"ContextAssertion":    true,
	"NewPassword":         true,
	"OldPassword":         true,
	"Password":            true,
	"PrivateKey":          true,
	"QRCodePNG":           true,
	"SAMLAssertion":       true,
	"SecretAccessKey":     true,
	"SessionToken":        true,
	"TokenCode":           true,
	"TradeInToken":        true,
	"WebIdentityToken":    true,
}

func isSecret(name string) bool { return secretMembers[name] || sensitiveMembers[name] }

// Parameters shows an input or output struct of the SDK as CloudTrail's
// requestParameters and responseElements do: names in lower camel case, times
// as RFC 3339 in UTC, absent members left out, nil when nothing is left. The
// values are strings, booleans, int64, []any and map[string]any.
//
// Secrets are left out, and so is every binary member: seeds, QR codes and
// reports have no place in a log.
func Parameters(v any) map[string]any {
	rv, p, err := structOf(v)
	if err != nil {
		return nil
	}
	return showStruct(p, rv)
}

func showStruct(p *plan, v reflect.Value) map[string]any {
	var shown map[string]any
	for i := range p.fields {
		f := &p.fields[i]
		fv := v.Field(f.index)
		if f.secret || f.plan.kind == kindBlob || absent(f.plan, fv) {
			continue
		}
		value := showValue(f.plan, fv)
		if value == nil {
			continue
		}
		if shown == nil {
			shown = make(map[string]any, len(p.fields))
		}
		shown[f.camel] = value
	}
	return shown
}

// showValue returns nil when nothing of the value may be shown.
func showValue(p *plan, v reflect.Value) any {
	if p.pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	switch p.kind {
	case kindText:
		return v.String()
	case kindBool:
		return v.Bool()
	case kindInt:
		return v.Int()
	case kindTime:
		return v.Interface().(time.Time).UTC().Format(TimeFormat)
	case kindList:
		list := make([]any, 0, v.Len())
		for i := range v.Len() {
			if e := showValue(p.elem, v.Index(i)); e != nil {
				list = append(list, e)
			}
		}
		return list
	case kindMap:
		m := make(map[string]any, v.Len())
		for it := v.MapRange(); it.Next(); {
			m[it.Key().String()] = showValue(p.elem, it.Value())
		}
		return m
	case kindUnion:
		if f, value, ok := unionMember(p, v); ok {
			if member := showValue(f.plan, value); member != nil {
				return map[string]any{f.camel: member}
			}
		}
	case kindStruct:
		if s := showStruct(p, v); s != nil {
			return s
		}
	}
	return nil
}
