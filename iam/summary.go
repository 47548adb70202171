package iam

import (
	"context"
	"errors"
	"math"

	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// Quotas that GetAccountSummary reports and that no operation here can reach, because what they limit isn't
// offered (IAM User Guide, "IAM and AWS STS quotas").
const (
	signingCertificatesPerUser = 2
	instanceProfiles           = 1000
	serverCertificates         = 20
	policyVersionsInUse        = 10000
)

// unlimited is the quota of what an account may have as many of as it wants.
const unlimited = math.MaxInt32

// GetAccountSummary counts what the account has and tells its quotas. AccountMFAEnabled, AccountPasswordPresent
// and AccountAccessKeysPresent speak of root and are 0 or 1.
func (s *Service) GetAccountSummary(ctx context.Context, tx Tx, c *Caller, _ *awsiam.GetAccountSummaryInput) (*awsiam.GetAccountSummaryOutput, error) {
	summary := map[types.SummaryKeyType]int{
		types.SummaryKeyTypeAccessKeysPerUserQuota:            maxAccessKeys,
		types.SummaryKeyTypeAccountSigningCertificatesPresent: 0,
		types.SummaryKeyTypeAssumeRolePolicySizeQuota:         maxTrustPolicy,
		types.SummaryKeyTypeAttachedPoliciesPerGroupQuota:     maxAttachedPolicies,
		types.SummaryKeyTypeAttachedPoliciesPerRoleQuota:      maxAttachedPolicies,
		types.SummaryKeyTypeAttachedPoliciesPerUserQuota:      maxAttachedPolicies,
		types.SummaryKeyTypeGlobalEndpointTokenVersion:        1,
		types.SummaryKeyTypeGroupPolicySizeQuota:              groupOwner.maxInline,
		types.SummaryKeyTypeGroupsPerUserQuota:                maxGroupsPerUser,
		types.SummaryKeyTypeGroupsQuota:                       unlimited,
		types.SummaryKeyTypeInstanceProfiles:                  0,
		types.SummaryKeyTypeInstanceProfilesQuota:             instanceProfiles,
		types.SummaryKeyTypePoliciesQuota:                     unlimited,
		types.SummaryKeyTypePolicySizeQuota:                   maxPolicySize,
		types.SummaryKeyTypePolicyVersionsInUseQuota:          policyVersionsInUse,
		types.SummaryKeyTypeProviders:                         0,
		types.SummaryKeyTypeRolePolicySizeQuota:               roleOwner.maxInline,
		types.SummaryKeyTypeRolesQuota:                        unlimited,
		types.SummaryKeyTypeServerCertificates:                0,
		types.SummaryKeyTypeServerCertificatesQuota:           serverCertificates,
		types.SummaryKeyTypeSigningCertificatesPerUserQuota:   signingCertificatesPerUser,
		types.SummaryKeyTypeUserPolicySizeQuota:               userOwner.maxInline,
		types.SummaryKeyTypeUsersQuota:                        unlimited,
		types.SummaryKeyTypeVersionsPerPolicyQuota:            maxPolicyVersions,
	}
	for key, kind := range map[types.SummaryKeyType]CountKind{
		types.SummaryKeyTypeUsers:               CountUsers,
		types.SummaryKeyTypeGroups:              CountGroups,
		types.SummaryKeyTypeRoles:               CountRoles,
		types.SummaryKeyTypePolicies:            CountPolicies,
		types.SummaryKeyTypePolicyVersionsInUse: CountPolicyVersions,
		types.SummaryKeyTypeMFADevices:          CountMFADevices,
		types.SummaryKeyTypeMFADevicesInUse:     CountMFADevicesAssigned,
	} {
		n, err := tx.Count(ctx, c.Account, kind)
		if err != nil {
			return nil, err
		}
		summary[key] = n
	}
	if err := summarizeRoot(ctx, tx, c.Account, summary); err != nil {
		return nil, err
	}
	out := &awsiam.GetAccountSummaryOutput{SummaryMap: make(map[string]int32, len(summary))}
	for key, n := range summary {
		out.SummaryMap[string(key)] = int32(min(n, math.MaxInt32))
	}
	return out, nil
}

// summarizeRoot adds what credentials root has.
func summarizeRoot(ctx context.Context, tx Tx, account string, summary map[types.SummaryKeyType]int) error {
	_, err := tx.LoginProfile(ctx, account, account)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	hasPassword := err == nil
	keys, err := tx.AccessKeys(ctx, account, account)
	if err != nil {
		return err
	}
	devices, err := tx.MFADevicesOf(ctx, account, account)
	if err != nil {
		return err
	}
	for key, there := range map[types.SummaryKeyType]bool{
		types.SummaryKeyTypeAccountPasswordPresent:   hasPassword,
		types.SummaryKeyTypeAccountAccessKeysPresent: len(keys) > 0,
		types.SummaryKeyTypeAccountMFAEnabled:        len(devices) > 0,
	} {
		summary[key] = 0
		if there {
			summary[key] = 1
		}
	}
	return nil
}
