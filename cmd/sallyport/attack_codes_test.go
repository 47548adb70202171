package main

import (
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
)

func TestAttack01_UsedCodeInOtherSpellings(t *testing.T) {
	s := newServer(t)
	m := s.member("alice")
	s.oneWindow(m.serial)
	code := m.code(0)
	_, err := s.signIn(m, code)
	s.must("the code itself", err)

	var fullwidth, arabic, mathematical []rune
	for _, c := range code {
		fullwidth = append(fullwidth, '０'+c-'0')
		arabic = append(arabic, '٠'+c-'0')
		mathematical = append(mathematical, '𝟎'+c-'0')
	}
	for _, spelled := range []string{
		code, " " + code, code + " ", code[:3] + " " + code[3:], "\t" + code, code + "\n", code + "\x00", "+" + code, "0" + code,
		"\u00a0" + code, "\ufeff" + code, code + "\u200b", code[:3] + "-" + code[3:],
		string(fullwidth), string(arabic), string(mathematical),
	} {
		body := "Version=" + stsVersion + "&Action=GetSessionToken&SerialNumber=" + escape(m.serial) + "&TokenCode=" + escape(spelled)
		a := s.send(s.sign(s.post(body), m.key, "sts", body))
		if a.status/100 != 4 {
			t.Errorf("%q: status %d, %s", spelled, a.status, a.body)
		}
	}
	if floor, used := s.state(m.serial).Floor, s.state(m.serial).Used; len(used) != 1 {
		t.Errorf("used steps %v above %d, want the one", used, floor)
	}
}

func TestAttack02_OneCodeInParallel(t *testing.T) {
	s := newServer(t)
	m := s.member("alice")
	role := s.role("auditor", trusts("arn:aws:iam::"+accountID+":user/"+m.name))
	for round, code := range []string{m.code(0), m.code(1)} {
		s.oneWindow(m.serial) // so that the budget never has the last word
		accepted := 0
		var mu sync.Mutex
		var all sync.WaitGroup
		for i := range 200 {
			all.Go(func() {
				var err error
				if i%2 == 0 {
					_, err = s.signIn(m, code)
				} else {
					_, err = s.assume(m.key, role, m.serial, code)
				}
				mu.Lock()
				defer mu.Unlock()
				switch errorCode(err) {
				case "accepted":
					accepted++
				case "AccessDenied":
				default:
					t.Errorf("round %d: %v", round, err)
				}
			})
		}
		all.Wait()
		if accepted != 1 {
			t.Errorf("round %d: %d of 200 parallel calls with one code were accepted, want 1", round, accepted)
		}
	}
	s.auditIsClean()
}

func TestAttack03_ReplayOnAnotherSurface(t *testing.T) {
	s := newServer(t)
	m := s.member("alice")
	one := s.role("one", trusts("arn:aws:iam::"+accountID+":user/"+m.name))
	two := s.role("two", trusts("arn:aws:iam::"+accountID+":user/"+m.name))
	session := func(code string) error { _, err := s.signIn(m, code); return err }
	assume := func(role string) func(string) error {
		return func(code string) error { _, err := s.assume(m.key, role, m.serial, code); return err }
	}
	short := func(code string) error {
		in := &awssts.GetSessionTokenInput{SerialNumber: &m.serial, TokenCode: &code, DurationSeconds: aws.Int32(900)}
		_, err := s.sts(m.key).GetSessionToken(t.Context(), in)
		return err
	}
	surfaces := []struct {
		name string
		use  func(code string) error
	}{{"GetSessionToken", session}, {"GetSessionToken, 15 minutes", short}, {"AssumeRole one", assume(one)}, {"AssumeRole two", assume(two)}}
	for i, first := range surfaces {
		s.oneWindow(m.serial)
		code := m.code(int64(i) - 1)
		s.must(first.name, first.use(code))
		for _, then := range surfaces {
			s.refused(first.name+", then "+then.name, then.use(code), "AccessDenied")
		}
	}
}

