package signin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/wire"
)

// attempt is a sign-in and who signs in, as one transaction sees them.
type attempt struct {
	row     *iam.SignIn
	account *iam.Account
	user    *iam.User         // nil for root
	profile *iam.LoginProfile // nil if there is no password
	devices []iam.MFADevice   // bound now
	token   string            // to be set as the cookie; "" if it stays
}

func (a *attempt) ownerID() string {
	if a.user == nil {
		return a.account.ID
	}
	return a.user.ID
}

func (a *attempt) kind() iam.Kind {
	if a.user == nil {
		return iam.RootUser
	}
	return iam.IAMUser
}

// device finds one of the devices that are bound to whoever signs in.
func (a *attempt) device(serial string) *iam.MFADevice {
	i := slices.IndexFunc(a.devices, func(d iam.MFADevice) bool { return d.Serial == serial })
	if i < 0 {
		return nil
	}
	return &a.devices[i]
}

// has tells whether there is a security key among the devices, or one that shows codes.
func (a *attempt) has(securityKey bool) bool {
	return slices.ContainsFunc(a.devices, func(d iam.MFADevice) bool { return (d.Kind == iam.SecurityKey) == securityKey })
}

// owner reads who signs in. It returns ErrNotFound if they have been deleted.
func owner(ctx context.Context, tx iam.Tx, account, ownerID string) (*attempt, error) {
	a := new(attempt)
	var err error
	if a.account, err = tx.Account(ctx, account); err != nil {
		return nil, err
	}
	if ownerID != account {
		if a.user, err = tx.UserByID(ctx, account, ownerID); err != nil {
			return nil, err
		}
	}
	a.profile, err = tx.LoginProfile(ctx, account, ownerID)
	if err != nil && !errors.Is(err, iam.ErrNotFound) {
		return nil, err
	}
	a.devices, err = tx.MFADevicesOf(ctx, account, ownerID)
	return a, err
}

// load reads who is behind a sign-in, and checks that it still is what it was: of the owner and the password it was
// begun with, and at the step that the devices and the password ask for now. If not it returns ErrNotFound: who signs
// in begins anew.
func (s *Service) load(ctx context.Context, tx iam.Tx, row *iam.SignIn) (*attempt, error) {
	a, err := owner(ctx, tx, row.Account, row.OwnerID)
	if err != nil {
		return nil, err
	}
	a.row = row
	if row.Step == iam.SignedIn {
		return a, nil
	}
	if a.profile == nil {
		return nil, iam.ErrNotFound
	}
	if a.profile.Changed.After(row.Started) {
		return nil, errPasswordMoved
	}
	step, err := s.due(ctx, tx, a)
	if err != nil {
		return nil, err
	}
	switch {
	case step == row.Step:
		return a, nil
	case step == iam.SignedIn: // at the new password, which is set
		return nil, errPasswordMoved
	default:
		return nil, iam.ErrNotFound
	}
}

// errPasswordMoved is about a sign-in whose password has been changed since. Its row stays until it expires: the change
// may be its own NewPassword, which has yet to finish, and is sent twice.
var errPasswordMoved = fmt.Errorf("the password was changed: %w", iam.ErrNotFound)

// due is the step that a sign-in must take next. It is derived from what is true now, never stored (attack 22).
func (s *Service) due(ctx context.Context, tx iam.Tx, a *attempt) (iam.SignInStep, error) {
	switch {
	case len(a.devices) > 0 && a.row.MFA.IsZero():
		return iam.AtSecondFactor, nil
	case !a.row.MFA.IsZero() && a.device(a.row.MFASerial) == nil: // the device was taken away since
		return "", iam.ErrNotFound
	case a.user == nil: // root's password never expires: nobody could set another
		return iam.SignedIn, nil
	}
	rules, err := tx.PasswordPolicy(ctx, a.account.ID)
	if err != nil && !errors.Is(err, iam.ErrNotFound) {
		return "", err
	}
	expires := rules.Expires(a.profile.Changed)
	expired := !expires.IsZero() && !s.IAM.Now().Before(expires)
	switch {
	case expired && rules.HardExpiry:
		return "", errHardExpired
	case expired || a.profile.ResetRequired:
		return iam.AtNewPassword, nil
	default:
		return iam.SignedIn, nil
	}
}

// errHardExpired is only told to whoever has passed every door before it.
var errHardExpired = &wire.Error{
	Code: "PasswordExpired", Status: 403, Message: "Your password has expired. Ask your administrator to reset it.",
}

// at finds a sign-in that waits for this step, and holds it until the end of the transaction. One that has become
// void is deleted.
func (s *Service) at(ctx context.Context, tx iam.Tx, token string, step iam.SignInStep) (*attempt, error) {
	row, err := s.lock(ctx, tx, token, step)
	if err != nil {
		return nil, err
	}
	a, err := s.load(ctx, tx, row)
	if errors.Is(err, errPasswordMoved) {
		return nil, over()
	}
	if errors.Is(err, iam.ErrNotFound) || errors.Is(err, errHardExpired) {
		return nil, end(ctx, tx, row, over())
	}
	return a, err
}

