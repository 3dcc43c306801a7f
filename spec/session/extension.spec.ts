/** Sessions of clients that know the extension, at a real daemon. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { Daemon, DaemonOptions } from '../../daemon/index.js';
import { type ExtensionHost, SessionExtension, welcomeOf } from '../../daemon/session/extension.js';
import { MAX_WRITE_BYTES } from '../../daemon/session/limits.js';
import {
  FEATURE_COMPACT_VIEWS,
  FEATURE_HEARTBEAT,
  FEATURE_LISTS_ON_DEMAND,
  FEATURE_MOVES,
  FEATURE_RESUME,
} from '../../lib/wire/extension/features.js';
import { encodeExtension, fieldWriter } from '../../lib/wire/extension/frame.js';
import { encodePing, encodePong } from '../../lib/wire/extension/heartbeat.js';
import { type Hello, encodeHello } from '../../lib/wire/extension/hello.js';
import { encodeListRequest } from '../../lib/wire/extension/list.js';
import { encodeNumber, encodeResume } from '../../lib/wire/extension/resume.js';
import { encodeMethodChoice } from '../../lib/wire/handshake/authentication.js';
import { encodeMessage } from '../../lib/wire/request.js';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { nextExtension } from '../support/extension-frames.js';
import { startDaemon } from '../support/local-daemon.js';
import { RawClient, RawSession, connectRequest } from '../support/raw-client.js';
import { until } from '../support/wait.js';
import { ManualClock } from './manual-clock.js';
import { SessionFixture } from './session-fixture.js';

const HEARTBEAT = FEATURE_HEARTBEAT;
const COMPACT = FEATURE_COMPACT_VIEWS | FEATURE_LISTS_ON_DEMAND;
const EVERYTHING =
  FEATURE_RESUME | FEATURE_COMPACT_VIEWS | HEARTBEAT | FEATURE_LISTS_ON_DEMAND | FEATURE_MOVES;
/** Longer than any spec. */
const heartbeatMs = 60_000;
const hello: Hello = { features: EVERYTHING, holdMs: 5000, heartbeatMs, attempt: 0, resume: null };

const connect = (
  daemon: { readonly port: number },
  name = 'bob',
  wanted: Hello = hello,
): Promise<RawSession> => RawSession.connect(daemon.port, name, true, wanted);

const withDaemon =
  (options: DaemonOptions, run: (daemon: Daemon) => Promise<void>) => async (): Promise<void> => {
    await using daemon = await startDaemon(options);
    await run(daemon);
  };

