package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/seal"
	"github.com/sallyport-iam/sallyport/store"
	"github.com/spf13/cobra"
)

// installation says where a Sallyport keeps its things: the flags that all commands share.
type installation struct {
	data     string
	database string
	keyset   string
}

func (i *installation) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&i.data, "data", "./sallyport-data", "directory of this node: the keyset, the credentials file and the embedded database")
	cmd.Flags().StringVar(&i.database, "database", "", "database: sqlite:PATH, or postgres://USER@HOST/NAME, which several nodes can share; "+
		"a password belongs in SALLYPORT_DATABASE, PGPASSWORD or a passfile, for flags are seen by all users of the host (default sqlite:DATA/sallyport.db)")
	cmd.Flags().StringVar(&i.keyset, "keyset", "", "file of the keys, the same for all nodes of a database (default DATA/keyset.json)")
}

func (i *installation) databaseURL() string {
	if i.database != "" {
		return i.database
	}
	return "sqlite:" + filepath.Join(i.data, "sallyport.db")
}

// embedded returns the path of the embedded database, if that is what the installation has.
func (i *installation) embedded() (path string, ok bool) {
	return strings.CutPrefix(i.databaseURL(), "sqlite:")
}

func (i *installation) keysetPath() string {
	if i.keyset != "" {
		return i.keyset
	}
	return filepath.Join(i.data, "keyset.json")
}

func (i *installation) nodePath() string        { return filepath.Join(i.data, "node") }
func (i *installation) lockPath() string        { return filepath.Join(i.data, "lock") }
func (i *installation) credentialsPath() string { return filepath.Join(i.data, "credentials") }

// opened is an installation with its files open.
type opened struct {
	keyset *seal.Keyset
	store  *store.Store
	node   string
}

// create opens the installation, making what is missing on the first start. A database without its keyset is
// not a first start: a new keyset could not open it.
func (i *installation) create(ctx context.Context, options store.Options) (*opened, error) {
	if err := os.MkdirAll(i.data, 0o700); err != nil {
		return nil, err
	}
	if _, err := os.Stat(i.keysetPath()); errors.Is(err, fs.ErrNotExist) {
		if err := i.createKeyset(ctx, options); err != nil {
			return nil, err
		}
	}
	return i.open(ctx, options)
}

// createKeyset makes the keyset of a new database, and refuses to make one for a database that has one.
func (i *installation) createKeyset(ctx context.Context, options store.Options) error {
	if path, embedded := i.embedded(); embedded {
		if _, err := os.Stat(path); err == nil {
			return fmt.Errorf("the database %s exists but its keyset %s does not: restore the keyset from your backup, "+
				"for without it the secrets in the database can't be opened", path, i.keysetPath())
		}
		if _, err := seal.Create(i.keysetPath()); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return nil
	}
	// Only a new database takes the keyset that it is opened with. The file has another name until then, so that a
	// wrong one is never found in its place; a start that was cut off in between goes on with it.
	pending := i.keysetPath() + ".new"
	keyset, err := seal.Create(pending)
	if errors.Is(err, fs.ErrExist) {
		keyset, err = seal.Open(pending)
	}
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, i.databaseURL(), keyset, options)
	if errors.Is(err, store.ErrOtherKeyset) {
		return errors.Join(fmt.Errorf("other nodes have used this database, and their keyset is not here: copy the first node's "+
			"keyset.json to %s, or name it with --keyset", i.keysetPath()), os.Remove(pending))
	}
	if err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	// Another node that is given the same file may be doing the same.
	if err := os.Link(pending, i.keysetPath()); err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := syncDirectory(filepath.Dir(pending)); err != nil {
		return err
	}
	if err := os.Remove(pending); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// checkDatabaseFile refuses an embedded database that is missing or empty although the installation has been
// started before: making a new one would look like a first start, and replace the credentials file.
func (i *installation) checkDatabaseFile() error {
	path, embedded := i.embedded()
	if _, err := os.Stat(i.nodePath()); !embedded || err != nil {
		return nil
	}
	if info, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return fmt.Errorf("the database %s is missing or empty, but %s has been started before: restore the database from your "+
			"backup, or start with a new data directory; if this node's database is PostgreSQL, say so with SALLYPORT_DATABASE or --database", path, i.data)
	}
	return nil
}

