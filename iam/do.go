package iam

import (
	"context"
	"errors"

	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/wire"
)

// Do carries out an operation for a caller. It is the only way to one: here the call is admitted, authorised,
// run and audited. The input has been checked against the model's constraints before, as AWS does.
func (s *Service) Do(ctx context.Context, c *Caller, op *Operation, in any) (any, error) {
	switch op.Access {
	case Writes:
		return s.write(ctx, c, op, in)
	case Reads:
		out, err := s.read(ctx, c, op, in)
		s.Reads(s.record(c, op, in, nil, err))
		return out, err
	default:
		err := c.admit(op)
		var out any
		if err == nil {
			out, err = op.run(ctx, nil, c, in, nil)
		}
		s.Reads(s.record(c, op, in, nil, err))
		return out, err
	}
}

func (s *Service) read(ctx context.Context, c *Caller, op *Operation, in any) (out any, err error) {
	if err := c.admit(op); err != nil {
		return nil, err
	}
	err = s.Store.View(ctx, func(tx Tx) error {
		tx = &snapshot{Tx: tx}
		if _, err := s.authorize(ctx, tx, c, op, in); err != nil {
			return err
		}
		out, err = op.run(ctx, tx, c, in, nil)
		return err
	})
	return out, err
}

// snapshot remembers the user that a read is authorised against, because the operation then asks for it again.
// Nothing can change it in between: all that is read from a snapshot is of one moment.
type snapshot struct {
	Tx
	account, name string
	user          User
	found         bool
}

func (s *snapshot) User(ctx context.Context, account, name string) (*User, error) {
	if !s.found || s.account != account || s.name != name {
		u, err := s.Tx.User(ctx, account, name)
		if err != nil {
			return nil, err
		}
		s.account, s.name, s.user, s.found = account, name, *u, true
	}
	u := s.user
	return &u, nil
}

// call is one call of a writing operation on its way through the transaction.
type call struct {
	op         *Operation
	in         any
	prepared   any
	prepareErr error
	target     Target
	outcome    *mfa.Outcome // of the MFA code it carried; nil if it carried none
}

