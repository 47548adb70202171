// Package sts issues temporary credentials and opens them again.
//
// Temporary credentials are stateless: the session token that goes with them holds everything about the
// session, its secret key too, sealed so that only this installation can read or make one (token.go). Any node
// opens a token without the database. What the session may do is not in the token: the principal behind it is
// looked up at each request, so that a change of its policies is in force at once and its deletion kills every
// session.
//
// The operations are rows like those of package iam and run through iam's chokepoint. Those that take the
// serial number and code of an MFA device declare it in their row; the code is verified there, before anything
// else, and the operation sees a caller authenticated by MFA.
package sts

import (
	"bytes"
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/seal"
	"github.com/sallyport-iam/sallyport/wire"
)

// Service is STS. Its fields are set before first use.
type Service struct {
	Directory *iam.Directory
	Keys      *seal.Keyset
	Now       func() time.Time
}

// Operations is the table of all STS operations (Service Authorization Reference, "Actions, resources, and
// condition keys for AWS Security Token Service").
func (s *Service) Operations() []iam.Operation {
	rows := []iam.Operation{
		iam.Memory("GetCallerIdentity", GetCallerIdentity),
		// No policy is evaluated, not even an explicit deny: the standard policy that denies everything without
		// MFA would otherwise keep users from the call that makes their MFA count.
		iam.WithCodes(iam.Write("GetSessionToken", "-", nil, s.GetSessionToken).WithoutPolicy(),
			func(in *awssts.GetSessionTokenInput) (serial, code *string) { return in.SerialNumber, in.TokenCode }),
		iam.WithCodes(iam.Write("AssumeRole", "role", s.targetRole, s.AssumeRole).
			WithKeys("sts:ExternalId", "sts:RoleSessionName", "sts:SourceIdentity", "sts:TransitiveTagKeys", "aws:RequestTag", "aws:TagKeys"),
			func(in *awssts.AssumeRoleInput) (serial, code *string) { return in.SerialNumber, in.TokenCode }),
		iam.Write("GetFederationToken", "federated user", targetFederatedUser, s.GetFederationToken).
			WithKeys("aws:RequestTag", "aws:TagKeys"),
		iam.Read("GetAccessKeyInfo", "*", iam.AnyTarget[awssts.GetAccessKeyInfoInput], s.GetAccessKeyInfo),
		iam.Read("DecodeAuthorizationMessage", "*", iam.AnyTarget[awssts.DecodeAuthorizationMessageInput], s.DecodeAuthorizationMessage),
	}
	for i := range rows {
		rows[i] = rows[i].InSTS()
	}
	return rows
}

// GetCallerIdentity tells callers who they are. It needs no permission and works under any explicit deny.
func GetCallerIdentity(c *iam.Caller, _ *awssts.GetCallerIdentityInput) (*awssts.GetCallerIdentityOutput, error) {
	return &awssts.GetCallerIdentityOutput{
		Account: aws.String(c.Account), Arn: aws.String(c.UserARN()), UserId: aws.String(c.UserID()),
	}, nil
}

// GetAccessKeyInfo tells which account an access key belongs to.
func (s *Service) GetAccessKeyInfo(ctx context.Context, tx iam.Tx, _ *iam.Caller, in *awssts.GetAccessKeyInfoInput) (*awssts.GetAccessKeyInfoOutput, error) {
	if account, ok := accountOfSession(*in.AccessKeyId); ok {
		return &awssts.GetAccessKeyInfoOutput{Account: aws.String(account)}, nil
	}
	key, err := tx.AccessKey(ctx, *in.AccessKeyId)
	if err != nil {
		return nil, notFoundAs(err, wire.Errorf("ValidationError", "The access key ID is not valid."))
	}
	return &awssts.GetAccessKeyInfoOutput{Account: aws.String(key.Account)}, nil
}

// EncodeMessage seals the details of a refusal, to be opened by the account's DecodeAuthorizationMessage.
//
// It is padded, so that its length doesn't tell how the names in it are spelled in the database.
func (s *Service) EncodeMessage(account string, message []byte) string {
	const unit = 1024
	padding := bytes.Repeat([]byte{' '}, unit-len(message)%unit)
	return s.Keys.SealToken(purposeMessage+account, append(message, padding...))
}

// DecodeAuthorizationMessage opens the sealed details of a refusal met by a caller of the same account.
func (s *Service) DecodeAuthorizationMessage(_ context.Context, _ iam.Tx, c *iam.Caller, in *awssts.DecodeAuthorizationMessageInput) (*awssts.DecodeAuthorizationMessageOutput, error) {
	message, err := s.Keys.OpenToken(purposeMessage+c.Account, *in.EncodedMessage)
	if err != nil {
		return nil, wire.Errorf("InvalidAuthorizationMessageException", "The encoded authorization message is invalid.")
	}
	return &awssts.DecodeAuthorizationMessageOutput{DecodedMessage: aws.String(string(bytes.TrimRight(message, " ")))}, nil
}
