package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// migrate brings the schema up to date. A process that starts beside another may find it at work: then the
// migration fails, as one transaction, and is looked at again.
func migrate(ctx context.Context, dialect goose.Dialect, db *sql.DB, files fs.FS, folder string) error {
	files, err := fs.Sub(files, folder)
	if err != nil {
		return err
	}
	for attempt := 0; ; attempt++ {
		err := migrateOnce(ctx, dialect, db, files)
		if err == nil || attempt == 4 || ctx.Err() != nil {
			return err
		}
		time.Sleep(time.Duration(attempt+1) * 50 * time.Millisecond)
	}
}

func migrateOnce(ctx context.Context, dialect goose.Dialect, db *sql.DB, files fs.FS) error {
	// A provider of its own each time: it remembers having made its table.
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true), goose.WithTableName("schema_versions")}
	if dialect == goose.DialectPostgres { // nodes that start together migrate once
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockID(applicationID), lock.WithLockTimeout(1, 120))
		if err != nil {
			return err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	p, err := goose.NewProvider(dialect, db, files, options...)
	if err != nil {
		return err
	}
	current, newest, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	if current > newest {
		oldest, err := oldestProgram(ctx, db)
		if err != nil || oldest <= newest {
			return err
		}
		return fmt.Errorf("its schema has version %d and this program knows versions up to %d: "+
			"start a newer release of the program, or restore a backup made before the update", current, newest)
	}
	if current == newest {
		return nil
	}
	_, err = p.Up(ctx)
	return err
}

// oldestProgram is the version of the oldest program that can use the schema: while nodes are upgraded one after the
// other, those of the version before work on the schema of the new one.
func oldestProgram(ctx context.Context, db *sql.DB) (version int64, err error) {
	var text string
	if err := db.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = 'oldest_program'`).Scan(&text); err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}
