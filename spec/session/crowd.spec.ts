/** Many clients at once: half-open connections, and bytes that wait for all of them. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { ACCEPT_SESSION, SP_connect, SP_disconnect } from '../../lib/ssp/index.js';
import { REJECT_QUOTA } from '../../lib/wire/codes.js';
import { readCode } from '../../lib/wire/handshake/accept.js';
import { encodeMethodChoice } from '../../lib/wire/handshake/authentication.js';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { deserted, startDaemon } from '../support/local-daemon.js';
import { connectRequest, RawClient, RawSession } from '../support/raw-client.js';
import { ca, tlsOn } from '../support/tls-files.js';
import { until } from '../support/wait.js';

describe('session: a crowd', () => {
  describe('of handshakes', () => {
    it('gets in on the first attempt, however few are served at one time', async () => {
      await using daemon = await startDaemon({ limits: { maxHandshakes: 5 } });
      const names = Array.from({ length: 300 }, (_, i) => `c${i}`);
      const sessions = await Promise.all(names.map((name) => RawSession.connect(daemon.port, name)));
      expect([daemon.sessions, daemon.status.handshakes, daemon.counters.rejections]).to.deep.equal([
        300,
        0,
        {},
      ]);
      for (const session of sessions) session.close();
      await deserted(daemon);
    });

    it('over TLS gets in too', async () => {
      await using daemon = await startDaemon({ tls: tlsOn(), limits: { maxHandshakes: 2 } });
      const address = `tls://localhost:${daemon.tlsPort}`;
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => SP_connect(address, `c${i}`, 0, true, { tls: { ca } })),
      );
      expect(answers.map(({ ret }) => ret)).to.deep.equal(answers.map(() => ACCEPT_SESSION));
      expect(daemon.counters.rejections).to.deep.equal({});
      for (const { mbox } of answers) await SP_disconnect(mbox);
    });

    it('that floods and says nothing keeps out no slow honest client of another address', async () => {
      await using daemon = await startDaemon({ limits: { maxSessions: 50, maxHandshakes: 10 } });
      const silent: RawClient[] = [];
      const flood = async (count: number): Promise<void> => {
        const more = Array.from({ length: count }, () => RawClient.open(daemon.port));
        silent.push(...(await Promise.all(more)));
      };
      await flood(100);
      const honest = await RawClient.open({
        host: '127.0.0.1',
        port: daemon.port,
        localAddress: '127.0.0.2',
      });
      // A byte, then many newcomers, the next byte, ...
      for (const byte of Buffer.concat([connectRequest('slow'), encodeMethodChoice(['NULL'])])) {
        honest.send(Buffer.from([byte]));
        await flood(3);
      }
      // The list of methods, and then the accept.
      await until(() => honest.received.length > 6 || honest.closed, 'the session');
      expect([daemon.counters.sessions, honest.closed]).to.deep.equal([1, false]);
      expect(daemon.sessions).to.be.at.most(60);
      for (const client of [...silent, honest]) client.close();
      await deserted(daemon);
    });

    it('with one connection more than there may be loses the oldest, which is answered', async () => {
      await using daemon = await startDaemon({ limits: { maxSessions: 3, handshakeTimeoutMs: 60_000 } });
      const clients: RawClient[] = [];
      for (let i = 0; i < 5; i++) {
        clients.push(await RawClient.open(daemon.port));
        await until(() => daemon.counters.connections === i + 1, 'the connection');
      }
      for (const client of clients.slice(0, 2)) {
        await client.end();
        expect([...client.received].map(readCode)).to.deep.equal([REJECT_QUOTA]);
      }
      expect(clients.map(({ closed }) => closed)).to.deep.equal([true, true, false, false, false]);
      expect(daemon.counters.rejections).to.deep.equal({ crowded: 2 });
      expect(daemon.counters.ends).to.deep.equal({ 'handshake-crowded': 2 });
      expect(daemon.status.handshakes).to.equal(3);
      for (const client of clients) client.close();
    });

    it('keeps those that went on, and does not count who is through', async () => {
      await using daemon = await startDaemon({ limits: { maxHandshakes: 1, handshakeTimeoutMs: 60_000 } });
      const sessions: RawSession[] = [];
      for (let i = 0; i < 5; i++) sessions.push(await RawSession.connect(daemon.port, `s${i}`));
      expect(daemon.status.handshakes).to.equal(0);
      expect(daemon.counters.rejections).to.deep.equal({});
      for (const session of sessions) session.close();
    });

    it('frees the name of the one that gives way', async () => {
      await using daemon = await startDaemon({ limits: { maxSessions: 1, handshakeTimeoutMs: 60_000 } });
      const first = await RawClient.open(daemon.port);
      first.send(connectRequest('bob'));
      await first.take(6);
      const second = await RawClient.open(daemon.port);
      await first.end();
      second.send(Buffer.concat([connectRequest('bob'), encodeMethodChoice(['NULL'])]));
      await until(() => daemon.counters.sessions === 1, 'the session');
      second.close();
    });

    it('delays nobody: 500 silent connections, and one more is served', async () => {
      await using daemon = await startDaemon({ limits: { handshakeTimeoutMs: 60_000 } });
      const silent: RawClient[] = [];
      while (silent.length < 500) {
        silent.push(...(await Promise.all(Array.from({ length: 100 }, () => RawClient.open(daemon.port)))));
      }
      await until(() => daemon.status.handshakes === 500, 'all of them');
      const before = performance.now();
      const session = await RawSession.connect(daemon.port, 'late');
      session.join('g');
      await session.next();
      expect(performance.now() - before).to.be.lessThan(1_000);
      expect([daemon.sessions, daemon.status.handshakes]).to.deep.equal([501, 500]);
      for (const client of silent) client.close();
      session.close();
      await deserted(daemon);
    });

    it('has its end for each one by itself, when its time is over', async () => {
      await using daemon = await startDaemon({ limits: { handshakeTimeoutMs: 200 } });
      const silent = await Promise.all(Array.from({ length: 50 }, () => RawClient.open(daemon.port)));
      for (const client of silent) await client.end();
      expect(daemon.counters.rejections).to.deep.equal({ timeout: 50 });
      expect(daemon.counters.ends).to.deep.equal({ 'handshake-timeout': 50 });
      expect([daemon.sessions, daemon.status.handshakes]).to.deep.equal([0, 0]);
    });
  });

  describe('of readers that do not read', () => {
    it('loses the one that most waits for, when too much waits for all', async function () {
      this.timeout(40_000);
      const MAX = 4 * 1024 * 1024;
      await using daemon = await startDaemon({ limits: { maxTotalBytes: MAX } });
      const [heavy, light, sender] = [
        await RawSession.connect(daemon.port, 'heavy'),
        await RawSession.connect(daemon.port, 'light'),
        await RawSession.connect(daemon.port, 'sender'),
      ];
      for (const [session, groups] of [
        [heavy, ['both', 'one']],
        [light, ['both']],
      ] as const) {
        for (const group of groups) {
          session.join(group);
          await session.next();
        }
      }
      light.client.socket.pause();
      heavy.client.socket.pause();
      const body = Buffer.alloc(100_000);
      let sent = 0;
      let most = 0;
      while (daemon.counters.ends['slow-total'] === undefined) {
        expect(sent, 'messages').to.be.lessThan(1_000);
        sender.multicast(AGREED_MESS, [++sent % 8 === 0 ? 'both' : 'one'], body);
        const { messagesIn } = daemon.counters;
        await until(() => daemon.counters.messagesIn > messagesIn, 'the message', 20_000);
        most = Math.max(most, daemon.status.waitingBytes);
      }
      expect(daemon.counters.ends).to.deep.equal({ 'slow-total': 1 });
      // The sum is looked at when a turn ends: one turn's messages may be above.
      expect(most).to.be.within(MAX - 1024 * 1024, MAX + 1024 * 1024);
      await until(() => daemon.sessions === 2, 'the end of the heaviest');
      expect(daemon.status.sessions().map(({ id }) => id)).to.have.members(['#light#dmn1', '#sender#dmn1']);
      expect(daemon.status.waitingBytes).to.be.lessThan(MAX);
      light.client.socket.resume();
      await until(() => daemon.status.waitingBytes === 0, 'the light one to read');
      for (const session of [heavy, light, sender]) session.close();
    });
  });
});
