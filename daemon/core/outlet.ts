/** The way from the core to one session's socket. */
import type { Buffer } from 'node:buffer';

export interface SessionSink {
  /** More waits for the session than should, and it still reads: what others ask is not to add to it. */
  readonly isBehind: boolean;
  /** So much more that with as much again the session ends. */
  readonly isFarBehind: boolean;
  /**
   * Whole frames that stand one after the other in `bytes[start, end)`. The bytes are shared with other receivers
   * and must not be changed.
   * @param messages how many frames these are
   */
  deliver(bytes: Buffer, start: number, end: number, messages: number): void;
  /** The session's disconnect has been ordered: nothing more comes, the connection can go. */
  close(): void;
}
