package iam_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/iam"
)

const newRootPassword = "another-horse-8-battery"

func changeRoot(oldPassword, newPassword string) *iam.ChangeRootPasswordInput {
	return &iam.ChangeRootPasswordInput{OldPassword: oldPassword, NewPassword: newPassword}
}

func TestChangeRootPassword(t *testing.T) {
	s := newService(t)
	root := s.signedIn(s.root, false)
	// The account's policy is for its users: root's password need not keep it.
	do[awsiam.UpdateAccountPasswordPolicyOutput](t, s, s.root, "UpdateAccountPasswordPolicy",
		&awsiam.UpdateAccountPasswordPolicyInput{MinimumPasswordLength: aws.Int32(100)})
	for _, tc := range []struct{ name, old, new, want string }{
		{"too short", rootPassword, "seven77", "PasswordPolicyViolation: The new password is refused: root's password must have 8 to 128 characters."},
		{"none", rootPassword, "", "PasswordPolicyViolation: The new password is refused: root's password must have 8 to 128 characters."},
		{"too long", rootPassword, strings.Repeat("x", 129), "PasswordPolicyViolation: The new password is refused: root's password must have 8 to 128 characters."},
		{"the e-mail address", rootPassword, "ROOT@example.com", "PasswordPolicyViolation: The new password is refused: root's password must not be the e-mail address."},
		{"the same", rootPassword, rootPassword, "AccessDenied: The new password must differ from the old one."},
		{"wrong old one", "wrong-horse", newRootPassword, "AccessDenied: The old password is wrong."},
		{"no old one", "", newRootPassword, "AccessDenied: The old password is wrong."},
	} {
		t.Run(tc.name, func(t *testing.T) { refused(t, s, root, "ChangeRootPassword", changeRoot(tc.old, tc.new), tc.want) })
	}
	s.hasPassword(t, s.root, rootPassword)
	if counted := s.wrongPasswords(t, accountID); counted.Failures != 2 {
		t.Errorf("%d wrong passwords are counted, want the 2", counted.Failures)
	}

	s.now.add(time.Minute)
	do[iam.ChangeRootPasswordOutput](t, s, root, "ChangeRootPassword", changeRoot(rootPassword, newRootPassword))
	s.hasPassword(t, s.root, newRootPassword)
	if p := s.profile(t, accountID); !p.Changed.Equal(s.Now()) || p.ResetRequired {
		t.Errorf("the password is of %v, reset required %v", p.Changed, p.ResetRequired)
	}
	if counted := s.wrongPasswords(t, accountID); counted.Failures != 0 {
		t.Errorf("a success leaves %d failures", counted.Failures)
	}

	records := s.records(t, "ChangeRootPassword")
	if len(records) != 8 {
		t.Errorf("%d records, want 8", len(records))
	}
	text, err := json.Marshal(records)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{rootPassword, newRootPassword, "wrong-horse", "seven77"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the records show the password %s", secret)
		}
	}
}

// Guesses at root's password wait like those at a user's, and share their count with sign-in.
func TestAttack07_GuessesAtRootsPasswordAreKept(t *testing.T) {
	s := newService(t)
	root := s.signedIn(s.root, false)
	for i := range 5 {
		refused(t, s, root, "ChangeRootPassword", changeRoot("wrong-horse", newRootPassword), "AccessDenied: The old password is wrong.")
		if counted := s.wrongPasswords(t, accountID); counted.Failures != i+1 || !counted.Last.Equal(s.now.Now()) {
			t.Fatalf("after %d failures the database says %d, %v", i+1, counted.Failures, counted.Last)
		}
	}
	refused(t, s, root, "ChangeRootPassword", changeRoot(rootPassword, newRootPassword), tooMany)
	s.now.add(30*time.Second - time.Millisecond)
	refused(t, s, root, "ChangeRootPassword", changeRoot(rootPassword, newRootPassword), tooMany)
	s.now.add(time.Millisecond)
	do[iam.ChangeRootPasswordOutput](t, s, root, "ChangeRootPassword", changeRoot(rootPassword, newRootPassword))
}
