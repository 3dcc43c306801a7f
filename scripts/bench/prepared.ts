/** Making a case ready out of several processes, all of which end when it does, or when one cannot be started. */
import type { Prepared, Probe } from './case.js';

/** Remembers what is to be ended. @returns what it was given */
export type Keep = <T extends AsyncDisposable>(held: T) => T;

export async function prepare(
  make: (keep: Keep) => Promise<{ subject: Probe; yardstick: Probe | null }>,
): Promise<Prepared> {
  const held: AsyncDisposable[] = [];
  const dispose = async (): Promise<void> => {
    for (let last = held.pop(); last; last = held.pop()) await last[Symbol.asyncDispose]();
  };
  try {
    const made = await make((each) => {
      held.push(each);
      return each;
    });
    return { ...made, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
