/** Connections at daemons that stop one after the other: nothing is lost, and nothing comes twice. */
import { expect } from 'chai';
import type { Daemon } from '../../../daemon/index.js';
import { connect, type Connection, type Group } from '../../../lib/index.js';
import { election } from '../../../lib/recipes/index.js';
import { MemoryCluster } from '../../support/memory-cluster.js';
import { eventually } from '../../support/wait.js';
import { word } from '../support.js';

const MEMBERS = 5;

/** A member of `g` that hears, and says, numbers. */
class Member implements AsyncDisposable {
  readonly words: string[] = [];
  readonly story: string[] = [];
  /** Number of its messages. */
  said = 0;

  private constructor(
    readonly name: string,
    readonly connection: Connection,
    readonly group: Group,
  ) {
    const { story } = this;
    group.on('event', (event) => this.words.push(word(event)));
    connection.on('reconnecting', ({ cause }) => story.push(`reconnecting: ${cause?.message}`));
    connection.on('moved', ({ reason }) => story.push(reason));
    connection.on('resumed', ({ moved, gaps }) => story.push(`${moved?.from} to ${moved?.to}, ${gaps} gaps`));
  }

  static async join(cluster: MemoryCluster, index: number, name: string): Promise<Member> {
    const all = cluster.daemons.map((_, i) => cluster.address(i));
    const connection = await connect({ addresses: [...all.slice(index), ...all.slice(0, index)], name });
    return new Member(name, connection, await connection.join('g'));
  }

  say(): void {
    void this.group.send(`${this.name} ${this.said++}`);
  }

  /** Numbers that it has heard of one. */
  heard(name: string): number[] {
    return this.words.filter((each) => each.startsWith(`${name} `)).map((each) => Number(each.split(' ')[1]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.close();
  }
}

describe('a connection at daemons that are drained', () => {
  it('moves from one to the next while messages flow', async () => {
    await using cluster = await MemoryCluster.start(3, () => ({ drainTimeMs: 20_000 }));
    const members: Member[] = [];
    for (let i = 0; i < MEMBERS; i++) members.push(await Member.join(cluster, 0, `m${i}`));
    const talk = setInterval(() => members.forEach((member) => member.say()), 1);
    try {
      for (const index of [0, 1]) {
        const before = members.map(({ words }) => words.length);
        await eventually(
          () => members.every(({ words }, i) => words.length > (before[i] ?? 0) + 20),
          'some talk',
        );
        await cluster.daemons[index]?.drain();
        await eventually(() => members.every(({ connection }) => connection.open), 'the moves');
        // A move over a change of the daemon view is a return after a loss, which loses nothing either.
        const others = cluster.daemons.slice(index + 1);
        const isTheirs = ({ status }: Daemon): boolean => status.daemons.length === others.length;
        await eventually(() => others.every((each) => isTheirs(each)), 'a daemon view of the others');
      }
      const all = members.map(({ name }) => name);
      await eventually(
        () => members.every(({ group }) => group.members.length === MEMBERS),
        'all to be there',
      );
      clearInterval(talk);
      for (const member of members) await member.connection.confirmed();
      for (const member of members) {
        const hasAll = ({ name, said }: Member): boolean => member.heard(name).at(-1) === said - 1;
        await eventually(() => members.every((each) => hasAll(each)), 'the last messages');
        expect(member.story.filter((each) => each.startsWith('reconnecting'))).to.deep.equal([]);
        expect(member.story.filter((each) => each === 'drain').length).to.be.within(1, 2);
        for (const name of all) {
          const heard = member.heard(name);
          const own = heard[0] ?? 0;
          expect(heard, `${member.name} of ${name}`).to.deep.equal(heard.map((_, i) => own + i));
        }
      }
    } finally {
      clearInterval(talk);
      for (const member of members) await member.connection.close();
    }
  });

  it('gives up leadership before others can have it', async () => {
    await using cluster = await MemoryCluster.start(2);
    await using ann = await Member.join(cluster, 0, 'ann');
    await using bob = await Member.join(cluster, 1, 'bob');
    const [first, second] = [await election(ann.connection, 'lead'), await election(bob.connection, 'lead')];
    await eventually(() => first.isLeader, 'the first leader');
    let wereTwo = false;
    const look = (): void => void (wereTwo ||= first.isLeader && second.isLeader);
    for (const each of [first, second]) each.on('elected', look);
    await cluster.daemons[0]?.drain();
    await eventually(() => second.isLeader || first.isLeader, 'a leader');
    expect(wereTwo).to.equal(false);
  });
});
