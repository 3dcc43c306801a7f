/** The client of browsers at the daemon's own port for them: tokens, subjects, and what becomes of a session whose token runs out. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import type { Daemon } from '../../../daemon/index.js';
import { connect, CouldNotConnectError } from '../../../lib/browser/index.js';
import { connect as connectNative } from '../../../lib/index.js';
import { recordWebSockets } from '../../browser/web-socket-global.js';
import { startWithSecret } from './web-fixture.js';
import { failure } from '../../support/failure.js';
import { until } from '../../support/wait.js';
import { claims, secretToken } from '../../support/web-tokens.js';

const urlOf = ({ webPort }: Daemon): string => `ws://127.0.0.1:${webPort}/ssp`;
const tokenOf = (sub: string, more: object = {}): string => secretToken(claims({ sub, ...more }));

describe('WebSocket: the client of browsers', () => {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket');

  beforeEach(() => {
    Object.defineProperty(globalThis, 'WebSocket', { value: WebSocket, configurable: true, writable: true });
  });
  afterEach(() => {
    if (before) Object.defineProperty(globalThis, 'WebSocket', before);
    else Reflect.deleteProperty(globalThis, 'WebSocket');
  });

  it('lets a page be a member, and says to the others who it is', async () => {
    await using daemon = await startWithSecret();
    const page = await connect({ url: urlOf(daemon), token: tokenOf('anna'), name: 'a' });
    const program = await connectNative({ address: `${daemon.port}@127.0.0.1`, name: 'b' });
    const [group, other] = [await page.join('room'), await program.join('room')];
    await until(() => group.members.length === 2 && other.members.length === 2, 'the view');
    expect(group.members.map((id) => [id, other.subjectOf(id), group.subjectOf(id)])).to.deep.equal([
      ['#a#dmn1', 'anna', 'anna'],
      ['#b#dmn1', null, null],
    ]);
    const bodies: Buffer[] = [];
    for (const each of [group, other]) each.on('data', ({ body }) => bodies.push(Buffer.from(body)));
    const body = Buffer.alloc(140_000, 7);
    await Promise.all([group.send(body), other.send(body)]);
    await until(() => bodies.length === 4, 'the messages');
    expect(bodies.every((each) => each.equals(body))).to.equal(true);
    await Promise.all([page.close(), program.close()]);
  });

  it('ends a session with its token, and takes it on with the next one: nothing is lost', async () => {
    await using daemon = await startWithSecret();
    let asked = 0;
    const token = (): string => tokenOf('anna', asked++ === 0 ? { exp: Date.now() / 1000 + 1 } : {});
    const page = await connect({ url: urlOf(daemon), token, name: 'a' });
    const program = await connectNative({ address: `${daemon.port}@127.0.0.1`, name: 'b' });
    const group = await page.join('room');
    const words: string[] = [];
    group.on('data', ({ body }) => words.push(Buffer.from(body).toString()));
    const gaps: number[] = [];
    page.on('resumed', (each) => gaps.push(each.gaps));
    let sent = 0;
    while (gaps.length === 0) {
      await program.send('room', String(sent++));
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    expect([gaps, asked]).to.deep.equal([[0], 2]);
    await until(() => words.length === sent, 'all messages');
    expect(words).to.deep.equal(Array.from({ length: sent }, (_, i) => String(i)));
    expect(daemon.counters.webEnds).to.deep.equal({ 'not-permitted': 1 });
    await Promise.all([page.close(), program.close()]);
  });

  for (const [how, rolesFirst, rolesThen] of [
    ['loses', ['desk'], []],
    ['gets', [], ['desk']],
  ] as const)
    it(`is somebody else for the others from the return on at which it ${how} the right to impersonate`, async () => {
      const rules = ['* join,send *', 'role:desk impersonate *'];
      await using daemon = await startWithSecret({}, rules);
      const sockets = recordWebSockets();
      let roles: readonly string[] = rolesFirst;
      const token = (): string => tokenOf('anna', { roles });
      const page = await connect({ url: urlOf(daemon), token, name: 'a', resume: { holdMs: 60_000 } });
      const program = await connectNative({ address: `${daemon.port}@127.0.0.1`, name: 'b' });
      const [group, other] = [await page.join('room'), await program.join('room')];
      await until(() => group.members.length === 2 && other.members.length === 2, 'the view');
      const stated = (): (string | null)[] => [group, other].map((each) => each.subjectOf('#a#dmn1'));
      const [first, then] = rolesFirst.length > 0 ? [null, 'anna'] : ['anna', null];
      expect(stated()).to.deep.equal([first, first]);
      let gaps = -1;
      page.on('resumed', (each) => (gaps = each.gaps));
      roles = rolesThen;
      sockets[0]?.terminate();
      await until(() => gaps >= 0 && stated().every((each) => each === then), 'what is stated then');
      expect([gaps, page.id, daemon.status.heldCount]).to.deep.equal([0, '#a#dmn1', 0]);
      await Promise.all([page.close(), program.close()]);
    });

  it('refuses a wrong token, and is not asked again', async () => {
    await using daemon = await startWithSecret();
    const token = secretToken(claims(), {}, Buffer.alloc(32));
    const error = await failure(connect({ url: urlOf(daemon), token }));
    expect(error).to.be.instanceOf(CouldNotConnectError);
    expect(daemon.counters.webRefusals).to.deep.equal({ token: 1 });
  });
});
