package sallyport_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocsNameRealTests looks up every test that the documentation names; a name that ends in _ stands for all
// tests that begin with it.
func TestDocsNameRealTests(t *testing.T) {
	var tests strings.Builder
	for _, file := range files(t, "_test.go") {
		tests.WriteString(readFile(t, file))
	}
	for _, page := range files(t, ".md") {
		for _, name := range regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(readFile(t, page), -1) {
			if !strings.Contains(tests.String(), "func "+name[1]) {
				t.Errorf("%s names %s, which no test is called", page, name[1])
			}
		}
	}
}

// TestDocsLinkToFiles follows every relative link of the documentation.
func TestDocsLinkToFiles(t *testing.T) {
	for _, page := range files(t, ".md") {
		for _, link := range regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`).FindAllStringSubmatch(readFile(t, page), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), link[1])); err != nil {
				t.Errorf("%s links to %s: %v", page, link[1], err)
			}
		}
	}
}

// files lists the repository's files with an ending.
func files(t *testing.T, ending string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if err == nil && strings.HasSuffix(path, ending) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
