/** Since when members take part, statement by statement. */
import { expect } from 'chai';
import type { Buffer } from 'node:buffer';
import { BodyReader, BodyWriter } from '../../lib/recipes/core/codec.js';
import { MAX_AWAY, MAX_ELDERS } from '../../lib/recipes/core/limits.js';
import type { RecipeView } from '../../lib/recipes/core/port.js';
import {
  oldestFirst,
  readSeniority,
  type Seniority,
  SeniorityRecord,
  writeSeniority,
} from '../../lib/recipes/core/seniority.js';
import { A, B, C } from './step-view.js';

const at = (counter: number, time = 7): { time: number; counter: number } => ({ time, counter });

const view = (
  counter: number,
  members: readonly string[],
  along: readonly string[] = members,
  cause: RecipeView['cause'] = 'join',
): RecipeView => ({ id: [1, 7, counter], cause, members, cameWithMe: along });

const stated = (counter: number, elders: Record<string, number> = {}): Seniority => ({
  since: at(counter),
  elders: Object.entries(elders).map(([member, since]) => Object.assign({ member }, at(since))),
});

describe('the seniority of members', () => {
  describe('in what one of them states', () => {
    it('begins with its first view and stays', () => {
      const record = new SeniorityRecord(A);
      expect(record.view(view(3, [A]))).to.deep.equal(stated(3));
      expect(record.view(view(9, [A, B], [A]))).to.deep.equal(stated(3));
    });

    it('names the oldest others as they stated it, the oldest first', () => {
      const record = new SeniorityRecord(C);
      record.view(view(3, [A, B, C], [C]));
      record.heard(A, stated(2));
      record.heard(B, stated(1));
      expect(record.view(view(4, [A, B, C])).elders).to.deep.equal(stated(0, { [B]: 1, [A]: 2 }).elders);
      expect(record.view(view(5, [A, C])).elders).to.deep.equal(stated(0, { [A]: 2 }).elders);
    });

    it('names no more of them than a claim may hold', () => {
      const record = new SeniorityRecord(A);
      const others = Array.from({ length: MAX_ELDERS + 3 }, (_, i) => `#m${i}#d2`);
      record.view(view(9, [A, ...others], [A]));
      for (const [i, other] of others.entries()) record.heard(other, stated(9 - i));
      const { elders } = record.view(view(10, [A, ...others]));
      expect(elders.map(({ member }) => member)).to.deep.equal(others.toReversed().slice(0, MAX_ELDERS));
    });

    it('says of one that it saw join no more than that', () => {
      const record = new SeniorityRecord(A);
      record.view(view(3, [A]));
      record.view(view(4, [A, B], [A]));
      record.heard(B, stated(0));
      expect(record.view(view(5, [A, B])).elders).to.deep.equal(stated(0, { [B]: 4 }).elders);
    });

    it('believes one that the network brings, but not less than it stated before', () => {
      const record = new SeniorityRecord(A);
      record.view(view(3, [A]));
      record.view(view(4, [A, B], [A], 'network'));
      record.heard(B, stated(2));
      record.view(view(5, [A], [A], 'network'));
      record.view(view(6, [A, B], [A], 'network'));
      record.heard(B, stated(1));
      expect(record.view(view(7, [A, B])).elders, 'less').to.deep.equal(stated(0, { [B]: 2 }).elders);
      record.heard(B, stated(6));
      expect(record.view(view(8, [A, B])).elders, 'begun again').to.deep.equal(stated(0, { [B]: 6 }).elders);
    });

    it('counts from the view in which it is passed over, for itself and for the others', () => {
      for (const self of [A, B]) {
        const record = new SeniorityRecord(self);
        record.view(view(2, [self]));
        record.view(view(5, [A, B, C], [self], 'network'));
        record.heard(A, stated(2));
        record.heard(B, stated(3, { [C]: 4 }));
        record.heard(C, stated(4, { [B]: 3 }));
        const { since, elders } = record.view(view(6, [A, B, C]));
        if (self === A) expect(since).to.deep.equal(at(5));
        else expect(elders).to.deep.equal(stated(0, { [C]: 4, [A]: 5 }).elders);
      }
    });

    it('remembers those that the network took, up to a number, and not those that left', () => {
      const record = new SeniorityRecord(A);
      record.view(view(1, [A]));
      const others = Array.from({ length: MAX_AWAY + 2 }, (_, i) => `#m${i}#d2`);
      record.view(view(2, [A, ...others], [A], 'network'));
      for (const other of others) record.heard(other, stated(1));
      record.view(view(3, [A], [A], 'network'));
      const here = (counter: number): number =>
        others.filter((other) => record.view(view(counter, [A, other], [A], 'network')).elders.length > 0)
          .length;
      expect(here(4)).to.equal(MAX_AWAY + 1);
      // The last of them leaves; what becomes of others here does not concern those that are away.
      record.view(view(5, [A], [A], 'leave'));
      expect(here(6), 'one has left').to.equal(MAX_AWAY);
      record.view(view(7, [A, B], [A], 'join'));
      expect(here(8), 'another one has joined').to.equal(MAX_AWAY);
    });
  });

  it('knows nothing of the others behind a gap, and all of it without one', () => {
    for (const isWhole of [true, false]) {
      const record = new SeniorityRecord(A);
      record.view(view(3, [A]));
      record.view(view(4, [A, B], [A], 'network'));
      record.heard(B, stated(2));
      record.rejoined(A, isWhole);
      const { since, elders } = record.view(view(6, [A, B], [A], 'join'));
      expect({ since, elders }).to.deep.equal(
        isWhole ? { since: at(3), elders: stated(0, { [B]: 2 }).elders } : { since: at(6), elders: [] },
      );
    }
  });

  it('remembers those whose connections have ended, if they return, and no other process of their names', () => {
    const MOVED = '#b#d9';
    for (const [next, from] of [
      [B, B],
      [MOVED, B],
      [B, null],
      [MOVED, null],
    ] as const) {
      const record = new SeniorityRecord(A);
      record.view(view(3, [A]));
      record.view(view(4, [A, B], [A], 'network'));
      record.heard(B, stated(2));
      record.view(view(5, [A], [A], 'disconnect'));
      const returned = from === null ? [] : [{ from, to: next }];
      const { elders } = record.view({ ...view(6, [A, next], [A], 'join'), returned });
      const known = from === null ? {} : { [next]: 2 };
      expect(elders, `${next} from ${from}`).to.deep.equal(stated(0, known).elders);
    }
  });

  describe('decides who is preferred', () => {
    const order = (statements: Record<string, Seniority | null>): string[] =>
      oldestFirst(new Map(Object.entries(statements)));

    it('by the lowest view, in the order of the view where they are equal', () => {
      expect(order({ [A]: stated(5), [B]: stated(3), [C]: stated(3) })).to.deep.equal([B, C, A]);
      expect(
        order({ [A]: { since: at(1, 9), elders: [] }, [B]: { since: at(8, 8), elders: [] } }),
      ).to.deep.equal([B, A]);
    });

    it('before those that nobody confirms, one whose view another one confirms', () => {
      const liar = stated(0, { [C]: 0 });
      expect(order({ [A]: liar, [B]: stated(3), [C]: stated(4, { [B]: 3 }) })).to.deep.equal([B, A, C]);
      expect(order({ [A]: liar, [B]: stated(3), [C]: stated(4, { [B]: 2 }) }), 'another view').to.deep.equal([
        A,
        B,
        C,
      ]);
      expect(
        order({ [A]: stated(0, { [A]: 0 }), [B]: stated(3), [C]: stated(4, { [B]: 3 }) })[0],
        'by itself',
      ).to.equal(B);
    });

    it('last, one that states less than another one knows, unless yet another confirms it', () => {
      expect(order({ [A]: stated(0), [B]: stated(3, { [A]: 2 }) })).to.deep.equal([B, A]);
      expect(order({ [A]: stated(3), [B]: stated(4, { [A]: 2 }) }), 'more').to.deep.equal([A, B]);
      const both = { [A]: stated(0), [B]: stated(3, { [A]: 2 }), [C]: stated(4, { [A]: 0 }) };
      expect(order(both)).to.deep.equal([A, B, C]);
      expect(order({ [C]: both[C], [B]: both[B], [A]: stated(0) })[0]).to.equal(A);
    });

    it('not at all where one states nothing', () => {
      expect(order({ [A]: stated(5), [B]: stated(3), [C]: null })).to.deep.equal([A, B, C]);
    });
  });

  describe('as bytes', () => {
    const body = (seniority: Seniority): Buffer =>
      new BodyWriter('election', 1).tagged(1, (writer) => writeSeniority(writer, seniority)).finish();
    const read = (bytes: Buffer): Seniority | null =>
      (BodyReader.open('election', bytes) as BodyReader).tagged(1, readSeniority);

    it('comes back', () => {
      const seniority = stated(3, { [A]: 1, [B]: 2 });
      expect(read(body(seniority))).to.deep.equal(seniority);
    });

    it('is skipped by those that do not know the tag, and does not hide what follows', () => {
      const bytes = new BodyWriter('election', 1)
        .tagged(9, (writer) => void writer.text('of a later version'))
        .tagged(1, (writer) => writeSeniority(writer, stated(3)))
        .finish();
      expect(read(bytes)).to.deep.equal(stated(3));
      expect((BodyReader.open('election', body(stated(3))) as BodyReader).tagged(2, readSeniority)).to.equal(
        null,
      );
    });

    it('is malformed with more elders than it may have, and where it is cut off', () => {
      const many = stated(
        9,
        Object.fromEntries(Array.from({ length: MAX_ELDERS + 1 }, (_, i) => [`#m${i}#d`, i])),
      );
      expect(() => read(body(many))).to.throw(`expected ${MAX_ELDERS} items at most`);
      const whole = body(stated(3));
      expect(() => read(whole.subarray(0, -1))).to.throw('expected');
    });
  });
});
