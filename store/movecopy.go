package store

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"unicode/utf8"
)

// row has the values of a table's columns: string, int64, []byte or nil.
type row []any

// cursor reads a table in the order of its primary key, page by page.
type cursor struct {
	ctx   context.Context
	tx    *tx
	table *table
	page  []row
	last  row
	ended bool
}

// peek returns the next row without taking it; nil after the last one.
func (c *cursor) peek() (row, error) {
	if len(c.page) == 0 && !c.ended {
		if err := c.ctx.Err(); err != nil {
			return nil, err
		}
		query, args := c.table.first, []any{c.table.pageRows()}
		if c.last != nil {
			query = c.table.next
			for _, k := range c.table.key {
				args = append(args, c.last[k])
			}
		}
		err := c.tx.rows(query, args, func(scan scanner) error {
			r := make(row, len(c.table.columns))
			dest := make([]any, len(r))
			for i := range r {
				dest[i] = &r[i]
			}
			if err := scan(dest...); err != nil {
				return err
			}
			if err := c.table.check(r); err != nil {
				return err
			}
			c.page = append(c.page, r)
			return nil
		})
		if err != nil {
			return nil, err
		}
		c.ended = len(c.page) < c.table.pageRows()
	}
	if len(c.page) == 0 {
		return nil, nil
	}
	return c.page[0], nil
}

func (c *cursor) take() {
	c.last, c.page = c.page[0], c.page[1:]
}

// check refuses a row with a value that the target doesn't take. SQLite keeps in a column what it is given.
func (t *table) check(r row) error {
	for i, c := range t.columns {
		problem := ""
		switch value := r[i].(type) {
		case nil:
			if !c.nullable {
				problem = "NULL"
			}
		case string:
			switch {
			case c.kind != textKind:
				problem = "text"
			case strings.IndexByte(value, 0) >= 0:
				problem = "a NUL character"
			case !utf8.ValidString(value):
				problem = "text that is not UTF-8"
			}
		case int64:
			if c.kind != numberKind {
				problem = "a number"
			}
		case []byte:
			if c.kind != bytesKind {
				problem = "bytes"
			}
		default:
			problem = fmt.Sprintf("a value of type %T", value)
		}
		if problem != "" {
			return fmt.Errorf("store: %s has %s in column %s, which PostgreSQL does not take", t.describe(r), problem, c.name)
		}
	}
	return nil
}

// pair takes the next key from two cursors and returns its rows, nil where there is none of that key.
func pair(source, target *cursor) (s, t row, err error) {
	if s, err = source.peek(); err != nil {
		return nil, nil, err
	}
	if t, err = target.peek(); err != nil {
		return nil, nil, err
	}
	if s != nil && t != nil {
		switch order := source.table.compareKeys(s, t); {
		case order < 0:
			t = nil
		case order > 0:
			s = nil
		}
	}
	if s != nil {
		source.take()
	}
	if t != nil {
		target.take()
	}
	return s, t, nil
}

// differs returns the first column in which two rows are not equal, "" if they are.
func (t *table) differs(a, b row) string {
	for i, c := range t.columns {
		x, isBytes := a[i].([]byte)
		y, areBytes := b[i].([]byte)
		if isBytes != areBytes || isBytes && !bytes.Equal(x, y) || !isBytes && a[i] != b[i] {
			return c.name
		}
	}
	return ""
}

// copy makes the target's tables what the source's are.
func (m *mover) copy(ctx context.Context, from *tx, pass MovePass) error {
	for _, table := range m.tables {
		if err := m.clear(ctx, from, table); err != nil {
			return err
		}
		if err := m.fill(ctx, from, table, pass); err != nil {
			return err
		}
	}
	return nil
}

func (m *mover) cursors(ctx context.Context, from *tx, table *table) (source, target *cursor) {
	return &cursor{ctx: ctx, tx: from, table: table}, &cursor{ctx: ctx, tx: m.to, table: table}
}

// clear removes from the target the rows that are not in the source or not like there. It comes before fill, because a
// row that is gone may have the name of a new one. What its removal takes along is in tables that come later.
func (m *mover) clear(ctx context.Context, from *tx, table *table) error {
	source, target := m.cursors(ctx, from, table)
	var wrong []row
	for {
		end, err := target.peek()
		if err != nil {
			return err
		}
		if end != nil {
			s, t, err := pair(source, target)
			if err != nil {
				return err
			}
			if t != nil && (s == nil || table.differs(s, t) != "") {
				wrong = append(wrong, t)
			}
		}
		if len(wrong) > 0 && (end == nil || len(wrong) == table.pageRows()) {
			if _, err := m.to.exec(table.delete, arrays(table.columns, table.key, wrong)...); err != nil {
				return fmt.Errorf("%w (table %s)", err, table.name)
			}
			wrong = wrong[:0]
		}
		if end == nil {
			return nil
		}
	}
}

