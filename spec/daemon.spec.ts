import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { createDaemon, type DaemonOptions, hostDaemonName, IllegalParamError } from '../daemon/index.js';
import { isDaemonName } from '../lib/wire/name.js';
import { startDaemon } from './support/local-daemon.js';
import { RawClient, RawSession } from './support/raw-client.js';
import { groupIdOf } from './support/describe-frame.js';

/** The words that the options are refused with. */
async function refused(options: unknown): Promise<string> {
  try {
    await (await createDaemon(options as DaemonOptions)).stop();
  } catch (error) {
    if (!(error instanceof IllegalParamError)) throw error;
    return /^illegal argument: (.*) \(ILLEGAL_PARAM\)$/.exec(error.message)?.[1] ?? error.message;
  }
  throw new Error('it started');
}

describe('daemon: name from the host', () => {
  it('is the host name where that is legal', () => {
    expect(hostDaemonName('node-1.example')).to.equal('node-1.example');
  });

  it('is cut to 19 characters', () => {
    expect(hostDaemonName('a-very-long-host-name.example')).to.equal('a-very-long-host-na');
  });

  it('has a dash for every character that is not legal', () => {
    expect(hostDaemonName('my host#1é')).to.equal('my-host-1-');
  });

  it('is never empty', () => {
    expect(hostDaemonName('')).to.equal('localhost');
  });

  it('is legal on this machine', () => {
    expect(isDaemonName(hostDaemonName())).to.equal(true);
  });
});

