// The walk through all users behind the page: starts by itself, can be stopped, and keeps what it has seen.
import { useCallback, useEffect, useRef, useState } from 'react';
import { standardPolicy } from '../../policies/standard';
import { previewAll, type UserPreview } from './preview';

export type Coverage = {
  users: UserPreview[];
  total: number;
  state: 'running' | 'stopped' | 'complete' | 'failed';
  error: unknown;
  start(): void;
  stop(): void;
};

const first = { users: [] as UserPreview[], total: 0, state: 'running' as Coverage['state'], error: undefined as unknown };

export function useCoverage(): Coverage {
  const [walk, setWalk] = useState(first);
  const control = useRef(new AbortController());

  const start = useCallback(() => {
    control.current.abort();
    const { signal } = (control.current = new AbortController());
    const unlessOver = (change: (before: typeof first) => typeof first) => signal.aborted || setWalk(change);
    setWalk(first);
    previewAll(standardPolicy, (users, total) => unlessOver((before) => ({ ...before, users, total })), signal).then(
      () => unlessOver((before) => ({ ...before, state: 'complete' })),
      (error: unknown) => unlessOver((before) => ({ ...before, state: 'failed', error })),
    );
  }, []);
  const stop = useCallback(() => {
    control.current.abort();
    setWalk((before) => ({ ...before, state: 'stopped' }));
  }, []);
  useEffect(() => {
    start();
    return () => control.current.abort();
  }, [start]);

  return { ...walk, start, stop };
}
