import { act, renderHook, waitFor } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { all, useLocalPages, usePages, type Batch } from './paging';

/** Answers three pages: a, b, c. */
function threePages() {
  const pages: Record<string, Batch<string>> = {
    start: { items: ['a'], marker: 'm2' },
    m2: { items: ['b'], marker: 'm3' },
    m3: { items: ['c'] },
  };
  const fetch = vi.fn(async (marker?: string) => pages[marker ?? 'start']!);
  return { pages, fetch };
}

const settled = async (result: { current: { loading: boolean } }) =>
  waitFor(() => expect(result.current.loading).toBe(false));

test('only the page shown is asked for', async () => {
  const { fetch } = threePages();
  const { result } = renderHook(() => usePages(fetch, []));
  expect(result.current).toMatchObject({ items: [], loading: true });
  await settled(result);
  expect(result.current).toMatchObject({ items: ['a'], page: 1, pages: 2, openEnd: true });
  expect(fetch).toHaveBeenCalledTimes(1);
});

test('a page is asked for once, and the last one closes the end', async () => {
  const { fetch } = threePages();
  const { result } = renderHook(() => usePages(fetch, []));
  await settled(result);
  for (const page of [2, 3]) {
    act(() => result.current.go(page));
    await settled(result);
  }
  expect(result.current).toMatchObject({ items: ['c'], page: 3, pages: 3, openEnd: false });
  act(() => result.current.go(1));
  expect(result.current).toMatchObject({ items: ['a'], page: 1, loading: false });
  expect(fetch.mock.calls).toEqual([[undefined], ['m2'], ['m3']]);
});

test('a page that is not known yet is not gone to', async () => {
  const { fetch } = threePages();
  const { result } = renderHook(() => usePages(fetch, []));
  await settled(result);
  act(() => result.current.go(3));
  act(() => result.current.go(0));
  expect(result.current.page).toBe(1);
  expect(fetch).toHaveBeenCalledTimes(1);
});

test('reload asks for the page shown and forgets what came after', async () => {
  const { fetch, pages } = threePages();
  const { result } = renderHook(() => usePages(fetch, []));
  await settled(result);
  act(() => result.current.go(2));
  await settled(result);
  pages.m2 = { items: ['b2'] };
  act(() => result.current.reload());
  await settled(result);
  expect(result.current).toMatchObject({ items: ['b2'], page: 2, pages: 2, openEnd: false });
});

test('a page whose items were all deleted gives way to the one before', async () => {
  const { fetch, pages } = threePages();
  const { result } = renderHook(() => usePages(fetch, []));
  await settled(result);
  act(() => result.current.go(2));
  await settled(result);
  pages.m2 = { items: [] };
  act(() => result.current.reload());
  await settled(result);
  expect(result.current).toMatchObject({ items: ['a'], page: 1, pages: 1, openEnd: false });
});

test('an error keeps what is shown, and reload tries again', async () => {
  const fetch = vi.fn<(marker?: string) => Promise<Batch<string>>>();
  fetch.mockRejectedValueOnce(new Error('AccessDenied')).mockResolvedValueOnce({ items: ['a'] });
  const { result } = renderHook(() => usePages(fetch, []));
  await settled(result);
  expect(result.current.error).toEqual(new Error('AccessDenied'));
  act(() => result.current.reload());
  await settled(result);
  expect(result.current).toMatchObject({ items: ['a'], error: undefined });
});

test('a late answer to an earlier question is dropped', async () => {
  const answers: Record<string, (batch: Batch<string>) => void> = {};
  const { result, rerender } = renderHook(
    ({ filter }) => usePages<string>(() => new Promise((resolve) => (answers[filter] = resolve)), [filter]),
    { initialProps: { filter: 'old' } },
  );
  rerender({ filter: 'new' });
  await act(async () => answers.new!({ items: ['new'] }));
  await act(async () => answers.old!({ items: ['old'] }));
  expect(result.current).toMatchObject({ items: ['new'], loading: false });
});

test('what asks again on every new array may hang on the items: it is the same one until they are', async () => {
  const fetch = vi.fn(async () => ({ items: ['a'] }));
  const { result, rerender } = renderHook(() => usePages<string>(fetch, []));
  const waiting = result.current.items;
  rerender();
  expect(result.current.items).toBe(waiting);
  await settled(result);
  const first = result.current.items;
  rerender();
  expect(result.current.items).toBe(first);
  act(() => result.current.reload());
  await settled(result);
  expect(result.current.items).not.toBe(first);
});

test('all goes to the end', async () => {
  const { fetch } = threePages();
  expect(await all(fetch)).toEqual(['a', 'b', 'c']);
  expect(await all(async () => ({ items: undefined }))).toEqual([]);
});

test('a list that shrinks takes its last page along', () => {
  const { result, rerender } = renderHook(({ list }) => useLocalPages(list, 2), { initialProps: { list: [1, 2, 3] } });
  act(() => result.current.go(2));
  expect(result.current).toMatchObject({ items: [3], page: 2, pages: 2 });
  rerender({ list: [1] });
  expect(result.current).toMatchObject({ items: [1], page: 1, pages: 1 });
});
