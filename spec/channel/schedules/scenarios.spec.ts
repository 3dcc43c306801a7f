/** Short schedules, each of which once gave a name to two owners, or took one from an owner who had it by right. */
import { expect } from 'chai';
import { Listed } from '../../support/group-network/choices.js';
import { ORPHAN_TIMEOUT, type RegistryConnection } from './registry-connection.js';
import { RegistryWorld, Violation } from './registry-world.js';

/** What a cut leaves of the messages under way, see `support/group-network/cut.ts`. */
const ONE_MORE_IS_ORDERED = 1;
const TWO_MORE_ARE_ORDERED = 2;
const NOTHING_OF_IT = 0;
const ALL_OF_IT = Infinity;
/** More than an exchange of tables takes. */
const MAX_STEPS = 20;

/** A connection at each of these daemons, one after the other. */
function begin(world: RegistryWorld, at: readonly number[] = [0, 1, 2]): void {
  for (const daemon of at) start(world, daemon);
}

function start(world: RegistryWorld, daemon: number): void {
  world.startAt(daemon);
  world.settle();
}

/** These daemons' first connections create the channel, and everything comes to rest. */
function create(world: RegistryWorld, name: string, at: readonly number[]): void {
  for (const daemon of at) world.create(world.at(daemon), name);
  world.settle();
}

function cut(world: RegistryWorld, components: string): void {
  world.cut(components);
  world.settle();
}

function crash(world: RegistryWorld, daemon: number): void {
  world.end(world.at(daemon), 'crash');
  world.settle();
}

function checkOwner(world: RegistryWorld, owner: RegistryConnection): void {
  if (world.grants.of(owner).length !== 1)
    world.fail('refused', `${owner.id} was not given what it asked for`);
}

/**
 * Steps until the tables have come together for this connection.
 * @param turn the daemon that says what it has to say before others do, at each step
 */
function runUntilReady(world: RegistryWorld, { machine }: RegistryConnection, turn?: number): void {
  for (let step = 0; step === 0 || (step < MAX_STEPS && !machine.isReady); step++) {
    world.turn = turn ?? world.turn;
    world.run(1);
  }
}

/**
 * Plays the schedule twice: as the machines say it of themselves, and as applications see it.
 * @returns what was violated
 */
function violations(schedule: (world: RegistryWorld) => void): string[] {
  return [true, false].flatMap((comparesMachines) => {
    const world = new RegistryWorld({ daemons: 3, areTold: true, isTraced: true, comparesMachines });
    try {
      schedule(world);
      return [];
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      if (process.env['TRACE'] !== undefined) console.log(world.trace.join('\n'));
      return [error.message];
    }
  });
}

