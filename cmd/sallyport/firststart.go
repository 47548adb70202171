package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sallyport-iam/sallyport/iam"
)

// started is what the first start has made; nil at later starts.
type started struct {
	account  *iam.NewAccount
	printPwd bool // the password was made here, and this is the only time it is shown
}

// firstStart makes the account and its root user if the installation has none, and writes the credentials file.
func (o *serveOptions) firstStart(ctx context.Context, at *opened) (*started, error) {
	service := at.service(nil)
	if err := iam.InstallBuiltinPolicies(ctx, at.store, service.Now()); err != nil {
		return nil, err
	}
	var accounts []iam.Account
	err := at.store.View(ctx, func(tx iam.Tx) (err error) {
		accounts, err = tx.Accounts(ctx, iam.Page{Limit: 1})
		return err
	})
	if err != nil || len(accounts) > 0 {
		return nil, err
	}
	email := o.rootEmail
	if email == "" {
		email = "root@localhost"
	}
	// A database that is empty by mistake, such as one of a wrong name, is not to cost the key to the right one.
	if _, embedded := o.embedded(); !embedded {
		if err := os.Rename(o.credentialsPath(), o.credentialsPath()+".before"); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	written := false
	account, err := service.CreateAccount(ctx, iam.AccountRequest{
		ID: o.accountID, Email: email, Password: o.rootPassword, First: true,
		// The file is written before the account is committed: a start that is cut off in between makes both anew.
		Before: func(a *iam.NewAccount) error {
			written = true
			return writeFile(o.credentialsPath(), sharedCredentials(a))
		},
	})
	if errors.Is(err, iam.ErrExists) { // another node that started at the same time has made one, and its credentials
		if written {
			return nil, os.Remove(o.credentialsPath())
		}
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the account could not be made: %w", err)
	}
	return &started{account: account, printPwd: o.rootPassword == ""}, nil
}

// sharedCredentials is an AWS shared credentials file with the root user's access key.
func sharedCredentials(a *iam.NewAccount) string {
	return fmt.Sprintf("[root]\naws_access_key_id = %s\naws_secret_access_key = %s\n", a.AccessKeyID, a.SecretAccessKey)
}

// greet prints where the server is and, after the first start, what to do next. A nil receiver is a later start.
func (s *started) greet(out io.Writer, address string, o *serveOptions) {
	endpoint := "http://" + address
	if s == nil {
		fmt.Fprintf(out, "\nSallyport listens on %s. The management console is at %s.\n\n", endpoint, o.externalURL)
		return
	}
	fmt.Fprintf(out, "\nAccount %s with root user %s was created.\n", s.account.ID, s.account.RootEmail)
	if s.printPwd {
		fmt.Fprintf(out, "Root password, shown this once: %s\n", s.account.Password)
	}
	fmt.Fprintf(out, "Root's access key is in %s (profile \"root\").\n", o.credentialsPath())
	program, err := os.Executable()
	if err != nil {
		program = "sallyport"
	}
	fmt.Fprintf(out, "\nThe management console is at %s. Sign in there using the root user email, and give root a second factor.\n", o.externalURL)
	fmt.Fprintf(out, "\nSallyport listens on %s. Or in another terminal, paste:\n\n%s\n", endpoint,
		strings.NewReplacer("{endpoint}", endpoint, "{credentials}", absolute(o.credentialsPath()), "{sallyport}", program).Replace(nextSteps))
}

// absolute is the path as another terminal needs it.
func absolute(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}

// nextSteps lets a newcomer enrol a user's first MFA device with the stock AWS CLI, without a phone. Every CLI
// version honours --endpoint-url; the variable, which also covers the calls that the CLI makes on its own for a
// profile with a role, only newer ones. There are no comments in it: an interactive zsh would run them.
const nextSteps = `  export AWS_SHARED_CREDENTIALS_FILE="{credentials}" AWS_PROFILE=root AWS_DEFAULT_REGION=us-east-1
  export AWS_ENDPOINT_URL={endpoint}
  sally() { aws --endpoint-url {endpoint} "$@"; }

  sally sts get-caller-identity
  sally iam create-user --user-name alice
  serial=$(sally iam create-virtual-mfa-device --virtual-mfa-device-name alice --outfile alice.seed \
    --bootstrap-method Base32StringSeed --query VirtualMFADevice.SerialNumber --output text)
  set -- $("{sallyport}" totp alice.seed)
  sally iam enable-mfa-device --user-name alice --serial-number "$serial" \
    --authentication-code1 "$1" --authentication-code2 "$2"
  sally iam list-mfa-devices --user-name alice

"sallyport totp" prints two consecutive codes, as an authenticator app shows them. README.md goes on from here.
`
