// The JSON of the default version, and its change, which makes a new version.
import { CreatePolicyVersionCommand, GetPolicyVersionCommand } from '@aws-sdk/client-iam';
import Checkbox from '@cloudscape-design/components/checkbox';
import { useState } from 'react';
import ErrorAlert from '../../components/ErrorAlert';
import Loading from '../../components/Loading';
import { useFlash } from '../../lib/flash';
import { iam } from '../../lib/iam';
import { useAnswer } from '../../lib/requests';
import { decode, managedPolicyLimit } from '../../policies/document';
import EditableDocument from '../../policies/EditableDocument';
import { isProvided } from '../../policies/names';

type Props = { arn: string; version: string; onChanged: () => void };

export async function versionDocument(PolicyArn: string, VersionId: string): Promise<string> {
  const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }));
  return decode(PolicyVersion?.Document);
}

export default function Document({ arn: PolicyArn, version, onChanged }: Props) {
  const flash = useFlash();
  const stored = useAnswer(() => versionDocument(PolicyArn, version), [PolicyArn, version]);
  const [SetAsDefault, setAsDefault] = useState(true);

  if (stored.error) return <ErrorAlert error={stored.error} />;
  if (stored.value === undefined) return <Loading />;
  return (
    <EditableDocument
      title={`Version ${version} (default)`}
      editTitle="New version"
      document={stored.value}
      limit={managedPolicyLimit}
      readOnly={isProvided(PolicyArn)}
      options={
        <Checkbox checked={SetAsDefault} onChange={({ detail }) => setAsDefault(detail.checked)}>
          Set the new version as the default, so that it applies at once
        </Checkbox>
      }
      saveLabel="Save as new version"
      save={async (PolicyDocument) => {
        const { PolicyVersion } = await iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument, SetAsDefault }));
        flash({ type: 'success', content: `Version ${PolicyVersion?.VersionId} was created.` });
        onChanged();
      }}
    />
  );
}
