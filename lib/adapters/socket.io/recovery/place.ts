/**
 * Places in the order of a namespace, and their text: what a client of Socket.IO keeps as its offset. Servers that were in the same view
 * count the same messages in it, so a place means the same at all of them.
 */

/** After this many messages of a view. */
export interface Place {
  /** Eight hexadecimal digits that stand for the view. */
  readonly view: string;
  /** Messages of that view up to this place, from 0. */
  readonly index: number;
}

const FORM = /^([0-9a-f]{8})-([0-9a-z]{1,10})$/;

export const offsetOf = ({ view, index }: Place): string => `${view}-${index.toString(36)}`;

/** The place; null for a text that is not an offset: a client takes any text at the end of an event for one. */
export function placeOf(offset: unknown): Place | null {
  const match = typeof offset === 'string' ? FORM.exec(offset) : null;
  if (!match) return null;
  return { view: match[1] as string, index: Number.parseInt(match[2] as string, 36) };
}
