package iam

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/sallyport-iam/sallyport/wire"
)

// CredentialReport is the account's newest credential report. Content is empty while it is being made.
type CredentialReport struct {
	Account   string
	Started   time.Time
	Generated time.Time // zero until complete
	Content   []byte    // CSV
}

// CredentialReportStore keeps one report per account.
type CredentialReportStore interface {
	CredentialReport(ctx context.Context, account string) (*CredentialReport, error)
	PutCredentialReport(ctx context.Context, r *CredentialReport) error
}

const (
	// reportLife is for how long a report is returned instead of a new one (IAM User Guide, "Generate credential
	// reports for your AWS account").
	reportLife = 4 * time.Hour
	// reportPatience is after how long a report that was begun and not completed is begun again: whoever was making
	// it has been stopped.
	reportPatience = time.Minute
)

func (r *CredentialReport) complete(now time.Time) bool {
	return !r.Generated.IsZero() && now.Before(r.Generated.Add(reportLife))
}

func (r *CredentialReport) inProgress(now time.Time) bool {
	return r.Generated.IsZero() && now.Before(r.Started.Add(reportPatience))
}

// prepareCredentialReport makes a report if one is due, on a snapshot. The account's row is claimed first, so that
// of the calls that come at the same time, to any node, one makes it; the others see it in progress. It returns
// nil when there is nothing to store.
func (s *Service) prepareCredentialReport(ctx context.Context, c *Caller, _ *awsiam.GenerateCredentialReportInput) (*CredentialReport, error) {
	now := s.Now()
	due := false
	err := s.Store.Update(ctx, func(tx Tx) error {
		r, err := tx.CredentialReport(ctx, c.Account)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if err == nil && (r.complete(now) || r.inProgress(now)) {
			due = false
			return nil
		}
		err = tx.PutCredentialReport(ctx, &CredentialReport{Account: c.Account, Started: now})
		due = err == nil
		return err
	})
	if err != nil || !due {
		return nil, err
	}
	r := &CredentialReport{Account: c.Account, Started: now}
	err = s.Store.View(ctx, func(tx Tx) error {
		content, err := credentialReport(ctx, tx, c.Account)
		r.Content = content
		return err
	})
	r.Generated = s.Now()
	return r, err
}

// GenerateCredentialReport makes the account's credential report, unless there is one of the last four hours. As
// on AWS the call that makes it answers STARTED, and later ones COMPLETE.
func (s *Service) GenerateCredentialReport(ctx context.Context, tx Tx, c *Caller, _ *awsiam.GenerateCredentialReportInput, made *CredentialReport) (*awsiam.GenerateCredentialReportOutput, error) {
	if made != nil {
		return &awsiam.GenerateCredentialReportOutput{
			State:       types.ReportStateTypeStarted,
			Description: aws.String("No report exists. Starting a new report generation task"),
		}, tx.PutCredentialReport(ctx, made)
	}
	r, err := tx.CredentialReport(ctx, c.Account)
	if err != nil {
		return nil, err
	}
	if r.Generated.IsZero() {
		return &awsiam.GenerateCredentialReportOutput{State: types.ReportStateTypeInprogress}, nil
	}
	return &awsiam.GenerateCredentialReportOutput{State: types.ReportStateTypeComplete}, nil
}

// GetCredentialReport returns the account's newest report. Its refusals have no message on AWS either.
func (s *Service) GetCredentialReport(ctx context.Context, tx Tx, c *Caller, _ *awsiam.GetCredentialReportInput) (*awsiam.GetCredentialReportOutput, error) {
	r, err := tx.CredentialReport(ctx, c.Account)
	if errors.Is(err, ErrNotFound) {
		return nil, wire.Errorf("ReportNotPresent", "")
	}
	if err != nil {
		return nil, err
	}
	switch now := s.Now(); {
	case r.complete(now):
		return &awsiam.GetCredentialReportOutput{
			Content: r.Content, ReportFormat: types.ReportFormatTypeTextCsv, GeneratedTime: aws.Time(r.Generated),
		}, nil
	case r.inProgress(now):
		return nil, wire.Errorf("ReportInProgress", "")
	case r.Generated.IsZero(): // given up
		return nil, wire.Errorf("ReportNotPresent", "")
	default:
		return nil, wire.Errorf("ReportExpired", "")
	}
}

