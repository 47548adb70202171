import { describe, expect, it } from 'vitest';
import { sameJSON } from './enforcement';

describe('sameJSON', () => {
  it('compares content, not its order or layout', () => {
    expect(sameJSON('{"a":[1,{"b":2,"c":3}]}', '{ "a": [1, {"c": 3, "b": 2}] }')).toBe(true);
    expect(sameJSON('{"a":[1,2]}', '{"a":[2,1]}')).toBe(false);
    expect(sameJSON('{"a":1}', '{"a":1,"b":2}')).toBe(false);
    expect(sameJSON('{', '{}')).toBe(false);
  });
});
