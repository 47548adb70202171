package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
)

func TestAttack03_ReplayBetweenTheConsoleAndTheWire(t *testing.T) {
	s := newServer(t)
	m := s.person("alice")
	role := s.role("role", trusts("arn:aws:iam::"+accountID+":user/alice"))
	s.oneWindow(m.serial)

	first := m.code(-1)
	b := s.halfway(m)
	b.at("signed-in", b.code(m.serial, first))
	_, err := s.signIn(m, first)
	s.refused("the console's code at GetSessionToken", err, "AccessDenied")
	_, err = s.assume(m.key, role, m.serial, first)
	s.refused("the console's code at AssumeRole", err, "AccessDenied")
	again := s.halfway(m)
	again.at("AuthenticationFailed", again.code(m.serial, first))

	next := m.code(0)
	_, err = s.signIn(m, next)
	s.must("GetSessionToken with the next code", err)
	again.at("AuthenticationFailed", again.code(m.serial, next))
	if again.alive() {
		t.Error("a used code signed in")
	}
	s.crash()
	again.at("AuthenticationFailed", again.code(m.serial, next))
	again.at("signed-in", again.code(m.serial, m.code(1)))
}

func TestAttack12_WhatABrowserControlsSplitsNoPasswordCount(t *testing.T) {
	s := newServer(t)
	m := s.person("Alice")
	_, err := s.iam(s.root()).CreateAccountAlias(t.Context(), &awsiam.CreateAccountAliasInput{AccountAlias: aws.String("acme")})
	s.must("CreateAccountAlias", err)
	cookie, csrf := token(1)
	wrong := func(b *browser) page { return b.password("Alice", "Wrong-password-1") }
	for i, try := range []func() page{
		func() page { return wrong(s.browser()) },
		func() page { return wrong(&browser{s: s, cookie: cookie, csrf: csrf, header: http.Header{}}) },
		func() page {
			return wrong(s.browser().with("X-Forwarded-For", "203.0.113.7").with("User-Agent", "Another/2.0").with("Forwarded", "for=203.0.113.8"))
		},
		func() page {
			return s.browser().post("/console/signin/password", "account", "acme", "userName", "ALICE", "password", "Wrong-password-2")
		},
		func() page {
			return s.browser().post("/console/signin/password?x="+randomText(8), "account", accountID, "userName", "aLICE", "password", "")
		},
	} {
		if p := try(); p.is() != "AuthenticationFailed" {
			t.Fatalf("wrong password %d: %d %s", i+1, p.status, p.body)
		}
		if n := s.failures("Alice"); n != i+1 {
			t.Fatalf("after %d wrong passwords %d are counted", i+1, n)
		}
	}
	for _, spelled := range [][2]string{{accountID, "Alice"}, {accountID, "alice"}, {"acme", "ALICE"}} {
		p := s.browser().with("X-Forwarded-For", randomText(8)).post("/console/signin/password", "account", spelled[0], "userName", spelled[1], "password", rootPassword)
		if p.is() != "TooManyAttempts" || p.status != http.StatusTooManyRequests || p.error.RetryAfter < 1 || p.cookies() != 0 {
			t.Errorf("the right password of %v: %d %s", spelled, p.status, p.body)
		}
	}
	// Over the wire the old password is the same secret.
	s.putPolicy(m.name, allow("iam:ChangePassword"))
	if a := s.changePassword(m.key, rootPassword, "Another-Password-1"); a.code != "EntityTemporarilyUnmodifiable" {
		t.Errorf("ChangePassword with the right password after wrong ones at the console: %d %s", a.status, a.body)
	}
}

// cookies is how many cookies an answer sets.
func (p page) cookies() int { return len(p.header.Values("Set-Cookie")) }

func TestAttack13_SpellingsOfAnIdentityShareOnePasswordCount(t *testing.T) {
	s := newServer(t)
	bob := s.person("Bob")
	s.putPolicy("Bob", allow("iam:ChangePassword"))
	for i := range 5 {
		if a := s.changePassword(bob.key, "Wrong-password-1", "Another-Password-1"); a.code != "AccessDenied" {
			t.Fatalf("wrong old password %d: %d %s", i+1, a.status, a.body)
		}
	}
	b := s.browser()
	b.at("TooManyAttempts", b.password("bob", rootPassword))

	for i, email := range []string{rootEmail, "ROOT@localhost", "Root@LocalHost", "rOOt@lOCALHOST", rootEmail} {
		b.at("AuthenticationFailed", b.post("/console/signin/password", "email", email, "password", "Wrong-password-1"))
		if n := s.failures(""); n != i+1 {
			t.Errorf("root as %s: %d failures counted, want %d", email, n, i+1)
		}
	}
	b.at("TooManyAttempts", b.post("/console/signin/password", "email", strings.ToUpper(rootEmail), "password", rootPassword))

	// What is no spelling of Bob gets in nowhere, whatever it is counted as.
	for _, name := range []string{"Bob ", " Bob", "Bob\x00", "Bob\n", "Вob", "Bοb", "user/Bob", "Bob@" + accountID, "Ｂob"} {
		if p := s.browser().password(name, rootPassword); p.is() == "signed-in" || p.is() == "mfa" || p.cookies() > 0 {
			t.Errorf("%q: %d %s", name, p.status, p.body)
		}
	}
}

