import { expect } from 'chai';
import {
  CompactMembers,
  ListedMembers,
  type Snapshot,
  snapshotOf,
} from '../../../lib/client/views/members.js';
import { IllegalStateError } from '../../../lib/errors.js';
import { MemberList } from '../../../lib/util/member-list.js';

const names = (count: number, prefix = 'm'): string[] =>
  Array.from({ length: count }, (_, i) => `#${prefix}${String(i).padStart(5, '0')}#d1`);

describe('members of a view', () => {
  it('are one frozen array, made when they are asked for', () => {
    const members = new CompactMembers('g', [['#a#d1'], ['#b#d1', '#c#d2']]);
    expect(members.names).to.deep.equal(['#a#d1', '#b#d1', '#c#d2']);
    expect(members.names).to.equal(members.names).and.to.satisfy(Object.isFrozen);
  });

  for (const count of [3, 500]) {
    it(`are found in a list of ${count}`, () => {
      for (const members of [new ListedMembers(names(count)), new CompactMembers('g', [names(count)])]) {
        expect(members.has(names(count).at(-1) as string)).to.equal(true);
        expect(members.has('#x#d1')).to.equal(false);
      }
    });
  }

  it('say how to get them where they are not known, and are there when the list is', () => {
    const members = new CompactMembers('g', null);
    expect(members.isListed).to.equal(false);
    for (const ask of [() => members.names, () => members.has('#a#d1')])
      expect(ask).to.throw(IllegalStateError, 'the members of g are not listed');
    members.list([['#a#d1']]);
    expect([members.isListed, members.names, members.has('#a#d1')]).to.deep.equal([true, ['#a#d1'], true]);
  });

  it('do not change with the list, and share with the view before all but what changed', () => {
    const list = new MemberList();
    list.assign(names(3_000));
    const [first, before] = [snapshotOf(list), [...list]];
    let [last, copied]: [Snapshot, number] = [first, 0];
    for (const [i, name] of names(1_000, 'n').entries()) {
      list.insert((i * 37) % list.length, name);
      const next = snapshotOf(list);
      const shared = new Set(last);
      for (const chunk of next) if (!shared.has(chunk)) copied += chunk.length;
      last = next;
    }
    expect(first.flat()).to.deep.equal(before);
    expect(last.flat()).to.deep.equal([...list]);
    expect(copied / 1_000, 'names copied for a join').to.be.below(300);
  });
});
