/** Worlds in which members lose their connections and come back, also at other daemons: for the others they have ended. */
import { theFirst } from '../support/group-network/choices.js';
import { Random } from '../support/random.js';
import { Calls, type Manner } from './calls.js';
import { ChurnWorld } from './churn-world.js';
import { moved, outbid } from './elder-worlds.js';
import { Elections } from './elections.js';
import { HOUR, Presences } from './presences.js';
import { live } from './random-world.js';
import { type Member, RecipeWorld } from './recipe-world.js';
import { type Ledger, ledgers, Replicas } from './replicas.js';
import { LockSubject } from './simulation/subjects/lock.js';

const MEMBERS = 5;
const QUORUM = 3;
const lossy = { most: MEMBERS, closed: true, losses: true, steps: 250 } as const;

/** Lives a world. @returns what was wrong */
export type LossWorld = (seed: number) => string[];

export const elected =
  (quorum: number, prefer: 'first' | 'oldest'): LossWorld =>
  (seed) => {
    const elections = new Elections(quorum, prefer);
    const world = live(seed, { make: elections.make, ...lossy });
    const leaders = new Set(world.members.map((member) => elections.at(member)?.leader ?? 'nobody'));
    const isOne = leaders.size === 1 && !leaders.has('nobody');
    const strays = [...world.strays].map((id) => `${id} speaks where it is not`);
    return [
      ...elections.faults(quorum === QUORUM),
      ...strays,
      ...(isOne ? [] : [`${[...leaders].join(' and ')} lead`]),
    ];
  };

/** Some run an earlier version in each third world. */
const presencesOf = (seed: number): Presences =>
  new Presences(true, ({ index }) => seed % 3 === 0 && index % 2 === 0);

const announced = (presences: Presences, member: Member, random: Random): void => {
  if (random.chance(0.1)) presences.announce(member);
};

export const present: LossWorld = (seed) => {
  const presences = presencesOf(seed);
  const act = (member: Member, random: Random): void => announced(presences, member, random);
  const world = live(seed, { make: presences.make, act, ...lossy });
  world.settle(2 * HOUR);
  return presences.faults(world.members);
};

/** No call hangs, whoever moves, and each outcome is of the one in whose name it is. */
export const called: LossWorld = (seed) => {
  const manners = ['value', 'value', 'error', 'hold', 'none'] as const;
  const manner = (index: number): Manner => manners[index % manners.length] as Manner;
  // What is held is answered later.
  const given = (how: Manner): Manner[] => (how === 'hold' ? ['value'] : [how]);
  const calls = new Calls(({ index }) => manner(index));
  const { members, network } = live(seed, {
    make: calls.make,
    act: (member, random) => {
      if (random.chance(0.3)) for (const answer of calls.held.splice(0)) answer();
      calls.call(member, random.pick(['first', 'majority', 'all']), member.now());
    },
    ...lossy,
  });
  const { daemons } = network;
  const ids = members.flatMap(({ index, name }) =>
    daemons.map((daemon) => [`#${name}#${daemon.name}`, given(manner(index))] as const),
  );
  return calls.faults(members, new Map(ids));
};

/** Members move from daemon to daemon, and miss nothing: each call is answered by all that it has asked. */
export const answered: LossWorld = (seed) => {
  const random = new Random(seed);
  const calls = new Calls(() => 'value');
  const world = new RecipeWorld(random);
  const members = Array.from({ length: MEMBERS }, (_, i) => world.start(`m${i}`, calls.make));
  world.settle();
  const made: { readonly member: Member; readonly call: number }[] = [];
  for (let steps = 0; steps < 100; steps++) {
    const member = random.pick(members);
    if (random.chance(0.3)) made.push({ member, call: calls.call(member, 'all', member.now()) });
    if (random.chance(0.2)) world.move(member, random.pick(members).daemon);
    for (let many = random.below(10); many > 0; many--) world.step();
  }
  world.settle();
  return made.flatMap(({ member, call }) => {
    const outcomes = Object.values(calls.of(member, call));
    const isRight = outcomes.length > 0 && outcomes.every((kind) => kind === 'value');
    return isRight ? [] : [`call ${call} of ${member.name}: ${outcomes.join(' ')}`];
  });
};

/** A lock token has one holder, who lapses at once. A member is lost only as long as a quorum of others remembers. */
export const locked: LossWorld = (seed) => {
  const lock = new LockSubject({ quorum: QUORUM });
  const seats = lock.replicas;
  const seen: string[] = [];
  const look = (world: RecipeWorld): void => {
    lock.look();
    const holders = new Set(lock.holders());
    for (const member of world.members)
      if (member.isAway && member.isIdle && holders.has(member))
        seen.push(`${member.id} holds it without a connection`);
  };
  const world = live(seed, {
    make: (member) => lock.make(member),
    act: (member, random, around) => {
      lock.act(member, random, member.now());
      look(around);
    },
    mayLose: (member, { members }) =>
      members.filter((each) => each !== member && !each.isAway && seats.of(each).core.remembers).length >=
      QUORUM,
    ...lossy,
  });
  look(world);
  return [...seen, ...lock.faults(world.members)];
};

/** With a quorum nothing is lost and nothing is there twice. */
export const churned: LossWorld = (seed) => new ChurnWorld(seed, false, true).live();

/** Without one, all have the same in the end, and nothing is there twice. */
export const split: LossWorld = (seed) => {
  const replicas = new Replicas<Ledger>(ledgers, { quorum: null });
  let count = 0;
  const act = (member: Member): void => void replicas.submit(member, `c${count++}`);
  const { members } = live(seed, { make: replicas.make, act, ...lossy });
  const first = String(replicas.of(members[0]).machine.lines);
  const faults: string[] = [];
  for (const member of members) {
    const { core, machine } = replicas.of(member);
    const { lines } = machine;
    if (new Set(lines).size !== lines.length)
      faults.push(
        `${member.name} has something twice: ${lines.filter((line, i) => lines.indexOf(line) < i).join(' ')}`,
      );
    if (String(lines) !== first) faults.push(`${member.name} has another state`);
    if (!core.isWritable || core.waiting > 0) faults.push(`${member.name} waits`);
  }
  return faults;
};

