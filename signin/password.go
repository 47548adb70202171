package signin

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sallyport-iam/sallyport/iam"
)

// Bounds of what is looked at. Nothing longer has ever been accepted as a name or a password.
const (
	longestAccount  = 63  // characters of an alias
	longestUserName = 128 // bytes
	longestEmail    = 254 // bytes (RFC 5321 §4.5.3.1.3)
	longestPassword = 128 // characters
)

// claim is the identity that credentials name, which there need not be.
type claim struct {
	account  string // "" if there is none
	ownerID  string // "" if there is none
	hash     string // of the password; "" if there is none
	throttle string // where its failures are counted
}

// Password is the first step. The right password of an identity without MFA devices signs in; with devices, the state
// says which there are to choose from.
//
// Everything that can be wrong has one answer and costs one hash. After repeated failures, of the identity from this
// address, of the identity from everywhere, or from this address whatever the identity, the answer is a
// [*ThrottledError] and nothing is computed; that holds for guesses made at the same time too: whether one was right is
// told only to those within the limits. More than [iam.TurnsOfANetwork] attempts at a time from one network are turned
// away, so that nobody takes the hasher for themselves.
func (s *Service) Password(ctx context.Context, c Credentials, from From) (state *State, err error) {
	defer func() { s.report("password", from, err) }()
	done, ok := s.IAM.Passwords.Turn(from.SourceIP)
	if !ok {
		return nil, crowded()
	}
	defer done()
	var who claim
	err = s.IAM.Store.View(ctx, func(tx iam.Tx) error {
		var err error
		if who, err = identify(ctx, tx, c); err != nil {
			return err
		}
		source, err := tx.Throttle(ctx, iam.SourceThrottle(from.SourceIP))
		if err != nil {
			return err
		}
		guesses, err := iam.ReadGuesses(ctx, tx, who.throttle, from.SourceIP)
		if err != nil {
			return err
		}
		return held(s.IAM.Now(), source, guesses)
	})
	if err != nil {
		return nil, err
	}
	right, err := s.verify(ctx, who.hash, c.Password)
	if err != nil {
		return nil, err
	}
	var begun *attempt
	err = s.IAM.Store.Update(ctx, func(tx iam.Tx) error {
		a, err := s.judge(ctx, tx, who, right, from)
		begun = a
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.state(ctx, begun)
}

// identify finds whose credentials they would be.
func identify(ctx context.Context, tx iam.Tx, c Credentials) (claim, error) {
	if c.Email != "" {
		a, err := findRoot(ctx, tx, c.Email)
		if errors.Is(err, iam.ErrNotFound) {
			return claim{throttle: iam.UnknownRootThrottle(c.Email)}, nil
		}
		if err != nil {
			return claim{}, err
		}
		return known(ctx, tx, a.ID, a.ID)
	}
	a, err := findAccount(ctx, tx, c.AccountOrAlias)
	if errors.Is(err, iam.ErrNotFound) {
		return claim{throttle: iam.UnknownThrottle(c.AccountOrAlias, c.UserName)}, nil
	}
	if err != nil {
		return claim{}, err
	}
	u, err := findUser(ctx, tx, a.ID, c.UserName)
	if errors.Is(err, iam.ErrNotFound) {
		return claim{account: a.ID, throttle: iam.UnknownThrottle(a.ID, c.UserName)}, nil
	}
	if err != nil {
		return claim{}, err
	}
	return known(ctx, tx, a.ID, u.ID)
}

func known(ctx context.Context, tx iam.Tx, account, ownerID string) (claim, error) {
	who := claim{account: account, ownerID: ownerID, throttle: iam.PasswordThrottle(account, ownerID)}
	p, err := tx.LoginProfile(ctx, account, ownerID)
	if errors.Is(err, iam.ErrNotFound) {
		return who, nil
	}
	if err == nil {
		who.hash = p.Hash
	}
	return who, err
}

func findRoot(ctx context.Context, tx iam.Tx, email string) (*iam.Account, error) {
	if !possible(email, longestEmail) {
		return nil, iam.ErrNotFound
	}
	return tx.AccountByEmail(ctx, email)
}

// findAccount finds an account by its id, or by its alias as that is spelled.
func findAccount(ctx context.Context, tx iam.Tx, text string) (*iam.Account, error) {
	if !possible(text, longestAccount) {
		return nil, iam.ErrNotFound
	}
	a, err := tx.Account(ctx, text)
	if !errors.Is(err, iam.ErrNotFound) {
		return a, err
	}
	a, err = tx.AccountByAlias(ctx, text)
	if err == nil && a.Alias != text {
		return nil, iam.ErrNotFound
	}
	return a, err
}

func findUser(ctx context.Context, tx iam.Tx, account, name string) (*iam.User, error) {
	if !possible(name, longestUserName) {
		return nil, iam.ErrNotFound
	}
	return tx.User(ctx, account, name)
}

// possible tells whether there could be something of that name, so that the database is asked for nothing else.
func possible(name string, longest int) bool {
	return name != "" && len(name) <= longest && utf8.ValidString(name) && !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' })
}

// verify costs one hash, whatever there is to verify.
func (s *Service) verify(ctx context.Context, hash, password string) (bool, error) {
	switch {
	case utf8.RuneCountInString(password) > longestPassword:
		return false, s.passwords().VerifyNothing(ctx, "")
	case hash == "":
		return false, s.passwords().VerifyNothing(ctx, password)
	default:
		return s.passwords().Verify(ctx, hash, password)
	}
}

// judge counts the guess and, if it was right and within the limit, begins the sign-in.
func (s *Service) judge(ctx context.Context, tx iam.Tx, who claim, right bool, from From) (*attempt, error) {
	now := s.IAM.Now()
	source, err := tx.LockThrottle(ctx, iam.SourceThrottle(from.SourceIP))
	if err != nil {
		return nil, err
	}
	guesses, err := iam.LockGuesses(ctx, tx, who.throttle, from.SourceIP)
	if err != nil {
		return nil, err
	}
	if err := held(now, source, guesses); err != nil {
		return nil, err
	}
	var a *attempt
	if who.ownerID != "" {
		if a, err = owner(ctx, tx, who.account, who.ownerID); err != nil && !errors.Is(err, iam.ErrNotFound) {
			return nil, err
		}
	}
	if !right || a == nil || a.profile == nil || a.profile.Hash != who.hash {
		if err := tx.PutThrottle(ctx, source.Failed(iam.SourceWait, now)); err != nil {
			return nil, err
		}
		if err := guesses.Failed(ctx, tx, now); err != nil {
			return nil, err
		}
		if a == nil {
			err = s.recordUnknown(ctx, tx, who.account, from)
		} else {
			err = s.recordLogin(ctx, tx, a, from, failed)
		}
		if err != nil {
			return nil, err
		}
		return nil, iam.Keep(wrong())
	}
	if err := guesses.Succeeded(ctx, tx); err != nil {
		return nil, err
	}
	s.begin(a)
	return a, s.advance(ctx, tx, a, from, tx.InsertSignIn)
}

// held is the answer to an attempt that comes too early, nil if it doesn't.
func held(now time.Time, source iam.Throttle, guesses iam.Guesses) error {
	until := source.Until(iam.SourceWait)
	if other := guesses.Until(); other.After(until) {
		until = other
	}
	if now.Before(until) {
		return &ThrottledError{until}
	}
	return nil
}
