package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/store"
)

func TestStatus(t *testing.T) {
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	row := func(name string, age time.Duration, state string) store.Node {
		return store.Node{Name: name, Place: "host:/data#1", Started: now.Add(-time.Hour), Seen: now.Add(-age), Version: "v1.0.0", State: state}
	}
	const well = `{"renewedEverySeconds":5,"problems":[],"directory":{"hits":999,"misses":1,"entries":20,"bytes":1572864},"keys":"0a1b2c3d"}`
	const troubled = `{"renewedEverySeconds":5,"problems":[{"name":"clock","state":"failed","detail":"40s ahead"}]}`
	const warned = `{"renewedEverySeconds":5,"problems":[{"name":"replication","state":"warning","detail":"asynchronous"}]}`
	for _, test := range []struct {
		name string
		row  store.Node
		word string
		well bool
	}{
		{"well", row("a", 4*time.Second, well), "ready", true},
		{"well, its clock ahead", row("a", -4*time.Second, well), "ready", true},
		{"silent", row("a", 15*time.Second, well), "gone", false},
		{"of the far future", row("a", -time.Hour, well), "gone", false},
		{"with a failed check", row("a", 4*time.Second, troubled), "degraded", false},
		{"silent with a failed check", row("a", time.Hour, troubled), "gone", false},
		{"with a warning", row("a", 4*time.Second, warned), "ready", true},
		{"of an embedded database", row("a", 80*time.Second, `{"renewedEverySeconds":30}`), "ready", true},
		{"just started", row("a", 59*time.Second, `{}`), "ready", true},
		{"of a version that says other things", row("a", 4*time.Second, `["?"]`), "ready", true},
	} {
		n := newNodeStatus(test.row, 0, now)
		s := status{Nodes: []nodeStatus{n}}
		if n.word() != test.word || s.well() != test.well {
			t.Errorf("%s: %s, well %v", test.name, n.word(), s.well())
		}
	}
	gone, alive := newNodeStatus(row("a", time.Hour, troubled), 0, now), newNodeStatus(row("b", 0, well), 3, now)
	s := status{Database: databaseStatus{Schema: 3, Replication: "asynchronous", Warnings: []string{"w"}},
		Nodes: []nodeStatus{gone, alive, newNodeStatus(row("c", 0, troubled), 0, now)}}
	if s.well() {
		t.Error("well, with a node that is degraded")
	}
	if s.Nodes = s.Nodes[:2]; !s.well() {
		t.Error("not well because of a node that is gone")
	}
	other := alive
	other.Keys = "ffffffff"
	if (&status{Nodes: []nodeStatus{alive, other}}).well() {
		t.Error("well, with nodes that have different keys")
	}
	var out bytes.Buffer
	if err := s.print(&out); err != nil {
		t.Fatal(err)
	}
	const want = `Database: schema version 3, replication: asynchronous
warning: w

NODE  STATE  VERSION  KEYS      STARTED               SEEN                  HIT RATE  ENTRIES  MIB  UNCHAINED  PLACE
a     gone   v1.0.0   -         2026-11-22T07:00:00Z  2026-11-22T07:00:00Z  -         0        0.0  0          host:/data#1
b     ready  v1.0.0   0a1b2c3d  2026-11-22T07:00:00Z  2026-11-22T08:00:00Z  99.9 %    20       1.5  3          host:/data#1
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &out, want)
	}
}
