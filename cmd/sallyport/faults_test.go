package main

import (
	"bytes"
	"context"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/sallyport-iam/sallyport/store/pgtest"
)

// What holds for one node holds for several: these tests put real nodes on a real PostgreSQL and take parts away.

// startNodes starts as many nodes on one database.
func startNodes(t *testing.T, database string, count int, args ...string) []*server {
	t.Helper()
	nodes := []*server{startNode(t, database, "", append(args, "--account-id", accountID)...)}
	for range count - 1 {
		n := startNode(t, database, nodes[0].keysetPath(), args...)
		copyFile(t, nodes[0].data+"/credentials", n.data+"/credentials")
		nodes = append(nodes, n)
	}
	return nodes
}

// ownDatabase is a database server that the test may kill.
func ownDatabase(t *testing.T) *pgtest.Server {
	t.Helper()
	pgtest.Needs(t)
	server, err := pgtest.Start(t.Context(), pgtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// behindProxy is a database that can be cut off.
func behindProxy(t *testing.T) (database string, proxy *pgtest.Proxy) {
	t.Helper()
	direct := pgtest.NewDatabase(t)
	proxy, err := pgtest.NewProxy(pgtest.Shared(t).Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { proxy.Close() })
	return proxy.URL(direct), proxy
}

func TestAttack02_OneCodeOnTwoNodes(t *testing.T) {
	nodes := startNodes(t, pgtest.NewDatabase(t), 2)
	m := nodes[0].member("alice")
	role := nodes[0].role("auditor", trusts("arn:aws:iam::"+accountID+":user/"+m.name))
	for round, code := range []string{m.code(0), m.code(1)} {
		nodes[0].oneWindow(m.serial)
		accepted := make(chan string, 200)
		var all sync.WaitGroup
		for i := range 200 {
			all.Go(func() {
				s := nodes[i%2]
				var err error
				if i%4 < 2 {
					_, err = s.signIn(m, code)
				} else {
					_, err = s.assume(m.key, role, m.serial, code)
				}
				switch errorCode(err) {
				case "accepted":
					accepted <- s.url
				case "AccessDenied":
				default:
					t.Errorf("round %d: %v", round, err)
				}
			})
		}
		all.Wait()
		if n := len(accepted); n != 1 {
			t.Errorf("round %d: %d of 200 parallel calls with one code on two nodes were accepted, want 1", round, n)
		}
	}
	for _, s := range nodes {
		s.auditIsClean()
	}
}

// The nine attempts of a window are nine on all nodes together.
func TestAttack07_OneBudgetOnTwoNodes(t *testing.T) {
	nodes := startNodes(t, pgtest.NewDatabase(t), 2)
	m := nodes[0].member("alice")
	nodes[0].oneWindow(m.serial)
	for i := range 9 {
		_, err := nodes[i%2].signIn(m, m.wrong())
		nodes[0].refused("a wrong code", err, "AccessDenied")
	}
	for _, s := range nodes {
		if _, err := s.signIn(m, m.code(0)); err == nil {
			t.Error("the right code was looked at after nine wrong ones on two nodes")
		}
	}
	if state := nodes[0].state(m.serial); state.Failures != 9 || len(state.Used) != 0 {
		t.Errorf("%d failures and used steps %v, want 9 and none", state.Failures, state.Used)
	}
}

// A sign-in goes on at whichever node the proxy sends it to, and ends on all.
func TestNodes_SignInGoesOnElsewhere(t *testing.T) {
	nodes := startNodes(t, pgtest.NewDatabase(t), 3, "--external-url", "http://localhost:7450")
	m := nodes[0].person("alice")
	b := nodes[0].browser()
	b.at("mfa", b.password("alice", rootPassword))
	b.s = nodes[1]
	b.at("signed-in", b.code(m.serial, m.code(0)))
	b.s = nodes[2]
	if !b.alive() {
		t.Fatal("a session made on two nodes is not known on the third")
	}
	other := b.copied()
	other.s = nodes[0]
	if p := b.post("/console/signout"); p.status/100 != 2 {
		t.Fatalf("signing out: %+v", p)
	}
	if other.alive() {
		t.Error("a session that was ended on one node goes on on another")
	}
}

// attempt is one use of a code and what became of it.
type attempt struct {
	member
	code     string
	accepted bool
}

// amid has every member sign in with one code, on one node after the other, and calls disturb after so many of them have been
// answered. It returns what became of each.
func amid(t *testing.T, nodes []*server, all []member, answers int, disturb func()) []attempt {
	t.Helper()
	attempts := make([]attempt, len(all))
	answered := make(chan struct{}, len(all))
	var sent sync.WaitGroup
	for i, m := range all {
		a := &attempts[i]
		*a = attempt{member: m, code: m.code(0)}
		sent.Go(func() {
			_, err := nodes[i%len(nodes)].signIn(m, a.code)
			if a.accepted = err == nil; a.accepted {
				answered <- struct{}{}
			}
		})
	}
	go func() { sent.Wait(); close(answered) }()
	for n := range answers {
		if _, more := <-answered; !more {
			t.Fatalf("only %d sign-ins were answered", n)
		}
	}
	disturb()
	sent.Wait()
	return attempts
}

// onceAtMost sends every code of before again, twice, and finds none accepted more than once, and what was answered known.
func onceAtMost(t *testing.T, s *server, attempts []attempt) {
	t.Helper()
	var serials []string
	for _, a := range attempts {
		serials = append(serials, a.serial)
	}
	states := s.states(serials...)
	var again sync.WaitGroup
	for i, a := range attempts {
		if a.accepted && len(states[i].Used) != 1 {
			t.Errorf("%s was accepted, and the database doesn't know the code as used", a.name)
		}
		again.Go(func() {
			times := 0
			if a.accepted {
				times++
			}
			for range 2 {
				switch _, err := s.signIn(a.member, a.code); errorCode(err) {
				case "accepted":
					times++
				case "AccessDenied":
				default:
					t.Errorf("%s afterwards: %v", a.name, err)
				}
			}
			if times > 1 {
				t.Errorf("one code of %s was accepted %d times", a.name, times)
			}
		})
	}
	again.Wait()
}

func TestNodes_NodeKilledAmidSignIns(t *testing.T) {
	nodes := startNodes(t, pgtest.NewDatabase(t), 2)
	var all []member
	nodes[0].beside(func(at *opened) { all = members(t, at, numbered("user", 100)...) })
	attempts := amid(t, nodes, all, 20, func() { nodes[0].stop(syscall.SIGKILL) })
	onceAtMost(t, nodes[1], attempts)
	nodes[0].start()
	for _, s := range nodes {
		s.auditIsClean()
	}
}

func TestNodes_DatabaseKilledAmidSignIns(t *testing.T) {
	database := ownDatabase(t)
	nodes := startNodes(t, database.URL("sallyport"), 2)
	var all []member
	nodes[0].beside(func(at *opened) { all = members(t, at, numbered("user", 100)...) })
	attempts := amid(t, nodes, all, 20, func() {
		if err := database.Kill(); err != nil {
			t.Error(err)
		}
	})
	if err := database.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, s := range nodes { // without a restart
		s.await("/readyz")
	}
	onceAtMost(t, nodes[1], attempts)
	for _, s := range nodes {
		s.auditIsClean()
	}
}

// While the database is away, who is known is authorised from memory, and whatever must be decided once is refused: nothing is
// accepted, nothing is used up. When it is back all goes on by itself.
func TestNodes_DatabaseAway(t *testing.T) {
	for _, fault := range []struct {
		name string
		set  func(*pgtest.Proxy) error
	}{
		{"cut off", (*pgtest.Proxy).Cut},
		{"silent", (*pgtest.Proxy).Stall},
	} {
		t.Run(fault.name, func(t *testing.T) {
			database, proxy := behindProxy(t)
			s := startNodes(t, database, 1)[0]
			m, stranger := s.person("alice"), s.person("bob")
			session, err := s.signIn(m, m.code(-1))
			s.must("GetSessionToken", err)
			known := func() {
				t.Helper()
				for what, c := range map[string]func() error{
					"a key": func() error {
						_, err := s.sts(m.key).GetCallerIdentity(t.Context(), &awssts.GetCallerIdentityInput{})
						return err
					},
					"a session": func() error {
						_, err := s.sts(session).GetCallerIdentity(t.Context(), &awssts.GetCallerIdentityInput{})
						return err
					},
				} {
					if err := c(); err != nil {
						t.Errorf("GetCallerIdentity with %s that is known: %v", what, err)
					}
				}
			}
			known()
			s.must("away", fault.set(proxy))
			eventually(t, "the node knows", func() bool { return s.get(s.url+"/readyz").status == http.StatusServiceUnavailable })
			known()
			if a := s.get(s.url + "/healthz"); a.status != http.StatusOK {
				t.Errorf("/healthz answers %d: a restart would not help", a.status)
			}
			unavailable := func(what string, a answer) {
				t.Helper()
				if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
					t.Errorf("%s: %d, Retry-After %q, want 503 and when to try again\n%s", what, a.status, a.header.Get("Retry-After"), a.body)
				}
				if bytes.Contains([]byte(a.body), []byte("127.0.0.1")) || bytes.Contains([]byte(a.body), []byte("SQL")) {
					t.Errorf("%s: the answer tells of what is inside: %s", what, a.body)
				}
			}
			code := m.code(0)
			body := "Version=" + stsVersion + "&Action=GetSessionToken&SerialNumber=" + escape(m.serial) + "&TokenCode=" + code
			unavailable("a code", s.send(s.sign(s.post(body), m.key, "sts", body)))
			unavailable("a change", s.signedCall(s.root(), call("CreateUser", "UserName", "eve")))
			unavailable("a read", s.signedCall(s.root(), call("ListUsers")))
			unavailable("a key that is not known", s.signedCall(stranger.key, call("GetUser")))
			if p := s.browser().password("alice", rootPassword); p.status != http.StatusServiceUnavailable {
				t.Errorf("signing in to the console: %d %s", p.status, p.is())
			}
			s.must("back", proxy.Restore())
			s.await("/readyz")
			if used := s.state(m.serial).Used; len(used) != 1 {
				t.Errorf("used steps %v, want the one of before", used)
			}
			_, err = s.signIn(m, code)
			s.must("the code that was not decided then", err)
			if _, err = s.signIn(m, code); err == nil {
				t.Error("the code was accepted twice")
			}
			if a := s.signedCall(s.root(), call("GetUser", "UserName", "eve")); a.code != "NoSuchEntity" {
				t.Errorf("a change that was refused has happened: %s", a.body)
			}
			s.auditIsClean()
		})
	}
}

// After the grace nobody is authorised from memory any more.
func TestNodes_GraceEnds(t *testing.T) {
	database, proxy := behindProxy(t)
	s := startNodes(t, database, 1, "--offline-grace", "3s")[0]
	m := s.member("alice")
	identity := func() error {
		_, err := s.sts(m.key).GetCallerIdentity(t.Context(), &awssts.GetCallerIdentityInput{})
		return err
	}
	s.must("GetCallerIdentity", identity())
	s.must("cut", proxy.Cut())
	eventually(t, "the grace is over", func() bool { return errorCode(identity()) == "ServiceUnavailable" })
	s.must("back", proxy.Restore())
	eventually(t, "it is answered again", func() bool { return identity() == nil })
}

// With a slow database many wait, none for ever, and those who can't be served are told so.
func TestNodes_SlowDatabase(t *testing.T) {
	database, proxy := behindProxy(t)
	s := startNodes(t, database, 1)[0]
	var all []member
	s.beside(func(at *opened) { all = members(t, at, numbered("user", 300)...) })
	proxy.Delay(100 * time.Millisecond)
	var sent sync.WaitGroup
	var mu sync.Mutex
	answers := map[string]int{}
	for _, m := range all {
		sent.Go(func() {
			ctx, end := context.WithTimeout(t.Context(), time.Minute)
			defer end()
			code := m.code(0)
			_, err := s.sts(m.key).GetSessionToken(ctx, &awssts.GetSessionTokenInput{SerialNumber: &m.serial, TokenCode: &code})
			mu.Lock()
			answers[errorCode(err)]++
			mu.Unlock()
		})
	}
	sent.Wait()
	t.Logf("answers: %v", answers)
	if answers["accepted"] == 0 || answers["accepted"]+answers["ServiceUnavailable"] != len(all) {
		t.Errorf("answers %v: want some accepted, and all else told to try again", answers)
	}
	proxy.Delay(0)
	eventually(t, "nobody waits any more", func() bool { _, err := s.signIn(all[0], all[0].code(1)); return err == nil })
	if text := s.logged(); bytes.Contains(text, []byte("panic")) {
		t.Errorf("the log: %s", text)
	}
}
