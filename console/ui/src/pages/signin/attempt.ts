// One try at a step of the sign-in: it runs once at a time, and what went wrong stays to be read.
import { useCallback, useRef, useState } from 'react';
import { ConsoleError } from '../../lib/console';
import { wait } from '../../lib/format';
import { useSession, type SessionState } from '../../lib/session';
import { KeyError } from '../../lib/webauthn';

/** Shown above the form; number sets two equal messages apart, so that the second is announced as well. */
type Message = { type: 'error' | 'success'; text: string; number: number };

export type Attempt = {
  busy: boolean;
  message: Message | undefined;
  /** Runs a step and takes over the state it answers; false when it failed. */
  run(step: () => Promise<SessionState>, success?: string): Promise<boolean>;
  /** Shows an error found before anything was sent. */
  refuse(text: string): void;
  clear(): void;
};

export function useAttempt(): Attempt {
  const { state, set, reload } = useSession();
  const [busy, setBusy] = useState(false);
  const [message, setMessage] = useState<Message>();
  const running = useRef(false);
  const number = useRef(0);

  const say = useCallback((type: Message['type'], text: string) => {
    setMessage({ type, text, number: ++number.current });
  }, []);

  const run = useCallback(
    async (step: () => Promise<SessionState>, success?: string) => {
      if (running.current) return false;
      running.current = true;
      setBusy(true);
      try {
        set(await step());
        if (success) say('success', success);
        else setMessage(undefined);
        return true;
      } catch (e) {
        say('error', words(e));
        // The half-finished sign-in may have ended, or a resynchronisation is offered now; only the state tells.
        if (state.step !== 'signed-out' && e instanceof ConsoleError && e.status !== 0) await reload();
        return false;
      } finally {
        running.current = false;
        setBusy(false);
      }
    },
    [set, reload, say, state.step],
  );

  const refuse = useCallback((text: string) => say('error', text), [say]);
  const clear = useCallback(() => setMessage(undefined), []);
  return { busy, message, run, refuse, clear };
}

/** What a failed step says, with how long to wait where the server told it. */
function words(e: unknown): string {
  if (e instanceof ConsoleError) {
    return e.retryAfter === undefined ? e.message : `${e.message} Try again in ${wait(e.retryAfter)}.`;
  }
  if (e instanceof KeyError) return e.message;
  return 'Something went wrong. Reload the page, then try again.';
}
