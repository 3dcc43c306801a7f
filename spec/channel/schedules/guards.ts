/**
 * Guards of the registry machine, each with a way to switch it off and a schedule that needs it: with the guard the
 * schedule violates nothing, without it something that the checks see.
 */
import type { Buffer } from 'node:buffer';
import {
  type Command,
  decodeRegistryMessage,
  encodeRegistryMessage,
} from '../../../lib/channel/registry/command.js';
import { MAX_TABLE_PIECES } from '../../../lib/channel/limits.js';
import type { ClaimId } from '../../../lib/channel/registry/entry.js';
import type { Told } from '../../../lib/channel/registry/exchange.js';
import type { Service } from '../../../lib/client/send.js';
import { RegistryMachine } from '../../../lib/channel/registry/machine.js';
import type { RegistrySink } from '../../../lib/channel/registry/ports.js';
import { PieceStore } from '../../../lib/channel/registry/piece-store.js';
import { type PartTestimony, daemonOf } from '../../../lib/channel/registry/primary.js';
import { Table } from '../../../lib/channel/registry/table.js';
import { Ballot, type Testimony, includesNewest } from '../../../lib/primary/ballot.js';
import { replace } from '../../simulation/bugs/planted.js';
import { type Choices, Listed } from '../../support/group-network/choices.js';
import type { HostileKind } from './hostile-connection.js';
import { ORPHAN_TIMEOUT, type RegistryConnection, SETTINGS } from './registry-connection.js';
import { RegistryWorld } from './registry-world.js';

export interface Guard {
  readonly name: string;
  /** @returns what switches it on again */
  switchOff(): () => void;
  /** @returns codes of the refusals that the guard leads to; throws a Violation */
  play(): readonly string[];
  /** What is refused with the guard. */
  readonly refusals: readonly string[];
}

type Message = (sender: string, bytes: Buffer, service: Service | null) => void;

/** Puts a function before each message of each machine, which may pass it on. */
const aroundMessages = (around: (machine: RegistryMachine, message: Message) => Message): (() => void) =>
  replace(RegistryMachine, 'message', (original) => (self, ...args) => {
    const machine = self as RegistryMachine;
    around(machine, (...changed) => void original(machine, ...changed))(...(args as Parameters<Message>));
  });

function commandOf(bytes: Buffer): Command | null {
  const message = decodeRegistryMessage(bytes);
  return message && 'command' in message ? message.command : null;
}

/** Undoes all of them. */
const all =
  (...undo: readonly (() => void)[]) =>
  (): void => {
    for (const each of undo) each();
  };

/** Has a connection, and is in no group. */
const STRANGER = '#stranger#d1';

/** A claim of x as this connection would say it, although its machine may not do so now. */
function claimOf({ machine }: RegistryConnection, from: ClaimId | null = null): Buffer {
  const claim = machine.newClaim();
  const command = { kind: 'claim', name: 'x', claim, settings: SETTINGS, strict: true, from } as const;
  return encodeRegistryMessage({ serial: 1, tag: machine.tag, command });
}

/** Daemons with a connection each that know one another. */
function begin(daemons = 3, areTold = true): RegistryWorld {
  const world = new RegistryWorld({ daemons, areTold });
  for (const { index } of world.daemons) {
    world.startAt(index);
    world.settle();
  }
  return world;
}

/** The first connections of these daemons create the channel, one after the other. */
function create(world: RegistryWorld, name: string, ...at: readonly number[]): void {
  for (const daemon of at) {
    world.create(world.at(daemon), name);
    world.settle();
  }
}

function cut(world: RegistryWorld, components: string): void {
  world.cut(components);
  world.settle();
}

/** The last daemon has the owner of `x`, and is out of sight of the others for so long that they may take it. */
function beginWithOrphan(daemons: number, components: string): RegistryWorld {
  const world = begin(daemons);
  create(world, 'x', daemons - 1);
  world.cut(components);
  world.settle(ORPHAN_TIMEOUT + 1000);
  return world;
}

/** At the last of three daemons, cut off from the others, there is only a member that means harm. */
function beginWithHostile(kind: HostileKind): RegistryWorld {
  const world = begin();
  world.startHostile(2, kind, FLOOD);
  world.settle();
  cut(world, '01 2');
  world.end(world.at(2), 'crash');
  world.settle();
  return world;
}

/** More pieces than all members of a world may send together. */
const FLOOD = 5 * MAX_TABLE_PIECES;

