// The standard policy that the console attaches to enforce MFA. It lives here and nowhere else.
//
// Without MFA a user can do three things: change a forced password, enrol a first device, and prove it. Each exception
// of the first Deny is held to the user's own name by the other two, or a user who may manage others would keep that
// without MFA. A second device, and the removal of one, the server itself grants only to a session with MFA.

export const standardPolicyName = 'DenyWithoutMFA';

const self = ['arn:aws:iam::*:user/${aws:username}', 'arn:aws:iam::*:user/*/${aws:username}'];
const ownDevice = 'arn:aws:iam::*:mfa/${aws:username}';
const seen = ['iam:GetAccountPasswordPolicy', 'iam:ListVirtualMFADevices'];
const onSelf = [
  'iam:ChangePassword',
  'iam:EnableMFADevice',
  'iam:GetMFADevice',
  'iam:GetUser',
  'iam:ListMFADevices',
  'iam:ResyncMFADevice',
];
/** True without MFA: false in a console session, absent with an access key ("IfExists"). */
const withoutMFA = { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } };

const policy = {
  Version: '2012-10-17',
  Statement: [
    { Sid: 'SeeWhatEnrolmentNeeds', Effect: 'Allow', Action: seen, Resource: '*' },
    { Sid: 'CreateDevice', Effect: 'Allow', Action: 'iam:CreateVirtualMFADevice', Resource: 'arn:aws:iam::*:mfa/*' },
    // A device given up half-way keeps its name until it is deleted; an assigned one can't be deleted. Only of one's own
    // name, even with MFA: nothing else tells whose an unassigned device is, and another may just be enrolling it.
    { Sid: 'DeleteAbandonedDevice', Effect: 'Allow', Action: 'iam:DeleteVirtualMFADevice', Resource: ownDevice },
    { Sid: 'ManageOwnPasswordAndDevices', Effect: 'Allow', Action: [...onSelf, 'iam:DeactivateMFADevice'], Resource: self },
    {
      Sid: 'DenyAllButEnrolmentWithoutMFA',
      Effect: 'Deny',
      NotAction: [...seen, ...onSelf, 'iam:CreateVirtualMFADevice', 'iam:DeleteVirtualMFADevice', 'sts:GetSessionToken'],
      Resource: '*',
      Condition: withoutMFA,
    },
    { Sid: 'DenyOtherUsersWithoutMFA', Effect: 'Deny', Action: onSelf, NotResource: self, Condition: withoutMFA },
    {
      Sid: 'DenyOtherDevicesWithoutMFA',
      Effect: 'Deny',
      Action: 'iam:DeleteVirtualMFADevice',
      NotResource: ownDevice,
      Condition: withoutMFA,
    },
  ],
};

export const standardPolicy = JSON.stringify(policy, undefined, 2);
