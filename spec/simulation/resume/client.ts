/** A client that comes back: it counts with the real position, keeps lists by records, and sends again what is not acknowledged. */
import { StreamPosition } from '../../../lib/client/resume/position.js';
import type { ResumeGroup } from '../../../lib/wire/extension/resume.js';
import { Delivery, checkDelivery } from '../../../lib/wire/delivery.js';
import type { MemberChange } from '../../../daemon/core/ring-entry.js';
import type { ClientEntry, ClientLog, DaemonLog, LinkedEntry } from '../../support/resume-checks/log.js';
import { gidOf, hashOf } from './groups.js';
import type { Request } from './order.js';
import { type Event, Fault, type Link } from './session.js';

/** Faults of the client. */
export interface ClientFaults {
  /** A join counts as done when it is acknowledged. */
  readonly joinAcked?: boolean;
  /** Repeats go out in another order. */
  readonly wrongOrder?: boolean;
}

/** What the application has asked for, and what has come of it. */
type Wish = 'none' | 'joining' | 'joined' | 'leaving';

export class SimClient implements ClientLog {
  readonly entries: ClientEntry[] = [];
  settled = false;
  sid = 0n;
  attempt = 0;
  /** The private group of now. */
  name = '';
  link: Link | null = null;
  lostAt = 0;
  readonly position = new StreamPosition();
  readonly wishes = new Map<string, Wish>();
  readonly lists = new Map<string, readonly string[]>();
  /** Not acknowledged, or a leave that is not answered. */
  kept: Request[] = [];
  private next = 1;
  private acked = 0;
  private readonly lastLeaves = new Map<string, number>();
  /** Everything that was missed has come. */
  private isBack = true;
  private home: DaemonLog | null = null;
  /** Groups that have lost continuity and have no list since. */
  private readonly broken = new Set<string>();

  constructor(
    readonly client: string,
    private readonly faults: ClientFaults,
  ) {}

  /** How far the log of the daemon is. */
  private get place(): number {
    return this.home?.entries.length ?? 0;
  }

  wish(group: string): Wish {
    return this.wishes.get(group) ?? 'none';
  }

  request(kind: Request['kind'], to: string, id = '', discard = false): void {
    const request = { kind, to, id, discard, number: this.next++ };
    this.kept.push(request);
    if (kind === 'leave') this.lastLeaves.set(to, request.number);
    this.link?.requests.push(request);
    if (kind === 'data') this.entries.push({ kind: 'send', id, group: to, discard });
    else if (kind !== 'private') this.entries.push({ kind, group: to });
  }

  /** Whether the daemons know its names: from its first request on. */
  get isKnown(): boolean {
    return this.acked > 0;
  }

  /**
   * Whether a group may be joined again: a leave that was sent again behind a return is carried out once more, and nothing
   * tells its answer from that of a later one.
   */
  mayJoin(group: string): boolean {
    return this.isBack && (this.lastLeaves.get(group) ?? 0) <= this.acked;
  }

  lose(now: number): void {
    if (this.link === null) return;
    this.link = null;
    this.lostAt = now;
    this.entries.push({ kind: 'lost', at: this.place });
  }

  /** A daemon has accepted it. */
  linked(home: DaemonLog, name: string, verdict: LinkedEntry['verdict']): void {
    this.home = home;
    this.isBack = verdict === 'new';
    this.entries.push({
      kind: 'linked',
      daemon: home.daemon,
      name,
      attempt: this.attempt,
      verdict,
      at: this.place,
    });
  }

  /** What RESUME says of the groups. */
  get groups(): ResumeGroup[] {
    const wanted = [...this.wishes].filter(([, wish]) => wish !== 'none').map(([group]) => group);
    return [...new Set([...this.position.groups, ...wanted])].map((group) => ({
      group,
      onDemand: false,
      signalled: this.position.hasSignal(group),
      had: this.position.had(group),
      wanted: wanted.includes(group),
    }));
  }

  /** What goes out again: no joins, since the return joins. */
  get repeats(): readonly Request[] {
    if (this.faults.joinAcked !== true) this.kept = this.kept.filter(({ kind }) => kind !== 'join');
    return this.faults.wrongOrder === true ? this.kept.toReversed() : this.kept;
  }

  /** @returns whether there was anything */
  take(now: number): boolean {
    const event = this.link?.session.out.shift();
    if (event === undefined) return false;
    this.on(event, now);
    return true;
  }

