/** Sessions of browsers: they are sessions like others, with a subject that the daemon states, and an end that their token sets. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { Daemon } from '../../../daemon/index.js';
import {
  FEATURE_COMPACT_VIEWS,
  FEATURE_MOVES,
  FEATURE_RESUME,
} from '../../../lib/wire/extension/features.js';
import { StreamPosition } from '../../../lib/client/resume/position.js';
import type { Hello } from '../../../lib/wire/extension/hello.js';
import type { Welcome } from '../../../lib/wire/extension/welcome.js';
import { encodeResume } from '../../../lib/wire/extension/resume.js';
import { AGREED_MESS, isReject } from '../../../lib/wire/service.js';
import { tell } from '../../support/describe-frame.js';
import { deserted } from '../../support/local-daemon.js';
import { RawSession } from '../../support/raw-client.js';
import { until } from '../../support/wait.js';
import { type Dialing, statusOf, WebSession } from '../../support/web-client.js';
import { claims, inSeconds, secretToken } from '../../support/web-tokens.js';
import { startWeb, startWithSecret } from './web-fixture.js';

const hello: Hello = {
  features: FEATURE_COMPACT_VIEWS | FEATURE_RESUME | FEATURE_MOVES,
  holdMs: 0,
  heartbeatMs: 0,
  attempt: 0,
  resume: null,
};

const as = (sub: string, more: object = {}): Dialing => ({ token: secretToken(claims({ sub, ...more })) });

/** Members of the group and the subjects that the daemon states of them, as the observer's list has them. */
async function subjectsSeen(
  daemon: Daemon,
  group: string,
  observer: Dialing,
): Promise<Record<string, string | null>> {
  const session = await WebSession.connect(daemon.webPort, 'observer', observer, hello);
  session.join(group);
  await until(() => session.extension.some(({ kind }) => kind === 'list'), 'the list');
  const list = session.extension.find((each) => each.kind === 'list');
  if (list?.kind !== 'list') throw new Error('no list');
  session.close();
  return Object.fromEntries(list.names.map((name, i) => [name, list.subjects?.[i] ?? null]));
}

describe('WebSocket: session', () => {
  it('is one like others: views, messages in order, a disconnect', async () => {
    await using daemon = await startWeb();
    const native = await RawSession.connect(daemon.port, 'native');
    native.join('g');
    await native.next();
    const web = await WebSession.connect(daemon.webPort, 'web');
    web.join('g');
    expect(tell(await web.next())).to.equal(tell(await native.next()));
    web.multicast(AGREED_MESS, ['g'], 'hello');
    native.multicast(AGREED_MESS, ['g'], 'hi');
    for (const each of [web, native] as const) {
      const seen = [await each.next(), await each.next()].map(
        ({ name, body }) => `${name} ${body.toString()}`,
      );
      expect(seen).to.have.members(['#web#dmn1 hello', '#native#dmn1 hi']);
    }
    web.disconnect();
    expect((await native.next()).name).to.equal('g');
    expect(await web.client.closed()).to.equal(1000);
    native.close();
    expect(daemon.counters.webEnds).to.deep.equal({ requested: 1 });
  });

  it('carries messages of any length both ways', async () => {
    await using daemon = await startWeb();
    const web = await WebSession.connect(daemon.webPort, 'web');
    web.join('g');
    await web.next();
    for (let i = 0; i < 20; i++) web.multicast(AGREED_MESS, ['g'], Buffer.alloc(140_000, i));
    for (let i = 0; i < 20; i++)
      expect((await web.next()).body.equals(Buffer.alloc(140_000, i))).to.equal(true);
    web.close();
  });

  it('compresses what it sends where that is wanted', async () => {
    await using daemon = await startWeb({ compression: true });
    const web = await WebSession.connect(daemon.webPort, 'web', { compression: true });
    expect(web.client.socket.extensions).to.match(/permessage-deflate/);
    web.join('g');
    await web.next();
    for (let i = 0; i < 10; i++) web.multicast(AGREED_MESS, ['g'], Buffer.alloc(100_000, i));
    for (let i = 0; i < 10; i++)
      expect((await web.next()).body.equals(Buffer.alloc(100_000, i))).to.equal(true);
    web.close();
  });

  it('ends for the others when the page closes, or breaks', async () => {
    await using daemon = await startWeb();
    const native = await RawSession.connect(daemon.port, 'native');
    native.join('g');
    await native.next();
    for (const end of ['close', 'terminate'] as const) {
      const web = await WebSession.connect(daemon.webPort, 'web');
      web.join('g');
      await native.next();
      web.client.socket[end]();
      expect(tell(await native.next())).to.match(/disconnect/i);
    }
    native.close();
  });

  it('sees the daemon stop with 1012', async () => {
    const daemon = await startWeb();
    const web = await WebSession.connect(daemon.webPort, 'web', {}, hello);
    const stopped = daemon.stop();
    expect(await web.client.closed()).to.equal(1012);
    await stopped;
    expect(web.extension.map((each) => (each.kind === 'end' ? each.code : each.kind))).to.include('stopping');
  });

  it('is not asked to move: it knows no address of another daemon', async () => {
    await using daemon = await startWeb();
    const web = await WebSession.connect(daemon.webPort, 'web', {}, hello);
    expect(web.welcome?.features).to.equal(FEATURE_COMPACT_VIEWS | FEATURE_RESUME);
    web.close();
  });

  it('can be told apart by the operator', async () => {
    await using daemon = await startWithSecret({ anonymous: true });
    const anna = await WebSession.connect(daemon.webPort, 'a', as('anna'));
    const anonymous = await WebSession.connect(daemon.webPort, 'b');
    const seen = daemon.status
      .sessions()
      .map(({ from, principal, tls }) => [from.replace(/\d+$/, ''), principal, tls]);
    expect(seen).to.have.deep.members([
      ['web 127.0.0.1:', 'web:anna', false],
      ['web 127.0.0.1:', 'web', false],
    ]);
    expect(daemon.status.webSocketCount).to.equal(2);
    anna.close();
    anonymous.close();
    await deserted(daemon);
    expect(daemon.counters.webEnds).to.deep.equal({ closed: 2 });
  });
});

