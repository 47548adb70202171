// A modal that shows something and asks nothing: a secret made just now, a record. Mounted only while open.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';

type Props = {
  title: string;
  size?: 'medium' | 'large';
  /** Buttons before "Done": download, copy. */
  actions?: ReactNode;
  onClose: () => void;
  children: ReactNode;
};

export default function ResultDialog({ title, size, actions, onClose, children }: Props) {
  return (
    <Modal
      visible
      size={size}
      header={title}
      closeAriaLabel="Close"
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            {actions}
            <Button variant="primary" onClick={onClose}>
              Done
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">{children}</SpaceBetween>
    </Modal>
  );
}
