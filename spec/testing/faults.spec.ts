/** What clients see of each fault: a row of the guide's table each. */
import { expect } from 'chai';
import { type Cluster, cluster, type ClusterOptions } from '../../daemon/testing/index.js';
import type { Connection } from '../../lib/client/connection.js';
import type { GroupEvent } from '../../lib/client/event.js';
import type { Group } from '../../lib/client/group.js';
import { ConnectionClosedError } from '../../lib/errors.js';
import { groupRpc } from '../../lib/recipes/index.js';

/** A member of the group `room`, and what it saw since the last look. */
class Member {
  private seen: string[] = [];

  private constructor(
    readonly connection: Connection,
    readonly group: Group,
  ) {
    group.on('event', (event) => void this.seen.push(this.word(event)));
    connection.on('close', (error) => void this.seen.push(error?.name ?? 'closed'));
  }

  static async join(c: Cluster, daemon: number, name: string): Promise<Member> {
    const connection = await c.connect(daemon, { name });
    return new Member(connection, await connection.join('room'));
  }

  look(): string[] {
    return this.seen.splice(0);
  }

  private word(event: GroupEvent): string {
    const short = (ids: readonly string[]): string => ids.map((id) => id.split('#')[1]).join('');
    if (event.kind === 'data') return event.text;
    if (event.kind !== 'view') return event.kind;
    const along = event.cause === 'network' ? ` with ${short(event.cameWithMe)}` : '';
    return `${event.cause} ${short(event.members)}${along}`;
  }
}

/** One member at each daemon, a, b and so on, who have seen each other. */
async function room(c: Cluster): Promise<Member[]> {
  const members: Member[] = [];
  for (const { name } of c.daemons)
    members.push(await Member.join(c, members.length, String.fromCharCode(96 + Number(name.slice(1)))));
  await c.settled();
  for (const member of members) member.look();
  return members;
}

const looks = (members: readonly Member[]): string[][] => members.map((each) => each.look());

