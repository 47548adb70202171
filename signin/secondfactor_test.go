package signin_test

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/mfa/mfatest"
	"github.com/sallyport-iam/sallyport/signin"
)

func TestSecondFactorShowsTheDevices(t *testing.T) {
	in := newSite(t)
	in.user("alice")
	phone := in.enrol("alice", "phone")
	_, key := in.enrolKey("alice", "blue-key")
	state := in.at(in.enter("alice"), nil, iam.AtSecondFactor)
	want := []signin.Device{
		{SerialNumber: phone.serial, Kind: iam.VirtualDevice, Name: "phone"},
		{SerialNumber: key, Kind: iam.SecurityKey, Name: "blue-key"},
	}
	if !slices.Equal(state.Devices, want) {
		t.Errorf("devices %+v, want %+v", state.Devices, want)
	}
	if state.OfferResync || !state.SignIn.Expires.Equal(in.clock.Now().Add(10*time.Minute)) || !state.SignIn.Finished.IsZero() {
		t.Errorf("the state is %+v, %+v", state, state.SignIn)
	}
	again, err := in.State(t.Context(), state.Token)
	in.at(again, err, iam.AtSecondFactor)
	if !slices.Equal(again.Devices, want) || again.Token != "" {
		t.Errorf("looked at again: %+v", again)
	}
}

func TestCodeSignsIn(t *testing.T) {
	in := newSite(t)
	in.user("alice")
	phone := in.enrol("alice", "phone")
	state := in.enter("alice")
	in.clock.add(time.Minute)
	done, err := in.Code(t.Context(), state.Token, phone.serial, phone.code(0), browser)
	in.at(done, err, iam.SignedIn)
	now := in.clock.Now()
	if !done.SignIn.MFA.Equal(now) || done.SignIn.MFASerial != phone.serial || !done.SignIn.Expires.Equal(now.Add(12*time.Hour)) {
		t.Errorf("the session is %+v", done.SignIn)
	}
	if c := in.session(done.Token); !c.MFA().Equal(now) || !c.Session.Issued.Equal(now) {
		t.Errorf("the caller's session is %+v", c.Session)
	}
}

func TestCodeOfAHardwareToken(t *testing.T) {
	in := newSite(t)
	in.user("alice")
	totp := mfa.TOTP{Seed: []byte("12345678901234567890")}
	in.update(func(tx iam.Tx) error {
		return tx.InsertMFADevice(t.Context(), &iam.MFADevice{Account: account, Serial: "GA1234567", Kind: iam.HardwareDevice, Created: in.clock.Now(), TOTP: totp})
	})
	code := func(n int64) string { return totp.Code(totp.Step(in.clock.Now()) + n) }
	in.must(in.root, "EnableMFADevice", &awsiam.EnableMFADeviceInput{UserName: aws.String("alice"), SerialNumber: aws.String("GA1234567"),
		AuthenticationCode1: aws.String(code(-1)), AuthenticationCode2: aws.String(code(0))})
	state := in.at(in.enter("alice"), nil, iam.AtSecondFactor)
	if state.Devices[0].Name != "GA1234567" {
		t.Errorf("it is shown as %q", state.Devices[0].Name)
	}
	done, err := in.Code(t.Context(), state.Token, "GA1234567", code(0), browser)
	in.at(done, err, iam.SignedIn)
	if r := in.records("CheckMfa"); field(r[0], "additionalEventData", "MfaType") != "Hardware MFA" {
		t.Errorf("recorded as %v", r[0])
	}
}

func TestCodesOfOtherDevicesAreNotLookedAt(t *testing.T) {
	in := newSite(t)
	in.user("alice")
	in.user("bob")
	in.enrol("alice", "phone")
	_, key := in.enrolKey("alice", "key")
	bobs := in.enrol("bob", "bobs")
	state := in.enter("alice")
	for name, serial := range map[string]string{"nothing": "", "unknown": "arn:aws:iam::" + account + ":mfa/none", "somebody else's": bobs.serial, "a security key": key} {
		for range 12 { // more than a device's budget
			_, err := in.Code(t.Context(), state.Token, serial, bobs.code(0), browser)
			if answer(err) != notYours {
				t.Fatalf("%s: %v", name, err)
			}
		}
		_, err := in.Resync(t.Context(), state.Token, serial, bobs.code(3), bobs.code(4), browser)
		in.refused(err, notYours)
	}
	done, err := in.Code(t.Context(), in.enter("bob").Token, bobs.serial, bobs.code(0), browser)
	in.at(done, err, iam.SignedIn)
}

