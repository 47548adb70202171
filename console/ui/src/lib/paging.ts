// Lists of any length, page by page: each page is asked for when it is first shown, and never everything.
import { useCallback, useEffect, useRef, useState, type DependencyList } from 'react';

export type Batch<T> = { items: T[]; marker?: string };

export type Pages<T> = {
  /** Of the page shown; the last page's stay while the next one is loading. */
  items: T[];
  /** Counted from 1, as Cloudscape's Pagination does. */
  page: number;
  /** How many pages are known to exist. */
  pages: number;
  /** More pages may follow the known ones. */
  openEnd: boolean;
  loading: boolean;
  error: unknown;
  go(page: number): void;
  /** Asks again for the page shown, and forgets those after it. */
  reload(): void;
};

type State<T> = { batches: Batch<T>[]; page: number; loading: boolean; error: unknown };

const start = { batches: [], page: 1, loading: true, error: undefined };

export function usePages<T>(fetch: (marker?: string) => Promise<Batch<T>>, deps: DependencyList): Pages<T> {
  const [state, setState] = useState<State<T>>(start);
  const latest = useRef(fetch);
  latest.current = fetch;
  const current = useRef(state);
  current.current = state;
  const turn = useRef(0); // an answer that a later question has overtaken is dropped

  const load = useCallback(async (known: Batch<T>[], page: number) => {
    const mine = ++turn.current;
    setState((before) => ({ ...before, loading: true, error: undefined }));
    try {
      const batch = await latest.current(page === 1 ? undefined : known[page - 2]?.marker);
      if (mine !== turn.current) return;
      if (page > 1 && batch.items.length === 0 && !batch.marker && known.length < page) {
        // What stood here was deleted; the page before is the last one now.
        const rest = known.slice(0, page - 1).map((b, i) => (i === page - 2 ? { items: b.items } : b));
        setState({ batches: rest, page: page - 1, loading: false, error: undefined });
        return;
      }
      setState({ batches: [...known.slice(0, page - 1), batch], page, loading: false, error: undefined });
    } catch (error) {
      if (mine === turn.current) setState((before) => ({ ...before, loading: false, error }));
    }
  }, []);

  useEffect(() => {
    setState(start);
    void load([], 1);
    return () => void turn.current++;
    // The caller names what its fetch depends on.
  }, [load, ...deps]);

  const go = useCallback(
    (page: number) => {
      const { batches } = current.current;
      if (page < 1 || page > known(batches)) return;
      if (batches[page - 1]) {
        turn.current++;
        setState((before) => ({ ...before, page, loading: false, error: undefined }));
      } else {
        void load(batches, page);
      }
    },
    [load],
  );

  const reload = useCallback(() => {
    const { batches, page } = current.current;
    void load(batches.slice(0, page - 1), page);
  }, [load]);

  const { batches, page, loading, error } = state;
  return {
    items: batches[page - 1]?.items ?? [],
    page,
    pages: known(batches),
    openEnd: batches.at(-1)?.marker !== undefined,
    loading,
    error,
    go,
    reload,
  };
}

function known<T>(batches: Batch<T>[]): number {
  return Math.max(1, batches.length + (batches.at(-1)?.marker ? 1 : 0));
}
