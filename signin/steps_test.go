package signin_test

import (
	"encoding/base64"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/signin"
)

// stages are the places that a sign-in can be at. Each makes a user of its own and returns the token.
var stages = map[string]func(in *site) string{
	"signed out": func(*site) string { return "" },
	"second factor": func(in *site) string {
		in.user("alice")
		in.enrol("alice", "phone")
		in.enrolKey("alice", "key")
		return in.at(in.enter("alice"), nil, iam.AtSecondFactor).Token
	},
	"new password": func(in *site) string {
		in.user("alice")
		in.allow("alice", `"iam:ChangePassword"`)
		in.mustChange("alice")
		return in.at(in.enter("alice"), nil, iam.AtNewPassword).Token
	},
	"signed in": func(in *site) string {
		in.user("alice")
		return in.at(in.enter("alice"), nil, iam.SignedIn).Token
	},
}

// calls are all that a token can be used for, with answers that can only come from the right stage.
var calls = map[string]func(in *site, token string) error{
	"Code": func(in *site, token string) error {
		_, err := in.Code(in.Context(), token, "arn:aws:iam::"+account+":mfa/phone", "123", browser)
		return err
	},
	"Resync": func(in *site, token string) error {
		_, err := in.Resync(in.Context(), token, "arn:aws:iam::"+account+":mfa/phone", "123", "456", browser)
		return err
	},
	"BeginKey": func(in *site, token string) error {
		_, err := in.BeginKey(in.Context(), token, browser)
		return err
	},
	"Key": func(in *site, token string) error {
		_, err := in.Key(in.Context(), token, []byte("{}"), browser)
		return err
	},
	"NewPassword": func(in *site, token string) error {
		_, err := in.NewPassword(in.Context(), token, password, "another-One-7", browser)
		return err
	},
	"Session": func(in *site, token string) error {
		_, err := in.Session(in.Context(), token, browser)
		return err
	},
	"KeepCeremony": func(in *site, token string) error {
		return in.KeepCeremony(in.Context(), token, mfa.Ceremony{Challenge: []byte("challenge")})
	},
	"TakeCeremony": func(in *site, token string) error {
		_, err := in.TakeCeremony(in.Context(), token)
		return err
	},
}

// steps are the stages' steps.
var steps = map[string]iam.SignInStep{"second factor": iam.AtSecondFactor, "new password": iam.AtNewPassword, "signed in": iam.SignedIn}

const noCeremony = "InvalidCeremony: No security key was asked for, or it has answered already. Try again."

// own are the calls that a stage answers to, with the answer; all others are refused as if there were no sign-in.
var own = map[string]map[string]string{
	"signed out": {},
	"second factor": {
		"Code": wrong, "Resync": "InvalidAuthenticationCode: Authentication code for device is not valid.", "BeginKey": "ok", "Key": noCeremony,
	},
	"new password": {"NewPassword": "ok"},
	"signed in":    {"Session": "ok", "KeepCeremony": "ok", "TakeCeremony": noCeremony},
}

// Attack rows 20 and 28: a stage answers to its own step and to nothing else.
func TestAttack20_EveryStageAnswersToItsOwnStepOnly(t *testing.T) {
	for stage, reach := range stages {
		t.Run(stage, func(t *testing.T) {
			in := newSite(t)
			in.T = t
			token := reach(in)
			for name, call := range calls {
				if _, mine := own[stage][name]; mine {
					continue
				}
				want := signInOut
				if name == "Session" {
					want = expired
				}
				if got := answer(call(in, token)); got != want {
					t.Errorf("%s: %s", name, got)
				}
				state, err := in.State(t.Context(), token)
				if err != nil {
					t.Fatal(err)
				}
				if (state.SignIn == nil) != (token == "") || state.SignIn != nil && state.SignIn.Step != steps[stage] {
					t.Errorf("after %s the token finds %+v", name, state.SignIn)
				}
			}
			for name, want := range own[stage] {
				if name == "BeginKey" || name == "KeepCeremony" {
					defer func() { in.refused(calls[name](in, token), want) }() // after those that want no ceremony
					continue
				}
				if got := answer(calls[name](in, token)); got != want {
					t.Errorf("%s: %s, want %s", name, got, want)
				}
			}
		})
	}
}

