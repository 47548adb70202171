package sts

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/policy"
	"github.com/sallyport-iam/sallyport/wire"
)

const (
	defaultRoleSession = time.Hour
	maxChainedSession  = time.Hour // of a role assumed with the credentials of a role
)

// AssumeRole gives credentials of a role to whom both the role's trust policy and, where it trusts an account
// rather than the caller itself, the caller's own policies let in.
func (s *Service) AssumeRole(ctx context.Context, tx iam.Tx, c *iam.Caller, in *awssts.AssumeRoleInput) (*awssts.AssumeRoleOutput, error) {
	role, err := findRole(ctx, tx, *in.RoleArn)
	if err != nil {
		return nil, err
	}
	lifetime, err := roleLifetime(c, role, in.DurationSeconds)
	if err != nil {
		return nil, err
	}
	text, arns, packed, err := sessionPolicies(ctx, tx, role.Account, in.Policy, in.PolicyArns, in.Tags)
	if err != nil {
		return nil, err
	}
	tags, transitive, err := inheritTags(c, in)
	if err != nil {
		return nil, err
	}
	source, err := sourceIdentity(c, in)
	if err != nil {
		return nil, err
	}
	t := token{
		Account: role.Account, Principal: iam.IAMRole, PrincipalID: role.ID, Kind: iam.AssumedRole, Name: *in.RoleSessionName,
		Tags: tags, TransitiveTags: transitive, SourceIdentity: source,
		HasPolicies: text != "" || len(arns) > 0, Policy: text, PolicyARNs: arns,
	}
	if err := noteUse(ctx, tx, role, s.Now()); err != nil {
		return nil, err
	}
	out := &awssts.AssumeRoleOutput{
		Credentials: s.issue(t, lifetime),
		AssumedRoleUser: &types.AssumedRoleUser{
			Arn:           aws.String("arn:aws:sts::" + role.Account + ":assumed-role/" + role.Name + "/" + t.Name),
			AssumedRoleId: aws.String(role.ID + ":" + t.Name),
		},
	}
	if source != "" {
		out.SourceIdentity = &source
	}
	if t.HasPolicies || len(in.Tags) > 0 {
		//lint:ignore SA1019 clients of before its successor read it
		out.PackedPolicySize = aws.Int32(packed)
	}
	return out, nil
}