func TestAttack14_PasswordCountSurvivesRestart(t *testing.T) {
	s := newServer(t)
	s.person("alice")
	for i := range 5 {
		s.browser().wrongPasswords("alice", 1)
		if i%2 == 1 {
			s.crash()
		}
	}
	s.crash()
	b := s.browser()
	b.at("TooManyAttempts", b.password("alice", rootPassword))
	if n := s.failures("alice"); n != 5 {
		t.Errorf("%d failures, want 5", n)
	}
}

func TestAttack15_TheDefaultStartThrottles(t *testing.T) {
	s := startServer(t, "") // as anybody starts it first, with no settings
	root := s.browser()
	for i := range 5 {
		root.at("AuthenticationFailed", root.rootPassword("Wrong-password-1"))
		if i == 4 {
			root.at("TooManyAttempts", root.rootPassword(rootPassword))
		}
	}
	// The source has 5 failures; more of them under ever other names are held back as well.
	for i := range 15 {
		b := s.browser()
		b.at("AuthenticationFailed", b.password(fmt.Sprint("nobody", i), "Wrong-password-1"))
	}
	b := s.browser()
	b.at("TooManyAttempts", b.password("somebody", "Wrong-password-1"))
}

func TestAttack16_ForwardedAddressOfAnUntrustedPeer(t *testing.T) {
	s := newServer(t)
	s.newcomer("alice")
	forged := []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded", "X-Client-Ip", "Cf-Connecting-Ip", "True-Client-Ip", "X-Forwarded-Host"}
	for i := range iam.SourceWait.Free {
		b := s.browser()
		for _, name := range forged {
			b = b.with(name, fmt.Sprintf("203.0.113.%d", i+1))
		}
		b.at("AuthenticationFailed", b.password(fmt.Sprint("nobody", i), "Wrong-password-1"))
	}
	b := s.browser().with("X-Forwarded-For", "198.51.100.9")
	b.at("TooManyAttempts", b.password("alice", rootPassword))
	s.forgive("127.0.0.1")
	b.at("signed-in", b.password("alice", rootPassword))
	if sessions := b.operation("ListOwnConsoleSessions"); !strings.Contains(sessions.body, `"SourceIP":"127.0.0.1"`) {
		t.Errorf("the session is said to come from elsewhere: %s", sessions.body)
	}
}

func TestAttack16_EachClientBehindATrustedProxyHasItsOwnCount(t *testing.T) {
	s := newConsole(t, "--trusted-proxy", "127.0.0.1", "--trusted-proxy", "10.0.0.0/8")
	s.newcomer("alice")
	// What the client itself sends stands before what the proxies append, and counts for nothing.
	for i := range iam.SourceWait.Free {
		b := s.browser().with("X-Forwarded-For", fmt.Sprintf("192.0.2.%d, 198.51.100.66, 10.1.2.3", i+1))
		b.at("AuthenticationFailed", b.password(fmt.Sprint("nobody", i), "Wrong-password-1"))
	}
	for _, chain := range [][]string{
		{"198.51.100.66"}, {"192.0.2.200, 198.51.100.66"}, {"192.0.2.200", "198.51.100.66"}, {"127.0.0.1, 198.51.100.66, 10.1.2.3"}, {"::ffff:198.51.100.66"},
	} {
		b := s.browser().with("X-Forwarded-For", chain...)
		b.at("TooManyAttempts", b.password("alice", rootPassword))
	}
	b := s.browser().with("X-Forwarded-For", "198.51.100.67")
	b.at("signed-in", b.password("alice", rootPassword))
	if sessions := b.operation("ListOwnConsoleSessions"); !strings.Contains(sessions.body, `"SourceIP":"198.51.100.67"`) {
		t.Errorf("the session is said to come from elsewhere: %s", sessions.body)
	}
}

