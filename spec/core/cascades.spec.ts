/**
 * Daemon views by chance: partitions, merges, freezes and crashes come one upon the other, exchanges are cut off at any
 * place, and whatever happened, the daemons agree in the end and no session saw what it must not
 * ([daemon 1.4], the properties that the group layer has a hand in).
 */
import { expect } from 'chai';
import fc from 'fast-check';
import {
  AGREED_MESS,
  CAUSED_BY_NETWORK,
  isRegularMembership,
  isSelfLeave,
  isTransition,
  SAFE_MESS,
} from '../../lib/wire/service.js';
import { Random } from '../support/random.js';
import { groupIdOf, tell, vsSetsOf } from '../support/describe-frame.js';
import { closedIdOf, Daemons, type Node, ownSetOf, tableOf } from './daemons.js';
import type { Client } from './core-world.js';

const NAMES = ['a', 'b', 'c', 'd'];
const GROUPS = ['g', 'h', 'G'];
const SESSIONS = ['p', 'q', 'r'];
const STEPS = 80;

/** What one session saw of one group in one of its views. */
interface Stay {
  readonly client: Client;
  readonly from: string;
  readonly texts: string[];
  /** The view it went to, and those it went there with; null while it has gone nowhere. */
  to: string | null;
  companions: readonly string[] | null;
}

class Chance {
  readonly daemons = Daemons.together(...NAMES);
  readonly clients: Client[] = [];
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
    const client = this.openOf(daemon).find((each) => each.name === `#${name}#${daemon}`);
    const group = random.pick(GROUPS);
    const dice = random.next();
    if (!client) this.clients.push(this.daemons.open(name, daemon));
    else if (dice < 0.4) client.join(group);
    else if (dice < 0.5) client.leave(group);
    else if (dice < 0.55) this.daemons.node(daemon).core.disconnect(client.session, random.chance(0.5));
    else client.send(`${++this.texts}`, [group], random.pick([AGREED_MESS, SAFE_MESS]));
  }

  private openOf(daemon: string): Client[] {
    return this.daemons.node(daemon).clients.filter(({ inbox }) => inbox.closed === 0);
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

/** [daemon E5]: what two sessions hear under one id of a group is the same. */
function expectOneViewPerId(clients: readonly Client[]): void {
  const views = new Map<string, string>();
  for (const frame of clients.flatMap(({ inbox }) => inbox.frames)) {
    if (!isRegularMembership(frame.service)) continue;
    const id = `${frame.name} ${groupIdOf(frame).join('.')}`;
    expect(tell(frame), id).to.equal(views.get(id) ?? tell(frame));
    views.set(id, tell(frame));
  }
}

/** [daemon E1, E10], and what a session saw in each of its views. */
function staysOf(client: Client): Stay[] {
  const stays: Stay[] = [];
  const now = new Map<string, Stay & { closing: boolean }>();
  const seen = new Set<string>();
  for (const frame of client.inbox.frames) {
    const { service, name } = frame;
    const stay = now.get(name);
    if (isTransition(service)) {
      expect([stay?.closing, stay?.from], `${client.name}: ${tell(frame)}`).to.deep.equal([
        false,
        `${name} ${closedIdOf(frame).join('.')}`,
      ]);
      if (stay) stay.closing = true;
    } else if (isSelfLeave(service)) {
      now.delete(name);
    } else if (isRegularMembership(service)) {
      const isNetwork = (service & CAUSED_BY_NETWORK) !== 0;
      const own = isNetwork ? (vsSetsOf(frame)[ownSetOf(frame)] as string[]) : frame.names();
      const from = `${name} ${groupIdOf(frame).join('.')}`;
      expect(own, `${client.name}: ${tell(frame)}`).to.include(client.name);
      if (stay) {
        if (stay.closing) expect(isNetwork, `behind the signal: ${tell(frame)}`).to.equal(true);
        stay.to = from;
        stay.companions = own;
      }
      const next = { client, from, texts: [], to: null, companions: null, closing: false };
      now.set(name, next);
      stays.push(next);
    } else {
      const text = tell(frame);
      expect(seen.has(text), `${client.name} has ${text} twice`).to.equal(false);
      seen.add(text);
      now.get(frame.names()[0] as string)?.texts.push(text);
    }
  }
  return stays;
}

/** [daemon E7]: those who went from one view to the next together delivered the same. */
function expectVirtualSynchrony(stays: readonly Stay[]): void {
  const moves = new Map<string, Stay[]>();
  for (const stay of stays) {
    const move = `${stay.from} > ${stay.to}`;
    moves.set(move, [...(moves.get(move) ?? []), stay]);
  }
  for (const [move, together] of moves) {
    for (const { companions, texts } of together) {
      for (const other of together) {
        if (companions?.includes(other.client.name)) expect(other.texts, move).to.deep.equal(texts);
      }
    }
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
      expectOneViewPerId(chance.clients);
      const stays = chance.clients.flatMap(staysOf);
      expectVirtualSynchrony(stays);
      expectToldToEnd(chance);
      const frames = chance.clients.flatMap(({ inbox }) => inbox.frames);
      met.moves += stays.filter(({ to }) => to !== null).length;
      met.signals += frames.filter(({ service }) => isTransition(service)).length;
      met.sets += frames.filter((f) => isRegularMembership(f.service) && vsSetsOf(f).length > 1).length;
      met.deferred += nodes.reduce((sum, { core }) => sum + core.counters.deferred, 0);
    });
    fc.assert(property, { numRuns: 200 });
    for (const [what, count] of Object.entries(met)) expect(count, what).to.be.greaterThan(50);
  });
});
