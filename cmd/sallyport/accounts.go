package main

import (
	"fmt"
	"log/slog"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/spf13/cobra"
)

func accountsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "accounts", Short: "Manage accounts"}
	var i installation
	var email, id string
	create := &cobra.Command{
		Use:   "create --email ADDRESS",
		Short: "Create an account and print its root user's credentials",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return i.use(cmd.Context(), func(at *opened) error {
				account, err := at.service(slog.Default()).CreateAccount(cmd.Context(), iam.AccountRequest{ID: id, Email: email})
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "# Account %s, root user %s. Nothing of this is shown again.\n# Root password: %s\n%s",
					account.ID, account.RootEmail, account.Password, sharedCredentials(account))
				return nil
			})
		},
	}
	i.flags(create)
	create.Flags().StringVar(&email, "email", "", "e-mail address of the root user")
	create.Flags().StringVar(&id, "account-id", "", "12 digits (default random)")
	create.MarkFlagRequired("email")
	cmd.AddCommand(create)
	return cmd
}
