/**
 * After a partition, a client that waited asks what became of its calls (`query`), and the server says it (`answer`):
 * a message may have been lost on the way, and only the server knows whether it ever came.
 */
import { Buffer } from 'node:buffer';
import type { ClaimId } from '../registry/entry.js';
import { encodeMessage, type Message } from './message.js';

/**
 * `queued`: it waits for the application. `unseen`: it never came. `answered`: it came, and its answer was lost.
 * `received`: the application has taken it and not answered yet.
 */
export const FATES = ['queued', 'unseen', 'answered', 'received'] as const;
export type Fate = (typeof FATES)[number];

const ID_BYTES = 8;
const FATE_BYTES = ID_BYTES + 1;
/** Calls in one question. */
export const MAX_QUERIED = 10_000;

export function encodeQuery(claim: ClaimId, ids: readonly number[]): Buffer {
  const body = Buffer.alloc(ID_BYTES * ids.length);
  for (const [i, id] of ids.entries()) body.writeBigUInt64BE(BigInt(id), ID_BYTES * i);
  return encodeMessage('query', claim, 0, { body });
}

export const decodeQuery = ({ body }: Message): number[] =>
  Array.from({ length: Math.floor(body.length / ID_BYTES) }, (_, i) =>
    Number(body.readBigUInt64BE(ID_BYTES * i)),
  );

export function encodeAnswer(claim: ClaimId, fates: readonly (readonly [id: number, fate: Fate])[]): Buffer {
  const body = Buffer.alloc(FATE_BYTES * fates.length);
  for (const [i, [id, fate]] of fates.entries()) {
    body.writeBigUInt64BE(BigInt(id), FATE_BYTES * i);
    body[FATE_BYTES * i + ID_BYTES] = FATES.indexOf(fate);
  }
  return encodeMessage('answer', claim, 0, { body });
}

export const decodeAnswer = ({ body }: Message): [id: number, fate: Fate][] =>
  Array.from({ length: Math.floor(body.length / FATE_BYTES) }, (_, i) => {
    const fate = FATES[body[FATE_BYTES * i + ID_BYTES] as number] ?? 'answered';
    return [Number(body.readBigUInt64BE(FATE_BYTES * i)), fate];
  });
