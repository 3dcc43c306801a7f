/**
 * Processes that had the state when a quorum was last together, and whose end was not seen: private names and the numbers
 * of the processes behind them, since a name may come back with another process, which remembers nothing.
 */
import type { BodyReader, BodyWriter } from '../codec.js';
import { MAX_ROLL } from '../limits.js';

export type Roll = ReadonlyMap<string, number>;

export const NOBODY: Roll = new Map();

/** One that is too long is not told: more of the old members have to come together then. */
export function writeRoll(writer: BodyWriter, roll: Roll): void {
  const told = roll.size <= MAX_ROLL ? roll : NOBODY;
  writer.number(told.size);
  for (const [name, instance] of told) writer.text(name).number(instance);
}

export function readRoll(reader: BodyReader): Roll {
  const roll = new Map<string, number>();
  for (let count = Math.min(reader.number(), MAX_ROLL); count > 0; count--) {
    const name = reader.text();
    roll.set(name, reader.number());
  }
  return roll;
}
