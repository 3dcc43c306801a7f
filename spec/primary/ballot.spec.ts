import { expect } from 'chai';
import { Ballot, NEWCOMER, UNINFORMED } from '../../lib/primary/ballot.js';
import type { Testimony } from '../../lib/primary/ballot.js';

const knowing: Testimony = { tookPart: true, epoch: 3, promised: 3 };
/** It has been given a state where no epoch formed. */
const given: Testimony = { tookPart: false, epoch: 9, promised: 0 };

const DAEMONS = ['d1', 'd2', 'd3'];

/** A ballot of the daemons, with what is brought by the members of each, which are `d1.0`, `d1.1` and so on. */
const ballotOf = (
  brought: Readonly<Record<string, readonly Testimony[]>>,
  electorates: readonly (readonly string[])[] = [DAEMONS],
): Ballot => {
  const members = Object.entries(brought).flatMap(([daemon, all]) =>
    all.map((each, i) => [`${daemon}.${i}`, each] as const),
  );
  return new Ballot(electorates, new Map(members), (member) => member.slice(0, 2));
};

/** Whether it has passed when these have voted. */
function passes(ballot: Ballot, ...members: readonly string[]): boolean {
  let isPassed = false;
  for (const member of members) isPassed = ballot.vote(member, ballot.next);
  return isPassed;
}

describe('a ballot of voters with several members each', () => {
  it('passes with more than half of the votes, of which the first voter has half of one more', () => {
    const all = { d1: [knowing], d2: [knowing], d3: [knowing] };
    expect(['d1.0', 'd2.0', 'd3.0'].map((each) => passes(ballotOf(all), each))).to.deep.equal([
      false,
      false,
      false,
    ]);
    expect(passes(ballotOf(all), 'd1.0', 'd2.0')).to.equal(true);
    expect(passes(ballotOf(all), 'd2.0', 'd3.0')).to.equal(true);
    const two = { d1: [knowing], d2: [knowing] };
    expect(passes(ballotOf(two, [['d1', 'd2']]), 'd1.0')).to.equal(true);
    expect(passes(ballotOf(two, [['d1', 'd2']]), 'd2.0')).to.equal(false);
  });

  it('counts a voter once, for this epoch, and nobody who is not there', () => {
    const ballot = ballotOf({ d1: [knowing, knowing], d2: [knowing], d3: [knowing] });
    expect(ballot.next).to.equal(4);
    expect([ballot.wants('d1.0'), ballot.vote('d1.0', 4), ballot.vote('d1.1', 4)]).to.deep.equal([
      true,
      false,
      false,
    ]);
    expect([ballot.wants('d1.1'), ballot.wants('d2.0')]).to.deep.equal([false, true]);
    expect([ballot.vote('d2.0', 3), ballot.vote('d2.7', 4), ballot.vote('d2.0', 4)]).to.deep.equal([
      false,
      false,
      true,
    ]);
  });

  it('goes by what each voter itself brings', () => {
    const brought = { d1: [knowing], d2: [knowing], d3: [NEWCOMER] };
    expect(passes(ballotOf(brought), 'd1.0', 'd3.0')).to.equal(false);
    expect(passes(ballotOf(brought), 'd1.0', 'd2.0')).to.equal(true);
    expect([ballotOf(brought).canPass, ballotOf({ d1: [knowing], d3: [NEWCOMER] }).canPass]).to.deep.equal([
      true,
      false,
    ]);
  });

  it('knows at a voter what any of its members does', () => {
    for (const own of [
      [knowing, NEWCOMER],
      [NEWCOMER, knowing],
      [given, knowing],
      [UNINFORMED, knowing],
    ])
      expect(passes(ballotOf({ d1: own, d2: [knowing] }), 'd1.0', 'd2.0')).to.equal(true);
  });

  it('takes no voter for new of which a member took part, whatever the others were given', () => {
    expect(passes(ballotOf({ d1: [given], d2: [NEWCOMER] }), 'd1.0', 'd2.0')).to.equal(true);
    expect(passes(ballotOf({ d1: [given, UNINFORMED], d2: [NEWCOMER] }), 'd1.0', 'd2.0')).to.equal(false);
  });

  it('has to pass by each list of voters, and by one at least', () => {
    const brought = { d1: [knowing], d2: [knowing], d3: [knowing] };
    expect(ballotOf(brought, []).canPass).to.equal(false);
    const both = ballotOf(brought, [['d1', 'd2'], ['d3']]);
    expect([both.canPass, passes(both, 'd1.0', 'd2.0'), passes(both, 'd3.0')]).to.deep.equal([
      true,
      false,
      true,
    ]);
  });
});
