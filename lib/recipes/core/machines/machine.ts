/** What an application replicates. */
import type { Buffer } from 'node:buffer';
import type { CommandInfo } from '../replicated/replica.js';

/** The whole state in bytes, or a function that begins to give it piece by piece, each time from the first on. */
export type Snapshot = Uint8Array | (() => Iterable<Uint8Array> | AsyncIterable<Uint8Array>);

/**
 * A state that the same commands in the same order make the same everywhere: no clock, no chance, nothing but the state
 * and the command decides what `apply` does. What differs from member to member belongs into the command.
 */
export interface Machine<Command, Result> {
  /** What it is, in a word. All members of a group have the same; one that has another leaves with a IncompatibleMemberError. */
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
