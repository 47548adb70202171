package sts

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/policy"
	"github.com/sallyport-iam/sallyport/wire"
)

// Lifetimes (STS API Reference, DurationSeconds of each operation).
const (
	defaultUserSession   = 12 * time.Hour
	rootSession          = time.Hour // root's is never longer, whatever it asks for
	maxPolicies          = 10
	maxSessionPolicySize = 2048 // characters of session policy and policy ARNs together
	maxTags              = 50
)

// GetSessionToken gives a user or root temporary credentials of their own, with MFA if the request carried a
// code.
func (s *Service) GetSessionToken(_ context.Context, _ iam.Tx, c *iam.Caller, in *awssts.GetSessionTokenInput) (*awssts.GetSessionTokenOutput, error) {
	t := token{Account: c.Account, Principal: c.Kind, PrincipalID: c.ID, Kind: iam.SessionToken}
	if when := c.MFA(); !when.IsZero() {
		t.MFA = when.Unix()
	}
	return &awssts.GetSessionTokenOutput{Credentials: s.issue(t, lifetime(c, in.DurationSeconds))}, nil
}

// GetFederationToken gives a user or root credentials to hand on: they may do what both their maker and the
// policies passed allow, and without a passed policy nothing.
func (s *Service) GetFederationToken(ctx context.Context, tx iam.Tx, c *iam.Caller, in *awssts.GetFederationTokenInput) (*awssts.GetFederationTokenOutput, error) {
	text, arns, packed, err := sessionPolicies(ctx, tx, c.Account, in.Policy, in.PolicyArns, in.Tags)
	if err != nil {
		return nil, err
	}
	tags, err := sessionTags(in.Tags)
	if err != nil {
		return nil, err
	}
	t := token{
		Account: c.Account, Principal: c.Kind, PrincipalID: c.ID, Kind: iam.FederatedUser, Name: *in.Name,
		Tags: tags, HasPolicies: true, Policy: text, PolicyARNs: arns,
	}
	return &awssts.GetFederationTokenOutput{
		Credentials: s.issue(t, lifetime(c, in.DurationSeconds)),
		FederatedUser: &types.FederatedUser{
			Arn:             aws.String(federatedUserARN(c, *in.Name)),
			FederatedUserId: aws.String(c.Account + ":" + *in.Name),
		},
		//lint:ignore SA1019 clients of before its successor read it
		PackedPolicySize: aws.Int32(packed),
	}, nil
}

func targetFederatedUser(_ context.Context, _ iam.Tx, c *iam.Caller, in *awssts.GetFederationTokenInput) (iam.Target, error) {
	target := iam.Target{ARN: federatedUserARN(c, *in.Name)}
	return tagged(target, in.Tags), nil
}

func federatedUserARN(c *iam.Caller, name string) string {
	return "arn:aws:sts::" + c.Account + ":federated-user/" + name
}

// lifetime of a session made with a user's or root's own credentials. The model has bounded the duration.
func lifetime(c *iam.Caller, asked *int32) time.Duration {
	d := defaultUserSession
	if asked != nil {
		d = time.Duration(*asked) * time.Second
	}
	if c.Kind == iam.RootUser {
		d = min(d, rootSession)
	}
	return d
}

// sessionPolicies checks the policies passed to a session. The packed size is the share of the allotted
// characters that they and the session tags take, in percent.
func sessionPolicies(ctx context.Context, tx iam.Tx, account string, text *string, passed []types.PolicyDescriptorType, tags []types.Tag) (document string, arns []string, packed int32, err error) {
	size := 0
	if text != nil {
		if document, size = *text, utf8.RuneCountInString(*text); size > maxSessionPolicySize {
			return "", nil, 0, tooLarge(size)
		}
		if _, err := policy.Parse(policy.Session, *text); err != nil {
			return "", nil, 0, wire.Errorf("MalformedPolicyDocument", "%s", err)
		}
	}
	if len(passed) > maxPolicies {
		return "", nil, 0, wire.Errorf("ValidationError", "1 validation error detected: Value at 'policyArns' failed to satisfy "+
			"constraint: Member must have length less than or equal to %d", maxPolicies)
	}
	for _, p := range passed {
		arn := aws.ToString(p.Arn)
		found, err := tx.ManagedPolicy(ctx, arn)
		if err == nil && found.Account != account && found.Account != iam.BuiltinAccount {
			err = iam.ErrNotFound
		}
		if err != nil {
			return "", nil, 0, notFoundAs(err, wire.Errorf("MalformedPolicyDocument", "The policy is not in the valid JSON format or the policy ARN %s does not exist.", arn))
		}
		arns, size = append(arns, found.ARN()), size+len(arn)
	}
	for _, t := range tags {
		size += utf8.RuneCountInString(aws.ToString(t.Key) + aws.ToString(t.Value))
	}
	if size > maxSessionPolicySize {
		return "", nil, 0, tooLarge(size)
	}
	return document, arns, percent(size), nil
}

// percent is the share of the allotted characters, rounded up.
func percent(size int) int32 {
	return int32((size*100 + maxSessionPolicySize - 1) / maxSessionPolicySize)
}

func tooLarge(size int) error {
	return wire.Errorf("PackedPolicyTooLarge", "Packed policy consumes %d%% of allotted space, please use smaller policy.", percent(size))
}

// sessionTags checks the tags passed to a session; their keys match without regard to case.
func sessionTags(sent []types.Tag) ([]iam.Tag, error) {
	var tags []iam.Tag
	for i, t := range sent {
		key := aws.ToString(t.Key)
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return nil, wire.Errorf("InvalidParameterValue", "Tag keys beginning with aws: are reserved for system use.")
		}
		for _, other := range sent[:i] {
			if iam.SameTagKey(key, aws.ToString(other.Key)) {
				return nil, duplicateTag()
			}
		}
		tags = append(tags, iam.Tag{Key: key, Value: aws.ToString(t.Value)})
	}
	return tags, nil
}

func duplicateTag() error {
	return wire.Errorf("InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
}

// tagged adds to a target what passing session tags is authorised with.
func tagged(target iam.Target, sent []types.Tag) iam.Target {
	if len(sent) == 0 {
		return target
	}
	var tags []iam.Tag
	for _, t := range sent {
		tags = append(tags, iam.Tag{Key: aws.ToString(t.Key), Value: aws.ToString(t.Value)})
	}
	target.Also = append(target.Also, "TagSession")
	target.Conditions = append(target.Conditions, iam.RequestTags(tags)...)
	return target
}
