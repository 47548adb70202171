// Changes a role's description and how long its sessions may last.
import { UpdateRoleCommand, type Role } from '@aws-sdk/client-iam';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { useState } from 'react';
import Dialog from '../../components/Dialog';
import SessionLength from '../../components/SessionLength';
import { iam } from '../../lib/iam';
import { useAction } from '../../lib/requests';

type Props = { role: Role; onSaved: () => void; onDismiss: () => void };

export default function EditRole({ role, onSaved, onDismiss }: Props) {
  const { busy, error, run } = useAction();
  const [description, setDescription] = useState(role.Description ?? '');
  const [seconds, setSeconds] = useState(role.MaxSessionDuration ?? 3600);
  const save = () =>
    run(async () => {
      const input = { RoleName: role.RoleName, Description: description, MaxSessionDuration: seconds };
      await iam.send(new UpdateRoleCommand(input));
      onDismiss();
      onSaved();
    });
  return (
    <Dialog
      title="Edit role"
      submitLabel="Save"
      busy={busy}
      error={error}
      onSubmit={() => void save()}
      onDismiss={onDismiss}
    >
      <FormField label="Description">
        <Input value={description} autoComplete={false} onChange={({ detail }) => setDescription(detail.value)} />
      </FormField>
      <SessionLength seconds={seconds} onChange={setSeconds} />
    </Dialog>
  );
}
