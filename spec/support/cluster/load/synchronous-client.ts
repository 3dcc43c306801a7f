/**
 * A member of a view-synchronous group that sends, leaves, and comes back when its connection is gone. It writes down what
 * the checkers of view synchrony read. One that flushes by hand takes its time for it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { connect, type Connection } from '../../../../lib/index.js';
import type { Group } from '../../../../lib/client/group.js';
import type { DataEvent, GroupEvent, ViewEvent } from '../../../../lib/client/event.js';
import { type Service, serviceBit } from '../../../../lib/client/send.js';
import { groupIdText } from '../../../../lib/wire/group-id.js';
import type { MembershipLog, SendEntry } from '../../../flush/checks/log.js';
import type { Random } from '../../random.js';
import type { ClusterNode } from '../node.js';
import { GroupMember } from './group-member.js';
import { watchPlainViews } from './plain-views.js';

export const SYNCHRONOUS_GROUP = 'synchronous';
const CONNECT_MS = 3_000;
const PATIENCE_MS = 10_000;
/** Longest pause between two deeds, and longest time before a flush. */
const IDLE_MS = 60;
const SERVICES: readonly Service[] = ['reliable', 'fifo', 'causal', 'agreed', 'safe'];

interface Life {
  readonly connection: Connection;
  group: Group | null;
  log: MembershipLog | null;
}

export class SynchronousClient extends GroupMember {
  /** Of all its memberships. */
  readonly logs: MembershipLog[] = [];
  private life: Life | null = null;
  private memberships = 0;
  private messages = 0;

  constructor(
    node: ClusterNode,
    name: string,
    private readonly isManual: boolean,
    random: Random,
  ) {
    super(node, name, random, IDLE_MS);
  }

  protected get group(): Group | null {
    return this.life?.group ?? null;
  }

  get view(): string {
    const { view, isMember } = this.group ?? {};
    return view && isMember ? `${groupIdText(view.id)} ${view.members.join(' ')}` : '';
  }

  async mark(): Promise<string> {
    const { group, log } = this.life ?? {};
    if (!group || !log) throw new Error(`${this.id} is not a member`);
    const { view } = group;
    const id = `${log.name}/mark ${++this.messages}`;
    const service = serviceBit('agreed');
    log.entries.push({ kind: 'send', id, view: groupIdText(view.id), service, receivers: null });
    await group.send(id, { view: view.id });
    return id;
  }

  has(id: string): boolean {
    return this.life?.log?.entries.some((entry) => entry.kind === 'data' && entry.id === id) === true;
  }

  protected async close(): Promise<void> {
    await this.life?.connection.close();
  }

  protected async join(): Promise<void> {
    const life = (this.life ??= await this.open());
    const log: MembershipLog = {
      name: `${this.id}~${++this.memberships}`,
      id: this.id,
      entries: [],
      isOfC: false,
      end: 'open',
      final: null,
    };
    life.log = log;
    this.logs.push(log);
    const viewSynchrony = { flush: this.isManual ? 'manual' : 'auto', stalledAfterMs: 60_000 } as const;
    const joined = life.connection.join(SYNCHRONOUS_GROUP, {
      viewSynchrony,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    try {
      life.group = await joined;
      life.group.on('event', (event) => this.heard(life, log, event));
    } catch (error) {
      // It was given up: the library leaves the group again, and nobody here sees what comes until then.
      log.end = 'died';
      await life.connection.close();
      this.life = null;
      throw error;
    }
  }

  private async open(): Promise<Life> {
    const { node, name } = this;
    const connection = await connect({ address: node.address, name, timeoutMs: CONNECT_MS });
    const life: Life = { connection, group: null, log: null };
    watchPlainViews(connection, ({ group, id, members }) => {
      if (group === SYNCHRONOUS_GROUP)
        life.log?.entries.push({ kind: 'plain-view', view: groupIdText(id), members });
    });
    connection.on('close', () => {
      if (life.log && life.log.end !== 'left') life.log.end = 'died';
      if (this.life === life) this.life = null;
    });
    return life;
  }

  private heard(life: Life, log: MembershipLog, event: GroupEvent): void {
    switch (event.kind) {
      case 'data':
        this.got(log, event);
        break;
      case 'view':
        this.installed(log, event);
        break;
      case 'flush-request':
        log.entries.push({ kind: 'request' });
        void this.flush(log, () => event.flush());
        break;
      case 'self-leave':
        log.entries.push({ kind: 'self-leave' });
        log.end = 'left';
        life.group = null;
        break;
      case 'transition':
        log.entries.push({ kind: 'transition' });
        break;
      default:
    }
  }

  private got(log: MembershipLog, { text: id, sender, groups, toSome }: DataEvent): void {
    log.entries.push({ kind: 'data', id, sender, receivers: toSome ? groups.slice(0, -1) : null });
  }

  private installed(log: MembershipLog, view: ViewEvent): void {
    // Who flushes by itself does so unseen.
    const isFirst = !log.entries.some(({ kind }) => kind === 'view');
    if (!this.isManual && !isFirst) log.entries.push({ kind: 'request' }, { kind: 'flush' });
    const { id, cause, changed, members, myIndex: index, cameWithMe } = view;
    log.entries.push({ kind: 'view', view: groupIdText(id), cause, changed, members, index, cameWithMe });
  }

  private async flush(log: MembershipLog, flush: () => void): Promise<void> {
    if (!this.isOver) await pause(this.random.below(IDLE_MS));
    log.entries.push({ kind: 'flush' });
    flush();
  }

  protected async deed(group: Group): Promise<void> {
    const { random } = this;
    const log = this.life?.log as MembershipLog;
    if (random.chance(0.01)) {
      log.entries.push({ kind: 'leave' });
      log.end = 'leaving';
      await group.leave();
      return;
    }
    if (random.chance(0.005)) {
      await this.life?.connection.close();
      return;
    }
    await this.send(group, log);
  }

  /** In the view that it knows, or not at all: so it is known in which one a message was sent. */
  private async send(group: Group, log: MembershipLog): Promise<void> {
    const { random } = this;
    const { view } = group;
    const service = random.pick(SERVICES);
    const receivers = random.chance(0.2) ? view.members.filter(() => random.chance(0.5)) : null;
    if (receivers?.length === 0) return;
    const entry: SendEntry = {
      kind: 'send',
      id: `${log.name}/${++this.messages}`,
      view: groupIdText(view.id),
      service: serviceBit(service),
      receivers,
    };
    log.entries.push(entry);
    const options = { service, view: view.id };
    try {
      await (receivers ? group.sendToMembers(receivers, entry.id, options) : group.send(entry.id, options));
    } catch {
      // It was not sent in that view, or nobody knows.
      log.entries.splice(log.entries.indexOf(entry), 1);
    }
  }
}
