/** What a key of Keyv has in the map: the value as Keyv gave it, and when it expires. */
import { isListOf } from '../../recipes/core/machines/machine.js';

export interface Entry {
  readonly v: unknown;
  /** Milliseconds since 1970, by the clock of the member that set it; without one it stays. */
  readonly x?: number;
}

/** Whether it is over. @param now milliseconds since 1970 */
export const isExpired = ({ x }: Entry, now: number): boolean => x !== undefined && x <= now;

/** It comes from another member, so it is checked: without a value it would be null in a snapshot. */
export const isEntry = (value: unknown): value is Entry => {
  const { v, x } = Object(value) as Partial<Entry>;
  return v !== undefined && (x === undefined || Number.isFinite(x));
};

/** Whether it is a list of keys, each with its entry. */
export const isEntryList = (value: unknown): value is readonly (readonly [string, Entry])[] =>
  isListOf(value, ({ 0: key, 1: entry }) => typeof key === 'string' && isEntry(entry));
