package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// load reads a corpus file into v, refusing fields that v does not know, so that
// a misspelt expectation cannot pass unnoticed.
func load(t testing.TB, file string, v any) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

var kinds = map[string]Kind{"identity": Identity, "boundary": Boundary, "session": Session, "trust": Trust}

// parseFile is a file of testdata/parse. A case gives its policy as text, as a
// document, or as the one statement of a document of 2012; no want means that it
// is accepted.
type parseFile struct {
	About string
	Kind  string
	Cases []struct {
		Name      string
		Text      *string
		Document  json.RawMessage
		Statement json.RawMessage
		Want      string
		Line      int
	}
}

func TestParse(t *testing.T) {
	files, _ := filepath.Glob("testdata/parse/*.json")
	if len(files) != 3 {
		t.Fatalf("found %d files", len(files))
	}
	for _, name := range files {
		var file parseFile
		load(t, name, &file)
		for _, c := range file.Cases {
			t.Run(file.Kind+"/"+c.Name, func(t *testing.T) {
				text := string(c.Document)
				if c.Text != nil {
					text = *c.Text
				} else if c.Statement != nil {
					text = fmt.Sprintf("{\n\"Version\": \"2012-10-17\", \"Statement\": [\n%s]}", c.Statement)
				}
				document, err := Parse(kinds[file.Kind], text)
				if c.Want == "" {
					if err != nil {
						t.Fatalf("refused: %v", err)
					}
					if document.Size() <= 0 || document.Statements() == 0 {
						t.Errorf("size %d, statements %d", document.Size(), document.Statements())
					}
					return
				}
				var fault *SyntaxError
				if !errors.As(err, &fault) {
					t.Fatalf("accepted, want %q", c.Want)
				}
				if fault.Message != c.Want || err.Error() != c.Want {
					t.Errorf("got  %q\nwant %q", fault.Message, c.Want)
				}
				if c.Line != 0 && fault.Line != c.Line {
					t.Errorf("line %d, want %d", fault.Line, c.Line)
				}
			})
		}
	}
}

func TestParseBoundaryIsAnIdentityPolicy(t *testing.T) {
	_, err := Parse(Boundary, `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`)
	if err == nil || err.Error() != textVersion {
		t.Errorf("got %v", err)
	}
}

// Nothing that can be sent may hang the parser or take memory without bound.
func TestParseBounds(t *testing.T) {
	deep := strings.Repeat(`{"Statement":`, 20000) + "1" + strings.Repeat("}", 20000)
	for name, text := range map[string]string{
		"too long":      `{"Version": "2012-10-17", "Id": "` + strings.Repeat("x", maxDocument) + `"}`,
		"deep arrays":   strings.Repeat("[", 100000),
		"deep objects":  deep,
		"bad UTF-8":     "{\"Version\": \"2012-10-17\", \"Id\": \"\xff\"}",
		"NUL":           "\x00",
		"half a string": `{"Version": "2012-`,
	} {
		if _, err := Parse(Identity, text); err == nil || err.Error() != textSyntax {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLength(t *testing.T) {
	if n := Length("{ \"Id\" :\t\"é x\"\r\n}"); n != 11 {
		t.Errorf("got %d", n)
	}
}

func TestInvalidPrincipal(t *testing.T) {
	got := InvalidPrincipal("arn:aws:iam::111122223333:user/nobody").Error()
	if want := `Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/nobody"`; got != want {
		t.Errorf("got %s", got)
	}
}

// The larger the policy, the larger the answer: a cache counts with it.
func TestSizeGrows(t *testing.T) {
	small := mustParse(t, Trust, `{"Statement": {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}}`)
	large := mustParse(t, Identity, `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:iam::*:user/${aws:username}/*",
		"Condition": {"NumericEquals": {"n": ["1", "2"]}, "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}, "DateLessThan": {"d": "2030-01-01"},
			"ArnLike": {"a": "arn:aws:iam::*:role/x"}, "StringLike": {"s": "a*b"}}}}`)
	if small.Size() < 300 || large.Size() < 2*small.Size() || large.Size() > 20000 {
		t.Errorf("sizes %d and %d", small.Size(), large.Size())
	}
}

func mustParse(t testing.TB, kind Kind, text string) *Document {
	t.Helper()
	document, err := Parse(kind, text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return document
}

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/parse/*.json")
	for _, name := range files {
		var file parseFile
		load(f, name, &file)
		for _, c := range file.Cases {
			switch {
			case c.Text != nil:
				f.Add(*c.Text)
			case c.Document != nil:
				f.Add(string(c.Document))
			default:
				f.Add(`{"Version": "2012-10-17", "Statement": ` + string(c.Statement) + `}`)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range kinds {
			document, err := Parse(kind, text)
			if err != nil {
				if err.Error() == "" || document != nil {
					t.Fatalf("%v with %v", document, err)
				}
				continue
			}
			var context Context
			caller := Principal{Kind: User, Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/alice", ID: "AIDAALICE"}
			context.AddPrincipal(&caller)
			policies := []Policy{{Kind: kind, Document: document.Bind(nil)}}
			set := Set{Identity: policies, Boundary: &policies[0], Sessions: policies, Trust: &policies[0]}
			set.Evaluate(&Request{Action: "sts:AssumeRole", Resource: caller.ARN, Principal: caller, Context: &context})
		}
	})
}
