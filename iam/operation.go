package iam

import (
	"context"
	"time"

	"github.com/sallyport-iam/sallyport/policy"
)

// Access says which of the three roads through [Service.Do] an operation takes.
type Access uint8

// The roads.
const (
	FromCaller Access = iota // answered from the caller alone; touches memory only
	Reads                    // one read-only snapshot
	Writes                   // one transaction
)

// String is the word the authorisation matrix prints.
func (a Access) String() string { return [...]string{"memory", "read", "write"}[a] }

// Operation is one row of the API: what is called, what it is authorised against, and the method that does it.
// Rows are made with [Read], [Write], [WritePrepared] and [Memory].
type Operation struct {
	Service  string // "iam" or "sts"
	Action   string // without the service: "CreateUser"
	Access   Access
	Resource string   // kind of resource it is authorised against, for the matrix
	Keys     []string // condition keys it adds to the global ones
	Free     bool     // evaluates no policy, not even an explicit deny
	Unlisted bool     // has no name on the wire
	Console  bool     // unlisted, and reached through the console
	// Permission is the action that policies are asked about, "iam:EnableMFADevice"; "" for the row's own.
	Permission string
	// Event is the name of its audit records; "" for the row's own.
	Event string

	NewInput func() any

	codes   func(in any) (serial, code *string)
	target  func(ctx context.Context, tx Tx, c *Caller, in any) (Target, error)
	prepare func(ctx context.Context, c *Caller, in any) (any, error)
	run     func(ctx context.Context, tx Tx, c *Caller, in, prepared any) (any, error)
}

// Target is what one call of an operation is authorised against.
type Target struct {
	ARN string // what Resource elements match
	// Shown is how AccessDenied names it, if not by the ARN: "user alice", spelled as it was sent, so that the
	// answer doesn't tell whether there is one.
	Shown string
	Tags  []Tag // aws:ResourceTag and iam:ResourceTag
	// Conditions are the values of the operation's own condition keys.
	Conditions []Condition
	// Beside is a second ARN on which the caller needs the same permission, "" if there is none.
	Beside string
	// Also are further actions the call needs on the same resource, such as "TagUser" of a CreateUser with tags.
	Also []string

	// Trust is that of the role to be assumed; nil for all else.
	Trust *RoleTrust
}

// RoleTrust is the trust policy of a role and the account that owns it.
type RoleTrust struct {
	Policy  *policy.Policy
	Account string
}

// Condition is a condition key with its values. A key that is multi-valued by type is Multi even with one.
type Condition struct {
	Key    string
	Values []string
	Multi  bool
}

// Method is an operation's method; I and O are the SDK's input and output structs.
type Method[I, O any] func(ctx context.Context, tx Tx, c *Caller, in *I) (*O, error)

// TargetFunc finds what a call is authorised against.
type TargetFunc[I any] func(ctx context.Context, tx Tx, c *Caller, in *I) (Target, error)

// Read makes the row of an operation that only reads.
func Read[I, O any](action, resource string, target TargetFunc[I], method Method[I, O]) Operation {
	return row(action, Reads, resource, target, func(ctx context.Context, tx Tx, c *Caller, in *I, _ any) (*O, error) {
		return method(ctx, tx, c, in)
	})
}

// Write makes the row of an operation that changes something.
func Write[I, O any](action, resource string, target TargetFunc[I], method Method[I, O]) Operation {
	return row(action, Writes, resource, target, func(ctx context.Context, tx Tx, c *Caller, in *I, _ any) (*O, error) {
		return method(ctx, tx, c, in)
	})
}

// WritePrepared makes the row of a change with slow work in it (hashing a password, drawing a QR code). Prepare
// does that work outside of any transaction, once the call has been authorised on a snapshot; the method is
// authorised again and must compare what prepare has read with what it finds.
func WritePrepared[I, O, P any](action, resource string, target TargetFunc[I],
	prepare func(ctx context.Context, c *Caller, in *I) (P, error),
	method func(ctx context.Context, tx Tx, c *Caller, in *I, prepared P) (*O, error)) Operation {

	op := row(action, Writes, resource, target, func(ctx context.Context, tx Tx, c *Caller, in *I, prepared any) (*O, error) {
		return method(ctx, tx, c, in, prepared.(P))
	})
	op.prepare = func(ctx context.Context, c *Caller, in any) (any, error) { return prepare(ctx, c, in.(*I)) }
	return op
}

// Memory makes the row of an operation that is answered from the caller alone and evaluates no policy.
func Memory[I, O any](action string, method func(c *Caller, in *I) (*O, error)) Operation {
	op := row(action, FromCaller, "-", nil, func(_ context.Context, _ Tx, c *Caller, in *I, _ any) (*O, error) {
		return method(c, in)
	})
	op.Free = true
	return op
}

func row[I, O any](action string, access Access, resource string, target TargetFunc[I],
	method func(context.Context, Tx, *Caller, *I, any) (*O, error)) Operation {

	op := Operation{
		Service: "iam", Action: action, Access: access, Resource: resource,
		NewInput: func() any { return new(I) },
		run: func(ctx context.Context, tx Tx, c *Caller, in, prepared any) (any, error) {
			out, err := method(ctx, tx, c, in.(*I), prepared)
			if err != nil {
				return nil, err
			}
			return out, nil
		},
	}
	if target != nil {
		op.target = func(ctx context.Context, tx Tx, c *Caller, in any) (Target, error) {
			return target(ctx, tx, c, in.(*I))
		}
	}
	return op
}

// WithKeys names the condition keys the operation adds, for the matrix.
func (op Operation) WithKeys(keys ...string) Operation {
	op.Keys = keys
	return op
}

// InSTS moves the row to the sts service.
func (op Operation) InSTS() Operation {
	op.Service = "sts"
	return op
}

// Local takes the row's name off the wire: only a local command reaches it.
func (op Operation) Local() Operation {
	op.Unlisted = true
	return op
}

// InConsole takes the row's name off the wire: only the console reaches it, because AWS has it in its console only.
func (op Operation) InConsole() Operation {
	op.Unlisted, op.Console = true, true
	return op
}

// As makes a row that policies see as another action, with the service: "iam:EnableMFADevice".
func (op Operation) As(permission string) Operation {
	op.Permission = permission
	return op
}

// RecordedAs makes a row that the audit trail shows under the name of another.
func (op Operation) RecordedAs(event string) Operation {
	op.Event = event
	return op
}

// permission is what policies are asked about.
func (op *Operation) permission() string {
	if op.Permission != "" {
		return op.Permission
	}
	return op.Service + ":" + op.Action
}

// event is the name of the operation in the audit trail.
func (op *Operation) event() string {
	if op.Event != "" {
		return op.Event
	}
	return op.Action
}

// WithoutPolicy makes a row that evaluates no policy, not even an explicit deny.
func (op Operation) WithoutPolicy() Operation {
	op.Free = true
	return op
}

// WithCodes makes a row whose calls may carry the serial number of an MFA device and a code. Do verifies the
// code as the first write of the operation, and the rest sees a caller authenticated by MFA.
func WithCodes[I any](op Operation, codes func(in *I) (serial, code *string)) Operation {
	op.codes = func(in any) (serial, code *string) { return codes(in.(*I)) }
	return op
}

// seconds is a duration in whole seconds, as condition values and messages print it.
func seconds(d time.Duration) int64 { return int64(d / time.Second) }
