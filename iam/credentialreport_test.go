package iam_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
)

func (s *service) generate(t *testing.T) types.ReportStateType {
	t.Helper()
	return do[awsiam.GenerateCredentialReportOutput](t, s, s.root, "GenerateCredentialReport", &awsiam.GenerateCredentialReportInput{}).State
}

func (s *service) report(t *testing.T) *awsiam.GetCredentialReportOutput {
	t.Helper()
	return do[awsiam.GetCredentialReportOutput](t, s, s.root, "GetCredentialReport", &awsiam.GetCredentialReportInput{})
}

func TestCredentialReport(t *testing.T) {
	s := newService(t)
	refused(t, s, s.root, "GetCredentialReport", &awsiam.GetCredentialReportInput{}, "ReportNotPresent")

	out := do[awsiam.GenerateCredentialReportOutput](t, s, s.root, "GenerateCredentialReport", &awsiam.GenerateCredentialReportInput{})
	if out.State != types.ReportStateTypeStarted || *out.Description != "No report exists. Starting a new report generation task" {
		t.Errorf("the first call answers %s, %q", out.State, *out.Description)
	}
	first := s.report(t)
	if first.ReportFormat != types.ReportFormatTypeTextCsv || !first.GeneratedTime.Equal(s.now.Now()) {
		t.Errorf("%s of %v", first.ReportFormat, first.GeneratedTime)
	}

	// It is reused for four hours, whatever changes.
	s.user(t, "alice", "")
	s.now.add(4*time.Hour - time.Second)
	out = do[awsiam.GenerateCredentialReportOutput](t, s, s.root, "GenerateCredentialReport", &awsiam.GenerateCredentialReportInput{})
	if out.State != types.ReportStateTypeComplete || out.Description != nil {
		t.Errorf("a later call answers %s", out.State)
	}
	if again := s.report(t); string(again.Content) != string(first.Content) || !again.GeneratedTime.Equal(*first.GeneratedTime) {
		t.Error("the report changed within four hours")
	}
	s.now.add(time.Second)
	refused(t, s, s.root, "GetCredentialReport", &awsiam.GetCredentialReportInput{}, "ReportExpired")
	if state := s.generate(t); state != types.ReportStateTypeStarted {
		t.Errorf("after four hours: %s", state)
	}
	if again := s.report(t); !strings.Contains(string(again.Content), "\nalice,") {
		t.Error("the new report lacks the new user")
	}
}

