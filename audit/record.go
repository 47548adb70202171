package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// Values of [Record.EventType].
const (
	APICall       = "AwsApiCall"
	ConsoleSignIn = "AwsConsoleSignIn"
	ServiceEvent  = "AwsServiceEvent"
)

// Hidden stands where CloudTrail leaves out a value: the user name of a sign-in for
// which there is no user (somebody may have typed a password there), and every
// parameter that is a secret.
const Hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"

// Record is one event. Field names and meanings are CloudTrail's (CloudTrail User
// Guide, "CloudTrail record contents"). RequestParameters, ResponseElements and
// AdditionalEventData are anything that encoding/json takes, with keys in lowerCamel.
type Record struct {
	EventVersion        string       `json:"eventVersion"` // [Record.Marshal] fills in "1.11"
	UserIdentity        UserIdentity `json:"userIdentity"`
	EventTime           string       `json:"eventTime"`   // see [Time]
	EventSource         string       `json:"eventSource"` // iam.amazonaws.com, sts.amazonaws.com, signin.amazonaws.com
	EventName           string       `json:"eventName"`   // the operation
	AWSRegion           string       `json:"awsRegion"`
	SourceIPAddress     string       `json:"sourceIPAddress"`
	UserAgent           string       `json:"userAgent"`
	ErrorCode           string       `json:"errorCode,omitempty"` // see [ErrorCode]
	ErrorMessage        string       `json:"errorMessage,omitempty"`
	RequestParameters   any          `json:"requestParameters"` // nil is written as null, as in CloudTrail
	ResponseElements    any          `json:"responseElements"`  // nil for reads and void operations
	AdditionalEventData any          `json:"additionalEventData,omitempty"`
	RequestID           string       `json:"requestID,omitempty"`
	EventID             string       `json:"eventID"` // see [NewID]
	ReadOnly            bool         `json:"readOnly"`
	Resources           []Resource   `json:"resources,omitempty"`
	EventType           string       `json:"eventType"`
	ManagementEvent     bool         `json:"managementEvent"`
	RecipientAccountID  string       `json:"recipientAccountId,omitempty"`
	EventCategory       string       `json:"eventCategory"` // [Record.Marshal] fills in "Management"

	// Cut names the fields that Marshal shortened, with their length before. It is
	// an addition to CloudTrail's form, set by Marshal.
	Cut []string `json:"cut,omitempty"`
}

// UserIdentity says who acted (CloudTrail User Guide, "CloudTrail userIdentity element").
type UserIdentity struct {
	Type           string          `json:"type"` // Root, IAMUser, AssumedRole, FederatedUser, AWSAccount, AWSService, Unknown
	PrincipalID    string          `json:"principalId,omitempty"`
	ARN            string          `json:"arn,omitempty"`
	AccountID      string          `json:"accountId,omitempty"`
	AccessKeyID    *string         `json:"accessKeyId,omitempty"` // nil is absent; a failed ConsoleLogin has ""
	UserName       string          `json:"userName,omitempty"`
	SessionContext *SessionContext `json:"sessionContext,omitempty"`
	InvokedBy      string          `json:"invokedBy,omitempty"`
}

// SessionContext is there when the caller used temporary credentials.
type SessionContext struct {
	SessionIssuer  *SessionIssuer    `json:"sessionIssuer,omitempty"`
	Attributes     SessionAttributes `json:"attributes"`
	SourceIdentity string            `json:"sourceIdentity,omitempty"`
}

// SessionIssuer is the role or user that the session came from.
type SessionIssuer struct {
	Type        string `json:"type"` // Role, IAMUser, Root
	PrincipalID string `json:"principalId"`
	ARN         string `json:"arn"`
	AccountID   string `json:"accountId"`
	UserName    string `json:"userName,omitempty"`
}

// SessionAttributes tells how the session was made.
type SessionAttributes struct {
	CreationDate     string `json:"creationDate"`     // see [Time]
	MFAAuthenticated string `json:"mfaAuthenticated"` // "true" or "false"
}

// Resource is one thing that the event touched.
type Resource struct {
	ARN       string `json:"ARN,omitempty"`
	AccountID string `json:"accountId,omitempty"`
	Type      string `json:"type,omitempty"`
}

// Bounds of a marshalled record, in bytes before JSON escaping. CloudTrail cuts text
// fields at 1 KB and leaves out parameters over 100 KB.
const (
	maxText       = 1 << 10
	maxParameters = 100 << 10
	maxResources  = 16
)

