/**
 * A daemon with the real history, ring, index and replay; groups and table of sessions are a small double. What it delivers
 * goes into the ring and to the sessions that are live.
 */
import type { Buffer } from 'node:buffer';
import { DeliveryHistory } from '../../../daemon/core/history.js';
import { afterExchange, extend, NO_LINEAGE } from '../../../daemon/core/lineage.js';
import type { PresentState } from '../../../daemon/core/replay-ports.js';
import { Ring, type RingLimits } from '../../../daemon/core/ring.js';
import type { NewChange } from '../../../daemon/core/ring-entry.js';
import { RingIndex } from '../../../daemon/core/ring-index.js';
import type { GroupId } from '../../../lib/wire/group-id.js';
import { FIXED_KEY } from '../../support/fixed-key.js';
import type { DaemonEntry, DaemonLog } from '../../support/resume-checks/log.js';
import { gidOf, type GroupFaults, GroupState, hashOf } from './groups.js';
import type { Item, Payload } from './order.js';
import type { SimSession } from './session.js';

/** Faults of the daemon double. */
export interface DaemonFaults extends GroupFaults {
  /** The mark comes behind its events. */
  readonly markBehind?: boolean;
  /** The table of sessions gets lost in each exchange. */
  readonly noTable?: boolean;
}

/** A daemon view, and what stands in it. */
export interface SimView {
  readonly tag: number;
  readonly daemons: readonly SimDaemon[];
  readonly log: Payload[];
  /** State of those who come with a past; null when nobody does. */
  readonly base: GroupState | null;
  /** Requests that came between the end of the old view and the exchange, of all who come with a state. */
  readonly held: readonly Item[];
  /** Names of the daemons that come with a state. */
  readonly stays: ReadonlySet<string>;
  /** Whether the payload that completes the exchange stands in the log. */
  isComplete: boolean;
}

/** A request that is not known to be stable. */
interface Unstable {
  readonly tag: bigint;
  readonly index: number;
  readonly sid: bigint;
  readonly number: number;
}

export class SimDaemon implements DaemonLog {
  readonly entries: DaemonEntry[] = [];
  alive = true;
  /** Whether it has completed an exchange. */
  hasState = false;
  readonly history = new DeliveryHistory();
  readonly ring: Ring;
  state: GroupState;
  readonly sessions = new Map<string, SimSession>();
  queue: Item[] = [];
  /** Groups that have given the signal, and no view since. */
  readonly signalled = new Map<string, GroupId>();
  /** Requests of its own sessions that wait for the end of the exchange; null when they are carried out at once. */
  held: Item[] | null = [];
  /** Last payload that this daemon is known to have when it has died. */
  deadIndex = Infinity;
  /** The daemon view is over: its exchange is not completed any more. */
  private isCut = false;
  private lineage = NO_LINEAGE;
  private ringIndex: RingIndex | null = null;
  private turnFrom = 0;
  private unstable: Unstable[] = [];

  constructor(
    readonly name: string,
    readonly daemon: string,
    readonly started: number,
    limits: RingLimits,
    private readonly faults: DaemonFaults,
  ) {
    this.ring = new Ring(this.history, limits);
    this.state = new GroupState(faults);
  }

  get tag(): number {
    return Number(this.history.tag);
  }

  get index(): RingIndex {
    this.ringIndex ??= new RingIndex(this.ring, FIXED_KEY);
    return this.ringIndex;
  }

  /** Nobody reads the ring. */
  dropIndex(): void {
    if ([...this.sessions.values()].every(({ replay }) => replay === null)) this.ringIndex = null;
  }

  present(sid: bigint, attempt: number, oldName: string): PresentState {
    const entry = (): ReturnType<GroupState['table']['get']> => this.state.table.get(sid);
    return {
      list: (group) => {
        const found = this.state.list(group);
        if (!found) return null;
        const members = found.members.map((name) => ({ name, subject: null }));
        return { group, id: found.id, hash: found.hash, members, messages: null };
      },
      groupsOf: (name) => [...this.state.groups.keys()].filter((group) => this.state.isMember(group, name)),
      signalled: (group) => this.signalled.get(group) ?? null,
      get names() {
        return entry()?.names ?? [oldName];
      },
      get hasReturned() {
        return (entry()?.attempt ?? -1) >= attempt;
      },
    };
  }