// open opens an installation that exists.
func (i *installation) open(ctx context.Context, options store.Options) (*opened, error) {
	keyset, err := seal.Open(i.keysetPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no keyset %s: name the data directory of an installation with --data", i.keysetPath())
	}
	if err != nil {
		return nil, err
	}
	if err := i.checkDatabaseFile(); err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, i.databaseURL(), keyset, options)
	if _, embedded := i.embedded(); errors.Is(err, store.ErrOtherKeyset) && !embedded {
		return nil, fmt.Errorf("%w; all nodes of a database have one keyset: copy the first node's keyset.json to %s, "+
			"or name it with --keyset", err, i.keysetPath())
	}
	if err != nil {
		return nil, err
	}
	node, err := i.node()
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return &opened{keyset: keyset, store: s, node: node}, nil
}

// use opens the installation for a local command and closes it afterwards.
func (i *installation) use(ctx context.Context, command func(*opened) error) error {
	at, err := i.open(ctx, store.Options{})
	if err != nil {
		return err
	}
	return errors.Join(command(at), at.store.Close())
}

// node is the name of this node in audit records: random, made once, kept in the data directory, so that local
// commands write into the hash chain of the server beside them.
func (i *installation) node() (string, error) {
	path := i.nodePath()
	text, err := os.ReadFile(path)
	if err == nil {
		if name := strings.TrimSpace(string(text)); len(name) == 16 {
			return name, nil
		}
		return "", fmt.Errorf("%s is damaged: it must hold the 16 characters of the node's name, which the audit log has too", path)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return i.newNode()
}

// newNode gives this node a new name.
func (i *installation) newNode() (string, error) {
	var b [8]byte
	rand.Read(b[:])
	name := hex.EncodeToString(b[:])
	return name, writeFile(i.nodePath(), name+"\n")
}

// writeFile writes a file that only its owner can read, all of it or nothing, and durably.
func writeFile(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDirectory(filepath.Dir(path))
}

// syncDirectory makes what was made and renamed in a directory durable.
func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// service is IAM for a local command: it writes every record, those of reads too, at once.
func (o *opened) service(log *slog.Logger) *iam.Service {
	return &iam.Service{
		Store:     o.store,
		Directory: iam.NewDirectory(o.store, iam.DirectoryBytes),
		Passwords: iam.NewPasswords(0),
		Now:       time.Now,
		Node:      o.node,
		Log:       log,
		Reads: func(e iam.AuditEntry) {
			err := o.store.Update(context.Background(), func(tx iam.Tx) error { return tx.AppendAudit(context.Background(), e) })
			if err != nil {
				log.Error("audit record lost", "error", err)
			}
		},
	}
}

// asRoot runs an operation that has no name on the wire, as the account's root on this host.
func (o *opened) asRoot(ctx context.Context, account, action string, in any) (any, error) {
	service := o.service(slog.Default())
	if account == "" {
		var err error
		if account, err = o.onlyAccount(ctx); err != nil {
			return nil, err
		}
	}
	principal, err := service.Directory.Principal(ctx, account, iam.RootUser, account)
	if errors.Is(err, iam.ErrNotFound) {
		return nil, fmt.Errorf("there is no account %s", account)
	}
	if err != nil {
		return nil, err
	}
	caller := &iam.Caller{
		Principal: principal, RequestID: audit.NewID(), Region: "us-east-1", SourceIP: "localhost",
		UserAgent: "sallyport/" + version() + " local command", Secure: true,
	}
	operations := service.Operations()
	for i := range operations {
		if op := &operations[i]; op.Action == action && op.Unlisted {
			return service.Do(ctx, caller, op, in)
		}
	}
	return nil, fmt.Errorf("no local operation %s", action)
}

// onlyAccount is the installation's account if it has just one.
func (o *opened) onlyAccount(ctx context.Context) (string, error) {
	var accounts []iam.Account
	err := o.store.View(ctx, func(tx iam.Tx) (err error) {
		accounts, err = tx.Accounts(ctx, iam.Page{Limit: 2})
		return err
	})
	switch {
	case err != nil:
		return "", err
	case len(accounts) == 0:
		return "", errors.New("the installation has no account yet: start the server once")
	case len(accounts) > 1:
		return "", errors.New("there are several accounts: name one with --account-id")
	}
	return accounts[0].ID, nil
}
