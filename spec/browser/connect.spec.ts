/** The client of browsers at a real daemon, over WebSockets. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { createDaemon, type Daemon } from '../../daemon/index.js';
import {
  type BrowserConnectOptions,
  ConnectionClosedError,
  connect,
  CouldNotConnectError,
  election,
  groupRpc,
  IllegalParamError,
  map,
  presence,
  ResumeError,
  SessionChangedError,
} from '../../lib/browser/index.js';
import { connect as connectNative, type Connection, type Group } from '../../lib/index.js';
import * as native from '../../lib/recipes/index.js';
import { failure } from '../support/failure.js';
import { until } from '../support/wait.js';
import { WebBridge } from './bridge.js';

class WebWorld implements AsyncDisposable {
  private readonly connections: Connection[] = [];

  private constructor(
    readonly daemon: Daemon,
    readonly bridge: WebBridge,
  ) {}

  static async start(accepts?: (protocols: readonly string[]) => boolean): Promise<WebWorld> {
    const daemon = await createDaemon({ name: 'd1', listen: [{ host: '127.0.0.1', port: 0 }] });
    return new WebWorld(daemon, await WebBridge.start(daemon.port, accepts));
  }

  async page(name: string, options: Partial<BrowserConnectOptions> = {}): Promise<Connection> {
    return this.noted(await connect({ url: this.bridge.url, name, ...options }));
  }

  async program(name: string): Promise<Connection> {
    return this.noted(await connectNative({ address: `${this.daemon.port}@127.0.0.1`, name }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.connections.map((connection) => connection.close()));
    await this.bridge[Symbol.asyncDispose]();
    await this.daemon.stop();
  }

  private noted(connection: Connection): Connection {
    this.connections.push(connection);
    return connection;
  }
}

/** What a group gets, in words, as it comes. */
function noted(group: Group): string[] {
  const words: string[] = [];
  group.on('event', (event) => {
    if (event.kind === 'data') words.push(event.text);
    else if (event.kind === 'view') words.push(`${event.cause} ${event.members.join(' ')}`);
    else words.push(event.kind);
  });
  return words;
}

const jwt = (sub: string): string =>
  ['{}', JSON.stringify({ sub }), 's'].map((part) => Buffer.from(part).toString('base64url')).join('.');

