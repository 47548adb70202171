package signin

import (
	"context"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/wire"
)

// outcome is the answer of a sign-in as CloudTrail spells it.
type outcome string

const (
	succeeded outcome = "Success"
	failed    outcome = "Failure"
)

// region is where AWS keeps the events of a service that has no regions.
const region = "us-east-1"

// recordLogin records how a sign-in came out (CloudTrail User Guide, "AWS Management Console sign-in events").
// A failure before the second door used MFA, and so did a success through it.
func (s *Service) recordLogin(ctx context.Context, tx iam.Tx, a *attempt, from From, result outcome) error {
	data := map[string]any{"LoginTo": from.LoginTo, "MobileVersion": "No", "MFAUsed": "No"}
	if a.row != nil && (a.row.Step == iam.AtSecondFactor || !a.row.MFA.IsZero()) {
		data["MFAUsed"] = "Yes"
	}
	if a.row != nil && a.row.MFASerial != "" {
		data["MFAIdentifier"] = a.row.MFASerial
	}
	r := s.event("ConsoleLogin", a.account.ID, from)
	r.UserIdentity = a.identity(result)
	r.ResponseElements = map[string]any{"ConsoleLogin": string(result)}
	r.AdditionalEventData = data
	if result == failed {
		r.ErrorMessage = "Failed authentication"
	}
	return s.append(ctx, tx, r, a)
}

// recordUnknown records a sign-in under a name that the account has no user of. Somebody may have typed a password
// there, so it is not shown. An account that doesn't exist has no log.
func (s *Service) recordUnknown(ctx context.Context, tx iam.Tx, account string, from From) error {
	if account == "" {
		return nil
	}
	none := ""
	r := s.event("ConsoleLogin", account, from)
	r.UserIdentity = audit.UserIdentity{Type: "IAMUser", AccountID: account, AccessKeyID: &none, UserName: audit.Hidden}
	r.ResponseElements = map[string]any{"ConsoleLogin": string(failed)}
	r.AdditionalEventData = map[string]any{"LoginTo": from.LoginTo, "MobileVersion": "No", "MFAUsed": "No"}
	r.ErrorMessage = "No username found in supplied account"
	return s.append(ctx, tx, r, nil)
}

// recordMFA records that the second factor was right.
func (s *Service) recordMFA(ctx context.Context, tx iam.Tx, a *attempt, d *iam.MFADevice, from From) error {
	r := s.event("CheckMfa", a.account.ID, from)
	r.UserIdentity = a.identity(succeeded)
	r.ResponseElements = map[string]any{"CheckMfa": string(succeeded)}
	r.AdditionalEventData = map[string]any{"MfaType": mfaTypes[d.Kind]}
	return s.append(ctx, tx, r, a)
}

// mfaTypes are the kinds of device in a CheckMfa record.
var mfaTypes = map[iam.DeviceKind]string{
	iam.VirtualDevice: "Virtual MFA", iam.HardwareDevice: "Hardware MFA", iam.SecurityKey: "U2F MFA",
}

// recordResync records that a device was resynchronised while signing in, under the name of the operation that does
// the same.
func (s *Service) recordResync(ctx context.Context, tx iam.Tx, a *attempt, serial string, from From, refusal *wire.Error) error {
	r := s.event("ResyncMFADevice", a.account.ID, from)
	r.EventSource, r.EventType = "iam.amazonaws.com", audit.APICall
	r.UserIdentity = a.identity(succeeded)
	userName := "AWS ROOT USER"
	if a.user != nil {
		userName = a.user.Name
	}
	r.RequestParameters = map[string]any{"userName": userName, "serialNumber": serial}
	if refusal != nil {
		r.ErrorCode, r.ErrorMessage = audit.ErrorCode(refusal.Code), refusal.Message
	}
	return s.append(ctx, tx, r, a)
}

func (s *Service) event(name, account string, from From) *audit.Record {
	return &audit.Record{
		EventTime: audit.Time(s.IAM.Now()), EventSource: "signin.amazonaws.com", EventName: name,
		EventType: audit.ConsoleSignIn, EventID: audit.NewID(), AWSRegion: region, SourceIPAddress: from.SourceIP,
		UserAgent: from.UserAgent, RequestID: from.RequestID, ManagementEvent: true, RecipientAccountID: account,
	}
}

// append adds a record to the trail, to be found by the name of the user it is about.
func (s *Service) append(ctx context.Context, tx iam.Tx, r *audit.Record, a *attempt) error {
	text, err := r.Marshal()
	if err != nil {
		return err
	}
	entry := iam.AuditEntry{
		Account: r.RecipientAccountID, Node: s.IAM.Node, Time: s.IAM.Now().UnixMilli(), EventName: r.EventName, Record: text,
	}
	if a != nil && a.user != nil {
		entry.UserName = a.user.Name
	}
	return tx.AppendAudit(ctx, entry)
}

// identity is who signs in. A failure proves nothing, so it has neither ARN nor, as CloudTrail writes that, a key.
func (a *attempt) identity(result outcome) audit.UserIdentity {
	p := iam.Principal{Account: a.account.ID, Kind: a.kind(), ID: a.ownerID()}
	who := audit.UserIdentity{Type: "Root", PrincipalID: p.ID, AccountID: p.Account}
	if a.user != nil {
		p.Name, p.Path = a.user.Name, a.user.Path
		who.Type, who.UserName = "IAMUser", a.user.Name
	}
	if result == failed {
		none := ""
		who.AccessKeyID = &none
	} else {
		who.ARN = p.ARN()
	}
	return who
}
