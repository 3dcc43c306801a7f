import { expect } from 'chai';
import { FloodThrottle, type Throttled, FLOOD_BYTES, FLOOD_TIME } from '../../daemon/session/throttle.js';
import { until } from '../support/wait.js';

/** Milliseconds; the daemon's own is longer. */
const STALL_TIME = 150;

/** A session as the brake sees it. */
class Fake implements Throttled {
  isHeld = false;
  waitingBytes = 0;
  takenBytes = 0;
  isBehind = false;

  setPaused(_holder: 'flood', held: boolean): void {
    this.isHeld = held;
  }

  /** Its socket refuses some bytes. */
  refuse(brake: FloodThrottle, bytes: number): void {
    this.waitingBytes += bytes;
    brake.wrote(this);
  }

  /** Its socket takes bytes; the brake hears of it when a whole write went through. */
  take(bytes: number): void {
    this.waitingBytes -= bytes;
    this.takenBytes += bytes;
  }
}

/** A flooder that is held because a receiver refuses bytes. */
function jam(waiting = 1000): { brake: FloodThrottle; flooder: Fake; receiver: Fake } {
  const brake = new FloodThrottle(STALL_TIME);
  const flooder = new Fake();
  const receiver = new Fake();
  brake.wasRead(flooder, FLOOD_BYTES);
  receiver.refuse(brake, waiting);
  brake.endTurn();
  return { brake, flooder, receiver };
}

