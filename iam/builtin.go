package iam

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-iam/sallyport/policy"
)

// builtinPolicy is a managed policy that comes with the service, under the name of the AWS managed policy whose
// purpose it serves (AWS Managed Policy Reference Guide). Services that AWS lists one by one are shortened to
// those that a self-hosted installation has.
type builtinPolicy struct {
	name, description, document string
}

var builtinPolicies = []builtinPolicy{
	{"AdministratorAccess", "Provides full access to all services and resources.", `{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "*", "Resource": "*"}
  ]
}`},
	{"PowerUserAccess", "Provides full access to all services and resources, but does not allow management of users and groups.", `{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"},
    {"Effect": "Allow", "Action": "iam:ListRoles", "Resource": "*"}
  ]
}`},
	// Not *:Get*, which would hold sts:GetFederationToken and the secrets of other services.
	{"ReadOnlyAccess", "Provides read-only access to services and resources.", `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": [
        "iam:Generate*", "iam:Get*", "iam:List*", "iam:Simulate*",
        "s3:Describe*", "s3:Get*", "s3:List*",
        "sts:GetAccessKeyInfo", "sts:GetCallerIdentity", "sts:GetSessionToken"
      ],
      "Resource": "*"
    }
  ]
}`},
	{"IAMFullAccess", "Provides full access to IAM.", `{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}
  ]
}`},
	{"IAMReadOnlyAccess", "Provides read-only access to IAM.", `{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": ["iam:Generate*", "iam:Get*", "iam:List*", "iam:Simulate*"], "Resource": "*"}
  ]
}`},
	{"IAMUserChangePassword", "Provides the ability for an IAM user to change their own password.", `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "iam:ChangePassword",
      "Resource": ["arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::*:user/*/${aws:username}"]
    },
    {"Effect": "Allow", "Action": "iam:GetAccountPasswordPolicy", "Resource": "*"}
  ]
}`},
	{"SignInLocalDevelopmentAccess", "Provides access to sign in for local development with the credentials of a console sign-in.", `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": ["signin:AuthorizeOAuth2Access", "signin:CreateOAuth2Token"],
      "Resource": "arn:aws:signin:*:*:oauth2/public-client/*"
    }
  ]
}`},
}

// InstallBuiltinPolicies brings the managed policies of [BuiltinAccount] up to date; it is called at every start.
// What is missing is made, and a text that has changed since becomes a new default version, so that what is
// attached stays attached. Nothing is written if nothing has changed.
func InstallBuiltinPolicies(ctx context.Context, store Store, now time.Time) error {
	return store.Update(ctx, func(tx Tx) error {
		for _, b := range builtinPolicies {
			if err := b.install(ctx, tx, now); err != nil {
				return fmt.Errorf("managed policy %s: %w", b.name, err)
			}
		}
		return nil
	})
}

func (b builtinPolicy) install(ctx context.Context, tx Tx, now time.Time) error {
	if _, err := policy.Parse(policy.Identity, b.document); err != nil {
		return err
	}
	first := &ManagedPolicy{
		Account: BuiltinAccount, ID: newID(prefixPolicy), Name: b.name, Path: "/", Description: b.description,
		Created: now, Updated: now, DefaultVersion: 1, LastVersion: 1,
	}
	p, err := tx.ManagedPolicy(ctx, first.ARN())
	if errors.Is(err, ErrNotFound) {
		if err := tx.InsertManagedPolicy(ctx, first); err != nil {
			return err
		}
		return tx.InsertPolicyVersion(ctx, first.ID, PolicyVersion{Number: 1, Document: b.document, Created: now})
	}
	if err != nil {
		return err
	}
	versions, err := tx.PolicyVersions(ctx, p.ID)
	if err != nil {
		return err
	}
	for _, v := range versions {
		if v.Number == p.DefaultVersion && v.Document == b.document {
			return nil
		}
	}
	if len(versions) >= maxPolicyVersions {
		if err := tx.DeletePolicyVersion(ctx, p.ID, versions[len(versions)-1].Number); err != nil {
			return err
		}
	}
	return p.addVersion(ctx, tx, PolicyVersion{Number: p.LastVersion + 1, Document: b.document, Created: now}, true)
}
