import { expect } from 'chai';
import { Handshakes, type PendingHandshake } from '../../daemon/session/handshakes.js';
import { defaultLimits, HANDSHAKE_PATIENCE, HANDSHAKE_WAIT } from '../../daemon/session/limits.js';
import { ManualClock } from './manual-clock.js';

class Guest implements PendingHandshake {
  constructor(
    private readonly bench: Bench,
    readonly name: string,
    readonly address: string,
  ) {}

  begin(): void {
    this.bench.begun.push(this.name);
  }

  giveWay(): void {
    this.bench.gone.push(this.name);
    this.bench.handshakes.remove(this);
  }
}

class Bench {
  readonly clock = new ManualClock();
  readonly handshakes: Handshakes<Guest>;
  /** Names of those whose turn came, in order. */
  begun: string[] = [];
  readonly gone: string[] = [];
  private readonly guests = new Map<string, Guest>();

  constructor(maxHandshakes: number) {
    this.handshakes = new Handshakes({ ...defaultLimits, maxHandshakes }, this.clock);
  }

  /** The first letter of a name is its address. */
  arrive(...names: readonly string[]): void {
    for (const name of names) {
      const guest = new Guest(this, name, name.slice(0, 1));
      this.guests.set(name, guest);
      this.handshakes.add(guest);
    }
  }

  end(...names: readonly string[]): void {
    for (const name of names) this.handshakes.remove(this.guests.get(name) as Guest);
  }
}

describe('session: handshakes', () => {
  it('are served at once up to the limit; the next begins when one is over', () => {
    const bench = new Bench(2);
    bench.arrive('a1', 'a2', 'a3', 'a4');
    expect(bench.begun).to.deep.equal(['a1', 'a2']);
    bench.end('a2');
    expect(bench.begun).to.deep.equal(['a1', 'a2', 'a3']);
    bench.end('a1', 'a3');
    expect(bench.begun).to.deep.equal(['a1', 'a2', 'a3', 'a4']);
    bench.end('a4');
    expect([bench.handshakes.size, bench.gone]).to.deep.equal([0, []]);
  });

  it('wait by address in turn, so that one address with many does not keep out another', () => {
    const bench = new Bench(1);
    bench.arrive('a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1');
    bench.end('a1', 'a2', 'b1', 'c1', 'a3', 'b2');
    expect(bench.begun).to.deep.equal(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
  });

  it('of 6,000 that come at one time are all served, in their order, while each takes a moment', () => {
    const bench = new Bench(defaultLimits.maxHandshakes);
    const crowd = Array.from({ length: 6_000 }, (_, i) => `a${i}`);
    bench.arrive(...crowd);
    // A millisecond each: many times what one takes.
    for (const name of crowd) {
      bench.clock.pass(1);
      bench.end(name);
    }
    expect(bench.begun).to.deep.equal(crowd);
    expect([bench.handshakes.size, bench.gone]).to.deep.equal([0, []]);
  });

  it('that are silent make room for those that wait, and do not end', () => {
    const bench = new Bench(2);
    bench.arrive('a1', 'a2', 'a3', 'a4', 'a5');
    bench.clock.pass(HANDSHAKE_PATIENCE);
    expect(bench.begun).to.deep.equal(['a1', 'a2', 'a3', 'a4']);
    bench.clock.pass(HANDSHAKE_PATIENCE);
    expect(bench.begun).to.deep.equal(['a1', 'a2', 'a3', 'a4', 'a5']);
    expect([bench.handshakes.size, bench.gone]).to.deep.equal([5, []]);
  });

  it('arm no timer while nobody waits', () => {
    const bench = new Bench(2);
    bench.arrive('a1', 'a2');
    expect(bench.clock.armed).to.equal(0);
    bench.arrive('a3');
    expect(bench.clock.armed).to.equal(1);
    bench.clock.pass(2 * HANDSHAKE_PATIENCE);
    expect(bench.clock.armed).to.equal(0);
  });

  it('wait no longer than they may', () => {
    const bench = new Bench(1);
    const crowd = Array.from({ length: HANDSHAKE_WAIT / HANDSHAKE_PATIENCE + 5 }, (_, i) => `a${i}`);
    bench.arrive(...crowd);
    bench.clock.pass(HANDSHAKE_WAIT);
    const served = bench.begun.length;
    expect(served).to.be.within(crowd.length - 5, crowd.length - 4);
    expect(bench.gone).to.deep.equal(crowd.slice(served));
  });

  it('of an address that waited and is gone leave no turn behind', () => {
    const bench = new Bench(1);
    bench.arrive('a1', 'b1', 'c1');
    bench.end('b1', 'a1');
    expect(bench.begun).to.deep.equal(['a1', 'c1']);
  });

  describe('when there are too many connections', () => {
    it('lose the oldest of the address with the most', () => {
      const bench = new Bench(2);
      bench.arrive('b1', 'a1', 'a2', 'a3');
      expect(bench.handshakes.makeRoomFor('c')).to.equal(true);
      expect(bench.gone).to.deep.equal(['a1']);
      expect(bench.handshakes.makeRoomFor('c')).to.equal(true);
      expect(bench.gone).to.deep.equal(['a1', 'a2']);
    });

    it('lose nobody of an address that would have no more than the newcomer', () => {
      const bench = new Bench(2);
      bench.arrive('a1', 'b1');
      expect(bench.handshakes.makeRoomFor('c')).to.equal(false);
      expect(bench.gone).to.deep.equal([]);
    });

    it('lose the oldest of the own address of one that has the most', () => {
      const bench = new Bench(2);
      bench.arrive('b1', 'a1', 'a2', 'b2');
      expect(bench.handshakes.makeRoomFor('a')).to.equal(true);
      expect(bench.gone).to.deep.equal(['a1']);
    });

    it('find who has the most also after the one with the most is through', () => {
      const bench = new Bench(9);
      bench.arrive('a1', 'a2', 'a3', 'b1', 'b2');
      bench.end('a1', 'a2', 'a3');
      expect(bench.handshakes.makeRoomFor('c')).to.equal(true);
      expect(bench.gone).to.deep.equal(['b1']);
    });
  });
});
