package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/store/pgtest"
)

// userNames lists the users of the account.
func (s *server) userNames() (names []string) {
	s.t.Helper()
	pages := awsiam.NewListUsersPaginator(s.iam(s.root()), &awsiam.ListUsersInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(s.t.Context())
		s.must("ListUsers", err)
		for _, u := range page.Users {
			names = append(names, *u.UserName)
		}
	}
	return names
}

// An installation with something of everything is moved beside its running server: what its clients hold stays good.
func TestMigrate(t *testing.T) {
	database := pgtest.NewDatabase(t)
	s := newServer(t)
	root := s.iam(s.root())

	// Users, groups, policies, roles.
	plain := s.user("plain", allow("iam:GetUser", "iam:ListUsers"))
	_, err := root.CreateGroup(t.Context(), &awsiam.CreateGroupInput{GroupName: aws.String("staff")})
	s.must("CreateGroup", err)
	_, err = root.AddUserToGroup(t.Context(), &awsiam.AddUserToGroupInput{GroupName: aws.String("staff"), UserName: aws.String("plain")})
	s.must("AddUserToGroup", err)
	document := allow("iam:ListGroups")
	policy, err := root.CreatePolicy(t.Context(), &awsiam.CreatePolicyInput{PolicyName: aws.String("groups"), PolicyDocument: &document})
	s.must("CreatePolicy", err)
	_, err = root.AttachGroupPolicy(t.Context(), &awsiam.AttachGroupPolicyInput{GroupName: aws.String("staff"), PolicyArn: policy.Policy.Arn})
	s.must("AttachGroupPolicy", err)

	// Devices of all kinds, a session, a console session, a code that was used.
	m := s.person("alice")
	s.oneWindow(m.serial)
	s.putPolicy("alice", denyWithoutMFA)
	role := s.role("visited", trusts("arn:aws:iam::"+accountID+":user/alice"))
	used := m.code(0)
	session, err := s.signIn(m, used)
	s.must("GetSessionToken", err)
	visit, err := s.assume(session, role, "", "")
	s.must("AssumeRole", err)
	admin := s.enterRoot()
	key := s.keyHolder(admin, "keyholder")
	spare := s.virtualDevice(s.root(), "spare")
	token := mfa.TOTP{Seed: mfa.NewSeed(), Period: time.Minute}
	s.beside(func(at *opened) {
		s.must("hardware token", at.store.Update(t.Context(), func(tx iam.Tx) error {
			return tx.InsertMFADevice(t.Context(), &iam.MFADevice{Account: accountID, Serial: "GAHT12345678", Kind: iam.HardwareDevice,
				Created: time.Now(), TOTP: token})
		}))
	})
	users := s.userNames()

	out, err := s.sallyport("migrate", "--to", database)
	if err != nil {
		t.Fatalf("migrate: %v\n%s", err, out)
	}
	for _, part := range []string{"copied     users", "caught up  mfa_devices", "verified   audit_records", "were read back and are equal", "Stop the old server"} {
		if !strings.Contains(out, part) {
			t.Errorf("migrate did not print %q:\n%s", part, out)
		}
	}
	if strings.Contains(out, passwordOf(t, database)) {
		t.Error("migrate printed the password")
	}

	// The old server reads, and says of a write that it can't.
	if _, err := s.iam(plain).GetUser(t.Context(), &awsiam.GetUserInput{}); err != nil {
		t.Errorf("reading from the old server: %v", err)
	}
	_, err = root.CreateUser(t.Context(), &awsiam.CreateUserInput{UserName: aws.String("late")})
	s.refused("writing to the old server", err, "ServiceUnavailable")
	if _, err := s.signIn(m, m.code(1)); errorCode(err) != "ServiceUnavailable" {
		t.Errorf("signing in at the old server: %v", err)
	}
	s.stop(syscall.SIGTERM)
	if said := s.refusedStart(); !strings.Contains(said, "was moved to postgres://127.0.0.1") || strings.Contains(said, passwordOf(t, database)) {
		t.Errorf("starting on the old database: %s", said)
	}

	s.database = database
	s.start()
	if got := s.userNames(); fmt.Sprint(got) != fmt.Sprint(users) {
		t.Errorf("users %q, want %q", got, users)
	}
	if _, err := s.iam(plain).ListGroups(t.Context(), &awsiam.ListGroupsInput{}); err != nil {
		t.Errorf("a policy of a group: %v", err)
	}
	for name, c := range map[string]aws.Credentials{"session": session, "role": visit} {
		if _, err := s.sts(c).GetCallerIdentity(t.Context(), &awssts.GetCallerIdentityInput{}); err != nil {
			t.Errorf("the %s made before: %v", name, err)
		}
	}
	if _, err := s.iam(session).ListUsers(t.Context(), &awsiam.ListUsersInput{}); err != nil {
		t.Errorf("the session made before has lost its MFA: %v", err)
	}
	_, err = s.signIn(m, used)
	s.refused("the code that was used before", err, "AccessDenied")
	_, err = s.signIn(m, m.code(1))
	s.must("the next code", err)
	if p := admin.register("plain", "after-the-move", s.newKey()); p.status != http.StatusOK {
		t.Errorf("the console session from before: %d %s", p.status, p.body)
	}
	b := s.atKey("keyholder")
	begun := b.post("/console/signin/key/begin")
	b.at("signed-in", b.post("/console/signin/key", "response", json.RawMessage(key.Get(begun.options))))
	s.must("the spare device", s.pair(s.root(), "plain", spare, spare.code(-1), spare.code(0)))
	hardware := device{"GAHT12345678", token}
	s.user("carrier", "")
	s.must("the hardware token", s.pair(s.root(), "carrier", hardware, hardware.code(-1), hardware.code(0)))
	if s.sent() == 0 {
		t.Error("there is no audit record of the old server's")
	}

	if out, err := s.sallyport("audit", "verify"); err != nil {
		t.Errorf("audit verify: %v\n%s", err, out)
	}
	s.stop(syscall.SIGTERM)
}

