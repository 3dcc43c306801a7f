/** A test that a user of `ssp-toolkit/testing` writes to find races: members, messages and faults by chance, and `check`. */
import { type Cluster, cluster } from '../../daemon/testing/index.js';
import type { Connection } from '../../lib/client/connection.js';
import type { Group } from '../../lib/client/group.js';
import type { Service } from '../../lib/client/send.js';
import { Random } from '../support/random.js';

const GROUPS = ['room', 'lobby', 'hall'];
const SERVICES: readonly Service[] = ['agreed', 'agreed', 'safe', 'fifo'];
const DAEMONS = 4;
const MEMBERS = 5;
const STEPS = 15;
/** Length of some messages: a few of them fill what is on its way to one that does not read. */
const LARGE = 30_000;
/** Rounds of messages before a fault, and after it. */
const BUSY = 4;

interface Player {
  readonly daemon: number;
  readonly connection: Connection;
  readonly groups: Map<string, Group>;
}

class Story {
  private readonly players: Player[] = [];
  private readonly random: Random;
  private said = 0;
  /** The connection that does not read. */
  private stalled: Connection | null = null;

  constructor(private readonly c: Cluster) {
    this.random = new Random(c.seed);
  }

  async play(): Promise<void> {
    const { c, random } = this;
    for (let i = 0; i < MEMBERS; i++) await this.enter();
    for (let step = 0; step < STEPS; step++) {
      await this.step();
      if (random.chance(0.7)) await c.advance(random.below(200));
    }
    if (this.stalled) c.unpause(this.stalled);
    await c.heal({ wait: 'nothing' });
    for (const [i, { state }] of c.daemons.entries())
      if (state === 'down') await c.start(i, { wait: 'nothing' });
    await c.settled();
    c.check();
  }

  private async step(): Promise<void> {
    const chance = this.random.next();
    if (chance < 0.3) this.say();
    else if (chance < 0.4) this.move();
    else if (chance < 0.5) await this.enter();
    else if (chance < 0.6) await this.leave();
    else if (chance < 0.7) this.stall();
    else await this.fault();
  }

  /** In the middle of much that is on its way. */
  private async fault(): Promise<void> {
    const { c, random } = this;
    for (let count = 0; count < BUSY; count++) {
      this.say();
      if (random.chance(0.3)) this.move();
      await c.advance(random.below(10));
    }
    const chance = random.next();
    if (chance < 0.5) await c.partition(this.sides(), { wait: 'nothing' });
    else if (chance < 0.75) await c.heal({ wait: 'nothing' });
    else await this.restart();
    for (let count = 0; count < BUSY; count++) {
      await c.advance(random.below(60));
      this.say();
    }
  }

  /** A connection to one of the daemons that run, in some of the groups. */
  private async enter(daemon = this.random.pick(this.running()), name?: string): Promise<void> {
    const { c, random } = this;
    const connection = await c.connect(daemon, name === undefined ? {} : { name });
    const player = { connection, groups: new Map(), daemon };
    this.players.push(player);
    for (const group of GROUPS) if (random.chance(0.7)) this.join(player, group);
  }

  private join({ connection, groups }: Player, name: string): void {
    const listen = async (): Promise<void> => {
      const group = await connection.join(name);
      groups.set(name, group);
      group.on('event', () => undefined);
    };
    // The connection may be lost before.
    listen().catch(() => undefined);
  }

  /** Several messages at one moment. */
  private say(): void {
    const { random } = this;
    const { connection } = random.pick(this.players);
    for (let count = 1 + random.below(4); count > 0; count--) {
      const groups = random.chance(0.3) ? GROUPS.slice(random.below(2)) : [random.pick(GROUPS)];
      const options = { service: random.pick(SERVICES), selfDiscard: random.chance(0.1) };
      const body = `message ${this.said++}`.padEnd(random.chance(0.2) ? LARGE : 0);
      connection.send(groups, body, options).catch(() => undefined);
    }
  }

  /** A member leaves a group, or joins one. */
  private move(): void {
    const { random } = this;
    const player = random.pick(this.players);
    const name = random.pick(GROUPS);
    const group = player.groups.get(name);
    player.groups.delete(name);
    if (group?.isMember) group.leave().catch(() => undefined);
    else if (player.connection.open) this.join(player, name);
  }

  /** Somebody goes, and may be back at once under the same name. */
  private async leave(): Promise<void> {
    const { c, players, random } = this;
    if (players.length < 4) return;
    const [player] = players.splice(random.below(players.length), 1) as [Player];
    const { connection, daemon } = player;
    if (this.stalled === connection) this.stall();
    await connection.close();
    if (c.daemons[daemon]?.state === 'up' && random.chance(0.5)) await this.enter(daemon, connection.name);
  }

  /** Somebody does not read, until somebody else does not. */
  private stall(): void {
    const { c, players, random } = this;
    if (this.stalled) c.unpause(this.stalled);
    const open = players.filter(({ connection }) => connection.open && connection !== this.stalled);
    this.stalled = open.length > 0 ? random.pick(open).connection : null;
    if (this.stalled) c.pause(this.stalled);
  }

  private running(): number[] {
    return this.c.daemons.flatMap(({ state }, i) => (state === 'up' ? [i] : []));
  }

  private sides(): number[][] {
    const sides: number[][] = [[], [], []];
    for (let i = 0; i < DAEMONS; i++) this.random.pick(sides).push(i);
    return sides.filter((side) => side.length > 0);
  }

  /** A daemon is killed, and starts again at once or at the end. */
  private async restart(): Promise<void> {
    const { c, random } = this;
    const running = this.running();
    if (running.length < 3) return;
    const daemon = random.pick(running);
    await c.kill(daemon, { wait: 'nothing' });
    if (random.chance(0.5)) await c.start(daemon, { wait: 'nothing' });
  }
}

/** @throws Error for what broke a promise, or did not come to rest */
export async function randomStory(seed: number): Promise<void> {
  const times = { detectionMs: 150, mergeMs: 100, delayMs: [1, 30] as const };
  await using c = await cluster(DAEMONS, { time: 'virtual', disorder: true, seed, ...times });
  await new Story(c).play();
}
