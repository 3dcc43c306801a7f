import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { z } from 'zod';
import { createDaemon, hostDaemonName } from '../daemon/index.js';
import { isDaemonName } from '../lib/wire/name.js';
import { startDaemon } from './support/local-daemon.js';
import { RawClient, RawSession } from './support/raw-client.js';
import { groupIdOf } from './support/telling.js';

/** The fields that the options are refused for. */
async function refused(options: object): Promise<string[]> {
  try {
    await (await createDaemon(options)).stop();
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    return error.issues.map(({ path }) => path.join('.'));
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
  it('are refused when they are out of range', async () => {
    const address = { host: '127.0.0.1', port: 0 };
    expect(await refused({ name: 'a b' })).to.deep.equal(['name']);
    expect(await refused({ listen: [{ ...address, port: 65_536 }] })).to.deep.equal(['listen.0.port']);
    expect(await refused({ listen: [address], limits: { maxSessions: -1 } })).to.deep.equal([
      'limits.maxSessions',
    ]);
    expect(await refused({ listen: [address], allowedAuthMethods: ['MAGIC'] })).to.deep.equal([
      'allowedAuthMethods.0',
    ]);
  });

  it('are refused when they are not known', async () => {
    expect(await refused({ listen: [], prot: 1 })).to.have.length(1);
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
