// What root should change at once: no MFA, and access keys that no policy can limit.
import { GetAccountSummaryCommand } from '@aws-sdk/client-iam';
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useNavigate } from 'react-router';
import ErrorAlert from '../../components/ErrorAlert';
import { iam } from '../../lib/iam';
import { assignPath } from '../../lib/paths';
import { useAnswer } from '../../lib/requests';

export default function RootWarnings() {
  const navigate = useNavigate();
  const summary = useAnswer(async () => (await iam.send(new GetAccountSummaryCommand({}))).SummaryMap ?? {}, []);
  if (summary.error) return <ErrorAlert error={summary.error} />;
  if (!summary.value) return null;
  const { AccountMFAEnabled, AccountAccessKeysPresent } = summary.value;
  return (
    <SpaceBetween size="s">
      {AccountMFAEnabled !== 1 && (
        <Alert
          type="warning"
          header="You don’t have MFA assigned"
          action={<Button onClick={() => void navigate(assignPath())}>Assign MFA</Button>}
        >
          As a security best practice, assign multi-factor authentication (MFA) to the root user.
        </Alert>
      )}
      {AccountAccessKeysPresent === 1 && (
        <Alert type="warning" header="The root user has access keys">
          No policy can limit what they do. Deactivate or delete them, and use the access keys of a user or role instead.
        </Alert>
      )}
    </SpaceBetween>
  );
}
