import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { ENTRY_COST, MAX_COPY } from '../../daemon/core/ring.js';
import { type Entry, hashOf } from '../../daemon/core/ring-entry.js';
import { locate } from '../../daemon/core/locate.js';
import { frame, RingRig } from './ring-rig.js';

const entries = ({ ring }: RingRig): Entry[] =>
  Array.from({ length: ring.end - ring.first }, (_, i) => ring.at(ring.first + i));

const bodyOf = ({ bytes, start, end }: Entry): string => bytes?.toString('latin1', start, end) ?? '';

describe('the ring', () => {
  it('keeps payloads with index and hash', () => {
    const rig = new RingRig().data('one', 'two');
    const [first, second, third] = entries(rig) as [Entry, Entry, Entry];
    expect([first.index, second.index, third.index]).to.deep.equal([1, 2, 3]);
    expect(bodyOf(third)).to.equal(frame('two').toString('latin1'));
    expect(hashOf(third)).to.equal(rig.history.hash);
  });

  it('keeps the last payload alone, as it is, while nobody can come back, and all from the one that changes that on', () => {
    const rig = new RingRig();
    const { ring } = rig;
    const kept = (): string[] =>
      entries(rig).map(({ index, segment }) => `${index} ${segment === null ? 'as it is' : 'copied'}`);
    const payload = (wasNeeded: boolean, isNeeded: boolean): void => {
      rig.history.add('a');
      ring.payload(frame('x'), rig.now, wasNeeded);
      ring.done(rig.now, isNeeded);
    };
    for (let i = 0; i < 3; i++) payload(false, false);
    const { index } = rig.history;
    expect(kept()).to.deep.equal([`${index} as it is`]);
    payload(false, true);
    payload(true, true);
    expect(kept()).to.deep.equal([`${index} as it is`, `${index + 1} as it is`, `${index + 2} copied`]);
    expect(ring.before?.index).to.equal(index - 1);
    payload(true, false);
    expect(kept()).to.deep.equal([`${index + 3} copied`]);
  });

  it('copies payloads, and keeps those of daemons that are longer as they are', () => {
    const rig = new RingRig();
    const [small, long] = [frame('small'), frame('x'.repeat(MAX_COPY))];
    rig.payload(small).payload(long);
    small.fill(0);
    const [, first, second] = entries(rig) as [Entry, Entry, Entry];
    expect(bodyOf(first)).to.include('small');
    expect(first.segment).not.to.equal(null);
    expect(second.segment).to.equal(null);
  });

  it('is bounded by bytes', () => {
    const bytes = 20 * (ENTRY_COST + frame('x').length);
    const rig = new RingRig({ bytes });
    for (let i = 0; i < 100; i++) rig.data('x');
    expect(rig.ring.bytes).to.be.within(bytes / 2, bytes);
    expect(rig.ring.end - rig.ring.first).to.be.within(19, 20);
    expect(rig.ring.before).to.include({ tag: 1n, index: 81 });
  });

  it('uses its segments again: what it allocates does not grow', () => {
    const rig = new RingRig({ bytes: 64 * 1024 });
    const segments = new Set<unknown>();
    for (let i = 0; i < 3000; i++) {
      rig.data('x'.repeat(100));
      segments.add(rig.ring.at(rig.ring.end - 1).segment);
    }
    expect(segments.size).to.be.within(2, 3);
    for (const entry of entries(rig)) expect(bodyOf(entry)).to.include('xxx');
  });

  it('is bounded by time', () => {
    const rig = new RingRig({ age: 100 });
    rig.data('one');
    rig.now += 60;
    rig.data('two');
    rig.now += 60;
    rig.ring.evict(rig.now);
    expect(entries(rig).map(bodyOf).join()).to.include('two').and.not.include('one');
  });

  it('knows which groups had given the signal before its first entry', () => {
    const rig = new RingRig({ age: 100 }).join('#m#a').signal();
    rig.now += 200;
    rig.ring.evict(rig.now);
    expect([...rig.ring.signalled.keys()]).to.deep.equal(['g']);
    rig.begin(2n).exchange(rig.network('#m#a'));
    rig.now += 200;
    rig.ring.evict(rig.now);
    expect(rig.ring.signalled.size).to.equal(0);
  });

  it('finds a payload of a view by its index, past the signals', () => {
    const rig = new RingRig().data('one').signal().data('two').signal();
    const [view] = rig.ring.views;
    const found = [1, 2, 3, 4].map((index) => (view ? rig.ring.find(view, index) : -2));
    expect(found).to.deep.equal([0, 1, 3, -1]);
  });

  it('notes in an entry what came of it, with its place', () => {
    const rig = new RingRig().payload(frame('one'), frame('two'), new RingRig().joined('#m#a'));
    const [, { changes }] = entries(rig) as [Entry, Entry];
    expect(changes).to.have.length(1);
    expect(changes[0]).to.include({ kind: 'member', at: frame('one').length });
  });
});

