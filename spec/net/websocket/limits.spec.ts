/** What a browser may not do, what becomes of one that does it, and of one that falls silent. */
import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import type { Daemon } from '../../../daemon/index.js';
import { FEATURE_COMPACT_VIEWS, FEATURE_RESUME } from '../../../lib/wire/extension/features.js';
import { encodeMessage } from '../../../lib/wire/request.js';
import { AGREED_MESS } from '../../../lib/wire/service.js';
import { connectMembers, deserted } from '../../support/local-daemon.js';
import { RawSession } from '../../support/raw-client.js';
import { until } from '../../support/wait.js';
import { dial, statusOf, WebClient, WebSession } from '../../support/web-client.js';
import { startWeb } from './web-fixture.js';

const garbage = Buffer.from('GET / HTTP/1.1\r\n\r\n');

/** Opens a WebSocket, does that, and says with what it was closed, and how the next one is answered. */
async function punished(
  daemon: Daemon,
  act: (socket: WebSocket) => void,
): Promise<[code: number, status: number]> {
  const client = await WebClient.open(daemon.webPort);
  act(client.socket);
  const code = await client.closed();
  await deserted(daemon);
  return [code, await statusOf(daemon.webPort)];
}

describe('WebSocket: limits', () => {
  it('a message beyond WebSocketMaxMessage is answered 1009', async () => {
    await using daemon = await startWeb({ maxMessageBytes: 20_000 });
    expect(await punished(daemon, (socket) => socket.send(Buffer.alloc(20_001)))).to.deep.equal([1009, 429]);
    expect(daemon.counters.webEnds).to.deep.equal({ 'illegal-websocket': 1 });
    expect(daemon.counters.webRefusals).to.deep.equal({ penalty: 1 });
  });

  for (const text of [
    'hello',
    '{"stop":1}',
    '{"stop":true,"x":1}',
    '[]',
    'null',
    `{"stop":true${' '.repeat(64)}}`,
  ])
    it(`the text ${text.slice(0, 24)} is answered 1003`, async () => {
      await using daemon = await startWeb();
      expect(await punished(daemon, (socket) => socket.send(text))).to.deep.equal([1003, 429]);
    });

  it('a handshake that is none is answered in the protocol of the session', async () => {
    await using daemon = await startWeb();
    const client = await WebClient.open(daemon.webPort);
    client.send(garbage);
    expect(await client.closed()).to.equal(1008);
    expect(client.received.length).to.be.greaterThan(0);
  });

  it('an illegal frame ends the session, and sends its client to the penalty box', async () => {
    await using daemon = await startWeb();
    const web = await WebSession.connect(daemon.webPort, 'a');
    web.client.send(Buffer.alloc(100, 0x7f));
    expect(await web.client.closed()).to.equal(1008);
    expect(await statusOf(daemon.webPort)).to.equal(429);
  });

  it('a frame that breaks the WebSocket protocol is answered 1002', async () => {
    await using daemon = await startWeb();
    const [code] = await punished(daemon, (socket) => {
      // Reserved bits, which no extension was agreed for.
      (Reflect.get(socket, '_socket') as Socket).write(Buffer.from([0xf2, 0x80, 0, 0, 0, 0]));
    });
    expect(code).to.equal(1002);
  });

  it('the penalty is of the address and the subject, not of the address', async () => {
    await using daemon = await startWeb({ verify: ({ token }) => (token === null ? null : { sub: token }) });
    const bad = await WebClient.open(daemon.webPort, { token: 'bad' });
    bad.socket.send('nonsense');
    await bad.closed();
    await deserted(daemon);
    expect(await statusOf(daemon.webPort, { token: 'bad' })).to.equal(429);
    expect(await statusOf(daemon.webPort, { token: 'good' })).to.equal(101);
    const { headers } = await dial(daemon.webPort, { token: 'bad' });
    expect(Number(headers['retry-after'])).to.be.within(1, 5);
  });

  it('a reader that is too far behind ends, before MaxSessionBytes', async () => {
    await using daemon = await startWeb({ maxBufferedBytes: 65_536 });
    const web = await WebSession.connect(daemon.webPort, 'slow');
    web.join('g');
    await web.next();
    const sender = await RawSession.connect(daemon.port, 'fast');
    (web.client.socket as unknown as { pause(): void }).pause();
    const body = Buffer.alloc(100_000);
    while ((daemon.counters.webEnds['slow-bytes'] ?? 0) === 0) {
      sender.multicast(AGREED_MESS, ['g'], body);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    expect(daemon.status.waitingBytes).to.be.lessThan(1024 * 1024);
    expect(await statusOf(daemon.webPort)).to.equal(429);
    sender.close();
    web.client.socket.terminate();
  });
});

/** Frames of a client: a binary message, or a ping, with that many bytes of zeros. */
const frames = (count: number, opcode: number, length: number): Buffer =>
  Buffer.concat(
    Array.from({ length: count }, () =>
      Buffer.from([0x80 | opcode, 0x80 | length, 0, 0, 0, 0, ...Buffer.alloc(length)]),
    ),
  );

describe('WebSocket: many small messages', () => {
  for (const [what, opcode, length] of [
    ['empty messages', 2, 0],
    ['messages of a byte', 2, 1],
    ['pings', 9, 0],
  ] as const)
    it(`${what}, thousands at once, end the connection, and send its client to the penalty box`, async () => {
      await using daemon = await startWeb();
      const [code, status] = await punished(daemon, (socket) => {
        (Reflect.get(socket, '_socket') as Socket).write(frames(20_000, opcode, length));
      });
      expect([code, status]).to.deep.equal([1006, 429]);
      expect(daemon.counters.webEnds).to.deep.equal({ 'illegal-websocket': 1 });
    });

  it('are taken a part at a time, all of them and in their order', async () => {
    await using daemon = await startWeb();
    const web = await WebSession.connect(daemon.webPort, 'a');
    web.join('g');
    await web.next();
    const body = Buffer.from(Array.from({ length: 3_000 }, (_, i) => i));
    const frame = encodeMessage(AGREED_MESS, web.privateGroup, ['g'], 0, [body]);
    for (const byte of frame) web.client.send(Buffer.of(byte));
    expect((await web.next()).body.equals(body)).to.equal(true);
    web.close();
    await deserted(daemon);
    expect(daemon.counters.webEnds).to.deep.equal({ closed: 1 });
  });
});

describe('WebSocket: control words', () => {
  it('hold what is for the page, until it wants more', async () => {
    await using daemon = await startWeb();
    const [native] = (await connectMembers(daemon, 'g', 'native')) as [RawSession];
    const web = await WebSession.connect(daemon.webPort, 'web');
    web.join('g');
    await web.next();
    web.stop(true);
    // What follows the word is taken after it.
    web.multicast(AGREED_MESS, ['g'], 'own');
    await native.next();
    await native.next();
    for (let i = 0; i < 50; i++) native.multicast(AGREED_MESS, ['g'], String(i));
    for (let i = 0; i < 50; i++) await native.next();
    expect(web.frames.length).to.equal(1);
    web.stop(false);
    await until(() => web.frames.length === 52, 'what was held');
    expect(web.frames.slice(1).map(({ body }) => body.toString())).to.deep.equal([
      'own',
      ...Array.from({ length: 50 }, (_, i) => String(i)),
    ]);
    native.close();
    web.close();
  });

  it('may be said twice, and before anything', async () => {
    await using daemon = await startWeb();
    const client = await WebClient.open(daemon.webPort);
    for (const word of ['{"stop":false}', ' { "stop" : true } ', '{"stop":true}', '{"stop":false}'])
      client.socket.send(word);
    client.socket.close();
    expect(await client.closed()).to.equal(1005);
  });

  for (const [how, leave] of [
    ['closes', (socket: WebSocket): void => socket.close()],
    ['breaks off', (socket: WebSocket): void => void (Reflect.get(socket, '_socket') as Socket).end()],
  ] as const)
    it(`do not keep the session of a page that ${how}, with something held and a return to wait for`, async () => {
      await using daemon = await startWeb();
      const [native] = (await connectMembers(daemon, 'g', 'native')) as [RawSession];
      const hello = {
        features: FEATURE_COMPACT_VIEWS | FEATURE_RESUME,
        holdMs: 100,
        heartbeatMs: 0,
        attempt: 0,
        resume: null,
      };
      const web = await WebSession.connect(daemon.webPort, 'web', {}, hello);
      web.join('g');
      await native.next();
      web.stop(true);
      web.multicast(AGREED_MESS, ['g'], 'own');
      await native.next();
      leave(web.client.socket);
      native.close();
      await deserted(daemon);
    });

  it('do not keep a session from its last word', async () => {
    const daemon = await startWeb();
    const hello = { features: FEATURE_COMPACT_VIEWS, holdMs: 0, heartbeatMs: 0, attempt: 0, resume: null };
    const web = await WebSession.connect(daemon.webPort, 'web', {}, hello);
    web.stop(true);
    web.join('g');
    await until(() => daemon.groups === 1, 'the join');
    const stopped = daemon.stop();
    expect(await web.client.closed()).to.equal(1012);
    expect(web.extension.at(-1)).to.deep.include({ kind: 'end', code: 'stopping' });
    await stopped;
  });
});

describe('WebSocket: silence', () => {
  it('is broken by pings, which a browser answers by itself', async () => {
    await using daemon = await startWeb({ pingMs: 100, idleTimeoutMs: 300 });
    const client = await WebClient.open(daemon.webPort);
    let pings = 0;
    client.socket.on('ping', () => pings++);
    await until(() => pings > 5 || client.code !== null, 'pings');
    expect(client.code).to.equal(null);
    client.socket.close();
  });

  it('for two pings ends the session', async () => {
    await using daemon = await startWeb({ pingMs: 100 });
    const { socket } = await dial(daemon.webPort);
    (socket as unknown as { pause(): void }).pause();
    await until(() => daemon.counters.webEnds.silent === 1, 'the end');
    await deserted(daemon);
    socket?.terminate();
    expect(await statusOf(daemon.webPort)).to.equal(101);
  });

  it('for the idle time ends the session where nobody pings', async () => {
    await using daemon = await startWeb({ pingMs: 0, idleTimeoutMs: 100 });
    const client = await WebClient.open(daemon.webPort);
    await client.closed();
    await until(() => daemon.counters.webEnds.silent === 1, 'the end');
  });
});
