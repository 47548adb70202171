package main

import (
	"fmt"

	"github.com/sallyport-iam/sallyport/seal"
	"github.com/spf13/cobra"
)

func keysCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "keys", Short: "Manage the keyset"}
	var i installation
	rotate := &cobra.Command{
		Use:   "rotate",
		Short: "Seal and sign with new keys from now on",
		Long: `Seal and sign with new keys from now on. The old keys stay in the keyset and still open what they sealed. A
running server uses the new ones within a minute.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			keyset, err := seal.Open(i.keysetPath())
			if err != nil {
				return err
			}
			if err := keyset.Rotate(); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "The keys of %s were rotated. Back the file up.\n", i.keysetPath())
			return nil
		},
	}
	i.flags(rotate)
	cmd.AddCommand(rotate)
	return cmd
}
