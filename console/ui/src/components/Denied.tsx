// Stands where a policy hides a detail, so that "not allowed to see" never reads as "there is none".
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import Tooltip from '@cloudscape-design/components/tooltip';
import { useId, useRef, useState } from 'react';

export default function Denied({ message }: { message: string }) {
  const track = useRef<HTMLSpanElement>(null);
  const [shown, setShown] = useState(false);
  const words = useId();
  return (
    <>
      <span
        ref={track}
        tabIndex={0}
        role="note"
        aria-label="Access denied"
        aria-describedby={words}
        onMouseEnter={() => setShown(true)}
        onMouseLeave={() => setShown(false)}
        onFocus={() => setShown(true)}
        onBlur={() => setShown(false)}
      >
        <StatusIndicator type="stopped">Access denied</StatusIndicator>
      </span>
      <span id={words} hidden>
        {message}
      </span>
      {shown && <Tooltip content={message} getTrack={() => track.current} onEscape={() => setShown(false)} />}
    </>
  );
}
