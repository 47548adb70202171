package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/seal"
	"github.com/sallyport-iam/sallyport/store"
)

// installation is a data directory full of users, made without a server.
type installation struct {
	data  string
	users []user
}

// user is an IAM user with three policies and, unless they are empty, an access key and an MFA device.
type user struct {
	name        string
	accessKeyID string
	secret      string
	serial      string
	totp        mfa.TOTP
}

// policies are what every user has: managed, and shared by all, as a team's would be. The last one allows the
// measured reads.
var policies = []struct{ name, document string }{
	{"deny-without-mfa", `{"Version":"2012-10-17","Statement":{"Sid":"NoMFA","Effect":"Deny",
		"NotAction":["iam:EnableMFADevice","iam:GetUser","iam:ListUsers","iam:ListMFADevices","sts:GetSessionToken"],"Resource":"*",
		"Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}}`},
	{"own-devices", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"iam:CreateVirtualMFADevice","Resource":"arn:aws:iam::*:mfa/*"},
		{"Effect":"Allow","Action":["iam:EnableMFADevice","iam:ListMFADevices","iam:ResyncMFADevice"],
			"Resource":"arn:aws:iam::*:user/${aws:username}"}]}`},
	{"read-users", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["iam:GetUser","iam:ListUsers"],
		"Resource":"arn:aws:iam::*:user/*","Condition":{"IpAddress":{"aws:SourceIp":["127.0.0.0/8","10.0.0.0/8"]}}}}`},
}

const account = "123456789012"

// seed makes an installation at its first use, in which half of the users have an MFA device.
func (b *bench) seed() (*installation, error) {
	if b.seeded != nil {
		return b.seeded, nil
	}
	at := &installation{data: filepath.Join(b.dir, "seeded")}
	for i := range b.size.users {
		at.users = append(at.users, newUser(i, true, i < b.size.users/2))
	}
	if err := at.create(b.ctx, "", len(at.users), func(i int) user { return at.users[i] }); err != nil {
		return nil, err
	}
	b.seeded = at
	return at, nil
}

// create makes the installation's directory with a number of users, in a database of its own or that of a URL. It goes
// through the store's own code, many users a commit.
func (at *installation) create(ctx context.Context, database string, users int, user func(i int) user) error {
	if err := os.Mkdir(at.data, 0o700); err != nil {
		return err
	}
	keyset, err := seal.Create(filepath.Join(at.data, "keyset.json"))
	if err != nil {
		return err
	}
	if database == "" {
		database = "sqlite:" + filepath.Join(at.data, "sallyport.db")
	}
	s, err := store.Open(ctx, database, keyset, store.Options{})
	if err != nil {
		return err
	}
	return errors.Join(fill(ctx, s, users, user), s.Close())
}

func fill(ctx context.Context, s *store.Store, users int, user func(i int) user) error {
	service := iam.Service{
		Store: s, Directory: iam.NewDirectory(s, iam.DirectoryBytes), Passwords: iam.NewPasswords(1), Now: time.Now, Node: "bench",
	}
	if _, err := service.CreateAccount(ctx, iam.AccountRequest{ID: account, Email: "root@localhost"}); err != nil {
		return err
	}
	if err := s.Update(ctx, func(tx iam.Tx) error { return addPolicies(ctx, tx) }); err != nil {
		return err
	}
	const batch = 500
	for first := 0; first < users; first += batch {
		err := s.Update(ctx, func(tx iam.Tx) error {
			for i := first; i < min(first+batch, users); i++ {
				u := user(i)
				if err := u.insert(ctx, tx, i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func policyARN(name string) string { return "arn:aws:iam::" + account + ":policy/" + name }

func addPolicies(ctx context.Context, tx iam.Tx) error {
	for i, p := range policies {
		id := fmt.Sprintf("ANPA%017d", i)
		if err := tx.InsertManagedPolicy(ctx, &iam.ManagedPolicy{
			Account: account, ID: id, Name: p.name, Path: "/", Created: time.Now(), DefaultVersion: 1, LastVersion: 1,
		}); err != nil {
			return err
		}
		if err := tx.InsertPolicyVersion(ctx, id, iam.PolicyVersion{Number: 1, Document: p.document, Created: time.Now()}); err != nil {
			return err
		}
	}
	return nil
}

// newUser is the user of a number. The secret of an access key follows from its id, so that an installation that was kept
// can be used again.
func newUser(i int, key, device bool) user {
	u := user{name: fmt.Sprintf("user-%07d", i)}
	if key {
		u.accessKeyID = fmt.Sprintf("AKIA%016d", i)
		hash := sha256.Sum256([]byte(u.accessKeyID))
		u.secret = hex.EncodeToString(hash[:20])
	}
	if device {
		u.serial = "arn:aws:iam::" + account + ":mfa/" + u.name
		u.totp = mfa.TOTP{Seed: mfa.NewSeed()}
	}
	return u
}

func (u *user) insert(ctx context.Context, tx iam.Tx, i int) error {
	id, now := fmt.Sprintf("AIDA%017d", i), time.Now()
	if err := tx.InsertUser(ctx, &iam.User{Account: account, ID: id, Name: u.name, Path: "/", Created: now}); err != nil {
		return err
	}
	if u.accessKeyID != "" {
		if err := tx.InsertAccessKey(ctx, &iam.AccessKey{
			Account: account, ID: u.accessKeyID, OwnerID: id, Secret: u.secret, Active: true, Created: now,
		}); err != nil {
			return err
		}
	}
	for _, p := range policies {
		if err := tx.AttachPolicy(ctx, account, id, policyARN(p.name)); err != nil {
			return err
		}
	}
	if u.serial == "" {
		return nil
	}
	return tx.InsertMFADevice(ctx, &iam.MFADevice{
		Account: account, Serial: u.serial, Kind: iam.VirtualDevice, OwnerID: id, Created: now, Enabled: now, TOTP: u.totp,
	})
}

// copyTo copies the installation for a server to use. The copy is on the disk when it returns: what the kernel
// writes later would slow the commits that are measured.
func (at *installation) copyTo(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for _, name := range []string{"keyset.json", "sallyport.db"} {
		if err := copyFile(filepath.Join(at.data, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	file, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, source)
	return errors.Join(err, file.Sync(), file.Close())
}

// serveCopy starts a server over a copy of the seeded installation, of its own.
func (b *bench) serveCopy(name string, flags ...string) (*process, *installation, error) {
	at, err := b.seed()
	if err != nil {
		return nil, nil, err
	}
	data := filepath.Join(b.dir, name)
	if err := at.copyTo(data); err != nil {
		return nil, nil, err
	}
	p, err := b.serve(data, flags...)
	return p, at, err
}
