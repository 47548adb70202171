package store

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// columnKind is what a column holds, as PostgreSQL calls it.
type columnKind string

const (
	textKind   columnKind = "text"
	numberKind columnKind = "bigint"
	bytesKind  columnKind = "bytea"
)

// sqliteKinds are the types that the migrations of SQLite declare.
var sqliteKinds = map[string]columnKind{"TEXT": textKind, "BIGINT": numberKind, "INTEGER": numberKind, "BLOB": bytesKind}

type column struct {
	name     string
	kind     columnKind
	nullable bool
}

// table is a table that a move copies. Nothing lists the tables: what the schema has is copied.
type table struct {
	name    string
	columns []column
	key     []int // the primary key's columns, in its order
	sealed  int   // the column with the row's secret, -1 if there is none
	account int   // the column that names the row of a secret along with the last of the key

	first, next    string // queries of a page: the first one, and the one after a key
	insert, delete string // statements of the target, with an array for each column
}

// pageRows are how many rows a move has in memory of a table on each side; fewer of one with long values.
const (
	pageRows     = 1000
	longPageRows = 200
)

// notMoved are the settings that each database has for itself.
const notMoved = `name NOT IN ('` + keysetMeta + `', '` + oldestProgramMeta + `', '` + movedMark + `', '` + moveMark + `')`

// oldestProgramMeta is set by migrations.
const oldestProgramMeta = "oldest_program"

// ownTables are those that each database has for itself: its schema's versions, and the servers that have it open.
const ownTables = `('schema_versions', 'nodes')`

// sqliteTables finds the tables of a SQLite database, those that others refer to before these.
func sqliteTables(t *tx) ([]*table, error) {
	type found struct {
		table, column, kind string
		notNull, key        int
	}
	// In the order of their creation, which puts the audit log, the longest, last.
	columns, err := list(t, func(_ *tx, scan scanner) (f found, err error) {
		return f, scan(&f.table, &f.column, &f.kind, &f.notNull, &f.key)
	}, `SELECT m.name, c.name, c.type, c."notnull", c.pk FROM sqlite_master m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\' AND m.name NOT IN `+ownTables+` ORDER BY m.rowid, c.cid`)
	if err != nil {
		return nil, err
	}
	var tables []*table
	order := map[*table][]int{} // of the primary key's columns: their places in it
	for _, f := range columns {
		if len(tables) == 0 || tables[len(tables)-1].name != f.table {
			tables = append(tables, &table{name: f.table, sealed: -1, account: -1})
		}
		of := tables[len(tables)-1]
		kind, ok := sqliteKinds[f.kind]
		if !ok {
			return nil, fmt.Errorf("store: column %s of table %s has the unknown type %q", f.column, f.table, f.kind)
		}
		switch f.column {
		case sealedColumn:
			of.sealed = len(of.columns)
		case "account":
			of.account = len(of.columns)
		}
		if f.key > 0 {
			of.key = append(of.key, len(of.columns))
			order[of] = append(order[of], f.key)
		}
		of.columns = append(of.columns, column{f.column, kind, f.notNull == 0 && f.key == 0})
	}
	for _, of := range tables {
		places := order[of]
		keys := slices.Clone(of.key)
		for i, place := range places {
			of.key[place-1] = keys[i]
		}
		if len(of.key) == 0 || of.sealed >= 0 && of.account < 0 {
			return nil, fmt.Errorf("store: table %s can't be moved: it lacks a primary key, or the account of its secrets", of.name)
		}
		of.prepare()
	}
	return parentsFirst(t, tables)
}

