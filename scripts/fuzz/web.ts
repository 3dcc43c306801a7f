/** What browsers send: upgrades, tokens, and the frames of their WebSockets, whole and damaged, cut anywhere. */
import { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { WebSocketServer } from 'ws';
import { silentLogger } from '../../daemon/log/logger.js';
import { listenWeb, type WebListener } from '../../daemon/net/websocket/listener.js';
import { PenaltyBox } from '../../daemon/net/websocket/penalty-box.js';
import { WebSocketStream } from '../../daemon/net/websocket/stream.js';
import { LEEWAY, TokenFault, TokenKeys } from '../../daemon/net/websocket/token-keys.js';
import { Refusal, UpgradeChecks } from '../../daemon/net/websocket/upgrade.js';
import { systemClock } from '../../lib/util/clock.js';
import { encodeMethodChoice } from '../../lib/wire/handshake/authentication.js';
import { encodeConnectRequest, PROTOCOL_VERSION } from '../../lib/wire/handshake/connect-request.js';
import { encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import { AGREED_MESS, JOIN_MESS } from '../../lib/wire/service.js';
import { bearer } from '../../spec/support/web-client.js';
import { secretToken, SECRET, unsignedToken } from '../../spec/support/web-tokens.js';
import { bytes, damaged, fractions, positions } from '../../spec/wire/arbitraries.js';
import { cutAt } from '../../spec/wire/handshake-pair.js';
import { FakeSocket } from './fake-socket.js';
import { World } from './sessions.js';

function check(isRight: boolean, what: string, ...seen: unknown[]): void {
  if (!isRight) throw new Error(`${what}: ${JSON.stringify(seen)}`);
}

const turns = async (count = 3): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise<void>((resolve) => setImmediate(resolve));
};

// Tokens.

const FAR = 9_999_999_999;
const sound = secretToken({ sub: 'anna', exp: FAR, roles: ['desk'] });

const token: fc.Arbitrary<string> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(sound) },
  { weight: 6, arbitrary: damaged(fc.constant(Buffer.from(sound))).map((text) => text.toString('latin1')) },
  { weight: 1, arbitrary: fc.string({ maxLength: 60 }) },
  {
    weight: 2,
    arbitrary: fc.json({ maxDepth: 2 }).map((text) => secretToken({ sub: 'x', exp: FAR, more: text })),
  },
  {
    weight: 2,
    arbitrary: fc
      .record(
        {
          sub: fc.jsonValue({ maxDepth: 1 }),
          exp: fc.jsonValue({ maxDepth: 1 }),
          nbf: fc.jsonValue({ maxDepth: 0 }),
          roles: fc.jsonValue({ maxDepth: 1 }),
        },
        { requiredKeys: [] },
      )
      .map((claims) => secretToken(claims)),
  },
  { weight: 1, arbitrary: fc.constant(unsignedToken({ sub: 'anna', exp: FAR })) },
);

/** Whether a token is signed with the secret, and says what it must: found out without the library. */
function isSound(text: string): boolean {
  const [head = '', body = '', signature = '', ...more] = text.split('.');
  const mac = createHmac('sha256', SECRET).update(`${head}.${body}`).digest();
  if (more.length > 0 || !Buffer.from(signature, 'base64url').equals(mac)) return false;
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as {
    readonly sub?: unknown;
    readonly exp?: unknown;
  };
  const { sub, exp } = claims;
  const isThere = typeof sub === 'string' && sub !== '' && Buffer.byteLength(sub) <= 128;
  return isThere && typeof exp === 'number' && exp + LEEWAY > Date.now() / 1000;
}

/** Read once, for all runs. */
const keys = ((): Promise<TokenKeys> => {
  const folder = mkdtempSync(join(tmpdir(), 'ssp-fuzz-'));
  const secretFile = join(folder, 'secrets');
  writeFileSync(secretFile, SECRET.toString('base64url'));
  return TokenKeys.load({ secretFile, keyFile: null, audience: null })
    .then((loaded) => loaded as TokenKeys)
    .finally(() => rmSync(folder, { recursive: true }));
})();

const tokens = fc.asyncProperty(token, async (text) => {
  const found = await (await keys).verify(text, Date.now());
  if (found instanceof TokenFault) check(text !== sound, 'a sound token is refused', found.text);
  else check(isSound(text), 'a token is accepted that is not sound', text);
});

