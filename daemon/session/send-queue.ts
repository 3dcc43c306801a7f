/**
 * What waits for one session's socket. Frames that stand side by side in one buffer are one piece, so a fan-out costs a
 * few words per session and batch; bytes are shared with the other receivers until they are written.
 *
 * A session is dropped when more messages wait than its limit and its socket has stopped taking bytes; one that is
 * only slower than its senders is not, until its limit of bytes (docs/decisions/005-flow-control.md).
 */
import { Buffer } from 'node:buffer';
import { type Clock, systemClock, type Timer } from '../../lib/util/clock.js';
import {
  MAX_BEHIND_BYTES,
  MAX_GATHER_BYTES,
  MAX_WRITE_BYTES,
  type SessionLimits,
  STALL_TIME,
} from './limits.js';
import type { ByteStream } from '../net/peer.js';
import type { BatchTick } from './batch-tick.js';
import type { RecordPace } from './record-pace.js';

/** Looks at one that is excused within the time. */
const LOOKS = 4;

interface QueuedBytes {
  readonly bytes: Buffer;
  readonly start: number;
  /** It begins within a frame: it goes into one write with the piece before it, so that all writes end with a frame. */
  readonly isContinued: boolean;
  end: number;
  messages: number;
}

/** The marks before the events of each batch. */
export interface EventMarks {
  /** The one of the batch under way. */
  readonly current: Buffer;
  /** Ends the batch of a mark, if it is under way. @returns false when it cannot end yet */
  settle(mark: Buffer): boolean;
}

export interface BacklogEvents {
  /** The limit is passed; the backlog is empty and takes nothing more. */
  overflow(reason: 'slow-messages' | 'slow-bytes'): void;
  /** Something was written, as far as the socket took it. */
  wrote(): void;
}

export class SendQueue {
  /** Bytes that the socket has taken so far: shows progress also while more is pushed than taken. */
  takenBytes = 0;
  private pieces: QueuedBytes[] = [];
  /** Pieces before this index have been written. */
  private head = 0;
  private messages = 0;
  private bytes = 0;
  /** Messages and bytes of the write that the kernel has not taken whole. */
  private writing: { messages: number; bytes: number } | null = null;
  /** Messages that the socket refused at the end of the last turn: only these show that the reader is slow. */
  private refused = 0;
  private touched = false;
  /** When the socket last took a whole write; what it refuses is measured from there. */
  private progress = 0;
  private watch: Timer | null = null;
  private over: 'slow-messages' | 'slow-bytes' | null = null;
  private ended = false;
  private marks: EventMarks | null = null;
  private lastMark: Buffer | null = null;
  /** The client is not read, and may be waiting for just that before it reads: it is not judged meanwhile. */
  private isExcused = false;
  /** What it missed is being sent: it is not judged by how fast it reads that, and only as much is sent as it reads. */
  private isReplaying = false;
  /** The same until all that waits then has been taken. */
  private isCatchingUp = false;
  /** A mark was sent since the last reminder. */
  private wasMarked = false;
  /** All that waits and was not written yet can wait a little longer. */
  private canWait = true;

  constructor(
    private readonly socket: ByteStream,
    private readonly turn: BatchTick,
    private readonly limits: SessionLimits,
    private readonly events: BacklogEvents,
    private readonly stallTime = STALL_TIME,
    private readonly clock: Clock = systemClock,
    private readonly pace: RecordPace | null = null,
  ) {}

  /** Messages that wait, a partly written one included. */
  get waitingMessages(): number {
    return this.messages + (this.writing?.messages ?? 0);
  }

  get waitingBytes(): number {
    return this.bytes + (this.writing?.bytes ?? 0);
  }

  /** Whether more waits than others may add to; one that has stopped is not waited for. */
  get isBehind(): boolean {
    return this.readsWith(Math.min(MAX_BEHIND_BYTES, this.limits.maxSessionBytes / 4));
  }

  /** The same for half of what may wait at all. */
  get isFarBehind(): boolean {
    return this.readsWith(this.limits.maxSessionBytes / 2);
  }

