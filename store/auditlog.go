package store

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/iam"
)

// A row of audit_records is one record, or a segment of them (see [audit.Segment]): then records says how many,
// time is that of the latest, and event_name and user_name hold all the different names, with blanks around each.

// appendSizes are how many records one INSERT may hold. A statement for each record would cost more than the
// record, one for every number of them would fill the cache of statements, and SQLite binds a long list of $n in
// quadratic time.
var appendSizes = [...]int{16, 4, 1}

// appendStatements are the INSERTs of appendSizes.
var appendStatements = func() (statements [len(appendSizes)]string) {
	for i, size := range appendSizes {
		var b strings.Builder
		b.WriteString(`INSERT INTO audit_records (node, account, time, event_name, user_name, record) VALUES `)
		for row := range size {
			if row > 0 {
				b.WriteString(", ")
			}
			n := 6 * row
			fmt.Fprintf(&b, "($%d, $%d, $%d, $%d, $%d, $%d)", n+1, n+2, n+3, n+4, n+5, n+6)
		}
		statements[i] = b.String()
	}
	return statements
}()

// AppendAudit gives the records ids in the order of commits, because SQLite has one writer. The chain relies on
// it: see auditchain.go.
func (t *tx) AppendAudit(_ context.Context, records ...iam.AuditEntry) error {
	args := make([]any, 0, 6*min(len(records), appendSizes[0]))
	for i, size := range appendSizes {
		for len(records) >= size {
			args = args[:0]
			for _, r := range records[:size] {
				args = append(args, r.Node, r.Account, r.Time, r.EventName, r.UserName, r.Record)
			}
			if _, err := t.exec(appendStatements[i], args...); err != nil {
				return err
			}
			records = records[size:]
		}
	}
	return nil
}

