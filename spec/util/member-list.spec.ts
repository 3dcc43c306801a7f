import { expect } from 'chai';
import fc from 'fast-check';
import { ListHash } from '../../lib/util/list-hash.js';
import { ChunkedList, MAX_CHUNK, MemberList, SortedList } from '../../lib/util/member-list.js';

const nameOf = (i: number): string => `#n${i}#d`;
const hashOf = (names: readonly string[]): bigint => {
  const hash = new ListHash();
  for (const name of names) hash.add(name);
  return hash.value;
};

/** Every chunk has something, and not too much. */
function expectSound({ chunks, length }: ChunkedList<unknown>): void {
  const sizes = chunks.map(({ items }) => items.length);
  expect(sizes.filter((size) => size < 1 || size > MAX_CHUNK)).to.deep.equal([]);
  expect(sizes.reduce((sum, size) => sum + size, 0)).to.equal(length);
}

/** Places as fractions, so that one list of acts fits lists of all lengths. */
const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const acts = fc.array(fc.tuple(fc.constantFrom('in', 'in', 'in', 'out', 'out'), place), { maxLength: 300 });

describe('list of members', () => {
  describe('in a given order', () => {
    it('equals a flat array whatever is inserted and removed', () => {
      const property = fc.property(fc.integer({ min: 0, max: 900 }), acts, (size, list) => {
        const flat = Array.from({ length: size }, (_, i) => nameOf(i));
        const members = new MemberList();
        members.assign(flat);
        let next = size;
        for (const [act, where] of list) {
          const at = Math.floor(where * (flat.length + (act === 'in' ? 1 : 0)));
          if (act === 'in') {
            flat.splice(at, 0, nameOf(next));
            members.insert(at, nameOf(next++));
          } else if (flat.length > 0) {
            expect(members.removeAt(at)).to.equal(flat.splice(at, 1)[0]);
          }
        }
        expect(members.toArray()).to.deep.equal(flat);
        expect([...members]).to.deep.equal(flat);
        expect(members.hash.value).to.equal(hashOf(flat));
        expectSound(members);
        for (const at of [0, flat.length >> 1, flat.length - 1]) {
          expect(members.at(at)).to.equal(flat[at]);
          if (at >= 0 && at < flat.length) expect(members.indexOf(flat[at] as string)).to.equal(at);
        }
      });
      fc.assert(property, { numRuns: 60 });
    });

    it('grows by a chunk when one is full, and joins those that are nearly empty', () => {
      const members = new MemberList();
      for (let i = 0; i < 2000; i++) members.push(nameOf(i));
      expectSound(members);
      expect(members.chunks.length).to.be.within(8, 12);
      for (let i = 0; i < 1950; i++) members.removeAt((i * 7) % members.length);
      expectSound(members);
      expect(members.chunks).to.have.length(1);
    });

    it('finds every name after chunks were split and joined', () => {
      const members = new MemberList();
      for (let i = 0; i < 600; i++) members.insert(i >> 1, nameOf(i));
      for (let i = 0; i < 600; i += 3) members.remove(nameOf(i));
      for (const [at, name] of members.toArray().entries()) expect(members.indexOf(name)).to.equal(at);
      for (let i = 0; i < 600; i++) expect(members.has(nameOf(i))).to.equal(i % 3 !== 0);
    });

    it('removes a name and says which place it had', () => {
      const members = new MemberList();
      members.assign(['a', 'b', 'c']);
      expect([members.remove('b'), members.remove('b'), members.indexOf('b')]).to.deep.equal([1, -1, -1]);
      expect(members.toArray()).to.deep.equal(['a', 'c']);
    });

    it('keeps what a condition says', () => {
      const members = new MemberList();
      members.assign(['a', 'b', 'c', 'd']);
      members.retain((name) => name > 'b');
      expect(members.toArray()).to.deep.equal(['c', 'd']);
      expect(members.hash.value).to.equal(hashOf(['c', 'd']));
      expect(members.has('a')).to.equal(false);
    });

    it('keeps the chunks, and what was made of them, that lose nothing to a condition', () => {
      const members = new SortedList<number>((a, b) => a - b);
      for (let i = 0; i < 2000; i++) members.add(i);
      const before = [...members.chunks];
      for (const chunk of before) chunk.kept = 'made';
      members.retain((i) => i < 300 || i >= 900);
      expect(members.toArray()).to.deep.equal(
        Array.from({ length: 2000 }, (_, i) => i).filter((i) => i < 300 || i >= 900),
      );
      expectSound(members);
      for (const chunk of members.chunks) {
        const isWhole = before.includes(chunk) && !chunk.items.includes(299);
        expect(chunk.kept, `${chunk.items[0]}`).to.equal(isWhole ? 'made' : null);
      }
      expect(members.chunks.filter(({ kept }) => kept === 'made').length).to.be.above(5);
      expect([members.indexOf(299), members.indexOf(300), members.indexOf(900)]).to.deep.equal([
        299, -1, 300,
      ]);
    });

    it('equals a filter whatever a condition leaves', () => {
      const kept = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 20 });
      fc.assert(
        fc.property(kept, (pattern) => {
          const members = new SortedList<number>((a, b) => a - b);
          for (let i = 0; i < 1500; i++) members.add(i);
          const keeps = (i: number): boolean => (pattern[(i >> 6) % pattern.length] ?? 0) > i % 7;
          members.retain(keeps);
          const expected = Array.from({ length: 1500 }, (_, i) => i).filter(keeps);
          expect(members.toArray()).to.deep.equal(expected);
          expectSound(members);
        }),
        { numRuns: 30 },
      );
    });

    it('refuses a name that is there, and nothing has happened', () => {
      const members = new MemberList();
      members.assign(['a', 'b']);
      expect(() => members.insert(0, 'b')).to.throw('b is in the list');
      expect(members.toArray()).to.deep.equal(['a', 'b']);
      expect(members.hash.value).to.equal(hashOf(['a', 'b']));
    });

    it('refuses names of which one comes twice, and is empty', () => {
      const members = new MemberList();
      expect(() => members.assign(['a', 'b', 'a'])).to.throw('a name comes twice');
      expect([members.length, members.hash.value, members.has('a')]).to.deep.equal([0, 0n, false]);
    });

    for (const [what, act] of [
      ['insert behind the end', (list: MemberList) => list.insert(3, 'x')],
      ['insert before the beginning', (list: MemberList) => list.insert(-1, 'x')],
      ['insert between two places', (list: MemberList) => list.insert(0.5, 'x')],
      ['remove behind the end', (list: MemberList) => list.removeAt(2)],
      ['remove before the beginning', (list: MemberList) => list.removeAt(-1)],
    ] as const) {
      it(`refuses to ${what}`, () => {
        const members = new MemberList();
        members.assign(['a', 'b']);
        expect(() => act(members)).to.throw(RangeError);
        expect(members.toArray()).to.deep.equal(['a', 'b']);
      });
    }

    it('has nothing outside', () => {
      const members = new MemberList();
      members.assign(['a', 'b']);
      expect([members.at(-1), members.at(2), members.at(1)]).to.deep.equal([undefined, undefined, 'b']);
    });
  });

  describe('in the order of a relation', () => {
    it('equals a sorted array, and says the places', () => {
      const numbers = fc.uniqueArray(fc.integer({ min: 0, max: 5000 }), { maxLength: 700 });
      const property = fc.property(numbers, fc.nat({ max: 9 }), (list, gone) => {
        const members = new SortedList<number>((a, b) => a - b);
        let flat: number[] = [];
        for (const each of list) {
          flat = [...flat, each].toSorted((a, b) => a - b);
          expect(members.add(each)).to.equal(flat.indexOf(each));
        }
        for (const each of list.filter((_, i) => i % 10 < gone)) {
          expect(members.indexOf(each)).to.equal(flat.indexOf(each));
          expect(members.remove(each)).to.equal(flat.indexOf(each));
          flat.splice(flat.indexOf(each), 1);
          expect([members.indexOf(each), members.remove(each)]).to.deep.equal([-1, -1]);
        }
        expect(members.toArray()).to.deep.equal(flat);
        expectSound(members);
      });
      fc.assert(property, { numRuns: 40 });
    });

    it('is sorted again after items were pushed', () => {
      const members = new SortedList<number>((a, b) => a - b);
      for (let i = 0; i < 700; i++) members.push((i * 389) % 701);
      members.sort();
      expect(members.toArray()).to.deep.equal(members.toArray().toSorted((a, b) => a - b));
      expect(members.length).to.equal(700);
      expectSound(members);
    });
  });

  it('keeps what was made of a chunk until that chunk changes', () => {
    const members = new SortedList<number>((a, b) => a - b);
    for (let i = 0; i < 600; i++) members.add(i * 2);
    for (const chunk of members.chunks) chunk.kept = 'made';
    members.add(1);
    expect(members.chunks.map(({ kept }) => kept)).to.deep.equal([
      null,
      ...members.chunks.slice(1).map(() => 'made'),
    ]);
    members.remove(1198);
    expect(members.chunks.at(-1)?.kept).to.equal(null);
    expect(members.chunks[1]?.kept).to.equal('made');
  });
});
