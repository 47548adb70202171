package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/seal"
	"github.com/sallyport-iam/sallyport/store"
	"github.com/spf13/cobra"
)

func auditCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "audit", Short: "Read and verify the audit log"}
	cmd.AddCommand(auditTailCommand(), auditVerifyCommand())
	return cmd
}

func auditTailCommand() *cobra.Command {
	var i installation
	var lines int
	var follow bool
	cmd := &cobra.Command{
		Use:   "tail",
		Short: "Print the newest audit records, oldest first, one JSON object a line",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return i.use(cmd.Context(), func(at *opened) error {
				return tail(cmd.Context(), cmd.OutOrStdout(), at.store, lines, follow)
			})
		},
	}
	i.flags(cmd)
	cmd.Flags().IntVar(&lines, "lines", 10, "how many records to begin with")
	cmd.Flags().BoolVar(&follow, "follow", false, "go on printing records as they come")
	return cmd
}

const followBatch = 500

// tail prints the newest records and, with follow, those that come, until ctx ends.
func tail(ctx context.Context, out io.Writer, s *store.Store, lines int, follow bool) error {
	records, err := s.AuditTail(ctx, max(lines, 1)) // one at least, to know where to go on
	if err != nil {
		return err
	}
	var last int64
	if lines <= 0 && len(records) > 0 {
		last, records = records[0].ID, nil
	}
	for {
		for _, r := range records {
			if _, err := fmt.Fprintf(out, "%s\n", r.JSON); err != nil {
				return err
			}
			last = r.ID
		}
		if !follow {
			return nil
		}
		if len(records) < followBatch {
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(followInterval):
			}
		}
		if records, err = s.AuditAfter(ctx, last, followBatch); err != nil {
			return err
		}
	}
}

// tamperedError is what a failed verification ends with: the program's exit status is 3.
type tamperedError struct{}

func (*tamperedError) Error() string { return "the audit log has been tampered with" }

func auditVerifyCommand() *cobra.Command {
	var i installation
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Prove that no audit record was changed, removed or inserted",
		Long: `Prove that no audit record was changed, removed or inserted, or name the first that was.

It reads the database and the keyset, and needs no running server. The exit status is 3 if the log has been
tampered with.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return i.use(cmd.Context(), func(at *opened) error {
				keys := at.keyset.PublicKeys()
				var report *audit.Report
				err := at.store.ReadAudit(cmd.Context(), func(source audit.Source) (err error) {
					report, err = audit.Verify(cmd.Context(), source, func(message, signature []byte) error {
						return seal.Verify(keys, message, signature)
					})
					return err
				})
				if err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), report)
				if !report.OK() {
					return &tamperedError{}
				}
				return nil
			})
		},
	}
	i.flags(cmd)
	return cmd
}
