package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
)

// The limits of package mfa, as the tests of the whole expect them: nine attempts in three minutes, a hundred
// failures in a row.
const (
	attempts    = 9
	maxFailures = 100
)

func TestAttack07_FailuresSurviveTheRefusal(t *testing.T) {
	s := newServer(t)
	m := s.member("alice")
	open := s.role("open", trusts("arn:aws:iam::"+accountID+":user/"+m.name))
	closed := s.role("closed", trusts("arn:aws:iam::"+accountID+":root"))
	s.oneWindow(m.serial)
	for i, try := range []func() error{
		func() error { _, err := s.signIn(m, m.wrong()); return err },
		func() error { _, err := s.assume(m.key, open, m.serial, m.wrong()); return err },
		func() error { _, err := s.assume(m.key, closed, m.serial, m.wrong()); return err },
		func() error { _, err := s.assume(m.key, open+"-missing", m.serial, m.wrong()); return err },
	} {
		s.refused(fmt.Sprint("wrong code ", i+1), try(), "AccessDenied")
		if state := s.state(m.serial); state.Failures != i+1 || state.Budget.Attempts != i+1 {
			t.Errorf("after %d wrong codes the database has %d failures and %d attempts", i+1, state.Failures, state.Budget.Attempts)
		}
	}
	s.crash()
	if state := s.state(m.serial); state.Failures != 4 || state.Budget.Attempts != 4 {
		t.Errorf("after kill -9 the database has %d failures and %d attempts, want 4", state.Failures, state.Budget.Attempts)
	}
	_, err := s.assume(m.key, closed, m.serial, m.code(0))
	s.refused("a right code for a role that is closed", err, "AccessDenied")
	if state := s.state(m.serial); state.Failures != 0 || len(state.Used) != 1 {
		t.Errorf("after a right code: %d failures, used %v; want none, and the step of the code", state.Failures, state.Used)
	}
}

func TestAttack08_GuessesOfFreshSessionsCountPerDevice(t *testing.T) {
	s := newServer(t)
	m := s.member("alice")
	s.oneWindow(m.serial)
	second, err := s.iam(s.root()).CreateAccessKey(t.Context(), &awsiam.CreateAccessKeyInput{UserName: &m.name})
	s.must("CreateAccessKey", err)
	other := m
	other.key = aws.Credentials{AccessKeyID: *second.AccessKey.AccessKeyId, SecretAccessKey: *second.AccessKey.SecretAccessKey}
	for i := range attempts {
		// Each guess comes with another key, in a session made for it, over a connection of its own.
		with := []member{m, other}[i%2]
		session, err := s.signIn(member{key: with.key, device: m.device}, m.wrong())
		s.refused("a wrong code", err, "AccessDenied")
		if session.AccessKeyID != "" {
			t.Fatal("a wrong code gave credentials")
		}
	}
	for _, with := range []member{m, other} {
		_, err = s.signIn(with, m.code(0))
		s.refused("the right code over the budget", err, "AccessDenied")
	}
	if state := s.state(m.serial); state.Budget.Attempts != attempts || len(state.Used) != 0 {
		t.Errorf("%d attempts, used %v; want %d and none", state.Budget.Attempts, state.Used, attempts)
	}
}

func TestAttack09_WrongCodesLockTheDevice(t *testing.T) {
	s := newServer(t)
	m := s.member("alice")
	s.setState(m.serial, func(state *mfa.State) { state.Failures = maxFailures - 1 })
	_, err := s.signIn(m, m.wrong())
	s.refused("the hundredth wrong code", err, "AccessDenied")
	s.oneWindow(m.serial)
	_, err = s.signIn(m, m.code(0))
	s.refused("the right code of a disabled device", err, "AccessDenied")
	s.crash()
	s.oneWindow(m.serial)
	_, err = s.signIn(m, m.code(0))
	s.refused("and after kill -9", err, "AccessDenied")

	resync := func(c aws.Credentials) error {
		_, err := s.iam(c).ResyncMFADevice(t.Context(), &awsiam.ResyncMFADeviceInput{
			UserName: &m.name, SerialNumber: &m.serial, AuthenticationCode1: aws.String(m.code(-1)), AuthenticationCode2: aws.String(m.code(0)),
		})
		return err
	}
	s.putPolicy(m.name, allow("iam:*"))
	s.refused("its user lifts the lock", resync(m.key), "AccessDenied")
	if !s.state(m.serial).Disabled() {
		t.Error("the device's own user has brought it back")
	}
	s.must("an administrator's resync", resync(s.root()))
	_, err = s.signIn(m, m.code(0))
	s.must("the right code after it", err)
}

