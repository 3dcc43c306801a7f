/** What connects the daemons of a world: the ideal engines and the engines on a hostile CPG are two of them. */
import type { Violation } from '../support/checks/log.js';
import type { Random } from '../support/random.js';
import type { Engine } from '../../daemon/engine/port.js';
import type { EngineLog } from './engine-log.js';
import type { Loop } from './loop.js';
import type { Process } from './process.js';
import type { Trace } from './trace.js';

export interface Surroundings {
  readonly loop: Loop;
  readonly random: Random;
  readonly trace: Trace;
  /** What goes wrong while the world runs. */
  readonly violations: Violation[];
}

export interface SimulatedEngine extends Engine {
  readonly log: EngineLog;
  /** Asks for views: what the engine's start does, without its promise. */
  open(): void;
  /** Leaves in good order: what is queued goes out first. */
  leave(): void;
}

export interface Fabric {
  /** The engine of daemon number `index`, in a new process. */
  engine(index: number, process: Process, reportVersion: number): SimulatedEngine;
  /** The process of the daemon has died. */
  crashed(index: number): void;
  /** Its process stands still, or goes on. */
  frozen(index: number, isFrozen: boolean): void;
  /** Who reaches whom from now on: each daemon is in one of the sides. */
  connect(sides: readonly (readonly number[])[]): void;
  /** Daemon `index` does not hear daemon `from`, which hears it; or does again. Nothing happens where that cannot be. */
  deafen(index: number, from: number, isDeaf: boolean): void;
  /** Whether its Corosync hangs and its process runs, both for so long that the daemon must know. */
  isHung(index: number): boolean;
  /** Corosync itself: dies, comes back, stands still, goes on. Nothing happens where there is none. */
  corosync(index: number, what: 'kill' | 'start' | 'freeze' | 'thaw'): void;
  /** Whether a change is under way, or due because of what happened. */
  readonly isSettled: boolean;
}