func TestAttack03_CodeOfARefusedCallIsUsed(t *testing.T) {
	s := newServer(t)
	m := s.member("alice")
	closed := s.role("closed", trusts("arn:aws:iam::"+accountID+":root"))
	code := m.code(0)
	_, err := s.assume(m.key, closed, m.serial, code)
	s.refused("a role that policies don't let in", err, "AccessDenied")
	_, err = s.signIn(m, code)
	s.refused("the same code afterwards", err, "AccessDenied")
	_, err = s.signIn(m, m.code(1))
	s.must("the next code", err)
}

func TestAttack04_ReplayAcrossTheWholeWindow(t *testing.T) {
	s := newServer(t)
	m := s.member("alice")
	codes := []string{m.code(-1), m.code(0), m.code(1)}
	for _, code := range codes {
		s.oneWindow(m.serial)
		_, err := s.signIn(m, code)
		s.must("a code of the window", err)
		for range 3 {
			_, err := s.signIn(m, code)
			s.refused("the code again", err, "AccessDenied")
		}
	}
	s.oneWindow(m.serial)
	for _, code := range codes {
		_, err := s.signIn(m, code)
		s.refused("an earlier code after newer ones", err, "AccessDenied")
	}
}

func TestAttack05_ReplayAfterKill(t *testing.T) {
	s := newServer(t)
	m := s.member("alice")
	role := s.role("auditor", trusts("arn:aws:iam::"+accountID+":user/"+m.name))
	first, second := m.code(0), m.code(1)
	_, err := s.signIn(m, first)
	s.must("the first code", err)
	_, err = s.assume(m.key, role, m.serial, second)
	s.must("the second code", err)
	s.crash()
	for _, code := range []string{first, second} {
		_, err = s.signIn(m, code)
		s.refused("GetSessionToken after kill -9", err, "AccessDenied")
		_, err = s.assume(m.key, role, m.serial, code)
		s.refused("AssumeRole after kill -9", err, "AccessDenied")
	}
	s.auditIsClean()
}

func TestAttack06_EnrolmentPairReused(t *testing.T) {
	s := newServer(t)
	root := s.root()
	s.user("alice", "")
	s.user("bob", "")
	d := s.virtualDevice(root, "alice")
	first, second, third := d.code(-1), d.code(0), d.code(1)
	s.must("EnableMFADevice", s.pair(root, "alice", d, first, second))
	deactivate := func(user string) {
		t.Helper()
		_, err := s.iam(root).DeactivateMFADevice(t.Context(), &awsiam.DeactivateMFADeviceInput{UserName: &user, SerialNumber: &d.serial})
		s.must("DeactivateMFADevice", err)
	}
	_, err := s.iam(root).ResyncMFADevice(t.Context(), &awsiam.ResyncMFADeviceInput{
		UserName: aws.String("alice"), SerialNumber: &d.serial, AuthenticationCode1: &first, AuthenticationCode2: &second,
	})
	s.refused("Resync with the pair", err, "InvalidAuthenticationCode")
	deactivate("alice")
	s.crash()
	for _, user := range []string{"alice", "bob"} {
		s.refused("the pair again for "+user, s.pair(root, user, d, first, second), "InvalidAuthenticationCode")
		s.refused("a pair that overlaps for "+user, s.pair(root, user, d, second, third), "InvalidAuthenticationCode")
	}
	s.must("a later pair", s.pair(root, "bob", d, d.code(1), d.code(2)))

	// Nor does a new binding bring a code back that was used for signing in.
	m := s.member("carol")
	used := m.code(0)
	_, err = s.signIn(m, used)
	s.must("GetSessionToken", err)
	_, err = s.iam(root).DeactivateMFADevice(t.Context(), &awsiam.DeactivateMFADeviceInput{UserName: &m.name, SerialNumber: &m.serial})
	s.must("DeactivateMFADevice", err)
	s.must("EnableMFADevice", s.pair(root, m.name, m.device, m.code(-1), m.code(0)))
	_, err = s.signIn(m, used)
	s.refused("a used code after its device was bound again", err, "AccessDenied")
}
