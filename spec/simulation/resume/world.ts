/**
 * Clients that lose their connection and come back, at any daemon and at any time: deaths of processes and of machines,
 * daemons that start, links that end and bring any part of what was under way, a second resume before the first one is
 * through, rings of a few payloads. The modules of the ring are the real ones.
 */
import { locate } from '../../../daemon/core/locate.js';
import { Replay } from '../../../daemon/core/replay.js';
import { Random } from '../../support/random.js';
import { checkResume } from '../../support/resume-checks/all.js';
import type { LinkedEntry } from '../../support/resume-checks/log.js';
import { type ClientFaults, SimClient } from './client.js';
import { type DaemonFaults, SimDaemon, type SimView } from './daemon.js';
import { GroupState, stateText } from './groups.js';
import { exchangePayload, payloadOf } from './order.js';
import { Fault, type Link, SimSession } from './session.js';

const GROUPS = ['g', 'h', 'i'];
const CLIENTS = 5;
const STEPS = 600;
const STEP_MS = 10;
/** What a payload of this world counts for in the ring, about. */
const PAYLOAD_BYTES = 300;
const CALM_ROUNDS = 60;

export interface WorldChoice {
  /** Payloads that the ring holds, about; by chance when it is not given. */
  readonly ring?: number;
  /** Part of the steps in which a group is joined or left. */
  readonly changes?: number;
  /** Part of the steps in which a link breaks. */
  readonly breaks?: number;
  /** Events that may wait for a socket before a replay pauses; by chance when it is not given. */
  readonly room?: number;
  /** Daemons die and start more often. */
  readonly newcomers?: boolean;
  /** A daemon that dies has delivered everything, and the others give the signal before they get as far. */
  readonly earlySignals?: boolean;
  readonly faults?: DaemonFaults & ClientFaults;
}

export interface WorldResult {
  readonly kills: number;
  readonly resumes: number;
  readonly whole: number;
  readonly gaps: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
}

export class ResumeWorld {
  private readonly random: Random;
  private readonly clients: SimClient[];
  private daemons: SimDaemon[] = [];
  /** All that ever ran. */
  private readonly logs: SimDaemon[] = [];
  private view!: SimView;
  private tags = 0;
  private sids = 0n;
  private bodies = 0;
  private now = 1000;
  private isDirty = false;
  private readonly ringPayloads: number;
  private readonly room: number;
  private readonly counts = { kills: 0, resumes: 0, whole: 0, gaps: {} as Record<string, number> };

  constructor(
    seed: number,
    private readonly choice: WorldChoice = {},
  ) {
    this.random = new Random(seed);
    this.ringPayloads = choice.ring ?? this.random.pick([4, 20, 1000]);
    this.room = choice.room ?? this.random.pick([5, 40, Infinity]);
    const { faults = {} } = choice;
    this.clients = Array.from({ length: CLIENTS }, (_, i) => new SimClient(`c${i}`, faults));
    const count = 3 + this.random.below(2);
    for (let i = 0; i < count; i++) this.daemons.push(this.start(`d${i}`));
  }

  run(): WorldResult {
    const violations: string[] = [];
    try {
      this.changeView();
      this.completeExchange();
      for (let step = 0; step < STEPS; step++) this.step(step);
      this.calm();
      violations.push(...this.endFaults());
      const found = checkResume({ clients: this.clients, daemons: this.logs });
      violations.push(...found.map(({ property, text }) => `${property}: ${text}`));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      violations.push(error.message);
    }
    return { ...this.counts, violations };
  }

  private start(name: string): SimDaemon {
    const run = this.logs.filter((each) => each.name === name).length + 1;
    const limits = { bytes: this.ringPayloads * PAYLOAD_BYTES, age: 1e9 };
    const daemon = new SimDaemon(name, `${name}.${run}`, this.now, limits, this.choice.faults ?? {});
    this.logs.push(daemon);
    return daemon;
  }

