// Stands where something is on its way, for eyes and screen readers alike.
import StatusIndicator from '@cloudscape-design/components/status-indicator';

export default function Loading({ children = 'Loading' }: { children?: string }) {
  return (
    <div role="status">
      <StatusIndicator type="loading">{children}</StatusIndicator>
    </div>
  );
}
