/** What stands in the order of a world of resuming clients: payloads of real frames, and what each frame is for the groups. */
import { Buffer } from 'node:buffer';
import { encodeDaemonFrame, fieldWriter } from '../../../lib/wire/extension/frame.js';
import { encodeMessage, encodeRequest } from '../../../lib/wire/request.js';
import { AGREED_MESS, JOIN_MESS, KILL_MESS, LEAVE_MESS, SELF_DISCARD } from '../../../lib/wire/service.js';

/** A request of a client, as its session numbers it. */
export interface Request {
  readonly kind: 'data' | 'private' | 'join' | 'leave';
  /** The group, or the name that a private message goes to. */
  readonly to: string;
  readonly number: number;
  /** Text of a message. */
  readonly id: string;
  readonly discard: boolean;
}

export type Item =
  | (Request & { readonly from: string; readonly sid: bigint })
  | { readonly kind: 'kill'; readonly from: string }
  | {
      readonly kind: 'return';
      readonly sid: bigint;
      readonly attempt: number;
      readonly last: number;
      readonly old: string;
      readonly name: string;
      readonly groups: readonly string[];
      /** Whether the session that has the name has ended: its memberships end with it. */
      readonly isNew: boolean;
    };

export interface Payload {
  readonly sender: string;
  /** Null: it is one of the exchange. */
  readonly bytes: Buffer | null;
  readonly items: readonly { readonly item: Item; readonly at: number }[];
  /** It completes the exchange. */
  readonly completes: boolean;
}

function frameOf(item: Item): Buffer {
  switch (item.kind) {
    case 'data':
    case 'private': {
      const service = AGREED_MESS | (item.discard ? SELF_DISCARD : 0);
      return encodeMessage(service, item.from, [item.to], 0, [Buffer.from(item.id, 'latin1')]);
    }
    case 'join':
      return encodeRequest(JOIN_MESS, item.from, [item.to]);
    case 'leave':
      return encodeRequest(LEAVE_MESS, item.from, [item.to]);
    case 'kill':
      return encodeRequest(KILL_MESS, item.from, [item.from]);
    default:
      return encodeDaemonFrame(2, item.name, fieldWriter().u64(item.sid).finish());
  }
}

export function payloadOf(sender: string, items: readonly Item[]): Payload {
  const frames = items.map(frameOf);
  let at = 0;
  const placed = items.map((item, i) => {
    const here = { item, at };
    at += (frames[i] as Buffer).length;
    return here;
  });
  return { sender, bytes: Buffer.concat(frames), items: placed, completes: false };
}

export const exchangePayload = (sender: string, completes: boolean): Payload => ({
  sender,
  bytes: null,
  items: [],
  completes,
});