func TestAttack10_EveryCallThatTakesACodeHasALimit(t *testing.T) {
	s := newServer(t) // with its defaults
	owner := s.role("role", trusts("arn:aws:iam::"+accountID+":root"))
	root := s.iam(s.root())
	at := openInstallation(t, s.data)
	for i, endpoint := range []struct {
		name       string
		limit      int
		wrong, out string // the answers to a wrong code and to one over the limit
		try        func(m member, first, second string) error
	}{
		{"GetSessionToken", attempts, "AccessDenied", "AccessDenied", func(m member, _, code string) error {
			_, err := s.signIn(m, code)
			return err
		}},
		{"AssumeRole", attempts, "AccessDenied", "AccessDenied", func(m member, _, code string) error {
			_, err := s.assume(m.key, owner, m.serial, code)
			return err
		}},
		{"ResyncMFADevice", 10, "InvalidAuthenticationCode", "EntityTemporarilyUnmodifiable", func(m member, first, second string) error {
			_, err := root.ResyncMFADevice(t.Context(), &awsiam.ResyncMFADeviceInput{
				UserName: &m.name, SerialNumber: &m.serial, AuthenticationCode1: &first, AuthenticationCode2: &second,
			})
			return err
		}},
		{"EnableMFADevice", 10, "InvalidAuthenticationCode", "EntityTemporarilyUnmodifiable", func(m member, first, second string) error {
			root.DeactivateMFADevice(t.Context(), &awsiam.DeactivateMFADeviceInput{UserName: &m.name, SerialNumber: &m.serial})
			return s.pair(s.root(), m.name, m.device, first, second)
		}},
	} {
		m := members(t, at, fmt.Sprint("user", i))[0]
		s.putPolicy(m.name, allow("sts:*"))
		s.oneWindow(m.serial)
		for range endpoint.limit {
			s.refused(endpoint.name+" with a wrong code", endpoint.try(m, m.wrong(), m.wrong()), endpoint.wrong)
		}
		s.refused(endpoint.name+" with right codes over the limit", endpoint.try(m, m.code(-1), m.code(0)), endpoint.out)
		s.oneWindow(m.serial)
		s.must(endpoint.name+" with right codes in a new window", endpoint.try(m, m.code(-1), m.code(0)))
	}
}

func TestAttack10_EveryOperationThatTakesACodeIsKnown(t *testing.T) {
	at := openInstallation(t, install(t))
	known := map[string]bool{"GetSessionToken": true, "AssumeRole": true, "EnableMFADevice": true, "ResyncMFADevice": true,
		"EnableRootMFADevice": true, "ResyncRootMFADevice": true} // root's are in TestAttack10_EveryEndpointOfTheConsoleThatTakesACodeHasALimit
	for _, op := range allOperations(at) {
		for _, name := range fieldsOf(op.NewInput()) {
			if strings.Contains(name, "Code") && !known[op.Action] {
				t.Errorf("%s takes %s: add it to the test of the limits", op.Action, name)
			}
		}
	}
}

func TestAttack11_ParallelGuessesStayInTheBudget(t *testing.T) {
	s := newServer(t)
	m := s.member("alice")
	role := s.role("role", trusts("arn:aws:iam::"+accountID+":user/"+m.name))
	s.oneWindow(m.serial)
	const guesses = 500
	wrong, over := 0, 0
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range guesses {
		all.Go(func() {
			var err error
			if i%2 == 0 {
				_, err = s.signIn(m, m.wrong())
			} else {
				_, err = s.assume(m.key, role, m.serial, m.wrong())
			}
			mu.Lock()
			defer mu.Unlock()
			switch {
			case strings.Contains(errorMessage(err), "invalid MFA one time pass code"):
				wrong++
			case strings.Contains(errorMessage(err), "unable to validate MFA code"):
				over++
			default:
				t.Errorf("a guess was answered %v", err)
			}
		})
	}
	all.Wait()
	if state := s.state(m.serial); wrong != attempts || over != guesses-attempts || state.Budget.Attempts != attempts || state.Failures != attempts {
		t.Errorf("%d guesses: %d looked at, %d over the budget; the database has %d attempts and %d failures; want %d looked at",
			guesses, wrong, over, state.Budget.Attempts, state.Failures, attempts)
	}
	_, err := s.signIn(m, m.code(0))
	s.refused("the right code after them", err, "AccessDenied")
}

