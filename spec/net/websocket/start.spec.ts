/** Where a port for browsers may be opened, and who comes in when nothing is said of that. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { ListenError } from '../../../daemon/net/tcp-address.js';
import { prepareWeb } from '../../../daemon/net/websocket/prepare.js';
import { webSchema, type WebOptions } from '../../../daemon/web-options.js';
import { tlsFile } from '../../support/tls-files.js';
import { startWeb } from './web-fixture.js';

const tls = { certificateFile: tlsFile('daemon.crt'), keyFile: tlsFile('daemon.key') };
const local = ['127.0.0.1'];
const everywhere = ['0.0.0.0'];
const verify = () => null;

/** What is found, or the words of the refusal. */
async function prepared(
  web: Partial<WebOptions>,
  hosts: readonly string[] = local,
): Promise<{ readonly hosts: readonly string[]; readonly anonymous: boolean } | string> {
  const listen = hosts.map((host) => ({ host }));
  try {
    const { hosts: found, anonymous } = await prepareWeb(webSchema.parse({ port: 0, ...web }), listen);
    return { hosts: found, anonymous };
  } catch (error) {
    if (error instanceof ListenError) return error.message;
    throw error;
  }
}

describe('WebSocket: start', () => {
  it('is on the hosts of other clients, each once, or on one of its own', async () => {
    expect(await prepared({}, ['127.0.0.1', '::1', '127.0.0.1'])).to.deep.include({
      hosts: ['127.0.0.1', '::1'],
    });
    expect(await prepared({ host: 'localhost' }, everywhere)).to.deep.include({ hosts: ['localhost'] });
    expect(await prepared({}, [])).to.match(/expected a host, or a TCP address for other clients$/);
  });

  it('is refused beyond loopback without TLS and without a proxy', async () => {
    const words =
      'cannot listen on 0.0.0.0:0 (WebSocket): beyond the loopback interface expected TLS (WebSocketTLS), or a proxy that has it (WebSocketBehindProxy)';
    expect(await prepared({ verify }, everywhere)).to.equal(words);
    expect(await prepared({ verify, tls }, everywhere)).to.deep.include({ anonymous: false });
    expect(await prepared({ verify, behindProxy: true }, everywhere)).to.deep.include({ anonymous: false });
  });

  it('lets in browsers without a token on loopback alone, and if nothing else is said', async () => {
    expect(await prepared({})).to.deep.include({ anonymous: true });
    expect(await prepared({ verify })).to.deep.include({ anonymous: false });
    expect(await prepared({ verify, anonymous: true })).to.deep.include({ anonymous: true });
    expect(await prepared({ tls, anonymous: true }, everywhere)).to.deep.include({ anonymous: true });
  });

  for (const [what, web, hosts] of [
    ['beyond loopback', { tls }, everywhere],
    ['behind a proxy', { behindProxy: true }, local],
    ['where that was forbidden', { anonymous: false }, local],
  ] as const) {
    it(`is refused where nobody could connect: ${what}`, async () => {
      expect(await prepared(web, hosts)).to.equal(
        'cannot listen on the WebSocket port: nobody could connect: expected WebSocketSecretFile, WebSocketKeyFile or WebSocketAnonymous = yes',
      );
    });
  }

  it('is refused for a host that is unknown, and for files that are missing', async () => {
    expect(await prepared({ host: 'nowhere.invalid' })).to.match(
      /^cannot listen on nowhere.invalid:0 \(WebSocket\): /,
    );
    expect(await prepared({ tls: { ...tls, keyFile: '/nowhere' } })).to.match(/\/nowhere cannot be read/);
    expect(await prepared({ secretFile: '/nowhere' })).to.match(/\/nowhere cannot be read/);
  });

  it('is refused where the port is taken, and leaves nothing open', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const words = await startWeb({ port }).catch(String);
    expect(words).to.match(/the address is in use/);
    other.close();
    await using daemon = await startWeb({ port: 0 });
    expect(daemon.webPort).to.be.greaterThan(0);
  });
});
