/** A connection that is back at its daemon before its groups have noticed, at real daemons. */
import type { Socket } from 'node:net';
import { expect } from 'chai';
import { connect, type Connection, type Group, type ResumeOptions } from '../../../lib/index.js';
import { withPlatform } from '../../../lib/mailbox/platform.js';
import { openSocket } from '../../../lib/mailbox/socket-transport.js';
import { election, lock } from '../../../lib/recipes/index.js';
import { MemoryCluster } from '../../support/memory-cluster.js';
import { eventually } from '../../support/wait.js';
import { word } from '../support.js';

/** A member of `g`, and what it hears. */
class Member implements AsyncDisposable {
  readonly words: string[] = [];
  readonly story: string[] = [];

  private constructor(
    readonly connection: Connection,
    readonly group: Group,
    private readonly sockets: readonly Socket[],
  ) {
    const { story } = this;
    group.on('event', (event) => this.words.push(word(event)));
    connection.on('reconnecting', () => story.push(group.isMember ? 'lost, a member' : 'lost'));
    connection.on('resumed', ({ moved, gaps }) => story.push(`back ${moved === null} ${gaps}`));
  }

  static async join(cluster: MemoryCluster, name: string, resume: ResumeOptions = {}): Promise<Member> {
    const sockets: Socket[] = [];
    const open: typeof openSocket = (...args) => {
      const socket = openSocket(...args) as Socket;
      sockets.push(socket);
      return socket;
    };
    const options = { addresses: [cluster.address(0)], name, resume };
    const connection = await connect(withPlatform(options, { open }));
    return new Member(connection, await connection.join('g'), sockets);
  }

  /** The network of the client changes: the daemon hears nothing of it. */
  vanish(): void {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error('expected a connection');
    socket.destroy = () => socket;
    socket.emit('error', new Error('no way to the daemon'));
  }

  /** The connection breaks, at both ends. */
  reset(): void {
    this.sockets.at(-1)?.resetAndDestroy();
  }

  async hears(text: string): Promise<void> {
    await eventually(() => this.words.includes(text), text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.close();
  }
}

const HOLD = { holdMs: 60_000 };

describe('a connection that is back before its groups have noticed', () => {
  for (const [how, resume, lose] of [
    ['with its session taken over', {}, (ann: Member) => ann.vanish()],
    ['with its session held', HOLD, (ann: Member) => ann.reset()],
  ] as const) {
    it(`has what it missed, and is the same member, ${how}`, async () => {
      await using cluster = await MemoryCluster.start(1, () => ({ resumeTimeoutMs: 60_000 }));
      await using bob = await Member.join(cluster, 'bob');
      await using ann = await Member.join(cluster, 'ann', resume);
      await bob.hears('join ann,bob +ann');
      const { id } = ann.connection;
      lose(ann);
      await eventually(() => ann.story.length > 0, 'the loss');
      for (let i = 0; i < 5; i++) void bob.group.send(`m${i}`);
      void ann.group.send('hers');
      await eventually(() => ann.story.length === 2, 'the return');
      expect([ann.connection.id, ann.group.isMember, ann.story]).to.deep.equal([
        id,
        true,
        ['lost', 'back true 0'],
      ]);
      for (const each of [ann, bob]) {
        await each.hears('m4');
        await each.hears('hers');
        const first = each.words.findIndex((words) => words.startsWith('join ann,bob'));
        const after = each.words.slice(first + 1);
        expect(after.toSorted()).to.deep.equal(['hers', 'm0', 'm1', 'm2', 'm3', 'm4']);
      }
    });
  }

  it('has given up leadership and lock in between, and leads again with the same term', async () => {
    await using cluster = await MemoryCluster.start(1, () => ({ resumeTimeoutMs: 60_000 }));
    await using ann = await Member.join(cluster, 'ann', HOLD);
    await using bob = await Member.join(cluster, 'bob');
    const first = await election(ann.connection, 'lead');
    const second = await election(bob.connection, 'lead');
    await eventually(() => first.isLeader, 'the leader');
    const key = await lock(ann.connection, 'key');
    const held = await key.acquire();
    const { term } = first;
    const terms: number[] = [];
    first.on('elected', (event) => terms.push(event.term));
    let isAborted = false;
    ann.connection.once('reconnecting', () => {
      isAborted = held.signal.aborted && !first.isLeader;
    });
    ann.reset();
    await eventually(() => ann.story.length === 2 && first.isLeader, 'the return');
    expect([isAborted, terms, second.isLeader]).to.deep.equal([true, [term], false]);
    await held.release().catch(() => undefined);
    const again = await key.acquire();
    expect(again.signal.aborted).to.equal(false);
  });
});
