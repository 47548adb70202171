package iam

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/sallyport-iam/sallyport/wire"
)

// LoginProfile is the password of a user (OwnerID is its unique id) or of root (the account id).
type LoginProfile struct {
	Account       string
	OwnerID       string
	Hash          string   // argon2id in PHC string form
	History       []string // hashes of earlier passwords, newest first, as many as a password policy may forbid
	Created       time.Time
	Changed       time.Time
	LastUsed      time.Time // zero if never
	ResetRequired bool
}

// LoginProfileStore keeps passwords.
type LoginProfileStore interface {
	LoginProfile(ctx context.Context, account, ownerID string) (*LoginProfile, error)
	// LoginProfiles returns those of the owners that have one.
	LoginProfiles(ctx context.Context, account string, ownerIDs []string) (map[string]LoginProfile, error)
	InsertLoginProfile(ctx context.Context, p *LoginProfile) error
	UpdateLoginProfile(ctx context.Context, p *LoginProfile) error
	DeleteLoginProfile(ctx context.Context, account, ownerID string) error
}

// passwordChange is what is worked out about a password before the transaction that sets it: hashing takes longer
// than a transaction should.
type passwordChange struct {
	hash     string // of the new password; "" if none is to be set
	current  string // the hash that was current then; "" if nothing was compared with it
	oldRight bool   // the old password given is the current one
	compared int    // how many earlier passwords the new one was to be compared with
	reused   bool   // it is one of those
}

// prepareNewPassword hashes the password of a new login profile, unless there can't be one.
func (s *Service) prepareNewPassword(ctx context.Context, c *Caller, in *awsiam.CreateLoginProfileInput) (change passwordChange, err error) {
	if in.Password == nil {
		return change, nil
	}
	err = s.Store.View(ctx, func(tx Tx) error {
		u, err := userOrCaller(ctx, tx, c, in.UserName)
		if err != nil {
			return err
		}
		if err := withoutLoginProfile(ctx, tx, u); err != nil {
			return err
		}
		return checkPassword(ctx, tx, c.Account, *in.Password)
	})
	if err != nil {
		return change, err
	}
	change.hash, err = s.Passwords.Hash(ctx, *in.Password)
	return change, err
}

// CreateLoginProfile gives a user, by default the caller, a password.
func (s *Service) CreateLoginProfile(ctx context.Context, tx Tx, c *Caller, in *awsiam.CreateLoginProfileInput, change passwordChange) (*awsiam.CreateLoginProfileOutput, error) {
	u, err := userOrCaller(ctx, tx, c, in.UserName)
	if err != nil {
		return nil, err
	}
	if in.Password == nil { // AWS lets only root sessions leave it out, which there are none of here
		return nil, wire.Errorf("ValidationError",
			"1 validation error detected: Value at 'password' failed to satisfy constraint: Member must not be null")
	}
	if err := withoutLoginProfile(ctx, tx, u); err != nil {
		return nil, err
	}
	if err := checkPassword(ctx, tx, c.Account, *in.Password); err != nil {
		return nil, err
	}
	now := s.Now()
	p := &LoginProfile{
		Account: c.Account, OwnerID: u.ID, Hash: change.hash, Created: now, Changed: now,
		ResetRequired: in.PasswordResetRequired,
	}
	err = tx.InsertLoginProfile(ctx, p)
	if errors.Is(err, ErrExists) {
		return nil, loginProfileExists(u)
	}
	if err != nil {
		return nil, err
	}
	return &awsiam.CreateLoginProfileOutput{LoginProfile: p.shown(u)}, tx.DeleteThrottlesUnder(ctx, PasswordThrottle(c.Account, u.ID))
}

// GetLoginProfile tells whether a user, by default the caller, has a password and must change it.
func (s *Service) GetLoginProfile(ctx context.Context, tx Tx, c *Caller, in *awsiam.GetLoginProfileInput) (*awsiam.GetLoginProfileOutput, error) {
	u, p, err := loginProfileOf(ctx, tx, c, in.UserName)
	if err != nil {
		return nil, err
	}
	return &awsiam.GetLoginProfileOutput{LoginProfile: p.shown(u)}, nil
}

// prepareReplacedPassword hashes the new password of an UpdateLoginProfile, if there is one.
func (s *Service) prepareReplacedPassword(ctx context.Context, c *Caller, in *awsiam.UpdateLoginProfileInput) (passwordChange, error) {
	if in.Password == nil {
		return passwordChange{}, nil
	}
	return s.preparePassword(ctx, c, in.UserName, nil, *in.Password)
}