describe('the verdict on a position', () => {
  const verdict = (rig: RingRig, position: ReturnType<RingRig['position']>, started = 0): string => {
    const found = locate(rig.ring, position, rig.now, started);
    return found.kind === 'whole' ? `whole ${found.first}` : found.kind === 'gap' ? found.reason : 'ahead';
  };

  it('is whole where the ring begins at or before it', () => {
    const rig = new RingRig().data('one');
    const here = rig.position();
    const batch = rig.position(1);
    rig.data('two').view(2n).data('three');
    expect(verdict(rig, here)).to.equal('whole 2');
    expect(verdict(rig, batch)).to.equal('whole 1');
  });

  it('is whole at the end, and ahead beyond it', () => {
    const rig = new RingRig().data('one');
    const ahead = new RingRig().data('one', 'two').position();
    expect(verdict(rig, rig.position())).to.equal('whole 2');
    expect(verdict(rig, ahead)).to.equal('ahead');
    expect(verdict(rig.data('two'), ahead)).to.equal('whole 3');
  });

  it('is a gap where another payload has the index', () => {
    const rig = new RingRig().data('one');
    const position = { ...rig.position(), hash: 1n };
    expect(verdict(rig, position)).to.equal('diverged');
  });

  it('is a gap where the view ended before it', () => {
    const ahead = new RingRig().data('one', 'two').position();
    expect(verdict(new RingRig().data('one').view(2n), ahead)).to.equal('diverged');
  });

  it('is a gap where something behind it is evicted', () => {
    const rig = new RingRig({ age: 100 });
    const old = rig.position();
    rig.data('one');
    const batch = rig.position(1);
    const before = rig.position();
    rig.now += 200;
    rig.data('two');
    expect(verdict(rig, old)).to.equal('overrun');
    expect(verdict(rig, batch)).to.equal('overrun');
    expect(verdict(rig, before)).to.equal(`whole ${rig.ring.first}`);
    rig.now += 200;
    rig.view(2n).data('three');
    rig.now += 200;
    rig.view(3n).data('four');
    expect(verdict(rig, before)).to.equal('overrun');
  });

  it('is a gap in a view that it does not know: of before its start, or of others', () => {
    const rig = new RingRig();
    const other = { ...rig.position(), tag: 77n, awayMs: 500 };
    expect(verdict(rig, other, rig.now - 100)).to.equal('restarted');
    expect(verdict(rig, other, rig.now - 900)).to.equal('parted');
  });

  it('is a gap without a position', () => {
    const none = { tag: 0n, from: 0, to: 0, hash: 0n, events: 0, awayMs: 0 };
    expect(verdict(new RingRig(), none)).to.equal('diverged');
  });

  it('tells the place behind an exchange from the end of its batch', () => {
    const { history } = new RingRig().begin(2n, 5n);
    history.add('a');
    const { hash } = history;
    const rig = new RingRig().begin(2n, 5n).exchange();
    const newcomer = new RingRig().begin(2n, 6n).exchange();
    const batch = { tag: 2n, from: 0, to: 1, hash, events: 0, awayMs: 0 };
    expect(verdict(rig, batch)).to.match(/^whole/);
    expect(verdict(newcomer, batch)).to.equal('diverged');
    expect(verdict(newcomer, rig.position())).to.match(/^whole/);
  });

  it('tells who has put off a request', () => {
    const [one, other] = [new RingRig(), new RingRig()];
    for (const { history, ring, now } of [one, other]) {
      history.add('a');
      ring.payload(Buffer.alloc(0), now);
      if (ring === one.ring) {
        history.putOff();
        ring.putOff();
      }
      ring.done(now);
    }
    expect(verdict(one, one.position())).to.equal('whole 2');
    expect(verdict(other, one.position())).to.equal('diverged');
  });
});
