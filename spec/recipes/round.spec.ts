import { expect } from 'chai';
import { StatementRound } from '../../lib/recipes/core/statement-round.js';

describe('a round', () => {
  it('is over when every member has spoken', () => {
    const round = new StatementRound<number>(['a', 'b'], 1);
    expect(round.state('b', 2, [])).to.equal(false);
    expect(round.state('a', 1, [])).to.equal(true);
    expect(round.speakers).to.deep.equal(['a', 'b']);
  });

  it('does not wait for those who are known to be silent', () => {
    const round = new StatementRound<number>(['a', 'b', 'c'], 1);
    expect(round.state('a', 1, ['c'])).to.equal(false);
    expect(round.state('b', 1, [])).to.equal(true);
    expect(round.others).to.deep.equal(['c']);
  });

  it('is over when a member settles it, and enough have spoken', () => {
    const round = new StatementRound<number>(['a', 'b', 'c'], 2);
    round.state('a', 1, []);
    expect(round.settle('a')).to.equal(false);
    round.state('b', 1, []);
    expect(round.settle('stranger')).to.equal(false);
    expect(round.settle('a')).to.equal(true);
    expect(round.others).to.deep.equal(['c']);
  });

  it('is not over with fewer than are needed, though all have spoken', () => {
    const round = new StatementRound<number>(['a', 'b'], 3);
    expect([round.state('a', 1, []), round.state('b', 1, []), round.isOver]).to.deep.equal([
      false,
      false,
      false,
    ]);
  });

  it('waits for all again after it has been opened again', () => {
    const round = new StatementRound<number>(['a', 'b', 'c'], 1);
    round.state('a', 1, []);
    round.settle('a');
    round.reopen();
    expect([round.state('b', 1, []), round.state('c', 1, [])]).to.deep.equal([false, true]);
  });

  it('takes the first word of each member, and nothing behind its end', () => {
    const round = new StatementRound<number>(['a', 'b'], 1);
    round.state('a', 1, []);
    round.state('a', 2, []);
    round.state('stranger', 3, []);
    round.settle('a');
    expect(round.state('b', 4, [])).to.equal(false);
    expect([round.statement('a'), round.statement('b')]).to.deep.equal([1, undefined]);
    expect(round.speakers).to.deep.equal(['a']);
  });

  it('continues after it has been opened again', () => {
    const round = new StatementRound<number>(['a', 'b'], 1);
    round.state('a', 1, []);
    round.settle('a');
    round.reopen();
    expect(round.isOver).to.equal(false);
    expect(round.state('b', 2, [])).to.equal(true);
  });
});
