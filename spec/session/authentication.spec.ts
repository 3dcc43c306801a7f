/** Who gets in: PWORD and IP over real sockets. */
import { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { expect } from 'chai';
import { hashPassword } from '../../daemon/access/passwords.js';
import type { Daemon, DaemonOptions } from '../../daemon/index.js';
import {
  ACCEPT_SESSION,
  ipAuthenticator,
  nullAuthenticator,
  passwordAuthenticator,
  REJECT_AUTH,
  SP_connect,
  SP_disconnect,
} from '../../lib/ssp/index.js';
import { encodeMethodChoice } from '../../lib/wire/handshake/authentication.js';
import { encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import { AGREED_MESS, JOIN_MESS, KILL_MESS } from '../../lib/wire/service.js';
import { deserted, startDaemon } from '../support/local-daemon.js';
import { connectRequest, RawClient, RawSession } from '../support/raw-client.js';
import { tell } from '../support/describe-frame.js';
import { TemporaryDirectory } from '../support/temporary.js';
import { ca, tlsOn } from '../support/tls-files.js';
import { until } from '../support/wait.js';

const FOREVER = 600_000;
const good = passwordAuthenticator('alice', 'secret');
const wrong = passwordAuthenticator('alice', 'guess');
/** An address of this machine that is not a loopback one, as seen by whoever connects to it. */
const outerAddress = (): string | undefined =>
  Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .find(({ internal, address }) => !internal && !address.startsWith('fe80'))?.address;

describe('session: authentication', () => {
  let folder: TemporaryDirectory;
  let passwordFile = '';
  before(async () => {
    folder = await TemporaryDirectory.make();
    passwordFile = folder.file('users');
    await writeFile(passwordFile, `alice:${await hashPassword('secret')}\n`);
  });
  after(async () => {
    await folder[Symbol.asyncDispose]();
  });

  const start = (options: DaemonOptions = {}): Promise<Daemon> =>
    startDaemon({
      allowedAuthMethods: ['PWORD'],
      passwordFile,
      limits: { authFailureDelayMs: 1 },
      ...options,
    });

  /** Connects with our client, and disconnects again. */
  async function answer(address: string, ...auth: readonly (typeof good)[]): Promise<number> {
    const options = { auth: [...auth], unixDir: folder.path, tls: { ca } };
    const { ret, mbox } = await SP_connect(address, 'c', 0, true, options);
    if (ret === ACCEPT_SESSION) await SP_disconnect(mbox);
    return ret;
  }

  describe('by password', () => {
    for (const [where, addressOf] of [
      ['TCP on this machine', ({ port }: Daemon) => `${port}@127.0.0.1`],
      ['the local socket', ({ port }: Daemon) => String(port)],
      ['TLS', ({ tlsPort }: Daemon) => `tls://localhost:${tlsPort}`],
    ] as const) {
      it(`lets in over ${where} who knows it, and nobody else`, async () => {
        await using daemon = await start({ unixDir: folder.path, tls: tlsOn() });
        const address = addressOf(daemon);
        expect(await answer(address, good)).to.equal(ACCEPT_SESSION);
        await deserted(daemon);
        expect(await answer(address, wrong)).to.equal(REJECT_AUTH);
        await deserted(daemon);
        expect(await answer(address, passwordAuthenticator('bob', 'secret'))).to.equal(REJECT_AUTH);
        await deserted(daemon);
        expect(await answer(address, nullAuthenticator)).to.equal(REJECT_AUTH);
        expect(daemon.counters.sessions).to.equal(1);
      });
    }

    it('knows the user behind the session', async () => {
      await using daemon = await start();
      const { mbox } = await SP_connect(`${daemon.port}@127.0.0.1`, 'c', 0, true, { auth: [good] });
      expect(daemon.status.sessions().map(({ principal }) => principal)).to.deep.equal(['alice']);
      await SP_disconnect(mbox);
    });

    it('goes with NULL', async () => {
      await using daemon = await start({ allowedAuthMethods: ['NULL', 'PWORD'] });
      expect(await answer(`${daemon.port}@127.0.0.1`, nullAuthenticator, good)).to.equal(ACCEPT_SESSION);
    });

    it('goes with IP, and both must be good', async () => {
      const ipFile = folder.file('ips');
      await writeFile(ipFile, 'unix\n');
      await using daemon = await start({
        allowedAuthMethods: ['IP', 'PWORD'],
        ipFile,
        unixDir: folder.path,
      });
      const { port } = daemon;
      expect(await answer(String(port), ipAuthenticator, good)).to.equal(ACCEPT_SESSION);
      await deserted(daemon);
      expect(await answer(String(port), ipAuthenticator, wrong)).to.equal(REJECT_AUTH);
      await deserted(daemon);
      expect(await answer(`${port}@127.0.0.1`, ipAuthenticator, good)).to.equal(REJECT_AUTH);
    });

    it('takes everything in one write, the first frames included', async () => {
      await using daemon = await start();
      const client = await RawClient.open(daemon.port);
      client.send(
        Buffer.concat([
          connectRequest('early'),
          encodeMethodChoice(['PWORD']),
          good.credentials as Buffer,
          encodeRequest(JOIN_MESS, '#early#dmn1', ['g']),
          encodeRequest(KILL_MESS, '#early#dmn1', ['#early#dmn1']),
        ]),
      );
      await client.end();
      expect(client.received.toString('latin1')).to.equal('\x06PWORD \x01\x01\x05\x00\x01\x0b#early#dmn1');
      expect(daemon.counters.messagesIn).to.equal(2);
    });

    it('takes frames that come while the password is checked', async () => {
      await using daemon = await start({ allowedAuthMethods: ['NULL', 'PWORD'] });
      const alice = await RawSession.connect(daemon.port, 'alice');
      alice.join('g');
      await alice.next();
      const client = await RawClient.open(daemon.port);
      const { bytesIn } = daemon.counters;
      client.send(
        Buffer.concat([connectRequest('early'), encodeMethodChoice(['PWORD']), good.credentials as Buffer]),
      );
      await until(() => daemon.counters.bytesIn > bytesIn, 'the credentials');
      client.send(encodeMessage(AGREED_MESS, '#early#dmn1', ['g'], 0, [Buffer.from('quick')]));
      expect(tell(await alice.next())).to.equal('#early#dmn1 > g: quick');
      client.close();
      alice.close();
    });

    it('frees the name when it was wrong', async () => {
      await using daemon = await start();
      for (let i = 0; i < 3; i++) {
        expect(await answer(`${daemon.port}@127.0.0.1`, wrong)).to.equal(REJECT_AUTH);
        await deserted(daemon);
      }
      expect(await answer(`${daemon.port}@127.0.0.1`, good)).to.equal(ACCEPT_SESSION);
      expect(daemon.counters.rejections).to.deep.equal({ REJECT_AUTH: 3 });
    });

    it('answers a wrong one late', async () => {
      await using daemon = await start({ limits: { authFailureDelayMs: 300 } });
      const before = performance.now();
      expect(await answer(`${daemon.port}@127.0.0.1`, wrong)).to.equal(REJECT_AUTH);
      expect(performance.now() - before).to.be.greaterThan(299);
    });

    it('delays nobody else by wrong ones', async () => {
      await using daemon = await start({
        limits: { authFailureDelayMs: FOREVER, handshakeTimeoutMs: FOREVER },
      });
      const clients: RawClient[] = [];
      for (let i = 0; i < 10; i++) {
        const client = await RawClient.open(daemon.port);
        client.send(
          Buffer.concat([
            connectRequest(`w${i}`),
            encodeMethodChoice(['PWORD']),
            wrong.credentials as Buffer,
          ]),
        );
        clients.push(client);
      }
      await until(() => clients.every(({ received }) => received.length > 0), 'the method lists');
      expect(await answer(`${daemon.port}@127.0.0.1`, good)).to.equal(ACCEPT_SESSION);
      expect(clients.map(({ received }) => received.toString())).to.deep.equal(
        clients.map(() => '\x06PWORD '),
      );
      expect(daemon.status.handshakes).to.equal(10);
      await daemon.stop();
      for (const client of clients) await client.end();
    });

    it('does not count against the time for the handshake', async () => {
      await using daemon = await start({ limits: { authFailureDelayMs: 600, handshakeTimeoutMs: 500 } });
      expect(await answer(`${daemon.port}@127.0.0.1`, wrong)).to.equal(REJECT_AUTH);
      expect(daemon.counters.rejections).to.deep.equal({ REJECT_AUTH: 1 });
    });

    it('is over when the client is gone, whose wrong password was to be answered late', async () => {
      await using daemon = await start({ limits: { authFailureDelayMs: FOREVER } });
      const client = await RawClient.open(daemon.port);
      client.send(
        Buffer.concat([connectRequest('w'), encodeMethodChoice(['PWORD']), wrong.credentials as Buffer]),
      );
      await client.take(7);
      client.close();
      await deserted(daemon);
    });

    it('comes in time for an honest user while many guess', async () => {
      await using daemon = await start({ limits: { authFailureDelayMs: 100 } });
      const over = new AbortController();
      const guess = async (): Promise<void> => {
        while (!over.signal.aborted) {
          const client = await RawClient.open(daemon.port);
          const words = [connectRequest(''), encodeMethodChoice(['PWORD']), wrong.credentials as Buffer];
          client.send(Buffer.concat(words));
          await until(() => client.closed || over.signal.aborted, 'the answer', 60_000);
          client.close();
        }
      };
      const guessers = Array.from({ length: 50 }, guess);
      await until(() => daemon.status.handshakes > 40, 'the guessers');
      for (let i = 0; i < 3; i++) {
        const before = daemon.status.handshakes;
        expect(await answer(`${daemon.port}@127.0.0.1`, good)).to.equal(ACCEPT_SESSION);
        // It did not wait for all of them.
        expect(daemon.status.handshakes).to.be.above(before / 2);
      }
      over.abort();
      await Promise.all(guessers);
      await deserted(daemon);
    });

    it('waits for credentials as long as for the handshake, when PWORD is required and was not chosen', async () => {
      await using daemon = await start({
        allowedAuthMethods: ['NULL'],
        requiredAuthMethods: ['PWORD'],
        limits: { handshakeTimeoutMs: 300 },
      });
      const client = await RawClient.open(daemon.port);
      client.send(Buffer.concat([connectRequest('late'), encodeMethodChoice(['NULL'])]));
      await client.end();
      expect(client.received.toString()).to.equal('\x05NULL ');
      expect(daemon.counters.ends).to.deep.equal({ 'handshake-timeout': 1 });
    });

    it('can be stopped while passwords are checked', async () => {
      const daemon = await start({ limits: { authFailureDelayMs: FOREVER } });
      const client = await RawClient.open(daemon.port);
      client.send(
        Buffer.concat([connectRequest('w'), encodeMethodChoice(['PWORD']), wrong.credentials as Buffer]),
      );
      await until(() => daemon.counters.bytesIn > 90, 'the credentials');
      await daemon.stop();
      await client.end();
    });
  });

  describe('from other machines', () => {
    const host = outerAddress();
    const title = host === undefined ? ' (skipped: this machine has no address but loopback)' : '';
    const test = host === undefined ? it.skip : it;
    const away = host ?? '';
    const listen = [{ host: away, port: 0 }];

    test(`offers no PWORD without TLS${title}`, async () => {
      await using daemon = await start({ listen, allowedAuthMethods: ['NULL', 'PWORD'] });
      expect(await answer(`${daemon.port}@${away}`, good)).to.equal(REJECT_AUTH);
      await deserted(daemon);
      expect(await answer(`${daemon.port}@${away}`, nullAuthenticator)).to.equal(ACCEPT_SESSION);
    });

    test(`lets nobody in without TLS when PWORD is required${title}`, async () => {
      await using daemon = await start({
        listen,
        allowedAuthMethods: ['NULL'],
        requiredAuthMethods: ['PWORD'],
      });
      expect(await answer(`${daemon.port}@${away}`, nullAuthenticator)).to.equal(REJECT_AUTH);
      expect(daemon.counters.rejections).to.deep.equal({ REJECT_AUTH: 1 });
    });

    test(`takes PWORD without TLS when passwords may be readable${title}`, async () => {
      await using daemon = await start({ listen, cleartextPasswords: true });
      expect(await answer(`${daemon.port}@${away}`, good)).to.equal(ACCEPT_SESSION);
    });
  });

  describe('by address', () => {
    it('counts a client on the local socket by the rule `unix`, which Spread 5.0.1 never matches', async () => {
      const ipFile = folder.file('ips');
      await writeFile(ipFile, '\nunix\n');
      await using daemon = await start({ allowedAuthMethods: ['IP'], ipFile, unixDir: folder.path });
      expect(await answer(String(daemon.port), ipAuthenticator)).to.equal(ACCEPT_SESSION);
      expect(await answer(`${daemon.port}@127.0.0.1`, ipAuthenticator)).to.equal(REJECT_AUTH);
    });

    it('does not take a client that broke its connection before it was accepted for a local one', async () => {
      const ipFile = folder.file('ips');
      await writeFile(ipFile, 'unix\n');
      await using daemon = await start({
        allowedAuthMethods: ['NULL'],
        requiredAuthMethods: ['IP'],
        ipFile,
        unixDir: folder.path,
      });
      const alice = await RawSession.connect(daemon.unixPath as string, 'alice');
      alice.join('g');
      await alice.next();
      const everything = Buffer.concat([
        connectRequest('ghost'),
        encodeMethodChoice(['NULL']),
        encodeMessage(AGREED_MESS, '#ghost#dmn1', ['g'], 0, [Buffer.from('boo')]),
      ]);
      // This process waits for the other one, so it accepts only when that has gone.
      execFileSync(process.execPath, ['-e', GHOST, String(daemon.port), everything.toString('hex')]);
      const later = await RawClient.open(daemon.port);
      later.send(connectRequest('later'));
      await later.take(6);
      alice.multicast(AGREED_MESS, ['g'], 'alone');
      expect(tell(await alice.next())).to.equal('#alice#dmn1 > g: alone');
      expect(daemon.counters.sessions).to.equal(1);
      for (const each of [alice, later]) each.close();
    });
  });
});

/** Connects, sends bytes and breaks the connection at once. */
const GHOST = `
  const [, port, hex] = process.argv;
  const socket = require('net').connect(Number(port), '127.0.0.1', () => {
    socket.write(Buffer.from(hex, 'hex'), () => socket.resetAndDestroy());
  });
`;
