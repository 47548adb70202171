// An error with what to do about it.
import Alert from '@cloudscape-design/components/alert';
import SpaceBetween from '@cloudscape-design/components/space-between';
import ErrorAlert from '../components/ErrorAlert';
import type { DeviceKind } from '../lib/session';
import { advice } from './advice';

export default function Trouble({ error, kind }: { error: unknown; kind: DeviceKind }) {
  if (error === undefined) return null;
  const words = advice(error, kind);
  return (
    <SpaceBetween size="xs">
      <ErrorAlert error={error} />
      {words && (
        <Alert type="info" header="What to do">
          {words}
        </Alert>
      )}
    </SpaceBetween>
  );
}
