package audit

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// The encoder is hand-written; encoding/json over the tags of Record says what it is to give.
func TestMarshalGivesTheBytesOfEncodingJSON(t *testing.T) {
	texts := []string{
		"", "alice", `"quote\"`, "\x00\b\f\n\r\t\x1b\x1f", "\x7f\u0085\u009b", "a\xff\xc3b", "\ufffd", "\u2028\u2029\u202e",
		"日本語 é 😀", "\U000e0041", "<script>&'", strings.Repeat("x", maxText), "é" + strings.Repeat("\\", 100),
	}
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 2000 {
		var r Record
		fill(reflect.ValueOf(&r).Elem(), random, texts)
		r.Cut = nil
		r.EventVersion, r.EventCategory = "1.11", "Management"
		want, err := marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		want = escape(want)
		if got := mustMarshal(t, &r); got != string(want) {
			t.Fatalf("round %d:\ngot  %s\nwant %s", round, got, want)
		}
	}
}

// fill sets every field under v to one of the texts, a random boolean, or nothing.
func fill(v reflect.Value, random *rand.Rand, texts []string) {
	text := func() string { return texts[random.IntN(len(texts))] }
	switch v.Kind() {
	case reflect.String:
		v.SetString(text())
	case reflect.Bool:
		v.SetBool(random.IntN(2) == 0)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), random, texts)
		}
	case reflect.Pointer:
		if random.IntN(2) == 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), random, texts)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), random.IntN(3), 3))
		for i := range v.Len() {
			fill(v.Index(i), random, texts)
		}
	case reflect.Interface:
		switch random.IntN(3) {
		case 0:
			v.Set(reflect.ValueOf(map[string]any{"userName": text(), "n": json.Number("1.50"), "list": []any{true, nil, text()}}))
		case 1:
			v.Set(reflect.ValueOf(json.RawMessage(`{ "a" : "\u202e" }`)))
		}
	default:
		panic(fmt.Sprint("a field of a kind that is not filled: ", v.Type()))
	}
}
