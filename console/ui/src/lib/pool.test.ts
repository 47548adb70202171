import { describe, expect, it } from 'vitest';
import { ConsoleError } from './console';
import { forEach } from './pool';

const users = Array.from({ length: 100 }, (_, i) => `user${i}`);
const refusal = (code: string) => new ConsoleError(code, 'no', 400);

describe('forEach', () => {
  it('does the work for everyone, and goes on after a refusal', async () => {
    const done: string[] = [];
    const work = async (user: string) => {
      if (user === 'user7') throw refusal('LimitExceeded');
      done.push(user);
    };
    const reports: number[] = [];
    const end = await forEach(users, work, ({ done: n }) => reports.push(n), new AbortController().signal);
    expect(done).toHaveLength(99);
    expect(end).toMatchObject({ done: 100, total: 100, failures: [{ name: 'user7' }] });
    expect(reports.at(-1)).toBe(100);
  });

  it('takes one that was deleted meanwhile for done', async () => {
    const end = await forEach(['a'], () => Promise.reject(refusal('NoSuchEntity')), () => undefined, new AbortController().signal);
    expect(end).toEqual({ done: 1, total: 1, failures: [] });
  });

  it('gives up when everything is refused', async () => {
    const end = await forEach(users, () => Promise.reject(refusal('AccessDenied')), () => undefined, new AbortController().signal);
    expect(end.failures.length).toBeGreaterThanOrEqual(20);
    expect(end.done).toBeLessThan(30);
  });

  it('stops when it is told to', async () => {
    const control = new AbortController();
    const end = await forEach(users, async () => control.abort(), () => undefined, control.signal);
    expect(end.done).toBeLessThan(10);
  });
});
