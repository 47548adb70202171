package signin_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/iam"
)

func TestSessionEnds(t *testing.T) {
	in := newSite(t)
	in.user("alice")
	check := func(token, want string) {
		t.Helper()
		_, err := in.Session(t.Context(), token, browser)
		in.refused(err, want)
		state, err := in.State(t.Context(), token)
		if err != nil || (state.SignIn != nil) != (want == "ok") {
			t.Errorf("the state is %+v, %v; want %s", state.SignIn, err, want)
		}
	}

	idle := in.enter("alice").Token
	in.clock.add(time.Hour)
	check(idle, "ok")
	in.clock.add(time.Hour + time.Millisecond)
	check(idle, expired)

	busy := in.enter("alice").Token
	for range 12*60 - 1 { // a minute at a time
		in.clock.add(time.Minute)
		if _, err := in.Session(t.Context(), busy, browser); err != nil {
			t.Fatal(err)
		}
	}
	in.clock.add(time.Minute - time.Millisecond)
	check(busy, "ok")
	in.clock.add(time.Millisecond)
	check(busy, expired)

	out := in.enter("alice").Token
	if err := in.SignOut(t.Context(), out, browser); err != nil {
		t.Fatal(err)
	}
	check(out, expired)
	if err := in.SignOut(t.Context(), out, browser); err != nil {
		t.Errorf("signing out twice: %v", err)
	}
}

// Attack row 31: who is disabled or deleted is out at once, and nobody of the same name inherits the session.
func TestAttack31_DisabledUsersAreOut(t *testing.T) {
	name := aws.String("alice")
	for how, disable := range map[string]func(in *site, alice string){
		"password deleted": func(in *site, _ string) {
			in.must(in.root, "DeleteLoginProfile", &awsiam.DeleteLoginProfileInput{UserName: name})
		},
		"password replaced": func(in *site, _ string) {
			in.must(in.root, "UpdateLoginProfile", &awsiam.UpdateLoginProfileInput{UserName: name, Password: aws.String("another-One-7")})
		},
		"user deleted and made anew": func(in *site, _ string) {
			in.must(in.root, "DeleteLoginProfile", &awsiam.DeleteLoginProfileInput{UserName: name})
			in.must(in.root, "DeleteUser", &awsiam.DeleteUserInput{UserName: name})
			in.user("alice")
		},
		"user deleted while the row stays": func(in *site, alice string) {
			rows := in.signInsOf(alice)
			in.must(in.root, "DeleteLoginProfile", &awsiam.DeleteLoginProfileInput{UserName: name})
			in.must(in.root, "DeleteUser", &awsiam.DeleteUserInput{UserName: name})
			in.user("alice")
			in.update(func(tx iam.Tx) error { return tx.InsertSignIn(in.Context(), &rows[0]) })
		},
		"an administrator ends the sessions": func(in *site, alice string) {
			in.update(func(tx iam.Tx) error {
				_, err := tx.DeleteSignInsOf(in.Context(), account, alice, "")
				return err
			})
		},
	} {
		t.Run(how, func(t *testing.T) {
			in := newSite(t)
			alice := in.user("alice")
			token := in.enter("alice").Token
			in.session(token)
			disable(in, alice)
			_, err := in.Session(t.Context(), token, browser)
			in.refused(err, expired)
			if state, err := in.State(t.Context(), token); err != nil || state.SignIn != nil {
				t.Errorf("the state is %+v, %v", state.SignIn, err)
			}
			if rows := in.signInsOf(alice); len(rows) != 0 {
				t.Errorf("left: %+v", rows)
			}
		})
	}
}

