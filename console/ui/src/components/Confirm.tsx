// Asks before something dangerous is done; where it can't be undone, for a word to be typed first.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useEffect, useState, type FormEvent, type ReactNode } from 'react';
import ErrorAlert from './ErrorAlert';

type Props = {
  visible: boolean;
  title: string;
  onConfirm: () => void;
  onDismiss: () => void;
  confirmLabel: string;
  /** The text that must be typed before the button works, such as the user's name. */
  typeToConfirm?: string;
  /** The confirmed work is under way. */
  loading?: boolean;
  /** Why the confirmed work failed, shown in the dialogue. */
  error?: unknown;
  children?: ReactNode;
};

export default function Confirm(props: Props) {
  const { visible, title, onConfirm, onDismiss, confirmLabel, typeToConfirm, loading, error, children } = props;
  const [typed, setTyped] = useState('');
  useEffect(() => setTyped(''), [visible]);

  const ready = (typeToConfirm === undefined || typed === typeToConfirm) && !loading;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) onConfirm();
  };

  return (
    <Modal
      visible={visible}
      header={title}
      onDismiss={onDismiss}
      closeAriaLabel="Close"
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" formAction="none" onClick={onDismiss}>
              Cancel
            </Button>
            <Button variant="primary" formAction="none" disabled={!ready} loading={loading} onClick={onConfirm}>
              {confirmLabel}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <form onSubmit={submit}>
        <SpaceBetween size="m">
          {children}
          {typeToConfirm !== undefined && (
            <FormField label={`To confirm, type “${typeToConfirm}”`}>
              <Input value={typed} autoComplete={false} onChange={({ detail }) => setTyped(detail.value)} />
            </FormField>
          )}
          <ErrorAlert error={error} />
        </SpaceBetween>
      </form>
    </Modal>
  );
}

export { Confirm };
