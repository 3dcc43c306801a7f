import { expect } from 'chai';
import { type AnswerTimes, Suspects } from '../../lib/silence/suspects.js';
import type { Awaited, TcpLine } from '../../lib/silence/tcp-table.js';

const patience: AnswerTimes = { timeout: 15, idle: 5 };

const line = (awaits: Awaited, unanswered: number, queued = 100): TcpLine => ({
  key: 'a b',
  queued,
  awaits,
  unanswered,
});

/** Looks at these times. @returns the first one that finds silence, or null */
function firstSilence(
  looks: readonly (readonly [at: number, seen: TcpLine])[],
  of = patience,
): number | null {
  const suspects = new Suspects();
  const found = looks.find(([at, seen]) => suspects.isSilent(seen, of, at));
  return found?.[0] ?? null;
}

/** One look each second, from 100 on. */
const eachSecond = (seen: (second: number) => TcpLine, seconds = 40): [number, TcpLine][] =>
  Array.from({ length: seconds }, (_, i) => [100 + i, seen(i)]);

describe('silence: suspects', () => {
  it('are silent when data stay unacknowledged for the whole time', () => {
    expect(firstSilence(eachSecond((i) => line('acknowledgement', 1 + Math.floor(i / 4))))).to.equal(115);
  });

  it('are silent that time after the last sign of life, which came before the first question', () => {
    expect(firstSilence(eachSecond((i) => line('life', i + 1, 0)))).to.equal(110);
  });

  it('are no peers that answer', () => {
    expect(firstSilence(eachSecond(() => line('acknowledgement', 0)))).to.equal(null);
    expect(firstSilence(eachSecond(() => line('life', 0, 0)))).to.equal(null);
  });

  it('are no peers that read nothing and answer that there is no room', () => {
    // A question is on its way at every third look.
    expect(firstSilence(eachSecond((i) => line('room', i % 3 === 0 ? 1 : 0)))).to.equal(null);
  });

  it('are peers that read nothing and do not answer either', () => {
    expect(firstSilence(eachSecond(() => line('room', 1)))).to.equal(115);
  });

  it('begin again when there was an answer: fewer questions, or fewer bytes', () => {
    const fewer = (at: number, first: TcpLine, later: TcpLine): number | null =>
      firstSilence(eachSecond((i) => (i < at ? first : later)));
    expect(fewer(10, line('acknowledgement', 5), line('acknowledgement', 4))).to.equal(125);
    expect(fewer(10, line('acknowledgement', 5), line('acknowledgement', 5, 99))).to.equal(125);
    expect(fewer(10, line('acknowledgement', 5), line('acknowledgement', 6, 101))).to.equal(115);
  });

  it('begin again when the window opened or closed meanwhile: that was an answer', () => {
    const then = (first: Awaited, later: Awaited): number | null =>
      firstSilence(eachSecond((i) => (i < 10 ? line(first, 3) : line(later, 3))));
    expect(then('acknowledgement', 'room')).to.equal(125);
    expect(then('room', 'acknowledgement')).to.equal(125);
    expect(then('acknowledgement', 'life')).to.equal(120);
  });

  it('stay suspects when data are sent to one that does not answer already', () => {
    const looks = eachSecond((i) => (i < 8 ? line('life', i + 1, 0) : line('acknowledgement', i - 7)));
    expect(firstSilence(looks)).to.equal(110);
  });

  it('are forgotten with their connection', () => {
    const suspects = new Suspects();
    const look = (at: number): boolean => suspects.isSilent(line('acknowledgement', 3), patience, at);
    look(100);
    suspects.forget('a b');
    expect([suspects.size, look(107), look(114), look(121), look(122)]).to.deep.equal([
      0,
      false,
      false,
      false,
      true,
    ]);
  });

  it('are not ended by a pause in which nobody looked: it counts for half of the time at most', () => {
    const seen = line('acknowledgement', 3);
    const after = (...looks: number[]): number | null => firstSilence(looks.map((at) => [at, seen] as const));
    expect(after(100, 1000, 1007)).to.equal(null);
    expect(after(100, 1000, 1007, 1008)).to.equal(1008);
    expect(after(100, 107, 115, 122)).to.equal(122);
  });
});
