import { describe, expect, it } from 'vitest';
import { csv, parseCSV } from './csv';

describe('parseCSV', () => {
  it.each([
    ['nothing', '', []],
    ['rows', 'a,b\nc,d\n', [['a', 'b'], ['c', 'd']]],
    ['no last line end', 'a,b\r\nc,d', [['a', 'b'], ['c', 'd']]],
    ['empty fields', ',\n,x,\n', [['', ''], ['', 'x', '']]],
    ['an empty field at the end', 'a,', [['a', '']]],
    ['quotes', '"a,""b""",c\n', [['a,"b"', 'c']]],
    ['line ends in quotes', '"a\r\nb",c', [['a\r\nb', 'c']]],
    ['the root user', '<root_account>,arn:aws:iam::1:root,N/A', [['<root_account>', 'arn:aws:iam::1:root', 'N/A']]],
  ])('reads %s', (_, text, want) => expect(parseCSV(text)).toEqual(want));

  it.each(['"open', 'a"b', '"a"b'])('refuses %s', (text) => expect(() => parseCSV(text)).toThrow('not comma-separated'));
});

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
