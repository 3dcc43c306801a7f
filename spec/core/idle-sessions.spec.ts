/** Sessions that nobody has are found and forgotten in slices: no call does work in proportion to what is known. */
import { expect } from 'chai';
import { SLOTS_AT_ONCE } from '../../daemon/core/idle-sessions.js';
import type { Resumption } from '../../daemon/core/resumption.js';
import { MAX_RECORDS } from '../../daemon/core/session-records.js';
import { Daemons } from './daemons.js';
import { Resumable } from './resumable.js';

const WINDOW = 100;
/** Session ids in one frame FORGET. */
const FORGOTTEN_AT_ONCE = 1000;

describe('core: known sessions that nobody has', () => {
  function oneDaemon() {
    const daemons = Daemons.together('a', 'b');
    const { resumption } = daemons.node('a').core;
    let ordered = 0;
    const { host } = resumption as unknown as { host: { order: (frame: Uint8Array) => void } };
    const { order } = host;
    host.order = (frame) => {
      ordered++;
      order(frame);
    };
    /** One call. @returns frames that it has ordered, and whether there is more */
    const sweep = (now: number): { frames: number; hasMore: boolean } => {
      ordered = 0;
      const hasMore = resumption.sweep(now, WINDOW);
      const frames = ordered;
      return { frames, hasMore };
    };
    /** Calls until a round is over. @returns how many, and the most that went within one */
    const round = (now: number): { calls: number; most: number; frames: number } => {
      const sum = { calls: 0, most: 0, frames: 0 };
      for (let hasMore = true; hasMore; sum.calls++) {
        const before = resumption.records.size;
        const result = sweep(now);
        daemons.run();
        sum.most = Math.max(sum.most, before - resumption.records.size);
        sum.frames += result.frames;
        expect(result.frames).to.be.at.most(1);
        ({ hasMore } = result);
        expect(sum.calls).to.be.below(1000);
      }
      return sum;
    };
    return { daemons, resumption, sweep, round };
  }

  /** Sessions of which the table knows that they are of that daemon. */
  function know({ records }: Resumption, count: number, daemon: string, from = 0): void {
    for (let i = from; i < from + count; i++)
      records.rename(records.create(i, Math.imul(i, 0x9e3779b1) >>> 0), `#s${i}#${daemon}`);
  }

  it('are looked for in a slice of the table a call', () => {
    const { resumption, sweep } = oneDaemon();
    know(resumption, 3 * SLOTS_AT_ONCE, 'a');
    let asked = 0;
    const isHere = resumption.isHere.bind(resumption);
    resumption.isHere = (sid) => {
      asked++;
      return isHere(sid);
    };
    let found = 0;
    for (let hasMore = true; hasMore; found += asked) {
      asked = 0;
      ({ hasMore } = sweep(1000));
      expect(asked).to.be.at.most(SLOTS_AT_ONCE);
    }
    expect(found).to.equal(3 * SLOTS_AT_ONCE);
  });

  it('and those that are alive, or of other daemons, cost nothing but a look', () => {
    const { daemons, resumption, sweep } = oneDaemon();
    know(resumption, 1000, 'b');
    for (let i = 1; i <= 10; i++) {
      new Resumable(daemons.node('a').core, `alive${i}`, BigInt(i) << 40n).join('g');
      daemons.run();
    }
    expect(resumption.records.size).to.equal(1010);
    let asked = 0;
    resumption.isHere = () => {
      asked++;
      return true;
    };
    expect([sweep(1000).hasMore, asked]).to.deep.equal([false, 0]);
  });

  it('are forgotten one frame a call, at all daemons', () => {
    const { daemons, resumption, round } = oneDaemon();
    const other = daemons.node('b').core.resumption;
    for (const each of [resumption, other]) know(each, 2500, 'a');
    round(1000);
    expect(round(1000 + WINDOW - 1).frames).to.equal(0);
    expect(resumption.records.size).to.equal(2500);
    const { most, frames } = round(1000 + WINDOW);
    expect([most, frames]).to.deep.equal([FORGOTTEN_AT_ONCE, 3]);
    expect([resumption.records.size, other.records.size]).to.deep.equal([0, 0]);
  });

  it('one frame at a time: what it names is not ordered twice', () => {
    const { daemons, resumption, sweep } = oneDaemon();
    know(resumption, 1500, 'a');
    sweep(1000);
    expect(sweep(1000 + WINDOW)).to.deep.equal({ frames: 1, hasMore: true });
    expect(sweep(1001 + WINDOW)).to.deep.equal({ frames: 0, hasMore: true });
    daemons.run();
    expect(resumption.records.size).to.equal(500);
    expect(sweep(1002 + WINDOW)).to.deep.equal({ frames: 1, hasMore: true });
    daemons.run();
    expect([resumption.records.size, sweep(1003 + WINDOW).hasMore]).to.deep.equal([0, false]);
  });

  it('beyond the limit early, those that were idle first', () => {
    const { resumption, round } = oneDaemon();
    const { records } = resumption;
    // The others, which this daemon does not forget, need not be made.
    Object.defineProperty(records, 'size', { get: () => [...records.values()].length + MAX_RECORDS - 1000 });
    know(resumption, 500, 'a');
    round(1000);
    know(resumption, 1500, 'a', 500);
    round(1001);
    const left = [...records.values()];
    expect(left.length).to.equal(1000);
    expect(left.every(({ high }) => high >= 500)).to.equal(true);
  });

  it('also behind many that were back in between', () => {
    const { resumption, round } = oneDaemon();
    know(resumption, 2500, 'a');
    round(1000);
    for (const record of resumption.records.values()) record.idleSince = -1;
    know(resumption, 10, 'a', 2500);
    round(1001);
    round(1000 + WINDOW);
    expect(resumption.records.size).to.equal(2510);
    expect(round(1001 + WINDOW).calls).to.be.above(3);
    expect(resumption.records.size).to.equal(0);
  });

  it('not when the view has changed since they were found', () => {
    const { daemons, resumption, round } = oneDaemon();
    know(resumption, 10, 'a');
    round(1000);
    daemons.change(['a'], ['b']);
    daemons.run();
    for (const now of [1000 + WINDOW, 1000 + 2 * WINDOW - 1]) round(now);
    expect(resumption.records.size).to.equal(10);
    round(1000 + 2 * WINDOW);
    expect(resumption.records.size).to.equal(0);
  });

  it('and not when they were back in between', () => {
    const { daemons, resumption, round } = oneDaemon();
    const { core } = daemons.node('a');
    new Resumable(core, 'ann', 7n).join('g').disconnect();
    daemons.run();
    round(1000);
    const back = new Resumable(core, 'ann', 7n, 1).comeBack('#ann#a', 'g');
    daemons.run();
    round(1050);
    back.disconnect();
    daemons.run();
    for (const now of [1060, 1000 + WINDOW, 1159]) round(now);
    expect(resumption.records.size).to.equal(1);
    round(1160);
    expect(resumption.records.size).to.equal(0);
  });
});
