// One's own console sessions: where one is signed in, and an end to any of them but this one.
import Badge from '@cloudscape-design/components/badge';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import ErrorAlert from '../../components/ErrorAlert';
import { call } from '../../lib/console';
import { useFlash } from '../../lib/flash';
import { ago, dateTime } from '../../lib/format';
import type { ConsoleSession } from '../../users/ConsoleSessions';
import ListTable from '../../users/ListTable';
import { useAction, useAnswer } from '../../users/requests';
import { browserName } from './browserName';

export default function Sessions() {
  const flash = useFlash();
  const { busy, error, run } = useAction();
  const [chosen, setChosen] = useState<string[]>([]);
  const sessions = useAnswer(
    async () => (await call<{ Sessions?: ConsoleSession[] }>('ListOwnConsoleSessions')).Sessions ?? [],
    [],
  );
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
      <ListTable<ConsoleSession>
        title="Console sessions"
        description="Where you are signed in to the management console now."
        source={{ items: list, loading: sessions.loading, error: sessions.error }}
        id={(one) => one.Id}
        name={(one) => `the session started ${dateTime(one.Started)}`}
        selection={{ type: 'single', ids: chosen, onChange: setChosen }}
        columns={[
          {
            id: 'started',
            header: 'Started',
            isRowHeader: true,
            cell: (one) => (
              <>
                {dateTime(one.Started)} {one.Current && <Badge color="blue">This one</Badge>}
              </>
            ),
          },
          { id: 'seen', header: 'Last seen', cell: (one) => ago(one.LastSeen) },
          { id: 'ip', header: 'Source', cell: (one) => one.SourceIP },
          { id: 'browser', header: 'Browser', cell: (one) => <span title={one.UserAgent}>{browserName(one.UserAgent)}</span> },
          { id: 'mfa', header: 'MFA', cell: (one) => (one.MFA ? 'Yes' : 'No') },
        ]}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button
              loading={busy}
              disabled={!session || session.Current}
              onClick={() => session && void end({ Ids: [session.Id] }, 'The session was ended.')}
            >
              End session
            </Button>
            <Button loading={busy} disabled={!sessions.value} onClick={() => void end({}, 'All your other sessions were ended.')}>
              End all other sessions
            </Button>
          </SpaceBetween>
        }
        empty="There are no sessions."
      />
    </SpaceBetween>
  );
}
