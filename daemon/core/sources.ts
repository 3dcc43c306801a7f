/**
 * Whose requests a payload holds, and which of them were ordered before. A session that has lost its daemon sends again what
 * it does not know to be stable, and the first copy may still be on its way: all daemons drop the repeat where it is
 * delivered, so the first one in the order counts everywhere.
 */
import type { Buffer } from 'node:buffer';
import { FrameFault } from '../../lib/wire/fault.js';
import {
  eachSource,
  type Forget,
  readForget,
  readReturn,
  type Return,
} from '../../lib/wire/extension/daemon-frames.js';
import { DaemonKind, frameKind } from '../../lib/wire/extension/frame.js';
import { NAME_AT } from '../../lib/wire/header.js';
import { HEADER_BYTES } from '../../lib/wire/limits.js';
import { isPrivateGroup, readName } from '../../lib/wire/name.js';
import { DAEMON_MESS, ENDIAN_RESERVED } from '../../lib/wire/service.js';
import type { Acknowledgements } from './acknowledgements.js';
import { endOfFrame } from './payload.js';
import type { Roster } from './roster.js';
import { highOf, lowOf, type SessionRecord, type SessionRecords } from './session-records.js';

export class Sources {
  /** The payload that is being carried out, if it has sources; its runs in their order. The lists are longer. */
  private payload: Buffer | null = null;
  private runs = 0;
  private readonly starts: number[] = [];
  private readonly counts: number[] = [];
  private readonly owners: SessionRecord[] = [];
  /** Requests at the beginning of each run that were ordered before. */
  private readonly repeats: number[] = [];
  private hasRepeats = false;
  /** The run of the frame last asked for, or -1. */
  private asked = -1;
  /** The run that was looked at last, and the place and the number of the frame in it that comes next. */
  private run = 0;
  private next = 0;
  private passed = 0;
  private index = 0;
  private daemon = '';

  constructor(
    private readonly records: SessionRecords,
    private readonly roster: Roster,
    private readonly acknowledgements: Acknowledgements,
    /** Name of this daemon. */
    private readonly self: string,
    /** The daemon that has sent the payload says that these are forgotten. */
    private readonly forget: (told: Forget, daemon: string) => void,
  ) {}

  /**
   * A payload is to be carried out, from `start` on. Its sources count at once.
   * @param index its place in the view
   * @param daemon that has sent it
   * @returns whether a part of it is invalid
   */
  begin(payload: Buffer, start: number, index: number, daemon: string): boolean {
    if (this.payload === payload) return false;
    this.payload = payload;
    this.index = index;
    this.daemon = daemon;
    this.clear();
    try {
      this.look(payload, start);
      return false;
    } catch (error) {
      if (!(error instanceof FrameFault)) throw error;
      return true;
    }
  }

  /** It is carried out. */
  end(): void {
    if (this.payload === null) return;
    this.payload = null;
    this.clear();
    this.acknowledgements.carriedOut();
  }

  /** Whether the frame at `start` was ordered before. All frames of a payload are asked for, in their order. */
  isRepeat(start: number, end: number): boolean {
    if (this.runs === 0) return false;
    const run = (this.asked = this.runOf(start, end));
    return this.hasRepeats && run >= 0 && this.passed <= (this.repeats[run] as number);
  }

  /** Whose the frame last asked for is, if it is of a resumable session; whatever name that had then. */
  get owner(): SessionRecord | null {
    return this.asked < 0 ? null : (this.owners[this.asked] as SessionRecord);
  }

  private clear(): void {
    this.runs = 0;
    this.asked = -1;
    this.hasRepeats = false;
    this.run = -1;
    this.next = 0;
    this.passed = 0;
  }

  /** Walks over the heads of the frames: the sources stand in the last one. */
  private look(payload: Buffer, start: number): void {
    for (let at = start; at < payload.length;) {
      const end = endOfFrame(payload, at);
      if (end < 0) return;
      if ((payload.readInt32LE(at) & ~ENDIAN_RESERVED) === DAEMON_MESS) this.daemonFrame(payload, at, end);
      at = end;
    }
  }

  private daemonFrame(payload: Buffer, start: number, end: number): void {
    const kind = frameKind(payload, start);
    if (kind === DaemonKind.FORGET) {
      // Before the requests behind it count.
      this.forget(readForget(payload, start, end), this.daemon);
    } else if (kind === DaemonKind.RETURN) {
      this.announced(readReturn(payload, start, end));
    } else if (kind === DaemonKind.SOURCES) {
      eachSource(payload, start, end, (low, high, first, count, at) => {
        if (count > 0 && at + HEADER_BYTES <= start) this.take(payload, low, high, first, count, at);
      });
    }
  }

  /** Before the requests behind it count. What it sends again is not to be taken for new, if it was forgotten in between. */
  private announced({ sid, last, oldName }: Return): void {
    const known = this.records.of(sid);
    const record = known ?? this.records.create(highOf(sid), lowOf(sid));
    if (!known) record.last = last;
    record.toldName = oldName;
  }

  private take(payload: Buffer, low: number, high: number, first: number, count: number, at: number): void {
    const record = this.records.find(high, low) ?? this.records.create(high, low);
    if (record.name === null || record.name === '') this.learn(record, payload, at);
    const last = first + count - 1;
    const repeats = Math.max(0, Math.min(count, record.last - first + 1));
    const run = this.runs++;
    this.starts[run] = at;
    this.counts[run] = count;
    this.owners[run] = record;
    this.repeats[run] = repeats;
    if (repeats > 0) this.hasRepeats = true;
    this.acknowledgements.delivered(record, last, this.index, this.daemon === this.self);
    if (last > record.last) record.last = last;
    // Whoever is to forget it waits again.
    record.idleSince = -1;
  }

  /** The first request of a session, or its end, says which private group it has. */
  private learn(record: SessionRecord, payload: Buffer, at: number): void {
    const name = readName(payload, at + NAME_AT);
    if (!isPrivateGroup(name)) return;
    this.records.learn(record, name);
    record.session = this.roster.find(payload, at + NAME_AT) ?? null;
  }

  /** The run that the frame is in, or -1. */
  private runOf(start: number, end: number): number {
    if (start === this.next && this.run >= 0 && this.passed < (this.counts[this.run] as number)) {
      this.passed++;
    } else {
      while (this.run + 1 < this.runs && (this.starts[this.run + 1] as number) < start) this.run++;
      if (this.run + 1 >= this.runs || this.starts[this.run + 1] !== start) return -1;
      this.run++;
      this.passed = 1;
    }
    this.next = end;
    return this.run;
  }
}
