/** Which upgrades are granted, and how the others are refused: before the upgrade, with a status that says why. */
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { connect } from 'node:net';
import { expect } from 'chai';
import type { IncomingMessage } from 'node:http';
import { clientOf } from '../../../daemon/net/websocket/upgrade.js';
import { deserted } from '../../support/local-daemon.js';
import { TemporaryDirectory } from '../../support/temporary.js';
import { ca, tlsFile } from '../../support/tls-files.js';
import { until } from '../../support/wait.js';
import { dial, statusOf, WebSession } from '../../support/web-client.js';
import { claims, inSeconds, SECRET, secretToken } from '../../support/web-tokens.js';
import { startWeb, startWithSecret } from './web-fixture.js';

/** Sends bytes, and resolves to everything that comes until the end. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  socket.write(text);
  await once(socket, 'close');
  return received;
}

const head = (...lines: readonly string[]): string =>
  ['GET /ssp HTTP/1.1', 'Host: localhost', ...lines, '', ''].join('\r\n');
const UPGRADE = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
const KEY = 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==';

describe('WebSocket: upgrade', () => {
  it('speaks ssp.v1, whatever else is offered', async () => {
    await using daemon = await startWeb();
    const { headers, socket } = await dial(daemon.webPort, { protocols: ['chat', 'ssp.v1', 'ssp.v2'] });
    expect(headers['sec-websocket-protocol']).to.equal('ssp.v1');
    expect(daemon.webSockets).to.equal(1);
    socket?.close();
    await deserted(daemon);
  });

  it('is refused without that subprotocol', async () => {
    await using daemon = await startWeb();
    const { status, text } = await dial(daemon.webPort, { protocols: ['chat'] });
    expect([status, text]).to.deep.equal([400, 'expected GET with the subprotocol ssp.v1']);
    expect(await statusOf(daemon.webPort, { protocols: [] })).to.equal(400);
    expect(daemon.counters.webRefusals).to.deep.equal({ request: 2 });
    expect(daemon.counters.connections).to.equal(0);
  });

  it('is refused to a page that reaches this machine by a name of its own, without a token', async () => {
    await using daemon = await startWeb();
    const host = `evil.test:${daemon.webPort}`;
    const page = { origin: `http://${host}`, headers: { host } };
    const { status, text } = await dial(daemon.webPort, page);
    expect([status, text]).to.deep.equal([403, 'without a token, expected an address or localhost as Host']);
    for (const name of ['localhost', '127.0.0.1', '[::1]']) {
      const local = `${name}:${daemon.webPort}`;
      expect(
        await statusOf(daemon.webPort, { origin: `http://${local}`, headers: { host: local } }),
      ).to.equal(101);
    }
    // A program is not a page.
    expect(await statusOf(daemon.webPort, { headers: { host } })).to.equal(101);
    await using withTokens = await startWithSecret();
    const token = secretToken(claims());
    const proved = {
      token,
      origin: `http://h:${withTokens.webPort}`,
      headers: { host: `h:${withTokens.webPort}` },
    };
    expect(await statusOf(withTokens.webPort, proved)).to.equal(101);
    await using proxied = await startWeb({ behindProxy: true, anonymous: true });
    const outside = { origin: 'http://example.org', headers: { host: 'example.org' } };
    expect(await statusOf(proxied.webPort, outside)).to.equal(101);
  });

  it('is what every request is for', async () => {
    await using daemon = await startWeb();
    const [response] = (await once(get(`http://127.0.0.1:${daemon.webPort}/`), 'response')) as [
      IncomingMessage,
    ];
    expect([response.statusCode, response.headers.upgrade]).to.deep.equal([426, 'websocket']);
    response.resume();
  });

  it('takes any path, and keeps the query out of the log', async () => {
    const lines: string[] = [];
    const log = (fields: object, message: string): void => void lines.push(JSON.stringify([fields, message]));
    const logger = { debug: log, info: log, warn: log, error: log };
    await using daemon = await startWeb({ anonymous: true }, { logger });
    const path = '/some/where?token=verysecret';
    expect(await statusOf(daemon.webPort, { path })).to.equal(101);
    expect(await statusOf(daemon.webPort, { path, origin: 'https://evil.example' })).to.equal(403);
    await deserted(daemon);
    expect(lines.join()).to.contain('WebSocket refused').and.not.contain('verysecret');
  });

  describe('by origin', () => {
    it('is granted to pages of its own host and port, and to programs', async () => {
      await using daemon = await startWeb();
      expect(await statusOf(daemon.webPort, { origin: `http://localhost:${daemon.webPort}` })).to.equal(101);
      expect(await statusOf(daemon.webPort)).to.equal(101);
    });

    it('is refused to all others with 403', async () => {
      await using daemon = await startWeb();
      expect(await statusOf(daemon.webPort, { origin: 'http://evil.example' })).to.equal(403);
      expect(await statusOf(daemon.webPort, { origin: 'null' })).to.equal(403);
      expect(daemon.counters.webRefusals).to.deep.equal({ origin: 2 });
    });

    it('is granted to the pages that are listed', async () => {
      await using daemon = await startWeb({ origins: ['https://*.example.com', 'https://example.org'] });
      expect(await statusOf(daemon.webPort, { origin: 'https://chat.example.com' })).to.equal(101);
      expect(await statusOf(daemon.webPort, { origin: 'https://example.org' })).to.equal(101);
      expect(await statusOf(daemon.webPort, { origin: `http://localhost:${daemon.webPort}` })).to.equal(403);
    });
  });

  describe('by token', () => {
    it('is granted with one as a subprotocol, which is not in the answer', async () => {
      await using daemon = await startWithSecret();
      const { status, headers, socket } = await dial(daemon.webPort, { token: secretToken(claims()) });
      expect([status, headers['sec-websocket-protocol']]).to.deep.equal([101, 'ssp.v1']);
      socket?.terminate();
    });

    it('is granted with one as a header', async () => {
      await using daemon = await startWithSecret();
      const headers = { authorization: `Bearer ${secretToken(claims())}` };
      expect(await statusOf(daemon.webPort, { headers })).to.equal(101);
    });

    for (const [what, dialing, reason] of [
      ['none', {}, 'no-token'],
      ['one in a cookie alone', { headers: { cookie: `token=${secretToken(claims())}` } }, 'no-token'],
      ['one in the query alone', { path: `/?token=${secretToken(claims())}` }, 'no-token'],
      ['one that has expired', { token: secretToken(claims({ exp: inSeconds(-60) })) }, 'expired'],
      ['one of another secret', { token: secretToken(claims(), {}, Buffer.alloc(32)) }, 'token'],
      ['one of more than 4 KiB', { token: secretToken(claims({ more: 'x'.repeat(4096) })) }, 'token'],
      ['one that is no base64url', { protocols: ['ssp.v1', 'ssp.bearer.a!b'] }, 'token'],
      ['an empty one', { protocols: ['ssp.v1', 'ssp.bearer.'] }, 'token'],
    ] as const) {
      it(`is refused with 401 with ${what}`, async () => {
        await using daemon = await startWithSecret();
        const { status, headers } = await dial(daemon.webPort, dialing);
        expect([status, headers['www-authenticate']]).to.deep.equal([401, 'Bearer realm="sspd"']);
        expect(daemon.counters.webRefusals).to.deep.equal({ [reason]: 1 });
        expect(daemon.counters.connections).to.equal(0);
      });
    }

    it('is granted without one where that is allowed, and never with a wrong one', async () => {
      await using daemon = await startWithSecret({ anonymous: true });
      expect(await statusOf(daemon.webPort)).to.equal(101);
      expect(await statusOf(daemon.webPort, { token: 'x.y.z' })).to.equal(401);
    });

    it('knows other keys after a reload', async () => {
      await using folder = await TemporaryDirectory.make();
      const secretFile = folder.file('secrets');
      const other = Buffer.alloc(32, 'o');
      await writeFile(secretFile, SECRET.toString('base64url'));
      await using daemon = await startWeb({ secretFile });
      const options = { name: 'dmn1', listen: daemon.addresses, web: { port: 0, secretFile } };
      await writeFile(secretFile, other.toString('base64url'));
      expect(await daemon.reload(options)).to.not.include('web');
      expect(await statusOf(daemon.webPort, { token: secretToken(claims()) })).to.equal(401);
      expect(await statusOf(daemon.webPort, { token: secretToken(claims(), {}, other) })).to.equal(101);
      await writeFile(secretFile, '');
      expect(await daemon.reload(options).catch(String)).to.match(/contains no secret/);
      expect(await statusOf(daemon.webPort, { token: secretToken(claims(), {}, other) })).to.equal(101);
    });
  });

  describe('by a check of one’s own', () => {
    it('says who the client is', async () => {
      const asked: unknown[] = [];
      await using daemon = await startWeb({
        verify: ({ token, url, headers, address }) => {
          asked.push([token, url, headers['x-team'], address]);
          return token === 'open-sesame' ? { sub: 'ali', roles: ['thief'] } : null;
        },
      });
      const dialing = { token: 'open-sesame', path: '/a?b', headers: { 'x-team': 'forty' } };
      const session = await WebSession.connect(daemon.webPort, 'ali', dialing);
      expect(asked).to.deep.equal([['open-sesame', '/a?b', 'forty', '127.0.0.1']]);
      expect(daemon.status.sessions().map(({ principal }) => principal)).to.deep.equal(['web:ali']);
      expect(await statusOf(daemon.webPort)).to.equal(401);
      session.close();
    });

    for (const [what, verify] of [
      ['throws', () => Promise.reject(new Error('no'))],
      ['finds nobody', () => null],
      ['finds an empty subject', () => ({ sub: '' })],
      ['finds a subject of 129 bytes', () => ({ sub: 'x'.repeat(129) })],
      ['finds an end that is over', () => ({ sub: 'a', exp: inSeconds(-60) })],
      ['finds something else', () => 'a' as never],
    ] as const) {
      it(`refuses with 401 when that ${what}`, async () => {
        await using daemon = await startWeb({ verify });
        expect(await statusOf(daemon.webPort, { token: 'x' })).to.equal(401);
      });
    }
  });

  describe('where there is no room', () => {
    it('is refused with 503 beyond WebSocketMaxSockets, and when to come back', async () => {
      await using daemon = await startWeb({ maxSockets: 1 });
      const { socket } = await dial(daemon.webPort);
      const { status, headers } = await dial(daemon.webPort);
      expect([status, headers['retry-after']]).to.deep.equal([503, '5']);
      socket?.close();
      await deserted(daemon);
      await until(() => daemon.webSockets === 0, 'the end of the socket');
      expect(await statusOf(daemon.webPort)).to.equal(101);
    });

    it('is refused with 503 where a session of its address is too many', async () => {
      await using daemon = await startWeb({}, { limits: { maxSessionsPerAddress: 1 } });
      const session = await WebSession.connect(daemon.webPort, 'a');
      expect(await statusOf(daemon.webPort)).to.equal(503);
      expect(daemon.counters.webRefusals).to.deep.equal({ sessions: 1 });
      session.close();
    });

    it('counts clients by the address that the proxy tells', async () => {
      const headers = (address: string): Record<string, string> => ({
        'x-forwarded-for': `spoofed, ${address}`,
      });
      await using daemon = await startWeb(
        { behindProxy: true, anonymous: true },
        { limits: { maxSessionsPerAddress: 1 } },
      );
      const session = await WebSession.connect(daemon.webPort, 'a', { headers: headers('192.0.2.1') });
      expect(daemon.status.sessions().map(({ from }) => from)).to.deep.equal(['web 192.0.2.1']);
      expect(await statusOf(daemon.webPort, { headers: headers('192.0.2.1') })).to.equal(503);
      expect(await statusOf(daemon.webPort, { headers: headers('192.0.2.2') })).to.equal(101);
      session.close();
    });
  });

  describe('malformed', () => {
    for (const [what, text, status] of [
      ['no key', head(...UPGRADE, 'Sec-WebSocket-Protocol: ssp.v1'), '400'],
      [
        'another version',
        head(...UPGRADE.slice(0, 2), 'Sec-WebSocket-Version: 7', KEY, 'Sec-WebSocket-Protocol: ssp.v1'),
        '400',
      ],
      [
        'another upgrade',
        head('Connection: Upgrade', 'Upgrade: h2c', KEY, 'Sec-WebSocket-Protocol: ssp.v1'),
        '400',
      ],
      [
        'a key of another length',
        head(...UPGRADE, 'Sec-WebSocket-Key: AAAA', 'Sec-WebSocket-Protocol: ssp.v1'),
        '400',
      ],
    ] as const) {
      it(`is refused: ${what}`, async () => {
        await using daemon = await startWeb();
        expect(await raw(daemon.webPort, text)).to.match(new RegExp(`^HTTP/1.1 ${status} `));
        expect(daemon.counters.webRefusals).to.deep.equal({ request: 1 });
      });
    }

    it('is closed without an answer: what is no HTTP, and headers of more than 16 KiB', async () => {
      await using daemon = await startWeb();
      expect(await raw(daemon.webPort, 'nonsense\r\n\r\n')).to.equal('');
      expect(await raw(daemon.webPort, head(`X: ${'x'.repeat(20_000)}`))).to.equal('');
      expect(daemon.counters.connections).to.equal(0);
    });

    it('is waited for no longer than HandshakeTimeout', async () => {
      await using daemon = await startWeb({}, { limits: { handshakeTimeoutMs: 50 } });
      expect(await raw(daemon.webPort, 'GET / HTTP/1.1\r\nHost: ')).to.equal('');
      const silent = connect(daemon.webPort, '127.0.0.1');
      silent.on('error', () => undefined);
      await once(silent, 'close');
    });
  });

  it('works with TLS 1.2 and 1.3', async () => {
    const tls = { certificateFile: tlsFile('daemon.crt'), keyFile: tlsFile('daemon.key') };
    await using daemon = await startWeb({ tls });
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const session = await WebSession.connect(daemon.webPort, 'a', { ca, maxVersion });
      expect(daemon.status.sessions().map((each) => each.tls)).to.deep.equal([true]);
      session.join('g');
      expect((await session.next()).name).to.equal('g');
      session.close();
      await deserted(daemon);
    }
  });
});

describe('WebSocket: address of a client', () => {
  const seen = (header: string | undefined, behindProxy = true): string => {
    const headers = header === undefined ? {} : { 'x-forwarded-for': header };
    const socket = { remoteAddress: '10.0.0.1', remotePort: 5 } as IncomingMessage['socket'];
    return clientOf({ headers, socket }, behindProxy).address;
  };

  for (const [header, address] of [
    [undefined, '10.0.0.1'],
    ['192.0.2.1', '192.0.2.1'],
    ['6.6.6.6, 192.0.2.1', '192.0.2.1'],
    ['6.6.6.6,192.0.2.1 ', '192.0.2.1'],
    ['192.0.2.1:4711', '192.0.2.1'],
    ['2001:db8::1', '2001:db8::1'],
    ['[2001:db8::1]:4711', '2001:db8::1'],
    ['192.0.2.1, unknown', '10.0.0.1'],
    ['', '10.0.0.1'],
    ['192.0.2.1,', '10.0.0.1'],
  ] as const) {
    it(`is ${address} behind a proxy that says ${JSON.stringify(header)}`, () => {
      expect(seen(header)).to.equal(address);
    });
  }

  it('is never what a header says without a proxy', () => {
    expect(seen('192.0.2.1', false)).to.equal('10.0.0.1');
  });
});
