/** Presence by person at a real listener: the daemon states who a page is. */
import { expect } from 'chai';
import {
  connect,
  type Connection,
  IllegalParamError,
  type Person,
  presence,
  type Presence,
} from '../../lib/browser/index.js';
import { connect as connectNative } from '../../lib/index.js';
import type { Daemon } from '../../daemon/index.js';
import { startWithSecret } from '../net/websocket/web-fixture.js';
import { failure } from '../support/failure.js';
import { until } from '../support/wait.js';
import { claims, secretToken } from '../support/web-tokens.js';
import { withWebSocket } from './web-socket-global.js';

const page = (daemon: Daemon, sub: string): Promise<Connection> =>
  connect({ url: `ws://127.0.0.1:${daemon.webPort}/`, token: secretToken(claims({ sub })) });

const told = (people: readonly Person<unknown>[]): string[] =>
  people.map(({ key, metas, isMe }) => `${key} ${metas.join('+')}${isMe ? ' me' : ''}`);

/** Comings and goings of people. */
function noted(all: Presence<unknown>): string[] {
  const seen: string[] = [];
  all.on('person-joined', ({ key }) => seen.push(`+${key}`));
  all.on('person-left', ({ key, metas }) => seen.push(`-${key} ${metas.join()}`));
  return seen;
}

describe('people in browsers', () => {
  withWebSocket();

  it('are one with all their tabs, in the same order on every screen', async () => {
    await using daemon = await startWithSecret();
    const tabs = [await page(daemon, 'anna'), await page(daemon, 'bert'), await page(daemon, 'anna')];
    const all: Presence<string>[] = [];
    for (const [i, tab] of tabs.entries()) all.push(await presence(tab, 'room', { metadata: `tab ${i}` }));
    const [first, second, third] = all as [Presence<string>, Presence<string>, Presence<string>];
    await until(() => all.every(({ here }) => here.length === 3), 'all tabs everywhere');
    const seen = noted(second);
    const screens = all.map(({ people }) =>
      people.map(({ key, members }) => [key, members.map(({ id }) => id)]),
    );
    expect(screens[1]).to.deep.equal(screens[0]);
    expect(screens[2]).to.deep.equal(screens[0]);
    const anna = third.people.find(({ key }) => key === 'anna');
    expect([anna?.metas.toSorted(), anna?.isMe]).to.deep.equal([['tab 0', 'tab 2'], true]);
    expect(second.people.find(({ key }) => key === 'bert')).to.include({ isMe: true });
    await first.leave();
    await until(() => second.here.length === 2, 'one tab less');
    expect([seen, told(second.people).toSorted()]).to.deep.equal([[], ['anna tab 2', 'bert tab 1 me']]);
    await tabs[2]?.close();
    await until(() => seen.length > 0, 'the last tab');
    expect(seen).to.deep.equal(['-anna tab 2']);
    await Promise.all(tabs.map((tab) => tab.close()));
  });

  it('cannot be somebody else', async () => {
    await using daemon = await startWithSecret();
    await using tab = await page(daemon, 'anna');
    const error = await failure(presence(tab, 'room', { metadata: null, key: 'bert' }));
    expect(error).to.be.instanceOf(IllegalParamError);
    expect(error.message).to.include('key must be "anna", the subject of the token');
    const all = await presence(tab, 'room', { metadata: null, key: 'anna' });
    await until(() => all.people.length === 1, 'itself');
    expect(all.people[0]?.key).to.equal('anna');
  });

  it('may be anybody with the permission impersonate, and without a token', async () => {
    await using daemon = await startWithSecret({}, ['web:gateway impersonate *', '* join,send *']);
    await using gateway = await page(daemon, 'gateway');
    await using program = await connectNative({ address: `${daemon.port}@127.0.0.1` });
    const all = await presence(gateway, 'room', { metadata: 1, key: 'zoe' });
    await presence(program, 'room', { metadata: 2, key: 'zoe' });
    await until(() => all.here.length === 2, 'both');
    expect(
      all.people.map(({ key, metas }) => [key, metas.toSorted((a, b) => Number(a) - Number(b))]),
    ).to.deep.equal([['zoe', [1, 2]]]);
  });

  it('refuses keys that are none', async () => {
    await using daemon = await startWithSecret();
    await using tab = await page(daemon, 'anna');
    for (const key of ['', 5, 'x'.repeat(129)]) {
      const error = await failure(presence(tab, 'room', { metadata: null, key: key as string }));
      expect(error.message).to.include('key must be a text of 1 to 128 bytes');
    }
  });
});
