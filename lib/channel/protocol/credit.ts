/** Messages of the kind `credit` [channels 17.4]. */
import { Buffer } from 'node:buffer';
import type { ClaimId } from '../registry/entry.js';
import type { Credit } from '../credit-ledger.js';
import { encodeMessage, type Message } from './message.js';

/** What its `word` says. From the server: grant, first, recall. From the client: want, giveBack. */
export const CREDIT = { grant: 1, first: 2, recall: 3, want: 4, giveBack: 5 } as const;

/** A grant tells along how many posts of this client have left the queue since it attached first. */
export interface Grant extends Credit {
  readonly isFirst: boolean;
  readonly taken: number;
}

const words = (...values: readonly number[]): Buffer => {
  const body = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) body.writeUInt32BE(value >>> 0, 4 * i);
  return body;
};

export const encodeGrant = (claim: ClaimId, { posts, bytes, isFirst, taken }: Grant): Buffer =>
  encodeMessage('credit', claim, 0, {
    word: isFirst ? CREDIT.first : CREDIT.grant,
    body: words(posts, bytes, taken),
  });

/** The grant, or null when the message is none. */
export function decodeGrant({ word, body }: Message): Grant | null {
  if ((word !== CREDIT.grant && word !== CREDIT.first) || body.length !== 12) return null;
  const [posts, bytes, taken] = [body.readUInt32BE(0), body.readUInt32BE(4), body.readUInt32BE(8)];
  return { posts, bytes, taken, isFirst: word === CREDIT.first };
}

export const encodeRecall = (claim: ClaimId): Buffer =>
  encodeMessage('credit', claim, 0, { word: CREDIT.recall });

/** @param bytes of the post that wants a place */
export const encodeWant = (claim: ClaimId, id: number, bytes: number): Buffer =>
  encodeMessage('credit', claim, id, { word: CREDIT.want, limit: bytes });

export const encodeGiveBack = (claim: ClaimId, { posts, bytes }: Credit): Buffer =>
  encodeMessage('credit', claim, 0, { word: CREDIT.giveBack, body: words(posts, bytes) });

/** What a client gave back, or null when the message does not say that. */
export const decodeGiveBack = ({ word, body }: Message): Credit | null =>
  word === CREDIT.giveBack && body.length === 8
    ? { posts: body.readUInt32BE(0), bytes: body.readUInt32BE(4) }
    : null;
