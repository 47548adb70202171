package audit

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
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
	room := rooms.Get().(*[]byte)
	e := encoder{text: append(*room, '{')}
	e.string("eventVersion", cmp.Or(r.EventVersion, "1.11"))
	e.object("userIdentity", func() { e.userIdentity(&r.UserIdentity) })
	e.string("eventTime", r.EventTime)
	e.string("eventSource", r.EventSource)
	e.string("eventName", r.EventName)
	e.string("awsRegion", r.AWSRegion)
	e.string("sourceIPAddress", r.SourceIPAddress)
	e.string("userAgent", r.UserAgent)
	e.optional("errorCode", r.ErrorCode)
	e.optional("errorMessage", r.ErrorMessage)
	if err := e.parameters("requestParameters", r.RequestParameters); err != nil {
		return nil, unrecordable("requestParameters", r.EventName, err)
	}
	if err := e.parameters("responseElements", r.ResponseElements); err != nil {
		return nil, unrecordable("responseElements", r.EventName, err)
	}
	if r.AdditionalEventData != nil {
		if err := e.parameters("additionalEventData", r.AdditionalEventData); err != nil {
			return nil, unrecordable("additionalEventData", r.EventName, err)
		}
	}
	e.optional("requestID", r.RequestID)
	e.string("eventID", r.EventID)
	e.bool("readOnly", r.ReadOnly)
	if len(r.Resources) > 0 {
		e.resources(r.Resources)
	}
	e.string("eventType", r.EventType)
	e.bool("managementEvent", r.ManagementEvent)
	e.optional("recipientAccountId", r.RecipientAccountID)
	e.string("eventCategory", cmp.Or(r.EventCategory, "Management"))
	if len(e.cut) > 0 {
		e.key("cut")
		cut, err := marshal(e.cut)
		if err != nil {
			return nil, fmt.Errorf("audit: %w", err)
		}
		e.text = append(e.text, cut...)
	}
	e.text = append(e.text, '}')
	record := e.text[:len(e.text):len(e.text)]
	if e.text = e.text[len(e.text):]; cap(e.text) < roomLeft {
		e.text = make([]byte, 0, roomSize)
	}
	*room = e.text
	rooms.Put(room)
	return record, nil
}

// rooms hold memory for records to come. Many have it from one piece, because each of its own would cost as much
// as writing it; who keeps a record keeps the piece.
var rooms = sync.Pool{New: func() any {
	room := make([]byte, 0, roomSize)
	return &room
}}

const (
	roomSize = 32 << 10
	roomLeft = 2 << 10 // more than most records are long: less is thrown away
)

func unrecordable(field, event string, err error) error {
	return fmt.Errorf("audit: %s of %s cannot be recorded: %w", field, event, err)
}

func (e *encoder) userIdentity(who *UserIdentity) {
	e.string("type", who.Type)
	e.optional("principalId", who.PrincipalID)
	e.optional("arn", who.ARN)
	e.optional("accountId", who.AccountID)
	if who.AccessKeyID != nil {
		e.string("accessKeyId", *who.AccessKeyID)
	}
	e.optional("userName", who.UserName)
	if session := who.SessionContext; session != nil {
		e.object("sessionContext", func() {
			if issuer := session.SessionIssuer; issuer != nil {
				e.object("sessionIssuer", func() {
					e.string("type", issuer.Type)
					e.string("principalId", issuer.PrincipalID)
					e.string("arn", issuer.ARN)
					e.string("accountId", issuer.AccountID)
					e.optional("userName", issuer.UserName)
				})
			}
			e.object("attributes", func() {
				e.string("creationDate", session.Attributes.CreationDate)
				e.string("mfaAuthenticated", session.Attributes.MFAAuthenticated)
			})
			e.optional("sourceIdentity", session.SourceIdentity)
		})
	}
	e.optional("invokedBy", who.InvokedBy)
}

func (e *encoder) resources(list []Resource) {
	if len(list) > maxResources {
		e.cut = append(e.cut, "resources: "+strconv.Itoa(len(list)))
		list = list[:maxResources]
	}
	e.key("resources")
	e.in = "resources"
	for i := range list {
		e.text = append(e.text, "[,"[min(i, 1)], '{')
		e.optional("ARN", list[i].ARN)
		e.optional("accountId", list[i].AccountID)
		e.optional("type", list[i].Type)
		e.text = append(e.text, '}')
	}
	e.text = append(e.text, ']')
	e.in = ""
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