func TestResyncIsOfferedAfterThreeWrongCodes(t *testing.T) {
	in := newSite(t)
	in.user("alice")
	phone := in.enrol("alice", "phone")
	token := in.enter("alice").Token
	for n := 1; n <= 4; n++ {
		_, err := in.Code(t.Context(), token, phone.serial, phone.wrongCode(), browser)
		in.refused(err, wrong)
		state, err := in.State(t.Context(), token)
		in.at(state, err, iam.AtSecondFactor)
		if state.OfferResync != (n >= 3) || state.SignIn.Refused != n {
			t.Errorf("after %d wrong codes: %v, %d", n, state.OfferResync, state.SignIn.Refused)
		}
	}
}

// A sign-in whose second factor has been refused ten times, by a code or a key, is over; the password begins another.
func TestASignInEndsAfterTenRefusals(t *testing.T) {
	const tooMany = "ExpiredToken: Too many answers of your MFA devices were refused. Please sign in again with your password."
	in := newSite(t)
	alice := in.user("alice")
	phone := in.enrol("alice", "phone")
	key, _ := in.enrolKey("alice", "key")
	code := func(token string) error {
		_, err := in.Code(t.Context(), token, phone.serial, phone.wrongCode(), browser)
		return err
	}
	byKey := func(token string) error {
		answerOf(in, token, key)
		_, err := in.Key(t.Context(), token, []byte("{}"), browser)
		return err
	}
	for name, kinds := range map[string][2]func(string) error{"codes": {code, code}, "keys": {byKey, byKey}, "both": {byKey, code}} {
		token := in.enter("alice").Token
		before := len(in.records("ConsoleLogin"))
		for n := 1; n <= 10; n++ {
			err := kinds[n%2](token)
			if n == 10 {
				in.refused(err, tooMany)
			} else if !strings.HasPrefix(answer(err), "AuthenticationFailed: ") {
				t.Errorf("%s: refusal %d: %v", name, n, err)
			}
			if n == 8 {
				in.clock.add(3 * time.Minute) // the phone has nine attempts in three
			}
		}
		if got := len(in.records("ConsoleLogin")) - before; got != 10 {
			t.Errorf("%s: %d refusals recorded", name, got)
		}
		if left := in.signInsOf(alice); len(left) != 0 {
			t.Errorf("%s: left is %+v", name, left)
		}
		in.refused(code(token), signInOut)
		_, err := in.BeginKey(t.Context(), token, browser)
		in.refused(err, signInOut)
		_, err = in.Key(t.Context(), token, []byte("{}"), browser)
		in.refused(err, signInOut)
		in.clock.add(3 * time.Minute)
	}
	token := in.enter("alice").Token
	done, err := in.Key(t.Context(), token, answerOf(in, token, key), browser)
	in.at(done, err, iam.SignedIn)
}