// reportColumns are the columns of a report (IAM User Guide, "Understand the report format").
var reportColumns = []string{
	"user", "arn", "user_creation_time",
	"password_enabled", "password_last_used", "password_last_changed", "password_next_rotation", "mfa_active",
	"access_key_1_active", "access_key_1_last_rotated",
	"access_key_1_last_used_date", "access_key_1_last_used_region", "access_key_1_last_used_service",
	"access_key_2_active", "access_key_2_last_rotated",
	"access_key_2_last_used_date", "access_key_2_last_used_region", "access_key_2_last_used_service",
	"cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated",
}

// usersPerReportPage is how many users are read at a time.
const usersPerReportPage = 1000

// credentialReport writes the report: root first, then the users by name, lines parted by line feeds and none at
// the end.
func credentialReport(ctx context.Context, tx Tx, account string) ([]byte, error) {
	rules, err := passwordPolicy(ctx, tx, account)
	if err != nil {
		return nil, err
	}
	a, err := tx.Account(ctx, account)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	lines := csv.NewWriter(&text)
	lines.Write(reportColumns) // writing to memory can't fail
	root := User{Account: account, ID: account, Name: "<root_account>", Created: a.Created}
	users := []User{root}
	for page := (Page{Limit: usersPerReportPage}); len(users) > 0; {
		credentials, err := credentialsOf(ctx, tx, account, transform(users, func(u User) string { return u.ID }))
		if err != nil {
			return nil, err
		}
		for _, u := range users {
			lines.Write(credentials.line(&u, rules))
		}
		if users, err = tx.Users(ctx, account, page); err != nil {
			return nil, err
		}
		if len(users) > 0 {
			page.After = users[len(users)-1].Name
		}
	}
	lines.Flush()
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}

// credentials are those of a page of users, by the users' ids.
type credentials struct {
	passwords map[string]LoginProfile
	devices   map[string][]MFADevice
	keys      map[string][]AccessKey
}

func credentialsOf(ctx context.Context, tx Tx, account string, ids []string) (all credentials, err error) {
	if all.passwords, err = tx.LoginProfiles(ctx, account, ids); err != nil {
		return all, err
	}
	if all.devices, err = tx.MFADevicesOfAll(ctx, account, ids); err != nil {
		return all, err
	}
	all.keys, err = tx.AccessKeysOfAll(ctx, account, ids)
	return all, err
}

// line is a user's line of the report.
func (all *credentials) line(u *User, rules *PasswordPolicy) []string {
	const none = "N/A"
	date := func(t time.Time, otherwise string) string {
		if t.IsZero() {
			return otherwise
		}
		return t.UTC().Format("2006-01-02T15:04:05Z")
	}
	arn, isRoot := u.ARN(), u.ID == u.Account
	if isRoot {
		arn = RootARN(u.Account)
	}
	line := []string{u.Name, arn, date(u.Created, none)}

	password, ok := all.passwords[u.ID]
	used, next := none, none
	if ok {
		used, next = date(password.LastUsed, "no_information"), date(rules.Expires(password.Changed), none)
	}
	if isRoot {
		next = "not_supported"
	}
	line = append(line, strconv.FormatBool(ok), used, date(password.Changed, none), next,
		strconv.FormatBool(len(all.devices[u.ID]) > 0))

	keys := all.keys[u.ID]
	for slot := range maxAccessKeys {
		var k AccessKey
		if slot < len(keys) {
			k = keys[slot]
		}
		region, service := none, none
		if !k.LastUse.Time.IsZero() {
			region, service = k.LastUse.Region, k.LastUse.Service
		}
		line = append(line, strconv.FormatBool(k.Active), date(k.Created, none), date(k.LastUse.Time, none), region, service)
	}
	return append(line, "false", none, "false", none)
}
