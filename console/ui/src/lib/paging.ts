// Lists, page by page: of the server, each page asked for when it is first shown; of the browser; and short ones whole.
import { useCallback, useEffect, useRef, useState, type DependencyList } from 'react';

/** A page as the server answers it; the marker leads to the next one. */
export type Batch<T> = { items: T[] | undefined; marker?: string };

type Ask<T> = (marker?: string) => Promise<Batch<T>>;

export type Pages<T> = {
  /** Of the page shown, the same array until they are asked for anew; the last page's stay while the next one is loading. */
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

type Loaded<T> = { items: T[]; marker?: string };
type State<T> = { batches: Loaded<T>[]; page: number; loading: boolean; error: unknown };

const start = { batches: [], page: 1, loading: true, error: undefined };
const nothing: never[] = [];

/** Never asks for everything: a list may be of any length. */
export function usePages<T>(fetch: Ask<T>, deps: DependencyList): Pages<T> {
  const [state, setState] = useState<State<T>>(start);
  const latest = useRef(fetch);
  latest.current = fetch;
  const current = useRef(state);
  current.current = state;
  const turn = useRef(0); // an answer that a later question has overtaken is dropped

  const load = useCallback(async (known: Loaded<T>[], page: number) => {
    const mine = ++turn.current;
    setState((before) => ({ ...before, loading: true, error: undefined }));
    try {
      const { items = [], marker } = await latest.current(page === 1 ? undefined : known[page - 2]?.marker);
      if (mine !== turn.current) return;
      if (page > 1 && items.length === 0 && !marker && known.length < page) {
        // What stood here was deleted; the page before is the last one now.
        const rest = known.slice(0, page - 1).map((b, i) => (i === page - 2 ? { items: b.items } : b));
        setState({ batches: rest, page: page - 1, loading: false, error: undefined });
        return;
      }
      setState({ batches: [...known.slice(0, page - 1), { items, marker }], page, loading: false, error: undefined });
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
    items: batches[page - 1]?.items ?? nothing,
    page,
    pages: known(batches),
    openEnd: batches.at(-1)?.marker !== undefined,
    loading,
    error,
    go,
    reload,
  };
}

function known<T>(batches: Loaded<T>[]): number {
  return Math.max(1, batches.length + (batches.at(-1)?.marker ? 1 : 0));
}

/** Pages of a list that the browser has whole, in the shape that lists of the server have. */
export function useLocalPages<T>(list: T[], size = 50): Omit<Pages<T>, 'reload'> {
  const [wanted, go] = useState(1);
  const pages = Math.max(1, Math.ceil(list.length / size));
  const page = Math.min(wanted, pages);
  return { items: list.slice((page - 1) * size, page * size), page, pages, openEnd: false, loading: false, error: undefined, go };
}

/** Everything of a list that a quota keeps short (the groups, policies or keys of one user), or that is worked through. */
export async function all<T>(ask: Ask<T>): Promise<T[]> {
  const list: T[] = [];
  let marker: string | undefined;
  do {
    const batch = await ask(marker);
    list.push(...(batch.items ?? []));
    marker = batch.marker;
  } while (marker);
  return list;
}