describe('WebSocket: subject of a token', () => {
  it('is stated to the members, and nobody of a member without one', async () => {
    await using daemon = await startWithSecret({ anonymous: true });
    const anna = await WebSession.connect(daemon.webPort, 'a', as('anna'));
    const plain = await WebSession.connect(daemon.webPort, 'b');
    const extended = await WebSession.connect(daemon.webPort, 'c', as('Zoë'), hello);
    for (const each of [anna, plain, extended]) {
      each.join('g');
      await until(() => each.frames.length + each.extension.length > 0, 'the view');
    }
    expect(await subjectsSeen(daemon, 'g', as('eve'))).to.deep.equal({
      '#a#dmn1': 'anna',
      '#b#dmn1': null,
      '#c#dmn1': 'Zoë',
      '#observer#dmn1': 'eve',
    });
    for (const each of [anna, plain, extended]) each.close();
  });

  it('is not stated of a session that may impersonate', async () => {
    await using daemon = await startWithSecret({}, ['web join,send *', 'role:desk impersonate *']);
    const desk = await WebSession.connect(daemon.webPort, 'd', as('dora', { roles: ['desk'] }));
    desk.join('g');
    await desk.next();
    expect(await subjectsSeen(daemon, 'g', as('eve'))).to.deep.equal({
      '#d#dmn1': null,
      '#observer#dmn1': 'eve',
    });
    desk.close();
  });

  it('stands in patterns of permissions', async () => {
    await using daemon = await startWithSecret({}, [
      'web join user:{sub}',
      'role:desk join desk',
      '* send #*',
    ]);
    const anna = await WebSession.connect(daemon.webPort, 'a', as('anna'));
    const isRefused: boolean[] = [];
    for (const group of ['user:bert', 'desk', 'user:anna']) anna.join(group);
    for (let i = 0; i < 3; i++) isRefused.push(isReject((await anna.next()).service));
    expect(isRefused).to.deep.equal([true, true, false]);
    const desk = await WebSession.connect(daemon.webPort, 'd', as('dora', { roles: ['desk'] }));
    desk.join('desk');
    expect(isReject((await desk.next()).service)).to.equal(false);
    expect(daemon.status.core.refused).to.equal(2);
    anna.close();
    desk.close();
  });

  it('lets a session come back with a new token, and nobody else', async () => {
    await using daemon = await startWithSecret();
    const anna = await WebSession.connect(daemon.webPort, 'a', as('anna'), hello);
    const { token, position: place, sid } = anna.welcome as Welcome;
    const position = new StreamPosition();
    position.marked({ tag: place.tag, from: place.index, to: place.index, hash: place.hash });
    anna.join('g');
    await until(() => anna.extension.length > 0, 'the view');
    anna.close();
    await deserted(daemon);
    const again: Hello = { ...hello, attempt: 1, resume: { token, position: position.at(1) } };
    const thief = await WebSession.connect(daemon.webPort, 'b', as('bert'), again);
    expect([thief.welcome?.verdict, thief.welcome?.sid === sid]).to.deep.equal(['unknown', false]);
    const back = await WebSession.connect(daemon.webPort, 'a', as('anna', { exp: inSeconds(7200) }), again);
    expect([back.welcome?.verdict, back.welcome?.sid]).to.deep.equal(['whole', sid]);
    thief.close();
    back.close();
  });

  it('ends a session that another connection would take over with another stated subject', async () => {
    await using daemon = await startWithSecret({}, ['* join,send *', 'role:desk impersonate *']);
    const desk = await WebSession.connect(daemon.webPort, 'a', as('anna', { roles: ['desk'] }), hello);
    const { token, position: place, sid } = desk.welcome as Welcome;
    const position = new StreamPosition();
    position.marked({ tag: place.tag, from: place.index, to: place.index, hash: place.hash });
    desk.join('g');
    await until(() => desk.extension.length > 0, 'the view');
    expect(await subjectsSeen(daemon, 'g', as('bert'))).to.include({ '#a#dmn1': null });
    const dial = async (attempt: number): Promise<WebSession> => {
      const again: Hello = { ...hello, attempt, resume: { token, position: position.at(1) } };
      const back = await WebSession.connect(daemon.webPort, 'a', as('anna'), again);
      const g = { group: 'g', onDemand: false, signalled: false, had: true, wanted: true };
      back.client.send(encodeResume({ next: 2, attempt, more: false, groups: [g] }));
      return back;
    };
    const first = await dial(1);
    expect(first.welcome).to.deep.include({ verdict: 'here', sid });
    expect(await desk.client.closed()).to.equal(1008);
    // No END: its client tries again.
    expect([await first.client.closed(), first.extension]).to.deep.equal([1000, []]);
    const second = await dial(2);
    expect(second.welcome).to.deep.include({ verdict: 'whole', sid });
    await until(() => second.extension.some(({ kind }) => kind === 'resumed'), 'the return');
    expect(await subjectsSeen(daemon, 'g', as('bert'))).to.include({ '#a#dmn1': 'anna' });
    second.close();
  });
});

