/** What a start finds out before it opens anything, and `sspd --check` with the same words. */
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { expect } from 'chai';
import { createDaemon, type DaemonOptions } from '../daemon/index.js';
import { silentLogger } from '../daemon/log/logger.js';
import { prepare } from '../daemon/prepare.js';
import { skip } from './support/skip.js';
import { TemporaryDirectory } from './support/temporary.js';
import { tlsFile } from './support/tls-files.js';

const LOCAL = { host: '127.0.0.1', port: 0 };

/** The line that the check refuses with, which is that of the start. */
async function refused(options: DaemonOptions): Promise<string> {
  const words: string[] = [];
  for (const act of [() => prepare(options, silentLogger), () => createDaemon(options)]) {
    try {
      await act();
      words.push('it passes');
    } catch (error) {
      words.push((error as Error).message);
    }
  }
  expect(words[0], 'the check says what the start says').to.equal(words[1]);
  expect(words[0]).not.to.include('\n');
  return words[0] as string;
}

describe('a check before the start', () => {
  let folder: TemporaryDirectory;
  beforeEach(async () => {
    folder = await TemporaryDirectory.make();
  });
  afterEach(async () => await folder[Symbol.asyncDispose]());

  it('passes what can be started, beside a daemon that has the places', async () => {
    const options = {
      listen: [LOCAL],
      unixDir: folder.path,
      monitor: { endpoint: { path: folder.file('m') } },
    };
    await using daemon = await createDaemon(options);
    const listen = [{ host: '127.0.0.1', port: daemon.port }];
    const { warnings } = await prepare({ ...options, listen }, silentLogger);
    expect(warnings).to.deep.equal([]);
    if (process.platform === 'linux') expect(daemon.counters.connections, 'it notices nothing').to.equal(0);
  });

  it('reads the files of TLS', async () => {
    const tls = { port: 0, certificateFile: tlsFile('daemon.crt'), keyFile: tlsFile('worker.key') };
    expect(await refused({ listen: [LOCAL], tls })).to.match(/worker\.key is not the key of the certificate/);
  });

  it('reads the files of the access control', async () => {
    const groupFile = folder.file('groups');
    await writeFile(groupFile, '* all *\n');
    expect(await refused({ listen: [LOCAL], groupFile })).to.match(
      /groups:1: expected join, send, impersonate, or some of them with commas between, got "all"/,
    );
  });

  it('finds that an address is not of this machine, or a host unknown', async () => {
    expect(await refused({ listen: [LOCAL, { host: '192.0.2.1', port: 1 }] })).to.equal(
      'cannot listen on 192.0.2.1:1: this machine has no such address',
    );
    expect(await refused({ listen: [{ host: 'no such host', port: 0 }] })).to.match(/the host is unknown/);
    const endpoint = { host: '::', port: 0 };
    expect(await refused({ listen: [LOCAL], monitor: { endpoint } })).to.match(
      /beyond the loopback .* token/,
    );
    const token = 'two words';
    expect(await refused({ listen: [LOCAL], monitor: { endpoint, token } })).to.match(/one word/);
  });

  it('finds that there is no directory for the local socket, or another file', async () => {
    const none = folder.file('none');
    expect(await refused({ listen: [LOCAL], unixDir: none })).to.match(/: no such directory: .*none$/);
    await writeFile(folder.file('4'), '');
    expect(await refused({ listen: [{ host: '127.0.0.1', port: 4 }], unixDir: folder.path })).to.match(
      /the file exists and is not a socket$/,
    );
    const endpoint = { path: folder.file('4') };
    expect(await refused({ listen: [LOCAL], monitor: { endpoint } })).to.match(/is not a socket$/);
    expect(await refused({ listen: [], unixPath: folder.file('4') })).to.match(/is not a socket$/);
    expect(await refused({ listen: [], unixPath: `${none}/s` })).to.match(/: no such directory: .*none$/);
  });

  it('finds that the path of a local socket is too long, before anything is bound', async () => {
    // The port is taken: a start that had bound first would say so.
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const place = server.address();
    const port = typeof place === 'object' && place ? place.port : 0;
    try {
      const long = `${folder.path}/${'d'.repeat(110)}`;
      for (const options of [
        { listen: [{ host: '127.0.0.1', port }], unixDir: long },
        { listen: [LOCAL], unixDir: long },
        { listen: [], unixPath: long },
        { listen: [{ host: '127.0.0.1', port }], monitor: { endpoint: { path: long } } },
      ]) {
        expect(await refused(options)).to.match(/: expected a path of at most 10\d bytes, got \d{3}$/);
      }
    } finally {
      server.close();
    }
  });

  it('finds that a port is for root', async function () {
    const first = Number(spawnSync('cat', ['/proc/sys/net/ipv4/ip_unprivileged_port_start']).stdout);
    if (process.getuid?.() !== 0) return skip(this, 'needs root, to be another user');
    if (!(first > 7)) return skip(this, 'this system keeps no port for root');
    const line = asNobody([
      '--input-type=module',
      '-e',
      `import { tcpObstacle } from ${JSON.stringify(new URL('../daemon/net/tcp-address.js', import.meta.url).href)};
       console.log(await tcpObstacle('127.0.0.1', 7), await tcpObstacle('127.0.0.1', 7777));`,
    ]);
    expect(line).to.equal('permission denied null\n');
    return undefined;
  });
});

/** What a process without rights prints. */
const asNobody = (args: readonly string[]): string =>
  spawnSync(
    'setpriv',
    ['--reuid', '65534', '--regid', '65534', '--clear-groups', process.execPath, ...args],
    {
      encoding: 'utf8',
    },
  ).stdout;
