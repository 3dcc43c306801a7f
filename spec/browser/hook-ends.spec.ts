/** Hooks of React whose membership or connection ends. */
import { expect } from 'chai';
import { createElement, type ReactElement, StrictMode } from 'react';
import {
  type GroupState,
  type LeaderState,
  type PresenceState,
  SspProvider,
  useGroup,
  useLeader,
  usePresence,
} from '../../lib/browser/react/index.js';
import { PermissionDeniedError } from '../../lib/index.js';
import { startWithSecret } from '../net/websocket/web-fixture.js';
import { failure } from '../support/failure.js';
import { startDaemon } from '../support/local-daemon.js';
import { until } from '../support/wait.js';
import { claims, inSeconds, secretToken } from '../support/web-tokens.js';
import { WebBridge } from './bridge.js';
import { Screens, withScreens } from './screens.js';
import { withWebSocket } from './web-socket-global.js';

/** What components have rendered last. */
interface Seen {
  readonly groups: Map<string, GroupState>;
  people?: PresenceState<null>;
  lead?: LeaderState;
}

const Room = ({ seen, name }: { readonly seen: Seen; readonly name: string }): null => {
  seen.groups.set(name, useGroup(name));
  return null;
};
const People = ({ seen }: { readonly seen: Seen }): null => {
  seen.people = usePresence('people', { meta: null });
  return null;
};
const Leader = ({ seen }: { readonly seen: Seen }): null => {
  seen.lead = useLeader('lead');
  return null;
};

/** Expires four seconds from now: the daemon allows for clocks that differ by half a minute. */
const SOON = -26;

describe('hooks of React at an end', () => {
  withWebSocket();
  withScreens();

  it('say that the daemon has taken the membership away', async () => {
    const rules = [
      '* join,send room',
      ...['secret', 'people', 'lead'].map((name) => `role:desk join,send ${name}`),
    ];
    await using daemon = await startWithSecret({}, rules);
    await using screens = new Screens();
    const seen: Seen = { groups: new Map() };
    let roles = ['desk'];
    const token = (): string =>
      secretToken(claims({ roles, exp: inSeconds(roles.length > 0 ? SOON : 3600) }));
    screens.show(
      createElement(
        SspProvider,
        { url: `ws://127.0.0.1:${daemon.webPort}/ssp`, token },
        createElement(Room, { seen, name: 'secret', key: 1 }),
        createElement(Room, { seen, name: 'room', key: 2 }),
        createElement(People, { seen, key: 3 }),
        createElement(Leader, { seen, key: 4 }),
      ),
    );
    const group = (name: string): GroupState | undefined => seen.groups.get(name);
    await until(
      () => group('secret')?.state === 'joined' && group('room')?.state === 'joined',
      'both groups',
    );
    await until(() => seen.people?.all.length === 1 && seen.lead?.isLeader === true, 'the recipes');
    // The next token is one without the role.
    roles = [];
    await until(() => group('secret')?.state === 'closed', 'the end of the membership');
    expect(group('secret')?.error).to.be.instanceOf(PermissionDeniedError).with.property('group', 'secret');
    expect(await failure(Promise.resolve(group('secret')?.send('x')))).to.equal(group('secret')?.error);
    await until(() => seen.people?.error !== null && seen.lead?.error !== null, 'the ends of the recipes');
    expect(seen.people?.error).to.be.instanceOf(PermissionDeniedError).with.property('group', 'people');
    expect(seen.lead?.error).to.be.instanceOf(PermissionDeniedError).with.property('group', 'lead');
    expect([seen.people?.all, seen.lead?.isLeader]).to.deep.equal([[], false]);
    await until(() => group('room')?.state === 'joined', 'the other group to come back');
  });

  it('try again for a component that comes after the failure', async () => {
    await using daemon = await startDaemon();
    let isOpen = false;
    await using bridge = await WebBridge.start(daemon.port, () => isOpen);
    await using screens = new Screens();
    const seen: Seen = { groups: new Map() };
    const { url } = bridge;
    const shown = (...keys: readonly string[]): ReactElement =>
      createElement(
        StrictMode,
        null,
        createElement(
          SspProvider,
          { url },
          ...keys.map((key) => createElement(Room, { seen, name: 'room', key })),
        ),
      );
    const screen = screens.show(shown('a'));
    await until(() => seen.groups.get('room')?.state === 'closed', 'the failure');
    isOpen = true;
    // Not for one beside another that shows it.
    screen.update(shown('a', 'b'));
    await until(() => screen.root.findAllByType(Room).length === 2, 'the second component');
    expect(seen.groups.get('room')?.state).to.equal('closed');
    screen.update(shown('c'));
    await until(() => seen.groups.get('room')?.state === 'joined', 'the next attempt');
    expect(bridge.pages).to.have.length(1);
  });

  it('take the name over where the provider has another token', async () => {
    await using daemon = await startWithSecret();
    await using screens = new Screens();
    const seen: Seen = { groups: new Map() };
    const shown = (sub: string): ReactElement =>
      createElement(
        StrictMode,
        null,
        createElement(
          SspProvider,
          {
            url: `ws://127.0.0.1:${daemon.webPort}/ssp`,
            token: secretToken(claims({ sub })),
            name: 'page',
          },
          createElement(Room, { seen, name: 'room', key: 1 }),
          createElement(People, { seen, key: 2 }),
        ),
      );
    const isHere = (sub: string): boolean =>
      seen.groups.get('room')?.state === 'joined' && seen.people?.all.map(({ key }) => key).join() === sub;
    const screen = screens.show(shown('anna'));
    await until(() => isHere('anna'), 'the first user');
    const most = { people: 0, sessions: 0 };
    for (const sub of ['bert', 'cleo', 'anna']) {
      screen.update(shown(sub));
      await until(() => {
        most.people = Math.max(most.people, seen.people?.all.length ?? 0);
        most.sessions = Math.max(most.sessions, daemon.sessions);
        return isHere(sub);
      }, `${sub} under the same name`);
      expect(seen.groups.get('room')).to.deep.include({
        error: null,
        members: [seen.groups.get('room')?.me],
      });
    }
    // One after the other: nobody is beside the next one.
    expect(most).to.deep.equal({ people: 1, sessions: 1 });
    // Two changes at once.
    screen.update(shown('dora'));
    screen.update(shown('bert'));
    await until(() => isHere('bert'), 'the last one');
  });
});
