package audit

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func event(i int) *Event {
	return &Event{Time: 1_763_000_000_000 + int64(i%100), Name: []string{"GetUser", "ListUsers", "GetUserX"}[i%3],
		UserName: []string{"alice", "", "bob", "ali"}[i%4], Record: fmt.Appendf(nil, `{"eventID":"%d"}`, i)}
}

func TestSegmentGivesBackWhatWasAdded(t *testing.T) {
	var s Segment
	for round := range 2 { // its memory serves again
		var want []Event
		for i := range 200 - round*50 {
			e := event(i)
			if want = append(want, *e); i == 0 {
				s.Begin(e)
			} else if !s.Add(e) {
				t.Fatalf("event %d does not fit", i)
			}
		}
		got := slices.Collect(Events(s.Content()))
		if fmt.Sprint(got) != fmt.Sprint(want) || s.Records() != len(want) || recordsIn(s.Content()) != int64(len(want)) {
			t.Errorf("got %d records, %d read, want %d", s.Records(), len(got), len(want))
		}
		if s.Names() != " GetUser ListUsers GetUserX " || s.UserNames() != " alice bob ali " || s.Time() != 1_763_000_000_099 {
			t.Errorf("names %q, users %q, time %d", s.Names(), s.UserNames(), s.Time())
		}
		if !IsSegment(s.Content()) || IsSegment([]byte(`{"eventID":"1"}`)) {
			t.Error("a segment and a record are mistaken for one another")
		}
	}
}

func TestSegmentIsBounded(t *testing.T) {
	for _, test := range []struct {
		name string
		next func(e *Event, i int)
		want int
	}{
		{"records", func(*Event, int) {}, segmentRecords},
		{"bytes", func(e *Event, _ int) { e.Record = []byte("{" + strings.Repeat(" ", 100<<10)) }, 5},
		{"later", func(e *Event, i int) { e.Time += int64(i) * 100 }, 3},
		{"earlier", func(e *Event, i int) { e.Time -= int64(i) * 100 }, 3},
		{"users", func(e *Event, i int) { e.UserName = fmt.Sprintf("%064d", i) }, 15},
		{"events", func(e *Event, i int) { e.Name = fmt.Sprintf("%064d", i) }, 15},
	} {
		var s Segment
		for i := range 1000 {
			e := *event(0)
			test.next(&e, i)
			if i == 0 {
				s.Begin(&e)
			} else if !s.Add(&e) {
				break
			}
		}
		if s.Records() != test.want || len(slices.Collect(Events(s.Content()))) != test.want {
			t.Errorf("%s: %d records, want %d", test.name, s.Records(), test.want)
		}
	}
}

// What could not be read back shares a segment with nothing.
func TestSegmentTakesNoLineBreaks(t *testing.T) {
	good := event(0)
	for _, bad := range []Event{
		{Name: "Get User", Record: []byte(`{}`)},
		{Name: "", Record: []byte(`{}`)},
		{Name: "GetUser", UserName: "a\nb", Record: []byte(`{}`)},
		{Name: "GetUser", Record: []byte("{\n}")},
		{Name: "GetUser", Record: []byte(" {}")},
		{Name: "GetUser"},
	} {
		bad.Time = good.Time
		var s Segment
		s.Begin(good)
		if s.Add(&bad) {
			t.Errorf("%q was added", bad.Record)
		}
		s.Begin(&bad)
		if s.Add(good) || s.Records() != 1 {
			t.Errorf("%q shares its segment", bad.Record)
		}
	}
}

func TestVerifyCountsTheRecordsOfSegments(t *testing.T) {
	log := sealed(t)
	last := int64(0)
	for i := range log.rows {
		if log.rows[i].node == "n1" && !log.rows[i].chained {
			last = int64(i)
		}
	}
	var s Segment
	s.Begin(event(0))
	for i := range 9 {
		s.Add(event(i + 1))
	}
	log.rows[last].record = slices.Clone(s.Content())
	if err := newSealer(log, "n1", newClock().Now).pass(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	report := verifyLog(t, log)
	if n := report.Nodes[0]; n.Problem != nil || n.Records != 26 || n.LastSeq != 17 {
		t.Fatalf("report:\n%s", report)
	}
	log.rows[last].record[len(log.rows[last].record)-4] ^= 1
	const want = `record 17 (id 21, a segment of 10 records from "0" to "8") was changed: it is not what was chained at this place`
	if p := verifyLog(t, log).Nodes[0].Problem; p == nil || p.String() != want {
		t.Errorf("got  %v\nwant %s", p, want)
	}
}

// Content that was tampered with is read to where it stops making sense, and what is read is in it.
func FuzzEvents(f *testing.F) {
	var s Segment
	s.Begin(event(0))
	s.Add(event(1))
	f.Add(slices.Clone(s.Content()))
	f.Add(textOf(s.Content()))
	f.Add([]byte("\x01\xff\xff\xff\x7f{}"))
	f.Add([]byte("1 a b\n{}\n2 a b\n"))
	f.Add([]byte("x a b\n{}\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		n := 0
		for e := range Events(content) {
			n++
			if !bytes.Contains(textOf(content), e.Record) || cap(e.Record) != len(e.Record) {
				t.Errorf("%q is not in %q", e.Record, content)
			}
		}
		if IsSegment(content) && int64(n) > recordsIn(content) {
			t.Errorf("%d records, counted %d", n, recordsIn(content))
		}
	})
}

// Names are found whole, whatever stands beside them.
func TestNames(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		var n names
		want := map[string]bool{}
		for range 20 {
			name := strings.Repeat("ab", 2)[:random.IntN(4)+1]
			if random.IntN(2) == 0 {
				name = strings.Repeat("b", random.IntN(3)+1)
			}
			if n.has(name) != want[name] {
				t.Fatalf("%q in %q: %v", name, n.text, n.has(name))
			}
			n.add(name)
			want[name] = true
		}
	}
}