/** Every piece is held. */
const holdAll =
  () =>
  (self: object, ...args: unknown[]): boolean => {
    const [sender, , bytes] = args as [string, number, Buffer];
    const { pieces } = self as { pieces: Map<string, Buffer[]> };
    pieces.set(sender, [...(pieces.get(sender) ?? []), bytes]);
    return true;
  };

/** The owner of `x` is frozen when the others have it in sight again, so that they leave it out. */
function beginWithFrozenOwner(): RegistryWorld {
  const world = begin();
  create(world, 'x', 2);
  cut(world, '01 2');
  world.at(2).isFrozen = true;
  cut(world, '012');
  return world;
}

/** At least one step, and steps until that is so, in which d1 says something only if nobody else does. */
function runWithout1(world: RegistryWorld, isOver: () => boolean): void {
  do {
    world.turn = 2;
    world.run(1);
  } while (!isOver());
}

/** The first part alone has all that is under way, and all of it after the transitional signal. */
const allAfterTheSignal = (): Choices => new Listed([Infinity, Infinity]);

/** Nobody has been refused anything: the play asks only for what may be given. */
function nothingRefused(world: RegistryWorld): void {
  const [code] = world.refusals.keys();
  if (code !== undefined) world.fail('refused', `a create that has to be done is refused: ${code}`);
}

/** Everything must be well at the end. */
function end(world: RegistryWorld): readonly string[] {
  world.settle();
  world.endFaults();
  return [...world.refusals.keys()];
}

/** Commands are applied at once, whatever the machine waits for. */
function handleCommandsAlways(): () => void {
  let handled: RegistryMachine | null = null;
  const messages = aroundMessages((machine, message) => (sender, bytes, service) => {
    if (commandOf(bytes)) handled = machine;
    message(sender, bytes, service);
    handled = null;
  });
  const ready = replace(
    RegistryMachine,
    'isReady',
    (original) => (self) => self === handled || original(self),
  );
  return all(messages, ready);
}

/** Commands are sent as soon as they are asked for. */
const sendAtOnce = (): (() => void) =>
  replace(RegistryMachine, 'submit', (original) => (self, ...args) => {
    Object.defineProperty(self, 'counts', { configurable: true, value: () => true });
    try {
      return original(self, ...args);
    } finally {
      Reflect.deleteProperty(self, 'counts');
    }
  });

/** A command counts in whatever view it comes. */
const countInAllViews = (): (() => void) =>
  replace(
    RegistryMachine,
    'counts',
    (original) => (self, command) => original(self, command, (self as RegistryMachine).tag),
  );

/**
 * In a view of all three, d2 and then d0 say what they bring, and d1 has something else to say. d0 alone receives all of it, after
 * the signal; then d0 and d1 meet.
 */
function completeAtOne(world: RegistryWorld): void {
  // Table and word of d2, table of d0.
  for (const turn of [2, 2, 0]) {
    world.turn = turn;
    world.run(1);
  }
  world.turn = 0;
  world.cut('0 1 2', new Listed([2, Infinity, 0, 0]));
  cut(world, '01 2');
}

/** A claim is announced when it comes. */
const announceAtOnce = (): (() => void) =>
  replace(RegistryMachine, 'command', (original) => (self, ...args) => {
    const { table } = self as RegistryMachine;
    const { sink } = self as Inside;
    const before = new Set([...table.entries()].map(({ claim }) => claim));
    original(self, ...args);
    for (const entry of table.entries())
      if (entry.unsure && !before.has(entry.claim)) sink.tell({ kind: 'opened', entry });
  });

/** A claim that is made again has its old id. */
const repeatWithOldClaims = (): (() => void) =>
  replace(RegistryMachine, 'repeat', (original) => (self, serial, command) => {
    const { claim } = command as { readonly claim?: ClaimId };
    Object.defineProperty(self, 'newClaim', { configurable: true, value: () => claim });
    original(self, serial, command);
    Reflect.deleteProperty(self, 'newClaim');
  });

/** A claim may have the id of another one. */
function acceptUsedClaims(): () => void {
  let claimed: ClaimId | null = null;
  const messages = aroundMessages((_, message) => (sender, bytes, service) => {
    const command = commandOf(bytes);
    if (command?.kind === 'claim') claimed = command.claim;
    message(sender, bytes, service);
    claimed = null;
  });
  const lookup = replace(
    Table,
    'get',
    (original) => (self, claim) => (claim === claimed ? undefined : original(self, claim)),
  );
  return all(messages, lookup);
}

