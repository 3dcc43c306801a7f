/** TLS: who may connect, who is turned away, and that half a handshake costs nothing. */
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createPrivateKey } from 'node:crypto';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect } from 'chai';
import type { Daemon } from '../../daemon/index.js';
import { ListenError } from '../../daemon/net/tcp-address.js';
import { loadTlsFiles } from '../../daemon/net/tls-files.js';
import {
  ACCEPT_SESSION,
  AGREED_MESS,
  COULD_NOT_CONNECT,
  SP_connect,
  SP_disconnect,
  SP_join,
  SP_multicast,
  SP_receive,
} from '../../lib/ssp/index.js';
import { encodeConnectRequest, PROTOCOL_VERSION } from '../../lib/wire/handshake/connect-request.js';
import { deserted, startDaemon } from '../support/local-daemon.js';
import { RawClient, RawSession } from '../support/raw-client.js';
import { TemporaryDirectory } from '../support/temporary.js';
import { ca, tlsFile, tlsOn, tlsText } from '../support/tls-files.js';
import { until } from '../support/wait.js';

const worker = { cert: tlsText('worker.crt'), key: tlsText('worker.key') };
const stranger = { cert: tlsText('stranger.crt'), key: tlsText('stranger.key') };
const addressOf = ({ tlsPort }: Daemon): string => `tls://localhost:${tlsPort}`;

/** What our client is answered; it disconnects again. */
async function answer(address: string, tls: object): Promise<number> {
  const { ret, mbox } = await SP_connect(address, 'c', 0, true, { tls });
  if (ret === ACCEPT_SESSION) await SP_disconnect(mbox);
  return ret;
}

