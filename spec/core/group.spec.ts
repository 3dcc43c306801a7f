import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import fc from 'fast-check';
import { Group, LocalSession, Member, type Place, compareMembers } from '../../daemon/core/group.js';
import { ListHash } from '../../lib/util/list-hash.js';
import { privateGroup } from '../../lib/wire/name.js';
import { Inbox } from './core-world.js';

const places: readonly Place[] = ['zd1', 'ad2', 'md3'].map((daemon, position) => ({ daemon, position }));
const member = (name: string, daemon: number): Member => {
  const place = places[daemon] as Place;
  return new Member(privateGroup(name, place.daemon), place, null);
};
const namesOf = (group: Group): string[] => group.members.toArray().map(({ privateGroup: name }) => name);

describe('core: group', () => {
  it('lists members by the position of their daemon, then by the bytes of the name', () => {
    const group = new Group('g', [0, 0, 0]);
    const joined = [member('c', 2), member('b', 1), member('z', 0), member('a', 0), member('nomemb', 1)];
    for (const each of joined) group.add(each);
    expect(namesOf(group)).to.deep.equal(['#a#zd1', '#z#zd1', '#b#ad2', '#nomemb#ad2', '#c#md3']);
  });

  it('compares bytes, not letters: upper case stands before lower case', () => {
    const group = new Group('g', [0, 0, 0]);
    for (const name of ['b', 'B', 'a', '~', '$']) group.add(member(name, 0));
    expect(namesOf(group)).to.deep.equal(['#$#zd1', '#B#zd1', '#a#zd1', '#b#zd1', '#~#zd1']);
  });

  it('puts a name before the longer one that begins with it', () => {
    const group = new Group('g', [0, 0, 0]);
    // '#' of the second half is smaller than any byte of a name, so the shorter one comes first.
    for (const name of ['ab', 'a', 'a$']) group.add(member(name, 0));
    expect(namesOf(group)).to.deep.equal(['#a#zd1', '#a$#zd1', '#ab#zd1']);
  });

  it('keeps that order whatever order the members come and go in', () => {
    const people = fc.uniqueArray(
      fc.tuple(fc.constantFrom('a', 'A', 'b', 'aa', '~', '$x'), fc.integer({ min: 0, max: 2 })),
      { selector: ([name, daemon]) => `${name}@${daemon}` },
    );
    const property = fc.property(people, fc.nat(), (list, gone) => {
      const group = new Group('g', [0, 0, 0]);
      const all = list.map(([name, daemon]) => member(name, daemon));
      for (const each of all) group.add(each);
      const [leaver] = all.splice(gone % Math.max(1, all.length), 1);
      if (leaver) group.remove(leaver);
      const wanted = all.toSorted(
        (a, b) => a.place.position - b.place.position || Buffer.compare(a.field, b.field),
      );
      expect(group.members.toArray()).to.deep.equal(wanted);
      const hash = new ListHash();
      for (const { privateGroup: name } of wanted) hash.add(name);
      expect(group.hash.value).to.equal(hash.value);
    });
    fc.assert(property);
  });

  it('says of two members of one daemon and one name that they are the same', () => {
    expect(compareMembers(member('a', 1), member('a', 1))).to.equal(0);
  });

  it("keeps this daemon's sessions apart from the others", () => {
    const group = new Group('g', [0, 0, 0]);
    const session = new LocalSession('#x#zd1', true, new Inbox());
    const local = new Member('#x#zd1', places[0] as Place, session);
    group.add(member('other', 1));
    group.add(local);
    expect(group.local).to.deep.equal([session]);
    group.remove(local);
    expect(group.local).to.deep.equal([]);
  });

  it('says the place of whom it adds, and of whom it removes', () => {
    const group = new Group('g', [0, 0, 0]);
    const [c, a, b] = [member('c', 0), member('a', 0), member('b', 1)];
    expect([c, a, b].map((each) => group.add(each))).to.deep.equal([0, 0, 2]);
    expect([c, b, a].map((each) => group.remove(each))).to.deep.equal([1, 1, 0]);
  });

  it('loses those whose daemon is gone, and has the hash of the others', () => {
    const group = new Group('g', [0, 0, 0]);
    const away: Place = { daemon: 'away', position: 1 };
    for (const each of [member('a', 0), member('b', 2)]) group.add(each);
    group.add(new Member('#x#away', away, null));
    away.position = -1;
    group.removeGone();
    const hash = new ListHash();
    for (const name of namesOf(group)) hash.add(name);
    expect(namesOf(group)).to.deep.equal(['#a#zd1', '#b#md3']);
    expect(group.hash.value).to.equal(hash.value);
  });

  it('is known to its members while they are in it', () => {
    const group = new Group('g', [0, 0, 0]);
    const one = member('a', 0);
    group.add(one);
    expect([...one.groups]).to.deep.equal([group]);
    group.remove(one);
    expect([...one.groups]).to.deep.equal([]);
  });
});