// write runs the operation, its decision and its audit record in one transaction. A refusal undoes what the
// operation wrote and is committed with its record and the count of the code it carried; a failure of ours undoes
// everything.
func (s *Service) write(ctx context.Context, c *Caller, op *Operation, in any) (any, error) {
	prepared, prepareErr := s.prepare(ctx, c, op, in)
	if isFailure(prepareErr) {
		return nil, prepareErr
	}
	var (
		out     any
		changed []string
		done    call
	)
	err := s.Store.Update(ctx, func(tx Tx) error {
		recorder := &changeRecorder{Tx: tx}
		this := call{op: op, in: in, prepared: prepared, prepareErr: prepareErr}
		var result any
		caller, refusal := s.receive(ctx, tx, c, &this)
		if refusal == nil {
			refusal = tx.Savepoint(ctx, func() (err error) {
				result, err = s.attempt(ctx, recorder, caller, &this)
				return err
			})
		}
		if isFailure(refusal) {
			return refusal
		}
		if err := s.appendRecords(ctx, tx, c, &this, result, refusal); err != nil {
			return err
		}
		out, changed, done = result, recorder.ids, this
		return Keep(refusal)
	})
	s.Directory.Forget(changed...)
	if done.outcome != nil {
		s.CountVerification(*done.outcome)
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// receive finds out who calls, as the transaction sees it, and verifies the code that the call carries. What it
// writes stays, whatever becomes of the call: a code that has been sent is used up.
func (s *Service) receive(ctx context.Context, tx Tx, c *Caller, this *call) (*Caller, error) {
	c, err := s.current(ctx, tx, c)
	if err != nil {
		return nil, err
	}
	if err := c.admit(this.op); err != nil {
		return nil, err
	}
	if this.op.codes == nil {
		return c, nil
	}
	return s.verifyCodes(ctx, tx, c, this)
}

// attempt is what a refusal undoes: the decision and the operation.
func (s *Service) attempt(ctx context.Context, tx Tx, c *Caller, this *call) (any, error) {
	var err error
	if this.target, err = s.authorize(ctx, tx, c, this.op, this.in); err != nil {
		return nil, err
	}
	if this.prepareErr != nil {
		return nil, this.prepareErr
	}
	return this.op.run(ctx, tx, c, this.in, this.prepared)
}

// appendRecords writes the audit record of a call. A role that was taken from another account is recorded there
// too, as CloudTrail does.
func (s *Service) appendRecords(ctx context.Context, tx Tx, c *Caller, this *call, out any, refusal error) error {
	records := []AuditEntry{s.record(c, this.op, this.in, out, refusal)}
	if trust := this.target.Trust; trust != nil && refusal == nil && trust.Account != c.Account {
		records = append(records, s.recordFor(trust.Account, c, this.op, this.in, out, refusal))
	}
	return tx.AppendAudit(ctx, records...)
}

// prepare does an operation's slow work if the caller is allowed the call. A refusal at this point is not
// returned here: the transaction will meet it again, and record it.
func (s *Service) prepare(ctx context.Context, c *Caller, op *Operation, in any) (any, error) {
	if op.prepare == nil {
		return nil, nil
	}
	if err := c.admit(op); err != nil {
		return nil, err
	}
	err := s.Store.View(ctx, func(tx Tx) error {
		_, err := s.authorize(ctx, tx, c, op, in)
		return err
	})
	if err != nil {
		return nil, err
	}
	return op.prepare(ctx, c, in)
}

// current returns the caller as the transaction sees it: read anew if a change has been committed since the
// directory read it, so that a revoked right is never used for a change.
func (s *Service) current(ctx context.Context, tx Tx, c *Caller) (*Caller, error) {
	version, err := tx.PolicyVersion(ctx, c.Account)
	if err != nil {
		return nil, err
	}
	again := *c
	if version != s.Directory.freshness(c.Principal) { // a database that has lost changes may be behind
		if again.Principal, err = s.Directory.load(ctx, tx, c.Account, c.Kind, c.ID); errors.Is(err, ErrNotFound) {
			return nil, wire.Errorf("InvalidClientTokenId", "The security token included in the request is invalid")
		}
		if err != nil {
			return nil, err
		}
	}
	// Its key on its own: a principal that was just read says nothing of a key that was read before.
	if c.LongTerm() && c.AccessKeyID != "" && version != s.Directory.keyFreshness(c.AccessKeyID) { // a local command has none
		key, err := tx.AccessKey(ctx, c.AccessKeyID)
		if errors.Is(err, ErrNotFound) || err == nil && !key.Active {
			return nil, wire.Errorf("InvalidClientTokenId", "The security token included in the request is invalid.")
		}
		if err != nil {
			return nil, err
		}
	}
	if again.Session, err = s.Directory.currentSession(ctx, tx, c); err != nil {
		return nil, err
	}
	return &again, s.stillSignedIn(ctx, tx, c)
}

// stillSignedIn refuses a change by a console session that has ended while the request was on its way.
func (s *Service) stillSignedIn(ctx context.Context, tx Tx, c *Caller) error {
	if c.Session == nil || c.Session.SignIn == "" {
		return nil
	}
	row, err := tx.SignInByID(ctx, c.Account, c.Session.SignIn)
	if errors.Is(err, ErrNotFound) || err == nil && !row.Live(s.Now()) {
		return wire.Errorf("ExpiredToken", "The security token included in the request is expired")
	}
	return err
}

// isFailure tells a failure of ours from an answer meant for the client.
func isFailure(err error) bool {
	var answer *wire.Error
	return err != nil && !errors.As(err, &answer)
}

// changeRecorder notes which entities an operation has changed, to be forgotten by this node's directory as
// soon as the change is committed; other nodes learn of it from the change table.
type changeRecorder struct {
	Tx
	ids []string
}

func (r *changeRecorder) AppendChange(ctx context.Context, c Change) error {
	r.ids = append(r.ids, c.ID)
	return r.Tx.AppendChange(ctx, c)
}
