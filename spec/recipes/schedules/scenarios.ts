/** The smallest schedules in which earlier designs broke a promise. */
import { decode, encode } from '../../../lib/recipes/core/replicated/messages.js';
import { Listed } from '../../support/group-network/choices.js';
import { Fault } from './history.js';
import type { Daemon, ReplicaClient } from './replica-client.js';
import { ScheduleWorld } from './schedule-world.js';

export interface Scenario {
  readonly name: string;
  /** What must hold. */
  readonly title: string;
  /** Throws what was broken. */
  readonly play: () => void;
}

function worldOf(quorum: number | null, of: number, isTogether = true): ScheduleWorld {
  const world = new ScheduleWorld({ quorum, of, ends: 'loose' }, isTogether);
  for (const daemon of world.daemons) world.start(daemon);
  return world;
}

const at = (world: ScheduleWorld, index: number): Daemon => world.daemons[index] as Daemon;
const client = (world: ScheduleWorld, index: number): ReplicaClient =>
  world.clientOf(at(world, index)) as ReplicaClient;

/** Each digit of a word is a daemon, each word a component: `cut(world, '01', '2')`. */
function cut(world: ScheduleWorld, ...sets: string[]): void {
  world.regroup(sets.map((set) => Array.from(set, (digit) => at(world, Number(digit)))));
}

function submit(world: ScheduleWorld, index: number): void {
  world.submit(at(world, index));
  world.settle();
}

/** One command in a group that is at rest. */
function begin(world: ScheduleWorld): void {
  world.settle();
  submit(world, 0);
}

/** Steps until something is so. */
function runUntil(world: ScheduleWorld, isSo: () => boolean): void {
  for (let count = 0; count < 60 && !isSo(); count++) world.run(1);
  if (!isSo()) throw new Fault('SCHEDULE: what the scenario waits for does not come');
}

/** One that stood still while the others began is given the state, and a command follows the place of its snapshot. */
function lateAtTheBeginning(world: ScheduleWorld, lose: () => void): void {
  client(world, 0).freeze();
  world.settle();
  submit(world, 1);
  lose();
  world.settle();
  client(world, 0).thaw();
  runUntil(world, () => client(world, 1).captures > 0);
  submit(world, 1);
  world.submit(at(world, 0));
  submit(world, 1);
  world.heal();
}

/** Two sides of a group, of which one has more; the first of the other side meets it and takes in half of its state. */
function halfLoaded(quorum: number | null): ScheduleWorld {
  const world = worldOf(quorum, 5);
  begin(world);
  cut(world, '012', '34');
  world.settle();
  submit(world, 0);
  submit(world, 3);
  cut(world, '0123', '4');
  const loader = client(world, 3);
  let chunks = 0;
  const given = loader.message.bind(loader);
  loader.message = (sender, body, ...rest) => {
    if (decode(body)?.kind === 'chunk') chunks++;
    given(sender, body, ...rest);
  };
  runUntil(world, () => chunks === 1);
  return world;
}

/** The newest of three begins in two ways, and is seen in a third one. */
function seenByOneAlone(): void {
  const world = worldOf(2, 3, false);
  world.run();
  cut(world, '02', '1');
  runUntil(world, () => client(world, 0).core.hasState);
  world.regroup([world.daemons]);
  world.run(2);
  // The second has everything that was on its way, after its signal; the others have nothing of it.
  const alone = world.daemons.map((daemon) => [daemon]);
  world.regroup(alone, new Listed([3, 1, 3, 0]));
  world.run();
  world.heal();
}

/** Each donor says that it has nothing of the first snapshot it is asked for. */
function emptyHanded(): void {
  const world = worldOf(null, 3);
  cut(world, '01', '2');
  world.settle();
  submit(world, 0);
  cut(world, '012');
  const loader = client(world, 2);
  const refused = new Set<string>();
  const given = loader.message.bind(loader);
  loader.message = (sender, body, ...rest) => {
    const decoded = decode(body);
    const isRefused = decoded?.kind === 'chunk' && !refused.has(sender);
    if (isRefused) refused.add(sender);
    given(sender, isRefused ? encode({ kind: 'none', capture: decoded.capture }) : body, ...rest);
  };
  world.settle();
  if (refused.size === 0) throw new Fault('SCHEDULE: nobody was asked');
  if (!loader.core.hasState) throw new Fault('STUCK: the loader does not ask again');
  world.heal();
}

/** @returns whether a donor answers one who asks for a snapshot that it does not have */
function answersInVain(): boolean {
  const world = worldOf(null, 2);
  begin(world);
  const [donor, loader] = world.up as [ReplicaClient, ReplicaClient];
  let isAnswered = false;
  loader.message = (_sender, body) => void (isAnswered ||= decode(body)?.kind === 'none');
  const place = { offset: 0, until: 1000, restart: true };
  donor.message(loader.id, encode({ kind: 'pull', capture: 'released', ...place }), false);
  world.run();
  return isAnswered;
}

