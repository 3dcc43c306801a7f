import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { MonitorError } from '../../daemon/monitor/endpoint.js';
import { type Monitor, openMonitor } from '../../daemon/monitor/http.js';
import { MAX_CONNECTIONS, MAX_HEADER_BYTES } from '../../daemon/monitor/limits.js';
import { silentLogger } from '../../daemon/log/logger.js';
import { until } from '../support/wait.js';
import { ask, monitored, usual } from './monitor-fixture.js';
import { fakeStatus } from './fake-status.js';

/** A connection that says what a client of HTTP would not. */
class RawAsker implements Disposable {
  received = '';
  closed = false;

  private constructor(readonly socket: Socket) {
    socket.setEncoding('latin1').on('data', (chunk) => (this.received += String(chunk)));
    socket.on('error', () => undefined).on('close', () => (this.closed = true));
  }

  static async open({ address, port }: Monitor, text = ''): Promise<RawAsker> {
    const asker = new RawAsker(connect(port, address));
    await once(asker.socket, 'connect');
    asker.socket.write(text);
    return asker;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** The line that refuses the options. */
async function refused(host: string, token: string | null = null): Promise<string> {
  try {
    await (await monitored({ endpoint: { host, port: 0 }, token })).close();
  } catch (error) {
    if (error instanceof MonitorError) return error.message;
    throw error;
  }
  throw new Error('it opened');
}

describe('monitor: who may ask', () => {
  for (const host of ['0.0.0.0', '::', '192.0.2.1']) {
    it(`refuses to open on ${host} without a token`, async () => {
      expect(await refused(host)).to.match(/^cannot open the monitor on .*:0: beyond the loopback .* token/);
    });
  }

  it('opens on localhost, and on any address with a token', async () => {
    await using local = await monitored({ endpoint: { host: 'localhost', port: 0 } });
    await using everywhere = await monitored({ endpoint: { host: '0.0.0.0', port: 0 }, token: 's3cret' });
    expect(local.port).not.to.equal(everywhere.port);
  });

  it('refuses a token that no header can carry', async () => {
    expect(await refused('127.0.0.1', 'two words')).to.include('one word');
    expect(await refused('127.0.0.1', '')).to.include('one word');
  });

  it('wants the token for every page', async () => {
    await using monitor = await monitored({ token: 's3cret' });
    for (const path of ['/', '/healthz', '/metrics', '/nothing']) {
      const { status, headers, json } = await ask(monitor, path);
      expect([status, headers['www-authenticate']]).to.deep.equal([401, 'Bearer realm="sspd"']);
      expect(json).to.have.all.keys('error');
    }
    const authorization = 'Bearer s3cret';
    expect(await ask(monitor, '/healthz', { headers: { authorization } })).to.include({ status: 200 });
    expect(await ask(monitor, '/healthz', { headers: { authorization: 'Bearer s3cres' } })).to.include({
      status: 401,
    });
  });

  it('does not answer a browser that a name of the web has led here', async () => {
    await using monitor = await monitored();
    for (const [host, status] of [
      ['evil.example:80', 403],
      ['127.0.0.1.evil.example', 403],
      [`127.0.0.1:${monitor.port}`, 200],
      ['[::1]:80', 200],
      ['LOCALHOST', 200],
    ] as const) {
      expect((await ask(monitor, '/varz', { headers: { host } })).status, host).to.equal(status);
    }
  });

  it('answers to any name when a token is shown', async () => {
    await using monitor = await monitored({ token: 's3cret' });
    const headers = { host: 'one.example', authorization: 'Bearer s3cret' };
    expect((await ask(monitor, '/varz', { headers })).status).to.equal(200);
  });
});

describe('monitor: HTTP', () => {
  it('takes GET and HEAD only', async () => {
    await using monitor = await monitored();
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const { status, headers } = await ask(monitor, '/healthz', { method });
      expect([status, headers.allow], method).to.deep.equal([405, 'GET, HEAD']);
    }
    const { status, headers, body } = await ask(monitor, '/varz', { method: 'HEAD' });
    expect([status, body]).to.deep.equal([200, '']);
    expect(Number(headers['content-length'])).to.be.above(100);
  });

  it('lets nobody keep what it says', async () => {
    await using monitor = await monitored();
    const { headers } = await ask(monitor, '/varz');
    expect([headers['cache-control'], headers['x-content-type-options']]).to.deep.equal([
      'no-store',
      'nosniff',
    ]);
  });

  it('has the type that Prometheus wants', async () => {
    await using monitor = await monitored();
    const { headers, body } = await ask(monitor, '/metrics');
    expect(headers['content-type']).to.match(/^text\/plain; version=0\.0\.4/);
    expect(body).to.include('# TYPE sspd_sessions gauge\n');
  });

  it('answers 500 and tells the log when a page fails, and continues', async () => {
    const told: object[] = [];
    const log = { ...silentLogger, error: (fields: object) => void told.push(fields) };
    const sessions = (): never => {
      throw new Error('out of order');
    };
    await using monitor = await monitored({ status: fakeStatus({ sessions }), log });
    expect((await ask(monitor, '/sessions')).status).to.equal(500);
    expect(told).to.deep.equal([{ error: 'Error: out of order', path: '/sessions' }]);
    expect((await ask(monitor, '/healthz')).status).to.equal(200);
  });

  for (const [what, text, status] of [
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['a header that is too long', `GET / HTTP/1.1\r\nx: ${'x'.repeat(MAX_HEADER_BYTES)}\r\n\r\n`, 431],
    ['two lengths', 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    ['a Spread client', '\x05\x00\x01\x01\x05alice', 400],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['a path of another kind', 'GET http://[ HTTP/1.1\r\nHost: localhost\r\n\r\n', 404],
  ] as const) {
    it(`answers ${status} to ${what}`, async () => {
      await using monitor = await monitored();
      using asker = await RawAsker.open(monitor, text);
      await until(() => asker.received.startsWith(`HTTP/1.1 ${status} `), 'the refusal');
      expect((await ask(monitor, '/healthz')).status).to.equal(200);
    });
  }

  it('serves a limited number of connections at a time', async () => {
    await using monitor = await monitored();
    const askers: RawAsker[] = [];
    try {
      for (let count = 0; count < MAX_CONNECTIONS + 1; count++) askers.push(await RawAsker.open(monitor));
      await until(() => askers.some(({ closed }) => closed), 'the last one to be closed');
      expect(askers.filter(({ closed }) => closed)).to.have.length(1);
    } finally {
      for (const asker of askers) asker[Symbol.dispose]();
    }
  });

  it('closes although somebody is connected, and frees the port', async () => {
    const monitor = await openMonitor(usual());
    using asker = await RawAsker.open(monitor, 'GET / HTTP/1.1\r\n');
    await monitor.close();
    await until(() => asker.closed, 'the connection to end');
    await using next = await monitored({ endpoint: { host: '127.0.0.1', port: monitor.port } });
    expect((await ask(next, '/healthz')).status).to.equal(200);
  });

  it('tells when the port is taken, or the host unknown', async () => {
    await using monitor = await monitored();
    let message = '';
    try {
      await monitored({ endpoint: { host: '127.0.0.1', port: monitor.port } });
    } catch (error) {
      message = (error as MonitorError).message;
    }
    expect(message).to.equal(
      `cannot open the monitor on 127.0.0.1:${monitor.port}: the address is in use, perhaps by another daemon`,
    );
    expect(await refused('no host')).to.match(/: the host is unknown$/);
  });
});
