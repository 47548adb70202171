// Changes one's own console password; root's, which no IAM operation knows, through the console's.
import { ChangePasswordCommand } from '@aws-sdk/client-iam';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import { useState } from 'react';
import Dialog from '../../components/Dialog';
import { call } from '../../lib/console';
import { useFlash } from '../../lib/flash';
import { iam } from '../../lib/iam';
import { useAction } from '../../lib/requests';

function change(root: boolean, OldPassword: string, NewPassword: string): Promise<unknown> {
  if (root) return call('ChangeRootPassword', { OldPassword, NewPassword });
  return iam.send(new ChangePasswordCommand({ OldPassword, NewPassword }));
}

export default function Password({ root }: { root: boolean }) {
  const [open, setOpen] = useState(false);
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={root ? 'The password with which the root user signs in.' : 'The password with which you sign in to the management console.'}
          actions={<Button onClick={() => setOpen(true)}>Change password</Button>}
        >
          {root ? 'Root user password' : 'Console password'}
        </Header>
      }
    >
      {open && <ChangeDialog root={root} onClose={() => setOpen(false)} />}
    </Container>
  );
}

function ChangeDialog({ root, onClose }: { root: boolean; onClose: () => void }) {
  const flash = useFlash();
  const { busy, error, run } = useAction();
  const [old, setOld] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  const differs = again !== '' && again !== next;

  const submit = async () => {
    if (!(await run(() => change(root, old, next)))) return;
    flash({ type: 'success', content: 'The password was changed. You can end your other console sessions below.' });
    onClose();
  };
  const field = (label: string, value: string, set: (value: string) => void, autoComplete: string, problem?: string) => (
    <FormField label={label} errorText={problem}>
      <Input type="password" value={value} autoComplete={autoComplete} onChange={({ detail }) => set(detail.value)} />
    </FormField>
  );

  return (
    <Dialog
      title="Change password"
      submitLabel="Change password"
      disabled={!old || !next || again !== next}
      busy={busy}
      error={error}
      onSubmit={() => void submit()}
      onDismiss={onClose}
    >
      {field('Current password', old, setOld, 'current-password')}
      {field('New password', next, setNext, 'new-password')}
      {field('Confirm new password', again, setAgain, 'new-password', differs ? 'The two are not the same.' : undefined)}
    </Dialog>
  );
}
