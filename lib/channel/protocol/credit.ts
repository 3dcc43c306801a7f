/** Messages of the kind `credit` [channels 17.4]. */
import { Buffer } from 'node:buffer';
import type { ClaimId } from '../registry/entry.js';
import type { Credit } from '../credit-ledger.js';
import { encodeMessage, type Message } from './message.js';

/**
 * What its `word` says. From the server: grant, first, recall, ask. From the client: want, giveBack, restart. `restart`: the
 * client has no credit any more, and wants the first; `ask`: it is to do that.
 */
export const CREDIT = {
  grant: 1,
  first: 2,
  recall: 3,
  want: 4,
  giveBack: 5,
  restart: 6,
  ask: 7,
} as const;

/** A grant tells along how many posts of this client have left the queue since it attached first. */
export interface Grant extends Credit {
  readonly isFirst: boolean;
  readonly taken: number;
  /** Of the first: the `restart` that it answers; 0: none. */
  readonly id: number;
}

const words = (...values: readonly number[]): Buffer => {
  const body = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) body.writeUInt32BE(value >>> 0, 4 * i);
  return body;
};

export const encodeGrant = (claim: ClaimId, { posts, bytes, isFirst, taken, id }: Grant): Buffer =>
  encodeMessage('credit', claim, id, {
    word: isFirst ? CREDIT.first : CREDIT.grant,
    body: words(posts, bytes, taken),
  });

/** The grant, or null when the message is none. */
export function decodeGrant({ word, body, id }: Message): Grant | null {
  if ((word !== CREDIT.grant && word !== CREDIT.first) || body.length !== 12) return null;
  const [posts, bytes, taken] = [body.readUInt32BE(0), body.readUInt32BE(4), body.readUInt32BE(8)];
  return { posts, bytes, taken, id, isFirst: word === CREDIT.first };
}

export const encodeRecall = (claim: ClaimId): Buffer =>
  encodeMessage('credit', claim, 0, { word: CREDIT.recall });

/** @param id which the first credit that answers it has too */
export const encodeRestart = (claim: ClaimId, id: number): Buffer =>
  encodeMessage('credit', claim, id, { word: CREDIT.restart });

export const encodeAsk = (claim: ClaimId): Buffer => encodeMessage('credit', claim, 0, { word: CREDIT.ask });

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