for (const time of ['real', 'virtual'] as const) {
  const start = async (daemons: number, options: ClusterOptions = {}): Promise<Cluster> =>
    await cluster(daemons, { time, seed: 1, ...options });

  describe(`testing: faults in ${time} time`, () => {
    it('partition and heal: a signal and a view for each side, and who came along', async () => {
      await using c = await start(3);
      const members = await room(c);
      await c.partition([[0], [1, 2]]);
      expect(looks(members)).to.deep.equal([
        ['transition', 'network a with a'],
        ['transition', 'network bc with bc'],
        ['transition', 'network bc with bc'],
      ]);
      expect(members.map(({ connection }) => connection.open)).to.deep.equal([true, true, true]);
      await c.heal();
      expect(looks(members).map((each) => each.at(-1))).to.deep.equal([
        'network abc with a',
        'network abc with bc',
        'network abc with bc',
      ]);
      c.check();
    });

    it('partition: daemons that are named nowhere stay with the first side', async () => {
      await using c = await start(3);
      await c.partition([[1], [2]]);
      expect(c.daemons.map(({ view }) => view.join())).to.deep.equal(['d1,d2', 'd1,d2', 'd3']);
    });

    it('kill: clients lose their connection, others see a view without them', async () => {
      await using c = await start(3);
      const [a, ...others] = (await room(c)) as [Member, Member, Member];
      await c.kill(0);
      expect([a.look(), a.connection.open, a.group.isMember, a.group.members]).to.deep.equal([
        ['ConnectionClosedError'],
        false,
        false,
        [],
      ]);
      expect(looks(others)).to.deep.equal([
        ['transition', 'network bc with bc'],
        ['transition', 'network bc with bc'],
      ]);
      const late = await a.connection.send('room', 'late').catch((error: unknown) => error);
      expect(late).to.be.instanceOf(ConnectionClosedError);
      expect(c.daemons[0]?.state).to.equal('down');
      await c.start(0);
      expect(c.daemons[0]?.view).to.deep.equal(['d1', 'd2', 'd3']);
      const again = await Member.join(c, 0, 'a');
      await c.settled();
      expect(again.group.members).to.have.length(3);
      c.check();
    });

    it('kill and start at one moment: group ids do not come twice', async () => {
      await using c = await start(1);
      const ids = new Set<string>();
      for (let i = 0; i < 3; i++) {
        const { group } = await Member.join(c, 0, 'a');
        ids.add(group.view.id.join());
        await c.kill(0);
        await c.start(0);
      }
      expect(ids.size).to.equal(3);
    });

    it('stop: clients see the end after what they were sent, others a view without them', async () => {
      await using c = await start(2);
      const [a, b] = (await room(c)) as [Member, Member];
      const also = await Member.join(c, 0, 'c');
      await c.settled();
      looks([a, b, also]);
      await b.connection.send('room', 'last');
      await c.settled();
      await c.stop(0);
      expect(b.look()).to.deep.equal(['last', 'transition', 'network b with b']);
      expect(a.look()).to.deep.equal(['last', 'ConnectionClosedError']);
      expect(c.daemons.map(({ state }) => state)).to.deep.equal(['down', 'up']);
      expect(c.daemons[1]?.view).to.deep.equal(['d2']);
      c.check();
    });

    it('freeze and thaw: nothing comes and sends wait; later as after a partition', async () => {
      await using c = await start(3);
      const members = await room(c);
      const [a, b] = members as [Member, Member, Member];
      const rpc = await Promise.all(
        members.map((each, i) => groupRpc(each.connection, 'rpc', { handler: async () => i })),
      );
      await c.settled();
      looks(members);
      await c.freeze(0);
      expect(looks(members)).to.deep.equal([
        [],
        ['transition', 'network bc with bc'],
        ['transition', 'network bc with bc'],
      ]);
      await a.connection.send('room', 'waits');
      await b.connection.send('room', 'missed');
      const answer = await rpc[0]?.call('x', { timeoutMs: 50 });
      expect(answer?.satisfied).to.equal(false);
      await c.settled();
      expect(a.look()).to.deep.equal([]);
      await c.thaw(0);
      expect(a.look()).to.deep.equal(['transition', 'network abc with a', 'waits']);
      expect(b.look()).to.deep.equal(['missed', 'network abc with bc', 'waits']);
      c.check();
    });

    it('cut: one connection is lost, and others see a disconnect', async () => {
      await using c = await start(2);
      const [a, b] = (await room(c)) as [Member, Member];
      c.cut(a.connection);
      await c.settled();
      expect(a.look()).to.deep.equal(['ConnectionClosedError']);
      expect(b.look()).to.deep.equal(['disconnect b']);
    });

    it('pause: a client gets nothing, and is dropped when too much waits for it', async () => {
      await using c = await start(1, { daemon: { limits: { maxSessionMessages: 10 } } });
      const reader = await Member.join(c, 0, 'reader');
      const writer = await Member.join(c, 0, 'writer');
      await c.settled();
      looks([reader, writer]);
      c.pause(reader.connection);
      await writer.connection.send('room', 'unread');
      await c.settled();
      expect([reader.look(), writer.look()]).to.deep.equal([[], ['unread']]);
      c.unpause(reader.connection);
      await c.settled();
      expect(reader.look()).to.deep.equal(['unread']);

      c.pause(reader.connection);
      for (let i = 0; i < 200; i++) await writer.connection.send('room', `${i}`.padEnd(2000));
      await c.until(() => !reader.connection.open, 'it to be dropped');
      expect(c.daemons[0]?.status.counters.ends).to.deep.equal({ 'slow-messages': 1 });
    });

    it('hold: nothing is ordered until it is released, also with `using`', async () => {
      await using c = await start(2);
      const [a, b] = (await room(c)) as [Member, Member];
      const release = c.hold();
      {
        using _ = c.hold();
        await a.connection.send('room', 'held');
        const limited = await c.settled(20).catch((error: Error) => error.message);
        expect(limited).to.match(
          /^settled: after 20 ms d1 has \d+ bytes queued; seed 1, SSP_SEED=1 repeats it\n/,
        );
      }
      await c.clock.sleep(5);
      expect(looks([a, b])).to.deep.equal([[], []]);
      release();
      release();
      await c.settled();
      expect(looks([a, b])).to.deep.equal([['held'], ['held']]);
    });

    it('what is called in one turn happens at one moment', async () => {
      await using c = await start(4);
      const members = await room(c);
      void c.kill(0);
      await c.partition([[1], [2, 3]]);
      expect(looks(members).slice(1)).to.deep.equal([
        ['transition', 'network b with b'],
        ['transition', 'network cd with cd'],
        ['transition', 'network cd with cd'],
      ]);
    });

    it('a connection that has ended, or comes back elsewhere, does not take itself for the first member', async () => {
      await using c = await start(2);
      const other = await Member.join(c, 1, 'b');
      const a = await c.connect(0, { name: 'a', resume: true });
      const group = await a.join('room');
      group.on('event', () => undefined);
      await c.settled();
      const { id } = a;
      expect(group.members[0]).to.equal(id);
      const lost = new Promise((resolve) => void a.once('reconnecting', resolve));
      void c.kill(0);
      await lost;
      expect([group.isMember, group.members.includes(id)]).to.deep.equal([false, false]);
      await c.settled();
      expect([
        a.state,
        group.isMember,
        group.members.includes(id),
        group.members.includes(a.id),
      ]).to.deep.equal(['open', true, false, true]);
      expect(other.group.members).to.deep.equal(group.members);
    });
  });
}

