// The head of a user's page: what one wants to know first. Details that a policy hides say so, one by one.
import { GetUserCommand } from '@aws-sdk/client-iam';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import ErrorAlert from '../../components/ErrorAlert';
import { dateTime, days } from '../../lib/format';
import { iam } from '../../lib/iam';
import Copy from '../../users/Copy';
import Denied from '../../users/Denied';
import { lastActivityText, mfaKinds, useUserDetails, type Detail, type UserDetails } from '../../users/describe';
import { useAnswer } from '../../users/requests';

export default function Summary({ userName: UserName }: { userName: string }) {
  const user = useAnswer(async () => (await iam.send(new GetUserCommand({ UserName }))).User, [UserName]);
  const described = useUserDetails([UserName]);
  const details = [...(described.value?.values() ?? [])][0];
  const waiting = user.loading ? 'Loading…' : 'Not available';

  const show = (needs: Detail[], cell: (details: UserDetails) => ReactNode): ReactNode => {
    if (!details) return described.loading ? 'Loading…' : 'Not available';
    const denied = needs.map((need) => details.Denied?.[need]).find((message) => message !== undefined);
    return denied === undefined ? cell(details) : <Denied message={denied} />;
  };

  return (
    <Container header={<Header variant="h2">Summary</Header>}>
      <SpaceBetween size="m">
        <ErrorAlert error={user.error} />
        <ErrorAlert error={described.error} />
        <KeyValuePairs
          columns={3}
          items={[
            { label: 'ARN', value: user.value?.Arn ? <Copy name="ARN" value={user.value.Arn} shown={user.value.Arn} /> : waiting },
            { label: 'Console access', value: show(['Password', 'MFADevices'], consoleAccess) },
            { label: 'MFA', value: show(['MFADevices'], ({ MFADevices }) => mfaKinds(MFADevices)) },
            { label: 'Created', value: user.value ? dateTime(user.value.CreateDate) : waiting },
            { label: 'Last activity', value: show(['Password', 'AccessKeys'], lastActivityText) },
            { label: 'Access keys', value: show(['AccessKeys'], keys) },
          ]}
        />
      </SpaceBetween>
    </Container>
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
