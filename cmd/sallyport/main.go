// Command sallyport is the identity service and its local tools.
//
//	sallyport serve               run the service
//	sallyport status              show the nodes of the database, and how they are
//	sallyport accounts create     add an account, print its root's credentials
//	sallyport tokens import       load hardware TOTP tokens into an account's inventory
//	sallyport root reset-mfa      take root's lost MFA devices off
//	sallyport audit tail|verify   read the audit log, prove that it is whole
//	sallyport keys rotate         make new keys; the old ones still open what they sealed
//	sallyport migrate             move the installation from SQLite to PostgreSQL
//	sallyport totp                print the codes of a seed, for first steps without a phone
//
// The local tools need the data directory (its keyset above all) and the database, not a running server; beside
// one they work too. Every flag can be given as an environment variable instead: --external-url is
// SALLYPORT_EXTERNAL_URL.
//
// This package is the only place that knows all the others: serve.go wires them together.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func main() {
	os.Exit(run(os.Args[1:]))
}

// run is main for tests: it returns the exit status.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := rootCommand()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, "sallyport:", err)
	var found *tamperedError
	if errors.As(err, &found) {
		return 3
	}
	return 1
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:               "sallyport",
		Short:             "A self-hosted identity service that speaks AWS IAM and STS and means multi-factor",
		Version:           version(),
		SilenceUsage:      true,
		SilenceErrors:     true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return fromEnvironment(cmd.Flags()) },
	}
	root.AddCommand(serveCommand(), statusCommand(), accountsCommand(), tokensCommand(), rootUserCommand(), auditCommand(), keysCommand(), migrateCommand(), totpCommand())
	return root
}

// fromEnvironment sets the flags that were not given from SALLYPORT_<FLAG>.
func fromEnvironment(flags *pflag.FlagSet) error {
	var failed error
	flags.VisitAll(func(f *pflag.Flag) {
		name := "SALLYPORT_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value, set := os.LookupEnv(name)
		if f.Changed || !set || failed != nil {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			failed = fmt.Errorf("%s: %w", name, err)
		}
	})
	return failed
}