describe('testing: times of faults', () => {
  /** Virtual milliseconds until it is so. */
  async function took(c: Cluster, fact: () => boolean): Promise<number> {
    const begin = c.clock.now();
    await c.until(fact, 'it');
    return c.clock.now() - begin;
  }

  it('a cut takes what a connection uses, also where another daemon was dialled last', async () => {
    await using c = await cluster(3, { time: 'virtual', seed: 1 });
    const a = await c.connect(0, { name: 'a', resume: true });
    await c.settled();
    const story: string[] = [];
    a.on('reconnecting', () => story.push('reconnecting'));
    a.on('resumed', ({ address }) => story.push(`resumed at ${address}`));
    for (const daemon of [1, 2]) await c.freeze(daemon, { wait: 'nothing' });
    await c.kill(0, { wait: 'nothing' });
    // Long enough to dial both of the others, of which the first one to answer counts.
    await c.advance(1000);
    await c.thaw(1, { wait: 'nothing' });
    await c.until(() => a.open && story.length === 2, 'the return');
    expect(story).to.deep.equal(['reconnecting', 'resumed at 4803@d2']);
    c.cut(a);
    await c.until(() => story.length > 2, 'the loss');
    expect(story[2]).to.equal('reconnecting');
    await c.thaw(2, { wait: 'nothing' });
    await c.settled();
    expect(a.open).to.equal(true);
  });

  it('a cut is noticed after `detectionMs`, whatever else is noticed before', async () => {
    await using c = await cluster(4, { time: 'virtual', seed: 1 });
    await c.kill(3);
    await c.start(3, { wait: 'nothing' });
    await c.advance(1000);
    void c.partition([[0], [1, 2, 3]], { wait: 'nothing' });
    const is = (index: number, ...names: string[]): boolean => c.daemons[index]?.view.join() === names.join();
    // The fourth is noticed by the two that reach it, and these find out then that the first is gone.
    expect(await took(c, () => is(1, 'd2', 'd3', 'd4'))).to.be.within(500, 501);
    expect(is(0, 'd1')).to.equal(false);
    expect(await took(c, () => is(0, 'd1'))).to.be.within(1899, 1901);
    void c.heal({ wait: 'nothing' });
    expect(await took(c, () => is(0, 'd1', 'd2', 'd3', 'd4'))).to.be.within(1500, 1501);
  });

  it('a partition that heals before it is noticed is none', async () => {
    await using c = await cluster(2, { time: 'virtual', seed: 1 });
    const members = await room(c);
    await c.partition([[0], [1]], { wait: 'nothing' });
    await c.advance(1000);
    await members[0]?.connection.send('room', 'late');
    await c.heal();
    await c.settled();
    expect(looks(members)).to.deep.equal([['late'], ['late']]);
  });

  it('delay: what one daemon sends comes later to another one, and `safe` waits for that', async () => {
    await using c = await cluster(3, { time: 'virtual', seed: 1, delayMs: 0 });
    const members = await room(c);
    const [a] = members as [Member, Member, Member];
    c.delay(0, 2, 300);
    const begin = c.clock.now();
    const at: string[] = [];
    for (const [i, { group }] of members.entries())
      group.on('data', ({ service }) => void at.push(`${service} ${i} ${Math.round(c.clock.now() - begin)}`));
    await a.connection.send('room', 'agreed');
    await c.settled();
    expect(at.splice(0)).to.deep.equal(['agreed 0 0', 'agreed 1 0', 'agreed 2 300']);
    await a.connection.send('room', 'safe', { service: 'safe' });
    await c.settled();
    expect(at.splice(0).map((each) => each.replace(/\d+$/, (time) => `${Number(time) - 300}`))).to.deep.equal(
      ['safe 0 300', 'safe 1 300', 'safe 2 300'],
    );
    c.delay(0, 2, 0);
    await a.connection.send('room', 'agreed');
    await c.settled();
    expect(new Set(at.map((each) => each.split(' ').at(-1))).size).to.equal(1);
  });
});
