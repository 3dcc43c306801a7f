/**
 * The marks of a replay: one before each 64 KiB of events, so that a second loss is as good as the first. None as long as
 * the replay is inside the batch of the client's position: that mark still holds.
 */
import type { Mark } from '../../lib/wire/extension/position.js';
import type { Ring } from './ring.js';
import { hashOf, type RingView } from './ring-entry.js';

const BATCH_BYTES = 64 * 1024;
/** What an event counts for beside its frames. */
const EVENT_BYTES = 96;

export class ReplayMarks {
  private waiting: (() => void)[] = [];
  private hasEvents = false;
  private bytes = 0;
  /** Numbers of the first and last entry of the batch. */
  private first = 0;
  private last = 0;

  /** @param position of the client; null when it has none */
  constructor(
    private readonly ring: Ring,
    private position: Mark | null,
    private readonly give: (mark: Mark) => void,
  ) {}

  /** An event of that entry. @param act hands it on */
  event(number: number, bytes: number, act: () => void): void {
    if (this.isInPosition(number)) {
      act();
      return;
    }
    this.add(number, act);
    this.hasEvents = true;
    this.bytes += EVENT_BYTES + bytes;
  }

  /** What has its place among the events and is none. */
  signal(number: number, act: () => void): void {
    if (this.isInPosition(number)) act();
    else this.add(number, act);
  }

  /** Hands on what waits, behind its mark. */
  flush(): void {
    const { waiting } = this;
    if (waiting.length === 0) return;
    this.waiting = [];
    this.bytes = 0;
    if (this.hasEvents) this.give(this.mark());
    this.hasEvents = false;
    for (const act of waiting) act();
  }

  /** Continuity is lost: what waits is handed on, and the position counts no more. */
  forgetPosition(): void {
    this.flush();
    this.position = null;
  }

  /** Whether an entry belongs to the batch of the client's position. @pre it is in the ring */
  isInPosition(number: number): boolean {
    const { position, ring } = this;
    if (position === null || ring.at(number).index > position.to) return false;
    return ring.viewAt(number).tag === position.tag;
  }

  private add(number: number, act: () => void): void {
    if (this.waiting.length > 0 && this.isOver(number)) this.flush();
    if (this.waiting.length === 0) this.first = number;
    this.last = number;
    this.waiting.push(act);
  }

  /** Whether an entry cannot be in the batch any more. */
  private isOver(number: number): boolean {
    const { ring, last } = this;
    if (number === last) return false;
    const view = ring.viewAt(last);
    return this.bytes >= BATCH_BYTES || view !== ring.viewAt(number) || isCut(view, last, number);
  }

  private mark(): Mark {
    const { ring, first, last } = this;
    const begin = ring.at(first);
    const end = ring.at(last);
    const { tag } = ring.viewAt(last);
    const from = begin.isPayload ? begin.index - 1 : begin.index;
    return { tag, from, to: end.index, hash: hashOf(end) };
  }
}

/** Whether the exchange ended between two entries: what lies behind it is another batch. */
const isCut = ({ exchanged }: RingView, last: number, number: number): boolean =>
  last <= exchanged && exchanged < number;
