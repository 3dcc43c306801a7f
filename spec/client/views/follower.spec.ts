/** What one group's frames make of its views, case by case; the worlds have the rest. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { viewEvent } from '../../../lib/client/view-event.js';
import type { ViewEvent } from '../../../lib/client/event.js';
import { Followers } from '../../../lib/client/views/followers.js';
import type { List } from '../../../lib/wire/extension/list.js';
import type { Network } from '../../../lib/wire/extension/network.js';
import { readToClient } from '../../../lib/wire/extension/read.js';
import type { ViewRecord } from '../../../lib/wire/extension/view-changes.js';
import type { GroupId } from '../../../lib/wire/group-id.js';
import { MAX_COMPACT_MEMBERS } from '../../../lib/wire/limits.js';
import { hashOf } from './model-frames.js';

const [A, B, C] = ['#a#d1', '#b#d1', '#c#d2'] as const;
const ME: string = '#me#d1';
const ID: GroupId = [1, 2, 3];

/** A member `#me#d1` of a group `g`, and what it did. */
class Member {
  readonly log: string[] = [];
  readonly views: ViewEvent[] = [];
  private readonly followers: Followers;

  constructor({ own = ME, group = 'g', isListed = true } = {}) {
    this.followers = new Followers(own, {
      view: (view) => {
        this.views.push(viewEvent(view));
        this.log.push(`${view.cause} ${view.size}`);
      },
      ask: (name) => void this.log.push(`ask ${name}`),
      answered: (name, answer) => void this.log.push(`answered ${name} ${answer}`),
      mismatch: (name, expected, got) => void this.log.push(`mismatch ${name} ${expected} ${got}`),
    });
    this.followers.join(group, isListed);
  }

  get follower(): NonNullable<ReturnType<Followers['get']>> {
    const follower = this.followers.get('g');
    if (!follower) throw new Error('g is not followed');
    return follower;
  }

  get last(): ViewEvent {
    return this.views.at(-1) as ViewEvent;
  }

  /** What has happened since it was looked at. */
  done(): string[] {
    return this.log.splice(0);
  }

  bytes(hex: string): void {
    const bytes = Buffer.from(hex.replaceAll(/\s/g, ''), 'hex');
    const frame = readToClient(bytes, 0, bytes.length);
    if (frame) this.followers.take(frame);
  }

  list(names: readonly string[], more: Partial<List> = {}): this {
    const all: List = {
      group: 'g',
      id: ID,
      cause: 'join',
      first: true,
      last: true,
      answer: false,
      afterGap: false,
      withSubjects: false,
      members: names.length,
      ownIndex: names.includes(ME) ? names.indexOf(ME) : null,
      hash: hashOf(names),
      messages: null,
      names,
      subjects: null,
    };
    this.followers.take({ kind: 'list', ...all, ...more });
    return this;
  }

  answer(names: readonly string[], more: Partial<List> = {}): this {
    return this.list(names, { cause: 'none', answer: true, ...more });
  }

  /** @param after the list after the records */
  change(records: readonly Partial<ViewRecord>[], after: readonly string[], hash?: bigint, id = ID): this {
    const all = records.map((record): ViewRecord => ({
      cause: 'join',
      index: 0,
      name: '',
      returned: null,
      subject: null,
      ...record,
    }));
    const said = { members: after.length, hash: hash ?? hashOf(after) };
    this.followers.take({ kind: 'views', group: 'g', id, ...said, records: all });
    return this;
  }

  network(after: readonly string[], more: Partial<Network>): this {
    const all: Network = {
      group: 'g',
      id: ID,
      reordered: false,
      members: after.length,
      hash: hashOf(after),
      gone: [],
      come: [],
      sets: [],
      ownSet: null,
    };
    this.followers.take({ kind: 'network', ...all, ...more });
    return this;
  }
}

