import { describe, expect, it } from 'vitest';
import { dismantle, type Progress, type Stage } from './dismantle';

const thing = (name: string, log: string[], error?: Error) => ({
  name,
  remove: async () => {
    log.push(name);
    if (error) throw error;
  },
});

async function run(stages: Stage[], log: string[], lastError?: Error) {
  let progress: Progress[] = [];
  const done = await dismantle(stages, thing('user alice', log, lastError), (now) => (progress = now));
  return { done, states: progress.map(({ text, state }) => `${text}: ${state}`) };
}

describe('dismantle', () => {
  it('removes stage by stage, then deletes', async () => {
    const log: string[] = [];
    const stages = [
      { what: 'keys', list: async () => [thing('key 1', log), thing('key 2', log)] },
      { what: 'groups', list: async () => [] },
    ];
    const { done, states } = await run(stages, log);
    expect(done).toBe(true);
    expect(log).toEqual(['key 1', 'key 2', 'user alice']);
    expect(states).toEqual(['Remove key 1: done', 'Remove key 2: done', 'Delete user alice: done']);
  });

  it('goes on past what fails, tries to delete all the same, and says what failed', async () => {
    const log: string[] = [];
    const denied = new Error('denied');
    const stages = [
      { what: 'keys', list: () => Promise.reject(denied) },
      { what: 'devices', list: async () => [thing('device 1', log, denied), thing('device 2', log)] },
    ];
    const { done, states } = await run(stages, log, new Error('conflict'));
    expect(done).toBe(false);
    expect(log).toEqual(['device 1', 'device 2', 'user alice']);
    expect(states).toEqual([
      'List the keys: failed',
      'Remove device 1: failed',
      'Remove device 2: done',
      'Delete user alice: failed',
    ]);
  });
});
