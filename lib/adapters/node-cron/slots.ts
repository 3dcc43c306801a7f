/**
 * The last run of each job that was given to somebody. A run is given once: when it is later than the last one. So one number
 * for each job is enough, and a member whose clock is behind gets nothing that was given before [adapters 5].
 */
import { Buffer } from '#buffer';
import { errorOf } from '../../errors.js';
import { isListOf, type Machine } from '../../recipes/core/machines/machine.js';
import { parseJson } from '../../util/json-depth.js';
import { MAX_DATE, MAX_STATE_DEPTH } from '../../recipes/core/limits.js';
import { MalformedCommandError } from '../../recipes/core/malformed.js';
import { ILLEGAL_PARAM } from '../../wire/codes.js';
import { MAX_NAME_BYTES, type Run } from './key.js';

/** Jobs that are remembered, while any member lives. */
export const MAX_JOBS = 10_000;

export class SlotMachine implements Machine<Run, boolean> {
  readonly kind = 'cron';
  private last = new Map<string, number>();

  reset(): void {
    this.last.clear();
  }

  /** @returns whether the run is the submitter's @throws IllegalParamError for one job too many; nothing has changed then */
  apply(run: Run): boolean {
    if (!isRun(run)) throw new MalformedCommandError('expected a run of a job');
    const { name, slot } = run;
    const before = this.last.get(name);
    if (before !== undefined && slot <= before) return false;
    // To forget a job would let an old run of it happen twice.
    if (before === undefined && this.last.size >= MAX_JOBS)
      throw errorOf(ILLEGAL_PARAM, `expected at most ${MAX_JOBS} names of jobs`);
    this.last.set(name, slot);
    return true;
  }

  snapshot(): Uint8Array {
    return Buffer.from(JSON.stringify([...this.last]));
  }

  async restore(pieces: AsyncIterable<Buffer>): Promise<void> {
    const all: Buffer[] = [];
    for await (const piece of pieces) all.push(piece);
    const state: unknown = parseJson(Buffer.concat(all).toString(), MAX_STATE_DEPTH);
    if (!isState(state)) throw errorOf(ILLEGAL_PARAM, 'expected the state of a cron');
    this.last = new Map(state);
  }
}

const isRun = (run: unknown): run is Run => {
  const { name, slot } = Object(run) as Record<string, unknown>;
  const isName = typeof name === 'string' && name !== '' && Buffer.byteLength(name) <= MAX_NAME_BYTES;
  return isName && Number.isSafeInteger(slot) && Math.abs(slot as number) <= MAX_DATE;
};

const isState = (state: unknown): state is [string, number][] =>
  isListOf(state, ({ 0: name, 1: slot }) => isRun({ name, slot }));
