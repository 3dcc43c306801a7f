/** The keys by which node-cron asks: the name of a job and the time of one of its runs. */
import { Buffer } from '#buffer';
import { errorOf } from '../../errors.js';
import { ILLEGAL_PARAM } from '../../wire/codes.js';

/** Longest name of a job, in bytes of UTF-8. */
export const MAX_NAME_BYTES = 1000;
/** Length of what `toISOString` gives for the years 0 to 9999. */
const TIME_LENGTH = 24;

/** One run of a job. */
export interface Run {
  /** Of the job, 1 to 1000 bytes. */
  readonly name: string;
  /** When the run is due: milliseconds since 1970. */
  readonly slot: number;
}

/** @param key `<name>:<time>`, the time as `toISOString` gives it @throws IllegalParamError */
export function runOf(key: unknown): Run {
  if (typeof key !== 'string') throw errorOf(ILLEGAL_PARAM, `key must be a string, got ${typeof key}`);
  const split = key.length - TIME_LENGTH - 1;
  const time = key.slice(split + 1);
  const slot = Date.parse(time);
  const isTime = !Number.isNaN(slot) && new Date(slot).toISOString() === time;
  if (split < 1 || key[split] !== ':' || !isTime)
    throw errorOf(
      ILLEGAL_PARAM,
      `expected a key such as report:2026-01-31T12:00:00.000Z, got ${JSON.stringify(key.slice(0, 100))}`,
    );
  const name = key.slice(0, split);
  const bytes = Buffer.byteLength(name);
  if (bytes > MAX_NAME_BYTES)
    throw errorOf(ILLEGAL_PARAM, `name of the job is ${bytes} bytes, limit is ${MAX_NAME_BYTES}`);
  return { name, slot };
}
