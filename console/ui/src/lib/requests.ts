// Two ways to talk to the server from a component: ask for what it shows, and do what a button says.
import { useCallback, useEffect, useRef, useState, type DependencyList } from 'react';

export type Answer<T> = { value: T | undefined; loading: boolean; error: unknown; reload(): void };

/** Asks when the component is first shown and whenever deps change; an overtaken answer is dropped. */
export function useAnswer<T>(ask: () => Promise<T>, deps: DependencyList): Answer<T> {
  const [state, setState] = useState<{ value?: T; loading: boolean; error?: unknown }>({ loading: true });
  const latest = useRef(ask);
  latest.current = ask;
  const turn = useRef(0);

  const reload = useCallback(() => {
    const mine = ++turn.current;
    setState((before) => ({ value: before.value, loading: true }));
    latest.current().then(
      (value) => mine === turn.current && setState({ value, loading: false }),
      (error: unknown) => mine === turn.current && setState({ loading: false, error }),
    );
  }, []);

  useEffect(() => {
    setState({ loading: true });
    reload();
    return () => void turn.current++;
    // The caller names what its question depends on.
  }, [reload, ...deps]);

  return { value: state.value, loading: state.loading, error: state.error, reload };
}

/** An answered list as a table takes it. */
export function listed<T>({ value, loading, error }: Answer<T[]>): { items: T[]; loading: boolean; error: unknown } {
  return { items: value ?? [], loading, error };
}

type Action = {
  busy: boolean;
  error: unknown;
  /** Does the work; true when it succeeded. A second press while it runs does nothing. */
  run(work: () => Promise<unknown>): Promise<boolean>;
  clear(): void;
};

export function useAction(): Action {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const running = useRef(false);
  const run = useCallback(async (work: () => Promise<unknown>) => {
    if (running.current) return false;
    running.current = true;
    setBusy(true);
    setError(undefined);
    try {
      await work();
      return true;
    } catch (e) {
      setError(e);
      return false;
    } finally {
      running.current = false;
      setBusy(false);
    }
  }, []);
  const clear = useCallback(() => setError(undefined), []);
  return { busy, error, run, clear };
}
