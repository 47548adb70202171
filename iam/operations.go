package iam

import (
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// Operations is the table of all IAM operations: what each is called, what it is authorised against, and the
// method that does it (Service Authorization Reference, "Actions, resources, and condition keys for AWS
// Identity and Access Management").
func (s *Service) Operations() []Operation {
	return []Operation{
		// Users
		Write("CreateUser", "new user", targetCreateUser, s.CreateUser).WithKeys("aws:RequestTag", "aws:TagKeys", "iam:PermissionsBoundary"),
		Read("GetUser", "user", on(userTarget, func(in *awsiam.GetUserInput) *string { return in.UserName }), s.GetUser),
		Read("ListUsers", "users under a path", under("user", func(in *awsiam.ListUsersInput) *string { return in.PathPrefix }), s.ListUsers),
		Write("UpdateUser", "user", targetUpdateUser, s.UpdateUser),
		Write("DeleteUser", "user", on(userTarget, func(in *awsiam.DeleteUserInput) *string { return in.UserName }), s.DeleteUser),
		Write("TagUser", "user", tagging(userTarget, func(in *awsiam.TagUserInput) (*string, []types.Tag) { return in.UserName, in.Tags }), s.TagUser).WithKeys("aws:RequestTag", "aws:TagKeys"),
		Write("UntagUser", "user", untagging(userTarget, func(in *awsiam.UntagUserInput) (*string, []string) { return in.UserName, in.TagKeys }), s.UntagUser).WithKeys("aws:TagKeys"),
		Read("ListUserTags", "user", on(userTarget, func(in *awsiam.ListUserTagsInput) *string { return in.UserName }), s.ListUserTags),
		Write("PutUserPermissionsBoundary", "user", targetPutUserBoundary, s.PutUserPermissionsBoundary).WithKeys("iam:PermissionsBoundary"),
		Write("DeleteUserPermissionsBoundary", "user", on(boundedUserTarget, func(in *awsiam.DeleteUserPermissionsBoundaryInput) *string { return in.UserName }), s.DeleteUserPermissionsBoundary).WithKeys("iam:PermissionsBoundary"),

		// Groups
		Write("CreateGroup", "new group", targetCreateGroup, s.CreateGroup),
		Read("GetGroup", "group", on(groupTarget, func(in *awsiam.GetGroupInput) *string { return in.GroupName }), s.GetGroup),
		Read("ListGroups", "groups under a path", under("group", func(in *awsiam.ListGroupsInput) *string { return in.PathPrefix }), s.ListGroups),
		Write("UpdateGroup", "group", targetUpdateGroup, s.UpdateGroup),
		Write("DeleteGroup", "group", on(groupTarget, func(in *awsiam.DeleteGroupInput) *string { return in.GroupName }), s.DeleteGroup),
		Write("AddUserToGroup", "group", on(groupTarget, func(in *awsiam.AddUserToGroupInput) *string { return in.GroupName }), s.AddUserToGroup),
		Write("RemoveUserFromGroup", "group", on(groupTarget, func(in *awsiam.RemoveUserFromGroupInput) *string { return in.GroupName }), s.RemoveUserFromGroup),
		Read("ListGroupsForUser", "user", on(userTarget, func(in *awsiam.ListGroupsForUserInput) *string { return in.UserName }), s.ListGroupsForUser),

		// Roles
		Write("CreateRole", "new role", targetCreateRole, s.CreateRole).WithKeys("aws:RequestTag", "aws:TagKeys", "iam:PermissionsBoundary"),
		Read("GetRole", "role", on(roleTarget, func(in *awsiam.GetRoleInput) *string { return in.RoleName }), s.GetRole),
		Read("ListRoles", "roles under a path", under("role", func(in *awsiam.ListRolesInput) *string { return in.PathPrefix }), s.ListRoles),
		Write("UpdateRole", "role", on(roleTarget, func(in *awsiam.UpdateRoleInput) *string { return in.RoleName }), s.UpdateRole),
		Write("UpdateRoleDescription", "role", on(roleTarget, func(in *awsiam.UpdateRoleDescriptionInput) *string { return in.RoleName }), s.UpdateRoleDescription),
		Write("DeleteRole", "role", on(roleTarget, func(in *awsiam.DeleteRoleInput) *string { return in.RoleName }), s.DeleteRole),
		Write("UpdateAssumeRolePolicy", "role", on(roleTarget, func(in *awsiam.UpdateAssumeRolePolicyInput) *string { return in.RoleName }), s.UpdateAssumeRolePolicy),
		Write("TagRole", "role", tagging(roleTarget, func(in *awsiam.TagRoleInput) (*string, []types.Tag) { return in.RoleName, in.Tags }), s.TagRole).WithKeys("aws:RequestTag", "aws:TagKeys"),
		Write("UntagRole", "role", untagging(roleTarget, func(in *awsiam.UntagRoleInput) (*string, []string) { return in.RoleName, in.TagKeys }), s.UntagRole).WithKeys("aws:TagKeys"),
		Read("ListRoleTags", "role", on(roleTarget, func(in *awsiam.ListRoleTagsInput) *string { return in.RoleName }), s.ListRoleTags),
		Write("PutRolePermissionsBoundary", "role", targetPutRoleBoundary, s.PutRolePermissionsBoundary).WithKeys("iam:PermissionsBoundary"),
		Write("DeleteRolePermissionsBoundary", "role", on(boundedRoleTarget, func(in *awsiam.DeleteRolePermissionsBoundaryInput) *string { return in.RoleName }), s.DeleteRolePermissionsBoundary).WithKeys("iam:PermissionsBoundary"),

		// Managed policies
		Write("CreatePolicy", "new policy", targetCreatePolicy, s.CreatePolicy).WithKeys("aws:RequestTag", "aws:TagKeys"),
		Read("GetPolicy", "policy", on(policyTarget, func(in *awsiam.GetPolicyInput) *string { return in.PolicyArn }), s.GetPolicy),
		Read("ListPolicies", "*", targetListPolicies, s.ListPolicies),
		Write("DeletePolicy", "policy", on(policyTarget, func(in *awsiam.DeletePolicyInput) *string { return in.PolicyArn }), s.DeletePolicy),
		Write("CreatePolicyVersion", "policy", on(policyTarget, func(in *awsiam.CreatePolicyVersionInput) *string { return in.PolicyArn }), s.CreatePolicyVersion),
		Read("GetPolicyVersion", "policy", on(policyTarget, func(in *awsiam.GetPolicyVersionInput) *string { return in.PolicyArn }), s.GetPolicyVersion),
		Read("ListPolicyVersions", "policy", on(policyTarget, func(in *awsiam.ListPolicyVersionsInput) *string { return in.PolicyArn }), s.ListPolicyVersions),
		Write("SetDefaultPolicyVersion", "policy", on(policyTarget, func(in *awsiam.SetDefaultPolicyVersionInput) *string { return in.PolicyArn }), s.SetDefaultPolicyVersion),
		Write("DeletePolicyVersion", "policy", on(policyTarget, func(in *awsiam.DeletePolicyVersionInput) *string { return in.PolicyArn }), s.DeletePolicyVersion),
		Write("TagPolicy", "policy", tagging(policyTarget, func(in *awsiam.TagPolicyInput) (*string, []types.Tag) { return in.PolicyArn, in.Tags }), s.TagPolicy).WithKeys("aws:RequestTag", "aws:TagKeys"),
		Write("UntagPolicy", "policy", untagging(policyTarget, func(in *awsiam.UntagPolicyInput) (*string, []string) { return in.PolicyArn, in.TagKeys }), s.UntagPolicy).WithKeys("aws:TagKeys"),
		Read("ListPolicyTags", "policy", on(policyTarget, func(in *awsiam.ListPolicyTagsInput) *string { return in.PolicyArn }), s.ListPolicyTags),
		Read("ListEntitiesForPolicy", "policy", on(policyTarget, func(in *awsiam.ListEntitiesForPolicyInput) *string { return in.PolicyArn }), s.ListEntitiesForPolicy),

		// Attachments and inline policies
		Write("AttachUserPolicy", "user", attaching(boundedUserTarget, func(in *awsiam.AttachUserPolicyInput) (*string, *string) { return in.UserName, in.PolicyArn }), s.AttachUserPolicy).WithKeys("iam:PolicyARN", "iam:PermissionsBoundary"),
		Write("AttachGroupPolicy", "group", attaching(groupTarget, func(in *awsiam.AttachGroupPolicyInput) (*string, *string) { return in.GroupName, in.PolicyArn }), s.AttachGroupPolicy).WithKeys("iam:PolicyARN"),
		Write("AttachRolePolicy", "role", attaching(boundedRoleTarget, func(in *awsiam.AttachRolePolicyInput) (*string, *string) { return in.RoleName, in.PolicyArn }), s.AttachRolePolicy).WithKeys("iam:PolicyARN", "iam:PermissionsBoundary"),
		Write("DetachUserPolicy", "user", attaching(boundedUserTarget, func(in *awsiam.DetachUserPolicyInput) (*string, *string) { return in.UserName, in.PolicyArn }), s.DetachUserPolicy).WithKeys("iam:PolicyARN", "iam:PermissionsBoundary"),
		Write("DetachGroupPolicy", "group", attaching(groupTarget, func(in *awsiam.DetachGroupPolicyInput) (*string, *string) { return in.GroupName, in.PolicyArn }), s.DetachGroupPolicy).WithKeys("iam:PolicyARN"),
		Write("DetachRolePolicy", "role", attaching(boundedRoleTarget, func(in *awsiam.DetachRolePolicyInput) (*string, *string) { return in.RoleName, in.PolicyArn }), s.DetachRolePolicy).WithKeys("iam:PolicyARN", "iam:PermissionsBoundary"),
		Read("ListAttachedUserPolicies", "user", on(userTarget, func(in *awsiam.ListAttachedUserPoliciesInput) *string { return in.UserName }), s.ListAttachedUserPolicies),
		Read("ListAttachedGroupPolicies", "group", on(groupTarget, func(in *awsiam.ListAttachedGroupPoliciesInput) *string { return in.GroupName }), s.ListAttachedGroupPolicies),
		Read("ListAttachedRolePolicies", "role", on(roleTarget, func(in *awsiam.ListAttachedRolePoliciesInput) *string { return in.RoleName }), s.ListAttachedRolePolicies),
		Write("PutUserPolicy", "user", on(boundedUserTarget, func(in *awsiam.PutUserPolicyInput) *string { return in.UserName }), s.PutUserPolicy).WithKeys("iam:PermissionsBoundary"),
		Write("PutGroupPolicy", "group", on(groupTarget, func(in *awsiam.PutGroupPolicyInput) *string { return in.GroupName }), s.PutGroupPolicy),
		Write("PutRolePolicy", "role", on(boundedRoleTarget, func(in *awsiam.PutRolePolicyInput) *string { return in.RoleName }), s.PutRolePolicy).WithKeys("iam:PermissionsBoundary"),
		Read("GetUserPolicy", "user", on(userTarget, func(in *awsiam.GetUserPolicyInput) *string { return in.UserName }), s.GetUserPolicy),
		Read("GetGroupPolicy", "group", on(groupTarget, func(in *awsiam.GetGroupPolicyInput) *string { return in.GroupName }), s.GetGroupPolicy),
		Read("GetRolePolicy", "role", on(roleTarget, func(in *awsiam.GetRolePolicyInput) *string { return in.RoleName }), s.GetRolePolicy),
		Write("DeleteUserPolicy", "user", on(boundedUserTarget, func(in *awsiam.DeleteUserPolicyInput) *string { return in.UserName }), s.DeleteUserPolicy).WithKeys("iam:PermissionsBoundary"),
		Write("DeleteGroupPolicy", "group", on(groupTarget, func(in *awsiam.DeleteGroupPolicyInput) *string { return in.GroupName }), s.DeleteGroupPolicy),
		Write("DeleteRolePolicy", "role", on(boundedRoleTarget, func(in *awsiam.DeleteRolePolicyInput) *string { return in.RoleName }), s.DeleteRolePolicy).WithKeys("iam:PermissionsBoundary"),
		Read("ListUserPolicies", "user", on(userTarget, func(in *awsiam.ListUserPoliciesInput) *string { return in.UserName }), s.ListUserPolicies),
		Read("ListGroupPolicies", "group", on(groupTarget, func(in *awsiam.ListGroupPoliciesInput) *string { return in.GroupName }), s.ListGroupPolicies),
		Read("ListRolePolicies", "role", on(roleTarget, func(in *awsiam.ListRolePoliciesInput) *string { return in.RoleName }), s.ListRolePolicies),

		// Access keys
		Write("CreateAccessKey", "user", on(userTarget, func(in *awsiam.CreateAccessKeyInput) *string { return in.UserName }), s.CreateAccessKey),
		Read("ListAccessKeys", "user", on(userTarget, func(in *awsiam.ListAccessKeysInput) *string { return in.UserName }), s.ListAccessKeys),
		Write("UpdateAccessKey", "user", on(userTarget, func(in *awsiam.UpdateAccessKeyInput) *string { return in.UserName }), s.UpdateAccessKey),
		Write("DeleteAccessKey", "user", on(userTarget, func(in *awsiam.DeleteAccessKeyInput) *string { return in.UserName }), s.DeleteAccessKey),
		Read("GetAccessKeyLastUsed", "user", targetAccessKeyOwner, s.GetAccessKeyLastUsed),

		// Passwords
		WritePrepared("CreateLoginProfile", "user", on(userTarget, func(in *awsiam.CreateLoginProfileInput) *string { return in.UserName }), s.prepareNewPassword, s.CreateLoginProfile),
		Read("GetLoginProfile", "user", on(userTarget, func(in *awsiam.GetLoginProfileInput) *string { return in.UserName }), s.GetLoginProfile),
		WritePrepared("UpdateLoginProfile", "user", on(userTarget, func(in *awsiam.UpdateLoginProfileInput) *string { return in.UserName }), s.prepareReplacedPassword, s.UpdateLoginProfile),
		Write("DeleteLoginProfile", "user", on(userTarget, func(in *awsiam.DeleteLoginProfileInput) *string { return in.UserName }), s.DeleteLoginProfile),
		WritePrepared("ChangePassword", "user", targetOwnPassword, s.prepareChangedPassword, s.ChangePassword),
		Write("UpdateAccountPasswordPolicy", "*", AnyTarget, s.UpdateAccountPasswordPolicy),
		Read("GetAccountPasswordPolicy", "*", AnyTarget, s.GetAccountPasswordPolicy),
		Write("DeleteAccountPasswordPolicy", "*", AnyTarget, s.DeleteAccountPasswordPolicy),

		// The account
		Write("CreateAccountAlias", "*", AnyTarget, s.CreateAccountAlias),
		Write("DeleteAccountAlias", "*", AnyTarget, s.DeleteAccountAlias),
		Read("ListAccountAliases", "*", AnyTarget, s.ListAccountAliases),
		Read("GetAccountSummary", "*", AnyTarget, s.GetAccountSummary),
		WritePrepared("GenerateCredentialReport", "*", AnyTarget, s.prepareCredentialReport, s.GenerateCredentialReport),
		Read("GetCredentialReport", "*", AnyTarget, s.GetCredentialReport),

		// MFA devices. Binding is authorised on the user, existence on the device's ARN.
		WritePrepared("CreateVirtualMFADevice", "new mfa", targetCreateVirtualMFADevice, s.prepareVirtualMFADevice, s.CreateVirtualMFADevice).WithKeys("aws:RequestTag", "aws:TagKeys"),
		Write("EnableMFADevice", "user", on(userTarget, func(in *awsiam.EnableMFADeviceInput) *string { return in.UserName }), s.EnableMFADevice),
		Write("DeactivateMFADevice", "user", on(userTarget, func(in *awsiam.DeactivateMFADeviceInput) *string { return in.UserName }), s.DeactivateMFADevice),
		Write("ResyncMFADevice", "user", on(userTarget, func(in *awsiam.ResyncMFADeviceInput) *string { return in.UserName }), s.ResyncMFADevice),
		Write("DeleteVirtualMFADevice", "mfa", on(deviceTarget, func(in *awsiam.DeleteVirtualMFADeviceInput) *string { return in.SerialNumber }), s.DeleteVirtualMFADevice),
		Read("ListMFADevices", "user", on(userTarget, func(in *awsiam.ListMFADevicesInput) *string { return in.UserName }), s.ListMFADevices),
		Read("ListVirtualMFADevices", "*", AnyTarget[awsiam.ListVirtualMFADevicesInput], s.ListVirtualMFADevices),
		Read("GetMFADevice", "user", on(userTarget, func(in *awsiam.GetMFADeviceInput) *string { return in.UserName }), s.GetMFADevice),
		Write("TagMFADevice", "mfa", tagging(deviceTarget, func(in *awsiam.TagMFADeviceInput) (*string, []types.Tag) { return in.SerialNumber, in.Tags }), s.TagMFADevice).WithKeys("aws:RequestTag", "aws:TagKeys"),
		Write("UntagMFADevice", "mfa", untagging(deviceTarget, func(in *awsiam.UntagMFADeviceInput) (*string, []string) { return in.SerialNumber, in.TagKeys }), s.UntagMFADevice).WithKeys("aws:TagKeys"),
		Read("ListMFADeviceTags", "mfa", on(deviceTarget, func(in *awsiam.ListMFADeviceTagsInput) *string { return in.SerialNumber }), s.ListMFADeviceTags),

		// MFA devices in the console only: security keys, and those of root
		Read("BeginSecurityKey", "user", s.targetBeginSecurityKey, s.BeginSecurityKey).InConsole().As("iam:EnableMFADevice").WithKeys("iam:RegisterSecurityKey"),
		Write("RegisterSecurityKey", "user", s.targetRegisterSecurityKey, s.RegisterSecurityKey).InConsole().As("iam:EnableMFADevice").RecordedAs("EnableMFADevice").
			WithKeys("iam:RegisterSecurityKey", "iam:FIDO-certification", "iam:FIDO-FIPS-140-2-certification", "iam:FIDO-FIPS-140-3-certification"),
		Write("EnableRootMFADevice", "root", targetEnableRootMFADevice, s.EnableRootMFADevice).InConsole().As("iam:EnableMFADevice").RecordedAs("EnableMFADevice"),
		Write("ResyncRootMFADevice", "root", targetResyncRootMFADevice, s.ResyncRootMFADevice).InConsole().As("iam:ResyncMFADevice").RecordedAs("ResyncMFADevice"),
		Write("DeactivateRootMFADevice", "root", targetDeactivateRootMFADevice, s.DeactivateRootMFADevice).InConsole().As("iam:DeactivateMFADevice").RecordedAs("DeactivateMFADevice"),
		WritePrepared("ChangeRootPassword", "root", targetChangeRootPassword, s.prepareRootPassword, s.ChangeRootPassword).InConsole().As("iam:ChangePassword"),

		// What there is none of
		Read("ListInstanceProfilesForRole", "role", on(roleTarget, func(in *awsiam.ListInstanceProfilesForRoleInput) *string { return in.RoleName }), s.ListInstanceProfilesForRole),
		Read("ListSSHPublicKeys", "user", on(userTarget, func(in *awsiam.ListSSHPublicKeysInput) *string { return in.UserName }), s.ListSSHPublicKeys),
		Read("ListSigningCertificates", "user", on(userTarget, func(in *awsiam.ListSigningCertificatesInput) *string { return in.UserName }), s.ListSigningCertificates),
		Read("ListServiceSpecificCredentials", "user", on(userTarget, func(in *awsiam.ListServiceSpecificCredentialsInput) *string { return in.UserName }), s.ListServiceSpecificCredentials),

		// What AWS has in its console only, or not at all
		Read("ListOwnConsoleSessions", "-", nil, s.ListOwnConsoleSessions).WithoutPolicy().InConsole(),
		Write("EndOwnConsoleSessions", "-", nil, s.EndOwnConsoleSessions).WithoutPolicy().InConsole(),
		Read("ListConsoleSessions", "user", targetNamedUser(func(in *ListConsoleSessionsInput) *string { return in.UserName }), s.ListConsoleSessions).As("iam:GetLoginProfile").InConsole(),
		Write("EndConsoleSessions", "user", targetNamedUser(func(in *EndConsoleSessionsInput) *string { return in.UserName }), s.EndConsoleSessions).As("iam:UpdateLoginProfile").InConsole(),
		Read("DescribeUsers", "each user, by each part", nil, s.DescribeUsers).WithoutPolicy().InConsole(),
		Read("PreviewPolicy", "*", targetPreviewPolicy, s.PreviewPolicy).As("iam:GetAccountAuthorizationDetails").InConsole(),
		Read("LookupEvents", "*", AnyTarget, s.LookupEvents).As("cloudtrail:LookupEvents").InConsole(),

		// Local commands, which act as root of the account and have no name on the wire.
		Write("ImportHardwareTokens", "*", AnyTarget[ImportTokensInput], s.importTokens).Local(),
		Write("ResetRootMFA", "*", AnyTarget[ResetRootMFAInput], s.resetRootMFA).Local(),
	}
}
