/** What was broadcast lately, by place: from it a client that comes back gets what it missed. Pure: time is passed in. */
import type { Place } from './place.js';

/** Views whose places are known, at most; with more of them the oldest is forgotten. */
const MAX_VIEWS = 10_000;
/** Removed entries at the front of the list that are kept until it is cut. */
const CUT_AT = 1_024;

/** Who gets a packet: members of one of the rooms, or everybody when there are none; but not those of `except`. */
export interface Audience {
  readonly rooms: readonly string[];
  readonly except: readonly string[];
}

interface Entry {
  readonly ordinal: number;
  readonly at: number;
  readonly bytes: number;
  readonly audience: Audience;
  /** Arguments of the event, its name first and its offset last. */
  readonly data: readonly unknown[];
}

export class Ring {
  /** Where each view begins in the count of this server. */
  private readonly views = new Map<string, { readonly begin: number; count: number }>();
  private entries: Entry[] = [];
  /** The first entry that is there. */
  private head = 0;
  private bytes = 0;
  /** Messages so far, as this server has counted them. */
  private ordinal = 0;
  /** The last place of which something was dropped. */
  private dropped = 0;
  private current: { readonly begin: number; count: number } = { begin: 0, count: 0 };
  private view = '';

  /**
   * @param maxAgeMs milliseconds that a packet is kept
   * @param maxBytes bytes of packets, at most
   */
  constructor(
    private readonly maxAgeMs: number,
    private readonly maxBytes: number,
  ) {}

  /** Packets that are kept. */
  get length(): number {
    return this.entries.length - this.head;
  }

  /** Place of the last message. */
  get place(): Place {
    return { view: this.view, index: this.current.count };
  }

  /** Messages so far, in the count of this server alone. */
  get count(): number {
    return this.ordinal;
  }

  /** Places are of this view from here on. @param view eight hexadecimal digits */
  begin(view: string): void {
    this.view = view;
    this.current = { begin: this.ordinal, count: 0 };
    this.views.delete(view);
    this.views.set(view, this.current);
    if (this.views.size <= MAX_VIEWS) return;
    const [oldest] = this.views.keys();
    this.views.delete(oldest as string);
  }

  /** One more message has its place. */
  step(): void {
    this.ordinal++;
    this.current.count++;
  }

  /** The message at the present place is kept. @param bytes its size */
  keep(audience: Audience, data: readonly unknown[], bytes: number, now: number): void {
    this.entries.push({ ordinal: this.ordinal, at: now, bytes, audience, data });
    this.bytes += bytes;
    this.trim(now);
  }

  /** The message at the present place is not here: nobody who was before it can be served. */
  miss(): void {
    this.dropped = this.ordinal;
  }

  /** Something is missing here, and nobody knows what: forgets everything. */
  clear(): void {
    this.entries = [];
    this.head = this.bytes = 0;
    this.dropped = this.ordinal;
    this.views.clear();
  }

  /**
   * What somebody in these rooms has missed after a place.
   * @returns null when that cannot be said: the place is of another history, or something after it is gone
   */
  since(place: Place, rooms: readonly string[], now: number): (readonly unknown[])[] | null {
    const view = this.views.get(place.view);
    if (!view || place.index > view.count) return null;
    this.trim(now);
    return this.after(view.begin + place.index, rooms);
  }

  /** The same after a number of messages in the count of this server. */
  after(count: number, rooms: readonly string[]): (readonly unknown[])[] | null {
    if (count < this.dropped) return null;
    let from = this.entries.length;
    while (from > this.head && (this.entries[from - 1] as Entry).ordinal > count) from--;
    const isMine = ({ audience }: Entry): boolean => isFor(audience, rooms);
    return this.entries
      .slice(from)
      .filter(isMine)
      .map(({ data }) => data);
  }

  private trim(now: number): void {
    for (let first = this.entries[this.head]; first; first = this.entries[this.head]) {
      if (first.at + this.maxAgeMs >= now && this.bytes <= this.maxBytes) break;
      this.dropped = Math.max(this.dropped, first.ordinal);
      this.bytes -= first.bytes;
      this.head++;
    }
    if (this.head < CUT_AT && this.head < this.entries.length) return;
    this.entries = this.entries.slice(this.head);
    this.head = 0;
  }
}

/** As the adapter in memory of Socket.IO decides. */
function isFor({ rooms, except }: Audience, own: readonly string[]): boolean {
  const isIncluded = rooms.length === 0 || own.some((room) => rooms.includes(room));
  return isIncluded && !own.some((room) => except.includes(room));
}
