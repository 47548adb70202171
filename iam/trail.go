package iam

import (
	"context"
	"errors"
	"strconv"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/wire"
)

// described is an input that says itself what the audit trail may show of it; inputs of the SDK are shown by
// wire.Parameters, which knows their secrets.
type described interface{ Parameters() map[string]any }

// record is the audit record of a call that has ended with out or err, for the caller's account.
func (s *Service) record(c *Caller, op *Operation, in, out any, err error) AuditEntry {
	return s.recordFor(c.Account, c, op, in, out, err)
}

// recordFor is the record of the same call for the log of the account recipient, such as the one whose role was
// taken: an event of its own, with the same request id. Another account is not told the caller's name, only the
// account and the unique id (CloudTrail User Guide, "CloudTrail userIdentity element", type AWSAccount).
func (s *Service) recordFor(recipient string, c *Caller, op *Operation, in, out any, err error) AuditEntry {
	now := s.Now()
	r := audit.Record{
		EventTime:          audit.Time(now),
		EventSource:        eventSource(op.Service),
		EventName:          op.event(),
		EventType:          audit.APICall,
		EventID:            audit.NewID(),
		AWSRegion:          c.Region,
		SourceIPAddress:    c.SourceIP,
		UserAgent:          c.UserAgent,
		RequestID:          c.RequestID,
		UserIdentity:       c.Identity(),
		RequestParameters:  parameters(in),
		ResponseElements:   parameters(out),
		ReadOnly:           op.Access != Writes,
		ManagementEvent:    true,
		RecipientAccountID: recipient,
	}
	if err != nil {
		r.ErrorCode, r.ErrorMessage = recordedError(err)
	}
	if recipient != c.Account {
		r.UserIdentity = audit.UserIdentity{Type: "AWSAccount", PrincipalID: c.UserID(), AccountID: c.Account}
	}
	text, failure := r.Marshal()
	if failure != nil { // parameters are strings, numbers and booleans, so only a bug brings us here
		s.log().Error("audit record", "action", op.Action, "request", c.RequestID, "error", failure)
		r.RequestParameters, r.ResponseElements = nil, nil
		text, _ = r.Marshal()
	}
	entry := AuditEntry{Account: recipient, Node: s.Node, Time: now.UnixMilli(), EventName: op.event(), Record: text}
	if recipient == c.Account && c.Kind == IAMUser && c.IsUser() {
		entry.UserName = c.Name
	}
	return entry
}

// eventSource is the service as CloudTrail names it.
func eventSource(service string) string {
	switch service { // as constants, which cost no memory
	case wire.IAM.Name:
		return "iam.amazonaws.com"
	case wire.STS.Name:
		return "sts.amazonaws.com"
	}
	return service + ".amazonaws.com"
}

// recordedError is an error as errorCode and errorMessage; what went wrong inside is not for the log.
func recordedError(err error) (code, message string) {
	var answer *wire.Error
	switch {
	case errors.As(err, &answer):
		return audit.ErrorCode(answer.Code), answer.Message
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, ErrUnavailable):
		return "ServiceUnavailable", ""
	default:
		return "ServiceFailureException", ""
	}
}

// parameters is nil, and not an empty map, where there is nothing to show.
func parameters(v any) any {
	if v == nil {
		return nil
	}
	shown := map[string]any(nil)
	if d, ok := v.(described); ok {
		shown = d.Parameters()
	} else {
		shown = wire.Parameters(v)
	}
	if shown == nil {
		return nil
	}
	return shown
}

// Identity is the caller as userIdentity (CloudTrail User Guide, "CloudTrail userIdentity element").
func (c *Caller) Identity() audit.UserIdentity {
	who := audit.UserIdentity{
		Type: "Root", PrincipalID: c.UserID(), ARN: c.UserARN(), AccountID: c.Account, AccessKeyID: &c.AccessKeyID,
	}
	kind := "Root" // of what a session comes from
	switch c.Kind {
	case IAMUser:
		who.Type, kind = "IAMUser", "IAMUser"
		who.UserName = c.Name
	case IAMRole:
		who.Type, kind = "AssumedRole", "Role"
	}
	if c.sessionKind() == FederatedUser {
		who.Type, who.UserName = "FederatedUser", ""
	}
	if c.Session == nil {
		return who
	}
	who.SessionContext = &audit.SessionContext{
		Attributes: audit.SessionAttributes{
			CreationDate:     audit.Time(c.Session.Issued),
			MFAAuthenticated: strconv.FormatBool(!c.Session.MFA.IsZero()),
		},
		SourceIdentity: c.Session.SourceIdentity,
	}
	if session := c.sessionKind(); session == AssumedRole || session == FederatedUser {
		who.SessionContext.SessionIssuer = &audit.SessionIssuer{
			Type: kind, PrincipalID: c.ID, ARN: c.ARN(), AccountID: c.Account, UserName: c.Name,
		}
	}
	return who
}
