/**
 * What Socket.IO asks of a cluster adapter, rule by rule, and what ours promises beyond it: three servers in one process. Not restated: that a remote server
 * shows a room in the same turn, since the order takes a round.
 */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { Connection } from '../../../lib/index.js';
import { eventually, until } from '../../support/wait.js';
import { failure } from '../../support/failure.js';
import { type Client, type HostSocket, Servers } from './socket-io.js';

const NUMBERS = [0, 1, 2] as const;
const byText = (a: unknown, b: unknown): number => String(a).localeCompare(String(b));

describe('hosts: Socket.IO, three servers', () => {
  let servers: Servers;
  let clients: Client[];

  beforeEach(async () => {
    servers = await Servers.start(3, { daemons: 3 });
    clients = [];
    for (const index of NUMBERS) clients.push(await servers.client(index));
  });
  afterEach(async () => {
    await servers[Symbol.asyncDispose]();
  });

  const client = (index: number): Client => clients[index] as Client;
  const got = (index: number): unknown[][] => servers.got(client(index));
  const names = (index: number): unknown[] => got(index).map(([name]) => name);
  const socket = (index: number): HostSocket => servers.socket(index, client(index));
  const at = (index: number) => servers.at(index);
  const connection = (index: number): Connection => servers.connections[index] as Connection;
  let ends = 0;
  /** Everything that any server had sent has come. */
  const settled = async (): Promise<void> => {
    const texts = NUMBERS.map((index) => `end ${++ends} of ${index}`);
    for (const index of NUMBERS) at(index).emit(texts[index] as string);
    await until(
      () => NUMBERS.every((index) => texts.every((text) => names(index).includes(text))),
      'the end',
    );
  };
  const without = (index: number): unknown[] =>
    names(index).filter((name) => !String(name).startsWith('end'));

  it('broadcasts to all clients, once each', async () => {
    at(1).emit('a', 1, 'text', { deep: [null, Buffer.from([1, 2])] });
    await settled();
    for (const index of NUMBERS) {
      expect(without(index)).to.deep.equal(['a']);
      expect(got(index).find(([name]) => name === 'a')).to.deep.equal([
        'a',
        1,
        'text',
        { deep: [null, Buffer.from([1, 2])] },
      ]);
    }
  });

  it('broadcasts to rooms, and not to those that are excluded', async () => {
    socket(0).join('x');
    socket(1).join('x');
    socket(1).join('y');
    at(2).to('x').emit('x');
    at(2).to('x').except('y').emit('x without y');
    at(2).except('x').emit('without x');
    await settled();
    expect(NUMBERS.map(without)).to.deep.equal([['x', 'x without y'], ['x'], ['without x']]);
  });

  it('broadcasts to one client of another server', async () => {
    at(0).to(client(2).id).emit('you');
    await settled();
    expect(NUMBERS.map(without)).to.deep.equal([[], [], ['you']]);
  });

  it('broadcasts from a client to the others', async () => {
    (socket(0) as unknown as { readonly broadcast: HostSocket }).broadcast.emit('others');
    await settled();
    expect(NUMBERS.map(without)).to.deep.equal([[], ['others'], ['others']]);
  });

  it('broadcasts on this server alone with local', async () => {
    at(0).local.emit('here');
    await settled();
    expect(NUMBERS.map(without)).to.deep.equal([['here'], [], []]);
  });

  it('keeps namespaces apart', async () => {
    const inside: Client[] = [];
    for (const io of servers.all) io.of('/inside');
    for (const io of servers.all) await servers.sees(io, 3, '/inside');
    for (const index of NUMBERS) inside.push(await servers.client(index, {}, '/inside'));
    at(1).of('/inside').emit('in');
    await until(() => inside.every((each) => servers.got(each).length === 1), 'in');
    await settled();
    expect(NUMBERS.map(without)).to.deep.equal([[], [], []]);
  });

  it('carries packets of a megabyte', async () => {
    const large = Buffer.alloc(1_000_000, 7);
    at(0).emit('large', large);
    at(0).emit('small');
    await settled();
    for (const index of NUMBERS) {
      expect(without(index)).to.deep.equal(['large', 'small']);
      const [, body] = got(index).find(([name]) => name === 'large') ?? [];
      expect(large.equals(body as Buffer)).to.equal(true);
    }
  });

  it('collects acknowledgements of all clients', async () => {
    for (const index of NUMBERS) client(index).on('ask', (answer: (value: number) => void) => answer(index));
    const answers = await at(0).timeout(5_000).emitWithAck('ask');
    expect(answers.toSorted(byText)).to.deep.equal([0, 1, 2]);
  });

  it('carries binary data in acknowledgements', async () => {
    for (const index of NUMBERS)
      client(index).on('ask', (value: Buffer, answer: (value: Buffer) => void) =>
        answer(Buffer.concat([value, Buffer.from([index])])),
      );
    const answers = (await at(1).timeout(5_000).emitWithAck('ask', Buffer.from('a'))) as Buffer[];
    expect(answers.map((each) => each.toString()).toSorted()).to.deep.equal(['a\0', 'a\x01', 'a\x02']);
  });

  it('ends an acknowledgement at its time with what has come', async () => {
    client(0).on('ask', (answer: (value: number) => void) => answer(0));
    const error = await failure(at(0).timeout(200).emitWithAck('ask'));
    expect(error.message).to.equal('operation has timed out');
    expect((error as Error & { readonly responses: unknown[] }).responses).to.deep.equal([0]);
  });

  it('collects no acknowledgement where there is no client', async () => {
    expect(await at(0).to('nobody').timeout(5_000).emitWithAck('ask')).to.deep.equal([]);
  });

  it('makes all clients join a room and leave it', async () => {
    at(0).socketsJoin(['x', 'y']);
    await eventually(() => NUMBERS.every((index) => socket(index).rooms.has('y')), 'joined');
    at(1).in('x').socketsLeave('x');
    await eventually(() => NUMBERS.every((index) => !socket(index).rooms.has('x')), 'left');
    expect(NUMBERS.every((index) => socket(index).rooms.has('y'))).to.equal(true);
  });

  it('makes the clients of a room join another one', async () => {
    socket(0).join('x');
    socket(2).join('x');
    at(1).in('x').socketsJoin('y');
    await settled();
    expect(NUMBERS.map((index) => socket(index).rooms.has('y'))).to.deep.equal([true, false, true]);
  });

  it('acts in the order of the calls: a broadcast after a join reaches those that have joined', async () => {
    for (const index of NUMBERS) {
      at(0).in(client(index).id).socketsJoin('x');
      at(0).to('x').emit(`in ${index}`);
    }
    at(0).in('x').socketsLeave('x');
    at(0).to('x').emit('nobody');
    await settled();
    expect(without(0)).to.deep.equal(['in 0', 'in 1', 'in 2']);
    expect(without(1)).to.deep.equal(['in 1', 'in 2']);
    expect(without(2)).to.deep.equal(['in 2']);
  });

  it('disconnects clients of all servers, after what was sent before', async () => {
    for (const index of NUMBERS) socket(index).join('x');
    at(1).to('x').emit('last');
    at(1).in('x').disconnectSockets();
    await until(() => clients.every(({ connected }) => !connected), 'gone');
    expect(NUMBERS.map(without)).to.deep.equal([['last'], ['last'], ['last']]);
  });

  it('closes the connections of clients, too', async () => {
    at(1).disconnectSockets(true);
    await until(() => servers.all.every(({ engine }) => engine.clientsCount === 0), 'closed');
  });

  it('fetches the clients of all servers', async () => {
    socket(2).data['name'] = 'cid';
    socket(2).join('x');
    await settled();
    const all = await at(0).fetchSockets();
    expect(all.map(({ id }) => id).toSorted()).to.deep.equal(clients.map(({ id }) => id).toSorted());
    const [one, ...others] = await at(0).in('x').fetchSockets();
    expect(others).to.deep.equal([]);
    expect(one?.data).to.deep.equal({ name: 'cid' });
    expect([...(one?.rooms ?? [])]).to.have.members([client(2).id, 'x']);
    expect(one?.handshake.query).to.include({ EIO: '4' });
  });

  it('fetches those of this server alone with local', async () => {
    expect((await at(0).local.fetchSockets()).map(({ id }) => id)).to.deep.equal([client(0).id]);
  });

  it('acts on one client that was fetched from another server', async () => {
    const [remote] = await at(0).in(client(2).id).fetchSockets();
    remote?.join('x');
    remote?.emit('hello');
    remote?.disconnect();
    await until(() => !client(2).connected, 'gone');
    expect(without(2)).to.deep.equal(['hello']);
  });

  it('emits to the other servers', async () => {
    const heard: unknown[] = [];
    for (const index of NUMBERS) at(index).on('hi', (...args: unknown[]) => heard.push([index, ...args]));
    at(1).serverSideEmit('hi', 1, { a: Buffer.from('b') });
    await settled();
    await until(() => heard.length === 2, 'both');
    expect(heard.toSorted(byText)).to.deep.equal([
      [0, 1, { a: Buffer.from('b') }],
      [2, 1, { a: Buffer.from('b') }],
    ]);
  });

  it('collects the answers of the other servers, one each', async () => {
    for (const index of NUMBERS)
      at(index).on('hi', (answer: (value: number) => void) => {
        answer(index);
        answer(99);
      });
    expect((await at(1).serverSideEmitWithAck('hi')).toSorted(byText)).to.deep.equal([0, 2]);
  });

  it('says how many servers there are', async () => {
    expect(await at(0).of('/').adapter.serverCount()).to.equal(3);
    await servers.add();
    await servers.sees(at(0), 4);
    await at(3).close();
    await servers.sees(at(0), 3);
  });

  it('waits for no server that leaves during a request', async () => {
    expect(await at(0).fetchSockets()).to.have.length(3);
    const asked = at(0).fetchSockets();
    servers.daemons.cut(connection(2));
    const rest = await asked;
    expect(rest.length).to.be.within(2, 3);
  });

  it('says how many servers are silent', async () => {
    servers.daemons.pause(connection(2));
    const error = await failure(at(0).timeout(300).fetchSockets());
    expect(error.message).to.equal('timeout reached: missing 1 responses');
    servers.daemons.unpause(connection(2));
  });

  it('refuses what cannot be sent where it is emitted, and goes on', async () => {
    expect(() => at(0).emit('a', 1n)).to.throw('expected a value that JSON can have');
    expect(() =>
      at(0)
        .timeout(100)
        .emit('a', 1n, () => undefined),
    ).to.throw('expected a value that JSON can have');
    expect(() => at(0).serverSideEmit('a', 1n)).to.throw('expected a value that JSON can have');
    const asked = await failure(at(0).serverSideEmitWithAck('a', 1n));
    expect(asked.message).to.include('expected a value that JSON can have');
    at(0).emit('b');
    await settled();
    expect(without(1)).to.deep.equal(['b']);
  });

  it('queues what is emitted before the group is joined', async () => {
    const io = await servers.add();
    for (let i = 0; i < 10; i++) io.emit(`early ${i}`);
    await until(() => names(0).includes('early 9'), 'the last');
    for (const index of NUMBERS)
      expect(without(index)).to.deep.equal(Array.from({ length: 10 }, (_, i) => `early ${i}`));
  });

  it('lets clients of all servers see one order, own broadcasts included', async () => {
    for (let round = 0; round < 100; round++)
      for (const index of NUMBERS) at(index).emit(`${index}-${round}`);
    await settled();
    expect(without(0)).to.have.length(300);
    expect(without(1)).to.deep.equal(without(0));
    expect(without(2)).to.deep.equal(without(0));
  });

  it('ignores messages of strangers and damaged ones', async () => {
    const stranger = await servers.daemons.connect(0);
    await stranger.send('io/', 'nonsense', { type: 1 });
    const member = await servers.daemons.connect(0);
    (await member.join('io/')).on('event', () => undefined);
    await member.send('io/', 'nonsense', { type: 1 });
    await member.send('io/', 'nonsense', { type: 2 });
    await member.send('io/', Buffer.of(0, 0, 0x5b), { type: 1 });
    await member.sendTo(servers.connections[0]?.id ?? '', 'nonsense');
    await member.leave('io/');
    at(0).emit('fine');
    await settled();
    for (const index of NUMBERS) expect(without(index)).to.deep.equal(['fine']);
  });
});
