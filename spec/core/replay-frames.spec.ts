import type { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { ReplayFrames } from '../../daemon/core/replay-frames.js';
import type { GroupList } from '../../daemon/core/past-list.js';
import { type GapReason, readGap } from '../../lib/wire/extension/gap.js';
import { type List, MAX_LIST_PART_BYTES, readList } from '../../lib/wire/extension/list.js';
import { readNetwork } from '../../lib/wire/extension/network.js';

class Outlet {
  isFull = false;
  readonly awayMs = 7;
  isBare = false;
  readonly frames: Buffer[] = [];

  deliver(bytes: Buffer, start: number, end: number): void {
    this.frames.push(bytes.subarray(start, end));
  }

  readonly reasons: GapReason[] = [];

  lost(reason: GapReason): GapReason {
    this.reasons.push(reason);
    return this.reasons.length > 1 ? 'slow' : reason;
  }

  isOnDemand(): boolean {
    return this.isBare;
  }

  isOwn(name: string): boolean {
    return name === '#m3#b';
  }

  get lists(): List[] {
    return this.frames.map((frame) => readList(frame, 0, frame.length));
  }
}

const listOf = (count: number, subject: string | null = null): GroupList => ({
  group: 'g',
  id: [1, 2, 3],
  hash: 9n,
  messages: 70,
  members: Array.from({ length: count }, (_, i) => ({ name: `#m${i}#${i < 2 ? 'a' : 'b'}`, subject })),
});

describe('the frames of a replay', () => {
  it('are a list with the own place', () => {
    const outlet = new Outlet();
    new ReplayFrames(outlet).list(listOf(4), 'join');
    const [list] = outlet.lists;
    expect(list).to.include({
      cause: 'join',
      ownIndex: 3,
      members: 4,
      first: true,
      last: true,
      afterGap: false,
    });
    expect(list?.names).to.deep.equal(['#m0#a', '#m1#a', '#m2#b', '#m3#b']);
  });

  it('are parts of at most 64 KiB of a long list', () => {
    const outlet = new Outlet();
    const { members, ...rest } = listOf(3000, 'somebody whom the daemon states it to be');
    new ReplayFrames(outlet).list({ ...rest, members }, 'gap');
    const { lists } = outlet;
    expect(lists.length).to.be.above(1);
    expect(Math.max(...outlet.frames.map(({ length }) => length))).to.be.below(MAX_LIST_PART_BYTES + 100);
    expect(lists.flatMap(({ names }) => names)).to.deep.equal(members.map(({ name }) => name));
    expect(new Set(lists.flatMap(({ subjects }) => subjects ?? [])).size).to.equal(1);
    expect(
      lists.map(({ first, last }) => [first, last]).filter(([first, last]) => first || last),
    ).to.deep.equal([
      [true, false],
      [false, true],
    ]);
    expect(lists.every(({ afterGap }) => afterGap)).to.equal(true);
  });

  it('are the head of a list alone for one who gets it on demand', () => {
    const outlet = new Outlet();
    outlet.isBare = true;
    new ReplayFrames(outlet).list(listOf(4), 'order');
    expect(outlet.lists[0]).to.deep.include({ cause: 'network', names: [], members: 4, ownIndex: 3 });
  });

  it('say in a network view the set of a member, and none to an observer', () => {
    const outlet = new Outlet();
    const frames = new ReplayFrames(outlet);
    const view = {
      group: 'g',
      id: [1, 2, 3] as const,
      reordered: false,
      members: 1,
      hash: 9n,
      gone: [],
      come: [],
      sets: [[{ first: 0, count: 1 }]],
      ownSet: 0,
    };
    for (const isListed of [true, false])
      frames.network({ kind: 'network', group: 'g', at: 0, view, goneSubjects: [] }, isListed);
    const sets = outlet.frames.map((frame) => readNetwork(frame, 0, frame.length).ownSet);
    expect(sets).to.deep.equal([0, null]);
  });

  it('say how long the client was away, and why something is missing', () => {
    const outlet = new Outlet();
    for (let i = 0; i < 2; i++) new ReplayFrames(outlet).gap('g', 'overrun');
    const [frame, other] = outlet.frames as [Buffer, Buffer];
    expect(readGap(frame, 0, frame.length)).to.deep.equal({
      group: 'g',
      reason: 'overrun',
      missed: null,
      awayMs: 7,
    });
    expect(outlet.reasons).to.deep.equal(['overrun', 'overrun']);
    expect(readGap(other, 0, other.length).reason).to.equal('slow');
  });
});
