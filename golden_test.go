package sallyport_test

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/sts"
)

var update = flag.Bool("update", false, "write the golden files anew")

func operations() []iam.Operation {
	return append((&iam.Service{}).Operations(), (&sts.Service{}).Operations()...)
}

// TestAuthorizationMatrix prints every operation with what it is authorised against. A line that changes is a
// change of who may do what: read it as such.
func TestAuthorizationMatrix(t *testing.T) {
	var lines []string
	for _, op := range operations() {
		resource, notes := op.Resource, ""
		if op.Free && resource == "-" { // others decide part by part, in the operation
			resource = "no policy is evaluated"
		}
		switch {
		case op.Console:
			notes = "  (console)"
		case op.Unlisted:
			notes = "  (not on the wire)"
		}
		if op.Permission != "" {
			notes += "  as " + op.Permission
		}
		line := fmt.Sprintf("%-4s %-38s %-7s %-24s %s%s", op.Service, op.Action, op.Access, resource, strings.Join(op.Keys, " "), notes)
		lines = append(lines, strings.TrimRight(line, " "))
	}
	slices.Sort(lines)
	golden(t, "testdata/authorization.golden", lines)
}

// TestNotYetServed lists the operations of AWS's API that have no row here.
func TestNotYetServed(t *testing.T) {
	served := map[string]bool{}
	for _, op := range operations() {
		if served[op.Service+" "+op.Action] {
			t.Errorf("%s has two rows", op.Action)
		}
		served[op.Service+" "+op.Action] = true
	}
	var lines []string
	for service, client := range map[string]reflect.Type{"iam": reflect.TypeFor[*awsiam.Client](), "sts": reflect.TypeFor[*awssts.Client]()} {
		for i := range client.NumMethod() {
			method := client.Method(i)
			if name := service + " " + method.Name; method.Type.NumIn() == 4 && method.Type.IsVariadic() && !served[name] {
				lines = append(lines, name)
			}
		}
	}
	slices.Sort(lines)
	golden(t, "testdata/not-served.golden", lines)
}

func golden(t *testing.T, path string, lines []string) {
	t.Helper()
	text := strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := readFile(t, path); text != want {
		t.Errorf("%s differs from what the code says; if the change is meant, run go test . -update and read the difference\n%s",
			path, difference(want, text))
	}
}

// difference is the lines that one text has and the other hasn't.
func difference(want, got string) string {
	var b strings.Builder
	wanted, have := strings.Split(want, "\n"), strings.Split(got, "\n")
	for _, line := range wanted {
		if !slices.Contains(have, line) {
			fmt.Fprintln(&b, "-", line)
		}
	}
	for _, line := range have {
		if !slices.Contains(wanted, line) {
			fmt.Fprintln(&b, "+", line)
		}
	}
	return b.String()
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