/** An epoch forms after the signal of two, and the third of its voters continues elsewhere without having seen that. */
function formedElsewhere(): void {
  const world = worldOf(3, 5);
  begin(world);
  let statements = 0;
  const first = client(world, 0);
  const given = first.message.bind(first);
  cut(world, '012', '34');
  first.message = (sender, body, ...rest) => {
    if (decode(body)?.kind === 'state') statements++;
    given(sender, body, ...rest);
  };
  runUntil(world, () => statements === 3);
  // All votes are on their way: two members have them after their signal, the third has its own.
  const [a, b, c, d, e] = world.daemons as [Daemon, Daemon, Daemon, Daemon, Daemon];
  world.regroup(
    [
      [a, b],
      [c, d, e],
    ],
    new Listed([3, 3, 0]),
  );
  world.settle();
  submit(world, 3);
  cut(world, '012', '34');
  world.settle();
  submit(world, 0);
  world.heal();
}

/** One continues alone, the others of its side speak late, and so does one with another state: the round is held again. */
function againWithLateMembers(): void {
  const world = worldOf(null, 4);
  begin(world);
  cut(world, '012', '3');
  world.settle();
  submit(world, 0);
  submit(world, 3);
  const late = [0, 1, 3].map((index) => client(world, index));
  for (const each of late) each.freeze();
  cut(world, '0123');
  world.settle();
  submit(world, 2);
  for (const each of late) each.thaw();
  world.settle();
  world.heal();
}

/** Where a quorum comes along, none of it is parted from the others at any time, whoever is met. */
function companions(): void {
  const world = worldOf(2, 3);
  begin(world);
  cut(world, '01', '2');
  world.settle();
  submit(world, 0);
  cut(world, '012');
  for (let isAtRest = false; !isAtRest; isAtRest = world.run(1))
    for (const { core, id: name } of world.up.slice(0, 2))
      if (core.isPartitioned) throw new Fault(`PARTED: ${name} is, with the quorum that it came along with`);
  world.heal();
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'D1',
    title: 'one that was late at the beginning has no hole after the next loss of a member',
    play: () => {
      const world = worldOf(3, 5);
      lateAtTheBeginning(world, () => cut(world, '0123', '4'));
    },
  },
  {
    name: 'D1b',
    title: 'one that was late at the beginning has no hole, without a quorum',
    play: () => {
      const world = worldOf(null, 3);
      lateAtTheBeginning(world, () => cut(world, '01', '2'));
    },
  },
  {
    name: 'D1c',
    title: 'one that was late at the beginning has no hole where a process ends and the network is whole',
    play: () => {
      const world = worldOf(null, 3);
      lateAtTheBeginning(world, () => world.end(at(world, 2), false));
    },
  },
  {
    name: 'D2',
    title: 'the end of a process that knew more, seen elsewhere, gives nobody the right to continue',
    play: () => {
      const world = worldOf(2, 3);
      begin(world);
      cut(world, '02', '1');
      world.settle();
      cut(world, '0', '12');
      world.settle();
      submit(world, 1);
      client(world, 2).freeze();
      cut(world, '02', '1');
      world.run(1);
      world.end(at(world, 2), false);
      world.run();
      world.start(at(world, 2));
      world.settle();
      submit(world, 0);
      world.heal();
    },
  },
  {
    name: 'D3',
    title: 'the newest state is not given up because its only holder speaks late',
    play: () => {
      const world = worldOf(2, 3);
      begin(world);
      cut(world, '1', '02');
      world.settle();
      submit(world, 0);
      client(world, 2).freeze();
      world.end(at(world, 0), false);
      world.run();
      world.start(at(world, 0));
      cut(world, '012');
      world.settle();
      client(world, 2).thaw();
      world.settle();
      world.heal();
    },
  },
  {
    name: 'D4',
    title: 'a member that is given a state and loses its donors has its old state, under its old name',
    play: () => {
      const world = halfLoaded(3);
      cut(world, '0', '1', '2', '34');
      world.settle();
      cut(world, '034', '1', '2');
      world.settle();
      submit(world, 3);
      world.heal();
    },
  },
  {
    name: 'D4b',
    title:
      'a member that loses its donors meets those with its old state and is equal to them, without a quorum',
    play: () => {
      const world = halfLoaded(null);
      cut(world, '012', '34');
      world.settle();
      submit(world, 4);
      submit(world, 3);
      world.heal();
    },
  },
  {
    name: 'D5',
    title: 'an epoch that one alone has seen keeps nobody from the next one',
    play: seenByOneAlone,
  },
  {
    name: 'D6',
    title: 'a member is given the state although every donor has released the first snapshot it asks for',
    play: emptyHanded,
  },
  {
    name: 'D6b',
    title: 'a donor says that it does not have a snapshot',
    play: () => {
      if (!answersInVain()) throw new Fault('STUCK: the donor does not answer');
    },
  },
  {
    name: 'D7',
    title: 'a quorum that comes along into a view is never parted',
    play: companions,
  },
  {
    name: 'D8',
    title: 'an epoch that formed after the signal of some shares its number with no other one',
    play: formedElsewhere,
  },
  {
    name: 'D9',
    title: 'members that speak late do not hold what one of their side has done alone',
    play: againWithLateMembers,
  },
  {
    name: 'K',
    title: 'a member that is still taking in the state begins no other one with a member that never had any',
    play: () => {
      const world = worldOf(2, 3, false);
      world.run();
      cut(world, '01', '2');
      world.settle();
      submit(world, 1);
      cut(world, '0', '1', '2');
      world.settle();
      client(world, 1).restoreTakes = () => Infinity;
      cut(world, '01', '2');
      world.settle();
      cut(world, '0', '12');
      world.settle();
      world.heal();
    },
  },
];