func TestDevicesThatAreHeldBackSaySo(t *testing.T) {
	const (
		wait     = "EntityTemporarilyUnmodifiable: Too many authentication codes were wrong. Wait three minutes, then try again."
		disabled = "AccessDenied: This MFA device is disabled because too many codes were wrong. " +
			"An administrator can resynchronize it, or deactivate it so that it can be enabled again."
	)
	in := newSite(t)
	in.user("alice")
	phone := in.enrol("alice", "phone")
	in.SetHasher(fast{})
	for failures := 0; ; { // a new sign-in, or session, buys no new guesses (attack row 8)
		token := in.enter("alice").Token
		_, err := in.Code(t.Context(), token, phone.serial, phone.wrongCode(), browser)
		if answer(err) == wrong {
			failures++
			continue
		}
		if failures == 100 {
			in.refused(err, disabled)
			_, err = in.Resync(t.Context(), token, phone.serial, phone.code(1), phone.code(2), browser)
			in.refused(err, disabled)
			break
		}
		if answer(err) != wait || failures%9 != 0 {
			t.Fatalf("after %d failures: %v", failures, err)
		}
		_, err = in.Code(t.Context(), token, phone.serial, phone.code(0), browser) // the right one isn't looked at either
		in.refused(err, wait)
		in.clock.add(3 * time.Minute)
	}
	failed := 0
	for _, r := range in.records("ConsoleLogin") {
		if field(r, "responseElements", "ConsoleLogin") == "Failure" {
			failed++
		}
	}
	if failed != 100 {
		t.Errorf("%d failures recorded: only codes that were looked at are", failed)
	}
}

// Attack row 3: the same code at STS and at sign-in is good once, whichever comes first.
func TestAttack03_OneUsedSetForSignInAndSTS(t *testing.T) {
	sts := func(in *site, owner, serial, code string) (outcome mfa.Outcome) {
		in.Helper()
		in.update(func(tx iam.Tx) (err error) {
			outcome, err = in.IAM.VerifyCode(in.Context(), tx, account, owner, serial, code)
			return err
		})
		return outcome
	}
	in := newSite(t)
	alice := in.user("alice")
	phone := in.enrol("alice", "phone")
	code := phone.code(0)
	done, err := in.Code(t.Context(), in.enter("alice").Token, phone.serial, code, browser)
	in.at(done, err, iam.SignedIn)
	if got := sts(in, alice, phone.serial, code); got != mfa.Refused {
		t.Errorf("GetSessionToken after sign-in: %s", got)
	}
	code = phone.code(1)
	if got := sts(in, alice, phone.serial, code); got != mfa.Accepted {
		t.Errorf("GetSessionToken with a new code: %s", got)
	}
	_, err = in.Code(t.Context(), in.enter("alice").Token, phone.serial, code, browser)
	in.refused(err, wrong)
}

// Attack row 2: one code, many sign-ins of the same user at once.
func TestAttack02_OneCodeSignsInOnce(t *testing.T) {
	in := newSite(t)
	in.user("alice")
	phone := in.enrol("alice", "phone")
	var tokens []string
	for range 8 {
		tokens = append(tokens, in.enter("alice").Token)
	}
	code := phone.code(0)
	var mu sync.Mutex
	var group sync.WaitGroup
	signedIn := 0
	for i := range 32 {
		group.Go(func() {
			if _, err := in.Code(t.Context(), tokens[i%len(tokens)], phone.serial, code, browser); err == nil {
				mu.Lock()
				defer mu.Unlock()
				signedIn++
			}
		})
	}
	group.Wait()
	if signedIn != 1 {
		t.Errorf("signed in %d times", signedIn)
	}
}

// Attack row 23: the window of a pair is of hours, so that a pair is no second factor.
func TestAttack23_ResyncSignsNobodyIn(t *testing.T) {
	in := newSite(t)
	in.user("alice")
	phone := in.enrol("alice", "phone")
	token := in.enter("alice").Token
	const hours = 500 // steps of 30 s
	code := phone.code(hours)
	_, err := in.Code(t.Context(), token, phone.serial, code, browser)
	in.refused(err, wrong)
	state, err := in.Resync(t.Context(), token, phone.serial, phone.code(hours), phone.code(hours+1), browser)
	in.at(state, err, iam.AtSecondFactor)
	if state.Token != "" || !state.SignIn.MFA.IsZero() || state.SignIn.Refused != 0 {
		t.Errorf("it came to %+v", state.SignIn)
	}
	_, err = in.Session(t.Context(), token, browser)
	in.refused(err, expired)
	_, err = in.Resync(t.Context(), token, phone.serial, phone.code(hours), phone.code(hours+1), browser)
	in.refused(err, "InvalidAuthenticationCode: Authentication code for device is not valid.") // a pair is good once
	in.clock.add(30 * time.Second)
	done, err := in.Code(t.Context(), token, phone.serial, phone.code(hours+1), browser)
	in.at(done, err, iam.SignedIn)
	if got := len(in.records("ResyncMFADevice")); got != 2 {
		t.Errorf("%d records of resyncs", got)
	}
}