// UpdateLoginProfile sets a user's password, or whether the user must change it; what is left out stays. A new
// password ends the user's console sessions, because it is set when the old one is in doubt, and every wait for guesses
// at the old one.
func (s *Service) UpdateLoginProfile(ctx context.Context, tx Tx, c *Caller, in *awsiam.UpdateLoginProfileInput, change passwordChange) (*awsiam.UpdateLoginProfileOutput, error) {
	_, p, err := loginProfileOf(ctx, tx, c, in.UserName)
	if err != nil {
		return nil, err
	}
	if in.Password != nil {
		if err := s.setPassword(ctx, tx, p, *in.Password, change); err != nil {
			return nil, err
		}
		if _, err := tx.DeleteSignInsOf(ctx, p.Account, p.OwnerID, ""); err != nil {
			return nil, err
		}
		if err := tx.DeleteThrottlesUnder(ctx, PasswordThrottle(p.Account, p.OwnerID)); err != nil {
			return nil, err
		}
	}
	if in.PasswordResetRequired != nil {
		p.ResetRequired = *in.PasswordResetRequired
	}
	return &awsiam.UpdateLoginProfileOutput{}, tx.UpdateLoginProfile(ctx, p)
}

// DeleteLoginProfile takes the password from a user, by default the caller, and ends their console sessions. Access
// keys go on working.
func (s *Service) DeleteLoginProfile(ctx context.Context, tx Tx, c *Caller, in *awsiam.DeleteLoginProfileInput) (*awsiam.DeleteLoginProfileOutput, error) {
	_, p, err := loginProfileOf(ctx, tx, c, in.UserName)
	if err != nil {
		return nil, err
	}
	if _, err := tx.DeleteSignInsOf(ctx, p.Account, p.OwnerID, ""); err != nil {
		return nil, err
	}
	return &awsiam.DeleteLoginProfileOutput{}, tx.DeleteLoginProfile(ctx, c.Account, p.OwnerID)
}

// prepareChangedPassword verifies the old password and hashes the new one.
func (s *Service) prepareChangedPassword(ctx context.Context, c *Caller, in *awsiam.ChangePasswordInput) (passwordChange, error) {
	return s.preparePassword(ctx, c, nil, in.OldPassword, *in.NewPassword)
}

// ChangePassword replaces the calling user's own password.
func (s *Service) ChangePassword(ctx context.Context, tx Tx, c *Caller, in *awsiam.ChangePasswordInput, change passwordChange) (*awsiam.ChangePasswordOutput, error) {
	_, p, err := loginProfileOf(ctx, tx, c, nil)
	if err != nil {
		return nil, err
	}
	if err := s.countGuess(ctx, tx, c, p, *in.OldPassword, *in.NewPassword, change); err != nil {
		return nil, err
	}
	if err := s.setPassword(ctx, tx, p, *in.NewPassword, change); err != nil {
		return nil, err
	}
	p.ResetRequired = false
	return &awsiam.ChangePasswordOutput{}, tx.UpdateLoginProfile(ctx, p)
}

// countGuess answers for the old password that came with a new one. A wrong one is counted, and the count holds for
// guesses made at the same time as well: whether a guess was right is told only to one that is within it. A right one
// that will be replaced forgets the count.
func (s *Service) countGuess(ctx context.Context, tx Tx, c *Caller, p *LoginProfile, oldPassword, newPassword string, change passwordChange) error {
	now := s.Now()
	guesses, err := LockGuesses(ctx, tx, PasswordThrottle(p.Account, p.OwnerID), c.SourceIP)
	if err != nil {
		return err
	}
	switch {
	case now.Before(guesses.Until()):
		return wire.Errorf("EntityTemporarilyUnmodifiable",
			"Too many wrong passwords. Wait an hour at most, or ask an administrator for a new password.")
	case p.Hash != change.current:
		return passwordMoved()
	case !change.oldRight:
		if err := guesses.Failed(ctx, tx, now); err != nil {
			return err
		}
		return Keep(wire.Errorf("AccessDenied", "The old password is wrong."))
	case newPassword == oldPassword:
		return wire.Errorf("AccessDenied", "The new password must differ from the old one.")
	default:
		return guesses.Succeeded(ctx, tx)
	}
}

// preparePassword works out what setting a user's password needs, the cheap part first. When guessing has to wait
// it does nothing.
func (s *Service) preparePassword(ctx context.Context, c *Caller, userName, oldPassword *string, newPassword string) (passwordChange, error) {
	var p *LoginProfile
	var change passwordChange
	err := s.Store.View(ctx, func(tx Tx) error {
		rules, err := passwordPolicy(ctx, tx, c.Account)
		if err != nil {
			return err
		}
		change.compared = rules.remembers()
		if _, p, err = loginProfileOf(ctx, tx, c, userName); err != nil {
			return err
		}
		guesses, err := ReadGuesses(ctx, tx, PasswordThrottle(p.Account, p.OwnerID), c.SourceIP)
		if err != nil || oldPassword != nil && s.Now().Before(guesses.Until()) {
			return err
		}
		change.current = p.Hash
		return checkPassword(ctx, tx, c.Account, newPassword)
	})
	if err != nil || change.current == "" {
		return change, err
	}
	return s.workOut(ctx, c, p, oldPassword, newPassword, change)
}

