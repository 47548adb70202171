// The console sessions of a user, for an administrator: from where, since when, and an end to all of them.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import { useState } from 'react';
import Confirm from '../../components/Confirm';
import ListTable from '../../components/ListTable';
import { call } from '../../lib/console';
import { useFlash } from '../../lib/flash';
import { listed, useAction, useAnswer } from '../../lib/requests';
import { sessionColumns } from '../../sessions/columns';
import { listSessions } from '../../sessions/sessions';

export default function ConsoleSessions({ userName }: { userName: string }) {
  const flash = useFlash();
  const { busy, error, run, clear } = useAction();
  const [asking, setAsking] = useState(false);
  const sessions = useAnswer(() => listSessions(userName), [userName]);
  const end = async () => {
    if (!(await run(() => call('EndConsoleSessions', { UserName: userName })))) return;
    setAsking(false);
    flash({ type: 'success', content: `The console sessions of ${userName} were ended.` });
    sessions.reload();
  };
  return (
    <>
      <ListTable
        title="Console sessions"
        description="Where the user is signed in to the console now."
        source={listed(sessions)}
        id={(one) => one.Id}
        columns={sessionColumns}
        actions={
          <Button
            disabled={!sessions.value?.length}
            disabledReason="There are no sessions to end."
            onClick={() => (clear(), setAsking(true))}
          >
            End sessions
          </Button>
        }
        empty="The user is not signed in to the console."
      />
      {asking && (
        <Confirm
          title={`End the console sessions of ${userName}?`}
          confirmLabel="End sessions"
          busy={busy}
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
