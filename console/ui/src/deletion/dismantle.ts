// Takes off an entity what stands in the way of its deletion, piece by piece, and goes on past what it may not take.

/** One kind of thing that must go: how to list it, and how to remove one. */
export type Stage = {
  /** In the plural, as in "could not list its access keys". */
  what: string;
  list(): Promise<{ name: string; remove(): Promise<unknown> }[]>;
};

export type Progress = { text: string; state: 'running' | 'done' | 'failed'; error?: unknown };

/**
 * Runs the stages one after another, then the last step, which is tried even after a failure: what could not be listed
 * need not exist. Answers whether the last step succeeded; report is called with everything so far after each change.
 */
export async function dismantle(
  stages: Stage[],
  last: { name: string; remove(): Promise<unknown> },
  report: (progress: Progress[]) => void,
): Promise<boolean> {
  const progress: Progress[] = [];
  const step = async (text: string, work: () => Promise<unknown>): Promise<boolean> => {
    const at = progress.push({ text, state: 'running' }) - 1;
    report([...progress]);
    try {
      await work();
      progress[at] = { text, state: 'done' };
    } catch (error) {
      progress[at] = { text, state: 'failed', error };
    }
    report([...progress]);
    return progress[at]?.state === 'done';
  };

  for (const stage of stages) {
    let found: Awaited<ReturnType<Stage['list']>>;
    try {
      found = await stage.list();
    } catch (error) {
      progress.push({ text: `List the ${stage.what}`, state: 'failed', error });
      report([...progress]);
      continue;
    }
    for (const { name, remove } of found) await step(`Remove ${name}`, remove);
  }
  return step(`Delete ${last.name}`, last.remove);
}
