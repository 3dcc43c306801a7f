/**
 * Frames of one session that wait: a join, leave or return that cannot be ordered yet, or a question for a list while the
 * session is behind, and what came after it. Not more than one read brought, since the session is not read meanwhile.
 */
import type { Buffer } from 'node:buffer';
import type { Clock } from '../../lib/util/clock.js';
import { frameKind, isExtensionFrame, Kind } from '../../lib/wire/extension/frame.js';
import type { WaitsFor } from '../core/admission.js';
import { isChange } from '../core/payload.js';
import { MAX_CHANGE_WAIT, MAX_END_WAIT, MAX_LAST_WAIT } from './limits.js';

const isReturn = (bytes: Buffer, start: number): boolean =>
  isExtensionFrame(bytes, start) && frameKind(bytes, start) === Kind.RESUME;

interface Frame {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

export class DeferredFrames {
  private frames: Frame[] = [];
  /** Since when the first one waits. */
  private since = 0;

  constructor(private readonly clock: Clock) {}

  get count(): number {
    return this.frames.length;
  }

  /** Whom the first one still waits for. */
  get waitsFor(): WaitsFor {
    const [first] = this.frames;
    if (first === undefined) return 'behind';
    const waited = this.clock.now() - this.since;
    const isReturning = isReturn(first.bytes, first.start);
    const [most, last] = isReturning ? [MAX_END_WAIT, MAX_CHANGE_WAIT] : [MAX_CHANGE_WAIT, MAX_LAST_WAIT];
    return waited < most ? 'behind' : waited < last ? 'far-behind' : 'nobody';
  }

  add(bytes: Buffer, start: number, end: number): void {
    if (this.count === 0) this.since = this.clock.now();
    this.frames.push({ bytes, start, end });
  }

  /**
   * Tries them again in their order, up to the first join, leave or return that is taken, so that others have their turn.
   * @param submit returns false when the frame has to wait on
   */
  retry(submit: (bytes: Buffer, start: number, end: number) => boolean): void {
    for (let next = this.frames[0]; next; next = this.frames[0]) {
      const { bytes, start, end } = next;
      if (!submit(bytes, start, end)) return;
      this.frames.shift();
      this.since = this.clock.now();
      if (isChange(bytes, start) || isReturn(bytes, start)) return;
    }
  }

  clear(): void {
    this.frames = [];
  }
}
