/** A connection that cannot be made says why: the system's or TLS's own error as `cause`, and in one line. */
import { createServer } from 'node:net';
import { once } from 'node:events';
import { expect } from 'chai';
import type { Daemon } from '../../daemon/index.js';
import { connect, ConnectionClosedError, CouldNotConnectError, type SspError } from '../../lib/index.js';
import { failureError } from '../../lib/mailbox/failure-text.js';
import type { ConnectOptions } from '../../lib/client/options.js';
import { failure } from '../client/support.js';
import { startDaemon } from '../support/local-daemon.js';
import { ca, tlsOn, tlsText } from '../support/tls-files.js';

const worker = { cert: tlsText('worker.crt'), key: tlsText('worker.key') };
const stranger = { cert: tlsText('stranger.crt'), key: tlsText('stranger.key') };

const codeOf = ({ cause }: Error): unknown => (cause as NodeJS.ErrnoException | undefined)?.code;

describe('a connection that cannot be made', () => {
  describe('with TLS', () => {
    let open: Daemon;
    let closed: Daemon;
    before(async () => {
      open = await startDaemon({ tls: tlsOn() });
      closed = await startDaemon({ tls: tlsOn(true) });
    });
    after(async () => {
      await open.stop();
      await closed.stop();
    });

    const cases: readonly (readonly [
      what: string,
      options: () => ConnectOptions,
      says: RegExp,
      cause: RegExp,
    ])[] = [
      [
        'an authority that is not trusted',
        () => ({ address: `tls://localhost:${open.tlsPort}` }),
        /the certificate of tls:\/\/localhost:\d+ is from an authority that is not trusted here: .+; pass the authority as ca/,
        /^(?:UNABLE_TO_|SELF_SIGNED)/,
      ],
      [
        'a certificate for another host',
        () => ({ address: `tls://localhost:${open.tlsPort}`, tls: { ca, servername: 'db.example' } }),
        /the certificate of tls:\/\/localhost:\d+ is for another host: .*db\.example/,
        /^ERR_TLS_CERT_ALTNAME_INVALID$/,
      ],
      [
        'a port without TLS',
        () => ({ address: `tls://localhost:${open.port}`, tls: { ca } }),
        /no TLS 1\.3 at tls:\/\/localhost:\d+: wrong version number|closed the connection before the TLS handshake/,
        /^(?:ERR_SSL_|EPROTO|ECONNRESET)/,
      ],
      [
        'a client certificate that is missing',
        () => ({ address: `tls://localhost:${closed.tlsPort}`, tls: { ca } }),
        /tls:\/\/localhost:\d+ requires a certificate of the client: pass cert and key/,
        /CERTIFICATE_REQUIRED/,
      ],
    ];
    for (const [what, options, says, cause] of cases) {
      it(`names ${what}`, async () => {
        const error = await failure(connect({ ...options(), timeoutMs: 5_000 }));
        expect(error).to.be.instanceOf(CouldNotConnectError);
        expect(error.message)
          .to.match(says)
          .and.match(/^no connection to the daemon: [^\n]+ \(COULD_NOT_CONNECT\)$/);
        expect(codeOf(error)).to.match(cause);
      });
    }

    it('asks about a client certificate of a stranger, which the daemon drops without a word', async () => {
      const tls = { ca, ...stranger };
      const error = await failure(connect({ address: `tls://localhost:${closed.tlsPort}`, tls }));
      expect(error).to.be.instanceOf(ConnectionClosedError);
      expect(error.message).to.include('; does it accept the certificate of this client? (');
    });

    it('names own files that are none', async () => {
      const error = await failure(
        connect({ address: 'tls://localhost:1', tls: { cert: 'junk', key: 'junk' } }),
      );
      expect(error.message).to.match(
        /^illegal argument: ca, cert or key of this client cannot be used: [^\n]+ \(ILLEGAL_PARAM\)$/,
      );
    });

    it('is made where everything fits', async () => {
      await using connection = await connect({
        address: `tls://localhost:${closed.tlsPort}`,
        tls: { ca, ...worker },
      });
      expect(connection.open).to.equal(true);
    });
  });

  describe('tells apart', () => {
    const errors: readonly (readonly [code: string, address: string, says: string])[] = [
      ['ECONNREFUSED', '4803@h', 'nothing listens at 4803@h'],
      ['ENOENT', '4803', 'no such socket: /tmp/4803'],
      ['EACCES', 'unix:/run/s', '/run/s cannot be opened: permission denied by the operating system'],
      ['EHOSTUNREACH', 'h:4803', 'no route to h:4803'],
      ['ENETUNREACH', 'h:4803', 'no route to h:4803'],
      ['ETIMEDOUT', 'tcp://h:4803', 'tcp://h:4803 does not answer'],
      ['EAI_AGAIN', '4803@h', 'the host of 4803@h cannot be looked up now'],
      ['ECONNREFUSED', 'tls://h:4843', 'nothing listens at tls://h:4843'],
      ['ETIMEDOUT', 'tls://h:4843', 'tls://h:4843 does not answer'],
      [
        'ECONNRESET',
        'tls://h:4843',
        'tls://h:4843 closed the connection before the TLS handshake; is it a port with TLS?',
      ],
      [
        'CERT_HAS_EXPIRED',
        'tls://h:4843',
        'the certificate of tls://h:4843 is not accepted: from the system',
      ],
      ['EFAULT', '4803@h', '4803@h: from the system'],
    ];
    for (const [code, spreadName, says] of errors) {
      it(`${code} of ${spreadName}`, () => {
        const cause = Object.assign(new Error('from\n the system'), { code });
        const error = failureError({ code: -2, error: cause, during: 'connecting' }, { spreadName });
        expect(error.message).to.equal(`no connection to the daemon: ${says} (COULD_NOT_CONNECT)`);
        expect(error).to.be.instanceOf(CouldNotConnectError).and.have.property('cause', cause);
      });
    }

    it('the time being up before and after there was a connection', () => {
      const late = (during: 'connecting' | 'handshake'): SspError =>
        failureError({ code: -8, during, isLate: true }, { spreadName: '4803@h', timeout: 50 });
      expect(late('connecting').message).to.include('4803@h did not answer within 50 ms (COULD_NOT_CONNECT)');
      expect(late('handshake').message).to.include('4803@h did not accept within 50 ms (COULD_NOT_CONNECT)');
    });

    it('a host that is unknown from a text that is no address', async () => {
      const lookup = Object.assign(new Error('getaddrinfo ENOTFOUND h'), { code: 'ENOTFOUND' });
      const unknown = failureError(
        { code: -1, error: lookup, during: 'connecting' },
        { spreadName: '4803@h' },
      );
      expect(unknown.message).to.equal(
        'no such daemon address: the host of 4803@h is unknown (ILLEGAL_SPREAD)',
      );
      expect((await failure(connect({ address: 'localhost' }))).message).to.match(
        /^no such daemon address: expected .*, got "localhost"; did you mean "localhost:4803"\? \(ILLEGAL_SPREAD\)$/,
      );
    });

    it('nobody, and somebody who is no daemon, for real', async () => {
      const server = createServer((socket) => socket.resume().end()).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      const error = await failure(connect({ address: `127.0.0.1:${port}` }));
      server.close();
      await once(server, 'close');
      expect(error).to.be.instanceOf(ConnectionClosedError);
      expect(error.message).to.include(`127.0.0.1:${port} closed the connection during the handshake`);
      const nobody = await failure(connect({ address: `127.0.0.1:${port}` }));
      expect([nobody.name, codeOf(nobody)]).to.deep.equal(['CouldNotConnectError', 'ECONNREFUSED']);
      expect(codeOf(await failure(connect({ address: 'unix:/nowhere/at/all' })))).to.equal('ENOENT');
    });
  });
});