describe('WebSocket: end of a token', () => {
  it('ends the session with END not-permitted and 4401', async () => {
    await using daemon = await startWithSecret();
    const web = await WebSession.connect(
      daemon.webPort,
      'a',
      as('anna', { exp: Date.now() / 1000 + 0.5 }),
      hello,
    );
    expect(await web.client.closed()).to.equal(4401);
    const end = web.extension.find(({ kind }) => kind === 'end');
    expect(end).to.deep.include({ code: 'not-permitted', text: 'the token has expired' });
    await deserted(daemon);
    expect(daemon.counters.webEnds).to.deep.equal({ 'not-permitted': 1 });
    expect(await statusOf(daemon.webPort, as('anna'))).to.equal(101);
  });

  it('is no end for a page that comes back with a new one: it gets what it has missed', async () => {
    await using daemon = await startWithSecret();
    const dialing = as('anna', { exp: Date.now() / 1000 + 1 });
    const web = await WebSession.connect(daemon.webPort, 'a', dialing, hello);
    const { token, position: place, sid } = web.welcome as Welcome;
    const position = new StreamPosition();
    position.marked({ tag: place.tag, from: place.index, to: place.index, hash: place.hash });
    web.join('g');
    expect(await web.client.closed()).to.equal(4401);
    const again: Hello = { ...hello, attempt: 1, resume: { token, position: position.at(1) } };
    const back = await WebSession.connect(daemon.webPort, 'a', as('anna'), again);
    expect([back.welcome?.verdict, back.welcome?.sid]).to.deep.equal(['whole', sid]);
    back.close();
  });

  it('ends a session without the extension with 4401', async () => {
    await using daemon = await startWithSecret();
    const web = await WebSession.connect(daemon.webPort, 'a', as('anna', { exp: Date.now() / 1000 + 0.5 }));
    expect(await web.client.closed()).to.equal(4401);
  });

  it('is as late as the clocks may differ, for one that was over when it was shown', async () => {
    await using daemon = await startWithSecret();
    const web = await WebSession.connect(daemon.webPort, 'a', as('anna', { exp: Date.now() / 1000 - 29.5 }));
    expect(await web.client.closed()).to.equal(4401);
    expect(await statusOf(daemon.webPort, as('anna', { exp: Date.now() / 1000 - 31 }))).to.equal(401);
  });
});
