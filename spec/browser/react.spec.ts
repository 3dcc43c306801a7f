/** The hooks of React at a real listener, rendered without a page. */
import { expect } from 'chai';
import { createElement, type ReactElement, type ReactNode, StrictMode } from 'react';
import { renderToString } from 'react-dom/server';
import { z } from 'zod';
import {
  type GroupState,
  type LeaderState,
  type PresenceState,
  SspProvider,
  type TypedGroupState,
  useGroup,
  useLeader,
  usePresence,
} from '../../lib/browser/react/index.js';
import type { Daemon } from '../../daemon/index.js';
import { connect, InvalidValueError } from '../../lib/index.js';
import { startWithSecret } from '../net/websocket/web-fixture.js';
import { failure } from '../support/failure.js';
import { until } from '../support/wait.js';
import { claims, secretToken } from '../support/web-tokens.js';
import { Screens, withScreens } from './screens.js';
import { withWebSocket } from './web-socket-global.js';

/** What a component has last rendered. */
interface Seen {
  group?: GroupState;
  people?: PresenceState<string>;
  lead?: LeaderState;
  readonly texts: string[];
}

const Room = ({ seen, name = 'room' }: { readonly seen: Seen; readonly name?: string }): null => {
  seen.group = useGroup(name, { onMessage: ({ text }) => void seen.texts.push(text) });
  return null;
};
/** What a component with a schema has seen. */
interface Values {
  group?: TypedGroupState<number>;
  readonly values: (number | undefined)[];
  readonly invalid: string[];
}

const numbers = z.number();
const Numbers = ({ seen }: { readonly seen: Values }): null => {
  seen.group = useGroup('room', {
    schema: numbers,
    // Another one with each rendering.
    codec: { type: 0 },
    onMessage: ({ value }) => void seen.values.push(value),
    onInvalid: ({ body }) => void seen.invalid.push(body.toString()),
  });
  return null;
};
const People = ({ seen, meta }: { readonly seen: Seen; readonly meta: string }): null => {
  seen.people = usePresence('people', { meta });
  return null;
};
const Leader = ({ seen }: { readonly seen: Seen }): null => {
  seen.lead = useLeader('lead');
  return null;
};

const provided = (daemon: Daemon, sub: string, ...inside: ReactNode[]): ReactElement =>
  createElement(
    StrictMode,
    null,
    createElement(
      SspProvider,
      { url: `ws://127.0.0.1:${daemon.webPort}/ssp`, token: () => secretToken(claims({ sub })) },
      ...inside,
    ),
  );

/** A program that writes down the views of a group. */
async function watched(daemon: Daemon, name: string) {
  const connection = await connect({ address: `${daemon.port}@127.0.0.1`, name: 'watch' });
  const group = await connection.join(name);
  const views: string[] = [];
  group.on('view', ({ cause }) => void views.push(cause));
  return { connection, group, views };
}

