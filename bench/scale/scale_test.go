package main

import (
	"bytes"
	"flag"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// small is a day of a small cell with all troubles, quick to run.
func small(change func(*model)) model {
	var m model
	m.flags(flag.NewFlagSet("", flag.PanicOnError))
	m.budget, m.lossNoticed = 20_000, time.Minute // so that few requests meet every trouble
	if change != nil {
		change(&m)
	}
	return m
}

func liveOneDay(m model) *day {
	d := &day{principals: 20_000, model: m, troubled: true}
	d.run(7)
	return d
}

func TestADayWithTroublesKeepsThePromises(t *testing.T) {
	d := liveOneDay(small(nil))
	if d.broken > 0 {
		t.Fatalf("%d broken promises:\n%s", d.broken, strings.Join(d.violated, "\n"))
	}
	// What was not tried was not kept either.
	for plane, name := range planeNames {
		if len(d.stale[plane].values) == 0 {
			t.Errorf("no right was revoked where the plane was: %s", name)
		}
	}
	if d.replayed == 0 || d.accepted == 0 || d.hits[0] == 0 || d.hits[1] == 0 || d.hits[0] == d.asked[0] {
		t.Errorf("accepted %d codes, refused %d replays, %d and %d hits: something was not tried", d.accepted, d.replayed, d.hits[0], d.hits[1])
	}
	for _, cause := range []string{"cut off for longer than the grace", "sent to a lost node"} {
		if d.failed[cause] == 0 {
			t.Errorf("nothing failed for the cause %q", cause)
		}
	}
}

// The run must find what is broken: these are bugs and settings that break a promise.
func TestBrokenPromisesAreFound(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*model)
		found  string
	}{
		{"nodes that never look at the change table", func(m *model) { m.deaf = true }, "1s is stated (region 0"},
		{"planes that go on for ever when cut off", func(m *model) { m.graceful = true }, "fed false)"},
		{"a standby that acknowledges nothing", func(m *model) { m.asynchronous, m.lag = true, time.Second }, "accepted twice"},
		{"notifications without polls behind them", func(m *model) { m.poll, m.lostNotifications = time.Minute, 0.5 }, "was honoured"},
		{"a replica that lags behind its bound", func(m *model) { m.lag = 10 * time.Second }, "5s is stated (region"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := liveOneDay(small(test.change))
			if all := strings.Join(d.violated, "\n"); d.broken == 0 || !strings.Contains(all, test.found) {
				t.Errorf("%d broken promises, none of them has %q:\n%s", d.broken, test.found, all)
			}
		})
	}
}

func TestTheSameSeedGivesTheSameDay(t *testing.T) {
	a, b := liveOneDay(small(nil)), liveOneDay(small(nil))
	if a.asked != b.asked || a.hits != b.hits || a.accepted != b.accepted || a.denied != b.denied || !maps.Equal(a.failed, b.failed) {
		t.Errorf("two runs differ: %+v %+v; %+v %+v", a.asked, a.failed, b.asked, b.failed)
	}
	for kind := range a.latency {
		if !slices.Equal(a.latency[kind].values, b.latency[kind].values) {
			t.Errorf("the latencies of %s differ", kindNames[kind])
		}
	}
	for plane := range a.stale {
		if !slices.Equal(a.stale[plane].values, b.stale[plane].values) {
			t.Errorf("the staleness of %s differs", planeNames[plane])
		}
	}
}

func TestTheReportNamesBrokenPromises(t *testing.T) {
	m := small(nil)
	d := &day{principals: 10, cells: 1, simulated: 1, one: 1, model: m, broken: 3, violated: []string{"a code was accepted twice"}}
	var out bytes.Buffer
	report(&out, m, []*day{d})
	if text := out.String(); !strings.Contains(text, "BROKEN PROMISE") || !strings.Contains(text, "and 2 more") || strings.Contains(text, "was kept") {
		t.Error(text)
	}
	if !broken([]*day{d}) {
		t.Error("the run doesn't fail")
	}
}

func TestSizes(t *testing.T) {
	if got, err := parseSizes("1e3, 250,1e9"); err != nil || !slices.Equal(got, []int{1000, 250, 1_000_000_000}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, text := range []string{"", "x", "-5", "NaN", "1e300", "1e3,,"} {
		if got, err := parseSizes(text); err == nil {
			t.Errorf("%q was taken for %v", text, got)
		}
	}
}
