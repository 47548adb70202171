import { act, cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { call, ConsoleError, post } from './console';
import { SessionProvider, useSession, type SessionState } from './session';
import { csrfToken, meansSignedOut, setCsrfToken } from './token';

const signedOut: SessionState = { step: 'signed-out', csrf: '', externalUrl: 'http://localhost' };
const signedIn: SessionState = { step: 'signed-in', csrf: 'token', externalUrl: 'http://localhost' };
const fetch = vi.fn<typeof globalThis.fetch>();

const answer = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });
const asked = () => fetch.mock.calls.map(([path]) => path);

beforeEach(() => {
  fetch.mockReset();
  vi.stubGlobal('fetch', fetch);
});
afterEach(() => {
  cleanup();
  setCsrfToken('');
  vi.unstubAllGlobals();
});

function Shown() {
  const { state, ended, set } = useSession();
  return <p onClick={() => set(signedIn)}>{`${state.step}${ended ? ', ended' : ''}`}</p>;
}

async function show() {
  await act(async () => {
    render(
      <SessionProvider
        failed={(error, retry) => <button onClick={retry}>{error instanceof ConsoleError ? error.code : 'error'}</button>}
      >
        <Shown />
      </SessionProvider>,
    );
  });
}

test('the state comes from the server, and its token goes with every POST', async () => {
  fetch.mockResolvedValueOnce(answer(200, signedIn)).mockResolvedValueOnce(answer(200, {}));
  await show();
  expect(screen.getByText('signed-in')).toBeTruthy();
  await call('ListOwnConsoleSessions');
  const [path, init] = fetch.mock.calls[1]!;
  expect(path).toBe('/console/operations/ListOwnConsoleSessions');
  expect(new Headers(init!.headers).get('X-Csrf-Token')).toBe('token');
});

test('a server that cannot be reached is told, and asked again', async () => {
  fetch.mockRejectedValueOnce(new TypeError('failed to fetch')).mockResolvedValueOnce(answer(200, signedOut));
  await show();
  await act(async () => screen.getByText('NetworkError').click());
  expect(screen.getByText('signed-out')).toBeTruthy();
});

test('calls that hear of the end of the session ask for the state once', async () => {
  fetch.mockResolvedValueOnce(answer(200, signedIn));
  await show();
  fetch.mockImplementation(async (path) =>
    path === '/console/session' ? answer(200, signedOut) : answer(403, { code: 'ExpiredToken', message: 'expired' }),
  );
  await act(async () => {
    await Promise.allSettled([call('A'), call('B')]);
  });
  expect(screen.getByText('signed-out, ended')).toBeTruthy();
  expect(csrfToken()).toBe('');
  expect(asked().filter((path) => path === '/console/session')).toHaveLength(2);
});

test('a late answer does not undo a sign-in that came after its question', async () => {
  fetch.mockResolvedValueOnce(answer(200, signedOut));
  await show();
  let late: (response: Response) => void = () => undefined;
  fetch.mockReturnValueOnce(new Promise((resolve) => (late = resolve)));
  await act(async () => document.dispatchEvent(new Event('visibilitychange'))); // back in this tab: it asks
  await act(async () => screen.getByText('signed-out').click());
  await act(async () => late(answer(200, signedOut)));
  expect(screen.getByText('signed-in')).toBeTruthy();
  expect(csrfToken()).toBe('token');
});

test('a denied action leaves the session alone', async () => {
  fetch.mockResolvedValueOnce(answer(200, signedIn));
  await show();
  fetch.mockResolvedValueOnce(answer(403, { code: 'AccessDenied', message: 'not authorized' }));
  await expect(call('A')).rejects.toMatchObject({ code: 'AccessDenied', message: 'not authorized', status: 403 });
  expect(asked()).toHaveLength(2);
  expect(screen.getByText('signed-in')).toBeTruthy();
});

test('a wrong password is no news about the session', async () => {
  fetch.mockResolvedValueOnce(answer(200, signedOut));
  await show();
  fetch.mockResolvedValueOnce(answer(401, { code: 'AuthenticationFailed', message: 'no', retryAfter: 30 }));
  await expect(post('/console/signin/password', {})).rejects.toMatchObject({ retryAfter: 30 });
  expect(asked()).toHaveLength(2);
});

test('an answer that is not JSON, as from a proxy, is an error with a code', async () => {
  fetch.mockResolvedValueOnce(new Response('<html>', { status: 502 }));
  await expect(post('/console/signout')).rejects.toMatchObject({ code: 'UnexpectedAnswer', status: 502 });
});

test.each([
  [401, 'Anything', true],
  [403, 'ExpiredToken', true],
  [403, 'MissingAuthenticationToken', true],
  [403, 'AccessDenied', false],
  [400, 'ExpiredToken', false],
])('%d %s means signed out: %s', (status, code, out) => expect(meansSignedOut(status, code)).toBe(out));
