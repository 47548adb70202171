import { describe, expect, it } from 'vitest';
import { codeProblems, codesAreWhole } from './CodeFields';

describe('codes', () => {
  it.each([
    ['', ''],
    ['123456', '12345'],
    ['12345a', '123456'],
    ['123456', '123456'],
    ['1234567', '123456'],
  ])('%j and %j are not sent', (code1, code2) => expect(codesAreWhole({ code1, code2 })).toBe(false));

  it('two different codes of six digits are', () => {
    expect(codesAreWhole({ code1: '012345', code2: '999999' })).toBe(true);
  });

  it('says at the second field that the codes must differ', () => {
    expect(codeProblems({ code1: '123456', code2: '123456' }).code2).toMatch(/next code/);
  });
});
