/** The cluster of a test as its users meet it: options, errors word for word, waiting, time, what is left when it ends. */
import net from 'node:net';
import { mock } from 'node:test';
import { expect } from 'chai';
import { type Cluster, cluster, type ClusterOptions } from '../../daemon/testing/index.js';
import type { Connection } from '../../lib/client/connection.js';
import { IllegalParamError } from '../../lib/errors.js';
import { skip } from '../support/skip.js';

const messageOf = async (promise: Promise<unknown>): Promise<string> =>
  await promise.then(
    () => 'nothing',
    (error: unknown) => (error as Error).message,
  );

const firstLine = async (promise: Promise<unknown>): Promise<string> =>
  (await messageOf(promise)).split('\n')[0] as string;

describe('testing: cluster', () => {
  it('is there when all daemons are in one view', async () => {
    await using c = await cluster(3);
    expect(c.daemons.map(({ name, state, view }) => [name, state, view])).to.deep.equal(
      ['d1', 'd2', 'd3'].map((name) => [name, 'up', ['d1', 'd2', 'd3']]),
    );
  });

  it('shows the groups and the numbers of each daemon', async () => {
    await using c = await cluster(2, { names: ['east', 'west'] });
    const a = await c.connect(0);
    const b = await c.connect(1, { name: 'bob' });
    for (const each of [a, b]) (await each.join('room')).on('event', () => undefined);
    await c.settled();
    const room = { name: 'room', members: ['#c1#east', '#bob#west'] };
    for (const daemon of c.daemons) {
      expect(daemon.groups()).to.deep.equal([room]);
      expect([daemon.status.name, daemon.status.sessionCount, daemon.status.groupCount]).to.deep.equal([
        daemon.name,
        1,
        1,
      ]);
    }
    await c.kill(1);
    expect([c.daemons[1]?.groups(), c.daemons[1]?.view]).to.deep.equal([[], []]);
  });

  it('takes limits, methods and files of its daemons, and addresses of its clients', async () => {
    await using c = await cluster(1, { daemon: { limits: { maxSessionsPerAddress: 1 } } });
    await c.connect(0, { from: '192.0.2.7:1234' });
    expect(await messageOf(c.connect(0, { from: '192.0.2.7:1235' }))).to.match(/quota/i);
    await c.connect(0, { from: '[2001:db8::1]:1234' });
    expect(c.daemons[0]?.status.sessions().map(({ from }) => from)).to.deep.equal([
      '192.0.2.7:1234',
      '[2001:db8::1]:1234',
    ]);
    expect(await messageOf(c.connect(0, { from: 'nowhere' }))).to.equal(
      'connect: expected from as address:port, got nowhere',
    );
  });

  for (const [text, daemons, options] of [
    ['cluster: expected 1 to 100 daemons, got 0', 0, {}],
    ['cluster: expected 1 to 100 daemons, got 1.5', 1.5, {}],
    ['cluster: expected time to be "real" or "virtual", got "fast"', 1, { time: 'fast' }],
    ['cluster: expected 2 different names, got a', 2, { names: ['a'] }],
    ['cluster: expected 2 different names, got a a', 2, { names: ['a', 'a'] }],
    ['cluster: expected mergeMs to be milliseconds, got -1', 1, { mergeMs: -1 }],
    ['cluster: expected delayMs to be milliseconds, got 2,1', 1, { delayMs: [2, 1] }],
    ['cluster: expected a whole number as seed, got 0.5', 1, { seed: 0.5 }],
    ["cluster: tcp needs time: 'real'", 1, { tcp: true, time: 'virtual' }],
  ] as const) {
    it(`refuses: ${text}`, async () => {
      const error: unknown = await cluster(daemons, options as ClusterOptions).catch(
        (reason: unknown) => reason,
      );
      expect(error).to.be.instanceOf(IllegalParamError);
      expect((error as Error).message).to.include(text);
    });
  }

  it('says what cannot be', async () => {
    await using c = await cluster(5, { seed: 1234 });
    expect(await messageOf(c.partition([[0], [7]]))).to.equal('partition: daemon 7 is not one of 0 to 4');
    expect(await messageOf(c.partition([[0, 1], [1]]))).to.equal('partition: daemon 1 is named twice');
    expect(await messageOf(c.start(2))).to.equal('start: daemon 2 is up');
    expect(await messageOf(c.thaw(2))).to.equal('thaw: daemon 2 is up');
    await c.kill(2);
    expect(await messageOf(c.connect(2))).to.match(/^connect: daemon 2 is down \(killed at \d+\.\d ms\)$/);
    expect(await messageOf(c.kill(2))).to.match(/^kill: daemon 2 is down \(killed at \d+\.\d ms\)$/);
    await c.freeze(3);
    expect(await messageOf(c.freeze(3))).to.equal('freeze: daemon 3 is frozen');
    expect(() => c.address(0)).to.throw('address: expected a cluster with tcp: true');
    expect(await messageOf(c.advance(1))).to.equal("advance: expected a cluster with time: 'virtual'");
    const other = await cluster(1);
    const stranger = await other.connect(0);
    expect(() => c.cut(stranger)).to.throw('cut: expected a connection of this cluster');
    await other[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
    expect(await messageOf(other.connect(0))).to.equal('connect: the cluster has ended');
    expect(await firstLine(c.until(() => false, 'one leader', 20))).to.equal(
      'until "one leader": false after 20 ms; seed 1234, SSP_SEED=1234 repeats it',
    );
    c.hold();
    expect(await messageOf(c.partition([[0], [1]], { limitMs: 20 }))).to.match(
      /^partition: after 20 ms d1 is exchanging; seed 1234, SSP_SEED=1234 repeats it\n( *\d+\.\d\d  \S+ .*\n?)+$/,
    );
  });

  it('names who does not read', async () => {
    await using c = await cluster(1, { time: 'virtual' });
    const [ann, bob] = await Promise.all(['ann', 'bob'].map((name) => c.connect(0, { name })));
    await ann?.join('room');
    for (let i = 0; i < 2000; i++) await bob?.send('room', 'x');
    expect(await firstLine(c.settled())).to.equal('nobody reads group "room" of #ann#d1: attach a listener');
  });

  it('waits as long as the daemon says', async () => {
    await using c = await cluster(2, { time: 'virtual' });
    const groups = await Promise.all([0, 1].map(async (i) => await (await c.connect(i)).join('room')));
    for (const group of groups) group.on('event', () => undefined);
    await c.settled();
    const begin = c.clock.now();
    await c.partition([[0], [1]], { wait: 'nothing' });
    expect([c.clock.now() - begin, c.daemons[0]?.view.length]).to.deep.equal([0, 2]);
    await c.settled();
    await c.heal({ wait: 'daemons' });
    expect(c.daemons[0]?.view).to.have.length(2);
    await c.settled();
    expect(groups.map(({ members }) => members.length)).to.deep.equal([2, 2]);
  });

  it('lets promises of `until` through, and what they throw', async () => {
    await using c = await cluster(1);
    let looks = 0;
    await c.until(async () => ++looks === 3, 'three looks');
    expect(looks).to.equal(3);
    const thrown = c.until(() => {
      throw new Error('broken');
    }, 'it');
    expect(await messageOf(thrown)).to.equal('broken');
  });

  it('finds a message that a connection was handed twice', async () => {
    await using c = await cluster(2);
    const [a, b] = await Promise.all([0, 1].map((i) => c.connect(i)));
    for (const each of [a, b]) (await each?.join('room'))?.on('event', () => undefined);
    await a?.send('room', 'once');
    await c.settled();
    c.check();
    const again = { kind: 'data', sender: a?.id, groups: ['room'], service: 'agreed', type: 0 };
    b?.['handOut']({ ...again, body: Buffer.from('once') } as never, []);
    expect(() => c.check()).to.throw(/^check: E1: #c2#d2~2 got .* a second time/);
  });

  it('checks leaves, other groups and connections that come back, without a false alarm', async () => {
    await using c = await cluster(3);
    const connections = await Promise.all([0, 1, 2].map((i) => c.connect(i, { resume: i === 2 })));
    const plain = await Promise.all(connections.map((each) => each.join('room')));
    const synchronous = await Promise.all(
      connections.slice(0, 2).map((each) => each.join('sync', { viewSynchrony: true })),
    );
    for (const group of [...plain, ...synchronous]) group.on('event', () => undefined);
    for (const [i, group] of [...plain, ...synchronous].entries()) await group.send(`from ${i}`);
    const left = plain[0]?.leave();
    await plain[0]?.send('after the leave');
    await left;
    await c.partition([[0, 1], [2]]);
    c.cut(connections[2] as (typeof connections)[0]);
    await c.heal();
    c.check();
  });

  it('knows when a leave was asked for, whatever comes before its answer', async () => {
    await using c = await cluster(2, { time: 'virtual', seed: 1 });
    const [a, b] = (await Promise.all([0, 1].map((i) => c.connect(i)))) as [Connection, Connection];
    const [room] = await Promise.all([a.join('room'), a.join('other'), b.join('room')]);
    for (const each of [room, await a.join('other'), await b.join('room')]) each.on('event', () => undefined);
    await c.settled();
    // What is asked for now comes behind the view of the partition.
    await c.partition([[0], [1]], { wait: 'nothing' });
    void room.leave();
    await a.send(['room', 'other'], 'comes back as a member of the other one');
    await a.send('room', 'does not come back');
    await c.settled();
    c.check();
  });

  it('leaves out of the process what it does not need: no socket is opened without tcp', async () => {
    const refuse = (): never => {
      throw new Error('a socket');
    };
    const connect = mock.method(net.Socket.prototype, 'connect', refuse);
    const listen = mock.method(net.Server.prototype, 'listen', refuse);
    try {
      await using c = await cluster(2);
      await (await c.connect(0)).join('room');
      await c.partition([[0], [1]]);
      expect(() => net.connect(1)).to.throw('a socket');
    } finally {
      connect.mock.restore();
      listen.mock.restore();
    }
  });

  it('writes its trace to the file of the option', async () => {
    const lines: string[] = [];
    await using c = await cluster(1, { trace: (line) => void lines.push(line) });
    await (await c.connect(0, { name: 'ann' })).join('room');
    expect(lines).to.deep.equal(c.trace);
    expect(lines.map((line) => line.slice(11))).to.include.members([
      'd1       is in a view of d1',
      'ann      connected as #ann#d1',
      'ann      joins room',
      'ann      view room join #ann#d1',
    ]);
  });

  it('is one of many daemons', async () => {
    await using c = await cluster(50);
    expect(c.daemons.every(({ view }) => view.length === 50)).to.equal(true);
  }).timeout(90_000);

  it('has many clients', async () => {
    await using c = await cluster(5);
    const connections = await Promise.all(Array.from({ length: 1000 }, (_, i) => c.connect(i % 5)));
    const groups = await Promise.all(connections.map((each, i) => each.join(`g${i % 100}`)));
    for (const group of groups) group.on('event', () => undefined);
    await c.settled(60_000);
    expect(new Set(groups.map(({ members }) => members.length))).to.deep.equal(new Set([10]));
    expect(c.daemons.map(({ status }) => status.sessionCount)).to.deep.equal([200, 200, 200, 200, 200]);
  }).timeout(90_000);
});

describe('testing: virtual time', () => {
  const start = async (): Promise<Cluster> => await cluster(1, { time: 'virtual', seed: 1 });

  it('passes by itself, and by what is asked', async () => {
    await using c = await start();
    const begin = [c.clock.now(), c.clock.date().getTime()] as const;
    await c.advance(3_600_000);
    await c.clock.sleep(1000);
    expect(c.clock.now() - begin[0]).to.be.within(3_601_000, 3_601_001);
    expect(c.clock.date().getTime() - begin[1]).to.be.within(3_601_000, 3_601_001);
    expect(c.clock.date().getUTCFullYear()).to.equal(2026);
  });

  it('stops when nobody waits, and passes again when something is asked', async () => {
    await using c = await start();
    const connection = await c.connect(0);
    const group = await connection.join('room');
    group.on('event', () => undefined);
    await new Promise((resolve) => void setTimeout(resolve, 50));
    const parked = c.clock.now();
    await new Promise((resolve) => void setTimeout(resolve, 20));
    expect(c.clock.now()).to.equal(parked);
    const heard = new Promise((resolve) => void group.once('data', resolve));
    await connection.send('room', 'wakes');
    await heard;
  });

  it('takes timers of a runner along, in their order', async () => {
    const begin = Date.now();
    mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 0 });
    try {
      await using c = await start();
      c.useFakeTimers(mock.timers);
      const told: string[] = [];
      setTimeout(() => void told.push(`theirs ${Date.now()}`), 100);
      void c.clock.sleep(50).then(() => told.push('ours 50'));
      void c.clock.sleep(150).then(() => told.push('ours 150'));
      await c.advance(200);
      expect(told).to.deep.equal(['ours 50', 'theirs 100', 'ours 150']);
    } finally {
      mock.timers.reset();
    }
    expect(Date.now()).to.be.at.least(begin);
  });

  it('refuses timers that hold what it needs', async () => {
    await using c = await start();
    const held: [object, string][] = [
      [globalThis, 'setImmediate'],
      [globalThis, 'queueMicrotask'],
      [process, 'nextTick'],
    ];
    for (const [holder, name] of held) {
      const real: unknown = Reflect.get(holder, name);
      Reflect.set(holder, name, () => undefined);
      let found: string[];
      try {
        found = [
          await messageOf(cluster(1)),
          await messageOf(c.connect(0)),
          await messageOf((async () => c.useFakeTimers(mock.timers))()),
        ];
      } finally {
        Reflect.set(holder, name, real);
      }
      expect(found).to.deep.equal(Array(3).fill(`fake timers hold ${name}: the kit needs it`));
    }
    await using real = await cluster(1);
    expect(() => real.useFakeTimers(mock.timers)).to.throw(
      "useFakeTimers: expected a cluster with time: 'virtual'",
    );
  });

  it('takes its seed from the environment', async function () {
    if (process.env['SSP_SEED'] !== undefined) return skip(this, 'SSP_SEED is set');
    process.env['SSP_SEED'] = '99';
    try {
      await using c = await cluster(1);
      expect(c.seed).to.equal(99);
    } finally {
      delete process.env['SSP_SEED'];
    }
    return undefined;
  });
});
