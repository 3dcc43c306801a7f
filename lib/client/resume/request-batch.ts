/** Requests of a connection that comes back: those that are written together, and what is known of them. */
import { release } from '../../mailbox/slabs.js';
import { type Deferred, deferred } from '../../util/deferred.js';
import { CONNECTION_CLOSED } from '../../wire/codes.js';
import { LEAVE_MESS } from '../../wire/service.js';
import { NotSupportedError } from './errors.js';

/** A join, leave or disconnect. */
interface Control {
  readonly service: number;
  readonly group: string;
}

export class RequestBatch {
  /** Whole frames, in pieces; none any more when they need not be sent again. */
  parts: Uint8Array[] = [];
  bytes = 0;
  /** Number of the first request, when they are complete. */
  first = 0;
  count = 0;
  /** It was written to a daemon of the session, which may have delivered it. */
  wasWritten = false;
  /** It is being written, or was when its connection was lost: somebody may read its frames. */
  isBeingWritten = false;
  /** Of a leave: whether the daemon has answered. */
  isAnswered = false;
  /** Settles when they are acknowledged; at a daemon that does not acknowledge, when the kernel has them. */
  readonly done: Deferred<void> = deferred<void>();
  /** Settles when they are acknowledged. There when somebody waits for it. */
  private confirmation: Deferred<void> | null = null;

  /** @param control null: messages */
  constructor(readonly control: Control | null) {}

  get last(): number {
    return this.first + this.count - 1;
  }

  get isLeave(): boolean {
    return this.control !== null && (this.control.service & LEAVE_MESS) !== 0;
  }

  get confirmed(): Promise<void> {
    return (this.confirmation ??= deferred<void>()).promise;
  }

  /**
   * Its frames are not needed any more: their memory is used again. Unless it is still being written: a daemon that acknowledges too
   * early would read what comes into that memory.
   */
  release(): void {
    if (!this.isBeingWritten) for (const part of this.parts) release(part);
    this.parts = [];
  }

  acknowledged(): void {
    this.done.resolve();
    this.confirmation?.resolve();
  }

  reject(error: Error): void {
    this.done.reject(error);
    this.confirmation?.reject(error);
  }

  /** It goes to a daemon that does not acknowledge. */
  rejectConfirmation(error: Error): void {
    this.confirmation?.reject(error);
  }
}

/** The same for a mailbox, which answers with codes. */
export const codeOf = (sent: Promise<void>): Promise<number> =>
  sent.then(
    () => 0,
    () => CONNECTION_CLOSED,
  );

export const notSupported = (): Error =>
  new NotSupportedError('the daemon of this connection does not confirm messages');
