import { describe, expect, it } from 'vitest';
import { place, readJSON } from './json';

function fault(text: string) {
  const read = readJSON(text);
  if (!('fault' in read)) return undefined;
  const { line, column } = place(text, read.fault.at);
  return `${line}:${column} ${read.fault.message}`;
}

describe('readJSON', () => {
  it.each([
    ['nothing', ' \n', '1:1 The document is empty.'],
    ['a missing comma', '{\n  "a": 1\n  "b": 2\n}', '3:3 Expected a comma or }, found something else.'],
    ['a comma too many', '{\n  "a": [1,\n  2,\n  ]\n}', '3:4 A comma may not stand before ].'],
    ['a missing colon', '{"a" 1}', '1:6 Expected a colon, found something else.'],
    ['a name without quotes', '{a: 1}', '1:2 Expected a name in double quotes, found something else.'],
    ['single quotes', "{'a': 1}", '1:2 Expected a name in double quotes, found something else.'],
    ['an open object', '{\n"a": {}', '2:8 Expected a comma or }, found the end.'],
    ['an open string', '{"a": "b', '1:7 The string is not closed.'],
    ['a line end in a string', '{"a": "b\n"}', '1:9 The string is not closed on its line.'],
    ['a bad escape', '"\\x"', '1:2 A backslash must begin an escape such as \\" or \\u0041.'],
    ['a word', '{"a": yes}', '1:7 Expected a value, found something else.'],
    ['a number with a leading zero', '[01]', '1:2 Expected a value, found something else.'],
    ['a name twice', '{"a": 1,\n"a": 2}', '2:1 The name "a" is there twice.'],
    ['two documents', '{} {}', '1:4 Nothing may follow the end of the document.'],
    ['a comment', '{} // no', '1:4 Nothing may follow the end of the document.'],
  ])('finds %s', (_, text, want) => expect(fault(text)).toBe(want));

  it.each(['{}', '[]', ' [1, -0.5e+3, true, false, null, "a\\u0041\\n"] \r\n', '"\u2028"', '{"a":{"b":[{"c":[]}]}}'])(
    'accepts %j, as JSON.parse does',
    (text) => {
      expect(() => JSON.parse(text)).not.toThrow();
      expect(fault(text)).toBeUndefined();
    },
  );

  it('refuses what is nested too deeply instead of exhausting the stack', () => {
    expect(fault('['.repeat(100_000))).toBe('1:102 The document is nested too deeply.');
  });

  it('tells places of values and names', () => {
    expect(readJSON('{"a": ["b"]}')).toEqual({
      root: {
        at: 0,
        type: 'object',
        members: [{ at: 1, name: 'a', value: { at: 6, type: 'array', items: [{ at: 7, type: 'string', value: 'b' }] } }],
      },
    });
  });
});