  /** The daemon view is over; the groups that lose members give the signal. */
  transitional(stays: (daemon: string) => boolean, now: number): void {
    this.flush();
    this.held ??= [];
    this.isCut = true;
    for (const [group, { id, members }] of [...this.state.groups].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      if (this.signalled.has(group) || members.every((name) => stays(name.split('#')[2] ?? ''))) continue;
      this.signalled.set(group, id);
      this.ring.signal(group, id, now);
      for (const session of this.live())
        if (session.groups.has(group)) session.out.push({ kind: 'signal', group });
    }
  }

  install(tag: number, daemons: readonly string[], first: string): void {
    // What the view had when it ended, everybody has who came along.
    for (const { sid, number } of this.unstable) this.acknowledge(sid, number);
    this.unstable = [];
    this.lineage = extend(this.lineage, BigInt(tag), first);
    this.history.begin(BigInt(tag), daemons, this.lineage);
    this.ring.begin(daemons);
    this.turnFrom = 0;
    this.isCut = false;
    if (this.hasState) this.entries.push({ kind: 'installed', tag: String(tag) });
  }

  /** Delivers up to this number of payloads of the view. @param isEnd whether the turn ends then */
  turn(view: SimView, max: number, now: number): void {
    this.turnFrom = this.history.index;
    for (let i = 0; i < max && this.tag === view.tag && this.history.index < view.log.length; i++)
      this.deliver(view.log[this.history.index] as Payload, view, now);
    this.flush();
  }

  deliver(payload: Payload, view: SimView, now: number): void {
    const { history, ring } = this;
    history.add(payload.sender);
    ring.payload(payload.bytes, now);
    if (payload.bytes === null && this.isCut) {
      history.putOff();
      ring.putOff();
    } else if (payload.completes) {
      this.complete(view);
    }
    for (const { item, at } of payload.items) {
      ring.frame(at);
      this.carryOut(item, payload, at);
      if ('number' in item)
        this.unstable.push({ tag: history.tag, index: history.index, sid: item.sid, number: item.number });
    }
    ring.done(now);
  }

  /** What all daemons of the view have is acknowledged. */
  stable(index: number): void {
    this.unstable = this.unstable.filter((each) => {
      if (each.tag === this.history.tag && each.index > index) return true;
      this.acknowledge(each.sid, each.number);
      return false;
    });
  }

  flush(): void {
    const { tag, index, hash } = this.history;
    const mark = { tag, from: this.turnFrom, to: index, hash };
    for (const session of this.sessions.values()) session.flush(mark, this.faults.markBehind === true);
    this.turnFrom = index;
  }

  /** Sessions that read the ring read on. */
  pump(now: number, items: number): void {
    for (const session of this.sessions.values()) {
      const { replay } = session;
      if (replay === null) continue;
      this.index.read(items * 4);
      if (replay.read(now, items) === 'live') this.goLive(session);
    }
  }

  goLive(session: SimSession): void {
    const { followed } = session.replay as unknown as { readonly followed: ReadonlyMap<string, boolean> };
    session.groups = new Set(followed.keys());
    session.replay = null;
    session.out.push({ kind: 'resumed' });
  }

  /** The session is no more. */
  end(session: SimSession, isTold: boolean): void {
    const { tag, index, hash } = this.history;
    session.flush({ tag, from: this.turnFrom, to: index, hash }, this.faults.markBehind === true);
    if (isTold) session.out.push({ kind: 'end' });
    session.over = true;
    session.replay?.close();
    this.sessions.delete(session.name);
  }

  private *live(): Generator<SimSession> {
    for (const session of this.sessions.values())
      if (session.replay === null && !session.leaving) yield session;
  }

  private namesOf({ sid, name }: SimSession): readonly string[] {
    return this.state.table.get(sid)?.names ?? [name];
  }

  private acknowledge(sid: bigint, number: number): void {
    for (const session of this.sessions.values())
      if (session.sid === sid) session.out.push({ kind: 'ack', number });
  }