// Attack row 29: each step has a new token, and the one before is dead.
func TestAttack29_TheTokenChangesAtEveryStep(t *testing.T) {
	in := newSite(t)
	alice := in.user("alice")
	in.allow("alice", `"iam:ChangePassword"`)
	in.mustChange("alice")
	phone := in.enrol("alice", "phone")

	first := in.at(in.enter("alice"), nil, iam.AtSecondFactor)
	second, err := in.Code(t.Context(), first.Token, phone.serial, phone.code(0), browser)
	in.at(second, err, iam.AtNewPassword)
	third, err := in.NewPassword(t.Context(), second.Token, password, "another-One-7", browser)
	in.at(third, err, iam.SignedIn)
	if first.Token == second.Token || second.Token == third.Token || first.Token == third.Token {
		t.Fatal("a token stayed")
	}
	if first.SignIn.ID != third.SignIn.ID || third.SignIn.OwnerID != alice {
		t.Error("it is another sign-in")
	}
	for _, old := range []string{first.Token, second.Token} {
		for name, call := range calls {
			want := signInOut
			if name == "Session" {
				want = expired
			}
			if got := answer(call(in, old)); got != want {
				t.Errorf("%s with an old token: %s", name, got)
			}
		}
		if state, err := in.State(t.Context(), old); err != nil || state.SignIn != nil {
			t.Errorf("an old token finds %+v, %v", state, err)
		}
	}
	caller := in.session(third.Token)
	if caller.MFA().IsZero() {
		t.Error("the new password forgot the second factor")
	}
	if raw, err := base64.RawURLEncoding.DecodeString(third.Token); err != nil || len(raw) != 32 {
		t.Errorf("a token of %d bytes, %v", len(raw), err)
	}
	if third.SignIn.TokenHash == third.Token || third.SignIn.TokenHash != signin.HashToken(third.Token) {
		t.Error("the database has more than the hash")
	}
}

// Attack rows 29 and 30: a planted token and every alteration of a real one are nobody's.
func TestAttack29_PlantedAndAlteredTokens(t *testing.T) {
	in := newSite(t)
	in.user("alice")
	token := in.enter("alice").Token
	hash := signin.HashToken(token)
	altered := []string{"", "x", strings.Repeat("A", 43), hash, token + "A", token + "=", " " + token, strings.ToUpper(token), token[1:]}
	for i := range token {
		altered = append(altered, token[:i])
		changed := []byte(token)
		changed[i] ^= 1
		altered = append(altered, string(changed))
	}
	for _, planted := range altered {
		if _, err := in.Session(t.Context(), planted, browser); answer(err) != expired {
			t.Errorf("%q: %v", planted, err)
		}
		if state, err := in.State(t.Context(), planted); err != nil || state.SignIn != nil {
			t.Errorf("%q is %+v, %v", planted, state, err)
		}
		if err := in.SignOut(t.Context(), planted, browser); err != nil {
			t.Errorf("signing out %q: %v", planted, err)
		}
	}
	in.session(token)
}

// Attack row 22: whether a second factor is needed follows from the devices, whatever the row says.
func TestAttack22_TheLevelFollowsFromTheDevices(t *testing.T) {
	in := newSite(t)
	in.user("alice")
	in.at(in.enter("alice"), nil, iam.SignedIn)
	phone := in.enrol("alice", "phone")
	state := in.at(in.enter("alice"), nil, iam.AtSecondFactor)

	// A row that has been tampered with, or written by an older version, is no way around it.
	in.update(func(tx iam.Tx) error {
		row, err := tx.LockSignIn(t.Context(), signin.HashToken(state.Token))
		if err != nil {
			return err
		}
		row.Step = iam.AtNewPassword
		return tx.UpdateSignIn(t.Context(), row)
	})
	_, err := in.NewPassword(t.Context(), state.Token, password, "another-One-7", browser)
	in.refused(err, signInOut)

	in.deactivate("alice", phone.serial)
	in.at(in.enter("alice"), nil, iam.SignedIn)

	root := signin.Credentials{Email: rootEmail, Password: rootPassword}
	done, err := in.Password(t.Context(), root, browser)
	in.at(done, err, iam.SignedIn)
}

