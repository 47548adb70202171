import { expect, it } from 'vitest';
import { csv } from './csv';

it('quotes what RFC 4180 wants quoted, and nothing else', () => {
  expect(
    csv([
      ['User name', 'Password'],
      ['alice', 'a,b'],
      ['bob', 'say "hi"'],
      ['carol', 'two\nlines'],
    ]),
  ).toBe('User name,Password\r\nalice,"a,b"\r\nbob,"say ""hi"""\r\ncarol,"two\nlines"\r\n');
});