/** A member that is back at another daemon before the one that it lost has passed on what it had sent. */
export const overtaken: LossWorld = (seed) => {
  const replicas = new Replicas<Ledger>(ledgers, { quorum: null });
  const world = new RecipeWorld(new Random(seed));
  const members = ['m0', 'm1', 'm2'].map((name) => world.start(name, replicas.make));
  world.settle();
  const [first, second] = members as [Member, Member];
  for (const text of ['a', 'b']) replicas.submit(first, text);
  world.lose(first);
  const { daemon } = first;
  const late = daemon.outbox.splice(0);
  first.connected(second.daemon);
  world.network.connect(second.daemon, first);
  world.settle();
  daemon.outbox.push(...late);
  world.settle();
  return members.flatMap((member) => {
    const { lines } = replicas.of(member).machine;
    return String(lines) === 'a,b' ? [] : [`${member.name} has ${String(lines)}`];
  });
};

/** Members move between daemons, and the network stays whole: nobody hears that one of them has come or gone. */
export const known: LossWorld = (seed) => {
  const random = new Random(seed);
  const presences = presencesOf(seed);
  const world = new RecipeWorld(random);
  world.saysReturned = random.chance(0.7);
  const members = Array.from({ length: MEMBERS }, (_, i) => world.start(`m${i}`, presences.make));
  world.settle();
  for (const lines of presences.lines.values()) lines.length = 0;
  for (let steps = 0; steps < 100; steps++) {
    const member = random.pick(members);
    if (random.chance(0.15)) world.lose(member);
    else if (random.chance(0.1)) world.kill(member.daemon, theFirst);
    if (random.chance(0.05)) world.regroup([members], theFirst);
    announced(presences, random.pick(members), random);
    comeBack(members, world, random);
    for (let many = random.below(10); many > 0; many--) world.step();
  }
  comeBackAll(members, world, random);
  const ends = [...presences.lines.values()]
    .flat()
    .filter((line) => !/^(unreachable|returned) m\d$|^updated /.test(line));
  return [...ends, ...presences.faults(members)];
};

function comeBack(members: readonly Member[], world: RecipeWorld, random: Random): void {
  for (const each of members)
    if (!each.isConnected) world.comeBack(each, random.pick(members).daemon, random.chance(0.7));
}

function comeBackAll(members: readonly Member[], world: RecipeWorld, random: Random): void {
  do {
    // Nobody comes back to daemons that are apart from the one that knows what became of its messages.
    world.regroup([members], theFirst);
    world.settle(0);
    comeBack(members, world, random);
  } while (!members.every(({ isConnected }) => isConnected));
  world.settle(0);
}

/** Members move between daemons that die, and the network stays whole: nothing that was submitted is lost or there twice. */
export const moving: LossWorld = (seed) => {
  const random = new Random(seed);
  const replicas = new Replicas<Ledger>(ledgers, { quorum: null });
  const world = new RecipeWorld(random);
  const members = Array.from({ length: MEMBERS }, (_, i) => world.start(`m${i}`, replicas.make));
  world.settle();
  const sent: { readonly member: Member; readonly ticket: number; readonly text: string }[] = [];
  const submit = (member: Member): void => {
    const text = `c${sent.length}`;
    sent.push({ member, text, ticket: replicas.submit(member, text) });
  };
  for (let steps = 0; steps < 200; steps++) {
    const member = random.pick(members);
    const isLast = members.every((each) => each === member || !replicas.of(each).core.isWritable);
    if (random.chance(0.4)) submit(member);
    else if (random.chance(0.1) && !isLast) {
      if (random.chance(0.6)) world.kill(member.daemon, theFirst);
      else world.lose(member);
    }
    if (random.chance(0.1)) comeBack(members, world, random);
    if (random.chance(0.05)) world.regroup([members], theFirst);
    for (let many = random.below(10); many > 0; many--) world.step();
  }
  comeBackAll(members, world, random);
  world.settle();
  const { lines, who } = replicas.of(members[0]).machine;
  const faults = members.flatMap((member) => {
    const { core, machine } = replicas.of(member);
    const isEqual = String([machine.lines, machine.who]) === String([lines, who]);
    return isEqual && core.isWritable ? [] : [`${member.name} has another state`];
  });
  for (const { member, ticket, text } of sent) {
    const count = lines.filter((line) => line === text).length;
    const outcome = replicas.of(member).outcomes.get(ticket);
    if (count !== 1 || !outcome)
      faults.push(`${text} of ${member.name} is there ${count} times, ${outcome?.kind}`);
  }
  return faults;
};

export const lossWorlds: readonly (readonly [what: string, world: LossWorld])[] = [
  ['elections by a majority', elected(QUORUM, 'first')],
  ['elections of the oldest by a majority', elected(QUORUM, 'oldest')],
  ['elections', elected(1, 'first')],
  ['elections of the oldest', elected(1, 'oldest')],
  ['elections of the oldest, whose members move', moved],
  ['elections of the oldest, one of whom lies about its age', outbid],
  ['presence', present],
  ['presence of members that move', known],
  ['calls', called],
  ['calls of members that move', answered],
  ['a lock', locked],
  ['state with a quorum', churned],
  ['state without a quorum', split],
  ['commands of members that move', moving],
  ['commands that the lost daemon passes on late', overtaken],
];
