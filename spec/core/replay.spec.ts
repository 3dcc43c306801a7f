import type { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { Replay } from '../../daemon/core/replay.js';
import type { PresentState, ReplayRequest, ReplaySink } from '../../daemon/core/replay-ports.js';
import { Delivery, checkDelivery } from '../../lib/wire/delivery.js';
import type { Mark } from '../../lib/wire/extension/position.js';
import { AGREED_MESS, SELF_DISCARD } from '../../lib/wire/service.js';
import { frame, RingRig } from './ring-rig.js';

const ME = '#me#b';
const OLD = '#me#a';

/** What a client would get, in words. */
class Story implements ReplaySink {
  isFull = false;
  readonly told: string[] = [];

  mark({ tag, from, to }: Mark): void {
    this.told.push(`mark ${tag}/${from}-${to}`);
  }

  data(bytes: Buffer, start: number, end: number): void {
    for (let at = start; at < end;) {
      const length = checkDelivery(bytes, at);
      this.told.push(new Delivery(bytes, at, at + length).body.toString('latin1'));
      at += length;
    }
  }

  member({ record }: Parameters<ReplaySink['member']>[0]): void {
    this.told.push(
      `${record.cause} ${record.name}${record.returned === null ? '' : ` was ${record.returned}`}`,
    );
  }

  network({ view }: Parameters<ReplaySink['network']>[0], isListed: boolean): void {
    this.told.push(`network -${view.gone.join()}${isListed ? '' : ', observed'}`);
  }

  /** What lists say of the messages so far. */
  readonly counts: (number | null)[] = [];

  list({ members, messages }: Parameters<ReplaySink['list']>[0], reason: string): void {
    this.counts.push(messages);
    this.told.push(`list ${reason}: ${members.map(({ name }) => name).join(' ')}`);
  }

  signal(group: string): void {
    this.told.push(`signal ${group}`);
  }

  left(group: string): void {
    this.told.push(`left ${group}`);
  }

  isOnDemand(): boolean {
    return false;
  }

  gap(group: string, reason: string): void {
    this.told.push(`gap ${group}: ${reason}`);
  }

  /** What came since the last call. */
  take(): string[] {
    return this.told.splice(0);
  }
}

interface Setting {
  had?: boolean;
  wanted?: boolean;
  signalled?: boolean;
  events?: number;
  from?: number;
}

/** A client with the group `g` that comes back to `b` from the place where the ring is now. */
class Returning {
  readonly story = new Story();
  readonly replay: Replay;
  hasReturned = false;
  names: string[] = [OLD];

  constructor(
    readonly rig: RingRig,
    { had = true, wanted = true, signalled = false, events = 0, from }: Setting = {},
    present: Partial<PresentState> = {},
  ) {
    const request: ReplayRequest = {
      sid: 7n,
      name: ME,
      membership: true,
      position: rig.position(from, events),
      groups: [{ group: 'g', onDemand: false, signalled, had, wanted }],
      started: 0,
    };
    const me = (): Returning => this;
    const state: PresentState = {
      list: (group) => {
        const { members, id, hash } = rig;
        return {
          group,
          id,
          hash,
          members: members.map((name) => ({ name, subject: null })),
          messages: 100,
        };
      },
      groupsOf: (name) => (rig.members.includes(name) ? ['g'] : []),
      signalled: () => null,
      get names() {
        return me().names;
      },
      get hasReturned() {
        return me().hasReturned;
      },
      ...present,
    };
    this.replay = new Replay(rig.ring, rig.index, state, request, this.story);
  }

  /** Its return stands in the order. */
  back(): this {
    const renamed = { kind: 'renamed', sid: 7n, names: [OLD, ME], before: [OLD] } as const;
    this.rig.payload(renamed, this.rig.joined(ME, OLD));
    this.names = [OLD, ME];
    this.hasReturned = true;
    return this;
  }

  read(items?: number): string[] {
    this.rig.index.read(Infinity);
    this.replay.read(this.rig.now, items);
    return this.story.take();
  }
}

const withMembers = (...names: readonly string[]): RingRig => {
  const rig = new RingRig();
  for (const name of names) rig.join(name);
  return rig;
};

describe('a replay', () => {
  it('brings what was missed, with a mark before it, and goes live behind the return', () => {
    const rig = withMembers(OLD, '#x#b');
    const client = new Returning(rig);
    rig.data('one', 'two').leave('#x#b');
    expect(client.read()).to.deep.equal(['mark 1/3-6', 'one', 'two', 'leave #x#b']);
    expect(client.replay.state).to.equal('reading');
    rig.data('three').leave(OLD, 'disconnect');
    client.back();
    rig.data('four');
    expect(client.read()).to.deep.equal([
      'mark 1/6-10',
      'three',
      `disconnect ${OLD}`,
      `join ${ME} was ${OLD}`,
      'four',
      'mark 1/10-10',
    ]);
    expect(client.replay.state).to.equal('live');
  });

  it('leaves out what the client has of the batch, and gives that no other mark', () => {
    const rig = withMembers(OLD);
    const from = rig.history.index;
    rig.data('one', 'two', 'three');
    const client = new Returning(rig, { from, events: 2 });
    rig.data('four');
    expect(client.read()).to.deep.equal(['three', 'mark 1/5-6', 'four']);
  });

  it('counts the frames of a run one by one', () => {
    const rig = withMembers(OLD);
    const from = rig.history.index;
    rig.payload(frame('one'), frame('two'), frame('three'));
    expect(new Returning(rig, { from, events: 1 }).read()).to.deep.equal(['two', 'three']);
  });

  it('ends a batch at 64 KiB, at a view, and at the end of an exchange', () => {
    const rig = withMembers(OLD, '#x#a');
    const client = new Returning(rig);
    rig.data('x'.repeat(70_000), 'one').begin(2n);
    rig.exchange(rig.network('#x#a')).data('two');
    const told = client.read().map((each) => each.slice(0, 12));
    expect(told).to.deep.equal([
      'mark 1/3-4',
      'xxxxxxxxxxxx',
      'mark 1/4-5',
      'one',
      'mark 2/0-1',
      'network -#x#',
      'mark 2/1-2',
      'two',
    ]);
  });

  it('never stops within a payload', () => {
    const rig = withMembers(OLD);
    const client = new Returning(rig);
    rig.payload(frame('one'), rig.joined('#x#b'), frame('two')).data('three');
    expect(client.read(1)).to.deep.equal(['mark 1/2-3', 'one', 'join #x#b', 'two']);
    expect(client.read(1)).to.deep.equal(['mark 1/3-4', 'three']);
  });

  it('waits while enough waits for the socket', () => {
    const rig = withMembers(OLD);
    const client = new Returning(rig);
    rig.data('one');
    client.story.isFull = true;
    expect(client.read()).to.deep.equal([]);
    client.story.isFull = false;
    expect(client.read()).to.deep.equal(['mark 1/2-3', 'one']);
  });

  it('follows the groups of the mark alone, and those that it joins on the way', () => {
    const rig = withMembers('#x#b');
    const client = new Returning(rig, { had: false });
    rig.data('before').join(OLD).data('one').join('#y#a');
    expect(client.read()).to.deep.equal(['mark 1/3-6', `list join: ${OLD} #x#b`, 'one', 'join #y#a']);
  });

  it('counts a long list as many items, since it takes as long', () => {
    const rig = withMembers(...Array.from({ length: 200 }, (_, i) => `#x${i}#b`));
    const client = new Returning(rig, { had: false });
    for (let i = 0; i < 3; i++) rig.join(OLD).leave(OLD);
    rig.index.read(Infinity);
    const lists: number[] = [];
    for (let i = 0; i < 4; i++) {
      client.replay.read(rig.now, 10);
      lists.push(client.story.take().filter((line) => line.startsWith('list join')).length);
    }
    expect(lists).to.deep.equal([1, 1, 1, 0]);
  });

  it('undoes in the list of an own join what came later', () => {
    const rig = withMembers('#w#a', '#x#b', '#y#b');
    const client = new Returning(rig, { had: false });
    rig.join(OLD).leave('#x#b').join('#z#b').begin(2n);
    rig.exchange(rig.network('#w#a'));
    expect(client.read()[1]).to.equal(`list join: ${OLD} #w#a #x#b #y#b`);
  });

  it('says in the list of an own join how many messages there were until then, if it can know', () => {
    const rig = withMembers('#x#b');
    const client = new Returning(rig, { had: false });
    rig.data('before').join(OLD).data('one', 'two').data('three');
    client.read();
    // Of a hundred now.
    expect(client.story.counts).to.deep.equal([97]);
    const other = new Returning(rig, { had: false });
    rig.leave('#x#b').leave(OLD).join(OLD);
    const third = new Returning(rig, { had: false });
    third.names = ['#z#b'];
    rig.join('#z#b').begin(2n).exchange();
    for (const each of [other, third]) each.read();
    expect([other.story.counts, third.story.counts]).to.deep.equal([[null], [null]]);
  });

  it('ends a group at the own leave, also of a group that it is not in', () => {
    const rig = withMembers(OLD);
    const client = new Returning(rig);
    rig.leave(OLD).data('behind').payload({ kind: 'not-member', group: 'g', name: OLD });
    expect(client.read()).to.deep.equal(['mark 1/2-5', 'left g', 'left g']);
  });

  it('observes a group that has vanished, by its name', () => {
    const rig = withMembers(OLD);
    const client = new Returning(rig);
    rig.begin(2n);
    rig.exchange(rig.network(OLD)).data('one');
    expect(client.read()).to.include.members([`network -${OLD}, observed`, 'one']);
  });

  it('brings private messages to all of its names, to the new one from the return on', () => {
    const rig = withMembers(OLD);
    const client = new Returning(rig);
    rig.payload(frame('old', [OLD])).payload(frame('early', [ME]));
    client.back();
    rig
      .payload(frame('new', [ME]))
      .payload(frame('alias', [OLD]))
      .payload(frame('both', [ME, OLD, 'g']));
    const told = client.read().filter((each) => !each.startsWith('mark'));
    expect(told).to.deep.equal(['old', `join ${ME} was ${OLD}`, 'new', 'alias', 'both']);
  });

  it('brings nothing to a name from where it is another session’s', () => {
    const rig = withMembers(ME);
    const client = new Returning(rig);
    client.names = [ME];
    rig.payload(frame('mine', [OLD]));
    rig.payload({ kind: 'renamed', sid: 7n, names: [ME], before: [ME, OLD] });
    rig.payload(frame('not mine', [OLD])).payload(frame('present', [ME]));
    const told = client.read().filter((each) => !each.startsWith('mark'));
    expect(told).to.deep.equal(['mine', 'present']);
  });

  it('leaves out repeats that were dropped, and own messages that it does not want', () => {
    const rig = withMembers(OLD);
    const client = new Returning(rig);
    rig.payload(frame('discarded', ['g'], AGREED_MESS | SELF_DISCARD));
    rig.history.add('a');
    rig.ring.payload(frame('repeat'), rig.now);
    rig.ring.drop();
    rig.ring.done(rig.now);
    rig.data('one');
    expect(client.read()).to.deep.equal(['mark 1/4-5', 'one']);
  });

  it('finds the place that is ahead when the daemon gets there', () => {
    const rig = withMembers(OLD);
    const client = new Returning(withMembers(OLD).data('one'), { events: 0 });
    const other = new Replay(
      rig.ring,
      rig.index,
      (client.replay as unknown as { present: PresentState }).present,
      (client.replay as unknown as { request: ReplayRequest }).request,
      client.story,
    );
    rig.index.read(Infinity);
    expect(other.read(rig.now)).to.equal('ahead');
    rig.data('one', 'two');
    rig.index.read(Infinity);
    expect(other.read(rig.now)).to.equal('reading');
    expect(client.story.take()).to.deep.equal(['mark 1/3-4', 'two']);
  });
});

describe('a replay gives the transitional signal', () => {
  const lost = (rig: RingRig): RingRig => {
    rig.begin(2n);
    return rig.exchange(rig.network('#x#a'));
  };

  it('at its place', () => {
    const rig = withMembers(OLD, '#x#a');
    const client = new Returning(rig);
    lost(rig.data('one').signal().data('two'));
    const told = client.read().filter((each) => !each.startsWith('mark'));
    expect(told).to.deep.equal(['one', 'signal g', 'two', 'network -#x#a']);
  });

  it('at the position, when its place lies before', () => {
    const rig = withMembers(OLD, '#x#a').signal();
    const from = rig.history.index;
    rig.data('one', 'two');
    const client = new Returning(rig, { from, events: 1 });
    expect(client.read()).to.deep.equal(['signal g', 'two']);
  });

  it('at the position, when its place is evicted', () => {
    const rig = new RingRig({ age: 100 }).join(OLD).join('#x#a').signal();
    rig.now += 200;
    rig.data('one');
    expect(new Returning(rig).read()).to.deep.equal(['signal g']);
  });

  it('not again to one who has it, until the next view', () => {
    const rig = withMembers(OLD, '#x#a').signal();
    const client = new Returning(rig, { signalled: true });
    lost(rig);
    rig.signal().data('one');
    const told = client.read().filter((each) => !each.startsWith('mark'));
    expect(told).to.deep.equal(['network -#x#a', 'signal g', 'one']);
  });

  it('not when the client has a view behind it', () => {
    const rig = withMembers(OLD, '#x#a').begin(2n).signal();
    rig.exchange(rig.network('#x#a'));
    rig.data('one');
    const client = new Returning(rig, { from: 1, events: 0 });
    expect(client.read()).to.deep.equal(['one']);
  });
});

describe('a replay that loses continuity', () => {
  it('gives a gap and a new position, and the lists when the return joins', () => {
    const rig = new RingRig({ age: 100 }).join(OLD);
    const client = new Returning(rig, { from: 1 });
    rig.now += 200;
    rig.data('one');
    expect(client.replay.open(rig.now)).to.equal('reading');
    expect(client.story.take()).to.deep.equal(['gap g: overrun', 'mark 1/3-3']);
    rig.leave(OLD, 'disconnect');
    client.back();
    rig.data('two');
    expect(client.read()).to.deep.equal(['mark 1/4-6', `list join: ${ME}`, 'two', 'mark 1/6-6']);
    expect(client.replay.state).to.equal('live');
  });

  it('gives the present list at once to one that is a member, and reads on until its return', () => {
    const rig = new RingRig({ age: 100 }).join(ME);
    const client = new Returning(rig, { from: 1 });
    client.names = [ME];
    rig.now += 200;
    rig.data('one');
    expect(client.replay.open(rig.now)).to.equal('reading');
    expect(client.story.take()).to.deep.equal(['gap g: overrun', `list gap: ${ME}`, 'mark 1/3-3']);
    // The return of an earlier try, to another daemon, takes the group from it until its own one comes.
    rig.leave(ME, 'disconnect').join(OLD, ME).data('two');
    expect(client.read()).to.deep.equal(['mark 1/3-6', `disconnect ${ME}`, `join ${OLD} was ${ME}`, 'two']);
    rig.leave(OLD, 'disconnect');
    client.back();
    rig.data('three');
    expect(client.read()).to.deep.equal([
      'mark 1/6-9',
      `disconnect ${OLD}`,
      `join ${ME} was ${OLD}`,
      'three',
      'mark 1/9-9',
    ]);
    expect(client.replay.state).to.equal('live');
  });

  it('gives one when the ring evicts what it has not read, also where its socket takes nothing', () => {
    const rig = new RingRig({ age: 100 }).join(OLD);
    const client = new Returning(rig);
    rig.data('one');
    client.story.isFull = true;
    client.read();
    rig.now += 200;
    rig.data('two');
    expect(client.read()).to.deep.equal(['gap g: overrun', 'mark 1/4-4']);
  });

  it('gives one where its own requests were ordered in another part of the network, and not for those of others', () => {
    const rig = withMembers(OLD);
    const client = new Returning(rig);
    rig.data('one').payload({ kind: 'elsewhere', sid: 8n });
    expect(client.read()).to.deep.equal(['mark 1/2-3', 'one']);
    rig.payload({ kind: 'elsewhere', sid: 7n });
    rig.leave(OLD, 'disconnect');
    expect(client.read()).to.deep.equal(['gap g: parted', 'mark 1/6-6']);
    // It has a gap already.
    rig.payload({ kind: 'elsewhere', sid: 7n });
    client.back();
    expect(client.read()).to.deep.equal(['mark 1/7-8', `list join: ${ME}`, 'mark 1/8-8']);
  });

  it('knows its names before its requests were ordered elsewhere', () => {
    const rig = withMembers(ME);
    const client = new Returning(rig);
    client.names = [ME];
    rig.payload(frame('mine', [OLD])).payload({ kind: 'elsewhere', sid: 7n });
    rig.payload({ kind: 'renamed', sid: 7n, names: [ME], before: [ME, OLD] });
    expect(client.read().find((each) => !each.startsWith('mark'))).to.equal('mine');
  });

  it('gives one when an entry is evicted before the index has it', () => {
    const rig = new RingRig({ age: 100 }).join(OLD);
    const client = new Returning(rig);
    client.read();
    rig.data('one');
    rig.now += 200;
    rig.data('two');
    expect(client.read()).to.deep.equal(['gap g: overrun', 'mark 1/4-4']);
  });

  it('gives one to a client that counts more than there is', () => {
    const rig = withMembers(OLD);
    const from = rig.history.index;
    rig.data('one');
    const client = new Returning(rig, { from, events: 2 });
    rig.data('two');
    expect(client.read()).to.deep.equal(['gap g: diverged', 'mark 1/4-4']);
  });

  it('answers the leave of a group that it is not in any more', () => {
    const rig = new RingRig({ age: 100 }).join(OLD);
    const client = new Returning(rig);
    client.read();
    client.back();
    rig.leave(OLD, 'disconnect').leave(ME);
    rig.now += 200;
    rig.data('one');
    expect(client.read()).to.deep.equal(['gap g: overrun', 'left g', 'mark 1/6-6']);
    expect(client.replay.state).to.equal('live');
  });
});

describe('a replay that ends', () => {
  it('closes groups that the client has and does not want', () => {
    const rig = withMembers(OLD);
    const client = new Returning(rig, { wanted: false });
    rig.leave(OLD, 'disconnect');
    client.hasReturned = true;
    rig.data('one');
    const told = client.read();
    expect(told.slice(-3)).to.deep.equal(['one', 'mark 1/4-4', 'left g']);
    expect(client.replay.state).to.equal('live');
  });

  it('does nothing while a payload is under way', () => {
    const rig = withMembers(OLD);
    const client = new Returning(rig);
    client.hasReturned = true;
    rig.index.read(Infinity);
    rig.history.add('a');
    rig.ring.payload(null, rig.now);
    expect(client.read()).to.deep.equal([]);
    rig.ring.done(rig.now);
    client.read();
    expect(client.replay.state).to.equal('live');
  });
});
