/**
 * Daemon views by chance: partitions, merges, freezes and crashes come one upon the other, exchanges are cut off at any
 * place, and whatever happened, the daemons agree in the end and no session saw what it must not
 * ([daemon 1.4], the properties that the group layer has a hand in).
 */
import { expect } from 'chai';
import fc from 'fast-check';
import type { Delivery } from '../../lib/wire/delivery.js';
import { AGREED_MESS, isRegularMembership, SAFE_MESS } from '../../lib/wire/service.js';
import { checkers } from '../../daemon/testing/checks/all.js';
import { historyOf } from '../../daemon/testing/checks/history.js';
import type { Entry, SessionLog } from '../../daemon/testing/checks/log.js';
import { membershipEntry } from '../../daemon/testing/checks/membership-entry.js';
import { safe } from '../../daemon/testing/checks/safe.js';
import { sameView } from '../../daemon/testing/checks/same-view.js';
import { groupIdOf } from '../support/describe-frame.js';
import { Random } from '../support/random.js';
import type { Client } from './core-world.js';
import { Daemons, type Node, tableOf } from './daemons.js';

const NAMES = ['a', 'b', 'c', 'd'];
const GROUPS = ['g', 'h', 'G'];
const SESSIONS = ['p', 'q', 'r'];
const STEPS = 80;
/**
 * Whether a safe message is everywhere is for the transport to know; here chance says when it counts as safe. That two
 * sides part before a join on one of them cannot be seen in the logs where the one who joined leaves again at once.
 */
const applicable = checkers.filter((checker) => checker !== safe && checker !== sameView);

/** What a session sent and saw, as the checkers read it. */
class Logged {
  readonly log: SessionLog;
  private read = 0;

  constructor(
    readonly client: Client,
    daemon: string,
    number: number,
  ) {
    const { name } = client;
    const session = `${name}~${number}`;
    this.log = { session, privateGroup: name, daemon, membership: true, entries: [], end: 'open' };
  }

  join(group: string): void {
    this.note({ kind: 'join', group });
    this.client.join(group);
  }

  leave(group: string): void {
    this.note({ kind: 'leave', group });
    this.client.leave(group);
  }

  send(id: string, group: string, service: number): void {
    this.note({ kind: 'send', id, groups: [group], service });
    this.client.send(id, [group], service);
  }

  /** @param isUp whether its daemon still runs */
  end(isUp: boolean): void {
    this.catchUp();
    if (this.client.inbox.closed > 0 || !isUp) this.log.end = 'closed';
  }

  private note(entry: Entry): void {
    this.catchUp();
    this.log.entries.push(entry);
  }

  private catchUp(): void {
    const { frames } = this.client.inbox;
    for (; this.read < frames.length; this.read++)
      this.log.entries.push(entryOf(frames[this.read] as Delivery));
  }
}

const entryOf = (frame: Delivery): Entry =>
  membershipEntry(frame) ?? {
    kind: 'data',
    id: frame.body.toString('latin1'),
    sender: frame.name,
    groups: frame.names(),
    service: frame.service,
  };

class Chance {
  readonly daemons = Daemons.together(...NAMES);
  readonly sessions: Logged[] = [];
  private readonly random: Random;
  private texts = 0;
  private starts = 1;

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  run(): void {
    for (let i = 0; i < STEPS; i++) {
      this.step();
      expectEqualTables([...this.daemons.nodes.values()]);
    }
    for (const name of NAMES) if (!this.daemons.nodes.has(name)) this.start(name);
    for (const node of this.daemons.nodes.values()) node.holdsSafe = false;
    this.daemons.change(NAMES);
    this.daemons.run();
  }

  private step(): void {
    const { daemons, random } = this;
    const dice = random.next();
    const running = [...daemons.nodes.keys()];
    if (dice < 0.45) this.request();
    else if (dice < 0.6) daemons.order();
    else if (dice < 0.8) daemons.reach(this.some(running), 1 + random.below(4));
    else if (dice < 0.85) daemons.run();
    else if (dice < 0.9) daemons.node(random.pick(running)).holdsSafe = random.chance(0.6);
    else if (dice < 0.97) this.change(running);
    else if (running.length > 2) daemons.crash(random.pick(running));
    else this.start(NAMES.find((name) => !running.includes(name)) as string);
  }