// workOut is the slow part: it verifies the old password, if one is given, compares the new one with as many earlier
// ones as change says, and hashes it. A wrong old password takes as long as a right one with no earlier ones to compare
// the new one with: how long those take is no guesser's to spend. A guess takes a turn with those at sign-in.
func (s *Service) workOut(ctx context.Context, c *Caller, p *LoginProfile, oldPassword *string, newPassword string, change passwordChange) (_ passwordChange, err error) {
	earlier := append([]string{p.Hash}, p.History...)
	earlier = earlier[:min(len(earlier), change.compared)]
	if oldPassword != nil {
		done, ok := s.Passwords.Turn(c.SourceIP)
		if !ok {
			return change, wire.Errorf("Throttling", "Rate exceeded")
		}
		defer done()
		if change.oldRight, err = s.Passwords.Verify(ctx, p.Hash, *oldPassword); err != nil {
			return change, err
		}
		if !change.oldRight || newPassword == *oldPassword {
			return change, s.Passwords.VerifyNothing(ctx, newPassword)
		}
		earlier = earlier[min(len(earlier), 1):] // the current one is known to be another
	}
	for _, hash := range earlier {
		if change.reused, err = s.Passwords.Verify(ctx, hash, newPassword); err != nil || change.reused {
			return change, err
		}
	}
	change.hash, err = s.Passwords.Hash(ctx, newPassword)
	return change, err
}

// setPassword puts the new password into the profile if the account's rules let it through and what was prepared
// still holds.
func (s *Service) setPassword(ctx context.Context, tx Tx, p *LoginProfile, password string, change passwordChange) error {
	rules, err := passwordPolicy(ctx, tx, p.Account)
	if err != nil {
		return err
	}
	if p.Hash != change.current || rules.remembers() != change.compared {
		return passwordMoved()
	}
	if err := checkPassword(ctx, tx, p.Account, password); err != nil {
		return err
	}
	if change.reused {
		return wire.Errorf("PasswordPolicyViolation",
			"Policy constraint violation with password reuse prevention during password change.")
	}
	return s.replacePassword(p, change)
}

// replacePassword puts what was prepared into the profile.
func (s *Service) replacePassword(p *LoginProfile, change passwordChange) error {
	if change.hash == "" { // the rules refused the password when it was prepared
		return passwordMoved()
	}
	p.History = append([]string{p.Hash}, p.History...)
	p.History = p.History[:min(len(p.History), maxReusePrevention)]
	p.Hash, p.Changed = change.hash, s.Now()
	return nil
}

// checkPassword holds a password against the account's policy, or against the default rules if it has none.
func checkPassword(ctx context.Context, tx Tx, account, password string) error {
	rules, err := passwordPolicy(ctx, tx, account)
	if err != nil {
		return err
	}
	a, err := tx.Account(ctx, account)
	if err != nil {
		return err
	}
	return rules.check(password, a.Alias, a.RootEmail)
}

// loginProfileOf finds the user a request names, or the calling user, and its password.
func loginProfileOf(ctx context.Context, tx Tx, c *Caller, userName *string) (*User, *LoginProfile, error) {
	u, err := userOrCaller(ctx, tx, c, userName)
	if err != nil {
		return nil, nil, err
	}
	p, err := tx.LoginProfile(ctx, c.Account, u.ID)
	if errors.Is(err, ErrNotFound) {
		return nil, nil, wire.Errorf("NoSuchEntity", "Login Profile for User %s cannot be found.", u.Name)
	}
	return u, p, err
}

func (p *LoginProfile) shown(u *User) *types.LoginProfile {
	return &types.LoginProfile{
		UserName: aws.String(u.Name), CreateDate: aws.Time(p.Created), PasswordResetRequired: p.ResetRequired,
	}
}

// withoutLoginProfile answers EntityAlreadyExists if the user has a password.
func withoutLoginProfile(ctx context.Context, tx Tx, u *User) error {
	_, err := tx.LoginProfile(ctx, u.Account, u.ID)
	switch {
	case err == nil:
		return loginProfileExists(u)
	case errors.Is(err, ErrNotFound):
		return nil
	default:
		return err
	}
}

func loginProfileExists(u *User) error {
	return wire.Errorf("EntityAlreadyExists", "Login Profile for user %s already exists.", u.Name)
}

// passwordMoved is the answer when a password or the rules for it changed while the request was prepared.
func passwordMoved() error {
	return wire.Errorf("ConcurrentModification", "The password or the password policy was changed at the same time. Try again.")
}

// targetOwnPassword is the calling user; nobody else has a password to change.
func targetOwnPassword(ctx context.Context, tx Tx, c *Caller, _ *awsiam.ChangePasswordInput) (Target, error) {
	if c.Kind != IAMUser || !c.IsUser() {
		return Target{}, wire.Errorf("InvalidUserType", "Only IAM Users can change their own password.")
	}
	return userTarget(ctx, tx, c, nil)
}
