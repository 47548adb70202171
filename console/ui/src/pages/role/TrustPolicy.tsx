// Tab: who may assume the role, and under which conditions.
import { UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { useFlash } from '../../lib/flash';
import { iam } from '../../lib/iam';
import { trustPolicyLimit } from '../../policies/document';
import EditableDocument from '../../policies/EditableDocument';

type Props = { roleName: string; document: string; onChanged: () => void };

export default function TrustPolicy({ roleName: RoleName, document, onChanged }: Props) {
  const flash = useFlash();
  return (
    <EditableDocument
      title="Trust policy"
      description="Who may assume this role, and under which conditions."
      label="Trust policy"
      document={document}
      limit={trustPolicyLimit}
      saveLabel="Update policy"
      save={async (PolicyDocument) => {
        await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
        flash({ type: 'success', content: 'The trust policy was updated.' });
        onChanged();
      }}
    />
  );
}