/** The id of a machine's first claim is the id of all its claims. */
function repeatClaims(): () => void {
  const first = new WeakMap<object, unknown>();
  return replace(RegistryMachine, 'newClaim', (original) => (self) => {
    if (!first.has(self)) first.set(self, original(self));
    return first.get(self);
  });
}

/** Who is new believes to be primary from the first table on. */
function believeAsNewcomer(): () => void {
  const entered = new WeakSet<RegistryMachine>();
  return aroundMessages((machine, message) => (...args) => {
    message(...args);
    if (!machine.isReady || entered.has(machine)) return;
    entered.add(machine);
    Object.defineProperty(machine, 'isPrimary', { configurable: true, writable: true, value: true });
  });
}

/** In that method a machine has other values in these fields. */
function withFields(method: string, changed: Readonly<Record<string, unknown>>): () => void {
  return replace(RegistryMachine, method, (original) => (self, ...args) => {
    const before = Object.keys(changed).map((field) => [field, Reflect.get(self, field)] as const);
    Object.assign(self, changed);
    try {
      return original(self, ...args);
    } finally {
      Object.assign(self, Object.fromEntries(before));
    }
  });
}

/** Before or after that method a machine does something else, too. */
const around = (
  method: string,
  does: {
    readonly before?: (self: Inside) => void;
    readonly after?: (self: Inside, ...args: never[]) => void;
  },
): (() => void) =>
  replace(RegistryMachine, method, (original) => (self, ...args) => {
    does.before?.(self as Inside);
    const result = original(self, ...args);
    does.after?.(self as Inside, ...(args as never[]));
    return result;
  });

/** Fields of a machine. */
interface Inside {
  fresh: ReadonlySet<string>;
  isInformed: boolean;
  present: ReadonlySet<string>;
  tookPart: ReadonlySet<string>;
  testimony: PartTestimony;
  readonly glimpsed: Set<string>;
  readonly sink: RegistrySink;
}

/** The votes of a daemon by its place in a list. */
const weightOf = (place: number): number => (place === 0 ? 3 : 2);

/** Enough votes are enough. */
const passByNumber = (): (() => void) =>
  replace(Ballot, 'passesBy', () => (_, ...args) => {
    const [daemons, voted] = args as [readonly string[], ReadonlySet<string>];
    const votes = daemons.map((daemon, i) => (voted.has(daemon) ? weightOf(i) : 0));
    return votes.reduce((sum, each) => sum + each, 0) > daemons.length;
  });

/** Every member at a daemon has the votes of the daemon. */
const countMembers = (): (() => void) =>
  replace(Ballot, 'passesBy', () => (self, ...args) => {
    const [daemons, voted] = args as [readonly string[], ReadonlySet<string>];
    const { testimonies } = self as unknown as { testimonies: ReadonlyMap<string, Testimony> };
    const voters = daemons.flatMap((daemon, i) =>
      [...testimonies]
        .filter(([member]) => voted.has(daemon) && daemonOf(member) === daemon)
        .flatMap(([, each]) => Array.from({ length: weightOf(i) }, () => each)),
    );
    const electorate = { of: 2 * daemons.length + 1, quorum: daemons.length + 1 };
    return voters.length >= electorate.quorum && includesNewest(voters, electorate);
  });

/** Tables are merged as if all were of one primary component. */
function mergeAsEquals(): () => void {
  const asFirst = (side: Told): Told => ({ ...side, epoch: 0 });
  return replace(RegistryMachine, 'adoptTables', (original) => (self, ...args) => {
    const [sides] = args as [readonly Told[]];
    return original(self, sides.map(asFirst));
  });
}

/** Who votes promises nothing. */
const promiseNothing = (): (() => void) =>
  around('beginVote', {
    after: (self, sides: readonly Told[]) => {
      const promised = Math.max(...sides.map(({ testimony }) => testimony.promised));
      self.testimony = { ...self.testimony, promised };
    },
  });

