/** What is sent between a flush and the next view, and goes out in that view, in the order of the calls. */
import { Buffer } from '#buffer';
import { COPY_LIMIT_BYTES } from '../mailbox/frame-slab.js';
import { type Deferred, deferred } from '../util/deferred.js';
import type { GroupId } from '../wire/group-id.js';

/** One message on its way to a group. */
export interface GroupMessage {
  readonly service: number;
  readonly type: number;
  readonly bytes: Uint8Array;
  /** The only view that it may go out in. */
  readonly view: GroupId | undefined;
  /** Only these members get it. */
  readonly members: readonly string[] | undefined;
}

export class HeldSends {
  private waiting: { readonly message: GroupMessage; readonly sent: Deferred<void> }[] = [];

  /** Keeps it, with copies of what would be copied if it were sent now. @returns how the send ends */
  hold(message: GroupMessage): Promise<void> {
    const isCopied = message.bytes.length < COPY_LIMIT_BYTES;
    const bytes = isCopied ? Buffer.from(message.bytes) : message.bytes;
    const kept = { ...message, bytes, members: message.members?.slice() };
    const sent = deferred<void>();
    this.waiting.push({ message: kept, sent });
    return sent.promise;
  }

  /** Sends all of them now. */
  release(send: (message: GroupMessage) => Promise<void>): void {
    if (this.waiting.length === 0) return;
    const sendNow = async (message: GroupMessage): Promise<void> => await send(message);
    for (const { message, sent } of this.waiting.splice(0)) sendNow(message).then(sent.resolve, sent.reject);
  }

  /** None of them is sent. */
  reject(error: Error): void {
    for (const { sent } of this.waiting.splice(0)) sent.reject(error);
  }
}