// Upgrades.

const header = fc.option(
  fc.oneof(fc.string({ maxLength: 40 }), fc.constantFrom('ssp.v1', 'ssp.v1, chat', 'x,ssp.v1,')),
  { nil: undefined },
);
const protocols = fc.oneof(
  { weight: 1, arbitrary: header },
  { weight: 3, arbitrary: token.map((text) => `ssp.v1, ${bearer(text)}`) },
);
const origins = fc.option(
  fc.oneof(
    fc.constantFrom('http://here.example:4805', 'https://a.b.example', 'null'),
    fc.webUrl(),
    fc.string({ maxLength: 30 }),
  ),
  { nil: undefined },
);
const addresses = fc.option(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ maxLength: 30 })), { nil: undefined });

const upgrades = fc.asyncProperty(
  fc.record({
    protocols,
    origins,
    addresses,
    authorization: fc.option(
      fc.oneof(
        token.map((text) => `Bearer ${text}`),
        fc.string(),
      ),
      { nil: undefined },
    ),
  }),
  fc.boolean(),
  fc.boolean(),
  async (sent, anonymous, behindProxy) => {
    const allowed = ['same', 'https://*.b.example'];
    const rules = { behindProxy, origins: allowed, anonymous, isLocal: false, verify: null };
    const checks = new UpgradeChecks(rules, await keys, new PenaltyBox(systemClock), systemClock);
    const headers = {
      host: 'here.example:4805',
      'sec-websocket-protocol': sent.protocols,
      origin: sent.origins,
      'x-forwarded-for': sent.addresses,
      authorization: sent.authorization,
    };
    const socket = { remoteAddress: '192.0.2.1', remotePort: 5 };
    const found = await checks.check({
      method: 'GET',
      url: '/',
      headers,
      socket,
    } as unknown as IncomingMessage);
    if (found instanceof Refusal) {
      check([400, 401, 403].includes(found.status), 'a status that has no reason', found.status);
      return;
    }
    const words = (sent.protocols ?? '').split(',').map((word) => word.trim());
    check(words.includes('ssp.v1'), 'granted without the subprotocol', sent.protocols);
    const isAllowed =
      sent.origins === undefined ||
      /^(http:\/\/here\.example:4805|https:\/\/[^.]+\.b\.example(:443)?)$/i.test(sent.origins);
    check(isAllowed, 'granted to another origin', sent.origins);
    check(found.principal !== null || anonymous, 'granted without a token');
    const hasToken =
      words.some((word) => word.startsWith('ssp.bearer.')) || /^bearer +\S/i.test(sent.authorization ?? '');
    check(found.principal !== null || !hasToken, 'a wrong token passes for none', sent);
    check(behindProxy || found.client.address === '192.0.2.1', 'another address', found.client);
  },
);

// Frames.

const OPCODES = [1, 2, 2, 2, 2, 8, 9, 10, 0, 3, 11];
const MAX_MESSAGE = 1_000;

/** A masked frame, as a browser makes it. */
function frameOf(opcode: number, payload: Buffer, fin = true, mask = Buffer.from([1, 2, 3, 4])): Buffer {
  const { length } = payload;
  const size = length < 126 ? [0x80 | length] : [0x80 | 126, length >> 8, length & 0xff];
  const masked = payload.map((byte, i) => byte ^ (mask[i % 4] as number));
  return Buffer.concat([Buffer.from([(fin ? 0x80 : 0) | opcode, ...size]), mask, masked]);
}

const words = fc
  .constantFrom('{"stop":true}', '{"stop":false}', '{"stop":1}', 'stop', '')
  .map((text) => Buffer.from(text));

const frame: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 4, arbitrary: bytes(200).map((payload) => frameOf(2, payload)) },
  { weight: 2, arbitrary: words.map((payload) => frameOf(1, payload)) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(...OPCODES), bytes(MAX_MESSAGE + 100), fc.boolean())
      .map(([opcode, payload, fin]) => frameOf(opcode, payload, fin)),
  },
);

