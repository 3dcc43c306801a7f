/** A group id: three 32-bit words. Equality of all three is the only comparison it has [session 6.5]. */
import type { Buffer } from '#buffer';
import { readInt, writeInt } from './byte-order.js';

export const GROUP_ID_BYTES = 12;

/** Signed words: a daemon's identity, the time of its daemon view, a counter. Meaningful with its group's name only. */
export type GroupId = readonly [daemon: number, time: number, counter: number];

/** Whether two group ids are the same. */
export const equalGroupIds = (a: GroupId, b: GroupId): boolean =>
  a[0] === b[0] && a[1] === b[1] && a[2] === b[2];

export const readGroupId = (bytes: Buffer, at: number, little: boolean): GroupId => [
  readInt(bytes, at, little),
  readInt(bytes, at + 4, little),
  readInt(bytes, at + 8, little),
];

export function writeGroupId(bytes: Buffer, at: number, id: GroupId): void {
  writeInt(bytes, at, id[0], true);
  writeInt(bytes, at + 4, id[1], true);
  writeInt(bytes, at + 8, id[2], true);
}

/** Text for logs and terminals, the words unsigned. */
export const groupIdText = (id: GroupId): string => id.map((word) => word >>> 0).join('.');