  private complete(view: SimView): void {
    const names = view.daemons.map(({ name }) => name);
    if (!this.hasState && view.base) this.state.take(view.base);
    for (const change of this.state.exchange(names, (daemon) => view.stays.has(daemon), view.tag)) {
      if (!this.hasState) continue;
      this.change(change);
      this.signalled.delete((change as { group: string }).group);
    }
    if (!this.hasState)
      for (const [group, { id, members }] of this.state.groups)
        this.entries.push({
          kind: 'found',
          group,
          gid: gidOf({ group, id, hash: hashOf(members) }),
          members,
        });
    if (this.faults.noTable === true) this.state.table.clear();
    this.held = null;
    for (const item of view.held) this.act(item, null, 0);
    this.flush();
    this.hasState = true;
    this.lineage = afterExchange(this.history.tag);
    this.history.exchanged();
    this.ring.exchanged();
    this.entries.push({ kind: 'exchanged', tag: String(view.tag) });
  }

  private carryOut(item: Item, payload: Payload, at: number): void {
    if (this.held === null || item.kind === 'data' || item.kind === 'private') {
      this.act(item, payload, at);
      return;
    }
    this.state.count(item);
    this.history.putOff();
    this.ring.putOff();
    if (payload.sender === this.name) this.held.push(item);
  }

  private act(item: Item, payload: Payload | null, at: number): void {
    for (const outcome of this.state.carryOut(item)) {
      switch (outcome.kind) {
        case 'dropped':
          this.ring.drop();
          break;
        case 'data':
          if (payload) this.data(outcome.item, payload, at);
          break;
        case 'change':
          this.change(outcome.change);
          break;
        case 'killed': {
          const session = this.sessions.get(outcome.name);
          if (session?.leaving) this.end(session, false);
          break;
        }
        default: {
          const isRefused = outcome.kind === 'refused';
          for (const session of this.sessions.values()) {
            const { sid, attempt } = session;
            if (sid !== outcome.sid) continue;
            if (isRefused ? attempt === outcome.attempt : attempt < outcome.attempt) this.end(session, true);
          }
        }
      }
    }
  }

  private data(item: Item & { readonly kind: 'data' | 'private' }, payload: Payload, start: number): void {
    // Before its first exchange it has no member to give it to, and no table to tell repeats by.
    if (item.kind === 'data' && this.hasState)
      this.entries.push({ kind: 'data', group: item.to, id: item.id });
    const next = payload.items.find(({ at }) => at > start);
    const end = next?.at ?? payload.bytes?.length ?? 0;
    if (item.discard) this.ring.discard(item.sid);
    for (const session of this.live()) {
      const names = this.namesOf(session);
      const isFor = item.kind === 'data' ? session.groups.has(item.to) : names.includes(item.to);
      if (!isFor || (item.discard && item.sid === session.sid)) continue;
      session.give({ kind: 'data', bytes: payload.bytes as Buffer, start, end });
    }
  }

  private change(change: NewChange): void {
    this.ring.change(change);
    this.record(change);
    for (const session of this.live()) this.tell(session, change);
  }

  private tell(session: SimSession, change: NewChange): void {
    const { groups } = session;
    const { kind } = change;
    if (kind === 'renamed' || kind === 'elsewhere' || kind === 'signal' || kind === 'reordered') return;
    const { group } = change;
    const names = this.namesOf(session);
    if (change.kind === 'network') {
      if (groups.has(group)) session.give({ kind: 'network', change: { ...change, at: 0 } });
      return;
    }
    const name = change.kind === 'member' ? change.record.name : change.name;
    const isOwn = names.includes(name);
    const isLeave =
      change.kind === 'not-member' || (change.kind === 'member' && change.record.cause === 'leave');
    const isJoin =
      change.kind === 'still-member' || (change.kind === 'member' && change.record.cause === 'join');
    if (isOwn && isLeave) {
      groups.delete(group);
      session.give({ kind: 'left', group });
    } else if (isOwn && isJoin && !groups.has(group)) {
      groups.add(group);
      const list = this.present(0n, 0, '').list(group);
      const reason = change.kind === 'member' ? 'join' : 'again';
      if (list) session.give({ kind: 'list', list, reason });
    } else if (change.kind === 'member' && groups.has(group)) {
      session.give({ kind: 'views', group, changes: [{ ...change, at: 0 }] });
    }
  }

  private record(change: NewChange): void {
    if (change.kind !== 'member' && change.kind !== 'network') return;
    const { group } = change;
    const members = this.state.list(group)?.members ?? [];
    const isMember = change.kind === 'member';
    const gid = gidOf(isMember ? change : change.view);
    const cause = isMember ? change.record.cause : 'network';
    this.entries.push({
      kind: 'view',
      group,
      gid,
      cause,
      changed: isMember ? change.record.name : null,
      members,
    });
  }
}
