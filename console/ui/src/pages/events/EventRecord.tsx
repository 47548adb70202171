// The whole record of one event, as JSON.
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard';
import ResultDialog from '../../components/ResultDialog';
import PolicyEditor from '../../policies/PolicyEditor';
import type { Event } from './events';

export default function EventRecord({ event, onDismiss }: { event: Event; onDismiss: () => void }) {
  const text = JSON.stringify(event.Record, undefined, 2);
  return (
    <ResultDialog
      title={event.EventName}
      size="large"
      onClose={onDismiss}
      actions={
        <CopyToClipboard
          copyButtonText="Copy"
          copyButtonAriaLabel="Copy the record"
          copySuccessText="Copied"
          copyErrorText="The browser did not allow copying"
          textToCopy={text}
        />
      }
    >
      <PolicyEditor label="Event record" value={text} readOnly onChange={() => undefined} />
    </ResultDialog>
  );
}
