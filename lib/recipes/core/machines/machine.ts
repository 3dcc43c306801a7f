/** What an application replicates. */
import { Buffer } from '#buffer';
import { errorOf } from '../../../errors.js';
import { ILLEGAL_PARAM } from '../../../wire/codes.js';
import { parseJson } from '../../../util/json-depth.js';
import { MalformedCommandError } from '../malformed.js';
import { MAX_STATE_DEPTH } from '../limits.js';
import type { CommandInfo } from '../replicated/replica.js';

/** The whole state in bytes, or a function that begins to give it piece by piece, each time from the first on. */
export type Snapshot = Uint8Array | (() => Iterable<Uint8Array> | AsyncIterable<Uint8Array>);

/**
 * A state that the same commands in the same order make the same everywhere: no clock, no chance, nothing but the state
 * and the command decides what `apply` does. What differs from member to member belongs into the command.
 */
export interface Machine<Command, Result> {
  /** What it is, in a word. All members of a group have the same; one that has another leaves with an IncompatibleMemberError. */
  readonly kind?: string;
  /** Back to the first state. */
  reset(): void;
  /**
   * The result goes to the one who submitted the command. What it throws is a result too, and the state has to be the
   * same at all members all the same.
   */
  apply(command: Command, info: CommandInfo): Result;
  /**
   * The state as it is at this call, though commands go on while its pieces are read: a copy, or a view of data that
   * later commands replace instead of changing. Equal states give equal bytes, so that another member can go on where
   * one stopped giving. Called at every member when one member needs the state: make the call itself cheap.
   */
  snapshot(): Snapshot;
  /** Takes the place of the state. May be called again when it throws, or when the pieces end in an error. */
  restore(pieces: AsyncIterable<Buffer>): void | Promise<void>;
  /** Members that are there from here on. */
  present?(members: readonly string[]): void;
  /** Takes in the state, as `snapshot` gave it, of a component that was parted from this one. */
  merge?(state: Buffer): void;
}

const METHODS = ['reset', 'apply', 'snapshot', 'restore'] as const;

/** Whether a machine has its methods. @throws IllegalParamError */
export function checkMachine(machine: unknown): void {
  if (typeof machine !== 'object' || machine === null)
    throw errorOf(ILLEGAL_PARAM, 'machine must be an object');
  const parts = machine as Record<string, unknown>;
  for (const name of METHODS)
    if (typeof parts[name] !== 'function') throw errorOf(ILLEGAL_PARAM, `machine.${name} must be a function`);
  for (const name of ['present', 'merge'])
    if (parts[name] !== undefined && typeof parts[name] !== 'function')
      throw errorOf(ILLEGAL_PARAM, `machine.${name} must be a function`);
}

// A machine whose state is small: its snapshot is one JSON text.

/** Whether it is a number that counts something: an integer from 0 that is exact. */
export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** Whether it is a list of things that are all of a kind. */
export const isListOf = (value: unknown, isOne: (each: Record<string, unknown>) => boolean): boolean =>
  Array.isArray(value) && value.every((each) => isOne(Object(each) as Record<string, unknown>));

export abstract class SmallMachine<State, Command, Result> implements Machine<Command, Result> {
  abstract readonly kind: string;
  /** Called when the state may have changed. */
  changed: () => void = () => undefined;
  protected state: State;

  constructor() {
    this.state = this.first();
  }

  reset(): void {
    this.state = this.first();
    this.changed();
  }

  /** @throws IllegalParamError for what is not a command of this machine; the state stays as it was */
  apply(command: Command, info: CommandInfo): Result {
    if (!this.isCommand(command)) throw new MalformedCommandError(`expected a command of a ${this.kind}`);
    const result = this.act(command, info);
    this.changed();
    return result;
  }

  snapshot(): Uint8Array {
    return Buffer.from(JSON.stringify(this.state));
  }

  async restore(pieces: AsyncIterable<Buffer>): Promise<void> {
    const all: Buffer[] = [];
    for await (const piece of pieces) all.push(piece);
    this.load(Buffer.concat(all));
  }

  /** @throws SyntaxError, or IllegalParamError for what is not a state of this machine */
  load(bytes: Buffer): void {
    const state: unknown = parseJson(bytes.toString(), MAX_STATE_DEPTH);
    if (!this.isState(state)) throw errorOf(ILLEGAL_PARAM, `expected the state of a ${this.kind}`);
    this.state = state;
    this.changed();
  }

  protected abstract first(): State;
  /** A state comes from another member, too. */
  protected abstract isState(state: unknown): state is State;
  /** Commands come from other members: every field is checked here, and nowhere else. */
  protected abstract isCommand(command: unknown): command is Command;
  protected abstract act(command: Command, info: CommandInfo): Result;
}
