/** What hooks of React stand on, without React: one client of a provider, and its stores. */
import { expect } from 'chai';
import { Client } from '../../lib/browser/react/client.js';
import type { GroupStore } from '../../lib/browser/react/group-store.js';
import { startWeb } from '../net/websocket/web-fixture.js';
import { uncaught } from '../support/uncaught.js';
import { until } from '../support/wait.js';
import { withWebSocket } from './web-socket-global.js';

const nothing = (): void => undefined;
const joined = (store: GroupStore): Promise<void> =>
  until(() => store.snapshot().state === 'joined', 'the group');

describe('the client of a provider', () => {
  withWebSocket();

  it('listens for the end of its connection once, however often it is used', async () => {
    await using daemon = await startWeb();
    const client = new Client({ url: `ws://127.0.0.1:${daemon.webPort}/` });
    const all = new AbortController();
    const connection = await client.use(all.signal);
    const before = connection.listenerCount('close');
    for (let i = 0; i < 3; i++) {
      const one = new AbortController();
      await client.use(one.signal);
      one.abort();
    }
    expect([connection.listenerCount('close'), connection.open]).to.deep.equal([before, true]);
    all.abort();
    await until(() => daemon.sessions === 0, 'the end');
  });

  it('forgets what nobody has used for a while', async () => {
    await using daemon = await startWeb();
    const client = new Client({ url: `ws://127.0.0.1:${daemon.webPort}/` });
    const leave = [client.group('a'), client.presence('b'), client.leader('c', 2)].map((each) =>
      each.subscribe(nothing),
    );
    const stays = client.group('d').subscribe(nothing);
    await joined(client.group('d'));
    for (const each of leave) each();
    expect(client.stores.size).to.equal(4);
    await until(() => client.stores.size === 1, 'three to be forgotten');
    await joined(client.group('d'));
    stays();
    await until(() => daemon.sessions === 0, 'the end');
  });

  it('has one membership also where a component comes back with a store that was forgotten', async () => {
    await using daemon = await startWeb();
    const client = new Client({ url: `ws://127.0.0.1:${daemon.webPort}/` });
    const [hidden, stays] = [client.group('room'), client.group('other').subscribe(nothing)];
    hidden.subscribe(nothing)();
    await until(() => client.stores.size === 1, 'it to be forgotten');
    const shown = client.group('room');
    const texts: string[] = [];
    const ends = [shown, hidden].map((store, i) => {
      store.live.handlers.add(({ text }) => void texts.push(`${i} ${text}`));
      return store.subscribe(() => undefined);
    });
    await joined(hidden);
    expect([hidden.snapshot(), client.stores.size]).to.deep.equal([shown.snapshot(), 2]);
    await hidden.snapshot().send('x');
    await until(() => texts.length === 2, 'the message at both');
    for (const end of [...ends, stays]) end();
    await until(() => daemon.sessions === 0, 'the end');
  });

  it('hands a message to all, also where a handler throws', async () => {
    await using daemon = await startWeb();
    const client = new Client({ url: `ws://127.0.0.1:${daemon.webPort}/` });
    const store = client.group('room');
    const stays = store.subscribe(nothing);
    const texts: string[] = [];
    store.handlers.add(({ text }) => {
      throw new Error(text);
    });
    store.handlers.add(({ text }) => void texts.push(text));
    await joined(store);
    const errors = await uncaught(2, async () => {
      for (const text of ['a', 'b']) await store.snapshot().send(text);
      await until(() => texts.length === 2, 'both messages');
    });
    expect(texts).to.deep.equal(['a', 'b']);
    expect(errors.map((error) => (error as Error).message)).to.deep.equal(['a', 'b']);
    stays();
    await until(() => daemon.sessions === 0, 'the end');
  });
});