describe('the registry of channel names in schedules of three daemons', () => {
  it('a newcomer decides as the others do when it comes while tables are exchanged', () => {
    const found = violations((world) => {
      begin(world);
      cut(world, '02 1');
      create(world, 'x', [0]);
      world.startAt(2, 'new');
      cut(world, '0 12');
      world.create(world.at(2, 1), 'y');
      create(world, 'y', [0]);
    });
    expect(found).to.deep.equal([]);
  });

  it('a vote from a component that is over makes no second primary component', () => {
    const found = violations((world) => {
      begin(world);
      world.cut('01 2');
      world.run(1);
      cut(world, '0 12');
      cut(world, '02 1');
      create(world, 'x', [0, 1]);
    });
    expect(found).to.deep.equal([]);
  });

  it('a live owner keeps a name that was closed and created again out of sight of an old component', () => {
    const found = violations((world) => {
      begin(world);
      create(world, 'x', [1]);
      cut(world, '0 12');
      world.close(world.at(1), 'x');
      world.settle();
      create(world, 'x', [2]);
      cut(world, '0 1 2');
      cut(world, '02 1');
      world.endFaults();
    });
    expect(found).to.deep.equal([]);
  });

  it('all daemons of an old primary component are not enough when one of them has only a new connection', () => {
    const found = violations((world) => {
      begin(world, [1, 2]);
      world.startAt(0);
      cut(world, '0 12');
      cut(world, '01 2');
      crash(world, 1);
      create(world, 'x', [0]);
      cut(world, '0 12');
      start(world, 1);
      create(world, 'x', [2]);
    });
    expect(found).to.deep.equal([]);
  });

  it('a connection that began alone does not count as one that remembers', () => {
    const found = violations((world) => {
      begin(world);
      cut(world, '01 2');
      cut(world, '0 1 2');
      create(world, 'x', [0]);
      crash(world, 1);
      start(world, 1);
      cut(world, '0 12');
      create(world, 'x', [2]);
    });
    expect(found).to.deep.equal([]);
  });

  it('a daemon that was alone from the start does not begin again with one whose connection is new', () => {
    const found = violations((world) => {
      begin(world, [0, 1]);
      world.cut('01 2');
      start(world, 2);
      crash(world, 1);
      create(world, 'x', [0]);
      cut(world, '0 12');
      start(world, 1);
      create(world, 'x', [2]);
    });
    expect(found).to.deep.equal([]);
  });

  it('a cut and a merge do not make a newcomer one that remembers', () => {
    const found = violations((world) => {
      begin(world);
      cut(world, '02 1');
      crash(world, 2);
      create(world, 'x', [0]);
      cut(world, '0 12');
      start(world, 2);
      create(world, 'x', [2]);
      cut(world, '0 1 2');
      cut(world, '0 12');
      create(world, 'x', [2]);
    });
    expect(found).to.deep.equal([]);
  });

  it('a take-over that is sent again fails when the owner was in sight meanwhile', () => {
    const found = violations((world) => {
      begin(world);
      create(world, 'x', [2]);
      world.cut('01 2');
      world.settle(ORPHAN_TIMEOUT + 1000);
      world.create(world.at(0), 'x');
      world.cut('012');
      world.run(2);
      cut(world, '01 2');
    });
    expect(found).to.deep.equal([]);
  });

  it('a take-over that is refused takes nothing', () => {
    const found = violations((world) => {
      begin(world);
      create(world, 'x', [2]);
      world.cut('01 2');
      world.settle(ORPHAN_TIMEOUT + 1000);
      world.create(world.at(1), 'x');
      // The claim of d1 arrives at d0 and d1, after the transitional signal.
      world.cut('1 02', new Listed([ONE_MORE_IS_ORDERED, ALL_OF_IT, ALL_OF_IT]));
      world.settle();
      const [lost] = world.grants.lostByTakeOver;
      const refusals = [...world.refusals.keys()].join(' ');
      if (lost && refusals !== '')
        world.fail('lost-name', `${lost.owner.id} hears that x is taken, and who took it hears ${refusals}`);
      world.endFaults();
    });
    expect(found).to.deep.equal([]);
  });

  it('connections that formed an epoch together count, though nobody could tell them what was before', () => {
    const found = violations((world) => {
      begin(world, [0]);
      const [b, c] = [world.startAt(1), world.startAt(2)];
      // They are cut off before they are told anything, and the one who could tell ends.
      while (!b.isJoined || !c.isJoined) world.run(1);
      cut(world, '0 12');
      crash(world, 0);
      cut(world, '012');
      start(world, 0);
      create(world, 'x', [0]);
      cut(world, '01 2');
      crash(world, 2);
      start(world, 2);
      cut(world, '0 12');
      create(world, 'x', [1]);
      create(world, 'x', [2]);
      world.endFaults();
    });
    expect(found).to.deep.equal([]);
  });

  it('a claim that its owner could not count is counted by nobody', () => {
    const found = violations((world) => {
      begin(world);
      cut(world, '01 2');
      world.cut('012');
      runUntilReady(world, world.at(1));
      // The vote is open. d0 alone receives what decides it, and with it what d1 has sent.
      world.create(world.at(1), 'x');
      world.turn = 1;
      world.run(1);
      world.turn = 0;
      world.cut('0 1 2', new Listed([TWO_MORE_ARE_ORDERED, ALL_OF_IT, NOTHING_OF_IT, NOTHING_OF_IT]));
      cut(world, '01 2');
      checkOwner(world, world.at(1));
      world.endFaults();
    });
    expect(found).to.deep.equal([]);
  });

  it('a claim of an earlier view counts in none', () => {
    const found = violations((world) => {
      begin(world);
      cut(world, '01 2');
      world.create(world.at(1), 'x');
      world.cut('012');
      // What d1 has sent waits; d0 alone receives what decides the vote, and then the claim.
      const notOf1 = 2;
      runUntilReady(world, world.at(0), notOf1);
      world.turn = notOf1;
      world.run(1);
      world.turn = 0;
      world.cut('0 1 2', new Listed([TWO_MORE_ARE_ORDERED, ALL_OF_IT, NOTHING_OF_IT, NOTHING_OF_IT]));
      cut(world, '01 2');
      checkOwner(world, world.at(1));
      world.endFaults();
    });
    expect(found).to.deep.equal([]);
  });

  it('a create that waits for a vote is refused when the part is too small for one', () => {
    const found = violations((world) => {
      begin(world);
      world.cut('01 2');
      world.run(1);
      world.create(world.at(0), 'x');
      // d0 has said all that it has to say, and d1 has not voted.
      for (let step = 0; step < 2; step++) {
        world.turn = 0;
        world.run(1);
      }
      cut(world, '0 12');
      const refusals = [...world.refusals.keys()].join(' ');
      if (refusals !== 'NOT_PRIMARY') world.fail('refused', `expected NOT_PRIMARY, got "${refusals}"`);
      world.endFaults();
    });
    expect(found).to.deep.equal([]);
  });

  it('a claim that did not hold is over, and its name is claimed again', () => {
    const found = violations((world) => {
      begin(world);
      world.create(world.at(0), 'x');
      // It arrives at d0 alone, after the transitional signal; d1 and d2 continue without it.
      world.cut('0 12', new Listed([ONE_MORE_IS_ORDERED, ALL_OF_IT, NOTHING_OF_IT]));
      world.settle();
      cut(world, '012');
      checkOwner(world, world.at(0));
      world.endFaults();
    });
    expect(found).to.deep.equal([]);
  });
});
