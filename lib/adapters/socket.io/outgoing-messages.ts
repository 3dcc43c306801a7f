/**
 * Messages on their way into the order: those that wait, before the group is joined or while the daemon is slow, and those that were sent and have not come
 * back. What is not ordered in the end is handed back, for the clients of this server at least.
 */
import type { Buffer } from 'node:buffer';
import { Fifo } from '../../util/fifo.js';
import { partsOf } from '../parts.js';
import { encodeMessage, type LinkMessage } from './message.js';

/** Messages that wait, at most: above, the oldest volatile one is dropped; without one, the new message acts here alone. */
export const MAX_WAITING = 10_000;

interface Queued {
  readonly message: LinkMessage;
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
  private readonly waiting = new Fifo<Queued>();
  /** Sent, and not back. */
  private readonly inFlight = new Fifo<LinkMessage>();
  /** How many of those that were sent have acted here already. */
  private acted = 0;
  private isOpen = false;
  private isSending = false;
  /** Counts the times that this was closed. */
  private life = 0;

  constructor(private readonly port: OutgoingPort) {}

  /** Whether something waits or is not back. */
  get isBusy(): boolean {
    return this.waiting.length > 0 || this.inFlight.length > 0 || this.acted > 0;
  }

  /**
   * @returns a promise that resolves when it is sent, or has acted here
   * @throws IllegalParamError for what cannot be sent, MessageTooLongError
   */
  add(message: LinkMessage, isVolatile: boolean): Promise<void> {
    const parts = partsOf(encodeMessage(message));
    if (this.waiting.length >= MAX_WAITING && !this.dropVolatile()) {
      this.port.unordered(message);
      return Promise.resolve();
    }
    return new Promise((sent) => {
      this.waiting.push({ message, parts, isVolatile, sent });
      void this.pump();
    });
  }

  /** From here on messages are sent. */
  open(): void {
    this.isOpen = true;
    void this.pump();
  }

  /** Nothing is sent any more: all of them act here. @param mayReturn whether those that were sent may come back all the same */
  close(mayReturn: boolean): void {
    this.isOpen = false;
    this.life++;
    const sent = this.inFlight.drain();
    this.acted = mayReturn ? this.acted + sent.length : 0;
    const waiting = this.waiting.drain();
    for (const message of sent) this.port.unordered(message);
    for (const { message, sent: done } of waiting) {
      this.port.unordered(message);
      done();
    }
  }

  /** One of ours has its place. @returns whether it has acted here before */
  returned(): boolean {
    if (this.acted > 0) {
      this.acted--;
      return true;
    }
    this.inFlight.shift();
    return false;
  }

  /** What was sent before does not come back. */
  forget(): void {
    this.acted = 0;
  }

  private async pump(): Promise<void> {
    if (this.isSending) return;
    this.isSending = true;
    while (this.isOpen) {
      const next = this.waiting.shift();
      if (!next) break;
      this.inFlight.push(next.message);
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
    const oldest = this.waiting.items().find(({ isVolatile }) => isVolatile);
    if (!oldest) return false;
    this.waiting.remove(oldest);
    this.port.dropped();
    oldest.sent();
    return true;
  }
}
