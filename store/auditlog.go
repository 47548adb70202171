package store

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/sallyport-iam/sallyport/iam"
)

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

func scanAuditRecord(_ *tx, scan scanner) (r iam.AuditRecord, err error) {
	return r, scan(&r.ID, &r.Time, &r.JSON)
}

// AuditTail returns the newest n records of all accounts, oldest first.
func (s *Store) AuditTail(ctx context.Context, n int) (records []iam.AuditRecord, err error) {
	err = s.view(ctx, func(t *tx) error {
		records, err = list(t, scanAuditRecord, `SELECT id, time, record FROM audit_records ORDER BY id DESC LIMIT $1`, max(n, 0))
		return err
	})
	slices.Reverse(records)
	return records, err
}

// AuditAfter returns the records of all accounts after the one with that id, oldest first.
func (s *Store) AuditAfter(ctx context.Context, id int64, limit int) (records []iam.AuditRecord, err error) {
	err = s.view(ctx, func(t *tx) error {
		records, err = list(t, scanAuditRecord, `SELECT id, time, record FROM audit_records WHERE id > $1
			ORDER BY id LIMIT $2`, id, max(limit, 0))
		return err
	})
	return records, err
}

// AuditRecords returns an account's records, newest first.
//
// There is one index, by time, which every record is added to at its end. It holds event and user too, so that
// a search for them walks the index alone and reads no record that it doesn't return: about a second for some
// million records. An index of each would make it quick, and cost every request more than its own record does.
func (t *tx) AuditRecords(_ context.Context, f iam.AuditFilter) ([]iam.AuditRecord, error) {
	// One end, not two: the database would walk the index from the later one.
	end := iam.AuditRecord{Time: math.MaxInt64, ID: math.MaxInt64}
	if f.Until != 0 {
		end = iam.AuditRecord{Time: f.Until} // before the first of that time
	}
	if f.Before != nil && (f.Until == 0 || f.Before.Time < f.Until) {
		end = *f.Before
	}
	query := `SELECT id, time, record FROM audit_records
		WHERE account = $1 AND time >= $2 AND (time, id) < ($3, $4)`
	args := []any{f.Account, f.Since, end.Time, end.ID, max(f.Limit, 0)}
	switch {
	case f.EventName != "" && f.UserName != "":
		query += ` AND event_name = $6 AND user_name = $7`
		args = append(args, f.EventName, f.UserName)
	case f.EventName != "":
		query += ` AND event_name = $6`
		args = append(args, f.EventName)
	case f.UserName != "":
		query += ` AND user_name = $6 AND user_name <> ''`
		args = append(args, f.UserName)
	}
	query += ` ORDER BY time DESC, id DESC LIMIT $5`
	return list(t, scanAuditRecord, query, args...)
}
