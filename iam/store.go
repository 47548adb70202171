package iam

import (
	"context"
	"errors"
)

// Store keeps everything. SQLite and PostgreSQL stand behind it and package iam can't tell which;
// store/storetest says in tests what both must do.
type Store interface {
	// View runs fn on one read-only snapshot: all it reads is of one moment.
	View(ctx context.Context, fn func(Tx) error) error

	// Update runs fn in one transaction and returns once it is durable. When fn returns an error nothing of it
	// stays, unless the error is marked with [Keep]: then what fn wrote is committed and the error returned.
	//
	// fn may run more than once (serialisation retry, rerun of a batch), so it has no side effects but its
	// writes and the variables it assigns as its last act.
	Update(ctx context.Context, fn func(Tx) error) error
}

// Tx is one transaction or snapshot. Its methods are declared beside the entities they keep.
//
// Look-ups by name ignore case and return the stored spelling. A look-up that finds nothing returns
// [ErrNotFound], an insert that meets its like [ErrExists]; after either the transaction goes on. Lists are
// ordered by the lower-cased name, or by the key their method names, and bounded by a [Page].
type Tx interface {
	// Savepoint runs fn and undoes its writes if it fails with an error that is not marked with Keep, so that
	// the transaction can go on: a refused change still leaves its audit record.
	Savepoint(ctx context.Context, fn func() error) error

	AccountStore
	UserStore
	GroupStore
	RoleStore
	PolicyStore
	AttachmentStore
	AccessKeyStore
	LoginProfileStore
	PasswordPolicyStore
	MFADeviceStore
	SignInStore
	ThrottleStore
	CredentialReportStore
	ChangeStore
	DirectoryStore
	AuditStore
}

// ErrNotFound is returned by look-ups that find nothing.
var ErrNotFound = errors.New("not found")

// ErrExists is returned by inserts that meet a row with the same key.
var ErrExists = errors.New("already exists")

// ErrUnavailable is wrapped by errors that say that the database can't be asked now, or that it can't be known
// whether a change was kept. Nothing is decided then: the client is told to try again (503, Retry-After).
var ErrUnavailable = errors.New("the database is not available")

// Page asks for a part of a list: at most Limit items whose key is greater than After ("" starts at the
// beginning). PathPrefix, where the list has paths, keeps only those that begin with it ("" keeps all).
type Page struct {
	PathPrefix string
	After      string
	Limit      int
}

// Keep marks an error whose transaction is committed all the same: a refusal that must be remembered, such as
// a wrong MFA code (RFC 4226 §7.3 wants the failure counted even though the sign-in is undone).
func Keep(err error) error {
	if err == nil {
		return nil
	}
	return keptError{err}
}

// Kept tells whether err was marked with [Keep].
func Kept(err error) bool {
	var kept keptError
	return errors.As(err, &kept)
}

type keptError struct{ error }

func (e keptError) Unwrap() error { return e.error }

// ChangeStore numbers the changes that can alter a decision, so that caches know what to forget.
type ChangeStore interface {
	// PolicyVersion is the number of the account's newest change; 0 before the first.
	PolicyVersion(ctx context.Context, account string) (int64, error)
	// AppendChange adds a change to the account's list and makes its number the account's policy version.
	AppendChange(ctx context.Context, c Change) error
	// ChangesAfter returns changes of all accounts in the order of their Sequence, from the one after seq. Sequences
	// have no gaps, but old changes are removed: when the first one returned is not number seq+1, changes were
	// missed and a follower forgets everything.
	ChangesAfter(ctx context.Context, seq int64, limit int) ([]Change, error)
	// LastChange is the Sequence of the newest change of all; 0 before the first.
	LastChange(ctx context.Context) (int64, error)
}

// Change says that a decision may have changed for whatever depends on the entity with that ID: a user's,
// group's or role's unique id, an access key id, a managed policy's ARN, or an account id for its root user.
type Change struct {
	Sequence int64 // position among the changes of all accounts; set by the store
	Account  string
	Version  int64 // the account's policy version after it; set by the store
	ID       string
}

// AuditStore keeps audit records.
type AuditStore interface {
	// AppendAudit adds records that are part of the transaction. Account, time, event and user name are what they are searched by.
	AppendAudit(ctx context.Context, records ...AuditEntry) error
	// AuditRecords returns an account's records, newest first.
	AuditRecords(ctx context.Context, f AuditFilter) ([]AuditRecord, error)
}

// AuditFilter chooses records of one account. Its zero fields choose all.
type AuditFilter struct {
	Account   string // required
	EventName string
	UserName  string
	Since     int64        // Unix milliseconds, included
	Until     int64        // Unix milliseconds, not included; 0 is no end
	Before    *AuditRecord // go on after this record of the page before
	Limit     int
}

// AuditRecord is a stored audit record.
type AuditRecord struct {
	ID       int64 // shared by records that were stored together
	Position int   // among those
	Time     int64 // Unix milliseconds
	JSON     []byte
}

// AuditEntry is a CloudTrail record as JSON with what it is searched by.
type AuditEntry struct {
	Account   string
	Node      string // the node whose hash chain will hold it
	Time      int64  // Unix milliseconds
	EventName string
	UserName  string // "" unless an IAM user acted
	Record    []byte
}
