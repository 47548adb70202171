// One security recommendation: whether it is followed, what it is for, and the way to follow it.
import Box from '@cloudscape-design/components/box';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import type { ReactNode } from 'react';

type Props = { /** Info: not known, or nothing to follow. */ type: 'success' | 'warning' | 'info'; title: string; children?: ReactNode; action?: ReactNode };

export default function Recommendation({ type, title, children, action }: Props) {
  return (
    <SpaceBetween size="xxs">
      <StatusIndicator type={type}>
        <Box variant="strong">
          {/* The indicator would break lines within words. */}
          <span style={{ wordBreak: 'break-word' }}>{title}</span>
        </Box>
      </StatusIndicator>
      <Box color="text-body-secondary">{children}</Box>
      {action}
    </SpaceBetween>
  );
}