// Attack row 17: a sign-in does not outlive what it was begun with.
func TestAttack17_ChangesBetweenTheSteps(t *testing.T) {
	name := aws.String("alice")
	changes := map[string]func(in *site, phone app){
		"the device is deactivated": func(in *site, phone app) { in.deactivate("alice", phone.serial) },
		"the password is replaced": func(in *site, _ app) {
			in.must(in.root, "UpdateLoginProfile", &awsiam.UpdateLoginProfileInput{UserName: name, Password: aws.String("another-One-7")})
		},
		"the user changes it elsewhere": func(in *site, _ app) {
			in.changeOwnPassword("alice")
		},
		"the password is deleted": func(in *site, _ app) {
			in.must(in.root, "DeleteLoginProfile", &awsiam.DeleteLoginProfileInput{UserName: name})
		},
		"the user is deleted and made anew": func(in *site, phone app) {
			in.deactivate("alice", phone.serial)
			in.must(in.root, "DeleteLoginProfile", &awsiam.DeleteLoginProfileInput{UserName: name})
			in.must(in.root, "DeleteUserPolicy", &awsiam.DeleteUserPolicyInput{UserName: name, PolicyName: aws.String("inline")})
			in.must(in.root, "DeleteUser", &awsiam.DeleteUserInput{UserName: name})
			in.user("alice")
		},
		"ten minutes pass": func(in *site, _ app) { in.clock.add(10 * time.Minute) },
		"it is signed out": func(in *site, _ app) {
			in.update(func(tx iam.Tx) error {
				u, err := tx.User(in.Context(), account, "alice")
				if err != nil {
					return err
				}
				_, err = tx.DeleteSignInsOf(in.Context(), account, u.ID, "")
				return err
			})
		},
	}
	for change, make := range changes {
		t.Run("at the second factor "+change, func(t *testing.T) {
			in := newSite(t)
			in.user("alice")
			in.allow("alice", `"iam:ChangePassword"`)
			phone := in.enrol("alice", "phone")
			state := in.at(in.enter("alice"), nil, iam.AtSecondFactor)
			in.clock.add(time.Second)
			make(in, phone)
			if now, err := in.State(t.Context(), state.Token); err != nil || now.SignIn != nil {
				t.Errorf("the sign-in is %+v, %v", now.SignIn, err)
			}
			_, err := in.Code(t.Context(), state.Token, phone.serial, phone.code(0), browser)
			in.refused(err, signInOut)
		})
		t.Run("at the new password "+change, func(t *testing.T) {
			in := newSite(t)
			in.user("alice")
			in.allow("alice", `"iam:ChangePassword"`)
			in.mustChange("alice")
			phone := in.enrol("alice", "phone")
			state, err := in.Code(t.Context(), in.enter("alice").Token, phone.serial, phone.code(0), browser)
			in.at(state, err, iam.AtNewPassword)
			in.clock.add(time.Second)
			make(in, phone)
			_, err = in.NewPassword(t.Context(), state.Token, password, "brand-New-One-8", browser)
			in.refused(err, signInOut)
		})
	}

	t.Run("a device is bound before the new password", func(t *testing.T) {
		in := newSite(t)
		alice := in.user("alice")
		in.allow("alice", `"iam:ChangePassword"`)
		in.mustChange("alice")
		state := in.at(in.enter("alice"), nil, iam.AtNewPassword)
		in.enrol("alice", "phone")
		_, err := in.NewPassword(t.Context(), state.Token, password, "another-One-7", browser)
		in.refused(err, signInOut)
		in.at(in.enter("alice"), nil, iam.AtSecondFactor) // the password is still the old one
		if n := len(in.signInsOf(alice)); n != 1 {
			t.Errorf("%d sign-ins: the void one was not deleted", n)
		}
	})
	t.Run("a second device is bound at the second factor", func(t *testing.T) {
		in := newSite(t)
		in.user("alice")
		in.enrol("alice", "phone")
		state := in.at(in.enter("alice"), nil, iam.AtSecondFactor)
		tablet := in.enrol("alice", "tablet")
		done, err := in.Code(t.Context(), state.Token, tablet.serial, tablet.code(0), browser)
		in.at(done, err, iam.SignedIn)
	})
}

