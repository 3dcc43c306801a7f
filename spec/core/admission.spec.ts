import { expect } from 'chai';
import { Admission } from '../../daemon/core/admission.js';
import { Group, LocalSession, Member } from '../../daemon/core/group.js';
import { Inbox } from './core-world.js';

const session = (name: string, listens = true): LocalSession =>
  new LocalSession(`#${name}#d1`, listens, new Inbox());
const compact = (name: string): LocalSession =>
  new LocalSession(`#${name}#d1`, true, new Inbox(), null, '', { compact: true });

const places = [
  { daemon: 'd1', position: 0 },
  { daemon: 'd2', position: 1 },
] as const;

/** A group of sessions of this daemon and a number of members elsewhere. */
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

/** Ends of its last local member that may be under way at one time. */
function most(group: Group, limit: number): number {
  const admission = new Admission();
  admission.limit = limit;
  const ending = group.local.at(-1) as LocalSession;
  let count = 0;
  for (; count < 10_000 && admission.admitsEnd(ending.member, 'behind'); count++) admission.beginEnd(ending);
  return count;
}

describe('core: changes that are admitted', () => {
  const [alice, bob] = [session('alice'), session('bob')];

  it('cost what they make wait for those who listen, here and elsewhere', () => {
    const names = Array.from({ length: 9 }, (_, i) => session(`s${i}`));
    const deaf = Array.from({ length: 9 }, (_, i) => session(`s${i}`, false));
    // A message has the names of ten and about a hundred bytes more.
    expect(most(groupOf(names), 100_000)).to.be.within(20, 30);
    expect(most(groupOf([session('deaf', false)], 9), 100_000)).to.be.within(20, 30);
    expect(most(groupOf(deaf), 100_000)).to.be.within(200, 300);
  });

  it('are given back exactly, and in their order, for several sessions', () => {
    const admission = new Admission();
    admission.limit = 1;
    const group = groupOf([alice]);
    const carol = session('carol');
    admission.begin(carol, 'g', group, true);
    admission.begin(bob, 'g', group, true);
    admission.begin(bob, 'g', group, false);
    admission.carriedOut(carol);
    admission.carriedOut(carol);
    admission.carriedOut(bob);
    expect(admission.isFull).to.equal(true);
    admission.carriedOut(bob);
    expect([admission.isFull, admission.admits(group, 'behind')]).to.deep.equal([false, true]);
    admission.begin(bob, 'g', group, true);
    admission.begin(bob, 'h', undefined, true);
    admission.gone(bob);
    expect(admission.isFull).to.equal(false);
    expect(most(group, 10_000)).to.equal(most(groupOf([session('alice')]), 10_000));
  });

  it('are not when they are the end of a session, while there are too many', () => {
    const admission = new Admission();
    admission.limit = 1;
    expect([admission.admitsEnd(null, 'behind'), admission.admitsEnd(alice.member, 'behind')]).to.deep.equal([
      true,
      true,
    ]);
    admission.begin(alice, 'g', undefined, true);
    expect([admission.admitsEnd(null, 'behind'), admission.admits(undefined, 'behind')]).to.deep.equal([
      false,
      false,
    ]);
  });

  it('cost more with every join that is under way, also of a group that is not there yet', () => {
    const admission = new Admission();
    admission.limit = 1_000_000;
    const fill = (): LocalSession[] => {
      const joiners: LocalSession[] = [];
      while (admission.admits(undefined, 'behind')) {
        const joiner = session(`j${joiners.length}`);
        admission.begin(joiner, 'new', undefined, true);
        joiners.push(joiner);
      }
      return joiners;
    };
    const joiners = fill();
    // The sum of 32 * i * i.
    expect(joiners.length).to.be.within(40, 46);
    for (const joiner of joiners) admission.carriedOut(joiner);
    expect(fill().length, 'nothing is left over').to.equal(joiners.length);
  });

  it('cost nothing where nobody hears of them', () => {
    const admission = new Admission();
    admission.limit = 1;
    const group = groupOf([alice], 1_000);
    admission.begin(bob, 'g', group, false);
    admission.begin(alice, 'g', group, true);
    expect(admission.isFull).to.equal(false);
    admission.begin(bob, 'g', group, true);
    expect(admission.isFull).to.equal(true);
    const before = most(group, 10_000_000);
    admission.begin(bob, 'g', group, true);
    admission.begin(bob, 'g', group, false);
    for (let i = 0; i < 4; i++) admission.carriedOut(bob);
    admission.carriedOut(alice);
    expect([admission.isFull, most(group, 10_000_000)]).to.deep.equal([false, before]);
  });

  it('are too many where they cost as much as the limit', () => {
    const isFull = (limit: number): boolean => {
      const admission = new Admission();
      admission.limit = limit;
      admission.begin(bob, 'g', groupOf([alice]), true);
      return admission.isFull;
    };
    // A header, an id and a set, and the names, for each who listens; it counts itself once more than needed.
    const cost = 3 * (48 + 64 + 3 * 32);
    expect([isFull(cost), isFull(cost + 1)]).to.deep.equal([true, false]);
  });

  it('cost less where those whose joins are under way want no membership messages', () => {
    const joins = (listen: boolean): number => {
      const admission = new Admission();
      admission.limit = 1_000_000;
      let count = 0;
      for (; admission.admits(undefined, 'behind'); count++)
        admission.begin(session(`j${count}`, listen), 'new', undefined, true);
      return count;
    };
    expect(joins(false)).to.be.above(4 * joins(true));
  });

  it('cost a fraction where members take records, and a list for one who joins', () => {
    const members = Array.from({ length: 100 }, (_, i) => compact(`c${i}`));
    const joins = (joiner: LocalSession, group: Group): number => {
      const admission = new Admission();
      admission.limit = 1_000_000;
      let count = 0;
      for (; count < 10_000 && admission.admits(group, 'behind'); count++)
        admission.begin(joiner, 'g', group, count % 2 === 0);
      return count;
    };
    const whole = Array.from({ length: 100 }, (_, i) => session(`s${i}`));
    expect(joins(session('j'), groupOf(whole))).to.be.within(2, 4);
    // Half of them are joins: a list of a hundred and more names, and a record.
    expect(joins(compact('j'), groupOf(members))).to.be.within(500, 1_500);
    const one = joins(compact('j'), groupOf([...members, session('s')]));
    expect(one, 'one with whole views costs one view').to.be.within(150, 300);
    const onDemand = new Admission();
    onDemand.limit = 1_000_000;
    const [joiner, group] = [compact('j'), groupOf(members)];
    for (let i = 0; i < 4_000; i++) onDemand.begin(joiner, 'g', group, i % 2 === 0, true);
    expect(onDemand.isFull, 'without a list').to.equal(false);
  });

  describe('as the return of a session', () => {
    const SMALL = 10_000;
    const returning = compact('r');

    /** A group of one who listens, and one member elsewhere. */
    const mixed = (): Group => groupOf([session('s')], 1);

    /** What one return costs: the highest limit that it fills. */
    function cost(had: readonly Group[], wanted: readonly Group[], keepsName: boolean): number {
      const admission = new Admission();
      const named = wanted.map((each) => [each.name, each] as const);
      admission.beginReturn({ session: returning, had: new Set(had), keepsName, wanted: named });
      let limit = 0;
      const isFilled = (bytes: number): boolean => {
        admission.limit = bytes;
        return admission.isFull;
      };
      while (limit <= SMALL && isFilled(limit + 1)) limit++;
      admission.carriedOut(returning);
      admission.limit = 0;
      expect(admission.isFull, 'nothing is left over').to.equal(false);
      return limit;
    }

    it('cost what is left and what is joined', () => {
      const group = mixed();
      const [leave, join] = [cost([group], [], false), cost([], [group], false)];
      expect(leave).to.be.above(100);
      expect(join).to.be.above(leave);
      expect(cost([group], [group], false)).to.be.within(2 * leave, leave + join);
    });

    it('cost the joins alone where the session keeps its name', () => {
      const group = mixed();
      expect(cost([group], [], true)).to.equal(0);
      expect(cost([group], [group], true)).to.equal(0);
      expect(cost([], [group], true)).to.equal(cost([], [group], false));
    });

    it('count as members of what they join', () => {
      const group = mixed();
      const admission = new Admission();
      const wanted = [[group.name, group] as const, ['new', undefined] as const];
      admission.beginReturn({ session: returning, had: new Set([group]), keepsName: false, wanted });
      const sizes = (): number[] => [admission.sizeOf('g', group), admission.sizeOf('new', undefined)];
      expect(sizes(), 'one that leaves and joins adds nobody').to.deep.equal([2, 1]);
      admission.gone(returning);
      expect(sizes()).to.deep.equal([2, 0]);
    });

    it('make what the session leaves behind them a change', () => {
      const group = mixed();
      const admission = new Admission();
      const wanted = [[group.name, group] as const];
      admission.beginReturn({ session: returning, had: new Set(), keepsName: false, wanted });
      admission.limit = cost([], [group], false) + 1;
      expect(admission.isFull).to.equal(false);
      admission.begin(returning, 'g', group, true);
      expect(admission.isFull, 'a join of what it is in').to.equal(false);
      admission.begin(returning, 'g', group, false);
      expect(admission.isFull, 'its leave').to.equal(true);
    });
  });

  it('know of members elsewhere who says that they get no whole views', () => {
    const group = groupOf([alice]);
    for (let i = 0; i < 1_000; i++) group.add(new Member(`#m${i}#d2`, places[1], null, false));
    expect([group.members.length, group.whole]).to.deep.equal([1_001, 1]);
    expect(most(group, 1_000_000)).to.be.above(10);
    expect(most(groupOf([alice], 1_000), 1_000_000)).to.equal(1);
  });

  it('do not wait for a member that takes records', () => {
    const [slow, other] = [compact('slow'), session('other')];
    behind(slow, true);
    const admission = new Admission();
    expect(admission.admits(groupOf([slow, other]), 'behind')).to.equal(true);
    behind(other, true);
    expect(admission.admits(groupOf([slow, other]), 'behind')).to.equal(false);
    expect(admission.admits(groupOf([slow]), 'behind')).to.equal(true);
  });

  it('wait for the one who joins and gets a list', () => {
    const admission = new Admission();
    const joiner = compact('joiner');
    const admits = (waitsFor: 'behind' | 'far-behind' | 'nobody', of: LocalSession | null): boolean =>
      admission.admits(groupOf([]), waitsFor, of);
    expect(admits('behind', joiner)).to.equal(true);
    behind(joiner, true);
    const each = (['behind', 'far-behind', 'nobody'] as const).map((waitsFor) => admits(waitsFor, joiner));
    expect([...each, admits('behind', null)]).to.deep.equal([false, true, true, true]);
    expect(admission.admits(undefined, 'behind', joiner), 'a new group').to.equal(false);
    behind(alice, true);
    expect(admits('behind', alice), 'one that gets whole views, as ever').to.equal(true);
    behind(alice, false);
  });

  it('leave nothing behind when they are over, be it by the end of their session', () => {
    const admission = new Admission();
    for (const each of [alice, bob]) {
      admission.begin(each, 'new', undefined, true);
      admission.begin(each, 'new', undefined, false);
    }
    admission.carriedOut(alice);
    admission.carriedOut(alice);
    admission.gone(bob);
    const { charges, joining } = admission as unknown as Record<'charges' | 'joining', Map<unknown, unknown>>;
    expect([charges.size, joining.size]).to.deep.equal([0, 0]);
  });

  it('are one at least, whatever it costs', () => {
    expect(most(groupOf([alice], 1_000), 1)).to.equal(1);
    expect(most(groupOf([alice], 1_000), 0)).to.equal(1);
  });

  it('go on when those under way were carried out, each by its own cost', () => {
    const admission = new Admission();
    admission.limit = 1_000;
    const [small, large] = [groupOf([bob]), groupOf([], 100)];
    admission.begin(alice, 'g', small, true);
    admission.begin(bob, 'h', large, true);
    admission.carriedOut(alice);
    expect(admission.isFull).to.equal(true);
    admission.carriedOut(bob);
    expect(admission.isFull).to.equal(false);
    admission.carriedOut(bob);
    admission.begin(bob, 'h', large, true);
    expect(admission.isFull, 'one that nobody charged gives nothing back').to.equal(true);
  });

  it('go on when the session is gone that asked for them', () => {
    const admission = new Admission();
    admission.limit = 1_000;
    for (const isJoin of [true, false, true]) admission.begin(alice, 'g', groupOf([], 100), isJoin);
    admission.gone(alice);
    expect(admission.isFull).to.equal(false);
    admission.gone(alice);
    admission.begin(bob, 'g', groupOf([], 100), true);
    expect(admission.isFull).to.equal(true);
  });

  it('are not while a listening member of the group is behind', () => {
    const admission = new Admission();
    const deaf = session('deaf', false);
    const [group, other] = [groupOf([alice, deaf]), groupOf([bob])];
    behind(deaf, true);
    expect(admission.admits(group, 'behind')).to.equal(true);
    behind(alice, true);
    expect([
      admission.admits(group, 'behind'),
      admission.admits(other, 'behind'),
      admission.admits(undefined, 'behind'),
    ]).to.deep.equal([false, true, true]);
    alice.leaving = true;
    expect(admission.admits(group, 'behind'), 'it gets nothing any more').to.equal(true);
    alice.leaving = false;
    expect(admission.admitsEnd(deaf.member, 'behind')).to.equal(false);
    const patience = (): boolean[] =>
      (['behind', 'far-behind', 'nobody'] as const).map((each) => admission.admitsEnd(deaf.member, each));
    expect(patience()).to.deep.equal([false, true, true]);
    (alice.outlet as Inbox).isFarBehind = true;
    expect(patience()).to.deep.equal([false, false, true]);
    expect(admission.admits(group, 'far-behind')).to.equal(false);
    (alice.outlet as Inbox).isFarBehind = false;
    behind(alice, false);
    expect(admission.admitsEnd(deaf.member, 'behind')).to.equal(true);
  });

  it('have a group that knows how many listen', () => {
    const group = groupOf([alice, session('deaf', false)], 3);
    expect([group.members.length, group.local.length, group.listening]).to.deep.equal([5, 2, 1]);
    group.remove(group.members.toArray().find(({ session: local }) => local === alice) as Member);
    expect(group.listening).to.equal(0);
    const deaf = groupOf([alice, session('deaf', false)]);
    deaf.remove(deaf.members.toArray().find(({ session: local }) => local?.membership === false) as Member);
    expect([deaf.local.length, deaf.listening]).to.deep.equal([1, 1]);
  });
});
