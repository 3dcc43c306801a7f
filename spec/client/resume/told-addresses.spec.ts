/** What a connection that comes back learns of other daemons, at daemons that follow a script. */
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { expect } from 'chai';
import { connect, type Connection, type ResumeOptions } from '../../../lib/index.js';
import { encodePeers } from '../../../lib/wire/extension/addresses.js';
import {
  FEATURE_COMPACT_VIEWS,
  FEATURE_HEARTBEAT,
  FEATURE_LISTS_ON_DEMAND,
  FEATURE_MOVES,
  FEATURE_RESUME,
} from '../../../lib/wire/extension/features.js';
import { readHello } from '../../../lib/wire/extension/hello.js';
import { encodeWelcome } from '../../../lib/wire/extension/welcome.js';
import { FakeDaemon, type FakeDaemonScript } from '../../support/fake-daemon.js';
import { HELLO_BYTES } from '../compact-frames.js';
import { isWaiting, settle, within } from '../support.js';

const FEATURES =
  FEATURE_RESUME | FEATURE_COMPACT_VIEWS | FEATURE_HEARTBEAT | FEATURE_LISTS_ON_DEMAND | FEATURE_MOVES;

/** A daemon with sessions that outlive their connection, which tells of others. */
const telling = (addresses: readonly string[]): FakeDaemonScript => ({
  list: Buffer.from('\x0bNULL SSPX1 ', 'latin1'),
  accept: Buffer.concat([
    encodeWelcome({
      verdict: 'new',
      features: FEATURES,
      sid: 1n,
      stable: 0,
      holdMs: 0,
      heartbeatMs: 0,
      windowMs: 0,
      position: { tag: 0n, index: 0, hash: 0n },
      token: Buffer.from('token'),
      addresses,
    }),
    Buffer.from('\x01\x05\x00\x01\x05#a#d1', 'latin1'),
  ]),
});

/** The address at which a connection is back. */
async function backAt(connection: Connection): Promise<string> {
  const [event] = (await within(once(connection as never, 'resumed'), 'the return')) as [{ address: string }];
  return event.address;
}

describe('a connection that learns of other daemons', () => {
  /** A connection to one daemon, which learns of a second one by `tell` and then loses the first. */
  async function lost(
    tell: 'welcome' | 'peers',
    resume: ResumeOptions,
    check: (connection: Connection, other: string) => Promise<void>,
  ): Promise<void> {
    const other = await FakeDaemon.start();
    const tls = `tls://127.0.0.1:${other.port}`;
    const all = [tls, `unix:/nowhere/${other.port}`, other.spreadName];
    const first = await FakeDaemon.start(telling(tell === 'welcome' ? all : []));
    const connection = await connect({ addresses: [first.spreadName], name: 'a', resume });
    try {
      const session = await first.session();
      if (tell === 'peers') await session.send(encodePeers(all));
      await settle();
      await first.stop();
      await check(connection, other.spreadName);
    } finally {
      await connection.close();
      await other.stop();
    }
  }

  for (const tell of ['welcome', 'peers'] as const) {
    it(`comes back to one that it knows by ${tell.toUpperCase()}`, () =>
      lost(tell, {}, async (connection, other) => {
        expect(await backAt(connection)).to.equal(other);
      }));
  }

  it('comes back to none of them without `discover`', () =>
    lost('welcome', { discover: false }, async (connection) => {
      expect(await isWaiting(once(connection as never, 'resumed'))).to.equal(true);
      expect(connection.state).to.equal('reconnecting');
    }));

  it('asks the daemon to tell, and to keep the session for `holdMs`', async () => {
    const daemon = await FakeDaemon.start(telling([]));
    const resume = { holdMs: 1500, heartbeatMs: 300 };
    await using connection = await connect({ addresses: [daemon.spreadName], resume });
    const session = await daemon.session();
    const { hello } = readHello(await session.bytesFrom(HELLO_BYTES)) ?? {};
    expect(hello).to.deep.equal({ features: FEATURES, ...resume, attempt: 0, resume: null });
    await connection.close();
    await daemon.stop();
  });
});
