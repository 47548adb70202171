package main

import (
	"encoding/json"
	"strings"

	minio_policy "github.com/minio/pkg/v3/policy"
)

// forMinIO says in MinIO's terms what it has no words for:
//
//   - It knows no MFA, and allows Bool for no key but aws:SecureTransport, which stands in for aws:MultiFactorAuthPresent.
//   - It has no …IfExists, so the key is always given here; an absent one, which must deny too, can't be asked about.
//   - Resources are buckets, so an ARN of another service is taken as the name of one.
//
// Its validation knows the actions of MinIO's own services only and would refuse those of IAM, so it is left out; the
// evaluation compares names, whatever they are.
var forMinIO = strings.NewReplacer(
	`"BoolIfExists"`, `"Bool"`,
	`"aws:MultiFactorAuthPresent"`, `"aws:SecureTransport"`,
	`"arn:aws:iam::`, `"arn:aws:s3:::arn:aws:iam::`,
)

// minio decides over the ten policies merged into one, which MinIO's server does at each request, and which is not
// timed here.
func minio() (engine, error) {
	var policies []minio_policy.Policy
	if err := json.Unmarshal([]byte(forMinIO.Replace(string(tenPolicies))), &policies); err != nil {
		return engine{}, err
	}
	merged := minio_policy.MergePolicies(policies...)
	return engine{"MinIO", func(q question) func() bool {
		bucket, object, _ := strings.Cut(strings.TrimPrefix(q.resource, minio_policy.ResourceARNPrefix), "/")
		args := minio_policy.Args{
			AccountName: username,
			Action:      minio_policy.Action(q.action),
			BucketName:  bucket,
			ObjectName:  object,
			ConditionValues: map[string][]string{
				"SecureTransport": {q.mfa}, "SourceIp": {q.ip}, "CurrentTime": {q.now}, "username": {username},
			},
		}
		return func() bool { return merged.IsAllowed(args) }
	}}, nil
}