  /** Bytes that wait because the socket refuses some of them; none before what the session missed has been taken whole. */
  refusedBytes(): number {
    if (this.waitingBytes === 0 && !this.isReplaying) this.isCatchingUp = false;
    return this.writing === null || this.isCatchingUp ? 0 : this.waitingBytes;
  }

  private readsWith(bytes: number): boolean {
    if (this.waitingBytes <= bytes) return false;
    return this.writing === null || this.clock.now() - this.progress < this.stallTime;
  }

  /** Takes frames for the session; see `SessionSink.deliver`. */
  push(bytes: Buffer, start: number, end: number, messages: number, canWait = false): void {
    if (this.ended) return;
    this.canWait &&= canWait;
    if (!this.touched) {
      this.touched = true;
      this.turn.touch(this);
    }
    if (this.isStuck()) this.overflow('slow-messages');
    else if (this.waitingBytes + (end - start) > this.limits.maxSessionBytes && !this.isReplaying)
      this.overflow('slow-bytes');
    if (this.ended) return;
    this.messages += messages;
    this.bytes += end - start;
    const last = this.pieces[this.pieces.length - 1];
    if (last !== undefined && last.bytes === bytes && last.end === start) {
      last.end = end;
      last.messages += messages;
    } else {
      this.pieces.push({ bytes, start, end, messages, isContinued: messages === 0 });
    }
  }

  /** Takes what the session has missed; marks are among it. */
  replay(bytes: Buffer, start: number, end: number, messages: number): void {
    this.isReplaying = true;
    this.isCatchingUp = true;
    this.push(bytes, start, end, messages);
  }

  /** Everything that it missed has been taken. */
  replayed(): void {
    this.isReplaying = false;
    this.wasBlocked();
  }

  /**
   * Takes events for the session, behind the mark of their batch.
   * @param marks null without marks
   */
  deliver(
    bytes: Buffer,
    start: number,
    end: number,
    messages: number,
    canWait: boolean,
    marks: EventMarks | null = null,
  ): void {
    if (marks !== null && marks.current !== this.lastMark) {
      this.marks = marks;
      this.lastMark = marks.current;
      this.wasMarked = true;
      this.push(this.lastMark, 0, this.lastMark.length, 0, canWait);
    }
    this.push(bytes, start, end, messages, canWait);
  }

  /** Takes a mark for the session, if there was none since the last call. */
  remind(mark: Buffer): void {
    if (!this.wasMarked) this.push(mark, 0, mark.length, 0, true);
    this.wasMarked = false;
  }

  /** @param isExcused whether the daemon does not read the client at present */
  excuse(isExcused: boolean): void {
    this.isExcused = isExcused;
  }

  /** What the client sent while it was not read came now: it was waiting for that, and its time to read begins here. */
  wasBlocked(): void {
    this.progress = this.clock.now();
  }

  /** Throws away what waits; nothing is written any more. */
  end(): void {
    this.ended = true;
    this.watch?.cancel();
    this.watch = null;
    this.pieces = [];
    this.head = 0;
    this.messages = 0;
    this.bytes = 0;
  }

  /**
   * Writes what the kernel takes. Called by the turn, and when a write has gone through.
   * @param isLast whether it is the last write: what stands behind a mark that cannot be complete is left out then
   */
  flush(isLast = false): void {
    this.touched = false;
    if (!this.isSettled()) {
      if (!isLast) {
        this.touched = true;
        this.turn.touch(this);
        return;
      }
      this.dropBatch();
    }
    if (this.over) this.events.overflow(this.over);
    if (this.canWait && this.head < this.pieces.length && this.pace?.holds(this)) {
      // It is touched again at the beat, or when something is pushed that cannot wait.
      return;
    }
    while (!this.ended && this.writing === null && this.head < this.pieces.length) this.write();
    if (this.head === this.pieces.length) this.canWait = true;
    this.refused = this.waitingMessages;
    if (this.isOverLimit() && !this.ended) this.watch ??= this.clock.after(this.stallTime, this.look);
    this.events.wrote();
  }

