/** A connection that continues, at whole daemons over TCP. */
import type { Socket } from 'node:net';
import { expect } from 'chai';
import { connect, type Connection, type ConnectionEvent, type Group } from '../../../lib/index.js';
import type { ResumedEvent } from '../../../lib/client/resume/events.js';
import { withPlatform } from '../../../lib/mailbox/platform.js';
import { openSocket } from '../../../lib/mailbox/socket-transport.js';
import { MemoryCluster } from '../../support/memory-cluster.js';
import { eventually } from '../../support/wait.js';
import { word } from '../support.js';

/** A connection `ann` that is in `g`, and what comes of it. */
class Continuing implements AsyncDisposable {
  readonly words: string[] = [];
  readonly returns: ResumedEvent[] = [];

  private constructor(
    readonly connection: Connection,
    readonly group: Group,
    private readonly sockets: readonly Socket[],
  ) {
    connection.on('resumed', (event) => this.returns.push(event));
    group.on('event', (event: ConnectionEvent) => this.words.push(word(event)));
  }

  static async join(addresses: readonly string[]): Promise<Continuing> {
    const sockets: Socket[] = [];
    const open: typeof openSocket = (...args) => {
      const socket = openSocket(...args);
      sockets.push(socket as Socket);
      return socket;
    };
    const resume = { discover: false };
    const connection = await connect(withPlatform({ addresses, name: 'ann', resume }, { open }));
    return new Continuing(connection, await connection.join('g'), sockets);
  }

  cut(): void {
    this.sockets.at(-1)?.resetAndDestroy();
  }

  /** Resolves when it has been back so often. */
  async isBack(count = 1): Promise<void> {
    await eventually(() => this.returns.length === count, `return ${count}`);
  }

  /** Messages, without views. */
  get texts(): string[] {
    return this.words.filter((each) => /^\w+$/.test(each) && each !== 'transition');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.close();
  }
}

const texts = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${name}${i}`);

describe('a connection that continues at real daemons', () => {
  it('has everything that was sent while it was away, once and in order, and so have the others', async () => {
    await using cluster = await MemoryCluster.start(1);
    await using ann = await Continuing.join([cluster.address(0)]);
    await using bob = await connect({ address: cluster.address(0), name: 'bob' });
    const other = await bob.join('g');
    const heard: string[] = [];
    other.on('data', ({ text, sender }) => heard.push(`${sender} ${text}`));
    for (let round = 1; round <= 3; round++) {
      for (const text of texts(`b${round}x`, 20)) void other.send(text);
      ann.cut();
      for (const text of texts(`a${round}x`, 20)) void ann.group.send(text);
      for (const text of texts(`c${round}x`, 20)) void other.send(text);
      await ann.isBack(round);
    }
    await ann.group.send('last', { confirm: true });
    await eventually(() => ann.texts.includes('last') && heard.length === 181, 'the last message');
    expect(heard.map((each) => each.split(' ')[1])).to.deep.equal(ann.texts);
    expect(heard.filter((each) => each.startsWith('#ann#d1 '))).to.have.length(61);
    for (let round = 1; round <= 3; round++)
      for (const name of ['a', 'b', 'c']) {
        const of = ann.texts.filter((each) => each.startsWith(`${name}${round}x`));
        expect(of).to.deep.equal(texts(`${name}${round}x`, 20));
      }
    expect(ann.words.filter((each) => each.startsWith('gap'))).to.deep.equal([]);
    expect(ann.returns.map(({ gaps }) => gaps)).to.deep.equal([0, 0, 0]);
    expect(ann.returns.map(({ moved }) => moved)).to.deep.equal([null, null, null]);
  });

  it('moves to another daemon when its own stops, sees itself go and come, and loses nothing', async () => {
    await using cluster = await MemoryCluster.start(2, () => ({ drainTimeMs: 0 }));
    await using ann = await Continuing.join([cluster.address(0), cluster.address(1)]);
    await using bob = await connect({ address: cluster.address(1), name: 'bob' });
    const other = await bob.join('g');
    other.on('event', () => undefined);
    await eventually(() => ann.words.length === 2, 'the join of another');
    const isLost = new Promise<void>((resolve) => void ann.connection.once('reconnecting', () => resolve()));
    const stopped = cluster.daemons[0]?.stop();
    await isLost;
    for (const text of texts('m', 50)) void other.send(text);
    await ann.isBack();
    await stopped;
    await eventually(() => ann.texts.length === 50, 'the messages');
    expect(ann.texts).to.deep.equal(texts('m', 50));
    expect(ann.words.filter((each) => !/^m\d+$/.test(each))).to.deep.equal([
      'join ann +ann',
      'join ann,bob +bob',
      'transition',
      'network bob -ann',
      'join ann,bob +ann',
    ]);
    expect(ann.returns[0]).to.deep.include({ gaps: 0, moved: { from: '#ann#d1', to: '#ann#d2' } });
    expect(ann.connection.id).to.equal('#ann#d2');
    expect(ann.group.view.returned).to.deep.equal([{ from: '#ann#d1', to: '#ann#d2' }]);
    expect(ann.group.isMember).to.equal(true);
  });

  it('has a gap, and the reason, where more was missed than the daemon keeps', async () => {
    await using cluster = await MemoryCluster.start(1, () => ({ resumeBufferBytes: 65_536 }));
    await using ann = await Continuing.join([cluster.address(0)]);
    await using bob = await connect({ address: cluster.address(0), name: 'bob' });
    await eventually(() => ann.connection.open, 'the connection');
    ann.connection.once('reconnecting', () => {
      for (let i = 0; i < 40; i++) void bob.send('g', Buffer.alloc(10_000));
    });
    const { length } = ann.words;
    await bob.send('g', 'before');
    await eventually(() => ann.words.length > length, 'a message');
    ann.cut();
    await ann.isBack();
    expect(ann.words.slice(length + 1, length + 3)).to.deep.equal(['gap overrun', 'join ann +ann']);
    expect(ann.returns[0]?.gaps).to.equal(1);
  });
});