func TestSessionFeedsPolicies(t *testing.T) {
	in := newSite(t)
	in.user("alice")
	in.must(in.root, "PutUserPolicy", &awsiam.PutUserPolicyInput{UserName: aws.String("alice"), PolicyName: aws.String("mfa"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*",
			"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"},"NumericLessThan":{"aws:MultiFactorAuthAge":"600"}}},
			{"Effect":"Allow","Action":"iam:ListGroups","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}]}`)})
	may := func(token, action string, input any) bool {
		t.Helper()
		_, err := in.try(in.session(token), action, input)
		return err == nil
	}
	users, groups := &awsiam.ListUsersInput{}, &awsiam.ListGroupsInput{}
	without := in.enter("alice").Token
	if may(without, "ListUsers", users) || !may(without, "ListGroups", groups) {
		t.Error("without a second factor the key is not false")
	}
	phone := in.enrol("alice", "phone")
	done, err := in.Code(t.Context(), in.enter("alice").Token, phone.serial, phone.code(0), browser)
	in.at(done, err, iam.SignedIn)
	if !may(done.Token, "ListUsers", users) || may(done.Token, "ListGroups", groups) {
		t.Error("with a second factor the key is not true")
	}
	in.clock.add(10 * time.Minute)
	if may(done.Token, "ListUsers", users) {
		t.Error("the age does not grow")
	}
}

func TestLastSeenIsWrittenOnceAMinute(t *testing.T) {
	in := newSite(t)
	alice := in.user("alice")
	token := in.enter("alice").Token
	first := in.clock.Now()
	seen := func() time.Duration { return in.signInsOf(alice)[0].LastSeen.Sub(first) }
	for _, c := range []struct{ after, want time.Duration }{
		{30 * time.Second, 0}, {29 * time.Second, 0}, {time.Second, time.Minute}, {59 * time.Second, time.Minute}, {time.Second, 2 * time.Minute},
	} {
		in.clock.add(c.after)
		commits := in.store.Stats().Commits
		in.session(token)
		if seen() != c.want {
			t.Errorf("at %v last seen at %v, want %v", in.clock.Now().Sub(first), seen(), c.want)
		}
		if wrote := in.store.Stats().Commits != commits; wrote != (c.want == in.clock.Now().Sub(first)) {
			t.Errorf("at %v: wrote %v", in.clock.Now().Sub(first), wrote)
		}
	}
	in.clock.add(time.Minute)
	if state, err := in.State(t.Context(), token); err != nil || state.SignIn == nil || seen() != 2*time.Minute {
		t.Errorf("looking keeps a session awake: %v, %v", seen(), err)
	}
}

// unwritable is a store that has lost the way to write.
type unwritable struct{ iam.Store }

func (unwritable) Update(context.Context, func(iam.Tx) error) error { return errors.New("disk full") }

func TestWithoutTheDatabaseNobodySignsIn(t *testing.T) {
	in := newSite(t)
	in.user("alice")
	phone := in.enrol("alice", "phone")
	half := in.enter("alice")
	done, err := in.Code(t.Context(), half.Token, phone.serial, phone.code(0), browser)
	in.at(done, err, iam.SignedIn)
	half = in.enter("alice")
	in.clock.add(2 * time.Minute)
	in.IAM.Store = unwritable{in.IAM.Store}
	if _, err := in.Password(t.Context(), as("alice", password), browser); answer(err) != "failure: disk full" {
		t.Errorf("password: %v", err)
	}
	if _, err := in.Code(t.Context(), half.Token, phone.serial, phone.code(0), browser); answer(err) != "failure: disk full" {
		t.Errorf("code: %v", err)
	}
	in.session(done.Token) // goes on, though nobody can note that it was seen
}

func TestRunPrunes(t *testing.T) {
	in := newSite(t)
	alice := in.user("alice")
	in.enter("alice")
	in.Password(t.Context(), as("nobody", "x"), browser)
	in.clock.add(24*time.Hour + time.Second)
	fresh := in.enter("alice")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); in.Service.Run(ctx, time.Hour) }()
	for deadline := time.Now().Add(10 * time.Second); len(in.signInsOf(alice)) != 1; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing was pruned")
		}
	}
	cancel()
	<-ended
	in.session(fresh.Token)
	if n := in.failures(iam.UnknownThrottle(account, "nobody")); n != 0 {
		t.Errorf("%d failures of yesterday", n)
	}
}
