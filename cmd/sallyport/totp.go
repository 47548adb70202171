package main

import (
	"encoding/base32"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/spf13/cobra"
)

func totpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "totp FILE",
		Short: "Print the last and the present code of a seed, for scripts and first steps without a phone",
		Long: `Print the last and the present code of a seed, parted by a blank. FILE holds the seed as
aws iam create-virtual-mfa-device --bootstrap-method Base32StringSeed writes it.

The two codes are consecutive, so they bind the device with aws iam enable-mfa-device; each of them is then good
once more to sign in with. Needs no server and no data directory.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimSpace(string(text)))
			totp := mfa.TOTP{Seed: seed}
			if err != nil || totp.Valid() != nil {
				return errors.New("the file does not hold a seed in base32") // the text of err could quote it
			}
			step := totp.Step(time.Now())
			_, err = fmt.Fprintln(cmd.OutOrStdout(), totp.Code(step-1), totp.Code(step))
			return err
		},
	}
}
