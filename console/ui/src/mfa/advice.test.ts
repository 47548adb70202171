import { expect, it } from 'vitest';
import { ConsoleError } from '../lib/console';
import { advice } from './advice';

const error = (code: string, message = '') => new ConsoleError(code, message, 403);

it.each([
  ['a wrong pair of an app', error('InvalidAuthenticationCode'), 'virtual', /clock/],
  ['a wrong pair of a token', error('InvalidAuthenticationCode'), 'hardware', /serial number is that of this token/],
  ['a policy', error('AccessDenied', 'User: x is not authorized to perform: iam:EnableMFADevice'), 'fido', /administrator/],
  ['an unknown token', error('NoSuchEntity'), 'hardware', /seed file/],
] as const)('says what to do about %s', (_, e, kind, words) => {
  expect(advice(e, kind)).toMatch(words);
});

it('adds nothing where the message says it all', () => {
  const withoutMFA = 'To complete this action, please ensure that you are authenticated with an MFA device that is enabled for this user.';
  expect(advice(error('AccessDenied', withoutMFA), 'virtual')).toBeUndefined();
  expect(advice(error('ServiceFailure', 'Try later.'), 'virtual')).toBeUndefined();
});
