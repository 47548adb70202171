package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// table is the result, ready to stand in a Markdown file.
type table struct{ rows [][]string }

// row adds a line: what was measured, here, by what it is compared with, their ratio, and what is aimed at.
func (t *table) row(what, here, beside, ratio, aim string) {
	t.rows = append(t.rows, []string{what, here, beside, ratio, aim})
}

func (t *table) String() string {
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 1, ' ', tabwriter.Debug)
	line := func(cells []string) { fmt.Fprintf(w, "\t %s\t\n", strings.Join(cells, "\t ")) }
	line([]string{"", "Sallyport", "beside it", "ratio", "aim"})
	line([]string{"---", "---", "---", "---", "---"})
	for _, r := range t.rows {
		line(r)
	}
	w.Flush()
	return out.String()
}
