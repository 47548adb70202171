package iam_test

import (
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/iam"
)

func TestAccountAlias(t *testing.T) {
	s := newService(t)
	other := s.account(t, "210987654321", "other@example.com")
	create := func(c *iam.Caller, alias string) {
		t.Helper()
		do[awsiam.CreateAccountAliasOutput](t, s, c, "CreateAccountAlias", &awsiam.CreateAccountAliasInput{AccountAlias: &alias})
	}
	lists := func(c *iam.Caller, want ...string) {
		t.Helper()
		got := do[awsiam.ListAccountAliasesOutput](t, s, c, "ListAccountAliases", &awsiam.ListAccountAliasesInput{MaxItems: aws.Int32(1)})
		if !slices.Equal(got.AccountAliases, want) || got.AccountAliases == nil || got.IsTruncated {
			t.Errorf("lists %v, truncated %v, want %v", got.AccountAliases, got.IsTruncated, want)
		}
	}
	lists(s.root)
	create(s.root, "first")
	lists(s.root, "first")
	create(s.root, "second")
	lists(s.root, "second") // replaced
	lists(other)
	create(other, "first") // free again

	for _, test := range []struct {
		name, action string
		in           any
		want         string
	}{
		{"another account's", "CreateAccountAlias", &awsiam.CreateAccountAliasInput{AccountAlias: aws.String("first")},
			"EntityAlreadyExists: The account alias first already exists."},
		{"its own again", "CreateAccountAlias", &awsiam.CreateAccountAliasInput{AccountAlias: aws.String("second")},
			"EntityAlreadyExists: The account alias second already exists."},
		{"an account id", "CreateAccountAlias", &awsiam.CreateAccountAliasInput{AccountAlias: aws.String("210987654321")},
			"ValidationError: The account alias must not be a 12-digit number."},
		{"delete another account's", "DeleteAccountAlias", &awsiam.DeleteAccountAliasInput{AccountAlias: aws.String("first")},
			"NoSuchEntity: The Account Alias with name first cannot be found."},
		{"a bad marker", "ListAccountAliases", &awsiam.ListAccountAliasesInput{Marker: aws.String("x")},
			"ValidationError: Invalid Marker."},
	} {
		t.Run(test.name, func(t *testing.T) { refused(t, s, s.root, test.action, test.in, test.want) })
	}
	do[awsiam.DeleteAccountAliasOutput](t, s, s.root, "DeleteAccountAlias", &awsiam.DeleteAccountAliasInput{AccountAlias: aws.String("second")})
	lists(s.root)
	lists(other, "first")
}

func TestGetAccountSummary(t *testing.T) {
	s := newService(t)
	s.user(t, "alice", "")
	do[awsiam.CreateGroupOutput](t, s, s.root, "CreateGroup", &awsiam.CreateGroupInput{GroupName: aws.String("g")})
	do[awsiam.CreateVirtualMFADeviceOutput](t, s, s.root, "CreateVirtualMFADevice", &awsiam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: aws.String("d")})
	summary := func() map[string]int32 {
		t.Helper()
		return do[awsiam.GetAccountSummaryOutput](t, s, s.root, "GetAccountSummary", &awsiam.GetAccountSummaryInput{}).SummaryMap
	}
	want := map[string]int32{
		"AccessKeysPerUserQuota": 2, "AccountAccessKeysPresent": 1, "AccountMFAEnabled": 0, "AccountPasswordPresent": 1,
		"AccountSigningCertificatesPresent": 0, "AssumeRolePolicySizeQuota": 2048, "AttachedPoliciesPerGroupQuota": 10,
		"AttachedPoliciesPerRoleQuota": 10, "AttachedPoliciesPerUserQuota": 10, "GlobalEndpointTokenVersion": 1,
		"GroupPolicySizeQuota": 5120, "Groups": 1, "GroupsPerUserQuota": 10, "GroupsQuota": math.MaxInt32, "InstanceProfiles": 0,
		"InstanceProfilesQuota": 1000, "MFADevices": 1, "MFADevicesInUse": 0, "Policies": 0, "PoliciesQuota": math.MaxInt32,
		"PolicySizeQuota": 6144, "PolicyVersionsInUse": 0, "PolicyVersionsInUseQuota": 10000, "Providers": 0,
		"RolePolicySizeQuota": 10240, "Roles": 0, "RolesQuota": math.MaxInt32, "ServerCertificates": 0,
		"ServerCertificatesQuota": 20, "SigningCertificatesPerUserQuota": 2, "UserPolicySizeQuota": 2048, "Users": 1,
		"UsersQuota": math.MaxInt32, "VersionsPerPolicyQuota": 5,
	}
	if got := summary(); !maps.Equal(got, want) {
		for _, key := range slices.Sorted(maps.Keys(want)) {
			if n, ok := got[key]; !ok || n != want[key] {
				t.Errorf("%s: %d (there: %v), want %d", key, n, ok, want[key])
			}
		}
		t.Errorf("%d keys, want %d", len(got), len(want))
	}

	admin := s.user(t, "admin", allow("*", "iam:*"))
	err := s.Store.Update(t.Context(), func(tx iam.Tx) error { // root's credentials, to which no operation of a user reaches
		if err := tx.DeleteAccessKey(t.Context(), accountID, s.root.AccessKeyID); err != nil {
			return err
		}
		return tx.DeleteLoginProfile(t.Context(), accountID, accountID)
	})
	if err != nil {
		t.Fatal(err)
	}
	got := do[awsiam.GetAccountSummaryOutput](t, s, admin, "GetAccountSummary", &awsiam.GetAccountSummaryInput{}).SummaryMap
	if got["AccountAccessKeysPresent"] != 0 || got["AccountPasswordPresent"] != 0 || got["Users"] != 2 {
		t.Errorf("without root's credentials: %v", got)
	}
}

func TestAttack39_AccountOperationsAreAuthorised(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", allow("arn:aws:iam::*:user/alice", "iam:*"))
	for action, in := range map[string]any{
		"CreateAccountAlias":       &awsiam.CreateAccountAliasInput{AccountAlias: aws.String("alias")},
		"DeleteAccountAlias":       &awsiam.DeleteAccountAliasInput{AccountAlias: aws.String("alias")},
		"ListAccountAliases":       &awsiam.ListAccountAliasesInput{},
		"GetAccountSummary":        &awsiam.GetAccountSummaryInput{},
		"GenerateCredentialReport": &awsiam.GenerateCredentialReportInput{},
		"GetCredentialReport":      &awsiam.GetCredentialReportInput{},
	} {
		refused(t, s, alice, action, in, "AccessDenied: User: arn:aws:iam::123456789012:user/alice is not authorized to perform: iam:"+
			action+" on resource: * because no identity-based policy allows the iam:"+action+" action")
	}
	refused(t, s, s.root, "GetCredentialReport", &awsiam.GetCredentialReportInput{}, "ReportNotPresent") // none was begun
}
