/** How replays share the turns of a daemon: those that can read nothing cost nothing, and each of them gets its turn. */
import { expect } from 'chai';
import type { Core } from '../../daemon/core/core.js';
import type { BatchTick } from '../../daemon/session/batch-tick.js';
import { type ReplayedSession, Replays } from '../../daemon/session/replays.js';
import { RingRig } from '../core/ring-rig.js';
import { ManualClock } from './manual-clock.js';

class Rig {
  readonly ring = new RingRig();
  readonly clock = new ManualClock();
  readonly said: string[] = [];
  scheduled = 0;
  readonly replays: Replays;
  private readonly core;

  constructor() {
    const record = { ring: this.ring.ring, endBatch: () => true, onDone: (): void => undefined };
    this.core = { record, ringIndex: () => this.ring.index };
    const tick = { schedule: () => this.scheduled++ } as unknown as BatchTick;
    this.replays = new Replays({ core: this.core as unknown as Core, clock: this.clock, tick });
  }

  /** Sessions whose clients have seen more than there is. */
  ahead(count: number): void {
    for (let i = 0; i < count; i++) {
      const at = this.ring.history.index + 100;
      const position = { ...this.ring.position(at), to: at };
      const groups = [{ group: 'g', onDemand: false, signalled: false, had: true, wanted: true }];
      const name = `#c${i}#a`;
      const request = { sid: BigInt(i), name, membership: true, position, groups };
      const present = { list: () => null, groupsOf: () => [], signalled: () => null, names: [name] };
      this.replays.begin(this.session(name), { ...present, hasReturned: true }, request);
    }
  }

  /** Turns of the daemon until it rests. */
  turns(): number {
    let turns = 0;
    for (; this.scheduled > 0 && turns < 1000; turns++) {
      this.scheduled = 0;
      this.replays.endTurn();
    }
    return turns;
  }

  payload(): void {
    this.ring.data('x');
    this.core.record.onDone();
  }

  private session(name: string): ReplayedSession {
    return {
      isFull: false,
      awayMs: 0,
      deliver: () => undefined,
      isOnDemand: () => false,
      isOwn: () => false,
      lost: (reason) => {
        this.said.push(`${name} ${reason}`);
        return reason;
      },
      live: () => this.said.push(`${name} live`),
    };
  }
}

describe('session: replays of many sessions', () => {
  it('rest when each has had its turn and none could read, until something comes', () => {
    const rig = new Rig();
    rig.ring.data('a', 'b');
    const clock = rig.clock;
    // Each look at the clock takes a part of the slice.
    const now = clock.now.bind(clock);
    clock.now = () => {
      clock.pass(0.5);
      return now();
    };
    rig.ahead(50);
    for (let i = 0; i < 3; i++) {
      const turns = rig.turns();
      expect(turns).to.be.greaterThan(2);
      expect(turns).to.be.lessThan(100);
      rig.payload();
    }
    expect(rig.said).to.deep.equal([]);
  });

  it('take a position that stays ahead of the daemon for one of another past', () => {
    const rig = new Rig();
    rig.ring.data('a', 'b');
    rig.ahead(1);
    rig.turns();
    rig.clock.pass(9_999);
    expect([rig.scheduled, rig.said]).to.deep.equal([0, []]);
    rig.clock.pass(1);
    rig.turns();
    expect(rig.said).to.deep.equal(['#c0#a diverged', '#c0#a live']);
    expect(rig.replays.size).to.equal(0);
  });
});
