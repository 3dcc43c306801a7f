/** What connects the daemons of a test: the ideal engines here; the simulator also has engines on a hostile CPG. */
import type { Engine } from '../../engine/port.js';
import type { Violation } from '../checks/log.js';
import type { Random } from '../random.js';
import type { Process } from '../time/process.js';
import type { Time } from '../time/time.js';
import type { EngineLog } from './engine-log.js';
import type { Trace } from './trace.js';

export interface NetworkContext {
  readonly time: Time;
  readonly random: Random;
  readonly trace: Trace;
  /** What goes wrong while the world runs. */
  readonly violations: Violation[];
}

export interface SimulatedEngine extends Engine {
  readonly log: EngineLog;
  /** Called when it takes part no more. */
  onEnded?: (() => void) | undefined;
  /** Asks for views: what the engine's start does, without its promise. */
  open(): void;
  /** Leaves in good order: what is queued goes out first. */
  leave(): void;
}

export interface Fabric {
  /** The engine of daemon number `index`, in a new process. */
  engine(index: number, process: Process, name: string, reportVersion: number): SimulatedEngine;
  /** The process of the daemon has died. */
  crashed(index: number): void;
  /** Its process stands still, or goes on. */
  frozen(index: number, isFrozen: boolean): void;
  /** Who reaches whom from now on: each daemon is in one of the sides. */
  connect(sides: readonly (readonly number[])[]): void;
  /** Daemon `index` does not hear daemon `from`, which hears it; or does again. Missing where that cannot be. */
  deafen?(index: number, from: number, isDeaf: boolean): void;
  /** Whether its Corosync hangs and its process runs, both for so long that the daemon must know. */
  isHung?(index: number): boolean;
  /** Corosync itself: dies, comes back, freezes, continues. Missing where there is none. */
  corosync?(index: number, what: 'kill' | 'start' | 'freeze' | 'thaw'): void;
  /** Whether a change is under way, or due because of what happened. */
  readonly isSettled: boolean;
}
