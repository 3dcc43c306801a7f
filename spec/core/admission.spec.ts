import { expect } from 'chai';
import { Admission } from '../../daemon/core/admission.js';
import { Group } from '../../daemon/core/group.js';
import { LocalSession } from '../../daemon/core/local-session.js';
import { Member } from '../../daemon/core/member.js';
import { Inbox } from './world.js';

const session = (name: string, listens = true): LocalSession =>
  new LocalSession(`#${name}#d1`, listens, new Inbox());

const places = [
  { daemon: 'd1', position: 0 },
  { daemon: 'd2', position: 1 },
] as const;

/** A group of sessions of this daemon, and of so many members elsewhere. */
function groupOf(sessions: readonly LocalSession[], elsewhere = 0): Group {
  const group = new Group('g', [0, 0, 0]);
  for (const each of sessions) {
    each.member = new Member(each.privateGroup, places[0], each);
    group.add(each.member);
  }
  for (let i = 0; i < elsewhere; i++) group.add(new Member(`#m${i}#d2`, places[1], null));
  return group;
}

const behind = (each: LocalSession, isBehind: boolean): void => {
  (each.outlet as Inbox).isBehind = isBehind;
};

/** Changes of the group that may be under way at one time. */
function most(group: Group, limit: number): number {
  const admission = new Admission();
  admission.limit = limit;
  const joiner = session('joiner');
  let count = 0;
  for (; count < 10_000 && admission.admits(group); count++) admission.begin(joiner, 'g', group, false);
  return count;
}

describe('core: changes that are admitted', () => {
  const [alice, bob] = [session('alice'), session('bob')];

  it('cost what they make wait for those who listen, here and elsewhere', () => {
    const names = Array.from({ length: 9 }, (_, i) => session(`s${i}`));
    const deaf = Array.from({ length: 9 }, (_, i) => session(`s${i}`, false));
    // A message has the names of ten and about a hundred bytes more.
    expect(most(groupOf(names), 100_000)).to.be.within(20, 30);
    expect(most(groupOf([], 9), 100_000)).to.be.within(20, 30);
    expect(most(groupOf(deaf), 100_000)).to.be.within(200, 300);
  });

  it('are given back exactly, and in their order, for several sessions', () => {
    const admission = new Admission();
    admission.limit = 1;
    const group = groupOf([alice]);
    admission.begin(alice, 'g', group, true);
    admission.begin(bob, 'g', group, false);
    admission.begin(bob, 'g', group, true);
    admission.carriedOut(alice);
    admission.carriedOut(alice);
    admission.carriedOut(bob);
    expect(admission.isFull).to.equal(true);
    admission.carriedOut(bob);
    expect([admission.isFull, admission.admits(group)]).to.deep.equal([false, true]);
    admission.begin(bob, 'g', group, true);
    admission.begin(bob, 'h', undefined, true);
    admission.gone(bob);
    expect(admission.isFull).to.equal(false);
    expect(most(group, 10_000)).to.equal(most(groupOf([session('alice')]), 10_000));
  });

  it('are not when they are the end of a session, while there are too many', () => {
    const admission = new Admission();
    admission.limit = 1;
    expect([admission.admitsEnd(null), admission.admitsEnd(alice.member)]).to.deep.equal([true, true]);
    admission.begin(alice, 'g', undefined, true);
    expect([admission.admitsEnd(null), admission.admits(undefined)]).to.deep.equal([false, false]);
  });

  it('cost more with every join that is under way, also of a group that is not there yet', () => {
    const admission = new Admission();
    admission.limit = 1_000_000;
    const joiner = session('joiner');
    let count = 0;
    for (; admission.admits(undefined); count++) admission.begin(joiner, 'new', undefined, true);
    // The sum of 32 * i * i.
    expect(count).to.be.within(40, 46);
    for (let i = 0; i < count; i++) admission.carriedOut(joiner);
    let again = 0;
    for (; admission.admits(undefined); again++) admission.begin(joiner, 'new', undefined, true);
    expect(again, 'nothing is left over').to.equal(count);
  });

  it('are one at least, whatever it costs', () => {
    expect(most(groupOf([], 1_000), 1)).to.equal(1);
    expect(most(groupOf([], 1_000), 0)).to.equal(1);
  });

  it('go on when those under way were carried out, each by its own cost', () => {
    const admission = new Admission();
    admission.limit = 1_000;
    const [small, large] = [groupOf([bob]), groupOf([], 100)];
    admission.begin(alice, 'g', small, false);
    admission.begin(bob, 'g', large, false);
    admission.carriedOut(alice);
    expect(admission.isFull).to.equal(true);
    admission.carriedOut(bob);
    expect(admission.isFull).to.equal(false);
    admission.carriedOut(bob);
    admission.begin(bob, 'g', large, false);
    expect(admission.isFull, 'one that nobody charged gives nothing back').to.equal(true);
  });

  it('go on when the session is gone that asked for them', () => {
    const admission = new Admission();
    admission.limit = 1_000;
    for (let i = 0; i < 3; i++) admission.begin(alice, 'g', groupOf([], 100), false);
    admission.gone(alice);
    expect(admission.isFull).to.equal(false);
    admission.gone(alice);
    admission.begin(bob, 'g', groupOf([], 100), false);
    expect(admission.isFull).to.equal(true);
  });

  it('are not while a listening member of the group is behind', () => {
    const admission = new Admission();
    const deaf = session('deaf', false);
    const [group, other] = [groupOf([alice, deaf]), groupOf([bob])];
    behind(deaf, true);
    expect(admission.admits(group)).to.equal(true);
    behind(alice, true);
    expect([admission.admits(group), admission.admits(other), admission.admits(undefined)]).to.deep.equal([
      false,
      true,
      true,
    ]);
    alice.leaving = true;
    expect(admission.admits(group), 'it gets nothing any more').to.equal(true);
    alice.leaving = false;
    expect(admission.admitsEnd(deaf.member)).to.equal(false);
    behind(alice, false);
    expect(admission.admitsEnd(deaf.member)).to.equal(true);
  });

  it('have a group that knows how many listen', () => {
    const group = groupOf([alice, session('deaf', false)], 3);
    expect([group.members.length, group.local.length, group.listening]).to.deep.equal([5, 2, 1]);
    group.remove(group.members.find(({ session: local }) => local === alice) as Member);
    expect(group.listening).to.equal(0);
  });
});