// closed is the trust policy of a role that does not exist: asking for one is refused as a role that trusts
// somebody else is, so that the answer doesn't tell which roles there are. No service signs here.
var closed = func() *policy.Policy {
	doc, err := policy.Parse(policy.Trust, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"nobody.amazonaws.com"},"Action":"sts:AssumeRole"}}`)
	if err != nil {
		panic(err)
	}
	return &policy.Policy{Kind: policy.Trust, Document: doc}
}()

// targetRole is the role with its trust policy. What a session hands on along a chain is authorised as if it were
// passed anew: the role's owner decides whether it is believed.
func (s *Service) targetRole(ctx context.Context, tx iam.Tx, c *iam.Caller, in *awssts.AssumeRoleInput) (iam.Target, error) {
	name, ok := iam.ParseARN(*in.RoleArn)
	if !ok || name.Kind != "role" {
		return iam.Target{}, wire.Errorf("ValidationError", "%s is invalid", *in.RoleArn)
	}
	if c.Kind == iam.RootUser {
		return iam.Target{}, wire.Errorf("AccessDenied", "Roles may not be assumed by root accounts.")
	}
	source, err := sourceIdentity(c, in)
	if err != nil {
		return iam.Target{}, err
	}
	target := iam.Target{ARN: *in.RoleArn, Trust: &iam.RoleTrust{Policy: closed, Account: name.Account}}
	role, err := findRole(ctx, tx, *in.RoleArn)
	switch {
	case errors.Is(err, iam.ErrNotFound):
	case err != nil:
		return target, err
	default:
		if target.Trust.Policy, err = s.Directory.TrustPolicy(role); err != nil {
			return target, err
		}
		target.Tags = role.Tags
	}
	target = tagged(target, in.Tags)
	if len(in.Tags) == 0 && c.Session != nil && len(c.Session.TransitiveTags) > 0 {
		target.Also = append(target.Also, "TagSession")
	}
	target.Conditions = append(target.Conditions, iam.Condition{Key: "sts:RoleSessionName", Values: []string{*in.RoleSessionName}})
	if in.ExternalId != nil {
		target.Conditions = append(target.Conditions, iam.Condition{Key: "sts:ExternalId", Values: []string{*in.ExternalId}})
	}
	if source != "" {
		target.Also = append(target.Also, "SetSourceIdentity")
		target.Conditions = append(target.Conditions, iam.Condition{Key: "sts:SourceIdentity", Values: []string{source}})
	}
	if len(in.TransitiveTagKeys) > 0 {
		target.Conditions = append(target.Conditions, iam.Condition{Key: "sts:TransitiveTagKeys", Values: in.TransitiveTagKeys, Multi: true})
	}
	return target, nil
}

// findRole finds a role of any account by its ARN, which must be spelled as the role's is: policies are matched
// with the spelling that was sent, so another one must not lead to the role.
func findRole(ctx context.Context, tx iam.Tx, arn string) (*iam.Role, error) {
	name, _ := iam.ParseARN(arn)
	role, err := tx.Role(ctx, name.Account, name.Name)
	if err == nil && role.ARN() != arn {
		return nil, iam.ErrNotFound
	}
	return role, err
}

func isChained(c *iam.Caller) bool { return c.Session != nil && c.Session.Kind == iam.AssumedRole }

func roleLifetime(c *iam.Caller, role *iam.Role, asked *int32) (time.Duration, error) {
	d := defaultRoleSession
	if asked != nil {
		d = time.Duration(*asked) * time.Second
	}
	switch {
	case d > role.MaxSessionDuration:
		return 0, wire.Errorf("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	case isChained(c) && d > maxChainedSession:
		return 0, wire.Errorf("ValidationError",
			"The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	}
	return d, nil
}

// inheritTags joins the tags passed with the transitive ones of the calling session, which can't be changed in
// a chain (IAM User Guide, "Pass session tags in AWS STS").
func inheritTags(c *iam.Caller, in *awssts.AssumeRoleInput) (tags []iam.Tag, transitive []string, err error) {
	if tags, err = sessionTags(in.Tags); err != nil {
		return nil, nil, err
	}
	for i, key := range in.TransitiveTagKeys {
		switch {
		case !iam.HasTag(tags, key):
			return nil, nil, wire.Errorf("InvalidParameterValue", "The specified transitive tag key must be included in the requested tags.")
		case slices.ContainsFunc(in.TransitiveTagKeys[:i], func(other string) bool { return iam.SameTagKey(other, key) }):
			return nil, nil, duplicateTag()
		}
	}
	transitive = append(transitive, in.TransitiveTagKeys...)
	if c.Session == nil {
		return tags, transitive, nil
	}
	for _, key := range c.Session.TransitiveTags {
		if iam.HasTag(tags, key) {
			return nil, nil, wire.Errorf("InvalidParameterValue",
				"One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
		}
		for _, t := range c.Session.Tags {
			if iam.SameTagKey(t.Key, key) {
				tags, transitive = append(tags, t), append(transitive, key)
			}
		}
	}
	if len(tags) > maxTags {
		return nil, nil, wire.Errorf("InvalidParameterValue", "The number of session tags, inherited ones included, can't be more than %d.", maxTags)
	}
	return tags, transitive, nil
}

// sourceIdentity is what the request sets or the calling session has; "" if neither. It is set once and stays for
// the chain (IAM User Guide, "Monitor and control actions taken with assumed roles").
func sourceIdentity(c *iam.Caller, in *awssts.AssumeRoleInput) (string, error) {
	var inherited string
	if c.Session != nil {
		inherited = c.Session.SourceIdentity
	}
	switch sent := aws.ToString(in.SourceIdentity); {
	case sent == "":
		return inherited, nil
	case strings.HasPrefix(strings.ToLower(sent), "aws:"):
		return "", wire.Errorf("ValidationError", "Source identity can't begin with aws:")
	case inherited != "" && sent != inherited:
		return "", wire.Errorf("AccessDenied", "The source identity of the calling session can't be changed.")
	default:
		return sent, nil
	}
}

// useResolution is how exactly RoleLastUsed is known: a write per assumption would cost more than it tells.
const useResolution = time.Hour

func noteUse(ctx context.Context, tx iam.Tx, role *iam.Role, now time.Time) error {
	if now.Sub(role.LastUsed) < useResolution {
		return nil
	}
	role.LastUsed = now
	return tx.UpdateRole(ctx, role)
}