// AppendReads adds records of reads in one transaction, those of an account together in segments. A record alone
// is a row like that of a change. again tells that these very reads may have been added by an earlier call that failed:
// then those that are there are left out.
func (s *Store) AppendReads(ctx context.Context, reads []iam.AuditEntry, again bool) error {
	rows := segments(reads)
	defer func() {
		for _, row := range rows {
			row.first = iam.AuditEntry{}
			segmentPool.Put(row)
		}
	}()
	there := make(map[*segment]bool)
	if again { // looked for on a snapshot: to SERIALIZABLE it would be a conflict with all who add records
		if err := s.view(ctx, func(t *tx) error {
			for _, row := range rows {
				content, at := row.stored()
				n, err := t.count(`SELECT COUNT(*) FROM audit_records WHERE account = $1 AND time = $2 AND node = $3 AND record = $4`,
					row.first.Account, at, row.first.Node, content)
				if err != nil {
					return err
				}
				there[row] = n > 0
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return s.update(ctx, func(t *tx) error {
		var alone []iam.AuditEntry
		for _, row := range rows {
			if there[row] {
				continue
			}
			if row.Records() == 1 {
				alone = append(alone, row.first)
				continue
			}
			if err := t.AppendAudit(ctx, alone...); err != nil {
				return err
			}
			alone = alone[:0]
			if _, err := t.exec(`INSERT INTO audit_records (node, account, time, event_name, user_name, record, records)
				VALUES ($1, $2, $3, $4, $5, $6, $7)`, row.first.Node, row.first.Account, row.Time(), row.Names(), row.UserNames(),
				row.Content(), row.Records()); err != nil {
				return err
			}
		}
		return t.AppendAudit(ctx, alone...)
	})
}

// segment is a row to be.
type segment struct {
	audit.Segment
	first iam.AuditEntry
}

// stored is the row's record and time.
func (s *segment) stored() (content []byte, at int64) {
	if s.Records() == 1 {
		return s.first.Record, s.first.Time
	}
	return s.Content(), s.Time()
}

var segmentPool = sync.Pool{New: func() any { return new(segment) }}

// segments gathers records by account, in their order.
func segments(reads []iam.AuditEntry) (rows []*segment) {
	type key struct{ node, account string }
	open := map[key]*segment{}
	for _, r := range reads {
		k := key{r.Node, r.Account}
		e := audit.Event{Time: r.Time, Name: r.EventName, UserName: r.UserName, Record: r.Record}
		if s := open[k]; s != nil && s.Add(&e) {
			continue
		}
		s := segmentPool.Get().(*segment)
		s.first = r
		s.Begin(&e)
		rows = append(rows, s)
		open[k] = s
	}
	return rows
}

// auditRow is a row as it is read.
type auditRow struct {
	id, time            int64
	eventName, userName string
	records             int64
	record              []byte
}

const auditColumns = `SELECT id, time, event_name, user_name, records, record FROM audit_records `

func scanAuditRow(_ *tx, scan scanner) (r auditRow, err error) {
	return r, scan(&r.id, &r.time, &r.eventName, &r.userName, &r.records, &r.record)
}

// appendTo appends the records of the row that are wanted, in their order.
func (r *auditRow) appendTo(records []iam.AuditRecord, wanted func(*audit.Event, *iam.AuditRecord) bool) []iam.AuditRecord {
	position := 0
	add := func(e *audit.Event) {
		record := iam.AuditRecord{ID: r.id, Position: position, Time: e.Time, JSON: e.Record}
		if wanted == nil || wanted(e, &record) {
			records = append(records, record)
		}
		position++
	}
	if r.records <= 1 {
		add(&audit.Event{Time: r.time, Name: r.eventName, UserName: r.userName, Record: r.record})
		return records
	}
	for e := range audit.Events(r.record) {
		add(&e)
	}
	return records
}

// auditRows is how many rows of the log are read at once: segments are large, so that many would fill the memory.
const auditRows = 32

// AuditTail returns the newest n records of all accounts, oldest first.
func (s *Store) AuditTail(ctx context.Context, n int) (records []iam.AuditRecord, err error) {
	err = s.settledView(ctx, viewTime, func(t *tx, through int64) error {
		for len(records) < n {
			rows, err := list(t, scanAuditRow, auditColumns+`WHERE id <= $1 ORDER BY id DESC LIMIT $2`, through, min(n-len(records), auditRows))
			if err != nil || len(rows) == 0 {
				return err
			}
			for i := range rows {
				start := len(records)
				records = rows[i].appendTo(records, nil)
				slices.Reverse(records[start:])
				through = rows[i].id - 1
			}
		}
		return nil
	})
	records = records[:min(len(records), max(n, 0))]
	slices.Reverse(records)
	return records, err
}

// AuditAfter returns the records of all accounts after those with that id, oldest first. They are limit at least
// if there are as many, and end with the last one of an id, which may be some hundred more.
func (s *Store) AuditAfter(ctx context.Context, id int64, limit int) (records []iam.AuditRecord, err error) {
	err = s.settledView(ctx, viewTime, func(t *tx, through int64) error {
		for len(records) < limit {
			rows, err := list(t, scanAuditRow, auditColumns+`WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3`,
				id, through, min(limit-len(records), auditRows))
			if err != nil || len(rows) == 0 {
				return err
			}
			for i := range rows {
				records = rows[i].appendTo(records, nil)
				id = rows[i].id
			}
		}
		return nil
	})
	return records, err
}

// settledView is view for readers of the log who never look back: through is the last id they may see.
func (s *Store) settledView(ctx context.Context, limit time.Duration, fn func(t *tx, through int64) error) error {
	for wait := time.Millisecond; ; wait *= 2 {
		settled, err := s.db.settled(ctx)
		if err != nil {
			return err
		}
		known := false
		err = s.viewFor(ctx, limit, func(t *tx) error {
			through, err := settled(t)
			if err != nil {
				return err
			}
			if known = through != math.MinInt64 || wait > settledPatience; !known {
				return nil
			}
			return fn(t, through)
		})
		if err != nil || known {
			return err
		}
		select { // those under way when it was first asked soon end
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// settledPatience is when a reader who has never seen a settled id takes it that there is none yet.
const settledPatience = 2 * time.Second

// newer orders records by time, id and position, the newest first.
func newer(a, b iam.AuditRecord) int {
	return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(b.ID, a.ID), cmp.Compare(b.Position, a.Position))
}

// AuditRecords returns an account's records, newest first.
//
// There is one index, by time, which every row is added to at its end. It holds event and user too, so that
// a search for them walks the index alone and reads no row without a record that it returns: about a second for
// some million rows. An index of each would make it quick, and cost every request more than its own record does.
//
// Rows come by the time of their latest record, and those of a segment lie within [audit.SegmentSpan] before it. So
// the walk begins that much later than the page, and a record is known to be next when it is as new as the row read
// last: no row to come has a newer one.
func (t *tx) AuditRecords(_ context.Context, f iam.AuditFilter) (records []iam.AuditRecord, err error) {
	end := iam.AuditRecord{Time: math.MaxInt64 - audit.SegmentSpan}
	if f.Until != 0 {
		end.Time = min(end.Time, f.Until) // before the first of that time
	}
	if f.Before != nil && f.Before.Time < end.Time {
		end = *f.Before
	}
	wanted := func(e *audit.Event, r *iam.AuditRecord) bool {
		return r.Time >= f.Since && newer(end, *r) < 0 &&
			(f.EventName == "" || e.Name == f.EventName) && (f.UserName == "" || e.UserName == f.UserName)
	}
	query := auditColumns + `WHERE account = $1 AND time >= $2 AND (time, id) < ($3, $4)`
	args := []any{f.Account, f.Since, end.Time + audit.SegmentSpan, int64(math.MaxInt64), 0}
	for _, name := range []struct{ column, value string }{{"event_name", f.EventName}, {"user_name", f.UserName}} {
		if name.value != "" {
			query += fmt.Sprintf(` AND (%[1]s = $%[2]d OR %[1]s LIKE $%[3]d ESCAPE '\')`, name.column, len(args)+1, len(args)+2)
			args = append(args, name.value, "% "+escapeLike.Replace(name.value)+" %")
		}
	}
	query += ` ORDER BY time DESC, id DESC LIMIT $5`
	for settled := 0; settled < f.Limit; {
		const few = 8 // segments fill a page soon
		size := min(max(few, len(records)), auditRows)
		args[4] = size
		rows, err := list(t, scanAuditRow, query, args...)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			records = rows[i].appendTo(records, wanted)
		}
		slices.SortFunc(records, newer)
		if len(rows) < size {
			break
		}
		last := iam.AuditRecord{Time: rows[size-1].time, ID: rows[size-1].id}
		args[2], args[3] = last.Time, last.ID
		settled = slices.IndexFunc(records, func(r iam.AuditRecord) bool { return newer(last, r) < 0 })
		if settled < 0 {
			settled = len(records)
		}
	}
	return records[:min(len(records), max(f.Limit, 0))], nil
}

// escapeLike makes of a text a LIKE pattern that matches it alone.
var escapeLike = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