  /** Those that are in the view. */
  private get present(): SimDaemon[] {
    return this.daemons.filter(({ alive, tag }) => alive && tag === this.view.tag);
  }

  private step(step: number): void {
    const { random, choice } = this;
    const { changes = 0.04, breaks = 0.015, newcomers = false } = choice;
    const deaths = newcomers ? 3 : 1;
    this.now += STEP_MS;
    const client = random.pick(this.clients);
    const daemon = random.pick(this.present);
    let at = random.next();
    const is = (part: number): boolean => (at -= part) < 0;
    if (is(0.18)) this.send(client);
    else if (is(changes)) this.joinOrLeave(client);
    else if (is(0.08)) {
      if (client.link === null && (client.sid !== 0n || step < STEPS / 2)) this.dial(client);
    } else if (is(0.15)) {
      this.readRequests(daemon, 1 + random.below(4));
      this.order(daemon);
    } else if (is(0.23)) {
      daemon.turn(this.view, 1 + random.below(3), this.now);
      this.acknowledge(daemon);
      daemon.pump(this.now, 1 + random.below(40));
      if (random.chance(0.02)) daemon.dropIndex();
    } else if (is(breaks)) this.breakLink(client, random.chance(0.3));
    else if (is(0.01 * deaths)) this.kill(daemon, random.chance(0.5));
    else if (is(0.008 * deaths)) {
      if (this.isDirty) this.changeView();
    } else if (is(0.006 * deaths)) this.restart();
    else if (is(0.02)) this.completeExchange();
    else for (let i = 0; i < 3; i++) client.take(this.now);
  }

  private send(client: SimClient): void {
    if (client.sid === 0n) return;
    const { random } = this;
    const id = String(++this.bodies);
    const other = random.pick(this.clients);
    if (random.chance(0.1) && other.isKnown) client.request('private', other.name, id);
    else client.request('data', random.pick(GROUPS), id, random.chance(0.1));
  }

  private joinOrLeave(client: SimClient): void {
    if (client.sid === 0n) return;
    const group = this.random.pick(GROUPS);
    const wish = client.wish(group);
    if (wish === 'joined') {
      client.wishes.set(group, 'leaving');
      client.request('leave', group);
    } else if (wish === 'none' && client.mayJoin(group)) {
      client.wishes.set(group, 'joining');
      client.request('join', group);
    }
  }

  private dial(client: SimClient): void {
    // A daemon that has just started lets handshakes wait for its first exchange.
    const ready = this.present.filter(({ hasState }) => hasState);
    if (ready.length === 0) return;
    const daemon = this.random.pick(ready);
    const name = `#${client.client}#${daemon.name}`;
    const isNew = client.sid === 0n;
    const live = [...daemon.sessions.values()].find(({ sid, leaving }) => sid === client.sid && !leaving);
    const busy = daemon.sessions.get(name);
    // The end of the one that has the name is not in the order yet.
    if (busy && busy !== live) return;
    if (isNew) client.sid = ++this.sids;
    else client.attempt++;
    const { sid, attempt } = client;
    const session = new SimSession(sid, attempt, name, this.room);
    const link: Link = { session, requests: [] };
    if (live) daemon.end(live, false);
    session.link = link;
    daemon.sessions.set(name, session);
    client.link = link;
    const old = client.name;
    client.name = name;
    if (isNew) {
      const { tag, index, hash } = daemon.history;
      client.position.marked({ tag, from: index, to: index, hash });
      client.linked(daemon, name, 'new');
      return;
    }
    this.resume(client, daemon, session, old, live !== undefined);
  }

