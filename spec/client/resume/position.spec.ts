import { expect } from 'chai';
import { StreamPosition } from '../../../lib/client/resume/position.js';

const MARK = { tag: 7n, from: 40, to: 42, hash: 9n };

/** In a group since the mark before the last one. */
function member(...groups: readonly string[]): StreamPosition {
  const position = new StreamPosition();
  position.marked({ ...MARK, from: 38, to: 40 });
  for (const group of groups) position.list(group, true);
  position.marked(MARK);
  return position;
}

/** The groups that it had at the mark. */
const had = (position: StreamPosition): string[] =>
  position.groups.filter((group) => position.had(group)).toSorted();

describe('the position of a client', () => {
  it('is nowhere before a mark', () => {
    const position = new StreamPosition();
    expect(position.at(5)).to.deep.equal({ tag: 0n, from: 0, to: 0, hash: 0n, events: 0, awayMs: 5 });
  });

  it('is the last mark and the events since', () => {
    const position = member('g');
    position.data(2);
    position.views('g', 3);
    position.list('h', true);
    position.left('h');
    expect(position.at(5)).to.deep.equal({ ...MARK, events: 7, awayMs: 5 });
    position.marked({ ...MARK, from: 42, to: 45 });
    expect(position.at(0)).to.include({ from: 42, events: 0 });
  });

  it('does not count signals, nor lists that are no own join', () => {
    const position = member('g');
    position.signal('g');
    position.list('g', false);
    expect(position.at(0).events).to.equal(0);
  });

  it('does not count a self-leave behind a mark without payloads', () => {
    const position = member('g', 'h');
    position.marked({ ...MARK, from: 42 });
    position.left('g');
    expect(position.at(0).events).to.equal(0);
    expect(had(position)).to.deep.equal(['h']);
    expect(position.groups).to.deep.equal(['h']);
  });

  it('has the groups of the mark, not those of now', () => {
    const position = member('g', 'h');
    position.left('g');
    position.list('i', true);
    expect(position.groups.toSorted()).to.deep.equal(['g', 'h', 'i']);
    expect(had(position)).to.deep.equal(['g', 'h']);
    position.marked(MARK);
    expect(had(position)).to.deep.equal(['h', 'i']);
  });

  it('still has a group that was left and joined again', () => {
    const position = member('g');
    position.left('g');
    position.list('g', true);
    expect(had(position)).to.deep.equal(['g']);
  });

  it('forgets one that was joined and left behind one mark', () => {
    const position = member();
    position.list('g', true);
    position.left('g');
    expect(position.groups).to.deep.equal([]);
  });

  it('has the signal of a group until its next view', () => {
    const position = member('g', 'h');
    position.signal('g');
    position.signal('h');
    position.views('g');
    expect([position.hasSignal('g'), position.hasSignal('h')]).to.deep.equal([false, true]);
    position.marked(MARK);
    expect(position.hasSignal('h')).to.equal(true);
  });

  it('is void behind a gap until the next mark, which finds the lists between', () => {
    const position = member('g', 'h');
    position.data();
    position.gap('g');
    expect(position.at(0)).to.include({ tag: 0n, events: 0 });
    expect(position.had('g')).to.equal(false);
    position.list('g', false);
    position.marked(MARK);
    expect(had(position)).to.deep.equal(['g', 'h']);
    expect(position.at(0)).to.include({ tag: 7n, events: 0 });
  });

  it('keeps the group of a list that answers a question', () => {
    const position = member('g');
    position.list('g', false);
    expect(position.had('g')).to.equal(true);
  });
});
