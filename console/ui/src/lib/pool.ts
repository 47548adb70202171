// Does one thing for many names, some at once; a refusal is noted and the next name tried.
import { hasCode } from './iam';

export type Failure = { name: string; error: unknown };
export type Progress = { done: number; total: number; failures: Failure[] };

/** Requests on their way at once: enough to hide the distance, few enough to leave the server to others. */
const atOnce = 4;
/** After so many refusals in a row the rest is not tried: the session is over, or a policy denies it. */
const patience = 20;

export async function forEach(
  names: string[],
  work: (name: string) => Promise<unknown>,
  report: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<Progress> {
  const failures: Failure[] = [];
  let next = 0;
  let done = 0;
  let inRow = 0;
  const now = () => ({ done, total: names.length, failures: [...failures] });
  const worker = async () => {
    while (next < names.length && inRow < patience && !signal.aborted) {
      const name = names[next++]!;
      try {
        await work(name);
        inRow = 0;
      } catch (error) {
        // One that was deleted meanwhile has nothing left to do for.
        if (!hasCode(error, 'NoSuchEntity')) {
          failures.push({ name, error });
          inRow++;
        }
      }
      done++;
      report(now());
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return now();
}