  private on(event: Event, now: number): void {
    const { position } = this;
    switch (event.kind) {
      case 'mark':
        position.marked(event.mark);
        break;
      case 'data':
        for (let at = event.start; at < event.end;) {
          const length = checkDelivery(event.bytes, at);
          this.data(new Delivery(event.bytes, at, at + length));
          at += length;
        }
        break;
      case 'views':
        position.views(event.group, event.changes.length);
        for (const change of event.changes) this.change(change);
        break;
      case 'network':
        this.network(event);
        break;
      case 'list':
        this.list(event);
        break;
      case 'signal':
        position.signal(event.group);
        this.entries.push({ kind: 'signal', group: event.group });
        break;
      case 'left':
        position.left(event.group);
        this.entries.push({ kind: 'left', group: event.group });
        this.lists.delete(event.group);
        this.answered('leave', event.group);
        break;
      case 'gap':
        this.gap(event.group, event.reason);
        break;
      case 'resumed':
        this.isBack = true;
        this.entries.push({ kind: 'resumed', at: this.place });
        break;
      case 'ack':
        this.acknowledged(event.number);
        break;
      default:
        this.entries.push({ kind: 'end', attempt: this.link?.session.attempt ?? 0 });
        this.lose(now);
    }
  }

  private data(frame: Delivery): void {
    this.position.data();
    const to = frame.names()[0] ?? '';
    const id = frame.body.toString('latin1');
    this.entries.push(to.startsWith('#') ? { kind: 'private', id } : { kind: 'data', group: to, id });
  }

  private change({ group, id, members, hash, record }: MemberChange): void {
    const list = [...(this.lists.get(group) ?? [])];
    const { cause, index, name } = record;
    if (cause === 'join') list.splice(index, 0, name);
    else if (list.splice(index, 1)[0] !== name)
      throw new Fault(`${this.client}: ${name} is not at ${index} in ${group}`);
    if (list.length !== members || hashOf(list) !== hash)
      throw new Fault(`${this.client}: wrong list of ${group}`);
    this.view(group, gidOf({ group, id, hash }), cause, name, list);
  }

  private network({ change }: Event & { kind: 'network' }): void {
    const { group, view } = change;
    this.position.views(group);
    const list = (this.lists.get(group) ?? []).filter((name) => !view.gone.includes(name));
    for (const { index, name } of view.come) list.splice(index, 0, name);
    if (hashOf(list) !== view.hash)
      throw new Fault(`${this.client}: wrong list of ${group} after a network change`);
    this.view(group, gidOf(view), 'network', null, list);
  }

  private view(
    group: string,
    gid: string,
    cause: 'join' | 'leave' | 'disconnect' | 'network',
    changed: string | null,
    members: readonly string[],
  ): void {
    this.lists.set(group, members);
    this.entries.push({ kind: 'view', group, gid, cause, changed, members });
  }

  private list({ list, reason }: Event & { kind: 'list' }): void {
    const { group } = list;
    this.position.list(group, reason !== 'gap');
    const members = list.members.map(({ name }) => name);
    if (hashOf(members) !== list.hash) throw new Fault(`${this.client}: wrong hash of the list of ${group}`);
    this.lists.set(group, members);
    this.broken.delete(group);
    this.entries.push({
      kind: 'list',
      group,
      gid: gidOf(list),
      members,
      of: reason === 'join' ? 'join' : 'present',
    });
    this.answered('join', group);
  }

  private gap(group: string, reason: string): void {
    this.position.gap(group);
    if (!this.lists.delete(group) || this.broken.has(group)) return;
    this.broken.add(group);
    this.entries.push({ kind: 'gap', group, reason });
  }

  private answered(kind: 'join' | 'leave', group: string): void {
    const wish = this.wish(group);
    if (kind === 'join' && wish === 'joining') this.wishes.set(group, 'joined');
    if (kind === 'leave' && wish === 'leaving') this.wishes.set(group, 'none');
    const i = this.kept.findIndex((each) => each.kind === kind && each.to === group);
    if (i >= 0) this.kept.splice(i, 1);
  }

  private acknowledged(number: number): void {
    this.acked = Math.max(this.acked, number);
    const isKept = (each: Request): boolean =>
      each.number > number || (each.kind === 'leave' && this.faults.joinAcked !== true);
    for (const each of this.kept)
      if (!isKept(each) && each.kind === 'data')
        this.entries.push({ kind: 'settled', id: each.id, how: 'acknowledged' });
    this.kept = this.kept.filter(isKept);
  }
}