export const guards: readonly Guard[] = [
  {
    name: 'a claim id that is in use is refused',
    switchOff: acceptUsedClaims,
    play() {
      const world = begin();
      const stop = repeatClaims();
      try {
        world.create(world.at(0), 'x');
        world.create(world.at(0), 'y');
        world.settle();
      } finally {
        stop();
      }
      return end(world);
    },
    refusals: ['BAD_ARGUMENT'],
  },
  {
    name: 'commands that come during an exchange are dropped by everybody',
    switchOff: handleCommandsAlways,
    play() {
      const world = begin();
      world.cut('01 2');
      world.settle();
      world.cut('012');
      world.run(1);
      const sendLater = sendAtOnce();
      world.create(world.at(0), 'x');
      sendLater();
      // It comes behind the table of d0, and before that of d2.
      for (let step = 0; step < 3; step++) {
        world.turn = 0;
        world.run(1);
      }
      return end(world);
    },
    refusals: [],
  },
  {
    name: 'a command that was dropped in an exchange is sent again',
    switchOff: () =>
      aroundMessages((machine, message) => (sender, bytes, service) => {
        if (machine.isReady || !commandOf(bytes)) message(sender, bytes, service);
      }),
    play() {
      const world = begin();
      world.cut('01 2');
      world.settle();
      world.create(world.at(0), 'x');
      world.cut('012');
      return end(world);
    },
    refusals: [],
  },
  {
    name: 'only the owner closes a channel',
    switchOff: () =>
      aroundMessages((machine, message) => (sender, bytes, service) => {
        const command = commandOf(bytes);
        const entry = command?.kind === 'release' ? machine.table.get(command.claim) : undefined;
        message(entry?.owner ?? sender, bytes, service);
      }),
    play() {
      const world = begin();
      world.create(world.at(0), 'x');
      world.settle();
      const claim = world.at(1).machine.table.find('x')?.claim ?? '';
      world.at(1).submit({ kind: 'release', claim, force: true });
      return end(world);
    },
    refusals: [],
  },
  {
    name: 'messages of those who are no members are refused',
    switchOff: () =>
      aroundMessages((machine, message) => (sender, bytes, service) => {
        message(machine.isMember(sender) ? sender : (machine.members[0] ?? sender), bytes, service);
      }),
    play() {
      const world = begin();
      world.sendRaw(1, STRANGER, claimOf(world.at(0)));
      return end(world);
    },
    refusals: [],
  },
  {
    name: 'who is new decides by what the others decide by',
    switchOff: believeAsNewcomer,
    play() {
      const world = begin();
      world.cut('01 2');
      world.settle();
      world.startAt(2, 'new');
      return end(world);
    },
    refusals: [],
  },
  {
    name: 'a take-over is refused when the owner is back',
    switchOff: () =>
      aroundMessages((machine, message) => (sender, bytes, service) => {
        const command = commandOf(bytes);
        const taken = command?.kind === 'claim' && command.from !== null && machine.table.get(command.from);
        if (taken && machine.isReady) machine.table.remove(taken);
        message(sender, bytes, service);
      }),
    play() {
      const world = begin();
      world.create(world.at(2), 'x');
      world.settle();
      world.cut('01 2');
      world.settle(ORPHAN_TIMEOUT + 1000);
      world.cut('012');
      world.settle();
      const { id, machine } = world.at(0);
      world.sendRaw(0, id, claimOf(world.at(0), machine.table.find('x')?.claim ?? null));
      return end(world);
    },
    refusals: [],
  },
  {
    name: 'a vote passes only with those who know the newest primary component',
    switchOff: passByNumber,
    play() {
      const world = begin();
      cut(world, '02 1');
      create(world, 'x', 0);
      world.end(world.at(2), 'crash');
      cut(world, '0 12');
      world.startAt(2);
      world.settle();
      create(world, 'x', 2);
      return end(world);
    },
    refusals: ['NOT_PRIMARY'],
  },
  {
    name: 'who was only in an exchange of tables does not remember',
    switchOff: () => around('beginVote', { after: (self) => void (self.tookPart = self.present) }),
    play() {
      const world = begin();
      cut(world, '02 1');
      create(world, 'x', 0);
      world.end(world.at(2), 'crash');
      cut(world, '0 12');
      world.startAt(2);
      world.settle();
      cut(world, '0 1 2');
      cut(world, '0 12');
      create(world, 'x', 2);
      return end(world);
    },
    refusals: ['NOT_PRIMARY'],
  },
  {
    name: 'who was cut off before it was told anything does not count as new',
    switchOff: () => around('beginExchange', { before: (self) => void (self.isInformed = true) }),
    play() {
      const world = new RegistryWorld({ daemons: 3, areTold: true });
      for (const daemon of [0, 1]) {
        world.startAt(daemon);
        world.settle();
      }
      create(world, 'x', 0);
      const first = world.at(1);
      const second = world.startAt(1, 'b');
      const third = world.startAt(2);
      while (!second.isJoined || !third.isJoined) world.run(1);
      // Nobody has told them anything yet, and the only one who could ends.
      world.end(first, 'power loss');
      cut(world, '0 12');
      world.create(second, 'x');
      world.settle();
      return end(world);
    },
    refusals: ['NOT_PRIMARY'],
  },
  {
    name: 'what a newer primary component does not have any more is dropped',
    switchOff: mergeAsEquals,
    play() {
      const world = begin();
      world.create(world.at(0), 'x');
      world.create(world.at(2), 'x');
      world.turn = 0;
      // The claim of d0 comes first, and to nobody else; d1 and d2 agree on that of d2.
      world.cut('0 12', allAfterTheSignal());
      world.settle();
      return end(world);
    },
    refusals: ['EXISTS'],
  },
  {
    name: 'claims wait while a vote is open',
    switchOff: () => withFields('counts', { ballot: null }),
    play() {
      const world = begin();
      world.cut('01 2');
      world.run(1);
      world.create(world.at(0), 'x');
      // All that d0 has to say comes before the vote of d1.
      for (let step = 0; step < 2; step++) {
        world.turn = 0;
        world.run(1);
      }
      world.settle();
      nothingRefused(world);
      return end(world);
    },
    refusals: [],
  },
  {
    name: 'a take-over counts in no other view',
    switchOff: countInAllViews,
    play() {
      const world = beginWithOrphan(4, '012 3');
      world.create(world.at(1), 'x');
      world.cut('0123');
      runWithout1(world, () => world.at(0).machine.isReady);
      world.cut('012 3');
      runWithout1(world, () => world.at(0).machine.isPrimary);
      return end(world);
    },
    refusals: ['ORPHANED'],
  },
  {
    name: 'a command counts in no other view than that in which it was sent',
    switchOff: countInAllViews,
    play() {
      const world = begin();
      cut(world, '01 2');
      create(world, 'x', 1);
      world.close(world.at(1), 'x');
      world.cut('012');
      world.run(1);
      completeAtOne(world);
      return end(world);
    },
    refusals: [],
  },
  {
    name: 'a command is sent only where it counts',
    switchOff: sendAtOnce,
    play() {
      const world = begin();
      cut(world, '01 2');
      create(world, 'x', 1);
      world.cut('012');
      world.run(1);
      world.close(world.at(1), 'x');
      completeAtOne(world);
      return end(world);
    },
    refusals: [],
  },
  {
    name: 'a claim that did not hold is made again under another id',
    switchOff: repeatWithOldClaims,
    play() {
      const world = begin(5);
      world.create(world.at(1), 'x');
      // d0 has the claim too; the others, who are more, continue without it.
      world.cut('0 1 234', new Listed([1, Infinity, 0, 0]));
      world.settle();
      return end(world);
    },
    refusals: [],
  },
  {
    name: 'a claim that did not count is made again under another id',
    switchOff: repeatWithOldClaims,
    play() {
      const world = begin();
      world.startAt(2, 'late');
      world.create(world.at(0), 'x');
      world.turn = 2;
      // The claim comes behind a join, which d1 does not see any more: so it counts there, and nowhere else.
      world.cut('1 02', new Listed([2, Infinity, Infinity, 0, Infinity]));
      world.run(1);
      world.cut('012');
      return end(world);
    },
    refusals: [],
  },
  {
    name: 'a name is announced only when it is given for good',
    switchOff: announceAtOnce,
    play() {
      const world = begin();
      world.startAt(0, 'other');
      world.settle();
      world.create(world.at(0), 'x');
      world.cut('0 12', allAfterTheSignal());
      world.settle();
      return end(world);
    },
    refusals: [],
  },
  {
    name: 'a take-over is not sent again when the owner was in sight',
    switchOff: () => replace(RegistryMachine, 'forgetReturned', () => () => undefined),
    play() {
      const world = beginWithOrphan(3, '01 2');
      world.create(world.at(0), 'x');
      world.cut('012');
      world.run(2);
      cut(world, '01 2');
      return end(world);
    },
    refusals: ['ORPHANED'],
  },
  {
    name: 'an owner that was in sight for a moment has to be out of sight for as long again',
    switchOff: () => around('adoptTables', { before: (self) => self.glimpsed.clear() }),
    play() {
      const world = beginWithOrphan(3, '01 2');
      world.cut('012');
      world.run(1);
      cut(world, '01 2');
      create(world, 'x', 0);
      return end(world);
    },
    refusals: ['ORPHANED'],
  },
  {
    name: 'a take-over is not asked for when the owner was in sight for a moment',
    switchOff: () => withFields('forgetReturned', { glimpsed: new Set() }),
    play() {
      const world = beginWithOrphan(3, '01 2');
      for (const components of ['012', '01 2']) {
        world.cut(components);
        world.run(1);
      }
      create(world, 'x', 0);
      return end(world);
    },
    refusals: ['ORPHANED'],
  },
  {
    name: 'a number that was voted for is used for nothing else',
    switchOff: promiseNothing,
    play() {
      const world = begin();
      world.cut('01 2');
      world.run(1);
      const sendLater = sendAtOnce();
      world.create(world.at(0), 'x');
      sendLater();
      // It passes at d0 alone, which gives the name to itself.
      world.cut('0 12', allAfterTheSignal());
      world.settle();
      create(world, 'x', 2);
      return end(world);
    },
    refusals: ['EXISTS'],
  },
  {
    name: 'a list that was agreed on after the signal counts beside the one before it',
    switchOff: () => withFields('vote', { inTransition: false }),
    play() {
      const world = begin(3, false);
      world.cut('01 2');
      world.run(1);
      world.cut('0 12', allAfterTheSignal());
      world.settle();
      create(world, 'x', 0, 2);
      return end(world);
    },
    refusals: ['NOT_PRIMARY'],
  },
  {
    name: 'a daemon has its votes once, however many connections it has',
    switchOff: countMembers,
    play() {
      const world = begin();
      world.startAt(1, 'b');
      world.settle();
      cut(world, '02 1');
      create(world, 'x', 0, 1);
      return end(world);
    },
    refusals: ['NOT_PRIMARY'],
  },
  {
    name: 'a claim that was applied after the signal is told when a primary component has it',
    switchOff: () => withFields('command', { inTransition: false }),
    play() {
      const world = begin();
      world.create(world.at(0), 'x');
      world.cut('0 12', allAfterTheSignal());
      world.settle();
      create(world, 'x', 2);
      return end(world);
    },
    refusals: ['EXISTS'],
  },
  {
    name: 'a part of which nobody speaks is left out',
    switchOff: () => replace(RegistryMachine, 'settle', () => () => undefined),
    play() {
      const world = beginWithHostile('silent');
      world.cut('012');
      return end(world);
    },
    refusals: [],
  },
  {
    name: 'no member makes the others hold more than a table',
    switchOff: () => replace(PieceStore, 'add', holdAll),
    play() {
      const world = beginWithHostile('flood');
      world.cut('012');
      return end(world);
    },
    refusals: [],
  },
  {
    name: 'what is known of members that are left out stays',
    switchOff: () => withFields('adoptTables', { excluded: new Set() }),
    play() {
      const world = beginWithFrozenOwner();
      create(world, 'x', 0);
      return end(world);
    },
    refusals: ['ORPHANED'],
  },
  {
    name: 'a member that was left out comes back with what it has to say',
    switchOff: () => replace(RegistryMachine, 'comeBack', () => () => undefined),
    play() {
      const world = beginWithFrozenOwner();
      world.at(2).thaw(false);
      return end(world);
    },
    refusals: [],
  },
  {
    name: 'who joined a part that is left out is not new any more',
    switchOff() {
      let before: ReadonlySet<string> = new Set();
      return around('stayOut', {
        before: ({ fresh }) => void (before = fresh),
        after: (self) => void (self.fresh = before),
      });
    },
    play() {
      const world = begin();
      cut(world, '02 1');
      world.at(1).isFrozen = true;
      world.startAt(1, 'new');
      world.run();
      cut(world, '012');
      create(world, 'x', 0);
      world.cut('02 1');
      world.at(1).thaw(false);
      return end(world);
    },
    refusals: [],
  },
  {
    name: 'a daemon with a member that is left out has no vote',
    switchOff: () => replace(RegistryMachine, 'withoutVote', () => () => new Set()),
    play() {
      const world = begin();
      cut(world, '0 12');
      create(world, 'x', 2);
      cut(world, '0 1 2');
      world.at(2).isFrozen = true;
      world.end(world.at(1), 'crash');
      world.startAt(1, 'new');
      world.settle();
      cut(world, '012');
      // Only the one that is left out knows of x.
      world.startAt(2, 'new');
      world.settle();
      create(world, 'x', 0);
      return end(world);
    },
    refusals: ['NOT_PRIMARY'],
  },
];