  private resume(
    client: SimClient,
    daemon: SimDaemon,
    session: SimSession,
    old: string,
    isHere: boolean,
  ): void {
    const { sid, attempt, groups } = client;
    const { name } = session;
    const position = client.position.at(this.now - client.lostAt);
    const verdict = locate(daemon.ring, position, this.now, daemon.started);
    this.counts.resumes++;
    let told: LinkedEntry['verdict'] = 'gap';
    if (verdict.kind === 'gap')
      this.counts.gaps[verdict.reason] = (this.counts.gaps[verdict.reason] ?? 0) + 1;
    else {
      this.counts.whole++;
      told = verdict.kind === 'ahead' ? 'ahead' : isHere ? 'here' : 'whole';
    }
    client.linked(daemon, name, told);
    const request = {
      sid,
      name,
      oldName: old,
      membership: true,
      position,
      groups,
      started: daemon.started,
    };
    session.isWhole = verdict.kind === 'whole';
    session.replay = new Replay(
      daemon.ring,
      daemon.index,
      daemon.present(sid, attempt, old),
      request,
      session,
    );
    session.replay.open(this.now);
    const wanted = groups.flatMap((each) => (each.wanted ? [each.group] : []));
    const last = daemon.state.table.get(sid)?.last ?? 0;
    daemon.queue.push({ kind: 'return', sid, attempt, last, old, name, groups: wanted, isNew: !isHere });
    session.link?.requests.push(...client.repeats);
  }

  private readRequests(daemon: SimDaemon, max: number): void {
    for (const session of daemon.sessions.values()) {
      const { link, name, sid, leaving } = session;
      if (link === null || leaving) continue;
      for (const request of link.requests.splice(0, max)) daemon.queue.push({ ...request, from: name, sid });
    }
  }

  private order(daemon: SimDaemon): void {
    if (!this.view.isComplete || daemon.queue.length === 0) return;
    this.view.log.push(payloadOf(daemon.name, daemon.queue.splice(0)));
  }

  private acknowledge(daemon: SimDaemon): void {
    const has = ({ alive, tag, history, deadIndex }: SimDaemon): number =>
      alive && tag === this.view.tag ? history.index : alive ? 0 : deadIndex;
    daemon.stable(Math.min(...this.view.daemons.map(has)));
  }

  private breakLink(client: SimClient, isSilent: boolean): void {
    const { link } = client;
    if (link === null) return;
    client.lose(this.now);
    const { session } = link;
    const daemon = this.daemons.find(({ sessions }) => sessions.get(session.name) === session);
    if (isSilent || !daemon?.alive) return;
    session.leaving = true;
    session.link = null;
    session.replay?.close();
    session.replay = null;
    daemon.queue.push({ kind: 'kill', from: session.name });
  }

  /** @param isMachine its last payloads are delivered there alone */
  private kill(daemon: SimDaemon, isMachine: boolean): void {
    if (!this.present.some((each) => each !== daemon && each.hasState)) return;
    this.counts.kills++;
    this.isDirty = true;
    const { view } = this;
    if (isMachine) {
      this.readRequests(daemon, 99);
      const items = daemon.queue.splice(0);
      if (view.isComplete && daemon.history.index === view.log.length && items.length > 0) {
        daemon.deliver(payloadOf(daemon.name, items), view, this.now);
        daemon.flush();
      }
    }
    if (this.choice.earlySignals === true) {
      daemon.turn(view, Infinity, this.now);
      daemon.pump(this.now, Infinity);
      for (const client of this.clients)
        while (
          client.link &&
          daemon.sessions.get(client.name) === client.link.session &&
          this.random.chance(0.9) &&
          client.take(this.now)
        );
    }
    daemon.alive = false;
    daemon.deadIndex = isMachine ? 0 : Infinity;
    for (const client of this.clients) {
      const { link } = client;
      if (link === null || daemon.sessions.get(link.session.name) !== link.session) continue;
      for (let left = this.random.below(link.session.out.length + 1); left > 0; left--) client.take(this.now);
      client.lose(this.now);
    }
    daemon.sessions.clear();
  }

  private restart(): void {
    const dead = this.daemons.filter(({ alive }) => !alive);
    if (dead.length === 0) return;
    const { name } = this.random.pick(dead);
    this.daemons = this.daemons.map((each) => (each.name === name ? this.start(name) : each));
    this.isDirty = true;
  }

