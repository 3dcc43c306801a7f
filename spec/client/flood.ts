/** A connection with a group that nobody reads, and messages for it. */
import type { Buffer } from 'node:buffer';
import type { Group } from '../../lib/client/group.js';
import { alone, data, REQUEST_BYTES } from './frames.js';
import { settle, type ClientFixture, within } from './support.js';

export const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));
/** Messages with the texts `0`, `1` and so on. */
export const flood = (count: number, group = 'g'): Buffer[] =>
  numbers(count).map((text) => data(text, [group]));

/** Groups `g`, which nobody reads, and `h`, whose messages are noted. */
export async function twoGroups(stage: ClientFixture): Promise<{ g: Group; heard: string[] }> {
  const { connection, session } = stage;
  const joins = Promise.all([connection.join('g'), connection.join('h')]);
  await session.bytesFrom(2 * REQUEST_BYTES);
  await session.send(alone('g'), alone('h'));
  const [g, h] = await within(joins, 'the joins');
  const heard: string[] = [];
  h.on('data', ({ text }) => heard.push(text));
  await settle();
  return { g, heard };
}