describe('daemon: options', () => {
  for (const [options, words] of [
    [{ name: 'a b' }, 'name: expected 1 to 19 characters from "$" to "~", got "a b"'],
    [{ name: 5 }, 'name: expected a text, got 5'],
    [{ id: 1.5 }, 'id: expected a whole number, got 1.5'],
    [{ engine: 'coro' }, 'engine: expected "solo" or "corosync", got "coro"'],
    [{ corosync: 'x' }, 'corosync: expected an object, got "x"'],
    [{ corosync: { silenceTimeoutMs: 5 } }, 'corosync.silenceTimeoutMs: expected at least 1000, got 5'],
    [{ corosync: { group: 'a b' } }, 'corosync.group: expected 1 to 127 visible ASCII characters, got "a b"'],
    [{ corosync: { library: '' } }, 'corosync.library: expected a text that is not empty, got ""'],
    [{ listen: 4803 }, 'listen: expected a list, got 4803'],
    [{ listen: [{ host: '::1', port: 65_536 }] }, 'listen.0.port: expected at most 65535, got 65536'],
    [{ listen: [{ host: '::1' }] }, 'listen.0.port: expected a number, got undefined'],
    [{ tls: 4843 }, 'tls: expected an object, got 4843'],
    [{ tls: { port: 0, certificateFile: 'c' } }, 'tls.keyFile: expected a text, got undefined'],
    [{ web: 4805 }, 'web: expected an object, got 4805'],
    [{ web: {} }, 'web.port: expected a number, got undefined'],
    [
      { web: { port: 0, origins: ['https://a.example/'] } },
      'web.origins.0: expected "same", "*", or an origin such as https://example.com or https://*.example.com, got "https://a.example/"',
    ],
    [{ web: { port: 0, verify: 'x' } }, 'web.verify: expected a function, got "x"'],
    [
      { web: { port: 0, verify: () => null, keyFile: 'k' } },
      'web.verify: expected either verify, or secretFile and keyFile, got a function',
    ],
    [
      { web: { port: 0, behindProxy: true, tls: { certificateFile: 'c', keyFile: 'k' } } },
      'web.behindProxy: expected either tls or behindProxy, got true',
    ],
    [{ web: { port: 0, maxMessageBytes: 100 } }, 'web.maxMessageBytes: expected at least 16384, got 100'],
    [{ web: { prot: 0, port: 0 } }, 'unknown option "web.prot"; did you mean "port"?'],
    [{ unixDir: '' }, 'unixDir: expected a text that is not empty, got ""'],
    [{ unixPath: '' }, 'unixPath: expected a text that is not empty, got ""'],
    [{ unixDir: '/tmp', unixPath: '/tmp/s' }, 'expected unixDir or unixPath, got both'],
    [{ allowedAuthMethods: 'NULL' }, 'allowedAuthMethods: expected a list, got "NULL"'],
    [
      { requiredAuthMethods: ['MAGIC'] },
      'requiredAuthMethods.0: expected "NULL" or "IP" or "PWORD", got "MAGIC"',
    ],
    [{ ipFile: 5 }, 'ipFile: expected a text, got 5'],
    [{ passwordFile: false }, 'passwordFile: expected a text, got false'],
    [{ groupFile: {} }, 'groupFile: expected a text, got {}'],
    [{ cleartextPasswords: 'yes' }, 'cleartextPasswords: expected true or false, got "yes"'],
    [{ clientExtension: 1 }, 'clientExtension: expected true or false, got 1'],
    [{ resume: 'no' }, 'resume: expected true or false, got "no"'],
    [{ resumeWindowMs: 10 }, 'resumeWindowMs: expected at least 1000, got 10'],
    [{ resumeKeyFile: '' }, 'resumeKeyFile: expected a text that is not empty, got ""'],
    [{ resumeTimeoutMs: -1 }, 'resumeTimeoutMs: expected at least 0, got -1'],
    [{ announce: '4803@a' }, 'announce: expected a list, got "4803@a"'],
    [
      { announce: ['4803@a', 'a'] },
      'announce.1: expected an address as clients write it, 4803@host, host:4803 or tls://host:4843, got "a"',
    ],
    [{ drainTimeMs: -1 }, 'drainTimeMs: expected at least 0, got -1'],
    [{ monitor: 4804 }, 'monitor: expected an object, got 4804'],
    [{ monitor: { endpoint: 4804 } }, 'monitor.endpoint: expected { host, port } or { path }, got 4804'],
    [
      { monitor: { endpoint: { path: '/m' }, links: [{ name: 'd2', url: 'javascript:alert(1)' }] } },
      'monitor.links.0.url: expected an address with http:// or https://, got "javascript:alert(1)"',
    ],
    [{ monitor: { endpoint: { path: '/m' }, console: 1 } }, 'monitor.console: expected true or false, got 1'],
    [{ limits: 5 }, 'limits: expected an object, got 5'],
    [{ limits: { maxSessions: -1 } }, 'limits.maxSessions: expected at least 0, got -1'],
    [{ limits: { maxSessions: Number.NaN } }, 'limits.maxSessions: expected a number, got NaN'],
    [{ logger: true }, 'logger: expected an object with the functions debug, info, warn, error, got true'],
    [null, 'expected an object, got null'],
    [4803, 'expected an object, got 4803'],
    [[], 'expected an object, got []'],

    [{ port: 4803 }, 'unknown option "port"; did you mean listen: [{ host, port }]?'],
    [{ prot: 4803 }, 'unknown option "prot"; did you mean listen: [{ host, port }]?'],
    [{ nmae: 'x' }, 'unknown option "nmae"; did you mean "name"?'],
    [{ limits: { maxSessoins: 1 } }, 'unknown option "limits.maxSessoins"; did you mean "maxSessions"?'],
    [
      { tls: { port: 0, certificateFile: 'c', keyFile: 'k', key: 'k' } },
      'unknown option "tls.key"; expected one of port, certificateFile, keyFile, clientCaFile',
    ],
    [
      { listen: [{ host: '::1', port: 0, tls: true }] },
      'unknown option "listen.0.tls"; expected one of host, port',
    ],
    [{ id: 'x', engine: 1 }, 'id: expected a number, got "x"; engine: expected "solo" or "corosync", got 1'],
  ] as const) {
    it(`are refused in our words: ${JSON.stringify(options)}`, async () => {
      expect(await refused(options)).to.equal(words);
    });
  }

  it('that are undefined have their default', async () => {
    const options = { name: undefined, limits: { maxSessions: undefined }, logger: undefined };
    await using daemon = await createDaemon({ listen: [], ...options } as unknown as DaemonOptions);
    expect(daemon.name).to.equal(hostDaemonName());
  });

  it('keep the default of every limit that is not given', async () => {
    await using daemon = await startDaemon({ limits: { maxSessions: 1 } });
    const session = await RawSession.connect(daemon.port, 'alice');
    session.join('g');
    await session.next();
    session.close();
  });

  it('give the first word of group ids', async () => {
    await using daemon = await startDaemon({ id: 0xfffffffe });
    const session = await RawSession.connect(daemon.port, 'alice');
    session.join('g');
    expect(groupIdOf(await session.next())[0]).to.equal(-2);
    session.close();
  });

  it('give the daemon its name', async () => {
    await using daemon = await startDaemon({ name: 'other' });
    const session = await RawSession.connect(daemon.port, 'alice');
    expect([daemon.name, session.privateGroup]).to.deep.equal(['other', '#alice#other']);
    session.close();
  });

  it('let nobody in with an empty list of methods', async () => {
    await using daemon = await startDaemon({ allowedAuthMethods: [] });
    const client = await RawClient.open(daemon.port);
    client.send(Buffer.from([5, 0, 1, 1, 1, 0x61]));
    await client.end();
    expect([...client.received]).to.deep.equal([0, 0xf7]);
  });

  it('may require the method that is offered', async () => {
    await using daemon = await startDaemon({ requiredAuthMethods: ['NULL'] });
    const session = await RawSession.connect(daemon.port, 'alice');
    session.close();
  });
});

describe('daemon: its state', () => {
  it('is live: connections, groups, addresses', async () => {
    await using daemon = await startDaemon();
    expect([daemon.sessions, daemon.groups, daemon.unixPath]).to.deep.equal([0, 0, null]);
    expect(daemon.addresses).to.deep.equal([{ host: '127.0.0.1', port: daemon.port }]);
    const session = await RawSession.connect(daemon.port, 'alice');
    session.join('g');
    await session.next();
    expect([daemon.sessions, daemon.groups]).to.deep.equal([1, 1]);
    session.close();
  });
});
