import { expect, it } from 'vitest';
import { bounds, defaults, fromWire, isWhole, numberProblem, toWire } from './policyForm';

it('sends neither age nor reuse while they are switched off', () => {
  expect(toWire(defaults)).toEqual({
    MinimumPasswordLength: 8,
    RequireUppercaseCharacters: false,
    RequireLowercaseCharacters: false,
    RequireNumbers: false,
    RequireSymbols: false,
    AllowUsersToChangePassword: false,
  });
});

it('brings a policy back as it was sent', () => {
  const form = { ...defaults, minimumLength: '14', symbols: true, expires: true, maxAge: '30', hardExpiry: true, preventsReuse: true, reuse: '3' };
  expect(fromWire({ ...toWire(form), ExpirePasswords: true })).toEqual(form);
});

it('keeps numbers within their bounds', () => {
  expect(numberProblem('6', bounds.minimumLength)).toBeUndefined();
  for (const text of ['5', '129', '', '7.5', '1e1']) expect(numberProblem(text, bounds.minimumLength)).toBeDefined();
  expect(isWhole({ ...defaults, maxAge: '' })).toBe(true);
  expect(isWhole({ ...defaults, expires: true, maxAge: '' })).toBe(false);
});
