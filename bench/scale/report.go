package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// report prints the tables, ready to stand in a Markdown file.
func report(w io.Writer, m model, days []*day) {
	fmt.Fprintf(w, "A day: %.3g requests, %.3g MFA sign-ins and %.3g changes per principal; cells of at most %d principals,\n"+
		"%d nodes of %d cores at home, %d regions with %d nodes each, a directory of %d MiB in each node. With troubles:\n"+
		"%d nodes lost, %d fail-overs, %d planes cut off per cell, %.0f %% of notifications lost.\n",
		m.requests, m.signIns, m.changes, m.cell, m.nodes, m.nodeCores, m.regions, m.regionNodes, m.directory>>20,
		m.nodeLosses, m.failOvers, m.cutOffs, m.lostNotifications*100)

	head(w, "Load. What is not simulated is extrapolated: cells × one in k")
	t := newTable(w, "principals", "cells", "simulated", "one in k", "requests/s at peak, all", "… a cell", "a node's CPU at peak",
		"hits at home", "hits in regions", "loads/s a cell", "commits/s a cell", "cells without a primary, with troubles")
	for _, d := range days {
		if d.troubled {
			continue
		}
		mean := float64(min(d.principals, m.cell)) / m.day.Seconds()
		t.row(count(d.principals), count(d.cells), count(d.simulated), count(d.one),
			rate(float64(d.principals)/m.day.Seconds()*m.requests*(1+m.swing)), rate(mean*m.requests*(1+m.swing)), share(d.busiest),
			ratio(d.hits[0], d.asked[0]), ratio(d.hits[1], d.asked[1]),
			rate(mean*m.requests*(1-part(d.hits[0]+d.hits[1], d.asked[0]+d.asked[1]))), rate(mean*(m.signIns+m.changes)), fmt.Sprintf("%.2g", float64(d.cells*m.failOvers)*(m.failOverMin+m.failOverMax).Seconds()/2/m.day.Seconds()))
	}
	t.flush()

	head(w, "Latency, as the proxy before the nodes sees it")
	t = newTable(w, "principals", "troubles", "kind", "measured", "p50", "p90", "p99", "p99.9")
	for _, d := range days {
		for kind := range d.latency {
			l := &d.latency[kind]
			t.row(count(d.principals), d.troubles(), kindNames[kind], count(len(l.values)), l.figure(50), l.figure(90), l.figure(99), l.figure(99.9))
		}
	}
	t.flush()

	head(w, "Staleness: how long a revoked right was still honoured, by somebody who used it on every node without a pause")
	t = newTable(w, "principals", "troubles", "plane", "revocations × nodes", "p50", "p99", "longest", "bound")
	for _, d := range days {
		for plane := range d.stale {
			s := &d.stale[plane]
			if len(s.values) > 0 {
				bound := []string{short(m.homeBound), short(m.regionBound), short(m.grace) + " + that"}[plane]
				t.row(count(d.principals), d.troubles(), planeNames[plane], count(len(s.values)), s.figure(50), s.figure(99), s.figure(100), bound)
			}
		}
	}
	t.flush()

	head(w, "Codes, and requests that got no answer, without clients' own retries")
	t = newTable(w, "principals", "troubles", "sign-ins", "codes accepted", "replays refused", "requests", "denied by policy", "unknown keys", "failed, by cause")
	for _, d := range days {
		t.row(count(d.principals), d.troubles(), count(d.signIns), count(d.accepted), count(d.replayed),
			count(d.asked[0]+d.asked[1]), count(d.denied), count(d.unknown), d.failures())
	}
	t.flush()

	var real executed
	for _, d := range days {
		real.join(&d.executed)
	}
	head(w, "What was really executed, on this machine and beside the simulation")
	t = newTable(w, "", "how many", "p50", "p99")
	t.row("directory, known", "", real.known.figure(50), real.known.figure(99))
	t.row("directory, loaded: texts found compiled or compiled", "", real.loaded.figure(50), real.loaded.figure(99))
	t.row("decision under four policies", count(real.decisions), real.rule.figure(50), real.rule.figure(99))
	t.flush()

	fmt.Fprintln(w)
	for _, d := range days {
		for _, text := range d.violated {
			fmt.Fprintf(w, "BROKEN PROMISE (%s principals, troubles: %s): %s\n", count(d.principals), d.troubles(), text)
		}
		if d.broken > len(d.violated) {
			fmt.Fprintf(w, "… and %d more\n", d.broken-len(d.violated))
		}
	}
	if !broken(days) {
		fmt.Fprintln(w, "Every promise was kept: no code accepted twice, no revoked right honoured longer than stated.")
	}
}

func (d *day) troubles() string {
	if d.troubled {
		return "yes"
	}
	return "no"
}

// failures lists causes with their numbers, the commonest first.
func (d *day) failures() string {
	causes := slices.SortedFunc(maps.Keys(d.failed), func(a, b string) int {
		if n := d.failed[b] - d.failed[a]; n != 0 {
			return n
		}
		return strings.Compare(a, b)
	})
	if len(causes) == 0 {
		return "none"
	}
	for i, cause := range causes {
		causes[i] = fmt.Sprintf("%s %s", count(d.failed[cause]), cause)
	}
	return strings.Join(causes, ", ")
}

func head(w io.Writer, text string) { fmt.Fprintf(w, "\n%s\n\n", text) }

func count(n int) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func rate(perSecond float64) string {
	if perSecond >= 100 {
		return count(int(perSecond))
	}
	return fmt.Sprintf("%.2g", perSecond)
}

func part(n, of int) float64 { return float64(n) / float64(max(of, 1)) }

func ratio(n, of int) string {
	if of == 0 {
		return "–"
	}
	return share(part(n, of))
}

func share(p float64) string { return fmt.Sprintf("%.3g %%", p*100) }

// table writes rows of a Markdown table, aligned.
type table struct{ w *tabwriter.Writer }

func newTable(w io.Writer, heads ...string) table {
	t := table{tabwriter.NewWriter(w, 0, 0, 1, ' ', tabwriter.Debug)}
	t.row(heads...)
	rules := make([]string, len(heads))
	for i := range rules {
		rules[i] = "---"
	}
	t.row(rules...)
	return t
}

func (t table) row(cells ...string) { fmt.Fprintf(t.w, "\t %s\t\n", strings.Join(cells, "\t ")) }
func (t table) flush()              { t.w.Flush() }
