import { afterEach, expect, it, vi } from 'vitest';
import { countMFA, fewestWithout, withoutText } from './everyone';

afterEach(() => vi.unstubAllGlobals());

it('counts users without a device over all pages, whatever devices the others have', async () => {
  const pages: Record<string, object> = {
    first: { Users: [{ UserName: 'a', MFAKinds: ['fido', 'virtual'] }, { UserName: 'b', MFAKinds: [] }], Marker: 'second', Total: 3 },
    second: { Users: [{ UserName: 'c', MFAKinds: ['hardware'] }], Total: 3 },
  };
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (path: string, init: { body: string }) => {
    const { Marker = 'first' } = JSON.parse(init.body) as { Marker?: string };
    asked.push(`${path} ${Marker}`);
    return new Response(JSON.stringify(pages[Marker]));
  });
  expect(await countMFA()).toEqual({ users: 3, without: 1 });
  expect(asked).toEqual(['/console/operations/PreviewPolicy first', '/console/operations/PreviewPolicy second']);
});

it('knows from the counts of the account only the fewest', () => {
  expect(fewestWithout(3, 1, false)).toBe(2);
  expect(fewestWithout(3, 1, true)).toBe(3); // the one device is root's
  expect(fewestWithout(3, 5, false)).toBe(0); // which does not mean that everyone has one
});

it.each([
  [1, 3, '1 of 3 users has no MFA device'],
  [2, 3, '2 of 3 users have no MFA device'],
  [1, 1, '1 of 1 user has no MFA device'],
])('%i of %i', (without, users, text) => expect(withoutText(without, users)).toBe(text));