  /** Whether what waits may be written: a mark is complete when its batch has ended. */
  private isSettled(): boolean {
    const { marks, lastMark } = this;
    return marks === null || lastMark === null || this.ended || marks.settle(lastMark);
  }

  /** A client that counted events behind a mark which says too little could not continue: the next daemon brings them. */
  private dropBatch(): void {
    const { pieces, lastMark } = this;
    const first = pieces.findLastIndex(({ bytes }) => bytes === lastMark);
    if (first < 0) return;
    for (const { messages, start, end } of pieces.splice(first)) {
      this.messages -= messages;
      this.bytes -= end - start;
    }
  }

  private isOverLimit(): boolean {
    return this.refused >= this.limits.maxSessionMessages && this.refused > 0;
  }

  private isStuck(): boolean {
    // A limit of 0 lets no message wait at all [daemon 3.3].
    if (this.limits.maxSessionMessages === 0) return true;
    if (this.isExcused || this.isReplaying) return false;
    return this.isOverLimit() && this.clock.now() - this.progress >= this.stallTime;
  }

  /** A session that stopped reading is found also when nothing more comes for it. */
  private readonly look = (): void => {
    this.watch = null;
    if (this.isStuck()) {
      this.end();
      this.events.overflow('slow-messages');
    } else if (this.isOverLimit()) {
      const left = this.stallTime - (this.clock.now() - this.progress);
      this.watch = this.clock.after(left > 0 ? left : this.stallTime / LOOKS, this.look);
    }
  };

  /** The core is in the middle of a delivery, so the end is reported when the turn comes round to the sessions. */
  private overflow(reason: 'slow-messages' | 'slow-bytes'): void {
    this.over = reason;
    this.end();
  }

  private write(): void {
    const batch = this.take();
    const last = batch.buffers.pop() as Buffer;
    if (batch.buffers.length > 0) this.socket.cork();
    for (const buffer of batch.buffers) this.socket.write(buffer);
    this.socket.write(last, this.written);
    if (batch.buffers.length > 0) this.socket.uncork();
    if (this.socket.writableLength === 0) {
      this.takenBytes += batch.bytes;
    } else {
      this.writing = batch;
      this.progress = this.clock.now();
    }
  }

  private readonly written = (error?: Error | null): void => {
    if (this.writing === null || this.socket.writableLength > 0) return;
    if (!error) this.takenBytes += this.writing.bytes;
    this.writing = null;
    this.progress = this.clock.now();
    if (!error) this.flush();
  };

  /** The next pieces up to a write's size, small ones copied together. */
  private take(): { buffers: Buffer[]; messages: number; bytes: number } {
    const buffers: Buffer[] = [];
    let messages = 0;
    let bytes = 0;
    let small: QueuedBytes[] = [];
    const gather = (): void => {
      if (small.length > 0) buffers.push(joined(small));
      small = [];
    };
    for (let piece = this.pieces[this.head]; piece; piece = this.pieces[this.head]) {
      if (bytes >= MAX_WRITE_BYTES && !piece.isContinued) break;
      this.head++;
      if (piece.end - piece.start <= MAX_GATHER_BYTES) {
        small.push(piece);
      } else {
        gather();
        buffers.push(piece.bytes.subarray(piece.start, piece.end));
      }
      messages += piece.messages;
      bytes += piece.end - piece.start;
    }
    gather();
    if (this.head * 2 >= this.pieces.length) {
      this.pieces = this.pieces.slice(this.head);
      this.head = 0;
    }
    this.messages -= messages;
    this.bytes -= bytes;
    return { buffers, messages, bytes };
  }
}

function joined(pieces: readonly QueuedBytes[]): Buffer {
  const [first] = pieces;
  if (pieces.length === 1 && first) return first.bytes.subarray(first.start, first.end);
  const whole = Buffer.allocUnsafe(pieces.reduce((sum, { start, end }) => sum + (end - start), 0));
  let at = 0;
  for (const { bytes, start, end } of pieces) at += bytes.copy(whole, at, start, end);
  return whole;
}