const input = fc.array(frame, { minLength: 1, maxLength: 6 }).map((frames) => Buffer.concat(frames));
const spoiled = fc.oneof({ weight: 1, arbitrary: input }, { weight: 2, arbitrary: damaged(input) });

const upgrader = new WebSocketServer({ noServer: true, clientTracking: false, maxPayload: MAX_MESSAGE });
const request = {
  method: 'GET',
  url: '/',
  headers: {
    upgrade: 'websocket',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    'sec-websocket-version': '13',
  },
} as unknown as IncomingMessage;

/** What a session gets of the input, and how it ends. */
async function streamOf(pieces: readonly Buffer[]): Promise<readonly unknown[]> {
  const fake = new FakeSocket();
  let received = '';
  let error: string | null = null;
  let isOver = false;
  upgrader.handleUpgrade(request, fake.socket, Buffer.alloc(0), (socket) => {
    const stream = new WebSocketStream(socket, fake.socket, systemClock);
    stream.on('data', (chunk: Buffer) => (received += chunk.toString('hex')));
    stream.on('error', (fault: NodeJS.ErrnoException) => (error = fault.code ?? fault.message));
    stream.on('end', () => (isOver = true));
  });
  for (const piece of pieces) fake.client(piece);
  await turns();
  fake.destroy();
  return [received, error, isOver];
}

const frames = fc.asyncProperty(spoiled, fractions, async (whole, cuts) => {
  const a = JSON.stringify(await streamOf([whole]));
  const b = JSON.stringify(await streamOf(cutAt(whole, positions(whole.length, cuts))));
  check(a === b, 'at any cut', a, b);
});

// All of it.

const session = Buffer.concat([
  encodeConnectRequest({ version: PROTOCOL_VERSION, membership: true, priority: 0, name: 'c0' }),
  encodeMethodChoice(['NULL']),
  encodeRequest(JOIN_MESS, '#c0#d', ['a']),
  encodeMessage(AGREED_MESS, '#c0#d', ['a'], 0, [Buffer.alloc(50)]),
]);

const connection = fc
  .tuple(fractions, fc.constantFrom('', '\r\nX-Forwarded-For: 192.0.2.9'), fc.array(frame, { maxLength: 3 }))
  .map(([cuts, more, rest]) => {
    const head = `GET /ssp HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: ssp.v1${more}\r\n\r\n`;
    const pieces = cutAt(session, positions(session.length, cuts)).map((piece) => frameOf(2, piece));
    return Buffer.concat([Buffer.from(head), ...pieces, ...rest]);
  });
const anyConnection = fc.oneof(
  { weight: 1, arbitrary: connection },
  { weight: 4, arbitrary: damaged(connection) },
);

const options = {
  hosts: [],
  port: 0,
  tls: null,
  keys: null,
  behindProxy: true,
  origins: ['same'],
  anonymous: true,
  isLocal: false,
  verify: null,
  maxSockets: 10,
  maxMessageBytes: MAX_MESSAGE,
  maxBufferedBytes: 65_536,
  pingMs: 0,
  idleTimeoutMs: 60_000,
  compression: false,
};

const connections = fc.asyncProperty(
  anyConnection,
  fractions,
  fc.boolean(),
  async (whole, cuts, isClosed) => {
    const world = new World();
    const listener: WebListener = await listenWeb(options, world.server, silentLogger);
    const fake = new FakeSocket();
    listener.take(fake.socket);
    for (const piece of cutAt(whole, positions(whole.length, cuts))) {
      fake.client(piece);
      await turns(1);
    }
    await turns();
    const answer = Buffer.concat(fake.received).toString('latin1');
    check(answer === '' || answer.startsWith('HTTP/1.1 '), 'an answer that is none', answer.slice(0, 40));
    const isOpen = answer.startsWith('HTTP/1.1 101 ');
    check(
      isOpen === (world.server.counters.connections === 1),
      'a session without a WebSocket, or the reverse',
      answer.slice(0, 40),
    );
    if (isClosed) fake.clientEnd();
    else fake.destroy();
    await turns();
    await listener.close();
    await turns();
    check(listener.size === 0, 'a socket is left behind', listener.size);
    await world.end();
  },
);

export const webProperties = {
  'web tokens': tokens,
  'web upgrades': upgrades,
  'WebSocket frames': frames,
  'WebSocket connections': connections,
};
