/**
 * The engine port: view-synchronous agreed and safe broadcast among daemons, and nothing else [corosync 9]. An engine
 * knows nothing of clients and groups. Handlers are called synchronously and in order; `send` inside a handler is
 * allowed.
 */
import type { Buffer } from 'node:buffer';
import { SspError, keepNames } from '../../lib/errors.js';

/** One run of one daemon. */
export interface DaemonId {
  /** Identity of the daemon: a 32-bit number, the same in every run. */
  readonly node: number;
  readonly pid: number;
  /** Tells two runs of the same daemon apart. */
  readonly inc: bigint;
  readonly name: string;
}

/** Never used twice, and equal at all members of the view. */
export interface ViewId {
  readonly text: string;
  /** The same as a 64-bit number. */
  readonly tag: bigint;
}

/** A daemon view: the set of daemons that are connected now. */
export interface View {
  readonly id: ViewId;
  /** The same order everywhere; it is the first key of the order of group members. */
  readonly members: readonly DaemonId[];
  /** The members by common past; `sets[0]` holds this daemon: "who came with me". */
  readonly sets: readonly (readonly DaemonId[])[];
  readonly previous: ViewId | null;
}

export interface EngineMessage {
  readonly sender: DaemonId;
  /** 1, 2, ... in this view, the same everywhere. */
  readonly index: number;
  readonly safe: boolean;
  /** Sent as part of the exchange that follows a view. */
  readonly exchange: boolean;
  /** Owned by the receiver. */
  readonly payload: Buffer;
}

export interface SendOptions {
  /** Delivered when every daemon of the view has it; what is ordered behind it waits. Default false. */
  readonly safe?: boolean;
  /**
   * Part of the exchange that follows a view: goes out before everything that waits, and is dropped, not kept, when
   * its view ends. Default false.
   */
  readonly exchange?: boolean;
}

export interface EngineEvents {
  /** In total order. A safe message comes only when every daemon of the view has it, or after `transitional`. */
  message: [EngineMessage];
  /**
   * The old view is over for these members; the rest of its messages follows, then `view`. They have all delivered the
   * same before it, and deliver the same rest, also one that does not get as far as the next view.
   */
  transitional: [{ readonly previous: ViewId; readonly members: readonly DaemonId[] }];
  /**
   * All daemons of the view have the payloads up to this index; said once for those of one turn. What a view had when
   * it ended, everybody has who came along: nothing is said of it.
   */
  stable: [index: number];
  /** A new daemon view. Until `proceed` is called only payloads of the exchange go out. */
  view: [View];
  /** Sending may go on after `send` returned false. */
  drain: [];
  /** Whether a client of another daemon is behind in its reading. */
  behind: [boolean];
  /** No ordering service at present. */
  down: [{ readonly reason: 'lost' | 'denied' | 'excluded' | 'no-quorum'; readonly error?: Error }];
  up: [];
  fatal: [Error];
}

export interface EngineStats {
  readonly views: number;
  readonly sent: number;
  readonly delivered: number;
  readonly queuedBytes: number;
}

export interface Engine {
  readonly self: DaemonId;
  readonly view: View | null;
  /** Longest payload in bytes. */
  readonly maxPayload: number;
  readonly semantics: 'partitionable' | 'primary-partition';
  /** Resolves after the first view. */
  start(): Promise<void>;
  /** Leaves; the others get a new view. */
  stop(): Promise<void>;
  /**
   * Queues a payload for ordering: FIFO per daemon, kept over view changes until it is delivered here, exactly once.
   * Returns false above the high-water mark: `drain` follows. The payload is queued either way.
   */
  send(payload: Buffer, options?: SendOptions): boolean;
  /** The exchange that follows a view is over: what waits may be sent in it. */
  exchangeDone(): void;
  /** Tells the other daemons whether a client here is behind in its reading. */
  tellBehind(isBehind: boolean): void;
  /**
   * These daemons cannot be in a view with the others, by name and with what is wrong with them: the view ends, and they
   * come back after a while at the earliest. All daemons of the view but these ask for the same.
   */
  exclude(faults: readonly { readonly daemon: string; readonly text: string }[]): void;
  /** Tells the engine how to find out whom the exchange waits for. One that keeps it waiting too long is excluded. */
  watchExchange(awaited: () => readonly string[]): void;
  stats(): EngineStats;
  on<K extends keyof EngineEvents>(event: K, handler: (...args: EngineEvents[K]) => void): this;
}

/** The daemon cannot be part of the cluster it wants to be in; somebody has to change something. */
export class EngineError extends SspError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_SSP_ENGINE', message, options);
  }
}

keepNames({ EngineError });