func TestAttack12_WhatTheCallerControlsSplitsNoBudget(t *testing.T) {
	s := newServer(t)
	m := s.member("alice")
	s.oneWindow(m.serial)
	base := "Version=" + stsVersion + "&Action=GetSessionToken&SerialNumber=" + escape(m.serial) + "&TokenCode="
	send := func(code string, change func(r *http.Request), suffix string) answer {
		body := base + code + suffix
		r := s.post(body)
		change(r)
		return s.send(s.sign(r, m.key, "sts", body))
	}
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	nothing := func(*http.Request) {}
	for i, vary := range []struct {
		change func(*http.Request)
		suffix string
	}{
		{nothing, ""},
		{nothing, "&DurationSeconds=901"},
		{nothing, "&Nonsense=" + randomText(8)},
		{header("User-Agent", "another/1.0"), ""},
		{header("Cookie", "session="+randomText(8)), ""},
		{header("X-Forwarded-For", "203.0.113.9"), ""},
		{header("Forwarded", "for=203.0.113.10"), ""},
		{func(r *http.Request) { r.Host = "elsewhere.example" }, ""},
		{header("Accept-Language", "en"), "&RoleArn=x"},
	} {
		a := send(m.wrong(), vary.change, vary.suffix)
		if a.code != "AccessDenied" || !strings.Contains(a.body, "invalid MFA one time pass code") {
			t.Errorf("wrong code %d: %d %s", i+1, a.status, a.body)
		}
		if got := s.state(m.serial).Budget.Attempts; got != i+1 {
			t.Errorf("after %d attempts the budget has counted %d", i+1, got)
		}
	}
	a := send(m.code(0), header("X-Forwarded-For", "203.0.113.11"), "&DurationSeconds=902")
	if a.code != "AccessDenied" || !strings.Contains(a.body, "unable to validate MFA code") {
		t.Errorf("the right code over the budget: %d %s", a.status, a.body)
	}
}

func TestAttack13_AllSpellingsOfADeviceShareOneBudget(t *testing.T) {
	s := newServer(t)
	m := s.member("alice")
	_, err := s.iam(s.root()).CreateAccountAlias(t.Context(), &awsiam.CreateAccountAliasInput{AccountAlias: aws.String("acme")})
	s.must("CreateAccountAlias", err)
	s.oneWindow(m.serial)
	for range attempts {
		_, err := s.signIn(m, m.wrong())
		s.refused("a wrong code", err, "AccessDenied")
	}
	for _, spelled := range []string{
		m.serial,
		strings.ToUpper(m.serial),
		strings.Replace(m.serial, "alice", "ALICE", 1),
		strings.Replace(m.serial, "alice", "Alice", 1),
		strings.Replace(m.serial, ":mfa/", ":MFA/", 1),
		strings.Replace(m.serial, ":mfa/", ":mfa//", 1),
		strings.Replace(m.serial, ":mfa/", ":mfa/./", 1),
		strings.Replace(m.serial, accountID, "acme", 1),
		strings.Replace(m.serial, accountID, "", 1),
		strings.Replace(m.serial, "arn:aws:", "arn:aws-cn:", 1),
		m.serial + "/",
		m.serial + ".",
		"alice",
	} {
		with := m
		with.serial = spelled
		_, err := s.signIn(with, m.code(0))
		if code := errorCode(err); code != "AccessDenied" && code != "ValidationError" && code != "no answer" {
			t.Errorf("the right code with the serial number %q over the budget: %v", spelled, err)
		}
		if err == nil {
			t.Errorf("%q was accepted", spelled)
		}
	}
	if state := s.state(m.serial); state.Budget.Attempts != attempts || len(state.Used) != 0 {
		t.Errorf("%d attempts, used %v; want %d and none", state.Budget.Attempts, state.Used, attempts)
	}
}

func TestAttack14_LimitSurvivesRestart(t *testing.T) {
	s := newServer(t)
	m := s.member("alice")
	s.oneWindow(m.serial)
	for i := range attempts {
		_, err := s.signIn(m, m.wrong())
		s.refused("a wrong code", err, "AccessDenied")
		if i%3 == 2 {
			s.crash()
		}
	}
	_, err := s.signIn(m, m.code(0))
	s.refused("the right code over the budget, after restarts", err, "AccessDenied")
	if state := s.state(m.serial); state.Budget.Attempts != attempts {
		t.Errorf("%d attempts, want %d", state.Budget.Attempts, attempts)
	}
}

func TestAttack14_LimitSurvivesDeletingTheDevice(t *testing.T) {
	s := newServer(t)
	root := s.root()
	m := s.member("alice")
	s.oneWindow(m.serial)
	for range attempts {
		_, err := s.signIn(m, m.wrong())
		s.refused("a wrong code", err, "AccessDenied")
	}
	_, err := s.iam(root).DeactivateMFADevice(t.Context(), &awsiam.DeactivateMFADeviceInput{UserName: &m.name, SerialNumber: &m.serial})
	s.must("DeactivateMFADevice", err)
	_, err = s.iam(root).DeleteVirtualMFADevice(t.Context(), &awsiam.DeleteVirtualMFADeviceInput{SerialNumber: &m.serial})
	s.must("DeleteVirtualMFADevice", err)
	m.device = s.virtualDevice(root, m.name)
	s.must("EnableMFADevice", s.pair(root, m.name, m.device, m.code(-1), m.code(0)))
	_, err = s.signIn(m, m.code(0))
	s.refused("the right code of a new device under the old serial number", err, "AccessDenied")
}

