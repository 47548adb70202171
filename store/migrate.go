package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
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
	p, err := goose.NewProvider(dialect, db, files, goose.WithDisableGlobalRegistry(true), goose.WithTableName("schema_versions"))
	if err != nil {
		return err
	}
	current, newest, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	if current > newest {
		return fmt.Errorf("its schema has version %d and this program knows versions up to %d: "+
			"start a newer release of the program, or restore a backup made before the update", current, newest)
	}
	if current == newest {
		return nil
	}
	_, err = p.Up(ctx)
	return err
}