describe('session: TLS', () => {
  it('serves clients that believe its certificate', async () => {
    await using daemon = await startDaemon({ tls: tlsOn() });
    const { ret, mbox, private_group } = await SP_connect(addressOf(daemon), 'c', 0, true, { tls: { ca } });
    expect([ret, private_group]).to.deep.equal([ACCEPT_SESSION, '#c#dmn1']);
    expect(daemon.status.sessions().map(({ tls, principal, id }) => [tls, principal, id])).to.deep.equal([
      [true, '', '#c#dmn1'],
    ]);
    await SP_disconnect(mbox);
  });

  it('is found by address as well as by name', async () => {
    await using daemon = await startDaemon({ tls: tlsOn() });
    expect(await answer(`tls://127.0.0.1:${daemon.tlsPort}`, { ca })).to.equal(ACCEPT_SESSION);
  });

  it('is one daemon with the other ports', async () => {
    await using daemon = await startDaemon({ tls: tlsOn() });
    const { mbox } = await SP_connect(addressOf(daemon), 'c', 0, true, { tls: { ca } });
    const plain = await RawSession.connect(daemon.port, 'plain');
    plain.join('g');
    await plain.next();
    await SP_multicast(mbox, AGREED_MESS, 'g', 0, Buffer.from('encrypted'));
    const message = await plain.next();
    expect([message.name, message.body.toString()]).to.deep.equal(['#c#dmn1', 'encrypted']);
    await SP_disconnect(mbox);
    plain.close();
  });

  it('carries large messages both ways', async () => {
    await using daemon = await startDaemon({ tls: tlsOn() });
    const { mbox } = await SP_connect(addressOf(daemon), 'c', 0, false, { tls: { ca } });
    await SP_join(mbox, 'g');
    for (let i = 0; i < 20; i++) {
      const body = Buffer.alloc(100_000, i);
      expect(await SP_multicast(mbox, AGREED_MESS, 'g', i, body)).to.equal(body.length);
    }
    for (let i = 0; i < 20; i++) {
      const mess = Buffer.alloc(100_000);
      const { ret } = await SP_receive(mbox, { mess, max_mess_len: mess.length, max_groups: 4 });
      expect([ret, mess.equals(Buffer.alloc(100_000, i))]).to.deep.equal([100_000, true]);
    }
    await SP_disconnect(mbox);
  });

  it('is not believed by clients that do not know its authority', async () => {
    await using daemon = await startDaemon({ tls: tlsOn() });
    expect(await answer(addressOf(daemon), {})).to.equal(COULD_NOT_CONNECT);
    expect(await answer(addressOf(daemon), { ca: tlsText('stranger.crt') })).to.equal(COULD_NOT_CONNECT);
    await deserted(daemon);
  });

  it('is not believed under another name', async () => {
    await using daemon = await startDaemon({ tls: tlsOn() });
    expect(await answer(addressOf(daemon), { ca, servername: 'daemon.example' })).to.equal(COULD_NOT_CONNECT);
    expect(await answer(`tls://127.0.0.1:${daemon.tlsPort}`, { ca, servername: 'localhost' })).to.equal(
      ACCEPT_SESSION,
    );
  });

  describe('with certificates of clients', () => {
    it('knows the client by its common name', async () => {
      await using daemon = await startDaemon({ tls: tlsOn(true) });
      const { ret, mbox } = await SP_connect(addressOf(daemon), 'c', 0, true, { tls: { ca, ...worker } });
      expect(ret).to.equal(ACCEPT_SESSION);
      expect(daemon.status.sessions().map(({ principal }) => principal)).to.deep.equal(['cert:worker1']);
      await SP_disconnect(mbox);
    });

    for (const [who, tls] of [
      ['none', { ca }],
      ['one of another authority and the same name', { ca, ...stranger }],
    ] as const) {
      it(`turns away a client that has ${who}, and counts it`, async () => {
        await using daemon = await startDaemon({ tls: tlsOn(true) });
        expect(await answer(addressOf(daemon), tls)).to.be.lessThan(0);
        await until(() => daemon.counters.rejections['tls'] === 1, 'the count');
        expect(daemon.counters.connections).to.equal(0);
        expect(await answer(addressOf(daemon), { ca, ...worker })).to.equal(ACCEPT_SESSION);
      });
    }

    it('asks nobody for one unless the configuration says so', async () => {
      await using daemon = await startDaemon({ tls: tlsOn() });
      const { mbox } = await SP_connect(addressOf(daemon), 'c', 0, true, { tls: { ca, ...worker } });
      expect(daemon.status.sessions().map(({ principal }) => principal)).to.deep.equal(['']);
      await SP_disconnect(mbox);
    });
  });

  describe('turns away, counts, and continues after', () => {
    let daemon: Daemon;
    beforeEach(async () => {
      daemon = await startDaemon({ tls: tlsOn() });
    });
    afterEach(async () => {
      expect(await answer(addressOf(daemon), { ca })).to.equal(ACCEPT_SESSION);
      await daemon.stop();
    });

    it('TLS 1.2', async () => {
      const socket = connectTls({ port: daemon.tlsPort, host: '127.0.0.1', ca, maxVersion: 'TLSv1.2' });
      const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
      expect(error.code).to.match(/VERSION/);
      await until(() => daemon.counters.rejections['tls'] === 1, 'the count');
    });

    it('a client without TLS on its port', async () => {
      const client = await RawClient.open(daemon.tlsPort);
      client.send(
        encodeConnectRequest({
          version: PROTOCOL_VERSION,
          membership: true,
          priority: 0,
          name: 'plain',
        }),
      );
      await client.end();
      await until(() => daemon.counters.rejections['tls'] === 1, 'the count');
    });

    it('a client of TLS on the other port', async () => {
      expect(await answer(`tls://localhost:${daemon.port}`, { ca })).to.equal(COULD_NOT_CONNECT);
      await deserted(daemon);
      const { REJECT_AUTH = 0, REJECT_ILLEGAL_NAME = 0 } = daemon.counters.rejections;
      expect(REJECT_AUTH + REJECT_ILLEGAL_NAME + (daemon.counters.ends.closed ?? 0)).to.be.greaterThan(0);
    });

    it('a client that breaks its connection in between', async () => {
      const client = await RawClient.open(daemon.tlsPort);
      client.send(Buffer.from('160301', 'hex'));
      client.reset();
      await until(() => daemon.counters.rejections['tls'] === 1, 'the count');
    });
  });

  describe('handshakes that do not go on', () => {
    it('end when their time is over, and are counted', async () => {
      await using daemon = await startDaemon({ tls: tlsOn(), limits: { handshakeTimeoutMs: 200 } });
      const client = await RawClient.open(daemon.tlsPort);
      await client.end();
      await until(() => daemon.counters.rejections['tls'] === 1, 'the count');
      expect(daemon.status.handshakes).to.equal(0);
    });

    it('delay nobody', async () => {
      await using daemon = await startDaemon({ tls: tlsOn(), limits: { handshakeTimeoutMs: 60_000 } });
      const silent = await Promise.all(Array.from({ length: 100 }, () => RawClient.open(daemon.tlsPort)));
      expect(await answer(addressOf(daemon), { ca })).to.equal(ACCEPT_SESSION);
      for (const client of silent) client.close();
      await until(() => daemon.status.handshakes === 0, 'the end of the others');
    });

    it('count among the connections that there may be: the oldest gives way', async () => {
      await using daemon = await startDaemon({
        tls: tlsOn(),
        limits: { handshakeTimeoutMs: 60_000, maxSessions: 2 },
      });
      const oldest = await RawClient.open(daemon.tlsPort);
      await until(() => daemon.status.handshakes === 1, 'the first');
      const second = await RawClient.open(daemon.port);
      await until(() => daemon.status.handshakes === 2, 'the second');
      expect(await answer(addressOf(daemon), { ca })).to.equal(ACCEPT_SESSION);
      await oldest.end();
      expect(second.closed).to.equal(false);
      expect(daemon.counters.rejections).to.deep.equal({ crowded: 1 });
      second.close();
    });

    it('are forgotten when the client is gone, also when it comes from the same port again', async () => {
      await using daemon = await startDaemon({ tls: tlsOn(), limits: { maxHandshakes: 1 } });
      const first = await RawClient.open(daemon.tlsPort);
      let localPort = 0;
      for (let i = 0; i < 5; i++) {
        const from = (port: number) =>
          connect({ port: daemon.tlsPort, host: '127.0.0.1', localAddress: '127.0.0.1', localPort: port });
        let waiting = from(localPort);
        // Somebody else may have taken the port meanwhile: then another one begins.
        await once(waiting, 'connect').catch(async () => {
          waiting = from(0);
          await once(waiting, 'connect');
        });
        ({ localPort = 0 } = waiting);
        await until(() => daemon.status.handshakes > i, 'the handshake');
        waiting.resetAndDestroy();
        await once(waiting, 'close');
      }
      first.close();
      await until(() => daemon.status.handshakes === 0, 'the end of all');
    });

    it('do not hold the daemon up when it stops', async () => {
      const daemon = await startDaemon({ tls: tlsOn(), limits: { handshakeTimeoutMs: 60_000 } });
      const client = await RawClient.open(daemon.tlsPort);
      await until(() => daemon.status.handshakes === 1, 'the handshake');
      await daemon.stop();
      await client.end();
    });
  });

  describe('files', () => {
    const failure = async (
      certificateFile: string,
      keyFile: string,
      clientCaFile: string | null = null,
    ): Promise<Error> => {
      try {
        const daemon = await startDaemon({ tls: { port: 0, certificateFile, keyFile, clientCaFile } });
        await daemon.stop();
      } catch (error) {
        expect(error).to.be.instanceOf(ListenError);
        return error as Error;
      }
      throw new Error('it did not fail');
    };

    const [certificate, key] = [tlsFile('daemon.crt'), tlsFile('daemon.key')];

    it('that are missing are named', async () => {
      const missing = tlsFile('missing.pem');
      for (const error of [await failure(missing, key), await failure(certificate, missing)]) {
        expect(error.message).to.equal(`cannot listen on the TLS port 0: ${missing} cannot be read (ENOENT)`);
      }
    });

    it('that do not belong together are named', async () => {
      const other = tlsFile('worker.key');
      expect((await failure(certificate, other)).message).to.equal(
        `cannot listen on the TLS port 0: ${other} is not the key of the certificate in ${certificate}`,
      );
    });

    it('that are swapped, empty or directories are named', async () => {
      await using folder = await TemporaryDirectory.make();
      const empty = folder.file('empty');
      await writeFile(empty, '');
      for (const [cert, ofCert, fault] of [
        [key, certificate, `${key} contains no certificate (PEM)`],
        [empty, key, `${empty} contains no certificate (PEM)`],
        [certificate, empty, `${empty} contains no private key (PEM)`],
        [certificate, certificate, `${certificate} contains no private key (PEM)`],
        [folder.path, key, `${folder.path} cannot be read (EISDIR)`],
      ] as const) {
        expect((await failure(cert, ofCert)).message).to.equal(`cannot listen on the TLS port 0: ${fault}`);
      }
    });

    it('that are damaged are named', async () => {
      await using folder = await TemporaryDirectory.make();
      const damaged = folder.file('damaged');
      await writeFile(damaged, tlsText('daemon.crt').replace(/\n[^\n]{8}/, '\nAAAAAAAA') + tlsText('ca.crt'));
      expect((await failure(damaged, key)).message).to.match(/certificate 1 in [^ ]*damaged is damaged \(/);
      await writeFile(damaged, tlsText('daemon.key').replace(/\n[^\n]{8}/, '\nAAAAAAAA'));
      expect((await failure(certificate, damaged)).message).to.match(/the key in [^ ]*damaged is damaged \(/);
    });

    it('with a passphrase cannot be used', async () => {
      await using folder = await TemporaryDirectory.make();
      const locked = folder.file('locked.key');
      const lock = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' } as const;
      await writeFile(locked, createPrivateKey(tlsText('daemon.key')).export(lock));
      expect((await failure(certificate, locked)).message).to.equal(
        `cannot listen on the TLS port 0: the key in ${locked} has a passphrase, and the daemon cannot ask for it: store it without one`,
      );
    });

    it('of authorities hold at least one', async () => {
      await using folder = await TemporaryDirectory.make();
      const empty = folder.file('ca.pem');
      await writeFile(empty, '\n');
      expect((await failure(certificate, key, empty)).message).to.equal(
        `cannot listen on the TLS port 0: ${empty} contains no certificate (PEM)`,
      );
    });

    it('whose time is over are named in the log', async () => {
      const { warnings } = await loadTlsFiles(
        { port: 0, certificateFile: certificate, keyFile: key, clientCaFile: tlsFile('ca.crt') },
        Date.parse('2200-01-01'),
      );
      expect(warnings.map((line) => line.replace(/^.*\//, ''))).to.have.length(2);
      for (const line of warnings) expect(line).to.match(/\.crt: the certificate "[^"\n]*" has expired \(/);
    });
  });
});
