package main

import (
	"fmt"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/spf13/cobra"
)

func rootUserCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "root", Short: "Help a root user back in"}
	var i installation
	var account string
	reset := &cobra.Command{
		Use:   "reset-mfa",
		Short: "Take all MFA devices off an account's root user, who has lost them",
		Long: `Take all MFA devices off an account's root user, who has lost them.

This is the break-glass: it needs this host, the data directory and its keyset, and it is written into the audit
log. Root's password and access keys stay as they are.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return i.use(cmd.Context(), func(at *opened) error {
				out, err := at.asRoot(cmd.Context(), account, "ResetRootMFA", &iam.ResetRootMFAInput{})
				if err != nil {
					return err
				}
				serials := out.(*iam.ResetRootMFAOutput).SerialNumbers
				if len(serials) == 0 {
					fmt.Fprintln(cmd.OutOrStdout(), "Root has no MFA device.")
				}
				for _, serial := range serials {
					fmt.Fprintf(cmd.OutOrStdout(), "Taken off: %s\n", serial)
				}
				return nil
			})
		},
	}
	i.flags(reset)
	reset.Flags().StringVar(&account, "account-id", "", "account (default: the only one)")
	cmd.AddCommand(reset)
	return cmd
}
