// One's own console sessions: where one is signed in, and an end to any of them but this one.
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import ErrorAlert from '../../components/ErrorAlert';
import ListTable from '../../components/ListTable';
import { call } from '../../lib/console';
import { useFlash } from '../../lib/flash';
import { dateTime } from '../../lib/format';
import { listed, useAction, useAnswer } from '../../lib/requests';
import { sessionColumns } from '../../sessions/columns';
import { listSessions } from '../../sessions/sessions';

export default function Sessions() {
  const flash = useFlash();
  const { busy, error, run } = useAction();
  const [chosen, setChosen] = useState<string[]>([]);
  const sessions = useAnswer(() => listSessions(), []);
  const list = sessions.value ?? [];
  const session = list.find((one) => one.Id === chosen[0]);

  const end = (input: object, content: string) =>
    run(async () => {
      await call('EndOwnConsoleSessions', input);
      flash({ type: 'success', content });
      setChosen([]);
      sessions.reload();
    });

  return (
    <SpaceBetween size="s">
      <ErrorAlert error={error} />
      <ListTable
        title="Console sessions"
        description="Where you are signed in to the management console now."
        source={listed(sessions)}
        id={(one) => one.Id}
        name={(one) => `the session started ${dateTime(one.Started)}`}
        selection={{ type: 'single', ids: chosen, onChange: setChosen }}
        columns={sessionColumns}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button
              loading={busy}
              disabled={!session || session.Current}
              disabledReason={session ? 'Sign out to end this one.' : 'Select a session first.'}
              onClick={() => session && void end({ Ids: [session.Id] }, 'The session was ended.')}
            >
              End session
            </Button>
            <Button
              loading={busy}
              disabled={!sessions.value}
              onClick={() => void end({}, 'All your other sessions were ended.')}
            >
              End all other sessions
            </Button>
          </SpaceBetween>
        }
        empty="There are no sessions."
      />
    </SpaceBetween>
  );
}
