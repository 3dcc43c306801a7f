/**
 * The bytes of a recorded stream in a form in which two runs of one story are equal: group ids by rank, vs sets in the order
 * of their bytes. Everything else stays as it is.
 */
import { Buffer } from 'node:buffer';
import { type GroupId, readGroupId, writeGroupId } from '../../lib/wire/group-id.js';
import { HEADER_BYTES, NAME_BYTES } from '../../lib/wire/limits.js';
import { framesOf, type Trace } from '../support/recordings.js';

const SET_COUNT_AT = 12;
const OWN_SET_AT = 16;
const SETS_AT = 20;

/** Starts of the membership bodies in the stream that the trace has from its daemon. */
const bodiesOf = (trace: Trace): number[] =>
  framesOf(trace, 'd2c')
    .filter(({ membership }) => membership !== undefined)
    .map(({ offset, num_groups: members }) => offset + HEADER_BYTES + members * NAME_BYTES);

export const idsIn = (trace: Trace, stream: Buffer): GroupId[] =>
  bodiesOf(trace)
    .filter((at) => at + SET_COUNT_AT <= stream.length)
    .map((at) => readGroupId(stream, at, true));

/** @param rank of `ranked` */
export function canonical(trace: Trace, stream: Buffer, rank: (id: GroupId) => GroupId): Buffer {
  const copy = Buffer.from(stream);
  for (const frame of framesOf(trace, 'd2c')) {
    const at = frame.offset + HEADER_BYTES + frame.num_groups * NAME_BYTES;
    const end = frame.offset + frame.length;
    if (!frame.membership || end > copy.length) continue;
    writeGroupId(copy, at, rank(readGroupId(copy, at, true)));
    if (end > at + SETS_AT) sortSets(copy.subarray(at, end));
  }
  return copy;
}

function sortSets(body: Buffer): void {
  const own = SETS_AT + body.readInt32LE(OWN_SET_AT);
  const sets: { readonly bytes: Buffer; readonly isOwn: boolean }[] = [];
  let at = SETS_AT;
  for (let left = body.readInt32LE(SET_COUNT_AT); left > 0 && at + 4 <= body.length; left--) {
    const end = at + 4 + body.readInt32LE(at) * NAME_BYTES;
    sets.push({ bytes: Buffer.from(body.subarray(at, end)), isOwn: at === own });
    at = end;
  }
  at = SETS_AT;
  for (const { bytes, isOwn } of sets.toSorted((a, b) => Buffer.compare(a.bytes, b.bytes))) {
    if (isOwn) body.writeInt32LE(at - SETS_AT, OWN_SET_AT);
    body.set(bytes, at);
    at += bytes.length;
  }
}