// A stranger who fails under somebody's name waits alone.
func TestAttack12_StrangersLockNobodyOut(t *testing.T) {
	s := newConsole(t, "--trusted-proxy", "127.0.0.1")
	s.newcomer("alice")
	for i := range 4 {
		stranger := s.browser().with("X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i+1))
		for range iam.PairWait.Free {
			stranger.at("AuthenticationFailed", stranger.password("alice", "Wrong-password-1"))
			stranger.at("AuthenticationFailed", stranger.rootPassword("Wrong-password-1"))
		}
		stranger.at("TooManyAttempts", stranger.password("alice", rootPassword))
		stranger.at("TooManyAttempts", stranger.rootPassword(rootPassword))
	}
	home := s.browser().with("X-Forwarded-For", "203.0.113.1")
	home.at("signed-in", home.password("alice", rootPassword))
	root := s.browser().with("X-Forwarded-For", "203.0.113.2")
	root.at("signed-in", root.rootPassword(rootPassword))
	stranger := s.browser().with("X-Forwarded-For", "198.51.100.1") // whom those successes forgive nothing
	stranger.at("TooManyAttempts", stranger.password("alice", rootPassword))
}

// A lock, whatever kind of, between the steps of a sign-in: the sign-in begun before it redeems nothing.
func TestAttack17_LockBetweenTheSteps(t *testing.T) {
	s := newServer(t)
	root := s.iam(s.root())
	admin := s.enterRoot()
	for i, lock := range []struct {
		name string
		do   func(m member)
		want string // of the right code after it
	}{
		{"the device is disabled by wrong codes", func(m member) {
			s.setState(m.serial, func(state *mfa.State) { state.Failures = maxFailures })
		}, "AccessDenied"},
		{"the password is set by an administrator", func(m member) {
			_, err := root.UpdateLoginProfile(t.Context(), &awsiam.UpdateLoginProfileInput{UserName: &m.name, Password: aws.String("Another-Password-1")})
			s.must("UpdateLoginProfile", err)
		}, "ExpiredToken"},
		{"the user changes the password with an access key", func(m member) {
			s.putPolicy(m.name, allow("iam:ChangePassword"))
			if a := s.changePassword(m.key, rootPassword, "Another-Password-1"); a.status != http.StatusOK {
				t.Fatalf("ChangePassword: %s", a.body)
			}
		}, "ExpiredToken"},
		{"the password is deleted", func(m member) {
			_, err := root.DeleteLoginProfile(t.Context(), &awsiam.DeleteLoginProfileInput{UserName: &m.name})
			s.must("DeleteLoginProfile", err)
		}, "ExpiredToken"},
		{"the password is deleted and made anew", func(m member) {
			_, err := root.DeleteLoginProfile(t.Context(), &awsiam.DeleteLoginProfileInput{UserName: &m.name})
			s.must("DeleteLoginProfile", err)
			_, err = root.CreateLoginProfile(t.Context(), &awsiam.CreateLoginProfileInput{UserName: &m.name, Password: aws.String(rootPassword)})
			s.must("CreateLoginProfile", err)
		}, "ExpiredToken"},
		{"an administrator ends all sessions", func(m member) {
			if p := admin.operation("EndConsoleSessions", "UserName", m.name); p.status != http.StatusOK {
				t.Fatalf("EndConsoleSessions: %s", p.body)
			}
		}, "ExpiredToken"},
		{"the device is deactivated", func(m member) {
			_, err := root.DeactivateMFADevice(t.Context(), &awsiam.DeactivateMFADeviceInput{UserName: &m.name, SerialNumber: &m.serial})
			s.must("DeactivateMFADevice", err)
		}, "ExpiredToken"},
		{"the device goes to somebody else, and another comes", func(m member) {
			_, err := root.DeactivateMFADevice(t.Context(), &awsiam.DeactivateMFADeviceInput{UserName: &m.name, SerialNumber: &m.serial})
			s.must("DeactivateMFADevice", err)
			s.user("heir-"+m.name, "")
			s.must("EnableMFADevice", s.pair(s.root(), "heir-"+m.name, m.device, m.code(-1), m.code(0)))
			s.giveDevice(m.name, "second-"+m.name)
		}, "NoSuchEntity"},
		{"the user is deleted, and one of that name made", func(m member) {
			s.remove(m)
			s.newcomer(m.name)
		}, "ExpiredToken"},
		{"the user signs out", func(m member) {}, "ExpiredToken"},
	} {
		m := s.person(fmt.Sprint("alice", i))
		old := s.halfway(m)
		kept := old.copied()
		if lock.name == "the user signs out" {
			old.at("signed-out", old.post("/console/signout"))
		}
		lock.do(m)
		if p := kept.code(m.serial, m.code(1)); p.is() != lock.want || p.cookies() > 0 {
			t.Errorf("%s: the right code was answered %d %s, want %s", lock.name, p.status, p.body, lock.want)
		}
		if kept.alive() {
			t.Errorf("%s: the old sign-in has become a session", lock.name)
		}
	}
}

// remove deletes a user and all that is theirs.
func (s *server) remove(m member) {
	s.t.Helper()
	root, ctx := s.iam(s.root()), s.t.Context()
	root.DeactivateMFADevice(ctx, &awsiam.DeactivateMFADeviceInput{UserName: &m.name, SerialNumber: &m.serial}) // there need not be one
	root.DeleteVirtualMFADevice(ctx, &awsiam.DeleteVirtualMFADeviceInput{SerialNumber: &m.serial})
	root.DeleteUserPolicy(ctx, &awsiam.DeleteUserPolicyInput{UserName: &m.name, PolicyName: aws.String("inline")})
	_, err := root.DeleteAccessKey(ctx, &awsiam.DeleteAccessKeyInput{UserName: &m.name, AccessKeyId: &m.key.AccessKeyID})
	s.must("DeleteAccessKey", err)
	_, err = root.DeleteLoginProfile(ctx, &awsiam.DeleteLoginProfileInput{UserName: &m.name})
	s.must("DeleteLoginProfile", err)
	_, err = root.DeleteUser(ctx, &awsiam.DeleteUserInput{UserName: &m.name})
	s.must("DeleteUser", err)
}
