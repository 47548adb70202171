package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/spf13/cobra"
)

func tokensCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "tokens", Short: "Manage hardware TOTP tokens"}
	var i installation
	var account, passwordFile string
	load := &cobra.Command{
		Use:   "import FILE",
		Short: "Load hardware TOTP tokens into an account's inventory, from OATH CSV or PSKC",
		Long: `Load hardware TOTP tokens into an account's inventory. FILE is one of

  OATH CSV   a line a token: serial,seed in hex or base32[,TOTP,digits,period]
  PSKC       RFC 6030 XML, plain or encrypted with a password (--password-file, or standard input with -)

A file with a bad line is refused whole, and the line is named. Afterwards a token is bound with its serial
number and two codes, by aws iam enable-mfa-device or in the console. Delete FILE then: it holds the seeds.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			tokens, err := readTokens(args[0], passwordFile, cmd.InOrStdin())
			if err != nil {
				return err
			}
			if n := sharedSeeds(tokens); n > 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "warning: %d tokens of the file have the seed of another: a code of one is a code of the other\n", n)
			}
			return i.use(cmd.Context(), func(at *opened) error {
				if _, err := at.asRoot(cmd.Context(), account, "ImportHardwareTokens", &iam.ImportTokensInput{Tokens: tokens}); err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "Tokens imported: %d. Each can be assigned by its serial number.\n", len(tokens))
				return nil
			})
		},
	}
	i.flags(load)
	load.Flags().StringVar(&account, "account-id", "", "account (default: the only one)")
	load.Flags().StringVar(&passwordFile, "password-file", "", "file with the password of an encrypted PSKC file; - is standard input")
	cmd.AddCommand(load)
	return cmd
}

// readTokens reads a seed file; XML is told from CSV by its first character.
func readTokens(path, passwordFile string, stdin io.Reader) ([]mfa.Token, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var password []byte
	if passwordFile != "" {
		if password, err = readPassword(passwordFile, stdin); err != nil {
			return nil, err
		}
	}
	var tokens []mfa.Token
	text := bufio.NewReader(f)
	start, _ := text.Peek(512)
	if bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\xef\xbb\xbf")), " \t\r\n"), []byte("<")) {
		tokens, err = mfa.ReadPSKC(text, password)
	} else {
		tokens, err = mfa.ReadCSV(text)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w; nothing was imported", path, err)
	}
	return tokens, nil
}

// sharedSeeds counts the tokens whose seed an earlier one has. Real batches have none; test files do.
func sharedSeeds(tokens []mfa.Token) (n int) {
	seen := make(map[string]bool, len(tokens))
	for _, t := range tokens {
		if seed := string(t.TOTP.Seed); seen[seed] {
			n++
		} else {
			seen[seed] = true
		}
	}
	return n
}

func readPassword(path string, stdin io.Reader) ([]byte, error) {
	const longest = 4096
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		stdin = f
	}
	text, err := io.ReadAll(io.LimitReader(stdin, longest))
	return []byte(strings.TrimRight(string(text), "\r\n")), err
}