// sent counts the audit records of CreateGroup, which only the old server has been asked.
func (s *server) sent() (n int) {
	s.t.Helper()
	s.beside(func(at *opened) {
		records, err := at.store.AuditAfter(s.t.Context(), 0, 1000)
		s.must("AuditAfter", err)
		for _, r := range records {
			if strings.Contains(string(r.JSON), `"CreateGroup"`) {
				n++
			}
		}
	})
	return n
}

// A migration that is killed goes on when it is run again, and costs the running server nothing.
func TestMigrateIsKilled(t *testing.T) {
	database := pgtest.NewDatabase(t)
	s := newServer(t)
	s.beside(func(at *opened) { members(t, at, numbered("member", 500)...) })
	root := s.iam(s.root())
	for i, at := range []string{"copied     users", "copied     access_keys", "caught up  counters", "caught up  audit_records", "verified   users", "verified   audit_records"} {
		cmd := exec.Command(os.Args[0], "migrate", "--data", s.data, "--to", database)
		cmd.Env = s.environment()
		progress, err := cmd.StderrPipe()
		s.must("pipe", err)
		s.must("migrate", cmd.Start())
		reached := false
		for lines := bufio.NewScanner(progress); !reached && lines.Scan(); {
			if reached = strings.HasPrefix(lines.Text(), at); reached {
				s.must("kill", cmd.Process.Signal(syscall.SIGKILL))
			}
		}
		cmd.Wait()
		if !reached {
			t.Fatalf("the migration never came to %q", at)
		}
		if i < 5 { // the last may be done before the signal comes
			if cmd.ProcessState.Success() {
				t.Fatalf("the migration was faster than the signal at %q", at)
			}
			name := fmt.Sprintf("between%d", i)
			_, err = root.CreateUser(t.Context(), &awsiam.CreateUserInput{UserName: &name})
			s.must("CreateUser after the kill", err)
			_, err = root.DeleteUser(t.Context(), &awsiam.DeleteUserInput{UserName: aws.String(fmt.Sprintf("between%d", i-1))})
			if i > 0 {
				s.must("DeleteUser after the kill", err)
			}
			s.database = database
			if out, err := s.sallyport("audit", "verify"); err == nil || !strings.Contains(out, "is not finished") {
				t.Errorf("opening a half-filled database: %v, %s", err, out)
			}
			s.database = ""
		}
	}
	users := s.userNames()
	if out, err := s.sallyport("migrate", "--to", database); err != nil {
		t.Fatalf("migrate: %v\n%s", err, out)
	}
	s.stop(syscall.SIGTERM)
	s.database = database
	s.start()
	if got := s.userNames(); len(users) < 500 || fmt.Sprint(got) != fmt.Sprint(users) {
		t.Errorf("%d users %q, want %d %q", len(got), got, len(users), users)
	}
	if out, err := s.sallyport("audit", "verify"); err != nil {
		t.Errorf("audit verify: %v\n%s", err, out)
	}
}

func TestMigrateTakeBack(t *testing.T) {
	s := startServer(t, install(t))
	s.stop(syscall.SIGTERM)
	if out, err := s.sallyport("migrate", "--take-back"); err == nil || !strings.Contains(out, "was not moved") {
		t.Errorf("before: %v, %s", err, out)
	}
	if out, err := s.sallyport("migrate", "--to", pgtest.NewDatabase(t)); err != nil {
		t.Fatalf("migrate: %v\n%s", err, out)
	}
	if out, err := s.sallyport("migrate", "--take-back", "--from", "sqlite:"+filepath.Join(s.data, "sallyport.db")); err != nil {
		t.Errorf("%v, %s", err, out)
	}
	s.start()
	_, err := s.iam(s.root()).CreateUser(t.Context(), &awsiam.CreateUserInput{UserName: aws.String("late")})
	s.must("CreateUser", err)
}

func TestMigrateIsTold(t *testing.T) {
	s := &server{t: t, data: install(t)}
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, "--to"},
		{[]string{"--to", "sqlite:x.db"}, "postgres://"},
		{[]string{"--to", "postgres://u:hunter2@127.0.0.1:1/none"}, "127.0.0.1"},
		{[]string{"--to", "postgres://u:hunter2@127.0.0.1:port/none"}, "postgres"},
		{[]string{"--from", "sqlite:none.db", "--to", "postgres://127.0.0.1:1/none"}, "there is no database none.db"},
		{[]string{"--take-back", "--to", "postgres://127.0.0.1:1/none"}, "take-back"},
		{[]string{"--keyset", "none.json", "--to", "postgres://127.0.0.1:1/none"}, "none.json"},
	} {
		out, err := s.sallyport(append([]string{"migrate"}, test.args...)...)
		if err == nil || !strings.Contains(out, test.want) || strings.Contains(out, "hunter2") {
			t.Errorf("%q: %v, %s", test.args, err, out)
		}
	}
}
