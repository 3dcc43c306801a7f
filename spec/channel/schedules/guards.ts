/**
 * Guards of the registry machine, each with a way to switch it off and a schedule that needs it: with the guard the
 * schedule violates nothing, without it something that the checks see.
 */
import type { Buffer } from 'node:buffer';
import { claimId, type ClaimId } from '../../../lib/channel/claim-id.js';
import { type Command, decodeRegistryMessage } from '../../../lib/channel/registry/command.js';
import { RegistryMachine } from '../../../lib/channel/registry/machine.js';
import { Table } from '../../../lib/channel/registry/table.js';
import type { GroupId } from '../../../lib/wire/group-id.js';
import { replace } from '../../simulation/bugs/planted.js';
import { ORPHAN_TIMEOUT, SETTINGS } from './registry-connection.js';
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

type Message = (sender: string, bytes: Buffer, toGroup: boolean) => void;

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

/** The message with a command, as a machine in that view sends it. */
function bytesOf(command: Command, view: GroupId = [0, 0, 0]): Buffer {
  const sent: Buffer[] = [];
  const nothing = (): void => undefined;
  const send = (_: unknown, bytes: Buffer): void => void sent.push(bytes);
  const sink = { send, settled: nothing, tell: nothing, waiting: nothing, ready: nothing };
  const machine = new RegistryMachine(STRANGER, sink);
  machine.viewId = view;
  machine.submit(command);
  return sent[0] as Buffer;
}

/** Three daemons with a connection each that know one another. */
function begin(): RegistryWorld {
  const world = new RegistryWorld({ daemons: 3, areTold: true });
  for (const { index } of world.daemons) {
    world.startAt(index);
    world.settle();
  }
  return world;
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
  const messages = aroundMessages((machine, message) => (sender, bytes, toGroup) => {
    if (commandOf(bytes)) handled = machine;
    message(sender, bytes, toGroup);
    handled = null;
  });
  const ready = replace(
    RegistryMachine,
    'isReady',
    (original) => (self) => self === handled || original(self),
  );
  return all(messages, ready);
}

/** A claim may have the id of another one. */
function acceptUsedClaims(): () => void {
  let claimed: ClaimId | null = null;
  const messages = aroundMessages((_, message) => (sender, bytes, toGroup) => {
    const command = commandOf(bytes);
    if (command?.kind === 'claim') claimed = command.claim;
    message(sender, bytes, toGroup);
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
      world.create(world.at(0), 'x');
      return end(world);
    },
    refusals: [],
  },
  {
    name: 'a command that was dropped in an exchange is sent again',
    switchOff: () =>
      aroundMessages((machine, message) => (sender, bytes, toGroup) => {
        if (machine.isReady || !commandOf(bytes)) message(sender, bytes, toGroup);
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
      aroundMessages((machine, message) => (sender, bytes, toGroup) => {
        const command = commandOf(bytes);
        const entry = command?.kind === 'release' ? machine.table.get(command.claim) : undefined;
        message(entry?.owner ?? sender, bytes, toGroup);
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
      aroundMessages((machine, message) => (sender, bytes, toGroup) => {
        message(machine.isMember(sender) ? sender : (machine.members[0] ?? sender), bytes, toGroup);
      }),
    play() {
      const world = begin();
      const claim = { kind: 'claim', name: 'x', settings: SETTINGS, strict: true, from: null } as const;
      world.sendRaw(1, STRANGER, bytesOf({ ...claim, claim: claimId([0, 0, 0], 1) }));
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
      aroundMessages((machine, message) => (sender, bytes, toGroup) => {
        const command = commandOf(bytes);
        const taken = command?.kind === 'claim' && command.from !== null && machine.table.get(command.from);
        if (taken && machine.isReady) machine.table.remove(taken);
        message(sender, bytes, toGroup);
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
      const from = machine.table.find('x')?.claim ?? null;
      const claim = { kind: 'claim', name: 'x', settings: SETTINGS, strict: true, from } as const;
      // Its own machine would not send that.
      world.sendRaw(0, id, bytesOf({ ...claim, claim: machine.newClaim() }, machine.viewId));
      return end(world);
    },
    refusals: [],
  },
];
