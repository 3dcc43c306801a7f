import { expect } from 'chai';
import { boundedHeartbeat, Heartbeat, type HeartbeatStep } from '../../lib/util/heartbeat.js';

const INTERVAL = 1000;

/** One side with a heartbeat of 1000 ms, looked at every 500 ms unless it is late. */
class Side {
  sent = 0;
  heard = 0;
  isHeld = false;
  private now = 0;
  private readonly heartbeat = new Heartbeat(INTERVAL, 0, 0, 0);

  look(lateMs = 0): HeartbeatStep {
    this.now += this.heartbeat.lookMs + lateMs;
    return this.heartbeat.look(this.now, this.sent, this.heard, this.isHeld);
  }

  /** Looks on time. */
  looks(count: number): HeartbeatStep[] {
    return Array.from({ length: count }, () => this.look());
  }
}

describe('util: heartbeat', () => {
  it('looks twice in an interval', () => {
    expect(new Heartbeat(INTERVAL, 0, 0, 0).lookMs).to.equal(500);
  });

  it('has an interval that a timer can keep, and that costs little', () => {
    expect([1, 200, 5000, 600_000, 0xffff_ffff].map(boundedHeartbeat)).to.deep.equal([
      200, 200, 5000, 600_000, 600_000,
    ]);
  });

  it('asks once in each interval in which nothing was sent', () => {
    const side = new Side();
    const steps: HeartbeatStep[] = [];
    for (let i = 0; i < 6; i++) {
      side.heard++;
      steps.push(side.look());
    }
    expect(steps).to.deep.equal([null, 'ping', null, 'ping', null, 'ping']);
  });

  it('asks nothing while something is sent', () => {
    const side = new Side();
    for (let i = 0; i < 6; i++) {
      side.heard++;
      side.sent++;
      expect(side.look()).to.equal(null);
    }
  });

  it('gives up after 2.5 intervals without a sign', () => {
    const side = new Side();
    expect(side.looks(5)).to.deep.equal([null, 'ping', null, 'ping', 'silent']);
  });

  it('begins to count again with each sign', () => {
    const side = new Side();
    side.looks(4);
    side.heard++;
    expect(side.looks(5)).to.not.include('silent');
    expect(side.look()).to.equal('silent');
  });

  it('does not count a look that is late by more than half an interval', () => {
    const side = new Side();
    side.looks(4);
    expect(side.look(501)).to.not.equal('silent');
    expect(side.look(500)).to.equal('silent');
  });

  it('does not count while this side does not read', () => {
    const side = new Side();
    side.looks(4);
    side.isHeld = true;
    expect(side.looks(20)).to.not.include('silent');
    side.isHeld = false;
    expect(side.looks(4)).to.not.include('silent');
    expect(side.look()).to.equal('silent');
  });
});
