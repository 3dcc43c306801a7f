import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { REJECT_NOT_UNIQUE, REJECT_QUOTA } from '../../lib/wire/codes.js';
import { readCode } from '../../lib/wire/handshake/accept.js';
import { encodeMethodChoice } from '../../lib/wire/handshake/authentication.js';
import { deserted, startDaemon } from '../support/local-daemon.js';
import { connectRequest, RawClient, RawSession } from '../support/raw-client.js';
import { tlsOn } from '../support/tls-files.js';
import { until } from '../support/wait.js';
import { SessionFixture } from './session-fixture.js';

describe('session: time for the handshake', () => {
  it('ends a connection that sends nothing, without a byte', async () => {
    await using daemon = await startDaemon({ limits: { handshakeTimeoutMs: 50 } });
    const client = await RawClient.open(daemon.port);
    const start = performance.now();
    await client.end();
    expect(performance.now() - start).to.be.within(30, 1000);
    expect(client.received.length).to.equal(0);
    expect([daemon.counters.rejections, daemon.counters.ends]).to.deep.equal([
      { timeout: 1 },
      { 'handshake-timeout': 1 },
    ]);
  });

  it('ends a connection that stops in the middle of its request', async () => {
    await using daemon = await startDaemon({ limits: { handshakeTimeoutMs: 50 } });
    const client = await RawClient.open(daemon.port);
    client.send(connectRequest('alice').subarray(0, 7));
    await client.end();
    expect(daemon.counters.rejections).to.deep.equal({ timeout: 1 });
  });

  it('runs from the accept: a byte now and then does not win more', async () => {
    await using daemon = await startDaemon({ limits: { handshakeTimeoutMs: 100 } });
    const client = await RawClient.open(daemon.port);
    const start = performance.now();
    const bytes = connectRequest('alice');
    let sent = 0;
    await until(() => {
      if (performance.now() - start > 30 * sent && sent < bytes.length - 1) {
        client.send(bytes.subarray(sent, ++sent));
      }
      return client.closed;
    }, 'the end of the stream');
    expect(performance.now() - start).to.be.within(80, 1000);
  });

  it('gives the name of a stalled handshake free', async () => {
    await using fixture = await SessionFixture.open({ handshakeTimeoutMs: 50 });
    const stalled = await RawClient.open(fixture.port);
    stalled.send(connectRequest('alice'));
    await stalled.take(6);
    expect(fixture.core.roster.reserve('alice')).to.equal(REJECT_NOT_UNIQUE);
    await stalled.end();
    await until(() => fixture.server.size === 0, 'the connection to go');
    expect(fixture.core.roster.reserve('alice')).to.equal('#alice#dmn1');
  });

  it('is over with the handshake: a session may be silent', async () => {
    await using daemon = await startDaemon({ limits: { handshakeTimeoutMs: 60 } });
    const session = await RawSession.connect(daemon.port, 'alice');
    const stalled = await RawClient.open(daemon.port);
    await stalled.end();
    session.multicast(16, ['#alice#dmn1'], 'still here');
    expect((await session.next()).body.toString()).to.equal('still here');
    session.close();
  });

  it('is over with a rejection too', async () => {
    await using daemon = await startDaemon({ limits: { handshakeTimeoutMs: 50 } });
    const refused = await RawClient.open(daemon.port);
    refused.send(connectRequest('a b'));
    await refused.end();
    const stalled = await RawClient.open(daemon.port);
    await stalled.end();
    expect(daemon.counters.rejections).to.deep.equal({ REJECT_ILLEGAL_NAME: 1, timeout: 1 });
    await deserted(daemon);
  });

  it('may be longer than a timer can be set for', async () => {
    await using daemon = await startDaemon({ limits: { handshakeTimeoutMs: 2 ** 31 - 1 } });
    const session = await RawSession.connect(daemon.port, 'alice');
    session.close();
    let error: unknown = null;
    try {
      await startDaemon({ limits: { handshakeTimeoutMs: 2 ** 31 } });
    } catch (caught) {
      error = caught;
    }
    expect(String(error)).to.match(/handshakeTimeoutMs/);
  });
});

