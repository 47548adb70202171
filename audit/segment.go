package audit

import (
	"bytes"
	"iter"
	"strconv"
	"strings"

	"github.com/klauspost/compress/s2"
)

// Bounds of a segment. The span is short, because a search for records of one moment looks at the segments that
// end within it; names are few, because they are searched by an index, whose entries are small.
const (
	segmentRecords = 256
	segmentBytes   = 512 << 10
	segmentNames   = 1 << 10 // bytes of the different names of events, and as many of users

	// SegmentSpan is how far apart, in milliseconds, the records of a segment can be.
	SegmentSpan = 250
)

// Event is a record with what it is searched by.
type Event struct {
	Time     int64 // Unix milliseconds
	Name     string
	UserName string // "" unless an IAM user acted
	Record   []byte
}

// Segment collects records that are stored and chained as one. Its text has two lines a record: time, event and user,
// separated by blanks, and the record. Its content is a byte that says so and the text as an S2 block: records of
// one account are much alike, and what is stored is most of what a record costs.
//
//	1763000000123 GetCallerIdentity alice
//	{"eventVersion":"1.11",…}
//
// Begin it, then Add to it.
type Segment struct {
	text        []byte
	content     []byte // of text, once it is asked for
	records     int
	closed      bool  // takes no more
	first, last int64 // the earliest and the latest time
	names       names
	users       names
}

// Begin makes the event the first of the segment, whatever it is like: one that fits no segment is alone in its row.
func (s *Segment) Begin(e *Event) {
	*s = Segment{first: e.Time, last: e.Time, closed: !e.segmentable(), // the memory of before serves again
		text: s.text[:0], content: s.content[:0], names: names{text: s.names.text[:0]}, users: names{text: s.users.text[:0]}}
	s.append(e)
}

// Add appends an event, and tells whether it could: if not, it belongs into another segment.
func (s *Segment) Add(e *Event) bool {
	first, last := min(s.first, e.Time), max(s.last, e.Time)
	if s.closed || s.records == segmentRecords || last-first > SegmentSpan ||
		len(s.text)+lineBytes+len(e.Name)+len(e.UserName)+len(e.Record) > segmentBytes ||
		!e.segmentable() || !s.names.fits(e.Name) || !s.users.fits(e.UserName) {
		return false
	}
	s.first, s.last = first, last
	s.append(e)
	return true
}

func (s *Segment) append(e *Event) {
	s.records++
	s.names.add(e.Name)
	s.users.add(e.UserName)
	s.text = strconv.AppendInt(s.text, e.Time, 10)
	s.text = append(s.text, ' ')
	s.text = append(s.text, e.Name...)
	s.text = append(s.text, ' ')
	s.text = append(s.text, e.UserName...)
	s.text = append(s.text, '\n')
	s.text = append(s.text, e.Record...)
	s.text = append(s.text, '\n')
}

// lineBytes is what the first line of a record has besides the names, at most.
const lineBytes = 24

// segmentable tells whether an event can be read back from a segment; those that this package marshals can.
func (e *Event) segmentable() bool {
	return e.Name != "" && !strings.ContainsAny(e.Name, " \n") && !strings.ContainsAny(e.UserName, " \n") &&
		len(e.Record) > 0 && e.Record[0] == '{' && bytes.IndexByte(e.Record, '\n') < 0
}

// Content is what is stored and chained. It is good until the next call of Begin, and no more is to be added after it.
func (s *Segment) Content() []byte {
	if len(s.content) == 0 {
		s.closed = true
		size := 1 + s2.MaxEncodedLen(len(s.text))
		if cap(s.content) < size {
			s.content = make([]byte, size)
		}
		s.content = s.content[:cap(s.content)]
		s.content[0] = compressed
		s.content = s.content[:1+len(s2.Encode(s.content[1:], s.text))]
	}
	return s.content
}

// compressed is the first byte of content that is compressed text. Text itself begins with a digit.
const compressed = 0x01

// textOf is the text of a segment's content, nil if it can't be read. No segment is made that is longer than it may be.
func textOf(content []byte) []byte {
	if len(content) == 0 || content[0] != compressed {
		return content
	}
	if n, err := s2.DecodedLen(content[1:]); err != nil || n > maxSegmentText {
		return nil
	}
	text, err := s2.Decode(nil, content[1:])
	if err != nil {
		return nil
	}
	return text
}

// maxSegmentText is far more than one record with its line takes; longer segments have several.
const maxSegmentText = 4 << 20

// Records is how many records there are.
func (s *Segment) Records() int { return s.records }

// Time is that of the latest record; no record is more than [SegmentSpan] before it.
func (s *Segment) Time() int64 { return s.last }

// Names are the different names of events, each between blanks.
func (s *Segment) Names() string { return string(s.names.text) }

// UserNames are the different names of users, each between blanks; "" if there are none.
func (s *Segment) UserNames() string { return string(s.users.text) }

// names is a set of names, written one behind the other with blanks around each.
type names struct {
	text []byte
	last string // the one asked for last: as a rule it comes again
}

func (n *names) fits(name string) bool {
	return name == "" || len(n.text)+len(name)+2 <= segmentNames || n.has(name)
}

func (n *names) add(name string) {
	if name == "" || n.has(name) {
		return
	}
	if len(n.text) == 0 {
		n.text = append(n.text, ' ')
	}
	n.text = append(append(n.text, name...), ' ')
	n.last = name
}

func (n *names) has(name string) bool {
	if name == n.last {
		return true
	}
	for rest := n.text; ; {
		i := bytes.Index(rest, []byte(name))
		if i < 0 {
			return false
		}
		end := i + len(name)
		if i > 0 && rest[i-1] == ' ' && end < len(rest) && rest[end] == ' ' {
			n.last = name
			return true
		}
		rest = rest[i+1:]
	}
}

// IsSegment tells content of a segment from a single record, which is a JSON object.
func IsSegment(content []byte) bool { return len(content) > 0 && content[0] != '{' }

// Events yields what a segment holds, in the order in which it was added. Content that no segment has, which only
// tampering makes, ends it.
func Events(content []byte) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		content := textOf(content)
		for len(content) > 0 {
			line, rest, ok := bytes.Cut(content, []byte("\n"))
			if !ok {
				return
			}
			at, names, _ := bytes.Cut(line, []byte(" "))
			name, user, ok := bytes.Cut(names, []byte(" "))
			if !ok {
				return
			}
			time, err := strconv.ParseInt(string(at), 10, 64)
			if err != nil {
				return
			}
			var record []byte
			if record, content, ok = bytes.Cut(rest, []byte("\n")); !ok {
				return
			}
			if !yield(Event{Time: time, Name: string(name), UserName: string(user), Record: record[:len(record):len(record)]}) {
				return
			}
		}
	}
}

// recordsIn is how many records the content of an entry holds.
func recordsIn(content []byte) int64 {
	if !IsSegment(content) {
		return 1
	}
	return max(int64(bytes.Count(textOf(content), []byte("\n"))/2), 1)
}
