import { expect } from 'chai';
import { Groups, MAX_REMEMBERED_GROUPS } from '../../daemon/core/groups.js';
import type { GroupId } from '../../lib/wire/group-id.js';
import { nameField } from '../../lib/wire/name.js';
import { FIXED_KEY } from '../support/fixed-key.js';

const begun = (): Groups => {
  const groups = new Groups(FIXED_KEY);
  groups.begin(7, 1000);
  return groups;
};

/** A life of a group: it comes, has so many views and goes. Returns the ids of its views. */
function live(groups: Groups, name: string, views: number): GroupId[] {
  const group = groups.create(name);
  const ids = Array.from({ length: views }, () => groups.advance(group));
  groups.delete(group);
  return ids;
}

describe('core: groups', () => {
  it('give a new group the words of the daemon view and the counter 1', () => {
    const groups = begun();
    expect(groups.advance(groups.create('g'))).to.deep.equal([7, 1000, 1]);
  });

  it('count on with every view', () => {
    const groups = begun();
    const group = groups.create('g');
    expect([groups.advance(group)[2], groups.advance(group)[2], group.id[2]]).to.deep.equal([1, 2, 2]);
  });

  it('find a group by the bytes of its name until it is deleted', () => {
    const groups = begun();
    const group = groups.create('g');
    expect([groups.find(nameField('g'), 0), groups.size]).to.deep.equal([group, 1]);
    groups.delete(group);
    expect([groups.find(nameField('g'), 0), groups.size]).to.deep.equal([undefined, 0]);
  });

  it('go on counting behind the last life of a name', () => {
    const groups = begun();
    live(groups, 'g', 5);
    expect(live(groups, 'g', 2).map(([, , counter]) => counter)).to.deep.equal([6, 7]);
    expect(live(groups, 'g', 1)[0]?.[2]).to.equal(8);
  });

  it('start every name at 1 while the others are remembered', () => {
    const groups = begun();
    live(groups, 'g', 5);
    expect(live(groups, 'h', 1)[0]?.[2]).to.equal(1);
  });

  it('never give an id twice to a name, also when more names are gone than can be remembered', () => {
    const groups = begun();
    const first = live(groups, 'old', 9).map(String);
    for (let i = 0; i < MAX_REMEMBERED_GROUPS + 10; i++) live(groups, `n${i}`, 1);
    const second = live(groups, 'old', 3).map(String);
    expect(new Set([...first, ...second]).size).to.equal(12);
  });

  it('raise the floor under new names to the highest counter that was forgotten, and no more', () => {
    const groups = begun();
    live(groups, 'high', 9);
    live(groups, 'low', 2);
    for (let i = 0; i < MAX_REMEMBERED_GROUPS; i++) live(groups, `n${i}`, 1);
    expect(live(groups, 'fresh', 1)[0]?.[2]).to.equal(10);
  });

  it('remember a limited number of names', () => {
    const groups = begun();
    for (let i = 0; i < MAX_REMEMBERED_GROUPS; i++) live(groups, `n${i}`, 1);
    expect(live(groups, 'fresh', 1)[0]?.[2], 'nothing is forgotten yet').to.equal(1);
    expect(live(groups, 'another', 1)[0]?.[2], 'n0 is forgotten').to.equal(2);
  });

  it('forget the oldest name first, counted from its last life', () => {
    const groups = begun();
    live(groups, 'first', 3);
    live(groups, 'second', 1);
    live(groups, 'first', 1);
    for (let i = 0; i < MAX_REMEMBERED_GROUPS - 1; i++) live(groups, `n${i}`, 1);
    expect(live(groups, 'fresh', 1)[0]?.[2], 'second is forgotten, first is not').to.equal(2);
  });

  it('start again at 1 in a new daemon view, whose words are new', () => {
    const groups = begun();
    live(groups, 'g', 5);
    groups.begin(8, 1001);
    expect(live(groups, 'g', 1)).to.deep.equal([[8, 1001, 1]]);
  });

  it('leave a group that outlives a daemon view its id until its next view, which has the new words', () => {
    const groups = begun();
    const group = groups.create('g');
    groups.advance(group);
    groups.begin(8, 1001);
    expect(group.id).to.deep.equal([7, 1000, 1]);
    expect(groups.advance(group)).to.deep.equal([8, 1001, 2]);
  });

  it('make signed words of unsigned ones, as they travel', () => {
    const groups = new Groups(FIXED_KEY);
    groups.begin(0xffffffff, 0x80000000);
    expect(groups.create('g').id.slice(0, 2)).to.deep.equal([-1, -0x80000000]);
  });

  it('restore a group with the id that it has, and count on from there', () => {
    const groups = begun();
    const group = groups.restore('g', [8, 900, 4]);
    expect([groups.find(nameField('g'), 0), group.id]).to.deep.equal([group, [8, 900, 4]]);
    expect(groups.advance(group)).to.deep.equal([7, 1000, 5]);
  });

  it('are gone when an exchange drops them', () => {
    const groups = begun();
    groups.drop(groups.create('g'));
    expect([groups.find(nameField('g'), 0), groups.size, [...groups.values()]]).to.deep.equal([
      undefined,
      0,
      [],
    ]);
  });

  it('can be listed', () => {
    const groups = begun();
    groups.create('g');
    groups.create('h');
    expect([...groups.values()].map(({ name }) => name).toSorted()).to.deep.equal(['g', 'h']);
  });
});
