/** Connecting and going: [session 1.1, 3, 8.1]. */
import { Buffer } from 'node:buffer';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once, setMaxListeners } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  type ConnectOptions,
  type ConnectResult,
  nullAuthenticator,
  passwordAuthenticator,
  SP_connect,
  SP_connect_timeout,
  SP_disconnect,
  SP_kill,
  SSP_connect,
  SSP_disconnect,
  SSP_join,
  SSP_kill,
  SSP_multicast,
  SSP_poll,
} from '../../lib/ssp/index.js';
import { mailboxAt, MAX_MAILBOXES } from '../../lib/ssp/mailbox-table.js';
import { FakeDaemon, type FakeDaemonScript, within } from '../support/fake-daemon.js';
import { breakOff, endPairs, pair, until } from '../support/fake-daemon-mailbox.js';
import { messages } from './vectors.js';
import { ssp } from './receiving.js';

const failed = (ret: number): ConnectResult => ({ ret, mbox: -1, private_group: '' });

describe('connect', () => {
  const daemons: FakeDaemon[] = [];
  const start = async (script?: FakeDaemonScript): Promise<FakeDaemon> => {
    const daemon = await FakeDaemon.start(script);
    daemons.push(daemon);
    return daemon;
  };

  afterEach(async () => {
    await endPairs();
    for (const daemon of daemons.splice(0)) await daemon.stop();
  });

  describe('handshake', () => {
    const requests: readonly (readonly [string, string | null, ConnectOptions, string])[] = [
      ['membership is wanted by default', 'alice', {}, '0500010105616c696365'],
      ['without membership', 'alice', { group_membership: false }, '0500010005616c696365'],
      ['any priority above 0 is 1', 'alice', { priority: 2 }, '0500011105616c696365'],
      ['a name is cut to ten bytes', 'muchtoolongname', {}, '050001010a6d756368746f6f6c6f6e'],
      ['no name', null, {}, '0500010100'],
    ];
    for (const [what, name, options, hex] of requests) {
      it(`request: ${what}`, async () => {
        const daemon = await start();
        const { ret, mbox } = await SSP_connect(daemon.spreadName, name, options);
        const session = await daemon.session();
        expect(ret).to.equal(1);
        expect(session.handshake[0]?.toString('hex')).to.equal(hex);
        expect(session.handshake[1]).to.deep.equal(Buffer.concat([Buffer.from('NULL'), Buffer.alloc(86)]));
        SSP_kill(mbox);
      });
    }

    it('sends the request in one write, waits for the list, sends the choice in one write [session 3.9]', async () => {
      const chunks: number[] = [];
      const server = createServer((socket) => {
        socket.on('error', () => {});
        socket.on('data', (chunk) => {
          chunks.push(chunk.length);
          // Byte by byte, as a daemon may.
          if (chunks.length === 1) for (const byte of Buffer.from('\x05NULL ')) socket.write(Buffer.of(byte));
          else socket.write(Buffer.from('\x01\x05\x00\x01\x05#a#d1', 'latin1'));
        });
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      const result = await SSP_connect(`${port}@127.0.0.1`, 'alice');
      expect(chunks).to.deep.equal([10, 90]);
      expect(result.private_group).to.equal('#a#d1');
      SSP_kill(result.mbox);
      server.close();
      await once(server, 'close');
    });

    it('keeps the frames that come in one chunk with the accept', async () => {
      const daemon = await start({ first: Buffer.concat([messages.H, messages.Z.subarray(0, 20)]) });
      const { mbox } = await SSP_connect(daemon.spreadName, 'a');
      expect((await ssp(mbox)).ret).to.equal(5);
      await (await daemon.session()).send(messages.Z.subarray(20));
      expect((await ssp(mbox)).mess_type).to.equal(7);
      SSP_kill(mbox);
    });

    it('knows the daemon: version and private group', async () => {
      const { mailbox } = await pair({
        script: { accept: Buffer.from('\x01\x05\x00\x01\x05#x#yz', 'latin1') },
      });
      expect(mailbox.daemonVersion).to.deep.equal({ major: 5, minor: 0, patch: 1 });
      expect([mailbox.privateGroup, mailbox.membership, mailbox.state]).to.deep.equal([
        '#x#yz',
        true,
        'open',
      ]);
    });

    const replies: readonly (readonly [string, FakeDaemonScript, number])[] = [
      ['REJECT_QUOTA', { list: Buffer.of(0xfd) }, -3],
      ['REJECT_VERSION', { list: Buffer.of(0xf9) }, -7],
      ['REJECT_ILLEGAL_NAME', { list: Buffer.of(0xfb) }, -5],
      ['REJECT_NOT_UNIQUE', { list: Buffer.of(0xfa) }, -6],
      ['an empty list', { list: Buffer.of(0) }, -9],
      ['a list without NULL', { list: Buffer.from('\x03IP ') }, -9],
      ['a list longer than 90', { list: Buffer.of(91) }, -8],
      ['REJECT_AUTH', { accept: Buffer.of(0xf7) }, -9],
      ['an odd accept byte', { accept: Buffer.of(7, 1, 2) }, 7],
      [
        'a private group of 32 bytes',
        { accept: Buffer.concat([Buffer.of(1, 5, 0, 1, 32), Buffer.alloc(32, 'x')]) },
        -8,
      ],
      ['a daemon 2.9', { accept: Buffer.of(1, 2, 9, 0, 1, 0x78) }, -7],
    ];
    for (const [what, script, ret] of replies) {
      it(`${what} answers ${ret} [session 3.10]`, async () => {
        const daemon = await start(script);
        expect(await SSP_connect(daemon.spreadName, 'a')).to.deep.equal(failed(ret));
        await (await daemon.session()).over();
      });
    }

    it('the end before the accept answers CONNECTION_CLOSED, a reset too', async () => {
      const daemon = await start({ silent: true });
      for (const way of ['end', 'reset'] as const) {
        const result = SSP_connect(daemon.spreadName, 'a');
        const session = await daemon.session();
        await until(() => session.socket.bytesRead > 0, 'the request');
        session[way]();
        expect(await result).to.deep.equal(failed(-8));
      }
    });

    it('runs the methods it is given, credentials in one write with the choice [session 3.6]', async () => {
      const accept = Buffer.from('\x01\x01\x05\x00\x01\x05#a#d1', 'latin1');
      const daemon = await start({ list: Buffer.from('\x0bNULL PWORD '), accept });
      const auth = [nullAuthenticator, passwordAuthenticator('user', 'secret')];
      const { ret, mbox } = await SSP_connect(daemon.spreadName, 'a', { auth });
      const session = await daemon.session();
      expect(ret).to.equal(1);
      expect(session.received.toString('latin1').replaceAll('\0', '')).to.equal('usersecret');
      SSP_kill(mbox);
    });
  });

  describe('address', () => {
    it('malformed is ILLEGAL_SPREAD', async () => {
      expect(await SSP_connect('abc', 'a')).to.deep.equal(failed(-1));
    });

    const resolver =
      (code: string): NonNullable<ConnectOptions['lookup']> =>
      (_host, _options, callback) => {
        callback(Object.assign(new Error(code), { code }), []);
      };

    it('an unknown host is ILLEGAL_SPREAD', async () => {
      const options = { lookup: resolver('ENOTFOUND') };
      expect((await SSP_connect('4803@nowhere', 'a', options)).ret).to.equal(-1);
    });

    it('another failure of the resolver is COULD_NOT_CONNECT', async () => {
      expect((await SSP_connect('4803@here', 'a', { lookup: resolver('EAI_AGAIN') })).ret).to.equal(-2);
    });

    it('all addresses of a name are tried', async () => {
      const daemon = await start();
      const lookup: NonNullable<ConnectOptions['lookup']> = (_host, _options, callback) => {
        callback(null, [
          { address: '127.0.0.9', family: 4 },
          { address: '127.0.0.1', family: 4 },
        ]);
      };
      const { ret, mbox } = await SSP_connect(`${daemon.port}@two`, 'a', { lookup });
      expect(ret).to.equal(1);
      SSP_kill(mbox);
    });

    it('nobody listening is COULD_NOT_CONNECT, by TCP and by Unix socket', async () => {
      const daemon = await FakeDaemon.start();
      const { spreadName } = daemon;
      await daemon.stop();
      expect((await SSP_connect(spreadName, 'a')).ret).to.equal(-2);
      expect((await SSP_connect('1', 'a', { unixDir: '/nowhere' })).ret).to.equal(-2);
      expect((await SSP_connect('1', 'a', { unixDir: `/${'x'.repeat(200)}` })).ret).to.equal(-2);
    });

    it('a port alone is a Unix socket', async () => {
      const unixDir = await mkdtemp(join(tmpdir(), 'mailbox-'));
      try {
        await start({ path: join(unixDir, '77') });
        const { ret, mbox } = await SSP_connect('77', 'a', { unixDir });
        expect(ret).to.equal(1);
        expect(await SSP_disconnect(mbox)).to.equal(0);
      } finally {
        await rm(unixDir, { recursive: true });
      }
    });
  });

  describe('time limit and signal', () => {
    it('a daemon that says nothing: CONNECTION_CLOSED when the time is up', async () => {
      const daemon = await start({ silent: true });
      expect(await SSP_connect(daemon.spreadName, 'a', { timeout: 30 })).to.deep.equal(failed(-8));
      await (await daemon.session()).over();
    });

    it('a limit below 0 has passed already', async () => {
      const daemon = await start();
      expect((await SSP_connect(daemon.spreadName, 'a', { timeout: -1 })).ret).to.equal(-8);
    });

    it('a limit that is kept leaves nothing behind', async () => {
      const daemon = await start();
      const { ret, mbox } = await SSP_connect(daemon.spreadName, 'a', { timeout: 2 ** 40 });
      expect(ret).to.equal(1);
      SSP_kill(mbox);
    });

    for (const timeout of [Number.NaN, Infinity, '5' as unknown as number]) {
      it(`${typeof timeout} ${timeout} as a limit is ILLEGAL_TIME`, async () => {
        expect((await SSP_connect('', 'a', { timeout })).ret).to.equal(-20);
      });
    }

    it('the signal ends the attempt with CONNECTION_CLOSED', async () => {
      const daemon = await start({ silent: true });
      const stop = new AbortController();
      const result = SSP_connect(daemon.spreadName, 'a', { signal: stop.signal });
      const session = await daemon.session();
      stop.abort();
      expect(await result).to.deep.equal(failed(-8));
      await session.over();
      expect((await SSP_connect(daemon.spreadName, 'a', { signal: stop.signal })).ret).to.equal(-8);
    });

    it('a signal after the accept has no effect', async () => {
      const stop = new AbortController();
      const p = await pair({ connect: { signal: stop.signal } });
      stop.abort();
      expect(p.mailbox.state).to.equal('open');
    });

    it('SP_connect_timeout: mixed signs and too many microseconds are ILLEGAL_TIME', async () => {
      for (const time of [
        { sec: 1, usec: -1 },
        { sec: -1, usec: 1 },
        { sec: 0, usec: 1_000_000 },
        { sec: 0, usec: -1_000_000 },
        { sec: 0.5, usec: 0 },
        { sec: 0, usec: Number.NaN },
      ]) {
        expect((await SP_connect_timeout('', 'a', 0, true, time)).ret).to.equal(-20);
      }
    });

    it('SP_connect_timeout: passed, up, none, kept', async () => {
      const silent = await start({ silent: true });
      const daemon = await start();
      const ret = async (name: string, sec: number, usec: number): Promise<number> => {
        const result = await SP_connect_timeout(name, 'a', 0, true, { sec, usec });
        SP_kill(result.mbox);
        return result.ret;
      };
      expect(await ret(daemon.spreadName, 0, -1)).to.equal(-8);
      expect(await ret(silent.spreadName, 0, 20_000)).to.equal(-8);
      expect(await ret(daemon.spreadName, 0, 0)).to.equal(1);
      expect(await ret(daemon.spreadName, 5, 0)).to.equal(1);
    });
  });

  describe('options', () => {
    const bad: readonly (readonly [string, unknown])[] = [
      ['group_membership', { group_membership: 'yes' }],
      ['priority', { priority: 'high' }],
      ['signal', { signal: {} }],
      ['auth', { auth: [] }],
      ['auth', { auth: [null] }],
      ['auth', { auth: Array.from({ length: 4 }, () => nullAuthenticator) }],
      ['unixDir', { unixDir: 5 }],
      ['lookup', { lookup: 'dns' }],
      ['queueMessages', { queueMessages: 0 }],
      ['queueBytes', { queueBytes: 1.5 }],
      ['silenceTimeoutMs', { silenceTimeoutMs: 999 }],
    ];
    it('group_membership may be a number, as in C', async () => {
      const daemon = await FakeDaemon.start();
      const { mbox } = await SSP_connect(daemon.spreadName, 'a', { group_membership: 1 });
      expect((await daemon.session()).handshake[0]?.[3]).to.equal(1);
      SSP_kill(mbox);
      await daemon.stop();
    });
    for (const [what, options] of bad) {
      it(`a bad ${what} is ILLEGAL_PARAM: ${JSON.stringify(options)}`, async () => {
        expect(await SSP_connect('', 'a', options as ConnectOptions)).to.deep.equal(failed(-24));
      });
    }

    it('names that are no strings are ILLEGAL_PARAM', async () => {
      expect((await SSP_connect(4803 as never, 'a')).ret).to.equal(-24);
      expect((await SSP_connect('', 1 as never)).ret).to.equal(-24);
    });

    it('SP_connect has priority and membership as arguments', async () => {
      const daemon = await start();
      const { ret, mbox } = await SP_connect(daemon.spreadName, 'bob', 1, false);
      expect(ret).to.equal(1);
      expect((await daemon.session()).handshake[0]?.toString('hex')).to.equal('0500011003626f62');
      SP_kill(mbox);
    });
  });

  describe('mailbox numbers', () => {
    it('are small, positive and never come again', async () => {
      const [p, q] = [await pair(), await pair()];
      expect(Number.isInteger(p.mbox) && p.mbox > 0).to.equal(true);
      expect(q.mbox).to.be.greaterThan(p.mbox);
      SSP_kill(q.mbox);
      const r = await pair();
      expect(r.mbox).to.be.greaterThan(q.mbox);
      expect(SSP_poll(q.mbox)).to.equal(-11);
    });

    it(`end with ${MAX_MAILBOXES} of one process: REJECT_QUOTA, attempts included`, async () => {
      const daemon = await start({ silent: true });
      const stop = new AbortController();
      setMaxListeners(MAX_MAILBOXES, stop.signal);
      const attempts = Array.from({ length: MAX_MAILBOXES }, () =>
        SSP_connect(daemon.spreadName, 'a', { signal: stop.signal }),
      );
      expect(await SSP_connect(daemon.spreadName, 'a')).to.deep.equal(failed(-3));
      stop.abort();
      expect(new Set((await Promise.all(attempts)).map(({ ret }) => ret))).to.deep.equal(new Set([-8]));
    });
  });

  describe('disconnect and kill', () => {
    it('disconnect sends what was sent before, then the request, then closes', async () => {
      const p = await pair();
      void SSP_multicast(p.mbox, 0x10, 'g', 0, Buffer.from('last words'));
      expect(await SSP_disconnect(p.mbox)).to.equal(0);
      const bytes = p.session.received;
      expect(bytes.length).to.equal(90 + 80);
      expect(bytes.subarray(90, 94).toString('hex')).to.equal('80000480');
      expect(bytes.toString('latin1', 90 + 48).replaceAll('\0', '')).to.equal('#a#d1');
      expect(p.session.ended).to.equal(true);
    });

    it('everything is ILLEGAL_SESSION afterwards', async () => {
      const p = await pair();
      await SSP_disconnect(p.mbox);
      expect(await SSP_disconnect(p.mbox)).to.equal(-11);
      expect(await SP_disconnect(p.mbox)).to.equal(-11);
      expect(SSP_kill(p.mbox)).to.equal(-11);
      expect(SSP_poll(p.mbox)).to.equal(-11);
      expect(await SSP_join(p.mbox, 'g')).to.equal(-11);
      expect(mailboxAt(p.mbox)).to.equal(undefined);
    });

    it('kill closes at once and says nothing', async () => {
      const p = await pair();
      expect(SSP_kill(p.mbox)).to.equal(0);
      await p.session.over();
      expect(p.session.received.length).to.equal(0);
    });

    it('a mailbox that is closed sends nothing, whoever still holds it', async () => {
      const p = await pair();
      const gone = SSP_disconnect(p.mbox);
      expect(await p.mailbox.send(0x10, ['g'], 0, [])).to.equal(-8);
      await gone;
      expect(p.session.received.length).to.equal(80);
    });

    it('disconnecting a broken mailbox frees it and sends nothing', async () => {
      const p = await pair();
      await breakOff(p);
      expect(await SSP_disconnect(p.mbox)).to.equal(0);
      expect(p.session.received.length).to.equal(0);
    });

    it('the request arrives although messages lie unread and more come', async () => {
      const p = await pair({ connect: { queueMessages: 1 } });
      const flood = Buffer.concat(Array.from({ length: 2_000 }, () => messages.TEN));
      await p.session.send(messages.H);
      void p.session.send(...Array.from({ length: 50 }, () => flood));
      expect(await SSP_disconnect(p.mbox)).to.equal(0);
      expect(p.session.received.length).to.equal(80);
    });

    it('does not wait forever for a daemon that does not close', async () => {
      const p = await pair();
      p.session.socket.removeAllListeners('end');
      p.session.socket.pause();
      expect(await within(SSP_disconnect(p.mbox), 'the limit')).to.equal(0);
    }).timeout(10_000);
  });
});