// Marshal returns the record as one line of JSON without a line end. Equal records
// give equal bytes. Text that is too long is cut and Cut says so. Control and
// formatting characters come out as \u escapes, so that printing a record cannot
// steer a terminal; bytes that are not UTF-8 become U+FFFD. It fails when the
// parameters can't be JSON.
func (r *Record) Marshal() ([]byte, error) {
	out := *r // the caller's record stays as it is
	out.Cut = nil
	if out.EventVersion == "" {
		out.EventVersion = "1.11"
	}
	if out.EventCategory == "" {
		out.EventCategory = "Management"
	}
	out.cutTexts()

	for _, field := range []struct {
		name  string
		value *any
	}{
		{"requestParameters", &out.RequestParameters},
		{"responseElements", &out.ResponseElements},
		{"additionalEventData", &out.AdditionalEventData},
	} {
		if *field.value == nil {
			continue
		}
		text, cut, err := parameters(*field.value)
		if err != nil {
			return nil, fmt.Errorf("audit: %s of %s cannot be recorded: %w", field.name, out.EventName, err)
		}
		*field.value = text
		if cut != "" {
			out.Cut = append(out.Cut, field.name+": "+cut)
		}
	}

	text, err := marshal(out)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	return escape(text), nil
}

// cutTexts bounds every text of the record, copying what is behind a pointer.
func (r *Record) cutTexts() {
	cut := func(name string, text *string) {
		if len(*text) > maxText {
			r.Cut = append(r.Cut, fmt.Sprintf("%s: %d bytes", name, len(*text)))
			*text = shorten(*text, maxText)
		}
	}
	cut("eventVersion", &r.EventVersion)
	cut("eventTime", &r.EventTime)
	cut("eventSource", &r.EventSource)
	cut("eventName", &r.EventName)
	cut("awsRegion", &r.AWSRegion)
	cut("sourceIPAddress", &r.SourceIPAddress)
	cut("userAgent", &r.UserAgent)
	cut("errorCode", &r.ErrorCode)
	cut("errorMessage", &r.ErrorMessage)
	cut("requestID", &r.RequestID)
	cut("eventID", &r.EventID)
	cut("eventType", &r.EventType)
	cut("recipientAccountId", &r.RecipientAccountID)
	cut("eventCategory", &r.EventCategory)

	who := &r.UserIdentity
	cut("userIdentity.type", &who.Type)
	cut("userIdentity.principalId", &who.PrincipalID)
	cut("userIdentity.arn", &who.ARN)
	cut("userIdentity.accountId", &who.AccountID)
	cut("userIdentity.userName", &who.UserName)
	cut("userIdentity.invokedBy", &who.InvokedBy)
	if who.AccessKeyID != nil {
		id := *who.AccessKeyID
		cut("userIdentity.accessKeyId", &id)
		who.AccessKeyID = &id
	}
	if who.SessionContext != nil {
		session := *who.SessionContext
		who.SessionContext = &session
		cut("sessionContext.sourceIdentity", &session.SourceIdentity)
		cut("sessionContext.creationDate", &session.Attributes.CreationDate)
		cut("sessionContext.mfaAuthenticated", &session.Attributes.MFAAuthenticated)
		if session.SessionIssuer != nil {
			issuer := *session.SessionIssuer
			session.SessionIssuer = &issuer
			cut("sessionIssuer.type", &issuer.Type)
			cut("sessionIssuer.principalId", &issuer.PrincipalID)
			cut("sessionIssuer.arn", &issuer.ARN)
			cut("sessionIssuer.accountId", &issuer.AccountID)
			cut("sessionIssuer.userName", &issuer.UserName)
		}
	}

	if len(r.Resources) > maxResources {
		r.Cut = append(r.Cut, fmt.Sprintf("resources: %d", len(r.Resources)))
		r.Resources = r.Resources[:maxResources]
	}
	if len(r.Resources) > 0 {
		r.Resources = append([]Resource(nil), r.Resources...)
		for i := range r.Resources {
			cut("resources.ARN", &r.Resources[i].ARN)
			cut("resources.accountId", &r.Resources[i].AccountID)
			cut("resources.type", &r.Resources[i].Type)
		}
	}
}

// shorten cuts text to at most n bytes without cutting a character in two.
func shorten(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// marshal is json.Marshal without the escaping meant for HTML.
func marshal(v any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}
