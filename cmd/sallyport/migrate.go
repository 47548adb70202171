package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/sallyport-iam/sallyport/seal"
	"github.com/sallyport-iam/sallyport/store"
	"github.com/spf13/cobra"
)

func migrateCommand() *cobra.Command {
	var i installation
	var from, to string
	var takeBack bool
	var options store.MoveOptions
	cmd := &cobra.Command{
		Use:   "migrate --to postgres://USER@HOST/NAME",
		Short: "Move the installation from SQLite to PostgreSQL",
		Long: `Move the installation from SQLite to an empty PostgreSQL database, with all that it knows: users, keys, devices,
sessions, codes that were used, the audit log.

The server may go on meanwhile. It serves everything while a first copy is made, and reads only while what has changed
since is copied and every row is read back and compared: what would write is answered with 503, and nothing that was
acknowledged is lost. From then on the old database takes no writes any more, and no server starts on it. Stop the old
server and start the new one, with the same data directory and --database.

Run it again if it was stopped: it goes on where it was, and the old database stays in use until it is done.

A password is better given in SALLYPORT_TO, or in PGPASSWORD or a passfile, than in a flag, which all users of this
host can see.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			from = cmp.Or(from, "sqlite:"+filepath.Join(i.data, "sallyport.db"))
			if takeBack {
				return takeBackDatabase(cmd, from)
			}
			if to == "" {
				return errors.New("name the new database with --to")
			}
			keyset, err := seal.Open(i.keysetPath())
			if err != nil {
				return err
			}
			progress := moveProgress{out: cmd.ErrOrStderr()}
			options.Progress = progress.tell
			report, err := store.Move(cmd.Context(), from, to, keyset, options)
			if found := (*store.AuditFindingsError)(nil); errors.As(err, &found) {
				return errors.Join(fmt.Errorf("%w\nLook into it first. The move takes the log along as it is with --accept-audit-findings", err),
					&tamperedError{})
			}
			if err != nil {
				return err
			}
			printMove(cmd.OutOrStdout(), report)
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&i.data, "data", "./sallyport-data", "directory of the keyset and the embedded database")
	flags.StringVar(&i.keyset, "keyset", "", "file of the keys (default DATA/keyset.json)")
	flags.StringVar(&from, "from", "", "the old database: sqlite:PATH (default sqlite:DATA/sallyport.db)")
	flags.StringVar(&to, "to", "", "the new, empty database: postgres://USER@HOST/NAME")
	flags.BoolVar(&options.AcceptAuditFindings, "accept-audit-findings", false, "move although the audit log has been tampered with")
	flags.BoolVar(&takeBack, "take-back", false, "use the old database again, as it was when it was moved; what has happened since is only in the new one")
	cmd.MarkFlagsMutuallyExclusive("to", "take-back")
	return cmd
}

func takeBackDatabase(cmd *cobra.Command, from string) error {
	to, err := store.TakeBack(cmd.Context(), from)
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s can be used again, as it was when it was moved to %s.\n"+
		"Stop all servers on that one: what they change is not here, and a code that was used there could be used here again "+
		"for three minutes.\n", from, to)
	return nil
}

// moveProgress prints a line for each table that is done, and some for those that take long.
type moveProgress struct {
	out  io.Writer
	last time.Time
}

const progressInterval = 2 * time.Second

func (p *moveProgress) tell(m store.MoveProgress) {
	if m.Done || time.Since(p.last) > progressInterval {
		fmt.Fprintf(p.out, "%-9s  %-18s %d of %d rows\n", m.Pass, m.Table, m.Rows, m.Of)
		p.last = time.Now()
	}
}

func printMove(out io.Writer, report *store.MoveReport) {
	if report.Already {
		fmt.Fprintf(out, "It was moved to %s before. There is nothing to do.\n", report.To)
		return
	}
	var rows, secrets int64
	for _, table := range report.Tables {
		fmt.Fprintf(out, "%-18s %10d rows\n", table.Name, table.Rows)
		rows, secrets = rows+table.Rows, secrets+table.Secrets
	}
	fmt.Fprintf(out, "All %d rows were read back and are equal; all %d secrets among them open.\n%s\n"+
		"Moved to %s. Stop the old server, which can't write any more, and start the new one with --database.\n",
		rows, secrets, report.Audit, report.To)
}
