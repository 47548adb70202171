package iam_test

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/iam"
)

func TestCreateAccount(t *testing.T) {
	s := newService(t)
	made, err := s.CreateAccount(t.Context(), iam.AccountRequest{Email: "Second@Example.com"})
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^[1-9][0-9]{11}$`).MatchString(made.ID) {
		t.Errorf("id %q", made.ID)
	}
	root := s.caller(t, made.AccessKeyID)
	if root.UserARN() != "arn:aws:iam::"+made.ID+":root" {
		t.Errorf("the key is of %s", root.UserARN())
	}
	credential, err := s.Directory.Credential(t.Context(), made.AccessKeyID)
	if err != nil || credential.Secret != made.SecretAccessKey {
		t.Errorf("the secret that was returned isn't the key's (%v)", err)
	}
	err = s.Store.View(t.Context(), func(tx iam.Tx) error {
		a, err := tx.AccountByEmail(t.Context(), "second@example.com")
		if err != nil {
			return err
		}
		p, err := tx.LoginProfile(t.Context(), a.ID, a.ID)
		if err != nil {
			return err
		}
		if ok, err := s.Passwords.Verify(t.Context(), p.Hash, made.Password); !ok || err != nil {
			t.Errorf("the password that was returned isn't root's (%v)", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	records, err := s.database.AuditTail(t.Context(), 1)
	if err != nil || len(records) != 1 {
		t.Fatalf("%d audit records, %v", len(records), err)
	}
	var record map[string]any
	if err := json.Unmarshal(records[0].JSON, &record); err != nil {
		t.Fatal(err)
	}
	if record["eventName"] != "CreateAccount" || record["recipientAccountId"] != made.ID {
		t.Errorf("the newest audit record is %s", records[0].JSON)
	}
	if text := string(records[0].JSON); strings.Contains(text, made.Password) || strings.Contains(text, made.SecretAccessKey) {
		t.Error("the audit record has a secret in it")
	}
	// Root may do everything in its account, and sees nothing of the other.
	if users := do[awsiam.ListUsersOutput](t, s, root, "ListUsers", &awsiam.ListUsersInput{}).Users; len(users) != 0 {
		t.Errorf("a new account has %d users", len(users))
	}
}

func TestCreateAccountRefusals(t *testing.T) {
	s := newService(t)
	for _, test := range []struct {
		name    string
		request iam.AccountRequest
		exists  bool
		text    string
	}{
		{"e-mail taken", iam.AccountRequest{Email: "ROOT@example.com"}, true, "e-mail"},
		{"id taken", iam.AccountRequest{Email: "x@example.com", ID: accountID}, true, accountID},
		{"no e-mail", iam.AccountRequest{}, false, "e-mail"},
		{"no address", iam.AccountRequest{Email: "root"}, false, "e-mail"},
		{"with a name", iam.AccountRequest{Email: "Root <x@example.com>"}, false, "e-mail"},
		{"long e-mail", iam.AccountRequest{Email: strings.Repeat("x", 250) + "@example.com"}, false, "e-mail"},
		{"short id", iam.AccountRequest{Email: "x@example.com", ID: "12345678901"}, false, "12 digits"},
		{"id of letters", iam.AccountRequest{Email: "x@example.com", ID: "12345678901x"}, false, "12 digits"},
		{"id of other digits", iam.AccountRequest{Email: "x@example.com", ID: "١٢٣٤٥٦"}, false, "12 digits"},
		{"weak password", iam.AccountRequest{Email: "x@example.com", Password: "shorter"}, false, "8 to 128 characters"},
		{"the e-mail as password", iam.AccountRequest{Email: "x1@example.com", Password: "X1@example.com"}, false, "e-mail"},
	} {
		t.Run(test.name, func(t *testing.T) {
			made, err := s.CreateAccount(t.Context(), test.request)
			if err == nil || made != nil {
				t.Fatalf("made %+v", made)
			}
			if errors.Is(err, iam.ErrExists) != test.exists || !strings.Contains(err.Error(), test.text) {
				t.Errorf("%v", err)
			}
		})
	}
	err := s.Store.View(t.Context(), func(tx iam.Tx) error {
		all, err := tx.Accounts(t.Context(), iam.Page{Limit: 10})
		if len(all) != 1 {
			t.Errorf("there are %d accounts", len(all))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
