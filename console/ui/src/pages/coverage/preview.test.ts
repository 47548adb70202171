import { expect, it, vi } from 'vitest';
import * as server from '../../lib/console';
import { consequence, previewAll, tally, type UserPreview } from './preview';

const user = (UserName: string, more: Partial<UserPreview> = {}): UserPreview => ({
  UserName,
  MFAKinds: [],
  Console: false,
  ActiveAccessKeys: 0,
  LosesConsole: false,
  LosesAccessKeys: false,
  ...more,
});

it('counts users by kind, a user with two kinds in both', () => {
  const count = tally([
    user('a'),
    user('b', { MFAKinds: ['virtual'] }),
    user('c', { MFAKinds: ['fido', 'virtual'], LosesAccessKeys: true }),
    user('d', { LosesConsole: true, LosesAccessKeys: true }),
  ]);
  expect(count).toEqual({ users: 4, byKind: { virtual: 2, fido: 1 }, none: 2, losesConsole: 1, losesAccessKeys: 2, loses: 2 });
});

it('says in words what a user would lose', () => {
  expect(consequence(user('a'))).toBe('Loses nothing now.');
  expect(consequence(user('a', { LosesConsole: true }))).toMatch(/^In the console: can only enrol until/);
  expect(consequence(user('a', { LosesAccessKeys: true, MFAKinds: ['virtual'] }))).toMatch(/denied until they get a session/);
  expect(consequence(user('a', { LosesAccessKeys: true, MFAKinds: ['fido'] }))).toMatch(/can only enrol until an authenticator app/);
});

it('goes through all pages and tells its progress', async () => {
  const call = vi
    .spyOn(server, 'call')
    .mockResolvedValueOnce({ Users: [user('a')], Marker: 'a', Total: 2 })
    .mockResolvedValueOnce({ Users: [user('b')], Total: 2 });
  const seen: string[] = [];
  await previewAll('{}', (users, total) => seen.push(`${users.length}/${total}`), new AbortController().signal);
  expect(seen).toEqual(['1/2', '2/2']);
  expect(call.mock.calls.map(([, input]) => (input as { Marker?: string }).Marker)).toEqual([undefined, 'a']);
});

it('asks no further when it is stopped, and tells nothing more', async () => {
  const control = new AbortController();
  const call = vi.spyOn(server, 'call').mockImplementation(async () => {
    control.abort();
    return { Users: [user('a')], Marker: 'a', Total: 2 };
  });
  const progress = vi.fn();
  await previewAll('{}', progress, control.signal);
  expect(call).toHaveBeenCalledTimes(1);
  expect(progress).not.toHaveBeenCalled();
});
