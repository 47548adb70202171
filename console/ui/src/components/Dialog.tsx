// A modal with a form: Enter submits it, its error stands in it. Mounted only while open, so that it starts anew.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import ErrorAlert from './ErrorAlert';

type Props = {
  title: string;
  submitLabel: string;
  onSubmit: () => void;
  onDismiss: () => void;
  disabled?: boolean;
  busy?: boolean;
  error?: unknown;
  /** Shown below the error: what to do about it. */
  advice?: ReactNode;
  size?: 'medium' | 'large';
  /** Enter in a field does not submit: the dialogue holds a table with a search. */
  enterIsSearch?: boolean;
  children?: ReactNode;
};

export default function Dialog(props: Props) {
  const { title, submitLabel, onSubmit, onDismiss, disabled, busy, error, advice, size, enterIsSearch, children } = props;
  const submit = () => {
    if (!disabled && !busy) onSubmit();
  };
  return (
    <Modal
      visible
      size={size}
      header={title}
      closeAriaLabel="Close"
      onDismiss={onDismiss}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" formAction="none" onClick={onDismiss}>
              Cancel
            </Button>
            <Button variant="primary" formAction="none" disabled={disabled} loading={busy} onClick={submit}>
              {submitLabel}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!enterIsSearch) submit();
        }}
      >
        <SpaceBetween size="m">
          {children}
          <ErrorAlert error={error} />
          {advice}
        </SpaceBetween>
        {/* A form of several fields answers to Enter only when it has a submit button. */}
        <button type="submit" hidden />
      </form>
    </Modal>
  );
}