// answerOf has the key answer the challenge of BeginKey.
func answerOf(in *site, token string, key *mfatest.Authenticator) []byte {
	in.Helper()
	options, err := in.BeginKey(in.Context(), token, browser)
	if err != nil {
		in.Fatal(err)
	}
	return key.Get(options)
}

func TestKeySignsIn(t *testing.T) {
	in := newSite(t)
	in.user("alice")
	key, serial := in.enrolKey("alice", "key")
	token := in.enter("alice").Token
	done, err := in.Key(t.Context(), token, answerOf(in, token, key), browser)
	in.at(done, err, iam.SignedIn)
	if done.SignIn.MFASerial != serial || !in.session(done.Token).MFA().Equal(in.clock.Now()) || done.SignIn.Ceremony != nil {
		t.Errorf("the session is %+v", done.SignIn)
	}
	if r := in.records("CheckMfa"); len(r) != 1 || field(r[0], "additionalEventData", "MfaType") != "U2F MFA" {
		t.Errorf("recorded: %v", r)
	}
}

func TestKeyNeedsAKey(t *testing.T) {
	in := newSite(t)
	in.user("alice")
	in.enrol("alice", "phone")
	token := in.enter("alice").Token
	_, err := in.BeginKey(t.Context(), token, browser)
	in.refused(err, "NoSuchEntity: No security key is assigned to this user.")
	_, err = in.Key(t.Context(), token, []byte("{}"), browser)
	in.refused(err, noCeremony)
}

