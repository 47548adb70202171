// Asks before something dangerous is done; where it can't be undone, for a word to be typed first. Mounted only while open.
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { useState, type ReactNode } from 'react';
import Dialog from './Dialog';

type Props = {
  title: string;
  onConfirm: () => void;
  onDismiss: () => void;
  confirmLabel: string;
  /** The text that must be typed before the button works, such as the user's name. */
  typeToConfirm?: string;
  /** The confirmed work is under way. */
  busy?: boolean;
  /** Why the confirmed work failed, shown in the dialogue. */
  error?: unknown;
  children?: ReactNode;
};

export default function Confirm(props: Props) {
  const { title, onConfirm, onDismiss, confirmLabel, typeToConfirm, busy, error, children } = props;
  const [typed, setTyped] = useState('');
  return (
    <Dialog
      title={title}
      submitLabel={confirmLabel}
      disabled={typeToConfirm !== undefined && typed !== typeToConfirm}
      busy={busy}
      error={error}
      onSubmit={onConfirm}
      onDismiss={onDismiss}
    >
      {children}
      {typeToConfirm !== undefined && (
        <FormField label={`To confirm, type “${typeToConfirm}”`}>
          <Input value={typed} autoComplete={false} onChange={({ detail }) => setTyped(detail.value)} />
        </FormField>
      )}
    </Dialog>
  );
}
