// The console sessions of a user, for an administrator: from where, since when, and an end to all of them.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import { useState } from 'react';
import Confirm from '../components/Confirm';
import { call } from '../lib/console';
import { useFlash } from '../lib/flash';
import { ago, dateTime } from '../lib/format';
import ListTable from './ListTable';
import { useAction, useAnswer } from './requests';

export type ConsoleSession = {
  Id: string;
  Started: string;
  LastSeen: string;
  Expires: string;
  MFA: boolean;
  SourceIP: string;
  UserAgent: string;
  Current: boolean;
};

export default function ConsoleSessions({ userName }: { userName: string }) {
  const flash = useFlash();
  const { busy, error, run, clear } = useAction();
  const [asking, setAsking] = useState(false);
  const sessions = useAnswer(
    async () => (await call<{ Sessions?: ConsoleSession[] }>('ListConsoleSessions', { UserName: userName })).Sessions ?? [],
    [userName],
  );
  const end = async () => {
    if (!(await run(() => call('EndConsoleSessions', { UserName: userName })))) return;
    setAsking(false);
    flash({ type: 'success', content: `The console sessions of ${userName} were ended.` });
    sessions.reload();
  };
  return (
    <>
      <ListTable<ConsoleSession>
        title="Console sessions"
        description="Where the user is signed in to the console now."
        source={{ items: sessions.value ?? [], loading: sessions.loading, error: sessions.error }}
        id={(one) => one.Id}
        columns={[
          { id: 'started', header: 'Started', cell: (one) => `${dateTime(one.Started)}${one.Current ? ' (this one)' : ''}`, isRowHeader: true },
          { id: 'seen', header: 'Last seen', cell: (one) => ago(one.LastSeen) },
          { id: 'mfa', header: 'With MFA', cell: (one) => (one.MFA ? 'Yes' : 'No') },
          { id: 'ip', header: 'Source IP', cell: (one) => one.SourceIP },
          { id: 'agent', header: 'Browser', cell: (one) => one.UserAgent, minWidth: 200 },
        ]}
        actions={
          <Button disabled={!sessions.value?.length} onClick={() => (clear(), setAsking(true))}>
            End sessions
          </Button>
        }
        empty="The user is not signed in to the console."
      />
      {asking && (
        <Confirm
          visible
          title={`End the console sessions of ${userName}?`}
          confirmLabel="End sessions"
          loading={busy}
          error={error}
          onConfirm={() => void end()}
          onDismiss={() => setAsking(false)}
        >
          <Box>The user has to sign in again. Access keys and temporary credentials are not touched by it.</Box>
        </Confirm>
      )}
    </>
  );
}
