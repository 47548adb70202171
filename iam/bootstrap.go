package iam

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"net/mail"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sallyport-iam/sallyport/audit"
)

// AccountRequest says what account to make. ID and Password are chosen at random if they are "".
type AccountRequest struct {
	Email    string // of root; unique over all accounts, without regard to case
	ID       string // 12 digits
	Password string // of root
	First    bool   // only if there is no account at all yet; otherwise the error is ErrExists

	// Before is called before the account is committed, perhaps more than once; if it fails there is no account.
	Before func(*NewAccount) error // optional
}

// NewAccount is a new account with the credentials of its root user, which are shown this once.
type NewAccount struct {
	Account
	Password        string
	AccessKeyID     string
	SecretAccessKey string
}

// CreateAccount makes an account with a root user that has a password and an access key, all in one transaction
// with its audit record. It returns an error that is ErrExists if the id or the e-mail address is taken, or the account is
// not the first that it was to be.
//
// It is no operation: whoever may call it has the host and the database, and no account yet.
func (s *Service) CreateAccount(ctx context.Context, request AccountRequest) (*NewAccount, error) {
	if address, err := mail.ParseAddress(request.Email); err != nil || address.Address != request.Email || len(request.Email) > 254 {
		return nil, fmt.Errorf("%q is not an e-mail address", request.Email)
	}
	if request.ID != "" && !IsAccountID(request.ID) {
		return nil, fmt.Errorf("account id %q: must be 12 digits", request.ID)
	}
	if request.Password == "" {
		request.Password = NewPassword()
	} else if err := checkRootPassword(request.Password, request.Email); err != nil {
		return nil, err
	}
	hash, err := s.Passwords.Hash(ctx, request.Password)
	if err != nil {
		return nil, err
	}
	var made *NewAccount
	err = s.Store.Update(ctx, func(tx Tx) error {
		made, err = s.createAccount(ctx, tx, request, hash)
		if err == nil && request.Before != nil {
			err = request.Before(made)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	s.Directory.Forget(made.ID, made.AccessKeyID)
	return made, nil
}

// checkRootPassword asks for length and not for kinds of characters (NIST SP 800-63B-4 §3.1.1.2): whoever sets
// root's password has the host, and an account's password policy is for its users.
func checkRootPassword(password, email string) error {
	if n := utf8.RuneCountInString(password); n < defaultPasswordLength || n > 128 {
		return fmt.Errorf("root's password must have %d to 128 characters", defaultPasswordLength)
	}
	if strings.EqualFold(password, email) {
		return errors.New("root's password must not be the e-mail address")
	}
	return nil
}

func (s *Service) createAccount(ctx context.Context, tx Tx, request AccountRequest, hash string) (*NewAccount, error) {
	if request.First {
		accounts, err := tx.Accounts(ctx, Page{Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(accounts) > 0 {
			return nil, fmt.Errorf("an account: %w", ErrExists)
		}
	}
	if _, err := tx.AccountByEmail(ctx, request.Email); err == nil {
		return nil, fmt.Errorf("an account with the e-mail address %s: %w", request.Email, ErrExists)
	} else if !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	id, err := freeAccountID(ctx, tx, request.ID)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	a := Account{ID: id, RootEmail: request.Email, Created: now}
	if err := tx.InsertAccount(ctx, &a); err != nil {
		return nil, fmt.Errorf("account %s: %w", id, err)
	}
	if err := tx.InsertLoginProfile(ctx, &LoginProfile{Account: id, OwnerID: id, Hash: hash, Created: now, Changed: now}); err != nil {
		return nil, fmt.Errorf("root's password: %w", err)
	}
	k := newAccessKey(id, id, now)
	if err := tx.InsertAccessKey(ctx, k); err != nil {
		return nil, fmt.Errorf("root's access key: %w", err)
	}
	if err := changed(ctx, tx, id, id, k.ID); err != nil {
		return nil, err
	}
	entry, err := s.accountCreated(&a, k.ID, now)
	if err != nil {
		return nil, err
	}
	if err := tx.AppendAudit(ctx, entry); err != nil {
		return nil, err
	}
	return &NewAccount{a, request.Password, k.ID, k.Secret}, nil
}

// freeAccountID checks that an id is free, or draws one that is.
func freeAccountID(ctx context.Context, tx Tx, wanted string) (string, error) {
	for range 10 {
		id := wanted
		if wanted == "" {
			id = randomAccountID()
		}
		_, err := tx.Account(ctx, id)
		switch {
		case errors.Is(err, ErrNotFound):
			return id, nil
		case err != nil:
			return "", err
		case wanted != "":
			return "", fmt.Errorf("account %s: %w", wanted, ErrExists)
		}
	}
	return "", errors.New("found no free account id")
}

// randomAccountID draws one of the 12-digit numbers without a leading zero, which spreadsheets would drop.
func randomAccountID() string {
	const first, ids = 100_000_000_000, 900_000_000_000
	n, err := rand.Int(rand.Reader, big.NewInt(ids))
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return strconv.FormatInt(first+n.Int64(), 10)
}

// accountCreated is the audit record of a new account.
func (s *Service) accountCreated(a *Account, accessKeyID string, now time.Time) (AuditEntry, error) {
	const name = "CreateAccount"
	r := audit.Record{
		EventTime: audit.Time(now), EventSource: "iam.amazonaws.com", EventName: name, EventType: audit.ServiceEvent,
		EventID: audit.NewID(), ManagementEvent: true, RecipientAccountID: a.ID,
		UserIdentity:      audit.UserIdentity{Type: "AWSService", InvokedBy: "sallyport"},
		RequestParameters: map[string]any{"email": a.RootEmail},
		ResponseElements:  map[string]any{"accountId": a.ID, "accessKeyId": accessKeyID},
	}
	text, err := r.Marshal()
	return AuditEntry{Account: a.ID, Node: s.Node, Time: now.UnixMilli(), EventName: name, Record: text}, err
}
