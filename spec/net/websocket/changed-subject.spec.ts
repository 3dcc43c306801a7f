/** Pages whose next token is somebody else's, where the library cannot read it: they end, and nothing of theirs becomes the other one's. */
import { expect } from 'chai';
import type { Daemon } from '../../../daemon/index.js';
import {
  type Connection,
  connect,
  SessionChangedError,
  type TokenSource,
} from '../../../lib/browser/index.js';
import { ConnectionClosedError } from '../../../lib/errors.js';
import { connect as connectNative } from '../../../lib/index.js';
import { recordWebSockets, withWebSocket } from '../../browser/web-socket-global.js';
import { failure } from '../../support/failure.js';
import { until } from '../../support/wait.js';
import { startWeb } from './web-fixture.js';

/** Checks tokens that say nothing to the library: `NUMBER-SUBJECT`. */
const verify = ({ token }: { readonly token: string | null }): { sub: string } | null =>
  token === null ? null : { sub: token.replace(/^\d+-/, '') };

const urlOf = ({ webPort }: Daemon): string => `ws://127.0.0.1:${webPort}/ssp`;

/** A page whose connection comes back, and what it was closed with. */
async function pageAt(daemon: Daemon, token: TokenSource, giveUpMs = 60_000) {
  const sockets = recordWebSockets();
  const page = await connect({ url: urlOf(daemon), token, name: 'a', resume: { giveUpMs } });
  const closed = new Promise<Error | undefined>((resolve) => page.once('close', resolve));
  return { page, closed, lose: () => sockets.at(-1)?.terminate() };
}

/** What it sends while it is away comes of it, or not. */
const sendWhenAway = (page: Connection): Promise<Error> =>
  new Promise((resolve) => {
    page.once('reconnecting', () => resolve(failure(page.send('room', 'for alice only', { confirm: true }))));
  });

describe('WebSocket: a page whose next token is for another subject', () => {
  withWebSocket();

  it('ends with a SessionChangedError, and nobody sees the other one', async () => {
    await using daemon = await startWeb({ verify });
    let who = '1-alice';
    const { page, closed, lose } = await pageAt(daemon, () => who);
    const program = await connectNative({ address: `${daemon.port}@127.0.0.1`, name: 'b' });
    const [, room] = [await page.join('room'), await program.join('room')];
    const said: string[] = [];
    room.on('data', ({ sender, text }) => said.push(`${sender}: ${text}`));
    const views: string[] = [];
    room.on('view', ({ members }) => views.push(members.join()));
    who = '2-bob';
    const refused = sendWhenAway(page);
    lose();
    const error = await closed;
    expect(error).to.be.instanceOf(SessionChangedError);
    expect(error).to.include({ before: null, now: null });
    expect(error?.message).to.equal('expected a token for the same subject, got one for another');
    expect(await refused).to.equal(error);
    await until(() => daemon.sessions === 1, 'the end of its connections');
    await room.send('settled');
    await until(() => said.length > 0, 'the message');
    expect([said, views.at(-1)]).to.deep.equal([['#b#dmn1: settled'], '#b#dmn1']);
    expect(
      views.filter((members) => members !== '#b#dmn1').every((members) => members.includes('#a#dmn1')),
    ).to.equal(true);
    await program.close();
  });

  it('continues with another token of the same subject, also where nobody knows its session any more', async () => {
    let asked = 0;
    const first = await startWeb({ verify });
    const { webPort: port } = first;
    const { page, lose } = await pageAt(first, () => `${++asked}-alice`);
    await page.join('room');
    const returns: number[] = [];
    page.on('resumed', ({ gaps }) => returns.push(gaps));
    lose();
    await until(() => returns.length === 1, 'the first return');
    await first.stop();
    await using second = await startWeb({ verify, port });
    await until(() => returns.length === 2, 'the second return');
    expect([returns, second.counters.returns]).to.deep.equal([[0, 1], { unknown: 1 }]);
    await page.close();
  });

  it('does not continue where the daemon does not say for whom it is', async () => {
    await using daemon = await startWeb({ verify }, { resume: false });
    let who = '1-alice';
    const { page, closed, lose } = await pageAt(daemon, () => who, 500);
    await page.join('room');
    who = '2-bob';
    lose();
    const error = await closed;
    expect(error).to.be.instanceOf(ConnectionClosedError);
    expect(String(error?.cause)).to.include('does not say whose token');
    await until(() => daemon.sessions === 0, 'the end of its connections');
  });

  it('continues there with the same token', async () => {
    await using daemon = await startWeb({ verify }, { resume: false });
    const { page, lose } = await pageAt(daemon, () => '1-alice');
    await page.join('room');
    let returns = 0;
    page.on('resumed', () => returns++);
    lose();
    await until(() => returns === 1, 'the return');
    await page.close();
  });
});
