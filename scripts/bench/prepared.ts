/** Making a case ready out of several processes, all of which end when it does, or when one cannot be started. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Prepared } from './case.js';

/** Remembers what is to be ended. @returns what it was given */
export type Keep = <T extends AsyncDisposable>(held: T) => T;

export async function prepare(
  make: (keep: Keep) => Promise<Omit<Prepared, typeof Symbol.asyncDispose>>,
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

/** Folders that are there. */
const folders = new Set<string>();

/** A folder that is removed at the end, also when the bench is broken off. */
export function folder(keep: Keep): string {
  const path = mkdtempSync(join(tmpdir(), 'ssp-bench-'));
  if (folders.size === 0) process.once('exit', removeAll);
  folders.add(path);
  keep({
    async [Symbol.asyncDispose]() {
      remove(path);
      if (folders.size === 0) process.off('exit', removeAll);
    },
  });
  return path;
}

function remove(path: string): void {
  folders.delete(path);
  rmSync(path, { recursive: true, force: true });
}

function removeAll(): void {
  for (const path of folders) remove(path);
}
