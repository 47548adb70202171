// The head of a user's page: what one wants to know first. Details that a policy hides say so, one by one.
import type { User } from '@aws-sdk/client-iam';
import type { ReactNode } from 'react';
import Copy from '../../components/Copy';
import Denied from '../../components/Denied';
import KeyValues from '../../components/KeyValues';
import { dateTime, days } from '../../lib/format';
import type { Answer } from '../../lib/requests';
import { lastActivityText, mfaKinds, whyDenied, type Detail, type UserDetails } from '../../users/describe';

type Props = { user: Answer<User | undefined>; described: Answer<Map<string, UserDetails>> };

export default function Summary({ user, described }: Props) {
  const details = [...(described.value?.values() ?? [])][0];
  const waiting = user.loading ? 'Loading…' : 'Not available';

  const show = (needs: Detail[], cell: (details: UserDetails) => ReactNode): ReactNode => {
    if (!details) return described.loading ? 'Loading…' : 'Not available';
    const denied = whyDenied(details, needs);
    return denied === undefined ? cell(details) : <Denied message={denied} />;
  };

  return (
    <KeyValues
      title="Summary"
      errors={[user.error, described.error]}
      pairs={{
        ARN: user.value?.Arn ? <Copy name="ARN" value={user.value.Arn} shown={user.value.Arn} /> : waiting,
        'Console access': show(['Password', 'MFADevices'], consoleAccess),
        MFA: show(['MFADevices'], ({ MFADevices }) => mfaKinds(MFADevices)),
        Created: user.value ? dateTime(user.value.CreateDate) : waiting,
        'Last activity': show(['Password', 'AccessKeys'], lastActivityText),
        'Access keys': show(['AccessKeys'], keys),
      }}
    />
  );
}

function consoleAccess({ Password, MFADevices = [] }: UserDetails): string {
  if (!Password?.Exists) return 'Disabled';
  return MFADevices.length > 0 ? 'Enabled with MFA' : 'Enabled without MFA';
}

function keys({ AccessKeys = [] }: UserDetails): ReactNode {
  if (AccessKeys.length === 0) return 'None';
  return AccessKeys.map(({ AccessKeyId, Status, CreateDate }) => (
    <div key={AccessKeyId} style={{ overflowWrap: 'anywhere' }}>
      {`${AccessKeyId} - ${Status}, age: ${days(CreateDate)}`}
    </div>
  ));
}
