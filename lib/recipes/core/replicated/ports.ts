/** What the core of replicated state needs of its surroundings. */
import type { Buffer } from '#buffer';
import type { Sender } from '../port.js';
import type { ContributionsSink } from './merge-sender.js';
import type { DonorSink } from './snapshot-sender.js';
import type { Settled } from './submissions.js';

/** Where the state that is taken goes. */
export interface TakerSink {
  /** What was restored before belongs to nothing. */
  restoreBegin(): void;
  restoreChunk(data: Buffer): void;
  /** All of it was there: answer with `restored`. */
  restoreEnd(): void;
  /** There will be no more of it: answer with `restored(false)`, when the machine does not work on it any more. */
  restoreAbort(): void;
}

export interface ReplicatedSink extends Sender, DonorSink, TakerSink, ContributionsSink {
  settled(ticket: number, outcome: Settled): void;
  /** Another state has taken the place of this one, in which so many of the last commands are not applied. */
  rolledBack(commands: number): void;
  /** The group has another kind of state, or other options: this member has no place in it. */
  misfit(label: string): void;
  /** The epoch that this member claims is far above all others, and its statement does not count. */
  doubted(member: string): void;
  /** A command or a merge of this member is invalid, and has changed nothing. */
  malformed(member: string): void;
  /** `isWritable` or `hasState` may have changed. */
  changed(): void;
}

export interface ReplicatedCoreOptions {
  /** Replicas with the state that have to be together for commands to be applied; null: any component continues by itself. */
  readonly quorum: number | null;
  /** Replicas that there can ever be at one time; default: as many as the quorum is the smallest majority of. */
  readonly maxMembers?: number;
  /** What is replicated, and how: members that say another one do not belong to this one. At most 200 characters. */
  readonly label: string;
  /** Milliseconds that a silent member is waited for. */
  readonly silenceTimeoutMs: number;
  /** Whether the states of components that lost are merged into the one that continues. */
  readonly merges: boolean;
}