// changeOwnPassword is what a user does with an access key or in another session.
func (in *site) changeOwnPassword(name string) {
	in.Helper()
	var id string
	in.view(func(tx iam.Tx) error {
		u, err := tx.User(in.Context(), account, name)
		if err == nil {
			id = u.ID
		}
		return err
	})
	principal, err := in.IAM.Directory.Principal(in.Context(), account, iam.IAMUser, id)
	if err != nil {
		in.Fatal(err)
	}
	in.must(&iam.Caller{Principal: principal, Region: "us-east-1"}, "ChangePassword",
		&awsiam.ChangePasswordInput{OldPassword: aws.String(password), NewPassword: aws.String("another-One-7")})
}

func TestNewPassword(t *testing.T) {
	const next = "another-One-7"
	begin := func(t *testing.T) (*site, *signin.State) {
		in := newSite(t)
		in.user("alice")
		in.allow("alice", `"iam:ChangePassword"`)
		in.mustChange("alice")
		return in, in.at(in.enter("alice"), nil, iam.AtNewPassword)
	}
	t.Run("signs in, and is the password from then on", func(t *testing.T) {
		in, state := begin(t)
		if got := len(in.records("ConsoleLogin")); got != 0 {
			t.Errorf("%d records of a sign-in that is not finished", got)
		}
		in.clock.add(time.Minute)
		done, err := in.NewPassword(t.Context(), state.Token, password, next, browser)
		in.at(done, err, iam.SignedIn)
		if !done.SignIn.Expires.Equal(in.clock.Now().Add(12 * time.Hour)) {
			t.Errorf("the session ends at %v", done.SignIn.Expires)
		}
		in.session(done.Token)
		again, err := in.Password(t.Context(), as("alice", next), browser)
		in.at(again, err, iam.SignedIn)
		_, err = in.Password(t.Context(), as("alice", password), browser)
		in.refused(err, wrong)
		if got := len(in.records("ChangePassword")); got != 1 {
			t.Errorf("%d records of the change", got)
		}
	})
	t.Run("is held by the rules for passwords, and can be tried again", func(t *testing.T) {
		in, state := begin(t)
		for candidate, want := range map[string]string{
			"short":  "PasswordPolicyViolation: Password should have a minimum length of 8",
			password: "AccessDenied: The new password must differ from the old one.",
		} {
			_, err := in.NewPassword(t.Context(), state.Token, password, candidate, browser)
			in.refused(err, want)
		}
		_, err := in.NewPassword(t.Context(), state.Token, "guess-It-1", next, browser)
		in.refused(err, "AccessDenied: The old password is wrong.")
		_, err = in.NewPassword(t.Context(), state.Token, password, strings.Repeat("x", 129), browser)
		if !strings.HasPrefix(answer(err), "ValidationError") {
			t.Errorf("endless: %v", err)
		}
		done, err := in.NewPassword(t.Context(), state.Token, password, next, browser)
		in.at(done, err, iam.SignedIn)
	})
	t.Run("is held by the user's policies", func(t *testing.T) {
		in := newSite(t)
		in.user("alice")
		in.mustChange("alice")
		state := in.at(in.enter("alice"), nil, iam.AtNewPassword)
		_, err := in.NewPassword(t.Context(), state.Token, password, next, browser)
		in.refused(err, "AccessDenied: User: arn:aws:iam::"+account+":user/alice is not authorized to perform: iam:ChangePassword "+
			"on resource: user alice because no identity-based policy allows the iam:ChangePassword action")
	})
	t.Run("in parallel succeeds once", func(t *testing.T) {
		in, state := begin(t)
		var mu sync.Mutex
		var tokens []string
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				if done, err := in.NewPassword(t.Context(), state.Token, password, next, browser); err == nil {
					mu.Lock()
					defer mu.Unlock()
					tokens = append(tokens, done.Token)
				}
			})
		}
		group.Wait()
		if len(tokens) != 1 {
			t.Errorf("%d sessions", len(tokens))
		}
	})
	t.Run("denied without MFA, allowed with it", func(t *testing.T) {
		in := newSite(t)
		in.user("alice")
		in.allow("alice", `"iam:ChangePassword"`)
		in.must(in.root, "PutUserPolicy", &awsiam.PutUserPolicyInput{UserName: aws.String("alice"), PolicyName: aws.String("deny"),
			PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*",
				"Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}]}`)})
		in.mustChange("alice")
		state := in.at(in.enter("alice"), nil, iam.AtNewPassword)
		_, err := in.NewPassword(t.Context(), state.Token, password, next, browser)
		if !strings.HasPrefix(answer(err), "AccessDenied: ") || !strings.Contains(answer(err), "explicit deny") {
			t.Errorf("without MFA: %v", err)
		}
		phone := in.enrol("alice", "phone")
		state, err = in.Code(t.Context(), in.enter("alice").Token, phone.serial, phone.code(0), browser)
		in.at(state, err, iam.AtNewPassword)
		done, err := in.NewPassword(t.Context(), state.Token, password, next, browser)
		in.at(done, err, iam.SignedIn)
	})
}

func TestExpiredPasswords(t *testing.T) {
	expire := func(in *site, hard bool) {
		in.must(in.root, "UpdateAccountPasswordPolicy", &awsiam.UpdateAccountPasswordPolicyInput{
			MaxPasswordAge: aws.Int32(30), HardExpiry: aws.Bool(hard), AllowUsersToChangePassword: true,
		})
	}
	const gone = "PasswordExpired: Your password has expired. Ask your administrator to reset it."

	in := newSite(t)
	alice := in.user("alice")
	expire(in, false)
	in.at(in.enter("alice"), nil, iam.SignedIn)
	in.clock.add(30*24*time.Hour - time.Second)
	in.at(in.enter("alice"), nil, iam.SignedIn)
	in.clock.add(time.Second)
	state := in.at(in.enter("alice"), nil, iam.AtNewPassword)
	done, err := in.NewPassword(t.Context(), state.Token, password, "another-One-7", browser)
	in.at(done, err, iam.SignedIn)
	root, err := in.Password(t.Context(), signin.Credentials{Email: rootEmail, Password: rootPassword}, browser)
	in.at(root, err, iam.SignedIn) // root's never expires

	expire(in, true)
	in.clock.add(31 * 24 * time.Hour)
	_, err = in.Password(t.Context(), as("alice", "nope"), browser)
	in.refused(err, wrong) // whoever doesn't know it learns nothing of it
	_, err = in.Password(t.Context(), as("alice", "another-One-7"), browser)
	in.refused(err, gone)
	for _, row := range in.signInsOf(alice) {
		if row.Live(in.clock.Now()) {
			t.Errorf("there is %+v", row)
		}
	}
	if last := in.records("ConsoleLogin"); field(last[len(last)-1], "responseElements", "ConsoleLogin") != "Failure" {
		t.Error("the refusal was recorded as a success")
	}

	// With a device, the second factor comes first.
	phone := in.enrol("alice", "phone")
	state, err = in.Password(t.Context(), as("alice", "another-One-7"), browser)
	in.at(state, err, iam.AtSecondFactor)
	_, err = in.Code(t.Context(), state.Token, phone.serial, phone.code(0), browser)
	in.refused(err, gone)
	_, err = in.Code(t.Context(), state.Token, phone.serial, phone.code(1), browser)
	in.refused(err, signInOut)
}