// lock finds the row of a sign-in that waits for this step. All other steps, and tokens that nobody was given, have the
// same answer.
func (s *Service) lock(ctx context.Context, tx iam.Tx, token string, step iam.SignInStep) (*iam.SignIn, error) {
	if !isToken(token) {
		return nil, over()
	}
	row, err := tx.LockSignIn(ctx, hashToken(token))
	if errors.Is(err, iam.ErrNotFound) || err == nil && (row.Step != step || !row.Live(s.IAM.Now())) {
		return nil, over()
	}
	return row, err
}

// end deletes a sign-in and returns the answer, with which that is committed.
func end(ctx context.Context, tx iam.Tx, row *iam.SignIn, answer error) error {
	if err := tx.DeleteSignIn(ctx, row.Account, row.ID); err != nil && !errors.Is(err, iam.ErrNotFound) {
		return err
	}
	return iam.Keep(answer)
}

// begin is the sign-in of somebody whose password was right.
func (s *Service) begin(a *attempt) {
	now := s.IAM.Now()
	a.row = &iam.SignIn{
		ID: audit.NewID(), Account: a.account.ID, OwnerID: a.ownerID(), Started: now, Expires: now.Add(halfFinished),
	}
}

// advance takes a sign-in to the step that is due, under a new token. It is put into the database by store, which
// inserts or updates it.
func (s *Service) advance(ctx context.Context, tx iam.Tx, a *attempt, from From, store func(context.Context, *iam.SignIn) error) error {
	step, err := s.due(ctx, tx, a)
	if errors.Is(err, errHardExpired) {
		if err := s.recordLogin(ctx, tx, a, from, failed); err != nil {
			return err
		}
		return end(ctx, tx, a.row, errHardExpired)
	}
	if errors.Is(err, iam.ErrNotFound) {
		return end(ctx, tx, a.row, over())
	}
	if err != nil {
		return err
	}
	now := s.IAM.Now()
	a.row.Step, a.row.LastSeen, a.row.SourceIP, a.row.UserAgent = step, now, shown(from.SourceIP), shown(from.UserAgent)
	a.row.Ceremony = nil
	a.token, a.row.TokenHash = newToken()
	if step == iam.SignedIn {
		a.row.Finished, a.row.Expires = now, now.Add(iam.SignInLifetime)
		a.profile.LastUsed = now
		if err := tx.UpdateLoginProfile(ctx, a.profile); err != nil {
			return err
		}
		if err := s.recordLogin(ctx, tx, a, from, succeeded); err != nil {
			return err
		}
	}
	if err := store(ctx, a.row); err != nil {
		return err
	}
	return endOldest(ctx, tx, a.row)
}

// endOldest keeps the number of an owner's sessions bounded, and apart from them that of half-finished sign-ins: or who
// knows only the password could end the sessions of who has the device too.
func endOldest(ctx context.Context, tx iam.Tx, row *iam.SignIn) error {
	list, err := tx.SignInsOf(ctx, row.Account, row.OwnerID)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(other iam.SignIn) bool {
		return other.ID == row.ID || (other.Step == iam.SignedIn) != (row.Step == iam.SignedIn)
	})
	for i := maxSessions - 1; i < len(list); i++ {
		if err := tx.DeleteSignIn(ctx, row.Account, list[i].ID); err != nil && !errors.Is(err, iam.ErrNotFound) {
			return err
		}
	}
	return nil
}

// state is a sign-in as its browser may see it.
func (s *Service) state(ctx context.Context, a *attempt) (*State, error) {
	p, err := s.IAM.Directory.Principal(ctx, a.account.ID, a.kind(), a.ownerID())
	if errors.Is(err, iam.ErrNotFound) {
		return nil, over()
	}
	if err != nil {
		return nil, err
	}
	state := &State{SignIn: a.row, Token: a.token, Account: *a.account, Principal: p}
	if a.row.Step != iam.AtSecondFactor {
		return state, nil
	}
	for i := range a.devices {
		d := &a.devices[i]
		state.Devices = append(state.Devices, Device{SerialNumber: d.Serial, Kind: d.Kind, Name: deviceName(d)})
	}
	state.OfferResync = a.row.Refused >= resyncAfter && a.has(false)
	return state, nil
}

// deviceName is what the owner called the device: the end of its ARN, without the id that ends a security key's.
func deviceName(d *iam.MFADevice) string {
	const id = 1 + 26 // a hyphen and 26 base32 characters
	name, ok := iam.ParseARN(d.Serial)
	switch {
	case !ok:
		return d.Serial
	case d.Kind == iam.SecurityKey && len(name.Name) > id && name.Name[len(name.Name)-id] == '-':
		return name.Name[:len(name.Name)-id]
	default:
		return name.Name
	}
}

// shown cuts what a browser says of itself to something that can be stored.
func shown(text string) string {
	const longest = 256
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == utf8.RuneError {
			return -1
		}
		return r
	}, text[:min(len(text), longest)])
}
