/** What servers keep for clients that come back. */
import { expect } from 'chai';
import { offsetOf, placeOf } from '../../../lib/adapters/socket.io/recovery/place.js';
import { Ring } from '../../../lib/adapters/socket.io/recovery/ring.js';

const ALL = { rooms: [], except: [] };
const AGE = 1_000;

class Keeper {
  readonly ring: Ring;
  now = 0;

  constructor(bytes = 1_000) {
    this.ring = new Ring(AGE, bytes);
    this.ring.begin('aaaaaaaa');
  }

  /** @returns its place */
  add(text: string, audience: { rooms: string[]; except: string[] } = ALL, bytes = 10) {
    this.ring.step();
    this.ring.keep(audience, [text], bytes, this.now);
    return this.ring.place;
  }

  since(place = { view: 'aaaaaaaa', index: 0 }, rooms = ['own']): string[] | null {
    return this.ring.since(place, rooms, this.now)?.map(([text]) => text as string) ?? null;
  }
}

describe('socket.io: places', () => {
  it('are texts', () => {
    expect(offsetOf({ view: '0123abcd', index: 1_000 })).to.equal('0123abcd-rs');
    expect(placeOf('0123abcd-rs')).to.deep.equal({ view: '0123abcd', index: 1_000 });
  });
  for (const text of [
    '',
    'abc',
    '0123abcd',
    '0123abcd-',
    '0123ABCD-1',
    '0123abcd-A',
    `0123abcd-${'z'.repeat(11)}`,
    7,
  ])
    it(`are not in ${JSON.stringify(text)}`, () => {
      expect(placeOf(text)).to.equal(null);
    });
});

describe('socket.io: the ring of packets', () => {
  it('gives what came after a place', () => {
    const keeper = new Keeper();
    keeper.add('a');
    const place = keeper.add('b');
    keeper.add('c');
    keeper.add('d');
    expect(keeper.since(place)).to.deep.equal(['c', 'd']);
    expect(keeper.since(keeper.ring.place)).to.deep.equal([]);
    expect(keeper.since()).to.deep.equal(['a', 'b', 'c', 'd']);
  });

  it('gives what was for the rooms of the client', () => {
    const keeper = new Keeper();
    keeper.add('own', { rooms: ['x', 'own'], except: [] });
    keeper.add('other', { rooms: ['x'], except: [] });
    keeper.add('excluded', { rooms: [], except: ['own'] });
    keeper.add('all');
    expect(keeper.since()).to.deep.equal(['own', 'all']);
  });

  it('counts messages that it does not keep', () => {
    const keeper = new Keeper();
    keeper.ring.step();
    expect(keeper.add('a')).to.deep.equal({ view: 'aaaaaaaa', index: 2 });
  });

  it('goes over views', () => {
    const keeper = new Keeper();
    const place = keeper.add('a');
    keeper.add('b');
    keeper.ring.begin('bbbbbbbb');
    expect(keeper.add('c')).to.deep.equal({ view: 'bbbbbbbb', index: 1 });
    expect(keeper.since(place)).to.deep.equal(['b', 'c']);
    expect(keeper.since({ view: 'bbbbbbbb', index: 0 })).to.deep.equal(['c']);
  });

  it('says nothing of another history, and of places that are not there yet', () => {
    const keeper = new Keeper();
    keeper.add('a');
    expect(keeper.since({ view: 'cccccccc', index: 0 })).to.equal(null);
    expect(keeper.since({ view: 'aaaaaaaa', index: 2 })).to.equal(null);
  });

  it('drops what is too old, and says so to those who missed it', () => {
    const keeper = new Keeper();
    const old = keeper.add('a');
    keeper.add('b');
    keeper.now = AGE + 1;
    const place = keeper.ring.place;
    expect(keeper.since(old)).to.equal(null);
    expect(keeper.ring.length).to.equal(0);
    expect(keeper.since(place)).to.deep.equal([]);
    keeper.add('c');
    expect(keeper.since(place)).to.deep.equal(['c']);
  });

  it('serves a place of long ago when nothing was dropped after it', () => {
    const keeper = new Keeper();
    const quiet = keeper.add('a');
    keeper.now = 100 * AGE;
    keeper.add('b');
    expect(keeper.since(quiet)).to.deep.equal(['b']);
  });

  it('keeps no more bytes than it may', () => {
    const keeper = new Keeper(100);
    const first = keeper.add('a', ALL, 60);
    const second = keeper.add('b', ALL, 60);
    expect(keeper.ring.length).to.equal(1);
    expect(keeper.since()).to.equal(null);
    expect(keeper.since(first)).to.deep.equal(['b']);
    keeper.add('c', ALL, 1_000);
    expect(keeper.since(second)).to.equal(null);
  });

  it('stays small over many packets', () => {
    const keeper = new Keeper(100);
    for (let i = 0; i < 20_000; i++) keeper.add(String(i));
    expect(keeper.ring.length).to.equal(10);
    expect(keeper.since(keeper.ring.place)).to.deep.equal([]);
  });

  it('serves nobody from before a message that it does not know', () => {
    const keeper = new Keeper();
    const place = keeper.add('a');
    keeper.ring.step();
    keeper.ring.miss();
    keeper.add('b');
    expect(keeper.since(place)).to.equal(null);
    expect(keeper.since({ view: 'aaaaaaaa', index: 2 })).to.deep.equal(['b']);
  });

  it('serves nobody from before a gap', () => {
    const keeper = new Keeper();
    const place = keeper.add('a');
    const { count } = keeper.ring;
    keeper.ring.clear();
    keeper.ring.begin('bbbbbbbb');
    keeper.add('b');
    expect(keeper.since(place)).to.equal(null);
    expect(keeper.ring.after(count - 1, [])).to.equal(null);
    expect(keeper.since({ view: 'bbbbbbbb', index: 0 })).to.deep.equal(['b']);
  });

  it('forgets the oldest of very many views', () => {
    const keeper = new Keeper();
    for (let i = 0; i < 10_000; i++) keeper.ring.begin(i.toString(16).padStart(8, '0'));
    expect(keeper.since()).to.equal(null);
    expect(keeper.since({ view: '00000000', index: 0 })).to.deep.equal([]);
  });
});
