/** One session of a simulated daemon: live, or reading the ring; and what waits for its client. */
import type { Buffer } from 'node:buffer';
import type { GapReason } from '../../../lib/wire/extension/gap.js';
import type { Mark } from '../../../lib/wire/extension/position.js';
import type { GroupId } from '../../../lib/wire/group-id.js';
import type { GroupList } from '../../../daemon/core/past-list.js';
import type { Replay } from '../../../daemon/core/replay.js';
import type { ListReason, ReplaySink } from '../../../daemon/core/replay-ports.js';
import type { MemberChange, NetworkChange } from '../../../daemon/core/ring-entry.js';
import type { Request } from './order.js';

/** What a client gets. */
export type Event =
  | { readonly kind: 'mark'; readonly mark: Mark }
  | { readonly kind: 'data'; readonly bytes: Buffer; readonly start: number; readonly end: number }
  | { readonly kind: 'views'; readonly group: string; readonly changes: MemberChange[] }
  | { readonly kind: 'network'; readonly change: NetworkChange }
  | { readonly kind: 'list'; readonly list: GroupList; readonly reason: ListReason }
  | { readonly kind: 'signal' | 'left'; readonly group: string; readonly id?: GroupId }
  | { readonly kind: 'gap'; readonly group: string; readonly reason: GapReason }
  | { readonly kind: 'resumed' }
  | { readonly kind: 'ack'; readonly number: number }
  /** END 5. */
  | { readonly kind: 'end' };

/** What no log can show. */
export class Fault extends Error {}

/** A connection as its client has it. */
export interface Link {
  readonly session: SimSession;
  readonly requests: Request[];
}

export class SimSession implements ReplaySink {
  /** Events of this turn, which have no mark yet. */
  turn: Event[] = [];
  out: Event[] = [];
  /** Null when it is live. */
  replay: Replay | null = null;
  /** Groups that it follows when it is live. */
  groups = new Set<string>();
  link: Link | null = null;
  /** The position was judged good. */
  isWhole = false;
  /** Its end is in the order, or on the way there. */
  leaving = false;
  /** Another session has taken its place. */
  over = false;

  /** @param room events that may wait for the socket before a replay pauses */
  constructor(
    readonly sid: bigint,
    readonly attempt: number,
    readonly name: string,
    private readonly room: number,
  ) {}

  get isFull(): boolean {
    return this.out.length > this.room;
  }

  /** An event of this turn, when it is live. */
  give(event: Event): void {
    const last = this.turn[this.turn.length - 1];
    if (event.kind === 'views' && last?.kind === 'views' && last.group === event.group)
      last.changes.push(...event.changes);
    else this.turn.push(event);
  }

  flush(mark: Mark, isBehind: boolean): void {
    if (this.turn.length === 0) return;
    if (isBehind) this.out.push(...this.turn, { kind: 'mark', mark });
    else this.out.push({ kind: 'mark', mark }, ...this.turn);
    this.turn = [];
  }

  mark(mark: Mark): void {
    this.out.push({ kind: 'mark', mark });
  }

  data(bytes: Buffer, start: number, end: number): void {
    this.out.push({ kind: 'data', bytes, start, end });
  }

  member(change: MemberChange): void {
    this.out.push({ kind: 'views', group: change.group, changes: [change] });
  }

  network(change: NetworkChange): void {
    this.out.push({ kind: 'network', change });
  }

  list(list: GroupList, reason: ListReason): void {
    this.out.push({ kind: 'list', list, reason });
  }

  signal(group: string): void {
    this.out.push({ kind: 'signal', group });
  }

  left(group: string): void {
    this.out.push({ kind: 'left', group });
  }

  isOnDemand(): boolean {
    return false;
  }

  gap(group: string, reason: GapReason): void {
    if (this.isWhole && reason === 'diverged')
      throw new Fault(`${this.name}: the client counts more than there is`);
    this.out.push({ kind: 'gap', group, reason });
  }
}
