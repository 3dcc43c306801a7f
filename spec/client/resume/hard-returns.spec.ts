/** Returns at whole daemons where little goes as it should: long absences, exchanges that do not end, clients that do not go. */
import type { Socket } from 'node:net';
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { Core } from '../../../daemon/core/core.js';
import type { Daemon } from '../../../daemon/index.js';
import { connect, type Connection, type Group, type ResumeOptions } from '../../../lib/index.js';
import { withPlatform } from '../../../lib/mailbox/platform.js';
import { openSocket } from '../../../lib/mailbox/socket-transport.js';
import { AGREED_MESS } from '../../../lib/wire/service.js';
import { MemoryCluster } from '../../support/memory-cluster.js';
import { ResumableClient } from '../../support/resumable-client.js';
import { eventually } from '../../support/wait.js';
import { word } from '../support.js';

/** A member of `g`, and what it hears. */
class Member implements AsyncDisposable {
  readonly words: string[] = [];
  returns = 0;
  private sent = 0;

  private constructor(
    readonly name: string,
    readonly connection: Connection,
    readonly group: Group,
    private readonly sockets: readonly Socket[],
  ) {
    group.on('event', (event) => this.words.push(event.kind === 'gap' ? `gap ${event.reason}` : word(event)));
    connection.on('resumed', () => this.returns++);
  }

  /** @param first number of the daemon that it goes to first */
  static async join(
    cluster: MemoryCluster,
    first: number,
    name: string,
    resume: ResumeOptions = {},
  ): Promise<Member> {
    const all = cluster.daemons.map((_, index) => cluster.address(index));
    const addresses = [...all.slice(first), ...all.slice(0, first)];
    const sockets: Socket[] = [];
    const open: typeof openSocket = (...args) => {
      const socket = openSocket(...args) as Socket;
      sockets.push(socket);
      return socket;
    };
    const connection = await connect(withPlatform({ addresses, name, resume }, { open }));
    return new Member(name, connection, await connection.join('g'), sockets);
  }

  say(count = 1): void {
    for (let i = 0; i < count; i++) void this.group.send(`${this.name}${this.sent++}`);
  }

  /** Everything that one has said by now, each once and in order. */
  async hears({ name, sent }: Member): Promise<void> {
    const heard = (): string[] => this.words.filter((each) => new RegExp(`^${name}\\d+$`).test(each));
    await eventually(() => heard().at(-1) === `${name}${sent - 1}`, `${name}${sent - 1} at ${this.name}`);
    expect(heard()).to.deep.equal(Array.from({ length: sent }, (_, i) => `${name}${i}`));
  }

  reset(): void {
    // Others were looked for a better one.
    this.sockets.findLast(({ destroyed }) => !destroyed)?.resetAndDestroy();
  }

