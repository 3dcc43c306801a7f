/** What a client sends and may have to wait with. */
import { Buffer } from 'node:buffer';
import { ConnectionClosedError } from '../errors.js';
import { ChannelError } from './errors.js';
import type { Reply } from './options.js';
import type { Message } from './protocol/message.js';

/** Something on its way: sent and awaited, or behind a post that waits for a place. */
export interface QueuedSend {
  readonly kind: 'call' | 'post' | 'ping';
  readonly id: number;
  readonly messages: readonly Buffer[];
  /** Places in the server's queue, in bytes. */
  readonly bytes: number;
  readonly confirm: boolean;
  readonly waits: boolean;
  /** When the caller gives up, by the alarm; null: never, or of no interest to the server. */
  readonly until: number | null;
  /** Where it is noted that the server's application has taken it, if the server reports that. */
  readonly receipt: Receipt | null;
  isSent: boolean;
  isWanted: boolean;
  settle(answer: Message | null): void;
  fail(error: Error): void;
}

/** One that has not been sent. */
export const idle = (kind: QueuedSend['kind'], id: number, messages: readonly Buffer[], waits: boolean) => ({
  kind,
  id,
  messages,
  waits,
  bytes: 0,
  confirm: false,
  until: null,
  receipt: null,
  isSent: false,
  isWanted: false,
});

export const replyOf = ({ word, body, limit }: Message, from: string): Reply => ({
  status: word,
  // A copy: the buffer is shared with other messages, and the caller may keep the reply.
  body: Buffer.from(body),
  fullLength: limit,
  truncated: body.length < limit,
  from,
});

/** Whether the server's application has taken a request [channels 17.2], as far as its client knows. */
export class Receipt {
  received = false;

  /** The same outcome; an error of this library also says whether a receipt came. The reason of `signal` is not ours. */
  async of<T>(call: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    try {
      return await call;
    } catch (error) {
      const isOwn = error instanceof ChannelError || error instanceof ConnectionClosedError;
      if (isOwn && error !== signal?.reason) Object.assign(error, { received: this.received });
      throw error;
    }
  }
}
