package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/store"
	"github.com/sallyport-iam/sallyport/sts"
)

const accountID = "111122223333"

// installed is the data directory of a server that has started once: its files by name. Copying them saves every
// test the first start, whose password hash is slow on purpose.
var installed = sync.OnceValues(func() (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "sallyport-installed-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	i := installation{data: dir}
	at, err := i.create(context.Background(), store.Options{})
	if err != nil {
		return nil, err
	}
	o := serveOptions{installation: i, accountID: accountID, rootPassword: rootPassword}
	_, err = o.firstStart(context.Background(), at)
	if err := errors.Join(err, at.store.Close()); err != nil {
		return nil, err
	}
	files := make(map[string][]byte)
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		text, readErr := os.ReadFile(filepath.Join(dir, e.Name()))
		files[e.Name()], err = text, errors.Join(err, readErr)
	}
	return files, err
})

// install makes a data directory with an account and its root user.
func install(t *testing.T) (data string) {
	t.Helper()
	files, err := installed()
	if err != nil {
		t.Fatal(err)
	}
	data = filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(data, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return data
}

// newServer starts a server that has an account already.
func newServer(t *testing.T) *server {
	t.Helper()
	s := startServer(t, install(t))
	t.Cleanup(s.neverPanicked)
	return s
}

// crash kills the server without warning and starts it again.
func (s *server) crash() {
	s.t.Helper()
	s.stop(syscall.SIGKILL)
	s.start()
}

// beside opens the installation beside the running server, as the local commands do, and closes it again: only
// the server itself has the database open when it is killed.
func (s *server) beside(do func(at *opened)) {
	s.t.Helper()
	i := s.installation()
	at, err := i.open(s.t.Context(), store.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() {
		if err := at.store.Close(); err != nil {
			s.t.Error(err)
		}
	}()
	do(at)
}

// openInstallation opens an installation for as long as the test runs.
func openInstallation(t *testing.T, data string) *opened {
	t.Helper()
	i := installation{data: data}
	at, err := i.open(t.Context(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := at.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return at
}

// device is an authenticator as its owner has it: it knows the time and the seed.
type device struct {
	serial string
	totp   mfa.TOTP
}

// code is what the device showed so many steps ago, or will show.
func (d device) code(steps int64) string { return d.totp.Code(d.totp.Step(time.Now()) + steps) }

// wrong is a code that no step near now has.
func (d device) wrong() string {
	near := make(map[string]bool)
	for i := int64(-20); i <= 20; i++ {
		near[d.code(i)] = true
	}
	for i := 0; ; i++ {
		if c := fmt.Sprintf("%06d", i); !near[c] {
			return c
		}
	}
}

// member is a user with an access key and an MFA device.
type member struct {
	name string
	key  aws.Credentials
	device
}

// randomText is random base32, as the ids have it.
func randomText(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return base32.StdEncoding.EncodeToString(b)[:n]
}

// members puts users into the database, each with an access key and an MFA device that is bound to them.
func members(t *testing.T, at *opened, names ...string) []member {
	t.Helper()
	all := make([]member, len(names))
	now := time.Now()
	for i := range all {
		m := &all[i]
		m.name = names[i]
		m.key = aws.Credentials{AccessKeyID: "AKIA" + randomText(16), SecretAccessKey: randomText(40)}
		m.device = device{"arn:aws:iam::" + accountID + ":mfa/" + m.name, mfa.TOTP{Seed: mfa.NewSeed()}}
	}
	err := at.store.Update(t.Context(), func(tx iam.Tx) error {
		for _, m := range all {
			u := &iam.User{Account: accountID, ID: "AIDA" + randomText(17), Name: m.name, Path: "/", Created: now}
			err := errors.Join(
				tx.InsertUser(t.Context(), u),
				tx.InsertAccessKey(t.Context(), &iam.AccessKey{
					Account: accountID, ID: m.key.AccessKeyID, OwnerID: u.ID, Secret: m.key.SecretAccessKey, Active: true, Created: now,
				}),
				tx.InsertMFADevice(t.Context(), &iam.MFADevice{
					Account: accountID, Serial: m.serial, Kind: iam.VirtualDevice, OwnerID: u.ID, Created: now, Enabled: now, TOTP: m.totp,
				}))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// numbered are as many names.
func numbered(prefix string, count int) []string {
	names := make([]string, count)
	for i := range names {
		names[i] = fmt.Sprintf("%s%d", prefix, i)
	}
	return names
}

// member makes one user with an access key and an MFA device.
func (s *server) member(name string) (m member) {
	s.t.Helper()
	s.beside(func(at *opened) { m = members(s.t, at, name)[0] })
	return m
}

// state is what the database remembers of a device.
func (s *server) state(serial string) mfa.State {
	s.t.Helper()
	return s.states(serial)[0]
}

func (s *server) states(serials ...string) (states []mfa.State) {
	s.t.Helper()
	s.beside(func(at *opened) {
		err := at.store.View(s.t.Context(), func(tx iam.Tx) error {
			for _, serial := range serials {
				d, err := tx.MFADevice(s.t.Context(), accountID, serial)
				if err != nil {
					return err
				}
				states = append(states, d.State)
			}
			return nil
		})
		s.must("MFADevice", err)
	})
	return states
}

// setState changes what the database remembers of a device.
func (s *server) setState(serial string, change func(*mfa.State)) {
	s.t.Helper()
	s.beside(func(at *opened) {
		err := at.store.Update(s.t.Context(), func(tx iam.Tx) error {
			d, err := tx.LockMFADevice(s.t.Context(), accountID, serial)
			if err != nil {
				return err
			}
			change(&d.State)
			return tx.UpdateMFADevice(s.t.Context(), d)
		})
		s.must("UpdateMFADevice", err)
	})
}

// oneWindow makes a device's budget of attempts that of a later window, so that no window of the clock's begins
// in the middle of a test and refills it.
func (s *server) oneWindow(serial string) {
	s.t.Helper()
	s.setState(serial, func(state *mfa.State) { state.Budget = mfa.Budget{Window: time.Now().Unix()/180 + 10} })
}

// user makes a user with an access key and, if given, an inline policy, over the wire.
func (s *server) user(name, policy string) aws.Credentials {
	s.t.Helper()
	return s.userOf(s.root(), name, policy)
}

func (s *server) userOf(root aws.Credentials, name, policy string) aws.Credentials {
	s.t.Helper()
	client := s.iam(root)
	_, err := client.CreateUser(s.t.Context(), &awsiam.CreateUserInput{UserName: &name})
	s.must("CreateUser", err)
	if policy != "" {
		_, err = client.PutUserPolicy(s.t.Context(), &awsiam.PutUserPolicyInput{UserName: &name, PolicyName: aws.String("inline"), PolicyDocument: &policy})
		s.must("PutUserPolicy", err)
	}
	out, err := client.CreateAccessKey(s.t.Context(), &awsiam.CreateAccessKeyInput{UserName: &name})
	s.must("CreateAccessKey", err)
	return aws.Credentials{AccessKeyID: *out.AccessKey.AccessKeyId, SecretAccessKey: *out.AccessKey.SecretAccessKey}
}

// putPolicy gives a user an inline policy.
func (s *server) putPolicy(user, policy string) {
	s.t.Helper()
	_, err := s.iam(s.root()).PutUserPolicy(s.t.Context(), &awsiam.PutUserPolicyInput{
		UserName: &user, PolicyName: aws.String("inline"), PolicyDocument: &policy,
	})
	s.must("PutUserPolicy", err)
}

// role makes a role with a trust policy.
func (s *server) role(name, trust string) (arn string) {
	s.t.Helper()
	out, err := s.iam(s.root()).CreateRole(s.t.Context(), &awsiam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
	s.must("CreateRole", err)
	return *out.Role.Arn
}

// virtualDevice makes an unassigned device over the wire.
func (s *server) virtualDevice(c aws.Credentials, name string) device {
	s.t.Helper()
	out, err := s.iam(c).CreateVirtualMFADevice(s.t.Context(), &awsiam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: &name})
	s.must("CreateVirtualMFADevice", err)
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(string(out.VirtualMFADevice.Base32StringSeed))
	s.must("seed", err)
	return device{*out.VirtualMFADevice.SerialNumber, mfa.TOTP{Seed: seed}}
}

// pair sends a device's codes of two steps to EnableMFADevice.
func (s *server) pair(c aws.Credentials, user string, d device, first, second string) error {
	_, err := s.iam(c).EnableMFADevice(s.t.Context(), &awsiam.EnableMFADeviceInput{
		UserName: &user, SerialNumber: &d.serial, AuthenticationCode1: &first, AuthenticationCode2: &second,
	})
	return err
}

// signIn sends a code of the member's device to GetSessionToken.
func (s *server) signIn(m member, code string) (aws.Credentials, error) {
	out, err := s.sts(m.key).GetSessionToken(s.t.Context(), &awssts.GetSessionTokenInput{SerialNumber: &m.serial, TokenCode: &code})
	if err != nil {
		return aws.Credentials{}, err
	}
	return aws.Credentials{
		AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey, SessionToken: *out.Credentials.SessionToken,
	}, nil
}

// assume assumes a role, with a code of the member's device unless it is "".
func (s *server) assume(c aws.Credentials, role, serial, code string) (aws.Credentials, error) {
	in := &awssts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("session")}
	if code != "" {
		in.SerialNumber, in.TokenCode = &serial, &code
	}
	out, err := s.sts(c).AssumeRole(s.t.Context(), in)
	if err != nil {
		return aws.Credentials{}, err
	}
	return aws.Credentials{
		AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey, SessionToken: *out.Credentials.SessionToken,
	}, nil
}

func (s *server) must(what string, err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%s: %v", what, err)
	}
}

// refused checks that a call was answered with an error code of AWS.
func (s *server) refused(what string, err error, code string) {
	s.t.Helper()
	if got := errorCode(err); got != code {
		s.t.Errorf("%s: answered %s (%v), want %s", what, got, err, code)
	}
}

// errorCode is the AWS error code in an error of the SDK: "accepted" if there is none, "no answer" if the server
// did not answer.
func errorCode(err error) string {
	var answer smithy.APIError
	switch {
	case err == nil:
		return "accepted"
	case errors.As(err, &answer):
		return answer.ErrorCode()
	default:
		return "no answer"
	}
}

func errorMessage(err error) string {
	var answer smithy.APIError
	if errors.As(err, &answer) {
		return answer.ErrorMessage()
	}
	return ""
}

// metric is a value of /metrics.
func (s *server) metric(name string) float64 {
	s.t.Helper()
	for line := range strings.Lines(s.get(s.url + "/metrics").body) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			number, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				s.t.Fatal(err)
			}
			return number
		}
	}
	s.t.Fatalf("/metrics has no %s", name)
	return 0
}

// fingerprint is a hash over all that the installation knows, without the audit log, without when keys were used last
// and without when nodes were seen: two are the same if nothing was changed in between.
func (s *server) fingerprint() string {
	s.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.data, "sallyport.db")+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	hash := sha256.New()
	for _, table := range tablesOf(s.t, db) {
		if table == "nodes" || strings.HasPrefix(table, "audit_") || strings.HasPrefix(table, "goose_") || strings.HasPrefix(table, "sqlite_") {
			continue
		}
		rows, err := db.Query("SELECT * FROM " + table + " ORDER BY 1, 2")
		if err != nil {
			s.t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			s.t.Fatal(err)
		}
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			if err := rows.Scan(values...); err != nil {
				s.t.Fatal(err)
			}
			for i, column := range columns {
				if table == "access_keys" && strings.HasPrefix(column, "used") {
					continue
				}
				fmt.Fprintf(hash, "%s.%s=%v\n", table, column, *values[i].(*any))
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			s.t.Fatal(err)
		}
	}
	return hex.EncodeToString(hash.Sum(nil))
}

func tablesOf(t *testing.T, db *sql.DB) (names []string) {
	t.Helper()
	rows, err := db.Query("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil || len(names) < 10 {
		t.Fatalf("tables %v, %v", names, err)
	}
	return names
}

// logged is what the server has logged.
func (s *server) logged() []byte {
	s.t.Helper()
	text, err := os.ReadFile(s.log)
	if err != nil {
		s.t.Fatal(err)
	}
	return text
}

// auditIsClean ends the server and verifies its audit log.
func (s *server) auditIsClean() {
	s.t.Helper()
	s.stop(syscall.SIGTERM)
	out, err := s.sallyport("audit", "verify")
	if err != nil {
		s.t.Errorf("audit verify: %v\n%s", err, out)
	}
}

// neverPanicked checks the server's log for a crash of one request's goroutine, which net/http survives.
func (s *server) neverPanicked() {
	s.t.Helper()
	for _, sign := range []string{"panic", "DATA RACE", "goroutine "} {
		if log := s.logged(); bytes.Contains(log, []byte(sign)) {
			s.t.Errorf("the server's log speaks of %q:\n%s", sign, log)
		}
	}
}

// allow is a policy document that allows actions on everything.
func allow(actions ...string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["` + strings.Join(actions, `","`) + `"],"Resource":"*"}]}`
}

// denyWithoutMFA is the standard policy that takes everything from those who signed in without MFA, but allows
// all with it.
const denyWithoutMFA = `{"Version":"2012-10-17","Statement":[
	{"Effect":"Allow","Action":"*","Resource":"*"},
	{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}]}`

// trusts is a trust policy for a principal.
func trusts(principal string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + principal + `"},"Action":"sts:AssumeRole"}]}`
}

// allOperations is the table of IAM and STS.
func allOperations(at *opened) []iam.Operation {
	service := at.service(nil)
	tokens := &sts.Service{Directory: service.Directory, Keys: at.keyset, Now: time.Now}
	return append(service.Operations(), tokens.Operations()...)
}

// fieldsOf are the names of a struct's fields.
func fieldsOf(in any) (names []string) {
	for t, i := reflect.TypeOf(in).Elem(), 0; i < t.NumField(); i++ {
		names = append(names, t.Field(i).Name)
	}
	return names
}

// eventually waits for what another process does in its own time.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not seen in 10 seconds: %s", what)
		}
	}
}
