import { expect, it } from 'vitest';
import { aliasProblem } from './aliasForm';

it.each(['abc', 'sally-works', '1-2-3', '12345678901', '1234567890123', 'a'.repeat(63)])('takes %s', (alias) =>
  expect(aliasProblem(alias)).toBeUndefined(),
);

it.each([
  ['', /3 to 63/],
  ['ab', /3 to 63/],
  ['a'.repeat(64), /3 to 63/],
  ['Sally', /lower-case/],
  ['sally works', /lower-case/],
  ['sälly', /lower-case/],
  ['-sally', /begins and ends/],
  ['sally-', /begins and ends/],
  ['sally--works', /side by side/],
  ['123456789012', /account ID/],
])('refuses "%s"', (alias, why) => expect(aliasProblem(alias)).toMatch(why));