  /** Those who stay deliver all of the old view, one part of it behind the signal; then a new view begins. */
  private changeView(): void {
    const { random } = this;
    const old = this.view ? this.present : [];
    const members = this.daemons.filter(({ alive }) => alive);
    const stays = new Set(old.map(({ name }) => name));
    if (old.length > 0) {
      const most = Math.max(...old.map(({ history }) => history.index));
      const more = this.choice.earlySignals === true ? 1 : this.view.log.length - most + 1;
      const cut = most + random.below(more);
      for (const daemon of old) {
        daemon.turn(this.view, cut - daemon.history.index, this.now);
        daemon.transitional((name) => stays.has(name), this.now);
        daemon.turn(this.view, Infinity, this.now);
      }
    }
    const withState = old.filter(({ hasState }) => hasState);
    const tag = ++this.tags;
    this.view = {
      tag,
      daemons: members,
      log: [],
      base: withState[0]?.state.copy() ?? new GroupState(this.choice.faults),
      held: old.flatMap(({ held }) => held ?? []),
      stays: new Set(withState.map(({ name }) => name)),
      isComplete: false,
    };
    const names = members.map(({ name }) => name);
    for (const daemon of members)
      daemon.install(tag, names, stays.has(daemon.name) ? (old[0]?.name ?? '') : daemon.name);
    this.view.log.push(exchangePayload(names[0] ?? '', false));
    this.isDirty = false;
    if (random.chance(0.7)) this.completeExchange();
  }

  private completeExchange(): void {
    const { view } = this;
    if (view.isComplete || view.daemons.some(({ alive }) => !alive)) return;
    view.isComplete = true;
    view.log.push(exchangePayload(view.daemons[view.daemons.length - 1]?.name ?? '', true));
  }

  private calm(): void {
    while (this.daemons.some(({ alive }) => !alive)) this.restart();
    this.changeView();
    this.completeExchange();
    for (let round = 0; round < CALM_ROUNDS; round++) {
      this.now += STEP_MS;
      for (const daemon of this.daemons) {
        this.readRequests(daemon, 99);
        this.order(daemon);
      }
      for (const daemon of this.daemons) daemon.turn(this.view, Infinity, this.now);
      for (const daemon of this.daemons) {
        this.acknowledge(daemon);
        daemon.pump(this.now, Infinity);
      }
      for (const client of this.clients) {
        while (client.take(this.now));
        if (client.link === null && client.sid !== 0n) this.dial(client);
      }
    }
  }

  /** What is not as it should be when everything has come to rest. */
  private endFaults(): string[] {
    const found: string[] = [];
    const [first] = this.daemons as [SimDaemon];
    for (const client of this.clients) {
      if (client.sid === 0n) continue;
      const { link, kept, name } = client;
      client.settled = true;
      if (link === null || link.session.replay !== null) found.push(`${client.client} hangs`);
      if (kept.length > 0) found.push(`${client.client}: ${kept.length} requests are not acknowledged`);
      for (const group of GROUPS) {
        const isWanted = client.wish(group) !== 'none';
        if (first.state.isMember(group, name) !== isWanted)
          found.push(`${client.client} wants ${group}: ${isWanted}`);
        const list = isWanted ? first.state.list(group)?.members.join() : undefined;
        if (list !== client.lists.get(group)?.join())
          found.push(`${client.client} has another list of ${group}`);
        if (!isWanted) continue;
        const { groups } = link?.session ?? { groups: new Set<string>() };
        if (!groups.has(group)) found.push(`${client.client} does not follow ${group}`);
      }
    }
    const states = new Set(this.daemons.map(({ state }) => stateText(state)));
    if (states.size > 1) found.push('groups or tables differ');
    for (const { name, ring } of this.daemons)
      if (ring.bytes > ring.limits.bytes && ring.end - ring.first > 1)
        found.push(`${name}: the ring is too long`);
    return found;
  }
}
