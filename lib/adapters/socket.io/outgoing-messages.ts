/**
 * Messages on their way into the order: those that wait, before the group is joined or while the daemon is slow, and those that were sent and have not come
 * back. What is not ordered in the end is handed back, for the clients of this server at least.
 *
 * Each has a number, by which it is known when it comes back. All up to one number have acted here: after a loss or a gap they may come back all the
 * same, or for a second time, and do not act again.
 */
import type { Buffer } from 'node:buffer';
import { Fifo } from '../../util/fifo.js';
import { partsOf } from '../parts.js';
import { encodeMessage, type LinkMessage } from './message.js';
import { WaitingMessages } from './waiting-messages.js';

/** Messages that wait, at most: above, the oldest volatile one is dropped; without one, the new message acts here alone. */
export const MAX_WAITING = 10_000;

interface Numbered {
  readonly number: number;
  readonly message: LinkMessage;
}

interface Queued extends Numbered {
  readonly parts: readonly Buffer[];
  readonly isVolatile: boolean;
  readonly sent: () => void;
}

export interface OutgoingPort {
  /** Sends to the group; resolves when the next one may be sent. */
  send(part: Buffer): Promise<void>;
  /** A message gets no place in the order. */
  unordered(message: LinkMessage): void;
  /** A volatile message was dropped, as too many wait. */
  dropped(): void;
}

export class OutgoingMessages {
  private readonly waiting = new WaitingMessages<Queued>();
  /** Sent, and not back. */
  private readonly inFlight = new Fifo<Numbered>();
  /** Number of the next one. */
  private next: number;
  /** Those below this number have acted here. */
  private acted: number;
  private isOpen = false;
  private isSending = false;
  /** Counts the times that this was closed. */
  private life = 0;

  /** @param first number of the first one: by chance, so that messages of a program that has our name of before are known as others */
  constructor(
    private readonly port: OutgoingPort,
    private readonly first: number,
  ) {
    this.next = this.acted = first;
  }

  /** Whether something waits or is not back. */
  get isBusy(): boolean {
    return this.waiting.length > 0 || this.inFlight.length > 0;
  }

  /**
   * @returns a promise that resolves when it is sent, or has acted here
   * @throws IllegalParamError for what cannot be sent, MessageTooLongError
   */
  add(message: LinkMessage, isVolatile: boolean): Promise<void> {
    const parts = partsOf(encodeMessage(message, this.next));
    if (this.waiting.length >= MAX_WAITING && !this.dropVolatile()) {
      this.port.unordered(message);
      return Promise.resolve();
    }
    const number = this.next++;
    return new Promise((sent) => {
      this.waiting.push({ number, message, parts, isVolatile, sent });
      void this.pump();
    });
  }

  /** From here on messages are sent. */
  open(): void {
    this.isOpen = true;
    void this.pump();
  }

  /** Nothing is sent any more: all of them act here. Those that were sent may come back all the same. */
  close(): void {
    this.isOpen = false;
    this.life++;
    const [sent, waiting] = [this.inFlight.drain(), this.waiting.drain()];
    for (const each of [...sent, ...waiting]) this.actHere(each);
    for (const { sent: done } of waiting) done();
  }

  /** Whether a number is one of ours. */
  isOwn(number: number | undefined): number is number {
    return number !== undefined && number >= this.first && number < this.next;
  }

  /** One of ours has its place. @returns whether it has acted here before */
  returned(number: number): boolean {
    if (number < this.acted) return true;
    // They keep their order, so one that was passed does not come any more.
    for (let next = this.inFlight.peek(); next && next.number <= number; next = this.inFlight.peek()) {
      this.inFlight.shift();
      if (next.number < number) this.actHere(next);
    }
    this.acted = Math.max(this.acted, number + 1);
    return false;
  }

  private actHere({ number, message }: Numbered): void {
    this.acted = Math.max(this.acted, number + 1);
    this.port.unordered(message);
  }

  private async pump(): Promise<void> {
    if (this.isSending) return;
    this.isSending = true;
    while (this.isOpen) {
      const next = this.waiting.shift();
      if (!next) break;
      this.inFlight.push({ number: next.number, message: next.message });
      await this.sendParts(next.parts);
      next.sent();
    }
    this.isSending = false;
  }

  /** What fails here is answered by the loss of the connection, which closes this. */
  private async sendParts(parts: readonly Buffer[]): Promise<void> {
    const { life } = this;
    for (const part of parts) {
      // The rest of a message is of no use without its beginning.
      if (life !== this.life) return;
      try {
        await this.port.send(part);
      } catch {
        return;
      }
    }
  }

  private dropVolatile(): boolean {
    const oldest = this.waiting.dropVolatile();
    if (!oldest) return false;
    this.port.dropped();
    oldest.sent();
    return true;
  }
}
