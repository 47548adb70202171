package sts

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/wire"
)

// What tokens are sealed for; one made for one purpose does not open for another.
const (
	purposeSession = "session-token"
	purposeMessage = "authorization-message/" // and the account
)

// token is what a session token holds. Times are Unix seconds.
type token struct {
	AccessKeyID    string          `json:"key"`
	Secret         string          `json:"secret"`
	Account        string          `json:"account"`
	Principal      iam.Kind        `json:"principal"`
	PrincipalID    string          `json:"id"`
	Kind           iam.SessionKind `json:"kind"`
	Name           string          `json:"name,omitempty"`
	Issued         int64           `json:"issued"`
	Expires        int64           `json:"expires"`
	MFA            int64           `json:"mfa,omitempty"`
	Tags           []iam.Tag       `json:"tags,omitempty"`
	TransitiveTags []string        `json:"transitive,omitempty"`
	SourceIdentity string          `json:"source,omitempty"`
	HasPolicies    bool            `json:"limited,omitempty"`
	Policy         string          `json:"policy,omitempty"`
	PolicyARNs     []string        `json:"policies,omitempty"`
}

// issue makes credentials for a session that begins now.
func (s *Service) issue(t token, lifetime time.Duration) *types.Credentials {
	now := s.Now()
	t.AccessKeyID, t.Secret = newSessionKeyID(t.Account), newSecret()
	t.Issued, t.Expires = now.Unix(), now.Add(lifetime).Unix()
	plain, err := json.Marshal(t)
	if err != nil {
		panic(fmt.Sprintf("sts: a token of strings and numbers did not marshal: %v", err))
	}
	return &types.Credentials{
		AccessKeyId:     aws.String(t.AccessKeyID),
		SecretAccessKey: aws.String(t.Secret),
		SessionToken:    aws.String(s.Keys.SealToken(purposeSession, plain)),
		Expiration:      aws.Time(time.Unix(t.Expires, 0)),
	}
}

// Open opens the session token of a request. It returns the secret that the request must be signed with and who
// makes it, as far as the token knows. A token that was altered, is not one of ours, belongs to another access
// key or to a principal that is no more answers InvalidClientTokenId; one past its time ExpiredToken.
func (s *Service) Open(ctx context.Context, accessKeyID, sealed string) (secret string, c *iam.Caller, err error) {
	plain, err := s.Keys.OpenToken(purposeSession, sealed)
	if err != nil {
		return "", nil, invalidToken()
	}
	var t token
	if err := json.Unmarshal(plain, &t); err != nil || t.AccessKeyID != accessKeyID {
		return "", nil, invalidToken()
	}
	if s.Now().Unix() >= t.Expires {
		return "", nil, wire.Errorf("ExpiredToken", "The security token included in the request is expired")
	}
	principal, err := s.Directory.Principal(ctx, t.Account, t.Principal, t.PrincipalID)
	if err != nil {
		return "", nil, notFoundAs(err, invalidToken())
	}
	session := &iam.Session{
		Kind: t.Kind, Name: t.Name, Issued: time.Unix(t.Issued, 0), Expires: time.Unix(t.Expires, 0),
		Tags: t.Tags, TransitiveTags: t.TransitiveTags, SourceIdentity: t.SourceIdentity, HasPolicies: t.HasPolicies,
	}
	if t.MFA != 0 {
		session.MFA = time.Unix(t.MFA, 0)
	}
	if t.Policy != "" {
		p, err := s.Directory.SessionPolicy(t.Policy)
		if err != nil {
			return "", nil, err
		}
		session.Policies = append(session.Policies, p)
	}
	for _, arn := range t.PolicyARNs {
		p, err := s.Directory.ManagedSessionPolicy(ctx, t.Account, arn)
		if errors.Is(err, iam.ErrNotFound) {
			continue // deleted since: it allows nothing
		}
		if err != nil {
			return "", nil, err
		}
		session.Policies = append(session.Policies, p)
	}
	return t.Secret, &iam.Caller{Principal: principal, Session: session, AccessKeyID: accessKeyID}, nil
}

func invalidToken() error {
	return wire.Errorf("InvalidClientTokenId", "The security token included in the request is invalid")
}

// notFoundAs answers a look-up that found nothing; other errors are failures of ours.
func notFoundAs(err, answer error) error {
	if errors.Is(err, iam.ErrNotFound) {
		return answer
	}
	return err
}

const sessionPrefix = "ASIA"

// newSessionKeyID makes the access key id of temporary credentials. It holds the account's number, 40 bits,
// beside 40 random ones, so that GetAccessKeyInfo can answer for credentials that are stored nowhere.
func newSessionKeyID(account string) string {
	number, _ := strconv.ParseUint(account, 10, 40)
	var b [10]byte
	binary.BigEndian.PutUint64(b[:8], number<<24)
	rand.Read(b[5:])
	return sessionPrefix + base32.StdEncoding.EncodeToString(b[:])
}

// accountOfSession is the account in an access key id of temporary credentials.
func accountOfSession(accessKeyID string) (string, bool) {
	text, ok := strings.CutPrefix(accessKeyID, sessionPrefix)
	if !ok {
		return "", false
	}
	b, err := base32.StdEncoding.DecodeString(text)
	if err != nil || len(b) != 10 {
		return "", false
	}
	number := binary.BigEndian.Uint64(b[:8]) >> 24
	account := fmt.Sprintf("%012d", number)
	return account, len(account) == 12
}

// newSecret is 40 characters, 240 random bits.
func newSecret() string {
	var b [30]byte
	rand.Read(b[:])
	return base64.StdEncoding.EncodeToString(b[:])
}