  get gaps(): string[] {
    return this.words.filter((each) => each.startsWith('gap'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.close();
  }
}

const coreOf = (daemon: Daemon | undefined): Core => Reflect.get(daemon as Daemon, 'core') as Core;

describe('a client that comes to another daemon after a long time', () => {
  for (const [how, options, verdict, answer] of [
    [
      'has a gap, and the list of now, where the ring has less',
      { resumeBufferBytes: 65_536 },
      'gap',
      ['gap g: overrun', 'list g: #ann#d2 #bob#d3', 'resumed 1'],
    ],
    ['is not known where its session was forgotten', { resumeWindowMs: 1000 }, 'unknown', []],
  ] as const)
    it(how, async () => {
      await using cluster = await MemoryCluster.start(3, () => options);
      const [d1, d2, d3] = cluster.daemons as [Daemon, Daemon, Daemon];
      const ann = await ResumableClient.connect(d1.port, 'ann');
      ann.join('g');
      await ann.hears('list g: #ann#d1');
      const bob = await ResumableClient.connect(d3.port, 'bob');
      bob.join('g');
      await bob.hears('list g: #ann#d1 #bob#d3');
      await ann.hears('g: join #bob#d3');
      ann.break();
      await bob.hears('g: disconnect #ann#d1');
      if (verdict === 'gap') {
        const body = Buffer.alloc(10_000);
        for (let i = 0; i < 10; i++) bob.multicast(AGREED_MESS, ['g'], body);
        bob.multicast(AGREED_MESS, ['g'], 'last');
        await bob.hears('#bob#d3 > g: last');
      } else {
        const { records } = coreOf(d2).resumption;
        await eventually(() => records.of(ann.welcome.sid) === undefined, 'the end of what is known');
      }
      ann.heard();
      await ann.return(d2.port, 2000);
      expect(ann.welcome.verdict).to.equal(verdict);
      if (verdict === 'gap') ann.resume(['g']);
      else ann.join('g');
      await ann.hears(answer.at(-1) ?? 'list g: #ann#d2 #bob#d3');
      if (verdict === 'gap') expect(ann.heard()).to.deep.equal(answer);
      bob.multicast(AGREED_MESS, ['g'], 'here');
      await ann.hears('#bob#d3 > g: here');
      for (const each of [ann, bob]) each.close();
    });
});

describe('a drain while the daemons exchange what they know', () => {
  for (const [how, drainTimeMs, isEnough] of [
    ['waits for its end, and loses nothing', 20_000, true],
    ['ends with its time, and loses nothing', 100, false],
  ] as const)
    it(how, async () => {
      await using cluster = await MemoryCluster.start(3, () => ({ drainTimeMs }));
      const [d1, d2, d3] = cluster.daemons as [Daemon, Daemon, Daemon];
      await using ann = await Member.join(cluster, 0, 'ann');
      await using bob = await Member.join(cluster, 1, 'bob');
      await eventually(() => ann.words.length === 2, 'the join of bob');
      const member = (each: Daemon): boolean => coreOf(each).isExchanging;
      cluster.network.hold(true);
      await d3.stop();
      await eventually(() => member(d1) && member(d2), 'an exchange');
      for (const each of [ann, bob]) each.say(20);
      const moved = new Promise((resolve) => {
        ann.connection.once('moved', resolve);
        ann.connection.once('reconnecting', resolve);
      });
      const drained = d1.drain();
      if (isEnough) await moved;
      else await drained;
      for (const each of [ann, bob]) each.say(20);
      cluster.network.hold(false);
      await drained;
      await eventually(() => ann.returns === 1 && ann.group.isMember, 'the return');
      for (const each of [ann, bob]) each.say();
      for (const each of [ann, bob]) for (const other of [ann, bob]) await each.hears(other);
      expect([ann.connection.id, ann.gaps, bob.gaps]).to.deep.equal(['#ann#d2', [], []]);
    });

  it('ends in its time though its clients do not go', async () => {
    await using cluster = await MemoryCluster.start(2, () => ({ drainTimeMs: 200 }));
    const [d1, d2] = cluster.daemons as [Daemon, Daemon];
    const bob = await ResumableClient.connect(d2.port, 'bob');
    const clients: ResumableClient[] = [];
    for (const name of ['idle', 'deaf', 'half']) {
      const client = await ResumableClient.connect(d1.port, name, { canMove: true, holdMs: 5000 });
      client.join('g');
      await client.hears(
        `list g: ${[...clients, client]
          .map(({ privateGroup }) => privateGroup)
          .toSorted()
          .join(' ')}`,
      );
      clients.push(client);
    }
    const [idle, deaf, half] = clients as [ResumableClient, ResumableClient, ResumableClient];
    const old = half.session;
    deaf.session.client.socket.pause();
    for (let i = 0; i < 60; i++) bob.multicast(AGREED_MESS, ['g'], Buffer.alloc(90_000));
    const drained = d1.drain();
    await idle.hears('move drain: ');
    // It has a connection at the next daemon, and does not say what it wants there.
    await half.return(d2.port);
    await drained;
    await idle.hears('end stopping');
    expect(d1.sessions).to.equal(0);
    for (const session of [old, bob.session, idle.session, half.session]) session.close();
    deaf.session.client.reset();
  });
});

describe('a session that wants to be held at daemons that keep nothing', () => {
  it('is not held, has a gap with each loss, and sends everything once', async () => {
    await using cluster = await MemoryCluster.start(2, () => ({
      resumeBufferBytes: 0,
      resumeTimeoutMs: 60_000,
    }));
    await using ann = await Member.join(cluster, 0, 'ann', { holdMs: 60_000 });
    await using bob = await Member.join(cluster, 1, 'bob');
    await eventually(() => ann.words.length === 2, 'the join of bob');
    for (let round = 1; round <= 3; round++) {
      ann.say(20);
      ann.reset();
      ann.say(20);
      await eventually(() => ann.returns === round && ann.group.isMember, `return ${round}`);
    }
    ann.say();
    await bob.hears(ann);
    expect(ann.gaps).to.deep.equal(Array.from({ length: 3 }, () => 'gap overrun'));
    expect(bob.gaps).to.deep.equal([]);
    const views = bob.words.filter((each) => each.includes(' '));
    expect(views.slice(1)).to.deep.equal(
      Array.from({ length: 3 }, () => ['disconnect bob -ann', 'join ann,bob +ann']).flat(),
    );
  });
});
