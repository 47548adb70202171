import { describe, expect, it } from 'vitest';
import { generatePassword } from './password';

describe('generatePassword', () => {
  it.each([0, 6, 20, 21, 128, 500])('fits a policy that asks for %i characters and all four classes', (minimum) => {
    for (let i = 0; i < 50; i++) {
      const password = generatePassword(minimum);
      expect(password).toHaveLength(Math.min(128, Math.max(20, minimum)));
      for (const group of [/[A-Z]/, /[a-z]/, /[0-9]/, /[!@#$%^&*()_+\-=[\]{}|']/]) expect(password).toMatch(group);
    }
  });

  it('does not always begin with the same classes', () => {
    const starts = Array.from({ length: 60 }, () => /^[A-Z]/.test(generatePassword()));
    expect(new Set(starts).size).toBe(2);
  });

  it('never makes the same password twice', () => {
    expect(new Set(Array.from({ length: 100 }, () => generatePassword())).size).toBe(100);
  });
});
