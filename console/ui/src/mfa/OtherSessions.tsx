// After a change of one's factors: sessions that began before it go on, so it is offered to end them.
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useState } from 'react';
import { call } from '../lib/console';
import { errorText } from '../lib/iam';
import { useAction, useAnswer } from '../lib/requests';
import { listSessions } from '../sessions/sessions';

/** Nothing when there are no other sessions, or when they may not be listed. */
export default function OtherSessions() {
  const others = useAnswer(async () => (await listSessions()).filter((session) => !session.Current).length, []);
  const { busy, error, run } = useAction();
  const [ended, setEnded] = useState(false);
  if (!others.value) return null;
  if (ended) return <StatusIndicator type="success">Your other sessions were ended.</StatusIndicator>;
  const count = others.value === 1 ? 'one other session' : `${others.value} other sessions`;
  return (
    <SpaceBetween size="xs">
      <span>You are signed in to the console in {count}, begun before this change.</span>
      <Button
        loading={busy}
        onClick={() =>
          void run(async () => {
            await call('EndOwnConsoleSessions');
            setEnded(true);
          })
        }
      >
        End other sessions
      </Button>
      {error !== undefined && <StatusIndicator type="error">{errorText(error).message}</StatusIndicator>}
    </SpaceBetween>
  );
}