describe('a group in compact views', () => {
  it('reads the vectors of the protocol', () => {
    const carol = new Member({ own: '#carol#dmn2', group: 'foo' });
    const head = (kind: string, length: string): string =>
      `80001080 666f6f ${'00'.repeat(29)} 00000000 80${kind}0080 ${length}000000`;
    carol.bytes(
      `${head('05', '42')} 856d8ecfd1f5016b05000000 01 03 0000 03000000 02000000 f71f1db29fd397e6
       04646d6e31 02000000 05616c696365 03626f62 04646d6e32 01000000 056361726f6c`,
    );
    const members = ['#alice#dmn1', '#bob#dmn1', '#carol#dmn2'];
    expect(carol.last).to.deep.include({ cause: 'join', changed: '#carol#dmn2', members, joined: members });
    expect(carol.last).to.deep.include({ myIndex: 2, size: 3, cameWithMe: ['#carol#dmn2'] });
    expect(carol.last.id.map((word) => word >>> 0)).to.deep.equal([0xcf8e6d85, 0x6b01f5d1, 5]);
  });

  it('says whom the daemon states to have returned, and to be', () => {
    const me = new Member().list([B, ME], { withSubjects: true, subjects: ['bob@x', null] });
    expect([B, ME, A].map((name) => me.follower.subjectOf(name))).to.deep.equal(['bob@x', null, null]);
    me.change([{ name: A, returned: '#a#d2', subject: 'ann@x' }], [A, B, ME]);
    expect(me.last.returned).to.deep.equal([{ from: '#a#d2', to: A }]);
    expect(me.follower.subjectOf(A)).to.equal('ann@x');
    me.change([{ cause: 'leave', index: 1, name: B }], [A, ME]);
    expect(me.follower.subjectOf(B)).to.equal(null);
    const come = [{ index: 2, name: C, returned: '#c#d1', subject: 'c@x' }];
    me.network([A, ME, C], { come, sets: [[{ first: 0, count: 2 }], [{ first: 2, count: 1 }]], ownSet: 0 });
    expect(me.last).to.deep.include({ returned: [{ from: '#c#d1', to: C }], cameWithMe: [A, ME] });
    expect(me.follower.subjectOf(C)).to.equal('c@x');
  });

  it('gives each record of a frame a view of its own', () => {
    const me = new Member().list([ME]);
    me.change([{ name: A }, { index: 1, name: B }, { cause: 'disconnect', name: A }], [B, ME]);
    expect(
      me.views.slice(1).map(({ members, myIndex, size, id }) => [members, myIndex, size, id[2]]),
    ).to.deep.equal([
      [[A, ME], 1, 2, 3],
      [[A, B, ME], 2, 3, 4],
      [[B, ME], 1, 2, 5],
    ]);
  });

  it('counts ids over the largest number of their last word', () => {
    const me = new Member().list([ME]);
    me.change([{ name: A }, { name: B }], [B, A, ME], undefined, [1, 2, 0x7fff_ffff]);
    expect(me.last.id).to.deep.equal([1, 2, -0x8000_0000]);
  });

  it('asks once where a hash differs, and shows the last right list until the answer', () => {
    const me = new Member().list([A, ME]);
    const before = me.last;
    me.done();
    me.change([{ name: B, index: 1 }], [A, B, ME], 1n).change([{ name: C, index: 3 }], [A, B, ME, C]);
    expect(me.done()).to.deep.equal(['mismatch g 3 3', 'ask g', 'join 3', 'join 4']);
    expect(me.views.slice(1).map(({ members, joined }) => [members, joined])).to.deep.equal([
      [[A, ME], [B]],
      [[A, ME], [C]],
    ]);
    const shown = me.last.members;
    me.answer([A, B, ME, C]);
    expect(me.done()).to.deep.equal(['answered g right']);
    expect(me.last.members).to.deep.equal([A, B, ME, C]);
    expect([shown, before.members]).to.deep.equal([
      [A, ME],
      [A, ME],
    ]);
    me.change([{ cause: 'leave', index: 0, name: A }], [B, ME, C]);
    expect(me.last).to.deep.include({ members: [B, ME, C], myIndex: 1 });
    expect(me.done()).to.deep.equal(['leave 3']);
  });

  for (const [what, record] of [
    ['of one who is not at that place', { cause: 'leave', index: 1, name: A }],
    ['at a place behind the end', { index: 3, name: B }],
    ['of one who is there', { index: 0, name: A }],
  ] as const) {
    it(`asks after a join or leave ${what}`, () => {
      const me = new Member().list([A, ME]);
      me.done();
      me.change([record], record.name === B ? [B, A, ME] : [A, ME]);
      expect(me.done().slice(0, 2)).to.deep.equal([`mismatch g ${me.last.size} 2`, 'ask g']);
      expect(me.last.members).to.deep.equal([A, ME]);
    });
  }

  it('asks after a network view that takes one who is not there', () => {
    const me = new Member().list([A, ME]);
    me.done();
    me.network([A, ME], { gone: [B], sets: [[{ first: 0, count: 2 }]], ownSet: 0 });
    expect(me.done()).to.deep.equal(['mismatch g 2 2', 'ask g', 'network 2']);
  });

  it('has the first list as it came, where a part is missing, and asks', () => {
    const me = new Member();
    const all = { members: 3, ownIndex: 2, hash: hashOf([A, B, ME]) };
    me.list([A], { ...all, last: false }).list([ME], { ...all, first: false });
    expect(me.done()).to.deep.equal(['mismatch g 3 2', 'ask g', 'join 3']);
    expect(me.last.members).to.deep.equal([A, ME]);
    me.answer([A, B, ME]);
    expect(me.last.members).to.deep.equal([A, B, ME]);
  });

  it('does not wait for the last part of a list when something else of the group comes', () => {
    const me = new Member().list([A], { members: 2, ownIndex: 1, hash: hashOf([A, ME]), last: false });
    expect(me.done()).to.deep.equal([]);
    me.change([{ name: B, index: 1 }], [A, B, ME]);
    expect(me.done()).to.deep.equal(['mismatch g 2 1', 'ask g', 'join 2', 'join 3']);
  });

  it('asks for a list where changes come before one', () => {
    const me = new Member().change([{ name: A }], [A, ME]);
    expect(me.done()).to.deep.equal(['join 2', 'ask g']);
    me.answer([A, ME]);
    expect(me.last.members).to.deep.equal([A, ME]);
  });

  it('asks after a list in which it stands elsewhere', () => {
    const me = new Member().list([A, ME], { ownIndex: 0 });
    expect(me.done()).to.deep.equal(['mismatch g 2 2', 'ask g', 'join 2']);
  });

  it('asks after a list that has a name twice', () => {
    const me = new Member().list([A, A, ME]);
    expect(me.done()).to.deep.equal(['mismatch g 3 3', 'ask g', 'join 3']);
  });

  it('does not ask at once after a wrong answer, or both sides would never stop', () => {
    const me = new Member().list([A, ME]).change([{ name: B }], [B, A, ME], 1n);
    me.done();
    me.answer([B, A, ME], { hash: 2n });
    expect(me.done()).to.deep.equal(['mismatch g 3 3', 'answered g wrong']);
    me.change([{ name: C, index: 3 }], [B, A, ME, C]);
    expect(me.done()).to.deep.equal(['join 4', 'ask g']);
  });

  it('takes a list that nobody asked for, whose order later views have', () => {
    const me = new Member().list([A, B, ME]);
    me.done();
    me.answer([ME, B, A]);
    expect(me.last.members).to.deep.equal([A, B, ME]);
    me.change([{ cause: 'leave', index: 1, name: B }], [ME, A]);
    expect(me.last).to.deep.include({ members: [ME, A], myIndex: 0 });
    expect(me.done()).to.deep.equal(['answered g right', 'leave 2']);
  });

  it('drops a right list for a wrong answer, and asks again', () => {
    const me = new Member().list([A, ME]).change([{ name: B }], [B, A, ME], 1n);
    me.network([ME, B, A], { reordered: true, sets: [[{ first: 0, count: 3 }]], ownSet: 0 });
    me.list([ME, B, A], { cause: 'network' }).done();
    me.answer([ME], { hash: 2n });
    expect(me.done()).to.deep.equal(['mismatch g 1 1', 'answered g wrong']);
    expect(me.last.members).to.deep.equal([ME, B, A]);
    me.change([{ index: 3, name: C }], [ME, B, A, C]);
    expect(me.done()).to.deep.equal(['join 4', 'ask g']);
  });

  it('shows a view of another order when its list is there', () => {
    const me = new Member().list([A, B, ME]);
    me.done();
    const [sets, ownSet] = [[[{ first: 0, count: 2 }], [{ first: 2, count: 1 }]], 0] as const;
    me.network([ME, A, C], { reordered: true, gone: [B], come: [come(2, C)], sets, ownSet });
    expect(me.done()).to.deep.equal([]);
    me.list([ME, A, C], { cause: 'network' });
    expect(me.done()).to.deep.equal(['network 3']);
    expect(me.last).to.deep.include({ joined: [C], left: [B], cameWithMe: [ME, A], myIndex: 0 });
  });

  it('shows it without its list when that does not come', () => {
    const me = new Member().list([A, B, ME]);
    me.done();
    me.network([ME, A], { reordered: true, gone: [B], sets: [[{ first: 0, count: 2 }]], ownSet: 0 });
    me.change([{ name: C, index: 2 }], [ME, A, C]);
    expect(me.done()).to.deep.equal(['mismatch g 2 0', 'ask g', 'network 2', 'join 3']);
  });

  describe('on demand', () => {
    const bare = { members: 3, ownIndex: 1, hash: hashOf([A, ME, C]) };

    it('knows all but the list, until it is asked for', () => {
      const me = new Member({ isListed: false }).list([], bare);
      expect(me.done()).to.deep.equal(['join 3']);
      expect(me.last).to.deep.include({ size: 3, myIndex: 1, joined: [ME], left: [] });
      expect(() => me.last.members).to.throw('group.list()');
      me.change([{ name: B, index: 1 }], [A, B, ME, C]);
      expect(me.last).to.deep.include({ size: 4, myIndex: 2, joined: [B] });
      expect(() => me.last.cameWithMe).to.throw('group.list()');
      expect(me.done()).to.deep.equal(['join 4']);
      me.follower.want();
      me.follower.want();
      me.answer([A, B, ME, C]);
      expect(me.done()).to.deep.equal(['ask g', 'answered g right']);
      expect(me.last.members).to.deep.equal([A, B, ME, C]);
      me.change([{ cause: 'leave', index: 0, name: A }], [B, ME, C]);
      expect(me.last.members).to.deep.equal([B, ME, C]);
    });

    it('has its place from a list without names', () => {
      const me = new Member({ isListed: false }).list([], bare);
      me.network([ME, C], { reordered: true, gone: [A], sets: [[{ first: 0, count: 2 }]], ownSet: 0 });
      me.list([], { cause: 'network', members: 2, ownIndex: 0, hash: hashOf([ME, C]) });
      expect(me.last).to.deep.include({ cause: 'network', size: 2, myIndex: 0, left: [A] });
      expect(me.done()).to.deep.equal(['join 3', 'network 2']);
    });

    it('leaves a copy of an event without what it does not know', () => {
      const [known, unknown] = [new Member().list([ME]), new Member({ isListed: false }).list([], bare)];
      expect({ ...known.last }).to.have.keys(KEYS);
      expect(JSON.parse(JSON.stringify(known.last))).to.deep.include({ members: [ME], cameWithMe: [ME] });
      expect({ ...unknown.last }).to.have.keys(
        KEYS.filter((key) => key !== 'members' && key !== 'cameWithMe'),
      );
    });
  });

  it('keeps no list of more members than a list can have', () => {
    const me = new Member().list([A], { members: MAX_COMPACT_MEMBERS + 1, ownIndex: 7 });
    expect(me.last).to.deep.include({ size: MAX_COMPACT_MEMBERS + 1, myIndex: 7 });
    expect(() => me.last.members).to.throw('200000');
    me.change([{ name: B }], { length: MAX_COMPACT_MEMBERS + 2 } as never, 1n);
    expect(me.done()).to.deep.equal([`join ${MAX_COMPACT_MEMBERS + 1}`, `join ${MAX_COMPACT_MEMBERS + 2}`]);
    me.follower.want();
    me.answer([A], { members: MAX_COMPACT_MEMBERS + 2, ownIndex: 7 });
    expect(me.done()).to.deep.equal(['ask g', 'answered g too-long']);
  });

  it('drops a list that grows beyond that, and has it again when it is asked for', () => {
    const me = new Member().list([A, ME]);
    me.done();
    me.change([{ name: B }], { length: MAX_COMPACT_MEMBERS + 1 } as never, 1n);
    expect(() => me.last.members).to.throw('200000');
    me.change([{ cause: 'leave', name: B }], [A, ME]).answer([A, ME]);
    expect(me.last.members).to.deep.equal([A, ME]);
    expect(me.done()).to.deep.equal([
      `join ${MAX_COMPACT_MEMBERS + 1}`,
      'leave 2',
      'ask g',
      'answered g right',
    ]);
  });

  it('ignores frames of groups that are not joined', () => {
    const me = new Member();
    me.list([A], { group: 'other' });
    expect(me.done()).to.deep.equal([]);
  });
});

const come = (index: number, name: string): Network['come'][number] => ({
  index,
  name,
  returned: null,
  subject: null,
});

const KEYS = [
  'kind',
  'group',
  'id',
  'cause',
  'changed',
  'members',
  'size',
  'myIndex',
  'joined',
  'left',
  'cameWithMe',
  'returned',
];
