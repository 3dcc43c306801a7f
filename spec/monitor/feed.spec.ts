/** The feed and the console over HTTP: who gets them, and with which headers. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { Monitor } from '../../daemon/monitor/http.js';
import { MAX_FEEDS } from '../../daemon/monitor/limits.js';
import type { StatusEvent } from '../../daemon/monitor/status.js';
import { eventually, until } from '../support/wait.js';
import { fakeStatus } from './fake-status.js';
import { ask, monitored } from './monitor-fixture.js';

/** A reader of the feed. */
class OpenFeed implements Disposable {
  text = '';
  isClosed = false;

  private constructor(readonly response: IncomingMessage) {
    response.setEncoding('utf8').on('data', (text) => (this.text += String(text)));
    response.on('close', () => (this.isClosed = true)).on('error', () => undefined);
  }

  static async of({ address, port }: Monitor, path = '/feed', headers = {}): Promise<OpenFeed> {
    const asked = request({ host: address, port, path, headers, agent: false }).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    return new OpenFeed(response);
  }

  get status(): number {
    return this.response.statusCode ?? 0;
  }

  [Symbol.dispose](): void {
    this.response.destroy();
  }
}

describe('monitor: the feed over HTTP', () => {
  it('is lines of JSON without end', async () => {
    await using monitor = await monitored();
    using feed = await OpenFeed.of(monitor, '/feed?group=room');
    expect(feed.response.headers).to.include({
      'content-type': 'application/x-ndjson; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    await until(() => feed.text.includes('"t":"sessions"'), 'the beginning');
    const lines = feed.text.trimEnd().split('\n');
    const types = lines.map((line) => (JSON.parse(line) as { t: string }).t);
    expect(types).to.deep.equal(['hello', 'daemons', 'groups', 'group', 'sessions']);
    expect(feed.isClosed).to.equal(false);
  });

  it('is for eight readers, and for the next one when one of them has gone', async () => {
    await using monitor = await monitored();
    const feeds: OpenFeed[] = [];
    try {
      for (let count = 0; count < MAX_FEEDS; count++) feeds.push(await OpenFeed.of(monitor));
      const { status, headers, json } = await ask(monitor, '/feed');
      expect([status, headers['retry-after'], json]).to.deep.equal([503, '5', { error: 'too many feeds' }]);
      feeds[0]?.[Symbol.dispose]();
      await eventually(async () => {
        const next = await OpenFeed.of(monitor);
        feeds.push(next);
        return next.status === 200;
      }, 'a place');
    } finally {
      for (const feed of feeds) feed[Symbol.dispose]();
    }
  });

  it('takes GET and HEAD only', async () => {
    await using monitor = await monitored();
    expect((await ask(monitor, '/feed', { method: 'POST' })).status).to.equal(405);
    expect((await ask(monitor, '/console', { method: 'POST' })).status).to.equal(405);
    const { status, body, headers } = await ask(monitor, '/feed', { method: 'HEAD' });
    expect([status, body]).to.deep.equal([200, '']);
    expect(headers['content-type']).to.equal('application/x-ndjson; charset=utf-8');
  });

  it('is not for pages of other sites', async () => {
    await using monitor = await monitored();
    for (const [site, status] of [
      ['cross-site', 403],
      ['same-site', 403],
      ['same-origin', 200],
      ['none', 200],
    ] as const) {
      using feed = await OpenFeed.of(monitor, '/feed', { 'sec-fetch-site': site });
      expect(feed.status, site).to.equal(status);
      expect(feed.response.headers).not.to.have.any.keys('access-control-allow-origin');
    }
  });

  it('and the console do not answer to a name of the web', async () => {
    await using monitor = await monitored();
    const headers = { host: 'evil.test' };
    for (const path of ['/feed', '/console', '/console/app.js']) {
      expect((await ask(monitor, path, { headers })).status, path).to.equal(403);
    }
  });

  it('wants the token; the page, which holds no data, does not', async () => {
    await using monitor = await monitored({ token: 's3cret' });
    expect((await ask(monitor, '/feed')).status).to.equal(401);
    expect((await ask(monitor, '/console')).status).to.equal(200);
    expect((await ask(monitor, '/console/core/model.js')).status).to.equal(200);
    expect((await ask(monitor, '/consoles')).status).to.equal(401);
    const wrong = { authorization: 'Bearer wrong' };
    expect((await ask(monitor, '/feed', { headers: wrong })).status).to.equal(401);
    using feed = await OpenFeed.of(monitor, '/feed', { authorization: 'Bearer s3cret' });
    expect(feed.status).to.equal(200);
  });

  it('is cut for one who does not read', async () => {
    let tell: (event: StatusEvent) => void = () => undefined;
    const watch = (listener: (event: StatusEvent) => void): (() => void) => {
      tell = listener;
      return () => undefined;
    };
    await using monitor = await monitored({ status: fakeStatus({ watch }) });
    const socket: Socket = connect(monitor.port, monitor.address);
    let isClosed = false;
    socket.on('close', () => (isClosed = true)).on('error', () => undefined);
    await once(socket, 'connect');
    socket.write('GET /feed HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'data');
    socket.pause();
    const long = { kind: 'daemon-view' as const, id: 'x'.repeat(200_000), daemons: ['one'], sets: [] };
    // The system takes some megabytes for the reader; what more there is waits in the daemon.
    for (let count = 0; count < 60; count++) {
      tell(long);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    socket.resume();
    await until(() => isClosed, 'the end of the feed');
  });

  it('ends with the monitor', async () => {
    const monitor = await monitored();
    using feed = await OpenFeed.of(monitor);
    await monitor.close();
    await until(() => feed.isClosed, 'the end');
  });
});

describe('monitor: the console', () => {
  const sources = (html: string): string[] =>
    Array.from(html.matchAll(/(?:src|href)="(console[^"]*)"/g), ([, at]) => at as string);

  it('is a page under a strict policy, with a nonce of its own each time', async () => {
    await using monitor = await monitored();
    const nonces = new Set<string>();
    for (let count = 0; count < 2; count++) {
      const { status, headers, body } = await ask(monitor, '/console');
      const policy = String(headers['content-security-policy']);
      const [, nonce = ''] = /'nonce-([A-Za-z0-9+/=]{24})'/.exec(policy) ?? [];
      nonces.add(nonce);
      expect(status).to.equal(200);
      expect(policy).to.equal(
        `default-src 'none'; script-src 'self' 'nonce-${nonce}'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      );
      expect(body).to.include(`<script type="importmap" nonce="${nonce}">`);
      expect(headers).to.include({
        'content-type': 'text/html; charset=utf-8',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      });
      // Nothing in it but the import map stands in the page itself.
      expect(body.match(/<script/g)).to.have.length(2);
      expect(body).not.to.match(/<style|\son\w+=|\sstyle=/);
    }
    expect(nonces.size).to.equal(2);
  });

  it('loads what it names, and that what it imports, of at most 40 kB together', async () => {
    await using monitor = await monitored();
    const page = await ask(monitor, '/console');
    const imports = JSON.parse(
      /<script type="importmap"[^>]*>(.*?)<\/script>/.exec(page.body)?.[1] ?? '',
    ) as {
      imports: Record<string, string>;
    };
    const loaded = new Map<string, number>();
    const load = async (path: string): Promise<void> => {
      if (loaded.has(path)) return;
      const packed = await ask(monitor, path, { headers: { 'accept-encoding': 'gzip' } });
      expect([path, packed.status, packed.headers['content-encoding']]).to.deep.equal([path, 200, 'gzip']);
      loaded.set(path, Number(packed.headers['content-length']));
      const { body, headers } = await ask(monitor, path);
      expect(headers['content-encoding']).to.equal(undefined);
      for (const [, specifier = ''] of body.matchAll(/(?:^|[\s;}])(?:import|from)\s*["']([^"']+)["']/g)) {
        const target = imports.imports[specifier] ?? specifier;
        const base = specifier === target ? path : '/console';
        expect(target, `${specifier} of ${path}`).to.match(/^\.{1,2}\//);
        await load(new URL(target, `http://localhost${base}`).pathname);
      }
    };
    for (const source of sources(page.body)) await load(`/${source}`);
    expect([...loaded.keys()]).to.include.members([
      '/console/app.css',
      '/console/core/model.js',
      '/console/lib/preact.js',
      '/console/lib/hooks.js',
      '/console/lib/htm.js',
    ]);
    const weight = [...loaded.values()].reduce((sum, bytes) => sum + bytes, page.body.length);
    expect(weight).to.be.within(10_000, 40_000);
  });

  it('has compressed what it has', async () => {
    await using monitor = await monitored();
    const { address, port } = monitor;
    const asked = request({
      host: address,
      port,
      path: '/console/app.css',
      headers: { 'accept-encoding': 'gzip' },
      agent: false,
    }).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    const parts: Buffer[] = [];
    for await (const part of response) parts.push(part as Buffer);
    expect(gunzipSync(Buffer.concat(parts)).toString()).to.equal(
      (await ask(monitor, '/console/app.css')).body,
    );
  });

  for (const path of [
    '/console/nothing.js',
    '/console/../http.js',
    '/console/..%2fhttp.js',
    '/console/core/../../http.js',
    '/console/app.js.map',
    '/console/lib',
    '/console/constructor',
  ]) {
    it(`does not have ${path}`, async () => {
      await using monitor = await monitored();
      expect((await ask(monitor, path)).status).to.equal(404);
    });
  }

  it('is found with a slash behind it as well', async () => {
    await using monitor = await monitored();
    const { status, headers } = await ask(monitor, '/console/');
    expect([status, headers.location]).to.deep.equal([308, '../console']);
  });

  it('is not there when it is switched off, nor is its feed', async () => {
    let isWatched = false;
    const watch = (): (() => void) => {
      isWatched = true;
      return () => undefined;
    };
    await using monitor = await monitored({ console: false, status: fakeStatus({ watch }) });
    for (const path of ['/console', '/console/app.js', '/feed']) {
      expect((await ask(monitor, path)).status, path).to.equal(404);
    }
    expect(isWatched).to.equal(false);
    expect((await ask(monitor, '/')).body).not.to.include('/console');
  });
});
