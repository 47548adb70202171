// Package sallyport_test holds the tests of the whole: that the imports keep to the floors of the house, that
// every package explains itself, and the golden lists of what the API authorises and what it does not serve.
package sallyport_test

import (
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/sallyport-iam/sallyport"

// floors says on which floor each package stands. Imports point down only, and packages of one floor never
// import each other.
var floors = map[string]int{
	"policy": 0, "mfa": 0, "sigv4": 0, "seal": 0, "wire": 0, "audit": 0,
	"iam": 1,
	"sts": 2, "signin": 2, "store": 2,
	"api": 3, "console": 3,
	"cmd/sallyport": 4,
	"bench":         5, "deploy": 5,
	"store/storetest": 3, // tests of what stands below
}

// forbidden are imports that a package must do without, for a reason.
var forbidden = []struct {
	packages string // floor or folder
	imports  string
	because  string
}{
	{"floor 0", "database/sql", "the lowest floor is pure: what must be remembered is returned"},
	{"floor 0", "net", "the lowest floor does no I/O"},
	{"policy", "time.Now", "the time of a decision is a condition key"},
	{"iam", "database/sql", "the domain does not know which database it has"},
	{"iam", "net/http", "the domain does not know how it is reached"},
	{"iam", module + "/seal", "the domain never sees ciphertext; the store seals"},
	{"sts", "net/http", "operations don't know how they are reached"},
	{"store", "net/http", "the store is reached through iam.Store only"},
}

type goPackage struct {
	ImportPath, Dir, Doc string
	Imports              []string
	GoFiles, XTestGoFiles,
	TestGoFiles []string
}

func (p goPackage) folder() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,Doc,Imports,GoFiles,TestGoFiles,XTestGoFiles", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []goPackage
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

// floorOf is the floor of a package; one below a known folder, such as a generator, stands on that folder's.
func floorOf(folder string) (int, bool) {
	for ; folder != "." && folder != ""; folder = path.Dir(folder) {
		if floor, ok := floors[folder]; ok {
			return floor, true
		}
	}
	return 0, false
}

func TestImportsPointDown(t *testing.T) {
	for _, p := range listPackages(t) {
		folder := p.folder()
		if folder == "" {
			continue // these tests
		}
		floor, known := floorOf(folder)
		if !known {
			t.Errorf("%s stands on no floor: add it to the table, and to docs/architecture.md", folder)
			continue
		}
		for _, imported := range p.Imports {
			below, ours := strings.CutPrefix(imported, module+"/")
			if !ours || strings.HasPrefix(below, folder+"/") || strings.HasPrefix(folder, below+"/") {
				continue
			}
			if other, _ := floorOf(below); other >= floor {
				t.Errorf("%s (floor %d) imports %s (floor %d): imports point down only", folder, floor, below, other)
			}
		}
		for _, rule := range forbidden {
			if rule.packages != folder && (rule.packages != "floor 0" || floor != 0 || len(p.Dir) == 0) {
				continue
			}
			for _, imported := range p.Imports {
				if imported == rule.imports {
					t.Errorf("%s may not import %s, because %s", folder, rule.imports, rule.because)
				}
			}
		}
	}
}

// TestTheLowestFloorHasNoClock looks for time.Now in the code of floor 0: time is passed in.
func TestTheLowestFloorHasNoClock(t *testing.T) {
	for _, p := range listPackages(t) {
		if floor, known := floors[p.folder()]; !known || floor > 1 {
			continue
		}
		for _, name := range p.GoFiles {
			file := filepath.Join(p.Dir, name)
			if text := readFile(t, file); strings.Contains(text, "time.Now()") {
				t.Errorf("%s/%s calls time.Now: everything that asks the time is given it", p.folder(), name)
			}
		}
	}
}

func TestEveryPackageExplainsItself(t *testing.T) {
	for _, p := range listPackages(t) {
		if p.Doc != "" {
			continue
		}
		documented := false
		for _, name := range append(p.TestGoFiles, p.XTestGoFiles...) { // go list tells the comments of tests apart
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.PackageClauseOnly|parser.ParseComments)
			documented = documented || err == nil && f.Doc != nil
		}
		if !documented {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}