describe('hooks of React', () => {
  withWebSocket();
  withScreens();

  it('join once in StrictMode and for several components, and leave after the last', async () => {
    await using daemon = await startWithSecret();
    const { connection, group, views } = await watched(daemon, 'room');
    await using screens = new Screens();
    const [one, two]: [Seen, Seen] = [{ texts: [] }, { texts: [] }];
    const screen = screens.show(
      provided(
        daemon,
        'anna',
        createElement(Room, { seen: one, key: 1 }),
        createElement(Room, { seen: two, key: 2 }),
      ),
    );
    await until(() => one.group !== undefined, 'the first rendering');
    expect(one.group).to.include({ state: 'joining', me: null, isFirst: false });
    await until(() => one.group?.state === 'joined' && two.group?.state === 'joined', 'both components');
    await until(() => views.length === 2, 'the view with the page');
    expect(one.group?.members).to.deep.equal(group.members);
    expect([one.group?.isFirst, one.group?.me]).to.deep.equal([true, group.members[0]]);
    await one.group?.send('hello');
    await until(() => one.texts.length === 1 && two.texts.length === 1, 'the message at both');
    screen.update(provided(daemon, 'anna', createElement(Room, { seen: one, key: 1 })));
    await until(() => screen.root.findAllByType(Room).length === 1, 'one component to go');
    await group.send('still');
    await until(() => one.texts.length === 2, 'the next message');
    expect([two.texts, views]).to.deep.equal([['hello'], ['join', 'join']]);
    screen.unmount();
    await until(() => views.length === 3, 'the view without the page');
    expect(views).to.deep.equal(['join', 'join', 'leave']);
    await until(() => daemon.sessions === 1, 'the end of the connection');
    await connection.close();
  });

  it('show the same people in the same order on every screen', async () => {
    await using daemon = await startWithSecret();
    await using screens = new Screens();
    const seen: Seen[] = [];
    const users = ['anna', 'bert', 'anna'];
    const shown = users.map((user, i) => {
      const mine: Seen = { texts: [] };
      seen.push(mine);
      return screens.show(provided(daemon, user, createElement(People, { seen: mine, meta: `tab ${i}` })));
    });
    const keys = (): string[] =>
      seen.map(({ people }) => people?.all.map(({ key, metas }) => `${key} ${metas.join('+')}`).join() ?? '');
    await until(
      () => seen.every(({ people }) => people?.all.flatMap(({ metas }) => metas).length === 3),
      'all tabs',
    );
    expect(new Set(keys()).size).to.equal(1);
    expect(seen[1]?.people?.me?.key).to.equal('bert');
    expect(seen[1]?.people?.others.map(({ key }) => key)).to.deep.equal(['anna']);
    seen[1]?.people?.update('busy');
    await until(() => keys().every((text) => text.includes('bert busy')), 'the new metadata');
    shown[1]?.update(
      provided(daemon, 'bert', createElement(People, { seen: seen[1] as Seen, meta: 'back' })),
    );
    await until(() => keys().every((text) => text.includes('bert back')), 'the new property');
    shown[1]?.unmount();
    await until(() => keys()[0]?.includes('bert') === false, 'bert to leave');
  });

  it('elect one leader, and another when it is gone', async () => {
    await using daemon = await startWithSecret();
    await using screens = new Screens();
    const [one, two]: [Seen, Seen] = [{ texts: [] }, { texts: [] }];
    const shown = [one, two].map((seen, i) =>
      screens.show(provided(daemon, `u${i}`, createElement(Leader, { seen }))),
    );
    const leaders = (): unknown[] => [one, two].map(({ lead }) => lead?.leader);
    await until(() => typeof leaders()[0] === 'string' && leaders()[0] === leaders()[1], 'one leader');
    const leads = [one, two].findIndex(({ lead }) => lead?.isLeader);
    const term = one.lead?.term ?? 0;
    shown[leads]?.unmount();
    const other = leads === 0 ? two : one;
    await until(() => other.lead?.isLeader === true, 'the other one to lead');
    expect(other.lead?.term).to.be.above(term);
  });

  it('join another group where the name changes', async () => {
    await using daemon = await startWithSecret();
    await using screens = new Screens();
    const seen: Seen = { texts: [] };
    const screen = screens.show(provided(daemon, 'anna', createElement(Room, { seen, name: 'a' })));
    await until(() => seen.group?.state === 'joined', 'the first group');
    screen.update(provided(daemon, 'anna', createElement(Room, { seen, name: 'b' })));
    const { connection, group } = await watched(daemon, 'b');
    await until(() => group.members.length === 2, 'the second group');
    await group.send('for b');
    await until(() => seen.texts.includes('for b'), 'its message');
    await connection.close();
  });

  it('read values by the schema of each component, and send what it accepts', async () => {
    await using daemon = await startWithSecret();
    const { connection, group } = await watched(daemon, 'room');
    await using screens = new Screens();
    const [mine, other]: [Seen, Values] = [{ texts: [] }, { values: [], invalid: [] }];
    screens.show(
      provided(
        daemon,
        'anna',
        createElement(Room, { seen: mine, key: 1 }),
        createElement(Numbers, { seen: other, key: 2 }),
      ),
    );
    await until(() => mine.group?.state === 'joined' && other.group?.state === 'joined', 'both components');
    await other.group?.send(5);
    await group.send('no number');
    await group.send('6', { type: 3 });
    await until(() => mine.texts.length === 3, 'the messages as they are');
    expect(mine.texts).to.deep.equal(['5', 'no number', '6']);
    expect(other).to.deep.include({ values: [5, undefined], invalid: ['no number'] });
    expect(await failure(Promise.resolve(other.group?.send('x' as never)))).to.be.instanceOf(
      InvalidValueError,
    );
    const stable = other.group?.send;
    await group.send('7');
    await until(() => other.values.includes(7), 'the next value');
    expect(other.group?.send).to.equal(stable);
    await connection.close();
  });

  it('say why it is over', async () => {
    await using daemon = await startWithSecret();
    await using screens = new Screens();
    const seen: Seen = { texts: [] };
    const url = `ws://127.0.0.1:${daemon.webPort}/`;
    screens.show(createElement(SspProvider, { url, token: 'wrong' }, createElement(Room, { seen })));
    await until(() => seen.group?.state === 'closed', 'the end');
    expect(seen.group?.error).to.have.property('code', 'ERR_SSP_COULD_NOT_CONNECT');
  });

  it('are joining, with nobody, on a server', () => {
    const seen: Seen = { texts: [] };
    const inside = [
      createElement(Room, { seen, key: 1 }),
      createElement(People, { seen, meta: 'm', key: 2 }),
    ];
    renderToString(createElement(SspProvider, { url: 'ws://h/' }, ...inside));
    expect(seen.group).to.deep.include({ state: 'joining', members: [] });
    expect(seen.people).to.deep.include({ all: [], me: null });
  });

  it('want a provider', () => {
    expect(() => renderToString(createElement(Room, { seen: { texts: [] } }))).to.throw(
      'expected an SspProvider',
    );
  });

  it('refuse a schema that is none', () => {
    const Wrong = (): null => {
      useGroup('room', { schema: {} as never });
      return null;
    };
    const inside = createElement(SspProvider, { url: 'ws://h/' }, createElement(Wrong));
    expect(() => renderToString(inside)).to.throw(/schema must be a Standard Schema/);
  });
});