describe('connect of browsers', () => {
  it('makes a member that sees what the others see, in the same order', async () => {
    await using world = await WebWorld.start();
    const [page, program] = [await world.page('ann'), await world.program('bob')];
    expect([page.id, page.name, page.state]).to.deep.equal(['#ann#d1', 'ann', 'open']);
    const groups = [await page.join('room'), await program.join('room')];
    const words = groups.map((group) => noted(group));
    for (let i = 0; i < 1000; i++) await Promise.all(groups.map((group, from) => group.send(`${from} ${i}`)));
    await until(() => words.every((each) => each.length >= 2001), 'all messages');
    const [seen = [], others = []] = words.map((each) => each.filter((word) => /^\d/.test(word)));
    expect(seen).to.have.length(2000);
    expect(seen).to.deep.equal(others);
    await program.close();
    await until(() => words[0]?.at(-1) === 'disconnect #ann#d1', 'the view without bob');
  });

  it('sends and gets bodies of any size, in messages that every daemon takes', async () => {
    await using world = await WebWorld.start();
    const [page, program] = [await world.page('ann'), await world.program('bob')];
    const [mine, theirs] = [await page.join('room'), await program.join('room')];
    const body = Buffer.from(Array.from({ length: 140_000 }, (_, i) => i % 251));
    const got: Uint8Array[] = [];
    for (const group of [mine, theirs])
      group.on('event', (event) => void (event.kind === 'data' && got.push(event.body)));
    await mine.send(body);
    await theirs.send(body);
    await until(() => got.length === 4, 'both bodies at both');
    expect(got.every((each) => body.equals(each))).to.equal(true);
    expect(Math.max(...world.bridge.page.sizes)).to.equal(16 * 1024);
  });

  it('asks the daemon to stop while nobody reads, and loses nothing', async () => {
    await using world = await WebWorld.start();
    const [page, program] = [await world.page('ann'), await world.program('bob')];
    const group = await page.join('room');
    const count = 25_000;
    for (let i = 0; i < count; i++) await program.send('room', String(i));
    const { words } = world.bridge.page;
    await until(() => words.includes('{"stop":true}'), 'the page to stop');
    let next = 0;
    for await (const event of group) {
      if (event.kind !== 'data') continue;
      expect(event.text).to.equal(String(next++));
      if (next === count) break;
    }
    expect(words.length).to.be.above(1);
    expect(words.map((word, i) => word === `{"stop":${i % 2 === 0}}`)).to.not.include(false);
  });

  it('has the recipes of programs, and runs them with programs', async () => {
    await using world = await WebWorld.start();
    const [page, program] = [await world.page('ann'), await world.program('bob')];
    const elections = [await election(page, 'lead'), await native.election(program, 'lead')];
    await until(() => elections.every(({ leader }) => leader === '#ann#d1'), 'one leader');
    const here = await presence(page, 'here', { metadata: { tab: 1 } });
    await native.presence(program, 'here', { metadata: { tab: 2 } });
    await until(() => here.here.length === 2, 'both');
    expect(here.here.map(({ id, metadata }) => [id, metadata])).to.deep.equal([
      ['#ann#d1', { tab: 1 }],
      ['#bob#d1', { tab: 2 }],
    ]);
    const asking = await groupRpc<number, number>(page, 'ask', { handler: (value) => value + 1 });
    await native.groupRpc<number, number>(program, 'ask', { handler: (value) => value * 2 });
    expect((await asking.call(5)).values).to.deep.equal([6, 10]);
    const maps = [await map<string>(page, 'map'), await native.map<string>(program, 'map')];
    await maps[0]?.set('a', 'ä');
    await until(() => maps[1]?.get('a') === 'ä', 'the key at the program');
  });

  it('is closed by close, which the others see at once', async () => {
    await using world = await WebWorld.start();
    const [page, program] = [await world.page('ann'), await world.program('bob')];
    await page.join('room');
    const group = await program.join('room');
    await page.close();
    await until(() => group.members.length === 1, 'the end of ann');
    expect(page.state).to.equal('closed');
  });

  it('ends when the WebSocket breaks, without resume', async () => {
    await using world = await WebWorld.start();
    const page = await world.page('ann', { token: jwt('ann') });
    const ended = new Promise((resolve) => page.on('close', resolve));
    world.bridge.page.cut();
    expect(await ended).to.be.instanceOf(ConnectionClosedError);
    expect(world.bridge.pages).to.have.length(1);
  });

  it('asks once where the token is refused', async () => {
    await using world = await WebWorld.start(() => false);
    const error = await failure(connect({ url: world.bridge.url, token: 'wrong' }));
    expect(error).to.be.instanceOf(CouldNotConnectError);
    expect(error.message).to.include(world.bridge.url);
    const bearer = `ssp.bearer.${Buffer.from('wrong').toString('base64url')}`;
    expect(world.bridge.refused).to.deep.equal([['ssp.v1', bearer]]);
    const token = (): string => 'wrong';
    expect(await failure(connect({ url: world.bridge.url, token }))).to.be.instanceOf(CouldNotConnectError);
    expect(world.bridge.refused).to.have.length(2);
  });

  it('says why there is no token', async () => {
    await using world = await WebWorld.start();
    const token = (): Promise<string> => Promise.reject(new Error('signed out'));
    const error = await failure(connect({ url: world.bridge.url, token }));
    expect(error).to.be.instanceOf(CouldNotConnectError);
    expect((error.cause as Error).message).to.equal('signed out');
    expect(world.bridge.pages).to.have.length(0);
  });

  it('gives up when the time is up, or the signal comes', async () => {
    await using world = await WebWorld.start();
    const token = (): Promise<string> => new Promise(() => undefined);
    for (const resume of [true, false]) {
      const late = await failure(connect({ url: world.bridge.url, token, resume, timeoutMs: 20 }));
      expect(late).to.be.instanceOf(CouldNotConnectError);
      expect(late.message).to.include('within 20 ms');
      const stop = new AbortController();
      const attempt = failure(connect({ url: world.bridge.url, token, resume, signal: stop.signal }));
      stop.abort(new Error('enough'));
      expect((await attempt).message).to.equal('enough');
    }
  });

  describe('with several urls, or a function for tokens', () => {
    it('comes back, and misses nothing', async () => {
      await using world = await WebWorld.start();
      const { bridge } = world;
      await using second = await WebBridge.start(world.daemon.port);
      const page = await connect({ url: [bridge.url, second.url], name: 'ann', resume: { holdMs: 10_000 } });
      const program = await world.program('bob');
      const group = await page.join('room');
      const words = noted(group);
      const others = noted(await program.join('room'));
      await program.send('room', 'before');
      await until(() => words.includes('before'), 'the first message');
      const resumed = new Promise<{ readonly gaps: number }>((resolve) => page.on('resumed', resolve));
      bridge.page.cut();
      await program.send('room', 'meanwhile');
      expect((await resumed).gaps).to.equal(0);
      await group.send('after');
      await until(() => words.includes('after') && others.includes('after'), 'the last message');
      expect(words.slice(-3)).to.deep.equal(['before', 'meanwhile', 'after']);
      expect(others.slice(-3)).to.deep.equal(['before', 'meanwhile', 'after']);
      await page.close();
    });

    it('asks for a new token when the daemon says that the old one has run out, and continues', async () => {
      await using world = await WebWorld.start();
      let asked = 0;
      const token = (): string => `${jwt('ann')}${++asked}`;
      const page = await world.page('ann', { token, resume: { holdMs: 10_000 } });
      const group = await page.join('room');
      const words = noted(group);
      const resumed = new Promise((resolve) => page.on('resumed', resolve));
      world.bridge.page.end('not-permitted');
      await resumed;
      await group.send('still here');
      await until(() => words.includes('still here'), 'the message');
      expect([asked, page.state]).to.deep.equal([2, 'open']);
      const [first = [], second = []] = world.bridge.pages.map(({ protocols }) => protocols);
      expect(first[1]).to.not.equal(second[1]);
    });

    it('ends when it is not permitted any more and there is no other token', async () => {
      await using world = await WebWorld.start();
      const page = await world.page('ann', { token: jwt('ann'), resume: true });
      const ended = new Promise<Error | undefined>((resolve) => page.on('close', resolve));
      world.bridge.page.end('not-permitted');
      expect(await ended)
        .to.be.instanceOf(ResumeError)
        .with.property('reason', 'not-permitted');
      expect(world.bridge.pages).to.have.length(1);
    });

    it('ends with SessionChangedError when the new token is for somebody else', async () => {
      await using world = await WebWorld.start();
      const tokens = [jwt('ann'), jwt('eve')];
      const page = await world.page('ann', { token: () => tokens.shift() ?? '' });
      const ended = new Promise<Error | undefined>((resolve) => page.on('close', resolve));
      world.bridge.page.cut();
      expect(await ended).to.be.instanceOf(SessionChangedError);
      expect([page.state, world.bridge.pages.length, tokens.length]).to.deep.equal(['closed', 1, 0]);
    });
  });

  for (const [what, options, text] of [
    ['no url', {}, 'url is missing: expected wss://host:port/path'],
    ['a url of another kind', { url: 'https://h/' }, 'url must be wss://host:port/path, or a list of such'],
    ['no urls', { url: [] }, 'url must be wss://host:port/path, or a list of such'],
    [
      'a url that is none',
      { url: ['ws://h:1/', 'ws://'] },
      'url must be wss://host:port/path, or a list of such',
    ],
    ['a token that is none', { url: 'ws://h/', token: 5 }, 'token must be a text or a function'],
    ['a wrong option of resume', { url: 'ws://h/', resume: { holdMs: -1 } }, 'holdMs must be a whole number'],
    [
      'an address',
      { url: 'ws://h/', address: '4803' },
      'unknown option "address"; expected one of url, token',
    ],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const error = await failure(connect(options as unknown as BrowserConnectOptions));
      expect(error).to.be.instanceOf(IllegalParamError);
      expect(error.message).to.include(text);
    });
  }
});