// fill adds the source's rows that the target doesn't have. Secrets are opened on the way: one that doesn't open would be
// a row that is there and of no use.
func (m *mover) fill(ctx context.Context, from *tx, table *table, pass MovePass) error {
	progress, err := m.progress(from, table, pass)
	if err != nil {
		return err
	}
	all := make([]int, len(table.columns))
	for i := range all {
		all[i] = i
	}
	source, target := m.cursors(ctx, from, table)
	var missing []row
	for {
		s, t, err := pair(source, target)
		if err != nil {
			return err
		}
		end := s == nil && t == nil
		if s != nil {
			if _, err := m.open(table, s); err != nil {
				return err
			}
			if t == nil {
				missing = append(missing, s)
			}
			progress.row()
		}
		if len(missing) > 0 && (end || len(missing) == table.pageRows()) {
			if _, err := m.to.exec(table.insert, arrays(table.columns, all, missing)...); err != nil {
				return fmt.Errorf("%w (table %s, between %s and %s)", err, table.name,
					table.describe(missing[0]), table.describe(missing[len(missing)-1]))
			}
			missing = missing[:0]
		}
		if end {
			progress.done()
			return nil
		}
	}
}

// arrays are the values of some columns of rows, each column in one argument.
func arrays(columns []column, which []int, rows []row) []any {
	args := make([]any, len(which))
	for i, k := range which {
		switch columns[k].kind {
		case textKind:
			values := make([]*string, len(rows))
			for j, r := range rows {
				if text, ok := r[k].(string); ok {
					values[j] = &text
				}
			}
			args[i] = values
		case numberKind:
			values := make([]*int64, len(rows))
			for j, r := range rows {
				if number, ok := r[k].(int64); ok {
					values[j] = &number
				}
			}
			args[i] = values
		case bytesKind:
			values := make([][]byte, len(rows))
			for j, r := range rows {
				if b, ok := r[k].([]byte); ok {
					values[j] = append([]byte{}, b...) // nil would be NULL
				}
			}
			args[i] = values
		}
	}
	return args
}

// open opens the secret of a row, if it has one.
func (m *mover) open(table *table, r row) (secret bool, err error) {
	if table.sealed < 0 {
		return false, nil
	}
	account, _ := r[table.account].(string)
	key := fmt.Sprint(r[table.key[len(table.key)-1]])
	sealed, _ := r[table.sealed].([]byte)
	if _, err := m.keyset.Unseal(sealed, table.name, sealedColumn, rowName(account, key)); err != nil {
		return false, fmt.Errorf("store: the secret of %s does not open: %w", table.describe(r), err)
	}
	return true, nil
}

// verify reads a table from both databases and compares the rows column by column.
func (m *mover) verify(ctx context.Context, from *tx, table *table) (moved MovedTable, err error) {
	moved.Name = table.name
	progress, err := m.progress(from, table, MoveVerifies)
	if err != nil {
		return moved, err
	}
	source, target := m.cursors(ctx, from, table)
	for {
		s, t, err := pair(source, target)
		switch {
		case err != nil:
			return moved, err
		case s == nil && t == nil:
			progress.done()
			return moved, nil
		case t == nil:
			return moved, fmt.Errorf("store: not moved: %s is missing in %s", table.describe(s), m.name)
		case s == nil:
			return moved, fmt.Errorf("store: not moved: %s is in %s only", table.describe(t), m.name)
		}
		if column := table.differs(s, t); column != "" {
			return moved, fmt.Errorf("store: not moved: %s has another value in column %s of %s", table.describe(s), column, m.name)
		}
		secret, err := m.open(table, t)
		if err != nil {
			return moved, err
		}
		moved.Rows++
		if secret {
			moved.Secrets++
		}
		progress.row()
	}
}

// tableProgress counts the rows of a pass.
type tableProgress struct {
	MoveProgress
	tell func(MoveProgress)
	page int64
}

func (m *mover) progress(from *tx, table *table, pass MovePass) (*tableProgress, error) {
	rows, err := from.count(`SELECT COUNT(*) FROM ` + table.from())
	return &tableProgress{MoveProgress{Pass: pass, Table: table.name, Of: int64(rows)}, m.options.Progress, int64(table.pageRows())}, err
}

func (p *tableProgress) row() {
	if p.Rows++; p.tell != nil && p.Rows%p.page == 0 {
		p.tell(p.MoveProgress)
	}
}

func (p *tableProgress) done() {
	if p.Done = true; p.tell != nil {
		p.tell(p.MoveProgress)
	}
}