describe('session: quota', () => {
  it('refuses one session more with its code, before anything is read', async () => {
    await using daemon = await startDaemon({ limits: { maxSessions: 2 } });
    const sessions = [await RawSession.connect(daemon.port, 'a'), await RawSession.connect(daemon.port, 'b')];
    const third = await RawClient.open(daemon.port);
    await third.end();
    expect([...third.received].map(readCode)).to.deep.equal([REJECT_QUOTA]);
    expect([daemon.sessions, daemon.counters.rejections]).to.deep.equal([2, { REJECT_QUOTA: 1 }]);
    for (const session of sessions) session.close();
  });

  it('counts connections in their handshake: a new one takes the place of the oldest of its address', async () => {
    await using daemon = await startDaemon({ limits: { maxSessions: 2 } });
    const session = await RawSession.connect(daemon.port, 'a');
    const silent = await RawClient.open(daemon.port);
    const second = await RawClient.open(daemon.port);
    await silent.end();
    expect([...silent.received].map(readCode)).to.deep.equal([REJECT_QUOTA]);
    expect([second.closed, session.client.closed]).to.deep.equal([false, false]);
    for (const each of [second, session]) each.close();
  });

  describe('of one address', () => {
    const other = (port: number) => ({ host: '127.0.0.1', port, localAddress: '127.0.0.2' });

    it('refuses one session more of it, and none of others', async () => {
      await using daemon = await startDaemon({ limits: { maxSessionsPerAddress: 2 } });
      const sessions = [
        await RawSession.connect(daemon.port, 'a'),
        await RawSession.connect(daemon.port, 'b'),
      ];
      const third = await RawClient.open(daemon.port);
      await third.end();
      expect([...third.received].map(readCode)).to.deep.equal([REJECT_QUOTA]);
      sessions.push(await RawSession.connect(other(daemon.port), 'c'));
      expect([daemon.sessions, daemon.counters.rejections]).to.deep.equal([3, { REJECT_QUOTA: 1 }]);
      for (const session of sessions) session.close();
    });

    it('has room again when a session of it has gone', async () => {
      await using daemon = await startDaemon({ limits: { maxSessionsPerAddress: 1 } });
      for (const name of ['a', 'b', 'c']) {
        const session = await RawSession.connect(daemon.port, name);
        session.close();
        await deserted(daemon);
      }
      expect(daemon.counters.rejections).to.deep.equal({});
    });

    it('counts connections with TLS, those in the handshake included', async () => {
      await using daemon = await startDaemon({ tls: tlsOn(), limits: { maxSessionsPerAddress: 1 } });
      const silent = await RawClient.open(daemon.tlsPort);
      await until(() => daemon.status.handshakes === 1, 'the handshake');
      const second = await RawClient.open(daemon.tlsPort);
      await second.end();
      const third = await RawClient.open(daemon.port);
      await third.end();
      silent.close();
      await until(() => daemon.status.handshakes === 0, 'its end');
      const session = await RawSession.connect(daemon.port, 'a');
      session.close();
      expect(daemon.counters.rejections).to.deep.equal({ REJECT_QUOTA: 2, tls: 1 });
    });

    it('is without limit unless one is set', async () => {
      await using daemon = await startDaemon();
      const names = Array.from({ length: 50 }, (_, i) => `c${i}`);
      const sessions = await Promise.all(names.map((name) => RawSession.connect(daemon.port, name)));
      expect(daemon.sessions).to.equal(50);
      for (const session of sessions) session.close();
    });
  });

  it('has room again when a session has gone', async () => {
    await using daemon = await startDaemon({ limits: { maxSessions: 1 } });
    const first = await RawSession.connect(daemon.port, 'a');
    first.close();
    await deserted(daemon);
    const second = await RawSession.connect(daemon.port, 'a');
    second.close();
  });

  it('is not kept up by refused clients that do not close', async () => {
    const daemon = await startDaemon({ limits: { maxSessions: 0 } });
    const client = await RawClient.open(daemon.port);
    client.socket.pause();
    await daemon.stop();
    client.close();
    expect(daemon.sessions).to.equal(0);
  });
});

describe('session: private names', () => {
  it('are free again when the disconnect of a client that died has been ordered', async () => {
    await using fixture = await SessionFixture.open();
    const first = await RawSession.connect(fixture.port, 'alice');
    fixture.order.held = true;
    first.close();
    await until(() => fixture.server.size === 0, 'the daemon to see the end');
    expect(fixture.core.roster.reserve('alice')).to.equal(REJECT_NOT_UNIQUE);
    await until(() => fixture.order.waiting.length === 1, 'the disconnect to be sent for ordering');
    fixture.drain();
    expect(fixture.core.roster.reserve('alice')).to.equal('#alice#dmn1');
  });

  it('are free for the client that saw the end of the stream', async () => {
    await using daemon = await startDaemon();
    for (let i = 0; i < 30; i++) {
      const session = await RawSession.connect(daemon.port, 'alice');
      session.disconnect();
      await session.client.end();
    }
    expect(daemon.counters.sessions).to.equal(30);
  });

  it('are free again after a rejected handshake', async () => {
    await using fixture = await SessionFixture.open();
    const client = await RawClient.open(fixture.port);
    client.send(Buffer.concat([connectRequest('alice'), encodeMethodChoice(['IP'])]));
    await client.end();
    await until(() => fixture.server.size === 0, 'the connection to go');
    expect(fixture.core.roster.reserve('alice')).to.equal('#alice#dmn1');
  });

  it('are free again when a client closes in the handshake', async () => {
    await using fixture = await SessionFixture.open();
    const client = await RawClient.open(fixture.port);
    client.send(connectRequest('alice'));
    await client.take(6);
    client.close();
    await until(() => fixture.server.size === 0, 'the connection to go');
    expect(fixture.core.roster.reserve('alice')).to.equal('#alice#dmn1');
  });

  it('may be refused without taking them from who has them', async () => {
    await using daemon = await startDaemon();
    const alice = await RawSession.connect(daemon.port, 'alice');
    const second = await RawClient.open(daemon.port);
    second.send(connectRequest('alice'));
    await second.end();
    await until(() => daemon.sessions === 1, 'the refused one to go');
    const third = await RawClient.open(daemon.port);
    third.send(connectRequest('alice'));
    await third.end();
    expect(daemon.counters.rejections).to.deep.equal({ REJECT_NOT_UNIQUE: 2 });
    alice.close();
  });
});
