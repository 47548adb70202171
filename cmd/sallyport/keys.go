package main

import (
	"errors"
	"fmt"

	"github.com/sallyport-iam/sallyport/seal"
	"github.com/spf13/cobra"
)

func keysCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "keys", Short: "Manage the keyset"}
	var i installation
	var prepare, activate bool
	rotate := &cobra.Command{
		Use:   "rotate",
		Short: "Seal and sign with new keys from now on",
		Long: `Seal and sign with new keys from now on. The old keys stay in the keyset and still open what they sealed. A
running server uses the new ones within a minute.

Several nodes, each with a copy of the file, take two steps, so that none of them is handed what it can't open:

  sallyport keys rotate --prepare     adds new keys that are not used yet; copy the file to all nodes
  sallyport keys rotate --activate    when all nodes have it: uses them; copy the file to all nodes again

Keys that were prepared were not in the file before, so after a leak of it these two steps are enough, where a
rotation without --prepare must be done twice.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			keyset, err := seal.Open(i.keysetPath())
			if err != nil {
				return err
			}
			change, done := keyset.Rotate, "The keys of %s were rotated. Back the file up.\nOther nodes that have a copy of it need the new one before the next rotation.\n"
			switch {
			case prepare:
				change, done = keyset.Prepare, "New keys were added to %s and are not used yet. Copy the file to all nodes, "+
					"wait until sallyport status shows the same KEYS for all, and run sallyport keys rotate --activate.\n"
			case activate:
				change, done = keyset.Activate, "The new keys of %s are used from now on. Copy the file to all nodes, and back it up.\n"
			}
			err = change()
			switch {
			case errors.Is(err, seal.ErrPrepared):
				return fmt.Errorf("%w: copy %s to all nodes, wait until sallyport status shows the same KEYS for all, and run sallyport keys rotate --activate", err, i.keysetPath())
			case errors.Is(err, seal.ErrNotPrepared):
				return fmt.Errorf("%w: run sallyport keys rotate --prepare first", err)
			case err != nil:
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), done, i.keysetPath())
			return nil
		},
	}
	i.flags(rotate)
	rotate.Flags().BoolVar(&prepare, "prepare", false, "add new keys and don't use them yet")
	rotate.Flags().BoolVar(&activate, "activate", false, "use the keys that were prepared")
	rotate.MarkFlagsMutuallyExclusive("prepare", "activate")
	cmd.AddCommand(rotate)
	return cmd
}
