/** The client of browsers at the WebSocket listener of a real daemon, with tokens that run out. */
import { expect } from 'chai';
import {
  connect,
  type Connection,
  CouldNotConnectError,
  ResumeError,
  SessionChangedError,
  type TokenSource,
} from '../../lib/browser/index.js';
import type { Daemon } from '../../daemon/index.js';
import { startWithSecret } from '../net/websocket/web-fixture.js';
import { failure } from '../support/failure.js';
import { until } from '../support/wait.js';
import { claims, secretToken } from '../support/web-tokens.js';
import { withWebSocket } from './web-socket-global.js';

/** A token that the daemon takes for half a second, or for long. */
const tokenOf = (sub: string, isShort = false): string =>
  secretToken(claims({ sub, ...(isShort && { exp: Date.now() / 1000 + 0.5 }) }));

const page = (daemon: Daemon, token: TokenSource, others: object = {}): Promise<Connection> =>
  connect({ url: `ws://127.0.0.1:${daemon.webPort}/ssp`, name: 'page', token, ...others });

const ending = (connection: Connection): Promise<Error | undefined> =>
  new Promise((resolve) => connection.on('close', resolve));

describe('browsers at a listener', () => {
  withWebSocket();

  it('are members under the subject of their token', async () => {
    await using daemon = await startWithSecret();
    await using connection = await page(daemon, tokenOf('anna'));
    const group = await connection.join('room');
    const body = new Uint8Array(100_000).fill(7);
    await group.send(body);
    for await (const event of group) {
      if (event.kind !== 'data') continue;
      expect(event.body.length).to.equal(body.length);
      break;
    }
    expect(group.subjectOf(connection.id)).to.equal('anna');
  });

  it('are refused before the upgrade with a token that is none', async () => {
    await using daemon = await startWithSecret();
    expect(await failure(page(daemon, 'nonsense'))).to.be.instanceOf(CouldNotConnectError);
    expect(daemon.sessions).to.equal(0);
  });

  it('are asked for a new token when the old one has run out, and miss nothing', async () => {
    await using daemon = await startWithSecret();
    let asked = 0;
    await using connection = await page(daemon, () => tokenOf('anna', asked++ === 0), {
      resume: { holdMs: 10_000 },
    });
    await using other = await page(daemon, tokenOf('bert'), { name: 'other' });
    const group = await connection.join('room');
    const texts: string[] = [];
    group.on('event', (event) => void (event.kind === 'data' && texts.push(event.text)));
    const resumed = new Promise<{ readonly gaps: number }>((resolve) => connection.on('resumed', resolve));
    const away = new Promise<void>((resolve) => connection.on('reconnecting', () => resolve()));
    await away;
    await other.send('room', 'meanwhile');
    expect((await resumed).gaps).to.equal(0);
    await group.send('after');
    await until(() => texts.length === 2, 'both messages');
    expect([texts, asked]).to.deep.equal([['meanwhile', 'after'], 2]);
  });

  it('end when the token has run out and there is no other', async () => {
    await using daemon = await startWithSecret();
    const connection = await page(daemon, tokenOf('anna', true), { resume: true });
    expect(await ending(connection))
      .to.be.instanceOf(ResumeError)
      .with.property('reason', 'not-permitted');
  });

  it('end when the next token is for somebody else', async () => {
    await using daemon = await startWithSecret();
    const tokens = [tokenOf('anna', true), tokenOf('bert')];
    const connection = await page(daemon, () => tokens.shift() ?? '');
    expect(await ending(connection))
      .to.be.instanceOf(SessionChangedError)
      .with.property('now', 'bert');
  });
});
