import { expect, it } from 'vitest';
import { accountInPath } from './Password';

it.each([
  ['/signin/123456789012', '123456789012'],
  ['/signin/example/', 'example'],
  ['/signin/a%20b', 'a b'],
  ['/signin/%', ''], // no encoding
  ['/signin/a/b', ''],
  ['/users/alice', ''],
  ['/', ''],
])('%s names the account %j', (path, account) => expect(accountInPath(path)).toBe(account));