// parentsFirst orders tables so that each comes after those that it refers to.
func parentsFirst(t *tx, tables []*table) (ordered []*table, err error) {
	parents := map[string][]string{}
	if err := t.rows(`SELECT m.name, f."table" FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'`,
		nil, func(scan scanner) error {
			var child, parent string
			err := scan(&child, &parent)
			if child != parent {
				parents[child] = append(parents[child], parent)
			}
			return err
		}); err != nil {
		return nil, err
	}
	placed := map[string]bool{}
	for len(ordered) < len(tables) {
		before := len(ordered)
		for _, table := range tables {
			if !placed[table.name] && !slices.ContainsFunc(parents[table.name], func(p string) bool { return !placed[p] }) {
				ordered, placed[table.name] = append(ordered, table), true
			}
		}
		if len(ordered) == before {
			return nil, fmt.Errorf("store: tables refer to each other in a circle")
		}
	}
	return ordered, nil
}

// sameTables checks that the target has the source's tables with their columns, and no others.
func sameTables(to *tx, tables []*table) error {
	type found struct{ table, column, kind string }
	columns, err := list(to, func(_ *tx, scan scanner) (f found, err error) {
		return f, scan(&f.table, &f.column, &f.kind)
	}, `SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT), CAST(data_type AS TEXT) FROM information_schema.columns
		WHERE table_schema = current_schema() AND table_name NOT IN `+ownTables)
	if err != nil {
		return err
	}
	in := map[found]bool{}
	for _, f := range columns {
		in[f] = true
	}
	for _, t := range tables {
		for _, c := range t.columns {
			f := found{t.name, c.name, string(c.kind)}
			if !in[f] {
				return fmt.Errorf("store: column %s of table %s is not in the target, or of another type there", f.column, f.table)
			}
			delete(in, f)
		}
	}
	for f := range in {
		return fmt.Errorf("store: column %s of table %s is in the target only", f.column, f.table)
	}
	return nil
}

// prepare writes the table's queries.
func (t *table) prepare() {
	var names, keys, later, arrays, keyArrays []string
	for i, c := range t.columns {
		names = append(names, quoted(c.name))
		arrays = append(arrays, fmt.Sprintf("CAST($%d AS %s[])", i+1, c.kind))
	}
	for i, k := range t.key {
		keys = append(keys, quoted(t.columns[k].name))
		later = append(later, fmt.Sprintf("$%d", i+2))
		keyArrays = append(keyArrays, fmt.Sprintf("CAST($%d AS %s[])", i+1, t.columns[k].kind))
	}
	key := "(" + strings.Join(keys, ", ") + ")"
	page := `SELECT ` + strings.Join(names, ", ") + ` FROM ` + t.from()
	end := ` ORDER BY ` + strings.Join(keys, ", ") + ` LIMIT $1`
	t.first = page + end
	t.next = strings.Replace(page, " WHERE true", " WHERE "+key+" > ("+strings.Join(later, ", ")+")", 1) + end
	t.insert = `INSERT INTO ` + quoted(t.name) + ` (` + strings.Join(names, ", ") + `) SELECT * FROM unnest(` + strings.Join(arrays, ", ") + `)`
	t.delete = `DELETE FROM ` + quoted(t.name) + ` WHERE ` + key + ` IN (SELECT * FROM unnest(` + strings.Join(keyArrays, ", ") + `))`
}

// from is what stands after FROM: the rows that are moved.
func (t *table) from() string {
	if t.name == "meta" {
		return quoted(t.name) + ` WHERE true AND ` + notMoved
	}
	return quoted(t.name) + ` WHERE true`
}

func (t *table) pageRows() int {
	for _, c := range t.columns {
		if c.kind == bytesKind {
			return longPageRows
		}
	}
	return pageRows
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// compareKeys orders two rows as both databases do: text byte by byte.
func (t *table) compareKeys(a, b row) int {
	for _, k := range t.key {
		var c int
		switch x := a[k].(type) {
		case int64:
			c = cmp.Compare(x, b[k].(int64))
		case string:
			c = cmp.Compare(x, b[k].(string))
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// describe names a row by its key, for messages.
func (t *table) describe(r row) string {
	var key []string
	for _, k := range t.key {
		key = append(key, fmt.Sprintf("%q", fmt.Sprint(r[k])))
	}
	return fmt.Sprintf("row %s of table %s", strings.Join(key, ", "), t.name)
}
