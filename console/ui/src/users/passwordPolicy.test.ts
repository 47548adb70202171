import { beforeEach, describe, expect, it, vi } from 'vitest';
import { iam } from '../lib/iam';
import { defaultRules, passwordProblem, passwordRules, rulesOf, rulesText } from './passwordPolicy';

describe('passwordProblem', () => {
  it.each([
    ['', 'Enter a password.'],
    ['Short-1', 'Password should have a minimum length of 8'],
    ['alllowercase', 'Password should meet 2 more of the following requirements: uppercase letter, number, symbol'],
    ['lowercase1', 'Password should meet 1 more of the following requirements: uppercase letter, symbol'],
    ['Lowercase1', undefined],
    ['lower-case1', undefined],
    ['Aa1' + 'x'.repeat(125), undefined],
    ['Aa1' + 'x'.repeat(126), 'Password should have a maximum length of 128'],
    ['Aa1ééééé', undefined], // counted in characters
    ['éééé.,;éééé', 'Password should meet 3 more of the following requirements: uppercase letter, lowercase letter, number, symbol'],
  ])('says of "%s" by the default rules: %s', (password, want) => expect(passwordProblem(password, defaultRules)).toBe(want));

  it('asks for each class that the policy requires, and for no other', () => {
    const rules = rulesOf({ MinimumPasswordLength: 6, RequireNumbers: true, RequireSymbols: true });
    expect(passwordProblem('abcde', rules)).toBe('Password should have a minimum length of 6');
    expect(passwordProblem('abcdef', rules)).toBe('Password should have at least one number');
    expect(passwordProblem('abcdef1', rules)).toBe('Password should have at least one symbol');
    expect(passwordProblem('abcdef1!', rules)).toBeUndefined();
  });

  it('leaves the rest to the server where the policy may not be read', () => {
    expect(passwordProblem('a', undefined)).toBeUndefined();
    expect(passwordProblem('', undefined)).toBe('Enter a password.');
  });
});

it('tells the rules in a line', () => {
  expect(rulesText(defaultRules)).toMatch(/^8 to 128 characters, of at least three of these: uppercase letters/);
  expect(rulesText(rulesOf({ MinimumPasswordLength: 14 }))).toBe('14 to 128 characters');
  expect(rulesText(rulesOf({ MinimumPasswordLength: 6, RequireUppercaseCharacters: true, RequireNumbers: true }))).toBe(
    '6 to 128 characters, with at least one uppercase letter, one number',
  );
  expect(rulesText(undefined)).toBeUndefined();
});

describe('passwordRules', () => {
  let answer: () => unknown;
  const refuse = (name: string) => () => {
    throw Object.assign(new Error(name), { name });
  };
  beforeEach(() => void vi.spyOn(iam, 'send').mockImplementation(async () => answer()));

  it('are the account’s, the default ones without a policy, and none where they are hidden', async () => {
    answer = () => ({ PasswordPolicy: { MinimumPasswordLength: 14, RequireSymbols: true } });
    expect(await passwordRules()).toEqual({ minimumLength: 14, required: ['symbol'], classes: 0 });
    answer = refuse('NoSuchEntity');
    expect(await passwordRules()).toEqual(defaultRules);
    answer = refuse('AccessDenied');
    expect(await passwordRules()).toBeUndefined();
  });
});
