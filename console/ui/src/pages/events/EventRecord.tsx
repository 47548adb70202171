// The whole record of one event, as JSON.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import PolicyEditor from '../../policies/PolicyEditor';
import type { Event } from '../../reports/events';

export default function EventRecord({ event, onDismiss }: { event: Event; onDismiss: () => void }) {
  const text = JSON.stringify(event.Record, undefined, 2);
  return (
    <Modal
      visible
      size="large"
      header={event.EventName}
      closeAriaLabel="Close"
      onDismiss={onDismiss}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <CopyToClipboard
              copyButtonText="Copy"
              copyButtonAriaLabel="Copy the record"
              copySuccessText="Copied"
              copyErrorText="The browser did not allow copying"
              textToCopy={text}
            />
            <Button variant="primary" onClick={onDismiss}>
              Close
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <PolicyEditor label="Event record" value={text} readOnly onChange={() => undefined} />
    </Modal>
  );
}
