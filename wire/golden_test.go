package wire

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
)

// Every request AWS recorded for its own SDK decodes, and the SDK sends the
// same form again for what was decoded.
func TestGoldenRequests(t *testing.T) {
	count := make(map[string]int)
	dirs := make(map[string]string)
	for _, op := range operations() {
		dir := dirs[op.module]
		if dir == "" {
			dir = moduleDir(t, op.module)
			dirs[op.module] = dir
		}
		snap, err := os.ReadFile(filepath.Join(dir, "request_snapshot", op.action+".request.snap"))
		if err != nil {
			t.Errorf("%v: %v", op, err)
			continue
		}
		count[op.svc.Name]++
		_, body, _ := strings.Cut(string(snap), "\n\nContent-Type: application/x-www-form-urlencoded\n\n")
		form, err := ParseForm(body, DefaultLimits)
		if err != nil {
			t.Errorf("%v: %v", op, err)
			continue
		}
		if form.Get("Action") != op.action || form.Get("Version") != op.svc.Version {
			t.Errorf("%v: action %q, version %q", op, form.Get("Action"), form.Get("Version"))
		}
		in := reflect.New(op.input).Interface()
		if err := Decode(form, in); err != nil {
			t.Errorf("%v: %v", op, err)
			continue
		}
		var tr transport
		op.call(&tr, in)
		if got, want := parseQuery(t, string(tr.sent)), parseQuery(t, body); !reflect.DeepEqual(got, want) {
			t.Errorf("%v: sent\n%v, want\n%v", op, got, want)
		}
	}
	for service, least := range map[string]int{"iam": 180, "sts": 11} {
		if count[service] < least {
			t.Errorf("%s: %d golden requests, want at least %d", service, count[service], least)
		}
	}
}

func parseQuery(t *testing.T, s string) url.Values {
	t.Helper()
	v, err := url.ParseQuery(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Whatever a client can put into an input struct arrives in ours.
func TestDecodeReadsWhatTheSDKWrites(t *testing.T) {
	for _, op := range operations() {
		for _, lists := range []int{1, 3} {
			want := filled(op.input, lists)
			var tr transport
			op.call(&tr, want)
			if len(tr.sent) == 0 {
				t.Errorf("%v: nothing sent", op)
				continue
			}
			form, err := ParseForm(string(tr.sent), DefaultLimits)
			if err != nil {
				t.Errorf("%v: %v", op, err)
				continue
			}
			got := reflect.New(op.input).Interface()
			if err := Decode(form, got); err != nil {
				t.Errorf("%v: %v", op, err)
			} else if !reflect.DeepEqual(got, want) {
				t.Errorf("%v: got %+v\nfrom %s", op, got, tr.sent)
			}
		}
	}
}

// Whatever an output struct holds reaches the client unchanged, lists without
// elements included.
func TestResponseIsReadByTheSDK(t *testing.T) {
	for _, op := range operations() {
		for _, lists := range []int{0, 1, 3} {
			want := filled(op.output, lists)
			doc, err := Response(op.svc, op.action, "req-1", want)
			if err != nil {
				t.Errorf("%v: %v", op, err)
				continue
			}
			got, err := op.call(&transport{status: 200, answer: doc}, filled(op.input, 1))
			if err != nil {
				t.Errorf("%v: %v\n%s", op, err, doc)
				continue
			}
			if !reflect.DeepEqual(withoutMetadata(got), want) {
				t.Errorf("%v with %d elements: got %+v\nfrom %s", op, lists, got, doc)
			}
		}
	}
}

// An output with nothing set says nothing: the client finds every pointer nil.
func TestEmptyResponseIsReadByTheSDK(t *testing.T) {
	for _, op := range operations() {
		want := reflect.New(op.output).Interface()
		doc, err := Response(op.svc, op.action, "req-1", want)
		if err != nil {
			t.Errorf("%v: %v", op, err)
			continue
		}
		got, err := op.call(&transport{status: 200, answer: doc}, filled(op.input, 1))
		if err != nil {
			t.Errorf("%v: %v\n%s", op, err, doc)
		} else if !reflect.DeepEqual(withoutMetadata(got), want) {
			t.Errorf("%v: got %+v\nfrom %s", op, got, doc)
		}
	}
}

// Every known code reaches the client with its message.
func TestErrorResponseIsReadByTheSDK(t *testing.T) {
	op := operations()[0]
	codes := map[string]int{"NeverHeardOf": 400}
	for _, known := range []map[string]int{modelStatus, commonStatus} {
		for code, status := range known {
			codes[code] = status
		}
	}
	for code, status := range codes {
		e := Errorf(code, "%s", awkward)
		if e.Status != status {
			t.Errorf("%s: status %d, want %d", code, e.Status, status)
		}
		_, err := op.call(&transport{status: e.Status, answer: ErrorResponse(op.svc, "req-1", e)}, filled(op.input, 1))
		var api smithy.APIError
		if !errors.As(err, &api) {
			t.Errorf("%s: %v", code, err)
			continue
		}
		// The SDK names a few modelled codes by their exception.
		if got := strings.TrimSuffix(api.ErrorCode(), "Exception"); got != strings.TrimSuffix(code, "Exception") {
			t.Errorf("%s: the client reads code %s", code, got)
		}
		if api.ErrorMessage() != awkward {
			t.Errorf("%s: the client reads message %q", code, api.ErrorMessage())
		}
	}
}
