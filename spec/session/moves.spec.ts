/** Whom a daemon asks to go, when, and to which of the others, by a clock that the spec moves. */
import type { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { DaemonAddresses } from '../../daemon/core/exchange.js';
import { ALONE_TIME, MAX_TOLD_ADDRESSES, MOVE_PACE, MOVES_AT_ONCE } from '../../daemon/session/limits.js';
import { type MovableSession, Moves } from '../../daemon/session/moves.js';
import { readToClient } from '../../lib/wire/extension/read.js';
import { ManualClock } from './manual-clock.js';

class FakeCore {
  readonly name = 'd1';
  view: { readonly daemons: readonly string[] } | null = null;
  addresses: readonly DaemonAddresses[] = [];
  onExchanged: () => void = () => undefined;
  readonly record = { isOn: true, endBatch: () => false };
}

/** A daemon with clients that write down what they hear. */
class Rig {
  readonly clock = new ManualClock();
  readonly core = new FakeCore();
  turns = 0;
  readonly moves: Moves;
  readonly told: string[] = [];

  constructor() {
    const { clock, core } = this;
    const tick = { schedule: () => void this.turns++ };
    this.moves = new Moves({ clock, core: core as never, tick });
  }

  /** A daemon view in which all but those named say where they are. */
  exchange(daemons: readonly string[], silent: readonly string[] = []): void {
    this.core.view = { daemons };
    this.core.addresses = daemons
      .filter((daemon) => !silent.includes(daemon))
      .map((daemon) => ({ daemon, addresses: [`4803@${daemon}`] }));
    this.core.onExchanged();
    this.moves.endTurn();
  }

  client(name: string, cameTo = ''): MovableSession & { readonly name: string } {
    const send = (frame: Buffer): void => void this.told.push(`${name}: ${words(frame)}`);
    const session = { name, send, place: send };
    this.moves.add(session, cameTo);
    return session;
  }

  /** What was told since the last time. */
  heard(): string[] {
    return this.told.splice(0);
  }
}

function words(frame: Buffer): string {
  const read = readToClient(frame, 0, frame.length);
  if (read?.kind === 'peers') return `peers ${read.addresses.join(' ')}`;
  if (read?.kind === 'move') return `${read.reason} ${read.leftMs} ${read.addresses.join(' ')}`;
  return String(read?.kind);
}

describe('session: moves', () => {
  it('tell a client the address that it came to, and then those of the other daemons', () => {
    const { moves, ...rig } = new Rig();
    expect(moves.addressesFor('')).to.deep.equal([]);
    expect(moves.addressesFor('127.0.0.1:9')).to.deep.equal(['127.0.0.1:9']);
    rig.core.view = { daemons: ['d1', 'd2'] };
    rig.core.addresses = [{ daemon: 'd2', addresses: ['4803@x', '4803@y'] }];
    rig.core.onExchanged();
    expect(moves.addressesFor('127.0.0.1:9')).to.deep.equal(['127.0.0.1:9', '4803@x', '4803@y']);
    moves.own = ['4803@own'];
    expect(moves.addressesFor('127.0.0.1:9')).to.deep.equal(['4803@own', '4803@x', '4803@y']);
    rig.core.addresses = [{ daemon: 'd2', addresses: Array.from({ length: 100 }, (_, i) => `4803@x${i}`) }];
    rig.core.onExchanged();
    expect(moves.addressesFor('')).to.have.length(MAX_TOLD_ADDRESSES);
  });

  it('tell all clients in the turn of a change, and nobody without one', () => {
    const rig = new Rig();
    rig.client('ann', '127.0.0.1:9');
    rig.client('bob');
    rig.exchange(['d1']);
    expect([rig.heard(), rig.turns]).to.deep.equal([[], 0]);
    rig.exchange(['d1', 'd2', 'd3'], ['d3']);
    expect(rig.heard()).to.deep.equal(['ann: peers 127.0.0.1:9 4803@d2', 'bob: peers 4803@d2']);
    expect(rig.turns).to.equal(1);
    rig.exchange(['d1', 'd2', 'd4'], ['d4']);
    expect(rig.heard()).to.deep.equal([]);
    rig.exchange(['d1']);
    expect(rig.heard(), 'a daemon that is alone').to.deep.equal([]);
    expect(rig.moves.addressesFor('')).to.deep.equal(['4803@d2']);
    rig.exchange(['d1', 'd4']);
    expect(rig.heard()).to.deep.equal(['ann: peers 127.0.0.1:9 4803@d4', 'bob: peers 4803@d4']);
  });

  it('ask some at a time, each to another daemon first, and leave out who has gone', () => {
    const rig = new Rig();
    rig.exchange(['d1', 'd2', 'd3']);
    const clients = Array.from({ length: MOVES_AT_ONCE + 3 }, (_, i) => rig.client(`c${i}`));
    void rig.moves.drain(5000);
    expect(rig.moves.isDraining).to.equal(true);
    const first = rig.heard();
    expect(first).to.have.length(MOVES_AT_ONCE);
    expect(first.slice(0, 3)).to.deep.equal([
      'c0: drain 5000 4803@d2 4803@d3',
      'c1: drain 5000 4803@d3 4803@d2',
      'c2: drain 5000 4803@d2 4803@d3',
    ]);
    rig.moves.delete(clients[MOVES_AT_ONCE] as (typeof clients)[0]);
    rig.clock.pass(MOVE_PACE - 1);
    expect(rig.heard()).to.deep.equal([]);
    rig.clock.pass(1);
    expect(rig.heard()).to.deep.equal([
      `c${MOVES_AT_ONCE + 1}: drain 4900 4803@d2 4803@d3`,
      `c${MOVES_AT_ONCE + 2}: drain 4900 4803@d3 4803@d2`,
    ]);
    rig.clock.pass(MOVE_PACE);
    expect(rig.heard()).to.deep.equal([]);
  });

  for (const way of ['when all are gone', 'when the time is over'])
    it(`end a drain ${way}, and leave no timer`, async () => {
      const rig = new Rig();
      rig.exchange(['d1', 'd2']);
      const clients = ['ann', 'bob'].map((name) => rig.client(name));
      let isOver = false;
      const drained = rig.moves.drain(300).then(() => (isOver = true));
      rig.clock.pass(299);
      rig.moves.delete(clients[0] as (typeof clients)[0]);
      await Promise.resolve();
      expect(isOver).to.equal(false);
      if (way === 'when all are gone') rig.moves.delete(clients[1] as (typeof clients)[0]);
      else rig.clock.pass(1);
      await drained;
      expect(rig.clock.armed).to.equal(0);
    });

  it('let the clients of a daemon go that has lost the others, and those that come meanwhile', () => {
    const rig = new Rig();
    rig.exchange(['d1', 'd2']);
    const ann = rig.client('ann');
    rig.moves.alone();
    rig.exchange(['d1']);
    expect(rig.heard()).to.deep.equal([`ann: alone ${ALONE_TIME} 4803@d2`]);
    rig.client('bob');
    rig.clock.pass(MOVE_PACE);
    expect(rig.heard()).to.deep.equal([`bob: alone ${ALONE_TIME - MOVE_PACE} 4803@d2`]);
    rig.client('cleo');
    rig.moves.together();
    rig.client('dora');
    rig.clock.pass(MOVE_PACE);
    expect(rig.heard()).to.deep.equal([]);
    rig.moves.delete(ann);
    rig.moves.alone();
    expect(rig.heard().map((line) => line.slice(0, 4))).to.deep.equal(['bob:', 'cleo', 'dora']);
  });
});