func TestCredentialReportContent(t *testing.T) {
	s := newService(t)
	s.user(t, "zoe", "")
	bob := withPassword(t, s, "Bob")
	do[awsiam.CreateUserOutput](t, s, s.root, "CreateUser", &awsiam.CreateUserInput{UserName: aws.String("a,b"), Path: aws.String(`/x"y/`)})
	second := do[awsiam.CreateAccessKeyOutput](t, s, s.root, "CreateAccessKey", &awsiam.CreateAccessKeyInput{UserName: aws.String("Bob")}).AccessKey
	do[awsiam.UpdateAccountPasswordPolicyOutput](t, s, s.root, "UpdateAccountPasswordPolicy", &awsiam.UpdateAccountPasswordPolicyInput{MaxPasswordAge: aws.Int32(30)})
	do[awsiam.UpdateAccessKeyOutput](t, s, s.root, "UpdateAccessKey", &awsiam.UpdateAccessKeyInput{
		UserName: aws.String("Bob"), AccessKeyId: second.AccessKeyId, Status: types.StatusTypeInactive,
	})
	made := s.now.Now().Format(time.RFC3339)
	s.now.add(time.Hour)
	later := s.now.Now()
	err := s.Store.Update(t.Context(), func(tx iam.Tx) error {
		p, err := tx.LoginProfile(t.Context(), accountID, accountID)
		if err != nil {
			return err
		}
		p.LastUsed = later
		if err := tx.UpdateLoginProfile(t.Context(), p); err != nil {
			return err
		}
		if err := tx.InsertMFADevice(t.Context(), &iam.MFADevice{
			Account: accountID, Serial: "GAHT12345678", Kind: iam.HardwareDevice, OwnerID: bob.ID, Created: later, Enabled: later,
			TOTP: mfa.TOTP{Seed: mfa.NewSeed()},
		}); err != nil {
			return err
		}
		return tx.RecordAccessKeyUse(t.Context(), map[string]iam.AccessKeyUse{
			bob.AccessKeyID: {Time: later, Region: "eu-west-1", Service: "iam"},
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	s.generate(t)

	used := "true," + made + "," + later.Format(time.RFC3339) + ",eu-west-1,iam"
	unused, off, none := "true,"+made+",N/A,N/A,N/A", "false,"+made+",N/A,N/A,N/A", "false,N/A,N/A,N/A,N/A"
	keysOfBob := used + "," + off
	if *second.AccessKeyId < bob.AccessKeyID { // slots are in the order of the ids
		keysOfBob = off + "," + used
	}
	const certificates = "false,N/A,false,N/A"
	want := strings.Join([]string{
		"user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active," +
			"access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service," +
			"access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service," +
			"cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated",
		"<root_account>,arn:aws:iam::123456789012:root," + made + ",true," + later.Format(time.RFC3339) + "," + made + ",not_supported,false," +
			unused + "," + none + "," + certificates,
		`"a,b","arn:aws:iam::123456789012:user/x""y/a,b",` + made + ",false,N/A,N/A,N/A,false," + none + "," + none + "," + certificates,
		"Bob,arn:aws:iam::123456789012:user/Bob," + made + ",true,no_information," + made + ",2026-10-11T13:14:52Z,true," +
			keysOfBob + "," + certificates,
		"zoe,arn:aws:iam::123456789012:user/zoe," + made + ",false,N/A,N/A,N/A,false," + unused + "," + none + "," + certificates,
	}, "\n")
	if got := string(s.report(t).Content); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A report is as long as the account has users, read page by page.
func TestCredentialReportOfManyUsers(t *testing.T) {
	s := newService(t)
	const users = 2345
	err := s.Store.Update(t.Context(), func(tx iam.Tx) error {
		for i := range users {
			u := &iam.User{Account: accountID, ID: fmt.Sprintf("AIDA%017d", i), Name: fmt.Sprintf("User%05d", i), Path: "/", Created: s.now.Now()}
			if err := tx.InsertUser(context.Background(), u); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.generate(t)
	lines := strings.Split(string(s.report(t).Content), "\n")
	if len(lines) != users+2 {
		t.Fatalf("%d lines, want %d", len(lines), users+2)
	}
	for i, line := range lines[2:] {
		if !strings.HasPrefix(line, fmt.Sprintf("User%05d,", i)) {
			t.Fatalf("line %d is %q", i+2, line)
		}
	}
}

// A server that is stopped while it makes a report leaves it in progress for a minute.
func TestCredentialReportIsBegunAgain(t *testing.T) {
	s := newService(t)
	err := s.Store.Update(t.Context(), func(tx iam.Tx) error {
		return tx.PutCredentialReport(context.Background(), &iam.CredentialReport{Account: accountID, Started: s.now.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	s.now.add(time.Minute - time.Second)
	if state := s.generate(t); state != types.ReportStateTypeInprogress {
		t.Errorf("within the minute: %s", state)
	}
	refused(t, s, s.root, "GetCredentialReport", &awsiam.GetCredentialReportInput{}, "ReportInProgress")
	s.now.add(time.Second)
	refused(t, s, s.root, "GetCredentialReport", &awsiam.GetCredentialReportInput{}, "ReportNotPresent")
	if state := s.generate(t); state != types.ReportStateTypeStarted {
		t.Errorf("after the minute: %s", state)
	}
	s.report(t)
}

// Of calls at the same time one makes the report.
func TestCredentialReportIsMadeOnce(t *testing.T) {
	s := newService(t)
	var started atomic.Int32
	var calls sync.WaitGroup
	for range 8 {
		calls.Go(func() {
			out, err := s.call(context.Background(), s.root, "GenerateCredentialReport", &awsiam.GenerateCredentialReportInput{})
			if err != nil {
				t.Error(err)
			} else if out.(*awsiam.GenerateCredentialReportOutput).State == types.ReportStateTypeStarted {
				started.Add(1)
			}
		})
	}
	calls.Wait()
	if started.Load() != 1 {
		t.Errorf("%d calls made the report", started.Load())
	}
	s.report(t)
}

// A client that goes away while its report is made leaves nothing but the claim.
func TestCredentialReportOfAClientThatLeft(t *testing.T) {
	s := newService(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.call(ctx, s.root, "GenerateCredentialReport", &awsiam.GenerateCredentialReportInput{}); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
	s.now.add(time.Minute)
	if state := s.generate(t); state != types.ReportStateTypeStarted {
		t.Errorf("a minute later: %s", state)
	}
}
