/**
 * What a CPG group gives [corosync 4.1]: messages in one order while the ring stands, and hints that
 * something changed. Types only: the transport makes these events of Corosync's callbacks, the simulator makes them up.
 */
import type { Buffer } from 'node:buffer';

/** One process in the CPG group. */
export interface CpgAddress {
  readonly node: number;
  readonly pid: number;
}

export type CpgEvent =
  /** The data belong to the receiver. */
  | { readonly kind: 'deliver'; readonly node: number; readonly pid: number; readonly data: Buffer }
  /** All processes of the group, sorted by node and pid. */
  | { readonly kind: 'confchg'; readonly members: readonly CpgAddress[] }
  /** The ring of nodes that Corosync has formed; it is the last of the events of a ring change. */
  | { readonly kind: 'ring'; readonly rep: number; readonly seq: bigint; readonly nodes: readonly number[] };

/** `again`: the ring is changing or full, the same message in a millisecond. `dead`: there is no Corosync any more. */
export type Multicast = 'ok' | 'again' | 'dead';

/** Longest message in bytes: what Corosync takes without cutting it up in the library [corosync 3]. */
export const MAX_CPG_MESSAGE = 1_047_552;

export interface CpgTransport {
  /**
   * Joins the group. `events` gets one batch per dispatch turn, in order, on the main thread and never from inside a
   * callback of the library. `dead` is called once when the connection is lost; nothing follows it.
   *
   * `emptyAt` is a moment by `performance.now()` at which no event waited: Corosync has handed over the whole batch
   * after it. -Infinity when there was no such moment yet.
   * @throws TransportError
   */
  open(
    group: string,
    handlers: {
      events(batch: readonly CpgEvent[], emptyAt: number): void;
      dead(error: Error): void;
    },
  ): Promise<CpgAddress>;
  /** Takes a copy of the parts, one behind the other. Never blocks. */
  mcast(head: Buffer, body: Buffer | null): Multicast;
  /**
   * Asks Corosync itself, past the ring. One question at a time.
   * @param begun called when the answer is late and the question is on its way, so that from then on only Corosync is late
   * @returns its token timeout in milliseconds, 0 when it does not say; no answer comes from one that hangs
   * @throws TransportError when it cannot be asked
   */
  ask(begun: () => void): Promise<number>;
  /** Leaves the group and gives the connection back. Safe to call at any time, more than once. */
  close(): Promise<void>;
}