describe('session: the extension', () => {
  it(
    'grants what the daemon has, and what was wanted',
    withDaemon({}, async (daemon) => {
      const session = await connect(daemon);
      expect(session.welcome).to.deep.include({
        verdict: 'new',
        features: EVERYTHING,
        heartbeatMs,
        holdMs: 5000,
        windowMs: 30_000,
        stable: 0,
        addresses: [`127.0.0.1:${daemon.port}`],
      });
      const plain = await connect(daemon, 'ann', { ...hello, features: 0 });
      expect(plain.welcome).to.deep.include({ features: 0, heartbeatMs: 0 });
      const still = await connect(daemon, 'cleo', { ...hello, heartbeatMs: 0 });
      expect(still.welcome).to.deep.include({ features: EVERYTHING & ~HEARTBEAT, heartbeatMs: 0 });
      const hasty = await connect(daemon, 'dora', { ...hello, heartbeatMs: 1 });
      expect(hasty.welcome).to.deep.include({
        features: EVERYTHING,
        heartbeatMs: 200,
      });
      const sids = [session, plain, still, hasty].map(({ welcome }) => welcome?.sid);
      expect(new Set(sids).size).to.equal(4);
      for (const each of [session, plain, still, hasty]) each.close();
    }),
  );

  it(
    'grants nothing but compact views without resume',
    withDaemon({ resume: false }, async (daemon) => {
      const session = await connect(daemon);
      expect(session.welcome).to.deep.include({ features: COMPACT, heartbeatMs: 0 });
      session.close();
    }),
  );

  it(
    'is not offered where it is switched off, from the next handshake on',
    withDaemon({}, async (daemon) => {
      await daemon.reload({ name: 'dmn1', listen: [{ host: '127.0.0.1', port: 0 }], clientExtension: false });
      const session = await connect(daemon);
      expect(session.welcome).to.equal(null);
      session.close();
    }),
  );

  it(
    'does not change a byte for the others',
    withDaemon({}, async (daemon) => {
      const client = await RawClient.open(daemon.port);
      client.send(connectRequest('bob'));
      expect((await client.take(6)).toString('latin1')).to.equal('\x05NULL ');
      client.send(encodeMethodChoice(['NULL']));
      expect((await client.take(14)).toString('hex')).to.equal('010500010923626f6223646d6e31');
      client.send(encodePing(1n));
      await client.end();
      expect(client.received).to.have.length(20);
      expect(daemon.counters.ends).to.deep.equal({ 'illegal-kind': 1 });
    }),
  );

  it(
    'answers PING, with PONG, and takes a PONG and unknown kinds',
    withDaemon({}, async (daemon) => {
      const session = await connect(daemon);
      const unknown = encodeExtension(99, fieldWriter(), Buffer.from('later'));
      session.client.send(Buffer.concat([encodePong(1n), unknown, encodePing(0x1122334455667788n)]));
      expect(await nextExtension(session)).to.deep.equal({ kind: 'pong', value: 0x1122334455667788n });
      session.join('g');
      expect(await nextExtension(session)).to.include({ kind: 'mark' });
      expect(await session.next()).to.include({ name: 'g' });
      session.close();
    }),
  );

  it(
    'refuses a name in use after HELLO, in place of WELCOME',
    withDaemon({}, async (daemon) => {
      const session = await connect(daemon);
      const second = await RawClient.open(daemon.port);
      second.send(Buffer.from('050001030362 6f62'.replace(' ', ''), 'hex'));
      expect((await second.take(12)).toString('latin1')).to.equal('\x0bNULL SSPX1 ');
      second.send(Buffer.concat([encodeMethodChoice(['NULL', 'SSPX1']), encodeHello(hello)]));
      expect((await second.take(1)).toString('hex')).to.equal('fa');
      await second.end();
      session.close();
    }),
  );

  it(
    'cuts off a client whose HELLO is invalid, and keeps no name',
    withDaemon({}, async (daemon) => {
      const client = await RawClient.open(daemon.port);
      client.send(Buffer.from('0500010303626f62', 'hex'));
      await client.take(12);
      client.send(Buffer.concat([encodeMethodChoice(['NULL', 'SSPX1']), Buffer.from([0, 0])]));
      await client.end();
      expect(daemon.counters.ends).to.deep.equal({ 'illegal-extension': 1 });
      (await connect(daemon)).close();
    }),
  );

  it('answers PING, but not for one who does not read what waits already', () => {
    const clock = new ManualClock();
    const sent: Buffer[] = [];
    let waitingBytes = MAX_WRITE_BYTES;
    const host: ExtensionHost = {
      bytesIn: 0,
      bytesOut: 0,
      heldBy: [],
      get waitingBytes() {
        return waitingBytes;
      },
      send: (frame) => void sent.push(frame),
      list: () => true,
      drop: () => undefined,
    };
    const options = { clientExtension: true, resume: true };
    const welcome = welcomeOf({ ...hello, heartbeatMs: 0 }, 1n, options, false);
    const extension = new SessionExtension(welcome, host, clock);
    const ping = encodePing(7n);
    expect([extension.take(ping, 0, ping.length), sent]).to.deep.equal([true, [encodePong(7n)]]);
    waitingBytes++;
    expect([extension.take(ping, 0, ping.length), sent.length]).to.deep.equal([true, 1]);
  });

  describe('ends with a last word', () => {
    for (const [what, frame] of [
      ['RESUME', encodeResume({ next: 1, attempt: 1, more: false, groups: [] })],
      ['NUMBER', encodeNumber(1)],
      ['LIST?', encodeListRequest('g')],
    ] as const) {
      it(`after ${what}, which belongs to a feature that was not granted`, async () => {
        await using fixture = await SessionFixture.open();
        const session = await connect(fixture, 'ann', { ...hello, features: HEARTBEAT });
        session.client.send(frame);
        expect(await nextExtension(session)).to.deep.include({ kind: 'end', code: 'illegal', request: 0 });
        await session.client.end();
        const ended = fixture.log.lines.find(({ message }) => message === 'session ended');
        expect(ended?.level).to.equal('warn');
        expect(ended?.fields).to.include({ reason: 'illegal-extension' });
        expect(ended?.fields['detail']).to.include('expected frames of the features granted');
      });
    }

    it(
      'after an invalid frame of the extension, and one of another kind',
      withDaemon({}, async (daemon) => {
        const session = await connect(daemon);
        session.client.send(encodeExtension(21, fieldWriter()));
        expect(await nextExtension(session)).to.deep.include({
          code: 'illegal',
          text: 'illegal frame: LIST?: expected a group name of 1 to 31 bytes that ends with NUL',
        });
        await session.client.end();
        const other = await connect(daemon);
        other.client.send(encodeMessage(AGREED_MESS, '#ann#dmn1', ['g'], 0, []));
        expect(await nextExtension(other)).to.deep.include({ code: 'illegal' });
        await other.client.end();
        expect(daemon.counters.ends).to.deep.equal({ 'illegal-extension': 1, 'illegal-sender': 1 });
      }),
    );

    it('when the daemon stops', async () => {
      const daemon = await startDaemon();
      const session = await connect(daemon);
      const stopped = daemon.stop();
      expect(await nextExtension(session)).to.deep.equal({
        kind: 'end',
        code: 'stopping',
        request: 0,
        view: 0n,
        text: 'stopping',
      });
      await session.client.end();
      await stopped;
    });

    it('when too much waits for it, behind what its socket had taken', async () => {
      await using fixture = await SessionFixture.open({ maxSessionBytes: 1_000_000 });
      const session = await connect(fixture);
      session.join('g');
      await session.next();
      session.client.socket.pause();
      const sender = await RawSession.connect(fixture.port, 'ann', false);
      const body = Buffer.alloc(100_000);
      const isOver = (): boolean => fixture.server.counters.ends['slow-bytes'] === 1;
      while (!isOver()) {
        sender.multicast(AGREED_MESS, ['g'], body);
        const { messagesIn } = fixture.server.counters;
        await until(() => isOver() || fixture.server.counters.messagesIn > messagesIn, 'the message');
      }
      session.client.socket.resume();
      await session.client.end();
      expect(session.torn).to.equal(0);
      while (session.waiting > 1) await session.next();
      expect(await nextExtension(session)).to.deep.include({ kind: 'end', code: 'slow', text: 'slow-bytes' });
      sender.close();
    });

    it('and a plain session without one', async () => {
      const daemon = await startDaemon();
      const session = await RawSession.connect(daemon.port, 'bob');
      const stopped = daemon.stop();
      await session.client.end();
      expect(session.waiting).to.equal(0);
      await stopped;
    });
  });
});
