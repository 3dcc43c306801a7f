/**
 * Daemons that die and start, and clients that come back: real cores over an order that is view-synchronous by its making,
 * scripted clients with numbered requests. Every member of a view that continues has what any of them has. What a machine
 * ordered last when it died is known to itself alone.
 */
import { Buffer } from 'node:buffer';
import type { LocalSession, SessionSink } from '../../daemon/core/group.js';
import type { Routing } from '../../daemon/core/routing.js';
import { ResumeState, type ResumeSink } from '../../daemon/core/resume-state.js';
import { Delivery, checkDelivery } from '../../lib/wire/delivery.js';
import type { EndCode } from '../../lib/wire/extension/end.js';
import { isExtensionFrame } from '../../lib/wire/extension/frame.js';
import { readAck } from '../../lib/wire/extension/resume.js';
import { encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import {
  AGREED_MESS,
  JOIN_MESS,
  LEAVE_MESS,
  SAFE_MESS,
  SELF_DISCARD,
  isRegular,
  isSelfLeave,
} from '../../lib/wire/service.js';
import { Random } from '../support/random.js';
import { Daemons, type Node } from './daemons.js';

export const WINDOW = 100;
const GROUPS = ['g', 'h', 'i'];
/** The return of a session has been carried out. */
const RETURNED = Symbol('returned');

/** How often each thing happens. */
const WEIGHTS = {
  send: 20,
  change: 6,
  dial: 10,
  read: 14,
  order: 8,
  reach: 12,
  tell: 6,
  take: 14,
  break: 3,
  kill: 2.5,
  view: 2,
  start: 1,
  sweep: 1.5,
  /** From now on to the next view no safe message is known to be stable: what stands behind comes when the view is over. */
  hold: 0,
};
export type Weights = typeof WEIGHTS;

/** What a client asks, kept until it is acknowledged; a leave until it is answered. */
interface Kept {
  readonly kind: 'data' | 'join' | 'leave';
  readonly to: string;
  readonly number: number;
  readonly body: string;
  readonly service: number;
}

/** One connection of a client, at the daemon's side and on its way. */
class Link implements SessionSink, ResumeSink {
  readonly isBehind = false;
  readonly isFarBehind = false;
  readonly hasDeferred = false;
  session: LocalSession | null = null;
  /** What the client has not read yet. */
  readonly out: (Buffer | EndCode | typeof RETURNED)[] = [];
  /** The client knows that it has its place. */
  hasPlace: boolean;
  /** What the daemon has not read yet. */
  readonly in: Kept[] = [];
  isCut = false;

  constructor(
    readonly node: Node,
    readonly attempt: number,
  ) {
    this.hasPlace = attempt === 0;
  }

  deliver(bytes: Buffer, start: number, end: number): void {
    for (let at = start; at < end;) {
      const length = checkDelivery(bytes, at);
      this.out.push(Buffer.from(bytes.subarray(at, at + length)));
      at += length;
    }
  }

  expel(code: EndCode): void {
    this.out.push(code);
  }

  returned(): void {
    this.out.push(RETURNED);
  }

  retry(): boolean {
    return false;
  }

  close(): void {
    // The client sees the end of the stream when it has read everything.
  }
}

export class ResumingClient {
  link: Link | null = null;
  sid = 0n;
  attempt = 0;
  number = 0;
  /** When it last had its place, as far as it knows. */
  lostAt = 0;
  /** Sessions that it had before. */
  private sessions = 0;
  kept: Kept[] = [];
  /** What it wants of each group. */
  readonly state = new Map<string, 'joining' | 'joined' | 'leaving'>();
  readonly names = new Set<string>();
  privateGroup = '';
  /** Members of each group as it knows them. */
  readonly lists = new Map<string, string>();
  /** Private messages that came since the last gap, and all that ever came. */
  readonly mail = new Set<string>();
  readonly allMail = new Set<string>();
  /** Its own messages that came back with the wish that they do not. */
  readonly echoes: string[] = [];

  constructor(
    private readonly world: ResumeWorld,
    readonly name: string,
  ) {}

  request(kind: Kept['kind'], to: string, service = 0): void {
    const number = ++this.number;
    const body = kind === 'data' ? `${this.name}.${this.sessions}.${`${number}`.padStart(4, '0')}` : '';
    const kept: Kept = { kind, to, number, body, service };
    this.kept.push(kept);
    if (kind === 'data') this.world.sent(body);
    this.link?.in.push(kept);
  }

  join(group: string): void {
    if (this.sid === 0n || this.state.has(group)) return;
    this.state.set(group, 'joining');
    this.request('join', group);
  }

  leave(group: string): void {
    if (this.state.get(group) !== 'joined') return;
    this.state.set(group, 'leaving');
    this.request('leave', group);
  }

  /** @returns whether it is connected */
  dial(node: Node): boolean {
    const { core } = node;
    if (core.isExchanging) return false;
    if (this.isForgotten(node)) this.giveUp();
    const isNew = this.sid === 0n;
    const sid = isNew ? this.world.newSid() : this.sid;
    let name = core.roster.reserve(this.name);
    if (typeof name === 'number' && core.roster.isEnding(this.name)) return false;
    if (typeof name === 'number') name = core.roster.reserve('');
    if (typeof name === 'number') return false;
    // A name that is still a member's is not the daemon's to take from its session.
    if (!core.resumption.isFree(name, sid)) {
      core.roster.release(name);
      return false;
    }
    this.sid = sid;
    if (!isNew) this.attempt++;
    const link = new Link(node, this.attempt);
    const resume = new ResumeState(sid, this.attempt, link);
    link.session = core.open(name, true, link, null, '', { resume });
    this.link = link;
    const old = this.privateGroup;
    this.privateGroup = name;
    this.names.add(name);
    this.world.owners.set(name, `${this.name} ${sid}`);
    // Behind a gap a message may come again.
    this.mail.clear();
    if (isNew) return true;
    const record = core.resumption.records.of(sid);
    const stable = record ? core.resumption.acknowledgements.stableOf(record) : 0;
    this.kept = this.kept.filter(
      ({ kind, number }) => kind !== 'join' && (kind === 'leave' || number > stable),
    );
    this.lists.clear();
    for (const [group, state] of this.state) if (state === 'joined') this.state.set(group, 'joining');
    core.comeBack(link.session, old, [...this.state.keys()]);
    link.in.push(...this.world.inOrder(this.kept));
    return true;
  }

  /** Verdict *unknown*: what the daemons knew of it may be gone. */
  private isForgotten({ core }: Node): boolean {
    const isKnown = this.sid === 0n || core.resumption.records.of(this.sid) !== undefined;
    return !isKnown && this.world.clock - this.lostAt >= WINDOW / 2;
  }

  /** Nobody can say what became of its requests; it joins its groups as a new session. */
  private giveUp(): void {
    for (const { body } of this.kept) this.world.unknown.add(body);
    this.kept = [];
    this.sid = 0n;
    this.attempt = 0;
    this.number = 0;
    this.sessions++;
    this.state.clear();
    this.lists.clear();
  }

  /** Reads one thing that came. */
  take(): boolean {
    const next = this.link?.out.shift();
    if (next === undefined) return false;
    if (typeof next === 'string') this.ended(next);
    else if (next === RETURNED) this.link!.hasPlace = true;
    else if (isExtensionFrame(next, 0)) this.acknowledged(readAck(next, 0));
    else this.frame(new Delivery(next, 0, next.length));
    return true;
  }

  /** The daemon reads some requests. */
  read(count: number): void {
    const { link } = this;
    const session = link?.session;
    if (!link || link.isCut || !session || session.leaving) return;
    for (const each of link.in.splice(0, count)) {
      session.resume?.continueWith(each.number);
      const frame = this.frameOf(each, session.privateGroup);
      link.node.core.submit(session, frame, 0, frame.length, 'nobody');
    }
  }

  /** The connection breaks: the daemon sees it, or does not. */
  break(isSeen: boolean): void {
    const { link } = this;
    this.link = null;
    if (!link?.session || !link.node.isUp) return;
    link.isCut = true;
    if (isSeen) link.node.core.disconnect(link.session, true);
  }

  private frameOf({ kind, to, body, service }: Kept, sender: string): Buffer {
    if (kind === 'data') return encodeMessage(service, sender, [to], 0, [Buffer.from(body)]);
    return encodeRequest(kind === 'join' ? JOIN_MESS : LEAVE_MESS, sender, [to]);
  }

  private mailed(text: string): void {
    if (this.mail.has(text)) this.world.fail(`${this.name}: the private message ${text} twice`);
    this.mail.add(text);
    // What a dying machine has delivered alone is sent again, and its name may be another one's by then.
    if (!this.world.isLone(text, this.link?.node)) this.allMail.add(text);
  }

  private acknowledged(number: number): void {
    if (number > this.number)
      this.world.fail(`${this.name} gets an acknowledgement of ${number} of ${this.number} requests`);
    this.kept = this.kept.filter((each) => each.number > number || each.kind === 'leave');
  }

  private ended(code: EndCode): void {
    const attempt = this.link?.attempt ?? 0;
    const isNewest = this.world.highestAttempt(this.sid) <= attempt;
    if (code === 'taken-over' && isNewest) this.world.fail(`${this.name}: END to the newest connection`);
    this.link = null;
  }

  private frame(frame: Delivery): void {
    const { name: group, service } = frame;
    if (isRegular(service)) {
      const text = frame.body.toString('latin1');
      if (frame.names(1)[0]?.startsWith('#')) this.mailed(text);
      if ((service & SELF_DISCARD) !== 0 && text.startsWith(`${this.name}.${this.sessions}.`))
        this.echoes.push(text);
    } else if (isSelfLeave(service)) {
      this.lists.delete(group);
      if (this.state.get(group) === 'leaving') this.state.delete(group);
      const answered = this.kept.findIndex(({ kind, to }) => kind === 'leave' && to === group);
      if (answered >= 0) this.kept.splice(answered, 1);
    } else if (frame.numGroups > 0) {
      const members = frame.names();
      this.lists.set(group, members.join());
      if (members.includes(this.privateGroup) && this.state.get(group) === 'joining')
        this.state.set(group, 'joined');
    }
  }
}

/** A place in the order: the view, and the payload in it. */
type Seen = { readonly at: string; readonly node: Node; readonly tag: bigint };

/** A promise to clients was broken. */
export class BrokenPromise extends Error {}

export class ResumeWorld {
  /** The world that runs, for bugs that look into it. */
  static watched: ResumeWorld | null = null;
  readonly random: Random;
  readonly daemons: Daemons;
  readonly clients: ResumingClient[];
  /** Whose each private group is. */
  readonly owners = new Map<string, string>();
  deaths = 0;
  returns = 0;
  repeats = 0;
  private readonly names: readonly string[];
  private readonly bodies = new Set<string>();
  private readonly places = new Map<string, Seen[]>();
  /** Of each view, those that went on from it. */
  private readonly survivors = new Map<bigint, Set<Node>>();
  private sids = 0n;
  clock = 0;
  /** When all daemons had last delivered everything. */
  private caughtUpAt = 0;
  /** Bodies of which their sender cannot say what became of them. */
  readonly unknown = new Set<string>();
  /** The machine that died last, and what it has delivered alone. */
  private dying: Node | null = null;
  private readonly lone = new Set<string>();
  private isDirty = false;

  constructor(
    readonly seed: number,
    private readonly weights: Partial<Weights> = {},
    private readonly steps = 400,
  ) {
    this.random = new Random(seed);
    this.names = ['a', 'b', 'c', 'd'].slice(0, 3 + this.random.below(2));
    this.daemons = new Daemons(this.names);
    this.clients = Array.from({ length: 5 }, (_, i) => new ResumingClient(this, `c${i}`));
    this.changeView();
  }

  fail(text: string): never {
    throw new BrokenPromise(`seed ${this.seed}: ${text}`);
  }

  newSid(): bigint {
    return (
      (BigInt(this.random.below(2 ** 31)) << 33n) | (BigInt(this.random.below(2 ** 16)) << 16n) | ++this.sids
    );
  }

  /** The order in which a client sends its requests again. */
  inOrder(kept: readonly Kept[]): readonly Kept[] {
    return kept;
  }

  highestAttempt(sid: bigint): number {
    return Math.max(...this.clients.filter((each) => each.sid === sid).map(({ attempt }) => attempt));
  }

  sent(body: string): void {
    this.bodies.add(body);
  }

  seen(body: string, node: Node): void {
    const { period, released } = node;
    const tag = period?.tag ?? 0n;
    if (this.dying === node) this.lone.add(body);
    const places = this.places.get(body) ?? [];
    places.push({ at: `${tag}/${released}`, node, tag });
    this.places.set(body, places);
  }

  /** Whether the machine that died last has delivered that, and nobody else. */
  isLone(body: string, by?: Node): boolean {
    return this.dying === by && this.lone.has(body);
  }

  /** @throws Error when a promise is broken */
  run(): this {
    ResumeWorld.watched = this;
    for (let step = 0; step < this.steps; step++) this.step();
    this.calm();
    this.checkEnd();
    return this;
  }

  private get up(): Node[] {
    return [...this.daemons.nodes.values()].filter(({ period }) => period !== null);
  }

  private step(): void {
    const { random } = this;
    this.clock += 1;
    for (const each of this.clients) if (each.link?.hasPlace === true) each.lostAt = this.clock;
    const weights = { ...WEIGHTS, ...this.weights };
    let dice = random.next() * Object.values(weights).reduce((sum, each) => sum + each, 0);
    const act = (Object.keys(weights) as (keyof Weights)[]).find((each) => (dice -= weights[each]) < 0);
    this.act(act ?? 'tell', random.pick(this.clients), random.pick(this.up));
    this.checkNames();
  }

  private act(act: keyof Weights, client: ResumingClient, node: Node): void {
    const { random } = this;
    const acts: Readonly<Record<keyof Weights, () => unknown>> = {
      send: () => this.send(client),
      change: () => this.change(client),
      dial: () => client.link ?? (client.dial(node) && this.returns++),
      read: () => client.read(1 + random.below(4)),
      order: () => this.daemons.order(),
      reach: () => this.daemons.reach([node.name], 1 + random.below(3)),
      tell: () => this.tell(),
      take: () => [1, 2, 3].map(() => client.take()),
      break: () => client.break(random.chance(0.7)),
      kill: () => this.kill(node),
      view: () => this.changeIfDirty(),
      start: () => this.start(),
      sweep: () => this.sweep(),
      hold: () => this.hold(),
    };
    acts[act]();
  }

  private send(client: ResumingClient): void {
    const { random } = this;
    if (client.sid === 0n) return;
    const service = random.chance(0.1) ? SAFE_MESS : AGREED_MESS;
    if (random.chance(0.2)) {
      const to = random.pick([...this.owners.keys(), client.privateGroup]);
      if (to !== '') client.request('data', to, AGREED_MESS);
      return;
    }
    client.request('data', random.pick(GROUPS), service | (random.chance(0.15) ? SELF_DISCARD : 0));
  }

  private change(client: ResumingClient): void {
    const group = this.random.pick(GROUPS);
    if (client.state.has(group)) client.leave(group);
    else client.join(group);
  }

  private tell(): void {
    const { random } = this;
    this.daemons.tellStable();
    for (const { core } of this.up) if (random.chance(0.7)) core.resumption.acknowledgements.tell();
  }

  private sweep(): void {
    this.clock += this.random.below(WINDOW / 4);
    if (this.clock - this.caughtUpAt >= WINDOW / 2) this.catchUp();
    for (const { core } of this.up) core.resumption.sweep(this.clock, WINDOW);
  }

  /** Nobody is behind in the order for as long as sessions are known. */
  private catchUp(): void {
    this.changeIfDirty();
    for (const node of this.up) node.holdsSafe = false;
    this.daemons.order();
    this.daemons.reach(this.up.map(({ name }) => name));
    this.caughtUpAt = this.clock;
  }

  private hold(): void {
    const most = Math.max(...this.up.map(({ received }) => received));
    for (const node of this.up) {
      node.receive(most);
      node.holdsSafe = true;
    }
  }

  /** A process dies: all it has ordered is on its way to the others. Or a machine: its last payloads are ordered there alone. */
  private kill(node: Node): void {
    if (this.up.length < 2) return;
    this.deaths++;
    this.isDirty = true;
    if (this.random.chance(0.5)) {
      for (const client of this.clients) if (client.link?.node === node) client.read(99);
      this.lone.clear();
      this.dying = node;
      node.orderAlone();
    } else {
      for (const other of this.up) if (other.period === node.period) other.receive(node.received);
    }
    for (const client of this.clients) {
      if (client.link?.node !== node) continue;
      for (let rest = this.random.below(client.link.out.length + 1); rest > 0; rest--) client.take();
      client.link = null;
    }
    this.daemons.crash(node.name);
  }

  private start(): void {
    const down = this.names.filter((name) => !this.daemons.nodes.has(name));
    if (down.length === 0) return;
    this.daemons.start(this.random.pick(down));
    this.isDirty = true;
  }

  private changeIfDirty(): void {
    if (this.isDirty) this.changeView();
  }

  /** The daemons that are up get what any of them has, then a view of their own. */
  private changeView(): void {
    this.isDirty = false;
    const before = this.up;
    const most = Math.max(0, ...before.map(({ received }) => received));
    for (const node of before) {
      node.receive(most);
      const tag = node.period?.tag ?? 0n;
      this.survivors.set(tag, (this.survivors.get(tag) ?? new Set()).add(node));
    }
    this.daemons.change([...this.daemons.nodes.keys()]);
    for (const node of before) node.holdsSafe = false;
    for (const node of this.daemons.nodes.values()) if (!before.includes(node)) this.watch(node);
    this.exchange();
    this.checkTables();
  }

  /** Until the exchange is over at all daemons. */
  private exchange(): void {
    while (this.up.some(({ core }) => core.isExchanging)) {
      this.daemons.order();
      this.daemons.reach(this.up.map(({ name }) => name));
    }
  }

  /** Sees every message that its daemon carries out. */
  private watch(node: Node): void {
    const { routing } = (node.core as unknown as { delivery: { routing: Routing } }).delivery;
    const route = routing.route.bind(routing);
    routing.route = (bytes, start, end, ...rest) => {
      this.seen(new Delivery(bytes, start, end).body.toString('latin1'), node);
      route(bytes, start, end, ...rest);
    };
  }

  private calm(): void {
    for (const name of this.names) if (!this.daemons.nodes.has(name)) this.daemons.start(name);
    this.changeView();
    for (let round = 0; round < 40; round++) {
      for (const client of this.clients) client.read(99);
      this.daemons.run();
      for (const client of this.clients) {
        while (client.take());
        if (!client.link && client.sid !== 0n) client.dial(this.random.pick(this.up));
      }
    }
    this.checkTables();
  }

  // What must hold

  /** R-9: no view has two names of one session. */
  checkNames(): void {
    for (const { core, name } of this.up) {
      for (const group of core.groups.values()) {
        const owners = new Set<string>();
        for (const { privateGroup: member } of group.members) {
          const owner = this.owners.get(member);
          if (owner === undefined) continue;
          if (owners.has(owner))
            this.fail(
              `${name}: ${group.name} has two names of ${owner}: ${[...group.members].map((m) => m.privateGroup).join()}`,
            );
          owners.add(owner);
        }
      }
    }
  }

  /** R-14: daemons that stand at one place have one table. */
  private checkTables(): void {
    const tables = new Map<string, string>();
    for (const node of this.up) {
      const table = tableOf(node);
      const other = tables.get(node.place) ?? table;
      tables.set(node.place, other);
      if (other !== table)
        this.fail(`${node.name}: the table of sessions is\n${table}\n elsewhere\n${other}`);
    }
  }

  private checkEnd(): void {
    this.checkOrder();
    for (const client of this.clients) {
      if (client.sid === 0n) continue;
      const { name, link, kept, state, echoes, lists } = client;
      if (!link) this.fail(`${name} hangs`);
      if (kept.length > 0)
        this.fail(`${name}: ${kept.map(({ kind, number }) => `${kind} ${number}`).join()} not acknowledged`);
      if (echoes.length > 0) this.fail(`${name}: ${echoes.join()} came back`);
      for (const group of GROUPS) {
        const members =
          [...this.up[0]!.core.groups.values()].find((each) => each.name === group)?.members ?? [];
        const listed = [...members].map((each) => each.privateGroup);
        if (listed.includes(client.privateGroup) !== (state.get(group) === 'joined'))
          this.fail(`${name} and ${group}: ${state.get(group)}, listed ${listed.join()}`);
        if (state.has(group) && lists.get(group) !== listed.join())
          this.fail(`${name}: ${group} is ${lists.get(group)}, not ${listed.join()}`);
      }
    }
    for (const owner of this.clients) {
      const others = this.clients.filter((each) => each !== owner);
      for (const body of owner.allMail)
        if (others.some(({ allMail }) => allMail.has(body)))
          this.fail(`the private message ${body} at two clients`);
    }
  }

  /** R-5, R-6: each message has one place in the history that continues, in the order of its sender. */
  private checkOrder(): void {
    const tagNow = this.up[0]?.period?.tag;
    const order: { readonly body: string; readonly at: string }[] = [];
    for (const body of this.bodies) {
      const seen = (this.places.get(body) ?? []).filter(
        ({ tag, node }) => tag === tagNow || this.survivors.get(tag)?.has(node) === true,
      );
      const at = new Set(seen.map((each) => each.at));
      if (at.size === 0 && this.unknown.has(body)) continue;
      if (at.size !== 1) this.fail(`${body} has ${at.size} places: ${[...at].join()}`);
      order.push({ body, at: [...at][0] as string });
    }
    const last = new Map<string, string>();
    for (const { body, at } of order) {
      const session = body.slice(0, -4);
      if (isBefore(at, last.get(session) ?? '0/0'))
        this.fail(`${body} stands before what was sent before it`);
      last.set(session, at);
    }
  }
}

function isBefore(a: string, b: string): boolean {
  const [tagA = 0, indexA = 0] = a.split('/').map(Number);
  const [tagB = 0, indexB = 0] = b.split('/').map(Number);
  return tagA < tagB || (tagA === tagB && indexA < indexB);
}

/** What a daemon knows of sessions, in words. */
export const tableOf = ({ core }: Node): string =>
  [...core.resumption.reported()]
    .toSorted((a, b) => (a.sid < b.sid ? -1 : 1))
    .map(({ sid, last, attempt, home, name, aliases }) =>
      [sid, last, attempt, home, name, ...aliases].join(' '),
    )
    .join('\n');