// Attack row 25: an answer that does not prove the key is refused.
func TestAttack25_KeyAnswersAreVerified(t *testing.T) {
	in := newSite(t)
	in.user("alice")
	in.user("bob")
	key, _ := in.enrolKey("alice", "key")
	bobs, _ := in.enrolKey("bob", "key")
	token := in.enter("alice").Token
	outcomes := []string{}
	in.IAM.Verified = func(outcome string) { outcomes = append(outcomes, outcome) }
	for name, response := range map[string]func() []byte{
		"bogus signature": func() []byte {
			key.BogusSignature = true
			defer func() { key.BogusSignature = false }()
			return answerOf(in, token, key)
		},
		"wrong origin": func() []byte {
			key.Origin = "https://evil.example"
			defer func() { key.Origin = origin }()
			return answerOf(in, token, key)
		},
		"somebody else's key": func() []byte { return answerOf(in, token, bobs) },
		"nothing":             func() []byte { answerOf(in, token, key); return nil },
		"no JSON":             func() []byte { answerOf(in, token, key); return []byte("\x00") },
	} {
		_, err := in.Key(t.Context(), token, response(), browser)
		if !strings.HasPrefix(answer(err), "AuthenticationFailed: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, r := range in.records("ConsoleLogin") {
		if field(r, "responseElements", "ConsoleLogin") != "Failure" || field(r, "additionalEventData", "MFAUsed") != "Yes" {
			t.Errorf("recorded: %v", r)
		}
	}
	if state, err := in.State(t.Context(), token); err != nil || state.OfferResync {
		t.Errorf("a resync is offered for a key: %v", err)
	}
	done, err := in.Key(t.Context(), token, answerOf(in, token, key), browser)
	in.at(done, err, iam.SignedIn)
	if want := []string{"refused", "refused", "refused", "refused", "refused", "accepted"}; !slices.Equal(outcomes, want) {
		t.Errorf("counted as %v, want %v", outcomes, want)
	}
}

// Attack rows 27 and 28: a challenge is good for one answer, right or wrong, in its own sign-in, while it is fresh.
func TestAttack27_ChallengesAreSingleUse(t *testing.T) {
	in := newSite(t)
	in.user("alice")
	key, _ := in.enrolKey("alice", "key")

	token := in.enter("alice").Token
	right := answerOf(in, token, key)
	_, err := in.Key(t.Context(), token, []byte("{}"), browser)
	if !strings.HasPrefix(answer(err), "AuthenticationFailed: ") {
		t.Errorf("a wrong answer: %v", err)
	}
	_, err = in.Key(t.Context(), token, right, browser)
	in.refused(err, noCeremony)

	old := answerOf(in, token, key)
	newer := answerOf(in, token, key)
	_, err = in.Key(t.Context(), token, old, browser)
	if !strings.HasPrefix(answer(err), "AuthenticationFailed: ") {
		t.Errorf("the answer to a challenge that was replaced: %v", err)
	}
	_, err = in.Key(t.Context(), token, newer, browser)
	in.refused(err, noCeremony)

	other := in.enter("alice").Token
	answerOf(in, other, key)
	_, err = in.Key(t.Context(), other, answerOf(in, token, key), browser)
	if !strings.HasPrefix(answer(err), "AuthenticationFailed: ") {
		t.Errorf("the answer to the challenge of another sign-in: %v", err)
	}

	late := answerOf(in, token, key)
	in.clock.add(9*time.Minute + 59*time.Second)
	_, err = in.Key(t.Context(), token, late, browser)
	if !strings.HasPrefix(answer(err), "AuthenticationFailed: ") {
		t.Errorf("an answer after ten minutes: %v", err)
	}

	token = in.enter("alice").Token
	right = answerOf(in, token, key)
	var mu sync.Mutex
	var group sync.WaitGroup
	signedIn := 0
	for range 16 {
		group.Go(func() {
			if _, err := in.Key(t.Context(), token, right, browser); err == nil {
				mu.Lock()
				defer mu.Unlock()
				signedIn++
			}
		})
	}
	group.Wait()
	if signedIn != 1 {
		t.Errorf("one answer signed in %d times", signedIn)
	}
}

// Attack row 27: the ceremony of a registration is taken out once, by the session it was kept in.
func TestAttack27_RegistrationsAreSingleUse(t *testing.T) {
	in := newSite(t)
	in.user("alice")
	token, other := in.enter("alice").Token, in.enter("alice").Token
	kept := mfa.Ceremony{Kind: "registration", Challenge: []byte("challenge"), Expires: in.clock.Now().Add(time.Minute).UTC()}
	if err := in.KeepCeremony(t.Context(), token, kept); err != nil {
		t.Fatal(err)
	}
	_, err := in.TakeCeremony(t.Context(), other)
	in.refused(err, noCeremony)
	taken, err := in.TakeCeremony(t.Context(), token)
	if want, _ := json.Marshal(kept); err != nil || string(mustJSON(t, taken)) != string(want) {
		t.Errorf("took %+v, %v", taken, err)
	}
	_, err = in.TakeCeremony(t.Context(), token)
	in.refused(err, noCeremony)
}

// A registration's challenge is no sign-in's, nor the other way round.
func TestAttack28_CeremoniesDoNotMix(t *testing.T) {
	in := newSite(t)
	in.user("alice")
	session := in.enter("alice").Token // before there is a device
	key, _ := in.enrolKey("alice", "key")
	begun := in.must(in.root, "BeginSecurityKey", &iam.BeginSecurityKeyInput{UserName: aws.String("alice"), DeviceName: "two"}).(*iam.BeginSecurityKeyOutput)
	if err := in.KeepCeremony(t.Context(), session, begun.Ceremony); err != nil {
		t.Fatal(err)
	}
	half := in.enter("alice").Token
	_, err := in.Key(t.Context(), half, key.Get(begun.Options), browser)
	in.refused(err, noCeremony)
	in.update(func(tx iam.Tx) error { // even if it got there
		row, err := tx.LockSignIn(t.Context(), signin.HashToken(half))
		if err != nil {
			return err
		}
		row.Ceremony = mustJSON(t, begun.Ceremony)
		return tx.UpdateSignIn(t.Context(), row)
	})
	_, err = in.Key(t.Context(), half, key.Get(begun.Options), browser)
	if !strings.HasPrefix(answer(err), "AuthenticationFailed: ") {
		t.Errorf("a registration's challenge: %v", err)
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
