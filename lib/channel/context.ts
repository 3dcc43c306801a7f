/** What handles need of the connection that they belong to. */
import type { Buffer } from 'node:buffer';
import type { TimerQueue } from '../util/timer-queue.js';
import type { ApplyResult } from './registry/apply.js';
import type { Command } from './registry/command.js';
import type { Order } from './registry/entry.js';

/** Messages that were dropped, by the reason. */
export interface Dropped {
  /** No message of ours in the bytes, or of another version. */
  malformed: number;
  /** For a channel that is not here, or not any more. */
  unknownChannel: number;
  /** From somebody who is neither the server nor a client of the channel. */
  stranger: number;
  /** Replies to calls that are not awaited any more, or never were, and words of their receipt. */
  late: number;
  /** Too long, pieces missing, or posts without a place in the queue. */
  unfit: number;
  /** Requests whose time was over before the application took them. */
  expired: number;
  /** Numbers that a member claims, far above those of all others. */
  claim: number;
  /** Members that said nothing when tables came together, and were left out. */
  silent: number;
}

export const nothingDropped = (): Dropped => ({
  malformed: 0,
  unknownChannel: 0,
  stranger: 0,
  late: 0,
  unfit: 0,
  expired: 0,
  claim: 0,
  silent: 0,
});

export interface ChannelContext {
  readonly alarm: TimerQueue;
  /** Time of day, as `Date.now()`. */
  date(): number;
  readonly dropped: Dropped;
  /** A number that no message of this connection has had. */
  nextId(): number;
  /** Sends what belongs together, in one turn. Rejects when the connection is gone. */
  transmit(to: string, messages: readonly Buffer[], order: Order): Promise<void>;
  /** @returns the outcome; rejects with ConnectionClosedError */
  command(command: Command): Promise<ApplyResult>;
  /** A handle is not used any more. */
  forget(handle: object): void;
}

/** Sends without waiting: whoever does not get it learns that the connection is gone by other means. */
export function transmitted(sent: Promise<void>): void {
  sent.catch(() => undefined);
}
