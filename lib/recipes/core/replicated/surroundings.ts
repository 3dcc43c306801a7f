/** What the core of replicated state needs of its surroundings. */
import type { Buffer } from 'node:buffer';
import type { Post } from '../port.js';
import type { DonorSink } from './donor.js';
import type { Settled } from './submissions.js';

export interface ReplicatedSink extends Post, DonorSink {
  /** What was restored before belongs to nothing. */
  restoreBegin(): void;
  restoreChunk(data: Buffer): void;
  /** All of it was there: answer with `restored`. */
  restoreEnd(): void;
  /** Answer with `contribution`: all of the state as captured under this name. */
  contribute(id: string): void;
  settled(ticket: number, outcome: Settled): void;
  /** Another state has taken the place of this one, in which so many of the last commands are not applied. */
  thrownBack(commands: number): void;
  /** `isWritable` or `isLive` may have changed. */
  changed(): void;
}

export interface ReplicatedCoreOptions {
  /** Live replicas that have to be together for commands to be applied; null: any component goes on by itself. */
  readonly quorum: number | null;
  /** Milliseconds that a silent member is waited for. */
  readonly patience: number;
  /** Whether the states of components that lost are merged into the one that goes on. */
  readonly merges: boolean;
}
