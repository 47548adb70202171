// Creates a role; its trust policy starts as one that asks for MFA.
import { CreateRoleCommand } from '@aws-sdk/client-iam';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { useState } from 'react';
import Dialog from '../../components/Dialog';
import SessionLength from '../../components/SessionLength';
import { hasCode, iam } from '../../lib/iam';
import { useAction } from '../../lib/requests';
import { useSession } from '../../lib/session';
import { trustPolicyLimit } from '../../policies/document';
import PolicyEditor from '../../policies/PolicyEditor';
import { trustTemplate } from '../../policies/trust';

type Props = { onCreated: (name: string) => void; onDismiss: () => void };

export default function CreateRole({ onCreated, onDismiss }: Props) {
  const { user } = useSession().state;
  const { busy, error, run } = useAction();
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [trust, setTrust] = useState(() => trustTemplate(user?.account ?? ''));
  const [seconds, setSeconds] = useState(3600);
  const malformed = hasCode(error, 'MalformedPolicyDocument');

  const create = () =>
    run(async () => {
      await iam.send(
        new CreateRoleCommand({
          RoleName: name,
          Description: description || undefined,
          AssumeRolePolicyDocument: trust,
          MaxSessionDuration: seconds,
        }),
      );
      onCreated(name);
    });

  return (
    <Dialog
      title="Create role"
      size="large"
      submitLabel="Create role"
      disabled={name === ''}
      busy={busy}
      error={malformed ? undefined : error}
      onSubmit={() => void create()}
      onDismiss={onDismiss}
    >
      <FormField label="Role name" constraintText="At most 64 letters, digits and any of + = , . @ - _.">
        <Input value={name} autoComplete={false} onChange={({ detail }) => setName(detail.value)} />
      </FormField>
      <FormField label="Description (optional)">
        <Input value={description} autoComplete={false} onChange={({ detail }) => setDescription(detail.value)} />
      </FormField>
      <SessionLength seconds={seconds} onChange={setSeconds} />
      <PolicyEditor
        label="Trust policy"
        value={trust}
        onChange={setTrust}
        error={malformed ? error : undefined}
        limit={trustPolicyLimit}
      />
    </Dialog>
  );
}