describe('session: brake', () => {
  it('holds a session that floods until the turn is over', () => {
    const brake = new FloodThrottle(STALL_TIME);
    const flooder = new Fake();
    brake.wasRead(flooder, FLOOD_BYTES);
    expect(flooder.isHeld).to.equal(true);
    brake.endTurn();
    expect(flooder.isHeld).to.equal(false);
  });

  it('adds up what a session brings', () => {
    const brake = new FloodThrottle(STALL_TIME);
    const flooder = new Fake();
    brake.wasRead(flooder, FLOOD_BYTES / 2);
    expect(flooder.isHeld).to.equal(false);
    brake.wasRead(flooder, FLOOD_BYTES / 2);
    expect(flooder.isHeld).to.equal(true);
    brake.endTurn();
  });

  it('adds up for each session by itself', () => {
    const brake = new FloodThrottle(STALL_TIME);
    const [one, other] = [new Fake(), new Fake()];
    brake.wasRead(one, FLOOD_BYTES - 1);
    brake.wasRead(other, FLOOD_BYTES - 1);
    expect([one.isHeld, other.isHeld]).to.deep.equal([false, false]);
  });

  it('starts to count again when the flood time is over', async () => {
    const brake = new FloodThrottle(STALL_TIME);
    const flooder = new Fake();
    brake.endTurn();
    const start = performance.now();
    brake.wasRead(flooder, FLOOD_BYTES - 1);
    await until(() => performance.now() - start > FLOOD_TIME, 'the flood time');
    brake.endTurn();
    brake.wasRead(flooder, FLOOD_BYTES - 1);
    expect(flooder.isHeld).to.equal(false);
  });

  it('holds the flooder on while a receiver refuses bytes', () => {
    expect(jam().flooder.isHeld).to.equal(true);
  });

  it('never holds a session that brings little, whoever is behind', () => {
    const { brake } = jam();
    const calm = new Fake();
    for (let turn = 0; turn < 100; turn++) {
      brake.wasRead(calm, FLOOD_BYTES / 200);
      expect(calm.isHeld).to.equal(false);
      brake.endTurn();
    }
  });

  it('lets the flooder go when the receiver has taken everything', () => {
    const { brake, flooder, receiver } = jam();
    receiver.take(1000);
    brake.wrote(receiver);
    expect(flooder.isHeld).to.equal(false);
  });

  it('waits for the last of several receivers', () => {
    const { brake, flooder, receiver } = jam();
    const second = new Fake();
    second.refuse(brake, 500);
    receiver.take(1000);
    brake.wrote(receiver);
    expect(flooder.isHeld).to.equal(true);
    second.take(500);
    brake.wrote(second);
    expect(flooder.isHeld).to.equal(false);
  });

  it('lets the flooder go when the receiver has stopped', async () => {
    const start = performance.now();
    const { flooder } = jam();
    await until(() => !flooder.isHeld, 'the flooder to be let go');
    expect(performance.now() - start).to.be.at.least(STALL_TIME - 1);
  });

  it('holds the flooder as long as the receiver takes something, bit by bit', async () => {
    const { flooder, receiver } = jam(1_000_000_000);
    const start = performance.now();
    await until(() => {
      receiver.take(1);
      return performance.now() - start > 2.5 * STALL_TIME || !flooder.isHeld;
    }, 'two looks');
    expect(flooder.isHeld).to.equal(true);
    await until(() => !flooder.isHeld, 'the receiver to count as stopped');
  });

  it('sees progress also when more waits for the receiver than before', async () => {
    const { brake, flooder, receiver } = jam();
    const start = performance.now();
    await until(() => {
      receiver.take(1);
      receiver.refuse(brake, 10);
      return performance.now() - start > 2.5 * STALL_TIME || !flooder.isHeld;
    }, 'two looks');
    expect(flooder.isHeld).to.equal(true);
    await until(() => !flooder.isHeld, 'the receiver to count as stopped');
  });

  it('holds nobody for a receiver that has stopped before, until nothing waits for it any more', async () => {
    const { brake, flooder, receiver } = jam();
    await until(() => !flooder.isHeld, 'the receiver to count as stopped');
    brake.wasRead(flooder, FLOOD_BYTES);
    receiver.refuse(brake, 1000);
    brake.endTurn();
    expect(flooder.isHeld, 'stopped').to.equal(false);

    receiver.take(2000);
    brake.wrote(receiver);
    brake.wasRead(flooder, FLOOD_BYTES);
    receiver.refuse(brake, 1000);
    brake.endTurn();
    expect(flooder.isHeld, 'it counts again').to.equal(true);
    receiver.take(1000);
    brake.wrote(receiver);
  });

  it('lets the flooder go when the receiver is gone', () => {
    const { brake, flooder, receiver } = jam();
    brake.forget(receiver);
    expect(flooder.isHeld).to.equal(false);
  });

  it('forgets a flooder that is gone', () => {
    const { brake, flooder, receiver } = jam();
    brake.forget(flooder);
    receiver.take(1000);
    brake.wrote(receiver);
    expect(flooder.isHeld, 'nobody touched it').to.equal(true);
  });

  it('lets a flooder go that takes nothing itself: it waits for its own sending', async () => {
    const { brake, flooder, receiver } = jam();
    flooder.refuse(brake, 10);
    const start = performance.now();
    await until(() => {
      receiver.take(1);
      return !flooder.isHeld;
    }, 'the flooder to be let go');
    expect(performance.now() - start).to.be.below(STALL_TIME);
    brake.forget(receiver);
  });

  describe('with several daemons', () => {
    /** What is said to the others. */
    function behind(): { brake: FloodThrottle; told: boolean[]; receiver: Fake } {
      const told: boolean[] = [];
      const brake = new FloodThrottle(STALL_TIME, undefined, (isBehind) => told.push(isBehind));
      const receiver = new Fake();
      receiver.refuse(brake, 1000);
      receiver.isBehind = true;
      receiver.refuse(brake, 1000);
      return { brake, told, receiver };
    }

    it('tells the others of a receiver that is behind, once, and when it is not any more', () => {
      const { brake, told, receiver } = behind();
      receiver.refuse(brake, 1000);
      expect(told).to.deep.equal([true]);
      receiver.take(3000);
      brake.wrote(receiver);
      expect(told).to.deep.equal([true, false]);
    });

    it('tells that one which reads is not behind any more, though not all is taken', async () => {
      const { told, receiver } = behind();
      receiver.isBehind = false;
      await until(() => {
        receiver.take(1);
        return told.length === 2;
      }, 'the word');
      expect(told).to.deep.equal([true, false]);
    });

    it('does not hold up the others for a receiver that has stopped longer than the time to see it', async () => {
      const { brake, told, receiver } = behind();
      await until(() => told.length === 2, 'the receiver to count as stopped');
      receiver.refuse(brake, 1000);
      expect(told).to.deep.equal([true, false]);
    });

    it('tells of the end of the last one that is behind', () => {
      const { brake, told, receiver } = behind();
      const second = new Fake();
      second.isBehind = true;
      second.refuse(brake, 1);
      second.refuse(brake, 1);
      brake.forget(receiver);
      expect(told).to.deep.equal([true]);
      brake.forget(second);
      expect(told).to.deep.equal([true, false]);
    });

    it('holds flooders here, also slower ones, while a receiver elsewhere is behind', () => {
      const brake = new FloodThrottle(STALL_TIME);
      const [flooder, calm] = [new Fake(), new Fake()];
      brake.elsewhere = true;
      brake.wasRead(flooder, FLOOD_BYTES / 4);
      brake.wasRead(calm, FLOOD_BYTES / 4 - 1);
      brake.endTurn();
      expect([flooder.isHeld, calm.isHeld]).to.deep.equal([true, false]);
      brake.elsewhere = false;
      expect(flooder.isHeld).to.equal(false);
    });
  });

  it('holds a flooder that comes while another one is held', () => {
    const { brake, flooder, receiver } = jam();
    const second = new Fake();
    brake.wasRead(second, FLOOD_BYTES);
    brake.endTurn();
    expect(second.isHeld).to.equal(true);
    receiver.take(1000);
    brake.wrote(receiver);
    expect([flooder.isHeld, second.isHeld]).to.deep.equal([false, false]);
  });
});