  /** A daemon that starts again does so with a clock that has moved on. */
  private start(name: string): void {
    this.daemons.start(name).clock = 1000 * ++this.starts;
  }

  private some(names: readonly string[]): string[] {
    return names.filter(() => this.random.chance(0.6));
  }

  /** Each daemon goes to one of two sides, or stands still. */
  private change(running: readonly string[]): void {
    const sides: [string[], string[], string[]] = [[], [], []];
    for (const name of running) sides[this.random.pick([0, 0, 1, 2])]?.push(name);
    this.daemons.change(...sides.slice(0, 2).filter((side) => side.length > 0));
  }

  private request(): void {
    const { random } = this;
    const daemon = random.pick([...this.daemons.nodes.keys()]);
    const name = random.pick(SESSIONS);
    const session = this.openOf(daemon).find(({ client }) => client.name === `#${name}#${daemon}`);
    const group = random.pick(GROUPS);
    const dice = random.next();
    if (!session)
      this.sessions.push(new Logged(this.daemons.open(name, daemon), daemon, this.sessions.length));
    else if (dice < 0.4) session.join(group);
    else if (dice < 0.5) session.leave(group);
    else if (dice < 0.55)
      this.daemons.node(daemon).core.disconnect(session.client.session, random.chance(0.5));
    else session.send(`${++this.texts}`, group, random.pick([AGREED_MESS, SAFE_MESS]));
  }

  private openOf(daemon: string): Logged[] {
    const { clients } = this.daemons.node(daemon);
    return this.sessions.filter(({ client }) => client.inbox.closed === 0 && clients.includes(client));
  }

  /** What all sessions saw, until the end. */
  get logs(): SessionLog[] {
    const up = new Set([...this.daemons.nodes.values()].flatMap(({ clients }) => clients));
    for (const session of this.sessions) session.end(up.has(session.client));
    return this.sessions.map(({ log }) => log);
  }
}

/** Daemons that have the same behind them hold the same groups. */
function expectEqualTables(nodes: readonly Node[]): void {
  const tables = new Map<string, string>();
  for (const { core, place } of nodes.filter((node) => node.period && !node.core.isExchanging)) {
    const table = JSON.stringify(tableOf(core));
    expect(table, `at ${place}`).to.equal(tables.get(place) ?? table);
    tables.set(place, table);
  }
}

/** What each open session was told last of each of its groups is what the daemons hold. */
function expectToldToEnd(chance: Chance): void {
  const { core } = chance.daemons.node('a');
  const table = tableOf(core);
  const open = [...chance.daemons.nodes.values()].flatMap(({ clients }) =>
    clients.filter(({ inbox }) => inbox.closed === 0),
  );
  const listed = new Set(Object.values(table).flatMap(({ members }) => members));
  for (const client of open) {
    expect(client.session.member === null, client.name).to.equal(!listed.has(client.name));
    listed.delete(client.name);
    for (const { name } of client.session.member?.groups ?? []) {
      const last = client.inbox.frames.findLast(
        (frame) => frame.name === name && isRegularMembership(frame.service),
      );
      expect(last && { id: groupIdOf(last).join('.'), members: last.names() }).to.deep.equal(table[name]);
    }
  }
  expect([...listed], 'members without a session').to.deep.equal([]);
}

describe('core: cascades', () => {
  it('leave all daemons with the same groups, and every session with what it may see', () => {
    const met = { moves: 0, signals: 0, sets: 0, deferred: 0 };
    const property = fc.property(fc.integer(), (seed) => {
      const chance = new Chance(seed);
      chance.run();
      const nodes = [...chance.daemons.nodes.values()];
      expect(new Set(nodes.map(({ place }) => place)).size, 'places').to.equal(1);
      expectEqualTables(nodes);
      const { logs } = chance;
      expect(applicable.flatMap((checker) => checker(logs))).to.deep.equal([]);
      expectToldToEnd(chance);
      const { stays } = historyOf(logs);
      met.moves += stays.filter(({ next }) => next !== null).length;
      met.signals += stays.reduce((sum, { transitions }) => sum + transitions, 0);
      met.sets += stays.filter(({ view }) => view.sets.length > 1).length;
      met.deferred += nodes.reduce((sum, { core }) => sum + core.counters.deferred, 0);
    });
    fc.assert(property, { numRuns: 200 });
    for (const [what, count] of Object.entries(met)) expect(count, what).to.be.greaterThan(50);
  });
});