// A flood of names nobody has must neither fill the memory nor push out what limits the known ones.
func TestAttack14_FloodOfUnknownNames(t *testing.T) {
	s := newServer(t)
	m := s.member("alice")
	s.oneWindow(m.serial)
	for range attempts {
		_, err := s.signIn(m, m.wrong())
		s.refused("a wrong code", err, "AccessDenied")
	}
	s.must("a sign-in without MFA", func() error {
		_, err := s.sts(m.key).GetCallerIdentity(t.Context(), nil)
		return err
	}())
	const flood = 1600
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := range flood / 8 {
				stranger := m
				if i%2 == 0 {
					stranger.serial = fmt.Sprintf("arn:aws:iam::%s:mfa/nobody-%d-%d", accountID, worker, i)
				} else {
					stranger.key = aws.Credentials{AccessKeyID: "AKIA" + randomText(16), SecretAccessKey: "x"}
				}
				if _, err := s.signIn(stranger, m.wrong()); errorCode(err) != "AccessDenied" && errorCode(err) != "InvalidClientTokenId" {
					t.Errorf("an unknown name was answered %v", err)
				}
			}
		})
	}
	all.Wait()
	_, err := s.signIn(m, m.code(0))
	s.refused("the right code over the budget, after the flood", err, "AccessDenied")
	if state := s.state(m.serial); state.Budget.Attempts != attempts || state.Failures != attempts {
		t.Errorf("%d attempts and %d failures, want %d: strangers count, or wash counts away", state.Budget.Attempts, state.Failures, attempts)
	}
	s.beside(func(at *opened) {
		err := at.store.View(t.Context(), func(tx iam.Tx) error {
			b, err := tx.MFABudget(t.Context(), accountID, "arn:aws:iam::"+accountID+":mfa/nobody-0-0")
			if b != (mfa.Budget{}) {
				t.Error("an unknown serial number has a budget in the database")
			}
			return err
		})
		s.must("MFABudget", err)
	})
}

// A hundred thousand access keys that nobody has must not stay in memory.
func TestAttack14_FloodOfUnknownAccessKeysIsForgotten(t *testing.T) {
	directory := iam.NewDirectory(nobodyThere{}, iam.DirectoryBytes)
	before := heap()
	for i := range 100_000 {
		if _, err := directory.Credential(t.Context(), fmt.Sprintf("AKIA%016d", i)); !errors.Is(err, iam.ErrNotFound) {
			t.Fatalf("an access key nobody has: %v", err)
		}
	}
	if grown := int64(heap()) - int64(before); grown > 4<<20 {
		t.Errorf("after 100,000 unknown access keys the directory holds %d MiB, want less than 4", grown>>20)
	}
	runtime.KeepAlive(directory)
}

// nobodyThere is a store without any access key.
type nobodyThere struct{ iam.Store }

func (nobodyThere) View(_ context.Context, fn func(iam.Tx) error) error { return fn(noAccessKey{}) }

type noAccessKey struct{ iam.Tx }

func (noAccessKey) KeyRecord(context.Context, string) (*iam.AccessKey, *iam.PrincipalRecord, error) {
	return nil, nil, iam.ErrNotFound
}

// The access key id is a stranger's text, up to as long as a header may be, and so is the header it stands in.
func TestAttack14_FloodOfLongCredentialsIsForgotten(t *testing.T) {
	s := newServer(t)
	const flood, long = 2048, 30_000
	zeros, padding := strings.Repeat("0", long), strings.Repeat(",", long)
	body := call("GetUser")
	now := time.Now().UTC()
	for i := range flood {
		id, pad := fmt.Sprintf("AKIA%016d", i), padding
		if i%2 == 0 {
			id, pad = fmt.Sprintf("AKIA%d%s", i, zeros), ""
		}
		r := s.post(body)
		r.Header.Set("X-Amz-Date", now.Format("20060102T150405Z"))
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+id+"/"+now.Format("20060102")+"/us-east-1/iam/aws4_request, "+
			"SignedHeaders=content-type;host;x-amz-date, Signature="+strings.Repeat("0", 64)+pad)
		if a := s.send(r); a.status != 403 || a.code != "InvalidClientTokenId" {
			t.Fatalf("an unknown access key: %d %s", a.status, a.body)
		}
	}
	// Half of what is allocated may be garbage; if they were kept, the ids and the headers would be 60 MB.
	if used := s.metric("go_memstats_heap_alloc_bytes"); used > 48<<20 {
		t.Errorf("after %d requests with long credentials the server's heap has %.0f MiB, want less than 48", flood, used/(1<<20))
	}
}

// heap is how many bytes are in use after a garbage collection.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
